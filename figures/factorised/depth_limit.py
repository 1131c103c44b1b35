"""Residual layers after training: a function of depth where they start as one, and how fast the limit is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.factorised.experiments.depth import mean_change, output, trained
from solvable.figures.dots import mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import residual_limit

if TYPE_CHECKING:
    import xarray as xr

DEPTHS, CASES = (10, 20, 40, 80, 160), ((1.8, 0.7), (2.5, 1.0))


def compute(quick: bool = False) -> xr.Dataset:
    """Matrices of size 3 trained up to time 1; changes over 12 draws (48 in full)."""
    import xarray as xr

    trials, fine = 12 if quick else 48, 80
    place = np.arange(fine) / fine
    layers = [trained(np.random.default_rng(3), fine, 3, smooth, [0.0, 1.0])[:, :, 0, 0] for smooth in (True, False)]
    change = [
        mean_and_bar(
            [[mean_change(np.random.default_rng([t, L]), L, 3, smooth) for L in DEPTHS] for t in range(trials)]
        )
        for smooth in (True, False)
    ]
    limits = [residual_limit(y, time) for y, time in CASES]
    error = [[abs(output(L, y, time) - float(found.output)) for L in DEPTHS]
             for (y, time), found in zip(CASES, limits, strict=True)]  # fmt: skip
    return xr.Dataset(
        {
            "layers": (("start", "when", "place"), np.array(layers)),
            "change": (("start", "depth"), np.array([mean for mean, _ in change])),
            "bar": (("start", "depth"), np.array([bar for _, bar in change])),
            "error": (("case", "depth"), np.array(error)),
            "correction": ("case", np.array([abs(float(found.correction)) for found in limits])),
        },
        {"start": ["smooth", "independent"], "when": ["start", "trained"], "place": place, "depth": list(DEPTHS)},
        {"trials": trials},
    )


@figure(
    "depth-limit",
    title="Layers that start smooth stay smooth",
    source="marion2024implicit",
    claims=[
        "factorised/resnet-limit",
        "factorised/resnet-limit-rate",
        "factorised/depth-correction",
        "factorised/smooth-start-stays-smooth",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Left: one entry of the layers. Middle: changes between layers. Right: distance from the limit."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.7))
    panels = canvas.subplots(1, 3)
    letter_panels(panels, ("one entry, 80 layers", "from layer to layer", "from the limit"))
    L = data.depth.values
    for i, name in enumerate(data.start.values):
        panels[0].plot(data.place, data.layers[i, 0], color=COLOURS[i], ls=":", lw=0.9)
        panels[0].plot(data.place, data.layers[i, 1], color=COLOURS[i], lw=1.1, label=name)
        panels[1].errorbar(L, data.change[i], data.bar[i], color=COLOURS[i], marker=MARKERS[i], ms=3, lw=0.8,
                           elinewidth=0.7, label=name)  # fmt: skip
    panels[0].plot([], [], color="0.3", ls=":", lw=0.9, label="before training")
    panels[1].plot(L, 1.6 * L, color="0.4", ls="--", lw=0.9, label=r"$\propto L$")
    for i, (y, time) in enumerate(CASES):
        panels[2].plot(L, float(data.correction[i]) / L, color=COLOURS[i + 2])
        panels[2].plot(L, data.error[i], color=COLOURS[i + 2], ls="", marker=MARKERS[i + 2], ms=3.5)
        entry(panels[2], i + 2, f"$y={y}$, $t={time}$", ms=3.5)
    panels[0].set(xlabel="layer $k/L$", ylabel="weight", ylim=(-4.2, 9.5))
    panels[1].set(xscale="log", yscale="log", xlabel="depth $L$", ylabel="$L$ times the mean change", ylim=(1, 3000))
    panels[2].set(xscale="log", yscale="log", xlabel="depth $L$", ylabel=r"$|F_L-F|$")
    for axes in panels:
        axes.legend(loc="upper left" if axes is not panels[2] else "lower left", fontsize=6)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State slopes and the agreement of the correction."""
    log = np.log(data.depth.values)
    slopes = [np.polyfit(log, np.log(row), 1)[0] for row in data.change.values]
    gap = np.abs(data.error.values * data.depth.values / data.correction.values[:, None] - 1)
    return (
        "Residual networks of linear layers, 3 × 3, trained by gradient flow up to time 1. (a) One entry of each of 80 "
        "layers, dotted before and full after training, for layers that start as values of a smooth function of "
        "k/L and "
        f"for independent ones. (b) L times the mean change from layer to layer, over {data.attrs['trials']} "
        "draws with "
        f"two standard errors: slopes {slopes[0]:.2f} and {slopes[1]:.2f} in L. (c) Networks of numbers: dots, the "
        "distance of the output from the limit; lines, its closed form c/L, which the dots miss by "
        f"{100 * gap[:, 0].max():.0f} % at L = 10 and {100 * gap[:, -1].max():.1f} % at L = 160. Deterministic, "
        "no bars."
    )
