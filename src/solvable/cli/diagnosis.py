"""What `solvable doctor` looks at: each finding is fine, wrong, or (None) an extra that is not installed."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path

__all__ = ["findings"]

Finding = tuple[bool | None, str, str]
_EXTRAS = {
    "certify": ("flint", "certify=True"),
    "sweep": ("zarr", "sweep"),
    "explore": ("plotly", "explore"),
    "notebooks": ("jupyterlab", "notebooks in Jupyter"),
}


def findings() -> Iterator[Finding]:
    """Yield (fine, what, detail) for everything that has to be in place, and for the extras."""
    from solvable import __version__

    yield True, "solvable", f"{__version__}, Python {platform.python_version()}, {platform.system()}"
    yield from _packages()
    yield from (_cache(), _folder(), _font())
    for extra, (module, use) in _EXTRAS.items():
        there = find_spec(module) is not None
        yield there or None, f"extra {extra}", f"for {use}" + ("" if there else f": pip install 'solvable[{extra}]'")
    yield _known_answer()


def _packages() -> Iterator[Finding]:
    """Every package that is needed, with the version that is installed."""
    from packaging.requirements import Requirement

    found: list[str] = []
    wrong: list[str] = []
    for line in requires("solvable") or []:
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            have = version(requirement.name)
        except PackageNotFoundError:
            have = "none"
        fits = have != "none" and requirement.specifier.contains(have, prereleases=True)
        (found if fits else wrong).append(f"{requirement.name} {have}")
        if not fits:
            wrong[-1] += f" (needed: {requirement.specifier})"
    yield not wrong, "packages", ", ".join(wrong or found)


def _cache() -> Finding:
    """Where numba keeps compiled kernels; without one every start compiles anew."""
    from numba import config

    from solvable import solvers

    folder = Path(getattr(config, "CACHE_DIR", "") or Path(str(solvers.__file__)).parent / "__pycache__")
    why = _unwritable(folder)
    return not why, "numba cache", f"{folder}" + (f": {why}; set NUMBA_CACHE_DIR to a folder of yours" if why else "")


def _folder() -> Finding:
    why = _unwritable(Path.cwd())
    return not why, "this folder", why or "can be written to"


def _unwritable(folder: Path) -> str:
    """Why nothing can be written there, or nothing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return os.strerror(error.errno or 0)


def _font() -> Finding:
    from matplotlib import font_manager

    try:
        found = font_manager.findfont("DejaVu Sans", fallback_to_default=False)
    except ValueError:
        return False, "font of figures", "DejaVu Sans is not found: reinstall matplotlib, which brings it"
    return True, "font of figures", found


def _known_answer() -> Finding:
    """Overparametrised ridgeless regression, whose error is known in closed form: 1 - n/d + s2/(d/n - 1) + s2."""
    from solvable.solvers import Spectrum, ridge_risk

    found = float(ridge_risk(Spectrum.isotropic(200), n=100, ridge=0.0, noise_variance=0.5).test)
    return abs(found - 1.5) < 1e-12, "a known answer", f"ridgeless error at n = 100, d = 200: {found:.15g} (1.5)"
