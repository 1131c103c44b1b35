"""Numba's `njit` with a cache that survives damage: a file that cannot be read is a miss, not the caller's error.

Independent runs share numba's threads through `on_threads`: kernels that release the lock (``nogil=True``) compile in
half the time that ``parallel=True`` takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numba
import numpy as np
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numpy.typing import NDArray

__all__ = ["njit", "on_threads", "room"]

Result = TypeVar("Result")


def njit(*, inner: bool = False, apart: bool = False, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """As ``numba.njit``; a cache file cut short (a killed process, a full disk) is written anew.

    The wrapper of a C callback, which nobody calls, is not compiled. An `inner` kernel, which other kernels alone call,
    becomes machine code as a part of these and by itself does not: it has no cache, as theirs hold it. One `apart` is
    called, where LLVM would copy its loops into every place that calls it and compile each.
    """
    if inner:
        options |= {"no_cpython_wrapper": True, "pipeline_class": _ApartCompiler if apart else _InnerCompiler}
    options["no_cfunc_wrapper"] = True  # numba's own types lack the options of wrappers

    def compiled(function: Callable[..., Any]) -> Any:
        dispatcher = numba.njit(**options)(function)
        cache = getattr(dispatcher, "_cache", None)
        if cache is None:  # NUMBA_DISABLE_JIT leaves the function as it is
            return dispatcher
        if inner:
            _keep_from_python(dispatcher)
        else:
            cache.load_overload = _forgiving(cache, cache.load_overload)
        return dispatcher

    return compiled


class _Part(JITCodeLibrary):
    """Code to be linked into that of other kernels, which optimise the whole and make machine code of it."""

    def _optimize_final_module(self) -> None:
        """Leave it to the callers."""

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True


class _InnerCompiler(Compiler):
    """Compiler of an inner kernel, up to what its callers link; numba by itself would go on to machine code.

    On numba 0.68 that is a quarter of the first call of a solver with many kernels.
    """

    def compile_extra(self, func: Any) -> Any:
        state = self.state
        state.library = _Part(state.targetctx.codegen(), func.__qualname__)
        state.flags.no_compile = True
        found = super().compile_extra(func)
        name = object()  # by which callers find the code: numba's is the function for Python, which there is none of
        state.targetctx.insert_user_function(name, found.fndesc, [found.library])
        return found._replace(entry_point=name)


class _ApartCompiler(_InnerCompiler):
    """Compiler of an inner kernel that stays one function."""

    def compile_extra(self, func: Any) -> Any:
        found = super().compile_extra(func)
        found.library.get_function(found.fndesc.mangled_name).add_function_attribute("noinline")
        return found


def _keep_from_python(dispatcher: Any) -> None:
    """Refuse a call from Python, which would run into a missing function: other kernels alone know its overloads."""

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


def room(*shapes: tuple[int, ...]) -> list[NDArray[np.float64]]:
    """Zeros in these shapes for a kernel to work in, each at a multiple of 64 bytes: NumPy's begin at one of 16."""
    sizes = [math.prod(shape) for shape in shapes]
    whole = np.zeros(sum(sizes) + 8 * len(shapes))
    start, parts = -whole.ctypes.data // 8 % 8, []
    for shape, size in zip(shapes, sizes, strict=True):
        parts.append(whole[start : start + size].reshape(shape))
        start += size + -size % 8
    return parts


def _forgiving(cache: Any, load: Callable[..., Any]) -> Callable[..., Any]:
    def load_overload(*key: Any) -> Any:
        try:
            return load(*key)
        except Exception:  # whatever unpickling half a file may raise; compiling says what is really wrong
            cache.flush()
            return None

    return load_overload
