"""All claims of the family: bags of responses, and splines, Sobolev norms and structural equations."""

from __future__ import annotations

from solvable.analysis.regression.claims.bags import BAG_CLAIMS
from solvable.analysis.regression.claims.curves import CURVE_CLAIMS

__all__ = ["CLAIMS"]

CLAIMS = (*BAG_CLAIMS, *CURVE_CLAIMS)
