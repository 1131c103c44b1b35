r"""Mean-square stability of SGD linearised at an interpolating minimum: exact thresholds and growth rates.

Setting: :math:`\theta_{t+1} = (I - \eta \hat H_t)\theta_t`, :math:`\hat H_t = (1/B)\sum_{i\in batch} H_i`, for losses
:math:`(1/2n)\sum_i r_i^2` that interpolate, so that :math:`H_i = g_i g_i^T`. The second moment evolves by

.. math:: T(M) = M - \eta(HM + MH) + \eta^2\big[c_0 H M H + \tfrac{p}{n}\sum_i H_i M H_i\big],

with c0 = 1 - p, p = (n-B)/(B(n-1)) without replacement, p = 1/B with replacement, and c0 = 1, p = 1/B - 1/n for
Bernoulli(B/n) sampling at fixed normaliser B. T is self-adjoint and maps positive matrices to positive ones, so its
spectral radius is its largest eigenvalue and the top eigenmatrix overlaps with the identity: Lanczos from there
cannot miss it. Stable in mean square iff :math:`\eta\le\eta^*`, :math:`2/\eta^* = \lambda_{max}(C^{-1/2} D C^{-1/2})`,
C = (H.I + I.H)/2 and D the bracket.

In the eigenbasis of H, C and the first two terms are entrywise; only symmetric r x r matrices are formed, r the rank.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import gridded
from solvable.solvers.sgd_stability.hessians import (
    LOSSES,
    Curvature,
    batch_sizes,
    read_curvature,
    sampling_weights,
)
from solvable.solvers.solution import Certificate, OnFailure, Solution, Status, provable, report_failures
from solvable.solvers.validate import as_finite, as_nonnegative, broadcast, within_range

__all__ = ["growth_rate", "stability_threshold"]

Array = NDArray[np.float64]
_EXPLICIT = 2e7  # entries up to which the map M -> (f_i^T M f_i)_i is kept as a matrix
_MAX_STEPS = 400
_STAGNATION = 2e-14


class _Pairs:
    """M -> sum_i H_i M H_i on symmetric matrices, in coordinates (upper triangle, off-diagonal times sqrt 2)."""

    def __init__(self, curvature: Curvature) -> None:
        Z = curvature.factors
        self.rank = r = Z.shape[1]
        self.rows, self.columns = np.triu_indices(r)
        self.weight = np.where(self.rows == self.columns, 1.0, np.sqrt(2.0))
        self.start = np.where(self.rows == self.columns, 1.0, 0.0)  # the identity
        self.factors = Z
        first, second = np.triu_indices(Z.shape[2])
        self.explicit: Array | None = None
        if self.rows.size * Z.shape[0] * first.size <= _EXPLICIT:
            left, right = (
                np.ascontiguousarray(Z.transpose(1, 2, 0)[:, side].reshape(r, -1)) for side in (first, second)
            )
            outer = left[self.rows]
            outer *= right[self.columns]
            if Z.shape[2] > 1:  # symmetric part of z_a z_b^T, sqrt 2 off the diagonal
                outer += right[self.rows] * left[self.columns]
                outer *= np.repeat(np.where(first == second, 0.5, np.sqrt(0.5)), Z.shape[0])
            outer *= self.weight[:, None]
            self.explicit = outer

    def apply(self, vectors: Array) -> Array:
        """Apply to each column."""
        if self.explicit is not None:
            return np.asarray(self.explicit @ (self.explicit.T @ vectors))
        out = np.empty_like(vectors)
        Z = self.factors
        n, r, k = Z.shape
        flat = Z.transpose(1, 0, 2).reshape(r, n * k)
        for j in range(vectors.shape[1]):
            M = np.zeros((r, r))
            M[self.rows, self.columns] = vectors[:, j] / self.weight
            M = M + np.triu(M, 1).T
            half = (M @ flat).reshape(r, n, k).transpose(1, 0, 2)
            inner = np.matmul(Z.transpose(0, 2, 1), half)
            result = np.matmul(Z, inner).transpose(1, 0, 2).reshape(r, n * k) @ flat.T
            out[:, j] = result[self.rows, self.columns] * self.weight
        return out


def _top_eigenvalues(pairs: _Pairs, diagonal: Array, outer: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Largest eigenvalue of diag(diagonal) + weight * outer P outer for every column: value, error estimate, steps."""
    if pairs.explicit is None:
        return _lanczos(pairs, diagonal, outer, weight)
    value, change, spent = _secular(pairs.explicit, pairs.start, diagonal, outer, weight)
    slow = np.flatnonzero(change > _STAGNATION)
    if slow.size:
        value[slow], change[slow], more = _lanczos(pairs, diagonal[:, slow], outer[:, slow], weight[slow])
        spent[slow] += more
    return np.asarray(value), np.asarray(change), np.asarray(spent)


def _secular(
    V: Array, start: Array, diagonal: Array, outer: Array, weight: Array, most: int = 40
) -> tuple[Array, Array, Array]:
    """Dual form: rho > max(diagonal) with lambda_max(K(rho)) = 1, K = weight V^T outer^2/(rho - diagonal) V.

    K is a positive n x n map with a dominant eigenvector, so one power step and one Newton step on 1/lambda (nearly
    linear in rho) are taken together; the Rayleigh quotient's error is the square of the vector's.
    """
    count = diagonal.shape[1]
    rho, change, spent = np.empty(count), np.full(count, np.inf), np.zeros(count, dtype=np.int64)
    index, D, square, low = np.arange(count), diagonal, weight * outer**2, diagonal.max(axis=0)
    x = low + square.max(axis=0) * float(np.max(np.sum(V**2, axis=0)))
    y = V.T @ start
    y = np.repeat((y / np.linalg.norm(y))[:, None], count, axis=1)
    last = np.full(count, np.inf)
    for step in range(1, most + 1):
        u = V @ y
        inverse = np.subtract(x, D)
        np.divide(1.0, inverse, out=inverse)
        scaled = square * inverse
        scaled *= u
        y = V.T @ scaled
        y /= np.linalg.norm(y, axis=0)
        u *= scaled
        level = u.sum(axis=0)
        slope = np.einsum("ij,ij->j", u, inverse)
        new = np.maximum(x + (level**2 - level) / slope, low + 0.05 * (x - low))
        move = np.abs(new - x) / np.maximum(np.abs(new), 1e-300)
        x = new
        done = (move <= _STAGNATION) & (last <= 1e4 * _STAGNATION)  # and not by chance
        last = move
        rho[index], spent[index] = x, step
        change[index[done]] = move[done]
        if done.all():
            break
        if done.mean() > 0.25 or step % 8 == 0:  # leave finished columns behind, but not at every step: it copies
            keep = ~done
            index, D, square, low = index[keep], D[:, keep], square[:, keep], low[keep]
            x, y, last = x[keep], y[:, keep], last[keep]
    return np.asarray(rho), np.asarray(change), np.asarray(spent)


def _lanczos(pairs: _Pairs, diagonal: Array, outer: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Lanczos from the identity on all columns at once.

    No reorthogonalisation: it only repeats converged Ritz values, and only the largest one is read. Ritz values rise
    monotonically; a column is done when eight more steps change its value by rounding only.
    """
    count = diagonal.shape[1]
    value, change, spent = np.zeros(count), np.full(count, np.inf), np.zeros(count, dtype=np.int64)
    q = pairs.start[:, None] * outer
    q = q / np.linalg.norm(q, axis=0)
    previous, beta = np.zeros_like(q), np.zeros(count)
    alphas, betas = np.empty((_MAX_STEPS, count)), np.empty((_MAX_STEPS, count))
    active = np.arange(count)
    for step in range(1, _MAX_STEPS + 1):
        v = diagonal[:, active] * q + weight[active] * (outer[:, active] * pairs.apply(outer[:, active] * q))
        v -= beta * previous
        alpha = np.einsum("ij,ij->j", q, v)
        v -= alpha * q
        beta = np.linalg.norm(v, axis=0)
        alphas[step - 1, active], betas[step - 1, active] = alpha, beta
        spent[active] = step
        exhausted = beta <= 1e-14 * (np.abs(alpha) + weight[active])
        if step % 8 == 0 or exhausted.any():
            for position, j in enumerate(active):
                new = _top_of_tridiagonal(alphas[:step, j], betas[: step - 1, j])
                change[j] = 0.0 if exhausted[position] else abs(new - value[j]) / max(abs(new), 1e-300)
                value[j] = new
            running = change[active] > _STAGNATION
            active, q, v, beta = active[running], q[:, running], v[:, running], beta[running]
            if active.size == 0:
                break
        previous, q = q, v / beta
    return np.asarray(value), np.asarray(change), np.asarray(spent)


def _top_of_tridiagonal(alpha: Array, beta: Array) -> float:
    from scipy.linalg import eigh_tridiagonal

    if alpha.size == 1:
        return float(alpha[0])
    last = alpha.size - 1
    return float(eigh_tridiagonal(alpha, beta, eigvals_only=True, select="i", select_range=(last, last))[0])


@gridded("batch_size")
@within_range
def stability_threshold(
    hessians: ArrayLike,
    batch_size: ArrayLike,
    sampling: str = "without-replacement",
    loss: str = "squared",
    *,
    on_failure: OnFailure = "warn",
    certify: bool = False,
) -> Solution:
    r"""Largest step size at which linearised SGD is mean-square stable: the exact threshold.

    :math:`\eta^* = 2/\lambda_{max}(C^{-1/2} D C^{-1/2})` for :math:`\theta_{t+1} = (I-\eta\hat H_t)\theta_t`;
    the second moment
    :math:`E\|\theta_t\|^2` stays bounded for :math:`\eta<\eta^*` and grows exponentially for :math:`\eta>\eta^*`.

    Parameters
    ----------
    hessians : array_like
        Gradients (n, d) of the model's outputs, with :math:`H_i = g_i g_i^T`; factors (n, d, r), r != d, with
        :math:`H_i = F_i F_i^T`; or Hessians (n, d, d), symmetric positive semi-definite.
    batch_size : array_like
        Whole numbers from 1 to n; any shape.
    sampling : {"without-replacement", "with-replacement", "bernoulli"}
        How batches are drawn. ``bernoulli`` includes each sample with probability B/n and divides by B.
    loss : {"squared", "squared-without-half"}
        :math:`(1/2n)\sum r_i^2` or :math:`(1/n)\sum r_i^2` (Hessians twice as large); full Hessians are
        taken as they are.
    on_failure : {"warn", "raise", "ignore"}
        What to do where Lanczos did not converge.
    certify : bool
        Prove in interval arithmetic (python-flint) that each threshold is right to 1e-12: `certificate` of the solution
        holds the enclosures. Done up to 31 dimensions, for gradients or factors that are independent or span the
        parameters in use, and Hessians with a definite mean.

    Returns
    -------
    Solution
        `value` has the shape of `batch_size`; for deterministic gradients (B = n, not with replacement)
        it is :math:`2/\lambda_{max}(H)` exactly. `residual` is the relative change of the Ritz value
        in the last eight Lanczos steps.

    Raises
    ------
    ValueError
        A batch size outside 1..n, a Hessian with a negative eigenvalue (which is named), Hessians that all vanish.

    Notes
    -----
    Directions outside the range of the mean Hessian never move and are left out. Cost: a few dozen products with the
    n x r matrix of gradients; no d^2 x d^2 matrix is formed.

    References
    ----------
    mulayoff2024exact

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import stability_threshold
    >>> gradients = np.eye(4)  # orthogonal, equal norms: 2/tr(H) at batch size 1, 2/lambda_max = 2n at n
    >>> stability_threshold(gradients, [1, 4]).value
    array([2., 8.])
    """
    curvature = read_curvature(hessians, loss)
    sizes = batch_sizes(curvature, batch_size)
    c0, p = sampling_weights(curvature.n, sizes.ravel(), sampling)
    value = np.full(p.size, 2 / curvature.eigenvalues[0])
    residual, spent = np.zeros(p.size), np.zeros(p.size, dtype=np.int64)
    status = np.zeros(p.size, dtype=np.int8)
    noisy = np.flatnonzero(p > 0)
    if noisy.size:
        pairs = _Pairs(curvature.scaled())
        top = curvature.eigenvalues[0]
        s = curvature.eigenvalues / top
        mean = (s[pairs.rows] + s[pairs.columns]) / 2
        diagonal = (s[pairs.rows] * s[pairs.columns] / mean)[:, None] * c0[noisy]
        outer = np.repeat(1 / np.sqrt(mean)[:, None], noisy.size, axis=1)
        largest, residual[noisy], spent[noisy] = _top_eigenvalues(pairs, diagonal, outer, p[noisy] / curvature.n)
        value[noisy] = 2 / (largest * top)
        status[noisy] = np.where(residual[noisy] <= 1e-9, Status.CONVERGED, Status.MAX_ITERATIONS)
    solution = Solution.shaped(sizes.shape, value, residual, status, spent)
    report_failures(solution, "stability_threshold", on_failure)
    problem = (as_finite("hessians", hessians), sizes, sampling, LOSSES[loss])
    return provable(solution, partial(_certificate, *problem), certify)


def _certificate(hessians: Array, sizes: Array, sampling: str, factor: float, value: Array) -> Certificate:
    from solvable.solvers.certificates.thresholds import certify_threshold

    return certify_threshold(hessians, sizes, sampling, factor, value, "stability_threshold")


@gridded("step_size", "batch_size")
@within_range
def growth_rate(
    step_size: ArrayLike,
    hessians: ArrayLike,
    batch_size: ArrayLike,
    sampling: str = "without-replacement",
    loss: str = "squared",
    *,
    on_failure: OnFailure = "warn",
) -> Solution:
    r"""Factor by which the second moment of linearised SGD grows in a step, in the long run.

    Loss :math:`(1/2n)\sum r_i^2` unless `loss` says otherwise.
    The spectral radius of :math:`T(M) = E[(I-\eta\hat H)M(I-\eta\hat H)]` on the range of the mean Hessian;
    :math:`E\|\theta_t\|^2 \sim \rho^t`, stable iff :math:`\rho \le 1`. Single trajectories grow more slowly:
    :math:`\lim \log\|\theta_t\|^2/t < \log\rho`.

    Parameters
    ----------
    step_size : array_like
        Non-negative; broadcasts with `batch_size`.
    hessians : array_like
        As in `stability_threshold`.
    batch_size : array_like
        Whole numbers from 1 to n.
    sampling : {"without-replacement", "with-replacement", "bernoulli"}
        How batches are drawn.
    loss : {"squared", "squared-without-half"}
        As in `stability_threshold`.
    on_failure : {"warn", "raise", "ignore"}
        What to do where Lanczos did not converge.

    Returns
    -------
    Solution
        `value` is the growth rate on the broadcast grid.

    Raises
    ------
    ValueError
        As `stability_threshold`, or a negative step size.

    References
    ----------
    wu2023implicit, mulayoff2024exact

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import growth_rate
    >>> growth_rate([0.0, 1.0, 3.0], np.eye(2), 2).value  # full batch, H = I/2: (1 - step/2)^2
    array([1.  , 0.25, 0.25])
    """
    curvature = read_curvature(hessians, loss)
    steps, sizes = as_nonnegative("step_size", step_size), batch_sizes(curvature, batch_size)
    steps, sizes = broadcast(step_size=steps, batch_size=sizes)
    c0, p = sampling_weights(curvature.n, sizes.ravel(), sampling)
    pairs = _Pairs(curvature.scaled())
    top = curvature.eigenvalues[0]
    s, eta = curvature.eigenvalues / top, steps.ravel() * top
    a, b = s[pairs.rows][:, None], s[pairs.columns][:, None]
    diagonal = (1 - eta * a) * (1 - eta * b) + eta**2 * (c0 - 1) * a * b
    value, residual = np.empty(p.size), np.zeros(p.size)
    spent, status = np.zeros(p.size, dtype=np.int64), np.zeros(p.size, dtype=np.int8)
    still = (p == 0) | (eta == 0)
    value[still] = diagonal[:, still].max(axis=0) if still.any() else 0.0
    noisy = np.flatnonzero(~still)
    if noisy.size:
        outer = np.ones((pairs.rows.size, noisy.size))
        weight = eta[noisy] ** 2 * p[noisy] / curvature.n
        value[noisy], residual[noisy], spent[noisy] = _top_eigenvalues(pairs, diagonal[:, noisy], outer, weight)
        status[noisy] = np.where(residual[noisy] <= 1e-9, Status.CONVERGED, Status.MAX_ITERATIONS)
    solution = Solution.shaped(steps.shape, value, residual, status, spent)
    report_failures(solution, "growth_rate", on_failure)
    return solution
