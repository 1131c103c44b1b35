"""What a sweep will cost, from calls at random places of its grid."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from solvable.analysis.sweeping.chunks import Chunk, Layout, compute
from solvable.analysis.sweeping.specification import Specification

__all__ = ["Cost", "estimate"]


@dataclass(frozen=True)
class Cost:
    """Seconds for each call of the function, and how many calls and results there are."""

    seconds: float
    error: float  # standard error of the mean
    calls: int
    results: int
    sample: int
    busy: float  # seconds of processor in a call: less than the clock's where others had the core

    def hours(self, cores: int) -> float:
        """Hours on that many cores like this one, all of them busy to the end."""
        return self.seconds * self.calls / cores / 3600

    def __str__(self) -> str:
        """Two lines: the measurement, and what follows."""
        share = self.seconds / (self.results / self.calls)
        on = ", ".join(f"{cores:,} cores {_span(3600 * self.hours(cores))}" for cores in (1, 2, 64, 1024))
        return (
            f"{1e3 * self.seconds:.3g} ms per call (standard error {1e3 * self.error:.2g}, {self.sample} calls; "
            f"{1e3 * self.busy:.3g} ms of processor), "
            f"{1e3 * share:.3g} ms a grid point and draw; {self.calls:,} calls, {self.results:,} points and draws\n"
            f"{on}"
        )


def _span(seconds: float) -> str:
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} seconds"


def estimate(specification: Specification, sample: int = 60) -> Cost:
    """Time `sample` calls at random places, in this process, one thread; the first is made once more before.

    A call that raises counts with the time that it took.
    """
    shape = specification.shape(specification.separate)
    layout, calls = Layout.of(shape, 1), math.prod(shape)
    places = np.random.default_rng(0).choice(calls, min(sample, calls), replace=False)
    compute(Chunk.cut(specification, layout, int(places[0])))
    seconds, processor = [], time.process_time()
    for place in places:
        started = time.perf_counter()
        compute(Chunk.cut(specification, layout, int(place)))
        seconds.append(time.perf_counter() - started)
    busy = (time.process_time() - processor) / len(seconds)
    spread = float(np.std(seconds, ddof=1)) if len(seconds) > 1 else 0.0
    results = calls * math.prod(specification.shape(specification.shared))
    return Cost(float(np.mean(seconds)), spread / math.sqrt(len(seconds)), calls, results, len(seconds), busy)
