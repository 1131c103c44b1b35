"""Attention by inverse distances: a softmax of logarithms, and the noise that it leaves however many the keys."""

from __future__ import annotations

import sympy as sp

from solvable.analysis.attention.experiments import distances
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import distance_attention

__all__ = ["CLAIMS"]

_d, _p = sp.symbols("d singularity", positive=True)

CLAIMS = (
    Claim(
        "attention/inverse-distances-are-a-softmax",
        "Softmax attention with scores −p ln|x − k| is interpolation by inverse distances to the power p.",
        source=Source("mccarter2023inverse"),
        kind=Kind.EXACT,
        predict=lambda keys, d, singularity, queries, places, values: (
            distance_attention(queries, places, values, singularity).value
        ),
        measure=lambda rng, keys, d, singularity, queries, places, values: distances.softmax_value(
            queries, places, values, singularity
        ),
        grid=cells("d singularity", [(3, 2.0), (1, 0.5), (6, 20.0)], keys=8),
        domain=Domain(keys=(2, 50), d=(1, 20), singularity=(0.1, 40.0)),
        instance=distances.drawn_keys,
        tolerance=1e-10,
    ),
    Claim(
        "attention/inverse-distances-keep-noise",
        "With many keys in d dimensions inverse distances to a power p > d leave the share 1 − d/p of the variance of "
        "the values' noise: all of it at the nearest key, none at p = d.",
        source=Source("mccarter2023inverse", "the law of the weights derived in docs/theory/attention.md"),
        kind=Kind.ASYMPTOTIC,
        predict=lambda keys, d, singularity, law: 1 - d / singularity,
        measure=distances.noise_left,
        grid=cells(
            "d singularity law",
            [(2, 4.0, "cube"), (1, 2.0, "gaussian"), (3, 9.0, "cube"), (2, 6.0, "gaussian")],
            keys=50,
        ),
        size="keys",
        domain=Domain(keys=(50, 3000), d=(1, 4), singularity=(1.5, 20.0), where="singularity >= 3*d/2"),
        tolerance=0.02,
        formula=1 - _d / _p,
        assumptions="queries where keys are dense; the deviation falls as N to the power 1 − p/d, or as 1/N",
        quick=(0,),
    ),
)
