"""Where SGD and gradient descent settle: trace and top eigenvalue of the Hessian against the step size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.sgd_stability.experiments.chains import settled_sharpness
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, letter_panels

if TYPE_CHECKING:
    import xarray as xr

STEPS = (0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1)
QUANTITIES = ("trace", "frobenius", "top")
LABELS = (r"$\mathrm{tr}\,H$", r"$\|H\|_F$", r"$\lambda_{\max}(H)$")
CASES = (("SGD, batch 1", 1, 0.3), ("SGD, batch 3", 3, 0.3), ("gradient descent", 10, 0.6))


def compute(quick: bool = False) -> xr.Dataset:
    """Diagonal networks (n = 10, d = 30) trained to interpolation, several seeds."""
    import xarray as xr

    seeds = 6 if quick else 30
    values = np.empty((len(CASES), len(QUANTITIES), len(STEPS), seeds))
    for i, (_, batch, scale) in enumerate(CASES):
        for q, quantity in enumerate(QUANTITIES):
            for j, step in enumerate(STEPS):
                for s in range(seeds):
                    rng = np.random.default_rng((0, i, j, s))
                    values[i, q, j, s] = settled_sharpness(
                        rng, "diagonal", quantity, step, batch, scale, 20000 // batch
                    )
    return xr.Dataset(
        {"value": (("case", "quantity", "step", "seed"), values)}, {"step": list(STEPS)}, {"seeds": seeds}
    )


@figure(
    "sharpness-at-convergence",
    title="Where SGD and gradient descent settle: sharpness against step size",
    source="wu2023implicit",
    claims=[
        "sgd-stability/sgd-settles-below-the-trace-bound",
        "sgd-stability/gradient-descent-ignores-the-trace",
        "sgd-stability/gradient-descent-settles-below-the-top-eigenvalue",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Dots are runs; the line is 2/step size, which trace (SGD) and top eigenvalue (both) may not exceed."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.6))
    fine = np.geomspace(0.018, 0.11, 50)
    panels = canvas.subplots(1, len(CASES), sharey=True)
    letter_panels(panels, [name for name, *_ in CASES])
    for i, axes in enumerate(panels):
        axes.plot(fine, 2 / fine, color="black", label=r"$2/\eta$")
        for q, name in enumerate(LABELS):
            runs = data.value[i, q]
            axes.plot(data.step, runs.median("seed"), color=COLOURS[q], marker=MARKERS[q], ls="-", label=name)
            axes.fill_between(data.step, runs.min("seed"), runs.max("seed"), color=COLOURS[q], alpha=0.2, lw=0)
        axes.set(xscale="log", yscale="log", xlabel=r"step size $\eta$")
        axes.set_xticks([0.02, 0.05, 0.1], ["0.02", "0.05", "0.1"])
        axes.minorticks_off()
    panels[0].set_ylabel("sharpness where training settled")
    panels[-1].legend(loc="lower left", ncols=2, columnspacing=1.0)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the largest ratios to 2/step size."""
    ratio = data.value.values * data.step.values[:, None] / 2
    return (
        f"Diagonal linear networks, n = 10, d = 30, {data.attrs['seeds']} runs for each step size. Line: median, band: "
        f"all runs (those that stayed finite). In units of 2/η, tr H is at most {ratio[0, 0].max():.2f} for SGD with "
        f"batch 1 (a), {ratio[1, 0].max():.2f} with batch 3 (b) and {ratio[-1, 0].max():.1f} for gradient descent (c), "
        f"whose λ_{{max}} stays below 2/η: at most {ratio[-1, 2].max():.2f}."
    )
