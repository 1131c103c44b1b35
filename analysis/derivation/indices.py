"""Ranges of names that stand in neither formula: k != l beside the cosine of two class means says of what it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["without_indices"]


def without_indices(reading: Any, known: Callable[[str], bool]) -> tuple[Any, Any]:
    """Return the range of a reading without what is said of such names alone, and what was left out, or None."""
    import sympy as sp

    if reading.condition is None:
        return None, None
    used = {str(symbol) for part in (reading.expression, *reading.definitions.values(), *reading.sides)
            for symbol in part.free_symbols} | set(reading.definitions)  # fmt: skip
    kept, aside = list[Any](), list[Any]()
    for part in sp.And.make_args(reading.condition):
        names = {str(symbol) for symbol in part.free_symbols}
        strange = names and not names & used and not any(map(known, names))
        (aside if strange else kept).append(part)
    return (sp.And(*kept) if kept else None), (sp.And(*aside) if aside else None)
