"""Modular addition with a fifth of the labels wrong: accuracies along training at two decays, and against pruning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.feature_learning.experiments.modular import accuracies, trained_network
from solvable.figures.dots import mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHES, DOUBLE, MARKERS, letter_panels

if TYPE_CHECKING:
    import xarray as xr

P, WIDTH, DECAYS, SHARES = 31, 200, (3.0, 8.0), np.linspace(0, 0.9, 10)
WHAT = ("training labels", "test sums", "wrong labels")


def compute(quick: bool = False) -> xr.Dataset:
    """Three seeds of 500 steps (10 of 3,000 in full)."""
    import xarray as xr

    seeds, steps = (2, 400) if quick else (10, 3000)
    paths, pruned = [], []
    for decay in DECAYS:
        networks = [trained_network(P, WIDTH, seed, decay, steps) for seed in range(seeds)]
        paths.append(np.median([[row[1:] for row in network.path] for network in networks], axis=0))
        if decay == DECAYS[0]:
            for network in networks:
                order = np.argsort(network.participation())
                pruned.append([accuracies(network, order[: round(share * WIDTH)]) for share in SHARES])
            step = [row[0] for row in networks[0].path]
    return xr.Dataset(
        {
            "accuracy": (("decay", "step", "what"), paths),
            "pruned": (("part", "share", "what"), np.array(mean_and_bar(np.array(pruned)))),
        },
        {"decay": list(DECAYS), "step": step, "what": list(WHAT), "share": SHARES, "part": ["mean", "bar"]},
        {"seeds": seeds},
    )


@figure(
    "corrupted-labels",
    title="What a network memorises, and what it understands",
    source="doshi2024grok",
    claims=[
        "feature-learning/memorises-and-generalises",
        "feature-learning/pruning-periodic-last",
        "feature-learning/strong-decay-ignores-wrong-labels",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Accuracies along training at two decays, and when the least periodic neurons are dropped."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.6))
    panels = canvas.subplots(1, 3)
    letter_panels(panels, [f"weight decay {decay:g}" for decay in data.decay.values] + ["pruned, decay 3"])
    for i, what in enumerate(data.what.values):
        for axes, decay in zip(panels, data.decay.values, strict=False):
            axes.plot(data.step, data.accuracy.sel(decay=decay, what=what), color=COLOURS[i], ls=DASHES[i], label=what)
        panels[2].errorbar(data.share, *data.pruned.sel(what=what).values, color=COLOURS[i], ls=DASHES[i],
                           marker=MARKERS[i], ms=3, elinewidth=0.8)  # fmt: skip
    for axes in panels:
        axes.set(xlabel="step", ylabel="share right", ylim=(0, 1.05))
    panels[2].set(xlabel="share of neurons dropped")
    canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State accuracies at the end, and after pruning."""
    weak, strong = (data.accuracy.sel(decay=decay).values[-1] for decay in DECAYS)
    half = data.pruned.sel(part="mean").interp(share=0.5).values
    return (
        f"Quadratic networks of {WIDTH} neurons on 70 % of the sums modulo {P}, every fifth label wrong, AdamW; "
        f"{data.attrs['seeds']} seeds; no theory line. (a), (b) Medians along training. At weight decay 3 all labels "
        f"are met and {weak[1]:.2f} of the test sums are right; at 8 {strong[1]:.2f} are, {strong[2]:.2f} of the wrong "
        f"labels are still met, and training accuracy falls to {strong[0]:.2f}. (c) Neurons dropped from the least "
        f"periodic on, means with two standard errors: without half of them {half[1]:.2f} of the test sums are right "
        f"and {half[2]:.2f} of the wrong labels are met."
    )
