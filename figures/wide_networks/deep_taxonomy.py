"""Which classifier a deep network is, against its depth: three activations, three rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.wide_networks.experiments.depth import agreement_shares
from solvable.figures.dots import mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, letter_panels
from solvable.solvers import deep_classifier

if TYPE_CHECKING:
    import xarray as xr

SINGULAR = (0.0, 0.3, 0.5, 0.2)
SQUARES = ((0.0, 0.0, 0.5, 0.5), (0.2, 0.2, 0.3, 0.3), SINGULAR)
DEPTHS = ((1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 4, 8, 12, 16, 20, 25, 30), (1, 3, 10, 30, 60, 100, 200, 400, 800))
RULES = ("nearest neighbour", "majority", "distances to a power")
KINDS = ("nearest-neighbour", "majority", "singular")


def compute(quick: bool = False) -> xr.Dataset:
    """Eight training sets of 60 points (100 in full); 100 test points each."""
    import xarray as xr

    trials = 8 if quick else 100
    shares = np.empty((trials, 3, 3, len(DEPTHS[0])))
    for i, (squares, depths) in enumerate(zip(SQUARES, DEPTHS, strict=True)):
        for t in range(trials):
            shares[t, i] = agreement_shares(np.random.default_rng([i, t]), squares, depths, SINGULAR)
    mean, bar = mean_and_bar(shares)
    named = [KINDS.index(deep_classifier(squares).kind) for squares in SQUARES]
    return xr.Dataset(
        {"measured": (("activation", "rule", "place"), mean), "error": (("activation", "rule", "place"), bar),
         "depth": (("activation", "place"), np.array(DEPTHS, dtype=float)), "named": ("activation", named)},
        {"rule": list(RULES)},
        {"trials": trials},
    )  # fmt: skip


@figure(
    "deep-taxonomy",
    title="An infinitely deep network is a nearest-neighbour rule, a majority vote or a singular kernel",
    source="radhakrishnan2023wide",
    claims=["wide-networks/nearest-neighbour", "wide-networks/majority-vote", "wide-networks/singular-kernel"],
)
def draw(data: xr.Dataset) -> Any:
    """One panel for each activation; the line is the limit of the rule that theory names."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.6))
    panels = canvas.subplots(1, 3, sharey=True)
    letter_panels(panels, ("mean and slope 0", "mean not 0", "mean 0, slope not"))
    for i, axes in enumerate(panels):
        axes.axhline(1, color=COLOURS[int(data.named[i])], lw=1.3, zorder=0)
        for j, label in enumerate(data.rule.values):
            axes.errorbar(data.depth[i], data.measured[i, j], data.error[i, j], fmt=MARKERS[j], color=COLOURS[j], ms=3,
                          elinewidth=0.8, label=str(label))  # fmt: skip
        axes.set(xlabel="hidden layers $L$", ylim=(0, 1.06))
    panels[2].set(xscale="log")
    panels[0].set(ylabel="share of equal decisions")
    canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the share at the largest depth for the rule that theory names, and the largest of the others."""
    last = data.measured.values[:, :, -1]
    named = data.named.values.astype(int)
    own = [last[i, k] for i, k in enumerate(named)]
    first = [data.measured.values[i, k, 0] for i, k in enumerate(named)]
    return (
        "60 training points on the positive orthant of the sphere in five dimensions, 15 % of the labels flipped; "
        f"decisions of the tangent kernel without ridge on 100 test points, {data.attrs['trials']} sets, two standard "
        "errors. Line: the limit, 1, in the colour of the rule that the activation's mean and slope name. It is named "
        f"rightly in all three: from one layer to the largest depth its share grows from {first[0]:.2f} to "
        f"{own[0]:.3f} (a), {first[1]:.2f} to {own[1]:.3f} (b), {first[2]:.2f} to {own[2]:.3f} (c). In (c) the power "
        "is that of the kernel's singularity, up to its log-periodic factor, and corrections fall as 1/L."
    )
