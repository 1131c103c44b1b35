"""What a sweep computes: function, axes, draws and seed; all that its numbers may depend on, and nothing else.

Chunk size, workers and backend are no part of it: results do not depend on them.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.analysis.verification.fingerprint import sources
from solvable.solvers.validate import as_kind, as_seed, as_whole, check_room, refuse

__all__ = ["Specification", "differences"]

_LIBRARIES = ("solvable", "numpy", "scipy", "numba")


def _axis(name: str, values: ArrayLike) -> NDArray[Any]:
    allowed = "it must be a non-empty vector of numbers or strings without NaN"
    try:
        axis = np.atleast_1d(np.asarray(values))
    except ValueError:  # ragged
        raise refuse(f"grid[{name!r}]", values, allowed) from None
    if axis.ndim != 1 or axis.size == 0 or axis.dtype.kind not in "biufU":
        raise refuse(f"grid[{name!r}]", values, allowed)
    if axis.dtype.kind == "f" and np.isnan(axis).any():
        raise refuse(f"grid[{name!r}]", values, allowed)
    return axis


def _source(function: Callable[..., Any]) -> bytes:
    """Source of the module that defines a function, and of every module of ours that it imports."""
    name = function.__module__
    if name.startswith("solvable."):
        files = [Path(getattr(sys.modules.get(part), "__file__", None) or _found(part)) for part in sources(name)]
        return b"\0".join(path.read_bytes() for path in files)
    file = getattr(sys.modules.get(name), "__file__", None)
    content = Path(file).read_bytes() if file and Path(file).exists() else b""
    named = "<" not in getattr(function, "__qualname__", "<")
    # several lambdas and inner functions of a file share a name; what is typed into a shell has no file
    return content if content and named else content + b"\0" + _own(function)


def _own(function: Callable[..., Any]) -> bytes:
    """Byte code of a function, and the values that it closes over."""
    code = getattr(function, "__code__", None)
    if code is None:
        return repr(type(function)).encode()
    cells = [cell.cell_contents for cell in getattr(function, "__closure__", None) or ()]
    bound = [_plain(value) for value in [*cells, *(getattr(function, "__defaults__", None) or ())]]
    return _bytes(code) + repr(bound).encode()


def _bytes(code: CodeType) -> bytes:
    inner = [_bytes(item) if isinstance(item, CodeType) else repr(item).encode() for item in code.co_consts]
    return b"\0".join([code.co_code, repr(code.co_names).encode(), *inner])


def _found(module: str) -> Path:
    from importlib.util import find_spec

    spec = find_spec(module)
    assert spec is not None
    return Path(spec.origin or "")


def _plain(value: Any) -> str:
    """Text that is the same for equal values: the repr of an array is cut, that of an object may hold its address."""
    if isinstance(value, (str, int, float, bool, type(None))):
        return repr(value)
    from joblib import hash as content

    try:
        return f"{type(value).__name__} {content(value)}"
    except Exception:  # what cannot be pickled has no content to speak of
        return type(value).__name__


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
    def record(self) -> dict[str, Any]:
        """All of it as plain data, so that a store can say which sweep it holds."""
        function = self.function
        name = getattr(function, "__qualname__", None) or type(function).__qualname__
        origin = function if hasattr(function, "__qualname__") else getattr(function, "func", type(function))
        record = {
            "function": f"{origin.__module__}:{name}",
            "bound": [*map(_plain, getattr(function, "args", ()))]
            + [f"{key}={_plain(value)}" for key, value in getattr(function, "keywords", {}).items()],
            "grid": {axis: values.tolist() for axis, values in self.axes.items() if axis != "draw"},
            "together": list(self.shared),
            "fixed": {key: _plain(value) for key, value in self.fixed.items()},
            "outputs": list(self.outputs),
            "draws": self.draws if self.draws is None else int(self.draws),
            "seed": int(self.seed),
            "code": hashlib.sha256(_source(origin)).hexdigest()[:16],
            "libraries": {library: version(library) for library in _LIBRARIES},
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
