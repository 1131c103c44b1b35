r"""Rigorous sums over modes: :math:`\sum_i w_i g_i^p c_i^q`, the vocabulary of `equivalents.mode_sums` in balls.

Every equation in an effective ridge is made of them. At the answer x they come from ball arithmetic, or for many modes
from extended precision with every rounding counted. In the box x v, |v - 1| <= r, no further sum is needed: e
changes by at most a factor 1 +- ar, a = max |x|/|e|, so that each term moves
by at most :math:`(1+r)^q/(1-ar)^{p+q}-1` times its value at x. And d/d log v of (p, q) is
q (p+1, q) - p (p, q+1).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.certificates.certificate import Arithmetic, Ball, Jet
from solvable.solvers.equivalents import mode_sums

__all__ = ["Modes", "Sums"]

Array = NDArray[np.float64]
_FINFO = np.finfo(np.longdouble)
# half an ulp; beyond 2^-100 the passage through two doubles is what counts
_UNIT = max(float(_FINFO.eps) / 2, 2.0**-100)
_LOG_TINY = float(np.log(_FINFO.tiny))


class Modes(mode_sums.Modes):
    """Eigenvalues and named weights, exact, ready for sums in balls."""

    def __init__(self, eigenvalues: Array, **weights: Array) -> None:
        """Keep the arrays; balls and extended numbers are made when they are needed."""
        super().__init__(eigenvalues, **weights)
        self.low, self.high = float(eigenvalues.min()), float(eigenvalues.max())
        self._balls: dict[int, tuple[list[Ball], dict[str, list[Ball] | None]]] = {}
        self._padded: dict[str, Any] | None = None

    def around(self, x: float | Ball, arithmetic: Arithmetic, shift: float = 0.0) -> Sums:
        """Sums at and around x, which is a double or (with `fast` off) a ball without a radius."""
        if arithmetic.fast and isinstance(x, float) and x > 0 and shift <= self.low and self._in_range(x):
            return _FastSums(self, x, arithmetic, shift)
        return _BallSums(self, x, arithmetic, shift)

    def _in_range(self, x: float) -> bool:
        """Whether products of five factors g, c with a weight stay clear of the smallest numbers."""
        least = math.log(min(self.low, x)) - math.log(max(self.high, x)) - 1.4
        weights = [math.log(float(w[w > 0].min())) for w in self.weights.values() if np.any(w > 0)]
        return 5 * least + min([0.0, *weights]) > _LOG_TINY + 10

    def balls(self, arithmetic: Arithmetic) -> tuple[list[Ball], dict[str, list[Ball] | None]]:
        """Eigenvalues and weights; None for weights that are all 1."""
        if arithmetic.bits not in self._balls:
            arb = arithmetic.arb
            weights = {k: None if np.all(w == 1) else [arb(t) for t in w.tolist()] for k, w in self.weights.items()}
            self._balls[arithmetic.bits] = [arb(s) for s in self.eigenvalues.tolist()], weights
        return self._balls[arithmetic.bits]

    def padded(self) -> dict[str, Any]:
        """Square arrays in extended precision, filled up with weights 0; None for the eigenvalues' name."""
        if self._padded is None:
            side = math.isqrt(self.eigenvalues.size - 1) + 1
            self._padded = {}
            for name, array in (("", self.eigenvalues), *self.weights.items()):
                full = np.full(side * side, self.high if name == "" else 0.0, dtype=np.longdouble)
                full[: array.size] = array
                self._padded[name] = full.reshape(side, side)
        return self._padded


class Sums:
    """Enclosures of the sums at one x, and from them in boxes around it."""

    def __init__(self, arithmetic: Arithmetic) -> None:
        """Nothing is summed yet."""
        self.arithmetic, self.reach = arithmetic, arithmetic.arb(1)  # reach: the largest |x|/|e|
        self._known: dict[tuple[str, int, int], tuple[Ball, Ball]] = {}

    def _at_point(self, name: str, p: int, q: int) -> tuple[Ball, Ball]:
        """Enclosures of the sum and of the sum of absolute values."""
        raise NotImplementedError

    def _over(self, name: str, p: int, q: int, v: Ball) -> Ball:
        """Enclosure for all v in a ball."""
        if (name, p, q) not in self._known:
            self._known[name, p, q] = self._at_point(name, p, q)
        value, size = self._known[name, p, q]
        r = self.arithmetic.arb((v - 1).abs_upper())
        if r == 0:
            return value
        ar = r * self.reach
        if not ar < 1:
            return self.arithmetic.arb.nan()
        # convex in r, so that the way up is the longer one
        spread = (1 + r) ** q / (1 - ar) ** (p + q) - 1
        return value + size * spread * self.arithmetic.arb(0, 1)

    def __call__(self, name: str, p: int, q: int, v: Jet) -> Jet:
        """The sum as a function of v."""
        slope = self.arithmetic.arb(0)
        if q:
            slope += q * self._over(name, p + 1, q, v.value)
        if p:
            slope -= p * self._over(name, p, q + 1, v.value)
        return Jet(self._over(name, p, q, v.value), slope * v.slope / v.value)


class _BallSums(Sums):
    """Sums in ball arithmetic."""

    def __init__(self, modes: Modes, x: float | Ball, arithmetic: Arithmetic, shift: float) -> None:
        super().__init__(arithmetic)
        eigenvalues, self.weights = modes.balls(arithmetic)
        x = arithmetic.arb(x)
        offset = x - arithmetic.arb(shift)
        total = [s + offset for s in eigenvalues]
        self.positive = bool(x > 0) and shift <= modes.low
        if not self.positive:
            nearest = min(float(e.abs_lower()) for e in total)
            self.reach = arithmetic.arb(x.abs_upper()) / arithmetic.arb(np.nextafter(nearest, 0.0))
        self.powers = {(1, 0): [s / e for s, e in zip(eigenvalues, total, strict=True)], (0, 1): [x / e for e in total]}

    def _power(self, p: int, q: int) -> list[Ball]:
        if (p, q) not in self.powers:
            shorter, factor = ((p, q - 1), (0, 1)) if q else ((p - 1, 0), (1, 0))
            pairs = zip(self._power(*shorter), self.powers[factor], strict=True)
            self.powers[p, q] = [a * b for a, b in pairs]
        return self.powers[p, q]

    def _at_point(self, name: str, p: int, q: int) -> tuple[Ball, Ball]:
        weights, terms, zero = self.weights[name], self._power(p, q), self.arithmetic.arb(0)
        if weights is not None:
            terms = [a * b for a, b in zip(weights, terms, strict=True)]
        value = sum(terms, zero)
        return value, value if self.positive else sum((abs(t) for t in terms), zero)


class _FastSums(Sums):
    r"""Sums of non-negative terms in extended precision, with Higham's bound :math:`\gamma_k = ku/(1-ku)`.

    Each operation multiplies by a factor within 1 +- u. e takes two of them (s - shift, then + x; both summands are
    non-negative), g and c one more each, a product of p + q of them and a weight p + q more: a term carries at most
    4 (p + q). Adding the rows of a square of side k, then the column of totals, in any order, multiplies every term by
    at most 2(k - 1) more. So the sum is within gamma of 4 (p + q) + 2 k, relative: no term is negative. Underflow is
    excluded by `_in_range`; the passage to two doubles costs at most one u more.
    """

    def __init__(self, modes: Modes, x: float, arithmetic: Arithmetic, shift: float) -> None:
        super().__init__(arithmetic)
        self.arrays = modes.padded()
        s, one = self.arrays[""], np.longdouble(x)
        total = (s - np.longdouble(shift)) + one if shift else s + one
        self.powers = {(1, 0): s / total, (0, 1): one / total}
        self.plain = {name for name, w in modes.weights.items() if np.all(w == 1) and w.size == s.size}
        self.positive_weight = {name: bool(np.any(w > 0)) for name, w in modes.weights.items()}

    def _power(self, p: int, q: int) -> Any:
        if (p, q) not in self.powers:
            shorter, factor = ((p, q - 1), (0, 1)) if q else ((p - 1, 0), (1, 0))
            self.powers[p, q] = self._power(*shorter) * self.powers[factor]
        return self.powers[p, q]

    def _at_point(self, name: str, p: int, q: int) -> tuple[Ball, Ball]:
        arb, terms = self.arithmetic.arb, self._power(p, q)
        if name in self.plain:
            total = terms.sum(axis=1).sum()
        else:  # row by row, the products of weights and terms rounded as any other
            total = (self.arrays[name][:, None, :] @ terms[:, :, None]).sum()
        high = float(total)
        if 0 < high < 1e-280 or (high == 0 and self.positive_weight[name]):  # two doubles would not hold it
            return arb.nan(), arb.nan()
        low = float(total - np.longdouble(high))
        count = 4 * (p + q) + 2 * terms.shape[0] + 2
        unit = arb(_UNIT) * count
        value = (arb(high) + arb(low)) * (1 + arb(0, 1) * (unit / (1 - 2 * unit)).abs_upper())
        return value, value
