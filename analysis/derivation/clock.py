"""A budget for what a user's formula may cost: in steps of evaluation, so that an answer does not depend on a clock."""

from __future__ import annotations

import time

__all__ = ["STEP_SECONDS", "Clock", "OutOfTime"]

STEP_SECONDS = 5e-6  # about what a step takes

_CEILING = 8.0  # seconds of CPU at which anything ends: far beyond what the steps allow on a usual machine
_LOOKS = 256  # steps between two looks at the time


class OutOfTime(Exception):
    """The steps of a stage, or of all of them, are used up."""


class Clock:
    """Steps taken by a formula's evaluation, for one stage within what is left of the whole.

    A step is a node of an expression visited; what costs more says so. The same formula takes
    the same steps everywhere, so a stage ends at the same place on a slow machine as on a fast one. Only what would run
    beyond the ceiling in seconds is ended by the time.
    """

    def __init__(self, steps: int) -> None:
        """Start to count."""
        self.steps, self.taken, self.until, self.looked = steps, 0, steps, 0
        self.started = time.thread_time()

    def stage(self, steps: int) -> None:
        """Allow some steps from now on, and not more than what is left in all."""
        self.until = min(self.steps, self.taken + steps)

    def check(self, steps: int = 1) -> None:
        """Take some steps; raise where the stage has no more."""
        self.taken += steps
        if self.taken > self.until:
            raise OutOfTime
        if self.taken - self.looked > _LOOKS:
            self.looked = self.taken
            if time.thread_time() - self.started > _CEILING:
                raise OutOfTime
