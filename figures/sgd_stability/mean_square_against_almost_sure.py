"""Mean-square against almost-sure growth of linearised SGD: between them the mean diverges, chains converge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.figures.dots import mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, letter_panels
from solvable.solvers import growth_rate, linearised_sgd, stability_threshold

if TYPE_CHECKING:
    import xarray as xr


def compute(quick: bool = False) -> xr.Dataset:
    """n = 20 Gaussian gradients in d = 5, batch 1: growth rates, and trajectories at 1.1 times the threshold."""
    import xarray as xr

    gradients = np.random.default_rng(0).standard_normal((20, 5))
    threshold = float(stability_threshold(gradients, 1).value)
    factor = np.linspace(0.3, 2.4, 15 if quick else 43)
    length, chains = (4000, 30) if quick else (40_000, 100)
    single = np.empty((factor.size, 2))
    for i, f in enumerate(factor):
        logs = linearised_sgd(gradients, f * threshold, 1, [length // 10, length], chains, rng=i)
        rates = (logs[:, 1] - logs[:, 0]) / (length - length // 10)
        single[i] = mean_and_bar(rates)
    fine = np.linspace(0.3, 2.4, 121)
    mean = np.log(growth_rate(fine * threshold, gradients, 1).value)
    rate = float(np.log(growth_rate(1.1 * threshold, gradients, 1).value))
    times = np.arange(0, 301, 5)
    paths = linearised_sgd(gradients, 1.1 * threshold, 1, times, 2000, rng=99)
    return xr.Dataset(
        {
            "mean_square": ("fine", mean),
            "almost_sure": ("factor", single[:, 0]),
            "error": ("factor", single[:, 1]),
            "paths": (("chain", "time"), paths[:12]),
            "sample_mean": ("time", np.log(np.exp(paths).mean(axis=0))),
            "predicted": ("time", times * rate),
        },
        {"factor": factor, "fine": fine, "time": times.astype(float)},
        {"length": length, "chains": chains},
    )


@figure(
    "mean-square-against-almost-sure",
    title="Mean-square and almost-sure stability are two thresholds",
    source="mulayoff2024exact",
    claims=["sgd-stability/almost-sure-is-weaker", "sgd-stability/converges-beyond-the-threshold"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: growth rates against the step size; right: chains at 1.1 times the threshold."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.6))
    left, right = canvas.subplots(1, 2)
    letter_panels((left, right), ("growth rates", r"twelve chains at $\eta = 1.1\,\eta^*$"))
    left.axhline(0, color="0.6", lw=0.7)
    left.plot(data.fine, data.mean_square, color=COLOURS[0], label="mean square, exact")
    left.errorbar(data.factor, data.almost_sure, data.error, color=COLOURS[1], fmt="o", ms=2.6, label="single chains")
    left.set(xlabel=r"step size / threshold $\eta/\eta^*$", ylabel=r"growth of $\log\|\theta\|^2$ per step")
    left.legend(loc="upper left")
    right.plot(data.time, data.paths.values.T, color=COLOURS[1], lw=0.6, alpha=0.6)
    right.plot(data.time, data.sample_mean, color="black", lw=1.0, ls=DASHED, label="mean of 2,000 chains")
    right.plot(data.time, data.predicted, color=COLOURS[0], label="exact mean square")
    right.set(xlabel="steps", ylabel=r"$\log\|\theta_t\|^2$")
    right.legend(loc="lower left")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the two thresholds."""
    rate = data.almost_sure.values
    crossing = float(np.interp(0.0, rate[np.argmin(rate) :], data.factor.values[np.argmin(rate) :]))
    return (
        "n = 20 Gaussian gradients in d = 5, batch 1. (a) The mean square grows beyond η*, single chains only beyond "
        f"{crossing:.2f} η* ({data.attrs['chains']} chains of {data.attrs['length']:,} steps, two standard errors). "
        "(b) At 1.1 η* nearly every chain converges; a mean over 2,000 chains misses the rare ones that carry the "
        "exact mean."
    )
