"""Softmax attention descends to a margin program: direction, peaks of softmax, ranks, and a picture in the plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.attention.experiments.margins import descended, easy_problem, least_squares_rank
from solvable.figures.dots import mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DASHES, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import attention_margin

if TYPE_CHECKING:
    import xarray as xr

N, T, D, STEPS = 3, 4, 10, 2000
WAYS = ("weights", "key-query")
SIZES = ((3, 4), (4, 6), (5, 8), (6, 10))  # tokens and dimensions of the ranks


def _correlations(rng: np.random.Generator) -> tuple[Any, Any]:
    """Correlation with each program's solution and peak of softmax along two descents of one problem; the steps."""
    problem, found = easy_problem(rng, N, T, D), []
    for way in WAYS:
        run = descended(rng, **problem, parametrisation=way, steps=STEPS)
        W = run.weights[0] / np.linalg.norm(run.weights[0], axis=(1, 2), keepdims=True)
        programs = [
            attention_margin(problem["tokens"], problem["queries"], run.selected[0], norm).weights
            for norm in ("frobenius", "nuclear")
        ]
        found.append([*(np.sum(W * A, axis=(1, 2)) / np.linalg.norm(A) for A in programs), run.peak[0]])
    return np.array(found), run.steps


def _ranks(rng: np.random.Generator, T: int, d: int) -> list[float]:
    """Of both programs' solutions, and by a general-purpose optimiser; four prompts."""
    problem = easy_problem(rng, N, T, d)
    best = np.argmax(problem["scores"], axis=1)
    ranks = [
        attention_margin(problem["tokens"], problem["queries"], best, norm).rank for norm in ("frobenius", "nuclear")
    ]
    return [*ranks, least_squares_rank(**problem)]


def compute(quick: bool = False) -> xr.Dataset:
    """Eight problems (40 in full)."""
    import xarray as xr

    trials, rng = 8 if quick else 40, np.random.default_rng(2)
    runs = [_correlations(rng) for _ in range(trials)]
    mean, bar = mean_and_bar([values for values, _ in runs])
    ranks, spread = mean_and_bar([[_ranks(rng, size, d) for size, d in SIZES] for _ in range(trials)])
    plane = easy_problem(np.random.default_rng(4), 2, 3, 2)
    path = descended(np.random.default_rng(0), **plane, parametrisation="weights", steps=STEPS)
    program = attention_margin(plane["tokens"], plane["queries"], path.selected[0])
    rays = np.einsum("ab,ib->ia", program.weights, plane["queries"])
    way = np.einsum("cab,ib->ica", path.weights[0], plane["queries"])
    return xr.Dataset(
        {
            "measured": (("way", "what", "time"), mean),
            "error": (("way", "what", "time"), bar),
            "ranks": (("size", "program"), ranks),
            "spread": (("size", "program"), spread),
            "ray": (("prompt", "axis"), rays),
            "path": (("prompt", "place", "axis"), way),
        },
        {
            "way": list(WAYS),
            "what": ["frobenius", "nuclear", "peak"],
            "time": runs[0][1],
            "size": [d for _, d in SIZES],
            "program": ["Frobenius program", "nuclear program", "quadratic programming"],
        },
        {"trials": trials},
    )


@figure(
    "attention-margin",
    title="Descent on softmax attention tends to a margin program",
    source="tarzanagh2023transformers",
    claims=["attention/descent-direction", "attention/rank-bound", "attention/key-query-is-nuclear"],
)
def draw(data: xr.Dataset) -> Any:
    """Correlations and peaks against steps; ranks against dimension; paths of two queries in the plane."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.9))
    panels = canvas.subplots(1, 3)
    letter_panels(panels, ("correlation, peak", "rank", "two queries in the plane"))
    time = np.maximum(data.time.values, 0.5)
    for i in range(len(WAYS)):
        for j, what in enumerate(("Frobenius", "nuclear", "peak")):
            panels[0].errorbar(
                time, data.measured[i, j], data.error[i, j], color=COLOURS[j], ls=DASHES[i], marker=MARKERS[j], ms=2.5,
                lw=0.9, elinewidth=0.7,
            )  # fmt: skip
            if i == 0:
                entry(panels[0], j, what, ms=3)
        panels[0].plot([], [], color="0.2", ls=DASHES[i], label=("W", "W = KQᵀ")[i])
    panels[0].set(xscale="log", xlabel="step", ylabel="correlation or softmax", ylim=(-0.3, 1.05))
    for j, name in enumerate(data.program.values):
        place = data["size"] + 0.15 * (j - 1)
        panels[1].errorbar(
            place, data.ranks[:, j], data.spread[:, j], color=COLOURS[3 + j], fmt=MARKERS[3 + j],
            ms=3, elinewidth=0.8, label=str(name),
        )  # fmt: skip
    panels[1].axhline(N, color="0.4", ls=DASHED, lw=0.9, label="prompts")
    panels[1].set(xlabel="dimension $d$", ylabel="rank", ylim=(0, N + 0.6))
    reach = float(np.abs(data.path.values).max())
    for i, (ray, way) in enumerate(zip(data.ray.values, data.path.values, strict=True)):
        panels[2].plot(*np.outer(ray / np.linalg.norm(ray) * 1.1 * reach, [0, 1]), color=COLOURS[i], ls=DASHED, lw=0.9)
        panels[2].plot(*way.T, color=COLOURS[i], marker=MARKERS[i], ms=3, ls="none")
    panels[2].set(xlabel="$(Wz)_1$", ylabel="$(Wz)_2$")
    canvas.legend(loc="outside lower center", ncols=5)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the correlations at the end, and the ranks."""
    end, ranks = data.measured.values[:, :, -1], data.ranks.values
    off = max(
        float(np.arccos(np.clip(ray @ way[-1] / np.linalg.norm(ray) / np.linalg.norm(way[-1]), -1, 1)))
        for ray, way in zip(data.ray.values, data.path.values, strict=True)
    )
    return (
        f"(a) Normalised descent for {STEPS:,} steps, n = {N}, T = {T}, d = {D}, means over {data.attrs['trials']} "
        "problems with two standard errors; at the left the start. Correlation of W with the program of the tokens it "
        f"selects: {end[0, 0]:.4f} Frobenius and {end[0, 1]:.2f} nuclear for descent on W, {end[1, 0]:.2f} and "
        f"{end[1, 1]:.3f} for descent on K and Q: near the nuclear program, not at it; peak of softmax {end[0, 2]:.3f} "
        f"and {end[1, 2]:.3f}. (b) Ranks stay at or below the number of prompts, dashed: {ranks[:, 0].max():.1f} and "
        f"{ranks[:, 1].max():.1f} on average at most; a general-purpose optimiser finds the Frobenius ones within "
        f"{float(np.abs(ranks[:, 0] - ranks[:, 2]).max()):.2g}. (c) Wz of two queries (dots) against the rays of the "
        f"program (dashed): at the end {off:.3f} rad away. Tokens are drawn: see digits-in-context for real data."
    )
