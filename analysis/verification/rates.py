r"""Whether the sizes measured support an exponent, or only an exponent between them.

Let m(x) be the means at sizes x, e the exponent that is claimed, q its tolerance. The slope of log m against log x is
judged first; a verdict about the power itself must then survive what few sizes can hide:

* *A correction C x^e (1 + b x^-order).* Agreement ends where neither a pure power nor the claimed one with this
  correction fits: each is off by more than q/4, significantly (at 1 %). Disagreement must hold beside the correction.
* *An offset C x^e + f.* With e < 0 a positive one takes over in the end. Agreement needs f so small that it moves the
  local exponent at the largest size by less than q/4, or a curvature that no offset makes. With e > 0 an offset is a
  correction that decays, and disagreement needs a curvature that none makes, or a power that is not there: beside the
  offset less than a thousandth of what is measured at the largest size.
* *A logarithm C x^e (log x)^{+-1}.* Disagreement must hold for the slope without it, or the curvature exclude it.

The offset is tested in m x^-e = C + f x^-e, where it is linear at every size. What is smaller than these tests can
see (an offset of a thousandth of the value at the largest size, or of a thousand times a growing power there, higher
powers of the logarithm) is outside the promise.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.outcome import Outcome, judge

__all__ = ["FIT_LEVEL", "MATERIAL", "Means", "RateTest", "rate_test", "rescaled_logarithm"]

Array = NDArray[np.float64]
Ends = tuple[float, float, float]
FIT_LEVEL = 0.01
MATERIAL = 0.25  # of the tolerance
ABSENT = 1e-3  # of the value at the largest size: a power below it beside an offset is none
NEGLIGIBLE = 0.01  # of the tolerance: exact sizes miss an exact law by rounding


@dataclass(frozen=True)
class Means:
    """Intervals of contrasts of the means and of their logarithms, at an error probability."""

    logs: Callable[[Array, float], Ends]
    plain: Callable[[Array, float], Ends]
    draws: int


@dataclass(frozen=True)
class RateTest:
    """Contrasts of log m, and of m itself."""

    exponent: float
    unit: float  # tolerance of the exponent
    order: float
    corrected: Array  # of log m: exponent beside a correction size^-order
    bend: Array  # of log m: slope less that exponent
    logarithm: Array  # of log m: zero for powers, 1 for log x
    slope_of_logarithm: float
    level: Array  # of m: C for the power that is claimed
    offset: Array | None = None  # of m: positive where an offset moves the exponent at the largest size too far
    curvature: Array | None = None  # of m: zero for any offset, C (e' - e) for a power e'
    growth: Array | None = None  # of m: what the power makes of the value at the largest size, beside an offset

    def objection(
        self, outcome: Outcome, ends: tuple[float, float], allowed: tuple[float, float], alpha: float, means: Means
    ) -> str:
        """Return why the slope's verdict is none about the power; empty where nothing is to be said against it.

        `ends` and `allowed` are those of the slope's deviation in units of its tolerance.
        """
        if outcome is Outcome.AGREES:
            if self._off(self.corrected, self.exponent, means) and self._off(self.bend, 0.0, means):
                return (
                    f"the sizes do not follow a power with a correction of order {self.order:g}: measure larger sizes"
                )
            return "" if self.offset is None else self._offset_left(self.offset, alpha, means)
        _, below, above = ((end - self.exponent) / self.unit for end in means.logs(self.corrected, alpha))
        if judge(min(ends[0], below), max(ends[1], above), allowed) is not Outcome.DISAGREES:
            return f"a correction of order {self.order:g} would change the answer: draw more, or measure larger sizes"
        if self.exponent > 0 and not (self._bent(alpha, means) or self._absent(alpha, means)):
            return "the power with an offset fits as well: draw more, or measure larger sizes"
        if any(self._hides(sign, ends, allowed, alpha, means) for sign in (-1, 1)):
            return "a logarithm beside the power would change the answer: draw more, or measure larger sizes"
        return ""

    def _off(self, contrast: Array, wanted: float, means: Means) -> bool:
        """Whether a contrast of logarithms misses what is wanted, significantly and by enough to matter."""
        value, below, above = means.logs(contrast, FIT_LEVEL)
        return abs(value - wanted) > MATERIAL * self.unit and not below <= wanted <= above

    def _offset_left(self, offset: Array, alpha: float, means: Means) -> str:
        """Say that an offset may take over, and what it takes to exclude that."""
        value, _, above = means.plain(offset, alpha)
        if above <= 0 or self._bent(alpha, means):
            return ""
        said = "the power with an offset fits as well, and leaves the tolerance at larger sizes"
        if not math.isfinite(above) or value >= 0:
            return f"{said}: measure them"
        return f"{said}: measure them, or draw about {math.ceil(means.draws * (1 - above / value) ** 2):,} times"

    def _bent(self, alpha: float, means: Means) -> bool:
        """Whether the curvature excludes every offset."""
        if self.curvature is None:
            return True
        _, below, above = means.plain(self.curvature, alpha)
        negligible = NEGLIGIBLE * self.unit * means.plain(self.level, alpha)[0]
        return below > negligible or above < -negligible

    def _absent(self, alpha: float, means: Means) -> bool:
        """Whether an offset alone is all that is measured."""
        if self.growth is None:
            return False
        whole = abs(means.plain(np.eye(self.growth.size)[-1], alpha)[0])
        _, below, above = means.plain(self.growth, alpha)
        return max(abs(below), abs(above)) < ABSENT * whole

    def _hides(
        self, sign: int, ends: tuple[float, float], allowed: tuple[float, float], alpha: float, means: Means
    ) -> bool:
        """Whether a factor (log x)^sign would hide the exponent, and the curvature does not exclude it."""
        shift = sign * self.slope_of_logarithm / self.unit
        if judge(ends[0] - shift, ends[1] - shift, allowed) is Outcome.DISAGREES:
            return False
        _, below, above = means.logs(self.logarithm, alpha)
        return below <= sign + NEGLIGIBLE and above >= sign - NEGLIGIBLE


def rescaled_logarithm(sizes: Array) -> Array:
    """Logarithm of sizes, of multiples of 2 where they are smaller."""
    return np.log(sizes if sizes.min() >= 2 else 2 * sizes / sizes.min())


def rate_test(sizes: Array, slope: Array, exponent: float, order: float, unit: float) -> RateTest:
    """Contrasts for a claimed exponent with its tolerance `unit`, over `sizes`.

    `slope` are the weights of the slope of log m against log x.
    """
    x = sizes / sizes[0]
    t, double = np.log(x), np.log(rescaled_logarithm(sizes))
    small = abs(exponent) <= MATERIAL * unit  # no offset moves it further than that
    if 0 < exponent < order and not small:
        order = exponent  # an offset is a slower correction than the one stated
    corrected, profile = _left(x**-order, t), x**-exponent
    plain = RateTest(
        exponent, unit, order, corrected, slope - corrected, _left(t, double), float(slope @ double), profile / x.size
    )
    if small:
        return plain
    curvature = _left(profile, t) * profile
    if exponent > 0 and exponent * t[-1] < 600:  # beyond it the power leaves the range of doubles: no offset hides it
        growing = np.linalg.pinv(np.stack([np.ones_like(x), x**exponent], axis=1))[1]
        return replace(plain, curvature=curvature, growth=growing * x[-1] ** exponent)
    if exponent > 0:
        return replace(plain, curvature=curvature)
    constant, growing = np.linalg.pinv(np.stack([np.ones_like(x), profile], axis=1))
    most = MATERIAL * unit
    offset = ((-exponent - most) * profile.max() * growing - most * constant) * profile
    return replace(plain, curvature=curvature, offset=offset)


def _left(profile: Array, what: Array) -> Array:
    """Contrast that is zero for constants and `profile`, one for `what`."""
    basis = np.stack([np.ones_like(profile), profile], axis=1)
    left = what - basis @ (np.linalg.pinv(basis) @ what)
    return left / float(left @ left)
