"""Learning curves of losses: signs of a noisy field on the left, a noisy linear teacher on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.convex_losses.experiments.fits import fitted_error
from solvable.analysis.convex_losses.settings import eigenvalues, teacher_power
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import Spectrum, state_evolution

if TYPE_CHECKING:
    import xarray as xr

D, SPREAD, SIGNAL, PENALTY = 60, 0.6, 2.0, 0.1
CASES = (
    ("square", "sign", 0.1), ("logistic", "sign", 0.1), ("hinge", "sign", 0.1), ("huber", "linear", 1.0),
    ("absolute", "linear", 1.0),
)  # fmt: skip


def compute(quick: bool = False) -> xr.Dataset:
    """Dots over 10 fits (60 in full) at d = 60."""
    import xarray as xr

    rng, trials = np.random.default_rng(3), 10 if quick else 60
    spectrum = Spectrum(eigenvalues(D, SPREAD), teacher_power(D, SPREAD, SIGNAL))
    ratio, places = np.geomspace(0.3, 10, 80), np.array([0.4, 0.8, 1.6, 3.2, 6.4])
    lines, reached, means, bars = [], [], [], []
    for loss, teacher, noise in CASES:
        cell: dict[str, Any] = {"loss": loss, "teacher": teacher, "noise": noise, "penalty": PENALTY, "spread": SPREAD,
                "signal": SIGNAL, "d": D}  # fmt: skip
        lines.append(state_evolution(spectrum, ratio * D, PENALTY * D, loss, teacher, noise).test_error)
        rows = np.round(places * D)
        reached.append(state_evolution(spectrum, rows, PENALTY * D, loss, teacher, noise).test_error)
        mean, bar = mean_and_bar([[fitted_error(rng, ratio=a, **cell) for a in places] for _ in range(trials)])
        means.append(mean)
        bars.append(bar)
    return xr.Dataset(
        {
            "theory": (("case", "ratio"), np.array(lines)),
            "reached": (("case", "place"), np.array(reached)),
            "measured": (("case", "place"), np.array(means)),
            "error": (("case", "place"), np.array(bars)),
        },
        {"case": [f"{loss}, {teacher}" for loss, teacher, _ in CASES], "ratio": ratio, "place": places},
        {"trials": trials},
    )


@figure(
    "convex-learning-curves",
    title="Learning curves of convex losses",
    source="loureiro2021learning",
    claims=[
        "convex-losses/logistic-test-error",
        "convex-losses/hinge-test-error",
        "convex-losses/huber-test-error",
        "convex-losses/absolute-test-error",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Left: classification. Right: regression."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.7))
    panels = canvas.subplots(1, 2)
    letter_panels(panels, ("signs of a noisy field", "a noisy linear teacher"))
    for i, case in enumerate(data["case"].values):
        axes = panels[0 if str(case).endswith("sign") else 1]
        axes.plot(data.ratio, data.theory[i], color=COLOURS[i])
        axes.errorbar(
            data.place, data.measured[i], data.error[i], color=COLOURS[i], fmt=MARKERS[i], ms=3, elinewidth=0.8
        )
        entry(axes, i, f"{str(case).split(',')[0]} loss", ms=3)
    panels[0].set(ylabel="share of wrong signs")
    panels[1].set(ylabel="mean squared error", yscale="log")
    panels[1].set_yticks([1.5, 2, 3], ["1.5", "2", "3"])
    panels[1].tick_params(axis="y", which="minor", left=False, labelleft=False)
    for axes in panels:
        axes.set(xscale="log", xlabel="rows over dimension $n/d$")
        axes.legend()
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the measured agreement."""
    gap = distance(data.measured.values, data.reached.values)
    far = np.abs(data.measured.values - data.reached.values) > 1.5 * data.error.values
    return (
        f"Test errors of fits with a ridge of 0.1 for each of {D} dimensions, eigenvalues spread over [0.4, 1.6], "
        "against the state evolution (lines). (a) Labels are signs of a field of variance 2 with noise of variance "
        f"0.1. (b) Labels are the field with noise of variance 1. Dots: {data.attrs['trials']} fits, two "
        f"standard errors; the mean distance from the lines is {100 * gap.mean():.1f} %, the largest "
        f"{100 * gap.max():.0f} %, and {int(far.sum())} of {far.size} dots lie beyond three standard errors."
    )
