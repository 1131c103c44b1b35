"""What a result depends on: the source of a module and of every module of ours that it imports.

A kept result is valid while this has not changed, so a rerun redoes exactly what a change can have touched.
"""

from __future__ import annotations

import ast
import hashlib
import os
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

__all__ = ["digest", "package_digest", "sources"]

_FLOORS = ("solvable.solvers", "solvable.analysis", "solvable.figures")


@cache
def _file(module: str) -> Path | None:
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec and spec.origin else None


@cache
def _exports(floor: str) -> dict[str, str]:
    """Public name -> defining module of a floor whose names are listed in its stub."""
    path = _file(floor)
    if path is None or not path.with_suffix(".pyi").exists():
        return {}
    tree = ast.parse(path.with_suffix(".pyi").read_text())
    return {
        alias.asname or alias.name: f"{floor}.{node.module}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@cache
def _imports(module: str) -> frozenset[str]:
    """Modules of ours that a module names in its import statements, at any depth."""
    path = _file(module)
    found: set[str] = set()
    if path is None:
        return frozenset()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            exports = _exports(node.module) if node.module in _FLOORS else {}
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                found.add(exports.get(alias.name) or (submodule if _file(submodule) else node.module))
    return frozenset(name for name in found if name.startswith("solvable."))


def sources(module: str) -> list[str]:
    """Names of the module and of all modules of ours it reaches, sorted."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in seen and _file(name) is not None:
            seen.add(name)
            waiting.extend(_imports(name))
    return sorted(seen)


@cache
def _code(module: str) -> str:
    content = hashlib.sha256()
    for name in sources(module):
        path = _file(name)
        assert path is not None
        content.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return content.hexdigest()


@cache
def _versions() -> str:
    """Versions of this and the numerical packages: read once, reading takes longer than hashing all sources."""
    return "\0".join(f"{name}={version(name)}" for name in ("solvable", "numpy", "scipy", "numba", "scikit-learn"))


def digest(module: str, *parameters: object) -> str:
    """Content key of a result: the code it depends on, versions of this and the numerical packages, the parameters."""
    text = "\0".join([_code(module), _versions(), *map(repr, parameters)])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def package_digest() -> str:
    """Digest of every source and data file of this package: what was computed with another text is stale."""
    package = find_spec("solvable")
    assert package is not None
    found = hashlib.sha256()
    for root in package.submodule_search_locations or ():
        folders = sorted(os.walk(root, followlinks=True))
        files = [Path(folder) / name for folder, _, names in folders for name in sorted(names)]
        for file in files:
            if "__pycache__" not in file.parts and file.suffix in {".py", ".pyi", ".json", ".bib", ".toml", ".j2"}:
                found.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()[:16]
