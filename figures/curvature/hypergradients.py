"""Truncated hypergradients: error against terms, descent on a ridge with two kinds of tolerances, and digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.curvature.experiments.descent import ridge_problem, unrolled_less_exact
from solvable.analysis.curvature.settings import digits_kernels
from solvable.figures.dots import distance
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHES, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import approximate_gradient_descent, neumann_error, ridge_hypergradient

if TYPE_CHECKING:
    import xarray as xr

SHARES, TERMS, STEPS, TOLERANCE = (0.2, 0.45), (1, 5, 20, 80), 100, 0.1


def _missed(problem: Any, share: float, terms: Any) -> Any:
    """Error of the series at ridge 1 over the exact derivative."""
    X, y, V, z = (problem[name] for name in ("X", "y", "V", "z"))
    H = X.T @ X + np.eye(X.shape[1])
    w = np.linalg.solve(H, X.T @ y)
    exact = ridge_hypergradient(X, y, V, z, 0.0).gradient
    step = 2 * share / np.linalg.eigvalsh(H)[-1]
    return np.abs(neumann_error(H, w, V.T @ (V @ w - z), terms, step) / exact)


def _refits(X: Any, y: Any, V: Any, z: Any, logs: Any, shift: float = 1e-4) -> Any:
    """Central differences of the validation loss through scikit-learn's ridge regression."""
    from sklearn.linear_model import Ridge

    def loss(log_ridge: float) -> float:
        fit = Ridge(alpha=np.exp(log_ridge), fit_intercept=False, solver="cholesky").fit(X, y)
        return 0.5 * float(np.sum((fit.predict(V) - z) ** 2))

    return np.array([(loss(at + shift) - loss(at - shift)) / (2 * shift) for at in logs])


def compute(quick: bool = False) -> xr.Dataset:
    """One problem; digits at 4 ridges (9 in full)."""
    import xarray as xr

    rng = np.random.default_rng(1)
    problem = ridge_problem(rng, 40, 8)
    X, y, V, z = (problem[name] for name in ("X", "y", "V", "z"))
    terms, k = np.arange(1.0, 101.0), np.arange(1, STEPS + 1)
    measured = [
        [abs(unrolled_less_exact(rng, log_ridge=0.0, terms=J, share=a, **problem)) for J in TERMS] for a in SHARES
    ]
    rate = 4 / float(z @ z)
    runs = [
        approximate_gradient_descent(X, y, V, z, 0.0, rate, goals)
        for goals in (TOLERANCE / k**2, np.full(STEPS, TOLERANCE))
    ]
    left = [np.abs(ridge_hypergradient(X, y, V, z, run.log_ridges[:-1]).gradient) for run in runs]
    digits, logs = digits_kernels(), np.linspace(-9, 3, 60)
    places = np.linspace(-8, 2, 4 if quick else 9)
    k = np.arange(1, (12 if quick else 30) + 1)
    pace = 16 / float(digits[3] @ digits[3])
    tuned = [
        approximate_gradient_descent(*digits, 2.0, pace, goals).log_ridges
        for goals in (TOLERANCE / k**2, np.full(len(k), TOLERANCE))
    ]
    return xr.Dataset(
        {
            "theory": (("share", "terms"), [_missed(problem, a, terms) for a in SHARES]),
            "reached": (("share", "place"), [_missed(problem, a, list(TERMS)) for a in SHARES]),
            "measured": (("share", "place"), measured),
            "left": (("kind", "step"), left),
            "tuned": (("kind", "run"), [ridge_hypergradient(*digits, at).loss for at in tuned]),
            "slope": ("log_ridge", ridge_hypergradient(*digits, logs).gradient),
            "at": ("dot", ridge_hypergradient(*digits, places).gradient),
            "refit": ("dot", _refits(*digits, places)),
        },
        {
            "share": list(SHARES),
            "terms": terms,
            "place": list(TERMS),
            "kind": ["summable", "constant"],
            "step": np.arange(1, STEPS + 1),
            "run": np.arange(len(k) + 1),
            "log_ridge": logs,
            "dot": places,
        },
        {"inner": [int(run.inner_steps.sum()) for run in runs],
         "best": float(ridge_hypergradient(*digits, np.linspace(-9, 3, 400)).loss.min())},
    )  # fmt: skip


@figure(
    "hypergradients",
    title="Hypergradients: what truncation misses, and what inexact descent leaves",
    source="lorraine2020optimizing",
    claims=[
        "curvature/neumann-error",
        "curvature/neumann-is-unrolling",
        "curvature/tolerances-must-be-summable",
        "curvature/hypergradient-exact",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Error against terms, derivative left by descent; derivative and validation loss of descent on digits."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 4.6))
    left, middle, right, last = canvas.subplots(2, 2).flat
    titles = ("truncated series", "inexact descent", "digits, kernel ridge", "digits, inexact descent")
    letter_panels((left, middle, right, last), titles)
    for i, share in enumerate(data.share.values):
        left.plot(data.terms, data.theory[i], color=COLOURS[i])
        left.plot(data.place, data.measured[i], MARKERS[i], color=COLOURS[i], ms=3)
        entry(left, i, rf"$\alpha\lambda_{{\max}}={2 * share:g}$", ms=3)
    for i, label in enumerate((r"tolerance $0.1/k^2$", "tolerance 0.1")):
        middle.plot(data.step, data.left[i], color=COLOURS[i + 2], ls=DASHES[i], label=label)
        last.plot(data.run, data.tuned[i], MARKERS[i], ls=DASHES[i], color=COLOURS[i + 2], ms=3, label=label)
    last.axhline(data.attrs["best"], color="0.4", lw=0.8, label="least over all ridges")
    right.plot(data.log_ridge, data.slope, color=COLOURS[0])
    right.plot(data.dot, data.refit, MARKERS[0], color=COLOURS[0], ms=3)
    entry(right, 0, "formula, refits", ms=3)
    left.set(xscale="log", yscale="log", xlabel="terms $J$", ylabel="relative error")
    middle.set(yscale="log", xlabel="steps", ylabel="derivative left")
    right.set(xlabel="log-ridge", ylabel="derivative of validation loss")
    last.set(xlabel="steps", ylabel="validation loss", ylim=(0, None))
    for axes in (left, middle, right, last):
        axes.legend()
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the measured agreement."""
    gap = scientific(float(np.max(distance(data.measured.values, data.reached.values))))
    real = scientific(float(np.max(np.abs(data.refit - data["at"]) / np.abs(data.slope).max())))
    summable, constant = (scientific(float(row[-1])) for row in data.left.values)
    return (
        "Derivative of a validation loss in the log-ridge. (a) Error of the Neumann series with J terms over the "
        "exact derivative; "
        f"lines: the exact error operator; dots: differentiating J + 1 unrolled steps of descent, equal to {gap}. "
        "(b) Exact derivative "
        f"along descent with inner problems solved to a tolerance, 40 rows: after {len(data.step)} steps {summable} "
        "is left with summable "
        f"tolerances and {constant} with constant ones, for {data.attrs['inner'][0]:,} and "
        f"{data.attrs['inner'][1]:,} inner steps. (c) Odd "
        "against even digits, a Gaussian kernel, 300 images to train and 300 to validate; dots: differences of "
        "refits by "
        f"scikit-learn, equal to {real} of the largest. (d) Validation loss of (c) along descent from log-ridge 2: "
        f"{data.tuned.values[0, -1]:.1f} after {len(data.run) - 1} steps with summable tolerances, "
        f"{data.tuned.values[1, -1]:.1f} with constant ones, least over all ridges {data.attrs['best']:.1f}."
    )
