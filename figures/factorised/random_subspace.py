"""What training in a random subspace leaves of the loss, for the toy problem and for digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.factorised.closed_forms import share_left
from solvable.analysis.factorised.experiments.subspaces import digit_losses, left
from solvable.analysis.separable.experiments.digits import all_digits
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, MARKERS, letter_panels
from solvable.solvers import intrinsic_dimension, subspace_loss

if TYPE_CHECKING:
    import xarray as xr

ROWS, PLACES = 600, (5, 10, 20, 40, 80, 160, 320, 480)


def _digits() -> tuple[Any, Any]:
    """Centred pixels with a constant, centred indicators of the ten digits."""
    pixels, digits = all_digits()
    X = pixels[:ROWS] - pixels[:ROWS].mean(axis=0)
    Y = np.eye(10)[digits[:ROWS]]
    return np.column_stack([X, np.ones(ROWS)]), Y - Y.mean(axis=0)


def compute(quick: bool = False) -> xr.Dataset:
    """Toy: 200 subspaces a dimension (1,000 in full). Digits: 650 weights, 4 draws (16 in full)."""
    import xarray as xr

    rng, trials, draws = np.random.default_rng(0), 4 if quick else 16, 200 if quick else 1000
    d = np.arange(1, 13)
    law = subspace_loss(10, 100, d)
    toy, bar = mean_and_bar(np.array([left(rng, 10, 100, int(k), draws) for k in d]).T / law.start)
    X, Y = _digits()
    grid = np.unique(np.geomspace(3, 600, 90).round())
    theory, rest = share_left(X, Y, grid)
    predicted, _ = share_left(X, Y, np.array(PLACES, dtype=float))
    found, spread = mean_and_bar([digit_losses(rng, X, Y, PLACES) for _ in range(trials)])
    gained = 1 - theory
    return xr.Dataset(
        {
            "law": ("d", law.mean / law.start),
            "toy": ("d", toy),
            "toy_bar": ("d", bar),
            "theory": ("grid", theory),
            "predicted": ("place", predicted),
            "measured": ("place", found),
            "bar": ("place", spread),
        },
        {"d": d, "grid": grid, "place": list(PLACES)},
        {"rest": rest, "ninety": intrinsic_dimension(grid, gained, 1 - rest), "trials": trials, "draws": draws},
    )


@figure(
    "random-subspace",
    title="Training in a random subspace",
    source="li2018measuring",
    claims=["factorised/subspace-loss", "factorised/threshold-at-ten", "factorised/subspace-of-a-slope"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: ten conditions on 1,000 parameters. Right: digits."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.8))
    left_panel, right = canvas.subplots(1, 2)
    letter_panels((left_panel, right), ("ten conditions, 1,000 parameters", "digits, 650 parameters"))
    left_panel.plot(data.d, data.law, color=COLOURS[0], label="predicted")
    left_panel.errorbar(data.d, data.toy, data.toy_bar, color=COLOURS[1], fmt=MARKERS[1], ms=3, elinewidth=0.8,
                        label="trained")  # fmt: skip
    left_panel.set(xlabel="dimension $d$ of the subspace", ylabel="share of the loss that is left", ylim=(-0.03, 1.03))
    right.plot(data.grid, data.theory, color=COLOURS[0])
    flat = data.attrs["rest"] + (1 - data.attrs["rest"]) * (1 - data.grid.values / 650)
    right.plot(data.grid, flat, color="0.4", ls=DASHED, lw=0.9, label="equal curvatures")
    right.errorbar(data.place, data.measured, data.bar, color=COLOURS[1], fmt=MARKERS[1], ms=3, elinewidth=0.8)
    right.axhline(data.attrs["rest"], color=COLOURS[2], ls=":", lw=1, label="all parameters")
    right.set(xscale="log", xlabel="dimension $d$ of the subspace", ylabel="share that is left", ylim=(0.25, 1.03))
    handles = [axes.get_legend_handles_labels() for axes in (left_panel, right)]
    entries = ([*a, *b] for a, b in zip(*handles, strict=True))
    canvas.legend(*entries, loc="outside lower center", ncols=4)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the threshold, the agreement on digits and the gap to the flat law."""
    gap = distance(data.measured.values, data.predicted.values)
    return (
        f"Least loss over a random subspace, as a share of that at the start, two standard errors. (a) Means over "
        f"{data.attrs['draws']} subspaces; from 10 dimensions on nothing is left, at 9 {data.toy.values[8]:.3f} "
        "(predicted "
        f"0.1). (b) Squared loss of a linear classifier on {ROWS} digits of scikit-learn, {data.attrs['trials']} "
        "draws. The "
        "line takes only the curvatures and the labels' share of each mode from the data; dots miss it by at most "
        f"{100 * gap.max():.1f} %. What all 650 parameters leave is {data.attrs['rest']:.2f}. There is no "
        "threshold here: "
        "curvatures are unequal, and equal ones (dashed) would be far off; nine tenths of the fall are reached at "
        f"d = {data.attrs['ninety']:.0f}."
    )
