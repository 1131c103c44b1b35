"""A step that is stopped when its time is up, wherever in Python it is: sympy has no limit of its own."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable

__all__ = ["finished"]


class _Expired(BaseException):
    """Raised inside the step; no handler of sympy's catches it."""


def finished(step: Callable[[], object], seconds: float) -> bool:
    """Run a step for at most some seconds of wall time; return whether it came to its end.

    What the step was changing when it was stopped is in no certain state.
    """
    if seconds <= 0:
        return False
    thread, lock, over = threading.get_ident(), threading.Lock(), False

    def stop() -> None:
        with lock:
            if not over:
                _raise_in(thread, _Expired)

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        try:
            step()
        finally:
            with lock:
                over = True
            timer.cancel()
            _raise_in(thread, None)  # what was sent and has not arrived
    except _Expired:
        return False
    return True


def _raise_in(thread: int, kind: type[BaseException] | None) -> None:
    what = None if kind is None else ctypes.py_object(kind)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), what)
