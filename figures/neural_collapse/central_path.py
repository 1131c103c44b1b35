"""The central path: within-class over between-class variance falls in time, with reach, and from step to step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.neural_collapse.experiments.perturbation import attached_minimiser, flow, traces
from solvable.analysis.neural_collapse.settings import start_features
from solvable.figures.dots import distance
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import central_path

if TYPE_CHECKING:
    import xarray as xr

CLASSES, SAMPLES, WIDTH = 4, 6, 9
HEAD_DECAY, FEATURE_DECAYS = 0.3, (0.02, 0.05, 0.2)


def _nc1(features: Any) -> float:
    within, between = traces(features, CLASSES)
    return within / between


def compute(quick: bool = False) -> xr.Dataset:
    """Solver path against Runge-Kutta, attached minimisers against the first order, and iterated attachment."""
    import xarray as xr

    times, labels = np.linspace(0, 20, 41), np.repeat(np.arange(CLASSES), SAMPLES)
    start = start_features(CLASSES, SAMPLES, WIDTH, 1)
    reach = np.geomspace(1e-3, 10, 9 if quick else 17)  # 1/beta
    layers = np.arange(11)
    path, stepped = np.empty((2, len(FEATURE_DECAYS), times.size))
    slope = np.empty(len(FEATURE_DECAYS))
    attached, layered = np.empty((len(FEATURE_DECAYS), reach.size)), np.empty((len(FEATURE_DECAYS), layers.size))
    for i, decay in enumerate(FEATURE_DECAYS):
        found = central_path(start, labels, HEAD_DECAY, decay, times)
        path[i], slope[i] = found.nc1, found.nc1_slope[0]
        stepped[i] = [_nc1(x) for x in flow(start, CLASSES, HEAD_DECAY, decay, 20.0, 200)[::5]]
        attached[i] = [_nc1(attached_minimiser(start, CLASSES, HEAD_DECAY, decay, 1 / r)) for r in reach]
        features = start
        for layer in layers:
            layered[i, layer] = _nc1(features)
            features = attached_minimiser(features, CLASSES, HEAD_DECAY, decay, 1.0)
    return xr.Dataset(
        {
            "path": (("decay", "time"), path),
            "stepped": (("decay", "time"), stepped),
            "fall": (("decay", "reach"), 1 - attached / _nc1(start)),
            "first_order": (("decay", "reach"), -slope[:, None] * reach / _nc1(start)),
            "layered": (("decay", "layer"), layered),
        },
        {"decay": list(FEATURE_DECAYS), "time": times, "reach": reach, "layer": layers.astype(float)},
        {"start": _nc1(start)},
    )


@figure(
    "central-path",
    title="Within-class variability falls along the central path",
    source="tirer2023perturbation",
    claims=[
        "neural-collapse/central-path-is-monotone",
        "neural-collapse/central-path-slopes",
        "neural-collapse/attachment-lowers-nc1",
        "neural-collapse/first-order-in-attachment",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Time; one attached step of growing reach with its first-order line; attachment repeated layer by layer."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.4))
    time, reach, layer = canvas.subplots(1, 3)
    letter_panels((time, reach, layer))
    for i, decay in enumerate(data.decay.values):
        colour, marker = COLOURS[i], MARKERS[i]
        time.plot(data.time, data.path[i], color=colour)
        entry(time, i, rf"$\lambda_H={decay:g}$", ms=2.8)
        time.plot(data.time[::4], data.stepped[i][::4], color=colour, marker=marker, ls="none", ms=2.8)
        reach.plot(data.reach, data.fall[i], color=colour, marker=marker, ms=2.8, lw=0.8)
        reach.plot(data.reach, data.first_order[i], color=colour, ls=(0, (3, 1.5)), lw=0.9)
        layer.plot(data.layer, data.layered[i], color=colour, marker=marker, ms=2.8, lw=0.8)
    time.set(yscale="log", xlabel="time on the central path", ylabel=r"$\mathrm{tr}\,\Sigma_W/\mathrm{tr}\,\Sigma_B$")
    time.legend()
    reach.set(
        xscale="log",
        yscale="log",
        xlabel=r"reach $1/\beta$ of one step",
        ylabel="relative fall of the ratio",
        ylim=(None, 3),
    )
    layer.set(yscale="log", xlabel=r"repeated steps, $\beta=1$", ylabel=time.get_ylabel(), ylim=(0.1, 10))
    layer.set_xticks([0, 5, 10])
    return canvas


def caption(data: xr.Dataset) -> str:
    """State start and end values."""
    ends = ", ".join(f"{v:.2g}" for v in data.path.values[:, -1])
    off = float(distance(data.stepped, data.path).max())
    rises = int(sum((np.diff(values.values, axis=1) > 0).sum() for values in (data.path, -data.fall, data.layered)))
    return (
        f"K = {CLASSES}, n = {SAMPLES}, d = {WIDTH}, Gaussian start with ratio {data.attrs['start']:.2f}, head decay "
        f"{HEAD_DECAY:g}. (a) Lines by the adaptive solver, dots by fixed Runge-Kutta steps on the loss itself (they "
        f"differ by at most {scientific(off)}); at time 20 the ratio is {ends}. (b) Fall of the ratio at the minimiser "
        "attached to the start; dashed: its first order. (c) Each step attaches to the last. Steps at which the ratio "
        f"rises, in any of the three panels: {rises}."
    )
