"""Claims about gradient descent on least squares and about double descent, each against its matched experiment.

Deterministic equivalents hold up to O(1/n); the extrapolation over n, 2n, 4n removes that term, and 2 % is left to the
statistics. At k = n errors have heavy tails: there medians, orderings and exponents are compared, not means.
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
import sympy as sp

from solvable.analysis.derivation.quantities import marchenko_pastur_mean
from solvable.analysis.double_descent.experiments import axes
from solvable.analysis.double_descent.experiments import descent as experiments
from solvable.analysis.double_descent.settings import USUAL, eigenvalues, projection
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
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
    momentum: float = 0.0, method: str = "heavy-ball",
) -> float:  # fmt: skip
    spectrum = _spectrum(covariance, round(gamma * n))
    size = step / ((1 + np.sqrt(gamma)) ** 2 * spectrum.eigenvalues.max())
    risk = gradient_descent_risk(spectrum, n, size, [steps], noise_variance, momentum or None, method=method)
    return float(getattr(risk, quantity)[0])


@cache
def _projected(n: int, gamma: float, step: float, steps: int, noise_variance: float) -> float:
    """Features F x: covariance F F^T, and what F^T w cannot reach of the target acts as label noise."""
    F, beta = projection(round(gamma * n), 2 * round(gamma * n))
    s, U = np.linalg.eigh(F @ F.T)
    spectrum = Spectrum.from_moments(s, U.T @ (F @ beta), 1.0)
    return float(gradient_descent_risk(spectrum, n, step / 6, [steps], noise_variance).test[0])


def _flow_quantities(gamma: float, time: float, **_: Any) -> dict[str, Any]:
    import mpmath as mp

    t = mp.mpf(time)
    forgotten = marchenko_pastur_mean(lambda x: mp.exp(-2 * t * x), gamma)
    fitted = marchenko_pastur_mean(lambda x: (1 - mp.exp(-t * x)) ** 2 / x if x else 0 * x, gamma)
    return {"forgotten": forgotten, "fitted": fitted}


def _stochastic_quantities(d: int, covariance: str, **_: Any) -> dict[str, Any]:
    s = eigenvalues(covariance, d)
    return {"trace": float(s.sum()), "square": float(s @ s)}


def _filtered(X: Any, y: Any, origin: Any, step_size: float, method: str, momentum: float, steps: int, **_: Any) -> Any:
    return descent_path(X, y, [steps], method, step_size, momentum or None, origin).coefficients[0]


def _one_pass(d: int, covariance: str, step_size: float, batch_size: int, steps: int, noise_variance: float) -> float:
    spectrum = _spectrum(covariance, d)
    return float(one_pass_sgd_risk(spectrum, step_size, batch_size, [steps], noise_variance).excess[0])


_RISK_GRID = cells(
    "gamma covariance quantity step steps momentum",
    [
        (2.0, "spread", "test", 1.0, 5, 0.0),
        (0.5, "spread", "bias", 1.0, 40, 0.0),
        (2.0, "two-scales", "variance", 1.6, 100, 0.0),
        (1.0, "spread", "test", 1.0, 100, 0.0),
        (0.5, "two-scales", "test", 1.0, 100_000, 0.0),
        (2.0, "spread", "test", 1.0, 30, 0.7),
    ],
    n=50,
    noise_variance=0.4,
)
_NESTEROV_GRID = cells(
    "gamma covariance quantity steps momentum",
    [
        (2.0, "spread", "test", 12, 0.7),
        (0.5, "two-scales", "train", 30, 0.8),
        (0.5, "spread", "variance", 60, 0.9),
        (2.0, "two-scales", "bias", 300, 0.5),
    ],
    n=50,
    step=0.9,
    noise_variance=0.4,
    method="nesterov",
)
_SCHEDULE_GRID = cells(
    "gamma covariance quantity steps",
    [(2.0, "spread", "test", 12), (0.5, "two-scales", "train", 30), (0.5, "spread", "variance", 60)],
    n=50,
    step=0.9,
    noise_variance=0.4,
    method="nesterov",
)
_TRAIN_GRID = [{**cell, "quantity": "train"} for cell in (_RISK_GRID[0], _RISK_GRID[1])]
d, eta, B, t, sigma2, at = sp.symbols("d step_size batch_size steps noise_variance at", positive=True)
_rate = 1 - 2 * eta + eta**2 * (1 + (d + 1) / B)
forgotten, fitted, gamma = sp.symbols("forgotten fitted gamma", positive=True)
_flow = forgotten + sigma2 * (1 + gamma * fitted)
_isotropic_sgd = _rate**t + (1 - _rate**t) / (1 - _rate) * eta**2 * d * sigma2 / B

asymptotic = partial(Claim, domain=USUAL, kind=Kind.ASYMPTOTIC, tolerance=0.02, size="n")
_DESCENT = USUAL.but(steps=(1, 100_000), step=(0.2, 1.6))
contour = partial(asymptotic, source=_CONTOUR, domain=_DESCENT)
hard_edge = partial(Claim, source=_EDGE, domain=USUAL.but(n=(8, 80)), size="n")
one_pass = partial(
    Claim,
    source=Source("liu2023optimization", "recursion derived in docs/theory/double_descent.md"),
    kind=Kind.MEAN,
    predict=_one_pass,
    measure=experiments.one_pass_draw,
    tolerance=0.02,
)
higher = partial(Claim, source=_STORY, kind=Kind.ORDER, predict=lambda **_: 1.0, statistic="median")

CLAIMS = (
    Claim(
        "double-descent/filters-are-iterations",
        "The closed-form filters of gradient descent, heavy ball and Nesterov give the weights of the iterations.",
        source=_FILTER,
        kind=Kind.EXACT,
        predict=_filtered,
        measure=experiments.iterated_run,
        domain=Domain(n=(6, 20), d=(6, 40), steps=(10, 500)),
        grid=cells(
            "method momentum n d steps start",
            [
                ("gradient-descent", 0.0, 12, 30, 500, 0.0),
                ("heavy-ball", 0.9, 12, 30, 300, 1.0),
                ("nesterov", 0.9, 20, 20, 300, 0.0),
            ],
        ),
        instance=experiments.random_problem,
        tolerance=1e-10,
    ),
    contour(
        "double-descent/gradient-descent-risk",
        "Test error, bias and variance of gradient descent at any time follow the contour integral, any covariance.",
        predict=_descent,
        measure=experiments.descent_error_draw,
        grid=_RISK_GRID,
        quick=(0, 5),
        assumptions="independent standardised entries; start at 0",
    ),
    contour(
        "double-descent/nesterov-risk",
        "Test and training error of Nesterov's accelerated gradient with constant momentum follow the contour integral "
        "of its filter, at any time and for any covariance.",
        predict=_descent,
        measure=experiments.descent_error_draw,
        domain=_DESCENT.but(step=(0.2, 1.2), momentum=(0.1, 0.9), steps=(1, 1000)),
        grid=_NESTEROV_GRID,
        quick=(0,),
        assumptions="independent standardised entries; start at 0; first step without momentum",
    ),
    contour(
        "double-descent/nesterov-schedule-risk",
        "Test and training error of Nesterov's accelerated gradient with the momentum (t − 1)/(t + 2) follow the "
        "contour integral of its filter, a derivative of Legendre polynomials.",
        source=Source("nesterov1983method", "the schedule as commonly used; filter derived"),
        predict=_descent,
        measure=experiments.descent_error_draw,
        domain=_DESCENT.but(step=(0.2, 1.2), steps=(1, 300)),
        grid=_SCHEDULE_GRID,
        quick=(0,),
        assumptions="independent standardised entries; start at 0; first step without momentum",
    ),
    contour(
        "double-descent/training-error",
        "The training error of gradient descent follows the contour integral with the companion transform.",
        predict=_descent,
        measure=experiments.descent_error_draw,
        grid=_TRAIN_GRID,
        quick=(0,),
    ),
    contour(
        "double-descent/misspecified-features",
        "Gradient descent on random features: what these cannot express of the target acts as label noise.",
        predict=_projected,
        measure=experiments.projected_error_draw,
        domain=_DESCENT.but(n=(20, 50), step=(0.2, 1.0)),  # drawn features stretch beyond the edge of their law
        grid=cells("gamma steps", [(1.5, 20), (0.6, 200), (1.0, 60)], n=40, step=1.0, noise_variance=0.1),
        quick=(0,),
    ),
    asymptotic(
        "double-descent/isotropic-flow",
        "Gradient flow on isotropic rows: bias and variance are integrals against the Marchenko-Pastur law.",
        source=Source("ali2019continuous", "isotropic case, by quadrature"),
        predict=lambda n, gamma, time, noise_variance: float(
            isotropic_flow_risk(gamma, [time], noise_variance).test[0]
        ),
        measure=experiments.flow_draw,
        quantities=_flow_quantities,
        formula=_flow,
        grid=cells("gamma time", [(0.5, 2.0), (2.0, 3.0), (1.0, 10.0)], n=40, noise_variance=0.5),
        quick=(0,),
    ),
    Claim(
        "double-descent/flow-is-nearly-ridge",
        "The Bayes risk of gradient flow at time t is at most 1.6862 times that of ridge at λ = 1/t.",
        source=Source("ali2019continuous", "constant as recalled"),
        kind=Kind.BOUND,
        predict=lambda **_: 1.6862,
        measure=experiments.flow_to_ridge_ratio,
        domain=USUAL.but(time=(0.1, 300.0)),
        grid=[
            {"n": 40, "gamma": gamma, "time": time, "snr": snr}
            for gamma in (0.5, 1.0, 2.0)
            for time, snr in ((0.3, 10.0), (3.0, 1.0), (30.0, 1.0), (300.0, 10.0))
        ],
        side="upper",
    ),
    hard_edge(
        "double-descent/smallest-eigenvalue",
        "At k = n, P(nλ_{min}(XᵀX) ≤ x) → 1 − e^{−x/2−√x} for Gaussian features.",
        kind=Kind.ASYMPTOTIC,
        predict=lambda n, at: float(smallest_eigenvalue_cdf(at)),
        measure=experiments.smallest_eigenvalue_draw,
        grid=cells("at", [0.5, 2.0], n=8),
        tolerance=0.03,
        formula=1 - sp.exp(-at / 2 - sp.sqrt(at)),
        quick=(1,),
    ),
    hard_edge(
        "double-descent/time-to-see-the-peak",
        "At k = n gradient descent needs of the order of n² steps to reach half of the variance of least squares.",
        kind=Kind.RATE,
        predict=lambda n: 2.0,
        measure=experiments.half_time_draw,
        grid=[{"n": 8}],
        tolerance=0.06,
        sizes=(1, 3, 9),
    ),
    one_pass(
        "double-descent/one-pass-sgd",
        "One-pass SGD on isotropic Gaussian rows: the mean error follows a linear recursion, for any batch size.",
        domain=USUAL.but(step_size=(0.003, 1.0), where="step_size*(1 + (d + 1)/batch_size) < 1.9"),
        grid=cells(
            "step_size batch_size steps",
            [(0.03, 1, 40), (0.3, 10, 20)],
            d=20,
            covariance="isotropic",
            noise_variance=0.5,
        ),
        formula=_isotropic_sgd,
    ),
    one_pass(
        "double-descent/one-pass-sgd-any-covariance",
        "One-pass SGD with unequal eigenvalues: the mean error follows a recursion whose modes a rank-one noise "
        "term couples.",
        domain=USUAL.but(step_size=(0.001, 0.2), where="step_size*4*(1 + (d + 1)/batch_size) < 1.9"),
        quantities=_stochastic_quantities,
        grid=[
            {
                "d": 12,
                "covariance": "two-scales",
                "step_size": 0.03,
                "batch_size": 2,
                "steps": 30,
                "noise_variance": 0.5,
            }
        ],
    ),
    Claim(
        "double-descent/one-pass-sgd-stability",
        "One-pass SGD on isotropic Gaussian rows is mean-square stable below the step size 2/(1 + (d + 1)/B).",
        source=Source("liu2023optimization", "derived in docs/theory/double_descent.md"),
        kind=Kind.THRESHOLD,
        measure=experiments.one_pass_growth,
        domain=USUAL.but(batch_size=(1, 200)),
        grid=cells("batch_size", [1, 10, 100], d=20),
        tolerance=0.03,
        formula=2 / (1 + (d + 1) / B),
        quick=(0, 1),
    ),
    higher(
        "double-descent/peak-grows-with-time",
        "The peak at k = n (against k = 4n) is higher after more steps, whatever the conditioning of the features.",
        measure=partial(experiments.peak_rise, first={"steps": 100}, second={"steps": 1_000_000}),
        grid=cells("conditioning", ["raw", "centred", "badly scaled"], n=24),
        quick=(0,),
        assumptions="ReLU features of Gaussian inputs, d = n/3, step 1/s_{max} of each k",
    ),
    higher(
        "double-descent/better-conditioning-earlier-peak",
        "After the same number of steps the peak is higher for centred features than for raw ones.",
        measure=partial(experiments.peak_rise, first={"conditioning": "raw"}, second={"conditioning": "centred"}),
        grid=cells("steps", [1_000, 100_000], n=24),
        quick=(0,),
    ),
    higher(
        "double-descent/larger-steps-higher-peak",
        "After the same number of steps a larger step size gives the higher peak.",
        measure=partial(experiments.peak_rise, first={"step": 0.01}, second={"step": 1.0}),
        grid=[{"n": 24, "conditioning": "centred", "steps": 5_000}],
    ),
    higher(
        "double-descent/momentum-higher-peak",
        "After the same number of steps heavy-ball momentum gives the higher peak.",
        measure=partial(experiments.peak_rise, first={"momentum": 0.0}, second={"momentum": 0.95}),
        grid=[{"n": 24, "conditioning": "centred", "steps": 500}],
    ),
    higher(
        "double-descent/small-batches-higher-peak",
        "After the same number of epochs at one step size smaller batches, taking more steps, give the higher peak.",
        measure=experiments.batch_peak_gain,
        grid=[{"n": 24, "conditioning": "centred", "epochs": 500, "small": 2}],
    ),
    higher(
        "double-descent/start-is-never-unlearned",
        "Large initial weights raise the error beyond the peak (k = 4n): what the data do not see is not unlearned.",
        measure=experiments.start_penalty,
        grid=[{"n": 24, "ratio": 4.0, "conditioning": "centred", "steps": 100_000, "start": 1.0}],
    ),
    Claim(
        "double-descent/epoch-wise",
        "With fast and slow features the test error falls, rises and falls again as training goes on.",
        source=Source("liu2023optimization", "epoch-wise axis; setting ours"),
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=axes.epoch_wise_rise,
        grid=[{"n": 60, "first": 3, "second": 60, "third": 30_000}],
    ),
)
