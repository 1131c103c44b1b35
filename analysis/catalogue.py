"""The catalogue: every claim of every family, found by looking, so that adding a module is all it takes.

A family is ``analysis/<family>.py`` with a tuple ``CLAIMS``, or ``analysis/<family>/claims.py`` once it is a folder.
"""

from __future__ import annotations

import pkgutil
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from importlib.util import find_spec

import solvable.analysis as _floor
from solvable.analysis.claim import Claim
from solvable.solvers.validate import as_kind

__all__ = ["UnknownName", "claim", "claims", "closest", "families"]


class UnknownName(LookupError):
    """A name that is not in the catalogue; the message names the closest ones."""


def closest(kind: str, name: str, known: list[str]) -> UnknownName:
    """Build the error for an unknown name, with up to three close ones."""
    near = get_close_matches(name, known, n=3, cutoff=0.4)
    hint = f" Closest: {', '.join(near)}." if near else ""
    return UnknownName(f"{kind} {name!r} is not known.{hint}")


@cache
def _load(module: str) -> tuple[Claim, ...]:
    return tuple(getattr(import_module(module), "CLAIMS", ()))


def _modules() -> dict[str, str]:
    """Module that holds the claims, for every candidate family."""
    found = {}
    for info in pkgutil.iter_modules(_floor.__path__, "solvable.analysis."):
        module = f"{info.name}.claims" if info.ispkg else info.name
        if not info.ispkg or find_spec(module) is not None:
            found[info.name.rsplit(".", 1)[1].replace("_", "-")] = module
    return found


def families() -> list[str]:
    """Names of the families that have claims."""
    return sorted(family for family, module in _modules().items() if _load(module))


def claims(family: str | None = None) -> list[Claim]:
    """Return all claims, or those of one family, by name.

    Examples
    --------
    >>> from solvable.analysis import claims
    >>> claims("ridge")[0].family
    'ridge'
    """
    as_kind("family", family, str | None, "it must be the name of a family")
    modules = _modules()
    if family is None:
        chosen = [modules[name] for name in families()]
    elif family in modules and _load(modules[family]):
        chosen = [modules[family]]
    else:
        raise closest("family", family, families())
    return sorted((item for module in chosen for item in _load(module)), key=lambda item: item.name)


def claim(name: str) -> Claim:
    """Return one claim by name.

    Raises
    ------
    UnknownName
        With the closest names.
    """
    family = as_kind("name", name, str, "it must be the name of a claim").split("/")[0]
    known = _modules()
    for item in _load(known[family]) if family in known else ():
        if item.name == name:
            return item
    raise closest("claim", name, [item.name for item in claims()])
