"""A prompt tells the noise: variance and error against its length, posterior of the level, calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.in_context.experiments.uncertainty import drawn_prompts, prior_errors
from solvable.analysis.in_context.settings import LEVELS
from solvable.figures.dots import mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import InverseGamma, mean_predictive_variance, posterior_predictive

if TYPE_CHECKING:
    import xarray as xr

D, LENGTHS, DOTS = 10, (2, 4, 8, 16, 32, 64), (8, 16, 24, 32, 64)
LAWS: dict[str, Any] = {"known": 0.36, "discrete": LEVELS, "inverse-gamma": InverseGamma(4.0, 3.0)}
LEARNERS = ("Bayes", "ridge of fixed strength", "least squares")
BINS = 6


def _read(rng: np.random.Generator, n: int, law: str, count: int) -> tuple[Any, Any]:
    """Squared errors on noisy labels and predicted variances of prompts."""
    prompts: dict[str, Any] = drawn_prompts(rng, n, D, law, count)
    label = prompts.pop("label")
    found = posterior_predictive(**prompts, noise=LAWS[law])
    return (label - found.mean) ** 2, found.variance


def _levels(rng: np.random.Generator, n: int, count: int) -> list[float]:
    """Posterior probability of the true noise level, averaged for each level."""
    truth = rng.choice(len(LEVELS[0]), count, p=LEVELS[1])
    prompts: dict[str, Any] = drawn_prompts(rng, n, D, "discrete", count, np.asarray(LEVELS[0])[truth])
    prompts.pop("label")
    weights = posterior_predictive(**prompts, noise=LEVELS).weights
    return [float(np.mean(weights[truth == k, k])) for k in range(len(LEVELS[0]))]


def _calibration(rng: np.random.Generator, law: str, count: int) -> tuple[Any, Any]:
    """Mean variance and mean squared error of equally many prompts, by rising variance."""
    errors, variances = (
        np.concatenate(parts) for parts in zip(*(_read(rng, n, law, count) for n in DOTS), strict=True)
    )
    order = np.argsort(variances).reshape(BINS, -1)
    return variances[order].mean(axis=1), errors[order].mean(axis=1)


def compute(quick: bool = False) -> xr.Dataset:
    """600 prompts of each length, 8 times (40 in full)."""
    import xarray as xr

    rng, count, trials = np.random.default_rng(0), 600, 8 if quick else 40
    both = [[np.mean(_read(rng, n, "known", count), axis=1) for n in LENGTHS] for _ in range(trials)]
    known, said = mean_and_bar(np.array(both)[..., 0]), mean_and_bar(np.array(both)[..., 1])
    learners = mean_and_bar([[prior_errors(rng, D, n, count) for n in DOTS] for _ in range(trials)])
    levels = mean_and_bar([[_levels(rng, n, count) for n in LENGTHS] for _ in range(trials)])
    binned = np.array([[_calibration(rng, law, count) for law in LAWS] for _ in range(trials)])
    n = np.arange(1, 81)
    return xr.Dataset(
        {
            "theory": (("n",), mean_predictive_variance(n, D, 0.36)),
            "reached": (("length",), mean_predictive_variance(LENGTHS, D, 0.36)),
            "known": (("what", "length"), [known[0], said[0]]),
            "bar": (("what", "length"), [known[1], said[1]]),
            "learner": (("dot", "name"), learners[0]),
            "spread": (("dot", "name"), learners[1]),
            "level": (("length", "truth"), levels[0]),
            "width": (("length", "truth"), levels[1]),
            "binned": (("law", "axis", "bin"), binned.mean(axis=0)),
            "error": (("law", "bin"), mean_and_bar(binned[:, :, 1])[1]),
        },
        {
            "n": n,
            "length": list(LENGTHS),
            "dot": list(DOTS),
            "name": list(LEARNERS),
            "truth": list(LEVELS[0]),
            "law": list(LAWS),
            "what": ["error", "variance"],
        },
        {"trials": trials, "count": count},
    )


@figure(
    "in-context-uncertainty",
    title="Uncertainty in context is the Bayes posterior",
    source="liu2025uncertainty",
    claims=["in-context/predictive-is-calibrated", "in-context/knowing-the-prior-helps", "in-context/mean-variance"],
)
def draw(data: xr.Dataset) -> Any:
    """Variance and error; errors with unknown noise; posterior of its level; calibration."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 5.0))
    panels = canvas.subplots(2, 2).ravel()
    letter_panels(panels, ("noise known", "noise one of three", "posterior of the true level", "calibration"))
    panels[0].plot(data.n, data.theory, color="0.2", lw=0.9, label="formula")
    for i, name in enumerate(("squared error", "variance stated")):
        panels[0].errorbar(
            data.length * (0.97, 1.03)[i], data.known[i], data.bar[i], color=COLOURS[i], fmt=MARKERS[i], ms=3,
            elinewidth=0.8, label=name,
        )  # fmt: skip
    panels[0].set(xscale="log", yscale="log", xlabel="examples $n$", ylabel="error or variance")
    for i, name in enumerate(data.name.values):
        entry(panels[1], 2 + i, str(name), ms=3)
        seen = np.isfinite(data.learner.values[:, i])  # least squares has none below d + 2 examples
        panels[1].errorbar(
            data.dot[seen], data.learner[seen, i], data.spread[seen, i], color=COLOURS[2 + i],
            marker=MARKERS[2 + i], ms=3, lw=0.9, elinewidth=0.8,
        )  # fmt: skip
    panels[1].set(xscale="log", yscale="log", xlabel="examples $n$", ylabel="squared error", ylim=(1.7, 16))
    panels[1].set_xticks(data.dot.values, [str(n) for n in data.dot.values])
    panels[1].set_yticks([2, 4, 8], ["2", "4", "8"])
    for i, (level, share) in enumerate(zip(*LEVELS, strict=True)):
        entry(panels[2], i, rf"$\sigma^2={level:g}$", ms=3)
        panels[2].axhline(share, color="0.6", ls=DASHED, lw=0.7)
        panels[2].errorbar(
            data.length, data.level[:, i], data.width[:, i], color=COLOURS[i], marker=MARKERS[i], ms=3, lw=0.9,
            elinewidth=0.8,
        )  # fmt: skip
    panels[2].set(xscale="log", xlabel="examples $n$", ylabel="probability", ylim=(0, 1.04))
    panels[2].set_xticks(data.length.values, [str(n) for n in data.length.values])
    for axes in panels[1:3]:
        axes.minorticks_off()
    ends = [0.12, 12]
    panels[3].plot(ends, ends, color="0.2", lw=0.9)
    for i, law in enumerate(data.law.values):
        panels[3].errorbar(
            data.binned[i, 0], data.binned[i, 1], data.error[i], color=COLOURS[4 + i], fmt=MARKERS[4 + i], ms=3,
            elinewidth=0.8, label=str(law),
        )  # fmt: skip
    panels[3].set(xscale="log", yscale="log", xlabel="variance stated", ylabel="squared error")
    for axes in panels:
        axes.legend()
    return canvas


def caption(data: xr.Dataset) -> str:
    """State how far the formula, the posterior and the stated variances are from what is measured."""
    gap = float(np.max(np.abs(data.known.values / data.reached.values - 1)))
    worst = float(np.max(np.abs(data.binned.values[:, 1] / data.binned.values[:, 0] - 1)))
    bayes, ridge, least = data.learner.values[1]
    return (
        f"Tasks in d = {D}, {data.attrs['trials']} times {data.attrs['count']} prompts of each length, two "
        "standard errors. (a) Noise variance 0.36, known: squared error on noisy labels and variance that the "
        f"posterior states, within {100 * gap:.0f} % of the formula for many dimensions (line). (b) Noise "
        f"variance 0.1, 1 or 4: at n = {DOTS[1]} the errors are {bayes:.2f} for the posterior, {ridge:.2f} for ridge "
        f"regression and {least:.2f} for least squares. "
        "(c) Probability that the posterior gives the true level; dashed: before any example. (d) "
        f"Squared error against the variance stated, prompts in {BINS} groups by the latter: within "
        f"{100 * worst:.0f} % for three priors of the noise. Drawn tasks only: digits-in-context has real inputs."
    )
