"""Tasks learned one after another as projections: a picture in the plane, and the distance that is left, by order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.separable.experiments.sequences import squared_distance, worst_hinge
from solvable.analysis.separable.settings import taught_tasks
from solvable.figures.dots import mean_and_bar
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import continual_bounds, max_margin, sequential_max_margin, weak_regularisation_path

if TYPE_CHECKING:
    import xarray as xr

PLANE = np.array([[[1.0, 0.25]], [[-0.55, 0.85]]])  # two tasks of one row each
COUNT, ROWS, D, MOST, ORDERS = 4, 3, 12, 16, 2000
SHOWN = (1, 2, 4, 8, 12, 16)
RIDGES = (1e-8, 1e-300)


def compute(quick: bool = False) -> xr.Dataset:
    """Lines: means over 2,000 random orders by the solver; dots: 160 orders projected step by step (640 in full)."""
    import xarray as xr

    rng, trials = np.random.default_rng(3), 160 if quick else 640
    sets = taught_tasks(rng, COUNT, ROWS, D)
    rows = sets.reshape(-1, D)
    margin, radius = max_margin(rows).margin, float(np.linalg.norm(rows, axis=1).max())
    runs = [sequential_max_margin(sets, rng.integers(COUNT, size=MOST), 1) for _ in range(ORDERS)]
    cyclic = sequential_max_margin(sets, range(COUNT), MOST // COUNT)
    line = np.array(
        [
            [cyclic.distance**2, cyclic.forgetting],
            [np.mean([r.distance**2 for r in runs], axis=0), np.mean([r.forgetting for r in runs], axis=0)],
        ]
    )
    ends = (squared_distance, worst_hinge)
    turn = np.array([[[end(rng, sets, k, "cyclic") for k in SHOWN] for end in ends]])
    drawn = [[[end(rng, sets, k, "random") for k in SHOWN] for end in ends] for _ in range(trials)]
    mean, bar = mean_and_bar(drawn)
    k = np.arange(MOST + 1)
    bounds = [continual_bounds(radius, margin, COUNT, order, k) for order in ("cyclic", "random")]
    plane = sequential_max_margin(PLANE, [0, 1], 4).weights
    weak = weak_regularisation_path(np.tile(PLANE, (4, 1, 1)), RIDGES).value / -np.log(RIDGES)[:, None, None]
    return xr.Dataset(
        {
            "theory": (("order", "what", "step"), line),
            "bound": (("order", "what", "step"), np.array([[b.distance2, b.forgetting] for b in bounds])),
            "measured": (("order", "what", "shown"), np.array([turn[0], mean])),
            "error": (("order", "what", "shown"), np.array([0 * turn[0], bar])),
            "path": (("place", "axis"), plane),
            "weak": (("ridge", "task", "axis"), weak),
        },
        {"order": ["in turn", "random"], "what": ["distance", "forgetting"], "step": k, "shown": list(SHOWN)},
        {"trials": trials, "margin": margin},
    )


def _plane(axes: Any, data: xr.Dataset) -> None:
    """Edges of the two half-planes, what lies in both, and the way."""
    x = np.array([-0.3, 1.6])
    for i, (row,) in enumerate(PLANE):
        axes.plot(x, (1 - row[0] * x) / row[1], color=COLOURS[3 + i], lw=0.9, ls=("-", "-.")[i])
    corner = np.linalg.solve(PLANE[:, 0], [1.0, 1.0])
    top = [(1 - PLANE[0, 0, 0] * 0.4) / PLANE[0, 0, 1], (1 - PLANE[1, 0, 0] * 1.6) / PLANE[1, 0, 1]]
    axes.fill([corner[0], 0.4, 1.6, 1.6], [corner[1], top[0], top[0], top[1]], color="0.9", zorder=0, lw=0)
    axes.plot(*data.path.values.T, color="0.2", marker=".", ms=4, lw=0.8)
    for i, weak in enumerate(data.weak.values):
        axes.plot(*weak.T, color=COLOURS[5 - 5 * i], marker=MARKERS[5 - 5 * i], ls="none", ms=3.5, mfc="none")
    axes.set(xlim=(-0.1, 1.5), ylim=(-0.1, 2.6), xlabel="$w_1$", ylabel="$w_2$")


@figure(
    "continual-margin",
    title="Learning separable tasks in sequence is projecting",
    source="evron2023continual",
    claims=["separable/sequence-equals-projections", "separable/cyclic-bound", "separable/random-bound"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: two tasks in the plane. Middle and right: distance and forgetting against tasks learned."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.8))
    panels = canvas.subplots(1, 3)
    letter_panels(panels, ("two tasks in the plane", "to all tasks", "worst row"))
    _plane(panels[0], data)
    for i, order in enumerate(data.order.values):
        entry(panels[1], i, str(order), ms=3)
        for j, axes in enumerate(panels[1:]):
            axes.plot(data.step, data.theory[i, j], color=COLOURS[i])
            axes.plot(data.step, data.bound[i, j], color=COLOURS[i], ls=DASHED, lw=0.9)
            axes.errorbar(
                data.shown, data.measured[i, j], data.error[i, j], color=COLOURS[i], fmt=MARKERS[i], ms=3,
                elinewidth=0.8,
            )  # fmt: skip
            axes.set(
                yscale="log", xlabel="tasks learned", ylim=(1e-5, 1e2), ylabel=("squared distance", "forgetting")[j]
            )
    panels[1].plot([], [], color="0.2", ls=DASHED, lw=0.9, label="bounds")
    for i, ridge in enumerate(("10^{-8}", "10^{-300}")):
        look = {"color": COLOURS[5 - 5 * i], "marker": MARKERS[5 - 5 * i], "mfc": "none", "ls": "none", "ms": 3.5}
        panels[1].plot([], [], label=rf"weak fit, ridge ${ridge}$", **look)
    canvas.legend(*panels[1].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the agreement, and how loose the bounds are."""
    shown = data.theory.sel(step=data.shown.values).values
    turn = float(np.max(np.abs(data.measured.values[0] - shown[0])))
    far = float(np.max(np.abs(data.measured.values[1] - shown[1]) / data.error.values[1]))
    weak = [float(np.linalg.norm(w[-1] - data.path.values[-1])) for w in data.weak.values]
    ratio = float(data.bound.values[1, 0, -1] / data.theory.values[1, 0, -1])
    return (
        "(a) Two tasks of one row each; solid and dash-dotted: "
        "where its margin is one; grey: both are separated; black: projections, "
        "in turn. Open dots: weakly regularised fits over ln(1/ridge), whose end is "
        f"{weak[0]:.2f} away at a ridge of 1e−8 and {weak[1]:.3f} at 1e−300. (b), (c) {COUNT} tasks of {ROWS} unit "
        f"rows in d = {D} with margin {data.attrs['margin']:.2f} together. Lines: the solver, for random orders "
        f"means over {ORDERS:,}; dots: projections by another program, in turn within {scientific(turn)}, in random "
        f"order means over {data.attrs['trials']} orders with two standard errors, at most {far:.1f} bars away; few "
        "orders that stay with some tasks for long carry the means. The bounds (dashed) "
        f"hold and are loose: {scientific(ratio)} times the distance after {MOST} random tasks."
    )
