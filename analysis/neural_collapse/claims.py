"""All claims of the family: heads on unconstrained features, perturbation analysis, deep linear networks."""

from __future__ import annotations

from solvable.analysis.neural_collapse.cross_entropy_claims import CROSS_ENTROPY_CLAIMS
from solvable.analysis.neural_collapse.head_claims import HEAD_CLAIMS
from solvable.analysis.neural_collapse.linear_claims import LINEAR_CLAIMS
from solvable.analysis.neural_collapse.response_claims import RESPONSE_CLAIMS

__all__ = ["CLAIMS"]

CLAIMS = (*HEAD_CLAIMS, *CROSS_ENTROPY_CLAIMS, *RESPONSE_CLAIMS, *LINEAR_CLAIMS)
