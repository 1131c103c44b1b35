"""Collapse metrics against iteration of gradient descent, balanced classes, three depths, with predicted slopes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.neural_collapse.experiments.descent import descend
from solvable.analysis.neural_collapse.experiments.minimizers import descent_metrics
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, letter_panels
from solvable.solvers import collapse_rates

if TYPE_CHECKING:
    import xarray as xr

CLASSES, SAMPLES, WIDTH, STEP = 4, 10, 16, 0.5
LAYERS, FEATURES = 5e-3, 8e-3  # decays
DEPTHS, SCALES = (1, 3, 6), (0.1, 0.25, 0.25)
METRICS = ("nc1", "nc1_trace", "nc2", "nc3")
NAMES = ("NC1", r"NC1, trace form", "NC2", "NC3")


def compute(quick: bool = False) -> xr.Dataset:
    """Medians over seeds from small random weights, and the rates of the linearised flow."""
    import xarray as xr

    seeds, last = (3, 2600) if quick else (11, 2600)
    times = np.linspace(0, last, 101).astype(int)
    curves = np.empty((len(DEPTHS), len(METRICS), times.size, seeds))
    rates = np.empty((len(DEPTHS), len(METRICS)))
    for i, (depth, scale) in enumerate(zip(DEPTHS, SCALES, strict=True)):
        rng = np.random.default_rng((0, i))
        run = descend(rng, [SAMPLES] * CLASSES, [LAYERS] * depth, FEATURES, WIDTH, list(times), STEP,
                      scale=scale, seeds=seeds)  # fmt: skip
        found = descent_metrics(run, SAMPLES)
        theory = collapse_rates(CLASSES, SAMPLES, [LAYERS] * depth, FEATURES)
        for m, name in enumerate(METRICS):
            curves[i, m] = found[name].T
            power = 2 if name.startswith("nc1") else 1  # squared deviations: each of them shrinks by 1 - step * rate
            rates[i, m] = -power * np.log1p(-STEP * getattr(theory, name) / power)  # per iteration
    return xr.Dataset(
        {"curve": (("depth", "metric", "time", "seed"), curves), "rate": (("depth", "metric"), rates)},
        {"depth": list(DEPTHS), "time": times.astype(float)},
        {"seeds": seeds},
    )


@figure(
    "collapse-dynamics",
    title="Gradient descent collapses features at predicted rates",
    source="dang2023neural",
    claims=["neural-collapse/final-slopes", "neural-collapse/within-class-rates"],
)
def draw(data: xr.Dataset) -> Any:
    """Medians over seeds, spread shaded; dashed lines have the predicted slope and are anchored late."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.5))
    panels = canvas.subplots(1, len(DEPTHS), sharey=True)
    letter_panels(panels, [f"depth {depth}" for depth in DEPTHS])
    for i, axes in enumerate(panels):
        for m, name in enumerate(NAMES):
            curve = data.curve[i, m]
            axes.plot(
                data.time,
                curve.median("seed"),
                color=COLOURS[m],
                marker=MARKERS[m],
                markevery=(4 * m, 20),
                ms=3,
                label=name,
            )
            axes.fill_between(data.time, curve.min("seed"), curve.max("seed"), color=COLOURS[m], alpha=0.2, lw=0)
            part = data.time > 900
            anchor = curve.median("seed").sel(time=1800, method="nearest")
            line = 3 * anchor * np.exp(-data.rate[i, m] * (data.time - anchor.time))
            axes.plot(data.time[part], line[part], color=COLOURS[m], ls=(0, (3, 1.5)), lw=0.9)
        axes.set(yscale="log", ylim=(1e-22, 1e8), xlabel="steps")
        if i == 0:
            axes.set_ylabel("collapse metric")
            axes.legend(loc="upper right")
    (dashed,) = panels[1].plot([], [], color="0.3", ls=(0, (3, 1.5)), lw=0.9, label="predicted slopes")
    panels[1].legend(handles=[dashed], loc="upper right")
    return canvas


def slopes(data: xr.Dataset) -> Any:
    """Measured over predicted rates between the iterations 1300 and 1800."""
    early, late = (data.curve.median("seed").sel(time=t, method="nearest") for t in (1300, 1800))
    return (np.log(early / late) / (late.time - early.time) / data.rate).values


def caption(data: xr.Dataset) -> str:
    """State the measured slopes over the predicted ones."""
    ratio = slopes(data)
    return (
        f"K = {CLASSES} classes of n = {SAMPLES}, width {WIDTH}, decays {LAYERS:g} (layers), {FEATURES:g} (features), "
        f"step {STEP:g}, no bias; (a) to (c) by depth. Solid: medians over {data.attrs['seeds']} random starts, range "
        "shaded. Dashed: predicted final slopes, shifted up by a factor of 3. Between steps 1300 and 1800 measured "
        f"rates over predicted ones lie between {ratio.min():.3f} and {ratio.max():.3f}."
    )
