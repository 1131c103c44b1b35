"""Bias of finite steps: recovery of a sparse target and gain per coordinate, gradient descent against SGD."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.diagonal_networks.experiments.networks import finite_run
from solvable.analysis.diagonal_networks.settings import sparse_regression
from solvable.figures.dots import two_errors
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, letter_panels
from solvable.solvers import interpolator

if TYPE_CHECKING:
    import xarray as xr

METHODS = ("gradient descent", "SGD, batch 1")
STEPS = ((0.02, 0.04, 0.07, 0.1, 0.13), (0.003, 0.005, 0.007, 0.01, 0.014))
SUPPORT = 3


def compute(quick: bool = False) -> xr.Dataset:
    """Error of the run and of the interpolator with its gain, relative to gradient flow on the same data."""
    import xarray as xr

    n, d, seeds = 20, 40, 3 if quick else 20
    shape = (len(METHODS), len(STEPS[0]), seeds)
    found, theory, unshifted = np.empty(shape), np.empty(shape), np.empty(shape)
    gains, gap = np.empty((len(METHODS), seeds, d)), 0.0
    for s in range(seeds):
        X, y, target = sparse_regression(np.random.default_rng((1, s)), n, d, SUPPORT)
        flow = np.linalg.norm(interpolator(X, y, 0.07).value - target)
        for i, batch in enumerate((n, 1)):
            for j, step in enumerate(STEPS[i]):
                run = finite_run(np.random.default_rng((2, s, i, j)), (X, y), step_size=step, initial_scale=0.07,
                                 batch_size=batch, loss=1e-15, accumulate=True)  # fmt: skip
                beta = interpolator(X, y, run.effective_scale[0], offset=run.offset[0]).value
                plain = interpolator(X, y, run.effective_scale[0]).value
                found[i, j, s] = np.linalg.norm(run.beta[0, -1] - target) / flow
                theory[i, j, s] = np.linalg.norm(beta - target) / flow
                unshifted[i, j, s] = np.linalg.norm(plain - target) / flow
                gap = max(gap, float(np.abs(beta - run.beta[0, -1]).max()))
            gains[i, s] = run.gains[0].mean(axis=0)
    return xr.Dataset(
        {
            "error": (("method", "step"), found.mean(axis=2)),
            "spread": (("method", "step"), two_errors(found, axis=2)),
            "theory": (("method", "step"), theory.mean(axis=2)),
            "without_offset": (("method", "step"), unshifted.mean(axis=2)),
            "step_size": (("method", "step"), list(STEPS)),
            "gain": (("method", "coordinate"), gains.mean(axis=1)),
            "gain_spread": (("method", "coordinate"), two_errors(gains, axis=1)),
        },
        attrs={"n": n, "d": d, "seeds": seeds, "gap": gap},
    )


@figure(
    "finite-step-bias",
    title="Finite steps: gradient descent and SGD change the implicit bias differently",
    source="even2023sgd",
    claims=[
        "diagonal-networks/finite-step-bias",
        "diagonal-networks/gain-concentrates-under-full-batch",
        "diagonal-networks/large-full-batch-steps-hurt",
        "diagonal-networks/large-stochastic-steps-help",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Left: recovery error against the step; right: gain per coordinate, the support first."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.5))
    left, right = canvas.subplots(1, 2, width_ratios=(1, 1.2))
    letter_panels((left, right))
    left.axhline(1, color="0.6", lw=0.8, ls=":")
    left.text(0.003, 1.003, "gradient flow", fontsize=7, color="0.3", va="bottom")
    for i, name in enumerate(METHODS):
        left.plot(data.step_size[i], data.theory[i], color=COLOURS[i])
        left.errorbar(data.step_size[i], data.error[i], data.spread[i], color=COLOURS[i], marker=MARKERS[i], ls="none", label=name, capsize=1.5, lw=0.8)  # noqa: E501  # fmt: skip
        right.errorbar(data.coordinate + 1, data.gain[i], data.gain_spread[i], color=COLOURS[i], marker=MARKERS[i], ls="none", ms=2.6, lw=0.6)  # noqa: E501  # fmt: skip
    left.set(xscale="log", xlabel=r"step size $\eta$", ylabel="error / error of gradient flow")
    left.set_xticks([0.003, 0.01, 0.03, 0.1], ["0.003", "0.01", "0.03", "0.1"])
    left.minorticks_off()
    left.legend(loc="upper left", handlelength=1)
    right.axvspan(0.4, SUPPORT + 0.5, color="0.92", lw=0)
    right.text(SUPPORT + 0.9, data.gain.values.max(), "support of the target", fontsize=7, va="center", color="0.3")
    right.set(xlabel="coordinate", ylabel="gain $-\\ln(|w_+w_-|/\\alpha^2)$", xlim=(0.4, data.coordinate.size + 0.6))
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the changes at the largest steps and the shape of the gains."""
    error, spread, gain = data.error.values[:, -1], data.spread.values[:, -1], data.gain.values
    ratio = gain[:, :SUPPORT].mean(axis=1) / gain[:, SUPPORT:].mean(axis=1)
    return (
        f"n = {data.attrs['n']}, d = {data.attrs['d']}, three ones, initial scale 0.07; {data.attrs['seeds']} data "
        "sets; bars: two standard errors; lines: interpolator with gain and offset of each run (largest deviation of "
        f"a coefficient {scientific(data.attrs['gap'])}). (a) At its largest step gradient descent is "
        f"{100 * (error[0] - 1):+.1f} ± {100 * spread[0]:.1f} % from gradient flow, SGD {100 * (error[1] - 1):+.1f} ± "
        f"{100 * spread[1]:.1f} %. (b) At the largest "
        f"steps the gain on the support over that off it is {ratio[0]:.1f} for gradient descent, {ratio[1]:.1f} for "
        "SGD."
    )
