"""Slips in one part of a formula: what the part would have to be for the whole to equal ours, and a name for that.

The value that is needed is carried down the tree, by the inverse of each step: what a term of a sum must be is ours
less the other terms, and so on. What is named is put back, and must give ours at every point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.derivation.clock import Clock
from solvable.analysis.derivation.evaluation import Doubles
from solvable.analysis.derivation.labels import RTOL, constant, counts, difference_label, nice, ratio_label
from solvable.analysis.derivation.needed import Place, all_places

__all__ = ["evaluator", "long_part_slip", "part_slip", "simple_slip"]

Array = NDArray[np.float64]
Columns = Mapping[str, Any]
_MOST_PLACES, _MOST_NAMES, _MOST_REPEATED, _MOST_FACTORS, _FEWEST = 600, 6, 12, 5, 5
_ROUNDING = 1e-11
_BUILT, _LABELLED = 150, 120  # steps of the clock: an expression made, a column looked at


def part_slip(expression: Any, ours: Array, columns: Columns, clock: Clock | None = None) -> str | None:
    """Say what to change in one place; None where nothing of a few words is enough."""
    import sympy as sp

    value = evaluator(columns, len(ours), clock)
    with np.errstate(all="ignore"):
        found = all_places(expression, ours, value)
        nodes = list(sp.preorder_traversal(expression))
        for kind in (_simple, _one_off, _scaled, _shifted, _term, _renamed, _factor):
            for place in found:
                if clock is not None:
                    clock.check(_LABELLED)
                sentence = kind(place, ours, columns, value)
                if sentence is not None:
                    several = nodes.count(place.node) > 1 and sentence.startswith("agrees")
                    return f"in one place: {sentence}" if several else sentence
        return _everywhere(expression, ours, value, columns)


def long_part_slip(
    expression: Any, ours: Array, columns: Columns, clock: Clock | None = None, reference: Any = None
) -> str | None:
    """Say in more words what to change in one place, or which part of ours should stand there."""
    value = evaluator(columns, len(ours), clock)
    with np.errstate(all="ignore"):
        found = all_places(expression, ours, value)
        sentence = _as_ours(found, ours, reference, value)
        for place in () if sentence else found:
            if clock is not None:
                clock.check(4 * _LABELLED)
            sentence = _long(place, ours, columns, value)
            if sentence is not None:
                break
        return sentence


def simple_slip(expression: Any, ours: Array, columns: Columns, value: Callable[[Any], Array]) -> str | None:
    """Say which sign, power, complement, name or number is off in one place, as "X -> Y"; None for anything longer."""
    with np.errstate(all="ignore"):
        for place in all_places(expression, ours, value):
            sentence = _simple(place, ours, columns, value)
            if sentence is not None:
                return sentence.partition("agrees ")[2].removeprefix("after ")
    return None


def evaluator(columns: Columns, size: int, clock: Clock | None = None) -> Callable[[Any], Array]:
    """Return the function that gives an expression's values at all points, nan where it has none; it remembers."""
    import sympy as sp

    evaluate = Doubles(clock)
    given = {sp.Symbol(name, positive=True): value for name, value in columns.items()}
    known: dict[Any, Array] = {}

    def value(node: Any) -> Array:
        if node not in known:
            if clock is not None:
                clock.check(_BUILT)  # what sympy took to make it
            try:
                with np.errstate(all="ignore"):
                    known[node] = np.asarray(evaluate(node, given), dtype=float) * np.ones(size)
            except (ArithmeticError, ValueError, TypeError, KeyError):
                known[node] = np.full(size, np.nan)
        return known[node]

    return value


def _verified(place: Place, new: Array, ours: Array) -> bool:
    """Whether the whole equals ours at every point with another value of the part."""
    whole = place.whole(new)
    scale = np.maximum(np.abs(ours), _ROUNDING)
    there = np.isfinite(ours)
    changed = np.abs(place.whole(place.value) - ours) > RTOL * scale
    good = np.abs(whole - ours) <= RTOL * scale
    return bool(np.all(good[there]) and np.sum(changed & there) >= 3)


def _simple(place: Place, ours: Array, columns: Columns, value: Callable[[Any], Array]) -> str | None:
    """A sign, the other root, a power, a complement, a term too many, another name."""
    import sympy as sp

    node, here = place.node, place.value
    if place.term and _verified(place, np.zeros(len(here)), ours):
        return f"a term too many: agrees without {node}"
    rooted = isinstance(node, sp.Pow) and abs(node.exp) == sp.Rational(1, 2)
    if (rooted or place.term) and _verified(place, -here, ours):
        return f"{'the other root' if rooted else 'sign'}: agrees after {node} -> {-node}"
    changes = [
        (1 / node, 1 / here), (node**2, here**2), (sp.sqrt(node), np.sqrt(here)), (1 - node, 1 - here),
        ((1 - node) / node, (1 - here) / here), (node**-2, here**-2.0), (node ** sp.Rational(3, 2), here**1.5),
        (1 / sp.sqrt(node), 1 / np.sqrt(here)),
    ]  # fmt: skip
    if isinstance(node, sp.exp):
        changes = [changes[3], changes[0]]  # a power of an exponential is a factor in its exponent
    if node.is_Symbol:
        changes += [(sp.Symbol(name), column) for name, column in columns.items() if name != str(node)]
    number = constant(place.needed[np.isfinite(place.needed)])
    label = None if number is None else nice(number)
    if label is None and number is not None and node.is_number:
        label = f"{number:.6g}"
    if label is not None and np.isfinite(place.needed).sum() >= _FEWEST and _verified(place, place.needed, ours):
        return f"agrees after {node} -> {label}"
    for new, values in changes:
        if _near(np.asarray(values), place.needed) and _verified(place, np.asarray(values), ours):
            return f"agrees after {node} -> {new}"
    return None


def _one_off(place: Place, ours: Array, columns: Columns, value: Callable[[Any], Array]) -> str | None:
    """A sum, or what a function is of, that lacks a whole number."""
    return _term(place, ours, {}, value) if place.node.is_Add or place.argument else None


def _scaled(place: Place, ours: Array, columns: Columns, value: Callable[[Any], Array]) -> str | None:
    """A part that lacks a number as a factor."""
    return _factor(place, ours, {}, value)


def _shifted(place: Place, ours: Array, columns: Columns, value: Callable[[Any], Array]) -> str | None:
    """A count that is one off; in a sum the sum is, see `_term`."""
    if not place.node.is_Symbol or str(place.node) not in counts(columns):
        return None
    for step in (1, -1):
        if _near(place.value + step, place.needed) and _verified(place, place.value + step, ours):
            return f"agrees after {place.node} -> {place.node + step}"
    return None


def _renamed(place: Place, ours: Array, columns: Columns, value: Callable[[Any], Array]) -> str | None:
    """Another name within the part."""
    import sympy as sp

    node = place.node
    names = sorted(node.free_symbols, key=str)
    if node.is_Symbol or len(names) > _MOST_NAMES:
        return None
    for symbol in names:
        for name in columns:
            if name != str(symbol):
                new = _changed(node, symbol, sp.Symbol(name, positive=True))
                if new is not None and _verified(place, value(new), ours):
                    return f"agrees after {node} -> {new}"
    return None


def _factor(
    place: Place, ours: Array, columns: Columns, value: Callable[[Any], Array], deep: bool = False
) -> str | None:
    """A factor at one part."""
    there = np.isfinite(place.needed) & (place.value != 0) & np.isfinite(place.value) & (place.needed != 0)
    if there.sum() < 5:
        return None
    ratio = place.needed[there] / place.value[there]
    label = ratio_label(ratio, {name: column[there] for name, column in columns.items()}, deep=deep)
    filled = np.ones(len(ours))
    filled[there] = ratio
    if label is None or not _verified(place, place.value * filled, ours):
        return None
    if label == "-1":
        return f"sign: agrees after {place.node} -> {-place.node}"
    return f"a factor: agrees after {place.node} -> {_times_part(label, place.node)}"


def _times_part(label: str, node: Any) -> str:
    """Write a factor before a part, with the brackets and signs of print."""
    text = f"({node})" if node.is_Add else str(node)
    if text == "1":
        return label
    if text.startswith("-"):
        label, text = (label[1:], text[1:]) if label.startswith("-") else (f"-{label}", text[1:])
    top, slash, bottom = label.partition("/")
    if top == "1" and slash and (bottom.isidentifier() or bottom.isdigit()) and not node.is_Mul:
        return f"{text}/{bottom}"
    return f"{label}*{text}"


def _term(place: Place, ours: Array, columns: Columns, value: Callable[[Any], Array], deep: bool = False) -> str | None:
    """A term at one part; a number is added to a whole sum, not to one of its terms."""
    import sympy as sp

    if not np.all(np.isfinite(place.needed)) or not np.all(np.isfinite(place.value)):
        return None
    difference = place.needed - place.value
    difference[np.abs(difference) <= _ROUNDING * np.abs(place.value)] = 0.0
    there = place.value != 0
    if there.any() and constant(difference[there] / place.value[there]) is not None:
        return None  # a factor
    label = difference_label(difference, columns, deep)
    if label is None or not _verified(place, place.needed, ours):
        return None
    number = constant(difference)
    if number is not None:
        whole = abs(number - round(number)) <= RTOL
        if place.term or not whole or not (deep or place.node.is_Add or place.argument):
            return None
        return f"agrees after {place.node} -> {place.node + sp.Integer(round(number))}"
    sign = f"- {label[1:]}" if label.startswith("-") else f"+ {label}"
    return f"a term: agrees after {place.node} -> {place.node} {sign}"


def _long(place: Place, ours: Array, columns: Columns, value: Callable[[Any], Array]) -> str | None:
    """A factor or a term of several names."""
    return _term(place, ours, columns, value, deep=True) or _factor(place, ours, columns, value, deep=True)


def _everywhere(expression: Any, ours: Array, value: Callable[[Any], Array], columns: Columns) -> str | None:
    """A part that stands in several places, changed in all of them."""
    import sympy as sp

    nodes = list(sp.preorder_traversal(expression))
    repeated = [node for node in dict.fromkeys(nodes) if nodes.count(node) > 1 and node.free_symbols]
    for node in sorted(repeated, key=lambda node: node.count_ops())[:_MOST_REPEATED]:
        if node.is_Symbol:
            continue
        news = [2 * node, node / 2, 1 / node, node**2, sp.sqrt(node), 1 - node]
        news += [node + 1, node - 1] if node.is_Add else []
        for a in sorted(node.free_symbols, key=str) if len(node.free_symbols) < 4 else ():
            others = [a + 1, a - 1, *(sp.Symbol(name, positive=True) for name in columns if name != str(a))]
            news += [_changed(node, a, other) for other in others]
        for new in news:
            whole = None if new is None else _changed(expression, node, new)
            if whole is not None and np.all(np.abs(value(whole) - ours) <= RTOL * np.abs(ours)):
                return f"agrees after {node} -> {new}"
    powers = [node for node in dict.fromkeys(nodes) if node.is_Pow and node.base.is_Add]
    for exponent in dict.fromkeys(node.exp for node in powers):
        alike = [node for node in powers if node.exp == exponent]
        for other in (2 * exponent, exponent / 2) if len(alike) > 1 else ():
            whole = expression.xreplace({node: node.base**other for node in alike})
            if np.all(np.abs(value(whole) - ours) <= RTOL * np.abs(ours)):
                return f"agrees after the power {exponent} -> {other} in {len(alike)} places"
    for kind, other in ((sp.Max, sp.Min), (sp.Min, sp.Max)):
        for node in expression.atoms(kind):
            whole = _changed(expression, node, other(*node.args))
            if whole is not None and np.all(np.abs(value(whole) - ours) <= RTOL * np.abs(ours)):
                return f"agrees after {node} -> {other(*node.args)}"
    return None


def _changed(expression: Any, old: Any, new: Any) -> Any:
    """Return the expression with a part replaced; None where sympy finds no value."""
    try:
        return expression.xreplace({old: new})
    except (ArithmeticError, TypeError, ValueError):
        return None


def _as_ours(found: list[Place], ours: Array, reference: Any, value: Callable[[Any], Array]) -> str | None:
    """A part that should be, or lacks, a part of ours: a term or a factor of several names."""
    import sympy as sp

    if reference is None:
        return None
    pieces = [node for node in dict.fromkeys(sp.preorder_traversal(reference)) if node.free_symbols][1:]
    pieces = sorted((node for node in pieces if not node.is_Symbol and not isinstance(node, sp.logic.boolalg.Boolean)),
                    key=lambda node: node.count_ops())[:_MOST_PLACES]  # fmt: skip
    values = [(piece, value(piece)) for piece in pieces]
    best: tuple[int, str] | None = None
    for place in found:
        for piece, column in values:
            long = place.node.count_ops() + 2 * piece.count_ops()
            if best is not None and best[0] <= long:
                break
            for new, word in ((column, "{0} -> {1}"), (place.value + column, "{0} -> {0} + {1}"),
                              (place.value - column, "{0} -> {0} - ({1})"),
                              (place.value * column, "{0} -> ({1})*({0})")):  # fmt: skip
                if np.all(np.isfinite(new)) and _near(new, place.needed) and _verified(place, new, ours):
                    best = long, f"agrees after {word.format(place.node, piece)}"
                    break
    return best[1] if best else None


def _near(new: Array, needed: Array) -> bool:
    """Whether two columns may be equal: a first look at less than the whole."""
    there = np.isfinite(needed)
    return bool(there.any() and np.all(np.abs(new - needed)[there] <= 1e-6 * np.abs(needed[there]) + 1e-9))
