"""Scalars with names: sums of products of powers of sizes, ridges and variances, exact until numbers are needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import log2
from typing import Any

import numpy as np

from solvable.solvers.validate import refuse

__all__ = ["Arithmetic", "Name", "Scalar", "as_exact"]

Number = int | float | Fraction
_MOST_TERMS = 100_000  # of a sum that is multiplied out
_MOST_BITS = 1020  # of a number: what a double holds
_SMALLEST, _LARGEST = float(np.finfo(float).tiny), float(np.finfo(float).max)


class Name(str):
    """A name that knows the value it has where no other is given."""

    default: float

    def __new__(cls, name: str, default: float) -> Name:
        """Attach the value."""
        made = super().__new__(cls, name)
        made.default = default
        return made

    def __eq__(self, other: object) -> bool:
        """Compare with text as text; two names also by their values."""
        same = str.__eq__(self, other) if isinstance(other, str) else False
        return same is True and (not isinstance(other, Name) or self.default == other.default)

    __hash__ = str.__hash__

    def __getnewargs__(self) -> tuple[str, float]:  # type: ignore[override]
        """Pickle both."""
        return str(self), self.default


def as_exact(value: Any, name: str = "scalar") -> Number:
    """Return a finite real number, whole ones as integers, so that they stay exact."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction | np.integer | np.floating):
        raise refuse(name, value, "it must be a real number, a declared scalar or a space")
    if isinstance(value, Fraction | int | np.integer):
        return value if isinstance(value, Fraction) else int(value)
    if not np.isfinite(value):
        raise refuse(name, float(value), "it must be finite")
    return int(value) if float(value).is_integer() and abs(float(value)) < 2**53 else float(value)


class Arithmetic:
    """Operators of what is a scalar: a `Scalar`, or a space, which stands for its dimension."""

    __array_ufunc__ = None

    def as_scalar(self) -> Scalar:
        """Return the expression it stands for."""
        raise NotImplementedError

    def __add__(self, other: Any) -> Any:
        """Sum."""
        found = _operand(other)
        return NotImplemented if found is None else self.as_scalar()._plus(found)

    __radd__ = __add__

    def __neg__(self) -> Scalar:
        """Negative."""
        return self.as_scalar()._times(Scalar.of(-1))

    def __sub__(self, other: Any) -> Any:
        """Difference."""
        found = _operand(other)
        return NotImplemented if found is None else self.as_scalar()._plus(-found)

    def __rsub__(self, other: Any) -> Any:
        """Difference."""
        found = _operand(other)
        return NotImplemented if found is None else found._plus(-self)

    def __mul__(self, other: Any) -> Any:
        """Product."""
        found = _operand(other)
        return NotImplemented if found is None else self.as_scalar()._times(found)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        """Quotient."""
        found = _operand(other)
        return NotImplemented if found is None else self.as_scalar()._times(found**-1)

    def __rtruediv__(self, other: Any) -> Any:
        """Quotient."""
        found = _operand(other)
        return NotImplemented if found is None else found._times(self**-1)

    def __pow__(self, exponent: Any) -> Scalar:
        """Power by a whole number or a half."""
        return self.as_scalar()._power(exponent)

    def sqrt(self) -> Scalar:
        """Square root."""
        return self.as_scalar()._power(Fraction(1, 2))


def _operand(other: Any) -> Scalar | None:
    """Read the other side of an operator, or None where it is for others to say (a matrix, a trace)."""
    if isinstance(other, Arithmetic):
        return other.as_scalar()
    if hasattr(other, "rows") or hasattr(other, "summands"):
        return None
    return Scalar.of(other)


Monomial = tuple[tuple[Any, Fraction], ...]  # (name or inner scalar, power), sorted


class Scalar(Arithmetic):
    """A sum of monomials; a sum in a denominator or under a root is an inner scalar.

    Powers of one name cancel exactly, so a quantity like ``lambda**2 * (1/lambda)**2`` has a value at 0.
    """

    __slots__ = ("_hash", "terms")

    def __init__(self, terms: Mapping[Monomial, Number]) -> None:
        """Keep the terms that are not zero, in one order."""
        kept = [(monomial, coefficient) for monomial, coefficient in terms.items() if coefficient != 0]
        for _, coefficient in kept:
            if not -_LARGEST <= coefficient <= _LARGEST:
                raise refuse("scalar", coefficient, "it is beyond the range of numbers")
        self.terms: tuple[tuple[Monomial, Number], ...] = tuple(sorted(kept, key=_order))
        self._hash = hash(self.terms)

    @classmethod
    def of(cls, value: Any) -> Scalar:
        """Return the scalar that a number, a space or a scalar stands for."""
        return value.as_scalar() if isinstance(value, Arithmetic) else cls({(): as_exact(value)})

    @classmethod
    def named(cls, name: str, default: float) -> Scalar:
        """Return a name as a scalar."""
        return cls({((Name(name, default), Fraction(1)),): 1})

    def as_scalar(self) -> Scalar:
        """Return itself."""
        return self

    def __eq__(self, other: object) -> bool:
        """Compare as written out."""
        return isinstance(other, Scalar) and self.terms == other.terms

    def __hash__(self) -> int:
        """Hash of the terms."""
        return self._hash

    def __repr__(self) -> str:
        """Write it out."""
        return " + ".join(_text(monomial, coefficient) for monomial, coefficient in self.terms) or "0"

    @property
    def number(self) -> Number | None:
        """Its value where it has no names."""
        if not self.terms:
            return 0
        (monomial, coefficient), *more = self.terms
        return coefficient if not monomial and not more else None

    @property
    def names(self) -> frozenset[Name]:
        """Names in it."""
        found: set[Name] = set()
        for monomial, _ in self.terms:
            for base, _power in monomial:
                found |= {base} if isinstance(base, Name) else base.names
        return frozenset(found)

    def evaluate(self, values: Mapping[str, Any], number: Callable[[Number], Any] = float) -> Any:
        """Put values for the names; `number` makes the constants, so any arithmetic will do.

        Raises
        ------
        ZeroDivisionError
            A name that vanishes is divided by.
        ValueError
            A root is taken of what is negative.
        ArithmeticError
            A product of doubles that are not zero vanishes or is infinite.
        """
        total = number(0)
        for monomial, coefficient in self.terms:
            product = number(coefficient)
            for base, power in monomial:
                value = values[base] if isinstance(base, str) else base.evaluate(values, number)
                if power.denominator != 1 and not hasattr(value, "free_symbols") and value < 0:
                    raise refuse(repr(base), float(value), "a root is taken of it: it must not be negative")
                try:
                    product = product * value ** (int(power) if power.denominator == 1 else number(power))
                except OverflowError:
                    raise _beyond(monomial) from None
            if isinstance(product, float) and not _SMALLEST <= abs(product) <= _LARGEST:
                _check_range(monomial, coefficient, product, values)
            total = total + product
        return total

    def _plus(self, other: Scalar) -> Scalar:
        terms: dict[Monomial, Number] = dict(self.terms)
        for monomial, coefficient in other.terms:
            terms[monomial] = terms.get(monomial, 0) + coefficient
        return Scalar(terms)

    def _times(self, other: Scalar) -> Scalar:
        if len(self.terms) * len(other.terms) > _MOST_TERMS:
            raise refuse("scalar", self, f"multiplied out it has more than {_MOST_TERMS:,} terms")
        terms: dict[Monomial, Number] = {}
        for left, a in self.terms:
            for right, b in other.terms:
                monomial = _merged(left, right)
                terms[monomial] = terms.get(monomial, 0) + _product(a, b)
        return Scalar(terms)

    def _power(self, exponent: Any) -> Scalar:
        power = Fraction(as_exact(exponent)).limit_denominator(64)
        if float(power) != float(exponent):
            raise refuse("power", exponent, "a scalar may be raised to whole numbers and simple fractions")
        if power == 0 or self.number == 1:
            return Scalar.of(1)
        if len(self.terms) != 1:
            if not self.terms and power < 0:
                raise refuse("scalar", 0, "it cannot be divided by")
            return Scalar({((self, power),): 1}) if power.denominator != 1 or power < 0 else self._whole(int(power))
        ((monomial, coefficient),) = self.terms
        raised = tuple(_raised(base, p, power) for base, p in monomial)
        return Scalar({_merged(raised, ()): _number_power(coefficient, power)})

    def _whole(self, power: int) -> Scalar:
        product = self
        for _ in range(power - 1):
            product = product._times(self)
        return product


def _raised(base: Any, inner: Fraction, power: Fraction) -> tuple[Any, Fraction]:
    """Power of a power; the root of an even power of what may be negative is its absolute value, and stays a root."""
    if power.denominator == 1 or not isinstance(base, Name) or inner.numerator % 2:
        if power.denominator != 1 and isinstance(base, Name) and base.default < 0:
            raise refuse(str(base), base.default, "a root is taken of it: it must not be negative")
        return base, inner * power
    return Scalar({((base, inner),): 1}), power


def _number_power(coefficient: Number, power: Fraction) -> Number:
    exact = Fraction(coefficient)
    if abs((log2(abs(exact.numerator)) - log2(exact.denominator)) * float(power)) > _MOST_BITS:
        raise refuse("power", f"{coefficient!r}**{power}", "it is beyond the range of numbers")
    if coefficient < 0 and power.denominator != 1:
        raise refuse("scalar", coefficient, "a root is taken of it: it must not be negative")
    if power.denominator == 1 and not isinstance(coefficient, float):
        return as_exact(Fraction(coefficient) ** int(power))
    return as_exact(float(coefficient) ** float(power))


def _product(a: Number, b: Number) -> Number:
    """Product of numbers that are not zero, which must not be zero either."""
    product = a * b
    if product == 0:
        raise refuse("scalar", f"{a!r}*{b!r}", "it is beyond the range of numbers")
    return product


def _check_range(monomial: Monomial, coefficient: Number, product: float, values: Mapping[str, Any]) -> None:
    """Refuse a product that left the range of doubles: it is 0 only where a factor is."""
    factors = [values[base] if isinstance(base, str) else base.evaluate(values) for base, _ in monomial]
    alone = not monomial or (coefficient == 1 and len(monomial) == 1 and monomial[0][1] == 1)  # as small as given
    small = not alone and all(factor != 0 for factor in factors)
    if abs(product) > 1 or small:
        raise _beyond(monomial)


def _beyond(monomial: Monomial) -> ArithmeticError:
    return ArithmeticError(f"{_text(monomial, 1)} is beyond the range of doubles; choose other units")


def _merged(left: Monomial, right: Monomial) -> Monomial:
    powers: dict[Any, Fraction] = {}
    for base, power in (*left, *right):
        powers[base] = powers.get(base, Fraction(0)) + power
    return tuple(sorted(((base, power) for base, power in powers.items() if power), key=_order))


def _order(item: Any) -> str:
    """Sort by what is written, names of equal writing by their values."""
    return repr(
        [
            [(base, getattr(base, "default", 0), power) for base, power in part] if isinstance(part, tuple) else part
            for part in item
        ]
    )


def _text(monomial: Monomial, coefficient: Number) -> str:
    parts = [] if coefficient == 1 and monomial else [str(coefficient)]
    for base, power in monomial:
        inner = base if isinstance(base, str) else f"({base!r})"
        parts.append(inner if power == 1 else f"{inner}**{power if power.denominator == 1 else f'({power})'}")
    return "*".join(parts)
