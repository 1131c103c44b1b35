"""A formula's value: a walk over its tree, at the precision of mpmath or on arrays of doubles; every step is bounded.

With an integral or an infinite sum it is good to doubles. An integral is the tanh-sinh rule at two step widths.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.derivation.atoms import value_at_zero
from solvable.analysis.derivation.clock import STEP_SECONDS, Clock, OutOfTime
from solvable.analysis.derivation.extrema import EXTREMA
from solvable.analysis.derivation.given import each_mode, entries_in, floats, marked, numbers_in, with_axis
from solvable.analysis.derivation.kinks import kinks, sides_of
from solvable.analysis.derivation.mode_terms import compiled_term, precise_modes
from solvable.analysis.derivation.quadrature import (
    from_the_end,
    integral,
    integrals_along,
    joined,
    mean_along,
    plane_mean,
    times_normal,
)
from solvable.analysis.derivation.series import endless
from solvable.analysis.derivation.special_functions import IN_MPMATH, IN_NUMPY, LARGE_SOON, in_scipy

if TYPE_CHECKING:
    import sympy as sp

__all__ = ["Doubles", "Precise"]

_LARGEST_LOG, _SMALL_POWER, _MOST_TERMS = 1e5, 8, 100_000
_SHIFTED = "_shifted"  # gives the quantities where a parameter is moved


class _Walk(ABC):
    """What both arithmetics share: dispatch, conditions, sums and derivatives."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock
        self.sums: dict[Any, Any] = {}  # over the modes, for the numbers in them

    def __call__(self, node: sp.Basic, given: Mapping[Any, Any]) -> Any:
        """Value of an expression, its symbols given."""
        import sympy as sp

        if node in given:
            return given[node]
        if self.clock is not None:
            self.clock.check()
        name = type(node).__name__
        if isinstance(node, sp.Number | sp.NumberSymbol):
            return self.number(node)
        if isinstance(node, sp.Add | sp.Mul):
            parts = [self(part, given) for part in node.args]
            total = parts[0]
            with np.errstate(all="ignore"):
                for part in parts[1:]:
                    total = total + part if isinstance(node, sp.Add) else total * part
            return total
        if isinstance(node, sp.Pow):
            return self.power(self(node.base, given), self(node.exp, given))
        if isinstance(node, sp.Piecewise):
            return self.cases([(value, condition) for value, condition in node.args], given)
        if isinstance(node, sp.logic.boolalg.Boolean):
            return self.truth(node, given)
        if isinstance(node, sp.Sum | sp.Product):
            return self.finite(node, given)
        if name == "value":
            return self(node.args[0], given)
        if name == "mode_sum":
            return self.remembered(node, given)
        if isinstance(node, sp.Integral):
            return self.integral(node, given)
        if name in ("mp_mean", "gauss_mean", "plane_mean"):
            return self.mean(name, node.args[0], given)
        if name in ("derivative", "limit_value"):
            return (self.derivative if name == "derivative" else self.continued)(node, given)
        if name in EXTREMA:
            return self.number(sp.Float(EXTREMA[name](Doubles(self.clock), node, given), 17))
        if isinstance(node, sp.Symbol):
            raise KeyError(str(node))
        return self.function(name, [self(part, given) for part in node.args])

    def remembered(self, node: Any, given: Mapping[Any, Any]) -> Any:
        """Sum over the modes, taken once for the same numbers: a sum within another one stands in each of its terms."""
        key = numbers_in(node, given)
        if key is None:
            return self.modes(node.args[0], given)
        if key not in self.sums:
            self.sums[key] = self.modes(node.args[0], given)
        return self.sums[key]

    def truth(self, node: Any, given: Mapping[Any, Any]) -> Any:
        """Truth of a condition."""
        import sympy as sp

        if node in (sp.true, sp.false):
            return bool(node)
        parts = [self(part, given) for part in node.args]
        if isinstance(node, sp.And | sp.Or):
            total = parts[0]
            for part in parts[1:]:
                total = total & part if isinstance(node, sp.And) else total | part
            return total
        if isinstance(node, sp.Not):
            return np.logical_not(parts[0])
        a, b = parts
        return {"<": lambda: a < b, "<=": lambda: a <= b, ">": lambda: a > b, ">=": lambda: a >= b,
                "==": lambda: a == b, "!=": lambda: a != b}[node.rel_op]()  # fmt: skip

    def finite(self, node: Any, given: Mapping[Any, Any]) -> Any:
        """Sum or product over whole numbers, term by term."""
        (k, low, high), inner = (
            node.limits[-1],
            node.limits[:-1],
        )  # a double sum: the inner ends may follow the outer index
        term_of = node.func(node.function, *inner) if inner else node.function
        ends: list[float] = [float(self(end, given)) for end in (low, high)]
        if not all(np.isfinite(end) and abs(end - round(end)) < 1e-9 for end in ends):
            if ends[1] == np.inf and abs(ends[0] - round(ends[0])) < 1e-9:
                return self.infinite(node, round(ends[0]), given)
            raise ArithmeticError("a sum whose ends are not whole numbers")
        first, last = (round(end) for end in ends)
        if last - first > _MOST_TERMS:
            raise ArithmeticError("a sum with too many terms")
        total = self.number(_sympy().Integer(isinstance(node, _sympy().Product)))
        for j in range(first, last + 1):
            term = self(term_of, {**given, k: self.number(_sympy().Integer(j))})
            total = total + term if isinstance(node, _sympy().Sum) else total * term
        return total

    def infinite(self, node: Any, first: int, given: Mapping[Any, Any]) -> float:
        """Series, or product, without end."""
        import mpmath as mp

        (k, *_), start = node.limits[-1], time.thread_time()
        body = node.func(node.function, *node.limits[:-1]) if node.limits[1:] else node.function
        precise = Precise(self.clock)
        exact = {name: mp.mpf(value) for name, value in given.items() if not isinstance(name, str)}
        term = lambda j: precise(body, {**exact, k: mp.mpf(j)})  # noqa: E731
        total = endless(term, first, isinstance(node, _sympy().Product))
        if self.clock is not None:
            self.clock.check(round((time.thread_time() - start) / STEP_SECONDS))
        return float(total)

    def derivative(self, node: Any, given: Mapping[Any, Any]) -> Any:
        """Slope in a parameter that quantities defined by an equation follow, by central differences of third order."""
        import mpmath as mp

        f, x = node.args
        precise, digits = Precise(self.clock), mp.mp.dps
        with mp.workdps(3 * digits + 20):
            here = mp.mpf(given[x])
            step = here * mp.mpf(10) ** (-digits - 8)
            sides = []
            for side in (1, -1):
                moved = given[_SHIFTED](**{str(x): here + side * step})
                sides.append(precise(f, {**given, **{s: moved[str(s)] for s in f.free_symbols}, **marked(moved)}))
            slope = (sides[0] - sides[1]) / (2 * step)
        return self.number(_sympy().Float(slope, digits)) if isinstance(self, Doubles) else +slope

    def continued(self, node: Any, given: Mapping[Any, Any]) -> Any:
        """Value of what an integral holds at the end of a limit; no value where it is not continuous there."""
        body, end, side = node.args
        x, at = body.variables[0], self(end, given)
        value = self(body.expr, {**given, x: at})
        for sign in (1, -1) if side == 0 else (int(side),):
            near = self(body.expr, {**given, x: at + sign * self.number(_sympy().Float("1e-9"))})
            if not abs(near - value) <= 1e-3 * abs(value):
                raise ArithmeticError("a limit that the value is not continuous in")
        return value

    @abstractmethod
    def number(self, node: Any) -> Any:
        """Value of a number."""

    @abstractmethod
    def power(self, base: Any, exponent: Any) -> Any:
        """Power; no value beyond e^100000."""

    @abstractmethod
    def cases(self, pairs: list[Any], given: Mapping[Any, Any]) -> Any:
        """Value of the first case that holds."""

    @abstractmethod
    def modes(self, body: Any, given: Mapping[Any, Any]) -> Any:
        """Sum over the modes."""

    @abstractmethod
    def integral(self, node: Any, given: Mapping[Any, Any]) -> Any:
        """Integral between two ends."""

    @abstractmethod
    def mean(self, law: str, body: Any, given: Mapping[Any, Any]) -> Any:
        """Mean over a law."""

    @abstractmethod
    def function(self, name: str, values: list[Any]) -> Any:
        """Value of an elementary function."""


class Precise(_Walk):
    """Numbers of mpmath at its current precision."""

    def number(self, node: Any) -> Any:
        """Value of a number."""
        import mpmath as mp

        if node.is_Rational:
            return mp.mpf(int(node.p)) / int(node.q)
        return mp.mpf(node._to_mpmath(mp.mp.prec))

    def power(self, base: Any, exponent: Any) -> Any:
        """Power."""
        import mpmath as mp

        if base and abs(exponent) > _SMALL_POWER and abs(exponent) * abs(mp.log(abs(base))) > _LARGEST_LOG:
            raise OverflowError("a power that is too large")
        return base**exponent

    def cases(self, pairs: list[Any], given: Mapping[Any, Any]) -> Any:
        """Value of the first case that holds."""
        import mpmath as mp

        return next((self(value, given) for value, condition in pairs if self(condition, given)), mp.nan)

    def modes(self, body: Any, given: Mapping[Any, Any]) -> Any:
        """Sum over the modes."""
        import mpmath as mp

        s, v = body.variables
        term, total = compiled_term(body, given) or (lambda at, w: self(body.expr, {**given, s: at, v: w})), []
        for eigenvalue, count, coefficient in precise_modes(tuple(each_mode(body, given)), mp.mp.prec):
            if self.clock is not None:
                self.clock.check()
            total.append(count * term(eigenvalue, coefficient))
        return mp.fsum(total)

    def integral(self, node: Any, given: Mapping[Any, Any]) -> Any:
        """Integral between two ends, in doubles."""
        import mpmath as mp

        return mp.mpf(Doubles(self.clock).integral(node, floats(given)))

    def mean(self, law: str, body: Any, given: Mapping[Any, Any]) -> Any:
        """Mean over a law, in doubles."""
        import mpmath as mp

        return mp.mpf(Doubles(self.clock).mean(law, body, floats(given)))

    def function(self, name: str, values: list[Any]) -> Any:
        """Value of an elementary function."""
        import mpmath as mp

        if name in ("Max", "Min"):
            return max(values) if name == "Max" else min(values)
        if name == "exp" and abs(values[0]) > _LARGEST_LOG:
            raise OverflowError("an exponential that is too large")
        if name in LARGE_SOON and max(abs(v) for v in values) > 1e6:
            raise OverflowError("a factorial that is too large")
        if name == "Heaviside":
            return mp.mpf(values[0] > 0)
        if name in IN_MPMATH:
            return IN_MPMATH[name](mp, *values)
        if not hasattr(mp, name):
            raise TypeError(f"{name} has no values")
        return getattr(mp, name)(*values)


class Doubles(_Walk):
    """Arrays of doubles, entry by entry; bound variables run along a new last axis."""

    def number(self, node: Any) -> Any:
        """Value of a number."""
        return np.float64(node)

    def power(self, base: Any, exponent: Any) -> Any:
        """Power."""
        with np.errstate(all="ignore"):
            return np.power(np.asarray(base, dtype=float), exponent)

    def cases(self, pairs: list[Any], given: Mapping[Any, Any]) -> Any:
        """Value of the first case that holds."""
        value: Any = np.nan
        with np.errstate(all="ignore"):
            for body, condition in reversed(pairs):
                value = np.where(self(condition, given), self(body, given), value)
        return value

    def modes(self, body: Any, given: Mapping[Any, Any]) -> Any:
        """Sum over the modes."""
        s, v = body.variables
        rows = np.array([[float(entry) for entry in row] for row in each_mode(body, given)])
        inner = with_axis(given)
        inner[s], inner[v] = rows[:, 0], np.sqrt(rows[:, 2] / rows[:, 1])
        with np.errstate(all="ignore"):
            return (rows[:, 1] * self(body.expr, inner)).sum(axis=-1)

    def integral(self, node: Any, given: Mapping[Any, Any]) -> Any:
        """Integral between two ends, in doubles."""
        if any(len(limit) != 3 for limit in node.limits):
            raise ArithmeticError("an integral between two ends is expected")
        x, low, high = node.limits[-1]
        body = node.func(node.function, *node.limits[:-1]) if node.limits[1:] else node.function
        if any(np.ndim(value) for name, value in given.items() if not isinstance(name, str)):
            return self.within(body, x, (low, high), given)
        a, b = (float(self(end, given)) for end in (low, high))
        f = self.settling(joined(body), x, given)
        ends: list[Any] = []
        for end, sign in (
            ((low, 1), (high, -1)) if a < b else ((low, -1), (high, 1))
        ):  # in the distance from an end nothing is lost there
            shifted = from_the_end(body, x, end + sign * x) if np.isfinite(a - b) else None
            ends.append(None if shifted is None else self.settling(shifted, x, given))
        bent = kinks(self, body, x, a, b, given)
        return integral(f, a, b, bent, self.clock, (ends[0], ends[1]))

    def within(self, body: Any, x: Any, ends: tuple[Any, Any], given: Mapping[Any, Any]) -> Any:
        """Integrals at arrays of places, taken once for the same ones."""
        key = entries_in(body, given), x, tuple(entries_in(end, given) for end in ends)
        if key not in self.sums:
            low, high = (self(end, given) for end in ends)
            self.sums[key] = integrals_along(self.settling(joined(body), x, given), low, high, self.clock)
        return self.sums[key]

    def settling(self, body: Any, x: Any, given: Mapping[Any, Any]) -> Any:
        """Body as a function of x, nothing where it has no value far out."""

        def f(at: Any) -> Any:
            value = self(body, {**with_axis(given), x: at}) * np.ones_like(at)
            return np.where(np.isfinite(value) | (np.abs(at) < 1e6), value, 0.0)

        return f

    def mean(self, law: str, body: Any, given: Mapping[Any, Any]) -> Any:
        """Mean over a law, in doubles."""
        x = body.variables[0]
        if any(np.ndim(value) for name, value in given.items() if not isinstance(name, str)):
            if law != "gauss_mean":
                raise OutOfTime("a mean within another one")
            key = entries_in(body, given)
            if key not in self.sums:
                self.sums[key] = mean_along(self.settling(times_normal(body.expr, x), x, given), self.clock)
            return self.sums[key]
        if law == "plane_mean":
            y = body.variables[1]
            at_both = lambda node: lambda u, v: self(node, {**given, x: u, y: v}) * np.ones_like(u)  # noqa: E731
            return plane_mean(at_both(body.expr), [at_both(side) for side in sides_of(body.expr)], self.clock)

        def f(at: Any) -> Any:
            return self(body.expr, {**with_axis(given), x: at}) * np.ones_like(at)

        if law == "gauss_mean":
            weight = self.settling(times_normal(body.expr, x), x, given)
            return integral(weight, -np.inf, np.inf, kinks(self, body.expr, x, -38.0, 38.0, given), self.clock)
        gamma = float(given[_sympy().Symbol("gamma", positive=True)])
        if not 0 < gamma < np.inf:
            raise ArithmeticError("a law of ratio d/n that is not positive")
        low, high = (1 - np.sqrt(gamma)) ** 2, (1 + np.sqrt(gamma)) ** 2
        centre, radius = (low + high) / 2, (high - low) / 2

        def in_angle(angle: Any) -> Any:  # the law's density is smooth in the angle
            half = 2 * radius * np.cos(angle / 2) ** 2  # from the lower edge, without cancellation
            return radius * np.sin(angle / 2) ** 2 * half / (np.pi * gamma * (low + half)) * f(low + half)

        bent = [float(np.arccos((k - centre) / radius)) for k in kinks(self, body.expr, x, low, high, given)]
        value = integral(in_angle, 0.0, np.pi, bent, self.clock)
        return value + (1 - 1 / gamma) * value_at_zero(Precise(self.clock), body, given) if gamma > 1 else value

    def function(self, name: str, values: list[Any]) -> Any:
        """Value of an elementary function."""
        with np.errstate(all="ignore"):
            if name in ("Max", "Min"):
                combine, total = (np.maximum if name == "Max" else np.minimum), values[0]
                for value in values[1:]:
                    total = combine(total, value)
                return total
            if name == "Heaviside":
                return np.heaviside(values[0], 0.0)
            function = in_scipy(name) or getattr(np, IN_NUMPY.get(name, name), None)
            if function is None:
                raise TypeError(f"{name} has no values in doubles")
            return function(*values)


def _sympy() -> Any:
    import sympy

    return sympy
