"""All claims of the family: errors of fits, separability and margins, mixtures and networks."""

from __future__ import annotations

from solvable.analysis.convex_losses.claims.errors import ERROR_CLAIMS
from solvable.analysis.convex_losses.claims.features import FEATURE_CLAIMS
from solvable.analysis.convex_losses.claims.separation import SEPARATION_CLAIMS

__all__ = ["CLAIMS"]

CLAIMS = (*ERROR_CLAIMS, *SEPARATION_CLAIMS, *FEATURE_CLAIMS)
