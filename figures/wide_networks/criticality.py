"""Variance and four-point vertex against depth, on and off criticality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.wide_networks.experiments.networks import narrow_variances
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import critical_flow

if TYPE_CHECKING:
    import xarray as xr

NETS = (("relu", 2.0), ("relu", 1.8), ("tanh", 1.0), ("tanh", 1.3))
LABELS = ("ReLU, critical", "ReLU, weight variance 1.8", "tanh, critical", "tanh, weight variance 1.3")
DEPTH, WIDTH = 32, 256


def compute(quick: bool = False) -> xr.Dataset:
    """Width 256, first layer at variance 1, no bias; 10 groups of 200 networks (1,000 in full)."""
    import xarray as xr

    rng, nets, groups = np.random.default_rng(0), 200 if quick else 1000, 10
    places = np.array([2, 4, 8, 16, 32])
    lines = np.empty((2, len(NETS), DEPTH))
    draws = np.empty((groups, 2, len(NETS), places.size))
    for i, (activation, weight) in enumerate(NETS):
        flow = critical_flow(activation, weight, 0.0, 1.0, DEPTH)
        lines[:, i] = flow.kernel, flow.vertex / (WIDTH * flow.kernel**2)
        for group in range(groups):
            scales = narrow_variances(rng, WIDTH, DEPTH, activation, weight, nets)[places - 1]
            draws[group, 0, i] = scales.mean(axis=1)
            draws[group, 1, i] = scales.var(axis=1, ddof=1) / scales.mean(axis=1) ** 2
    mean, bar = mean_and_bar(draws)
    return xr.Dataset(
        {
            "theory": (("quantity", "net", "layer"), lines),
            "measured": (("quantity", "net", "place"), mean),
            "error": (("quantity", "net", "place"), bar),
        },
        {
            "quantity": ["variance", "vertex"],
            "net": list(LABELS),
            "layer": np.arange(1.0, DEPTH + 1),
            "place": places.astype(float),
        },
        {"nets": groups * nets, "width": WIDTH},
    )


@figure(
    "criticality",
    title="Only at criticality does a signal pass through a deep network, and fluctuations grow with depth over width",
    source="roberts2022principles",
    claims=["wide-networks/vertex-grows-linearly", "wide-networks/tanh-criticality", "wide-networks/kurtosis-product"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: variance of a preactivation. Right: relative variance of it over networks."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.8))
    panels = canvas.subplots(1, 2)
    letter_panels(panels, ("variance", "fluctuation"))
    for i, label in enumerate(data.net.values):
        for j, panel in enumerate(panels):
            start = j  # the vertex of the first layer is 0
            panel.plot(data.layer[start:], data.theory[j, i, start:], color=COLOURS[i])
            panel.errorbar(data.place, data.measured[j, i], data.error[j, i], color=COLOURS[i], fmt=MARKERS[i], ms=3,
                           elinewidth=0.8)  # fmt: skip
        entry(panels[0], i, str(label), ms=3)
    for panel, name in zip(panels, ("variance $K$", "$V/(nK^2)$"), strict=True):
        panel.set(xscale="log", yscale="log", xlabel="layer $l$", ylabel=name)
        panel.set_xticks(data.place.values, [f"{x:g}" for x in data.place.values])
        panel.xaxis.minorticks_off()
    panels[0].set(ylim=(2e-3, 2))
    panels[0].legend(loc="lower left")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the measured agreement layer by layer."""
    columns = data.place.values.astype(int) - 1
    gaps = distance(data.measured.values, data.theory.values[..., columns])
    shallow, deep = gaps[1, :, :3].max(), gaps[1, :, -1].max()
    return (
        f"One input, no bias, width {data.attrs['width']}, {data.attrs['nets']:,} networks. (a) Lines: infinite width. "
        f"Dots lie within {100 * gaps[0].max():.1f} % of them. (b) Variance over networks of the squared scale of a "
        "layer, over its squared mean. Lines: first order in 1/n, the same for both ReLU networks. Dots lie within "
        f"{100 * shallow:.0f} % up to layer 8 and {100 * deep:.0f} % at layer 32, where higher orders in l/n enter. "
        "Bars: two standard errors."
    )
