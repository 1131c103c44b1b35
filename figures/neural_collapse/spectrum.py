"""Singular values of the first-order response of collapsed features to a change: a staircase of five steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.neural_collapse.experiments.perturbation import block_singular_values
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import response_spectrum

if TYPE_CHECKING:
    import xarray as xr

CLASSES, SAMPLES, WIDTH, ATTACHMENT, HEAD_DECAY = 4, 8, 9, 100.0, 1.2
FEATURE_DECAYS = (0.1, 0.2, 0.6)


def compute(quick: bool = False) -> xr.Dataset:
    """Predicted levels of a diagonal block, and singular values of the Hessian's block by finite differences."""
    import xarray as xr

    found = response_spectrum(CLASSES, SAMPLES, WIDTH, HEAD_DECAY, FEATURE_DECAYS)
    size = SAMPLES * WIDTH
    levels = np.array([np.repeat(rates, found.block_multiplicities) for rates in found.block_rates])
    theory = np.sort(1 - levels / ATTACHMENT, axis=1)[:, ::-1]
    measured = np.array([
        block_singular_values(np.random.default_rng(0), CLASSES, SAMPLES, WIDTH, HEAD_DECAY, decay, ATTACHMENT)
        for decay in FEATURE_DECAYS
    ])  # fmt: skip
    beta = np.geomspace(0.01, 100, 60)
    gains = np.array([response_spectrum(CLASSES, SAMPLES, WIDTH, HEAD_DECAY, decay).gains(beta)
                      for decay in FEATURE_DECAYS])  # fmt: skip
    first = 1 - found.rates[:, None, :] / beta[:, None]
    return xr.Dataset(
        {
            "theory": (("decay", "index"), theory),
            "measured": (("decay", "index"), measured),
            "gain": (("decay", "attachment", "kind"), gains),
            "first_order": (("decay", "attachment", "kind"), first),
        },
        {"decay": list(FEATURE_DECAYS), "index": np.arange(1, size + 1).astype(float), "attachment": beta},
    )


@figure(
    "perturbation-spectrum",
    title="How collapsed features answer to a change of what they are attached to",
    source="tirer2023perturbation",
    claims=["neural-collapse/block-staircase", "neural-collapse/exact-gains", "neural-collapse/response-spectrum"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: the staircase of one class's block; right: exact gains for every attachment and their first order."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.6))
    left, right = canvas.subplots(1, 2)
    letter_panels((left, right), (rf"$\beta={ATTACHMENT:g}$", rf"$\lambda_H={FEATURE_DECAYS[2]:g}$"))
    for i, decay in enumerate(data.decay.values):
        left.step(data.index, data.theory[i], where="mid", color=COLOURS[i])
        entry(left, i, rf"$\lambda_H={decay:g}$", ms=2.5)
        left.plot(data.index[::3], data.measured[i][::3], color=COLOURS[i], marker=MARKERS[i], ms=2.5, ls="none")
    left.set(xlabel="index", ylabel=r"singular value of $F_{kk}$")
    left.legend(loc="upper right")
    for j, (kind, name) in enumerate(((1, "within, out of span"), (2, "within, in the span"), (3, "symmetric means"))):
        right.plot(data.attachment, data.gain[2, :, kind], color=COLOURS[4 + j], label=name)
        kept = data.first_order[2, :, kind] > 0
        right.plot(data.attachment[kept], data.first_order[2, :, kind][kept], color=COLOURS[4 + j],
                   ls=(0, (3, 1.5)), lw=0.9)  # fmt: skip
    right.set(xscale="log", xlabel=r"attachment $\beta$", ylabel="part of the change that stays", ylim=(0, 1.03))
    right.legend(loc="lower right")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the levels and the largest difference."""
    off = float(np.abs(data.measured - data.theory).max())
    lowest = ", ".join(f"{v:.5f}" for v in data.theory.values[:, -1])
    return (
        f"K = {CLASSES}, n = {SAMPLES}, d = {WIDTH}, head decay {HEAD_DECAY:g} (per-class normalisation). (a) "
        f"Attachment β = {ATTACHMENT:g}: lines are the five predicted levels with multiplicities, dots (every third) "
        "singular values of the block of the numerical Hessian at trained features; they differ by at most "
        f"{scientific(off)}. Smallest values: {lowest}, lower for stronger decay. (b) Feature decay "
        f"{FEATURE_DECAYS[2]:g}: exact gains, and dashed their first order in 1/β."
    )
