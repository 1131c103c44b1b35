r"""Linear self-attention trained by gradient flow on linear regression prompts: its path and its limit.

Tokens :math:`(x_i,y_i)`, averaged over the prompt; inputs :math:`N(0,\Lambda)`, tasks N(0, I). On the manifold that
the flow never leaves, :math:`\hat y=u\,x_q^TU^T\frac1N\sum y_ix_i`, and in the eigenbasis of :math:`\Lambda`
(eigenvalues l, :math:`\Gamma` diagonal with g)

.. math::
    \dot U_{ij} = -u^2g_il_il_jU_{ij}+u\,l_i^2\delta_{ij}, \qquad
    \dot u = -u\sum_{ij}g_il_il_jU_{ij}^2+\sum_il_i^2U_{ii},

so that off the diagonal :math:`U_{ij}=U_{ij}(0)e^{-g_il_il_jS}`, :math:`S=\int u^2`: d + 2 equations are integrated.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.in_context.in_context import as_prompt_length
from solvable.solvers.solution import record, warn_caller
from solvable.solvers.validate import (
    as_covariance,
    as_matrix,
    as_nonnegative,
    as_positive,
    as_scalar,
    broadcast,
    check_room,
    refuse,
    within_range,
)

__all__ = [
    "AttentionFlow",
    "attention_flow",
    "attention_limit",
]

Array = NDArray[np.float64]
_MOST_TIMES = 10**6
_RTOL = 2.3e-14  # just above the least that the integrator takes; it leaves errors of about 1e-11


@record
class AttentionFlow(OnGrid, axes={"key_query": "... row column"}):
    """Weights of trained linear attention; leading axes are those of the times, or of n.

    Attributes
    ----------
    key_query : ndarray, shape (..., d, d)
        U, the block of the key-query matrix between inputs.
    value : ndarray
        u, the last entry of the value matrix.
    loss : ndarray
        Half the mean squared distance of the prediction from the noise-free label of the query.
    conserved : ndarray
        u^2 - |U|^2, which gradient flow keeps.
    """

    key_query: Array
    value: Array
    loss: Array
    conserved: Array


def covariance_modes(covariance: ArrayLike) -> tuple[Array, Array]:
    """Eigenvalues, rounding below zero removed, and eigenvectors."""
    sigma = as_covariance("covariance", covariance)
    l, Q = np.linalg.eigh(sigma)
    l = np.where(l > l.size * np.finfo(float).eps * l[-1], l, 0.0)
    return l, Q


def gamma_excess(l: Array, n: Array, noise: Array) -> Array:
    """Eigenvalues of Gamma - Lambda, (Lambda + (tr Lambda + noise) I)/N, over the shape of n and noise."""
    return np.asarray((l + (l.sum() + noise)[..., None]) / n[..., None])


def _loss(l: Array, g: Array, excess: Array, diagonal: Array, off: Array) -> Array:
    """Loss from u times the entries of U; a sum of squares and of positive terms."""
    miss = 0.5 * np.sum(g * l**2 * (diagonal - np.where(l > 0, 1 / g, 0.0)) ** 2, axis=-1)
    rest = 0.5 * np.sum((g * l)[:, None] * l * off**2, axis=(-2, -1))
    return np.asarray(miss + rest + 0.5 * np.sum(l * excess / g, axis=-1))


def require_full_rank(l: Array, Q: Array, why: str = "the flow leaves the start there, no limit") -> None:
    if l[0] <= 0:
        direction = ", ".join(f"{x:.3g}" for x in Q[:4, 0]) + (", ..." if len(Q) > 4 else "")
        raise refuse("covariance", float(l[0]), f"along ({direction}) inputs vanish: {why}")


@gridded("n", "noise_variance")
@within_range
def attention_limit(covariance: ArrayLike, n: ArrayLike, noise_variance: ArrayLike = 0.0) -> AttentionFlow:
    r"""Where gradient flow of linear self-attention ends from a small balanced start.

    .. math:: U = \Gamma^{-1}[\mathrm{tr}\,\Gamma^{-2}]^{-1/4}, \quad u = [\mathrm{tr}\,\Gamma^{-2}]^{1/4}, \quad
        \Gamma = \Lambda+\frac{\Lambda+(\mathrm{tr}\Lambda+\sigma^2)I}{N}

    of the loss :math:`\tfrac12E(\hat y-w^Tx_q)^2`, :math:`\hat y=u\,x_q^TU^T\tfrac1N\sum_iy_ix_i`, w of N(0, I). The
    limit loss :math:`\tfrac12\mathrm{tr}[\Lambda-\Gamma^{-1}\Lambda^2]` is positive.

    Parameters
    ----------
    covariance : array_like, shape (d, d)
        :math:`\Lambda` of the inputs, positive definite.
    n, noise_variance : array_like
        N, the length of the training prompts (n >= 1, or infinite), and label noise in them; broadcast together.

    Returns
    -------
    AttentionFlow
        `key_query` (..., d, d), `value`, `loss`; `conserved` is 0.

    Raises
    ------
    ValueError
        n < 1, a covariance that is not positive semi-definite; one with a zero eigenvalue, the direction named.

    Notes
    -----
    The condition is that of the covariance. N in :math:`\Gamma` is the length of the training prompts, whatever the
    length of the prompt at test.

    References
    ----------
    zhang2024trained (noise in the training labels derived)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import attention_limit
    >>> limit = attention_limit(np.diag([2.0, 1.0, 0.5]), 8)
    >>> np.diag(limit.key_query).round(8), float(limit.value.round(12))
    (array([0.33358388, 0.57376427, 0.89650668]), 1.115440660754)
    """
    l, Q = covariance_modes(covariance)
    require_full_rank(l, Q)
    samples, noise = broadcast(
        n=as_prompt_length("n", n, infinite=True), noise_variance=as_nonnegative("noise_variance", noise_variance)
    )
    check_room("n.shape", samples.shape, samples.size * l.size**2)
    excess = gamma_excess(l, samples, noise)
    g = l + excess
    least = g.min(axis=-1, keepdims=True)
    strength = np.sum((least / g) ** 2, axis=-1, keepdims=True) ** 0.25 / np.sqrt(least)  # [tr Gamma^-2]^(1/4)
    U = (Q * (1 / (g * strength))[..., None, :]) @ Q.T
    loss = 0.5 * np.sum(l * (excess / g), axis=-1)
    return AttentionFlow(np.asarray(U), np.asarray(strength[..., 0]), np.asarray(loss), np.zeros(samples.shape))


def _read_start(start: ArrayLike | None, Q: Array) -> Array:
    """Theta Theta^T of Frobenius norm one, in the eigenbasis."""
    d = len(Q)
    if start is None:
        return np.eye(d) / np.sqrt(d)
    theta = as_matrix("start", start, (d, None))
    theta = theta / np.abs(theta).max(initial=0.0) if np.any(theta) else theta
    moment = Q.T @ theta
    moment = moment @ moment.T
    size = float(np.linalg.norm(moment))
    if size == 0:
        raise refuse("start", 0.0, "the start must not be 0, where the gradient vanishes")
    return np.asarray(moment / size)


def _integrate(l: Array, g: Array, diagonal: Array, off: Array, scale: float, times: Array) -> tuple[Array, ...]:
    """Diagonal of U, u and S = int u^2 at rising times; l, g and the start in units where the largest l is 1."""
    from scipy.integrate import solve_ivp

    d = l.size
    coupling = (g * l)[:, None] * l * (scale * off) ** 2

    def right(_: float, state: Array) -> Array:
        U, u, S = state[:d], state[d], state[d + 1]
        decayed = np.sum(coupling * np.exp(-2 * (g * l)[:, None] * l * S)) if np.any(off) else 0.0
        slope = l**2 * (1 - u * g * U)
        return np.concatenate([u * slope, [U @ slope - u * decayed, u * u]])

    begin = np.concatenate([scale * diagonal, [scale, 0.0]])
    if times.size == 0 or times[-1] == 0:
        return tuple(np.repeat(begin[None], times.size, axis=0).T[part] for part in (slice(d), d, d + 1))
    solved = solve_ivp(right, (0.0, times[-1]), begin, "LSODA", times, rtol=_RTOL, atol=1e-16 * min(scale, 1.0))
    if not solved.success:
        raise ArithmeticError(f"The flow could not be integrated to time {times[-1]:.3g} in units of its fastest mode.")
    return solved.y[:d], solved.y[d], solved.y[d + 1]


@gridded("times")
@within_range
def attention_flow(
    covariance: ArrayLike,
    n: float,
    start_scale: float,
    times: ArrayLike,
    start: ArrayLike | None = None,
    noise_variance: float = 0.0,
) -> AttentionFlow:
    r"""Gradient flow of one layer of linear self-attention, exactly, on the weights that it moves.

    .. math:: L = \tfrac12E(\hat y-w^Tx_q)^2, \qquad \hat y = u\,x_q^TU^T\tfrac1N\textstyle\sum_{i\le N}y_ix_i

    .. math:: \dot U = -u^2\Gamma\Lambda U\Lambda+u\Lambda^2, \qquad
        \dot u = -\mathrm{tr}[u\,\Gamma\Lambda U\Lambda U^T-\Lambda^2U^T], \qquad
        \Gamma = \Lambda+\frac{\Lambda+(\mathrm{tr}\Lambda+\sigma^2)I}{N}

    from :math:`U=\sigma_0\Theta\Theta^T`, :math:`u=\sigma_0`, with :math:`\|\Theta\Theta^T\|_F=1`. All other blocks of
    the key-query and value matrices start at 0 and stay there. u = U = 0 is a saddle: small starts leave it late.

    Parameters
    ----------
    covariance : array_like, shape (d, d)
        :math:`\Lambda` of the inputs.
    n : float
        N, the length of the training prompts, at least 1.
    start_scale : float
        :math:`\sigma_0`.
    times : array_like
        Times from 0 on, of any shape and order; infinity is the limit.
    start : array_like, shape (d, k), optional
        :math:`\Theta`, scaled to :math:`\|\Theta\Theta^T\|_F=1`; by default :math:`d^{-1/4}I`.
    noise_variance : float
        Of the labels in the training prompts.

    Returns
    -------
    AttentionFlow
        Leading axes are those of `times`.

    Raises
    ------
    ValueError
        n < 1, negative times, a start that is 0 or no positive number, and what `attention_limit` refuses if a time is
        infinite.
    ArithmeticError
        The integrator could not reach the last time.

    Warns
    -----
    UserWarning
        :math:`\sigma_0^2\ge2/(\sqrt d\,\|\Gamma\|)`, where convergence to the limit is not proved.

    Notes
    -----
    Adaptive integration (LSODA) leaves errors of about 1e-11; the drift of `conserved` measures its error. Times are
    in units of the inverse square of the covariance.

    References
    ----------
    zhang2024trained (condition on the start as recalled; noise in the training labels derived)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import attention_flow
    >>> flow = attention_flow(np.diag([2.0, 1.0, 0.5]), 8, 0.3, [0.0, 1.0, np.inf])
    >>> flow.loss.round(4), bool(np.abs(flow.conserved).max() < 1e-10)
    (array([1.4942, 0.6694, 0.5608]), True)
    """
    l, Q = covariance_modes(covariance)
    samples = as_prompt_length("n", as_scalar("n", n))
    noise = np.array(as_scalar("noise_variance", noise_variance, as_nonnegative))
    scale = as_scalar("start_scale", start_scale, as_positive)
    clock = as_nonnegative("times", times, infinite=True)
    check_room("times.size", clock.size, clock.size * l.size**2)
    if clock.size > _MOST_TIMES:
        raise refuse("times.size", clock.size, f"at most {_MOST_TIMES:,} times are kept")
    moment = _read_start(start, Q)
    unit = float(l[-1])  # U, u scale as unit^-1/2, times as unit^-2
    excess = gamma_excess(l / unit, samples, noise / unit)
    ll, g = l / unit, l / unit + excess
    if unit * scale**2 * float(g.max()) * np.sqrt(l.size) >= 2:
        warn_caller(
            f"start_scale = {scale:.3g} is at or above sqrt(2/(sqrt(d) |Gamma|)): convergence is not proved.",
            UserWarning,
        )
    diagonal, off = np.diag(moment), moment - np.diag(np.diag(moment))
    finite = np.isfinite(clock)
    order, back = np.unique(clock[finite] * unit**2, return_inverse=True)
    start_unit = scale * np.sqrt(unit)
    D, u, S = _integrate(ll, g, diagonal, off, start_unit, order)
    O = start_unit * off * np.exp(-(g * ll)[:, None] * ll * S[:, None, None])
    U, value = np.empty((*clock.shape, l.size, l.size)), np.empty(clock.shape)
    loss, conserved = np.empty(clock.shape), np.empty(clock.shape)
    back = back.reshape(-1)
    W = O + D.T[:, :, None] * np.eye(l.size)
    U[finite] = (Q @ W @ Q.T)[back] / np.sqrt(unit)
    value[finite] = u[back] / np.sqrt(unit)
    loss[finite] = unit * _loss(ll, g, excess, (u * D).T, u[:, None, None] * O)[back]
    conserved[finite] = (u**2 - np.sum(W**2, axis=(-2, -1)))[back] / unit
    if not finite.all():
        limit = attention_limit(covariance, float(samples), float(noise))
        for array, end in ((U, limit.key_query), (value, limit.value), (loss, limit.loss), (conserved, 0.0)):
            array[~finite] = end
    return AttentionFlow(U, value, loss, conserved)
