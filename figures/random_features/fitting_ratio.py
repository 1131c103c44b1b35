"""Test error against the fitting ratio: when interpolating is best, and when it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.random_features.experiments.regression import power_law_curve
from solvable.figures.dots import distance, far_dots, two_errors
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import optimal_fitting_ratio, overfitting_threshold, power_law_risk

if TYPE_CHECKING:
    import xarray as xr

NOISES = np.array([0.0, 1.0, 5.0, 50.0])
LAWS = ((1.5, 1.3), (1.5, 2.5))  # (exponent, target exponent): a rough target and a smooth one


def compute(quick: bool = False) -> xr.Dataset:
    """Closed forms, and kernel ridge regression on power laws with their tails at n = 100."""
    import xarray as xr

    n, trials = 100, 8 if quick else 40
    fine, ridges = np.linspace(0, 0.98, 197) ** 2, np.r_[0.0, np.geomspace(0.003, 30, 12)]
    theory, best = np.empty((2, NOISES.size, fine.size)), np.empty((2, NOISES.size))
    mean = np.empty((2, 2, NOISES.size, ridges.size))
    error = np.empty((2, NOISES.size, ridges.size))
    rng = np.random.default_rng(0)
    for i, (a, b) in enumerate(LAWS):
        unit = power_law_risk(a, b, n).test
        theory[i] = power_law_risk(a, b, n, fine, relative_noise=NOISES[:, None]).test / unit
        best[i] = optimal_fitting_ratio(a, b, NOISES).value
        for j, noise in enumerate(NOISES * unit):
            draws = np.array([power_law_curve(rng, n, a, b, ridges, float(noise)) for _ in range(trials)]) / unit
            mean[i, :, j] = draws.mean(axis=0)
            error[i, j] = two_errors(draws[:, 0], axis=0)
    return xr.Dataset(
        {
            "theory": (("law", "noise", "ratio"), theory),
            "best": (("law", "noise"), best),
            "test": (("law", "noise", "ridge"), mean[:, 0]),
            "train": (("law", "noise", "ridge"), mean[:, 1]),
            "error": (("law", "noise", "ridge"), error),
            "threshold": ("law", [float(overfitting_threshold(a, b)) for a, b in LAWS]),
        },
        {"noise": NOISES, "ratio": fine, "ridge": ridges},
        {"n": n, "trials": trials},
    )


@figure(
    "fitting-ratio",
    title="How much of the error should be left in the training set",
    source="simon2024more",
    claims=["random-features/fitting-ratio-optimum", "random-features/obligatory-overfitting"],
)
def draw(data: xr.Dataset) -> Any:
    """One colour a noise level; stars mark the optimum; dots are simulations."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.6))
    panels = canvas.subplots(1, 2, sharey=True)
    letter_panels(panels, (f"eigenvalues $i^{{-{a:g}}}$, target $i^{{-{b:g}}}$" for a, b in LAWS))
    for i, axes in enumerate(panels):
        for j, noise in enumerate(data.noise.values):
            scale = 1 + noise
            axes.plot(data.ratio, data.theory[i, j] / scale, color=COLOURS[j])
            entry(axes, j, f"{noise:g}", mfc="white", ms=2.8, mew=0.7)
            ratio = data.train[i, j] / data.test[i, j]
            axes.errorbar(ratio, data.test[i, j] / scale, data.error[i, j] / scale, fmt=MARKERS[j], color=COLOURS[j],
                          mfc="white", ms=2.8, mew=0.7, elinewidth=0.7)  # fmt: skip
            best = float(data.best[i, j])
            height = np.interp(best, data.ratio, data.theory[i, j]) / scale
            axes.plot(best, height, "*", color=COLOURS[j], ms=8, mec="black", mew=0.4, zorder=5, clip_on=False)
        axes.set(xlabel="fitting ratio, train error / test error", xlim=(0, 0.98), ylim=(0.9, 2.0))
    panels[0].set_ylabel("test error / (1 + relative noise)")
    panels[0].legend(title="relative noise", title_fontsize=7, loc="upper left", ncols=2)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State thresholds and the distance of dots and lines."""
    gaps: list[Any] = []
    dots: list[Any] = []
    bars: list[Any] = []
    lines: list[Any] = []
    for i in range(2):
        for j in range(data.noise.size):
            at = np.interp(data.train[i, j] / data.test[i, j], data.ratio, data.theory[i, j])
            inside = (data.train[i, j] / data.test[i, j]).values < 0.85
            gaps.append(distance(data.test[i, j].values, at)[inside])
            for kept, values in zip((dots, bars, lines), (data.test[i, j], data.error[i, j], at), strict=True):
                kept.append(np.asarray(values)[inside])
    gap = np.concatenate(gaps)
    edges = ", ".join(f"{float(x):.2f} ({letter})" for x, letter in zip(data.threshold, "ab", strict=True))
    return (
        "Kernel ridge regression on power laws with their infinite tails; noise relative to the noiseless "
        "interpolator's error. Lines: closed form; stars: its optimum, at 0 (overfitting obligatory) for relative "
        f"noise up to {edges} (negative: never). Dots: n = {data.attrs['n']}, {data.attrs['trials']} designs, two "
        f"standard errors; median distance {100 * np.median(gap):.1f} %, largest {100 * gap.max():.0f} %; "
        f"{far_dots(*map(np.concatenate, (dots, bars, lines)))}: the law is a limit of large n."
    )
