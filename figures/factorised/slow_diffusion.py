"""Walks in random potentials: how far they come in a time, and what they climb over a distance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.factorised.experiments.walks import climb, distances
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, MARKERS, entry, letter_panels

if TYPE_CHECKING:
    import xarray as xr

HURSTS, STRENGTHS = (0.25, 0.5, 0.75), (3.0, 1.0, 0.4)
POWERS = ("4", "2", "4/3")  # 2/alpha
LENGTHS = (100, 400, 1600, 6400, 25600)


def compute(quick: bool = False) -> xr.Dataset:
    """Medians over 8 blocks of 11 walks (60 in full), one potential each; climbs over 40 potentials (400 in full)."""
    import xarray as xr

    rng, walks, potentials = np.random.default_rng(0), 11 if quick else 60, 40 if quick else 400
    times = np.unique(np.geomspace(10, 1e5 if quick else 1e6, 9 if quick else 11).round())
    far, far_bar, high, high_bar = [], [], [], []
    for hurst, strength in zip(HURSTS, STRENGTHS, strict=True):
        blocks = [np.median(distances(rng, hurst, strength, times, walks), axis=0) for _ in range(8)]
        mean, bar = mean_and_bar(blocks)
        far.append(mean)
        far_bar.append(bar)
        mean, bar = mean_and_bar([[climb(rng, n, hurst) for n in LENGTHS] for _ in range(potentials)])
        high.append(mean)
        high_bar.append(bar)
    return xr.Dataset(
        {
            "distance": (("hurst", "time"), np.array(far)),
            "bar": (("hurst", "time"), np.array(far_bar)),
            "climb": (("hurst", "length"), np.array(high)),
            "climb_bar": (("hurst", "length"), np.array(high_bar)),
        },
        {"hurst": list(HURSTS), "time": times, "length": list(LENGTHS)},
        {"walks": walks, "potentials": potentials},
    )


@figure(
    "slow-diffusion",
    title="Ultra-slow diffusion",
    source="hoffer2017train",
    claims=["factorised/barrier-exponent", "factorised/passage-above-barrier", "factorised/passage-below-barrier"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: median distance against the logarithm of time. Right: mean climb against distance."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.9))
    left, right = canvas.subplots(1, 2)
    letter_panels((left, right), ("distance of a walk", "largest climb"))
    log, n = np.log(data.time.values), data.length.values
    late = log > log[-1] / 2
    for i, hurst in enumerate(data.hurst.values):
        left.errorbar(log, data.distance[i], data.bar[i], color=COLOURS[i], fmt=MARKERS[i], ms=3, elinewidth=0.7)
        slope = float(data.distance[i, -1]) * (log[late] / log[-1]) ** (1 / hurst)
        left.plot(log[late], slope, color=COLOURS[i], ls=DASHED, lw=1)
        right.errorbar(n, data.climb[i], data.climb_bar[i], color=COLOURS[i], fmt=MARKERS[i], ms=3, elinewidth=0.7)
        right.plot(n, float(data.climb[i, -1]) * (n / n[-1]) ** hurst, color=COLOURS[i], ls=DASHED, lw=1)
        entry(left, i, rf"$\alpha={2 * hurst:g}$: $(\ln t)^{{{POWERS[i]}}}$", ls=DASHED, ms=3)
        entry(right, i, rf"$\alpha={2 * hurst:g}$: $n^{{{hurst:g}}}$", ls=DASHED, ms=3)
    left.plot(log, np.exp(log / 2) * 0.67, color="0.5", ls=":", lw=1, label=r"free, $\sqrt{t}$")
    left.set(xscale="log", yscale="log", xlabel=r"$\ln t$", ylabel="median distance from the start", ylim=(0.8, 600))
    left.set_xticks([3, 5, 10], ["3", "5", "10"])
    left.minorticks_off()
    right.set(xscale="log", yscale="log", xlabel="sites $n$", ylabel="mean climb")
    left.legend(loc="upper left", fontsize=6)
    right.legend(loc="upper left", fontsize=6)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the exponents that are measured, and that those of the walks are not yet the predicted ones."""
    log = np.log(data.time.values)
    late = log > log[-1] / 2
    walks = [np.polyfit(np.log(log[late]), np.log(row[late]), 1)[0] for row in data.distance.values]
    climbs = [np.polyfit(np.log(data.length.values), np.log(row), 1)[0] for row in data.climb.values]
    hursts = data.hurst.values
    powers = (data.length.values / data.length.values[-1]) ** hursts[:, None]
    most = 100 * float(distance(data.climb.values, data.climb.values[:, -1:] * powers).max())
    return (
        f"(a) Median distance of walks in Gaussian potentials with E(V(x) − V(y))² ∝ |x − y|^{{α}}, means over 8 "
        "blocks of "
        f"{data.attrs['walks']} walks in a potential each, two standard errors; dashed: the predicted powers of ln t, "
        "through the last dots; dotted: a walk without a potential. Fitted over the later half of ln t the powers are "
        + ", ".join(f"{w:.2f} ({p} predicted)" for w, p in zip(walks, POWERS, strict=True))
        + ": these times are too short for the powers to be tested on walks. (b) Mean of the largest climb over "
        f"{data.attrs['potentials']} potentials, with two standard errors; dashed: n^{{H}} through the last dots. "
        "Fitted: "
        + ", ".join(f"{c:.3f} ({h:g})" for c, h in zip(climbs, hursts, strict=True))
        + f"; dots lie at most {most:.0f} % off the dashed lines; the climb is what the passage time is exponential in."
    )
