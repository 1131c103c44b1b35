"""Imbalanced classes under deep linear heads: metrics against iteration, and lengths of the class vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.neural_collapse.experiments.descent import descend
from solvable.analysis.neural_collapse.experiments.minimizers import descent_metrics
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, letter_panels
from solvable.solvers import collapse_minimizer

if TYPE_CHECKING:
    import xarray as xr

SIZES, WIDTH, LAYERS, FEATURES, STEP = (40, 20, 10, 10), 16, 5e-3, 2e-3, 0.5
DEPTHS, SCALES = (1, 3, 6), (0.1, 0.25, 0.25)
SHOWN = (1, 3)
METRICS = ("nc1", "nc2", "nc3")
NAMES = ("NC1", "NC2", "NC3")


def compute(quick: bool = False) -> xr.Dataset:
    """Gradient descent from small random weights; NC2 and NC3 are measured from the predicted frame."""
    import xarray as xr

    seeds = 3 if quick else 9
    times = np.linspace(0, 6000, 81).astype(int)
    curves = np.empty((len(DEPTHS), len(METRICS), times.size, seeds))
    lengths, trained = np.empty((2, len(DEPTHS), len(SIZES))), np.empty((2, len(DEPTHS), len(SIZES), seeds))
    for i, (depth, scale) in enumerate(zip(DEPTHS, SCALES, strict=True)):
        theory = collapse_minimizer(SIZES, [LAYERS] * depth, FEATURES)
        run = descend(np.random.default_rng((2, i)), SIZES, [LAYERS] * depth, FEATURES, WIDTH, list(times), STEP,
                      scale=scale, seeds=seeds)  # fmt: skip
        found = descent_metrics(run, float(np.mean(SIZES)), theory.feature_singular_values)
        curves[i, 0], curves[i, 1] = found["nc1"].T, found["nc2"].T
        head = run.classifier()
        product = head @ np.swapaxes(run.means, -1, -2)
        target = np.diag(theory.outputs) / np.linalg.norm(theory.outputs)
        product /= np.linalg.norm(product, axis=(-2, -1), keepdims=True)
        curves[i, 2] = np.linalg.norm(product - target, axis=(-2, -1)).T
        lengths[:, i] = theory.singular_values, theory.feature_singular_values
        trained[0, i] = np.linalg.norm(head[:, -1], axis=-1).T
        trained[1, i] = np.linalg.norm(run.means[:, -1], axis=-1).T
    return xr.Dataset(
        {
            "curve": (("depth", "metric", "time", "seed"), curves),
            "length": (("kind", "depth", "class_index"), lengths),
            "trained": (("kind", "depth", "class_index", "seed"), trained),
        },
        {"depth": list(DEPTHS), "time": times.astype(float), "size": ("class_index", list(SIZES))},
        {"seeds": seeds},
    )


@figure(
    "imbalanced-collapse",
    title="Imbalanced classes collapse to orthogonal frames of predicted, unequal lengths",
    source="dang2023neural",
    claims=[
        "neural-collapse/imbalanced-lengths",
        "neural-collapse/imbalanced-orthogonal",
        "neural-collapse/imbalanced-objective",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Metrics of two depths, then predicted lines and trained dots of every class."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.5))
    panels = canvas.subplots(1, 4)
    letter_panels(panels, (*(f"depth {depth}" for depth in SHOWN), "head rows", "class means"))
    for axes, depth in zip(panels[:2], SHOWN, strict=True):
        for m, name in enumerate(NAMES):
            curve = data.curve.sel(depth=depth)[m]
            axes.plot(
                data.time,
                curve.median("seed"),
                color=COLOURS[m],
                marker=MARKERS[m],
                markevery=(3 * m, 12),
                ms=3,
                label=name,
            )
            axes.fill_between(data.time, curve.min("seed"), curve.max("seed"), color=COLOURS[m], alpha=0.2, lw=0)
        axes.set(yscale="log", ylim=(1e-16, 1e5), xlabel="steps", ylabel="collapse metric")
        axes.set_xticks([0, 3000, 6000])
    panels[0].legend(loc="upper right")
    for kind, axes in enumerate(panels[2:]):
        for i, depth in enumerate(data.depth.values):
            axes.plot(data["size"][:3], data.length[kind, i, :3], color=COLOURS[3 + i], lw=1)
            dots = data.trained[kind, i]
            axes.errorbar(data["size"], *mean_and_bar(dots, dots.get_axis_num("seed")),
                          color=COLOURS[3 + i], marker=MARKERS[i], ls="none", label=f"depth {depth}")  # fmt: skip
        axes.set(xscale="log", xlabel="class size", ylabel="length", ylim=(0, None))
        axes.set_xticks([10, 20, 40], ["10", "20", "40"])
        axes.minorticks_off()
    panels[3].legend(loc="lower left")
    return canvas


def caption(data: xr.Dataset) -> str:
    """Say how far the trained lengths are from the predicted ones."""
    off = float(distance(data.trained, data.length).max())
    sizes = ", ".join(str(size) for size in SIZES)
    return (
        f"Class sizes {sizes}, width {WIDTH}, decays {LAYERS:g} (layers) and {FEATURES:g} (features), no bias, step "
        f"size {STEP:g}. (a), (b) Medians over {data.attrs['seeds']} random starts, range shaded. NC2 is the distance "
        "of the means' Gram matrix from the predicted diagonal one, NC3 that of the outputs. (c), (d) Lines join "
        "predicted lengths, dots are means of trained ones with two standard errors (smaller than the dots); the "
        f"largest relative difference of any class, depth and run is {scientific(off)}."
    )
