"""Excess error of isotropic regression against d/n: the ridgeless peak, and the best ridge that removes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.ridge.experiments.regression import fresh_error_draw
from solvable.figures.dots import distance, two_errors
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, MARKERS, SINGLE, entry
from solvable.solvers import Spectrum, ridge_risk

if TYPE_CHECKING:
    import xarray as xr

SNRS = (1.0, 2.33, 3.66, 5.0)


def compute(quick: bool = False) -> xr.Dataset:
    """Theory at n = 1000 on a fine grid of d/n; simulation at n = 100 away from the peak."""
    import xarray as xr

    n, gamma = 1000, np.geomspace(0.1, 10, 201)
    snr = np.array(SNRS)
    lines = np.empty((2, snr.size, gamma.size))
    for j, ratio in enumerate(gamma):
        best = n * ratio / snr  # noise_variance d / signal
        for i, signal in enumerate(SNRS):
            spectrum = Spectrum.isotropic(n * ratio, signal)
            lines[:, i, j] = ridge_risk(spectrum, n, np.array([0.0, best[i]]), 1.0).excess
    size, trials = 100, 20 if quick else 100
    places = np.array([0.15, 0.3, 0.5, 0.7, 1.5, 2.5, 4.0, 8.0])
    dots = np.empty((2, snr.size, places.size, trials))
    rng = np.random.default_rng(0)
    for i, signal in enumerate(SNRS):
        for j, place in enumerate(places.tolist()):
            for ridge, lam in enumerate((0.0, place / signal)):
                for t in range(trials):
                    # signal 1 and noise 1/snr, then scaled: the experiment fixes the signal at 1
                    error = fresh_error_draw(rng, size, place, lam, "isotropic", "even", 1 / signal)
                    dots[ridge, i, j, t] = signal * error - 1
    return xr.Dataset(
        {
            "excess": (("ridge", "snr", "gamma"), lines, {"long_name": "excess risk, theory"}),
            "measured": (("ridge", "snr", "place"), dots.mean(-1)),
            "error": (("ridge", "snr", "place"), two_errors(dots)),
        },
        {"ridge": [0, 1], "snr": snr, "gamma": gamma, "place": places},
        {"trials": trials, "n": size},
    )


@figure(
    "ridge-double-descent",
    title="Ridgeless regression peaks where inputs equal samples; the best ridge does not",
    source="hastie2022surprises",
    claims=[
        "ridge/isotropic-ridgeless-excess",
        "ridge/isotropic-test-error",
        "ridge/tuned-ridge-is-monotone",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """One colour for each signal-to-noise ratio; ridgeless solid, best ridge dashed; dots are simulations."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(SINGLE, 2.7))
    axes = canvas.add_subplot()
    for i, snr in enumerate(data.snr.values):
        colour = COLOURS[i]
        for ridge, dash in ((0, "-"), (1, DASHED)):
            axes.plot(
                data.gamma,
                data.excess[ridge, i],
                ls=dash,
                color=colour,
            )
            axes.errorbar(data.place, data.measured[ridge, i], data.error[ridge, i], fmt=MARKERS[i],
                          color=colour, ms=2.6, mfc="white" if ridge else colour, mew=0.7, elinewidth=0.7)  # fmt: skip
        entry(axes, i, f"{snr:g}", ms=2.6)
    axes.axvline(1, color="0.75", lw=0.7, zorder=0)
    axes.set(
        xscale="log",
        ylim=(0, 9),
        xlim=(0.1, 10),
        xlabel=r"dimensions per sample, $d/n$",
        ylabel=r"excess error, $\sigma^2=1$",
    )
    axes.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
    axes.legend(title=r"$\|\beta\|^2/\sigma^2$", title_fontsize=7, loc="upper left")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the agreement of these very dots."""
    theory = data.excess.interp(gamma=data.place.values).values
    gap = distance(data.measured.values, theory)
    return (
        "Isotropic Gaussian rows, noise variance 1. Solid lines: minimum-norm least squares; dashed: ridge δ = "
        f"σ²d/‖β‖². Filled and open dots: simulation at n = {data.attrs['n']}, {data.attrs['trials']} designs, two "
        f"standard errors. Median distance of dot and line {100 * np.median(gap):.1f} %, largest {100 * gap.max():.0f} "
        "% (finite size, largest near d = n)."
    )
