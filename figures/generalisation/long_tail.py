"""Frequencies of what was seen so often under long tails, and what leaving it unfitted costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.generalisation.experiments.populations import drawn_populations, excess_of_a_share
from solvable.analysis.generalisation.settings import power_law
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import excess_from_unfitted, tail_mass

if TYPE_CHECKING:
    import xarray as xr

POWERS, TOTAL, SEEN, MOST = (1.0, 0.8, 0.5), 500, 500, 60
ORDERS, SHARES = (1, 2, 4, 8, 16), (0.1, 0.4, 0.7, 1.0)


def _by_order(rng: np.random.Generator, power: float) -> Any:
    """Mean frequency of examples seen so often, over 20 populations."""
    shares, seen = drawn_populations(rng, power, TOTAL, SEEN, 20)
    return [shares[seen == order].mean() if np.any(seen == order) else np.nan for order in ORDERS]


def _counted(rng: np.random.Generator, power: float, populations: int) -> Any:
    """Examples that were seen 1 to 20 times, a population."""
    _, seen = drawn_populations(rng, power, TOTAL, SEEN, populations)
    return np.bincount(seen[seen <= 20], minlength=21)[1:] / populations


def compute(quick: bool = False) -> xr.Dataset:
    """Dots over 15 runs of 20 populations (100 in full)."""
    import xarray as xr

    rng, trials = np.random.default_rng(0), 15 if quick else 100
    orders = np.arange(1, MOST + 1)
    mass = np.array([tail_mass(power_law(power, TOTAL), SEEN, TOTAL, orders) for power in POWERS])
    mean, bar = mean_and_bar([[_by_order(rng, power) for power in POWERS] for _ in range(trials)])
    per_share = [
        excess_from_unfitted(_counted(rng, power, 20 * trials), row[:20])
        for power, row in zip(POWERS, mass, strict=True)
    ]
    costs, spread = mean_and_bar(
        [
            [[excess_of_a_share(rng, power, TOTAL, SEEN, s, 20)[0] for s in SHARES] for power in POWERS]
            for _ in range(trials)
        ]
    )
    ends = np.array([0.0, 1.0])
    return xr.Dataset(
        {
            "mass": (("power", "order"), mass),
            "reached": (("power", "place"), mass[:, np.array(ORDERS) - 1]),
            "measured": (("power", "place"), mean),
            "bar": (("power", "place"), bar),
            "cost": (("power", "end"), np.outer(per_share, ends)),
            "cost_at": (("power", "share"), np.outer(per_share, SHARES)),
            "excess": (("power", "share"), costs),
            "spread": (("power", "share"), spread),
        },
        {"power": list(POWERS), "order": orders, "place": list(ORDERS), "end": ends, "share": list(SHARES)},
        {"trials": trials},
    )


@figure(
    "long-tail",
    title="Under a long tail what was seen once is worth fitting",
    source="feldman2020does",
    claims=["generalisation/tail-mass", "generalisation/unfitted-mass", "generalisation/not-fitting-costs"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: frequency against how often an example was seen. Right: cost against the unfitted share."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.5))
    left, right = canvas.subplots(1, 2)
    letter_panels((left, right), ("frequency of an example", "cost of not fitting"))
    for i, power in enumerate(data.power.values):
        look = {"color": COLOURS[i], "fmt": MARKERS[i], "ms": 3, "elinewidth": 0.8}
        left.plot(data.order, data["mass"][i], color=COLOURS[i])
        seen = np.isfinite(data.measured.values[i])
        left.errorbar(data.place[seen], data.measured[i, seen], data.bar[i, seen], **look)
        right.plot(data.end, data.cost[i], color=COLOURS[i])
        right.errorbar(
            data.share, data.excess[i], data.spread[i], color=COLOURS[i], fmt=MARKERS[i], ms=3, elinewidth=0.8
        )
        for axes in (left, right):
            entry(axes, i, rf"$i^{{-{power:g}}}$", ms=3)
    left.set(yscale="log", xlabel=r"times seen $\ell$", ylabel=r"frequency $\tau_\ell$")
    right.set(xlabel="share left unfitted", ylabel="excess error")
    left.legend()
    right.legend()
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the measured agreement."""
    errors = float(np.nanmax(2 * np.abs(data.measured.values - data.reached.values) / data.bar.values))
    cost = 100 * float(np.max(distance(data.excess.values, data.cost_at.values)))
    return (
        f"Populations of {TOTAL} examples with frequencies drawn from a power law, {SEEN} seen. (a) Expected frequency "
        f"of one that was seen ℓ times; dots: {data.attrs['trials']} runs of 20 populations, two standard errors, "
        f"at most {errors:.1f} standard errors from a line. (b) Excess error of a learner that leaves a share of what "
        "it saw up to 20 times unfitted; lines: the frequencies of (a) times the numbers seen so often, counted in "
        f"other populations; within {cost:.1f} %. The flatter the list, the nearer to 1/N are all frequencies."
    )
