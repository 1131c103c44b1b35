"""Large SGD steps: loss, error, norm and sparsity along training, constant against decayed step sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.diagonal_networks.settings import unit_sparse_regression
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, letter_panels
from solvable.solvers import Status, diagonal_descent

if TYPE_CHECKING:
    import xarray as xr

# name, step size, when it decays (as a part of training), by how much
RUNS = (
    ("constant 0.06", 0.06, 1.0, 1.0),
    ("constant 0.11", 0.11, 1.0, 1.0),
    ("0.125, decayed at 10 %", 0.125, 0.1, 4.0),
    ("0.125, decayed at 30 %", 0.125, 0.3, 4.0),
    ("0.125, decayed at 50 %", 0.125, 0.5, 4.0),
)
PANELS = ("train", "test", "norm", "nonzeros")


def compute(quick: bool = False) -> xr.Dataset:
    """Medians and quartiles over seeds of the sampling, one data set; runs that diverge are left out and counted."""
    import xarray as xr

    X, y, target = unit_sparse_regression()
    steps, seeds = 100_000, 12 if quick else 48
    recorded = np.arange(0, steps + 1, steps // 100)
    quartiles = np.empty((len(PANELS), len(RUNS), 3, recorded.size))
    diverged = []
    for i, (_, step, when, factor) in enumerate(RUNS):
        schedule = np.full(steps, step)
        schedule[int(when * steps) :] /= factor
        run = diagonal_descent(X, y, schedule, steps, 0.05, 1, seeds=seeds, checkpoints=recorded, rng=i)
        good = run.status != Status.DIVERGES
        diverged.append(int(np.sum(~good)))
        beta, weights = run.beta[good], np.stack([run.plus[good], run.minus[good]])
        curves = (
            run.train_loss[good],
            np.sum((beta - target) ** 2, axis=2) / 2,
            np.sqrt(np.sum(weights**2, axis=(0, 3))),
            np.sum(np.abs(beta) > 1e-3, axis=2),
        )
        for k, curve in enumerate(curves):
            quartiles[k, i] = np.quantile(curve, (0.25, 0.5, 0.75), axis=0)
    return xr.Dataset(
        {"value": (("panel", "run", "quartile", "step"), quartiles), "diverged": ("run", np.array(diverged, np.int32))},
        {"step": recorded.astype(float), "panel": list(PANELS), "run": [name for name, *_ in RUNS]},
        {"seeds": seeds, "n": len(X), "d": X.shape[1], "sparsity": int(np.count_nonzero(target))},
    )


@figure(
    "sgd-sparse-features",
    title="SGD with large steps learns sparse features",
    source="andriushchenko2023sgd",
    claims=[
        "diagonal-networks/large-steps-raise-the-plateau",
        "diagonal-networks/large-steps-lower-the-error",
        "diagonal-networks/label-noise-shrinks-the-scale",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Four panels against the step; lines medians, bands quartiles."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.5))
    panels = canvas.subplots(1, 4)
    letter_panels(panels)
    labels = (
        "training loss",
        r"test loss $\|\beta-\beta^*\|^2/2$",
        r"norm of weights $\|(w_+,w_-)\|$",
        r"coefficients above $10^{-3}$",
    )
    for k, axes in enumerate(panels):
        for i, name in enumerate(data.run.values):
            low, middle, high = data.value.values[k, i]
            axes.plot(data.step / 1000, middle, color=COLOURS[i], marker=MARKERS[i], markevery=(4 * i, 25), ms=3,
                      lw=1.0, label=str(name))  # fmt: skip
            axes.fill_between(data.step / 1000, low, high, color=COLOURS[i], alpha=0.2, lw=0)
        axes.set(xlabel="steps / 1000", ylabel=labels[k], xlim=(0, data.step.values[-1] / 1000))
    panels[0].set(yscale="log", ylim=(1e-13, 1))
    panels[1].set(yscale="log")
    handles, names = panels[0].get_legend_handles_labels()
    canvas.legend(handles, names, loc="outside lower center", ncols=5)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the final medians and how many runs diverged."""
    test, count = (data.value.values[k, :, 1, -1] for k in (1, 3))
    names = [
        f"{scientific(test[i], 2)} with {count[i]:.0f} coefficients ({name})" for i, name in enumerate(data.run.values)
    ]
    a, left_out = data.attrs, int(data.diverged.sum())
    return (
        f"n = {a['n']}, d = {a['d']}, {a['sparsity']} nonzeros, no label noise, batch 1; step sizes as in the legend, "
        f"divided by 4 at the decay. (a) to (d): medians, and quartiles as bands, over {a['seeds']} seeds of the "
        f"sampling, {left_out} diverged runs of {a['seeds'] * data.run.size} left out; single trajectories are "
        f"chaotic. Final test loss (b) and number of coefficients (d): {'; '.join(names)}."
    )
