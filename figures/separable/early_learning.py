"""Flipped labels: first the true ones are learned, then the given ones are memorised, unless a term keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.separable.closed_forms import rows_fitted_per_dimension
from solvable.analysis.separable.experiments.early import digit_shares, shares
from solvable.figures.dots import mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DASHES, DOUBLE, MARKERS, letter_panels

if TYPE_CHECKING:
    import xarray as xr

STRENGTHS, FLIPS, STEPS = (None, 3.0), 0.2, 2000
N, P, DIGITS = 200, 400, 90
WHAT = ("share", "accuracy", "cosine")
LABELS = ("flipped rows given their true label", "accuracy on fresh rows", "cosine of the descent direction")


def compute(quick: bool = False) -> xr.Dataset:
    """Means over 8 data sets, and 8 draws of the digits and their flips (40 in full)."""
    import xarray as xr

    trials = 8 if quick else 40
    runs = [
        [shares(np.random.default_rng(t), N, P, FLIPS, STEPS, strength) for t in range(trials)]
        for strength in STRENGTHS
    ]
    digits = [
        [digit_shares(np.random.default_rng(t), DIGITS, FLIPS, STEPS, strength) for t in range(trials)]
        for strength in STRENGTHS
    ]
    found = [mean_and_bar([[run[what] for what in WHAT] for run in many]) for many in runs]
    real = [mean_and_bar([[run[what] for what in WHAT[:2]] for run in many]) for many in digits]
    return xr.Dataset(
        {
            "gaussian": (("strength", "what", "time"), np.array([mean for mean, _ in found])),
            "error": (("strength", "what", "time"), np.array([bar for _, bar in found])),
            "digits": (("strength", "kind", "time"), np.array([mean for mean, _ in real])),
            "spread": (("strength", "kind", "time"), np.array([bar for _, bar in real])),
        },
        {
            "strength": [strength or 0.0 for strength in STRENGTHS],
            "what": list(WHAT),
            "kind": list(WHAT[:2]),
            "time": runs[0][0]["times"],
        },
        {"trials": trials},
    )


@figure(
    "early-learning",
    title="True labels come first, given ones last",
    source="liu2020early",
    claims=[
        "separable/early-phase",
        "separable/flipped-labels-are-fitted",
        "separable/gradient-aligns-early",
        "separable/early-learning-term-holds",
        "separable/memorisation",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Left: two Gaussian classes. Right: digits."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 3.0))
    panels = canvas.subplots(1, 2, sharey=True)
    letter_panels(panels, ("two Gaussian classes", "digits 3 and 8"))
    time = np.maximum(data.time.values, 0.5)
    for axes, means, errors in zip(panels, (data.gaussian, data.digits), (data.error, data.spread), strict=True):
        for i, style in enumerate(DASHES[:2]):
            for j, (mean, bar) in enumerate(zip(means.values[i], errors.values[i], strict=True)):
                if i == 1 and WHAT[j] == "cosine":  # of the loss alone, which is not what is descended then
                    continue
                axes.errorbar(
                    time, mean, bar, color=COLOURS[j], ls=style, lw=0.9, marker=MARKERS[j], ms=2.5, elinewidth=0.7,
                    mfc=COLOURS[j] if i == 0 else "none",
                )  # fmt: skip
        axes.set(xscale="log", xlabel="step", xlim=(0.45, 1.2 * time[-1]))
    panels[0].axhline(1 / 6, color="0.4", ls=DASHED, lw=0.8)
    panels[0].set(ylabel="share or cosine", ylim=(-0.12, 1.06))
    for j, label in enumerate(LABELS):
        panels[0].plot([], [], color=COLOURS[j], marker=MARKERS[j], ms=3, label=label)
    for i, strength in enumerate(data.strength.values):
        panels[0].plot([], [], color="0.2", ls=DASHES[i], lw=0.9, label=rf"$\lambda={strength:g}$")
    canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State what is kept and lost, and where memorisation ends."""
    share, accuracy = data.gaussian.values[:, 0], data.gaussian.values[:, 1]
    least = float(data.gaussian.values[0, 2, :3].min())
    digits = data.digits.values
    return (
        f"Descent with steps of 0.5 from labels of which {100 * FLIPS:.0f} % are flipped; means over "
        f"{data.attrs['trials']} data sets with two standard errors; at the left the start. (a) n = {N}, p = {P}: "
        f"{100 * share[0].max():.0f} % of the flipped rows are given their true label at first, "
        f"{100 * share[0, -1]:.0f} % after {STEPS:,} steps, {100 * share[1, -1]:.0f} % with the early-learning term; "
        f"accuracy ends at {accuracy[0, -1]:.2f} and {accuracy[1, -1]:.2f}. The cosine of the first steps is at least "
        f"{least:.2f}; dashed: 1/6. All labels can be fitted up to n/p = {rows_fitted_per_dimension(FLIPS, 0.1):.2f}. "
        f"(b) {DIGITS} digits of scikit-learn, 65 inputs: nothing is promised there. The share is at best "
        f"{100 * digits[0, 0].max():.0f} %, {100 * digits[0, 0, -1]:.0f} % at the end, {100 * digits[1, 0, -1]:.0f} % "
        f"with the term, and the accuracy on the other digits {digits[0, 1].max():.2f}, {digits[0, 1, -1]:.2f} and "
        f"{digits[1, 1, -1]:.2f}."
    )
