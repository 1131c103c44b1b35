"""Tables of known answers at 30 to 50 digits, for testing this package and anyone else's code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from solvable.analysis.writing.names import closest

__all__ = ["answer_table", "answer_tables"]

# Inside the package once installed, among the tests in a checkout.
_ROOT = Path(__file__).resolve().parents[2]
_FOLDERS = (_ROOT / "known_answers", _ROOT / "tests" / "known_answers")


def _files() -> dict[str, Path]:
    return {
        path.stem.replace("_", "-"): path for folder in reversed(_FOLDERS) for path in sorted(folder.glob("*.json"))
    }


def answer_tables() -> list[str]:
    """Families that have a table.

    Examples
    --------
    >>> "ridge" in answer_tables()
    True
    """
    return sorted(_files())


def answer_table(family: str) -> list[dict[str, Any]]:
    """Entries of a family's table: name, function, arguments, expected decimal strings, rtol and maybe relative_to.

    Examples
    --------
    >>> sorted(answer_table("ridge")[0])
    ['arguments', 'expected', 'function', 'name', 'rtol']
    """
    files = _files()
    if family not in files:
        raise closest("table of known answers", family, sorted(files))
    entries: list[dict[str, Any]] = json.loads(files[family].read_text())
    return entries
