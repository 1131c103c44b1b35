"""Prompts of handwritten digits: the theory for Gaussian inputs with their covariance, and how far they are from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.in_context.experiments.digits import components, risks_on
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, MARKERS, letter_panels
from solvable.solvers import optimal_linear_attention

if TYPE_CHECKING:
    import xarray as xr

D, NOISE, PLACES = 8, 0.25, (2, 4, 8, 16, 32, 64)
SERIES = ("Gaussian inputs", "digits", "digits, learned on digits")


def compute(quick: bool = False) -> xr.Dataset:
    """3,000 prompts for each dot, 8 times (10,000 and 40 times in full)."""
    import xarray as xr

    rows, rng = components(D), np.random.default_rng(0)
    sigma = rows.T @ rows / len(rows)
    count, trials = (3000, 8) if quick else (10_000, 40)
    n = np.unique(np.round(np.geomspace(1, 100, 40)))
    line = [float(optimal_linear_attention(k, sigma, np.eye(D), NOISE).risk) for k in n]
    best = [optimal_linear_attention(k, sigma, np.eye(D), NOISE) for k in PLACES]
    drawn = []
    for _ in range(trials):
        found = []
        for k, layer in zip(PLACES, best, strict=True):
            gaussian, _ = risks_on(rng, "Gaussian", k, D, NOISE, layer.preconditioner, count)
            found.append([gaussian, *risks_on(rng, "digits", k, D, NOISE, layer.preconditioner, count)])
        drawn.append(found)
    mean, bar = mean_and_bar(drawn)
    kurtosis = np.mean(rows**4, axis=0) / np.mean(rows**2, axis=0) ** 2
    return xr.Dataset(
        {
            "theory": (("n",), line),
            "reached": (("place",), [float(layer.risk) for layer in best]),
            "measured": (("place", "series"), mean),
            "error": (("place", "series"), bar),
            "variance": (("component",), np.diag(sigma)),
            "kurtosis": (("component",), kurtosis),
        },
        {"n": n, "place": list(PLACES), "series": list(SERIES), "component": np.arange(1, D + 1)},
        {"count": count, "trials": trials, "total": float(np.trace(sigma)) + NOISE},
    )


@figure(
    "digits-in-context",
    title="One step of descent on prompts of handwritten digits",
    source="mahankali2024one",
    claims=["in-context/general-risk", "in-context/preconditioner"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: risk against the length of the prompt. Right: distance from the theory."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.9))
    panels = canvas.subplots(1, 2)
    letter_panels(panels, ("risk", "distance from the theory"))
    panels[0].plot(data.n, data.theory, color="0.2", lw=1.0, label="theory, Gaussian inputs")
    panels[0].axhline(NOISE, color="0.4", ls=DASHED, lw=0.8, label="noise")
    for i, name in enumerate(data.series.values):
        panels[0].errorbar(
            data.place, data.measured[:, i], data.error[:, i], color=COLOURS[i], fmt=MARKERS[i], ms=3, elinewidth=0.8,
            label=str(name),
        )  # fmt: skip
        panels[1].errorbar(
            data.place, 100 * (data.measured[:, i] / data.reached - 1), 100 * data.error[:, i] / data.reached,
            color=COLOURS[i], marker=MARKERS[i], ms=3, lw=0.8, elinewidth=0.8,
        )  # fmt: skip
    panels[1].axhline(0, color="0.2", lw=1.0)
    panels[0].set(xscale="log", yscale="log", xlabel="examples $n$", ylabel="squared error")
    panels[1].set(xscale="log", xlabel="examples $n$", ylabel="measured over theory, %")
    panels[1].set_xticks(data.place.values, [str(n) for n in data.place.values])
    panels[0].set_yticks([0.25, 0.5, 1, 2, 4, 8], ["0.25", "0.5", "1", "2", "4", "8"])
    for axes in panels:
        axes.minorticks_off()
    canvas.legend(loc="outside lower center", ncols=3)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State how far Gaussian inputs and digits are from the theory."""
    gaps = 100 * (data.measured.values / data.reached.values[:, None] - 1)
    drawn = 100 * float(np.max(distance(data.measured.values[:, 0], data.reached.values)))
    worst = int(np.argmax(np.abs(gaps[:, 1])))
    low, high = float(data.kurtosis.min()), float(data.kurtosis.max())
    return (
        f"Inputs: the first {D} principal components of the 1,797 digits of scikit-learn; labels: a random linear "
        f"function of them, noise variance {NOISE:g}; {data.attrs['trials']} times {data.attrs['count']:,} prompts, "
        "two standard errors. (a) Line: risk of the best layer for Gaussian inputs with the digits' covariance. (b) "
        f"Gaussian inputs stay within {drawn:.1f} %. The same layer on digits is off by up to {gaps[worst, 1]:.1f} % "
        f"(n = {PLACES[worst]}), and what least squares learns on digits by {gaps[worst, 2]:.1f} %: their components "
        f"have kurtosis {low:.1f} to {high:.1f}, not 3, and are not independent."
    )
