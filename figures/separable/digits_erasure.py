"""Odd or even erased from handwritten digits: variance left to read, and accuracy of a fresh classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.separable.experiments.erasure import digits_accuracy, random_directions, without
from solvable.figures.dots import mean_and_bar
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import erase_squared, nullspace_projection

if TYPE_CHECKING:
    import xarray as xr

METHODS = ("covariance, closed form", "fit and removal", "random directions")
REMOVED = (0, 1, 2, 4, 8, 16)


def _eraser(method: str, k: int, rng: np.random.Generator, values: list[float]) -> Any:
    """A function of the training digits that gives the projector, and keeps the value that theory states for it."""

    def erase(X: Any, y: Any) -> Any:
        if k == 0:
            values.append(np.nan)
            return np.eye(X.shape[1])
        if method == METHODS[2]:
            values.append(np.nan)
            return without(random_directions(rng, X.shape[1], k))
        found = erase_squared(X, y, k) if method == METHODS[0] else nullspace_projection(X, y, k)
        values.append(found.value / float(np.var(y)))
        return found.projector

    return erase


def compute(quick: bool = False) -> xr.Dataset:
    """Six splits of the digits into 1,200 and 597 (20 in full)."""
    import xarray as xr

    trials = 6 if quick else 20
    dots = np.empty((trials, 2, 3, len(REMOVED)))
    theory = np.full((trials, 3, len(REMOVED)), np.nan)
    for t in range(trials):
        for i, method in enumerate(METHODS):
            for j, k in enumerate(REMOVED):
                values: list[float] = []
                erase = _eraser(method, k, np.random.default_rng([t, k]), values)
                dots[t, :, i, j] = digits_accuracy(np.random.default_rng(t), erase)
                theory[t, i, j] = values[0]
    mean, bar = mean_and_bar(dots)
    return xr.Dataset(
        {
            "theory": (("method", "removed"), theory.mean(axis=0)),
            "measured": (("what", "method", "removed"), mean),
            "error": (("what", "method", "removed"), bar),
        },
        {"method": list(METHODS), "removed": list(REMOVED), "what": ["unread", "accuracy"]},
        {"trials": trials},
    )


@figure(
    "digits-erasure",
    title="Odd or even erased from handwritten digits",
    source="ravfogel2022linear",
    claims=["separable/erasure-closed-form", "separable/nullspace-is-not-optimal"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: variance left unread on the training digits. Right: accuracy of a fresh classifier on the others."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.7))
    panels = canvas.subplots(1, 2)
    letter_panels(panels, ("least squares", "logistic classifier"))
    for i, label in enumerate(data.method.values):
        look = {"color": COLOURS[i], "marker": MARKERS[i], "ms": 3}
        if i < 2:
            panels[0].plot(data.removed, data.theory[i], color=COLOURS[i])
        entry(panels[0], i, label, ms=3, ls="-" if i < 2 else "none")
        for axes, measured, error in zip(panels, data.measured, data.error, strict=True):
            axes.errorbar(data.removed, measured[i], error[i], ls="none", elinewidth=0.8, **look)
    panels[1].axhline(0.5, color="0.4", lw=0.9)
    for axes in panels:
        axes.set(xscale="symlog", xticks=REMOVED, xticklabels=REMOVED, xlabel="directions removed", xlim=(-0.2, 20))
    panels[0].set(ylabel="share of variance unread", ylim=(0, 1.08))
    panels[1].set(ylabel="test accuracy", ylim=(0.45, 1))
    canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the agreement on the training digits, and how far fresh digits are from chance."""
    gap = float(np.nanmax(np.abs(data.measured.values[0, :2] - data.theory.values[:2])))
    accuracy = data.measured.values[1]
    return (
        "The 1,797 digits of scikit-learn, 64 pixels, odd against even; directions found on 1,200 of them, "
        f"{data.attrs['trials']} splits, two standard errors. (a) Lines: value of the closed form and of fit and "
        f"removal; dots: least squares on the same digits, within {scientific(gap)}. (b) A logistic classifier "
        f"refitted on what is left, on the other 597 digits (grey: chance): {100 * accuracy[0, 0]:.0f} % with all "
        f"pixels; {100 * accuracy[0, 1]:.0f} % after the one direction of the covariance, "
        f"{100 * accuracy[1, 1]:.0f} % after one fit and {100 * accuracy[1, -1]:.0f} % after {REMOVED[-1]}; random "
        f"directions, {100 * accuracy[2, -1]:.0f} %. The closed form is for squared loss: that "
        "the logistic reader falls to chance as well is measured, not promised."
    )
