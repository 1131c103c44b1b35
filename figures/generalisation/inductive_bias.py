"""Inductive bias of linear hypotheses against resolution and dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.generalisation.experiments.hypotheses import fitting_share, given_points
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import bias_scaling, inductive_bias

if TYPE_CHECKING:
    import xarray as xr

POINTS, TARGET, DIMENSIONS = 8, 2.0, (10, 12, 16)
LEVELS = np.array([0.5, 1.5, 4.0, 10.0])
SPREADS, SIZES, MOST = (2.0, 4.0, 8.0), np.array([9, 12, 15, 18]), 70


def _drawn(rng: np.random.Generator, d: int, level: float, runs: int) -> tuple[float, float]:
    """-ln of the share of hypotheses and two standard errors."""
    shares = [fitting_share(rng, level, **given_points(rng, d, POINTS, TARGET)) for _ in range(runs)]
    share = float(np.mean(shares))
    if share == 0:
        return np.nan, np.nan
    return -np.log(share), 2 * np.sqrt((1 - share) / (share * 4000 * runs))


def compute(quick: bool = False) -> xr.Dataset:
    """Dots over 10 runs (100 in full) of 4,000 hypotheses."""
    import xarray as xr

    rng, runs = np.random.default_rng(0), 10 if quick else 100
    level, size = np.geomspace(0.02, 20, 80), np.arange(POINTS + 1, MOST + 1)
    by_level = np.array([[_drawn(rng, d, e, runs) for e in LEVELS] for d in DIMENSIONS])
    by_size = np.array([[_drawn(rng, int(d), e, runs) for d in SIZES] for e in SPREADS])
    far = np.geomspace(1e-6, 1e-4, 5)
    slopes = [bias_scaling(far, inductive_bias(d, POINTS, TARGET, far)).dimensions for d in DIMENSIONS]
    return xr.Dataset(
        {
            "theory": (("d", "level"), [inductive_bias(d, POINTS, TARGET, level) for d in DIMENSIONS]),
            "reached": (("d", "place"), [inductive_bias(d, POINTS, TARGET, LEVELS) for d in DIMENSIONS]),
            "measured": (("d", "place"), by_level[..., 0]),
            "bar": (("d", "place"), by_level[..., 1]),
            "growth": (("spread", "size"), [inductive_bias(size, POINTS, TARGET, e) for e in SPREADS]),
            "growth_at": (("spread", "dot"), [inductive_bias(SIZES, POINTS, TARGET, e) for e in SPREADS]),
            "counted": (("spread", "dot"), by_size[..., 0]),
            "error": (("spread", "dot"), by_size[..., 1]),
        },
        {"d": list(DIMENSIONS), "level": level, "place": LEVELS, "spread": list(SPREADS), "size": size, "dot": SIZES},
        {"runs": runs, "slopes": slopes},
    )


@figure(
    "inductive-bias",
    title="Inductive bias grows with every direction that the data leave open, and slowly with resolution",
    source="boopathy2023model",
    claims=["generalisation/inductive-bias", "generalisation/bias-grows-with-dimension"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: against the level. Right: against the dimension."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.5))
    left, right = canvas.subplots(1, 2)
    letter_panels((left, right), ("resolution", "dimension"))
    for i, d in enumerate(data.d.values):
        left.plot(data.level, data.theory[i], color=COLOURS[i])
        left.errorbar(data.place, data.measured[i], data.bar[i], color=COLOURS[i], fmt=MARKERS[i], ms=3, elinewidth=0.8)
        entry(left, i, f"$d={d}$", ms=3)
    for i, level in enumerate(data.spread.values):
        right.plot(data["size"], data.growth[i], color=COLOURS[i])
        right.errorbar(data.dot, data.counted[i], data.error[i], color=COLOURS[i], fmt=MARKERS[i], ms=3, elinewidth=0.8)
        entry(right, i, rf"$\varepsilon={level:g}$", ms=3)
    left.set(xscale="log", xlabel=r"level $\varepsilon$", ylabel="inductive bias (nats)")
    right.set(xlabel="dimension $d$", ylabel="inductive bias (nats)")
    left.legend()
    right.legend()
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the measured agreement."""
    errors = [
        2 * np.abs(data.measured.values - data.reached.values) / data.bar.values,
        2 * np.abs(data.counted.values - data.growth_at.values) / data.error.values,
    ]
    worst, seen = max(float(np.nanmax(e)) for e in errors), sum(int(np.sum(np.isfinite(e))) for e in errors)
    slopes = ", ".join(f"{slope:.2f}" for slope in data.attrs["slopes"])
    return (
        f"−ln of the probability that a random linear hypothesis that fits {POINTS} points comes within a squared "
        f"distance ε of the target, whose open part has squared norm {TARGET:g}. Dots: {data.attrs['runs']} runs of "
        "4,000 hypotheses each, two standard errors; the "
        f"{seen} that found any are within {worst:.1f} standard errors. (a) Against ε; at ε from 1e−6 to 1e−4 twice "
        f"the slope is {slopes}, the directions left open. (b) Against d."
    )
