"""A trained ReLU network is the penalised linear spline; its total variation against the ridge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.regression.experiments.curves import trained_network
from solvable.analysis.regression.settings import diabetes, noisy_curve
from solvable.figures.dots import distance
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import linear_spline_fit, spline_network

if TYPE_CHECKING:
    import xarray as xr

POINTS, SHOWN, WIDTH, BODY_MASS = 12, 0.03, 60, 2
PLACES = np.array([0.003, 0.014, 0.065, 0.3])


def _output(weights: Any, x: Any) -> Any:
    """Output of the trained network and its total variation, from its parameters."""
    w, v, line, b = np.split(weights, [WIDTH, 2 * WIDTH, 2 * WIDTH + 2])
    return np.maximum(np.outer(x, w) - b, 0) @ v + line[0] + line[1] * x, float(w @ w + v @ v) / 2


def _best(rng: Any, x: Any, y: Any, ridge: float, count: int) -> Any:
    runs = [trained_network(rng, x, y, ridge, WIDTH) for _ in range(count)]
    return min(runs, key=lambda run: run[0])


def _patients() -> tuple[Any, Any]:
    """Mean progression at each body mass index, which must differ."""
    X, y = diabetes()
    x, place = np.unique(X[:, BODY_MASS], return_inverse=True)
    return x / np.sqrt(np.var(X[:, BODY_MASS])), np.bincount(place, y) / np.bincount(place)


def compute(quick: bool = False) -> xr.Dataset:
    """Best of 3 networks (6 in full)."""
    import xarray as xr

    rng, count = np.random.default_rng(3), 3 if quick else 6
    x, y = noisy_curve(rng, POINTS)
    fine, ridges = np.linspace(x[0], x[-1], 200), np.geomspace(1e-3, 1, 60)
    fit = linear_spline_fit(x, y, SHOWN)
    runs = [_best(rng, x, y, r, count) for r in PLACES]
    fits = [linear_spline_fit(x, y, r) for r in PLACES]
    body, progression = _patients()
    curves = [linear_spline_fit(body, progression, r) for r in (0.5, 5.0)]
    grid = np.linspace(body[0], body[-1], 200)
    return xr.Dataset(
        {
            "y": ("x", y),
            "spline": ("fine", spline_network(fit).output(fine)),
            "network": ("fine", _output(runs[1][1], fine)[0]),
            "knot_height": ("knot", spline_network(fit).output(fit.knots)),
            "variation": ("ridge", [spline_network(linear_spline_fit(x, y, r)).penalty for r in ridges]),
            "trained": ("place", [_output(weights, x)[1] for _, weights in runs]),
            "reached": ("place", [spline_network(f).penalty for f in fits]),
            "trained_loss": ("place", [loss for loss, _ in runs]),
            "loss": ("place", [f.objective for f in fits]),
            "progression": ("body", progression),
            "patients": (("strength", "grid"), [spline_network(f).output(grid) for f in curves]),
        },
        {"x": x, "fine": fine, "knot": fit.knots, "ridge": ridges, "place": PLACES, "body": body,
         "strength": [0.5, 5.0], "grid": grid},
        {"count": count, "knots": len(fit.knots), "real_knots": [len(f.knots) for f in curves],
         "gap": max(f.dual_gap for f in curves)},
    )  # fmt: skip


@figure(
    "splines-are-networks",
    title="One-dimensional ReLU networks with weight decay are linear splines",
    source="parhi2023deep",
    claims=["regression/spline-is-the-network", "regression/knots-at-most-n-minus-2"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: data, spline and trained network. Middle: total variation against the ridge. Right: diabetes."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.5))
    left, middle, right = canvas.subplots(1, 3)
    letter_panels((left, middle, right), ("fit and network", "size of the network", "diabetes"))
    left.plot(data.fine, data.spline, color=COLOURS[0], label="spline")
    left.plot(data.fine[::6], data.network[::6], ".", color=COLOURS[1], ms=3, label="trained network")
    left.plot(data.x, data.y, "x", color="0.4", ms=4, label="data")
    left.plot(data.knot, data.knot_height, MARKERS[1], color=COLOURS[0], ms=5, mfc="none", label="knots")
    left.set(xlabel="$x$", ylabel="$f(x)$", ylim=(float(data.y.min()) - 0.2, float(data.y.max()) + 1.8))
    left.legend(loc="upper left", ncols=2)
    middle.plot(data.ridge, data.variation, color=COLOURS[0])
    entry(middle, 0, "spline, trained", ms=3)
    middle.plot(data.place, data.trained, MARKERS[0], color=COLOURS[0], ms=3)
    middle.set(xscale="log", xlabel="ridge", ylabel="total variation of the slope")
    middle.legend()
    right.plot(data.body, data.progression, ".", color="0.7", ms=2.5, label="data")
    for i, strength in enumerate(data.strength.values):
        right.plot(data.grid, data.patients[i], color=COLOURS[i], label=f"ridge {strength:g}")
    right.set(xlabel="body mass index", ylabel="progression", ylim=(-2, 4))
    right.legend(loc="upper left")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the measured agreement."""
    loss = float(np.max(distance(data.trained_loss.values, data.loss.values)))
    return (
        f"(a) {POINTS} points, the linear spline at ridge {SHOWN} with its {data.attrs['knots']} knots, and the best "
        "of "
        f"{data.attrs['count']} ReLU networks of width {WIDTH} with a free linear term, trained with weight decay. "
        "(b) Total variation "
        f"of the slope, half the squared weights; objectives agree to {scientific(loss)} of themselves. Thresholds "
        "are moved "
        "to the nearest inputs "
        "before the last training; descent alone stops 10⁻⁶ short. (c) Progression of diabetes against body mass "
        "index, both in standard "
        f"deviations, means of equal indices: {data.attrs['real_knots'][0]} and {data.attrs['real_knots'][1]} knots, "
        "dual gap below "
        f"{scientific(max(data.attrs['gap'], 1e-16))}; no network is trained here."
    )
