"""Bias and variance of gradient descent against time: contour-integral theory and simulated descent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.double_descent.experiments.descent import descent_error_draw
from solvable.analysis.double_descent.settings import eigenvalues
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import Spectrum, gradient_descent_risk, ridge_risk

if TYPE_CHECKING:
    import xarray as xr

SAMPLES = (60, 100, 200)
DIMENSION, NOISE = 100, 0.4


def compute(quick: bool = False) -> xr.Dataset:
    """Lines at 60 times; dots at seven times, 12 designs of 8 targets (60 in full)."""
    import xarray as xr

    trials, rng = 12 if quick else 60, np.random.default_rng(0)
    s = eigenvalues("spread", DIMENSION)
    spectrum = Spectrum(s, s / DIMENSION)
    steps = np.unique(np.round(np.geomspace(1, 1e5, 60)))
    places = np.array([1, 6, 40, 250, 1500, 10_000, 60_000])
    lines, limits = np.empty((2, 3, steps.size)), np.empty((2, 3))
    dots, bars = np.empty((2, 3, places.size)), np.empty((2, 3, places.size))
    for i, n in enumerate(SAMPLES):
        gamma = DIMENSION / n
        size = 1 / ((1 + np.sqrt(gamma)) ** 2 * s.max())
        risk, last = gradient_descent_risk(spectrum, n, size, steps, NOISE), ridge_risk(spectrum, n, 0.0, NOISE)
        for j, quantity in enumerate(("bias", "variance")):
            lines[j, i], limits[j, i] = getattr(risk, quantity), getattr(last, quantity)
            for k, t in enumerate(places.tolist()):
                draws = [
                    descent_error_draw(rng, n, gamma, "spread", quantity, 1.0, t, NOISE if j else 0.0)
                    for _ in range(trials)
                ]
                dots[j, i, k], bars[j, i, k] = mean_and_bar(draws)
    return xr.Dataset(
        {
            "theory": (("part", "n", "step"), lines),
            "limit": (("part", "n"), limits),
            "measured": (("part", "n", "place"), dots),
            "error": (("part", "n", "place"), bars),
        },
        {"part": ["bias", "variance"], "n": list(SAMPLES), "step": steps, "place": places.astype(float)},
        {"trials": trials, "d": DIMENSION, "noise": NOISE},
    )


@figure(
    "gradient-descent-risk",
    title="Bias falls and variance rises along gradient descent",
    source="ali2019continuous",
    claims=["double-descent/gradient-descent-risk", "double-descent/isotropic-flow"],
)
def draw(data: xr.Dataset) -> Any:
    """Bias left, variance right, one colour for each sample size."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.6))
    panels = canvas.subplots(1, 2)
    letter_panels(panels, (f"$d={data.attrs['d']}$",) * 2)
    for j, axes in enumerate(panels):
        for i, n in enumerate(data.n.values):
            axes.plot(data.step, data.theory[j, i], color=COLOURS[i])
            entry(axes, i, f"$n={n}$", ms=3)
            axes.errorbar(
                data.place,
                data.measured[j, i],
                data.error[j, i],
                color=COLOURS[i],
                fmt=MARKERS[i],
                ms=3,
                elinewidth=0.8,
            )
        axes.set(xscale="log", yscale="log", xlabel="steps", ylabel=str(data.part.values[j]))
        axes.set_ylim((1e-3, 3) if j == 0 else (1e-3, 30))
        axes.legend(loc="lower left" if j == 0 else "upper left")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State agreement, and how far from least squares the run at n = d still is."""
    theory = np.empty_like(data.measured.values)
    for j in range(2):
        for i in range(3):
            theory[j, i] = np.interp(np.log(data.place.values), np.log(data.step.values), data.theory.values[j, i])
    seen = theory > 2e-3
    gap = distance(data.measured.values[seen], theory[seen])
    return (
        "Gradient descent from 0 on Gaussian rows with eigenvalues from 0.04 to 9, label noise "
        f"{data.attrs['noise']:g}, step size 1/(s_{{max}} (1 + √(d/n))²). Lines: contour integral; markers: "
        f"{data.attrs['trials']} designs, two standard errors; median distance {100 * np.median(gap):.1f} %. (a) Bias. "
        f"(b) Variance: at n = d it grows without bound in the limit: {data.theory.values[1, 1, -1]:.1f} after "
        f"{data.step.values[-1]:,.0f} steps."
    )
