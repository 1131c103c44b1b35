"""Which names byte code takes from outside: globals, attributes of modules, imports."""

from __future__ import annotations

import dis
import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import PathFinder
from importlib.util import resolve_name
from types import CodeType, ModuleType

from solvable.analysis.verification.origins import is_library_file, origin

__all__ = ["Names", "imported", "names_in"]

_OWN = {"__name__", "__file__", "__package__", "__spec__", "__loader__", "__doc__", "__builtins__"}  # a module's name
_GLOBAL = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}


@dataclass(frozen=True)
class Names:
    """Names in a code object and in those nested in it, each sorted."""

    globals: tuple[str, ...]
    handed_on: frozenset[str]  # globals that are not at once asked for an attribute
    attributes: frozenset[str]
    imports: tuple[tuple[str, int], ...]  # module and level


def names_in(code: CodeType) -> Names:
    """Read them off the instructions: names in `co_names` may be of either sort."""
    found: set[str] = set()
    handed_on: set[str] = set()
    attributes: set[str] = set()
    imports: set[tuple[str, int]] = set()
    for part in _nested(code):
        steps = list(dis.get_instructions(part))
        for number, step in enumerate(steps):
            after = steps[number + 1].opname if number + 1 < len(steps) else ""
            if step.opname in _GLOBAL and step.argval not in _OWN:
                found.add(step.argval)
                if after not in ("LOAD_ATTR", "LOAD_METHOD"):
                    handed_on.add(step.argval)
            elif step.opname in ("LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM"):
                attributes.add(step.argval)
            elif step.opname == "IMPORT_NAME":
                imports.add((step.argval, steps[number - 2].argval))
    return Names(tuple(sorted(found)), frozenset(handed_on), frozenset(attributes), tuple(sorted(imports)))


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for item in code.co_consts:
        if isinstance(item, CodeType):
            yield from _nested(item)


def imported(names: Names, package: str | None) -> Iterator[tuple[str, ModuleType]]:
    """Modules of the user that code imports when it runs, with the names they have in it.

    They are imported here, as the code itself would do; libraries are told by their version and are not.
    """
    for name, level in names.imports:
        try:
            full = resolve_name("." * level + name, package) if level else name
            top = full.partition(".")[0]
            if _is_library(top):
                continue
            for part in dict.fromkeys((top, full)):
                yield part, importlib.import_module(part)
        except Exception:  # the call itself will tell
            continue


def _is_library(top: str) -> bool:
    if top in sys.modules:
        return origin(vars(sys.modules[top])) is not None
    spec = PathFinder.find_spec(top)
    return spec is None or (spec.origin is not None and is_library_file(spec.origin))
