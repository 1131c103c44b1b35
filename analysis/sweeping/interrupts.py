"""Ctrl-C and `kill` at a safe moment: never in the middle of a write, nor inside the locks of an executor."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Interrupts"]


class Interrupts:
    """Holds Ctrl-C and `kill` back while `shielded`; `check` lets it through."""

    def __init__(self) -> None:
        """Let everything through until `watching`."""
        self.shielded, self.asked = False, False

    def check(self) -> None:
        """Raise KeyboardInterrupt where one was held back."""
        if self.asked:
            raise KeyboardInterrupt

    def _receive(self, _signal: int, _frame: FrameType | None) -> None:
        self.asked = True
        if not self.shielded:
            raise KeyboardInterrupt

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Take over Ctrl-C, where it is Python's own and this is the main thread."""
        main = threading.current_thread() is threading.main_thread()
        taken = [number for number in (signal.SIGINT, signal.SIGTERM)
                 if main and signal.getsignal(number) is signal.default_int_handler]  # fmt: skip
        for number in taken:
            signal.signal(number, self._receive)
        try:
            yield
        finally:
            for number in taken:
                signal.signal(number, signal.default_int_handler)

    @contextmanager
    def shield(self) -> Iterator[None]:
        """Hold Ctrl-C back, and let it through at the end."""
        before, self.shielded = self.shielded, True
        try:
            yield
        finally:
            self.shielded = before
        if not before:
            self.check()
