"""Long-tailed classes: how imbalance bends the simplex, and how the minimum-angle term restores it in the features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.neural_collapse.experiments.linear import (
    angle_excess,
    minority_head_cosine,
    spread_centres,
)
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, letter_panels
from solvable.solvers import minimum_angle_bound

if TYPE_CHECKING:
    import xarray as xr

LARGEST, DECAY, DIMENSION, SPREAD_DIMENSION = 1000, 5e-3, 6, 4
WEIGHTS = (0.0, 0.01, 0.1)


def compute(quick: bool = False) -> xr.Dataset:
    """Two large and two small classes trained with cross-entropy and the term; centres spread by the term alone."""
    import xarray as xr

    sizes = np.array([1000, 300, 100, 30, 10, 3, 1]) if not quick else np.array([1000, 200, 50, 10, 1])
    bend, aligned = np.empty((2, len(WEIGHTS), sizes.size))
    for i, weight in enumerate(WEIGHTS):
        for j, small in enumerate(sizes):
            cell = weight, (LARGEST, LARGEST, int(small), int(small)), DECAY, DIMENSION
            bend[i, j] = angle_excess(np.random.default_rng(0), *cell)
            aligned[i, j] = minority_head_cosine(np.random.default_rng(0), *cell)
    classes = np.arange(2, 9)
    bound = [-minimum_angle_bound(int(k), max(SPREAD_DIMENSION, int(k) - 1)) for k in classes]
    spread = [-spread_centres(np.random.default_rng(0), int(k), SPREAD_DIMENSION) for k in classes]
    return xr.Dataset(
        {
            "bend": (("weight", "ratio"), bend),
            "aligned": (("weight", "ratio"), aligned),
            "bound": ("classes", np.degrees(bound)),
            "spread": ("classes", np.degrees(spread)),
        },
        {"weight": list(WEIGHTS), "ratio": LARGEST / sizes, "classes": classes.astype(float)},
    )


@figure(
    "long-tailed-geometry",
    title="The minimum-angle term restores the simplex of the features, not of the head",
    source="liu2023inducing",
    claims=[
        "neural-collapse/angle-term-minimum",
        "neural-collapse/long-tail-bends-the-simplex",
        "neural-collapse/angle-term-restores-the-simplex",
        "neural-collapse/angle-term-leaves-the-head",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Features and head against the imbalance; the largest mean angle against the number of classes."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.4))
    left, middle, right = canvas.subplots(1, 3)
    letter_panels((left, middle, right))
    for i, weight in enumerate(data.weight.values):
        label = "cross-entropy" if weight == 0 else f"+ {weight:g} angle term"
        for axes, values in ((left, data.bend), (middle, data.aligned)):
            axes.plot(data.ratio, values[i], color=COLOURS[i], marker=MARKERS[i], lw=0.9, label=label)
    left.set(xscale="log", xlabel="imbalance ratio", ylabel=r"mean $|\cos+1/(K-1)|$ of features", ylim=(None, 0.26))
    left.legend(loc="upper left")
    middle.set(xscale="log", xlabel="imbalance ratio", ylabel="head: cosine of small classes")
    kept = data.classes <= SPREAD_DIMENSION + 1
    right.plot(data.classes[kept], data.bound[kept], color="black", label=r"$\arccos(-1/(K-1))$")
    right.plot(data.classes[~kept], data.bound[~kept], color="black", ls=":", label="the same, not attained")
    right.plot(
        data.classes, data.spread, color=COLOURS[2], marker="o", ls="none", label=f"found, $d={SPREAD_DIMENSION}$"
    )
    right.set(xlabel="classes $K$", ylabel="mean nearest angle, degrees", ylim=(80, 190))
    right.legend()
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the bend without and with the term, and the angles."""
    kept = data.classes.values <= SPREAD_DIMENSION + 1
    off = float(np.abs(data.spread - data.bound).values[kept].max())
    return (
        f"K = 4 free class features in d = {DIMENSION}, two classes of {LARGEST} samples and two smaller ones, decay "
        f"{DECAY:g}. (a) At ratio {float(data.ratio[-1]):g} the cosines between centred features are off the simplex "
        f"by {float(data.bend[0, -1]):.2f} with cross-entropy alone and by {scientific(float(data.bend[-1, -1]))} with "
        f"{WEIGHTS[-1]:g} of the angle term, while (b) the head's rows of the small classes have cosine "
        f"{float(data.aligned[0, -1]):.2f} and {float(data.aligned[-1, -1]):.2f}. (c) The term alone; the line is "
        f"attained (within {scientific(off)} degrees) up to K = {SPREAD_DIMENSION + 1} and not beyond (dotted)."
    )
