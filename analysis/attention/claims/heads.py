"""Attention with frozen random heads and trained values: a kernel, its symmetry, what it learns."""

from __future__ import annotations

from functools import partial
from typing import Any

import sympy as sp

from solvable.analysis.attention.experiments import heads
from solvable.analysis.attention.settings import fixed_prompts
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import attention_kernel

__all__ = ["CLAIMS"]

_PAPER = Source("fu2023what")
_DERIVED = Source("fu2023what", "laws of the heads as recalled; derived in docs/theory/attention.md")


def _kernel(d: int, keys: int, weights: str, activation: str) -> float:
    queries, tokens = fixed_prompts(d, keys)
    return float(attention_kernel(queries, tokens, weights=weights, activation=activation)[0, 1])


def _one_key(d: int, keys: int) -> dict[str, float]:
    queries, tokens = fixed_prompts(d, keys)
    inner = 1 + float(tokens[0, 0] @ tokens[1, 0])
    return {"rho": (1 + float(queries[0] @ queries[1])) * inner / 4, "inner": inner}


_rho, _inner = sp.symbols("rho inner", positive=True)
USUAL = Domain(d=(1, 40), keys=(1, 20), heads=(10, 10**5), n=(50, 1000))
claim = partial(Claim, domain=USUAL)

CLAIMS: tuple[Any, ...] = (
    claim(
        "attention/kernel",
        "The features of random heads have the kernel (1/NN')Σ κ(μ, μ', ρ) v·v' over pairs of keys, v = (x, 1).",
        source=_DERIVED,
        kind=Kind.MEAN,
        predict=_kernel,
        measure=heads.kernel_draw,
        grid=cells(
            "weights activation",
            [("centred", "relu"), ("biased", "relu"), ("centred", "exp"), ("biased", "exp")],
            d=4,
            keys=3,
        ),
        tolerance=0.02,
        assumptions="queries and keys of length one",
        quick=(0, 1),
    ),
    claim(
        "attention/single-key-kernel",
        "With one key and centred ReLU heads the kernel is ι(√(1 − ρ²) + (π − arccos ρ)ρ)/2π, ι = 1 + x₁·x'₁.",
        source=_DERIVED,
        kind=Kind.MEAN,
        predict=lambda d, keys: _kernel(d, keys, "centred", "relu"),
        measure=lambda rng, d, keys: heads.kernel_draw(rng, d, keys, "centred", "relu"),
        grid=cells("d", [4, 8], keys=1),
        domain=Domain(d=(2, 40)),
        tolerance=0.02,
        quantities=_one_key,
        formula=_inner * (sp.sqrt(1 - _rho**2) + (sp.pi - sp.acos(_rho)) * _rho) / (2 * sp.pi),
        quick=(0,),
    ),
    claim(
        "attention/keys-are-a-set",
        "The kernel does not depend on the order of the keys.",
        source=_PAPER,
        kind=Kind.EXACT,
        predict=lambda d, keys, q, k, order: attention_kernel(q, k),
        measure=lambda rng, d, keys, q, k, order: heads.permuted_kernel(q, k, order),
        grid=cells("d keys", [(5, 4), (3, 9)]),
        instance=heads.permuted_prompts,
        tolerance=1e-12,
    ),
    claim(
        "attention/heads-rate",
        "The kernel of M heads is M^{−1/2} away from its limit.",
        source=_PAPER,
        kind=Kind.RATE,
        predict=lambda **_: -0.5,
        measure=heads.heads_scatter,
        grid=[{"heads": 40, "d": 4, "keys": 3}],
        size="heads",
        sizes=(1, 4, 16),
        absolute_tolerance=0.1,
    ),
    claim(
        "attention/biased-heads-learn-query-targets",
        "With 400 samples biased heads learn (1/N)Σ (x₀·x_i)² b·x_i better, and targets without the query worse.",
        source=_PAPER,
        kind=Kind.ORDER,
        predict=lambda power, **_: 1.0 if power == 2 else -1.0,
        measure=heads.learning_contrast,
        grid=cells("power", [0, 2], n=400, d=6, keys=4),
        first_draws=8,
        assumptions="400 heads, ridge 10^{−6} of the mean eigenvalue",
    ),
    claim(
        "attention/few-samples-no-difference",
        "With 100 samples biased and centred heads do alike on (1/N)Σ (x₀·x_i)² b·x_i: the bias needs samples to pay.",
        source=Source("fu2023what", "observation of this project"),
        kind=Kind.MEAN,
        predict=lambda **_: 0.0,
        measure=heads.learning_contrast,
        grid=cells("power", [2], n=100, d=6, keys=4),
        absolute_tolerance=0.25,
        assumptions="logarithm of the ratio of test errors; 400 heads",
    ),
)
