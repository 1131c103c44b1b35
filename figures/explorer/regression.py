"""Results on regression: double descent, random features, spectra, epochs, model collapse."""

from __future__ import annotations

from typing import Any

import numpy as np

from solvable.analysis.double_descent.experiments.descent import descent_error_draw
from solvable.analysis.double_descent.settings import eigenvalues as descent_eigenvalues
from solvable.analysis.model_collapse.experiments import excess_draw
from solvable.analysis.model_collapse.settings import eigenvalues
from solvable.analysis.random_features.experiments.regression import shallow_errors
from solvable.analysis.random_features.settings import power_law
from solvable.analysis.ridge.experiments.regression import fresh_error_draw
from solvable.figures.dots import mean_and_bar
from solvable.figures.explorer.panel import Array, Knob, Panel, Values
from solvable.solvers import (
    Spectrum,
    gradient_descent_risk,
    iterated_regression_risk,
    random_feature_risk,
    ridge_risk,
    sample_covariance_density,
    support_edges,
)

__all__ = ["REGRESSION"]

Rng = np.random.Generator
_N, _TRIALS = 80, 16


def _peak(v: Values) -> tuple[Array, Array]:
    ratio = np.geomspace(0.1, 10, 121)
    risks = [ridge_risk(Spectrum.isotropic(_N * g, 1.0), _N, _N * v["lam"], v["noise"]).test for g in ratio]
    return ratio, np.array(risks, dtype=float)


def _peak_dots(rng: Rng, v: Values) -> tuple[Array, Array, Array]:
    at = np.array([0.15, 0.3, 0.5, 0.75, 1.25, 2.0, 4.0, 8.0])
    draws = [[fresh_error_draw(rng, _N, g, v["lam"], "isotropic", "even", v["noise"]) for g in at.tolist()]
             for _ in range(_TRIALS)]  # fmt: skip
    return (at, *mean_and_bar(draws))


_A, _B, _NOISE = 1.3, 1.6, 0.2


def _features(v: Values) -> tuple[Array, Array]:
    s, power = power_law(_A, _B)
    k = np.geomspace(5, 800, 121)
    return k, np.asarray(random_feature_risk(Spectrum(s, power), v["n"], k, v["ridge"], _NOISE).test)


def _features_dots(rng: Rng, v: Values) -> tuple[Array, Array, Array]:
    at = np.array([8, 20, 40, 90, 200, 600])
    one = np.array([v["ridge"]])
    draws = [[shallow_errors(rng, v["n"], k, one, _A, _B, 1.0, _NOISE)[0][0] for k in at.tolist()] for _ in range(6)]
    return (at.astype(float), *mean_and_bar(draws))


_D = 240


def _levels(v: Values) -> Array:
    high = round(v["share"] * _D)
    return np.r_[np.ones(_D - high), np.full(high, float(v["level"]))]


def _density(v: Values) -> tuple[Array, Array]:
    values, counts = np.unique(_levels(v), return_counts=True)
    spectrum, n = Spectrum(values, multiplicities=counts), round(_D / v["gamma"])
    edges = support_edges(spectrum, n)
    x = np.linspace(0.9 * edges[0, 0], 1.03 * edges[-1, 1], 401)
    return x, np.asarray(sample_covariance_density(spectrum, n, x).density)


def _density_dots(rng: Rng, v: Values) -> tuple[Array, Array, Array]:
    s, n = _levels(v), round(_D / v["gamma"])
    X = rng.standard_normal((6, n, _D)) * np.sqrt(s)
    found = np.linalg.eigvalsh(np.swapaxes(X, 1, 2) @ X / n)
    edges = np.linspace(0.0, 1.05 * found.max(), 41)
    heights = np.array([np.histogram(row, edges)[0] / _D / np.diff(edges) for row in found])
    keep = heights.sum(axis=0) > 0
    mean, bar = mean_and_bar(heights)
    return (edges[1:] + edges[:-1])[keep] / 2, mean[keep], bar[keep]


_STEPS = np.unique(np.round(np.geomspace(1, 1e5, 140)))


def _epochs(v: Values) -> tuple[Array, Array]:
    s = descent_eigenvalues("spread", round(v["gamma"] * _N))
    step = 1 / ((1 + np.sqrt(v["gamma"])) ** 2 * s.max())
    risk = gradient_descent_risk(Spectrum(s, s / s.size), _N, step, _STEPS, v["noise"])
    return _STEPS, np.asarray(risk.test)


def _epochs_dots(rng: Rng, v: Values) -> tuple[Array, Array, Array]:
    at = np.array([1, 10, 60, 400, 3000, 30_000])
    draws = [[descent_error_draw(rng, _N, v["gamma"], "spread", "test", 1.0, t, v["noise"]) for t in at.tolist()]
             for _ in range(10)]  # fmt: skip
    return (at.astype(float), *mean_and_bar(draws))


def _collapse(v: Values) -> tuple[Array, Array]:
    s = eigenvalues("spread", 40)
    t = np.arange(61.0)
    rows = round(v["rows"] * 40)
    risk: Any = iterated_regression_risk(Spectrum(s, s / 40), _N, _N * v["lam"], t, rows, v["noise"], v["noise"])
    return t, np.asarray(risk.excess)


def _collapse_dots(rng: Rng, v: Values) -> tuple[Array, Array, Array]:
    at = np.array([0, 2, 5, 10, 25, 50])
    draws = [[excess_draw(rng, _N, 40 / _N, v["lam"], "spread", v["rows"], t, v["noise"], v["noise"])
              for t in at.tolist()] for _ in range(10)]  # fmt: skip
    return (at.astype(float), *mean_and_bar(draws))


REGRESSION = (
    Panel(
        "double-descent", "Double descent of ridge regression", "ridge/isotropic-test-error",
        r"\frac{n}{n-\mathrm{df}_2}\Big[\sum_i(1-g_i)^2v_i^2+\sigma^2\Big]",
        "Raise the ridge: the peak at d = n melts. Raise the noise: it grows.",
        "d/n", "test error", (
            Knob("lam", "ridge λ = δ/n", (0.001, 0.01, 0.03, 0.1, 0.3, 1.0)),
            Knob("noise", "label noise σ²", (0.1, 0.3, 1.0), 1),
        ), _peak, _peak_dots, logs="xy",
    ),
    Panel(
        "random-features", "Random features over samples, features and ridge", "random-features/test-error",
        r"\begin{gathered}\min_w\|y-\Phi w\|^2+\delta\|w\|^2\\ \Phi=XF^T/\sqrt k\end{gathered}",
        "The peak stands at k = n and follows n. With a ridge more features never hurt.",
        "features k", "test error", (
            Knob("n", "samples n", (30, 60, 120), 1),
            Knob("ridge", "ridge δ", (0.001, 0.01, 0.1, 1.0)),
        ), _features, _features_dots, logs="xy",
    ),
    Panel(
        "spectral-density", "Spectrum of a sample covariance", "ridge/spectral-law",
        r"\begin{gathered}\rho(x)=\tfrac1\pi\,\mathrm{Im}\,m(x+i0)\\"
        r" x=-\frac1v+\frac1n\sum_i\frac{s_i}{1+s_iv}\end{gathered}",
        "Two population levels, 1 and the one you choose. They show as two bulks only while d/n is small.",
        "eigenvalue", "density", (
            Knob("level", "upper level", (2, 4, 7, 10), 2),
            Knob("share", "its share", (0.2, 0.4, 0.6), 1),
            Knob("gamma", "d/n", (0.05, 0.1, 0.3, 0.8), 1),
        ), _density, _density_dots, logs="",
    ),
    Panel(
        "epoch-wise", "Error along gradient descent", "double-descent/gradient-descent-risk",
        r"w_{t+1}=w_t-\tfrac{\eta}{n}X^T(Xw_t-y)",
        "Bias falls, variance rises: with noise there is a best time to stop, and near d = n it matters most.",
        "step t", "test error", (
            Knob("gamma", "d/n", (0.5, 0.9, 1.5, 3.0), 1),
            Knob("noise", "label noise σ²", (0.0, 0.2, 1.0), 1),
        ), _epochs, _epochs_dots, logs="xy",
    ),
    Panel(
        "model-collapse", "Model collapse", "model-collapse/ridge-after-least-squares",
        r"\mathrm{excess}(T)=\mathrm{excess}(0)+T\,\sigma_0^2\,\rho",
        "Each generation is trained on the labels of the one before. Errors add up, faster with few rows.",
        "generations T", "excess error", (
            Knob("rows", "rows of a generator over d", (1.5, 2.0, 4.0), 1),
            Knob("lam", "ridge λ of the final fit", (0.01, 0.1, 0.5), 1),
            Knob("noise", "label noise σ²", (0.05, 0.2), 1),
        ), _collapse, _collapse_dots, logs="",
    ),
)  # fmt: skip
