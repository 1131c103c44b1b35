r"""Certificates: a proof, in interval arithmetic, that a root lies within 1e-12 of the double that was returned.

Around the answer x lies the box X = x (1 +- 5e-13). With an enclosure f'(X) of the derivative,
:math:`N = x - f(x)/f'(X)` contains every root of f in X, and N inside X proves that there is exactly one: the interval
Newton test. Two unknowns take Krawczyk's :math:`K = x - Cf(x) + (1 - CJ(X))(X - x)`, C the inverse Jacobian at x. All
of it in ball arithmetic (python-flint), rounding included, with more digits until the test passes or 4,096 bits do not
suffice. What is proved is a statement on the equation with the doubles given as its exact coefficients.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.solution import ConvergenceWarning, warn_caller
from solvable.solvers.spectrum import Spectrum

__all__ = ["Certificate", "Equation", "certify_cells", "krawczyk", "newton"]

Array = NDArray[np.float64]
_HALF_WIDTH = 4.9e-13  # of the box, relative: its whole width stays below 1e-12
_PRECISIONS = (128, 512, 4096)
_LOCK = threading.RLock()  # the working precision of the interval library belongs to the process

Ball = Any  # flint.arb
Equation = tuple[Callable[[Ball], Ball], Callable[[Ball], Ball]]  # f and its derivative


@dataclass(frozen=True, eq=False)
class Certificate:
    """Proved enclosures of a root, arrays over the grid of the solution.

    Attributes
    ----------
    lower, upper : ndarray
        Exactly one root lies between them (and no other within 5e-13 of the value); -inf and inf where nothing was
        proved.
    proved : ndarray of bool
        Where the proof succeeded.
    """

    lower: Array
    upper: Array
    proved: NDArray[np.bool_]

    @property
    def complete(self) -> bool:
        """Whether every cell was proved."""
        return bool(np.all(self.proved))

    def explain(self) -> str:
        """One sentence: what was proved, and what was not."""
        failed = int(np.sum(~self.proved))
        if failed == 0 and self.proved.size == 1:
            return "The root is proved to exist and to be unique within 1e-12."
        if failed == 0:
            return f"All {self.proved.size} roots are proved to exist and to be unique within 1e-12."
        return f"{failed} of {self.proved.size} roots could not be proved to lie within 1e-12 of the value."


@contextmanager
def _precision(bits: int) -> Any:
    """Exclusive use of the interval library at the given precision."""
    flint = interval_library()
    with _LOCK:
        before = flint.ctx.prec
        flint.ctx.prec = bits
        try:
            yield flint.arb
        finally:
            flint.ctx.prec = before


def interval_library() -> Any:
    """python-flint, or a sentence that says how to get it."""
    try:
        import flint
    except ImportError:
        raise ValueError("certify = True is not allowed: install python-flint, e.g. solvable[certify].") from None
    return flint


def polished(equation: Equation, x: Ball, steps: int) -> Ball:
    """Newton's iteration on the midpoint: no proof, a better place for one."""
    for _ in range(steps):
        x = (x - equation[0](x) / equation[1](x)).mid()
    return x


def newton(equation: Equation, x: Ball, arb: Any, half_width: float = _HALF_WIDTH) -> Ball | None:
    """Enclosure of the only root in the box around x, None if the test fails."""
    middle = arb(x)
    box = middle * arb(1, half_width)
    value, slope = equation[0](middle), equation[1](box)
    if not slope.is_finite() or slope.contains(0):
        return None
    image = middle - value / slope
    return image if box.contains_interior(image) else None


def krawczyk(system: Callable[[Ball, Ball], tuple[list[Ball], list[list[Ball]]]], arb: Any) -> list[Ball] | None:
    """Enclosures of the two unknowns, given relative to the answer (u = v = 1), None if the test fails."""
    one, box = arb(1), arb(1, _HALF_WIDTH)
    value, (a, b) = system(one, one)
    determinant = a[0] * b[1] - a[1] * b[0]
    if not determinant.is_finite() or determinant.contains(0):
        return None
    C = [[b[1] / determinant, -a[1] / determinant], [-b[0] / determinant, a[0] / determinant]]
    J = system(box, box)[1]
    spread, image = box - 1, []
    for i in range(2):
        entry = one - (C[i][0] * value[0] + C[i][1] * value[1])
        for j in range(2):
            rest = int(i == j) - (C[i][0] * J[0][j] + C[i][1] * J[1][j])
            entry += rest * spread
        image.append(entry)
    return image if all(box.contains_interior(entry) for entry in image) else None


def certify_cells(value: Array, prove: Callable[[int, Any], Ball | None], what: str) -> Certificate:
    """Prove every cell: `prove(index, arb)` returns an enclosure or None; failures are said aloud.

    The enclosure must lie in the box around the value, or it proves a root elsewhere.
    """
    flat = np.ravel(value)
    lower, upper = np.full(flat.size, -np.inf), np.full(flat.size, np.inf)
    for index, x in enumerate(flat):
        for bits in _PRECISIONS:
            with _precision(bits) as arb:
                found = prove(index, arb)
                if found is None or not found.is_finite():
                    continue
                box = arb(float(x)) * arb(1, _HALF_WIDTH)
                if box.contains(found):
                    low, high = float(found.lower()), float(found.upper())
                    exact = x == 0 or not np.isfinite(x)
                    lower[index], upper[index] = (x, x) if exact else (np.nextafter(low, -np.inf),
                                                                       np.nextafter(high, np.inf))  # fmt: skip
                    break
    shape = np.shape(value)
    proved = np.isfinite(lower) & np.isfinite(upper)
    certificate = Certificate(lower.reshape(shape), upper.reshape(shape), proved.reshape(shape))
    if not certificate.complete:
        warn_caller(f"{what}: {certificate.explain()}", ConvergenceWarning)
    return certificate


def mode_balls(spectrum: Spectrum, arb: Any) -> list[tuple[Ball, Ball]]:
    """Eigenvalues s and m s for multiplicity m, exact: a product of doubles has 106 bits."""
    pairs = zip(spectrum.eigenvalues.tolist(), spectrum.multiplicities.tolist(), strict=True)
    return [(ball, ball if m == 1 else ball * arb(m)) for ball, m in ((arb(s), m) for s, m in pairs)]


def total(terms: Iterable[Ball], arb: Any) -> Ball:
    """Sum of balls."""
    return sum(terms, arb(0))


def effective_ridge_equation(modes: list[tuple[Ball, Ball]], n: Ball, ridge: Ball, arb: Any) -> Equation:
    """Build n - sum m s/(s + kappa) - ridge/kappa and its derivative."""

    def value(kappa: Ball) -> Ball:
        return n - ridge / kappa - total((t / (s + kappa) for s, t in modes), arb)

    def slope(kappa: Ball) -> Ball:
        return ridge / (kappa * kappa) + total((t / ((s + kappa) * (s + kappa)) for s, t in modes), arb)

    return value, slope


def certify_effective_ridge(spectrum: Spectrum, n: Array, ridge: Array, kappa: Array, what: str) -> Certificate:
    """Certificate of the effective ridge on flat cells; 0 and inf are values by definition."""
    cache: dict[int, list[tuple[Ball, Ball]]] = {}
    answer = np.ravel(kappa)

    def prove(index: int, arb: Any) -> Ball | None:
        x = float(answer[index])
        if x == 0:
            # the ridgeless limit is 0 iff n is not below the rank
            return arb(0) if ridge[index] == 0 and n[index] >= spectrum.rank else None
        if not np.isfinite(x):
            return None
        modes = cache.setdefault(arb_precision(), mode_balls(spectrum, arb))
        return newton(effective_ridge_equation(modes, arb(float(n[index])), arb(float(ridge[index])), arb), x, arb)

    return certify_cells(kappa, prove, what)


def arb_precision() -> int:
    """Return the precision in force."""
    return int(interval_library().ctx.prec)


def certify_feature_root(
    spectrum: Spectrum, n: Array, k: Array, ridge: Array, gamma: Array, kappa: Array, what: str
) -> Certificate:
    r"""Certificate of gamma on flat cells: Krawczyk on n = z + ridge/kappa, k = z + k kappa/gamma.

    Where the ridge is 0, or n or k infinite, one unknown is left.
    """
    cache: dict[int, list[tuple[Ball, Ball]]] = {}
    first, second = np.ravel(gamma), np.ravel(kappa)

    def prove(index: int, arb: Any) -> Ball | None:
        x, y = float(first[index]), float(second[index])
        samples, features, delta = float(n[index]), float(k[index]), float(ridge[index])
        least = min(samples, features)
        single = delta == 0 or np.isinf(samples) or np.isinf(features)
        if single and np.isinf(samples):
            delta = 0.0
        if x == 0:
            return arb(0) if single and delta == 0 and least >= spectrum.rank else None
        if not (np.isfinite(x) and (single or 0 < y < np.inf)):
            return None
        modes = cache.setdefault(arb_precision(), mode_balls(spectrum, arb))
        if single:
            return newton(effective_ridge_equation(modes, arb(least), arb(delta), arb), x, arb)
        pull, push = arb(delta) / arb(y), arb(features) * arb(y) / arb(x)

        def system(u: Ball, v: Ball) -> tuple[list[Ball], list[list[Ball]]]:
            point, z, w = arb(x) * v, arb(0), arb(0)
            for s, t in modes:
                share = t / (s + point)
                z += share
                w += share / (s + point)
            w *= arb(x)  # -dz/dv
            value = [arb(samples) - z - pull / u, arb(features) - z - push * u / v]
            return value, [[pull / (u * u), w], [-push / v, w + push * u / (v * v)]]

        found = krawczyk(system, arb)
        return None if found is None else arb(x) * found[1]

    return certify_cells(gamma, prove, what)


def certify_edge(spectrum: Spectrum, n: Array, distance: Array, value: Array, what: str) -> Certificate:
    """Certificate of kappa (n - df1) where df2 = n; `distance` is kappa + s_min there, polished first."""
    low, answer = float(spectrum.eigenvalues.min()), np.ravel(value)

    def prove(index: int, arb: Any) -> Ball | None:
        if n[index] == spectrum.rank:
            return arb(0) if answer[index] == 0 else None
        samples, least, modes = arb(float(n[index])), arb(low), mode_balls(spectrum, arb)

        def excess(u: Ball) -> Ball:
            return samples - total((t * s / (x * x) for s, t, x in ((s, t, s - least + u) for s, t in modes)), arb)

        def slope(u: Ball) -> Ball:
            return 2 * total((t * s / (x * x * x) for s, t, x in ((s, t, s - least + u) for s, t in modes)), arb)

        u = polished((excess, slope), arb(float(distance[index])), 1)
        image = newton((excess, slope), u, arb, 1e-15)
        if image is None:
            return None
        kappa = image - least
        return kappa * (samples - total((t / (s + kappa) for s, t in modes), arb))

    return certify_cells(value, prove, what)


def certify_fitting_ratio(a: Array, b: Array, noise: Array, value: Array, what: str) -> Certificate:
    """Certificate of t^2 with a(a-1) noise u^b + (a-1) b u = a(b-1), u = 1 - t; 0 where the left is less at u = 1."""
    answer = np.ravel(value)

    def prove(index: int, arb: Any) -> Ball | None:
        x, y, z = (arb(float(array[index])) for array in (a, b, noise))
        weight, linear, right = x * (x - 1) * z, (x - 1) * y, x * (y - 1)
        excess = weight + linear - right
        if answer[index] == 0:
            return arb(0) if excess <= 0 else None
        if not excess > 0:
            return None

        def value(t: Ball) -> Ball:
            return weight * (y * (1 - t).log()).exp() + linear * (1 - t) - right

        def slope(t: Ball) -> Ball:
            return -(weight * y * ((y - 1) * (1 - t).log()).exp() + linear)

        t = polished((value, slope), arb(float(np.sqrt(answer[index]))), 3)
        image = newton((value, slope), t, arb, 1e-15)
        return None if image is None else image * image

    return certify_cells(value, prove, what)
