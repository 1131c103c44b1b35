"""What a function computes, as a digest: its code and everything that the code refers to, followed to the end.

Two functions with one digest compute the same; addresses, the order of sets, line numbers, the name of the module and
comments play no part, so a script run and the same script imported are one. What cannot be followed is refused.

* Functions of the user: byte code with its constants, defaults, closure, attributes and the globals that it names.
* Modules of the user: the attributes that the code takes from them; all of them where the module is handed on.
* Functions of this package: the source of their module and of every module of ours that it reaches.
* Other libraries and Python: name and version (of an installed Python file, its content too).
* Other objects: what they say about themselves for pickling, and their class.
"""

from __future__ import annotations

import builtins
import copyreg
import functools
import hashlib
import importlib
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import BuiltinFunctionType, CodeType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any

import numpy as np

from solvable.analysis.verification.bytecode import imported, names_in
from solvable.analysis.verification.fingerprint import digest
from solvable.analysis.verification.origins import origin

__all__ = ["Unidentified", "identity", "parts"]

_SLOTS = type(type.__dict__["__basicsize__"]), type(FunctionType.__dict__["__code__"])  # member and getset descriptors
_LATE = {"eval": eval, "exec": exec, "globals": globals, "__import__": __import__}
# what Python writes into a class and no method can compute with, or only its documentation
_CLASS_NOISE = frozenset(
    [
        "__module__",
        "__qualname__",
        "__dict__",
        "__weakref__",
        "__doc__",
        "__annotations__",
        "__annotate__",
        "__annotate_func__",
        "_abc_impl",
        "__annotations_cache__",
        "__firstlineno__",
        "__static_attributes__",
        "__orig_bases__",
        "__parameters__",
        "__classcell__",
    ]
)
_ABSENT = object()


class Unidentified(ValueError):
    """Something has no content that two runs could compare."""


def identity(value: Any) -> str:
    """Return the digest of a function or value: equal in every process and run that means the same.

    Raises
    ------
    Unidentified
        One sentence: where in it is what cannot be compared, and why.
    """
    return _Walk().outermost(value).hex()[:32]


def parts(function: Any) -> dict[str, str]:
    """Digests of the parts of a function by name, so that a difference can be told.

    Raises
    ------
    Unidentified
        As :func:`identity`.
    """
    ours = (getattr(function, "__module__", None) or "").startswith("solvable.")
    if type(function) is not FunctionType or ours or origin(function.__globals__) is not None:
        return {"content": identity(function)}
    return {name: _Walk(function).outermost(part).hex()[:16] for name, part in _function_parts(function).items()}


def _function_parts(function: FunctionType) -> dict[str, Any]:
    code = function.__code__
    found: dict[str, Any] = {"body": code, "defaults": function.__defaults__}
    found |= {"keyword defaults": function.__kwdefaults__, "attributes": _Sorted(function.__dict__)}
    cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
    found |= {f"closure {name}": cell for name, cell in cells}
    names = names_in(code)
    for name in names.globals:
        value = function.__globals__.get(name, _ABSENT)
        if value is _ABSENT:
            value = getattr(builtins, name, _ABSENT)
            if name in _LATE and value is _LATE[name]:
                raise Unidentified(f"{function.__qualname__} looks names up while it runs ({name})")
            if value is _ABSENT:
                continue  # the call will raise, or the name was given later: then it is found
        if isinstance(value, ModuleType):
            value = _Used(value, names.attributes if name not in names.handed_on else None)
        found[f"global {name}"] = value
    for name, module in imported(names, function.__globals__.get("__package__")):
        found[f"import {name}"] = _Used(module, names.attributes)
    return found


class _Sorted:
    """A mapping whose order means nothing."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.content = content


class _Used:
    """A module, of which code takes these attributes; None where it is handed on and any may be taken."""

    def __init__(self, module: ModuleType, attributes: frozenset[str] | None) -> None:
        self.module, self.attributes = module, attributes


def _hash(kind: str, *pieces: bytes) -> bytes:
    content = hashlib.blake2b(kind.encode(), digest_size=20)
    for piece in pieces:
        content.update(struct.pack("<Q", len(piece)) + piece)
    return content.digest()


def _atom(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, complex):
        return struct.pack("<dd", value.real, value.imag)
    return struct.pack("<d", value) if isinstance(value, float) else repr(value).encode()


class _Walk:
    """One pass through everything that a value reaches; what is met again is named by the turn it came at."""

    def __init__(self, *known: Any) -> None:
        self.turn = {id(value): number for number, value in enumerate(known)}
        self.alive: list[Any] = list(known)  # an address must not be used twice
        self.around: dict[int, int] = {}  # containers that are being followed
        self.modules: set[tuple[int, tuple[str, ...]]] = set()
        self.trail: list[str] = []

    def outermost(self, value: Any) -> bytes:
        try:
            return self.of(value)
        except RecursionError:
            raise Unidentified(f"{self._place()}something is nested too deeply to be compared") from None
        except Unidentified as error:
            raise Unidentified(f"{self._place()}{error}") from None

    def _place(self) -> str:
        return f"in its {', '.join(self.trail)}: " if self.trail else ""

    @contextmanager
    def _at(self, place: str) -> Iterator[None]:
        self.trail.append(place)
        yield
        self.trail.pop()  # not where something raised: then it says where

    def of(self, value: Any) -> bytes:
        kind = type(value)
        if value is None or value is Ellipsis or value is NotImplemented or kind in (bool, int, float, complex, str):
            return _hash(kind.__name__, _atom(value))
        if kind in (bytes, bytearray):
            return _hash(kind.__name__, bytes(value))
        if kind in (tuple, list, dict, set, frozenset, _Sorted, MappingProxyType):
            return self._container(value)
        if isinstance(value, (np.ndarray, np.generic)) and not isinstance(value, np.ma.MaskedArray):
            return self._array(value)
        if isinstance(value, np.dtype):
            return _hash("dtype", repr(value).encode())
        if isinstance(value, _Used):
            return self._module(value)
        if isinstance(value, ModuleType):
            return self._module(_Used(value, None))
        if kind is CodeType:
            return self._code(value)
        if id(value) in self.turn:
            return _hash("again", str(self.turn[id(value)]).encode())
        self.turn[id(value)] = len(self.turn)
        self.alive.append(value)
        return self._object(value)

    def _all(self, kind: str, values: Iterable[Any]) -> bytes:
        return _hash(kind, *(self.of(value) for value in values))

    def _container(self, value: Any) -> bytes:
        if id(value) in self.around:
            return _hash("around", str(len(self.around) - self.around[id(value)]).encode())
        self.around[id(value)] = len(self.around)
        kind = type(value).__name__
        if isinstance(value, (set, frozenset)):
            found = _hash(kind, *sorted(_Walk(*self.alive).of(entry) for entry in value))
        elif isinstance(value, _Sorted):
            found = self._named(kind, sorted(value.content.items()))
        elif isinstance(value, (dict, MappingProxyType)):
            found = self._all(kind, (entry for pair in value.items() for entry in pair))
        else:
            found = self._all(kind, value)
        del self.around[id(value)]
        return found

    def _named(self, kind: str, items: Iterable[tuple[str, Any]]) -> bytes:
        pieces = []
        for name, value in items:
            with self._at(str(name)):
                pieces += [self.of(name), self.of(value)]
        return _hash(kind, *pieces)

    def _array(self, value: Any) -> bytes:
        array = np.asarray(value)
        head = f"{type(value).__name__} {array.dtype.str} {array.shape} {array.flags.fnc}".encode()
        if array.dtype.names:  # fields alone: bytes between them are anything
            return _hash("array", head, *(self.of(name) + self.of(array[name]) for name in array.dtype.names))
        if array.dtype.hasobject:
            return _hash("array", head, *(self.of(entry) for entry in array.ravel().tolist()))
        return _hash("array", head, hashlib.blake2b(np.ascontiguousarray(array)).digest())

    def _code(self, code: CodeType) -> bytes:
        shape = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
        names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
        return self._all("code", (code.co_code, code.co_exceptiontable, code.co_consts, shape, names))

    def _module(self, used: _Used) -> bytes:
        module, name = used.module, used.module.__name__
        home = origin(vars(module))
        attributes = used.attributes
        if home is not None:
            if name == "importlib" and (attributes is None or "import_module" in attributes):
                raise Unidentified("it imports modules by name while it runs (importlib)")
            return _hash("library", name.encode(), home.encode())
        ours = name == "solvable" or name.startswith("solvable.")
        if ours and attributes is None:
            return _hash("ours", name.encode(), digest(name).encode())
        names = sorted(attributes) if attributes is not None else sorted(n for n in vars(module) if n[:2] != "__")
        if (id(module), tuple(names)) in self.modules:
            return _hash("module again", str(len(names)).encode())
        self.modules.add((id(module), tuple(names)))
        taken = [(n, getattr(module, n, _ABSENT)) for n in names]
        taken = [(n, _Used(v, attributes) if isinstance(v, ModuleType) else v) for n, v in taken if v is not _ABSENT]
        return self._named("module", taken)

    def _object(self, value: Any) -> bytes:
        kind = type(value)
        if kind is FunctionType:
            return self._function(value)
        if isinstance(value, type):
            return self._class(value)
        if kind is MethodType:
            return self._all("method", (value.__func__, value.__self__))
        if kind is BuiltinFunctionType:
            return self._builtin(value)
        if kind is np.ufunc:
            return _hash("ufunc", _ufunc(value).encode())
        if kind in (staticmethod, classmethod):
            return self._all(kind.__name__, (value.__func__,))
        if kind is property:
            return self._all("property", (value.fget, value.fset, value.fdel))
        if kind is functools.cached_property:  # it holds a lock
            return self._all("cached property", (value.func,))
        if isinstance(value, functools._lru_cache_wrapper):
            return self._all("cached", (value.__wrapped__,))
        if kind.__name__ == "cell":
            return self._all("cell", (value.cell_contents,) if _full(value) else ())
        if kind in _SLOTS:
            return _hash("slot", value.__name__.encode())
        return self._compiled(value) or self._named_object(value) or self._reduced(value)

    def _function(self, function: FunctionType) -> bytes:
        home, module = origin(function.__globals__), function.__module__ or ""
        name = f"{module}.{function.__qualname__}"
        inner = (function.__defaults__, function.__kwdefaults__, function.__closure__)
        if home is None and not module.startswith("solvable."):
            with self._at(function.__qualname__):
                return self._named("function", _function_parts(function).items())
        where = home if home is not None else digest(module)
        if "<" not in function.__qualname__:
            return _hash("library function", name.encode(), where.encode(), self.of(inner[:2]))
        return _hash("inner function", where.encode(), self.of(function.__code__), self.of(inner))

    def _class(self, value: type) -> bytes:
        module = sys.modules.get(value.__module__)
        home = origin(vars(module)) if module is not None else None
        name = f"{value.__module__}.{value.__qualname__}".encode()
        if home is None and value.__module__.startswith("solvable."):
            home = digest(value.__module__)
        if home is not None:
            return _hash("library class", name, home.encode())
        content = {n: v for n, v in vars(value).items() if n not in _CLASS_NOISE}
        with self._at(f"class {value.__qualname__}"):
            return self._all("class", (value.__name__, value.__bases__, type(value), _Sorted(content)))

    def _builtin(self, value: Any) -> bytes:
        owner = value.__self__
        if owner is None or isinstance(owner, ModuleType):
            module = sys.modules.get(value.__module__ or "builtins")
            home = origin(vars(module)) if module is not None else None
            if value in _LATE.values() or home is None:
                raise Unidentified(f"{value.__qualname__} is compiled or looks names up while it runs")
            return _hash("builtin", f"{value.__module__}.{value.__qualname__}".encode(), home.encode())
        return _hash("builtin method", value.__name__.encode(), self.of(owner))

    def _compiled(self, value: Any) -> bytes | None:
        """Numba's wrappers: the Python function and the options; the rest differs from run to run."""
        if not type(value).__module__.startswith("numba."):
            return None
        source = getattr(value, "py_func", None) or getattr(getattr(value, "_dispatcher", None), "py_func", None)
        source = source or getattr(getattr(value, "gufunc_builder", None), "py_func", None)
        if source is None:
            return None
        options = getattr(value, "targetoptions", {})
        return self._all("compiled", (type(value).__name__, source, _Sorted(options)))

    def _named_object(self, value: Any) -> bytes | None:
        """Return the digest of an object that a library made and keeps under a name: by that name."""
        module = sys.modules.get(type(value).__module__)
        while module is not None:
            home = origin(vars(module))
            if home is None:
                return None
            for name, held in vars(module).items():
                if held is value:
                    return _hash("library object", f"{module.__name__}.{name}".encode(), home.encode())
            module = sys.modules.get(module.__name__.rpartition(".")[0])
        return None

    def _reduced(self, value: Any) -> bytes:
        kind = type(value)
        try:
            reduce = copyreg.dispatch_table.get(kind)
            found = reduce(value) if reduce is not None else value.__reduce_ex__(4)
        except RecursionError:
            raise
        except Exception as error:  # whatever the object's own method raises
            raise Unidentified(f"a {kind.__qualname__} cannot be compared between runs ({error})") from None
        if isinstance(found, str):
            return _hash("named", f"{getattr(value, '__module__', '')}.{found}".encode(), self.of(kind))
        make, arguments, state, entries, pairs = (*found, None, None, None)[:5]
        with self._at(f"{kind.__qualname__} object"):
            pieces = [self.of(kind), self.of(make), self.of(arguments), self._state(state)]
            pieces += [self._all("entries", entries or ()), self._all("pairs", (x for p in pairs or () for x in p))]
        return _hash("object", *pieces)

    def _state(self, state: Any) -> bytes:
        if isinstance(state, tuple) and len(state) == 2:
            return _hash("state", *map(self._state, state))
        plain = type(state) is dict and all(type(name) is str for name in state)
        return self.of(_Sorted(state) if plain else state)


def _full(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def _ufunc(value: np.ufunc) -> str:
    for module in ("numpy", "scipy.special"):
        if getattr(sys.modules.get(module), value.__name__, None) is value:
            return f"{module}.{value.__name__} {origin(vars(importlib.import_module(module)))}"
    raise Unidentified(f"the ufunc {value.__name__!r} does not show its source")
