"""Where labels are separable: ratio of rows and dimensions against the strength of the teacher, two teachers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.convex_losses.experiments.separation import inseparable
from solvable.figures.dots import share_and_bars
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, letter_panels
from solvable.solvers import logistic_bias, separability_threshold

if TYPE_CHECKING:
    import xarray as xr

D = 30
TEACHERS = ("logistic", "sign")
STYLES = ("-", "--", ":")


def compute(quick: bool = False) -> xr.Dataset:
    """Which of 8 drawn sets (60 in full) are separable, d = 30; bias over the ratio for three strengths."""
    import xarray as xr

    rng, trials = np.random.default_rng(0), 8 if quick else 60
    strength, places = np.linspace(0.0, 5.0, 80), np.array([0.5, 2.0, 4.0])
    lines = np.array([
        separability_threshold(strength**2, "logistic").value, separability_threshold(strength**2, "sign", 1.0).value
    ])  # fmt: skip
    reached = np.array([
        separability_threshold(places**2, "logistic").value, separability_threshold(places**2, "sign", 1.0).value
    ])  # fmt: skip
    factors = np.array([0.7, 0.85, 1.0, 1.15, 1.3])
    share = [
        [[[inseparable(rng, place * factor, D, g * g, teacher, float(teacher == "sign")) < 0 for factor in factors]
          for g, place in zip(places, row, strict=True)] for teacher, row in zip(TEACHERS, reached, strict=True)]
        for _ in range(trials)
    ]  # fmt: skip
    drawn = np.array(share, float)  # trial, teacher, strength, factor
    mean, bars = share_and_bars(np.concatenate([drawn[:, :, k] for k in range(places.size)]))
    kappa = np.linspace(0.005, 0.48, 80)
    strengths = np.array([0.5, 1.0, 2.0])
    slope = logistic_bias(kappa, strengths[:, None], on_failure="ignore").slope
    return xr.Dataset(
        {
            "threshold": (("teacher", "strength"), lines),
            "separable": (("teacher", "factor"), mean),
            "error": (("side", "teacher", "factor"), bars),
            "slope": (("size", "kappa"), slope),
        },
        {"teacher": list(TEACHERS), "strength": strength, "factor": factors, "kappa": kappa,
         "size": strengths},
        {"trials": trials},
    )  # fmt: skip


@figure(
    "logistic-existence",
    title="Where the logistic estimate exists, and how biased it is",
    source="candes2020phase",
    claims=[
        "convex-losses/existence-of-logistic-estimates",
        "convex-losses/separability-of-noise",
        "convex-losses/separability-of-noisy-signs",
        "convex-losses/logistic-bias",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Left: thresholds. Middle: share of separable sets around them. Right: bias."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.5))
    left, middle, right = canvas.subplots(1, 3)
    letter_panels((left, middle, right), ("thresholds", "drawn sets", "bias of the estimate"))
    for i, teacher in enumerate(data.teacher.values):
        left.plot(data.strength, data.threshold[i], STYLES[i], color=COLOURS[i], label=f"{teacher} teacher")
        middle.errorbar(
            data.factor + 0.01 * i, data.separable[i], data.error[:, i], color=COLOURS[i], fmt=MARKERS[i], ms=3,
            elinewidth=0.8, label=f"{teacher} teacher",
        )  # fmt: skip
    for k, size in enumerate(data["size"].values):
        right.plot(data.kappa, data.slope[k], STYLES[k], color=COLOURS[k + 2], label=rf"$\gamma_0={size:g}$")
    middle.plot([1.0, 1.0], [-0.05, 1.05], color="0.5", lw=0.8)
    left.set(xlabel=r"strength $\gamma_0$", ylabel="rows over dimension $n/d$")
    middle.set(xlabel="$n/d$ over the threshold", ylabel="share separable", ylim=(-0.05, 1.45))
    middle.set_yticks([0, 0.5, 1])
    right.set(xlabel="$d/n$", ylabel=r"slope $\alpha_*$", ylim=(0.95, 4))
    for axes in (left, middle, right):
        axes.legend()
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the measured agreement."""
    below = float(data.separable.values[..., :2].mean())
    above = float(data.separable.values[..., 3:].mean())
    return (
        "Below the lines of (a) random labels are separable and the unregularised logistic estimate does not exist: a "
        "logistic teacher of standard deviation γ₀, and signs of such a field with noise of variance 1. Without a "
        f"teacher the threshold is 2. (b) Share of {3 * data.attrs['trials']} drawn sets in d = {D} dimensions that a "
        "hyperplane separates, by n/d over the threshold, a third of them each at γ₀ = 0.5, 2 and 4; "
        f"bars: Wilson's intervals of two standard errors. Below the threshold {100 * below:.0f} % are separable, "
        f"above it {100 * above:.0f} %. (c) Estimates scatter around α* times the coefficients; lines end where no "
        "estimate exists."
    )
