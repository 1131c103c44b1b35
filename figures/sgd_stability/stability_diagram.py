"""Growth of the second moment over step size and coherence at one batch size, with exact and bounding curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.figures.dots import distance
from solvable.figures.registry import figure
from solvable.figures.style import DASHED, SIGNED, SINGLE
from solvable.solvers import group_threshold, growth_rate

if TYPE_CHECKING:
    import xarray as xr

N, BATCH = 60, 6
GROUPS = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)  # sizes sigma that divide n


def compute(quick: bool = False) -> xr.Dataset:
    """log growth rate for sigma equal gradients in n/sigma orthogonal groups, scaled to lambda_max = 1."""
    import xarray as xr

    step = np.linspace(0.02, 3.0, 100 if quick else 200)
    log_growth = np.empty((len(GROUPS), step.size))
    for i, size in enumerate(GROUPS):
        gradients = np.sqrt(N / size) * np.repeat(np.eye(N // size), size, axis=0)
        log_growth[i] = np.log(growth_rate(step, gradients, BATCH, "bernoulli").value)
    sigma = np.array(GROUPS, dtype=float)
    fine = np.geomspace(1, N, 200)
    sufficient = np.minimum(2.0, fine / np.sqrt(N / BATCH - 1))
    return xr.Dataset(
        {
            "log_growth": (("coherence", "step"), log_growth),
            "exact": ("fine", group_threshold(1.0, fine, N, BATCH)),
            "sufficient": ("fine", sufficient),
        },
        {"coherence": sigma, "step": step, "fine": fine},
        {"n": N, "batch_size": BATCH},
    )


@figure(
    "stability-diagram",
    title="When linearised SGD diverges: step size against coherence",
    source="dexter2024precise",
    claims=["sgd-stability/group-threshold", "sgd-stability/coherence-divergence"],
)
def draw(data: xr.Dataset) -> Any:
    """Signed colours, white at neutral growth; exact threshold solid, sufficient condition of divergence dashed."""
    from matplotlib.colors import TwoSlopeNorm
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(SINGLE, 2.7))
    axes = canvas.add_subplot()
    between = data.log_growth.interp(coherence=data.fine.values, method="linear")  # the sizes that divide n are few
    mesh = axes.pcolormesh(data.fine, data.step, np.clip(between.values.T, -0.5, 1.5), shading="nearest", cmap=SIGNED,
                           rasterized=True, norm=TwoSlopeNorm(0.0, -0.5, 1.5))  # fmt: skip
    axes.plot(data.fine, data.exact, color="black")
    axes.text(45, 0.9, "exact threshold", color="white", ha="right", fontsize=7)
    axes.plot(data.fine, data.sufficient, color="black", ls=DASHED)
    axes.text(1.1, 2.1, "sure divergence", color="white", fontsize=7)
    axes.set(xscale="log", ylim=(0, 3), xlim=(1, float(data.fine[-1])), xlabel=r"coherence $\sigma$",
             ylabel=r"step size $\eta\,\lambda_{\max}$")  # fmt: skip
    axes.set_xticks([1, 10, 60], ["1", "10", "60"])
    canvas.colorbar(mesh, ax=axes, label="log growth of the second moment", ticks=[-0.5, 0, 0.5, 1, 1.5], extend="both")
    return canvas


def caption(data: xr.Dataset) -> str:
    """Say where the map changes sign against the curve."""
    exact = np.interp(data.coherence.values, data.fine.values, data.exact.values)
    crossing = [np.interp(0.0, row, data.step.values) for row in data.log_growth.values]
    gap = np.max(distance(np.array(crossing), exact))
    return (
        f"n = {data.attrs['n']} samples, batch {data.attrs['batch_size']}, Bernoulli sampling; groups of equal, "
        "mutually orthogonal gradients. Colour: log of the exact growth rate, clipped to [−0.5, 1.5]. Where it "
        f"changes sign the map and the closed-form threshold differ by at most {100 * gap:.1f} % (grid spacing)."
    )
