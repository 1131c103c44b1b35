"""Claims about information, PAC-Bayes bounds and inductive bias."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from solvable.analysis.generalisation.experiments import hypotheses, posteriors, supersamples
from solvable.analysis.generalisation.settings import USUAL
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import (
    gaussian_cumulant,
    inductive_bias,
    log_sobolev_bound,
    loss_difference_information,
    pac_bayes_linear,
)

__all__ = ["BOUND_CLAIMS"]

_PAIRS = Source("wang2023tighter")
_GRADIENTS = Source("gat2022importance")
_CLOSED = Source("gat2022importance", "closed form derived in docs/theory/generalisation.md")
_BIAS = Source("boopathy2023model", "for linear hypotheses derived in docs/theory/generalisation.md")
_l, _m, _v = sp.symbols("lam mean variance", real=True)


def _posterior(lam: float, prior_variance: float, noise_variance: float, target: float, delta: float, X: Any, y: Any,
               **_: Any) -> Any:  # fmt: skip
    return pac_bayes_linear(X, y, lam, prior_variance, noise_variance, target, delta)


def _free_energy(lam: float, prior_variance: float, X: Any, y: Any, **_: Any) -> float:
    found = pac_bayes_linear(X, y, lam, prior_variance, 0.0, 0.0)
    return found.empirical + found.divergence / lam


def _prior_gap(n: int, d: int, **cell: float) -> float:
    """The data do not enter the cumulant, only their numbers."""
    return float(np.exp(pac_bayes_linear(np.ones((n, d)), np.zeros(n), **cell).cumulant))


claim = partial(Claim, domain=USUAL)
_RESIDUAL = Domain(lam=(-0.8, 0.4), mean=(-2.0, 2.0), variance=(0.1, 1.0))
_POSTERIOR = Domain(
    n=(5, 60), d=(1, 6), lam=(0.05, 0.5), prior_variance=(0.05, 0.9), noise_variance=(0.1, 1.0), target=(0.2, 3.0),
    delta=(0.01, 0.2),
)  # fmt: skip
_OPEN = Domain(d=(4, 16), n=(0, 10), target=(0.1, 6.0), level=(0.5, 9.0), where="n < d")

BOUND_CLAIMS = (
    claim(
        "generalisation/interpolation-information",
        "Of a learner that fits its labels the information I(Δ;U)/ln 2 is the test error.",
        source=_PAIRS,
        kind=Kind.MEAN,
        predict=lambda table, **_: float(loss_difference_information(table).interpolation_error),
        measure=supersamples.gap_beside_table,
        domain=USUAL.but(n=(5, 30), d=(1, 6)),
        grid=cells("n d", [(20, 3), (10, 6)], learner="nearest-neighbour", replicas=200),
        given=("table",),
        tolerance=0.01,
        quick=(0,),
    ),
    claim(
        "generalisation/square-root-bound",
        "The gap of test and training error is at most √(2 I(Δ;U)), averaged over the pairs.",
        source=_PAIRS,
        kind=Kind.BOUND,
        side="upper",
        predict=lambda table, **_: float(loss_difference_information(table).square_root),
        measure=supersamples.gap_beside_table,
        domain=USUAL.but(n=(5, 30), d=(1, 6)),
        grid=cells(
            "learner n replicas",
            [("nearest-mean", 20, 4000), ("nearest-mean", 8, 4000), ("nearest-neighbour", 20, 200)],
            d=3,
        ),
        given=("table",),
    ),
    claim(
        "generalisation/interpolation-beats-it",
        "For a learner that fits its labels I(Δ;U)/ln 2 is below the square-root bound.",
        source=_PAIRS,
        kind=Kind.ORDER,
        predict=lambda **_: -1.0,
        measure=supersamples.bound_gap,
        grid=cells("n", [10, 20], d=3, learner="nearest-neighbour", replicas=100),
    ),
    claim(
        "generalisation/cumulant",
        "Cumulant of the squared residual of a Gaussian model.",
        source=_CLOSED,
        kind=Kind.EXACT,
        predict=lambda lam, mean, variance, loss: float(gaussian_cumulant(lam, mean, variance, loss)),
        measure=posteriors.quadrature,
        domain=_RESIDUAL,
        grid=cells("lam mean variance", [(-0.6, 0.5, 0.8), (0.3, 1.0, 0.5), (-0.1, 0.0, 1.0)], loss="squared"),
        absolute_tolerance=1e-10,
        formula=_l * _m**2 / (1 - 2 * _l * _v) - sp.log(1 - 2 * _l * _v) / 2,
        convention="squared-residual",
    ),
    claim(
        "generalisation/log-sobolev",
        "The central cumulant is at most what the gradient's norm gives by the log-Sobolev inequality.",
        source=_GRADIENTS,
        kind=Kind.BOUND,
        side="upper",
        predict=lambda lam, mean, variance, loss: float(log_sobolev_bound(lam, mean, variance, loss)),
        measure=posteriors.central_quadrature,
        domain=_RESIDUAL,
        grid=cells("lam mean variance", [(-0.6, 0.5, 0.8), (0.3, 1.0, 0.5), (-0.1, 0.0, 1.0)], loss="squared"),
        deterministic=True,
        convention="squared-residual",
    ),
    claim(
        "generalisation/log-sobolev-equality",
        "For linear losses the bound by the gradient's norm is the central cumulant.",
        source=_GRADIENTS,
        kind=Kind.EXACT,
        predict=lambda lam, mean, variance, loss: float(log_sobolev_bound(lam, mean, variance, loss)),
        measure=posteriors.central_quadrature,
        domain=_RESIDUAL,
        grid=cells("lam mean variance", [(-0.6, 0.5, 0.8), (0.3, 1.0, 0.5)], loss="linear"),
        absolute_tolerance=1e-10,
        formula=_l**2 * _v / 2,
        convention="squared-residual",
    ),
    claim(
        "generalisation/gibbs-free-energy",
        "Training loss plus divergence over λ of the Gibbs posterior is the free energy of the labels.",
        source=_CLOSED,
        kind=Kind.EXACT,
        predict=_free_energy,
        measure=posteriors.evidence,
        domain=_POSTERIOR.but(lam=(0.05, 2.5), d=(1, 8), prior_variance=(0.05, 1.0)),
        grid=cells("lam prior_variance n d", [(0.3, 0.5, 20, 4), (2.0, 1.0, 5, 8)], noise_variance=0.3, target=1.0),
        instance=posteriors.linear_data,
        tolerance=1e-10,
        convention="gibbs",
    ),
    claim(
        "generalisation/prior-cumulant",
        "Mean of e^{λ(L − L̂)} over the prior and the data, for squared losses and Gaussian rows.",
        source=_CLOSED,
        kind=Kind.MEAN,
        predict=_prior_gap,
        measure=posteriors.exponential_gap,
        domain=_POSTERIOR.but(where="lam*prior_variance < 0.15"),
        grid=cells("lam prior_variance n d", [(0.3, 0.3, 10, 3), (0.2, 0.5, 20, 2)], noise_variance=0.3, target=1.0),
        tolerance=0.02,
        convention="gibbs",
    ),
    claim(
        "generalisation/pac-bayes-linear",
        "The PAC-Bayes bound with the exact cumulant holds for the Gibbs posterior of linear regression.",
        source=_GRADIENTS,
        kind=Kind.BOUND,
        side="upper",
        predict=lambda **cell: float(_posterior(**cell).bound),
        measure=posteriors.gibbs_risk,
        domain=_POSTERIOR.but(where="lam*prior_variance < 0.4", lam=(0.05, 1.0)),
        grid=cells("lam n d", [(0.5, 40, 3), (0.9, 20, 5)], prior_variance=0.4, noise_variance=0.3, target=1.0,
                   delta=0.05),
        instance=posteriors.linear_data,
        assumptions="with probability 1 − δ; it is far from tight, and no run came near it",
        convention="gibbs",
    ),
    claim(
        "generalisation/inductive-bias",
        "Probability that a random hypothesis that fits n points generalises, e to the minus inductive bias.",
        source=_BIAS,
        kind=Kind.MEAN,
        predict=lambda d, n, target, level, **_: float(np.exp(-inductive_bias(d, n, target, level))),
        measure=hypotheses.fitting_share,
        domain=_OPEN,
        grid=cells("target level", [(2.0, 1.0), (2.0, 4.0), (0.5, 2.0)], d=12, n=8),
        instance=hypotheses.given_points,
        tolerance=0.02,
        quick=(1, 2),
    ),
    claim(
        "generalisation/inductive-bias-by-rejection",
        "Probability that a random hypothesis generalises, one that misses a label by more than 0.1 being rejected.",
        source=_BIAS,
        kind=Kind.MEAN,
        predict=lambda d, n, target, level, **_: float(np.exp(-inductive_bias(d, n, target, level))),
        measure=hypotheses.closeness,
        domain=_OPEN.but(d=(3, 6), n=(1, 2)),
        grid=cells("d n", [(4, 1), (5, 2)], target=1.0, level=2.0, slack=0.1),
        tolerance=0.03,
        assumptions="the slack changes the probability by its square",
        quick=(0,),
    ),
    claim(
        "generalisation/bias-grows-with-dimension",
        "With more dimensions for as many points fewer hypotheses that fit generalise.",
        source=_BIAS,
        kind=Kind.ORDER,
        predict=lambda **_: -1.0,
        measure=hypotheses.with_more_dimensions,
        domain=_OPEN,
        grid=cells("more", [1, 4], d=12, n=8, target=2.0, level=4.0),
        assumptions="the target's part that the points leave open keeps its size",
    ),
)  # fmt: skip
