"""Sobolev misfits of a blurred step: frequency response, and error against iterations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.regression.experiments.operators import dense_tikhonov, sobolev_error
from solvable.analysis.regression.settings import GAUSSIAN_BLUR
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import condition_number, sobolev_descent, sobolev_filter

if TYPE_CHECKING:
    import xarray as xr

SIZE, ORDERS, RIDGE, NOISE = 64, (-1.0, 0.0, 0.5), 0.01, 0.3
STEPS = (1, 4, 16, 64, 256)


def _blur() -> Any:
    return np.exp(-GAUSSIAN_BLUR * np.fft.fftfreq(SIZE, 1 / SIZE) ** 2)


def _rate(order: float) -> float:
    """Step size: the inverse of the largest curvature."""
    return float(1 / np.max(_blur() ** 2 * (1 + np.fft.fftfreq(SIZE, 1 / SIZE) ** 2) ** order))


def _error(order: float, steps: Any) -> Any:
    """Expected squared error of descent on the step, its spectrum written out, and on noise of one variance."""
    truth = np.abs(np.fft.fft(np.where(np.arange(SIZE) < SIZE // 2, 1.0, -1.0))) ** 2 / SIZE
    factor = sobolev_descent(_blur(), order, _rate(order), steps)
    return np.mean((1 - _blur() * factor) ** 2 * truth + NOISE**2 * factor**2, axis=-1)


def compute(quick: bool = False) -> xr.Dataset:
    """Dots over 20 draws of the noise (200 in full)."""
    import xarray as xr

    rng, trials = np.random.default_rng(0), 20 if quick else 200
    steps, half = np.unique(np.geomspace(1, 300, 40).round()), np.arange(SIZE // 2)
    steps_of = list(STEPS)
    runs = [
        [sobolev_error(rng, SIZE, s, _rate(s), steps_of, GAUSSIAN_BLUR, NOISE) for s in ORDERS] for _ in range(trials)
    ]
    mean, bar = mean_and_bar(runs)
    return xr.Dataset(
        {
            "response": (("order", "frequency"), [sobolev_filter(_blur(), s, RIDGE)[half] for s in ORDERS]),
            "dense": (
                ("order", "frequency"),
                [dense_tikhonov(rng, SIZE, s, RIDGE, GAUSSIAN_BLUR)[half] for s in ORDERS],
            ),
            "error": (("order", "steps"), [_error(s, steps) for s in ORDERS]),
            "reached": (("order", "place"), [_error(s, np.array(STEPS, float)) for s in ORDERS]),
            "measured": (("order", "place"), mean),
            "bar": (("order", "place"), bar),
        },
        {"order": list(ORDERS), "frequency": half, "steps": steps, "place": list(STEPS)},
        {"trials": trials, "conditions": [condition_number(_blur(), s) for s in ORDERS]},
    )


@figure(
    "sobolev-norms",
    title="The order of a Sobolev misfit filters frequencies and sets the speed of descent",
    source="zhu2021implicit",
    claims=["regression/sobolev-filter", "regression/sobolev-descent", "regression/sobolev-conditioning"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: frequency response. Right: error against iterations."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.7))
    left, right = canvas.subplots(1, 2)
    letter_panels((left, right), ("regularised inverse", "descent on a noisy step"))
    for i, order in enumerate(data.order.values):
        left.plot(data.frequency, data.response[i], color=COLOURS[i])
        left.plot(data.frequency[::3], data.dense[i, ::3], MARKERS[i], color=COLOURS[i], ms=3)
        right.plot(data.steps, data.error[i], color=COLOURS[i])
        right.errorbar(
            data.place, data.measured[i], data.bar[i], color=COLOURS[i], fmt=MARKERS[i], ms=3, elinewidth=0.8
        )
        entry(left, i, f"$s={order:g}$", ms=3)
    left.set(xlabel="frequency", ylabel="factor on the data", ylim=(0, float(data.response.max()) * 1.3))
    right.set(xscale="log", yscale="log", xlabel="steps", ylabel="mean squared error")
    left.legend(loc="upper left")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the measured agreement."""
    gap = float(np.max(np.abs(data.dense - data.response) / data.response.max()))
    slack = 100 * float(np.max(distance(data.measured.values, data.reached.values)))
    low, plain, high = data.attrs["conditions"]
    return (
        f"Deblurring with a misfit of order s, {SIZE} points. (a) Factor on each frequency of the data at ridge "
        f"{RIDGE}; dots: dense "
        f"normal equations, equal to {scientific(gap)}. (b) Squared error of gradient descent on a step with noise of "
        f"standard deviation {NOISE}, step size one over the "
        f"largest curvature; dots: {data.attrs['trials']} runs, two standard errors, within {slack:.1f} %. Condition "
        "numbers "
        f"{scientific(low)}, {scientific(plain)} and {scientific(high)}: higher orders converge sooner, to the noise "
        "as well."
    )
