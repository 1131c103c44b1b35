"""A budget of CPU time for what a user's formula may cost."""

from __future__ import annotations

import time

__all__ = ["Clock", "OutOfTime"]


class OutOfTime(Exception):
    """The CPU time of a stage, or of all of them, is used up."""


class Clock:
    """CPU seconds of this thread, for one stage within what is left of the whole."""

    def __init__(self, seconds: float) -> None:
        """Start to count."""
        self.seconds, self.started = seconds, time.thread_time()
        self.until = self.started + seconds

    def stage(self, seconds: float) -> None:
        """Allow some seconds from now on, and not more than what is left in all."""
        self.until = min(self.started + self.seconds, time.thread_time() + seconds)

    def check(self) -> None:
        """Raise where the time is up."""
        if time.thread_time() > self.until:
            raise OutOfTime

    @property
    def left(self) -> float:
        """Seconds left in all."""
        return max(0.0, self.started + self.seconds - time.thread_time())
