r"""Certificates: a proof, in interval arithmetic, that a root lies within 1e-12 of the double that was returned.

Around the answer x lies the box X = x (1 +- 4.9e-13). With an enclosure f'(X) of the derivative,
:math:`N = x - f(x)/f'(X)` contains every root of f in X, and N inside X proves that there is exactly one: the interval
Newton test. Two unknowns take Krawczyk's :math:`K = x - Cf(x) + (1 - CJ(X))(X - x)`, C the inverse Jacobian at x. All
of it in ball arithmetic (python-flint), rounding included, with more digits until the test passes or 4,096 bits do not
suffice. What is proved is a statement on the equation with the doubles given as its exact coefficients.

Unknowns are relative to the answer (v = 1 there), functions take and return jets, so a formula is written once and its
derivative follows. A quantity Q of the root v is enclosed by the mean value form Q(1) + (N - 1) Q'(X).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.solution import Certificate, ConvergenceWarning, warn_caller

__all__ = ["Arithmetic", "Certificate", "Jet", "Refuted", "certify_cells", "krawczyk", "newton"]

Array = NDArray[np.float64]
_HALF_WIDTH = 4.9e-13  # of the box, relative: its whole width stays below 1e-12
_STAGES = ((128, True), (128, False), (512, False), (4096, False))
_LOCK = threading.RLock()  # the working precision of the interval library belongs to the process

Ball = Any  # flint.arb


class Refuted(Exception):
    """The box around the answer is proved to hold no root: more digits will not help."""


@dataclass(frozen=True)
class Arithmetic:
    """Ball arithmetic at one precision; `fast` lets sums over many modes come from extended precision."""

    arb: Any
    bits: int
    fast: bool


def interval_library() -> Any:
    """python-flint, or a sentence that says how to get it."""
    try:
        import flint
    except ImportError:
        raise ValueError("certify = True is not allowed: install python-flint, e.g. solvable[certify].") from None
    return flint


@contextmanager
def _arithmetic(bits: int, fast: bool) -> Iterator[Arithmetic]:
    """Exclusive use of the interval library at the given precision."""
    flint = interval_library()
    with _LOCK:
        before = flint.ctx.prec
        flint.ctx.prec = bits
        try:
            yield Arithmetic(flint.arb, bits, fast)
        finally:
            flint.ctx.prec = before


class Jet:
    """A value and its derivative, enclosures both; constants are balls or whole numbers."""

    __slots__ = ("slope", "value")

    def __init__(self, value: Ball, slope: Ball) -> None:
        """Constants need none of this: their slope is 0."""
        self.value, self.slope = value, slope

    def __add__(self, other: Any) -> Jet:
        """Sum rule."""
        if isinstance(other, Jet):
            return Jet(self.value + other.value, self.slope + other.slope)
        return Jet(self.value + other, self.slope)

    def __mul__(self, other: Any) -> Jet:
        """Product rule."""
        if isinstance(other, Jet):
            return Jet(self.value * other.value, self.slope * other.value + self.value * other.slope)
        return Jet(self.value * other, self.slope * other)

    def __truediv__(self, other: Any) -> Jet:
        """Quotient rule."""
        if isinstance(other, Jet):
            quotient = self.value / other.value
            return Jet(quotient, (self.slope - quotient * other.slope) / other.value)
        return Jet(self.value / other, self.slope / other)

    def __neg__(self) -> Jet:
        """Change the sign of both."""
        return Jet(-self.value, -self.slope)

    def __sub__(self, other: Any) -> Jet:
        """Sum rule."""
        return self + (-other)

    def __rsub__(self, other: Any) -> Jet:
        """Sum rule."""
        return (-self) + other

    def __rtruediv__(self, other: Any) -> Jet:
        """Quotient rule for a constant numerator."""
        quotient = other / self.value
        return Jet(quotient, -quotient * self.slope / self.value)

    __radd__, __rmul__ = __add__, __mul__

    def log(self) -> Jet:
        """Natural logarithm."""
        return Jet(self.value.log(), self.slope / self.value)

    def exp(self) -> Jet:
        """Exponential function."""
        power = self.value.exp()
        return Jet(power, self.slope * power)


Function = Callable[[Jet], Jet]


def point(arithmetic: Arithmetic) -> Jet:
    """The unknown at the answer."""
    return Jet(arithmetic.arb(1), arithmetic.arb(1))


def box(arithmetic: Arithmetic) -> Jet:
    """The unknown anywhere in the box."""
    return Jet(arithmetic.arb(1, _HALF_WIDTH), arithmetic.arb(1))


def newton(equation: Function, arithmetic: Arithmetic, rising: bool | None = None) -> Ball | None:
    """Enclosure of the only root in the box, relative to the answer; None if the test fails.

    `rising` asks that the equation be proved to rise (or fall) through the box, too: which branch the root is on.
    """
    one, around = point(arithmetic), box(arithmetic)
    value, slope = equation(one).value, equation(around).slope
    if not slope.is_finite() or slope.contains(0):
        return None
    image = 1 - value / slope
    if not around.value.overlaps(image) or (rising is not None and (slope > 0) != rising):
        raise Refuted
    return image if around.value.contains_interior(image) else None


def at_root(quantity: Function, image: Ball, arithmetic: Arithmetic) -> Ball:
    """Enclosure of a quantity at the root that `newton` enclosed: the mean value form."""
    return quantity(point(arithmetic)).value + (image - 1) * quantity(box(arithmetic)).slope


def krawczyk(
    system: Callable[[Ball, Ball], tuple[list[Ball], list[list[Ball]]]], arithmetic: Arithmetic
) -> list[Ball] | None:
    """Enclosures of the two unknowns, given relative to the answer (u = v = 1), None if the test fails."""
    one, around = arithmetic.arb(1), arithmetic.arb(1, _HALF_WIDTH)
    value, (a, b) = system(one, one)
    determinant = a[0] * b[1] - a[1] * b[0]
    if not determinant.is_finite() or determinant.contains(0):
        return None
    # any C will do; its midpoints, so that it is one matrix and not an interval of them
    C = [[(x / determinant).mid() for x in row] for row in ([b[1], -a[1]], [-b[0], a[0]])]
    J = system(around, around)[1]
    spread, image = around - 1, []
    for i in range(2):
        entry = one - (C[i][0] * value[0] + C[i][1] * value[1])
        for j in range(2):
            rest = int(i == j) - (C[i][0] * J[0][j] + C[i][1] * J[1][j])
            entry += rest * spread
        image.append(entry)
    if not all(around.overlaps(entry) for entry in image):
        raise Refuted
    return image if all(around.contains_interior(entry) for entry in image) else None


def _proved(x: float, found: Ball | float | None, arb: Any) -> tuple[float, float] | None:
    """Doubles around the enclosure, if it lies in the box around the value; else it proves a root elsewhere."""
    if isinstance(found, float):  # a value by definition
        return (x, x) if found == x else None
    if found is None or not found.is_finite() or x == 0 or not np.isfinite(x):
        return None
    if not (arb(x) * arb(1, _HALF_WIDTH)).contains(found):
        return None
    return float(np.nextafter(float(found.lower()), -np.inf)), float(np.nextafter(float(found.upper()), np.inf))


def certify_cells(
    value: Array, prove: Callable[[int, Arithmetic], Ball | float | None], what: str, modes: bool = True
) -> Certificate:
    """Prove every cell: `prove(index, arithmetic)` returns an enclosure, a value by definition (a float) or None.

    Failures are said aloud. `modes`: whether there are sums over modes, for which a fast stage comes first.
    """
    flat = np.ravel(value)
    lower, upper, proved = np.full(flat.size, -np.inf), np.full(flat.size, np.inf), np.zeros(flat.size, dtype=bool)
    interval_library()
    for index, x in enumerate(flat.tolist()):
        for bits, fast in _STAGES if modes else _STAGES[1:]:
            with _arithmetic(bits, fast) as arithmetic, np.errstate(all="ignore"):
                try:
                    ends = _proved(x, prove(index, arithmetic), arithmetic.arb)
                except Refuted:
                    break
            if ends is not None:
                lower[index], upper[index], proved[index] = *ends, True
                break
    shape = np.shape(value)
    certificate = Certificate(lower.reshape(shape), upper.reshape(shape), proved.reshape(shape))
    if not certificate.complete:
        warn_caller(f"{what}: {certificate.explain()}", ConvergenceWarning)
    return certificate
