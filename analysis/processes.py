"""Worker processes of our own: one BLAS thread each, gone when the work is done, replaced when one dies.

They are ended here and not left to the end of the interpreter: what joblib keeps for reuse is found leaking there.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import contextmanager
from typing import Any, TypeVar

__all__ = ["THREAD_VARIABLES", "each", "workers"]

THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
Task = TypeVar("Task")
Result = TypeVar("Result")


@contextmanager
def workers(count: int) -> Iterator[Callable[[], Executor]]:
    """Yield a function that returns a new executor of `count` processes and ends the one before."""
    from joblib.externals.loky.process_executor import ProcessPoolExecutor

    pool: Any = None

    def end() -> None:
        if pool is not None:
            pool.shutdown(wait=True, kill_workers=True)

    def renew() -> Executor:
        nonlocal pool
        end()
        pool = ProcessPoolExecutor(
            count, initializer=_attend, initargs=(os.getpid(),), env=dict.fromkeys(THREAD_VARIABLES, "1")
        )
        return pool

    try:
        yield renew
    finally:
        end()


def _attend(parent: int) -> None:
    """In a worker: leave Ctrl-C to the main process, and do not outlive it."""
    import signal
    import threading

    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.3)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Hold Ctrl-C back for the length of a block; processes that begin in it never hear one."""
    import signal

    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    from joblib.externals.loky.backend import resource_tracker as their_tracker

    for tracker in (resource_tracker, their_tracker):
        tracker.ensure_running()  # which lets signals through again where it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def each(function: Callable[[Task], Result], tasks: Sequence[Task], count: int) -> Iterator[tuple[int, Result]]:
    """Yield (index, function(task)) as they come from `count` processes.

    Where a worker dies, what was under way is done again one at a time; a task that kills two workers while alone is
    an error.

    Raises
    ------
    RuntimeError
        A task that killed its worker twice.
    """
    waiting, suspects = deque(range(len(tasks))), deque[int]()
    pending: dict[Future[Result], int] = {}
    deaths: dict[int, int] = {}
    with workers(count) as renew:
        pool = renew()
        while waiting or suspects or pending:
            queue, most = (suspects, 1) if suspects else (waiting, count + 1)
            dead: list[int] = []
            while queue and len(pending) < most and not dead:
                index = queue.popleft()
                try:
                    with _without_interrupts():  # which a process that has just begun would answer with a traceback
                        pending[pool.submit(function, tasks[index])] = index
                except BrokenExecutor:
                    dead.append(index)
            alone = len(pending) == 1 and not dead
            # several times a second Python looks at Ctrl-C
            for future in wait(pending, timeout=0.2, return_when=FIRST_COMPLETED).done if pending else ():
                index = pending.pop(future)
                try:
                    result = future.result()
                except BrokenExecutor:
                    dead.append(index)
                else:
                    yield index, result
            if dead:
                if alone:
                    deaths[dead[0]] = deaths.get(dead[0], 0) + 1
                    if deaths[dead[0]] == 2:
                        raise RuntimeError(
                            f"the worker process died on {tasks[dead[0]]} twice, alone: killed, out of memory or a "
                            "crash; what was finished is kept."
                        )
                suspects.extend([*dead, *pending.values()])
                pending.clear()
                pool = renew()
