"""Empirical kernels of finite networks against those of infinite width: how far, and how the distance falls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.wide_networks.experiments.networks import empirical_kernels
from solvable.analysis.wide_networks.settings import pair
from solvable.figures.dots import mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import wide_network_kernels

if TYPE_CHECKING:
    import xarray as xr

NETS: tuple[dict[str, Any], ...] = (
    {"activation": "relu", "weight_variance": 2.0, "bias_variance": 0.1},
    {"activation": "erf", "weight_variance": 1.5, "bias_variance": 0.2},
    {"activation": "gelu", "weight_variance": 1.7, "bias_variance": 0.05},
)
LAYERS = 3


def compute(quick: bool = False) -> xr.Dataset:
    """Two inputs of unequal norm, three hidden layers, 100 networks a width (400 in full)."""
    import xarray as xr

    rng, trials = np.random.default_rng(0), 100 if quick else 400
    widths = np.array([32, 64, 128, 256, 512])
    theory = np.empty((3, 2))
    draws = np.empty((trials, 3, 2, widths.size))
    for i, net in enumerate(NETS):
        kernels = wide_network_kernels(pair(), depth=LAYERS, **net)
        theory[i] = kernels.nngp[0, 1], kernels.ntk[0, 1]
        for j, width in enumerate(widths.tolist()):
            for trial in range(trials):
                found = empirical_kernels(rng, width, LAYERS, **net)
                draws[trial, i, :, j] = found[0][0, 1], found[1][0, 1]
    ratio = draws / theory[..., None]
    mean, bar = mean_and_bar(ratio)
    spread = np.sqrt(ratio.var(axis=0, ddof=1))
    return xr.Dataset(
        {
            "ratio": (("net", "kernel", "width"), mean),
            "error": (("net", "kernel", "width"), bar),
            "spread": (("net", "kernel", "width"), spread),
        },
        {
            "net": [str(net["activation"]) for net in NETS],
            "kernel": ["NNGP", "NTK"],
            "width": widths.astype(float),
        },
        {"trials": trials, "layers": LAYERS},
    )


@figure(
    "wide-network-kernels",
    title="Kernels of finite networks reach those of infinite width",
    source="jacot2018neural",
    claims=["wide-networks/nngp-covariance", "wide-networks/ntk-mean"],
)
def draw(data: xr.Dataset) -> Any:
    """Left and middle: mean over theory. Right: spread of one network, and the slope of one over the root."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.6))
    panels = canvas.subplots(1, 3)
    letter_panels(panels, ("NNGP covariance", "tangent kernel", "one network"))
    width = data.width.values
    for i, net in enumerate(data.net.values):
        for j in range(2):
            panels[j].errorbar(width * (1 + 0.06 * (i - 1)), data.ratio[i, j], data.error[i, j], color=COLOURS[i],
                               fmt=MARKERS[i], ms=3, elinewidth=0.8)  # fmt: skip
        panels[2].plot(width, data.spread[i, 1], color=COLOURS[i], marker=MARKERS[i], ms=3, ls="none")
        entry(panels[2], i, str(net), ms=3, ls="none")
    guide = float(data.spread[0, 1, -1]) * np.sqrt(width[-1] / width)
    panels[2].plot(width, guide, color="black", ls=DASHED, label=r"$\propto n^{-1/2}$")
    for panel, name in zip(panels, ("mean / theory", "mean / theory", "relative spread of NTK"), strict=True):
        panel.set(xscale="log", xlabel="width $n$", ylabel=name)
        panel.set_xticks(width[::2], [f"{x:g}" for x in width[::2]])
        panel.minorticks_off()
    for panel in panels[:2]:
        panel.axhline(1, color="black", lw=0.8)
        panel.set(ylim=(0.7, 1.3))
    panels[2].set(yscale="log")
    panels[2].legend(loc="lower left")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the measured distance at the largest width and the measured rate."""
    gap = float(np.abs(data.ratio.values[..., -1] - 1).max())
    score = float((np.abs(data.ratio.values[..., -1] - 1) / (data.error.values[..., -1] / 2)).max())
    slopes = [np.polyfit(np.log(data.width.values), np.log(row), 1)[0] for row in data.spread.values[:, 1]]
    text = ", ".join(f"{name} {slope:.2f}" for name, slope in zip(data.net.values, slopes, strict=True))
    return (
        f"Two inputs of unequal norm, {data.attrs['layers']} hidden layers of width n, NTK parametrisation. (a), (b) "
        f"Mean over {data.attrs['trials']} networks of the kernel between them, in units of the theory of infinite "
        f"width (line); two standard errors, dots shifted apart. "
        f"At the largest width the means lie within {100 * gap:.1f} % "
        f"of 1 (at most {score:.1f} standard errors). (c) Standard deviation over networks; measured exponents in n: "
        f"{text}."
    )
