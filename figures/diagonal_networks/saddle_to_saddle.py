"""Gradient flow from tiny scales jumps from saddle to saddle at predicted times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.diagonal_networks.experiments.flows import crossing_times, saddle_flow
from solvable.analysis.diagonal_networks.settings import saddle_problem
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, letter_panels
from solvable.solvers import saddle_to_saddle

if TYPE_CHECKING:
    import xarray as xr

SEED = 3
LOG_SCALES = (12.0, 45.0, 180.0)


def compute(quick: bool = False) -> xr.Dataset:
    """The flow of one small problem at three scales, and the lag of its jumps over many."""
    import xarray as xr

    X, y = saddle_problem(SEED)
    path = saddle_to_saddle(X, y)
    times = np.geomspace(0.2, 20, 300 if quick else 900)
    flows = np.array([saddle_flow(SEED, scale, times) for scale in LOG_SCALES])
    levels = (path.losses[1:] + path.losses[:-1]) / 2
    scales = np.geomspace(20, 240, 4 if quick else 9)
    lags = [
        np.abs(crossing_times(SEED, scale, tuple(levels.tolist()), 1.5 * path.times[-1]) - path.times)
        for scale in scales
    ]
    return xr.Dataset(
        {
            "loss": (("scale", "time"), np.sum((flows @ X.T - y) ** 2, axis=2) / (2 * len(y))),
            "beta": (("time", "coordinate"), flows[-1]),
            "saddle": (("time", "coordinate"), path.at(times)),
            "limit_loss": ("time", np.sum((path.at(times) @ X.T - y) ** 2, axis=1) / (2 * len(y))),
            "lag": (("log_scale", "jump"), np.array(lags)),
            "jump_time": ("jump", path.times),
        },
        {"time": times, "scale": list(LOG_SCALES), "log_scale": scales},
        {"n": X.shape[0], "d": X.shape[1]},
    )


@figure(
    "saddle-to-saddle",
    title="Gradient flow from tiny scales goes from saddle to saddle",
    source="pesme2023saddle",
    claims=[
        "diagonal-networks/plateaus",
        "diagonal-networks/jump-times",
        "diagonal-networks/saddles-end-at-least-l1",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Loss, coefficients and the lag of the jumps; dotted lines are the predicted jump times."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.4))
    left, middle, right = canvas.subplots(1, 3)
    letter_panels((left, middle, right))
    for i, scale in enumerate(data.scale.values):
        left.plot(
            data.time,
            data.loss[i],
            color=COLOURS[i],
            marker=MARKERS[i],
            markevery=(0.07 * i, 0.21),
            ms=3,
            lw=1.0,
            label=rf"$\alpha=e^{{-{scale:.0f}}}$",
        )
    left.plot(data.time, data.limit_loss, color="black", lw=0.8, ls="--", label=r"$\alpha\to0$")
    left.set(xscale="log", yscale="log", ylim=(1e-3, 3), ylabel="training loss")
    left.legend(loc="lower left", handlelength=1.3)
    for a in range(data.coordinate.size):
        middle.plot(data.time, data.beta[:, a], color=COLOURS[2], lw=1.2)
        middle.plot(data.time, data.saddle[:, a], color="black", lw=0.6, ls="--")
    middle.set(xscale="log", ylabel=rf"coefficients, $\alpha=e^{{-{data.scale.values[-1]:.0f}}}$")
    for axes in (left, middle):
        for t in data.jump_time.values:
            axes.axvline(t, 0.45 if axes is left else 0, color="0.6", lw=0.6, ls=":")
        axes.set(xlabel=r"time$\,/\,\ln(1/\alpha)$", xlim=(0.2, 20))
    for j in range(data.jump.size):
        right.plot(
            data.log_scale, data.lag[:, j], color=COLOURS[j % len(COLOURS)], marker=MARKERS[j % len(MARKERS)], ls="none", ms=3, label=str(j + 1)  # noqa: E501
        )  # fmt: skip
    fine = np.array([20.0, 240.0])
    for c in (0.3, 4.0):
        right.plot(fine, c / fine, color="0.5", lw=0.8)
    right.set(xscale="log", yscale="log", xlabel=r"$\ln(1/\alpha)$", ylabel="lag of a jump", ylim=(2e-4, 0.3))
    right.set_xticks([20, 50, 100, 200], ["20", "50", "100", "200"])
    right.minorticks_off()
    right.legend(loc="lower left", ncols=4, columnspacing=0.5, handletextpad=0.1, title="jump", title_fontsize=7)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the slopes of the lags and the distance to the last saddle."""
    late = data.log_scale.values > 60
    slopes = [
        np.polyfit(np.log(data.log_scale.values[late]), np.log(data.lag.values[late, j]), 1)[0]
        for j in range(data.jump.size)
    ]
    end = np.abs(data.beta.values[-1] - data.saddle.values[-1]).max()
    return (
        f"One problem, n = {data.attrs['n']}, d = {data.attrs['d']}; time for the loss ‖Xβ − y‖²/(2n) in units of "
        "ln(1/α). Dashed: the limit of vanishing scale; dotted: its jump times. (a) The loss at three scales. (b) The "
        "coefficients at the smallest. (c) Distance in time between the flow's jumps (loss half way down) and the "
        f"predicted ones, with grey lines of slope −1; measured exponents for ln(1/α) > 60: {min(slopes):.3f} to "
        f"{max(slopes):.3f}. At the end the flow is within {scientific(end)} of the interpolator of least ℓ₁ norm."
    )
