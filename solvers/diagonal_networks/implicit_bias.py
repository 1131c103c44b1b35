r"""Where gradient descent on a diagonal linear network ends: a convex problem, solved in its dual by Newton's method.

The network is :math:`\beta=w_+^D-w_-^D` from :math:`w_+=w_-=\alpha`, the loss any function of :math:`X\beta`. The
limit is the interpolator whose dual variable :math:`z_i` (see `hyperbolic`) lies in the range of :math:`X^T`. The steps
of the dual Newton are damped by the bound :math:`e_p'(z+s)\le e_p'(z)(1-|s|/(pu))^{-p-1}`, :math:`u=1-|z|/p`, which
makes every step descend and none overflow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve, qr, solve_triangular

from solvable.solvers.diagonal_networks.hyperbolic import inverse_link, link
from solvable.solvers.solution import OnFailure, Solution, Status, report_failures, warn_caller
from solvable.solvers.validate import (
    as_finite,
    as_nonnegative,
    as_positive,
    as_scalar,
    data_eps,
    precision_name,
    read_regression,
    refuse,
    within_range,
)

__all__ = ["DegenerateLimitWarning", "interpolator"]

Array = NDArray[np.float64]
_TOLERANCE = 1e-10  # largest scaled residual of a converged answer
_EDGE = 1e-5  # distance of z from its pole below which doubles cannot place the active coordinates
_VANISHING = 1e-12  # size, relative to the largest coefficient, at which a coordinate counts as zero


class DegenerateLimitWarning(UserWarning):
    """The limit of vanishing scale was returned, because the problem at this scale is singular in double precision."""


def orthonormal_constraints(X: Array, y: Array, unit: float) -> tuple[Array, Array]:
    """Write X beta = y as Q^T beta = c with orthonormal columns, whatever the rank; `unit` is the data's rounding."""
    width = 2.0 ** np.floor(np.log2(np.abs(X).max()))  # LAPACK squares entries; a power of two keeps the bits
    Q, R, order = qr(X.T / width, mode="economic", pivoting=True)
    diagonal = np.abs(np.diag(R))
    rank = int(np.sum(diagonal > max(X.shape) * unit * diagonal[0]))
    labels = y[order]
    c = solve_triangular(R[:rank, :rank], labels[:rank], trans="T")
    left = np.abs(R[:rank].T @ c - labels).max()
    if left > max(1e-9, 10 * max(X.shape) * unit) * max(np.abs(y).max(), np.finfo(float).tiny):
        allowed = f"it must lie in the range of X (rank {rank}) to the rounding of {precision_name(unit)}"
        raise refuse("y", y, f"{allowed}: the nearest fit misses by {left:.2g}")
    return np.ascontiguousarray(Q[:, :rank]), c / width


@dataclass(frozen=True)
class _Problem:
    """Q^T beta = c, beta_i = exp(level_i)[e_p(z_i) - e_p(-z_i)] + linear t_i, z_i = rate_i t_i + start_i, t = Q nu."""

    Q: Array
    c: Array
    p: float
    level: Array
    rate: Array
    offset: Array
    linear: float
    start: Array

    def at(self, shift: float) -> _Problem:
        """Same problem with all scales multiplied, exp(level) by exp(shift).

        At depth 2 the offset stays; beyond, its dual does: a point of the dual then keeps its distance from the poles.
        """
        level = self.level + shift
        held = level if np.isinf(self.p) else self.level
        return replace(self, level=level, start=inverse_link(self.offset, held, self.p))

    def primal(self, nu: Array) -> tuple[Array, Array, Array]:
        """Coefficients, their derivatives in t, and the dual variables z."""
        t = self.Q @ nu
        z = self.rate * t + self.start
        value, slope = link(z, self.level, self.p)
        return value + self.linear * t, self.rate * slope + self.linear, z


def _solve_newton(Q: Array, weights: Array, right: Array) -> Array:
    """Solve Q^T diag(weights) Q x = right; rows far below rounding are left out, which saves most of the work."""
    keep = weights > 1e-18 * weights.max()
    rows = Q[keep] if keep.mean() < 0.7 else Q
    scaled = rows * np.sqrt(weights[keep] if keep.mean() < 0.7 else weights)[:, None]
    try:
        factor = cho_factor(scaled.T @ scaled, lower=True, overwrite_a=True, check_finite=False)
        pivots = np.abs(np.diag(factor[0]))
        if pivots.min() > 1e-6 * pivots.max():  # squared: one part in 10^12
            return np.asarray(cho_solve(factor, right, check_finite=False))
    except LinAlgError:
        pass
    # twice the digits at several times the cost: rows in falling order keep the small ones from drowning
    ordered = (Q * np.sqrt(weights)[:, None])[np.argsort(-weights)]
    triangle = qr(ordered, mode="economic", check_finite=False)[1]
    pivots = np.abs(np.diag(triangle))
    # a coefficient of size one is only known to rounding: directions lighter than that are lost
    if pivots.size < right.size or not pivots.min() > max(1e-7, 1e-13 * pivots.max()):
        raise LinAlgError("singular to rounding")
    half = solve_triangular(triangle, right, trans="T", check_finite=False)
    return np.asarray(solve_triangular(triangle, half, check_finite=False))


def _newton(problem: _Problem, nu: Array, tolerance: float, limit: int = 200) -> tuple[Array, Array, Array, int]:
    """Damped Newton on the dual; dual point, coefficients, weights, iterations. Stops where rounding stops it."""
    size = np.abs(problem.c).max()
    best, best_residual, stalled = nu, np.inf, 0
    beta, weights, z = problem.primal(nu)
    iteration = 0
    for iteration in range(limit):  # noqa: B007
        residual = problem.c - problem.Q.T @ beta
        # where an offset dwarfs the labels, rounding of its terms is what stops the residual
        worst = np.abs(residual).max() / max(size, 0.1 * np.abs(beta).max())
        stalled = 0 if worst < 0.5 * best_residual else stalled + 1
        if worst < best_residual:
            best, best_residual = nu, worst
        if worst <= tolerance or (stalled >= 3 and best_residual < 1e-6):
            break
        step = _solve_newton(problem.Q, weights, residual)
        room = 1 - np.abs(z) / problem.p
        delta = np.max(np.abs(problem.rate * (problem.Q @ step)) / room)
        if delta > 0.3:
            p = problem.p
            step *= np.log1p(delta) / delta if np.isinf(p) else p / delta * -np.expm1(-np.log1p(delta) / p)
        nu = nu + step
        beta, weights, z = problem.primal(nu)
    beta, weights, _ = problem.primal(best)
    return best, beta, weights, iteration


def _homotopy(problem: _Problem, start: float, stop: float, tolerance: float) -> tuple[Array, Array, Array, int, float]:
    """Follow the solution from large scales down to exp(stop) times the problem's, extrapolating in log scale."""
    shift, stride = start, 2.0
    stage, nu, first = problem.at(start), np.zeros(problem.c.size), tolerance if start == stop else 1e-3
    try:
        nu, beta, weights, total = _newton(stage, nu, first)
    except LinAlgError:  # scales too unequal for any step
        return nu, *stage.primal(nu)[:2], 0, np.inf
    before: tuple[float, Array] | None = None
    while shift > stop:
        following = max(shift - stride, stop)
        guess = nu if before is None else nu + (nu - before[1]) * (following - shift) / (shift - before[0])
        stage = problem.at(following)
        with np.errstate(all="ignore"):  # an extrapolation may leave the domain: then start from the last point
            if not np.abs(stage.primal(guess)[0]).max() < 10 * np.abs(beta).max():
                guess = nu
        try:
            found = _newton(stage, guess, tolerance if following == stop else 1e-3)
        except LinAlgError:
            return nu, beta, weights, total, shift
        before, shift = (shift, nu), following
        nu, beta, weights, count = found
        total += count
        stride = max(stride * (2.0 if count <= 4 else (1.0 if count <= 8 else 0.5)), 0.25)
    return nu, beta, weights, total, shift


def _polish(problem: _Problem, beta: Array, weights: Array) -> Array:
    """Project onto the constraints along the Newton direction: what rounding of z left over."""
    for _ in range(3):
        residual = problem.c - problem.Q.T @ beta
        try:
            beta = beta + weights * (problem.Q @ _solve_newton(problem.Q, weights, residual))
        except LinAlgError:
            break
    return beta


def _held_primal(problem: _Problem, beta: Array, weights: Array) -> tuple[Array | None, int]:
    """Where z of n coordinates is a pole to rounding: place those by the constraints, the rest by duality."""
    Q, c = problem.Q, problem.c
    active = np.argsort(weights)[-c.size :]
    rest = np.setdiff1d(np.arange(len(Q)), active)
    if np.linalg.cond(Q[active]) > 1e10:
        return None, 0
    beta = beta.copy()
    for iteration in range(50):
        beta[active] = np.linalg.solve(Q[active].T, c - Q[rest].T @ beta[rest])
        if np.abs(beta[active]).min() < _VANISHING * np.abs(beta).max():
            return None, iteration
        t = (inverse_link(beta[active], problem.level[active], problem.p) - problem.start[active]) / problem.rate[
            active
        ]
        z = problem.rate[rest] * (Q[rest] @ np.linalg.solve(Q[active], t)) + problem.start[rest]
        if np.abs(z).max(initial=0) >= problem.p:
            return None, iteration
        old, beta[rest] = beta[rest].copy(), link(z, problem.level[rest], problem.p)[0]
        if np.abs(beta[rest] - old).max(initial=0) <= 1e-15 * np.abs(beta).max():
            return beta, iteration
    return None, 50


def _vanishing_scale(problem: _Problem, nu: Array, beta: Array, weights: Array) -> Array | None:
    """Limit of vanishing scale: the present support, if a dual certificate proves it optimal; else None."""
    Q, c = problem.Q, problem.c
    order = np.argsort(weights)[::-1]
    falls = np.diff(np.log(weights[order[: c.size + 1]]))
    support = np.sort(order[: int(np.argmin(falls)) + 1])
    limit = np.zeros_like(beta)
    limit[support] = np.linalg.lstsq(Q[support].T, c, rcond=None)[0]
    if np.abs(Q.T @ limit - c).max() > _TOLERANCE * np.abs(c).max() or np.any(limit[support] * beta[support] <= 0):
        return None
    # t where z of the support is that of a coefficient of that size, to leading order; below it elsewhere?
    height = np.abs(inverse_link(np.full(beta.size, np.abs(beta).max()), problem.level, problem.p))
    wanted = (np.sign(limit) * height - problem.start)[support] / problem.rate[support]
    t = Q @ (nu + np.linalg.lstsq(Q[support], wanted - Q[support] @ nu, rcond=None)[0])
    z = np.abs(problem.rate * t + problem.start) / height
    optimal = np.allclose(z[support], 1, rtol=1e-9) and np.all(np.delete(z, support) < 1)
    return limit if optimal else None


def _solve(problem: _Problem, start: float) -> tuple[Array, int, bool, Array | None]:
    """Coefficients, iterations, whether they are the solution, and the limit of vanishing scale where it was taken."""
    final, stop = problem.at(0.0), 0.0
    polar = np.isfinite(problem.p) and problem.linear == 0
    if polar:  # z of the largest coefficient comes within _EDGE of the pole at this scale
        stop = max(0.0, problem.p * np.log(_EDGE) - float(problem.level.min()))
    nu, beta, weights, total, shift = _homotopy(problem, max(start, stop), stop, 1e-14)
    if shift == 0.0:
        left = np.abs(problem.Q.T @ beta - problem.c).max() / max(np.abs(problem.c).max(), np.abs(beta).max())
        return _polish(final, beta, weights), total, bool(left < 1e-6), None  # the projection squares what is left
    if np.isinf(shift):
        return beta, total, False, None
    if polar:
        held, count = _held_primal(final, beta, weights)
        total += count
        if held is not None:
            return held, total, True, None
    limit = _vanishing_scale(problem.at(shift), nu, beta, weights)
    return beta if limit is None else limit, total, limit is not None, limit


@within_range
def interpolator(
    X: ArrayLike,
    y: ArrayLike,
    initial_scale: ArrayLike,
    depth: float = 2,
    offset: ArrayLike | None = None,
    linear_scale: float = 0.0,
    on_failure: OnFailure = "warn",
) -> Solution:
    r"""Interpolator that gradient flow on a diagonal linear network converges to.

    :math:`\beta=w_+^D-w_-^D` (plus :math:`\lambda v`, :math:`v=0`, with a linear branch) from
    :math:`w_+=w_-=\alpha`, any loss that is a function of :math:`X\beta`; its factor only rescales time. The limit is
    :math:`\arg\min\{\sum_i Q_i(\beta_i): X\beta=y\}` with :math:`Q_i` the potential whose derivative inverts
    :math:`\beta=\alpha^D[e_p(z)-e_p(-z)]+\lambda^2 z/(D^2\alpha^{D-2})`, :math:`p=D/(D-2)`: at depth 2 the hyperbolic
    entropy, :math:`\beta=2\alpha^2\sinh z`, or with the linear branch its infimal convolution with
    :math:`b^2/(2\lambda^2)`. A problem whose rank is d has one solution at every scale.

    Factors of two: papers with :math:`\beta=u\odot v`, :math:`u=\sqrt2\alpha'`, :math:`v=0` have
    :math:`\beta=\alpha'^2\sinh z`, so their :math:`\alpha'` is :math:`\sqrt2` times `initial_scale`.

    Parameters
    ----------
    X : array_like, shape (n, d)
        Design; may be rank deficient.
    y : array_like, shape (n,)
        Labels in the range of X.
    initial_scale : array_like
        :math:`\alpha>0`, one number or one a coordinate.
    depth : float
        :math:`D\ge2`.
    offset : array_like, optional
        Start :math:`\tilde\beta_0=\alpha_+^2-\alpha_-^2` of the Bregman projection (finite-step theory), one number or
        one a coordinate; `initial_scale` is then :math:`\sqrt{\alpha_+\alpha_-}`. Beyond depth 2 the start is
        :math:`\alpha_+^D-\alpha_-^D` with :math:`\alpha^{2-D}=(\alpha_+^{2-D}+\alpha_-^{2-D})/2`.
    linear_scale : float
        :math:`\lambda\ge0` of the linear branch.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the residual stays above 1e-10.

    Returns
    -------
    Solution
        `value` has shape (d,); `residual` is the largest :math:`|Q^T\beta-c|` over the largest :math:`|c|` or
        :math:`|\beta|`, the constraints written with orthonormal Q.

    Raises
    ------
    ValueError
        A scale that is not positive, a depth below 2, labels outside the range of X.

    Warns
    -----
    DegenerateLimitWarning
        Where the minimum-l1 interpolator has fewer nonzeros than X has rank and the scale is so small that the other
        coefficients are below rounding: that interpolator, the limit of vanishing scale, is returned.

    Notes
    -----
    Homotopy in log scale with extrapolation; :math:`n^2d` operations a Newton step. Above depth 2, where z is a pole to
    rounding, the active coordinates are placed by the constraints instead. Scales that differ between coordinates by
    factors of ten and more may be too much for doubles beyond depth 3: the status then says so.

    References
    ----------
    woodworth2020kernel, even2023sgd (offset), zhou2023implicit (linear branch; its potential is derived)

    Examples
    --------
    >>> from solvable.solvers import interpolator
    >>> X, y = [[1.0, 2.0]], [2.0]
    >>> interpolator(X, y, 100.0).value.round(6)  # kernel regime: minimum l2
    array([0.4, 0.8])
    >>> interpolator(X, y, 1e-60).value.round(6)  # rich regime: minimum l1
    array([0., 1.])
    """
    design, labels = read_regression(X, y)
    d = design.shape[1]
    scale = _per_coordinate("initial_scale", as_positive("initial_scale", initial_scale), d)
    D = as_scalar("depth", depth)
    if D < 2:
        raise refuse("depth", D, "it must be at least 2")
    lam = as_scalar("linear_scale", linear_scale, as_nonnegative)
    start = np.zeros(d) if offset is None else _per_coordinate("offset", as_finite("offset", offset), d)
    Q, c = orthonormal_constraints(design, labels, data_eps(X, y))
    least = Q @ c
    size = max(np.abs(least).max(), np.abs(start).max())
    if size == 0 or c.size == d:
        return _answer(Q, c, least, 0, True, on_failure)
    reference = np.log(scale).mean()
    level = D * np.log(scale) - np.log(size)
    rate = np.exp((D - 2) * (np.log(scale) - reference))
    # lambda^2 z/(D^2 alpha^(D-2)), in units of `size`; beyond exp(700) the branch alone moves
    linear = 0.0 if lam == 0 else float(np.exp(min(2 * np.log(lam / D) - (D - 2) * reference - np.log(size), 700)))
    p = np.inf if D == 2 else D / (D - 2)
    problem = _Problem(Q, c / size, p, level, rate, start / size, linear, np.zeros(d))
    beta, iterations, solved, limit = _solve(problem, max(0.0, 1.0 - float(level.min())))
    if limit is not None:
        warn_caller(
            f"interpolator: the minimum-l1 interpolator has {np.count_nonzero(limit)} nonzeros, fewer than the rank "
            f"{c.size} of X; at this initial_scale the dual is singular to rounding, and that limit is returned "
            f"(the coefficients left out are of order {size * np.exp(level.max()):.0e} or a root of it).",
            DegenerateLimitWarning,
        )
    return _answer(Q, c, size * beta, iterations, solved, on_failure)


def _per_coordinate(name: str, value: Array, d: int) -> Array:
    if value.shape not in ((), (d,)):
        raise refuse(f"{name}.shape", value.shape, f"it must be one number or ({d},)")
    return np.full(d, value) if value.ndim == 0 else value


def _answer(Q: Array, c: Array, beta: Array, iterations: int, solved: bool, on_failure: OnFailure) -> Solution:
    residual = np.abs(Q.T @ beta - c).max() / max(np.abs(c).max(), np.abs(beta).max(), np.finfo(float).tiny)
    status = Status.CONVERGED if solved and residual <= _TOLERANCE else Status.MAX_ITERATIONS
    solution = Solution(beta, np.array(residual), np.array(status, np.int8), np.array(iterations))
    report_failures(solution, "interpolator", on_failure)
    return solution
