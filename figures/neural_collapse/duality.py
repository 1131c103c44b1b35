"""Duality gap of deep linear networks, the shrinkage behind weight decay, and what closes the gap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.neural_collapse.experiments.linear import trained_minimum_norm, trained_scalar
from solvable.analysis.neural_collapse.settings import target_matrix
from solvable.figures.dots import distance
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHES, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import duality_gap, shrink_singular_values

if TYPE_CHECKING:
    import xarray as xr

DEPTHS = (2, 3, 4, 5, 6)
SHRUNK = (1, 2, 3, 4, 6)
GAPS = (3, 4, 6)
DECAY = 0.37


def compute(quick: bool = False) -> xr.Dataset:
    """Closed forms, and trained penalties for the first depths and scalar networks."""
    import xarray as xr

    values = np.linalg.svd(target_matrix("gaussian"), compute_uv=False)
    found = [duality_gap(values, depth) for depth in DEPTHS]
    trained_depths = DEPTHS[:4] if quick else DEPTHS
    trained = np.full((2, len(DEPTHS)), np.nan)
    for i, depth in enumerate(trained_depths):
        for j, network in enumerate(("standard", "parallel")):
            trained[j, i] = trained_minimum_norm(np.random.default_rng(0), network, "gaussian", depth)
    sigma, places = np.linspace(0, 3, 301), np.linspace(0.15, 2.85, 10)
    shrunk = [shrink_singular_values(sigma, DECAY, depth) for depth in SHRUNK]
    dots = np.full((len(SHRUNK), places.size), np.nan)  # one layer is ridge regression: nothing to train
    for i, depth in enumerate(SHRUNK[1:], start=1):
        dots[i] = [trained_scalar(np.random.default_rng(0), p, depth, DECAY) for p in places]
    condition = np.geomspace(1, 1e4, 100)
    ratio = [duality_gap(np.stack([condition, np.ones(100)], axis=-1), depth) for depth in GAPS]
    return xr.Dataset(
        {
            "value": (("kind", "depth"), [[getattr(f, k) for f in found] for k in ("primal", "dual", "parallel")]),
            "trained": (("network", "depth"), trained),
            "shrunk": (("shrunk_depth", "sigma"), [s.value for s in shrunk]),
            "metastable": (("shrunk_depth", "sigma"), [s.metastable for s in shrunk]),
            "dots": (("shrunk_depth", "place"), dots),
            "ratio": (("gap_depth", "condition"), [r.primal / r.dual for r in ratio]),
        },
        {"depth": list(DEPTHS), "sigma": sigma, "place": places, "condition": condition},
    )


@figure(
    "duality-gap",
    title="Deep linear networks have a duality gap, parallel ones have none",
    source="wang2023parallel",
    claims=[
        "neural-collapse/minimum-norm",
        "neural-collapse/parallel-minimum-norm",
        "neural-collapse/equal-values-leave-a-gap",
        "neural-collapse/shrinkage",
        "neural-collapse/shrinkage-jump",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Values against depth; shrinkage curves with trained dots; primal over dual for two singular values."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.5))
    left, middle, right = canvas.subplots(1, 3)
    letter_panels((left, middle, right))
    for k, name in enumerate(("primal", "dual", "parallel")):
        left.plot(data.depth, data.value[k], color=COLOURS[k], label=name)
    for network, k in ((0, 0), (1, 2)):
        left.plot(data.depth, data.trained[network], color=COLOURS[k], marker=MARKERS[k], ls="none")
    left.set(xlabel="depth", ylabel="least penalty", ylim=(0, None))
    left.set_xticks(list(DEPTHS))
    left.legend()
    for i, depth in enumerate(SHRUNK):
        alive = data.shrunk[i] > 0
        middle.plot(data.sigma[alive], data.shrunk[i][alive], color=COLOURS[i])
        entry(middle, i, f"depth {depth}", ms=2.6)
        dashed = data.metastable[i] > 0
        middle.plot(data.sigma[dashed], data.metastable[i][dashed], color=COLOURS[i], ls=(0, (2, 1)), lw=0.8)
        middle.plot(data.place, data.dots[i], color=COLOURS[i], marker=MARKERS[i], ms=2.6, ls="none")
    middle.set(xlabel=r"singular value $\sigma$", ylabel="value after weight decay")
    middle.legend(loc="upper left")
    for i, depth in enumerate(GAPS):
        right.plot(data.condition, data.ratio[i], color=COLOURS[i], ls=DASHES[i], label=f"depth {depth}")
    right.axhline(1, color="0.6", lw=0.8, ls=":")
    right.set(xscale="log", xlabel=r"singular values $\sigma_1/\sigma_2$", ylabel="primal / dual")
    right.legend()
    return canvas


def caption(data: xr.Dataset) -> str:
    """State trained differences and the gap of equal singular values."""
    off = float(np.nanmax(distance(data.trained, data.value.values[[0, 2]])))
    dots = float(np.abs(data.dots - data.shrunk.interp(sigma=data.place)).median())
    equal = ", ".join(f"{v:.2f} (depth {d})" for v, d in zip(data.ratio.values[:, 0], GAPS, strict=True))
    return (
        "(a) Least penalty of weights that fit a 4 × 3 Gaussian target; dots are trained (standard and parallel) and "
        f"extrapolated to zero decay, within {scientific(off)} of the lines. (b) Singular values after weight decay "
        f"{DECAY:g} on every layer, dashed where zero is better; dots are trained scalar networks, median difference "
        f"{scientific(dots)}. (c) Two singular values; even equal ones leave primal over dual at {equal}; "
        "dotted: no gap."
    )
