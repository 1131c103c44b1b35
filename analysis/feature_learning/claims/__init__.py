"""All claims of the family."""

from __future__ import annotations

from solvable.analysis.feature_learning.claims.lazy_to_rich import LAZY_CLAIMS
from solvable.analysis.feature_learning.claims.modular import MODULAR_CLAIMS
from solvable.analysis.feature_learning.claims.widths import WIDTH_CLAIMS

__all__ = ["CLAIMS"]

CLAIMS = (*LAZY_CLAIMS, *WIDTH_CLAIMS, *MODULAR_CLAIMS)
