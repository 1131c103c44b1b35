"""Claims about the stability of SGD, the minima that it leaves, and weight decay on normalised weights."""

from __future__ import annotations

from solvable.analysis.sgd_stability.claims import decay, stability
from solvable.analysis.sgd_stability.claims.stable_minima import STABLE_CLAIMS

__all__ = ["CLAIMS"]

CLAIMS = (*stability.CLAIMS, *STABLE_CLAIMS, *decay.CLAIMS)
