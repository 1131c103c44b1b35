"""What a check finds."""

from __future__ import annotations

from enum import Enum

__all__ = ["Outcome", "judge"]


class Outcome(str, Enum):
    """What a check found."""

    AGREES = "AGREES"
    DISAGREES = "DISAGREES"
    INCONCLUSIVE = "INCONCLUSIVE"


def judge(low: float, high: float, allowed: tuple[float, float]) -> Outcome | None:
    """Return AGREES for an interval inside of what is allowed, DISAGREES for one outside, None for one across."""
    if low >= allowed[0] and high <= allowed[1]:
        return Outcome.AGREES
    if low > allowed[1] or high < allowed[0]:
        return Outcome.DISAGREES
    return None
