"""What a sweep computes: function, axes, draws and seed; all that its numbers may depend on, and nothing else.

Chunk size, workers and backend are no part of it: results do not depend on them.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.analysis.verification.identity import Unidentified, identity, parts
from solvable.solvers.validate import as_kind, as_seed, as_whole, check_room, refuse

__all__ = ["Specification", "differences", "name_of"]

_LIBRARIES = ("solvable", "numpy", "scipy", "numba")


def _axis(name: str, values: ArrayLike) -> NDArray[Any]:
    allowed = "it must be a non-empty vector of numbers or strings without NaN"
    try:
        axis = np.atleast_1d(np.array(values))  # a copy, that nobody can change
    except ValueError:  # ragged
        raise refuse(f"grid[{name!r}]", values, allowed) from None
    if axis.ndim != 1 or axis.size == 0 or axis.dtype.kind not in "biufU":
        raise refuse(f"grid[{name!r}]", values, allowed)
    if axis.dtype.kind == "f" and np.isnan(axis).any():
        raise refuse(f"grid[{name!r}]", values, allowed)
    axis.flags.writeable = False
    return axis


def _plain(name: str, value: Any) -> str:
    """Text that is the same for equal values: a number or word as it is, else type and digest of its content."""
    if type(value) in (str, int, float, bool, type(None)):
        return repr(value)
    try:
        return f"{type(value).__name__} {identity(value)}"
    except Unidentified as error:
        raise Unidentified(_refusal(f"fixed[{name!r}]", value, error)) from None


def name_of(function: Callable[..., Any]) -> str:
    """Name of a function without its module; of what it calls, or of its class, where it has none."""
    named = function if hasattr(function, "__qualname__") else getattr(function, "func", type(function))
    return str(getattr(named, "__qualname__", type(named).__qualname__))


def _parts(function: Callable[..., Any]) -> dict[str, str]:
    try:
        return parts(function)
    except Unidentified as error:
        raise Unidentified(_refusal("function", function, error)) from None


def _refusal(name: str, value: Any, error: Unidentified) -> str:
    allowed = f"a store must recognise it in another run: {error}; leave out store, or pass plain values"
    return str(refuse(name, value, allowed))


@dataclass(frozen=True)
class Specification:
    """A sweep as asked for; validated at once, in the caller's process."""

    function: Callable[..., Any]
    grid: Mapping[str, ArrayLike]
    draws: int | None = None
    seed: int = 0
    together: Sequence[str] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)
    outputs: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be run, with one sentence."""
        if not callable(self.function):
            raise refuse("function", self.function, "it must be callable")
        if not as_kind("grid", self.grid, Mapping, "it must be a mapping from axes to values"):
            raise refuse("grid", self.grid, "it must name at least one axis")
        for name in ("together", "outputs"):
            for word in as_kind(name, getattr(self, name), list | tuple, "it must be a list of names"):
                as_kind(name, word, str, "it must be a list of names")
        for name in ("grid", "fixed"):
            for word in as_kind(name, getattr(self, name), Mapping, "it must be a mapping from names to values"):
                as_kind(name, word, str, "its keys must be names")
        if self.draws is not None:
            check_room("draws", self.draws, as_whole("draws", self.draws))
            as_kind("draws", self.draws, int | np.integer, "it must be a whole number")
        as_seed("seed", self.seed)
        _ = self.axes
        known = [*self.grid, *(["draw"] if self.draws is not None else [])]
        for name in self.together:
            if name not in known:
                raise refuse("together", list(self.together), f"its names must be axes: {', '.join(known)}")
        taken = {"draw", "error", *self.grid} & {*self.outputs, *self.fixed} | {"draw", "error", "rng"} & {*self.grid}
        if taken:
            raise refuse("names", sorted(taken), "axes, fixed arguments, outputs, draw and error must differ")

    @cached_property
    def axes(self) -> dict[str, NDArray[Any]]:
        """Axes of the result in order, `draw` last."""
        axes = {name: _axis(name, values) for name, values in self.grid.items()}
        return axes if self.draws is None else axes | {"draw": np.arange(self.draws)}

    @cached_property
    def separate(self) -> tuple[str, ...]:
        """Axes along which the function is called once for each value."""
        return tuple(name for name in self.axes if name not in self.together)

    @cached_property
    def shared(self) -> tuple[str, ...]:
        """Axes that the function takes as whole arrays, in the order of the result."""
        return tuple(name for name in self.axes if name in self.together)

    def shape(self, names: Sequence[str]) -> tuple[int, ...]:
        """Lengths of the named axes."""
        return tuple(self.axes[name].size for name in names)

    @cached_property
    def name(self) -> str:
        """Module and name of the function, for people."""
        function = self.function
        named = function if hasattr(function, "__qualname__") else getattr(function, "func", type(function))
        return f"{named.__module__}:{name_of(function)}"

    @cached_property
    def record(self) -> dict[str, Any]:
        """All of it as plain data, so that a store can say which sweep it holds; refused where it cannot be told."""
        record = {
            "function": name_of(self.function),  # no module: a script that is imported has another name
            "code": _parts(self.function),
            "grid": {axis: values.tolist() for axis, values in self.axes.items() if axis != "draw"},
            "types": {axis: values.dtype.str for axis, values in self.axes.items() if axis != "draw"},
            "together": list(self.shared),
            "fixed": {key: _plain(key, value) for key, value in self.fixed.items()},
            "outputs": list(self.outputs),
            "draws": self.draws if self.draws is None else int(self.draws),
            "seed": int(self.seed),
            "libraries": {"python": platform.python_version()} | {name: version(name) for name in _LIBRARIES},
        }
        return dict(json.loads(json.dumps(record)))

    @cached_property
    def hash(self) -> str:
        """Short digest of the record."""
        return hashlib.sha256(json.dumps(self.record, sort_keys=True).encode()).hexdigest()[:16]


def differences(kept: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """Where two records differ, each as ``name: asked, kept``."""
    found = []
    for key in dict.fromkeys([*kept, *asked]):
        old, new = kept.get(key), asked.get(key)
        if old == new:
            if isinstance(old, dict) and list(old) != list(new or ()):
                found.append(f"{key}: order {', '.join(new or ())} instead of {', '.join(old)}")
        elif isinstance(old, dict) and isinstance(new, dict):
            found += [f"{key}[{name!r}]: {_told(old.get(name), new.get(name))}"
                      for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]  # fmt: skip
        else:
            found.append(f"{key}: {_told(old, new)}")
    return found


def _told(old: Any, new: Any) -> str:
    if isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            return f"{len(new)} values instead of {len(old)}"
        first = next(i for i, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1])
        return f"value {first} is {new[first]!r} instead of {old[first]!r}"
    return f"{'absent' if new is None else repr(new)} instead of {'absent' if old is None else repr(old)}"
