"""What unlabelled inputs save: excess error against labels, on true, learned and no factors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.self_supervised.experiments.gaussians import factor_draw, supervised_draw
from solvable.analysis.self_supervised.settings import factor_model
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, MARKERS, SINGLE, entry
from solvable.solvers import factor_pretraining_risk

if TYPE_CHECKING:
    import xarray as xr

D, R, NOISE, POOL = 30, 3, 0.1, 200
PARTS = ("raw inputs", "200 unlabelled", "true factors")


def _risks(labels: Any) -> Any:
    found = factor_pretraining_risk(*factor_model(D, R), NOISE, labels, POOL)
    return np.stack([found.supervised, found.pretrained, found.true])


def compute(quick: bool = False) -> xr.Dataset:
    """Twelve draws of 60 labelled sets, each with its unlabelled ones (100 draws in full)."""
    import xarray as xr

    draws, rng = 12 if quick else 100, np.random.default_rng(0)
    line, place = np.geomspace(33, 400, 81), np.array([36, 50, 80, 140, 300])
    dots = np.array([
        [
            [supervised_draw(rng, D, R, n, NOISE, 60) for n in place],
            [factor_draw(rng, D, R, n, POOL, NOISE, 60) for n in place],
            [factor_draw(rng, D, R, n, np.inf, NOISE, 60) for n in place],
        ]
        for _ in range(draws)
    ])  # fmt: skip
    mean, bar = mean_and_bar(dots)
    return xr.Dataset(
        {
            "theory": (("part", "line"), _risks(line)),
            "predicted": (("part", "place"), _risks(place)),
            "measured": (("part", "place"), mean),
            "error": (("part", "place"), bar),
        },
        {"part": list(PARTS), "line": line, "place": place},
        {"draws": draws},
    )


@figure(
    "pretraining",
    title="Unlabelled inputs save labels",
    source="ge2024provable",
    claims=["self-supervised/pretraining-risk", "self-supervised/supervised-risk", "self-supervised/unlabelled-cost"],
)
def draw(data: xr.Dataset) -> Any:
    """Excess error against the number of labels."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(SINGLE, 2.7))
    axes = canvas.subplots()
    for i, name in enumerate(data.part.values):
        axes.plot(data.line, data.theory[i], color=COLOURS[i])
        axes.errorbar(data.place, data.measured[i], data.error[i], color=COLOURS[i], fmt=MARKERS[i], ms=3,
                      elinewidth=0.8)  # fmt: skip
        entry(axes, i, str(name), ms=3)
    axes.set(xscale="log", yscale="log", xlabel="labels $N$", ylabel="excess error")
    axes.minorticks_off()
    axes.set_xticks([40, 100, 200, 400], ["40", "100", "200", "400"])
    axes.legend(loc="upper right")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the agreement and what the pool costs."""
    gap = distance(data.measured.values, data.predicted.values).max(axis=1)
    cost = float(data.theory.values[1, -1] / data.theory.values[2, -1])
    return (
        f"Least squares on {D} raw inputs, on {R} principal components of {POOL} unlabelled inputs, and on the true "
        f"factors. Lines: closed forms, the second to first order in one over the unlabelled inputs; dots: "
        f"{data.attrs['draws']} draws of 60 labelled sets, two standard errors, off by up to {100 * gap[0]:.0f}, "
        f"{100 * gap[1]:.0f} and {100 * gap[2]:.0f} %. Above the edge at N = d + 1 raw inputs cost ten times and more; "
        f"what the components miss stays however many the labels are: {cost:.1f} times the true factors' error at 400."
    )
