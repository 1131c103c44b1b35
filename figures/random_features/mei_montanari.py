"""Centred ReLU features against psi_1/psi_2: the peak at as many features as samples, and what the ridge does to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.random_features.experiments.regression import relu_error_draw
from solvable.figures.dots import far_dots, two_errors
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, MARKERS, SINGLE, entry
from solvable.solvers import gaussian_coefficients, proportional_spectrum, random_feature_risk

if TYPE_CHECKING:
    import xarray as xr

PSI2, NOISE = 3.0, 0.25
LAMS = (1e-4, 1e-2, 1e-1)


def compute(quick: bool = False) -> xr.Dataset:
    """Excess error in units of d, and real ReLU networks on the sphere at d = 40 (80 in full)."""
    import xarray as xr

    relu = gaussian_coefficients("relu")
    spectrum = proportional_spectrum(float(relu.linear), float(relu.nonlinear), 1.0)
    psi1 = np.unique(np.r_[np.geomspace(0.3, 30, 241), PSI2])
    lams = np.array(LAMS)
    risk = random_feature_risk(spectrum, PSI2, psi1, PSI2 * lams[:, None], NOISE)
    d, trials = (40, 24) if quick else (80, 60)
    places = np.array([0.5, 1.0, 2.0, 3.0, 4.5, 8.0, 16.0])
    rng = np.random.default_rng(0)
    draws = np.array([[[relu_error_draw(rng, d, psi, PSI2, lam, 1.0, NOISE) for _ in range(trials)]
                       for psi in places.tolist()] for lam in LAMS])  # fmt: skip
    return xr.Dataset(
        {
            "theory": (("lam", "psi1"), risk.excess),
            "measured": (("lam", "place"), draws.mean(-1)),
            "error": (("lam", "place"), two_errors(draws)),
        },
        {"lam": lams, "psi1": psi1, "place": places},
        {"d": d, "trials": trials},
    )


@figure(
    "mei-montanari-peak",
    title="Random ReLU features: the peak at as many features as samples",
    source="mei2022generalization",
    claims=["random-features/mei-montanari-form", "random-features/relu-on-the-sphere"],
)
def draw(data: xr.Dataset) -> Any:
    """One colour a ridge; dots are simulations."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(SINGLE, 2.6))
    axes = canvas.add_subplot()
    for i, lam in enumerate(data.lam.values):
        axes.plot(data.psi1 / PSI2, data.theory[i], color=COLOURS[i])
        entry(axes, i, scientific(lam), mfc="white", ms=3, mew=0.7)
        axes.errorbar(data.place / PSI2, data.measured[i], data.error[i], fmt=MARKERS[i], color=COLOURS[i], mfc="white",
                      ms=3, mew=0.7, elinewidth=0.8)  # fmt: skip
    axes.axvline(1, color="0.8", lw=0.7, zorder=0)
    axes.set(xscale="log", yscale="log", ylim=(0.12, 6))
    axes.set(xlabel=r"features per sample, $\psi_1/\psi_2=k/n$", ylabel="excess error")
    axes.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
    axes.set_yticks([0.2, 0.5, 1, 2, 5], ["0.2", "0.5", "1", "2", "5"])
    axes.minorticks_off()
    axes.legend(title=r"$\lambda=\delta d/n$", title_fontsize=7, loc="upper right")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the agreement of these very dots."""
    at = np.array([np.interp(data.place, data.psi1, line) for line in data.theory])
    gap = np.abs(data.measured.values - at) / at
    calm = np.ones_like(gap, dtype=bool)
    calm[0, data.place.values == PSI2] = False
    return (
        f"Centred ReLU features, linear target of power 1, label noise {NOISE:g} (not part of the excess), n/d = "
        f"{PSI2:g}. Lines: proportional asymptotics; dots: d = {data.attrs['d']}, {data.attrs['trials']} networks, two "
        f"standard errors. Median distance {100 * np.median(gap):.1f} %, largest {100 * gap[calm].max():.0f} %, "
        f"without k = n at the smallest ridge, whose draws have heavy tails ({100 * gap[~calm].max():.0f} %); "
        f"{far_dots(data.measured, data.error, at)}, which is finite size."
    )
