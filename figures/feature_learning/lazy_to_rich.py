"""Train and test loss of a quadratic network for three output scales, and the parts of the test loss in its flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.feature_learning.experiments.particles import fall_times, losses_along
from solvable.figures.dots import mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DASHES, DOUBLE, HEAT, MARKERS, letter_panels
from solvable.solvers import quadratic_network_flow

if TYPE_CHECKING:
    import xarray as xr

ALPHAS, EPSILON, D, N, SAMPLES, STEPS, EVERY = (0.3, 1.0, 3.0), 0.3, 15, 50, 110, 600, 10
GRID_ALPHA, GRID_EPSILON, LONG = (0.3, 1.0, 3.0), (0.1, 0.3, 1.0), 4000
MANY = 200  # samples of the grid of ratios: with fewer, single runs never learn
PARTS = ("test", "linear", "alignment_error", "variance")


def _ratio(alpha: float, epsilon: float, draws: int) -> float:
    """Median ratio of test to training time; NaN where some test loss never fell."""
    found = np.array([
        fall_times(np.random.default_rng(seed), D, N, MANY, alpha, epsilon, LONG) for seed in range(draws)
    ])  # fmt: skip
    return float(np.median(found[:, 1] / found[:, 0])) if np.all(found < LONG) else np.nan


def compute(quick: bool = False) -> xr.Dataset:
    """3 data sets (24 in full); the flow of 50 neurons on infinitely many samples."""
    import xarray as xr

    draws = 3 if quick else 24
    seeds = [np.random.default_rng(seed) for seed in range(draws)]
    runs = []
    for alpha in ALPHAS:
        found = [
            losses_along(np.random.default_rng(s), D, N, SAMPLES, alpha, EPSILON, STEPS, EVERY) for s in range(draws)
        ]
        runs.append(mean_and_bar(np.array(found)))
    delay = [[_ratio(alpha, epsilon, draws) for epsilon in GRID_EPSILON] for alpha in GRID_ALPHA]
    W, beta = seeds[0].standard_normal((N, D)), seeds[0].standard_normal(D)
    beta = np.sqrt(D) * beta / np.linalg.norm(beta)
    times = np.concatenate([[0.0], np.geomspace(1, STEPS, 80)])
    flow = quadratic_network_flow(W.mean(axis=0), W.T @ W / N, beta, 1.0, EPSILON, 0.15 * D * times).risk
    return xr.Dataset(
        {
            "loss": (("alpha", "part", "step", "set"), runs),
            "delay": (("grid_alpha", "epsilon"), delay),
            "flow": (("piece", "time"), [getattr(flow, part) for part in PARTS]),
        },
        {"alpha": list(ALPHAS), "part": ["mean", "bar"], "step": EVERY * np.arange(runs[0][0].shape[0]),
         "set": ["train", "test"], "grid_alpha": list(GRID_ALPHA), "epsilon": list(GRID_EPSILON),
         "piece": list(PARTS), "time": times},
        {"draws": draws},
    )  # fmt: skip


@figure(
    "lazy-to-rich",
    title="From lazy to rich training",
    source="kumar2024grokking",
    claims=[
        "feature-learning/lazier-groks-later",
        "feature-learning/test-loss",
        "feature-learning/small-eps-shortens-the-ratio",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Losses, parts of the flow's loss, and the ratio of times over a grid."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.6))
    panels = canvas.subplots(1, 3)
    letter_panels(panels, ("", "infinitely many samples", "test over train time"))
    for i, alpha in enumerate(data.alpha.values):
        mean = data.loss.sel(alpha=alpha, part="mean")
        look = {"color": COLOURS[i], "marker": MARKERS[i], "ms": 3, "markevery": [0, 1, 3, 7, 15, 31, 59]}
        panels[0].plot(data.step[1:], mean.sel(set="test")[1:], label=rf"$\alpha={alpha:g}$", **look)
        panels[0].plot(data.step[1:], mean.sel(set="train")[1:], ls=DASHED, **look)
    panels[0].plot([], [], color="0.2", ls="-", label="test")
    panels[0].plot([], [], color="0.2", ls=DASHED, label="train")
    panels[0].set(xscale="log", yscale="log", xlabel="step", ylabel="loss", ylim=(1e-4, 20))
    panels[0].legend(loc="upper right", ncols=2)
    names = ("test loss", "linear", "misalignment", "variance")
    for i, name in enumerate(names):
        panels[1].plot(data.time[1:], data.flow[i, 1:], color=COLOURS[i + 3 if i else 6], ls=DASHES[i], label=name)
    panels[1].set(xscale="log", yscale="log", xlabel="time in steps", ylabel="loss", ylim=(1e-6, 1e4))
    panels[1].legend(loc="upper right", handlelength=2.4)
    image = panels[2].imshow(np.log10(data.delay), cmap=HEAT, origin="lower", aspect="auto")
    panels[2].set(xticks=range(data.epsilon.size), xticklabels=[f"{e:g}" for e in data.epsilon.values],
                  yticks=range(data.grid_alpha.size), yticklabels=[f"{a:g}" for a in data.grid_alpha.values],
                  xlabel=r"alignment $\varepsilon$", ylabel=r"output scale $\alpha$")  # fmt: skip
    canvas.colorbar(image, ax=panels[2], label="log10 of the ratio")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the losses where they part, and the ratios."""
    end = data.loss.sel(part="mean", step=300).values
    ratio = data.delay.values
    most = np.unravel_index(np.nanargmax(ratio), ratio.shape)
    where = f"α = {GRID_ALPHA[most[0]]:g}, ε = {GRID_EPSILON[most[1]]:g}"
    return (
        f"Quadratic networks of {N} neurons on {SAMPLES} samples in {D} dimensions, ε = {EPSILON:g}, simulated; steps "
        f"are 0.15 d/α², means over {data.attrs['draws']} data sets. (a) After 300 steps training losses are "
        f"{end[0, 0]:.2g}, {end[1, 0]:.2g} and {end[2, 0]:.2g} for α = 0.3, 1 and 3, test losses "
        f"{end[0, 1]:.2g}, {end[1, 1]:.2g} and {end[2, 1]:.2g}: the lazier, the wider apart. (b) Theory: test loss and "
        "its three parts in the flow of one network on infinitely many samples, α = 1; there train and test loss are "
        f"the same. (c) Median ratio of the times at which test and training loss fall to 5 %, {MANY} samples: from "
        f"{np.nanmin(ratio):.1f} to {np.nanmax(ratio):.1f} (the largest at {where}); blank where some did not fall in "
        f"{LONG:,} steps."
    )
