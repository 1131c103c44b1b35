"""Numba's `njit` with a cache that survives damage: a file that cannot be read is a miss, not the caller's error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

__all__ = ["njit"]


def njit(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """As ``numba.njit``; a cache file cut short (a killed process, a full disk) is written anew."""

    def compiled(function: Callable[..., Any]) -> Any:
        dispatcher = numba.njit(**options)(function)
        cache = getattr(dispatcher, "_cache", None)
        if cache is not None:
            cache.load_overload = _forgiving(cache, cache.load_overload)
        return dispatcher

    return compiled


def _forgiving(cache: Any, load: Callable[..., Any]) -> Callable[..., Any]:
    def load_overload(*key: Any) -> Any:
        try:
            return load(*key)
        except Exception:  # whatever unpickling half a file may raise; compiling says what is really wrong
            cache.flush()
            return None

    return load_overload
