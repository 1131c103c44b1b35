"""Push-through: resolvents of a Gram matrix through the smaller of its two forms.

With Q = (lambda + c F'F)^{-1} and Q~ = (lambda + c F F')^{-1},

    Q F' = F' Q~,    F Q = Q~ F,    Q = (1 - c F' Q~ F)/lambda.

Where F has fewer rows than columns, Q has eigenvalues 1/lambda that cancel in what is asked for; in Q~ they do not
occur, and powers of lambda in front cancel exactly, so lambda = 0 is an ordinary point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from solvable.solvers.equivalents.matrix_expression import Matrix, combined, commutes, identity, product
from solvable.solvers.equivalents.matrix_values import Cell
from solvable.solvers.equivalents.scalar_expression import Scalar

__all__ = ["Gram", "gram_of", "through_smaller_gram"]

_ONE = Scalar.of(1)


@dataclass(frozen=True)
class Gram:
    """``ridge + scale * outer' middle outer``, `middle` diagonal (or None), as one resolvent sees it."""

    ridge: Scalar
    scale: Scalar
    outer: tuple[Matrix, ...]  # factors of what stands right of the centre
    middle: Matrix | None

    @property
    def factor(self) -> Matrix:
        """F of the Gram matrix F'F."""
        root = [] if self.middle is None else [self.middle.sqrt()]
        return product([*root, *self.outer])

    @property
    def dual(self) -> Matrix:
        """Inverse of the other Gram matrix."""
        F = self.factor
        return combined([(self.ridge, identity(F.rows)), (self.scale, product([F, F.T]))]).inv()


@cache
def gram_of(argument: Matrix) -> Gram | None:
    """Read an argument of an inverse as a ridge plus one Gram matrix, or None."""
    if argument.op != "sum" or len(argument.args) != 2:
        return None
    ridges = [scalar for scalar, node in argument.args if node.op == "identity"]
    grams = [(scalar, node) for scalar, node in argument.args if node.op == "product"]
    if len(ridges) != 1 or len(grams) != 1:
        return None
    scale, node = grams[0]
    factors = node.args
    half, odd = divmod(len(factors), 2)
    outer = factors[half + odd :]
    if [f.T for f in reversed(outer)] != list(factors[:half]):
        return None
    middle = factors[half] if odd else None
    return Gram(ridges[0], scale, tuple(outer), middle) if middle is None or commutes(middle) else None


def through_smaller_gram(node: Matrix, cell: Cell) -> tuple[Scalar, Matrix]:
    """Rewrite an expression of which the trace is taken; return a scalar in front and the expression."""
    grams = _grams(node)
    worth = frozenset(inverse for inverse, gram in grams if _is_worth(inverse, gram, cell))
    return _through(node, worth)


@lru_cache(maxsize=1024)
def _grams(node: Matrix) -> tuple[tuple[Matrix, Gram], ...]:
    """Return the resolvents of Gram matrices that are factors here or in sums here."""
    found: dict[Matrix, Gram] = {}
    inner = [a[1] if isinstance(a, tuple) else a for a in node.args] if node.op in ("product", "sum") else []
    for part in inner:
        found.update(dict(_grams(part)))
    gram = gram_of(node.args[0]) if node.op == "inverse" else None
    if gram is not None:
        found[node] = gram
    return tuple(found.items())


def _is_worth(inverse: Matrix, gram: Gram, cell: Cell) -> bool:
    """Whether the other form of a resolvent is smaller."""
    if not cell.size(gram.outer[0].rows) < cell.size(inverse.rows):
        return False
    return gram.middle is None or bool(np.all(cell.matrix(gram.middle) > 0))


@lru_cache(maxsize=1024)
def _through(node: Matrix, worth: frozenset[Matrix]) -> tuple[Scalar, Matrix]:
    factors = list(node.args) if node.op == "product" else [node]
    best: tuple[int, Scalar, Matrix] | None = None
    for k in range(len(factors)):
        splits, front, made = _rewritten(factors[k:] + factors[:k], worth)
        if best is None or splits < best[0]:
            best = splits, front, made
    assert best is not None
    return best[1], best[2]


def _rewritten(factors: Sequence[Matrix], worth: frozenset[Matrix]) -> tuple[int, Scalar, Matrix]:
    flat, front, splits = list(factors), _ONE, 0
    at = 0
    while at < len(flat):
        node = flat[at]
        if node.op == "sum" and len(node.args) > 1:
            flat[at] = _rewritten_sum(node, worth)
        gram = gram_of(node.args[0]) if node in worth else None
        if gram is None:
            at += 1
            continue
        after = [f.T for f in reversed(gram.outer)]
        size = len(after)
        root = [] if gram.middle is None else [gram.middle.sqrt()]
        back = [r.inv() for r in root]
        if flat[at + 1 : at + 1 + size] == after:
            new = [*after, *root, gram.dual, *back]
            flat[at : at + 1 + size] = new
        elif at >= size and flat[at - size : at] == list(gram.outer):
            new = [*back, gram.dual, *root, *gram.outer]
            flat[at - size : at + 1] = new
            at -= size
        else:
            F = gram.factor
            inner = product([F.T, gram.dual, F])
            flat[at] = combined([(_ONE, identity(node.rows)), (-gram.scale, inner)])
            front, splits, new = front * gram.ridge**-1, splits + 1, [node]
        at += len(new)
    made = product(flat)
    return splits, front, made


def _rewritten_sum(node: Matrix, worth: frozenset[Matrix]) -> Matrix:
    terms = []
    for scalar, inner in node.args:
        _, front, made = _rewritten(list(inner.args) if inner.op == "product" else [inner], worth)
        terms.append((scalar * front, made))
    return combined(terms)
