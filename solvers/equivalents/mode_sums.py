r"""Sums over modes: :math:`\sum_i w_i\,g_i^p\,c_i^q` with g = s/e, c = x/e, e = s - shift + x.

Every equation in an effective ridge is made of them, and asks for them by name: ``sums("m", 2, 1)`` is
:math:`\sum_i m_i g_i^2 c_i`. The weight is ``"1"``, ``"m"`` (multiplicities), ``"v"`` (target power) or one that is
given. There are three arithmetics behind the same words:

* doubles (`Modes.at`), real or complex x, all terms of a call in one pass over the modes;
* mpmath at its working precision (`Modes.precisely`);
* balls (`certificates.enclosed_sums`), which enclose the sums in a box around x.

Nothing cancels: g and c are ratios of their own, so that 1 - g is c, and df1 - df2 is ``sums("m", 1, 1)``.
The one difference of sums that equations need, n - df1, has `Modes.remainder`.

Doubles go through NumPy, in blocks of cells times modes that stay in cache: there a pass costs what its division costs,
and a compiled loop that may not reorder its additions is no faster.
"""

from __future__ import annotations

import decimal
import math
import operator
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.spectrum import Spectrum
from solvable.solvers.validate import refuse

__all__ = ["FloatSums", "Modes", "PreciseSums", "Term", "blocks", "learned", "unlearned"]

Array = NDArray[np.float64]
Powers = tuple[int, ...]
Term = tuple[str, *tuple[int, ...]]  # a weight, then the powers of g and c (of both points, where there are two)
# Cells x modes worked on at once: arrays that a core's cache holds
_BLOCK = 20_000
# The largest products that OpenBLAS makes in one thread; sharing costs many times the product. A matrix times a vector
# is shared from 9,216 entries on (4,096 complex ones), a vector times a vector beyond 10,000.
_SERIAL, _COMPLEX_SERIAL, _SERIAL_DOT = 9_000, 4_000, 10_000


def blocks(cells: int, modes: int) -> Iterator[slice]:
    """Slices of the cells, so that arrays of cells x modes stay in cache."""
    height = max(1, _BLOCK // modes)
    return (slice(first, first + height) for first in range(0, cells, height))


def learned(eigenvalues: Array, x: Array) -> Array:
    """G = s/(s + x) for arrays that broadcast: 1 at x = 0, 0 at infinity."""
    return np.asarray(eigenvalues / (eigenvalues + x))


def unlearned(eigenvalues: Array, x: Array) -> Array:
    """C = x/(s + x) for arrays that broadcast: 0 at x = 0, 1 at infinity."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isinf(x), 1.0, x / (eigenvalues + x))


@dataclass(frozen=True)
class FloatSums:
    """Sums at an array of points, by name."""

    values: dict[Term, NDArray[Any]]

    @classmethod
    def zeros(cls, terms: tuple[Term, ...], size: int) -> FloatSums:
        """Room for the sums at `size` points."""
        return cls({term: np.zeros(size) for term in terms})

    def __call__(self, weight: str, *powers: int) -> NDArray[Any]:
        """Sum of weight * g^p * c^q at every point."""
        return self.values[weight, *powers]

    def put(self, index: Any, new: FloatSums) -> None:
        """Write the sums of some points, those that this object has."""
        for term, values in self.values.items():
            values[index] = new.values[term]


class Modes:
    """Eigenvalues and named weights: what sums over modes are asked of."""

    def __init__(self, eigenvalues: Any, **weights: Any) -> None:
        """Keep the sequences: arrays for sums in doubles, numbers of any precision for those of mpmath."""
        self.eigenvalues, self.weights = eigenvalues, weights

    @classmethod
    def of(cls, spectrum: Spectrum, *names: str, **given: Array) -> Self:
        """Modes of a spectrum with the weights that are named, and with those that are given."""
        for name in names:
            if name not in ("1", "m", "v"):
                raise refuse("weight", name, 'it must be "1", "m" or "v"')
            given[name] = (np.ones_like(spectrum.eigenvalues) if name == "1" else spectrum.multiplicities
                           if name == "m" else spectrum.require_target())  # fmt: skip
        return cls(spectrum.eigenvalues, **given)

    @classmethod
    def plain(cls, eigenvalues: Array) -> Self:
        """Modes with the weight "1" alone."""
        return cls(eigenvalues, **{"1": np.ones_like(eigenvalues)})

    def at(self, x: NDArray[Any], *terms: Term, shift: float = 0.0) -> FloatSums:
        """Sums at a flat array of x, real (0 and inf included) or complex; `shift` as in the module's docstring."""
        return FloatSums(dict(zip(terms, _evaluate(self, (x,), terms, shift), strict=True)))

    def between(self, x: NDArray[Any], y: NDArray[Any], *terms: Term) -> FloatSums:
        """Sums of weight * g(x)^p * c(x)^q * g(y)^r * c(y)^t for terms (weight, p, q, r, t)."""
        return FloatSums(dict(zip(terms, _evaluate(self, (x, y), terms), strict=True)))

    def remainder(self, n: NDArray[Any], x: NDArray[Any], *terms: Term) -> tuple[Array, Array, FloatSums]:
        """n - sum m g without cancellation, the size of its terms (what its rounding is relative to), and sums.

        Modes with s > x count as whole in n less their number, so that what is summed is the smaller of g and c.
        """
        *rows, whole, near, size = _evaluate(self, (x,), terms, split=True)
        return n - whole - near, np.abs(n - whole) + size, FloatSums(dict(zip(terms, rows, strict=True)))

    def precisely(self, x: Any) -> PreciseSums:
        """Sums at one x at the working precision of mpmath."""
        return PreciseSums(self, x)


class PreciseSums:
    """Sums at one point at the precision mpmath has when they are asked for.

    Between the conversions work numbers of the module decimal, ten digits longer: they are compiled, and all terms are
    positive, so that their rounding stays below the last digit asked for.
    """

    def __init__(self, modes: Modes, x: Any) -> None:
        """Convert what is exact in doubles, and divide."""
        with _longer():
            at, eigenvalues = _decimal(x), [_decimal(s) for s in modes.eigenvalues]
            self._g, self._c = [s / (s + at) for s in eigenvalues], [at / (s + at) for s in eigenvalues]
        self._modes = modes

    def __call__(self, weight: str, p: int, q: int) -> Any:
        """Sum of weight * g^p * c^q."""
        import mpmath as mp

        with _longer():
            terms = [_decimal(w) for w in self._modes.weights[weight]]
            for factors in [self._g] * p + [self._c] * q:
                terms = list(map(operator.mul, terms, factors))
            return mp.mpf(str(sum(terms, decimal.Decimal(0))))


def _longer() -> Any:
    """Arithmetic of ten digits more than mpmath's, over its range of exponents."""
    import mpmath as mp

    return decimal.localcontext(decimal.Context(prec=mp.mp.dps + 10, Emin=decimal.MIN_EMIN, Emax=decimal.MAX_EMAX))


def _decimal(x: Any) -> decimal.Decimal:
    """Number of mpmath or double in the arithmetic at hand."""
    import mpmath as mp

    if not isinstance(x, mp.mpf):
        return decimal.Decimal(float(x))
    sign, mantissa, exponent, _ = x._mpf_
    whole = decimal.Decimal(-mantissa if sign else mantissa)
    return whole * decimal.Decimal(2) ** exponent if mantissa else whole


@dataclass(frozen=True)
class _Plan:
    """Slots of a list that holds g, c (of every point), then products of two earlier slots; the rows read from it."""

    factors: tuple[bool, ...]  # which of the first slots are needed
    products: tuple[tuple[int, int], ...]
    rows: tuple[tuple[str, int], ...]  # weight and slot


@lru_cache(maxsize=256)
def _plan(terms: tuple[Term, ...], factors: int) -> _Plan:
    """Each product by one multiplication from a shorter one, of those that are needed anyway where there is one."""
    slots: dict[Powers, int] = {tuple(int(i == j) for j in range(factors)): i for i in range(factors)}
    wanted, units, products = {term[1:] for term in terms}, list(slots), []

    def slot(powers: Powers) -> int:
        if powers not in slots:
            pairs = [(tuple(a - b for a, b in zip(powers, unit, strict=True)), i) for i, unit in enumerate(units)
                     if powers[i]]  # fmt: skip
            shorter, unit = next((pair for pair in pairs if pair[0] in slots or pair[0] in wanted), pairs[0])
            products.append((slot(shorter), unit))
            slots[powers] = factors + len(products) - 1
        return slots[powers]

    for powers in sorted(wanted, key=sum):
        if not any(powers):
            raise refuse("powers", powers, "one of them must be positive")
        slot(powers)
    rows = tuple((term[0], slots[term[1:]]) for term in terms)
    used = {slot for _, slot in rows}.union(*products)
    return _Plan(tuple(i in used for i in range(factors)), tuple(products), rows)


def _product(values: NDArray[Any], weights: NDArray[Any], height: int) -> NDArray[Any]:
    """Sums of weights * values over modes, in products that one thread makes; stacks of cells are made as they are."""
    cells, modes = values.shape[-2:]
    if values.ndim == 3:
        return (values @ weights).reshape(-1)
    if cells > height:
        whole = cells - cells % height
        some, rest = values[:whole].reshape(-1, height, modes), values[whole:]
        return np.concatenate([_product(part, weights, height) for part in (some, rest)])
    if modes <= _SERIAL_DOT:
        return values @ weights
    row, half = values[0], modes // 2
    return np.array([row[:half] @ weights[:half] + row[half:] @ weights[half:]])


def _shaped(cells: int, height: int) -> tuple[int, ...]:
    """Cells as a stack of products, where they divide into some."""
    return (cells // height, height) if cells > height and cells % height == 0 else (cells,)


def _block(
    s: Array, base: Array, weights: dict[str, NDArray[Any]], points: list[Any], plan: _Plan, split: bool,
    room: list[Any], height: int,
) -> list[Any]:  # fmt: skip
    """Rows of one block of cells and modes, worked out in `room`; with `split` three more, see `_evaluate`."""
    for i, (k, infinite) in enumerate(points):
        total = np.add(base, k, room[2 * i + 1])
        if plan.factors[2 * i] or split:
            np.divide(s, total, room[2 * i])
        if plan.factors[2 * i + 1] or split:
            np.divide(k, total, total)
            if infinite is not None:
                total[infinite] = 1.0
    for i, (a, b) in enumerate(plan.products, 2 * len(points)):
        np.multiply(room[a], room[b], room[i])
    if room[0].ndim == 3:
        rows = [(room[slot] @ weights[name]).reshape(-1) for name, slot in plan.rows]
    elif room[0].shape[0] <= height and room[0].shape[1] <= _SERIAL_DOT:
        rows = [room[slot] @ weights[name] for name, slot in plan.rows]
    else:
        rows = [_product(room[slot], weights[name], height) for name, slot in plan.rows]
    if split:
        m, above = weights["m"], s > points[0][0]
        near = np.where(above, -room[1], room[0])
        rows += [_product(above.astype(float), m, height), _product(near, m, height)]
        rows.append(_product(np.abs(near, near), m, height))
    return rows


def _infinite(x: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Which points are infinite, where some are."""
    infinite = x == np.inf
    return infinite if infinite.any() else None


def _height(size: int, modes: int, serial: int) -> int:
    """Cells of one product, alike in all; all of them where one thread makes it anyway."""
    return size if size * modes <= serial else -(-size // -(-size // max(1, serial // modes)))


def _evaluate(
    modes: Modes, points: tuple[NDArray[Any], ...], terms: tuple[Term, ...], shift: float = 0.0, split: bool = False
) -> list[NDArray[Any]]:
    """Rows of the terms; with `split` the weight of modes with s > x, and the sums of +-min(g, c) and min(g, c)."""
    plan, s, size = _plan(terms, 2 * len(points)), modes.eigenvalues, points[0].size
    base, kind, slots = s - shift if shift else s, points[0].dtype, 2 * len(points) + len(plan.products)
    weights, serial = modes.weights, _SERIAL
    if kind.kind == "c":  # once, not in every product
        weights, serial = {name: weight.astype(kind) for name, weight in weights.items()}, _COMPLEX_SERIAL
    height = _height(size, s.size, serial)
    # g is 0 at infinity as it is divided; only c has to be told
    masks = [_infinite(x) if split or used else None for x, used in zip(points, plan.factors[1::2], strict=True)]
    with np.errstate(under="ignore", invalid="ignore"):
        if 0 < size * s.size <= _BLOCK:
            shape = _shaped(size, height)
            room = list(np.empty((slots, *shape, s.size), dtype=kind))
            chosen = [(x.reshape(*shape, 1), None if mask is None else mask.reshape(shape))
                      for x, mask in zip(points, masks, strict=True)]  # fmt: skip
            return _block(s, base, weights, chosen, plan, split, room, height)
        found, room = list(np.empty((len(terms) + 3 * split, size), dtype=kind)), []
        width = -(-s.size // -(-s.size // _BLOCK)) if s.size else 1
        tall = max(1, height * (_BLOCK // max(1, height * width)))
        store = np.empty((slots, tall * width), dtype=kind)
        for cells in (slice(first, first + tall) for first in range(0, size, tall)):
            shape = _shaped(points[0][cells].size, height)
            chosen = [(x[cells].reshape(*shape, 1), None if mask is None else mask[cells].reshape(shape))
                      for x, mask in zip(points, masks, strict=True)]  # fmt: skip
            for first in range(0, s.size, width):
                part = slice(first, first + width)
                wanted = *shape, min(width, s.size - first)
                if not room or room[0].shape != wanted:
                    room = [array[: math.prod(wanted)].reshape(wanted) for array in store]
                here = {name: weight[part] for name, weight in weights.items()}
                rows = _block(s[part], base[part], here, chosen, plan, split, room, height)
                for row, new in zip(found, rows, strict=True):
                    if first:
                        row[cells] += new
                    else:
                        row[cells] = new
    return found
