"""Matrices as a diagonal plus terms l C r, diagonals l and r around a dense matrix C.

Products with diagonals scale vectors and leave C as it is. A trace of two such terms is a bilinear form in vectors,

    tr(l C r l' C' r') = sum_ij (r' l)_i (C * C'^T)_ij (r l')_j,

so that the elementwise product of a pair is made once, however often the scalings change.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from functools import cached_property, reduce
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

__all__ = ["Block", "Core"]

Array = NDArray[Any]
_ONE = np.ones(())
_MOST_TERMS = 8  # in one block: more are summed entry by entry
_SLICE = 32768  # entries whose absolute values are taken at a time, so that no second matrix is filled


class Core:
    """A dense matrix, with its elementwise products with others for as long as these live."""

    def __init__(self, entries: Array) -> None:
        """Keep the entries."""
        self.entries = entries
        self._products: WeakKeyDictionary[Core, Array] = WeakKeyDictionary()

    @cached_property
    def diagonal(self) -> Array:
        """Its diagonal."""
        return np.diagonal(self.entries).copy()

    @cached_property
    def rms(self) -> Any:
        """Root of the mean square of its entries."""
        return np.linalg.norm(self.entries) / np.sqrt(self.entries.size)

    @cached_property
    def largest(self) -> float:
        """Largest entry in absolute value."""
        return float(np.abs(self.entries).max())

    def times_transpose(self, other: Core) -> Array:
        """Elementwise product with the transpose of another one."""
        found = self._products.get(other)
        if found is None:
            found = self._products[other] = self.entries * other.entries.T
        return found


class _Kind(IntEnum):
    """What of a dense matrix is meant: itself, its entries in absolute value, or ones in its shape."""

    SIGNED = 0
    SIZE = 1
    ONES = 2


def _meant(kind: _Kind, entries: Array) -> Array:
    return entries if kind == _Kind.SIGNED else np.abs(entries) if kind == _Kind.SIZE else np.ones(entries.shape)


class _Scaled(NamedTuple):
    """``diag(left) @ core @ diag(right)``; a number stands for a multiple of the identity."""

    left: Array
    core: Core
    right: Array = _ONE
    kind: _Kind = _Kind.SIGNED

    @property
    def entries(self) -> Array:
        """As a dense matrix."""
        found = _meant(self.kind, self.core.entries) * self.right
        return np.asarray(found * (self.left[:, None] if self.left.ndim else self.left))

    @property
    def diagonal(self) -> Array:
        """Its diagonal."""
        return np.asarray(self.left * self.right * _meant(self.kind, self.core.diagonal))

    @property
    def size(self) -> _Scaled:
        """In absolute value."""
        return _Scaled(np.abs(self.left), self.core, np.abs(self.right), max(self.kind, _Kind.SIZE))

    def trace_with(self, other: _Scaled) -> Any:
        """Trace of the product with another one."""
        if self.kind == _Kind.ONES:
            product, kind = other.core.entries.T, other.kind
        elif other.kind == _Kind.ONES:
            product, kind = self.core.entries, self.kind
        elif self.kind == other.kind:
            product, kind = self.core.times_transpose(other.core), self.kind
        else:
            product = _meant(self.kind, self.core.entries) * _meant(other.kind, other.core.entries).T
            kind = _Kind.SIGNED
        right = self.right * other.left
        right = right if right.ndim else np.full(product.shape[1], right)
        if kind == _Kind.SIGNED:
            return _dot(other.right * self.left, product @ right)
        step = max(1, _SLICE // product.shape[1])
        slices = [_meant(kind, product[k : k + step]) @ right for k in range(0, len(product), step)]
        return _dot(other.right * self.left, np.concatenate(slices))


class Block(NamedTuple):
    """A sum of a number or a diagonal, and of scaled dense matrices."""

    diagonal: Array | None = None
    dense: tuple[_Scaled, ...] = ()

    @classmethod
    def of(cls, core: Core, scalar: Any = 1.0) -> Block:
        """Return a multiple of a dense matrix."""
        return cls(None, (_Scaled(np.asarray(scalar), core),))

    def plus(self, other: Block) -> Block:
        """Sum."""
        a, b = self.diagonal, other.diagonal
        dense = self.dense + other.dense
        if len(dense) > _MOST_TERMS:
            dense = (_Scaled(_ONE, Core(_summed(dense))),)
        return Block(b if a is None else a if b is None else a + b, dense)

    def times(self, other: Block) -> Block:
        """Product."""
        a, b = self.diagonal, other.diagonal
        dense = [] if a is None else [t._replace(left=a * t.left) for t in other.dense]
        if b is not None:
            dense += [t._replace(right=t.right * b) for t in self.dense]
        if self.dense and other.dense:
            dense.append(_Scaled(_ONE, Core(_summed(self.dense) @ _summed(other.dense))))
        return Block(None if a is None or b is None else a * b, tuple(dense))

    def scaled(self, scalar: Any) -> Block:
        """Multiple."""
        return Block(np.asarray(scalar)).times(self)

    @property
    def size(self) -> Block:
        """Terms in absolute value."""
        return Block(None if self.diagonal is None else np.abs(self.diagonal), tuple(t.size for t in self.dense))

    @property
    def error(self) -> Block:
        """Terms in absolute value, and what a rotation adds to each entry: errors of the size of the whole matrix."""
        size = self.size
        spread = tuple(t._replace(left=t.left * t.core.rms, kind=_Kind.ONES) for t in size.dense)
        a = size.diagonal
        return Block(a if a is None else np.full(a.shape, a.max()), size.dense + spread)

    @property
    def largest(self) -> float:
        """Bound of the largest entry in absolute value."""
        dense = [float(np.abs(t.left).max() * np.abs(t.right).max()) * t.core.largest for t in self.dense]
        return sum(dense, 0.0 if self.diagonal is None else float(np.abs(self.diagonal).max()))

    def entries(self, rows: int, cols: int) -> Array:
        """As a dense matrix."""
        total = _summed(self.dense) if self.dense else np.zeros((rows, cols))
        return total if self.diagonal is None else total + np.diag(np.broadcast_to(self.diagonal, (rows,)))

    def trace_with(self, other: Block, size: int) -> Any:
        """Trace of the product with another block, `size` x `size`."""
        a, b = self.diagonal, other.diagonal
        total: Any = 0.0
        if a is not None and b is not None:
            total = a * b * size if a.ndim == b.ndim == 0 else _dot(a, b)
        if a is not None:
            total = total + sum(_dot(a, t.diagonal) for t in other.dense)
        if b is not None:
            total = total + sum(_dot(b, t.diagonal) for t in self.dense)
        return total + sum(s.trace_with(t) for s in self.dense for t in other.dense)


def _dot(a: Array, b: Array) -> Any:
    """Sum of products, one of which may be a number for all."""
    return a @ b if a.ndim == b.ndim else np.sum(a * b)


def _summed(terms: Sequence[_Scaled]) -> Array:
    return reduce(np.add, [term.entries for term in terms])
