"""The catalogue: every claim of every family, found by looking.

A family is a folder ``analysis/<family>/`` whose ``claims`` (a module, or a package once it outgrows one) has a tuple
``CLAIMS``.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from importlib.util import find_spec

import solvable.analysis as _floor
from solvable.analysis.verification.claim import Claim
from solvable.analysis.writing.names import closest
from solvable.solvers.validate import as_kind

__all__ = ["claim", "claims", "families"]


@cache
def _load(module: str) -> tuple[Claim, ...]:
    return tuple(getattr(import_module(module), "CLAIMS", ()))


def _modules() -> dict[str, str]:
    """Module that holds the claims, for every candidate family."""
    found = {}
    for info in pkgutil.iter_modules(_floor.__path__, "solvable.analysis."):
        module = f"{info.name}.claims"
        if info.ispkg and find_spec(module) is not None:
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
