"""One step of gradient descent against context length, against its step size, and as the matrix that is learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.in_context.experiments.prompts import learned_entry, learned_risk, posterior_risk, risk_at_step
from solvable.analysis.in_context.settings import covariance, prior
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import bayes_risk, optimal_linear_attention

if TYPE_CHECKING:
    import xarray as xr

D, NOISE, SHORT = 10, 0.25, 20
PLACES = (1, 5, 20, 60, 200)


def compute(quick: bool = False) -> xr.Dataset:
    """Risks on 2,000 prompts a dot, 10 runs (40 in full); the layer of d = 3 correlated inputs from 20,000 prompts."""
    import xarray as xr

    trials, rng = (10 if quick else 40), np.random.default_rng(0)
    n = np.geomspace(1, 300, 60)
    one, best = (
        optimal_linear_attention(n, np.eye(D), np.eye(D), NOISE).risk,
        bayes_risk(n, np.eye(D), np.eye(D), NOISE),
    )
    ols = np.where(n > D + 1.5, NOISE * (1 + D / np.maximum(n - D - 1, 0.1)), np.nan)
    dots = np.array(
        [[[learned_risk(rng, size, D, NOISE, count=2000) for size in PLACES],
          [posterior_risk(rng, D, D / size, NOISE, count=200) for size in PLACES]] for _ in range(trials)]
    )  # fmt: skip
    mean, error = mean_and_bar(dots)
    best_step = float(optimal_linear_attention(SHORT, np.eye(D), np.eye(D), NOISE).preconditioner[0, 0])
    step = best_step * np.linspace(0, 2.2, 67)
    moment = SHORT * D * (SHORT + D + 1 + NOISE)  # E |S|^2
    parabola = D + NOISE - 2 * step * SHORT * D + step**2 * moment
    at = best_step * np.array([0.25, 0.6, 1.0, 1.4, 1.9])
    tried = np.array([[risk_at_step(rng, SHORT, D, NOISE, eta) for eta in at] for _ in range(trials)])
    P = optimal_linear_attention(12, covariance("correlated", 3), prior("correlated", 3), NOISE).preconditioner
    pairs = [(i, j) for i in range(3) for j in range(i, 3)]
    learned = np.array([[learned_entry(rng, 12, 3, NOISE, "correlated", "correlated", i, j, 4000) for i, j in pairs]
                        for _ in range(trials)])  # fmt: skip
    return xr.Dataset(
        {
            "one_step": ("n", one),
            "bayes": ("n", best),
            "least_squares": ("n", ols),
            "measured": (("learner", "place"), mean),
            "error": (("learner", "place"), error),
            "parabola": ("step", parabola),
            "tried": ("at", tried.mean(0)),
            "tried_error": ("at", mean_and_bar(tried)[1]),
            "P": ("entry", [P[pair] for pair in pairs]),
            "learned": ("entry", learned.mean(0)),
            "learned_error": ("entry", mean_and_bar(learned)[1]),
        },
        {"n": n, "place": list(PLACES), "learner": ["one step", "Bayes"], "step": step / best_step,
         "at": at / best_step,
         "entry": [f"{i + 1}{j + 1}" for i, j in pairs]},
        {"trials": trials, "d": D, "noise": NOISE, "examples": SHORT},
    )  # fmt: skip


@figure(
    "one-step-of-descent",
    title="The best linear attention is one step of gradient descent",
    source="mahankali2024one",
    claims=["in-context/one-step-risk", "in-context/step-size", "in-context/preconditioner", "in-context/gap-to-bayes"],
)
def draw(data: xr.Dataset) -> Any:
    """Risk against n; risk against the step; entries learned against entries of P."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.6))
    left, middle, right = panels = canvas.subplots(1, 3)
    letter_panels(panels)
    for i, name in enumerate(("one_step", "bayes")):
        left.plot(data.n, data[name], color=COLOURS[i])
        left.errorbar(data.place, data.measured[i], data.error[i], color=COLOURS[i], fmt=MARKERS[i], ms=3)
        entry(left, i, str(data.learner.values[i]))
    left.plot(data.n, data.least_squares, color="0.4", ls=DASHED, lw=0.9, label="least squares")
    left.set(xscale="log", yscale="log", xlabel="examples in the prompt $n$", ylabel="risk")
    left.set_ylim(0.8 * data.attrs["noise"], 6 * (data.attrs["d"] + 1))
    left.legend(loc="upper right")
    middle.plot(data.step, data.parabola, color=COLOURS[0])
    middle.errorbar(data["at"], data.tried, data.tried_error, color=COLOURS[0], fmt=MARKERS[0], ms=3)
    middle.axvline(1, color="0.4", ls=DASHED, lw=0.8)
    middle.set(xlabel=r"step size in units of $1/(n+d+1+\sigma^2)$", ylabel="risk")
    right.axline((0, 0), slope=1, color=COLOURS[0], lw=0.9)
    right.errorbar(data.P, data.learned, data.learned_error, color=COLOURS[0], fmt=MARKERS[0], ms=3)
    right.set(xlabel="entry of $P$", ylabel="entry learned")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State how far dots lie from lines."""
    lines = np.array([np.interp(np.log(data.place), np.log(data.n), data[name]) for name in ("one_step", "bayes")])
    gap = distance(data.measured.values, lines).max(axis=1)
    parabola = np.interp(data["at"], data.step, data.parabola)
    off = np.abs(data.learned - data.P).max() / np.abs(data.P).max()
    return (
        f"d = {data.attrs['d']} isotropic inputs and tasks, label noise {data.attrs['noise']:g}; "
        f"{data.attrs['trials']} runs, two standard errors. (a) Risk of a bilinear predictor fitted on drawn prompts: "
        f"at most {100 * gap[0]:.1f} % from one step of gradient descent. Bayes: {100 * gap[1]:.1f} % from its "
        f"equivalent, which is exact for large d only. (b) n = {data.attrs['examples']}: the parabola of the step, "
        f"dots within {100 * float(distance(data.tried.values, parabola).max()):.1f} %. (c) Correlated inputs, d = 3, "
        f"n = 12: entries learned by least squares without assuming P, largest error {100 * float(off):.1f} % of the "
        f"largest entry."
    )
