"""Trained linear attention under shifts: of the inputs' covariance, of the query alone, of the tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.in_context.experiments.training import risk_draw, task_shift
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, MARKERS, SINGLE, entry
from solvable.solvers import trained_attention_risk

if TYPE_CHECKING:
    import xarray as xr

D, N, M = 4, 60, 60
KINDS = ("examples and query", "query alone", "tasks")


def compute(quick: bool = False) -> xr.Dataset:
    """Relative risks, error over the labels' power; 2,000 prompts a dot, 8 runs (40 in full)."""
    import xarray as xr

    trials, rng = (8 if quick else 40), np.random.default_rng(0)
    shift, at = np.geomspace(0.2, 5, 61), np.array([0.25, 0.5, 1.0, 2.0, 4.0])

    def relative(kind: int, c: float) -> float:
        query = np.eye(D) if kind == 2 else c * np.eye(D)
        examples = c * np.eye(D) if kind == 0 else np.eye(D)
        if kind == 2:
            return float(trained_attention_risk(np.eye(D), N, M, np.sqrt(c * D) * np.eye(D)[0])) / (c * D)
        risk = trained_attention_risk(
            np.eye(D), N, M, prior=np.eye(D), test_covariance=examples, query_covariance=query
        )
        return float(risk) / (c * D)

    def draw_one(kind: int, c: float) -> float:
        if kind == 2:
            return task_shift(rng, c, D, N, M)
        moved = (c, 1.0) if kind == 0 else (1.0, c)
        return risk_draw(rng, D, N, M, 0.0, "isotropic", "isotropic", *moved, count=2000) / (c * D)

    dots = [[[draw_one(kind, c) for c in at] for kind in range(3)] for _ in range(trials)]
    mean, error = mean_and_bar(dots)
    exact = np.array([[relative(kind, c) for c in at] for kind in range(3)])
    return xr.Dataset(
        {"risk": (("kind", "shift"), [[relative(kind, c) for c in shift] for kind in range(3)]),
         "measured": (("kind", "at"), mean), "error": (("kind", "at"), error), "exact": (("kind", "at"), exact)},
        {"kind": list(KINDS), "shift": shift, "at": at},
        {"trials": trials, "d": D, "n": N, "context": M},
    )  # fmt: skip


@figure(
    "covariate-shift",
    title="Trained attention survives a shift of tasks, not one of the inputs",
    source="zhang2024trained",
    claims=["in-context/covariate-shift-hurts", "in-context/label-shift-does-not", "in-context/shifted-risk",
            "in-context/covariate-shift-growth"],
)  # fmt: skip
def draw(data: xr.Dataset) -> Any:
    """One line for each kind of shift."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(SINGLE, 2.8))
    axes = canvas.subplots()
    for i, kind in enumerate(data.kind.values):
        axes.plot(data["shift"], data.risk[i], color=COLOURS[i], ls=DASHED if i == 1 else "-")
        axes.errorbar(data["at"], data.measured[i], data.error[i], color=COLOURS[i], fmt=MARKERS[i], ms=3)
        entry(axes, i, str(kind), ls=DASHED if i == 1 else "-")
    axes.set(xscale="log", yscale="log", xlabel="factor $c$ of the shift", ylabel="risk over the labels' power")
    axes.set_xticks(data["at"].values, [f"{c:g}" for c in data["at"].values])
    axes.minorticks_off()
    axes.legend(title="what is scaled by $c$")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State what the shifts cost."""
    gap = float(distance(data.measured.values, data.exact.values).max())
    cost = data.exact.values[0] / data.exact.values[0, 2]
    return (
        f"Attention trained on isotropic inputs, d = {data.attrs['d']}, N = M = {data.attrs['n']}, no label noise. "
        f"Lines: exact; dots: {data.attrs['trials']} runs, two standard errors, at most {100 * gap:.1f} % off. Inputs "
        f"of four times the variance multiply the relative risk by {cost[-1]:.0f}, of a quarter by {cost[0]:.0f}; "
        f"tasks of any size and direction, and a shift of the query alone, leave it as it is."
    )
