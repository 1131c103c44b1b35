"""Single slips of the pen, one place at a time: a sign, a number, a power, a factor or a term."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["edits", "regrouped"]

_MOST, _MOST_FACTORS = 240, 5
_REGROUPED = 3  # rank of a bracket that ends elsewhere
Rebuild = Callable[[Any], Any]


def edits(expression: Any, most: int = _MOST) -> list[tuple[str, Any]]:
    """Return each correction in words and the expression corrected; the likely ones first.

    Examples
    --------
    >>> import sympy as sp
    >>> n, d = sp.symbols("n d", positive=True)
    >>> [text for text, _ in edits(d / (n - d))][:2]
    ['n -> -n', '-d -> d']
    """
    found: dict[Any, tuple[int, str]] = {}
    for rank, old, new, whole in _all(expression, lambda part: part):
        if whole is not None and whole != expression and (whole not in found or found[whole][0] > rank):
            found[whole] = (rank, f"{old} -> {new}")
    ordered = sorted(found.items(), key=lambda item: item[1][0])[:most]
    return [(text, whole) for whole, (_, text) in ordered]


def regrouped(expression: Any) -> Iterator[tuple[str, Any]]:
    """Each sum of a b + c as a (b + c): a bracket that ends too early.

    Examples
    --------
    >>> import sympy as sp
    >>> a, b = sp.symbols("a b", positive=True)
    >>> list(regrouped(a * b - 1))[0]
    ('a*b - 1 -> a*(b - 1)', a*(b - 1))
    """
    import sympy as sp

    for node in sp.preorder_traversal(expression):
        for rank, new in _of(node) if node.is_Add else ():
            if rank == _REGROUPED:
                yield f"{node} -> {new}", expression.xreplace({node: new})


def _all(node: Any, rebuild: Rebuild) -> Iterator[tuple[int, Any, Any, Any]]:
    """Rank, part, what it becomes, and the whole with it."""
    for rank, new in _of(node):
        whole = _value(rebuild, new)
        yield rank, node, new, whole
    for place, child in enumerate(node.args):
        if child.is_Number and not (node.is_Add or node.is_Pow):
            continue

        def below(part: Any, place: int = place) -> Any:
            args = list(node.args)
            args[place] = part
            return rebuild(node.func(*args))

        yield from _all(child, below)
        if node.is_Add and child.is_Number:
            yield 0, child, -child, _value(below, -child)
        if node.is_Add and not child.is_Number:
            yield 0, child, -child, _value(below, -child)
            yield 2, child, 2 * child, _value(below, 2 * child)
            yield 2, child, child / 2, _value(below, child / 2)
            yield 3, child, 0, _value(below, child * 0)
    factors = [child for child in node.args if child.free_symbols] if node.is_Mul else []
    for size in range(2, len(factors)) if len(factors) <= _MOST_FACTORS else ():
        for group in itertools.combinations(factors, size):
            part = node.func(*group)
            yield 2, part, part**2, _value(rebuild, node * part)
    for child in node.args:
        if node.is_Mul and not child.is_Number and len(node.args) > 2:
            yield 4, child, 1, _value(rebuild, node / child)


def _of(node: Any) -> Iterator[tuple[int, Any]]:
    """Rank and what a part may become by itself."""
    import sympy as sp

    if node.is_Number:
        if node.is_Integer:
            yield from ((1, node + 1), (1, node - 1))
    elif node.is_Add:
        yield from ((1, node + 1), (1, node - 1), (2, node**2), (2, sp.sqrt(node)))
        for child in node.args if len(node.args) < 4 else ():  # a b + c for a (b + c)
            for factor in child.args if child.is_Mul else ():
                if not factor.is_Number:
                    yield _REGROUPED, factor * (child / factor + (node - child))
        names = sorted(node.free_symbols, key=str)
        for a, b in itertools.combinations(names, 2) if len(names) < 5 else ():
            yield 4, node.xreplace({a: b, b: a})
    elif node.is_Symbol:
        yield from ((2, node**2), (2, sp.sqrt(node)), (3, 2 * node), (3, node / 2), (3, node + 1), (3, node - 1))
    elif node.is_Pow:
        yield from ((2, node.base ** (2 * node.exp)), (2, node.base ** (node.exp / 2)), (3, node.base ** (-node.exp)))
    elif isinstance(node, sp.besseli | sp.besselj | sp.besselk) and node.order.is_Integer:
        yield from ((1, node.func(node.order + step, node.argument)) for step in (1, -1) if node.order + step >= 0)
    elif node.is_Function and isinstance(node, sp.Expr):  # a condition is none
        yield from ((2, node**2), (3, sp.sqrt(node)))
    if node.is_Number is False and not node.free_symbols and node.is_positive:
        yield 2, -node


def _value(rebuild: Rebuild, part: Any) -> Any:
    """The whole, or None where it has no value."""
    import sympy as sp

    try:
        whole = rebuild(part)
    except (ArithmeticError, TypeError, ValueError, RecursionError):
        return None
    return None if whole.has(sp.zoo, sp.nan, sp.oo, sp.I) else whole
