"""The plug-in rule: error against samples, and samples to come near the Bayes error against dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.separable.experiments.gaussians import plug_in_draw, samples_needed
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import bayes_error, plug_in_error

if TYPE_CHECKING:
    import xarray as xr

DIMENSIONS, SEPARATIONS, GAP = (10, 40, 160), (1.0, 2.25), 0.01


def _needed(d: float, separation2: float) -> float:
    """Least n at which the formula is the Bayes error plus the gap."""
    n = np.geomspace(1, 1e7, 4001)
    return float(n[np.argmax(plug_in_error(n, d, separation2) <= bayes_error(separation2) + GAP)])


def compute(quick: bool = False) -> xr.Dataset:
    """Dots over 100 drawn rules (800 in full)."""
    import xarray as xr

    rng, trials, sets = np.random.default_rng(0), 100 if quick else 800, 4 if quick else 8
    n = np.geomspace(4, 3000, 60)
    places = np.array([4, 16, 64, 256, 1024])
    line = np.array([plug_in_error(n, d, 1.0) for d in DIMENSIONS])
    dots = np.array([[[plug_in_draw(rng, d, m / d, 1.0) for m in places] for d in DIMENSIONS] for _ in range(trials)])
    d = np.array([10, 20, 40, 80, 160])
    needed = np.array([[_needed(size, s) for size in d] for s in SEPARATIONS])
    found = np.array([[[samples_needed(rng, size, s, GAP) for size in d] for s in SEPARATIONS] for _ in range(sets)])
    (mean, bar), (middle, spread) = mean_and_bar(dots), mean_and_bar(found)
    return xr.Dataset(
        {
            "theory": (("dimension", "n"), line),
            "reached": (("dimension", "place"), np.array([plug_in_error(places, size, 1.0) for size in DIMENSIONS])),
            "measured": (("dimension", "place"), mean),
            "error": (("dimension", "place"), bar),
            "needed": (("separation", "d"), needed),
            "found": (("separation", "d"), middle),
            "spread": (("separation", "d"), spread),
        },
        {"dimension": list(DIMENSIONS), "n": n, "place": places, "separation": list(SEPARATIONS), "d": d},
        {"trials": trials, "sets": sets},
    )


@figure(
    "naive-bayes",
    title="The plug-in rule needs samples in proportion to the dimension",
    source="zheng2023revisiting",
    claims=["separable/plug-in-error", "separable/linear-in-d-at-fixed-separation"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: error against samples. Right: samples needed against dimension."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.7))
    left, right = canvas.subplots(1, 2)
    letter_panels((left, right), (r"$\|\mu\|^2=1$", "to the Bayes error + 0.01"))
    for i, size in enumerate(data.dimension.values):
        left.plot(data.n, data.theory[i], color=COLOURS[i])
        entry(left, i, f"$d={size}$", ms=3)
        left.errorbar(
            data.place, data.measured[i], data.error[i], color=COLOURS[i], fmt=MARKERS[i], ms=3, elinewidth=0.8
        )
    left.axhline(float(bayes_error(1.0)), color="0.4", ls=DASHED, lw=0.9, label="Bayes error")
    for i, separation in enumerate(data.separation.values, start=3):
        right.plot(data.d, data.needed[i - 3], color=COLOURS[i])
        entry(right, i, rf"$\|\mu\|^2={separation:g}$", ms=3)
        right.errorbar(
            data.d, data.found[i - 3], data.spread[i - 3], color=COLOURS[i], fmt=MARKERS[i], ms=3, elinewidth=0.8
        )
    left.set(xscale="log", xlabel="samples $n$", ylabel="test error", ylim=(0.13, 0.5))
    right.set(xscale="log", yscale="log", xlabel="dimension $d$", ylabel="samples needed")
    left.legend(loc="upper right")
    right.legend(loc="upper left")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the measured agreement."""
    gap = distance(data.measured.values, data.reached.values)
    slack = float(np.max(distance(data.found.values, data.needed.values)))
    return (
        "Two Gaussian classes at ±μ with unit covariance. (a) Test error of the plug-in mean rule after n balanced "
        f"samples; dots: {data.attrs['trials']} drawn rules, two standard errors. From n = 16 on the largest distance "
        f"from a line is {100 * np.max(gap[:, 1:]):.1f} %, at n = 4 it is {100 * np.max(gap[:, 0]):.1f} %. (b) Samples "
        f"until the error is the Bayes error plus 0.01; dots: {data.attrs['sets']} collections of 400 drawn rules, two "
        f"standard errors, largest distance {100 * slack:.0f} %. At fixed separation the number grows as d."
    )
