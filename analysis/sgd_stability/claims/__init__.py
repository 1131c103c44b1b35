"""Claims about the stability of SGD and about weight decay on normalised weights."""

from __future__ import annotations

from solvable.analysis.sgd_stability.claims import decay, stability

__all__ = ["CLAIMS"]

CLAIMS = (*stability.CLAIMS, *decay.CLAIMS)
