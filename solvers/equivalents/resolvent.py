r"""First- and second-order deterministic equivalents of the sample resolvent.

:math:`Q = (X^TX/n + \lambda I)^{-1}` with normalised :math:`\lambda = \delta/n`, :math:`G=(\Sigma+\kappa)^{-1}`:

.. math::
    \lambda Q \sim \kappa G, \qquad
    \lambda_a\lambda_b \mathrm{tr}(A Q_a B Q_b) \sim \kappa_a\kappa_b\Big[\mathrm{tr}(A G_a B G_b)
    + \frac{\mathrm{tr}(A G_a\Sigma G_b)\,\mathrm{tr}(B G_a\Sigma G_b)}{n-\mathrm{tr}(\Sigma G_a\Sigma G_b)}\Big].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.equivalents.fixed_point import solve_grid
from solvable.solvers.equivalents.mode_sums import Modes
from solvable.solvers.gridded import gridded
from solvable.solvers.solution import OnFailure, Solution, Status
from solvable.solvers.spectrum import Spectrum, as_spectrum
from solvable.solvers.validate import (
    as_finite,
    as_matrix,
    as_positive,
    as_real,
    broadcast,
    data_eps,
    refuse,
    within_range,
)

__all__ = ["PairSolution", "finish", "resolvent_pair_trace", "resolvent_trace", "solve_pair", "times"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PairSolution:
    """Two effective ridges on one grid, with the factors that second-order equivalents need."""

    n: Array
    kappa_a: Array
    kappa_b: Array
    slack_a: Array  # n - df1 at ridge_a
    slack_b: Array
    gap: Array  # n - sum m g_a g_b
    unlearned: Array  # sum (1 - g_a)(1 - g_b) target_power
    residual: Array
    status: NDArray[np.int8]
    iterations: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the grid."""
        return self.n.shape


def solve_pair(
    spectrum: Spectrum, n: ArrayLike, ridge_a: ArrayLike, ridge_b: ArrayLike, on_failure: OnFailure, what: str
) -> PairSolution:
    """Solve two fixed points; n - sum m g_a g_b = slack_a + sum m g_a (1 - g_b) does not cancel."""
    samples, *ridges = broadcast(
        n=as_positive("n", n), ridge_a=as_real("ridge_a", ridge_a), ridge_b=as_real("ridge_b", ridge_b)
    )
    (a, found_a, samples), (b, found_b, _) = (
        solve_grid(spectrum, samples, ridge, 1e-15, on_failure, what, name)
        for ridge, name in zip(ridges, ("ridge_a", "ridge_b"), strict=True)
    )
    gap, unlearned = _mixed_sums(spectrum, a.kappa, b.kappa)
    shape = samples.shape
    return PairSolution(
        n=samples,
        kappa_a=a.kappa.reshape(shape),
        kappa_b=b.kappa.reshape(shape),
        slack_a=a.sums.slack.reshape(shape),
        slack_b=b.sums.slack.reshape(shape),
        gap=(a.sums.slack + gap).reshape(shape),
        unlearned=unlearned.reshape(shape),
        residual=np.maximum(found_a.residual, found_b.residual),
        status=np.maximum(found_a.status, found_b.status),
        iterations=np.maximum(found_a.iterations, found_b.iterations),
    )


def _mixed_sums(spectrum: Spectrum, kappa_a: Array, kappa_b: Array) -> tuple[Array, Array]:
    """Sums of m g_a (1 - g_b) and of (1 - g_a)(1 - g_b) target_power, 0 without a target."""
    if spectrum.target_power is None:
        sums = Modes.of(spectrum, "m").between(kappa_a, kappa_b, ("m", 1, 0, 0, 1))
        return sums("m", 1, 0, 0, 1), np.zeros(kappa_a.size)
    sums = Modes.of(spectrum, "m", "v").between(kappa_a, kappa_b, ("m", 1, 0, 0, 1), ("v", 0, 1, 0, 1))
    return sums("m", 1, 0, 0, 1), sums("v", 0, 1, 0, 1)


def _eigenbasis(spectrum: Spectrum, eigenvectors: ArrayLike | None) -> Array | None:
    """Orthonormal columns: the eigenvectors, then any basis of the directions without variance."""
    if eigenvectors is None:
        return None
    U = as_matrix("eigenvectors", eigenvectors, (None, spectrum.eigenvalues.size))
    if np.any(spectrum.multiplicities != 1):
        raise refuse(
            "spectrum.multiplicities",
            spectrum.multiplicities,
            "with eigenvectors every mode must have multiplicity 1",
        )
    if not np.allclose(U.T @ U, np.eye(U.shape[1]), atol=max(1e-8, len(U) * data_eps(eigenvectors))):
        raise refuse("eigenvectors", U, "its columns must be orthonormal, one for each of spectrum.eigenvalues")
    return np.hstack([U, np.linalg.qr(U, mode="complete")[0][:, U.shape[1] :]])


def _weights(spectrum: Spectrum, name: str, weights: ArrayLike, basis: Array | None) -> Array:
    """Diagonal weights as a vector over modes; with eigenvectors, the matrix in their basis."""
    size = spectrum.eigenvalues.size
    if basis is None:
        vector = as_finite(name, weights)
        if vector.ndim == 0:
            vector = np.full(size, float(vector))
        if vector.shape != (size,):
            raise refuse(f"{name}.shape", vector.shape, f"without eigenvectors it must be {(size,)}")
        return vector
    d = basis.shape[0]
    rotated = basis.T @ as_matrix(name, weights, (d, d)) @ basis
    # outside the span the resolvent is n/ridge, which would blow rounding up: what is zero there must be exactly zero
    rounding = 8 * d * data_eps(weights) * np.abs(rotated).max()
    beyond = np.arange(d) >= size
    rotated[(beyond[:, None] | beyond) & (np.abs(rotated) <= rounding)] = 0.0
    return np.asarray(rotated)


def _prefactor(n: Array, slack: Array) -> Array:
    """Kappa/lambda = n/(n - df1); infinite where the sample resolvent is (ridge 0, n <= rank)."""
    with np.errstate(divide="ignore"):
        return np.asarray(n / slack)


@gridded("n", "ridge")
@within_range
def resolvent_trace(
    spectrum: Spectrum,
    n: ArrayLike,
    ridge: ArrayLike,
    weights: ArrayLike,
    *,
    eigenvectors: ArrayLike | None = None,
    on_failure: OnFailure = "warn",
) -> Solution:
    r"""Deterministic equivalent of tr(A Q), Q = (X^T X/n + (ridge/n) I)^{-1}.

    The ridge :math:`\delta` is that of :math:`\|y-Xw\|^2+\delta\|w\|^2`, whose fit is :math:`QX^Ty/n`.

    Parameters
    ----------
    spectrum : Spectrum
        Population eigenvalues (zero ones are not part of it).
    n, ridge : array_like
        Samples and un-normalised ridge, broadcast together.
    weights : array_like
        A: its diagonal in the eigenbasis, one entry for each mode (a scalar for a multiple of the identity), or a
        d x d matrix together with `eigenvectors`.
    eigenvectors : array_like, shape (d, modes), optional
        Orthonormal eigenvectors of the covariance, in the order of ``spectrum.eigenvalues``. Directions
        outside their span have eigenvalue 0 and resolvent n/ridge.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the fixed point did not converge.

    Returns
    -------
    Solution
        `value` is the trace. At ridge 0 it is infinite, status ``DIVERGES``, where n <= rank or A reaches outside
        the span of the eigenvectors.

    Raises
    ------
    ValueError
        Shapes that do not match, eigenvectors that are not orthonormal, and as `effective_ridge`.

    Notes
    -----
    What is below rounding in the rows and columns of A outside the span counts as zero: there it meets n/ridge.

    References
    ----------
    bach2024projections

    Examples
    --------
    >>> from solvable.solvers import Spectrum, resolvent_trace
    >>> float(resolvent_trace(Spectrum.isotropic(100), 200, 0.0, 1.0).value)  # 100/(1 - 100/200)
    200.0
    """
    basis = _eigenbasis(as_spectrum(spectrum), eigenvectors)
    A = _weights(spectrum, "weights", weights, basis)
    point, solution, samples = solve_grid(spectrum, n, ridge, 1e-15, on_failure, "resolvent_trace")
    s = spectrum.eigenvalues
    inside = A * spectrum.multiplicities if basis is None else np.diag(A)[: s.size]
    outside = 0.0 if basis is None else float(np.diag(A)[s.size :].sum())
    inner = Modes(s, given=inside / s).at(point.kappa, ("given", 1, 0))("given", 1, 0)  # 1/(s + k) is g/s
    with np.errstate(divide="ignore"):
        if outside:
            inner = inner + outside / point.kappa
    value = times(_prefactor(samples.ravel(), point.sums.slack), inner)
    return finish(value.reshape(samples.shape), solution)


def times(factor: Array | float, value: Array | float) -> Array:
    """Product in which an infinite factor leaves an exact zero alone."""
    with np.errstate(invalid="ignore"):
        return np.where(value == 0, 0.0, factor * value)


def finish(value: Array, found: Solution | PairSolution) -> Solution:
    """Infinite values, and they alone, have status DIVERGES."""
    status = np.where(np.isfinite(value), np.where(found.status == Status.DIVERGES, 0, found.status), Status.DIVERGES)
    fields = np.broadcast_arrays(value, found.residual, status.astype(np.int8), found.iterations)
    value, residual, status, iterations = (np.array(field) for field in fields)
    return Solution(value, residual, status, iterations)


@gridded("n", "ridge_a", "ridge_b")
@within_range
def resolvent_pair_trace(
    spectrum: Spectrum,
    n: ArrayLike,
    ridge_a: ArrayLike,
    ridge_b: ArrayLike,
    weights_a: ArrayLike,
    weights_b: ArrayLike,
    *,
    eigenvectors: ArrayLike | None = None,
    on_failure: OnFailure = "warn",
) -> Solution:
    r"""Deterministic equivalent of tr(A Q_a B Q_b) for two ridges on the same sample.

    Parameters
    ----------
    spectrum : Spectrum
        Population eigenvalues.
    n, ridge_a, ridge_b : array_like
        Samples and un-normalised ridges, broadcast together; equal ridges are the usual case.
    weights_a, weights_b : array_like
        A and B: diagonals in the eigenbasis (a scalar for a multiple of the identity), or d x d matrices together
        with `eigenvectors`.
    eigenvectors : array_like, shape (d, modes), optional
        As in `resolvent_trace`.
    on_failure : {"warn", "raise", "ignore"}
        What to do where a fixed point did not converge.

    Returns
    -------
    Solution
        `value` is the trace; infinite with status ``DIVERGES`` at ridge 0 where n <= rank or A and B meet outside
        the span of the eigenvectors.

    Raises
    ------
    ValueError
        As `resolvent_trace`.

    Notes
    -----
    n - tr(Sigma G_a Sigma G_b) is computed as (n - df1_a) + sum g_a (1 - g_b), which does not cancel.

    References
    ----------
    bach2024projections (the two-ridge form is derived)

    Examples
    --------
    >>> from solvable.solvers import Spectrum, resolvent_pair_trace
    >>> value = resolvent_pair_trace(Spectrum.isotropic(100), 200, 0.0, 0.0, 1.0, 1.0).value
    >>> float(value)  # 100/(1 - 1/2)^3
    800.0
    """
    basis = _eigenbasis(as_spectrum(spectrum), eigenvectors)
    A, B = (_weights(spectrum, *pair, basis) for pair in (("weights_a", weights_a), ("weights_b", weights_b)))
    pair = solve_pair(spectrum, n, ridge_a, ridge_b, on_failure, "resolvent_pair_trace")
    s, m = spectrum.eigenvalues, spectrum.multiplicities
    # tr(A G_a B G_b) = sum_ij G_a,i (A^T o B)_ij G_b,j in the eigenbasis, whatever A and B
    overlap = (m * A * B) if basis is None else A.T * B
    a, b = (m * A, m * B) if basis is None else (np.diag(A)[: s.size], np.diag(B)[: s.size])
    value = np.empty(pair.n.size)
    cells = zip(pair.kappa_a.ravel(), pair.kappa_b.ravel(), pair.gap.ravel(), strict=True)
    with np.errstate(divide="ignore"):
        for cell, (ka, kb, gap) in enumerate(cells):
            ga, gb = 1 / (s + ka), 1 / (s + kb)
            shared = s * ga * gb
            value[cell] = _direct(overlap, ga, gb, ka, kb) + times(1 / gap, (a @ shared) * (b @ shared))
    factor = _prefactor(pair.n, pair.slack_a) * _prefactor(pair.n, pair.slack_b)
    return finish(times(factor, value.reshape(pair.shape)), pair)


def _direct(overlap: Array, ga: Array, gb: Array, ka: float, kb: float) -> float:
    """Sum of G_a,i overlap_ij G_b,j; beyond the modes G is 1/kappa, infinite at kappa = 0 unless overlap vanishes."""
    if overlap.ndim == 1:
        return float(overlap @ (ga * gb))
    size = ga.size
    total = ga @ overlap[:size, :size] @ gb
    for part, factor in (
        (ga @ overlap[:size, size:].sum(axis=1), 1 / kb),
        (overlap[size:, :size].sum(axis=0) @ gb, 1 / ka),
        (overlap[size:, size:].sum(), 1 / (ka * kb)),
    ):
        if part != 0:
            total = total + part * factor
    return float(total)
