"""Mean and variance of the next label: calibrated under the right prior, worth knowing, wrong outside of it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from solvable.analysis.in_context import closed_forms
from solvable.analysis.in_context.experiments import uncertainty
from solvable.analysis.in_context.settings import LEVELS
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import InverseGamma, mean_predictive_variance, out_of_prior_risk, posterior_predictive

__all__ = ["CLAIMS"]

_PAPER = Source("liu2025uncertainty")
_DERIVED = Source("liu2025uncertainty", "this form derived in docs/theory/in_context.md")
_FITTED = Source("muller2022transformers", "its statement for networks; this form derived in docs/theory/in_context.md")
_PRIORS: dict[str, Any] = {
    "known": 0.36,
    "discrete": (LEVELS[0], LEVELS[1]),
    "inverse-gamma": InverseGamma(4.0, 3.0),
}


def _predictive(X: Any, y: Any, x: Any, law: str) -> Any:
    return posterior_predictive(X, y, x, _PRIORS[law])


def _entropy(law: str, count: int = 160) -> float:
    """Of the label of a second example at the same input 1, given the first: the chain rule of evidences, by a sum."""
    share = (np.arange(count) + 0.5) / count
    y = 2 * np.tan(np.pi * (share - 0.5))
    weight = (4 + y**2) * np.pi / 2 / count  # dy
    one = np.asarray(_predictive(np.ones((count, 1, 1)), y[:, None], np.ones((count, 1)), law).log_likelihood)
    pairs = np.stack(np.meshgrid(y, y, indexing="ij"), axis=-1).reshape(-1, 2)
    prompts = np.ones((len(pairs), 2, 1))
    two = np.reshape(_predictive(prompts, pairs, prompts[:, 0], law).log_likelihood, (count, count))
    return float(-np.sum(weight[:, None] * weight * np.exp(two) * (two - one[:, None])))


USUAL = Domain(
    n=(1, 20), d=(1, 60), gamma=(0.1, 2.0), noise_variance=(0.01, 4.0), assumed_noise=(0.01, 20.0),
    weight_variance=(0.1, 9.0), where="gamma <= d",
)  # fmt: skip
claim = partial(Claim, domain=USUAL)
_LAWS = cells("law", ["known", "discrete", "inverse-gamma"], n=6, d=4)
_PROMPTS = Domain(n=(1, 12), d=(1, 8))

CLAIMS = (
    claim(
        "in-context/predictive-is-calibrated",
        "The posterior variance is the mean squared error of the posterior mean, whatever is known of the noise.",
        source=_PAPER,
        kind=Kind.MEAN,
        predict=lambda n, d, law, X, y, x, truth, noise: float(np.mean(_predictive(X, y, x, law).variance)),
        measure=lambda rng, n, d, law, X, y, x, truth, noise: uncertainty.squared_error(X, y, x, truth, noise, law),
        grid=_LAWS,
        domain=_PROMPTS,
        instance=uncertainty.true_prompts,
        tolerance=0.02,
        quick=(0,),
    ),
    claim(
        "in-context/likelihood-at-its-minimum",
        "The least Gaussian negative log-likelihood is E ½ log v + ½, v the posterior variance.",
        source=_PAPER,
        kind=Kind.MEAN,
        predict=lambda n, d, law, X, y, x, truth, noise: float(
            np.mean(0.5 * np.log(_predictive(X, y, x, law).variance)) + 0.5
        ),
        measure=lambda rng, n, d, law, X, y, x, truth, noise: uncertainty.likelihood(X, y, x, truth, noise, law),
        grid=_LAWS,
        domain=_PROMPTS,
        instance=uncertainty.true_prompts,
        absolute_tolerance=0.01,
        quick=(0,),
    ),
    claim(
        "in-context/prior-fitted-is-posterior",
        "Fitted by likelihood to tasks of a prior, a predictor of any law comes to the entropy of the posterior.",
        source=_FITTED,
        kind=Kind.MEAN,
        predict=_entropy,
        measure=uncertainty.fitted_likelihood,
        grid=cells("law", ["known", "discrete", "inverse-gamma"]),
        domain=Domain(),
        absolute_tolerance=0.02,  # of which 32^2 entries fitted to 1e5 tasks cost 0.005, the width of the bins as much
        assumptions="one example and one query, both at 1; the predictor is a table of 32 x 32 bins",
        quick=(0,),
    ),
    claim(
        "in-context/posterior-mean-and-variance",
        "Mean and variance by one singular value decomposition are those of the joint Gaussian of all labels.",
        source=_DERIVED,
        kind=Kind.EXACT,
        predict=lambda n, d, law, X, y, x, truth, noise: np.stack(
            [_predictive(X, y, x, law).mean, _predictive(X, y, x, law).variance]
        ),
        measure=lambda rng, n, d, law, X, y, x, truth, noise: uncertainty.mean_and_variance(X, y, x, law),
        grid=cells("n d law", [(6, 4, "discrete"), (3, 7, "known"), (6, 4, "known")]),
        domain=_PROMPTS,
        instance=uncertainty.few_prompts,
        tolerance=1e-10,
    ),
    claim(
        "in-context/knowing-the-prior-helps",
        "At short prompts Bayes is better than ridge regression of fixed strength, and that than least squares.",
        source=_PAPER,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=uncertainty.prior_gain,
        grid=cells("pair", ["ridge over Bayes", "least squares over ridge"], d=10, n=15),
        assumptions="noise variance 0.1, 1 or 4, unknown; ridge 0.9",
    ),
    claim(
        "in-context/mean-variance",
        "Averaged over prompts the posterior variance is σ²(1 + τ), σ²τ² + (σ² + n − d)τ − d = 0.",
        source=_DERIVED,
        kind=Kind.ASYMPTOTIC,
        predict=lambda d, gamma, noise_variance: float(mean_predictive_variance(d / gamma, d, noise_variance)),
        measure=uncertainty.mean_variance,
        grid=cells("gamma noise_variance", [(2.0, 1.0), (0.5, 0.25), (1.0, 4.0)], d=10),
        size="d",
        tolerance=0.02,
        formula=closed_forms.bayes_variance,
        quick=(0, 1),
    ),
    claim(
        "in-context/wrong-prior-is-worse",
        "A learner that assumes a tenth or ten times the noise errs more than one that knows it.",
        source=_PAPER,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=uncertainty.wrong_prior_cost,
        grid=cells("assumed_noise", [0.1, 10.0], d=10, n=15, noise_variance=1.0),
    ),
    claim(
        "in-context/out-of-prior-risk",
        "Outside its prior the Bayes learner has the risk of ridge regression with the ridge it assumes.",
        source=_DERIVED,
        kind=Kind.ASYMPTOTIC,
        predict=lambda d, gamma, **p: float(out_of_prior_risk(d / gamma, d, **p)),
        measure=uncertainty.mismatched_error,
        grid=cells("assumed_noise weight_variance", [(0.1, 2.0), (10.0, 1.0)], d=10, gamma=0.5, noise_variance=1.0),
        size="d",
        tolerance=0.02,
        quick=(0,),
    ),
)
