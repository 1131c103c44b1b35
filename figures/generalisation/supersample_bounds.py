"""Test error and information of loss differences against the number of samples, for two learners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.generalisation.experiments.supersamples import gap_beside_table
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, letter_panels
from solvable.solvers import loss_difference_information

if TYPE_CHECKING:
    import xarray as xr

SIZES, D, REPLICAS = (4, 8, 16, 32), 3, 100
LEARNERS = ("nearest-neighbour", "nearest-mean")
SERIES = ("test less training error", r"$I(\Delta;U)/\ln2$", r"bound $\sqrt{2I}$")


def compute(quick: bool = False) -> xr.Dataset:
    """Tables and gaps over 8 runs (60 in full) of 100 replicas."""
    import xarray as xr

    rng, trials = np.random.default_rng(0), 8 if quick else 60
    means, bars = [], []
    for learner in LEARNERS:
        rows = []
        for _ in range(trials):
            row = []
            for n in SIZES:
                gap, given = gap_beside_table(rng, learner, n, D, REPLICAS)
                found = loss_difference_information(given["table"])
                row.append([gap, float(found.interpolation_error), float(found.square_root)])
            rows.append(np.array(row).T)
        mean, bar = mean_and_bar(rows)
        means.append(mean)
        bars.append(bar)
    return xr.Dataset(
        {"value": (("learner", "series", "n"), means), "bar": (("learner", "series", "n"), bars)},
        {"learner": list(LEARNERS), "series": ["gap", "information", "bound"], "n": list(SIZES)},
        {"trials": trials},
    )


@figure(
    "supersample-bounds",
    title="Information of loss differences is the test error of learners that fit, and bounds the gap of others",
    source="wang2023tighter",
    claims=[
        "generalisation/interpolation-information",
        "generalisation/square-root-bound",
        "generalisation/interpolation-beats-it",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Left: nearest neighbour. Right: nearest mean."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.5))
    panels = canvas.subplots(1, 2)
    letter_panels(panels, ("nearest neighbour", "nearest class mean"))
    for k, axes in enumerate(panels):
        for i, label in enumerate(SERIES):
            axes.errorbar(
                data.n * (0.96, 1.04, 1.0)[i], data.value[k, i], data.bar[k, i], color=COLOURS[i], fmt=MARKERS[i], ms=4,
                elinewidth=0.8, label=label,
            )  # fmt: skip
        axes.set(xscale="log", xlabel="samples $n$", ylabel="probability", ylim=(0, 1.15))
        axes.set_xticks(SIZES, [str(n) for n in SIZES])
        axes.minorticks_off()
        axes.legend(loc="upper right")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the measured agreement."""
    error, information, bound = data.value.values[0]
    gap = 100 * float(np.max(distance(error, information)))
    mean = data.value.values[1]
    return (
        f"Supersamples of two Gaussian classes in {D} dimensions, {data.attrs['trials']} runs of {REPLICAS} replicas, "
        "two standard errors; dots are shifted sideways where they would cover each other. (a) The nearest neighbour "
        f"fits its labels: the information over ln 2 is its test error, here within {gap:.1f} %, and the square-root "
        f"bound {float(np.mean(bound / error)):.1f} times as large. (b) The nearest class mean does not fit: its gap, "
        f"{mean[0, 0]:.2f} to {mean[0, -1]:.2f}, is below the bound, {mean[2, 0]:.2f} to {mean[2, -1]:.2f}, and "
        "information over ln 2 is not it."
    )
