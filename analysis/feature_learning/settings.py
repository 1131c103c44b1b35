"""Problems that the claims about feature learning speak of."""

from __future__ import annotations

from solvable.analysis.verification.domain import Domain

__all__ = ["USUAL"]

USUAL = Domain(
    N=(4, 400), samples=(10, 1000), alpha=(0.1, 10.0), epsilon=(0.05, 2.0), time=(0.1, 20.0),
    n=(16, 5000), d=(2, 800), m=(2, 20), gamma=(0.1, 4.0), steps=(1, 5000), rate=(0.01, 0.5), p=(5, 200),
    width=(10, 4000), pairs=(1, 1000), decay=(0.0, 20.0), step=(1e-4, 0.1), degree=(1, 2),
)  # fmt: skip
