"""A linear network in maximal update parametrisation on digits: training loss, and outputs nearing their limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.feature_learning.experiments.widths import trained_outputs
from solvable.analysis.feature_learning.settings import digit_rows
from solvable.figures.dots import mean_and_bar
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, MARKERS, letter_panels
from solvable.solvers import maximal_update_moments

if TYPE_CHECKING:
    import xarray as xr

ROWS, STEPS, RATE, EVERY = 40, 120, 0.5, 8


def compute(quick: bool = False) -> xr.Dataset:
    """Widths 16 to 1,024, 12 draws each (to 8,192, 40 draws in full)."""
    import xarray as xr

    X, y = digit_rows(ROWS)
    widths = 4 ** np.arange(2, 6) if quick else 2 ** np.arange(4, 14)
    draws = 12 if quick else 40
    limit = maximal_update_moments(X, y, RATE, STEPS, batch="full").outputs
    rng = np.random.default_rng(0)
    losses, gaps, own = [], [], []
    for n in widths:
        found = []
        for draw in range(draws):
            u, v = rng.standard_normal((n, X.shape[1])), rng.standard_normal(n)
            found.append(trained_outputs(X, y, u, v, RATE, STEPS, "all"))
            if draw == 0:
                start = u.T @ u / n, u.T @ v / n, float(v @ v / n)
                exact = maximal_update_moments(X, y, RATE, STEPS, batch="full", start=start).outputs
                own.append(float(np.abs(exact - found[-1]).max()))
        losses.append(mean_and_bar(np.mean((np.array(found) - y) ** 2, axis=2) / 2))
        gaps.append(mean_and_bar(np.sqrt(np.mean((np.array(found)[:, EVERY:] - limit[EVERY:]) ** 2, axis=(1, 2)))))
    slope = float(np.polyfit(np.log(widths), np.log([g[0] for g in gaps]), 1)[0])
    return xr.Dataset(
        {
            "limit": (("step",), np.mean((limit - y) ** 2, axis=1) / 2),
            "loss": (("width", "part", "step"), losses),
            "gap": (("width", "part"), gaps),
            "root": (("width",), gaps[-1][0] * np.sqrt(widths[-1] / widths)),
        },
        {"width": widths, "step": np.arange(STEPS + 1), "part": ["mean", "bar"]},
        {"draws": draws, "slope": slope, "own": max(own)},
    )


@figure(
    "mup-limit",
    title="Outputs tend to the maximal update limit",
    source="yang2021tensor",
    claims=["feature-learning/mup-limit", "feature-learning/mup-finite-width"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: training loss. Right: distance to the limit against width."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.6))
    panels = canvas.subplots(1, 2)
    letter_panels(panels)
    panels[0].plot(data.step, data.limit, color="0.2", ls=DASHED, label="limit")
    for i, n in enumerate((data.width.values[0], data.width.values[1], data.width.values[-1])):
        mean, bar = data.loss.sel(width=n).values
        panels[0].errorbar(data.step[::EVERY], mean[::EVERY], bar[::EVERY], color=COLOURS[i], fmt=MARKERS[i], ms=3,
                           elinewidth=0.8, label=f"n = {n:,}")  # fmt: skip
    panels[0].set(xlabel="step", ylabel="training loss", ylim=(0, None))
    panels[1].plot(data.width, data.root, color="0.2", ls=DASHED, label=r"$n^{-1/2}$")
    panels[1].errorbar(data.width, data.gap[:, 0], data.gap[:, 1], color=COLOURS[3], fmt=MARKERS[3], ms=3,
                       elinewidth=0.8, label="networks")  # fmt: skip
    panels[1].set(xscale="log", yscale="log", xlabel="width $n$", ylabel="distance of outputs to the limit")
    for axes in panels:
        axes.legend()
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the distances, the slope, and what a linear network leaves wrong."""
    first, last = float(data.gap[0, 0]), float(data.gap[-1, 0])
    slope = f"{data.attrs['slope']:.2f}".replace("-", "−")
    return (
        f"A linear network f = (1/n)Σv u·ξ in maximal update parametrisation on {ROWS} digits 3 and 8 of scikit-learn, "
        f"full batches, step size {RATE:g}. (a) Training loss: recursion of the moments at infinite width (dashed), "
        f"means of {data.attrs['draws']} networks with two standard errors (dots). At small width they lie above the "
        "limit, by more than their bars, since fluctuations are squared. (b) Root mean square distance of the outputs, "
        f"over steps from {EVERY} on: from {first:.2g} at n = {int(data.width[0])} to {last:.2g} at n = "
        f"{int(data.width[-1]):,}, slope {slope} against −½ (dashed, through the last dot). The recursion from a "
        f"network's own moments agrees with it to {scientific(data.attrs['own'])}. It holds for any inputs, so digits "
        "leave no gap to the theory of this network; the gap is the model: a linear one separates these two digits but "
        "reads nothing beyond a plane."
    )
