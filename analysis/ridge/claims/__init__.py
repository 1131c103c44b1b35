"""Claims about ridge and kernel ridge regression, each against its matched experiment."""

from __future__ import annotations

from solvable.analysis.ridge.claims.isotropic import ISOTROPIC_CLAIMS
from solvable.analysis.ridge.claims.risk import RISK_CLAIMS
from solvable.analysis.ridge.claims.spectral import SPECTRAL_CLAIMS

__all__ = ["CLAIMS"]

CLAIMS = (*RISK_CLAIMS, *ISOTROPIC_CLAIMS, *SPECTRAL_CLAIMS)
