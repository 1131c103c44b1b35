"""Gradient regularisation: how much each estimate shrinks the effective scale, and when that helps recovery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.diagonal_networks.experiments.flows import regularised_flow
from solvable.analysis.diagonal_networks.experiments.networks import finite_run
from solvable.analysis.diagonal_networks.settings import sparse_regression
from solvable.figures.dots import two_errors
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, letter_panels

if TYPE_CHECKING:
    import xarray as xr

ESTIMATES = (
    ("backward, 0.05", -0.05),
    ("double backpropagation", 0.0),
    ("forward, 0.05", 0.05),
    ("forward, 0.25", 0.25),
)
PENALTIES = (0.02, 0.05, 0.1, 0.2)
BATCHES = (30, 5, 1)
STRENGTHS = (0.005, 0.01, 0.02, 0.03)


def compute(quick: bool = False) -> xr.Dataset:
    """Left: fall of the scale, flow against descent. Right: error with the penalty over that without."""
    import xarray as xr
    from scipy.interpolate import CubicSpline

    small, seeds = (1, 3) if quick else (6, 12)
    nodes, fine = np.linspace(0.0, 0.2, 7), np.linspace(0.0, 0.2, 61)  # a smooth curve from 0: a spline through flows
    theory = np.empty((len(ESTIMATES), fine.size, small))
    found = np.empty((len(ESTIMATES), len(PENALTIES), small))
    for s in range(small):
        X, y, _ = sparse_regression(np.random.default_rng((3, s)), 10, 20, 2)
        for i, (_, ascent) in enumerate(ESTIMATES):
            falls = [4 * rho * regularised_flow(X, y, 0.3, rho, ascent)[2].mean() for rho in nodes[1:].tolist()]
            theory[i, :, s] = CubicSpline(nodes, [0.0, *falls])(fine)
            for j, penalty in enumerate(PENALTIES):
                run = finite_run(np.random.default_rng(0), (X, y), step_size=0.004, initial_scale=0.3,
                                 gradient_penalty=penalty, ascent=ascent)  # fmt: skip
                found[i, j, s] = -np.log(np.abs(run.plus[0, -1] * run.minus[0, -1]) / 0.09).mean() / 2
    change = np.empty((len(BATCHES), len(STRENGTHS), seeds))
    for s in range(seeds):
        X, y, target = sparse_regression(np.random.default_rng((4, s)), 30, 60, 3)
        for i, batch in enumerate(BATCHES):
            errors = []
            for strength in (0.0, *STRENGTHS):
                run = finite_run(np.random.default_rng((5, s)), (X, y), step_size=0.01 if batch < 30 else 0.05,
                                 initial_scale=0.1, batch_size=batch, gradient_penalty=strength,
                                 ascent=0.02)  # fmt: skip
                errors.append(float(np.sum((run.beta[0, -1] - target) ** 2)))
            change[i, :, s] = np.array(errors[1:]) / errors[0]
    return xr.Dataset(
        {
            "theory": (("estimate", "fine"), theory.mean(axis=2)),
            "found": (("estimate", "penalty"), found.mean(axis=2)),
            "change": (("batch", "strength"), change.mean(axis=2)),
            "spread": (("batch", "strength"), two_errors(change, axis=2)),
        },
        {"fine": fine, "penalty": list(PENALTIES), "strength": list(STRENGTHS), "batch": list(BATCHES),
         "estimate": [name for name, _ in ESTIMATES]},
        {"small": small, "seeds": seeds},
    )  # fmt: skip


@figure(
    "gradient-regularisation",
    title="Gradient regularisation shrinks the effective scale; whether that helps depends on the batch",
    source="karakida2023understanding",
    claims=[
        "diagonal-networks/penalised-flow-scale",
        "diagonal-networks/forward-shrinks-most",
        "diagonal-networks/full-batch-penalty-hurts",
        "diagonal-networks/single-sample-penalty-helps",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Left: mean log fall of the scale by estimate; right: relative error by batch size."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.5))
    left, right = canvas.subplots(1, 2)
    letter_panels((left, right), ("flow and descent, full batch", "recovery of the target"))
    for i, name in enumerate(data.estimate.values):
        left.plot(data.fine, data.theory[i], color=COLOURS[i])
        left.plot(data.penalty, data.found[i], color=COLOURS[i], marker=MARKERS[i], ls="none", label=str(name))
    left.set(xlabel=r"penalty $\rho$", ylabel=r"mean $\ln(\alpha/\alpha_{\rm eff})$", xlim=(0, None), ylim=(0, None))
    left.set_xticks([0, 0.05, 0.1, 0.15, 0.2])
    left.legend(loc="upper left", handlelength=1)
    right.axhline(1, color="0.6", lw=0.8, ls=":")
    for i, batch in enumerate(data.batch.values):
        label = "full batch" if i == 0 else f"batch {batch}"
        right.errorbar(data.strength, data.change[i], data.spread[i], color=COLOURS[i], marker=MARKERS[i], label=label, lw=1, capsize=1.5)  # noqa: E501  # fmt: skip
    right.set(xlabel=r"penalty $\rho$", ylabel="error / error without penalty", xlim=(0, None), ylim=(0, None))
    right.legend(loc="lower left")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the falls at the strongest penalty and the changes of the error."""
    falls = ", ".join(f"{float(v):.3f} ({n})" for v, n in zip(data.found[:, -1], data.estimate.values, strict=True))
    full, five, one = data.change.values[:, -1]
    seeds, strength = data.attrs["seeds"], STRENGTHS[-1]
    return (
        f"(a) n = 10, d = 20, initial scale 0.3, data sets: {data.attrs['small']}; lines: 4ρ∫g·g' along the flow, "
        f"dots: descent at step 0.004 on the same data. At ρ = {PENALTIES[-1]}: {falls}. (b) n = 30, d = 60, initial "
        f"scale 0.1, forward estimate with ascent 0.02, {seeds} data sets, bars: two standard errors; at ρ = "
        f"{strength} the error changes by {100 * (full - 1):+.0f} % with the full batch, {100 * (five - 1):+.0f} % "
        f"with batch 5 and {100 * (one - 1):+.0f} % with single samples; dotted: no change."
    )
