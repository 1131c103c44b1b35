"""Weight decay on a scale-invariant model: norms relax to the predicted equilibrium, whatever the start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.sgd_stability.experiments.chains import scale_invariant_run
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, MARKERS, letter_panels
from solvable.solvers import weight_decay_equilibrium

if TYPE_CHECKING:
    import xarray as xr

DECAYS = (0.02, 0.05, 0.2)
LENGTHS = (1, 3, 10, 20, 40, 80, 160, 320, 640, 1280)


def compute(quick: bool = False) -> xr.Dataset:
    """Norm against time for three decays, and the effective step size against step_size * weight_decay."""
    import xarray as xr

    rng = np.random.default_rng(0)
    lengths = LENGTHS[:-1] if quick else LENGTHS
    norms = [[scale_invariant_run(rng, "norm", 0.1, decay, 2.0, steps) for steps in lengths] for decay in DECAYS]
    product = np.geomspace(1e-3, 0.5, 7)
    effective = [scale_invariant_run(rng, "effective_step_size", 0.1, p / 0.1, 2.0, int(40 / p)) for p in product]
    fine = np.geomspace(5e-4, 0.9, 100)
    return xr.Dataset(
        {
            "norm": (("decay", "steps"), norms),
            "predicted": ("decay", weight_decay_equilibrium(0.1, list(DECAYS), 2.0).norm),
            "effective": ("product", effective),
            "line": ("fine", weight_decay_equilibrium(0.1, fine / 0.1, 2.0).effective_step_size),
        },
        {"decay": list(DECAYS), "steps": np.array(lengths, dtype=float), "product": product, "fine": fine},
    )


@figure(
    "weight-decay-equilibrium",
    title="Weight decay sets the effective step size of a scale-invariant model",
    source="vanlaarhoven2017regularization",
    claims=["sgd-stability/weight-decay-equilibrium", "sgd-stability/effective-step-size"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: norms against steps with predicted equilibria; right: effective step size with its square-root law."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.5))
    left, right = canvas.subplots(1, 2)
    letter_panels((left, right))
    for i, decay in enumerate(data.decay.values):
        left.plot(data.steps, data.norm[i], marker=MARKERS[i], color=COLOURS[i], label=f"{decay:g}", lw=0.8)
        left.axhline(float(data.predicted[i]), color=COLOURS[i], ls=DASHED, lw=1.0)
    left.set(xscale="log", xlabel="steps", ylabel=r"norm $\|w\|$")
    left.legend(title=r"weight decay $\lambda$; dashed: equilibrium", title_fontsize=7, ncols=3, loc="lower right")
    right.plot(data.fine, data.line, color="black")
    right.plot(data["product"], data.effective, "o", color=COLOURS[0])
    right.set(xscale="log", yscale="log", xlabel=r"step size × weight decay, $\eta\lambda$")
    right.set_ylabel(r"effective step size $\eta/\|w\|^2$")
    right.set_yticks([0.03, 0.1, 0.3], ["0.03", "0.1", "0.3"])
    right.yaxis.set_minor_formatter("")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the distance from the predictions."""
    norm = np.max(np.abs(data.norm.values[1:, -1] / data.predicted.values[1:] - 1))
    step = np.max(np.abs(data.effective.values / np.interp(data["product"], data.fine, data.line) - 1))
    return (
        "Gradient descent on a scale-invariant loss with gradient norm 2 at unit weights, step size 0.1, fresh start "
        f"for every dot. (a) Final norms of the two larger decays are within a relative {scientific(norm)} of the "
        f"prediction, (b) effective step sizes within {scientific(step)} (interpolating the line)."
    )
