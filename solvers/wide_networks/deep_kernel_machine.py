r"""Deep kernel machines: infinitely wide deep Gaussian processes that still learn representations.

With as many outputs as width grows, the Gram matrices :math:`G_1,\dots,G_L` of all layers maximise

.. math::
    \log P(Y\mid G_L)-\sum_l\nu_l\,\mathrm{KL}\left(N(0,G_l)\,\|\,N(0,K(G_{l-1}))\right),\qquad
    \mathrm{KL}=\tfrac12\left[\mathrm{tr}(K^{-1}G)-\log|K^{-1}G|-P\right].
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.random_features.activations import Activation, LeakyRelu, activation_function
from solvable.solvers.solution import OnFailure, Solution, Status, record, report_failures
from solvable.solvers.validate import (
    as_finite,
    as_matrix,
    as_positive,
    as_scalar,
    as_whole,
    data_eps,
    is_symmetric,
    refuse,
    within_range,
)
from solvable.solvers.wide_networks.duals import dual_at

__all__ = ["KernelMachine", "kernel_machine", "linear_kernel_machine"]

Array = NDArray[np.float64]
_TOLERANCE = 1e-7
_ASCENT = {"maxiter": 5000, "maxfun": 20_000, "ftol": 1e-16, "gtol": 1e-12, "maxcor": 30}


@record
class KernelMachine:
    """Representations that maximise the objective, a local maximum where the kernel is not linear.

    Attributes
    ----------
    grams : ndarray, shape (L, P, P)
        Gram matrices of the layers.
    objective : float
        Value at them.
    solution : Solution
        Its residual is the largest entry of the gradient in units of the widths, in coordinates in which each Gram
        matrix is the identity.
    """

    grams: Array
    objective: float
    solution: Solution


def _positive_definite(name: str, value: ArrayLike) -> Array:
    matrix = as_matrix(name, value)
    if not is_symmetric(matrix, data_eps(value)):
        raise refuse(name, matrix, "it must be symmetric")
    if np.linalg.eigvalsh(matrix)[0] <= 1e-14 * np.abs(matrix).max():
        raise refuse(name, matrix, "it must be positive definite: add a multiple of the identity")
    return (matrix + matrix.T) / 2


@within_range
def linear_kernel_machine(G0: ArrayLike, target: ArrayLike, depth: int) -> list[NDArray[np.float64]]:
    r"""Gram matrices of a deep linear kernel machine: the geodesic from the inputs to the outputs.

    :math:`G_l=G_0^{1/2}\left(G_0^{-1/2}G_{L+1}G_0^{-1/2}\right)^{l/(L+1)}G_0^{1/2}`, l = 1 ... L: the maximum of the
    objective for K(G) = G, equal widths and outputs without noise,
    :math:`\log P=-\tfrac\nu2[\mathrm{tr}(G_L^{-1}G_{L+1})+\log|G_L|]`.

    Parameters
    ----------
    G0 : array_like, shape (P, P)
        Gram matrix of the inputs, positive definite.
    target : array_like, shape (P, P)
        :math:`G_{L+1}=YY^T/\nu`, positive definite; for fewer outputs than points add a noise variance times the
        identity.
    depth : int
        Number L of layers.

    Returns
    -------
    list of ndarray
        L matrices.

    Raises
    ------
    ValueError
        A matrix that is not symmetric or not positive definite.

    References
    ----------
    yang2023theory (objective), geodesic derived in docs/theory/wide_networks.md

    Examples
    --------
    >>> from solvable.solvers import linear_kernel_machine
    >>> linear_kernel_machine([[1.0]], [[8.0]], 2)
    [array([[2.]]), array([[4.]])]
    """
    start, end = _positive_definite("G0", G0), _positive_definite("target", target)
    if end.shape != start.shape:
        raise refuse("target.shape", end.shape, f"it must be that of G0, {start.shape}")
    layers = as_whole("depth", depth, most=10**4)
    values, vectors = np.linalg.eigh(start)
    root, inverse = (vectors * values**0.5) @ vectors.T, (vectors / values**0.5) @ vectors.T
    between, directions = np.linalg.eigh(inverse @ end @ inverse)
    if between[0] <= 0:
        raise refuse("target", end, "it must be positive definite relative to G0")
    carried = root @ directions
    found = [(carried * between ** (layer / (layers + 1))) @ carried.T for layer in range(1, layers + 1)]
    return [(gram + gram.T) / 2 for gram in found]


def _kernel(activation: Activation, G: Array) -> tuple[Array, Array, Array]:
    """Dual of E phi^2 = 1 at unit variance, and its derivatives in the covariance and in the first variance."""
    q = np.diag(G)
    one = np.ones(1)
    norm = float(dual_at(activation)(one, one, one)[0])
    q1, q2 = np.broadcast_arrays(q[:, None], q[None, :])
    bound = np.where(q1 == q2, q1, np.sqrt(q1) * np.sqrt(q2))
    c = np.clip(G, -bound, bound)
    value, slope = dual_at(activation)(q1, q2, c) / norm, dual_at(activation, True)(q1, q2, c) / norm
    if activation == "erf":
        return value, slope, -c * slope / (1 + 2 * q1)
    return value, slope, (value - c * slope) / (2 * q1)  # homogeneous of degree one


def _objective(
    G0: Array, grams: list[Array], outer: Array, outputs: int, activation: Activation, widths: Array, noise: float
) -> tuple[float, list[Array]]:
    """Objective and its gradient in every Gram matrix."""
    kernels = [_kernel(activation, G) for G in (G0, *grams)]
    total, gradients = 0.0, [np.zeros_like(G) for G in grams]
    pulled = []
    for layer, G in enumerate(grams):
        inverse = np.linalg.inv(kernels[layer][0])
        product = inverse @ G
        total -= widths[layer] / 2 * (np.trace(product) - np.linalg.slogdet(product)[1] - len(G))
        gradients[layer] -= widths[layer] / 2 * (inverse - np.linalg.inv(G))
        pulled.append(-widths[layer] / 2 * (inverse - product @ inverse))
    last = kernels[-1][0] + noise * np.eye(len(G0))
    inverse = np.linalg.inv(last)
    total -= (np.trace(inverse @ outer) + outputs * (np.linalg.slogdet(last)[1] + len(G0) * np.log(2 * np.pi))) / 2
    pulled.append(-(outputs * inverse - inverse @ outer @ inverse) / 2)
    for layer in range(len(grams)):
        upstream, (_, slope, variance) = pulled[layer + 1], kernels[layer + 1]
        gradients[layer] += upstream * slope + np.diag(2 * np.sum(upstream * variance, axis=1))
    return total, [(g + g.T) / 2 for g in gradients]


@within_range
def kernel_machine(
    G0: ArrayLike,
    y: ArrayLike,
    depth: int,
    activation: Activation = "relu",
    widths: ArrayLike = 1.0,
    noise_variance: float = 0.1,
    on_failure: OnFailure = "warn",
) -> KernelMachine:
    r"""Gram matrices of a deep kernel machine, by ascent in their Cholesky factors.

    Maximises the objective of the module with :math:`\log P(Y\mid G_L)=\sum_c\log N(y_c;0,K(G_L)+\sigma^2)` over the
    columns of y, :math:`K(G)=E[\phi(u)\phi(v)]/E\phi(z)^2`, (u, v) of covariance G and z standard normal.

    Parameters
    ----------
    G0 : array_like, shape (P, P)
        Gram matrix of the inputs, positive definite.
    y : array_like, shape (P,) or (P, outputs)
        Labels.
    depth : int
        Number L of layers.
    activation : str or callable
        identity, relu, abs, erf or `leaky_relu`.
    widths : array_like
        :math:`\nu_l`, one for all or one for each layer, positive: the larger, the closer to the kernel without
        learned representations.
    noise_variance : float
        :math:`\sigma^2>0`.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the ascent stops early.

    Returns
    -------
    KernelMachine

    Raises
    ------
    ValueError
        A matrix that is not positive definite, an activation whose kernel has no derivative here.

    Notes
    -----
    The start is :math:`G_l=K(G_{l-1})`, the machine of infinite widths. For kernels that are not linear the maximum is
    a local one.

    References
    ----------
    yang2023theory (objective), gradient derived in docs/theory/wide_networks.md

    Examples
    --------
    >>> from solvable.solvers import kernel_machine
    >>> found = kernel_machine([[1.0]], [2.0], 1, "identity", 1.0, 1.0)
    >>> found.solution.converged, float(found.grams[0, 0, 0].round(6))
    (True, 1.391382)
    """
    from scipy.optimize import minimize

    first = _positive_definite("G0", G0)
    size = len(first)
    labels = as_finite("y", y)
    if labels.ndim not in (1, 2) or len(labels) != size or labels.size == 0:
        raise refuse("y.shape", labels.shape, f"it must be {(size,)} or {(size, 'outputs')}")
    layers = as_whole("depth", depth, most=1000)
    if not (activation in ("identity", "relu", "abs", "erf", "leaky")
            or isinstance(activation_function(activation), LeakyRelu)):  # fmt: skip
        raise refuse("activation", activation, "choose identity, relu, abs, erf or leaky_relu")
    counts = as_positive("widths", widths)
    if counts.shape not in ((), (layers,)):
        raise refuse("widths.shape", counts.shape, f"it must be one number or one for each of {layers} layers")
    nu, noise = np.broadcast_to(counts, (layers,)), as_scalar("noise_variance", noise_variance, as_positive)
    unit = 1.0 if activation == "erf" else float(np.diag(first).max())  # the other kernels have no scale
    first, noise = first / unit, noise / unit
    columns = labels.reshape(size, -1) / np.sqrt(unit)
    outer, outputs = columns @ columns.T, columns.shape[1]
    lower = np.tril_indices(size)

    def grams(x: Array) -> tuple[list[Array], list[Array]]:
        factors = []
        for part in x.reshape(layers, -1):
            factor = np.zeros((size, size))
            factor[lower] = part
            factors.append(factor)
        return [f @ f.T for f in factors], factors

    def minus(x: Array) -> tuple[float, Array]:
        found, factors = grams(x)
        if any(np.min(np.abs(np.diag(f))) < 1e-9 * np.abs(f).max() for f in factors):
            return np.inf, np.zeros_like(x)
        value, gradients = _objective(first, found, outer, outputs, activation, nu, noise)
        return -value, -np.concatenate([(2 * g @ f)[lower] for g, f in zip(gradients, factors, strict=True)])

    start = [first]
    for _ in range(layers):
        start.append(_positive_definite("K(G)", _kernel(activation, start[-1])[0]))
    x = np.concatenate([np.linalg.cholesky(G)[lower] for G in start[1:]])
    steps = 0
    residual = np.inf
    for _ in range(6):  # a restart forgets a bad curvature
        run = minimize(minus, x, jac=True, method="L-BFGS-B", options=_ASCENT)
        x, steps = run.x, steps + int(run.nit)
        found, factors = grams(x)
        value, gradients = _objective(first, found, outer, outputs, activation, nu, noise)
        residual = max(float(np.abs(f.T @ g @ f).max() / w) for f, g, w in zip(factors, gradients, nu, strict=True))
        if residual <= _TOLERANCE:
            break
    value -= size * outputs / 2 * np.log(unit)
    status = Status.CONVERGED if residual <= _TOLERANCE else Status.MAX_ITERATIONS
    solution = Solution.shaped((), np.array(value), np.array(residual), np.array(status), np.array(steps))
    report_failures(solution, "kernel_machine", on_failure)
    return KernelMachine(unit * np.array(found), float(value), solution)
