r"""Risk of trained linear self-attention on prompts of other lengths, tasks and inputs; what random inputs train.

Trained on prompts of length N with inputs :math:`N(0,\Lambda)`, attention predicts
:math:`\hat y=x_q^T\Gamma^{-1}\frac1M\sum_{i\le M}y_ix_i` from any prompt, :math:`\Gamma` of the training: the sums of
squares below follow by Gaussian fourth moments.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.in_context.attention_flow import covariance_modes, gamma_excess, require_full_rank
from solvable.solvers.in_context.in_context import as_prompt_length, as_tasks, square_root
from solvable.solvers.validate import (
    as_covariance,
    as_finite,
    as_matrix,
    as_nonnegative,
    broadcast,
    check_room,
    refuse,
    within_range,
)

__all__ = ["random_covariance_limit", "trained_attention_risk"]

Array = NDArray[np.float64]


@within_range
def trained_attention_risk(
    covariance: ArrayLike,
    n: ArrayLike,
    context: ArrayLike,
    task_weights: ArrayLike | None = None,
    prior: ArrayLike | None = None,
    noise_variance: ArrayLike = 0.0,
    test_covariance: ArrayLike | None = None,
    query_covariance: ArrayLike | None = None,
) -> Array:
    r"""Risk of trained linear attention on a prompt of another length, another task and other inputs.

    .. math:: E(\hat y-y_q)^2 = \sigma^2+b^T\Lambda_qb+\tfrac1M\mathrm{tr}[\Gamma^{-1}\Lambda_q\Gamma^{-1}\Sigma_t],
        \quad b=(I-\Gamma^{-1}\Lambda_t)w, \quad
        \Sigma_t=(w^T\Lambda_tw)\Lambda_t+\Lambda_tww^T\Lambda_t+\sigma^2\Lambda_t

    without a factor one half: :math:`\hat y=x_q^T\Gamma^{-1}\frac1M\sum_{i\le M}y_ix_i`, trained without label noise on
    inputs of :math:`N(0,\Lambda)` in prompts of length N, :math:`\Gamma=\Lambda+(\Lambda+\mathrm{tr}\Lambda\,I)/N`.

    Parameters
    ----------
    covariance : array_like, shape (d, d)
        :math:`\Lambda` of training, positive definite unless n is finite.
    n, context, noise_variance : array_like
        N and M (at least 1, or infinite) and the label noise at test; broadcast together.
    task_weights : array_like, shape (d,), optional
        w of one task.
    prior : array_like, shape (d, d), optional
        :math:`E\,ww^T`, over which the risk is averaged; one of the two is needed.
    test_covariance, query_covariance : array_like, shape (d, d), optional
        :math:`\Lambda_t` of the examples at test (default :math:`\Lambda`), :math:`\Lambda_q` of the query (default
        :math:`\Lambda_t`).

    Returns
    -------
    ndarray
        Noise of the query's label included.

    Raises
    ------
    ValueError
        Lengths below 1, matrices that are not positive semi-definite or of another size, both or none of the tasks.

    Notes
    -----
    A sum of squares; without shift :math:`I-\Gamma^{-1}\Lambda` is computed without a difference. Risk falls as 1/M to
    a floor of order 1/N^2.

    References
    ----------
    zhang2024trained (risk for other input laws derived)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import trained_attention_risk
    >>> trained_attention_risk(np.eye(5), 20, [10, 40, np.inf], prior=np.eye(5)).round(4)
    array([2.0414, 0.7101, 0.2663])
    """
    l, Q = covariance_modes(covariance)
    d = l.size
    roots = Q.T @ as_tasks(task_weights, prior, d)
    samples = as_prompt_length("n", n, infinite=True)
    length, noise = (
        as_prompt_length("context", context, infinite=True),
        as_nonnegative("noise_variance", noise_variance),
    )
    shape = broadcast(n=samples, context=length, noise_variance=noise)[0].shape
    check_room("n.shape", samples.shape, samples.size * d * roots.shape[1])
    check_room("context.shape", shape, float(np.prod(shape, dtype=float)))
    if np.any(np.isinf(samples)):
        require_full_rank(l, Q, "of endless prompts no weights are learned")
    unit = float(l[-1])  # third powers of covariances occur
    l, noise, inverse_context = l / unit, noise / unit, 1 / length
    own = np.diag(l)
    test = own if test_covariance is None else Q.T @ as_covariance("test_covariance", test_covariance, d) @ Q / unit
    query = test
    if query_covariance is not None:
        query = Q.T @ as_covariance("query_covariance", query_covariance, d) @ Q / unit
    excess = gamma_excess(l, samples, np.array(0.0))
    inverse = 1 / (l + excess)
    change = np.zeros((d, d)) if test is own else own - test
    residual = inverse[..., None] * ((excess[..., None] * roots) + change @ roots)
    half = square_root(query)
    floor = np.sum((half.T @ residual) ** 2, axis=(-2, -1))
    shown = test @ roots
    spread = np.sum(shown * roots) * test + shown @ shown.T  # without noise
    variance, noisy = (
        np.einsum("...i,ij,...j->...", inverse, query * part, inverse, optimize=True) for part in (spread, test)
    )
    return np.asarray(unit * (noise + floor + inverse_context * (variance + noise * noisy)))


@within_range
def random_covariance_limit(eigenvalue_moments: ArrayLike, n: ArrayLike) -> Array:
    r"""Attention trained on prompts with diagonal covariances drawn anew: the diagonal of uU that minimises the loss.

    .. math:: (uU)_{ii} = \frac{E\,l_i^2}{E[l_i^2\Gamma_{ii}]}, \qquad \Gamma_{ii}=l_i+\frac1N\Big(l_i+\sum_jl_j\Big)

    for independent eigenvalues and the loss :math:`\tfrac12E(\hat y-w^Tx_q)^2`,
    :math:`\hat y=u\,x_q^TU^T\tfrac1N\sum y_ix_i`. For exponential eigenvalues the diagonal tends to 1/3, so that the
    prediction at :math:`\Lambda=I` is a third of the truth however long the prompts.

    Parameters
    ----------
    eigenvalue_moments : array_like, shape (d, 3)
        :math:`E\,l_i,E\,l_i^2,E\,l_i^3` of each eigenvalue.
    n : array_like
        N, the length of the training prompts, at least 1 or infinite.

    Returns
    -------
    ndarray, shape (..., d)
        One number for each eigenvalue.

    Raises
    ------
    ValueError
        n < 1, moments that no positive variable has.

    References
    ----------
    zhang2024trained (minimiser derived for independent eigenvalues)

    Examples
    --------
    >>> from solvable.solvers import random_covariance_limit
    >>> random_covariance_limit([[1.0, 2.0, 6.0]] * 3, 10).round(6)
    array([0.263158, 0.263158, 0.263158])
    """
    moments = as_matrix("eigenvalue_moments", eigenvalue_moments, (None, 3))
    first, second, third = as_finite("eigenvalue_moments", moments).T
    if np.any(moments <= 0) or np.any(np.diff([first, second / first, third / second], axis=0) < -1e-9 * first):
        raise refuse("eigenvalue_moments", moments, "they must be moments of a variable that is not negative")
    samples = as_prompt_length("n", n, infinite=True)[..., None]
    others = first.sum() - first if len(first) > 1 else np.zeros(1)
    return np.asarray(second / (third + (2 * third + second * others) / samples))
