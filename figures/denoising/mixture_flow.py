"""A flow to a mixture that a few pairs teach: its mean along the way, and its error against the pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.denoising.experiments.flows import flow_error, flow_path
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import bayes_mean_error, mixture_flow

if TYPE_CHECKING:
    import xarray as xr

DECAY, STD, PAIRS = 0.1, 0.7, 8
PARTS = ("overlap with the mean", "squared norm", "squared cosine")


def _along(times: Any, dimension: float | None = None) -> Any:
    found = mixture_flow(PAIRS, DECAY, STD, times=times, dimension=dimension)
    norm2 = found.overlap**2 / np.where(found.cosine2 > 0, found.cosine2, 1.0)
    return np.stack([found.overlap, norm2, found.cosine2])


def compute(quick: bool = False) -> xr.Dataset:
    """Autoencoders trained at ten times, d = 500, 4 runs of 100 trajectories (d = 4,000, 16 runs in full)."""
    import xarray as xr

    d, runs = (500, 4) if quick else (4000, 16)
    rng, steps = np.random.default_rng(0), 10
    time, n = np.linspace(0, 1, 101), np.unique(np.geomspace(2, 1024, 80).round())
    paths = [flow_path(rng, PAIRS, DECAY, STD, d, "linear", steps, 100) for _ in range(runs)]
    mean, bar = mean_and_bar(np.array(paths)[:, 1:])
    place, few = (np.arange(1, steps) + 1) / steps, np.array([2, 4, 8, 16, 32] if quick else [2, 4, 8, 16, 32, 64, 128])
    errors = np.array([[flow_error(rng, int(k), DECAY, STD, "linear", d, "mse") for k in few] for _ in range(runs)])
    dots, bars = mean_and_bar(errors)
    return xr.Dataset(
        {
            "theory": (("part", "time"), _along(time, d)),
            "predicted": (("part", "place"), _along(place, d)),
            "measured": (("part", "place"), mean.T),
            "error": (("part", "place"), bar.T),
            "limit": ("n", mixture_flow(n, DECAY, STD).mse),
            "best": ("n", bayes_mean_error(n, STD)),
            "expected": ("few", mixture_flow(few, DECAY, STD, dimension=d).mse),
            "missed": ("few", dots),
            "missed_error": ("few", bars),
        },
        {"part": list(PARTS), "time": time, "place": place, "n": n, "few": few},
        {"d": d, "runs": runs},
    )


@figure(
    "mixture-flow",
    title="A flow learned from few pairs has the best rate and twice the constant",
    source="cui2024analysis",
    claims=["denoising/flow-mse", "denoising/rate-is-optimal", "denoising/constant-is-two"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: the generated mean along the flow. Right: its squared error against the pairs."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.7))
    left, right = canvas.subplots(1, 2)
    letter_panels((left, right), ("the generated mean along the flow", "its error at the end"))
    for i, name in enumerate(data.part.values):
        left.plot(data.time, data.theory[i], color=COLOURS[i])
        left.errorbar(data.place, data.measured[i], data.error[i], color=COLOURS[i], fmt=MARKERS[i], ms=3,
                      elinewidth=0.8)  # fmt: skip
        entry(left, i, name, ms=3)
    right.plot(data.n, data.limit, color=COLOURS[0])
    entry(right, 0, "flow", ms=3)
    right.errorbar(data.few, data.missed, data.missed_error, color=COLOURS[0], fmt=MARKERS[0], ms=3, elinewidth=0.8)
    right.plot(data.n, data.best, color="0.4", ls="--", label="best estimate")
    left.set(xlabel="time $t$", ylabel="for each dimension", ylim=(0, 1.3))
    right.set(xscale="log", yscale="log", xlabel="pairs $n$", ylabel="squared error for each dimension")
    left.legend(loc="upper left")
    right.legend(loc="lower left")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the measured agreement and the two constants."""
    apart = distance(data.measured.values, data.predicted.values).max(axis=1)
    gap = distance(data.missed.values, data.expected.values)
    ratio = float(data.limit.values[-1] / data.best.values[-1])
    return (
        f"(a) Mean of one generated cluster, {PAIRS} pairs, decay {DECAY}, cluster width {STD}, against the flow's "
        f"time. Lines: the closed form with its 1/√d terms; dots: autoencoders trained at ten times, d = "
        f"{data.attrs['d']:,}, {data.attrs['runs']} runs, two standard errors, within {100 * apart[0]:.0f}, "
        f"{100 * apart[1]:.0f} and {100 * apart[2]:.0f} % off. (b) Squared error of the mean at the end: the "
        f"limit of many dimensions falls as 1/n, {ratio:.2f} times the best estimate at n = 1,024; trained flows "
        f"within "
        f"{100 * gap.max():.0f} % of the prediction at their d."
    )
