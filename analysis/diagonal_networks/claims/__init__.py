"""Claims about diagonal linear networks: exact biases held to rounding, simulated effects to a few per cent or a sign.

Networks are beta = w_+^D - w_-^D from w = alpha, losses (1/2n)||X beta - y||^2, unless a statement says otherwise.
"""

from __future__ import annotations

from solvable.analysis.diagonal_networks.claims.bias import BIAS_CLAIMS
from solvable.analysis.diagonal_networks.claims.descent import DESCENT_CLAIMS

__all__ = ["CLAIMS"]

CLAIMS = BIAS_CLAIMS + DESCENT_CLAIMS
