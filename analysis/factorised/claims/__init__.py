"""All claims of the family: recovery by factors, depth through layers and time, subspaces and walks."""

from __future__ import annotations

from solvable.analysis.factorised.claims.depth import DEPTH_CLAIMS
from solvable.analysis.factorised.claims.recovery import RECOVERY_CLAIMS
from solvable.analysis.factorised.claims.subspaces_and_walks import RANDOM_CLAIMS

__all__ = ["CLAIMS"]

CLAIMS = (*RECOVERY_CLAIMS, *DEPTH_CLAIMS, *RANDOM_CLAIMS)
