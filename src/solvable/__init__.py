"""Solvable models of learning: closed form, numerical solver, matched simulation, a check that can fail, figure."""

from typing import Any as _Any

import lazy_loader as _lazy

__version__ = "0.2.0"

# The public names are listed in __init__.pyi and loaded at first use, so that importing stays cheap.
_listed, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)


def __getattr__(name: str) -> _Any:
    """Load a listed name, a floor (`solvable.solvers`), or a solver: `from solvable import ridge_risk`."""
    if name in __all__:
        return _listed(name)
    if not name.startswith("_"):
        from importlib import import_module

        if name in ("solvers", "analysis", "figures"):
            return import_module(f"{__name__}.{name}")
        solvers = import_module(f"{__name__}.solvers")
        if name in solvers.__all__:
            return getattr(solvers, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
