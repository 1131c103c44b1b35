"""All claims of the family: margins, readers and plug-in rules; descent, sequences of tasks, features; limits."""

from __future__ import annotations

from solvable.analysis.separable.claims.learning import LEARNING_CLAIMS
from solvable.analysis.separable.claims.limits import LIMIT_CLAIMS
from solvable.analysis.separable.claims.margins_and_readers import READER_CLAIMS

__all__ = ["CLAIMS"]

CLAIMS = (*READER_CLAIMS, *LEARNING_CLAIMS, *LIMIT_CLAIMS)
