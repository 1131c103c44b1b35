"""Claims about attention: kernels of random heads, margins that descent finds."""

from __future__ import annotations

from solvable.analysis.attention.claims import distances, heads, margins

__all__ = ["CLAIMS"]

CLAIMS = (*heads.CLAIMS, *distances.CLAIMS, *margins.CLAIMS)
