"""All claims of the family: shallow and deep random features."""

from __future__ import annotations

from solvable.analysis.random_features.claims.deep import DEEP_CLAIMS
from solvable.analysis.random_features.claims.shallow import SHALLOW_CLAIMS

__all__ = ["CLAIMS"]

CLAIMS = (*SHALLOW_CLAIMS, *DEEP_CLAIMS)
