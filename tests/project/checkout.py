"""A copy of the checkout for tests that change it, with all that was compiled of it."""

import os
import shutil
from importlib import import_module
from pathlib import Path

from numba import config
from numba.core.caching import UserProvidedCacheLocator

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = (".git", "build", "generated", "report", ".*_cache", "*.egg-info")  # bytecode is still true of a copy


def copied(place):
    """Copy the checkout to a folder that is not there yet; return the environment in which its package is found."""
    shutil.copytree(ROOT, place, symlinks=True, ignore=shutil.ignore_patterns(*SKIPPED))
    environment = os.environ | {"PYTHONPATH": str(place / "src")}
    if config.CACHE_DIR:  # otherwise kernels lie beside the bytecode
        environment["NUMBA_CACHE_DIR"] = str(_kernels(place))
    return environment


def _kernels(place):
    """Numba keeps kernels by the path of their source: those of the checkout are put where the copy looks."""
    kept, ours = Path(config.CACHE_DIR), place / "build" / "numba"
    for floor in ("solvers", "analysis", "figures"):
        home = Path(next(iter(import_module(f"solvable.{floor}").__path__)))
        for folder in {path.parent.relative_to(home) for path in home.rglob("*.py")}:
            old, new = (UserProvidedCacheLocator.get_suitable_cache_subpath(str(where / floor / folder / "any.py"))
                        for where in (home.parent, place / "src" / "solvable"))  # fmt: skip
            if (kept / old).exists():
                shutil.copytree(kept / old, ours / new)
    return ours
