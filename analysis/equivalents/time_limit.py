"""A step that is stopped when its time is up, wherever in Python it is: sympy has no limit of its own."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["finished"]


_AGAIN = 0.01  # seconds until the next attempt


class _Expired(BaseException):
    """Raised inside the step; no handler of sympy's catches it."""


def finished(step: Callable[[], object], seconds: float) -> bool:
    """Run a step for at most some seconds of wall time; return whether it came to its end.

    What the step was changing when it was stopped is in no certain state.
    """
    if seconds <= 0:
        return False
    thread, lock, over = threading.get_ident(), threading.Lock(), threading.Event()

    def stop() -> None:
        wait = seconds
        while not over.wait(wait):  # again and again: one that arrives in a finaliser or a bare `except` is lost
            with lock:
                if not over.is_set():
                    _raise_in(thread, _Expired)
            wait = _AGAIN

    try:
        try:
            with _lost_ones_are_silent():
                threading.Thread(target=stop, daemon=True).start()
                step()
        finally:
            with lock:
                over.set()
            _raise_in(thread, None)  # what was sent and has not arrived
    except _Expired:
        return False
    return True


@contextmanager
def _lost_ones_are_silent() -> Iterator[None]:
    """Python reports what is raised in a finaliser and goes on; that it was ours is nobody's concern."""
    before = sys.unraisablehook

    def hook(event: sys.UnraisableHookArgs) -> None:
        if not issubclass(event.exc_type, _Expired):
            before(event)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        if sys.unraisablehook is hook:
            sys.unraisablehook = before


def _raise_in(thread: int, kind: type[BaseException] | None) -> None:
    what = None if kind is None else ctypes.py_object(kind)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), what)
