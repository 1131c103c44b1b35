"""ReLU random features on handwritten digits: theory from the estimated spectrum against real features."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.random_features.experiments.real_data import load_digits_pair, measured_errors
from solvable.figures.dots import two_errors
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import FinitePoolWarning, activation_spectrum, random_feature_risk

if TYPE_CHECKING:
    import xarray as xr

SAMPLES = (60, 170)
RIDGES = (1e-5, 1e-3, 3e-2)


def compute(quick: bool = False) -> xr.Dataset:
    """Predicted and measured test error against k for two training set sizes, both within a tenth of the data."""
    import xarray as xr

    X, y = load_digits_pair()
    spectrum = activation_spectrum(X, y, "relu")
    fine, widths = np.geomspace(10, 1500, 120), np.array([10, 20, 40, 60, 100, 170, 300, 600, 1500])
    trials = 20 if quick else 100
    ridges = np.array(RIDGES)
    rng = np.random.default_rng(0)
    theory, mean, error = [], [], []
    for n in SAMPLES:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FinitePoolWarning)
            theory.append(random_feature_risk(spectrum, n, fine, ridges[:, None]).test)
        draws = measured_errors(rng, X, y, n, widths.tolist(), RIDGES, trials)[:, 0]
        mean.append(draws.mean(axis=0).T)
        error.append(two_errors(draws, axis=0).T)
    dims = ("n", "ridge", "width")
    return xr.Dataset(
        {"theory": (("n", "ridge", "k"), theory), "measured": (dims, mean), "error": (dims, error)},
        {"n": np.array(SAMPLES, dtype=float), "ridge": ridges, "k": fine, "width": widths.astype(float)},
        {"trials": trials, "points": y.size, "power": float(y @ y / y.size)},
    )


@figure(
    "real-data-random-features",
    title="Random ReLU features on real data",
    source="simon2024more",
    claims=["random-features/digits-at-moderate-ridge", "random-features/digits-at-small-ridge"],
)
def draw(data: xr.Dataset) -> Any:
    """One panel for each training set size, one colour for each ridge; dots are measured."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.6))
    panels = canvas.subplots(1, 2, sharey=True)
    letter_panels(panels, (f"$n={n:.0f}$" for n in data.n.values))
    for i, axes in enumerate(panels):
        for j, ridge in enumerate(data.ridge.values):
            axes.plot(data.k, data.theory[i, j], color=COLOURS[j])
            entry(axes, j, scientific(ridge), mfc="white", ms=3, mew=0.7)
            axes.errorbar(data.width, data.measured[i, j], data.error[i, j], fmt=MARKERS[j], color=COLOURS[j],
                          mfc="white", ms=3, mew=0.7, elinewidth=0.8)  # fmt: skip
        n = float(data.n[i])
        axes.axvline(n, color="0.8", lw=0.7, zorder=0)
        axes.set(xscale="log", yscale="log", xlabel="random features $k$", ylim=(0.1, 10))
        axes.set_xticks([10, 100, 1000], ["10", "100", "1000"])
        axes.set_yticks([0.1, 0.3, 1, 3, 10], ["0.1", "0.3", "1", "3", "10"])
        axes.minorticks_off()
    panels[0].set_ylabel("test error")
    panels[1].legend(title=r"ridge $\delta$", title_fontsize=7, loc="upper right")
    return canvas


def caption(data: xr.Dataset) -> str:
    """Say how far apart theory and measurement are, and where beyond the error bars."""
    parts = []
    for j, ridge in enumerate(data.ridge.values):
        rows = data.theory.values[:, j]
        at = np.exp([np.interp(np.log(data.width.values), np.log(data.k.values), np.log(row)) for row in rows])
        measured = data.measured.values[:, j]
        gap = measured / at - 1
        beyond = int(np.sum(np.abs(measured - at) > data.error.values[:, j]))
        parts.append(
            f"ridge {scientific(ridge)}: median {100 * np.median(np.abs(gap)):.0f} %, from {100 * gap.min():+.0f} to "
            f"{100 * gap.max():+.0f} %, {beyond} of {gap.size} dots beyond their bars"
        )
    return (
        f"Odd against even in {data.attrs['points']} handwritten digits; spectrum estimated from the arc-cosine kernel "
        f"of all points; n = {data.n.values[0]:.0f} (a) and {data.n.values[1]:.0f} (b). Dots: real ReLU features, "
        f"{data.attrs['trials']} training sets, two standard errors. Measured against theory: {'; '.join(parts)}. "
        "AGREES beside this figure belongs to claims about these very deviations, and does not say that the theory of "
        "Gaussian features holds here."
    )
