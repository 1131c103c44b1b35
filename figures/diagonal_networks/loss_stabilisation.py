"""Gradient descent on (1 - theta^2)^2/4 beyond its stable step: bifurcation diagram and loss level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.figures.dots import distance
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, SINGLE, letter_panels
from solvable.solvers import two_cycle

if TYPE_CHECKING:
    import xarray as xr

GOLDEN = 5**0.5 - 1  # end of the stable two-cycle


def compute(quick: bool = False) -> xr.Dataset:
    """Orbits of all step sizes at once, after a transient; the closed forms of the cycle."""
    import xarray as xr

    steps = np.linspace(0.9, 2.0, 221 if quick else 881)
    transient, kept, averaged = 2000, 60, 4000 if quick else 40_000
    theta = np.random.default_rng(0).uniform(0.2, 0.8, steps.size)
    orbit, loss = np.empty((kept, steps.size)), np.zeros(steps.size)
    for t in range(transient + averaged):
        if t >= transient:
            loss += (1 - theta**2) ** 2 / 4 / averaged
            if t < transient + kept:
                orbit[t - transient] = theta
        theta = theta + steps * (1 - theta**2) * theta
    cycle = np.linspace(1, GOLDEN, 60)
    ends = two_cycle(cycle).T[::-1]
    return xr.Dataset(
        {
            "orbit": (("kept", "step"), np.abs(orbit)),
            "loss": ("step", loss),
            "ends": (("side", "cycle"), ends),
            "cycle_loss": ("cycle", (1 - 1 / cycle**2) / 8),
        },
        {"step": steps, "cycle": cycle},
        {"averaged": averaged},
    )


@figure(
    "loss-stabilisation",
    title="Loss stabilisation of gradient descent in one dimension",
    source="andriushchenko2023sgd",
    claims=[
        "diagonal-networks/two-cycle",
        "diagonal-networks/loss-stabilises",
        "diagonal-networks/two-cycle-stability",
        "diagonal-networks/scalar-divergence",
        "diagonal-networks/chaotic-loss",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Top: where iterates go; bottom: mean loss. Coloured lines are closed forms."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(SINGLE, 3.6))
    top, bottom = canvas.subplots(2, 1, sharex=True, height_ratios=(1.5, 1))
    letter_panels((top, bottom))
    steps = np.broadcast_to(data.step.values, data.orbit.shape)
    top.plot(
        steps.ravel(), data.orbit.values.ravel(), color="0.25", marker=".", ms=0.7, mew=0, ls="none", rasterized=True
    )
    for ends in data.ends:
        top.plot(data.cycle, ends, color=COLOURS[1], lw=1.8, alpha=0.8)
    bottom.plot(data.step, data.loss, color="0.25", lw=0.9)
    bottom.plot(data.cycle, data.cycle_loss, color=COLOURS[1], lw=1.8, alpha=0.8, label=r"$(1-\eta^{-2})/8$")
    bottom.plot(2, 1 / 8, color=COLOURS[0], marker="o", ls="none", label="1/8", clip_on=False)
    for axes in (top, bottom):
        for place in (1, GOLDEN, 2):
            axes.axvline(place, color="0.6", lw=0.7, ls=":")
    top.text(GOLDEN + 0.01, 1.4, r"$\sqrt{5}-1$", fontsize=7, va="top")
    top.set(ylabel=r"$|\theta|$", ylim=(0, 1.45))
    bottom.set(xlabel=r"step size $\eta$", ylabel="mean loss", xlim=(0.9, 2.01), ylim=(0, None))
    bottom.legend(loc="lower right", ncols=2)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State how well cycle and chaotic level are met."""
    inside = (data.step.values > 1.01) & (data.step.values < GOLDEN - 0.01)
    expected = (1 - 1 / data.step.values[inside] ** 2) / 8
    gap = distance(data.loss.values[inside], expected).max()
    return (
        "(a) θ ← θ + η(1 - θ²)θ, the step on the loss (1 - θ²)²/4, after 2000 steps; |θ| because the map is odd. "
        "Between η = 1 and √5 - 1 the iterates alternate between two points known in closed form (orange). (b) The "
        f"mean loss over {data.attrs['averaged']} steps is (1 - 1/η²)/8 up to {scientific(gap)}. Chaos follows; at η = "
        f"2 the mean loss is {float(data.loss[-1]):.4f}, predicted 1/8, and beyond everything diverges. "
        "Dotted: η = 1, √5 - 1 and 2."
    )
