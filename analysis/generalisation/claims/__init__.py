"""All claims of the family."""

from __future__ import annotations

from solvable.analysis.generalisation.claims.bounds import BOUND_CLAIMS
from solvable.analysis.generalisation.claims.fitting import FITTING_CLAIMS
from solvable.analysis.generalisation.claims.forests import FOREST_CLAIMS

__all__ = ["CLAIMS"]

CLAIMS = (*FOREST_CLAIMS, *FITTING_CLAIMS, *BOUND_CLAIMS)
