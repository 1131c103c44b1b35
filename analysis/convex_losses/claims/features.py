"""Claims about two classes, and about random networks whose last layer is fitted."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from solvable.analysis.convex_losses.closed_forms import sign_model
from solvable.analysis.convex_losses.experiments import digits, mixtures, networks
from solvable.analysis.convex_losses.settings import USUAL
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import deep_feature_moments, mixture_risk, state_evolution

__all__ = ["FEATURE_CLAIMS"]

_MIXTURE = Source("mignacco2020role")
_DEEP = Source("schroeder2023deterministic")
_REAL = Source("loureiro2021learning", "real data: our measurement")
_HIDDEN = Source("gerace2020generalisation")


def _mixture(d: float, ratio: float, penalty: float, separation: float, balance: float, loss: str) -> float:
    del d
    return float(mixture_risk(separation, ratio, penalty, loss, balance).test_error)


def _bayes(ratio: float, separation: float, **_: Any) -> float:
    return float(mixture_risk(separation, ratio, np.inf, "square").test_error)


def _equivalent(
    d: float, depth: int, ratio: float, penalty: float, loss: str, activation: str, weights: Any, coefficients: Any
) -> float:
    moments = deep_feature_moments(weights, np.eye(round(d)), activation)
    spectrum = moments.linear(coefficients)
    return float(state_evolution(spectrum, round(ratio * d), penalty, loss).test_loss)


def _digits(rows: float, features: str, loss: str) -> float:
    """Error of the fit in the Gaussian model of all digits: their covariance, and a sign teacher."""
    spectrum, known = sign_model(*digits.digits_features(features))
    return float(state_evolution(spectrum, rows, 1.0, loss, noise=max(1 - known, 0.0)).test_error)


claim = partial(Claim, domain=USUAL)
mixture = partial(claim, source=_MIXTURE, convention="mixture-ridge")
network = partial(
    claim, kind=Kind.ASYMPTOTIC, source=_DEEP, convention="convex-ridge", predict=_equivalent,
    measure=networks.network_loss, instance=networks.drawn_network, size="d", first_draws=8,
    domain=USUAL.but(depth=(1, 3)),
)  # fmt: skip

real = partial(
    claim, source=_REAL, kind=Kind.BOUND, predict=_digits, first_draws=8, convention="convex-ridge"
)  # fmt: skip

FEATURE_CLAIMS = (
    mixture(
        "convex-losses/mixture-error",
        "Error of a convex loss with a ridge on two Gaussian classes, with an intercept where they are unequal.",
        kind=Kind.ASYMPTOTIC,
        predict=_mixture,
        measure=mixtures.mixture_error,
        grid=cells("ratio penalty balance loss", [(2.0, 1.0, 0.5, "square"), (2.0, 1.0, 0.5, "hinge"),
                                                  (2.0, 0.3, 0.3, "logistic"), (3.0, 0.5, 0.5, "logistic")],
                   d=30, separation=1.0),
        size="d",
        tolerance=0.03,
        first_draws=8,
        quick=(0,),
    ),
    mixture(
        "convex-losses/mixture-bayes",
        "No loss does better on equal classes than the rule that knows all but the mean, Φ(−‖μ‖²√(α/(1 + α‖μ‖²))), "
        "α = n/d.",
        kind=Kind.BOUND,
        side="lower",
        predict=_bayes,
        measure=mixtures.excess_over_bayes,
        grid=cells("ratio penalty loss", [(2.0, 0.3, "logistic"), (2.0, 1.0, "hinge"), (4.0, 0.3, "square")],
                   d=100, separation=1.0),
        tolerance=0.01,
        assumptions="the limit of large d; 1 % covers what is left of the size",
        quick=(0,),
    ),
    mixture(
        "convex-losses/best-ridge-is-infinite",
        "On equal classes an infinite ridge, which leaves the mean of the rows, does better than any finite one.",
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=mixtures.large_ridge_gain,
        grid=cells("penalty loss", [(0.1, "logistic"), (0.3, "square"), (1.0, "hinge"), (2.0, "logistic")],
                   d=100, ratio=2.0, separation=1.0),
        assumptions="error at the ridge less that of the mean, same rows",
        quick=(0, 1),
    ),
    network(
        "convex-losses/logistic-universality",
        "Logistic regression on a random deep network has the test loss of Gaussian features with its second moments.",
        grid=cells("depth activation", [(1, "erf"), (2, "tanh"), (3, "sign"), (3, "erf"), (1, "sign")], d=20,
                   ratio=3.0, penalty=0.3, loss="logistic"),
        tolerance=0.03,
        quick=(0,),
    ),
    network(
        "convex-losses/hinge-universality",
        "The hinge loss on a random deep network generalises as on Gaussian features with its second moments.",
        grid=cells("depth activation", [(2, "tanh"), (1, "erf"), (3, "sign")], d=20, ratio=3.0, penalty=0.5,
                   loss="hinge"),
        tolerance=0.03,
        quick=(1,),
    ),
    claim(
        "convex-losses/logistic-peak",
        "The test loss of logistic regression on random features peaks where the labels stop being separable, at about "
        "2.9 rows for each feature here, and not at as many features as rows.",
        source=_HIDDEN,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=networks.peak_difference,
        grid=cells("place", [2.4, 2.8], d=40, ratio=3.0, penalty=1e-5, noise=0.3),
        assumptions="log of the test loss at n/k = place over that at n = k",
        convention="convex-ridge",
        quick=(0,),
    ),
    real(
        "convex-losses/digits-few-rows",
        "Odd against even digits, logistic regression with ridge 1 on 100 rows of pixels errs no more than its "
        "Gaussian model says.",
        side="upper",
        measure=digits.digits_error,
        grid=[{"rows": 100, "features": "pixels", "loss": "logistic"}],
        domain=Domain(rows=(50, 120)),
        assumptions="one data set, side chosen after measuring: fit over theory .95 at n = 100; no prediction",
    ),
    real(
        "convex-losses/digits-many-rows",
        "Odd against even digits, logistic regression with ridge 1 on 400 and on 800 rows of pixels errs no less than "
        "its Gaussian model says.",
        side="lower",
        measure=digits.digits_error,
        grid=cells("rows", [400, 800], features="pixels", loss="logistic"),
        domain=Domain(rows=(300, 1000)),
        assumptions="one data set, side chosen after measuring: fit over theory 1.22 and 1.42; no prediction",
        quick=(0,),
    ),
    real(
        "convex-losses/digits-features-are-better",
        "On 100, 200 and 400 rows of 100 random erf features of digits the square loss with ridge 1 errs no more than "
        "its Gaussian model says.",
        side="upper",
        measure=digits.digits_error,
        grid=cells("rows", [100, 200, 400], features="erf features", loss="square"),
        domain=Domain(rows=(100, 400)),
        assumptions="one data set and draw of features, side chosen after measuring: fit over theory .69, .74, .83",
        quick=(0,),
    ),
)  # fmt: skip
