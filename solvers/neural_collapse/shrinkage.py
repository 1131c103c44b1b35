r"""The scalar problem behind weight decay in deep linear networks, and its duality gap.

Weight decay on a product of L layers is a Schatten-2/L penalty on the product:
:math:`\min_{W_L\cdots W_1=Z}\tfrac12\sum_l\|W_l\|_F^2 = \tfrac L2\sum_i\sigma_i(Z)^{2/L}`. With squared loss the
singular values decouple, and with M = L - 1, :math:`s=\sigma x^M/(1+x^M)`, stationarity is one equation in one ratio r:

.. math:: M\,x^{M-1}/(1+x^M)^2 = r .

It has a nonzero local minimum for :math:`r<r_{sp}` and a nonzero global one for :math:`r<r_c<r_{sp}`; zero is a local
minimum for every r once M >= 2. All of this is in logarithms: powers of small decays underflow.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from solvable.solvers.certificates.scalar_roots import certify_shrinkage
from solvable.solvers.equivalents.bracketed_newton import bracketed_newton
from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import Solution, Status, provable, record
from solvable.solvers.validate import as_nonnegative, as_positive, as_scalar, as_whole, broadcast, refuse, within_range

__all__ = [
    "DualityGap",
    "Shrinkage",
    "branch_limits",
    "duality_gap",
    "nonzero_branch",
    "shrink_singular_values",
]

Array = NDArray[np.float64]


def branch_limits(factors: int) -> tuple[float, float]:
    """Logarithms of r_c, where zero becomes the global minimum, and r_sp, where the nonzero minimum ends."""
    m = float(factors)
    if m == 1:
        return 0.0, 0.0
    critical = (m - 1) / m * np.log(m - 1) - np.log(m)
    spinodal = np.log(m) + (m - 1) / m * np.log((m - 1) / (m + 1)) + 2 * np.log((m + 1) / (2 * m))
    return float(critical), float(spinodal)


def nonzero_branch(log_ratio: Array, factors: int) -> tuple[Array, Array, NDArray[np.int64]]:
    """Log x of the nonzero minimum where it exists (r < r_sp; -inf elsewhere), residual of log r, and iterations.

    F(u) = (M-1)u + log M - 2 log(1 + e^{Mu}) - log r is concave; Newton from the right end log(M/r)/(M+1), where
    F < 0, falls monotonically to the larger root.
    """
    m = float(factors)
    exists = log_ratio < branch_limits(factors)[1]
    u = np.full(log_ratio.shape, -np.inf)
    residual, spent = np.zeros(log_ratio.shape), np.zeros(log_ratio.shape, dtype=np.int64)
    if factors == 1:
        half = log_ratio[exists] / 2
        u[exists] = np.log(-np.expm1(half)) - half
        return u, residual, spent
    target = log_ratio[exists]
    top = np.log((m - 1) / (m + 1)) / m  # the maximum of F: the root lies to its right

    def evaluate(v: Array, i: NDArray[np.intp]) -> tuple[Array, Array]:  # -F, which rises
        value = 2 * np.logaddexp(0.0, m * v) - (m - 1) * v - np.log(m) + target[i]
        return value, m * (1 + np.tanh(m * v / 2)) - (m - 1)

    high = np.maximum((np.log(m) - target) / (m + 1), top)
    root = bracketed_newton(evaluate, np.full(high.size, top), high, high, step=2e-16, limit=100)
    u[exists], spent[exists], residual[exists] = root.x, root.iterations, np.abs(root.value)
    return u, residual, spent


@record
class Shrinkage(OnGrid):
    """Singular values after weight decay on every layer.

    Attributes
    ----------
    value : ndarray
        Global minimiser s for each singular value.
    objective : ndarray
        :math:`\\tfrac12(\\sigma-s)^2+(\\beta L/2)s^{2/L}` there.
    threshold : ndarray
        Singular values up to this one become zero.
    jump : ndarray
        Smallest nonzero s: 0 for one and two layers, positive from three on.
    metastable : ndarray
        The nonzero local minimum where it exists but zero is better, else 0.
    solution : Solution
        `value` again with residual, status and iterations of its equation.
    """

    value: Array
    objective: Array
    threshold: Array
    jump: Array
    metastable: Array
    solution: Solution


@gridded("singular_values", "weight_decay")
@within_range
def shrink_singular_values(
    singular_values: ArrayLike, weight_decay: ArrayLike, depth: int, *, certify: bool = False
) -> Shrinkage:
    r"""Shrink singular values as weight decay on a deep linear network does.

    Loss :math:`\tfrac12\|XW_1\cdots W_L-Y\|_F^2+(\beta/2)\sum_l\|W_l\|_F^2` with whitened inputs
    :math:`X^TX=I` (no 1/n): the product has the singular vectors of :math:`X^TY` and the singular values

    .. math:: s(\sigma) = \arg\min_{s\ge 0} \tfrac12(\sigma-s)^2+\tfrac{\beta L}{2}s^{2/L}.

    L = 1 is ridge, L = 2 soft thresholding; from three layers on s jumps from 0 at
    :math:`\sigma_c=s_c(2-q)/(2(1-q))` to :math:`s_c=(2\beta(1-q)/q)^{1/(2-q)}`, q = 2/L. Widths must be at least the
    rank that survives; other inputs X have no closed form.

    Parameters
    ----------
    singular_values, weight_decay : array_like
        :math:`\sigma,\beta\ge 0`; broadcast together.
    depth : int
        Number of layers L.
    certify : bool
        Prove in interval arithmetic (python-flint) that each value lies within 1e-12 of the minimiser:
        `certificate` of the solution holds the enclosures.

    Returns
    -------
    Shrinkage
        Shrunk values, objective, threshold, jump and metastable branch.

    Raises
    ------
    ValueError
        Negative arguments, a depth that is not a positive whole number.

    References
    ----------
    wang2023parallel (setting; the scalar problem is derived)

    Examples
    --------
    >>> from solvable.solvers import shrink_singular_values
    >>> shrink_singular_values([0.5, 2.0], 1.0, depth=2).value
    array([0., 1.])
    """
    sigma, beta = broadcast(
        singular_values=as_nonnegative("singular_values", singular_values),
        weight_decay=as_nonnegative("weight_decay", weight_decay),
    )
    layers = as_whole("depth", depth)
    shape, sigma, beta = sigma.shape, sigma.ravel(), beta.ravel()
    residual, spent = np.zeros(sigma.size), np.zeros(sigma.size, dtype=np.int64)
    metastable = np.zeros(sigma.size)
    if layers == 1:
        value, threshold, jump = sigma / (1 + beta), np.zeros(sigma.size), np.zeros(sigma.size)
    else:
        m, q = layers - 1, 2 / layers
        with np.errstate(divide="ignore"):
            log_ratio = np.log(m) + (m + 1) / m * np.log(beta) - 2 * np.log(sigma)
        plain = (beta == 0) | (sigma == 0)
        u, residual, spent = nonzero_branch(np.where(plain, np.inf, log_ratio), m)
        branch = sigma * expit(m * u)
        jump = (2 * beta * (1 - q) / q) ** (1 / (2 - q)) if layers > 2 else np.zeros(sigma.size)
        threshold = jump * (2 - q) / (2 * (1 - q)) if layers > 2 else beta
        alive = sigma > threshold
        value = np.where(alive, np.where(beta == 0, sigma, branch), 0.0)
        metastable = np.where(alive, 0.0, branch)
    objective = 0.5 * (sigma - value) ** 2 + beta * layers / 2 * value ** (2 / layers)
    status = np.where(residual <= 1e-9, Status.CONVERGED, Status.MAX_ITERATIONS)
    solution = Solution.shaped(shape, value, residual, status, spent)
    proof = partial(certify_shrinkage, sigma, beta, layers, what="shrink_singular_values")
    solution = provable(solution, proof, certify)
    rest = {"objective": objective, "threshold": threshold, "jump": jump, "metastable": metastable}
    return Shrinkage(solution.value, solution=solution, **{k: np.array(a).reshape(shape) for k, a in rest.items()})


@record
class DualityGap(OnGrid):
    """Primal, dual and parallel values of the minimum-norm problem.

    Attributes
    ----------
    primal : ndarray
        Least sum of squared weights (halved) of a standard deep linear network that fits.
    dual : ndarray
        Value of its dual, the bidual's nuclear norm.
    parallel : ndarray
        Value, primal and dual alike, of parallel branches with penalty :math:`\\tfrac12\\sum\\|\\cdot\\|^L`.
    gap : ndarray
        Primal minus dual of the standard network.
    """

    _derived = ("gap",)

    primal: Array
    dual: Array
    parallel: Array

    @property
    def gap(self) -> Array:
        """Primal minus dual of the standard network, zero iff one singular value is nonzero, or L <= 2."""
        return np.asarray(self.primal - self.dual)


@gridded(singular_values="... mode")
@within_range
def duality_gap(
    singular_values: ArrayLike, depth: int, norm_bound: float | None = None, rtol: float = 1e-12
) -> DualityGap:
    r"""Duality gap of minimum-norm deep linear networks, standard and parallel.

    :math:`\min\tfrac12\sum_{l\le L}\|W_l\|_F^2` subject to :math:`XW_1\cdots W_L=Y`, Y in the range of X, widths at
    least the rank; :math:`\sigma` the singular values of :math:`X^+Y`:

    .. math:: P=\tfrac L2\sum\sigma_i^{2/L},\qquad D=\tfrac L2\Big(\sum\sigma_i\Big)^{2/L},\qquad
              P_{\rm parallel}=D_{\rm parallel}=\tfrac L2\sum\sigma_i .

    With :math:`\|W_l\|_F\le t` for the first L - 2 layers and only the last two penalised,
    :math:`P=t^{-(L-2)}(\sum\sigma_i^{2/L})^{L/2}`, :math:`D=P_{\rm parallel}=t^{-(L-2)}\sum\sigma_i`.
    P > D for L >= 3 as soon as two singular values are nonzero, equal ones included.

    Parameters
    ----------
    singular_values : array_like, shape (..., k)
        Singular values of :math:`X^+Y`.
    depth : int
        Number of layers L >= 2.
    norm_bound : float, optional
        t; the constrained problem instead of the penalised one (in every branch, for the parallel network).
    rtol : float
        Singular values below rtol times the largest count as zero: :math:`(10^{-16})^{2/L}` is not small.

    Returns
    -------
    DualityGap
        Primal, dual and parallel values.

    Raises
    ------
    ValueError
        Negative singular values, a depth below 2.

    References
    ----------
    wang2023parallel (problem; the values are derived)

    Examples
    --------
    >>> from solvable.solvers import duality_gap
    >>> found = duality_gap([1.0, 1.0], depth=3)  # equal singular values do not close the gap
    >>> float(found.primal), round(float(found.dual), 6)
    (3.0, 2.381102)
    """
    sigma, layers = as_nonnegative("singular_values", singular_values), as_whole("depth", depth)
    if layers < 2:
        raise refuse("depth", depth, "the dual needs at least two layers")
    if sigma.ndim == 0 or sigma.shape[-1] == 0:
        raise refuse("singular_values.shape", sigma.shape, "its last axis must hold at least one")
    tolerance = as_scalar("rtol", rtol, as_nonnegative)
    sigma = np.where(sigma > tolerance * sigma.max(axis=-1, keepdims=True), sigma, 0.0)
    schatten, nuclear = np.sum(sigma ** (2 / layers), axis=-1), np.sum(sigma, axis=-1)
    if norm_bound is not None:
        scale = as_scalar("norm_bound", norm_bound, as_positive) ** -(layers - 2)
        bidual = np.asarray(scale * nuclear)
        return DualityGap(np.asarray(scale * schatten ** (layers / 2)), bidual, bidual)
    half = layers / 2
    return DualityGap(*(np.asarray(half * v) for v in (schatten, nuclear ** (2 / layers), nuclear)))
