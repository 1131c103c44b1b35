"""Directions a response depends on: distance of the estimated space against the samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.embeddings.experiments.index_models import distance_draw, tanh_moments
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import first_order_variance

if TYPE_CHECKING:
    import xarray as xr

INPUTS = 10
CURVES = (("odd", 1), ("even", 2), ("even", 1))
NAMES = ("odd links, order one", "even links, order two", "even links, order one")


def _constant() -> float:
    """Of one index through tanh, noise 0.3, by quadrature."""
    u, weight = np.polynomial.hermite_e.hermegauss(100)
    weight = weight / weight.sum()
    gradient, power = weight @ (1 - np.tanh(u) ** 2), weight @ np.tanh(u) ** 2 + 0.09
    return first_order_variance([[gradient]], [[power]], INPUTS)


def compute(quick: bool = False) -> xr.Dataset:
    """Twelve draws of each size up to 8,000 samples (60 draws up to 64,000 in full)."""
    import xarray as xr

    draws, rng = 12 if quick else 60, np.random.default_rng(0)
    samples = 250 * 2 ** np.arange(6 if quick else 9)
    line = np.geomspace(samples[0] / 1.5, samples[-1] * 1.5, 61)
    moments = np.array([[np.sqrt(tanh_moments(rng, float(n), INPUTS) / n) for n in samples] for _ in range(draws)])
    found = np.array([[[distance_draw(rng, float(n), INPUTS, order, links) for n in samples] for links, order in CURVES]
                      for _ in range(draws)])  # fmt: skip
    (mean, bar), (spaces, bars) = mean_and_bar(moments), mean_and_bar(found)
    return xr.Dataset(
        {
            "theory": ("line", np.sqrt(_constant() / line)),
            "predicted": ("samples", np.sqrt(_constant() / samples)),
            "measured": ("samples", mean),
            "error": ("samples", bar),
            "space": (("curve", "samples"), spaces),
            "space_error": (("curve", "samples"), bars),
        },
        {"line": line, "samples": samples, "curve": list(NAMES)},
        {"draws": draws},
    )


@figure(
    "index-space",
    title="Moments with the score find the directions that matter",
    source="tian2025nonlinear",
    claims=[
        "embeddings/index-space-variance",
        "embeddings/index-space-rate",
        "embeddings/first-order-misses-even-links",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Left: one direction, theory and draws. Right: two directions, odd and even links."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.7))
    left, right = canvas.subplots(1, 2, sharey=True)
    letter_panels((left, right), ("one direction, tanh", "two directions"))
    left.plot(data.line, data.theory, color=COLOURS[0])
    left.errorbar(data.samples, data.measured, data.error, color=COLOURS[0], fmt=MARKERS[0], ms=3, elinewidth=0.8)
    entry(left, 0, r"$\sqrt{c/n}$ and draws", ms=3)
    for i, name in enumerate(data.curve.values):
        right.errorbar(data.samples, data.space[i], data.space_error[i], color=COLOURS[1 + i], fmt=MARKERS[1 + i], ms=3,
                       elinewidth=0.8)  # fmt: skip
        entry(right, 1 + i, str(name), ms=3, ls="none")
    slope = data.space.values[:2, -1] * np.sqrt(data.samples.values[-1])
    for i in range(2):
        right.plot(data.line, slope[i] / np.sqrt(data.line), color=COLOURS[1 + i], ls=":",
                   label="slope $-1/2$" if i == 0 else None)  # fmt: skip
    for axes in (left, right):
        axes.set(xscale="log", yscale="log", xlabel="samples $n$")
    left.set(ylabel="distance of spaces", ylim=(0.01, 6))
    left.legend(loc="upper right")
    right.legend(loc="upper right", ncols=2)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the agreement, and what first moments find of even links."""
    gap = distance(data.measured.values, data.predicted.values)
    return (
        f"Distance of the estimated from the true space, {INPUTS} standard normal inputs, {data.attrs['draws']} draws, "
        "two standard errors. (a) One index through tanh, first moments: the line is the derived constant, draws are "
        f"within {100 * gap.max():.0f} %. (b) Two indices: odd links by first moments, even ones by second; dotted, "
        f"the "
        f"slope −1/2 through the last dots. First moments of even links stay at {float(data.space.values[2, -1]):.2f}."
    )
