"""What is given at a point: its numbers, as floats or along an axis of their own, and the modes that sums run over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["MODES", "each_mode", "entries_in", "floats", "marked", "numbers_in", "with_axis"]

MODES = "_modes"  # what a point brings besides numbers


def each_mode(body: Any, given: Mapping[Any, Any]) -> list[tuple[Any, Any, Any]]:
    """Eigenvalue, multiplicity and power of the target of every mode that a sum runs over."""
    modes = given.get(MODES)
    if modes is None:
        raise KeyError(MODES)
    weights = modes.weights
    if str(body.variables[0]).startswith("sigma_") and "singular" not in weights:
        raise KeyError("_singular")
    if body.variables[1] in body.expr.free_symbols and not any(weights.get("v", [0.0])):
        raise KeyError("_target")
    powers = weights.get("v", [0.0] * len(modes.eigenvalues))
    return list(zip(modes.eigenvalues, weights["m"], powers, strict=True))


def numbers_in(node: Any, given: Mapping[Any, Any]) -> Any:
    """What an expression's value follows from, to look it up by; None where an array is among it."""
    import mpmath as mp

    held = [(symbol, given[symbol]) for symbol in node.free_symbols if symbol in given]
    if any(isinstance(value, np.ndarray) for _, value in held):
        return None
    return node, frozenset(held), id(given.get(MODES)), mp.mp.prec


def entries_in(node: Any, given: Mapping[Any, Any]) -> Any:
    """What an expression's value at arrays of places follows from, to look it up by."""
    held = {symbol: np.asarray(given[symbol], dtype=float) for symbol in node.free_symbols if symbol in given}
    return node, frozenset((symbol, value.shape, value.tobytes()) for symbol, value in held.items())


def with_axis(given: Mapping[Any, Any]) -> dict[Any, Any]:
    """Arrays with an axis behind theirs, along which bound variables run."""
    return {name: value[..., None] if isinstance(value, np.ndarray) and value.ndim else value
            for name, value in given.items()}  # fmt: skip


def floats(given: Mapping[Any, Any]) -> dict[Any, Any]:
    """Numbers as doubles."""
    return {name: value if isinstance(name, str) else float(value) for name, value in given.items()}


def marked(values: Mapping[str, Any]) -> dict[str, Any]:
    """What is no number."""
    return {name: value for name, value in values.items() if name.startswith("_")}
