r"""Unconstrained features with cross-entropy: the simplex head, and the low-rank codes that beat it when deep.

Logits of the form Z = s G (x) 1^T with a positive semi-definite G whose rows are permutations of each other. Weight
decay on M layers and the features costs :math:`\frac{M+1}2C\|Z\|_{S_p}^p`, p = 2/(M+1),
:math:`C=(\lambda_H\prod\lambda_j)^{1/(M+1)}`, so that each code leaves a problem in the scale s alone.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from solvable.solvers.certificates.scalar_roots import certify_code_scale
from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.neural_collapse.frames import MOST
from solvable.solvers.neural_collapse.minimizer import read_layer_decays
from solvable.solvers.solution import Solution, Status, provable, record
from solvable.solvers.validate import (
    as_choice,
    as_matrix,
    as_positive,
    as_whole,
    broadcast,
    data_eps,
    is_symmetric,
    refuse,
    within_range,
)

__all__ = ["CrossEntropyCode", "code_gram", "cross_entropy_code"]

Array = NDArray[np.float64]
_GRID = np.linspace(-30.0, 12.0, 421)  # of log(scale * largest gap)


@within_range
def code_gram(code: str, classes: int) -> Array:
    r"""Gram matrix of a named code for the classes: simplex, points on a circle, or the axes and their opposites.

    Parameters
    ----------
    code : {"simplex", "circle", "orthoplex"}
        Rank K - 1 with :math:`G=I-\frac1K11^T`; rank 2 with :math:`G_{ij}=\cos(2\pi(i-j)/K)`; rank K/2 with +-1 for
        the same and the opposite axis, K even.
    classes : int
        K >= 2.

    Returns
    -------
    ndarray, shape (K, K)
        The Gram matrix.

    Raises
    ------
    ValueError
        An unknown code, an orthoplex of an odd number of classes, more than 10,000 classes.

    References
    ----------
    garrod2024persistence

    Examples
    --------
    >>> from solvable.solvers import code_gram
    >>> code_gram("circle", 4).round(12)[0] + 0.0
    array([ 1.,  0., -1.,  0.])
    """
    k = as_whole("classes", classes, MOST)
    if k < 2:
        raise refuse("classes", classes, "a code needs at least two")
    as_choice("code", code, ("simplex", "circle", "orthoplex"))
    if code == "simplex":
        return np.eye(k) - 1 / k
    if code == "circle":
        angles = 2 * np.pi / k * np.arange(k)
        return np.asarray(np.cos(angles[:, None] - angles))
    if k % 2:
        raise refuse("classes", classes, "an orthoplex has an even number of vertices")
    return np.asarray(np.kron(np.eye(k // 2), [[1.0, -1.0], [-1.0, 1.0]]))


@record
class CrossEntropyCode(OnGrid, axes={"singular_values": "... mode", "feature_singular_values": "... mode"}):
    """The best scale of one code, over the broadcast grid of the arguments.

    Attributes
    ----------
    scale : ndarray
        s; 0 where zero logits are better than any.
    objective : ndarray
        Value of the loss with its penalties.
    singular_values : ndarray, shape (..., K)
        Of the product of all layers, in the eigenbasis of the code.
    feature_singular_values : ndarray, shape (..., K)
        Lengths of the class-mean features in that basis.
    label : str
        What the value is: a global minimum, or a critical value of one family of codes.
    solution : Solution
        `scale` again with residual, status and iterations.
    """

    scale: Array
    objective: Array
    singular_values: Array
    feature_singular_values: Array
    label: str
    solution: Solution


@gridded("samples", "feature_decay", layer_decays="... layer")
@within_range
def cross_entropy_code(
    classes: int,
    samples: ArrayLike,
    layer_decays: ArrayLike,
    feature_decay: ArrayLike,
    code: str | Array = "simplex",
    *,
    certify: bool = False,
) -> CrossEntropyCode:
    r"""Best scale and objective of a code for unconstrained features under cross-entropy, balanced classes.

    Loss :math:`\frac1N\sum CE(W_M\cdots W_1h)+\sum_j\frac{\lambda_j}2\|W_j\|^2+\frac{\lambda_H}2\|H\|^2`, n samples a
    class, N = Kn; an optimal bias is zero for these codes. For a code G with eigenvalues :math:`g_i`

    .. math:: F(s)=\log\sum_je^{s(G_{1j}-G_{11})}+\frac{M+1}2C\sum_i(s\sqrt n g_i)^{2/(M+1)} .

    One layer: the simplex is the global minimum, :math:`s=\log(1+K(1-c)/c)` for
    :math:`c=K\sqrt{n\lambda_W\lambda_H}<1`, else 0. From two layers on the value is that of a critical point: for
    M >= 3 and weak decay codes of lower rank are better, so the simplex is not the global minimum.

    Parameters
    ----------
    classes : int
        K >= 2.
    samples : array_like
        n, samples a class.
    layer_decays : array_like, shape (..., M)
        Positive; a number means one layer.
    feature_decay : array_like
        Positive.
    code : {"simplex", "circle", "orthoplex"} or ndarray
        A named code, or a Gram matrix (K, K) whose rows are permutations of each other.
    certify : bool
        Prove in interval arithmetic (python-flint) that each scale lies within 1e-12 of a minimum, the only one there:
        `certificate` of the solution holds the enclosures.

    Returns
    -------
    CrossEntropyCode
        Scale, objective, spectra and what the value is.

    Raises
    ------
    ValueError
        Arguments that are not positive, a Gram matrix that is not one or whose rows differ.

    Notes
    -----
    Zero is a local minimum for M >= 2; the other one is the last root of -D'(s) s^{1-p} = const, found on a
    logarithmic grid and bisected to rounding.

    References
    ----------
    zhu2021geometric (one layer), garrod2024persistence (low-rank codes); the scalar problems are derived

    Examples
    --------
    >>> from solvable.solvers import cross_entropy_code
    >>> for code in ("simplex", "circle"):
    ...     print(code, round(float(cross_entropy_code(4, 5, [1e-3] * 3, 1e-4, code).objective), 7))
    simplex 0.0152693
    circle 0.0141037
    """
    k = as_whole("classes", classes, MOST)
    gram = code_gram(code, k) if isinstance(code, str) else as_matrix("code", code, (k, k))
    values = _eigenvalues(gram, data_eps(code) if not isinstance(code, str) else data_eps())
    layers = read_layer_decays(layer_decays)
    depth = layers.shape[-1]
    n, logs, decay = broadcast(
        samples=as_positive("samples", samples),
        layer_decays=np.asarray(np.log(layers).sum(axis=-1)),
        feature_decay=as_positive("feature_decay", feature_decay),
    )
    p = 2 / (depth + 1)
    log_c = (logs + np.log(decay)) / (depth + 1)
    price = (depth + 1) / 2 * np.sum(values**p) * np.exp(log_c + p / 2 * np.log(n))  # of s^p
    gaps = np.sort(gram[0, 0] - gram[0])[1:]
    scale, residual = _largest_root(gaps, np.log(p * price.ravel()), p)
    scale, residual = scale.reshape(n.shape), residual.reshape(n.shape)

    def objective(s: Array) -> Array:
        exponents = np.concatenate([np.zeros((*s.shape, 1)), -s[..., None] * gaps], axis=-1)
        return np.asarray(logsumexp(exponents, axis=-1) + price * s**p)

    scale = np.where(objective(scale) < np.log(k), scale, 0.0)
    root = (scale * np.sqrt(n))[..., None] * values  # singular values of Z
    share = np.exp(log_c - np.log(decay))[..., None]  # features: sqrt(C/lH) times root^{1/(M+1)}
    features = np.sqrt(share) * root ** (1 / (depth + 1)) / np.sqrt(n)[..., None]
    head = np.divide(root / np.sqrt(n)[..., None], features, out=np.zeros_like(root), where=features > 0)
    proved = depth == 1 and np.allclose(gram / gram[0, 0], (np.eye(k) - 1 / k) * k / (k - 1))
    status = np.where(residual <= 1e-8, Status.CONVERGED, Status.MAX_ITERATIONS)
    solution = Solution.shaped(n.shape, scale, residual, status, np.full(n.size, 60))
    flat = np.broadcast_to(layers, (*n.shape, depth)).reshape(-1, depth)
    proof = partial(certify_code_scale, gaps, values, n.ravel(), flat, decay.ravel(), what="cross_entropy_code")
    solution = provable(solution, proof, certify)
    return CrossEntropyCode(
        scale=scale,
        objective=objective(scale),
        singular_values=head,
        feature_singular_values=features,
        label="global minimum" if proved else "critical value of this code, an upper bound on the minimum",
        solution=solution,
    )


def _eigenvalues(gram: Array, unit: float) -> Array:
    """Eigenvalues of a valid code, rounding noise set to zero: its power would not be small."""
    ordered, tolerance = np.sort(gram, axis=1), max(1e-10, len(gram) * unit)
    scale = float(np.abs(gram).max())
    same = np.allclose(ordered, ordered[0], rtol=max(1e-5, tolerance), atol=tolerance * scale)
    if not is_symmetric(gram, unit) or not same:
        raise refuse("code", gram, "it must be a symmetric matrix whose rows are permutations of each other")
    values = np.linalg.eigvalsh(gram)
    if scale == 0 or values[0] < -tolerance * values[-1] or np.ptp(gram[0]) == 0:
        raise refuse("code", gram, "it must be a Gram matrix of at least two different vectors")
    return np.asarray(np.where(values > tolerance * values[-1], values, 0.0)[::-1])


def _log_slope(log_scale: Array, gaps: Array) -> Array:
    """Log of -D'(s), D = log(1 + sum_j e^{-s gap_j})."""
    exponents = -np.exp(log_scale)[..., None] * gaps
    top = logsumexp(exponents + np.log(np.maximum(gaps, 1e-300)), axis=-1)
    return np.asarray(top - np.logaddexp(0.0, logsumexp(exponents, axis=-1)))


def _largest_root(gaps: Array, log_target: Array, p: float) -> tuple[Array, Array]:
    """Last root of log(-D') + (1-p) log s = log_target; 0 where the left side stays below."""
    offset = np.log(gaps.max())
    grid = _GRID - offset
    left = _log_slope(grid, gaps) + (1 - p) * grid
    peak = int(np.argmax(left))
    inside = log_target < left[peak]
    low, high = np.full(log_target.shape, grid[peak]), np.full(log_target.shape, grid[-1])
    for _ in range(60):
        middle = (low + high) / 2
        above = _log_slope(middle, gaps) + (1 - p) * middle > log_target
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    residual = np.abs(_log_slope(low, gaps) + (1 - p) * low - log_target)
    return np.where(inside, np.exp(low), 0.0), np.where(inside, residual, 0.0)
