"""The optimum of one layer of linear attention: a step of gradient descent, its size, its risk, its distance to Bayes.

Risks are mean squared errors on noisy labels without a factor one half; attention sums over the tokens.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from solvable.analysis.in_context import closed_forms
from solvable.analysis.in_context.experiments import prompts
from solvable.analysis.in_context.settings import covariance, prior
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import bayes_risk, optimal_linear_attention, optimal_step_size

__all__ = ["CLAIMS"]

_PAPER = Source("mahankali2024one")
_DERIVED = Source("mahankali2024one", "this form derived in docs/theory/in_context.md")


def _isotropic(n: int, d: int, noise_variance: float) -> Any:
    return optimal_linear_attention(n, np.eye(d), np.eye(d), noise_variance)


def _layer(n: int, d: int, noise_variance: float, inputs: str, tasks: str) -> Any:
    return optimal_linear_attention(n, covariance(inputs, d), prior(tasks, d), noise_variance)


def _nonlinear(n: int, d: int, noise_variance: float, target: str) -> float:
    moments = {name: float(value) for name, value in closed_forms.target_moments(d, target).items()}
    return float(optimal_step_size(n, d, noise_variance, **moments))


_SIZES = cells("n d noise_variance", [(10, 4, 0.25), (20, 8, 1.0), (5, 6, 0.0)])
USUAL = Domain(n=(1, 300), d=(1, 40), noise_variance=(0.0, 4.0))
claim = partial(Claim, domain=USUAL)

CLAIMS = (
    claim(
        "in-context/one-step-is-optimal",
        "No linear attention, all entries of value and key-query matrices free, beats one step of gradient descent.",
        source=_PAPER,
        kind=Kind.BOUND,
        predict=lambda n, d, noise_variance: float(_isotropic(n, d, noise_variance).risk),
        measure=prompts.attained_risk,
        grid=cells("n d noise_variance", [(4, 2, 0.25)]),
        side="lower",
        tolerance=0.005,
        formula=closed_forms.one_step_risk,
        assumptions="isotropic tasks; ten starts of alternating least squares, 20,000 prompts, risk on 60,000 fresh",
    ),
    claim(
        "in-context/one-step-is-attained",
        "Free linear attention, fitted by alternating least squares, reaches the risk of one step to 0.5 %.",
        source=_PAPER,
        kind=Kind.MEAN,
        predict=lambda n, d, noise_variance: float(_isotropic(n, d, noise_variance).risk),
        measure=prompts.attained_risk,
        grid=cells("n d noise_variance", [(4, 2, 0.25)]),
        tolerance=0.005,
        formula=closed_forms.one_step_risk,
        assumptions="isotropic inputs and tasks",
    ),
    claim(
        "in-context/one-step-risk",
        "The best bilinear predictor for isotropic tasks has the risk d + σ² − nd/(n + d + 1 + σ²).",
        source=_DERIVED,
        kind=Kind.MEAN,
        predict=lambda n, d, noise_variance: float(_isotropic(n, d, noise_variance).risk),
        measure=prompts.learned_risk,
        grid=_SIZES,
        tolerance=0.005,
        formula=closed_forms.one_step_risk,
        quick=(0,),
    ),
    claim(
        "in-context/general-risk",
        "For inputs of covariance Σ and tasks of prior B the least risk is tr ΣB + σ² − n tr ΣPΣB.",
        source=_DERIVED,
        kind=Kind.MEAN,
        predict=lambda n, d, noise_variance, inputs, tasks: float(_layer(n, d, noise_variance, inputs, tasks).risk),
        measure=prompts.learned_risk,
        grid=cells(
            "n inputs tasks", [(12, "correlated", "correlated"), (6, "decaying", "decaying")], d=3, noise_variance=0.49
        ),
        domain=USUAL.but(d=(1, 6)),
        tolerance=0.01,
        quantities=closed_forms.one_step_traces,
        formula=closed_forms.general_risk,
        quick=(0,),
    ),
    claim(
        "in-context/step-size",
        "The step size that pre-training finds is 1/(n + d + 1 + σ²), smaller than any single prompt would ask for.",
        source=_DERIVED,
        kind=Kind.MEAN,
        predict=lambda n, d, noise_variance: float(_isotropic(n, d, noise_variance).preconditioner[0, 0]),
        measure=prompts.learned_step,
        grid=_SIZES,
        tolerance=0.005,
        formula=closed_forms.one_step_size,
        quick=(1,),
    ),
    claim(
        "in-context/preconditioner",
        "For other covariances the step is preconditioned by P = B[(n + 1)ΣB + (tr ΣB + σ²)I]⁻¹, entry by entry.",
        source=_PAPER,
        kind=Kind.MEAN,
        predict=lambda row, column, **p: float(_layer(**p).preconditioner[row, column]),
        measure=prompts.learned_entry,
        grid=cells(
            "row column",
            [(2, 2), (0, 0), (0, 1)],
            n=12,
            d=3,
            noise_variance=0.49,
            inputs="correlated",
            tasks="correlated",
        ),
        domain=USUAL.but(d=(3, 8), n=(1, 100)),
        tolerance=0.005,
        absolute_tolerance=5e-4,
        assumptions="besides 0.5 %, 0.35 % of the largest entry is allowed",
        quick=(0,),
    ),
    claim(
        "in-context/preconditioner-is-symmetric",
        "E wSᵀ(E SSᵀ)⁻¹, a product of matrices that do not commute, is the symmetric P.",
        source=_DERIVED,
        kind=Kind.EXACT,
        predict=lambda n, d, noise_variance, sigma, tasks: (
            optimal_linear_attention(n, sigma, tasks, noise_variance).preconditioner
        ),
        measure=lambda rng, n, d, noise_variance, sigma, tasks: prompts.quadrature_preconditioner(
            sigma, tasks, n, noise_variance
        ),
        grid=cells("n noise_variance", [(5, 0.4), (1, 0.0), (40, 2.0)], d=2),
        domain=USUAL.but(d=(1, 12)),
        instance=prompts.random_matrices,
        tolerance=1e-10,
    ),
    claim(
        "in-context/inverse-prior-is-isotropic",
        "With tasks of prior Σ⁻¹ the layer whitens: P = Σ⁻¹/(n + d + 1 + σ²), the isotropic step and risk.",
        source=_PAPER,
        kind=Kind.EXACT,
        predict=lambda n, d, noise_variance, sigma, tasks: (
            optimal_linear_attention(n, sigma, np.linalg.inv(sigma), noise_variance).preconditioner
        ),
        measure=lambda rng, n, d, noise_variance, sigma, tasks: prompts.isotropic_preconditioner(
            sigma, n, noise_variance
        ),
        grid=cells("n d noise_variance", [(5, 3, 0.4), (40, 6, 0.0)]),
        domain=USUAL.but(d=(1, 12)),
        instance=prompts.random_matrices,
        tolerance=1e-11,
    ),
    claim(
        "in-context/nonlinear-targets-same-algorithm",
        "Targets that are not linear change the step size only: η = E‖β_f‖²/(E y²‖x‖² + (n − 1)E‖β_f‖²).",
        source=_PAPER,
        kind=Kind.MEAN,
        predict=_nonlinear,
        measure=prompts.nonlinear_step,
        grid=cells("target", ["signed-relu", "cubic"], n=25, d=6, noise_variance=0.3),
        tolerance=0.01,
        quantities=closed_forms.target_moments,
        formula=closed_forms.step_size,
        assumptions="laws of targets invariant under rotation and change of sign; cubic targets are heavy-tailed",
        quick=(0,),
    ),
    claim(
        "in-context/gap-to-bayes",
        "One step is worse than the Bayes predictor on the same prompts, at short prompts and at long ones.",
        source=_PAPER,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=prompts.gap_to_posterior,
        grid=cells("n", [10, 2, 60], d=5, noise_variance=0.25),
        quick=(0, 1),
    ),
    claim(
        "in-context/excess-at-long-prompts",
        "Both risks tend to the noise, but not alike: n/d times the excess of one step tends to d + 1 + σ², that of "
        "Bayes to σ².",
        source=_DERIVED,
        kind=Kind.ASYMPTOTIC,
        predict=lambda n, d, noise_variance: float(n / d * (_isotropic(n, d, noise_variance).risk - noise_variance)),
        measure=prompts.excess_draw,
        grid=[{"n": 20, "d": 2, "noise_variance": 0.5}],
        size="n",
        tolerance=0.04,
        domain=USUAL.but(noise_variance=(0.05, 4.0)),
    ),
    claim(
        "in-context/bayes-risk",
        "The Bayes predictor has the risk of ridge regression on prior-whitened inputs, with ridge σ².",
        source=Source("hastie2022surprises", "applied in docs/theory/in_context.md"),
        kind=Kind.ASYMPTOTIC,
        predict=lambda d, gamma, noise_variance: float(bayes_risk(d / gamma, np.eye(d), np.eye(d), noise_variance)),
        measure=prompts.posterior_risk,
        grid=cells("gamma noise_variance", [(2.0, 1.0), (0.5, 0.25)], d=10),
        domain=Domain(d=(2, 60), gamma=(0.1, 2.0), noise_variance=(0.01, 4.0), where="gamma <= d"),
        size="d",
        tolerance=0.02,
        formula=closed_forms.bayes_variance,
        quick=(0,),
    ),
)
