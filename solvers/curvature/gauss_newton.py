r"""One damped generalised Gauss-Newton step, through the weights or through the samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.validate import as_choice, as_finite, as_positive, as_scalar, refuse, within_range

__all__ = ["gauss_newton_step"]

Array = NDArray[np.float64]


def _read(J: ArrayLike, residual: ArrayLike, Q: ArrayLike) -> tuple[Array, Array, Array]:
    jacobian, errors, curvature = as_finite("J", J), as_finite("residual", residual), as_finite("Q", Q)
    if jacobian.ndim != 3 or jacobian.size == 0:
        raise refuse("J.shape", jacobian.shape, "it must be (b, c, d): samples, outputs, weights")
    b, c, _ = jacobian.shape
    if errors.shape != (b, c):
        raise refuse("residual.shape", errors.shape, f"it must be {(b, c)}, samples and outputs as in J")
    if curvature.shape != (b, c, c):
        raise refuse("Q.shape", curvature.shape, f"it must be {(b, c, c)}, a matrix of the outputs for each sample")
    size = float(np.abs(curvature).max())
    if not np.allclose(curvature, curvature.transpose(0, 2, 1), rtol=1e-10, atol=1e-10 * size):
        raise refuse("Q", curvature, "its matrices must be symmetric")
    if size > 0 and float(np.linalg.eigvalsh(curvature / size).min()) < -1e-10:
        raise refuse("Q", curvature, "its matrices must be positive semi-definite")
    return jacobian, errors, curvature


@within_range
def gauss_newton_step(J: ArrayLike, residual: ArrayLike, Q: ArrayLike, ridge: float, side: str = "auto") -> Array:
    r"""Damped generalised Gauss-Newton step of a mean loss.

    .. math::
        -\Big(\frac1bJ^TQJ+\lambda I\Big)^{-1}\frac1bJ^Tr=-J^T\big(QJJ^T+b\lambda I\big)^{-1}r

    over b samples with c outputs each. Q may be singular, as the Hessian of softmax cross-entropy is.

    Parameters
    ----------
    J : array_like, shape (b, c, d)
        Derivative of each output in each weight.
    residual : array_like, shape (b, c)
        r: derivative of each sample's loss in its outputs.
    Q : array_like, shape (b, c, c)
        Hessian of each sample's loss in its outputs, positive semi-definite.
    ridge : float
        :math:`\lambda`, positive.
    side : {"auto", "primal", "dual"}
        Solve in d weights or in bc outputs; by default in the fewer.

    Returns
    -------
    ndarray, shape (d,)
        To be added to the weights.

    Raises
    ------
    ValueError
        Shapes that do not fit, a Q that is not positive semi-definite, a ridge that is not positive or so small that
        the system is singular to rounding.

    Notes
    -----
    Either side loses the condition of its system; the dual one is not symmetric.

    References
    ----------
    korbit2024exact

    Examples
    --------
    >>> from solvable.solvers import gauss_newton_step
    >>> gauss_newton_step([[[1.0, 2.0]]], [[3.0]], [[[1.0]]], 1.0)
    array([-0.5, -1. ])
    """
    jacobian, errors, curvature = _read(J, residual, Q)
    damping = as_scalar("ridge", ridge, as_positive)
    as_choice("side", side, ("auto", "primal", "dual"))
    b, c, d = jacobian.shape
    flat = jacobian.reshape(b * c, d)
    weighted = (curvature @ jacobian).reshape(b * c, d)
    if side == "primal" or (side == "auto" and d <= b * c):
        system, right = flat.T @ weighted + b * damping * np.eye(d), flat.T @ errors.reshape(-1)
        return np.asarray(-_solve(system, right, damping))
    system = weighted @ flat.T + b * damping * np.eye(b * c)
    return np.asarray(-(flat.T @ _solve(system, errors.reshape(-1), damping)))


def _solve(system: Array, right: Array, damping: float) -> Array:
    try:
        return np.asarray(np.linalg.solve(system, right))
    except np.linalg.LinAlgError:
        raise refuse("ridge", damping, "it must be larger: the system is singular to rounding") from None
