"""Averaged SGD on imputed inputs against dimension: the bound, two step sizes, ridge regression and the bias."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.imputation.experiments import averaged_sgd_draw, imputed_fit_draw
from solvable.analysis.imputation.settings import covariance, target
from solvable.figures.dots import distance, two_errors
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, MARKERS, letter_panels
from solvable.solvers import averaged_sgd_bound, imputation_bias, imputed_ridge_risk

if TYPE_CHECKING:
    import xarray as xr

NAMES, LABELS = ("equal-4", "isotropic"), ("rank 4, equal eigenvalues", "isotropic")
SEEN, NOISE = 0.7, 0.1


def compute(quick: bool = False) -> xr.Dataset:
    """n = 400 samples, 10 runs (1,600 and 40 in full); the ridge of ridge regression is the best by its theory."""
    import xarray as xr

    n, trials, rng = (400, 10, np.random.default_rng(0)) if quick else (1600, 40, np.random.default_rng(0))
    places, powers, fine = (
        4 ** np.arange(1, 5),
        2 ** np.arange(2, 9),
        np.unique(np.rint(np.geomspace(4, 256, 73)).astype(int)),
    )
    d = np.full((2, fine.size), np.nan)
    d[0, : powers.size], d[1] = powers, fine  # the first family of covariances has these dimensions only
    ridges = n * np.geomspace(1e-4, 10, 40)
    bound, bias, best = (np.full(d.shape, np.nan) for _ in range(3))
    dots = np.empty((2, 3, places.size, trials))
    for i, name in enumerate(NAMES):
        lam = {}
        for j, size in enumerate((powers, fine)[i].tolist()):
            sigma = covariance(name, size)
            beta = target(sigma)
            bound[i, j] = averaged_sgd_bound(sigma, beta, SEEN, n, NOISE)
            bias[i, j] = imputation_bias(sigma, beta, SEEN)
            risk = imputed_ridge_risk(sigma, beta, SEEN, n, ridges, NOISE).test - NOISE
            best[i, j], lam[size] = risk.min(), float(ridges[risk.argmin()] / n)
        for j, size in enumerate(places.tolist()):
            for k, decay in enumerate((0.5, 0.0)):
                dots[i, k, j] = [averaged_sgd_draw(rng, n, size, name, SEEN, NOISE, decay) for _ in range(trials)]
            dots[i, 2, j] = [
                imputed_fit_draw(rng, n, size / n, lam[size], name, SEEN, NOISE) - NOISE for _ in range(trials)
            ]
    return xr.Dataset(
        {
            "d": (("name", "point"), d),
            "bound": (("name", "point"), bound),
            "bias": (("name", "point"), bias),
            "ridge": (("name", "point"), best),
            "measured": (("name", "method", "place"), dots.mean(axis=-1)),
            "error": (("name", "method", "place"), two_errors(dots)),
        },
        {
            "name": list(LABELS),
            "method": ["averaged SGD, step of the bound", "averaged SGD, constant step", "ridge regression"],
            "place": places.astype(float),
        },
        {"n": n, "trials": trials, "seen": SEEN, "noise": NOISE},
    )


@figure(
    "imputation-averaged-sgd",
    title="Averaged SGD on imputed inputs",
    source="ayme2023naive",
    claims=[
        "imputation/averaged-sgd-bound",
        "imputation/constant-step-is-better",
        "imputation/fit-on-imputed-inputs",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """One panel for each covariance."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 3.1))
    panels = canvas.subplots(1, 2, sharey=True)
    letter_panels(panels, data.name.values)
    for i, axes in enumerate(panels):
        axes.plot(data.d[i], data.bound[i], color="0.4", ls=DASHED, lw=0.9, label="bound")
        axes.plot(data.d[i], data.ridge[i], color=COLOURS[2], lw=1.0, label="best ridge, theory")
        axes.plot(data.d[i], data.bias[i], color="black", lw=0.9, label="imputation bias")
        for k, label in enumerate(data.method.values):
            axes.errorbar(
                data.place, data.measured[i, k], data.error[i, k], color=COLOURS[k], fmt=MARKERS[k], ms=3,
                elinewidth=0.8, label=label,
            )  # fmt: skip
        axes.set(xscale="log", yscale="log", xlabel="dimension $d$")
    panels[0].set_ylabel("excess error")
    canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State how loose the bound is and how the steps compare."""
    columns = np.nanargmin(np.abs(data.d.values[:, None] - data.place.values[:, None]), axis=2)
    ratio = data.measured.values[:, 0] / np.take_along_axis(data.bound.values, columns, axis=1)
    gain = data.measured.values[:, 0] / data.measured.values[:, 1]
    gap = np.median(distance(data.measured.values[:, 2], np.take_along_axis(data.ridge.values, columns, axis=1)))
    return (
        f"n = {data.attrs['n']:,} rows, each used once, {100 * data.attrs['seen']:.0f} % of the entries seen, label "
        f"noise {data.attrs['noise']:g}, label variance 1; {data.attrs['trials']} runs, two standard errors. "
        f"Covariances: (a) {data.name.values[0]}, (b) {data.name.values[1]}. The measured excess of the bound's own "
        f"step is {ratio.min():.2f} to {ratio.max():.2f} of the bound, whose constants are recalled and tested here, "
        f"not read. The constant step 1/(3 tr Σ) changes the error by a factor {(1 / gain).min():.2f} to "
        f"{(1 / gain).max():.2f}. Ridge regression is {100 * gap:.1f} % (median) from its Gaussian equivalent."
    )
