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

from solvable.solvers.fixed_point import solve_grid
from solvable.solvers.solution import OnFailure, Solution, Status
from solvable.solvers.spectrum import Spectrum
from solvable.solvers.validate import as_finite, as_matrix, refuse

__all__ = ["PairSolution", "resolvent_pair_trace", "resolvent_trace", "solve_pair"]

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
    unlearned_a: Array  # (cells, modes): 1 - g
    unlearned_b: Array
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
    try:
        grid = np.broadcast_arrays(n, ridge_a, ridge_b)
    except ValueError:
        shapes = tuple(np.shape(x) for x in (n, ridge_a, ridge_b))
        raise refuse("n.shape, ridge_a.shape, ridge_b.shape", shapes, "they must broadcast together") from None
    (a, found_a, samples), (b, found_b, _) = (
        solve_grid(spectrum, grid[0], ridge, 1e-15, on_failure, what) for ridge in grid[1:]
    )
    s, m = spectrum.eigenvalues, spectrum.multiplicities
    ca, cb = (_unlearned(s, x.kappa) for x in (a, b))
    gap = a.sums.slack + ((1 - ca) * cb) @ m
    shape = samples.shape
    return PairSolution(
        n=samples,
        kappa_a=a.kappa.reshape(shape),
        kappa_b=b.kappa.reshape(shape),
        slack_a=a.sums.slack.reshape(shape),
        slack_b=b.sums.slack.reshape(shape),
        gap=gap.reshape(shape),
        unlearned_a=ca,
        unlearned_b=cb,
        residual=np.maximum(found_a.residual, found_b.residual),
        status=np.maximum(found_a.status, found_b.status),
        iterations=np.maximum(found_a.iterations, found_b.iterations),
    )


def _unlearned(s: Array, kappa: Array) -> Array:
    k = kappa[:, None]
    return np.where(np.isinf(k), 1.0, k / (s + k))


def _weights(spectrum: Spectrum, name: str, weights: ArrayLike, eigenvectors: Array | None) -> Array:
    """Diagonal weights as a vector over modes; with eigenvectors, the matrix as it is."""
    if eigenvectors is None:
        vector = as_finite(name, weights)
        if vector.ndim == 0:
            vector = np.full(spectrum.eigenvalues.shape, float(vector))
        if vector.shape != spectrum.eigenvalues.shape:
            raise refuse(f"{name}.shape", vector.shape, f"without eigenvectors it must be {spectrum.eigenvalues.shape}")
        return vector
    d = eigenvectors.shape[0]
    return as_matrix(name, weights, (d, d))


def _eigenvectors(spectrum: Spectrum, eigenvectors: ArrayLike | None) -> Array | None:
    if eigenvectors is None:
        return None
    U = as_matrix("eigenvectors", eigenvectors, (None, spectrum.eigenvalues.size))
    if np.any(spectrum.multiplicities != 1):
        raise refuse(
            "spectrum.multiplicities",
            spectrum.multiplicities,
            "with eigenvectors every mode must have multiplicity 1",
        )
    if not np.allclose(U.T @ U, np.eye(U.shape[1]), atol=1e-8):
        raise refuse("eigenvectors", U, "its columns must be orthonormal, one for each of spectrum.eigenvalues")
    return U


def _prefactor(n: Array, slack: Array) -> Array:
    """Kappa/lambda = n/(n - df1); infinite where the sample resolvent is (ridge 0, n <= rank)."""
    with np.errstate(divide="ignore"):
        return np.asarray(n / slack)


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

    Parameters
    ----------
    spectrum : Spectrum
        Population eigenvalues (zero ones are not part of it).
    n, ridge : array_like
        Samples and un-normalised ridge, broadcast together.
    weights : array_like
        A: its diagonal in the eigenbasis, one entry a mode (a scalar for a multiple of the identity), or a
        d x d matrix together with `eigenvectors`.
    eigenvectors : array_like, shape (d, modes), optional
        Orthonormal eigenvectors of the covariance, in the order of ``spectrum.eigenvalues``. Directions
        outside their span have eigenvalue 0 and resolvent n/ridge.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the fixed point did not converge.

    Returns
    -------
    Solution
        `value` is the trace. At ridge 0 with n <= rank it is infinite, status ``DIVERGES``.

    Raises
    ------
    ValueError
        Shapes that do not match, eigenvectors that are not orthonormal, and as `effective_ridge`.

    References
    ----------
    bach2024projections

    Examples
    --------
    >>> from solvable.solvers import Spectrum, resolvent_trace
    >>> float(resolvent_trace(Spectrum.isotropic(100), 200, 0.0, 1.0).value)  # 100/(1 - 100/200)
    200.0
    """
    U = _eigenvectors(spectrum, eigenvectors)
    A = _weights(spectrum, "weights", weights, U)
    point, solution, samples = solve_grid(spectrum, n, ridge, 1e-15, on_failure, "resolvent_trace")
    s = spectrum.eigenvalues
    diagonal = A * spectrum.multiplicities if U is None else np.einsum("dm,de,em->m", U, A, U, optimize=True)
    outside = 0.0 if U is None else float(np.trace(A) - diagonal.sum())
    kappa, slack = point.kappa, point.sums.slack
    factor = _prefactor(samples.ravel(), slack)
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = np.array([diagonal @ (1 / (s + k)) for k in kappa])
        value = np.where(inner == 0, 0.0, factor * inner)
        if U is not None and U.shape[0] > U.shape[1] and outside != 0:
            value = value + outside * factor / kappa
    return _finish(value.reshape(samples.shape), solution)


def _finish(value: Array, found: Solution | PairSolution) -> Solution:
    status = np.where(np.isfinite(value), np.where(found.status == Status.DIVERGES, 0, found.status), Status.DIVERGES)
    return Solution(np.where(np.isnan(value), np.inf, value), found.residual, status.astype(np.int8), found.iterations)


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
        `value` is the trace; infinite with status ``DIVERGES`` at ridge 0 with n <= rank.

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
    U = _eigenvectors(spectrum, eigenvectors)
    A, B = _weights(spectrum, "weights_a", weights_a, U), _weights(spectrum, "weights_b", weights_b, U)
    pair = solve_pair(spectrum, n, ridge_a, ridge_b, on_failure, "resolvent_pair_trace")
    s, m = spectrum.eigenvalues, spectrum.multiplicities
    value = np.empty(pair.n.size)
    cells = zip(pair.kappa_a.ravel(), pair.kappa_b.ravel(), pair.gap.ravel(), strict=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        for cell, (ka, kb, gap) in enumerate(cells):
            ga, gb = 1 / (s + ka), 1 / (s + kb)
            if U is None:
                direct = float((m * A) @ (B * ga * gb))
                left, right = float((m * A) @ (s * ga * gb)), float((m * B) @ (s * ga * gb))
            else:
                Ga, Gb = _full(U, ga, ka), _full(U, gb, kb)
                mixed = (U * (s * ga * gb)) @ U.T
                direct = float(np.sum((A @ Ga) * (B @ Gb).T))
                left, right = float(np.sum(A * mixed)), float(np.sum(B * mixed))
            value[cell] = direct + left * right / gap
        factor = _prefactor(pair.n, pair.slack_a) * _prefactor(pair.n, pair.slack_b)
        result = np.where(value.reshape(pair.shape) == 0, 0.0, factor * value.reshape(pair.shape))
    return _finish(result, pair)


def _full(U: Array, inside: Array, kappa: float) -> Array:
    """(Sigma + kappa)^{-1} as a matrix, 1/kappa outside the span of the eigenvectors."""
    G = (U * inside) @ U.T
    if U.shape[0] > U.shape[1]:
        G += (np.eye(U.shape[0]) - U @ U.T) / kappa
    return np.asarray(G)
