r"""Attention with random heads: the kernel of infinitely many, and features of finitely many.

A query :math:`x_0` and N keys :math:`x_i` on the unit sphere, :math:`\tilde x=(x,1)`. Head W weighs the key i by
:math:`\sigma(\tilde x_0^TW\tilde x_i)`; with entries of W of variance 1/4 this is :math:`\sigma` of a Gaussian of
variance one, and

.. math::
    K(x,x')=\frac1{NN'}\sum_{ij}\kappa(\mu_i,\mu'_j,\rho_{ij})\,\tilde x_i^T\tilde x'_j, \qquad
    \rho_{ij}=\tfrac14(1+x_0^Tx'_0)(1+x_i^Tx'_j).

For ReLU :math:`\kappa=E(\mu+g)_+(\mu'+g')_+` has the second derivative :math:`\varphi_2(\mu,\mu';\rho)` in
:math:`\rho`, the bivariate density; integrated twice, with t = arcsin of the correlation,

.. math:: \kappa = a\,a'+\Phi(\mu)\Phi(\mu')\rho+\frac1{2\pi}\int_0^{\arcsin\rho}(\rho-\sin t)
    \exp\Big(-\frac{\mu^2-2\mu\mu'\sin t+\mu'^2}{2\cos^2t}\Big)dt, \qquad a=\mu\Phi(\mu)+\varphi(\mu),

which is a sum of positive terms for :math:`\rho\ge0` and needs no special case at 1.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.compiled import njit
from solvable.solvers.validate import (
    as_choice,
    as_finite,
    as_generator,
    as_whole,
    broadcast,
    check_room,
    data_eps,
    refuse,
    within_range,
)

__all__ = ["attention_kernel", "bivariate_relu", "random_attention_features", "vector_kernel"]

Array = NDArray[np.float64]
_WEIGHTS, _ACTIVATIONS = ("centred", "biased"), ("relu", "exp")
# correlation up to which a Gauss-Legendre rule of so many nodes is exact to rounding, measured for means up to 3; in
# the tails of larger ones the sum is all there is of the answer, and they take the last rule
_REACH, _SIZES = np.array([0.15, 0.45, 0.7, 0.88, 0.96, 1.0]), np.array([6, 8, 12, 20, 32, 128])
_RULES = [np.polynomial.legendre.leggauss(int(size)) for size in _SIZES]
_NODES = np.concatenate([(x + 1) / 2 for x, _ in _RULES])
_WEIGHT = np.concatenate([w / 2 for _, w in _RULES])
_FIRST = np.concatenate([[0], np.cumsum(_SIZES)])


@njit(inner=True)
def _normal(m):  # type: ignore[no-untyped-def]
    """Distribution function and E(m + g)_+."""
    if m < -3.0:  # by the continued fraction of Mills' ratio 1/(K - m): the difference below cancels
        K = 0.0
        for k in range(40, 0, -1):
            K = k / (K - m)
        below = math.exp(-0.5 * m * m) / math.sqrt(2 * math.pi) / (K - m)
        return below, below * K
    below = 0.5 * math.erfc(-m / math.sqrt(2.0))
    return below, m * below + math.exp(-0.5 * m * m) / math.sqrt(2 * math.pi)


@njit(inner=True)
def _relu_pair(m1, m2, r, p1, a1, p2, a2, nodes, weight, first, reach):  # type: ignore[no-untyped-def]
    """E(m1 + g1)_+ (m2 + g2)_+ at correlation r, from the values of `_normal`."""
    rule = 0
    while rule < len(reach) - 1 and (abs(r) > reach[rule] or max(abs(m1), abs(m2)) > 3.0):
        rule += 1
    top, gap, product, total = math.asin(r), 0.5 * (m1 - m2) ** 2, m1 * m2, 0.0
    for k in range(first[rule], first[rule + 1]):
        s = math.sin(top * nodes[k])
        if abs(s) < 1.0:  # at the end the factor r - s is 0
            total += weight[k] * (r - s) * math.exp(-(gap / (1 - s) + product) / (1 + s))
    return max(a1 * a2 + p1 * p2 * r + top * total / (2 * math.pi), 0.0)


@njit(cache=True)
def _relu_pairs(m1, m2, r, out, nodes, weight, first, reach):  # type: ignore[no-untyped-def]
    for i in range(len(r)):
        p1, a1 = _normal(m1[i])
        p2, a2 = _normal(m2[i])
        out[i] = _relu_pair(m1[i], m2[i], r[i], p1, a1, p2, a2, nodes, weight, first, reach)


@njit(cache=True)
def _fill_kernel(q, k, mean, q2, k2, mean2, same, kind, out, nodes, weight, first, reach):  # type: ignore[no-untyped-def]
    """Kernel between prompts; kind 0: centred ReLU, 1: ReLU, 2: exponential. Where `same`, the lower half mirrored."""
    n, N, d = k.shape
    m, N2 = k2.shape[:2]
    p, a = np.empty((n, N)), np.empty((n, N))
    p2, a2 = np.empty((m, N2)), np.empty((m, N2))
    for i in range(n):
        for s in range(N):
            p[i, s], a[i, s] = _normal(mean[i, s])
    for i in range(m):
        for s in range(N2):
            p2[i, s], a2[i, s] = _normal(mean2[i, s])
    for i in range(n):
        for j in range(i + 1 if same else m):
            base = 1.0
            for c in range(d):
                base += q[i, c] * q2[j, c]
            total = 0.0
            for s in range(N):
                for t in range(N2):
                    inner = 1.0
                    for c in range(d):
                        inner += k[i, s, c] * k2[j, t, c]
                    r = min(max(0.25 * base * inner, -1.0), 1.0)
                    if kind == 0:
                        value = (math.sqrt(1 - r * r) + (math.pi - math.acos(r)) * r) / (2 * math.pi)
                    elif kind == 1:
                        value = _relu_pair(mean[i, s], mean2[j, t], r, p[i, s], a[i, s], p2[j, t], a2[j, t], nodes,
                                           weight, first, reach)  # fmt: skip
                    else:
                        value = math.exp(mean[i, s] + mean2[j, t] + 1 + r)
                    total += value * inner
            out[i, j] = total / (N * N2)
            if same:
                out[j, i] = out[i, j]


def _read_rows(name: str, value: ArrayLike, ndim: int) -> Array:
    rows = as_finite(name, value)
    if rows.ndim != ndim or 0 in rows.shape:
        shape = "(n, d)" if ndim == 2 else "(n, N, d)"
        raise refuse(f"{name}.shape", rows.shape, f"it must be {shape}, not empty")
    lengths = np.linalg.norm(rows, axis=-1)
    off = np.abs(lengths - 1) > max(1e-9, 8 * data_eps(value))
    if off.any():
        index = tuple(int(i) for i in np.argwhere(off)[0])
        raise refuse(f"|{name}[{', '.join(map(str, index))}]|", float(lengths[index]), "rows must be of length one")
    return np.ascontiguousarray(rows)


def _read_prompts(queries: ArrayLike, keys: ArrayLike, suffix: str = "") -> tuple[Array, Array]:
    q, k = _read_rows(f"queries{suffix}", queries, 2), _read_rows(f"keys{suffix}", keys, 3)
    if q.shape != (k.shape[0], k.shape[2]):
        raise refuse(f"queries{suffix}.shape", q.shape, f"it must be {(k.shape[0], k.shape[2])}, one for each prompt")
    return q, k


def _read_pair(
    queries: ArrayLike, keys: ArrayLike, queries2: ArrayLike | None, keys2: ArrayLike | None
) -> tuple[Array, Array, Array, Array, bool]:
    q, k = _read_prompts(queries, keys)
    if (queries2 is None) != (keys2 is None):
        raise refuse("queries2", queries2, "give both queries2 and keys2, or neither")
    if queries2 is None or keys2 is None:
        return q, k, q, k, True
    q2, k2 = _read_prompts(queries2, keys2, "2")
    if q2.shape[1] != q.shape[1]:
        raise refuse("queries2.shape", q2.shape, f"its rows must have {q.shape[1]} entries")
    return q, k, q2, k2, False


@within_range
def bivariate_relu(m1: ArrayLike, m2: ArrayLike, r: ArrayLike) -> Array:
    r"""Expectation of a product of ReLUs of two Gaussians with means, :math:`E(m_1+g_1)_+(m_2+g_2)_+`.

    .. math:: (m_1m_2+r)\Phi_2+m_2\varphi(m_1)\Phi\Big(\frac{m_2-rm_1}D\Big)
        +m_1\varphi(m_2)\Phi\Big(\frac{m_1-rm_2}D\Big)+D^2\varphi_2, \qquad D=\sqrt{1-r^2}

    for unit variances and correlation r, computed from its second derivative in r, the bivariate density
    :math:`\varphi_2`. With both means 0: :math:`[\sqrt{1-r^2}+(\pi-\arccos r)r]/2\pi`.

    Parameters
    ----------
    m1, m2 : array_like
        Means.
    r : array_like
        Correlation in [-1, 1]; all broadcast.

    Returns
    -------
    ndarray

    Raises
    ------
    ValueError
        A correlation outside [-1, 1].

    Notes
    -----
    Gauss-Legendre rules of 6 to 128 nodes by the size of r and the means. Relative errors where r >= 0: 1e-14 for means
    up to 3, 1e-13 in the tails up to 35 and within 1e-6 of r = 1; for negative r they are relative to
    :math:`E(m_1+g)_+E(m_2+g)_+`, from which it subtracts.

    References
    ----------
    fu2023what (the expectation that its kernel needs; the quadrature is derived)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import bivariate_relu
    >>> bivariate_relu([0.0, 0.5, 1.0], [0.0, -0.4, 1.0], [1.0, 0.6, 0.9]).round(6)
    array([0.5     , 0.32647 , 1.843404])
    """
    first, second, correlation = broadcast(m1=as_finite("m1", m1), m2=as_finite("m2", m2), r=as_finite("r", r))
    if np.any(np.abs(correlation) > 1):
        raise refuse("r", correlation, "a correlation lies in [-1, 1]")
    if np.any(np.maximum(np.abs(first), np.abs(second)) > 1e150):
        raise refuse("m1", first, "means beyond 1e150 lead beyond the range of doubles")
    out = np.empty(correlation.size)
    flat = (np.ascontiguousarray(part.ravel()) for part in (first, second, correlation))
    _relu_pairs(*flat, out, _NODES, _WEIGHT, _FIRST, _REACH)
    return out.reshape(correlation.shape)


@within_range
def attention_kernel(
    queries: ArrayLike,
    keys: ArrayLike,
    queries2: ArrayLike | None = None,
    keys2: ArrayLike | None = None,
    weights: str = "centred",
    activation: str = "relu",
) -> Array:
    r"""Kernel of attention with infinitely many random heads and trained values.

    .. math:: K(x,x')=\frac1{NN'}\sum_{ij}E[\sigma(\mu_i+g)\,\sigma(\mu'_j+g')]\,\tilde x_i^T\tilde x'_j, \qquad
        \mathrm{corr}(g,g')=\tfrac14(1+x_0^Tx'_0)(1+x_i^Tx'_j)

    with :math:`\tilde x=(x,1)`, keys :math:`x_i` of the query :math:`x_0`; :math:`\mu_i=0` for centred heads and
    :math:`x_0^Tx_i` for biased ones, which start from a head that compares query and key.

    Parameters
    ----------
    queries : array_like, shape (n, d)
        Rows of length one.
    keys : array_like, shape (n, N, d)
        N keys for each query, rows of length one.
    queries2, keys2 : array_like, shape (m, d), (m, N', d), optional
        The other prompts; by default the same.
    weights : {"centred", "biased"}
        Law of the heads: entries of variance 1/4, around 0 or around diag(1, ..., 1, 0).
    activation : {"relu", "exp"}
        :math:`\sigma`.

    Returns
    -------
    ndarray, shape (n, m)

    Raises
    ------
    ValueError
        Rows that are not of length one, shapes that do not match.

    Notes
    -----
    The order of the keys does not matter. Cost n m N N' pairs, half of it where both sets are the same; about 20 ns a
    pair for centred ReLU, 100 to 150 ns for biased.

    References
    ----------
    fu2023what (the laws of the heads as recalled; kernel and exponential activation derived)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import attention_kernel
    >>> E = np.eye(3)
    >>> attention_kernel(E[:2], [E[1:], E[:2]], weights="biased").round(4)
    array([[0.6522, 0.5757],
           [0.5757, 1.5396]])
    """
    as_choice("weights", weights, _WEIGHTS)
    as_choice("activation", activation, _ACTIVATIONS)
    q, k, q2, k2, same = _read_pair(queries, keys, queries2, keys2)
    check_room("queries.shape", q.shape, len(q) * len(q2))
    mean, mean2 = (np.zeros(part.shape[:2]) for part in (k, k2))
    if weights == "biased":
        mean, mean2 = np.einsum("nd,nkd->nk", q, k), np.einsum("nd,nkd->nk", q2, k2)
    kind = 2 if activation == "exp" else int(weights == "biased")
    out = np.empty((len(q), len(q2)))
    _fill_kernel(q, k, mean, q2, k2, mean2, same, kind, out, _NODES, _WEIGHT, _FIRST, _REACH)
    return out


@within_range
def vector_kernel(
    queries: ArrayLike, keys: ArrayLike, queries2: ArrayLike | None = None, keys2: ArrayLike | None = None
) -> Array:
    r"""Kernel of a wide ReLU layer that reads query and keys as one vector: what attention is compared with.

    .. math:: K=\frac{\sqrt{1-r^2}+(\pi-\arccos r)\,r}{2\pi}, \qquad r=\frac{1+\sum_{i=0}^Nx_i^Tx'_i}{N+2}

    Parameters
    ----------
    queries, keys, queries2, keys2 : array_like
        As for `attention_kernel`, with as many keys in both sets. The order of the keys matters.

    Returns
    -------
    ndarray, shape (n, m)

    Raises
    ------
    ValueError
        As `attention_kernel`; sets with different numbers of keys.

    References
    ----------
    fu2023what (the comparison), cho2009kernel (the kernel)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import vector_kernel
    >>> E = np.eye(3)
    >>> vector_kernel(E[:2], [E[1:], E[:2]]).round(4)
    array([[0.5   , 0.2267],
           [0.2267, 0.5   ]])
    """
    q, k, q2, k2, _ = _read_pair(queries, keys, queries2, keys2)
    if k2.shape[1] != k.shape[1]:
        raise refuse("keys2.shape", k2.shape, f"it must hold {k.shape[1]} keys for each query")
    check_room("queries.shape", q.shape, len(q) * len(q2))
    both = [np.concatenate([one, many.reshape(len(one), -1)], axis=1) for one, many in ((q, k), (q2, k2))]
    r = np.minimum((1 + both[0] @ both[1].T) / (k.shape[1] + 2), 1.0)
    return np.asarray((np.sqrt((1 - r) * (1 + r)) + (np.pi - np.arccos(r)) * r) / (2 * np.pi))


@within_range
def random_attention_features(
    queries: ArrayLike,
    keys: ArrayLike,
    heads: int,
    rng: np.random.Generator | int,
    weights: str = "centred",
    activation: str = "relu",
) -> Array:
    r"""Features of attention with M frozen random heads, whose inner products tend to `attention_kernel`.

    .. math:: \phi_m=\frac1{\sqrt M}\frac1N\sum_i\sigma(\tilde x_0^TW_m\tilde x_i)\,\tilde x_i\in R^{d+1}

    Parameters
    ----------
    queries : array_like, shape (n, d)
        Rows of length one.
    keys : array_like, shape (n, N, d)
        Rows of length one.
    heads : int
        M.
    rng : Generator or int
        Draws the heads: the same seed gives the same heads to other prompts.
    weights : {"centred", "biased"}
        As for `attention_kernel`.
    activation : {"relu", "exp"}
        As for `attention_kernel`.

    Returns
    -------
    ndarray, shape (n, heads (d + 1))

    Raises
    ------
    ValueError
        As `attention_kernel`; heads that are no positive whole number.

    References
    ----------
    fu2023what

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import random_attention_features
    >>> random_attention_features(np.eye(3)[:1], np.eye(3)[None], 5, rng=0).shape
    (1, 20)
    """
    as_choice("weights", weights, _WEIGHTS)
    as_choice("activation", activation, _ACTIVATIONS)
    q, k = _read_prompts(queries, keys)
    count, (n, N, d) = as_whole("heads", heads), k.shape
    check_room("heads", heads, float(count) * max(n * max(N, d + 1), (d + 1) ** 2))
    generator = as_generator("rng", rng)
    W = 0.5 * generator.standard_normal((count, d + 1, d + 1))
    if weights == "biased":
        W[:, range(d), range(d)] += 1.0
    query, tokens = (np.concatenate([part, np.ones((*part.shape[:-1], 1))], axis=-1) for part in (q, k))
    pre = np.einsum("mnb,nkb->nmk", np.einsum("na,mab->mnb", query, W, optimize=True), tokens, optimize=True)
    active = np.maximum(pre, 0.0) if activation == "relu" else np.exp(pre)
    features = np.einsum("nmk,nkb->nmb", active, tokens, optimize=True) / (N * np.sqrt(count))
    return np.asarray(features.reshape(n, -1))
