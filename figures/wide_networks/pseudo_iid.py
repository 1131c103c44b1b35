"""Weights that are not independent: quantiles of preactivations against the Gaussian law, and one edge of chaos."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.wide_networks.experiments.ensembles import ENSEMBLES, edge_and_bar, quantiles_draw
from solvable.analysis.wide_networks.settings import pair
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, letter_panels
from solvable.solvers import edge_of_chaos, wide_network_kernels

if TYPE_CHECKING:
    import xarray as xr

WEIGHT, BIAS, WIDTHS = 1.5, 0.1, (3, 30, 300)
LEVELS = (0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98)
EDGES = (0.2, 0.5, 0.8, 1.2)  # variances on the edge


def compute(quick: bool = False) -> xr.Dataset:
    """6 groups of 1,500 preactivations a width (20 groups in full); edges of 12 networks of width 160 (80 of 304)."""
    import xarray as xr
    from scipy.special import ndtri

    rng, groups, networks, width = np.random.default_rng(0), *((6, 12, 160) if quick else (20, 80, 304))
    K = float(wide_network_kernels(pair(), None, 3, "tanh", WEIGHT, BIAS).nngp[0, 0])
    levels = np.array(LEVELS)
    draws = np.empty((groups, len(WIDTHS), len(ENSEMBLES), levels.size))
    edges = np.empty((2, len(ENSEMBLES), len(EDGES)))
    edge = edge_of_chaos("tanh", EDGES)
    for j, ensemble in enumerate(ENSEMBLES):
        for i, n in enumerate(WIDTHS):
            for group in range(groups):
                draws[group, i, j] = quantiles_draw(rng, n, ensemble, levels, WEIGHT, BIAS, 1500 // n)
        for k, q in enumerate(EDGES):
            bias = float(edge.bias_variance[k])
            edges[:, j, k] = edge_and_bar(rng, q, bias, ensemble, width, (1.3, 2.2), networks)
    mean, bar = mean_and_bar(draws)
    fine = np.geomspace(0.05, 1.4, 60)
    line = edge_of_chaos("tanh", fine)
    return xr.Dataset(
        {
            "gaussian": ("level", np.sqrt(K) * ndtri(levels)),
            "measured": (("width", "ensemble", "level"), mean), "error": (("width", "ensemble", "level"), bar),
            "edge": (("ensemble", "q"), edges[0]), "edge_error": (("ensemble", "q"), edges[1]),
            "predicted": ("q", edge.weight_variance), "bias": ("q", edge.bias_variance),
            "line": (("axis", "fine"), [line.bias_variance, line.weight_variance]),
        },
        {"width": list(WIDTHS), "ensemble": list(ENSEMBLES), "level": levels, "q": list(EDGES), "fine": fine,
         "axis": ["bias", "weight"]},
        {"groups": groups, "networks": networks, "edge_width": width},
    )  # fmt: skip


@figure(
    "pseudo-iid",
    title="Orthogonal, low-rank and sparse weights have the Gaussian law and the edge of chaos of independent ones",
    source="naitsaada2024beyond",
    claims=[
        "wide-networks/pseudo-iid-same-kernel",
        "wide-networks/edge-of-chaos",
        "wide-networks/fixed-rank-is-a-mixture",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Quantile against quantile at three widths, and the edge."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 4.9))
    panels = canvas.subplots(2, 2).ravel()
    letter_panels(
        panels, [*(f"width {n}" for n in data.width.values), f"edge of chaos, width {data.attrs['edge_width']}"]
    )
    normal = data.gaussian.values
    for i, axes in enumerate(panels[:3]):
        axes.plot(normal, normal, color="black", lw=0.9)
        axes.set(xlabel="quantile at infinite width", ylabel="measured quantile", ylim=(-2.1, 2.1))
        for j, label in enumerate(data.ensemble.values):
            axes.errorbar(normal + 0.03 * (j - 2), data.measured[i, j], data.error[i, j], fmt=MARKERS[j], ms=3,
                          color=COLOURS[j], elinewidth=0.8, label=str(label))  # fmt: skip
    panels[3].plot(data.line[0], data.line[1], color="black", lw=0.9)
    for j in range(data.sizes["ensemble"]):
        panels[3].errorbar(data.bias + 0.002 * (j - 2), data.edge[j], data.edge_error[j], fmt=MARKERS[j], ms=3,
                           color=COLOURS[j], elinewidth=0.8)  # fmt: skip
    panels[3].set(xlabel=r"bias variance $\sigma_b^2$", ylabel=r"weight variance $\sigma_w^2$")
    canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the largest distance of quantiles by width, and of the edges."""
    normal = data.gaussian.values
    off = np.abs(data.measured.values - normal)[..., normal != 0] / np.abs(normal[normal != 0])
    parts = ", ".join(f"{100 * off[i].max():.0f} % at width {n}" for i, n in enumerate(data.width.values))
    gap = 100 * distance(data.edge.values, data.predicted.values)
    return (
        f"Tanh networks, weight variance {WEIGHT}, bias variance {BIAS}, first layer Gaussian, then three layers of an "
        "ensemble; rank n/4, 8 blocks or the most that divide the width; two standard errors, dots shifted apart. (a), "
        f"(b), (c) Line: Gaussian of infinite width. Quantiles from 2 % to 98 % lie within {parts} of it. (d) Line: "
        "edge of chaos; dots: where the distance of nearby signals keeps its size over five layers, "
        f"{data.attrs['networks']} networks, within {gap.max():.0f} % of the line (median {np.median(gap):.1f} %)."
    )
