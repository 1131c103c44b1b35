"""Who computes: this process, worker processes of our own, or any executor; and what happens when a worker dies."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from itertools import chain

from solvable.analysis.processes import workers as workers_of_our_own
from solvable.analysis.sweeping.chunks import Chunk, Result, compute, lost

__all__ = ["available_cores", "here_at_first", "in_processes", "in_this_process", "on_executor", "size_of"]

_START = 1.0  # seconds that worker processes take to start and to import what they need
_DIED = "the worker process died on this chunk twice, alone: killed, out of memory or a crash"


def available_cores() -> int:
    """Cores that this process may use."""
    from joblib import cpu_count

    return int(cpu_count())


def size_of(executor: Executor) -> int:
    """Workers of an executor, as far as it tells; 1 where it does not."""
    client = getattr(executor, "_client", None)  # dask.distributed
    if client is not None and hasattr(client, "nthreads"):
        return max(1, sum(client.nthreads().values()))
    for name in ("_max_workers", "num_workers"):
        count = getattr(executor, name, None)
        if isinstance(count, int) and count > 0:
            return count
    return 1


def in_this_process(chunks: Iterable[Chunk]) -> Generator[Result, None, None]:
    """One chunk after another."""
    yield from map(compute, chunks)


def on_executor(
    chunks: Iterable[Chunk],
    executor: Executor,
    ahead: int,
    check: Callable[[], None],
    renew: Callable[[], Executor] | None = None,
) -> Generator[Result, None, None]:
    """Results as they come, with at most `ahead` chunks under way; `check` is called several times a second.

    Where a worker's death breaks the executor and `renew` gives another, all chunks under way are run again one at a
    time; the one that breaks it twice while alone is given up, the others are innocent.
    """
    waiting, suspects = iter(chunks), deque[Chunk]()
    pending: dict[Future[Result], Chunk] = {}
    deaths: dict[int, int] = {}
    try:
        while True:
            broken: list[Chunk] = []
            while len(pending) < (1 if suspects else ahead) and not broken:
                chunk = suspects.popleft() if suspects else next(waiting, None)
                if chunk is None:
                    break
                try:
                    pending[executor.submit(compute, chunk)] = chunk
                except BrokenExecutor:
                    broken.append(chunk)
            if not pending and not broken:
                return
            alone = len(pending) == 1 and not broken
            for future in _finished(pending, check):
                chunk = pending.pop(future)
                try:
                    result = future.result()
                except BrokenExecutor as error:
                    if renew is None:
                        raise RuntimeError(
                            "a worker of the executor died; finished chunks are kept in the store, run again to go on."
                        ) from error
                    broken.append(chunk)
                except Exception as error:
                    if type(error).__name__ != "KilledWorker":  # dask: four workers died on this chunk
                        raise
                    yield lost(chunk, f"KilledWorker: {error}")
                else:
                    yield result
            if broken and renew is not None:
                if alone:
                    number = broken[0].number
                    deaths[number] = deaths.get(number, 0) + 1
                    if deaths[number] == 2:
                        yield lost(broken.pop(), _DIED)
                suspects.extend([*broken, *pending.values()])
                pending.clear()
                executor = renew()
            elif broken:
                raise RuntimeError("the executor is broken or shut down; finished chunks are kept in the store.")
    finally:
        if renew is None:  # loky's kill_workers does it for our own, and stumbles over futures cancelled before
            for future in pending:
                future.cancel()


def _finished(pending: Iterable[Future[Result]], check: Callable[[], None]) -> set[Future[Result]]:
    """Wait for at least one of the futures, if there are any."""
    while True:
        check()
        done, others = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
        if done or not others:
            return done


def in_processes(chunks: Iterable[Chunk], workers: int, check: Callable[[], None]) -> Generator[Result, None, None]:
    """Worker processes of our own (loky): replaced when one dies, gone when this process is."""
    with workers_of_our_own(workers) as renew:
        yield from on_executor(chunks, renew(), 2 * workers, check, renew)


def here_at_first(
    chunks: Iterable[Chunk], workers: int, check: Callable[[], None], moved: Callable[[], None]
) -> Generator[Result, None, None]:
    """Chunks in this process for as long as workers would take to start; if some are left, `moved`, and in those."""
    waiting, began = iter(chunks), time.perf_counter()
    for chunk in waiting:
        check()
        yield compute(chunk)
        if time.perf_counter() - began > _START:
            break
    following = next(waiting, None)
    if following is not None:
        moved()
        yield from in_processes(chain([following], waiting), workers, check)
