"""Slips in what an author defines: in the formula as written with these names, or within one definition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.derivation.edits import edits
from solvable.analysis.derivation.formula import Formula
from solvable.analysis.derivation.labels import same
from solvable.analysis.derivation.parts import evaluator, part_slip, simple_slip
from solvable.analysis.derivation.replacements import substitutions
from solvable.analysis.derivation.slips import Slip

__all__ = ["slip_in_definitions"]

Array = NDArray[np.float64]


def slip_in_definitions(yours: Formula, ours: Array, columns: Mapping[str, Any]) -> Slip | None:
    """Search in the formula with the author's names in it, then one definition after the other."""
    if yours.outline is None or yours.implicit or not yours.plain:
        return None
    top, definitions = yours.outline
    plain = {name: np.asarray(value, dtype=float) for name, value in columns.items() if name[0] != "_"}
    value = evaluator(plain, len(ours), yours.clock)
    defined = {name: value(expression) for name, expression in definitions.items()}
    good = np.isfinite(ours) & np.all([np.isfinite(column) for column in defined.values()], axis=0)
    if good.sum() < len(ours) or set(defined) & set(plain):
        return None
    known = {**plain, **defined}
    sentence = part_slip(top, ours, known, yours.clock)
    if sentence is not None:
        return Slip(sentence, (sentence.partition(": ")[2] or sentence,))
    edited = _numbers(top, ours, known, yours)
    if edited is not None:
        return Slip(f"agrees after {edited}", (edited,))
    for name, expression in definitions.items():
        own = frozenset(str(symbol) for symbol in expression.free_symbols)
        for _, label, change in substitutions(plain, own):
            moved = evaluator({**plain, **change}, len(ours), yours.clock)(expression)
            if _gives(top, {**known, name: moved}, ours, yours):
                return Slip(f"in {name}: agrees after {label}", (label,))
        for label, changed in edits(expression):
            if _gives(top, {**known, name: value(changed)}, ours, yours):
                return Slip(f"in {name}: agrees after {label}", (label,))
    return _two(top, definitions, known, plain, ours, yours)


def _two(
    top: Any, definitions: Mapping[str, Any], known: Mapping[str, Any], plain: Mapping[str, Any], ours: Array,
    yours: Formula,
) -> Slip | None:  # fmt: skip
    """One slip in a definition and one in the formula that uses it."""
    for name, expression in definitions.items():
        own = frozenset(str(symbol) for symbol in expression.free_symbols)
        for word, label, change in substitutions(plain, own):
            if word in ("names", "roles"):
                continue
            moved = evaluator({**plain, **change}, len(ours), yours.clock)(expression)
            if not np.all(np.isfinite(moved)):
                continue
            columns = {**known, name: moved}
            second = simple_slip(top, ours, columns, evaluator(columns, len(ours), yours.clock))
            second = second or _numbers(top, ours, columns, yours)
            if second is not None:
                return Slip(f"two slips: agrees after {label} in {name}, and {second}", (label, second))
    return None


def _numbers(top: Any, ours: Array, columns: Mapping[str, Any], yours: Formula) -> str | None:
    """A number of the formula that is off."""
    value = evaluator(columns, len(ours), yours.clock)
    for label, changed in edits(top):
        values = value(changed)
        if np.all(np.isfinite(values)) and same(values, ours):
            return label
    return None


def _gives(top: Any, known: Mapping[str, Any], ours: Array, yours: Formula) -> bool:
    values = evaluator(known, len(ours), yours.clock)(top)
    return bool(np.all(np.isfinite(values))) and same(values, ours)
