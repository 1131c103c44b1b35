"""Work that may never end, sympy's or a user's function, given up after some seconds."""

from __future__ import annotations

import contextvars
import ctypes
import threading
import time
from collections.abc import Callable
from typing import Any

__all__ = ["bounded", "within"]


def bounded(seconds: float, work: Callable[[], Any]) -> Any:
    """Result of `work`, or TimeoutError where it takes longer: the thread is then told to stop."""
    result: list[Any] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            result.append(work())
        except BaseException as error:  # raised again where the result is awaited
            errors.append(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        deadline = time.monotonic() + seconds
        name, stop = ctypes.c_ulong(thread.ident or 0), ctypes.py_object(TimeoutError)
        while thread.is_alive() and time.monotonic() < deadline:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(name, stop)
            thread.join(0.1)
        raise TimeoutError(f"no end within {seconds:g} s")
    if errors:
        raise errors[0]
    return result[0]


def within(seconds: float, work: Callable[[], Any]) -> Any:
    """Result of sympy's `work`, or None where it takes longer or fails, which it may do in many ways."""
    try:
        return bounded(seconds, work)
    except Exception:
        return None
