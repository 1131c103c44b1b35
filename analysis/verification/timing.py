"""Where the time of a long run goes: stages by the clock, and how much of it the workers spent compiling."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["Stages", "note_compilation", "recorded"]

_FOLDER = "SOLVABLE_COMPILATION"  # an environment variable, since workers are processes that inherit it


class Stages:
    """Durations of the stages of a run, in the order in which they end."""

    def __init__(self) -> None:
        """Start the clock."""
        self._last = time.perf_counter()
        self.seconds: dict[str, float] = {}

    def done(self, name: str) -> None:
        """End a stage; the next one begins."""
        now = time.perf_counter()
        self.seconds[name] = now - self._last
        self._last = now

    def sentence(self, compilation: float) -> str:
        """One line: every stage and their sum, and the compilation within them, summed over the workers."""
        parts = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in self.seconds.items())
        total = sum(self.seconds.values())
        return f"time: {parts}; {total:.0f} s in all, of which the workers together compiled for {compilation:.0f} s"


@contextmanager
def recorded() -> Iterator[Any]:
    """Record the compilation in this process and its workers; yields a function that returns its seconds so far."""
    with tempfile.TemporaryDirectory() as folder:
        before = os.environ.get(_FOLDER)
        os.environ[_FOLDER] = folder
        try:
            yield lambda: sum(float(path.read_text()) for path in Path(folder).glob("*.txt"))
        finally:
            os.environ.pop(_FOLDER)
            if before is not None:
                os.environ[_FOLDER] = before


@cache
def note_compilation() -> None:
    """Have this process note what it spends in numba's compiler, where a run asked for it."""
    if _FOLDER not in os.environ:
        return
    from numba.core import event

    class Listener(event.Listener):
        depth, began, total = 0, 0.0, 0.0

        def on_start(self, event: Any) -> None:
            self.began = self.began if self.depth else time.perf_counter()
            self.depth += 1  # a kernel that calls another one compiles both

        def on_end(self, event: Any) -> None:
            self.depth -= 1
            folder = Path(os.environ.get(_FOLDER, ""))
            if self.depth == 0 and _FOLDER in os.environ and folder.is_dir():
                self.total += time.perf_counter() - self.began
                (folder / f"{os.getpid()}.txt").write_text(f"{self.total}")

    event.register("numba:compile", Listener())
