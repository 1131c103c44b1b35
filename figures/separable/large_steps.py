"""Gradient descent at large steps: digits separated after a rise of the loss, and the perceptron in the limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.separable.experiments.digits import digit_pair
from solvable.analysis.separable.experiments.margins import descent_path, medians
from solvable.analysis.separable.settings import separable_rows
from solvable.figures.dots import mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import batch_perceptron, logistic_descent

if TYPE_CHECKING:
    import xarray as xr

GAMMAS, STEPS, SHOWN = (1.0, 10.0, 100.0, 1e4), 400, (1, 2, 4, 8, 16, 32, 64, 128, 256)
SWEEP, N, D = np.logspace(0, 4, 9), 20, 5


def compute(quick: bool = False) -> xr.Dataset:
    """Lines by the solver, dots by a plain loop; medians over 32 data sets, 6 collections of them (24 in full)."""
    import xarray as xr

    X, y = digit_pair(3, 8)
    run = logistic_descent(X, y, GAMMAS, STEPS, checkpoints=STEPS + 1)
    paths = np.array([descent_path(X, y, gamma, STEPS) for gamma in GAMMAS])[:, :, list(SHOWN)]
    errors = np.zeros(STEPS + 1)
    way = batch_perceptron(X, y, STEPS).errors
    errors[: len(way)] = way / len(y)
    rng, sets = np.random.default_rng(0), 6 if quick else 24
    groups = [np.array([separable_rows(rng, N, D) for _ in range(32)]) for _ in range(sets)]
    steps, bar = mean_and_bar([[medians(Z, gamma)["steps"] for gamma in SWEEP] for Z in groups])
    limit = np.mean([np.median([batch_perceptron(Z, np.ones(N), 10**5).first_separated for Z in g]) for g in groups])
    return xr.Dataset(
        {
            "loss": (("gamma", "step"), run.loss),
            "wrong": (("gamma", "step"), run.errors / len(y)),
            "loop": (("gamma", "what", "shown"), paths),
            "perceptron": (("step",), errors),
            "digits": (("gamma",), run.first_separated),
            "needed": (("sweep",), steps),
            "error": (("sweep",), bar),
        },
        {"gamma": list(GAMMAS), "step": run.times, "shown": list(SHOWN), "what": ["loss", "wrong"], "sweep": SWEEP},
        {"sets": sets, "limit": float(limit), "rows": len(y), "separated": len(way) - 1},
    )


@figure(
    "large-steps",
    title="Large steps make logistic regression a perceptron",
    source="tyurin2024logistic",
    claims=["separable/perceptron-limit", "separable/loss-rises-iterations-fall"],
)
def draw(data: xr.Dataset) -> Any:
    """Left and middle: loss and wrong rows of digits. Right: steps to separate Gaussian rows."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.7))
    panels = canvas.subplots(1, 3)
    letter_panels(panels, ("digits, loss", "digits, wrong rows", "Gaussian rows"))
    for i, gamma in enumerate(data.gamma.values):
        entry(panels[0], i, rf"$\gamma=10^{{{round(np.log10(gamma))}}}$", ms=3)
        for axes, line, dots in zip(panels, (data.loss[i], data.wrong[i]), data.loop.values[i], strict=False):
            axes.plot(data.step[1:], line[1:], color=COLOURS[i])
            axes.plot(data.shown, dots, color=COLOURS[i], marker=MARKERS[i], ls="none", ms=3)
    panels[1].plot(data.step[1:], data.perceptron[1:], color="0.2", ls=DASHED)
    panels[0].plot([], [], color="0.2", ls=DASHED, label="batch perceptron")
    panels[2].axhline(data.attrs["limit"], color="0.2", ls=DASHED)
    panels[2].errorbar(data.sweep, data.needed, data.error, color=COLOURS[4], fmt=MARKERS[4], ms=3, elinewidth=0.8)
    for axes in panels:
        axes.set(xscale="log", xlabel="step")
    panels[0].set(yscale="log", ylabel="loss", ylim=(1e-6, None))
    panels[1].set(ylabel="share of rows not right", ylim=(-0.003, 0.055))
    panels[2].set(xlabel=r"step size $\gamma$", ylabel="steps to separate", ylim=(0, None))
    canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State what the loop and the limit are away from the lines."""
    line = np.array([data.loss.sel(step=data.shown.values), data.wrong.sel(step=data.shown.values)])
    gap = float(np.max(np.abs(line[1] - data.loop.values[:, 1])))
    far = float(np.max(np.abs(data.wrong.values[-1] - data.perceptron.values)))
    steps = ", ".join(f"{int(k)}" for k in data.digits.values)
    return (
        f"(a), (b) Gradient descent on the mean logistic loss of the {data.attrs['rows']} digits 3 and 8 of "
        "scikit-learn; lines: solver, dots: a plain loop, whose shares of rows that are not right differ by at most "
        f"{gap:.3g}. Steps to separate: {steps} for γ = 1, 10, 100 and 10⁴, {data.attrs['separated']} for the batch "
        f"perceptron (dashed), from whose shares the way at γ = 10⁴ stays within {far:.2g}: margins of digits come "
        "near 0, and the limit needs γ times each margin to exceed 40. (c) Medians over 32 data sets with n = "
        f"{N}, d = {D}; triangles: {data.attrs['sets']} collections of them, two standard errors. Steps fall to "
        f"{float(data.needed.min()):.1f} at γ = {float(data.sweep[np.argmin(data.needed.values)]):.0f} and end at "
        f"{float(data.needed[-1]):.1f}, the perceptron's {data.attrs['limit']:.1f}."
    )
