r"""Curvature of two solvable models at an interpolating minimum: diagonal linear and two-layer ReLU networks.

For losses :math:`(1/2n)\sum r_i^2` the Hessian at interpolation is :math:`H = E[g g^T]`, g the gradient of the output.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import record
from solvable.solvers.validate import as_choice, as_finite, as_matrix, refuse, within_range

__all__ = ["Sharpness", "diagonal_network_sharpness", "network_gradients", "relu_network_sharpness"]

Array = NDArray[np.float64]
_DENSE = 200  # parameters up to which the Hessian is formed


@record
class Sharpness:
    """Trace, Frobenius norm and largest eigenvalue of the Hessian.

    Attributes
    ----------
    trace, frobenius, top_eigenvalue : float
        :math:`\\mathrm{tr}H`, :math:`\\|H\\|_F` and :math:`\\lambda_{max}(H)`.
    """

    trace: float
    frobenius: float
    top_eigenvalue: float

    @classmethod
    @within_range
    def of_gradients(cls, gradients: ArrayLike) -> Sharpness:
        """Exactly on data: :math:`H = (1/n)\\sum g_i g_i^T` from the smaller Gram matrix."""
        G = as_matrix("gradients", gradients)
        values = np.linalg.eigvalsh(G @ G.T if G.shape[0] <= G.shape[1] else G.T @ G) / len(G)
        return cls(float(values.sum()), float(np.sqrt(np.sum(values**2))), float(values[-1]))


@within_range
def diagonal_network_sharpness(w_plus: ArrayLike, w_minus: ArrayLike) -> Sharpness:
    r"""Sharpness of :math:`f(x) = \sum_j (w_{+j}^2 - w_{-j}^2)x_j` for standard Gaussian inputs.

    :math:`\mathrm{tr}H = 4\|w\|^2`, :math:`\|H\|_F = 4(\sum_j(w_{+j}^2+w_{-j}^2)^2)^{1/2}`,
    :math:`\lambda_{max} = 4\max_j(w_{+j}^2+w_{-j}^2)`. So stability of SGD bounds :math:`\|\beta\|_1` by
    :math:`1/(2\eta)`, the Frobenius condition :math:`\|\beta\|_2`, and gradient descent only :math:`\|\beta\|_\infty`.

    Parameters
    ----------
    w_plus, w_minus : array_like, shape (d,)
        Weights (the u*v parametrisation has a quarter of this curvature in u, v).

    Returns
    -------
    Sharpness
        Trace, Frobenius norm, top eigenvalue.

    Raises
    ------
    ValueError
        Shapes that differ, values that are not finite.

    References
    ----------
    wu2023implicit (derived)

    Examples
    --------
    >>> from solvable.solvers import diagonal_network_sharpness
    >>> diagonal_network_sharpness([1.0, 0.0], [0.0, 0.5])
    Sharpness(trace=5, frobenius=4.12311, top_eigenvalue=4)
    """
    a, b = as_finite("w_plus", w_plus), as_finite("w_minus", w_minus)
    if a.ndim != 1 or a.shape != b.shape or a.size == 0:
        raise refuse("w_plus.shape, w_minus.shape", (a.shape, b.shape), "they must be equal non-empty vectors")
    size = a**2 + b**2
    return Sharpness(float(4 * size.sum()), float(4 * np.linalg.norm(size)), float(4 * size.max()))


@within_range
def relu_network_sharpness(hidden: ArrayLike, readout: ArrayLike) -> Sharpness:
    r"""Sharpness of :math:`f(x) = \sum_j a_j\,\mathrm{relu}(b_j\cdot x)` for standard Gaussian inputs, in closed form.

    With :math:`\theta` the angle of unit vectors u, v,

    .. math:: E[1_{u\cdot x>0}1_{v\cdot x>0}xx^T] = \frac{\pi-\theta}{2\pi}I
              + \frac{uv^T+vu^T-\cos\theta(uu^T+vv^T)}{2\pi\sin\theta};

    every block of H is this matrix or its product with :math:`b_j`. The trace is
    :math:`\|B\|_F^2/2 + d\|a\|^2/2`, at least :math:`\sqrt d\sum_j|a_j|\|b_j\|` (path norm).

    Parameters
    ----------
    hidden : array_like, shape (k, d)
        Rows :math:`b_j`, none of them zero.
    readout : array_like, shape (k,)
        :math:`a_j`.

    Returns
    -------
    Sharpness
        Of the full k(d+1) x k(d+1) Hessian.

    Raises
    ------
    ValueError
        Shapes that differ, a zero row.

    References
    ----------
    wu2023implicit (trace; the full Hessian is derived)

    Examples
    --------
    >>> from solvable.solvers import relu_network_sharpness
    >>> round(relu_network_sharpness([[1.0, 0.0]], [2.0]).trace, 9)  # 1/2 + 2*4/2
    4.5
    """
    B = as_matrix("hidden", hidden)
    a = as_finite("readout", readout)
    k, d = B.shape
    if a.shape != (k,):
        raise refuse("readout.shape", a.shape, f"it must be ({k},), one entry for each row of hidden")
    norms = np.linalg.norm(B, axis=1)
    if not np.all(norms > 0):
        raise refuse("hidden", B, "no row may vanish: the gradient is undefined there")
    U = B / norms[:, None]
    level, plane, cosine = _gated_second_moments(U)
    weight, outer = a**2, np.outer(norms, norms)
    seen = level**2 + plane**2 + 2 * level * plane * cosine  # |C_ij u_i|^2: C_ij u_i = level u_i + plane u_j
    squares = (outer * (level * cosine + plane)) ** 2 + np.outer(weight, weight) * (d * level**2 + 2 * plane**2)
    squares += seen * (np.outer(norms**2, weight) + np.outer(weight, norms**2))
    trace = (np.sum(norms**2) + d * np.sum(weight)) / 2
    top = _top_eigenvalue(B, U, a, level, plane)
    return Sharpness(float(trace), float(np.sqrt(squares.sum())), top)


def _gated_second_moments(U: Array) -> tuple[Array, Array, Array]:
    """Level, plane and cosine of all pairs: C_ij = E[1(u_i.x > 0) 1(u_j.x > 0) x x^T] = level I + plane (pp^T - mm^T).

    p and m are the directions of u_i + u_j and u_i - u_j: in them nothing cancels at small angles, nor near opposite
    vectors. level = (pi - theta)/(2 pi) and plane = sin(theta)/(2 pi).
    """
    long = np.array([np.linalg.norm(U + u, axis=1) for u in U])
    short = np.array([np.linalg.norm(U - u, axis=1) for u in U])
    np.fill_diagonal(short, 0.0)
    square = long**2 + short**2
    return np.arctan2(long, short) / np.pi, long * short / square / np.pi, (long**2 - short**2) / square


def _top_eigenvalue(B: Array, U: Array, a: Array, level: Array, plane: Array) -> float:
    """Largest eigenvalue by Lanczos iterations, k^2 d operations each: the Hessian is never formed.

    It maps (p, q) through r_j = b_j p_j + a_j q_j and t_i = sum_j C_ij r_j to (b_i.t_i, a_i t_i).
    """
    from scipy.sparse.linalg import LinearOperator, eigsh

    k, d = B.shape
    long = np.array([np.sum((U + u) ** 2, axis=1) for u in U])
    short = np.array([np.sum((U - u) ** 2, axis=1) for u in U])
    add = np.divide(plane, long, out=np.zeros_like(plane), where=(plane > 0) & (long > 0))
    subtract = np.divide(plane, short, out=np.zeros_like(plane), where=(plane > 0) & (short > 0))

    def apply(vector: Array) -> Array:
        p, q = vector.reshape(-1)[:k], vector.reshape(-1)[k:].reshape(k, d)
        r = B * p[:, None] + a[:, None] * q
        own, other = np.sum(U * r, axis=1), U @ r.T
        along, across = add * (other + own), subtract * (other - own)
        t = level @ r + (along - across).sum(axis=1)[:, None] * U + (along + across) @ U
        return np.concatenate([np.sum(B * t, axis=1), (a[:, None] * t).ravel()])

    size = k * (d + 1)
    if size <= _DENSE:
        return float(np.linalg.eigvalsh(np.array([apply(row) for row in np.eye(size)]))[-1])
    start = np.concatenate([np.sum(B * B, axis=1), (a[:, None] * B).ravel()])  # a fixed one: the same bits again
    operator = LinearOperator((size, size), matvec=apply, dtype=np.float64)
    return float(eigsh(operator, 1, which="LA", v0=start + 1e-3 * np.cos(np.arange(size)) * np.abs(start).max())[0][0])


@within_range
def network_gradients(model: str, X: ArrayLike, *weights: ArrayLike) -> Array:
    """Gradients of the outputs on data, one row for each sample.

    Parameters
    ----------
    model : {"diagonal", "relu"}
        Which network.
    X : array_like, shape (n, d)
        Inputs.
    *weights : array_like
        ``w_plus, w_minus`` or ``hidden, readout``.

    Returns
    -------
    ndarray, shape (n, parameters)
        To be passed to `stability_threshold` or ``Sharpness.of_gradients``.

    Raises
    ------
    ValueError
        An unknown model, shapes that do not match.

    References
    ----------
    wu2023implicit

    Examples
    --------
    >>> from solvable.solvers import network_gradients
    >>> network_gradients("diagonal", [[1.0, 2.0]], [1.0, 0.5], [0.0, 1.0])
    array([[ 2.,  2., -0., -4.]])
    """
    inputs = as_matrix("X", X)
    model = as_choice("model", model, ("diagonal", "relu"))
    if len(weights) != 2:
        raise refuse("weights", weights, "two arrays are needed, one for each layer")
    first, second = (as_finite(f"weights[{i}]", w) for i, w in enumerate(weights))
    if model == "diagonal":
        if first.shape != (inputs.shape[1],) or second.shape != first.shape:
            raise refuse("weights", (first.shape, second.shape), f"both must be ({inputs.shape[1]},)")
        return np.hstack([2 * inputs * first, -2 * inputs * second])
    if first.ndim != 2 or first.shape[1] != inputs.shape[1] or second.shape != first.shape[:1]:
        raise refuse("weights", (first.shape, second.shape), f"they must be (k, {inputs.shape[1]}) and (k,)")
    active = inputs @ first.T
    gates = (active > 0) * second
    return np.hstack([np.maximum(active, 0), (gates[:, :, None] * inputs[:, None, :]).reshape(len(inputs), -1)])
