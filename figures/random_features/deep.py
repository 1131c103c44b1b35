"""Deep random features: test error against samples for depths 1, 2, 3 and three activations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.random_features.experiments.regression import deep_errors
from solvable.analysis.random_features.settings import input_eigenvalues
from solvable.figures.dots import distance, two_errors
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import deep_random_feature_risk

if TYPE_CHECKING:
    import xarray as xr

ACTIVATIONS = ("erf", "tanh", "sign")
WIDTHS = ((1.4,), (1.4, 1.4), (1.4, 1.4, 1.4))
RIDGE, NOISE = 0.01, 0.1


def compute(quick: bool = False) -> xr.Dataset:
    """Theory at the size of the simulation, d = 60 (120 in full), widths 1.4 d."""
    import xarray as xr

    d, trials = (60, 16) if quick else (120, 40)
    fine, places = np.geomspace(0.2, 6, 101), np.array([0.3, 0.6, 1.0, 1.4, 2.2, 4.0])
    theory = np.empty((len(ACTIVATIONS), len(WIDTHS), fine.size))
    draws = np.empty((len(ACTIVATIONS), len(WIDTHS), places.size, trials))
    rng = np.random.default_rng(0)
    for i, activation in enumerate(ACTIVATIONS):
        for j, widths in enumerate(WIDTHS):
            sizes = [round(w * d) for w in widths]
            theory[i, j] = deep_random_feature_risk(
                input_eigenvalues(d), sizes, activation, fine * d, RIDGE, NOISE
            ).test
            for m, place in enumerate(places.tolist()):
                draws[i, j, m] = [
                    deep_errors(rng, d, widths, activation, place, RIDGE, NOISE)[0] for _ in range(trials)
                ]
    dims = ("activation", "depth", "place")
    return xr.Dataset(
        {
            "theory": (("activation", "depth", "ratio"), theory),
            "measured": (dims, draws.mean(-1)),
            "error": (dims, two_errors(draws)),
        },
        {"activation": list(ACTIVATIONS), "depth": [1.0, 2.0, 3.0], "ratio": fine, "place": places},
        {"d": d, "trials": trials, "ridge": RIDGE, "noise": NOISE},
    )


@figure(
    "deep-random-features",
    title="Ridge regression on deep random networks",
    source="schroeder2023deterministic",
    claims=[
        "random-features/deep-test-error",
        "random-features/deep-layer-covariance",
        "random-features/gaussian-universality",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """One panel an activation, one colour a depth; dots are real networks."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.4))
    panels = canvas.subplots(1, 3, sharey=True)
    letter_panels(panels, data.activation.values)
    for i, axes in enumerate(panels):
        for j, depth in enumerate(data.depth.values):
            axes.plot(data.ratio, data.theory[i, j], color=COLOURS[j])
            entry(axes, j, f"{depth:.0f}", mfc="white", ms=3, mew=0.7)
            axes.errorbar(data.place, data.measured[i, j], data.error[i, j], fmt=MARKERS[j], color=COLOURS[j],
                          mfc="white", ms=3, mew=0.7, elinewidth=0.8)  # fmt: skip
        axes.set(xscale="log", yscale="log", xlabel="samples per input dimension, $n/d$")
        axes.set_xticks([0.2, 0.5, 1, 2, 5], ["0.2", "0.5", "1", "2", "5"])
        axes.set_yticks([0.15, 0.3, 0.6], ["0.15", "0.3", "0.6"])
        axes.minorticks_off()
    panels[0].set_ylabel("test error")
    panels[0].legend(title="layers", title_fontsize=7, loc="lower left")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the agreement of these very dots."""
    lines = data.theory.values.reshape(-1, data.ratio.size)
    at = np.array([np.interp(np.log(data.place.values), np.log(data.ratio.values), line) for line in lines])
    gap = distance(data.measured.values.reshape(at.shape), at)
    return (
        f"Frozen layers of width 1.4 d, teacher on the last layer, ridge {data.attrs['ridge']:g}, noise variance "
        f"{data.attrs['noise']:g}; (a) to (c) by activation. Lines: the nested closed form without weights; dots: real "
        f"networks at d = {data.attrs['d']}, {data.attrs['trials']} draws, two standard errors. Median distance "
        f"{100 * np.median(gap):.1f} %, largest {100 * gap.max():.0f} % (finite size)."
    )
