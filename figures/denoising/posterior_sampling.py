"""Diffusion posterior sampling of a Gaussian against the posterior, and the scale that repairs its mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.denoising.experiments.diffusions import guided_run
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import guided_sampling, posterior

if TYPE_CHECKING:
    import xarray as xr

SAMPLERS = ("guided, scale 1", "guided, mean repaired")


def _scale(sampler: str, ratio: Any) -> Any:
    return np.ones_like(ratio) if sampler == SAMPLERS[0] else np.log1p(ratio) / ratio


def _moments(ratio: Any, sampler: str) -> Any:
    found = guided_sampling(ratio, 1.0, 1.0, _scale(sampler, ratio))
    return np.stack([found.mean, found.variance])


def compute(quick: bool = False) -> xr.Dataset:
    """The measurement is 1 and its noise of unit variance; 8 runs of 4,000 particles (32 in full)."""
    import xarray as xr

    rng, trials = np.random.default_rng(0), 8 if quick else 32
    ratio, place = np.geomspace(0.1, 10, 81), np.geomspace(0.1, 10, 7)
    exact = []
    for r in ratio:
        law = posterior([1.0], [[1.0]], [0.0], [[r]], 1.0)
        exact.append([law.mean[0], law.covariance[0, 0]])
    dots = np.empty((trials, 2, 2, place.size))
    for t in range(trials):
        for i, sampler in enumerate(SAMPLERS):
            for j, r in enumerate(place):
                x = guided_run(rng, r, 1.0, float(_scale(sampler, r)), 1.0, 250, 4000)
                dots[t, :, i, j] = x.mean(), x.var()
    mean, bar = mean_and_bar(dots)
    return xr.Dataset(
        {
            "exact": (("what", "ratio"), np.array(exact).T),
            "theory": (("what", "sampler", "ratio"), np.stack([_moments(ratio, s) for s in SAMPLERS], axis=1)),
            "predicted": (("what", "sampler", "place"), np.stack([_moments(place, s) for s in SAMPLERS], axis=1)),
            "measured": (("what", "sampler", "place"), mean),
            "error": (("what", "sampler", "place"), bar),
        },
        {"what": ["mean", "variance"], "ratio": ratio, "sampler": list(SAMPLERS), "place": place},
        {"trials": trials},
    )


@figure(
    "posterior-sampling",
    title="Guided sampling is not posterior sampling, even for a Gaussian",
    source="chung2023diffusion",
    claims=["denoising/dps-mean", "denoising/dps-variance", "denoising/no-scale-repairs-dps"],
)
def draw(data: xr.Dataset) -> Any:
    """Mean and variance of the samples against the ratio of prior and noise variance."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.7))
    panels = canvas.subplots(1, 2)
    letter_panels(panels, ("mean", "variance"))
    for k, axes in enumerate(panels):
        axes.plot(data.ratio, data.exact[k], color="0.4", label="posterior")
        for i, name in enumerate(data.sampler.values):
            axes.plot(data.ratio, data.theory[k, i], color=COLOURS[i])
            entry(axes, i, name, ms=3)
            axes.errorbar(data.place, data.measured[k, i], data.error[k, i], color=COLOURS[i], fmt=MARKERS[i], ms=3,
                          elinewidth=0.8)  # fmt: skip
        axes.set(xscale="log", xlabel="prior over noise variance $s/s_n$")
    panels[0].set(ylabel="mean of samples over $y$", ylim=(0, 1.08))
    panels[1].set(ylabel="variance over $s_n$", ylim=(0, 2.2))
    panels[0].legend(loc="lower right")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the measured agreement and the excess of variance."""
    gap = distance(data.measured.values, data.predicted.values)
    excess = float(data.theory.values[1, 1, -1] / data.exact.values[1, -1])
    return (
        "(a) Mean and (b) variance of samples, for a Gaussian signal of variance s measured with noise s_n."
        " Lines: closed forms; dots: the reversed "
        f"equation in 250 steps, {data.attrs['trials']} runs of 4,000 particles, two standard errors; largest distance "
        f"{100 * gap[0].max():.1f} % in the mean, {100 * gap[1].max():.1f} % in the variance. The scale that repairs "
        f"the mean leaves {excess:.2f} times the posterior's variance at s/s_n = 10."
    )
