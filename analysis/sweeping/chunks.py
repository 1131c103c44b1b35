"""How the grid is cut, and how a worker computes one piece.

A unit is one call of the function: one value of every separate axis. A chunk is a rectangle of units; its result is
what travels and what is stored. Draw j of cell i has the seed (i, j) wherever and whenever it is computed.
"""

from __future__ import annotations

import copy
import itertools
import math
import os
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.processes import THREAD_VARIABLES
from solvable.analysis.sweeping.specification import Specification, name_of
from solvable.solvers.validate import as_real

__all__ = ["Chunk", "Layout", "Result", "compute", "lost", "single_thread"]

Array = NDArray[np.float64]
_MOST = 1000  # units in a chunk: a result comes often enough, and passing it on costs little


@dataclass(frozen=True)
class Layout:
    """Equal rectangles over the separate axes, numbered in C order; those at the far edges may be smaller."""

    shape: tuple[int, ...]
    block: tuple[int, ...]

    @classmethod
    def of(cls, shape: tuple[int, ...], units: int) -> Layout:
        """Rectangles of at most `units` units, whole along the last axes."""
        block = [1] * len(shape)
        for axis in reversed(range(len(shape))):
            block[axis] = min(shape[axis], units)
            units //= block[axis]
            if block[axis] < shape[axis]:
                break
        return cls(shape, tuple(block))

    @staticmethod
    def usual(shape: tuple[int, ...], workers: int) -> int:
        """Units in a chunk: 32 chunks for each worker, 1000 units at most."""
        return max(1, min(_MOST, math.ceil(math.prod(shape) / (32 * workers))))

    @property
    def counts(self) -> tuple[int, ...]:
        """Chunks along each axis."""
        return tuple(-(-length // size) for length, size in zip(self.shape, self.block, strict=True))

    def __len__(self) -> int:
        """Count all chunks."""
        return math.prod(self.counts)

    def slices(self, number: int) -> tuple[slice, ...]:
        """Return the rectangle of a chunk."""
        starts = (int(i) * size for i, size in zip(np.unravel_index(number, self.counts), self.block, strict=True))
        ends = zip(starts, self.block, self.shape, strict=True)
        return tuple(slice(start, min(start + size, length)) for start, size, length in ends)


@dataclass(frozen=True)
class Chunk:
    """All that a worker needs: it travels alone."""

    number: int
    function: Callable[..., Any]
    fixed: Mapping[str, Any]
    shared: Mapping[str, NDArray[Any]]
    separate: Mapping[str, Sequence[Any]]  # values inside the rectangle
    start: tuple[int, ...]
    cells: tuple[int, ...]  # lengths of the separate axes other than draw
    draws: int | None
    seed: int
    outputs: tuple[str, ...]

    @classmethod
    def cut(cls, specification: Specification, layout: Layout, number: int) -> Chunk:
        """Chunk `number` of a sweep."""
        slices = layout.slices(number)
        separate = {
            name: specification.axes[name][part].tolist()
            for name, part in zip(specification.separate, slices, strict=True)
        }
        return cls(
            number,
            specification.function,
            specification.fixed,
            {name: specification.axes[name] for name in specification.shared},
            separate,
            tuple(part.start for part in slices),
            specification.shape([name for name in specification.separate if name != "draw"]),
            specification.draws,
            int(specification.seed),
            tuple(specification.outputs),
        )

    @property
    def shape(self) -> tuple[int, ...]:
        """Units along each separate axis."""
        return tuple(len(values) for values in self.separate.values())

    def calls(self) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
        """Positional and named arguments of every call, in C order."""
        whole = {name: _lent(values) for name, values in self.shared.items() if name != "draw"}
        names = list(self.separate)
        strides = [math.prod(self.cells[axis + 1 :]) for axis in range(len(self.cells))]
        for offsets in itertools.product(*map(range, self.shape)):
            cell = {name: self.separate[name][offset] for name, offset in zip(names, offsets, strict=True)}
            drawn = cell.pop("draw", None)
            number = sum(s * (a + b) for s, a, b in zip(strides, self.start, offsets, strict=False))
            arguments: tuple[Any, ...] = ()
            if drawn is not None:
                arguments = (self._generator(number, drawn),)
            elif self.draws is not None:
                arguments = ([self._generator(number, j) for j in range(self.draws)],)
            yield arguments, {**{name: _lent(value) for name, value in self.fixed.items()}, **whole, **cell}

    def _generator(self, cell: int, draw: int) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(self.seed, spawn_key=(cell, draw))))


@dataclass(frozen=True)
class Result:
    """A finished chunk: arrays over (separate, shared) axes, and the message of every unit that failed."""

    number: int
    values: dict[str, Array]
    errors: dict[int, str] = field(default_factory=dict)  # by position in the rectangle, C order
    seconds: float = 0.0


def _lent(value: Any) -> Any:
    """Lend an argument to one call: arrays read-only, all else as copies; what one call did would reach the next."""
    if isinstance(value, np.ndarray):
        view = value.view()
        view.flags.writeable = False
        return view
    if type(value) in (list, tuple):
        return type(value)(map(_lent, value))
    if type(value) is dict:
        return {key: _lent(entry) for key, entry in value.items()}
    if isinstance(value, type) or isinstance(getattr(value, "py_func", value), types.FunctionType):
        return value  # numba's kernels too
    return copy.deepcopy(value)


def _message(error: Exception) -> str:
    advice = ""
    if isinstance(error, ValueError) and "read-only" in str(error):
        advice = "; the arrays a function is given are read-only, since all calls share them: copy one to change it"
    return f"{type(error).__name__}: {error}{advice}"


def _numbers(name: str, value: Any) -> Array:
    """Real numbers, NaN among them: who asks must say that it failed."""
    raw = np.asarray(value)
    hole = np.isnan(raw) if raw.dtype.kind == "f" else np.False_
    array = as_real(name, np.where(hole, 0.0, raw) if hole.any() else value)
    return np.where(hole, np.nan, array) if hole.any() else array


def _read(found: Any, outputs: tuple[str, ...], shape: tuple[int, ...], function: str) -> dict[str, Any]:
    """Name what a call returned; make sure that it is numbers and of its shape."""
    if isinstance(found, Mapping):
        named = dict(found)
    elif isinstance(found, tuple) and outputs:
        named = dict(zip(outputs, found, strict=True))
    else:
        named = {outputs[0] if outputs else "value": found}
    if outputs and set(named) != set(outputs):
        raise ValueError(f"the function returned {', '.join(named)} where outputs are {', '.join(outputs)}")
    for name, value in named.items():
        array = _numbers(f"{name} returned by {function}", value)
        if array.shape != shape:
            raise ValueError(f"the function returned {name} of shape {array.shape}; the axes together need {shape}")
        named[name] = array
    return named


def compute(chunk: Chunk) -> Result:
    """Call the function on every unit; one that raises or gives no number is recorded and the others go on."""
    started = time.perf_counter()
    shape = tuple(values.size for values in chunk.shared.values())
    units = math.prod(chunk.shape)
    values: dict[str, Array] = {}
    errors: dict[int, str] = {}
    with single_thread():
        for position, (arguments, named) in enumerate(chunk.calls()):
            try:
                found = _read(chunk.function(*arguments, **named), chunk.outputs, shape, name_of(chunk.function))
                if not values:
                    values = {name: np.full((units, *shape), np.nan) for name in found}
                elif found.keys() != values.keys():
                    raise ValueError(f"the function returned {', '.join(found)} where others are {', '.join(values)}")
            except Exception as error:
                errors[position] = _message(error)
            else:
                for name, array in found.items():
                    values[name][position] = array
                    if np.isnan(array).any():  # the other numbers of the call are kept
                        errors[position] = f"{name_of(chunk.function)} returned NaN as {name}"
    for name, array in values.items():
        array[np.isnan(array)] = np.nan  # one bit pattern
        values[name] = array.reshape(*chunk.shape, *shape)
    return Result(chunk.number, values, errors, time.perf_counter() - started)


def lost(chunk: Chunk, message: str) -> Result:
    """Result of a chunk that nobody could compute."""
    return Result(chunk.number, {}, dict.fromkeys(range(math.prod(chunk.shape)), message))


class _Limit:
    """The thread limit of this process, held while any thread computes: it is the process's, not the thread's."""

    def __init__(self) -> None:
        self.lock, self.holders, self.limits = threading.Lock(), 0, None

    def hold(self) -> None:
        from threadpoolctl import threadpool_limits

        if any(os.environ.get(name) != "1" for name in THREAD_VARIABLES):
            import scipy.linalg  # noqa: F401  a BLAS that is loaded later would escape the limit

        with self.lock:
            if self.holders == 0:
                self.limits = threadpool_limits(1)
            self.holders += 1

    def release(self) -> None:
        with self.lock:
            self.holders -= 1
            if self.holders == 0 and self.limits is not None:
                self.limits.unregister()


_LIMIT = _Limit()


@contextmanager
def single_thread() -> Iterator[None]:
    """One BLAS, OpenMP and numba thread: several are slower beside other workers, and change the last bits."""
    _LIMIT.hold()
    numba = sys.modules.get("numba")
    threads = numba.get_num_threads() if numba else 0
    try:
        if numba:
            numba.set_num_threads(1)
        yield
    finally:
        if numba:
            numba.set_num_threads(threads)
        _LIMIT.release()
