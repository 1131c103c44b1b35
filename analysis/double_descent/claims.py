"""Claims about gradient descent on least squares and about double descent, each against its matched experiment.

Deterministic equivalents hold up to O(1/n); the extrapolation over n, 2n, 4n removes that term, and 2 % is left to the
statistics. At k = n errors have heavy tails: there medians, orderings and exponents are compared, not means.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from solvable.analysis.double_descent.experiments import axes
from solvable.analysis.double_descent.experiments import descent as experiments
from solvable.analysis.double_descent.settings import eigenvalues, projection
from solvable.analysis.verification.claim import Claim, Kind, Source
from solvable.solvers import (
    Spectrum,
    descent_path,
    gradient_descent_risk,
    isotropic_flow_risk,
    one_pass_sgd_risk,
    smallest_eigenvalue_cdf,
)

__all__ = ["CLAIMS"]

_FILTER = Source("ali2019continuous", "filters of the discrete methods derived in docs/theory/double_descent.md")
_CONTOUR = Source("bach2024projections", "contour form derived in docs/theory/double_descent.md")
_STORY = Source("liu2023optimization", "orderings; sizes are ours")
_EDGE = Source("edelman1988eigenvalues")


@cache
def _spectrum(covariance: str, d: int) -> Spectrum:
    s = eigenvalues(covariance, d)
    return Spectrum(s, s / s.size)


@cache
def _descent(
    n: int, gamma: float, covariance: str, quantity: str, step: float, steps: int, noise_variance: float,
    momentum: float = 0.0,
) -> float:  # fmt: skip
    spectrum = _spectrum(covariance, round(gamma * n))
    size = step / ((1 + np.sqrt(gamma)) ** 2 * spectrum.eigenvalues.max())
    risk = gradient_descent_risk(spectrum, n, size, [steps], noise_variance, momentum or None)
    return float(getattr(risk, quantity)[0])


@cache
def _projected(n: int, gamma: float, step: float, steps: int, noise_variance: float) -> float:
    """Features F x: covariance F F^T, and what F^T w cannot reach of the target acts as label noise."""
    F, beta = projection(round(gamma * n), 2 * round(gamma * n))
    s, U = np.linalg.eigh(F @ F.T)
    spectrum = Spectrum.from_moments(s, U.T @ (F @ beta), 1.0)
    return float(gradient_descent_risk(spectrum, n, step / 6, [steps], noise_variance).test[0])


def _filter_gap(rng: np.random.Generator, method: str, n: int, d: int, steps: int, start: float) -> float:
    """Largest difference between stepped and filtered weights, relative to the largest weight, plus one."""
    X, y = rng.standard_normal((n, d)), rng.standard_normal(n)
    origin = start * rng.standard_normal(d)
    momentum = 0.0 if method == "gradient-descent" else 0.9
    size = 0.6 / float(np.linalg.eigvalsh(X.T @ X / n)[-1])
    found = descent_path(X, y, [steps], method, size, momentum or None, origin).coefficients[0]
    stepped = experiments.iterated_weights(X, y, method, size, momentum, steps, origin)
    return 1 + float(np.max(np.abs(found - stepped)) / np.max(np.abs(stepped)))


def _one_pass(d: int, covariance: str, step_size: float, batch_size: int, steps: int, noise_variance: float) -> float:
    spectrum = _spectrum(covariance, d)
    return float(one_pass_sgd_risk(spectrum, step_size, batch_size, [steps], noise_variance).excess[0])


def _more(first: dict[str, Any], second: dict[str, Any]) -> Any:
    """Experiment for an ordering: log peak ratio in the second setting minus that in the first."""

    def draw(rng: np.random.Generator, **shared: Any) -> float:
        return experiments.peak_ratio(rng, **shared, **second) - experiments.peak_ratio(rng, **shared, **first)

    return draw


_RISK_GRID = [
    {
        "n": 50,
        "gamma": gamma,
        "covariance": covariance,
        "quantity": quantity,
        "step": step,
        "steps": steps,
        "noise_variance": 0.4,
        "momentum": momentum,
    }
    for gamma, covariance, quantity, step, steps, momentum in (
        (2.0, "spread", "test", 1.0, 5, 0.0),
        (0.5, "spread", "bias", 1.0, 40, 0.0),
        (2.0, "two-scales", "variance", 1.6, 100, 0.0),
        (1.0, "spread", "test", 1.0, 100, 0.0),
        (0.5, "two-scales", "test", 1.0, 100_000, 0.0),
        (2.0, "spread", "test", 1.0, 30, 0.7),
    )
]
_TRAIN_GRID = [{**cell, "quantity": "train"} for cell in (_RISK_GRID[0], _RISK_GRID[1])]
d, eta, B, t, sigma2, at = sp.symbols("d step_size batch_size steps noise_variance at", positive=True)
_rate = 1 - 2 * eta + eta**2 * (1 + (d + 1) / B)
_isotropic_sgd = _rate**t + (1 - _rate**t) / (1 - _rate) * eta**2 * d * sigma2 / B

CLAIMS = (
    Claim(
        "double-descent/filters-are-iterations",
        "The closed-form filters of gradient descent, heavy ball and Nesterov give the weights of the iterations.",
        _FILTER,
        Kind.EXACT,
        lambda **_: 1.0,
        _filter_gap,
        [
            {"method": m, "n": n, "d": k, "steps": steps, "start": start}
            for m, n, k, steps, start in (
                ("gradient-descent", 12, 30, 500, 0.0),
                ("heavy-ball", 12, 30, 300, 1.0),
                ("nesterov", 20, 20, 300, 0.0),
            )
        ],
        absolute_tolerance=1e-10,
    ),
    Claim(
        "double-descent/gradient-descent-risk",
        "Test error, bias and variance of gradient descent at any time follow the contour integral, any covariance.",
        _CONTOUR,
        Kind.ASYMPTOTIC,
        _descent,
        experiments.descent_error_draw,
        _RISK_GRID,
        tolerance=0.02,
        size="n",
        quick=(0, 5),
        assumptions="independent standardised entries; start at 0",
    ),
    Claim(
        "double-descent/training-error",
        "The training error of gradient descent follows the contour integral with the companion transform.",
        _CONTOUR,
        Kind.ASYMPTOTIC,
        _descent,
        experiments.descent_error_draw,
        _TRAIN_GRID,
        tolerance=0.02,
        size="n",
        quick=(0,),
    ),
    Claim(
        "double-descent/misspecified-features",
        "Gradient descent on random features: what these cannot express of the target acts as label noise.",
        _CONTOUR,
        Kind.ASYMPTOTIC,
        _projected,
        experiments.projected_error_draw,
        [
            {"n": 40, "gamma": gamma, "step": 1.0, "steps": steps, "noise_variance": 0.1}
            for gamma, steps in ((1.5, 20), (0.6, 200), (1.0, 60))
        ],
        tolerance=0.02,
        size="n",
        quick=(0,),
    ),
    Claim(
        "double-descent/isotropic-flow",
        "Gradient flow on isotropic rows: bias and variance are integrals against the Marchenko-Pastur law.",
        Source("ali2019continuous", "isotropic case, by quadrature"),
        Kind.ASYMPTOTIC,
        lambda n, gamma, time, noise_variance: float(isotropic_flow_risk(gamma, [time], noise_variance).test[0]),
        experiments.flow_draw,
        [
            {"n": 40, "gamma": gamma, "time": time, "noise_variance": 0.5}
            for gamma, time in ((0.5, 2.0), (2.0, 3.0), (1.0, 10.0))
        ],
        tolerance=0.02,
        size="n",
        quick=(0,),
    ),
    Claim(
        "double-descent/flow-is-nearly-ridge",
        "The Bayes risk of gradient flow at time t is at most 1.6862 times that of ridge at λ = 1/t.",
        Source("ali2019continuous", "constant as recalled"),
        Kind.BOUND,
        lambda **_: 1.6862,
        experiments.flow_to_ridge_ratio,
        [
            {"n": 40, "gamma": gamma, "time": time, "snr": snr}
            for gamma in (0.5, 1.0, 2.0)
            for time, snr in ((0.3, 10.0), (3.0, 1.0), (30.0, 1.0), (300.0, 10.0))
        ],
        side="upper",
    ),
    Claim(
        "double-descent/smallest-eigenvalue",
        "At k = n, P(nλ_{min}(XᵀX) ≤ x) → 1 − e^{−x/2−√x} for Gaussian features.",
        _EDGE,
        Kind.ASYMPTOTIC,
        lambda n, at: float(smallest_eigenvalue_cdf(at)),
        experiments.smallest_eigenvalue_draw,
        [{"n": 8, "at": x} for x in (0.5, 2.0)],
        tolerance=0.03,
        size="n",
        formula=1 - sp.exp(-at / 2 - sp.sqrt(at)),
        quick=(1,),
    ),
    Claim(
        "double-descent/time-to-see-the-peak",
        "At k = n gradient descent needs of the order of n² steps to reach half of the variance of least squares.",
        _EDGE,
        Kind.RATE,
        lambda n: 2.0,
        experiments.half_time_draw,
        [{"n": 8}],
        tolerance=0.06,
        size="n",
        sizes=(1, 3, 9),
    ),
    Claim(
        "double-descent/one-pass-sgd",
        "One-pass SGD on isotropic Gaussian rows: the mean error follows a linear recursion, for any batch size.",
        Source("liu2023optimization", "recursion derived in docs/theory/double_descent.md"),
        Kind.MEAN,
        _one_pass,
        experiments.one_pass_draw,
        [
            {"d": 20, "covariance": "isotropic", "step_size": e, "batch_size": b, "steps": steps, "noise_variance": 0.5}
            for e, b, steps in ((0.03, 1, 40), (0.3, 10, 20))
        ],
        tolerance=0.02,
        formula=_isotropic_sgd,
    ),
    Claim(
        "double-descent/one-pass-sgd-any-covariance",
        "One-pass SGD with unequal eigenvalues: the mean error follows a recursion whose modes a rank-one noise "
        "term couples.",
        Source("liu2023optimization", "recursion derived in docs/theory/double_descent.md"),
        Kind.MEAN,
        _one_pass,
        experiments.one_pass_draw,
        [{"d": 12, "covariance": "two-scales", "step_size": 0.03, "batch_size": 2, "steps": 30, "noise_variance": 0.5}],
        tolerance=0.02,
    ),
    Claim(
        "double-descent/one-pass-sgd-stability",
        "One-pass SGD on isotropic Gaussian rows is mean-square stable below the step size 2/(1 + (d + 1)/B).",
        Source("liu2023optimization", "derived in docs/theory/double_descent.md"),
        Kind.THRESHOLD,
        lambda d, batch_size: 2 / (1 + (d + 1) / batch_size),
        experiments.one_pass_growth,
        [{"d": 20, "batch_size": b} for b in (1, 10, 100)],
        tolerance=0.03,
        formula=2 / (1 + (d + 1) / B),
        quick=(0, 1),
    ),
    Claim(
        "double-descent/peak-grows-with-time",
        "The peak at k = n (against k = 4n) is higher after more steps, whatever the conditioning of the features.",
        _STORY,
        Kind.ORDER,
        lambda **_: 1.0,
        _more({"steps": 100}, {"steps": 1_000_000}),
        [{"n": 24, "conditioning": c} for c in ("raw", "centred", "badly scaled")],
        statistic="median",
        quick=(0,),
        assumptions="ReLU features of Gaussian inputs, d = n/3, step 1/s_{max} of each k",
    ),
    Claim(
        "double-descent/better-conditioning-earlier-peak",
        "After the same number of steps the peak is higher for centred features than for raw ones.",
        _STORY,
        Kind.ORDER,
        lambda **_: 1.0,
        _more({"conditioning": "raw"}, {"conditioning": "centred"}),
        [{"n": 24, "steps": s} for s in (1_000, 100_000)],
        statistic="median",
        quick=(0,),
    ),
    Claim(
        "double-descent/larger-steps-higher-peak",
        "After the same number of steps a larger step size gives the higher peak.",
        _STORY,
        Kind.ORDER,
        lambda **_: 1.0,
        _more({"step": 0.01}, {"step": 1.0}),
        [{"n": 24, "conditioning": "centred", "steps": 5_000}],
        statistic="median",
    ),
    Claim(
        "double-descent/momentum-higher-peak",
        "After the same number of steps heavy-ball momentum gives the higher peak.",
        _STORY,
        Kind.ORDER,
        lambda **_: 1.0,
        _more({"momentum": 0.0}, {"momentum": 0.95}),
        [{"n": 24, "conditioning": "centred", "steps": 500}],
        statistic="median",
    ),
    Claim(
        "double-descent/small-batches-higher-peak",
        "After the same number of epochs at one step size smaller batches, taking more steps, give the higher peak.",
        _STORY,
        Kind.ORDER,
        lambda **_: 1.0,
        experiments.batch_peak_gain,
        [{"n": 24, "conditioning": "centred", "epochs": 500, "small": 2}],
        statistic="median",
    ),
    Claim(
        "double-descent/start-is-never-unlearned",
        "Large initial weights raise the error beyond the peak (k = 4n): what the data do not see is not unlearned.",
        _STORY,
        Kind.ORDER,
        lambda **_: 1.0,
        experiments.start_penalty,
        [{"n": 24, "ratio": 4.0, "conditioning": "centred", "steps": 100_000, "start": 1.0}],
        statistic="median",
    ),
    Claim(
        "double-descent/epoch-wise",
        "With fast and slow features the test error falls, rises and falls again as training goes on.",
        Source("liu2023optimization", "epoch-wise axis; setting ours"),
        Kind.ORDER,
        lambda **_: 1.0,
        axes.epoch_wise_rise,
        [{"n": 60, "first": 3, "second": 60, "third": 30_000}],
    ),
)
