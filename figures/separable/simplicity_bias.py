"""A simple and a complex feature: what networks rely on, and in which order a product kernel learns degrees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.separable.experiments.networks import reliance
from solvable.analysis.separable.experiments.staircase import mode_share
from solvable.figures.dots import mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import kernel_staircase, slab_data

if TYPE_CHECKING:
    import xarray as xr

SHARES, D = (0.0, 0.05, 0.1, 0.2, 0.3), 10
WHAT = ("as it is", "linear coordinate shuffled", "slab coordinate shuffled")
SIZE, LEVEL, DEGREES, ROWS = 10, 0.5, (1, 2, 3), (10, 30, 100, 300)


def compute(quick: bool = False) -> xr.Dataset:
    """Three networks for each share, 8 kernel fits for each size (12 and 40 in full)."""
    import xarray as xr

    nets, fits = (3, 8) if quick else (12, 40)
    data = slab_data(400, 2, 0, 0.1, 0.02, 7, 0.1)
    drawn = [
        [[reliance(np.random.default_rng([t, slabs]), D, slabs, share) for share in SHARES] for slabs in (7, 3)]
        for t in range(nets)
    ]
    trained, spread = mean_and_bar(drawn)
    rng = np.random.default_rng(1)
    found, error = mean_and_bar(
        [[[mode_share(rng, SIZE, k, n / SIZE**k, LEVEL) for n in ROWS] for k in DEGREES] for _ in range(fits)]
    )
    grid = np.geomspace(5, 1000, 60)
    return xr.Dataset(
        {
            "points": (("row", "axis"), data.X),
            "label": (("row",), data.y),
            "accuracy": (("slabs", "share", "what"), trained),
            "spread": (("slabs", "share", "what"), spread),
            "theory": (("degree", "n"), kernel_staircase(grid, SIZE, LEVEL / SIZE, np.array(DEGREES)[:, None])),
            "reached": (("degree", "rows"), kernel_staircase(ROWS, SIZE, LEVEL / SIZE, np.array(DEGREES)[:, None])),
            "measured": (("degree", "rows"), found),
            "error": (("degree", "rows"), error),
        },
        {
            "slabs": [7, 3],
            "share": list(SHARES),
            "what": list(WHAT),
            "degree": list(DEGREES),
            "n": grid,
            "rows": list(ROWS),
        },
        {"nets": nets, "fits": fits},
    )


def _accuracies(axes: Any, data: xr.Dataset, slabs: int) -> None:
    """Accuracies against the share of wrong linear coordinates; lines: a reader of the linear coordinate alone."""
    share = np.array([0.0, 0.32])
    axes.plot(share, 1 - share, color="0.4", ls=DASHED, lw=0.9)
    axes.axhline(0.5, color="0.4", ls=DASHED, lw=0.9)
    for i in range(len(WHAT)):
        axes.errorbar(
            data.share, data.accuracy.values[slabs, :, i], data.spread.values[slabs, :, i], color=COLOURS[i],
            marker=MARKERS[i], ms=3, ls="none", elinewidth=0.8,
        )  # fmt: skip
    axes.set(xlabel="linear coordinate wrong", ylim=(0.45, 1.04), xlim=(-0.02, 0.32))


@figure(
    "simplicity-bias",
    title="Networks keep to a simple feature that is worse",
    source="shah2020pitfalls",
    claims=[
        "separable/network-uses-linear-only",
        "separable/simple-but-worse-feature-wins",
        "separable/three-slabs-are-learned",
        "separable/kernel-staircase",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Data; accuracies of networks with 7 and 3 slabs; shares of modes by a kernel."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 5.0))
    panels = canvas.subplots(2, 2).ravel()
    letter_panels(panels, ("data, a tenth wrong", "networks, 7 slabs", "networks, 3 slabs", "product kernel"))
    for i, sign in enumerate((1, -1)):
        points = data.points.values[data.label.values == sign]
        panels[0].plot(*points.T, color=COLOURS[4 + i], marker=MARKERS[4 + i], ls="none", ms=2)
    panels[0].set(xlabel="linear coordinate", ylabel="slab coordinate")
    for slabs, axes in enumerate(panels[1:3]):
        _accuracies(axes, data, slabs)
        axes.set(ylabel="test accuracy")
    for i, label in enumerate(WHAT):
        entry(panels[1], i, label, ls="none", ms=3)
    panels[1].plot([], [], color="0.4", ls=DASHED, lw=0.9, label="linear reader, chance")
    for i, degree in enumerate(data.degree.values):
        panels[3].plot(data.n, data.theory[i], color=COLOURS[3 + i])
        panels[3].errorbar(
            data.rows, data.measured[i], data.error[i], color=COLOURS[3 + i], fmt=MARKERS[3 + i], ms=3, elinewidth=0.8
        )
        entry(panels[3], 3 + i, f"degree {degree}", ms=3)
    panels[3].set(xscale="log", xlabel="rows $n$", ylabel="share of the mode learned", ylim=(-0.03, 1.05))
    panels[3].legend()
    canvas.legend(*panels[1].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State on what networks rely, and how far the kernel's modes are from the lines."""
    at = list(SHARES).index(0.1)
    seven, three = 100 * data.accuracy.values[0, at], 100 * data.accuracy.values[1, at]
    gap = float(np.max(np.abs(data.measured.values - data.reached.values)))
    return (
        "(a) The two coordinates that carry the label (triangles and diamonds), 7 slabs, a tenth of the linear one "
        f"wrong. (b), (c) ReLU networks of 60 units on 1,000 rows in d = {D}, {data.attrs['nets']} each, two standard "
        "errors; dashed: a reader of the linear coordinate alone, and chance. With a tenth wrong and 7 slabs the "
        f"accuracy is {seven[0]:.0f} %, {seven[2]:.0f} % with the slab coordinate shuffled and {seven[1]:.0f} % with "
        f"the linear one, though the slabs are always right; with 3 slabs it is {three[0]:.0f} %, {three[2]:.0f} % "
        f"and {three[1]:.0f} %: networks turn to them. (d) Regression with a product kernel on {SIZE} coordinates: "
        "share of products of 1, 2 and 3 of them; dots: mean over all products, "
        f"{data.attrs['fits']} fits, two standard errors, within {gap:.2f} of the lines. Drawn data only: no real "
        "data set says which of its features is simple."
    )
