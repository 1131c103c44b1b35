"""Where the time of a long run goes: stages by the clock, compilation, and processor time of each claim and figure."""

from __future__ import annotations

import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["Record", "Stages", "charged", "note_compilation", "recorded"]

_FOLDER = "SOLVABLE_TIMINGS"  # an environment variable, since workers are processes that inherit it


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


class Record:
    """What this process and its workers noted in a folder."""

    def __init__(self, folder: Path) -> None:
        """Read from a folder."""
        self._folder = folder

    def compilation(self) -> float:
        """Seconds in the compiler so far, summed over the processes."""
        return sum(float(path.read_text()) for path in self._folder.glob("*.compiled"))

    def spent(self) -> dict[tuple[str, str], float]:
        """Processor seconds of each (kind, name), such as ("claim", "ridge/peak")."""
        rows = [line.split() for path in self._folder.glob("*.spent") for line in path.read_text().splitlines()]
        return {(kind, name): float(seconds) for seconds, kind, name in rows}

    def table(self, families: dict[str, str], most: int = 20) -> str:
        """Lines for people: processor time of each family's claims and figures, then the dearest of them.

        `families` says whose each figure is; the name of a claim begins with its family.
        """
        spent, sums = self.spent(), defaultdict[str, dict[str, float]](lambda: {"claim": 0.0, "figure": 0.0})
        for (kind, name), seconds in spent.items():
            sums[families.get(name, name.split("/")[0])][kind] += seconds
        rows = sorted(sums.items(), key=lambda row: -sum(row[1].values()))
        whole = {kind: sum(row[kind] for _, row in rows) for kind in ("claim", "figure")}
        lines = ["processor time, s (compilation is with what compiled first)", "  claims  figures  family"]
        lines += [f"{row['claim']:8.1f} {row['figure']:8.1f}  {name}" for name, row in [*rows, ("in all", whole)]]
        lines += [f"the {min(most, len(spent))} dearest"]
        dearest = sorted(spent.items(), key=lambda item: -item[1])[:most]
        return "\n".join([*lines, *(f"{seconds:8.2f}  {kind} {name}" for (kind, name), seconds in dearest)])


@contextmanager
def recorded() -> Iterator[Record]:
    """Record compilation and what is charged, in this process and its workers."""
    with tempfile.TemporaryDirectory() as folder:
        before = os.environ.get(_FOLDER)
        os.environ[_FOLDER] = folder
        try:
            yield Record(Path(folder))
        finally:
            os.environ.pop(_FOLDER)
            if before is not None:
                os.environ[_FOLDER] = before


@contextmanager
def charged(kind: str, name: str) -> Iterator[None]:
    """Charge the processor time of a block to a name, where a run records it."""
    start = time.process_time()
    yield
    if _FOLDER in os.environ:
        with (Path(os.environ[_FOLDER]) / f"{os.getpid()}.spent").open("a") as file:
            file.write(f"{time.process_time() - start:.3f} {kind} {name}\n")


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
                (folder / f"{os.getpid()}.compiled").write_text(f"{self.total}")

    event.register("numba:compile", Listener())
