"""What each part of a formula would have to be for the whole to be ours: carried down its tree by inverse steps."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcinv, erfinv

from solvable.analysis.derivation.evaluation import Doubles

__all__ = ["Place", "all_places"]

Array = NDArray[np.float64]
_MOST_PLACES, _MOST_FACTORS = 600, 5
_INVERSE: dict[str, Callable[[Array], Array]] = {
    "exp": np.log, "log": np.exp, "acos": np.cos, "asin": np.sin, "atan": np.tan, "tanh": np.arctanh, "cos": np.arccos,
    "sin": np.arcsin, "erf": erfinv, "erfc": erfcinv, "tan": np.arctan, "sinh": np.arcsinh, "cosh": np.arccosh,
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A part at one place: its value, the value it needs, and the whole for another value of it."""

    node: Any
    value: Array
    needed: Array
    whole: Callable[[Array], Array]
    term: bool = False  # of a sum
    argument: bool = False  # of a function


def all_places(expression: Any, ours: Array, value: Callable[[Any], Array]) -> list[Place]:
    """Terms of a sum before what they are made of, and short parts before long ones."""
    found = list(itertools.islice(_places(expression, value, ours, lambda new: new), _MOST_PLACES))
    return sorted(found, key=lambda place: (not place.term, place.node.count_ops()))


def _places(node: Any, value: Callable[[Any], Array], needed: Array, whole: Callable[[Array], Array],
            term: bool = False, argument: bool = False) -> Iterator[Place]:  # fmt: skip
    """Every part of an expression with what it needs to be."""
    import sympy as sp

    if not node.free_symbols and not (term and node.is_number):
        return
    here = value(node)
    yield Place(node, here, needed, whole, term, argument)
    if isinstance(node, sp.Add):
        pairs = itertools.combinations(node.args, 2) if 2 < len(node.args) < 6 else ()
        for group in (*((child,) for child in node.args), *pairs):
            others = sum((value(other) for other in node.args if other not in group), np.zeros(len(here)))
            below = _after(whole, _plus(others))
            if len(group) == 1:
                yield from _places(group[0], value, needed - others, below, True)
            elif any(child.free_symbols for child in group):
                part = sp.Add(*group)
                yield Place(part, value(part), needed - others, below)
    elif isinstance(node, sp.Mul):
        for group in _groups(node):
            rest = value(sp.Mul(*[other for other in node.args if other not in group]))
            part, below = sp.Mul(*group), _after(whole, _times(rest))
            if len(group) > 1:
                yield Place(part, value(part), needed / rest, below)
            else:
                yield from _places(part, value, needed / rest, below)
    elif isinstance(node, sp.Pow):
        base, power = (value(part) for part in node.args)
        root = np.sign(needed) ** (power % 2 == 1) * np.abs(needed) ** (1 / power)
        fine = (base >= 0) & (needed >= 0) | (power % 2 == 1)
        yield from _places(node.base, value, np.where(fine, root, np.nan), _after(whole, lambda new: new**power))
        yield from _places(node.exp, value, np.log(needed) / np.log(base), _after(whole, lambda new: base**new))
    elif isinstance(node, sp.Piecewise):
        for i, (child, _) in enumerate(node.args):
            active = np.asarray(value(sp.Piecewise(*[(int(i == j), c) for j, (_, c) in enumerate(node.args)])) == 1)
            if active.sum() >= 3:
                yield from _places(child, value, np.where(active, needed, np.nan), _after(whole, _where(active, here)))
    elif type(node).__name__ in _INVERSE:
        back = _INVERSE[type(node).__name__](needed)
        yield from _places(node.args[0], value, back, _after(whole, lambda new: _applied(node, new)), argument=True)


def _plus(others: Array) -> Callable[[Array], Array]:
    return lambda new: others + new


def _times(rest: Array) -> Callable[[Array], Array]:
    return lambda new: rest * new


def _where(active: Any, elsewhere: Array) -> Callable[[Array], Array]:
    return lambda new: np.where(active, new, elsewhere)


def _after(whole: Callable[[Array], Array], step: Callable[[Array], Array]) -> Callable[[Array], Array]:
    return lambda new: whole(step(new))


def _applied(node: Any, new: Array) -> Array:
    import sympy as sp

    x = sp.Symbol("x", positive=True)
    return np.asarray(Doubles()(node.func(x), {x: new}))


def _groups(node: Any) -> Iterator[list[Any]]:
    """Factors of a product, and those that are read together: all but the number, the plain ones, those below."""
    import sympy as sp

    symbolic = [factor for factor in node.args if factor.free_symbols]
    plain = [factor for factor in symbolic if factor.as_base_exp()[0].is_Symbol]
    below = [factor for factor in symbolic if isinstance(factor, sp.Pow) and factor.exp.could_extract_minus_sign()]
    seen: list[list[Any]] = [list(node.args)]
    sums = [factor for factor in symbolic if factor.is_Add]
    several = range(2, len(symbolic)) if len(symbolic) <= _MOST_FACTORS else ()
    subsets = [list(group) for size in several for group in itertools.combinations(symbolic, size)]
    for group in (symbolic, plain, below, sums, *([factor] for factor in symbolic), *subsets):
        if group and group not in seen:
            seen.append(group)
            yield group
