"""Claims about in-context learning, by what learns: one step, attention trained by flow, the Bayes learner."""

from __future__ import annotations

from solvable.analysis.in_context.claims import one_step, trained, uncertainty

__all__ = ["CLAIMS"]

CLAIMS = (*one_step.CLAIMS, *trained.CLAIMS, *uncertainty.CLAIMS)
