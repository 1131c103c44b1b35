"""Series and products without end: accelerated by mpmath, where their terms say that they have a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from solvable.analysis.derivation.clock import OutOfTime

__all__ = ["endless"]

_NEAR = 32  # where they are, if those far out overflow
_FAR, _TERMS = (512, 8192), 8  # where terms are compared with those four times as far, and how many of each


def endless(term: Callable[[Any], Any], first: int, factors: bool = False) -> Any:
    """Sum of term(first), term(first + 1), ..., or their product, to doubles.

    Acceleration gives divergent series a value, that of 1 - 1 + 1 - ... being 1/2, so the terms are looked at first.

    Raises
    ------
    OutOfTime
        Where some of the terms vanish, and the others do not fall fast enough to be added up.
    ArithmeticError
        Where terms do not vanish, or as slowly as 1/j with one sign; where two accelerations differ; where a factor
        is not positive.
    """
    import mpmath as mp

    with mp.workdps(25):
        if factors:
            return mp.exp(endless(lambda j: _logarithm(term(j)), first))
        if not any(_falls(term, first + far) for far in _FAR):
            raise ArithmeticError("a series that diverges")
        while first < _NEAR and term(mp.mpf(first)) == 0:
            first += 1
        if any(term(mp.mpf(first + step)) == 0 for step in range(_NEAR)):  # acceleration divides by the terms
            return _term_by_term(term, first)
        values = [mp.nsum(term, [first, mp.inf], method=method) for method in ("levin", "richardson+shanks")]
        if not abs(values[0] - values[1]) <= mp.mpf(10) ** -10 * abs(values[1]):
            raise ArithmeticError("a series that does not settle")
        return values[1]


def _term_by_term(term: Callable[[Any], Any], first: int) -> Any:
    """Sum of a series whose terms fall fast."""
    import mpmath as mp

    total, small = mp.mpf(0), 0
    for j in range(first, first + _FAR[0]):
        value = term(mp.mpf(j))
        total += value
        small = small + 1 if abs(value) <= mp.mpf(10) ** -22 * abs(total) else 0
        if small == _NEAR:
            return total
    raise OutOfTime("a series of which terms vanish")


def _falls(term: Callable[[Any], Any], far: int) -> bool:
    """Whether terms four times as far out are smaller, and faster than 1/j falls where all have one sign."""
    import mpmath as mp

    try:
        near, later = ([term(mp.mpf(at + k)) for k in range(_TERMS)] for at in (far, 4 * far))
    except ArithmeticError:  # an integral that overflows in doubles
        if far <= _NEAR:
            raise
        return _falls(term, _NEAR)
    one_sign = len({mp.sign(value) for value in (*near, *later)}) == 1
    return bool(max(map(abs, later)) <= (mp.mpf(0.25) if one_sign else mp.mpf(0.9)) * max(map(abs, near)))


def _logarithm(factor: Any) -> Any:
    import mpmath as mp

    if not factor > 0:
        raise ArithmeticError("a product without end of a factor that is not positive")
    return mp.log(factor)
