"""Inverse Fisher matrices and Gauss-Newton steps: error against the damping, and operations against the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.curvature.experiments.dense import dense_fisher, dense_step, random_fisher, random_softmax
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import InverseFisher, gauss_newton_step

if TYPE_CHECKING:
    import xarray as xr

GRADIENTS, SIZE, SAMPLES, CLASSES = (5, 40), 120, 8, 4
DAMPINGS = np.array([1e-6, 1e-4, 1e-2, 1.0])
KEPT = 100  # gradients of the counted operations
EPS = float(np.finfo(float).eps)


def _off(found: Any, expected: Any) -> float:
    return max(float(np.linalg.norm(found - expected) / np.linalg.norm(expected)), EPS / 4)


def compute(quick: bool = False) -> xr.Dataset:
    """Largest of 4 problems (20 in full) at each damping; operations by formula."""
    import xarray as xr

    rng, trials, grid = np.random.default_rng(0), 4 if quick else 20, np.geomspace(DAMPINGS[0], DAMPINGS[-1], 60)
    fisher, lines = np.zeros((2, len(DAMPINGS))), np.zeros((3, len(grid)))
    step = np.zeros(len(DAMPINGS))
    for _ in range(trials):
        for k, m in enumerate(GRADIENTS):
            drawn = random_fisher(rng, m, SIZE)
            top = np.linalg.norm(drawn["G"], 2) ** 2 / m
            lines[k] = np.maximum(lines[k], EPS * (1 + top / grid))
            for i, damping in enumerate(DAMPINGS):
                ours = InverseFisher(drawn["G"], damping).apply(drawn["x"])
                fisher[k, i] = max(fisher[k, i], _off(ours, dense_fisher(rng, damping, drawn["G"], drawn["x"])))
        batch = random_softmax(rng, SAMPLES, CLASSES, SIZE)
        flat = batch["J"].reshape(-1, SIZE)
        top = np.linalg.norm((batch["Q"] @ batch["J"]).reshape(-1, SIZE).T @ flat, 2) / SAMPLES
        lines[2] = np.maximum(lines[2], EPS * (1 + top / grid))
        for i, ridge in enumerate(DAMPINGS):
            ours = gauss_newton_step(batch["J"], batch["r"], batch["Q"], ridge, side="dual")
            step[i] = max(step[i], _off(ours, dense_step(rng, ridge, **batch)))
    d = np.geomspace(200, 1e6, 60)
    return xr.Dataset(
        {
            "condition": (("system", "grid"), lines),
            "error": (("system", "damping"), [*fisher, step]),
            "dense": ("weights", KEPT * d**2 + d**3 / 3),
            "kept": ("weights", KEPT**2 * d + KEPT**3 / 3 + 2 * KEPT * d),
            "again": ("weights", 2 * KEPT * d),
        },
        {"system": ["few", "many", "step"], "grid": grid, "damping": DAMPINGS, "weights": d},
        {"trials": trials},
    )


@figure(
    "curvature-solves",
    title="Solves in the space of gradients: as accurate as the condition number allows, and linear in the weights",
    source="frantar2021mfac",
    claims=["curvature/inverse-fisher-static", "curvature/gauss-newton-dual"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: Fisher. Middle: Gauss-Newton. Right: operations."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.5))
    left, middle, right = canvas.subplots(1, 3)
    letter_panels((left, middle, right), ("inverse Fisher", "Gauss–Newton", "operations"))
    for axes, rows in ((left, (0, 1)), (middle, (2,))):
        for k in rows:
            axes.plot(data.grid, data.condition[k], color=COLOURS[k])
            axes.plot(data.damping, data.error[k], MARKERS[k], color=COLOURS[k], ms=3)
            label = "in the outputs" if k == 2 else f"{GRADIENTS[k]} gradients"
            entry(axes, k, label, ms=3)
        axes.set(xscale="log", yscale="log", ylabel="relative difference", ylim=(3e-17, 3e-6))
        axes.legend()
    left.set(xlabel=r"damping $\lambda$")
    middle.set(xlabel=r"ridge $\lambda$")
    right.plot(data.weights, data.dense, color="0.4", label="formed, solved")
    right.plot(data.weights, data.kept, color=COLOURS[0], label=f"{KEPT} gradients")
    right.plot(data.weights, data.again, color=COLOURS[1], ls=DASHED, label="once more")
    right.set(xscale="log", yscale="log", xlabel="weights $d$", ylabel="multiplications", ylim=(1e4, 1e23))
    right.legend()
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the measured agreement."""
    worst = scientific(float(np.max(data.error.values)))
    return (
        f"Largest relative difference from dense solves over {data.attrs['trials']} problems with {SIZE} weights; "
        f"lines: the largest condition number times the rounding unit, which bounds the error of either. (a) Products "
        f"with the inverse damped Fisher matrix. (b) The Gauss–Newton step for softmax, {SAMPLES} samples and "
        f"{CLASSES} classes, solved in the outputs. At most {worst} anywhere. (c) Multiplications, counted and not "
        f"timed: the matrix formed and factorised, through the Gram matrix of {KEPT} gradients, and one more "
        "product after that."
    )
