r"""Two Gaussian classes: errors of convex losses with a ridge, and the ridge that is best.

Rows x = y mu + z, z standard Gaussian in d dimensions, :math:`\|\mu\|` fixed, n = ratio d,

.. math:: \min_{w,b}\sum_i\ell(y_i,x_i^Tw+b)+\frac{\lambda d}2\|w\|^2.

A fresh margin y(x^Tw + b) is N(m + yb, q). With D, Eg, Eg^2 of `channel_integrals` on it, averaged over the classes,

.. math:: V=\frac1{\lambda+\hat V},\quad m=\frac{\hat m\|\mu\|^2}{\lambda+\hat V},\quad
          q=\frac{\hat q+\hat m^2\|\mu\|^2}{(\lambda+\hat V)^2},\quad E[yg]=0,

:math:`\hat V=\alpha D/V`, :math:`\hat m=\alpha Eg/V`, :math:`\hat q=\alpha Eg^2/V^2`, where alpha is the ratio n/d.
Without a ridge V(lambda + Vhat) = 1 still: either V is finite and alpha D = 1, or every row is fitted and V infinite.
The second holds for a residual's losses up to n = d, for a margin's while some hyperplane separates the rows, which is
for :math:`1/\alpha>\min_{A,b}E(-u)_+^2`, :math:`u\sim N(A\|\mu\|+yb,1+A^2)`.
An infinite ridge leaves the direction :math:`\sum_iy_ix_i`, centred where there is an intercept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import ndtr

from solvable.solvers.convex_losses.losses import LOSSES, MARGIN_LOSSES
from solvable.solvers.convex_losses.settling import Map, Settled, errors, settle, walk
from solvable.solvers.convex_losses.state_evolution import HARD, PLAIN, RIDGE
from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import OnFailure, Solution, Status, record, report_failures
from solvable.solvers.validate import (
    as_choice,
    as_finite,
    as_nonnegative,
    as_positive,
    broadcast,
    refuse,
    within_range,
)

__all__ = ["MixtureErrors", "best_ridge", "mixture_risk"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]
_GOOD, _DOUBT = 1e-9, 1e-6


@record
class MixtureErrors(OnGrid):
    """Errors over the grid of (separation, ratio, ridge, balance).

    Attributes
    ----------
    test_error : ndarray
        Share of fresh rows in the wrong class.
    test_loss, train_loss : ndarray
        Mean loss of fresh rows and of the training rows, without the ridge's term; NaN at an infinite ridge.
    intercept : ndarray
        b; 0 for balanced classes; NaN at an infinite ridge.
    V, q, m : ndarray
        Overlaps: q = |w|^2, m = w.mu; at an infinite ridge 0.
    solution : Solution
        `value` is the test error.
    """

    test_error: Array
    test_loss: Array
    train_loss: Array
    intercept: Array
    V: Array
    q: Array
    m: Array
    solution: Solution


@dataclass
class _Mixture:
    """Flat cells; x = (log share of the ridge, arcsinh of mhat over sqrt(qhat), log of the noise in w, intercept).

    At strong ridges on unequal classes the intercept of the hinge and the absolute loss tends to a corner as fast as w
    falls, sign(p - 1/2): it is counted from there in units of sqrt(q).
    """

    loss: str
    separation: Array
    ratio: Array
    ridge: Array
    balance: Array
    kind: NDArray[np.int8]

    def start(self) -> Array:
        """The square loss without an intercept, whose equations are rational: with c = Vhat/(lambda + Vhat)."""
        alpha, ridge, mu2 = self.ratio, self.ridge, self.separation**2
        gap = ridge + alpha - 1
        reach = np.abs(gap) + np.sqrt(gap * gap + 4 * ridge)
        with np.errstate(divide="ignore", invalid="ignore"):
            V = np.where(
                self.kind == RIDGE, np.where(gap < 0, reach / (2 * ridge), 2 / reach), 1 / np.maximum(gap, 0.1)
            )
            first = np.log(np.where(self.kind == RIDGE, ridge, 1.0) * V)
        share = np.where(self.kind == RIDGE, alpha / (ridge * (1 + V) + alpha), np.minimum(alpha, 1.0))
        left = 1 / (1 + share * mu2)  # 1 - m
        noise = (share * left) ** 2 * (1 / alpha + mu2) / np.maximum(1 - share**2 / alpha, 0.1)  # q
        size = np.hypot(left, np.sqrt(noise))
        third = np.log(share * size / np.sqrt(alpha))
        tilt = np.arcsinh(np.sqrt(alpha) * self.separation * left / size)
        intercept = -(1 - share + share * np.exp(-third)) * self.corner(slice(None))
        if self.loss == "huber":  # that of an infinite ridge: at 0 all rows of the smaller class sit on a corner
            intercept = left * np.sign(self.balance - 0.5) * (2 - 1 / np.maximum(self.balance, 1 - self.balance))
        return np.stack([first, tilt, third, intercept], axis=1)

    def corner(self, i: Any) -> Array:
        return np.sign(self.balance[i] - 0.5) * (self.loss in ("hinge", "absolute"))

    def read(self, x: Array, i: Index) -> tuple[Array, Array, Array, Array]:
        B, kind = np.exp(x[:, 2]), self.kind[i]
        A = B * np.sinh(x[:, 1])  # in units of the separation
        with np.errstate(divide="ignore", over="ignore"):
            V = np.select(
                [kind == RIDGE, kind == PLAIN],
                [np.exp(np.minimum(x[:, 0], 0.0)) / self.ridge[i], np.exp(np.minimum(x[:, 0], 690.0))], np.inf,
            )  # fmt: skip
        size, corner = np.hypot(B, A), self.corner(i)
        return V, size, A * self.separation[i], corner + np.where(corner == 0, 1.0, size) * x[:, 3]

    def moments(self, x: Array, i: Index, pieces: int) -> tuple[Array, Array]:
        """Averages over the classes of D, Eg, Eg^2, train, test, and E[y g]."""
        from solvable.solvers.convex_losses.channel_integrals import margin_moments

        V, size, m, b = self.read(x, i)
        plus = margin_moments(self.loss, V, m + b, size, pieces).T
        minus = margin_moments(self.loss, V, m - b, size, pieces).T
        p = self.balance[i]
        return p * plus + (1 - p) * minus, p * plus[1] - (1 - p) * minus[1]

    def advance(self, x: Array, i: Index, pieces: int = 1) -> Array:
        V, size, *_ = self.read(x, i)
        (D, g, g2, *_), pull = self.moments(x, i, pieces)
        alpha, ridge, kind = self.ratio[i], self.ridge[i], self.kind[i]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            hat = alpha * D / V
            first = np.select([kind == RIDGE, kind == PLAIN], [-np.log1p(hat / ridge), x[:, 0] - np.log(alpha * D)])
            second = np.arcsinh(np.sqrt(alpha) * g * self.separation[i] / np.sqrt(g2))
            third = 0.5 * np.log(alpha * g2) - np.where(kind == RIDGE, np.log(V * (ridge + hat)), 0.0)
            shift = pull / (D * np.where(self.corner(i) == 0, 1.0, size) + np.sqrt(g2))
        return np.stack([first, second, third, np.where(self.balance[i] == 0.5, 0.0, x[:, 3] + shift)], axis=1)


def _edge(separation: float, balance: float) -> tuple[float, float]:
    """Rows for each dimension up to which some hyperplane separates the classes, and the last one's error."""
    signs, share = np.array([1.0, -1.0]), np.array([balance, 1 - balance])

    def shortfall(point: Array) -> tuple[float, Array]:
        A, b = point[0], 0.0 if balance == 0.5 else point[1]
        s = np.sqrt(1 + A * A)
        t = (A * separation + signs * b) / s
        tail, bell = ndtr(-t), np.exp(-t * t / 2) / np.sqrt(2 * np.pi)
        pull = -2 * s * (bell - t * tail)
        slope = [share @ (pull * separation + 2 * A * tail), share @ (signs * pull) * (balance != 0.5)]
        return float(share @ (s * s * ((1 + t * t) * tail - t * bell))), np.array(slope)

    found = minimize(shortfall, np.zeros(2), jac=True, method="BFGS", options={"gtol": 1e-13})
    A, b = found.x[0], 0.0 if balance == 0.5 else found.x[1]
    error = float(share @ ndtr(-(A * separation + signs * b) / np.sqrt(1 + A * A)))
    return (float(1 / found.fun) if found.fun > 0 else np.inf), error


def _kinds(loss: str, separation: Array, ratio: Array, ridge: Array, balance: Array) -> tuple[Any, Any, Array]:
    """Branch of each cell, those without a solution or on a pole, and its error: noise drowns a residual's fit."""
    free, edge, error = ridge == 0, np.ones(ratio.shape), np.full(ratio.shape, 0.5)
    if loss in MARGIN_LOSSES:
        for mu, share in {*zip(separation[free].tolist(), balance[free].tolist(), strict=True)}:
            same = (separation == mu) & (balance == share)
            edge[same], error[same] = _edge(mu, share)
    kind = np.where(free, np.where(ratio > edge, PLAIN, HARD), RIDGE).astype(np.int8)
    ended = np.where(free & (ratio == edge), Status.DIVERGES, Status.CONVERGED).astype(np.int8)
    if loss == "logistic":
        ended[free & (ratio < edge)] = Status.NO_SOLUTION
    return kind, ended, error


def _limit(separation: Array, ratio: Array) -> Array:
    """Error of the direction that an infinite ridge leaves, balanced classes."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(ndtr(-(separation**2) * np.sqrt(ratio / (1 + ratio * separation**2))))


@gridded("separation", "ratio", "ridge", "balance")
@within_range
def mixture_risk(
    separation: ArrayLike,
    ratio: ArrayLike,
    ridge: ArrayLike,
    loss: str,
    balance: ArrayLike = 0.5,
    *,
    on_failure: OnFailure = "warn",
) -> MixtureErrors:
    r"""Test error of a convex loss with a ridge on two Gaussian classes, in the limit of large n and dimension.

    Minimises :math:`\sum_i\ell(y_i,x_i^Tw+b)+\tfrac{\lambda d}2\|w\|^2` over w and an intercept b without a ridge, rows
    :math:`x=y\mu+z`.

    Parameters
    ----------
    separation : array_like
        :math:`\|\mu\|`, half the distance of the means in standard deviations; positive.
    ratio : array_like
        n/d.
    ridge : array_like
        :math:`\lambda`, the penalty for each dimension. 0 is the limit of a vanishing ridge, as in `state_evolution`;
        inf is its limit for balanced classes.
    loss : {"square", "logistic", "hinge", "squared_hinge", "huber", "absolute"}
        See `convex_loss`.
    balance : array_like
        Chance of the label 1, strictly between 0 and 1; all broadcast together.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the iteration did not converge.

    Returns
    -------
    MixtureErrors
        Arrays over the grid. Without a ridge NaN with status ``NO_SOLUTION`` where the rows are separable and the loss
        is logistic; inf and ``DIVERGES`` on the pole n = d of a residual's loss and where hinge losses lose their
        margin; the error has a limit there, 1/2 on the pole, and at the margin's end that of the plane that separates.

    Raises
    ------
    ValueError
        An unknown loss, arguments out of range, an infinite ridge with unequal classes.

    Notes
    -----
    The field of a row is never perfectly known: no loss does better than the Bayes error
    :math:`\Phi(-\|\mu\|^2\sqrt{\alpha/(1+\alpha\|\mu\|^2)})` of balanced classes whose mean is unknown, that of an
    infinite ridge.

    References
    ----------
    mignacco2020role (setting and loss; unknowns and iteration are derived)

    Examples
    --------
    >>> from solvable.solvers import mixture_risk
    >>> mixture_risk(1.0, 2.0, [0.1, 1.0, float("inf")], "logistic").test_error.round(4)
    array([0.2322, 0.2113, 0.2071])
    """
    as_choice("loss", loss, LOSSES)
    share = as_finite("balance", balance)
    if np.any((share <= 0) | (share >= 1)):
        raise refuse("balance", share, "it must lie strictly between 0 and 1")
    mu, alpha, lam, share = broadcast(
        separation=as_positive("separation", separation), ratio=as_positive("ratio", ratio),
        ridge=as_nonnegative("ridge", ridge, infinite=True), balance=share,
    )  # fmt: skip
    shape = mu.shape
    mu, alpha, lam, share = (a.ravel().astype(float) for a in (mu, alpha, lam, share))
    endless = np.isinf(lam)
    if np.any(endless & (share != 0.5)):
        raise refuse("ridge", lam, "an infinite ridge has a limit for equal classes only, balance = 0.5")
    kind, status, edge_error = _kinds(loss, mu, alpha, lam, share)
    rows = np.full((7, mu.size), np.nan)
    rows[0, endless] = _limit(mu, alpha)[endless]
    rows[4:, endless] = 0.0
    pole = status == Status.DIVERGES
    rows[:, pole] = np.inf
    rows[0, pole] = edge_error[pole]
    residual, spent = np.zeros(mu.size), np.zeros(mu.size, np.int64)
    todo = ~endless & (status == Status.CONVERGED)
    if todo.any():
        model = _Mixture(loss, mu[todo], alpha[todo], lam[todo], share[todo], kind[todo])
        rows[:, todo], residual[todo], status[todo], spent[todo] = _solve(model)
    solution = Solution.shaped(shape, rows[0].copy(), residual, status, spent)
    report_failures(solution, "mixture_risk", on_failure)
    error, test, train, b, V, q, m = (row.reshape(shape) for row in rows)
    return MixtureErrors(error, test, train, b, V, q, m, solution)


def _solve(model: _Mixture) -> tuple[Array, Array, NDArray[np.int_], NDArray[np.int64]]:
    every = np.arange(model.ratio.size)
    found = settle(model.advance, model.start())
    x, spent = found.x, found.iterations
    astray = np.flatnonzero((found.residual > _GOOD) & (model.kind == RIDGE))
    if astray.size:
        again = _from_strong(model, astray)
        x[astray], spent[astray] = again.x, spent[astray] + again.iterations
    with np.errstate(invalid="ignore"):
        residual = np.abs(model.advance(x, every, 2) - x).max(axis=1, initial=0.0)
    residual = np.where(np.isfinite(residual), residual, np.inf)
    status = np.where(residual <= _GOOD, Status.CONVERGED, Status.MAX_ITERATIONS)
    doubt = errors(model.advance, x, residual)
    lost = (status == Status.CONVERGED) & ~(doubt <= _DOUBT)
    status[lost], residual[lost] = Status.UNDETERMINED, doubt[lost]
    V, size, m, b = model.read(x, every)
    (_, _, _, train, test), _ = model.moments(x, every, 2)
    p = model.balance
    error = p * ndtr(-(m + b) / size) + (1 - p) * ndtr(-(m - b) / size)
    return np.array([error, test, train, b, V, size**2, m]), residual, status, spent


def _from_strong(model: _Mixture, cells: Index) -> Settled:
    """Cells from where their ridge is as strong as the data."""
    part = _Mixture(
        model.loss, model.separation[cells], model.ratio[cells], model.ridge[cells], model.balance[cells],
        model.kind[cells],
    )  # fmt: skip

    def at(ridge: Array) -> tuple[Map, Array]:
        here = replace(part, ridge=ridge)
        return here.advance, here.start()

    return walk(at, np.maximum(part.ridge, 100 * part.ratio), part.ridge)


@gridded("separation", "ratio", "balance")
@within_range
def best_ridge(
    separation: ArrayLike, ratio: ArrayLike, loss: str, balance: ArrayLike = 0.5, *, on_failure: OnFailure = "warn"
) -> Solution:
    r"""Ridge of least test error on two Gaussian classes.

    Loss :math:`\sum_i\ell(y_i,x_i^Tw+b)+\tfrac{\lambda d}2\|w\|^2` of `mixture_risk`: the least of a grid of ridges
    from 1e-6 to 1e6, refined around it.

    Parameters
    ----------
    separation, ratio : array_like
        As in `mixture_risk`.
    loss : {"square", "logistic", "hinge", "squared_hinge", "huber", "absolute"}
        See `convex_loss`.
    balance : array_like
        Chance of the label 1.
    on_failure : {"warn", "raise", "ignore"}
        What to do where a test error did not converge.

    Returns
    -------
    Solution
        inf for balanced classes where no finite ridge does better than the limit; the residual is the width of the last
        bracket in ln(ridge).

    Raises
    ------
    ValueError
        As `mixture_risk`.

    Notes
    -----
    The minimum is flat: the place is good to the root of rounding.

    References
    ----------
    mignacco2020role

    Examples
    --------
    >>> from solvable.solvers import best_ridge
    >>> best_ridge(1.0, 2.0, "logistic").value
    array(inf)
    """
    share = as_finite("balance", balance)
    mu, alpha, share = broadcast(
        separation=as_positive("separation", separation), ratio=as_positive("ratio", ratio), balance=share
    )

    def error(logs: Array) -> Array:
        found = mixture_risk(mu[..., None], alpha[..., None], np.exp(logs), loss, share[..., None], on_failure="ignore")
        return np.where(found.solution.status == Status.CONVERGED, found.test_error, np.nan)

    logs = np.broadcast_to(np.linspace(np.log(1e-6), np.log(1e6), 25), (*mu.shape, 25))
    width, failed = float(np.log(1e12)) / 24, np.zeros(mu.shape, bool)
    for _ in range(9):
        values = error(logs)
        failed |= np.isnan(values).all(axis=-1)
        place = np.argmin(np.where(np.isnan(values), np.inf, values), axis=-1)[..., None]
        centre = np.take_along_axis(logs, place, axis=-1)
        least = np.take_along_axis(values, place, axis=-1)[..., 0]
        logs = centre + width * np.linspace(-1, 1, 9)
        width /= 4
    value = np.exp(centre[..., 0])
    limit = np.where(share == 0.5, _limit(mu, alpha), np.inf)
    value = np.where(limit <= least + 1e-13, np.inf, value)
    status = np.where(failed, Status.MAX_ITERATIONS, Status.CONVERGED)
    spent = np.full(mu.shape, 9, np.int64)
    solution = Solution(value, np.full(mu.shape, 4 * width), status.astype(np.int8), spent)
    report_failures(solution, "best_ridge", on_failure)
    return solution
