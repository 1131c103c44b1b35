"""Exact mean-square threshold against batch size for three samplings, with simulated chains either side of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, MARKERS, SINGLE
from solvable.solvers import stability_conditions, stability_threshold

if TYPE_CHECKING:
    import xarray as xr

SAMPLINGS = ("without-replacement", "with-replacement", "bernoulli")
LABELS = ("without replacement", "with replacement", "Bernoulli")


def compute(quick: bool = False) -> xr.Dataset:
    """Thresholds of n = 100 Gaussian gradients in d = 20 (40 in full)."""
    import xarray as xr

    n, d = 100, 20 if quick else 40
    gradients = np.random.default_rng(0).standard_normal((n, d))
    batch = np.unique(np.round(np.geomspace(1, n, 25)).astype(int))
    thresholds = [stability_threshold(gradients, batch, sampling).value for sampling in SAMPLINGS]
    conditions = stability_conditions(gradients, batch)
    return xr.Dataset(
        {"threshold": (("sampling", "batch"), thresholds), "necessary": ("batch", conditions.necessary)},
        {"batch": batch.astype(float)},
        {
            "full": conditions.top_eigenvalue,
            "trace": conditions.trace,
            "sufficient": conditions.sufficient,
            "n": n,
            "d": d,
        },
    )


@figure(
    "threshold-against-batch",
    title="The largest stable step size against batch size",
    source="mulayoff2024exact",
    claims=[
        "sgd-stability/exact-threshold",
        "sgd-stability/threshold-grows-with-batch",
        "sgd-stability/rayleigh-bound",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Exact lines by sampling; closed-form bounds thin and grey."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(SINGLE, 2.6))
    axes = canvas.add_subplot()
    for i in range(len(SAMPLINGS)):
        axes.plot(data.batch, data.threshold[i], color=COLOURS[i], marker=MARKERS[i], ms=2.6, label=LABELS[i])
    axes.plot(data.batch, data.necessary, color="0.4", lw=0.9, ls=DASHED, label="Rayleigh bound")
    axes.axhline(data.attrs["full"], color="0.6", lw=0.8, ls=":")
    axes.text(1, data.attrs["full"], r"$2/\lambda_{\max}$", va="bottom", fontsize=7)
    axes.axhline(data.attrs["trace"], color="0.6", lw=0.8, ls=":")
    axes.text(100, data.attrs["trace"], r"$2/\mathrm{tr}\,H$", va="top", ha="right", fontsize=7)
    axes.set(xscale="log", yscale="log", xlabel="batch size $B$", ylabel=r"threshold step size $\eta^*$")
    axes.set_ylim(top=1.6 * data.attrs["full"])
    axes.set_xticks([1, 10, 100], ["1", "10", "100"])
    axes.legend(loc="lower right", bbox_to_anchor=(1, 0.12))
    return canvas


def caption(data: xr.Dataset) -> str:
    """Say how tight the bound is and how far the samplings part."""
    first = data.threshold.values[0]
    tight = np.max(data.necessary.values / first)
    apart = data.threshold.values[0, -1] / data.threshold.values[1, -1]
    return (
        f"n = {data.attrs['n']} Gaussian gradients in d = {data.attrs['d']}. The Rayleigh bound (traces and norms "
        f"only) is at most {tight:.2f} times the exact threshold without replacement; at B = n sampling with "
        f"replacement allows {apart:.2f} times less."
    )
