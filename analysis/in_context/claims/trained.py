"""Linear attention trained by gradient flow: its limit, its loss, its risk away from the training distribution."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from solvable.analysis.in_context import closed_forms
from solvable.analysis.in_context.experiments import training
from solvable.analysis.in_context.settings import covariance, prior
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import attention_flow, attention_limit, random_covariance_limit, trained_attention_risk

__all__ = ["CLAIMS"]

_PAPER = Source("zhang2024trained")
_DERIVED = Source("zhang2024trained", "this form derived in docs/theory/in_context.md")


def _start(d: int) -> Any:
    """Theta of a start that no eigenbasis makes diagonal."""
    return np.random.default_rng(5).standard_normal((d, d)) + 2 * np.eye(d)


def _path(inputs: str, d: int, n: int, start_scale: float, time: float, noise_variance: float = 0.0) -> Any:
    return attention_flow(covariance(inputs, d), n, start_scale, time, _start(d), noise_variance)


def _weights(flow: Any) -> Any:
    return np.append(flow.key_query.ravel(), flow.value)


def _risk(
    d: int, n: int, context: int, noise_variance: float, inputs: str, tasks: str, shift: float = 1.0,
    query_shift: float = 1.0,
) -> float:  # fmt: skip
    sigma = covariance(inputs, d)
    return float(
        trained_attention_risk(
            sigma, n, context, prior=prior(tasks, d), noise_variance=noise_variance, test_covariance=shift * sigma,
            query_covariance=shift * query_shift * sigma,
        )
    )  # fmt: skip


def _product(d: int, n: int, inputs: str, row: int, column: int) -> float:
    limit = attention_limit(covariance(inputs, d), n)
    return float(limit.value * limit.key_query[row, column])


USUAL = Domain(
    n=(1, 500), d=(1, 5), context=(1, 500), noise_variance=(0.0, 4.0), start_scale=(0.05, 0.4), time=(0.0, 20.0),
    shift=(0.1, 5.0), query_shift=(0.1, 5.0),
)  # fmt: skip
claim = partial(Claim, domain=USUAL)

CLAIMS = (
    claim(
        "in-context/flow-limit",
        "Gradient flow from a small start ends at U = Γ⁻¹[tr Γ⁻²]^{−1/4}, u = [tr Γ⁻²]^{1/4}.",
        source=_PAPER,
        kind=Kind.NUMERICAL,
        predict=lambda inputs, d, n, start_scale: _weights(attention_limit(covariance(inputs, d), n)),
        measure=lambda rng, **p: training.flow_end(**p),
        grid=cells("d inputs", [(2, "correlated"), (3, "decaying"), (5, "correlated")], n=8, start_scale=0.3),
        domain=USUAL.but(n=(2, 100)),
        tolerance=1e-8,
        reason="the flow is integrated to a relative error of 1e-12 and stopped at time 400",
        quick=(0, 1),
    ),
    claim(
        "in-context/flow-path",
        "All weights follow d + 2 equations: off the eigenbasis of Λ they decay, along it they grow together.",
        source=_DERIVED,
        kind=Kind.NUMERICAL,
        predict=lambda **p: _weights(_path(**p)),
        measure=lambda rng, **p: training.flow_path(**p),
        grid=cells(
            "d inputs time noise_variance",
            [(3, "correlated", 3.0, 0.4), (4, "decaying", 1.0, 0.0)],
            n=8,
            start_scale=0.3,
        ),
        tolerance=1e-9,
        reason="both integrators stop at relative errors between 1e-12 and 1e-11",
    ),
    claim(
        "in-context/flow-conserves",
        "The flow keeps u² − ‖U‖², 0 from a balanced start.",
        source=_PAPER,
        kind=Kind.NUMERICAL,
        predict=lambda **p: float(_path(**p).conserved),
        measure=lambda rng, **p: training.flow_balance(**p),
        grid=cells("d inputs time", [(2, "correlated", 10.0), (5, "correlated", 2.0)], n=8, start_scale=0.3),
        absolute_tolerance=1e-9,
        reason="the drift of two integrators at relative errors between 1e-12 and 1e-11",
    ),
    claim(
        "in-context/flow-loss-formula",
        "The loss on the way is tr[(u²/2)ΓΛUΛUᵀ − uΛ²Uᵀ] + tr(Λ)/2, that of attention on tokens.",
        source=_PAPER,
        kind=Kind.MEAN,
        predict=lambda **p: float(_path(**p).loss),
        measure=training.token_loss,
        grid=cells("time", [3.0, 0.3], inputs="correlated", d=3, n=8, start_scale=0.3),
        tolerance=0.02,
        quick=(0,),
    ),
    claim(
        "in-context/descent-on-prompts",
        "Gradient descent on drawn prompts, a fresh batch a step, learns uU = Γ⁻¹.",
        source=_PAPER,
        kind=Kind.MEAN,
        predict=_product,
        measure=training.descended_weight,
        grid=cells("row column", [(0, 0), (1, 1)], d=2, n=8, inputs="decaying"),
        domain=USUAL.but(d=(2, 5)),
        tolerance=0.03,
        assumptions="400 steps of 0.1 with 300 prompts, weights averaged over the second half",
        quick=(0,),
        first_draws=8,
    ),
    claim(
        "in-context/trained-risk",
        "Prompts of another length than those of training, with label noise: risk σ² + bᵀΛb + tr[Γ⁻¹ΛΓ⁻¹Σ_t]/M.",
        source=_DERIVED,
        kind=Kind.MEAN,
        predict=_risk,
        measure=training.risk_draw,
        grid=cells(
            "d n context noise_variance inputs tasks",
            [(3, 8, 20, 0.64, "correlated", "correlated"), (2, 20, 5, 0.0, "decaying", "isotropic")],
        ),
        tolerance=0.01,
        quantities=closed_forms.prompt_traces,
        formula=closed_forms.trained_risk,
        quick=(0,),
    ),
    claim(
        "in-context/shifted-risk",
        "Under a covariate shift Λ_t = cΛ the same risk holds with b = (I − Γ⁻¹Λ_t)w and the scatter of Λ_t.",
        source=_DERIVED,
        kind=Kind.MEAN,
        predict=_risk,
        measure=training.risk_draw,
        grid=cells(
            "shift query_shift",
            [(0.5, 1.0), (2.0, 0.5)],
            d=3,
            n=8,
            context=20,
            noise_variance=0.64,
            inputs="correlated",
            tasks="correlated",
        ),
        tolerance=0.02,
        quantities=closed_forms.prompt_traces,
        formula=closed_forms.trained_risk,
        quick=(0,),
    ),
    claim(
        "in-context/context-rate",
        "Longer prompts at test lower the risk as 1/M, down to a floor.",
        source=_PAPER,
        kind=Kind.RATE,
        predict=lambda **_: -1.0,
        measure=training.risk_above_floor,
        grid=[{"context": 10, "d": 3, "n": 10}],
        size="context",
        absolute_tolerance=0.1,
    ),
    claim(
        "in-context/floor-rate",
        "The floor that training on prompts of length N leaves is of order 1/N².",
        source=_PAPER,
        kind=Kind.RATE,
        predict=lambda **_: -2.0,
        measure=training.floor_draw,
        grid=[{"n": 400, "d": 2}],
        size="n",
        sizes=(1, 3, 9),
        tolerance=0.05,
        assumptions="N at least 400, d = 2",
    ),
    claim(
        "in-context/covariate-shift-hurts",
        "Scaling the inputs' covariance by c costs more, relative to the labels, than scaling the tasks by the same c.",
        source=_PAPER,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=training.shift_cost,
        grid=cells("shift", [0.25, 0.5, 2.0, 4.0], d=4, n=60, context=60),
        quick=(0, 3),
    ),
    claim(
        "in-context/label-shift-does-not",
        "Tasks from outside the prior, scaled by c and all along one direction, keep a relative error: (d + 1)/M "
        "after long training prompts.",
        source=_PAPER,
        kind=Kind.MEAN,
        predict=lambda shift, d, n, context: float(
            trained_attention_risk(np.eye(d), n, context, np.sqrt(shift * d) * np.eye(d)[0]) / (shift * d)
        ),
        measure=training.task_shift,
        grid=cells("shift", [0.25, 4.0, 100.0], d=4, n=60, context=60),
        domain=USUAL.but(shift=(0.1, 100.0)),
        tolerance=0.02,
        quick=(1,),
    ),
    claim(
        "in-context/covariate-shift-growth",
        "The risk grows as c³ where inputs are scaled by a large c: the prediction is of third order in them.",
        source=_DERIVED,
        kind=Kind.RATE,
        predict=lambda **_: 3.0,
        measure=training.shifted_risk,
        grid=[{"shift": 64.0, "d": 4, "n": 40, "context": 40}],
        size="shift",
        tolerance=0.02,
        domain=USUAL.but(shift=(20.0, 1000.0)),
    ),
    claim(
        "in-context/random-covariance-minimiser",
        "With diagonal covariances drawn for each prompt the best weight is E l²/E[l²Γ].",
        source=_DERIVED,
        kind=Kind.MEAN,
        predict=lambda n, d: float(random_covariance_limit([[1.0, 2.0, 6.0]] * d, n)[0]),
        measure=training.random_covariance_weight,
        grid=cells("n d", [(10, 3), (40, 2)]),
        tolerance=0.02,
        domain=USUAL.but(n=(5, 500)),
        formula=closed_forms.exponential_weight,
        assumptions="independent exponential eigenvalues",
        quick=(0,),
    ),
    claim(
        "in-context/random-covariances-stay-brittle",
        "However long the prompts, attention trained on random covariances shrinks the truth, at Λ = I to a third.",
        source=_PAPER,
        kind=Kind.ASYMPTOTIC,
        predict=lambda n, d: 1 / 3,
        measure=training.random_covariance_weight,
        grid=[{"n": 40, "d": 3}],
        size="n",
        tolerance=0.02,
        assumptions="independent exponential eigenvalues; the deviation falls as 1/N",
    ),
)
