"""Test loss of logistic regression on random features against their number: the peak is where labels separate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.convex_losses.experiments.networks import random_feature_fit
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, MARKERS, SINGLE, entry
from solvable.solvers import Spectrum, deep_feature_moments, separability_threshold, state_evolution

if TYPE_CHECKING:
    import xarray as xr

D, RATIO, NOISE, PENALTIES = 60, 3.0, 0.3, (1e-4, 1e-2)


def _spectrum(W: Any) -> Spectrum:
    """Gaussian equivalent of drawn features for a linear field of unit variance."""
    return deep_feature_moments([W], np.eye(D), "erf").linear(np.full(D, D**-0.5))


def compute(quick: bool = False) -> xr.Dataset:
    """Dots over 8 fits (40 in full), n = 180; lines are means over 3 (12) drawn sets of features."""
    import xarray as xr

    rng, trials, sets = np.random.default_rng(0), 8 if quick else 40, 3 if quick else 12
    n = round(RATIO * D)
    widths = np.unique(np.round(n / np.geomspace(0.45, 8, 62)).astype(int))
    per, places = n / widths, np.array([0.5, 1.0, 2.0, 3.0, 5.0])
    theory = np.zeros((len(PENALTIES), widths.size))
    border = np.zeros(widths.size)
    weights = rng.standard_normal((sets, int(widths.max()), D)) / np.sqrt(D)
    for j, k in enumerate(widths):
        for W in weights:  # more of the same features, so that the lines are smooth
            spectrum = _spectrum(W[:k])
            theory[:, j] += state_evolution(spectrum, n, PENALTIES, "logistic", noise=NOISE).test_loss / sets
            known = float(spectrum.target_power.sum())
            border[j] += float(separability_threshold(known, "sign", NOISE + 1 - known)) / sets
    draws = [[[random_feature_fit(rng, D, RATIO, a, p, NOISE) for a in places] for p in PENALTIES]
             for _ in range(trials)]  # fmt: skip
    mean, bar = mean_and_bar(draws)
    crossing = float(per[np.argmin(np.abs(np.log(per / border)))])
    return xr.Dataset(
        {
            "theory": (("penalty", "per"), theory),
            "measured": (("penalty", "place"), mean),
            "error": (("penalty", "place"), bar),
        },
        {"penalty": list(PENALTIES), "per": per, "place": places},
        {"trials": trials, "crossing": crossing, "sets": sets},
    )


@figure(
    "logistic-double-descent",
    title="Logistic regression peaks where labels become separable",
    source="gerace2020generalisation",
    claims=["convex-losses/logistic-peak", "convex-losses/logistic-universality"],
)
def draw(data: xr.Dataset) -> Any:
    """Test loss over features for each row."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(SINGLE, 2.6))
    axes = canvas.subplots()
    for i, penalty in enumerate(data.penalty.values):
        axes.plot(1 / data.per, data.theory[i], color=COLOURS[i])
        axes.errorbar(
            1 / data.place, data.measured[i], data.error[i], color=COLOURS[i], fmt=MARKERS[i], ms=3, elinewidth=0.8
        )
        entry(axes, i, rf"$\delta={penalty:g}$", ms=3)
    axes.axvline(1 / data.attrs["crossing"], color="0.4", ls=DASHED, lw=0.9, label="separable")
    axes.axvline(1.0, color="0.7", lw=0.9, label="$k=n$")
    axes.set(xscale="log", yscale="log", xlabel="features over rows $k/n$", ylabel="test loss")
    axes.set_xticks([0.2, 0.5, 1, 2], ["0.2", "0.5", "1", "2"])
    axes.minorticks_off()
    axes.set_yticks([0.6, 1, 2, 4], ["0.6", "1", "2", "4"])
    axes.legend(loc="upper left")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the measured agreement."""
    at = [np.interp(1 / data.place.values, 1 / data.per.values, row) for row in data.theory.values]
    gap = distance(data.measured.values, np.array(at))
    top = float(data.per.values[np.argmax(data.theory.values[0])])
    return (
        f"Mean logistic loss of fresh rows, {round(RATIO * D)} rows of {D} inputs, labels signs of a linear field of "
        f"unit variance with noise of variance {NOISE}, erf features, un-normalised ridge δ. Lines: Gaussian "
        f"equivalent, mean over {data.attrs['sets']} drawn sets of features; dots: mean of {data.attrs['trials']} "
        f"fits, two standard errors, {100 * float(np.median(gap)):.0f} % from the lines in the middle and "
        f"{100 * float(gap.max()):.0f} % at most, where the peak makes the loss vary. The peak is at n/k = {top:.1f}; "
        f"labels become separable at {data.attrs['crossing']:.1f} (dashed), and k = n is no special place."
    )
