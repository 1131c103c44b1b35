"""Claims about regression on bags of responses."""

from __future__ import annotations

from functools import partial
from typing import Any

import sympy as sp

from solvable.analysis.regression.experiments import bags
from solvable.analysis.regression.settings import USUAL
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers import aggregate_fit, aggregate_risk

__all__ = ["BAG_CLAIMS"]

_PAPER = Source("javanmard2024learning")
_DERIVED = Source("javanmard2024learning", "this formula derived in docs/theory/regression.md")

_n, _d, _bag, _share, _rho, _noise = sp.symbols("n d bag share rho noise_variance", positive=True)


def _formulas() -> tuple[Any, Any]:
    """Bias and variance for unit signal and noise, per row, from the quadratic equation of the overlap h."""
    m, p, c = 1 / _bag, 1 - 1 / _bag, _share
    square, linear = _rho * (1 - c), m - c + _rho * (p - c)
    h = (sp.sqrt(linear**2 + 4 * square * c) - linear) / (2 * square)
    s, t = h / (1 + h), _rho * h / (1 + _rho * h)
    left = m * s * (1 - s) + p * t * (1 - t)
    return p**2 * t**2 / (c * left) * (c / p + 1 - 2 * t), m * s**2 / left


_BIAS, _VARIANCE = _formulas()


def _risk(n: float, share: float, bag: float, rho: float) -> Any:
    return aggregate_risk(round(n), round(share * n), round(bag), rho, 1.0)


claim = partial(Claim, domain=USUAL)
# the size counts dimensions and bags: both are whole
_GROWING = USUAL.but(where="n % bag == 0", counts={"share": "n"})

BAG_CLAIMS = (
    claim(
        "regression/instance-is-regularised-bag",
        "The loss of the bags plus the spread of predictions within them is the loss of the instances.",
        source=_PAPER,
        kind=Kind.EXACT,
        predict=lambda n, d, bag, X, responses: aggregate_fit(X, responses, 1.0),
        measure=bags.instance_fit,
        domain=USUAL.but(where="n % bag == 0 and n > d"),
        grid=cells("bag", [2, 4, 10], n=200, d=25),
        instance=bags.random_bags,
        tolerance=1e-10,
    ),
    claim(
        "regression/aggregate-bias",
        "Bias of the mixture of both losses, for a unit signal.",
        source=_DERIVED,
        kind=Kind.ASYMPTOTIC,
        predict=lambda **cell: float(_risk(**cell).bias),
        measure=bags.bag_bias,
        domain=_GROWING,
        grid=cells("rho", [0.02, 0.3, 1.0, 3.0], n=200, bag=4, share=0.125),
        tolerance=0.02,
        size="n",
        formula=_BIAS,
        quick=(1, 3),
    ),
    claim(
        "regression/aggregate-variance",
        "Variance of the mixture of both losses, for unit noise.",
        source=_DERIVED,
        kind=Kind.ASYMPTOTIC,
        predict=lambda **cell: float(_risk(**cell).variance),
        measure=bags.bag_variance,
        domain=_GROWING,
        grid=cells("rho", [0.02, 0.3, 1.0, 3.0], n=200, bag=4, share=0.125),
        tolerance=0.02,
        size="n",
        formula=_VARIANCE,
        quick=(1, 3),
    ),
    claim(
        "regression/bag-loss-risk",
        "The loss of the bags alone is least squares on m = n/k rows with the noise of one label.",
        source=_DERIVED,
        kind=Kind.MEAN,
        predict=lambda n, d, bag, noise_variance: float(aggregate_risk(n, d, bag, 0.0, noise_variance).excess),
        measure=bags.bag_only_excess,
        domain=USUAL.but(where="n % bag == 0 and n > bag*(d + 1)"),
        grid=cells("bag", [2, 4, 10], n=400, d=15, noise_variance=0.5),
        tolerance=0.02,
        formula=_noise * _d / (_n / _bag - _d - 1),
    ),
    claim(
        "regression/best-mixture-beats-both",
        "A mixture 0 < ρ < 1 has less excess error than the loss of the bags and that of the instances.",
        source=_PAPER,
        kind=Kind.ORDER,
        predict=lambda **_: -1.0,
        measure=bags.mixture_less_best_end,
        grid=cells("end", [0.0, 1.0], n=200, d=25, bag=4, rho=0.1, noise_variance=0.25),
    ),
    claim(
        "regression/best-bag-under-privacy",
        "With ρ tuned for each size, bags beat single rows once privacy noise is large, and not without it.",
        source=_DERIVED,
        kind=Kind.ORDER,
        predict=lambda privacy_variance, **_: -1.0 if privacy_variance else 1.0,
        measure=bags.bag_less_single,
        grid=cells(
            "privacy_variance bag rho", [(0.0, 2, 0.0157), (4.0, 2, 0.144), (40.0, 2, 1.42), (200.0, 3, 3.64)],
            n=1200, d=40, noise_variance=0.25,
        ),
        assumptions="the best sizes are 1, 2, 2, 3; those beyond one differ by less than these draws tell apart",
        quick=(0, 1, 3),
    ),
    claim(
        "regression/ridge-beats-the-best-bag",
        "The gain is one of shrinkage: ridge regression on single private labels, ridge dσ², beats the best bags.",
        source=Source("javanmard2024learning", "observation of this project"),
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=bags.bag_less_tuned_ridge,
        grid=cells(
            "privacy_variance bag rho", [(4.0, 2, 0.144), (40.0, 2, 1.42)],
            n=1200, d=40, noise_variance=0.25,
        ),
        assumptions="ridge of the Bayes prior, d times the noise of a private label, signal 1",
        quick=(0,),
    ),
)  # fmt: skip
