"""Double descent along its four axes: features, samples, ridge and training time; theory lines, simulated dots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.double_descent.experiments.axes import (
    NOISE,
    epoch_wise_draw,
    epoch_wise_powers,
    model_wise_draw,
    rows_draw,
)
from solvable.analysis.double_descent.settings import AXES
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, letter_panels
from solvable.solvers import Spectrum, gradient_descent_risk, random_feature_risk, ridge_risk

if TYPE_CHECKING:
    import xarray as xr

PEAK = 60  # samples (model-wise, ridge-wise, epoch-wise) or features (sample-wise)
RIDGE = 0.01  # of (a) and (b), so that the peak is finite and can be drawn


def compute(quick: bool = False) -> xr.Dataset:
    """Theory at many places; 30 designs (150 in full) at eight places on each axis, the peak among them."""
    import xarray as xr

    trials, rng = 30 if quick else 150, np.random.default_rng(0)
    s = np.arange(1.0, 241.0) ** -1.0
    power = s**1.2 / (s**1.2).sum()
    ratio, places = np.geomspace(0.1, 10, 121), np.array([0.15, 0.4, 0.7, 0.87, 1.0, 1.2, 2.0, 6.0])
    x, lines = np.empty((4, 121)), np.empty((4, 121))
    at, dots, bars = np.empty((4, 8)), np.empty((4, 8)), np.empty((4, 8))

    x[0], at[0] = PEAK * ratio, np.round(PEAK * places)
    lines[0] = random_feature_risk(Spectrum(s, power), PEAK, x[0], RIDGE, NOISE).test
    dots[0], bars[0] = mean_and_bar(
        [[model_wise_draw(rng, PEAK, int(k), s, power, RIDGE) for k in at[0]] for _ in range(trials)]
    )

    even = np.linspace(0.5, 1.5, PEAK)
    spectrum = Spectrum(even, even / even.sum())
    x[1], at[1] = PEAK * ratio, np.round(PEAK * places)
    lines[1] = ridge_risk(spectrum, x[1], RIDGE, NOISE).test
    dots[1], bars[1] = mean_and_bar([[rows_draw(rng, int(n), even, RIDGE) for n in at[1]] for _ in range(trials)])

    x[2], at[2] = np.geomspace(1e-3, 1e3, 121), np.geomspace(1e-2, 1e3, 8)
    lines[2] = ridge_risk(spectrum, PEAK, x[2], NOISE).test
    dots[2], bars[2] = mean_and_bar([[rows_draw(rng, PEAK, even, r) for r in at[2]] for _ in range(trials)])

    values, shares = epoch_wise_powers(PEAK)
    steps = np.unique(np.round(np.geomspace(1, 1e6, 121)))
    line = gradient_descent_risk(Spectrum(values, shares), PEAK, 0.3, steps, NOISE).test
    x[3] = np.geomspace(1, 1e6, 121)
    lines[3] = np.interp(np.log(x[3]), np.log(steps), line)
    at[3] = np.round(np.geomspace(1, 1e6, 8))
    dots[3], bars[3] = mean_and_bar([epoch_wise_draw(rng, PEAK, at[3], 0.3) for _ in range(trials)])
    return xr.Dataset(
        {
            "x": (("axis", "point"), x),
            "test": (("axis", "point"), lines),
            "place": (("axis", "dot"), at),
            "measured": (("axis", "dot"), dots),
            "error": (("axis", "dot"), bars),
        },
        {"axis": [axis.name for axis in AXES]},
        {"trials": trials, "peak": PEAK, "noise": NOISE},
    )


@figure(
    "double-descent-axes",
    title="Four ways through the peak",
    source="liu2023optimization",
    claims=["double-descent/gradient-descent-risk", "double-descent/epoch-wise", "ridge/test-error"],
)
def draw(data: xr.Dataset) -> Any:
    """One panel an axis."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 4.2))
    labels = (
        f"features $k$ ($n={data.attrs['peak']}$)",
        f"samples $n$ ($k={data.attrs['peak']}$)",
        r"ridge $\delta$ ($n=k=60$)",
        "steps of gradient descent",
    )
    panels = canvas.subplots(2, 2).ravel()
    letter_panels(panels, data.axis.values)
    for i, axes in enumerate(panels):
        axes.plot(data.x[i], data.test[i], color=COLOURS[0])
        axes.errorbar(data.place[i], data.measured[i], data.error[i], fmt="o", color=COLOURS[0], mfc="white", ms=3,
                      mew=0.7, elinewidth=0.8)  # fmt: skip
        axes.set(xscale="log", xlabel=labels[i], ylabel="test error")
        axes.set_ylim(0, None)
        if i < 2:
            axes.axvline(data.attrs["peak"], color="0.75", lw=0.7, zorder=0)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State agreement, and the two descents of the last panel."""
    gaps = []
    for i in range(4):
        theory = np.interp(np.log(data.place.values[i]), np.log(data.x.values[i]), data.test.values[i])
        gaps.append(distance(data.measured.values[i], theory))
    epoch = data.test.values[3]
    top = 40 + int(np.argmax(epoch[40:80]))
    first = int(np.argmin(epoch[:top]))
    return (
        f"Test error, label noise {data.attrs['noise']:g} included; lines: deterministic equivalents, dots: "
        f"{data.attrs['trials']} simulated designs with two standard errors. Median distance of dot and line "
        f"{100 * np.median(gaps):.1f} %. Ridge {RIDGE:g} in (a) and (b); grey: the interpolation threshold, also the "
        f"place of (c). (d) 36 fast and 6 slow features, {data.attrs['peak']} samples; the error falls to "
        f"{epoch[first]:.2f} at {data.x.values[3, first]:.0f} steps, rises to {epoch[top]:.2f} at "
        f"{data.x.values[3, top]:.0f} and falls again to {epoch[top:].min():.2f}."
    )
