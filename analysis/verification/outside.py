"""Claims of a user's own file or module, outside the catalogue."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from traceback import extract_tb
from types import ModuleType

from solvable.analysis.verification.claim import Claim
from solvable.solvers.validate import as_kind, refuse

__all__ = ["claims_from", "user_line_noted"]


@cache
def claims_from(origin: str) -> tuple[Claim, ...]:
    """Claims in the tuple ``CLAIMS`` of a Python file or of an importable module.

    Parameters
    ----------
    origin : str
        Path that ends in ``.py``, or the name of a module; what lies beside the file, or in the current folder, can be
        imported.

    Returns
    -------
    tuple of Claim

    Raises
    ------
    ValueError
        If there is no such file or module, if it does not load, or if its ``CLAIMS`` are not claims of distinct names.
    """
    as_kind("from", origin, str, "it must be a Python file or a module")
    found = getattr(_load(origin), "CLAIMS", None)
    if not isinstance(found, tuple | list) or not found or not all(isinstance(item, Claim) for item in found):
        raise refuse("from", origin, "the module must hold claims, CLAIMS = (Claim(...), ...)")
    names = [item.name for item in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise refuse("from", origin, f"two of its claims are named {twice}")
    return tuple(found)


def _load(origin: str) -> ModuleType:
    path = Path(origin)
    is_file = path.suffix == ".py"
    if is_file and not path.is_file():
        raise refuse("from", origin, "there is no such file")
    folder = str((path.parent if is_file else Path()).resolve())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        return _execute(path) if is_file else import_module(origin)
    except Exception as error:
        raise refuse("from", origin, f"it does not load ({type(error).__name__}: {error})") from error


def _execute(path: Path) -> ModuleType:
    """Load a file under its own name, as an import would."""
    name = f"_claims_{path.stem}"
    spec = spec_from_file_location(name, path.resolve())
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


@contextmanager
def user_line_noted(claim: str) -> Iterator[None]:
    """Note on an error which line of the user's file it came from; a traceback does not leave a worker."""
    try:
        yield
    except Exception as error:
        ours = str(Path(__file__).resolve().parents[2])
        frames = [f for f in extract_tb(error.__traceback__) if not str(Path(f.filename).resolve()).startswith(ours)]
        own = [frame for frame in frames if "site-packages" not in frame.filename and frame.line]
        if own:
            last = own[-1]
            error.add_note(f"({claim}: {type(error).__name__} in {Path(last.filename).name}, line {last.lineno}, in "
                           f"{last.name}: {last.line})")  # fmt: skip
        raise
