"""Numba's `njit` with a cache that survives damage: a file that cannot be read is a miss, not the caller's error.

Independent runs share numba's threads through `on_threads`: kernels that release the lock (``nogil=True``) compile in
half the time that ``parallel=True`` takes.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numba

__all__ = ["njit", "on_threads"]

Result = TypeVar("Result")


def njit(*, inner: bool = False, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """As ``numba.njit``; a cache file cut short (a killed process, a full disk) is written anew.

    Wrappers that nobody calls are not compiled: that of a C callback for none, and for an `inner` kernel, which other
    kernels alone call, not Python's either. It is a quarter of the compilation of a short one.
    """

    options |= {"no_cfunc_wrapper": True, "no_cpython_wrapper": inner}  # numba's own types lack these two

    def compiled(function: Callable[..., Any]) -> Any:
        dispatcher = numba.njit(**options)(function)
        cache = getattr(dispatcher, "_cache", None)
        if cache is not None:  # it is None where NUMBA_DISABLE_JIT leaves the function as it is
            cache.load_overload = _forgiving(cache, cache.load_overload)
            if inner:
                _keep_from_python(dispatcher)
        return dispatcher

    return compiled


def _keep_from_python(dispatcher: Any) -> None:
    """Refuse a call from Python, which would run into a missing wrapper: overloads are known to other kernels alone."""

    def add_overload(found: Any) -> None:
        dispatcher.overloads[tuple(found.signature.args)] = found

    def refuse(*_: Any) -> None:
        raise TypeError(f"{dispatcher.py_func.__name__} is an inner kernel: only other kernels can call it.")

    dispatcher.add_overload, dispatcher._compile_for_args = add_overload, refuse


def on_threads(run: Callable[[int], Result], count: int) -> list[Result]:
    """Return run(0), run(1), ... of independent calls, as many at a time as numba has threads."""
    threads = min(numba.get_num_threads(), count)
    if threads < 2:
        return [run(i) for i in range(count)]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(count)))


def _forgiving(cache: Any, load: Callable[..., Any]) -> Callable[..., Any]:
    def load_overload(*key: Any) -> Any:
        try:
            return load(*key)
        except Exception:  # whatever unpickling half a file may raise; compiling says what is really wrong
            cache.flush()
            return None

    return load_overload
