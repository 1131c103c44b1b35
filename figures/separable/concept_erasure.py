"""What a linear reader is left with after directions were removed: closed form, fit and removal, random directions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.separable.experiments.erasure import fresh_error, random_directions, unread, without
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, MARKERS, SINGLE, entry
from solvable.solvers import erase_squared, nullspace_projection

if TYPE_CHECKING:
    import xarray as xr

METHODS = ("covariance, closed form", "fit and removal", "random directions")
D, NOISE = 6, 0.5


def compute(quick: bool = False) -> xr.Dataset:
    """Projectors from 4,000 rows; dots: readers fitted and judged on 2,000 fresh rows each (20,000 in full)."""
    import xarray as xr

    rng = np.random.default_rng(0)
    count, trials = (2000, 8) if quick else (20_000, 24)
    root = np.diag(np.arange(1.0, D + 1)) @ (np.eye(D) + 0.4 * rng.standard_normal((D, D)))
    beta = rng.standard_normal(D)
    X = rng.standard_normal((4000, D)) @ root
    y = X @ beta + NOISE * rng.standard_normal(len(X))
    second, power = root.T @ root, float(beta @ root.T @ root @ beta) + NOISE**2
    removed, Q = np.arange(D), random_directions(rng, D, D)
    line, dots = np.empty((3, D)), np.empty((trials, 3, D))
    for k in removed.tolist():
        spans = [np.eye(D) for _ in METHODS]
        if k:
            spans[0] = erase_squared(X, y, k).projector
            spans[1] = nullspace_projection(X, y, k).projector
            spans[2] = without(Q[:k])
        for i, P in enumerate(spans):
            line[i, k] = unread(second, second @ beta, power, P)
            dots[:, i, k] = [fresh_error(rng, root, beta, NOISE, P, count) for _ in range(trials)]
    mean, bar = mean_and_bar(dots)
    return xr.Dataset(
        {
            "theory": (("method", "removed"), line),
            "measured": (("method", "removed"), mean),
            "error": (("method", "removed"), bar),
        },
        {"method": list(METHODS), "removed": removed},
        {"count": count, "trials": trials},
    )


@figure(
    "concept-erasure",
    title="One direction erases a label from linear readers",
    source="ravfogel2022linear",
    claims=["separable/erasure-closed-form", "separable/erasure-is-optimal", "separable/nullspace-is-not-optimal"],
)
def draw(data: xr.Dataset) -> Any:
    """Share of variance unread against directions removed."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(SINGLE, 3.1))
    axes = canvas.subplots()
    for i, label in enumerate(data.method.values):
        axes.plot(data.removed, data.theory[i], color=COLOURS[i])
        entry(axes, i, label, ms=3)
        axes.errorbar(
            data.removed, data.measured[i], data.error[i], color=COLOURS[i], fmt=MARKERS[i], ms=3, elinewidth=0.8
        )
    axes.set(xlabel="directions removed", ylabel="share of variance unread", ylim=(0, 1.08))
    canvas.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State what one direction leaves, and the agreement."""
    gap = float(np.max(distance(data.measured.values, data.theory.values)))
    first = data.theory.values[:, 1]
    return (
        f"Gaussian inputs in d = {D}, label linear with noise {NOISE:g}; projectors from 4,000 rows. Lines: share of "
        "the label's variance that the best linear reader misses, from the population's moments. Dots: readers fitted "
        f"and judged on {data.attrs['count']:,} fresh rows each, {data.attrs['trials']} runs, two standard errors; "
        f"largest distance from a line {100 * gap:.1f} %. One direction leaves {100 * first[0]:.1f} % unread if it is "
        f"the covariance with the label, {100 * first[1]:.0f} % if it is the fit, {100 * first[2]:.0f} % at random."
    )
