"""Where a module comes from: a library, told by its version, or the user."""

from __future__ import annotations

import hashlib
import platform
import sys
import sysconfig
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any

__all__ = ["is_library_file", "origin"]

_STANDARD = tuple(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib"))


@cache
def is_library_file(file: str) -> bool:
    """Whether a file belongs to Python or to an installed distribution."""
    if file in ("built-in", "frozen"):
        return True
    path = Path(file).resolve()
    if {"site-packages", "dist-packages"} & set(path.parts):
        return True
    return any(path.is_relative_to(folder) for folder in _STANDARD)


def origin(namespace: Mapping[str, Any]) -> str | None:
    """Version of the library whose module has this namespace; None for a module of the user, or of this package."""
    name = namespace.get("__name__")
    module = sys.modules.get(name) if isinstance(name, str) else None
    if name == "__main__" or module is None or getattr(module, "__dict__", None) is not namespace:
        return None  # a script, a notebook, or code that was executed in a dictionary
    return _library(str(name), getattr(module, "__file__", None))


@cache
def _library(name: str, file: str | None) -> str | None:
    top = name.partition(".")[0]
    if top == "solvable":
        return None
    if file is None:
        return f"python {platform.python_version()}" if top in sys.stdlib_module_names else None
    if not is_library_file(file):
        return None
    if top in sys.stdlib_module_names:
        return f"python {platform.python_version()}"
    content = hashlib.sha256(Path(file).read_bytes()).hexdigest()[:16] if file.endswith(".py") else ""
    return f"{top} {_version(top)} {content}"


@cache
def _version(top: str) -> str:
    try:
        return version(top)
    except PackageNotFoundError:
        names = packages_distributions().get(top, [])
        return ", ".join(f"{name} {version(name)}" for name in sorted(set(names)))
