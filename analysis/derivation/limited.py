"""Work of sympy's that may never end, given up after some seconds."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from typing import Any

__all__ = ["within"]


def within(seconds: float, work: Callable[[], Any]) -> Any:
    """Result of `work`, or None where it takes longer: the thread is then told to stop."""
    result: list[Any] = []

    def run() -> None:
        try:
            result.append(work())
        except Exception:  # sympy may fail in many ways on an expression it cannot treat
            result.append(None)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    deadline = time.monotonic() + seconds
    while thread.is_alive() and time.monotonic() < deadline:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(TimeoutError))
        thread.join(0.1)
    return result[0] if result else None
