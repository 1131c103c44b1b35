r"""Learning curves of convex losses with a ridge: the state evolution of its three overlaps.

Rows x ~ N(0, Sigma), labels drawn from a field nu of the teacher, :math:`\hat w=\arg\min\sum_i\ell(y_i,x_i^Tw)
+\tfrac\delta2\|w\|^2`. A fresh row's :math:`\omega=x^T\hat w` has E omega^2 = q, E omega nu = m, and V is what a row's
own prediction moves per unit of its loss' slope. With :math:`f=(\mathrm{prox}_{V\ell}(\omega)-\omega)/V`,
:math:`s_i` the eigenvalues with multiplicity :math:`m_i` and :math:`v_i^2` the power of the field in their modes,

.. math::
    \hat V=-n\,E\partial_\omega f,\quad \hat q=n\,Ef^2,\quad \hat m=n\,E\partial_\nu f,\\
    V=\sum_i\frac{m_is_i}{\delta+\hat Vs_i},\quad
    q=\sum_i\frac{\hat q\,m_is_i^2+\hat m^2s_i^2v_i^2}{(\delta+\hat Vs_i)^2},\quad
    m=\hat m\sum_i\frac{s_iv_i^2}{\delta+\hat Vs_i}.

The unknowns are the share 1 - theta = delta/(delta + Vhat s_1), mhat/sqrt(qhat) and the size of w, all of order one for
any ridge: whatever they are, the overlaps are admissible, and nothing is divided by a ridge that vanishes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.convex_losses.channels import (
    TEACHERS,
    Moments,
    Teacher,
    check_pair,
    residual_moments,
    teacher_moments,
)
from solvable.solvers.convex_losses.losses import LOSSES, MARGIN_LOSSES
from solvable.solvers.convex_losses.settling import Map, Settled, errors, settle, walk
from solvable.solvers.convex_losses.thresholds import edge_error, recovery_ridge, threshold_ratio
from solvable.solvers.equivalents.mode_sums import Modes
from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import OnFailure, Solution, Status, record, report_failures
from solvable.solvers.spectrum import Spectrum, as_spectrum
from solvable.solvers.validate import as_choice, as_nonnegative, as_positive, as_scalar, broadcast, refuse, within_range

__all__ = ["ConvexRisk", "Overlaps", "state_evolution"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]
RIDGE, PLAIN, HARD = 0, 1, 2  # a ridge; none and as many directions as fit; none and every row fitted
_FAR = 1e100  # kappa/s_1 beyond which modes learn nothing
_GOOD, _DOUBT = 1e-9, 1e-6  # of the residual, and of the error that it leaves


@record
class Overlaps:
    r"""Overlaps of the minimiser, arrays over the grid.

    Attributes
    ----------
    V, q, m : ndarray
        What a row's prediction moves per unit of slope, E omega^2 and E omega nu on a fresh row.
    norm2 : ndarray
        :math:`\|\hat w\|^2`.
    effective_ridge : ndarray
        delta/Vhat, on the scale of the eigenvalues.
    field_variance : float
        E nu^2, without the noise.
    """

    V: Array
    q: Array
    m: Array
    norm2: Array
    effective_ridge: Array
    field_variance: float


@record
class ConvexRisk(OnGrid):
    """Errors of a convex fit over the broadcast grid of (n, ridge, noise).

    Attributes
    ----------
    test_loss : ndarray
        Expected loss on a fresh row and label.
    train_loss : ndarray
        Mean loss of the training rows, without the ridge's term.
    test_error : ndarray
        Chance that the sign of the prediction is not the label; with a linear teacher the mean squared error on a fresh
        label, noise included.
    overlaps : Overlaps
        What the errors are made of.
    solution : Solution
        `value` is V; residual of the undamped equations on panels twice as fine, status and iterations.
    """

    test_loss: Array
    train_loss: Array
    test_error: Array
    overlaps: Overlaps
    solution: Solution


@dataclass
class _Model:
    """Flat cells of one problem, eigenvalues in units of the largest."""

    modes: Modes
    loss: str
    teacher: Teacher
    unit: float
    signal: float
    irreducible: float
    n: Array
    delta: Array
    noise: Array
    kind: NDArray[np.int8]
    rank: float
    tilt: float  # unit of mhat/sqrt(qhat)

    @property
    def linear(self) -> bool:
        return self.teacher == "linear"

    def read(self, x: Array, i: Index) -> Any:
        """kappa, 1 - theta, V, q, m, hidden (or the error of a linear teacher), scaled sums."""
        kind, delta = self.kind[i], self.delta[i]
        near = np.minimum(x[:, 0], -1 / _FAR)
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            kappa = np.where(kind == RIDGE, np.exp(near) / -np.expm1(near), np.exp(x[:, 0]))
        kappa = np.where(kind == PLAIN, 0.0, np.minimum(kappa, _FAR))
        share = kappa / (1 + kappa)
        sums = self.modes.at(kappa, ("m", 1, 0), ("m", 2, 0), ("v", 1, 0), ("v", 2, 0), ("v", 0, 2))
        d1, scale = sums("m", 1, 0), 1 + kappa
        d2, v1, v2 = sums("m", 2, 0) * scale**2, sums("v", 1, 0) * scale, sums("v", 2, 0) * scale**2
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            V = np.select(
                [kind == RIDGE, kind == PLAIN], [kappa * d1 / delta, np.exp(np.minimum(x[:, 0], 690.0))], np.inf
            )
        B = np.exp(x[:, 2])
        if self.linear:
            error = self.noise[i] + self.irreducible + sums("v", 0, 2) + B**2 * d2
            m = (1 - share) * v1
            q = B**2 * d2 + (1 - share) ** 2 * v2
            return kappa, share, V, q, m, error, d1
        A = B * self.tilt * np.sinh(x[:, 1])
        q = B**2 * d2 + A**2 * v2
        spread = np.maximum(self.signal * v2 - v1**2, 0.0) + self.irreducible * v2
        total = self.signal + self.irreducible
        hidden = (total * B**2 * d2 + A**2 * spread) / q + self.noise[i]
        return kappa, share, V, q, A * v1, hidden, d1

    def moments(self, state: Any, pieces: int = 1) -> Moments:
        _, _, V, q, m, hidden, _ = state
        if self.linear:
            return residual_moments(self.loss, V, hidden)
        return teacher_moments(self.loss, self.teacher, V, q, m, hidden, pieces)

    def advance(self, x: Array, i: Index, pieces: int = 1) -> Array:
        """One round of the equations."""
        state = self.read(x, i)
        _, share, V, _, _, _, d1 = state
        found = self.moments(state, pieces)
        n, delta, kind = self.n[i], self.delta[i], self.kind[i]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            hat = n * found.D / V  # Vhat s_1
            factor = np.select(
                [kind == RIDGE, kind == PLAIN], [1 / (V * (delta + hat)), 1 / self.rank], (1 - share) / d1
            )
            A, B = n * found.T * factor, np.sqrt(n * found.S) * factor
            first = np.select(
                [kind == RIDGE, kind == PLAIN],
                [-np.log1p(hat / delta), x[:, 0] + np.log(self.rank / (n * found.D))],
                x[:, 0] + np.log(d1 / (n * found.D)),
            )
            second = np.zeros(i.size) if self.linear else np.arcsinh(A / (B * self.tilt))
            return np.stack([first, second, np.log(B)], axis=1)

    def start(self) -> Array:
        """Rough guess of the three unknowns."""
        size = float(self.modes.at(np.array([1.0]), ("m", 1, 0))("m", 1, 0)[0]) + 1e-300
        with np.errstate(divide="ignore"):
            kappa = self.delta / self.n * 4 + 2 * size / np.maximum(self.n, 1e-300)
        plain = np.log(np.minimum(1.0, 4 * self.rank / self.n))
        first = np.select([self.kind == RIDGE, self.kind == PLAIN], [np.log(kappa / (1 + kappa)), plain], np.log(kappa))
        second = np.arcsinh(np.sqrt(self.n / size))
        return np.stack([first, second, -0.5 * np.log(size) + np.where(self.kind == PLAIN, plain / 2, 0.0)], axis=1)

    def norm2(self, x: Array) -> Array:
        """|w|^2 times the largest eigenvalue."""
        kappa, share, *_ = self.read(x, np.arange(self.n.size))
        B = np.exp(x[:, 2])
        A = (1 - share) if self.linear else B * self.tilt * np.sinh(x[:, 1])
        s, weights = self.modes.eigenvalues, self.modes.weights
        out = np.empty(kappa.size)
        for k, value in enumerate(kappa):
            gain = ((1 + value) / (s + value)) ** 2 * s
            out[k] = B[k] ** 2 * (weights["m"] @ gain) + A[k] ** 2 * (weights["v"] @ gain)
        return out


def _kinds(model: Any, loss: str, teacher: Teacher, signal: float, irreducible: float) -> tuple[Any, Any]:
    """Branch of each cell, and those without a solution or on a pole."""
    n, delta, noise, rank = model
    ended = np.full(n.shape, int(Status.CONVERGED), dtype=np.int8)
    edge = np.full(n.shape, rank)
    free = delta == 0
    if loss in MARGIN_LOSSES and free.any():
        for value in np.unique(noise[free]):
            ratio, _ = threshold_ratio(teacher, signal, irreducible, float(value))
            edge[noise == value] = rank * ratio
    kind = np.where(free, np.where(n > edge, PLAIN, HARD), RIDGE).astype(np.int8)
    ended[free & (n == edge)] = Status.DIVERGES
    if loss == "logistic":
        ended[free & (n < edge)] = Status.NO_SOLUTION
    return kind, ended


def _target(spectrum: Spectrum, cross: Any) -> Spectrum:
    if cross is None:
        as_spectrum(spectrum).require_target()
        return spectrum
    try:
        moment, second = cross
    except (TypeError, ValueError):
        raise refuse("cross", cross, "it must be a pair: cross moments of the field, and its second moment") from None
    found = Spectrum.from_moments(as_spectrum(spectrum).eigenvalues, moment, second)
    return Spectrum(found.eigenvalues, found.target_power, spectrum.multiplicities, found.irreducible_power)


@gridded("n", "ridge", "noise")
@within_range
def state_evolution(
    spectrum: Spectrum,
    n: ArrayLike,
    ridge: ArrayLike,
    loss: str,
    teacher: Teacher = "sign",
    noise: ArrayLike = 0.0,
    cross: tuple[ArrayLike, float] | None = None,
    *,
    on_failure: OnFailure = "warn",
) -> ConvexRisk:
    r"""Test and training losses of a convex loss with a ridge, in the limit of large n and dimension.

    Minimises :math:`\sum_i\ell(y_i,x_i^Tw)+\tfrac\delta2\|w\|^2` (un-normalised ridge, with the half). The square loss
    is half a square, so that delta is that of `ridge_risk`, whose `test` is twice the test loss here.

    Parameters
    ----------
    spectrum : Spectrum
        Eigenvalues of the rows' covariance, and the power of the teacher's field nu in them (function space). What of
        the field no linear function of the rows explains is the irreducible power.
    n, ridge : array_like
        Rows and un-normalised ridge, broadcast together with `noise`. ``ridge=0`` is the limit of a vanishing ridge:
        the classifier of largest margin where the hinge losses can be 0, interpolation for the losses of a residual.
    loss : {"square", "logistic", "hinge", "squared_hinge", "huber", "absolute"}
        See `convex_loss`. With labels +-1 those of a residual are losses of the margin too, r = 1 - yz.
    teacher : {"sign", "logistic", "linear"} or callable
        sign: y = sign(nu + sqrt(noise) xi). logistic: y = 1 with chance 1/(1 + e^-nu). linear: y = nu + sqrt(noise) xi,
        for the losses of a residual. A callable takes an array of fields and returns the chance of the label 1; it may
        jump at 0.
    noise : array_like
        Variance of the Gaussian noise added to the field before the label is read off.
    cross : pair, optional
        For a mismatched teacher, in place of the spectrum's own target: cross moments :math:`U^TE[x\nu]` in the basis
        of the covariance, one for each of ``spectrum.eigenvalues``, and :math:`E\nu^2`.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the equations have no solution or the iteration did not converge.

    Returns
    -------
    ConvexRisk
        NaN with status ``NO_SOLUTION`` where the logistic loss without a ridge has no minimiser (see
        `separability_threshold`); inf and ``DIVERGES`` on the pole n = rank of an interpolating fit, and where hinge
        losses change from a margin to none. With labels +-1 `test_error` has a limit there, and is it: 1/2 on the pole,
        where noise drowns the signal, and the error of the one direction that separates where the margin ends.
        Noiseless real labels give back the teacher without a ridge; the absolute loss does up to a ridge of its own.

    Raises
    ------
    ValueError
        A spectrum without target, an unknown loss or teacher, real labels for a loss of the margin, n not positive,
        negative ridge or noise, a callable that returns no chances.

    Notes
    -----
    Gaussian rows, or features that act as if Gaussian; corrections of order 1/n. Integrals end at the corners of the
    losses; the residual is recomputed on panels half as long. Near the threshold of the logistic loss without a ridge
    V and q diverge, and the last digits of the errors go.

    References
    ----------
    loureiro2021learning (setting; unknowns and iteration are derived), gerace2020generalisation,
    aubin2020generalization

    Examples
    --------
    >>> from solvable.solvers import Spectrum, state_evolution
    >>> risk = state_evolution(Spectrum.isotropic(100), [100, 400], 1.0, "logistic")
    >>> risk.test_error.round(4)
    array([0.2551, 0.1026])
    """
    as_choice("loss", loss, LOSSES)
    if not callable(teacher):
        as_choice("teacher", teacher, TEACHERS)
    check_pair(loss, teacher)
    target = _target(spectrum, cross)
    samples, delta, sigma2 = broadcast(
        n=as_positive("n", n), ridge=as_nonnegative("ridge", ridge), noise=as_nonnegative("noise", noise)
    )
    target.check_sample_size(samples)
    shape = samples.shape
    samples, delta, sigma2 = (a.ravel().astype(float) for a in (samples, delta, sigma2))
    unit = float(target.eigenvalues.max())
    irreducible = as_scalar("irreducible_power", target.irreducible_power)
    signal = float(target.target_power.sum())
    if signal + irreducible <= 0 and not (teacher == "linear" and np.all(sigma2 > 0)):
        raise refuse("spectrum.target_power", target.target_power, "the field of the teacher must not vanish")
    grid = (samples, delta, sigma2, target.rank)
    kind, ended = _kinds(grid, loss, teacher, signal, irreducible)
    # noiseless real labels: every row is fitted exactly by the teacher itself, under the absolute loss with a ridge too
    exact = (kind != HARD) & (sigma2 + irreducible == 0) & (teacher == "linear")
    if loss == "absolute":
        exact &= delta <= recovery_ridge(target, samples)
    else:
        exact &= delta == 0
    scaled = Spectrum(target.eigenvalues / unit, target.target_power, target.multiplicities)
    tilt = np.sqrt(scaled.trace / signal) if signal > 0 else 1.0
    rows = np.full((8, samples.size), np.nan)
    residual, count = np.zeros(samples.size), np.zeros(samples.size, np.int64)
    pole = ended == Status.DIVERGES
    rows[:, pole] = np.inf
    if teacher != "linear" and pole.any():  # the direction of w has a limit, and with it the share of wrong signs
        rows[2, pole] = 0.5
        for value in np.unique(sigma2[pole]) if loss in MARGIN_LOSSES else ():
            rows[2, pole & (sigma2 == value)] = edge_error(teacher, signal, irreducible, float(value))
    rows[3, ended == Status.NO_SOLUTION] = np.inf
    rows[:, exact] = _recovered(target, loss, samples[exact])
    todo = (ended == Status.CONVERGED) & ~exact
    if todo.any():
        model = _Model(
            Modes.of(scaled, "m", "v"), loss, teacher, unit, signal, irreducible, samples[todo], delta[todo] / unit,
            sigma2[todo], kind[todo], target.rank, float(tilt),
        )  # fmt: skip
        rows[:, todo], residual[todo], ended[todo], count[todo] = _solve(model)
    test, train, error, V, q, m, norm2, kappa = (row.reshape(shape) for row in rows)
    solution = Solution.shaped(shape, rows[3].copy(), residual, ended, count)
    report_failures(solution, "state_evolution", on_failure)
    return ConvexRisk(test, train, error, Overlaps(V, q, m, norm2, kappa, signal + irreducible), solution)


def _recovered(target: Spectrum, loss: str, n: Array) -> Array:
    """Rows of cells in which noiseless real labels of a linear teacher give the teacher itself."""
    zero, signal = np.zeros(n.size), np.full(n.size, float(target.target_power.sum()))
    V = zero if loss == "absolute" else target.rank / (n - target.rank)
    norm2 = np.full(n.size, float((target.target_power / target.eigenvalues).sum()))
    return np.array([zero, zero, zero, V, signal, signal, norm2, zero])


def _solve(model: _Model) -> tuple[Array, Array, NDArray[np.int_], NDArray[np.int64]]:
    """Rows test loss, training loss, test error, V, q, m, norm, kappa of the open cells, and how they ended."""
    every = np.arange(model.n.size)
    found = settle(model.advance, model.start())
    x, spent = found.x, found.iterations
    astray = np.flatnonzero((found.residual > _GOOD) & (model.kind == RIDGE))
    if astray.size:
        again = _from_strong(model, astray)
        x[astray], spent[astray] = again.x, spent[astray] + again.iterations
    state = model.read(x, every)
    moments = model.moments(state, 2)
    residual = np.abs(model.advance(x, every, 2) - x).max(axis=1, initial=0.0)
    residual = np.where(np.isfinite(residual), residual, np.inf)
    status = np.where(residual <= _GOOD, Status.CONVERGED, Status.MAX_ITERATIONS)
    error = errors(model.advance, x, residual)
    lost = (status == Status.CONVERGED) & ~(error <= _DOUBT)
    status[lost], residual[lost] = Status.UNDETERMINED, error[lost]
    kappa, _, V, q, m, _, _ = state
    rows = np.array([
        moments.test, moments.train, moments.error, V, q, m, model.norm2(x) / model.unit, kappa * model.unit
    ])  # fmt: skip
    return rows, residual, status, spent


def _from_strong(model: _Model, cells: Index) -> Settled:
    """Cells with a weak ridge, from where theirs is as strong as the data."""
    part = replace(model, n=model.n[cells], noise=model.noise[cells], kind=model.kind[cells])

    def at(delta: Array) -> tuple[Map, Array]:
        here = replace(part, delta=delta)
        return here.advance, here.start()

    return walk(at, np.maximum(model.delta[cells], part.n), model.delta[cells])
