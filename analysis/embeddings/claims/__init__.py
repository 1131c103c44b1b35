"""All claims of the family."""

from __future__ import annotations

from solvable.analysis.embeddings.claims.linear import LINEAR_CLAIMS
from solvable.analysis.embeddings.claims.spaces import SPACE_CLAIMS

__all__ = ["CLAIMS"]

CLAIMS = (*LINEAR_CLAIMS, *SPACE_CLAIMS)
