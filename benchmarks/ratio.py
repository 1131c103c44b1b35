"""Interleaved timing of two ways to do one job."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def cpu_seconds(job: Callable[[], object]) -> float:
    start = time.process_time()
    job()
    return time.process_time() - start


def medians(
    ours: Callable[[], object], peer: Callable[[], object], *, share: float = 1.0, repeats: int = 5
) -> tuple[float, float]:
    """CPU seconds of both, alternating; `share` is the part of the job that `peer` does."""
    ours()  # warm: numba and caches
    pairs = [(cpu_seconds(ours), cpu_seconds(peer) / share) for _ in range(repeats)]
    mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    return mine, theirs


def compare(
    title: str,
    ours: Callable[[], object],
    peer: Callable[[], object],
    *,
    share: float = 1.0,
    repeats: int = 5,
    note: str = "",
) -> float:
    """Print and return median(peer)/median(ours); `share` is the part of the job that `peer` does."""
    mine, theirs = medians(ours, peer, share=share, repeats=repeats)
    ratio = theirs / mine
    print(f"{title:<58} {1e3 * mine:9.1f} ms  {1e3 * theirs:10.1f} ms  {ratio:7.1f} x  {note}")
    return ratio
