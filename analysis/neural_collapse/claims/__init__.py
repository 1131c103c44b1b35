"""All claims of the family: heads on unconstrained features, perturbation analysis, deep linear networks."""

from __future__ import annotations

from solvable.analysis.neural_collapse.claims.cross_entropy import CROSS_ENTROPY_CLAIMS
from solvable.analysis.neural_collapse.claims.heads import HEAD_CLAIMS
from solvable.analysis.neural_collapse.claims.linear import LINEAR_CLAIMS
from solvable.analysis.neural_collapse.claims.response import RESPONSE_CLAIMS

__all__ = ["CLAIMS"]

CLAIMS = (*HEAD_CLAIMS, *CROSS_ENTROPY_CLAIMS, *RESPONSE_CLAIMS, *LINEAR_CLAIMS)
