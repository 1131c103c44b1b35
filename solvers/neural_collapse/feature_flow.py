r"""How features move towards collapse when the classifier is always optimal: the central path.

Setting (balanced, n samples a class, N = Kn; note the normalisation, which is not that of `collapse_minimizer`):

.. math:: f(W,H;H_0)=\frac1{2Kn}\|WH-Y\|^2+\frac{\lambda_W}{2K}\|W\|^2+\frac{\lambda_H}{2Kn}\|H\|^2
          +\frac\beta{2Kn}\|H-H_0\|^2 .

Decays map to those of `collapse_minimizer` by :math:`\lambda_W/K` and :math:`\lambda_H/(Kn)`. Given H the best
classifier is :math:`W^*(H)=YH^T(HH^T+n\lambda_WI)^{-1}`; the minimiser over H is an implicit Euler step of length
:math:`1/\beta` of the central path :math:`\dot H=W^{*T}(Y-W^*H)-\lambda_HH`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.neural_collapse.metrics import read_labels
from solvable.solvers.solution import record
from solvable.solvers.validate import as_matrix, as_nonnegative, as_positive, as_scalar, refuse, within_range

__all__ = ["CentralPath", "best_classifier", "central_path", "optimal_classifier", "read_balanced"]

Array = NDArray[np.float64]
_MOST = 50_000  # evaluations of the flow: rates that differ by many orders of magnitude would take for ever


def _one_hot(labels: NDArray[np.int64]) -> Array:
    targets = np.zeros((labels.size, int(labels.max()) + 1))
    targets[np.arange(labels.size), labels] = 1.0
    return targets


def read_balanced(features: ArrayLike, labels: ArrayLike) -> tuple[Array, Array]:
    """Validate features and balanced labels; return features and one-hot targets."""
    X = as_matrix("features", features)
    y = read_labels(labels, len(X))
    if np.ptp(np.bincount(y)):
        raise refuse("labels", y, "every class needs the same number of samples")
    return X, _one_hot(y)


def best_classifier(X: Array, Y: Array, weight_decay: float) -> Array:
    """(X^T X + n lW)^{-1} X^T Y, transposed; in the smaller of the two dimensions."""
    n, d = len(X), X.shape[1]
    ridge = n / Y.shape[1] * weight_decay
    if d <= n:
        return np.asarray(np.linalg.solve(X.T @ X + ridge * np.eye(d), X.T @ Y).T)
    return np.asarray((X.T @ np.linalg.solve(X @ X.T + ridge * np.eye(n), Y)).T)


@within_range
def optimal_classifier(features: ArrayLike, labels: ArrayLike, weight_decay: float) -> Array:
    r"""Best classifier for given features, :math:`W^*(H)=YH^T(HH^T+n\lambda_WI)^{-1}`.

    Minimises :math:`\frac1{2Kn}\|WH-Y\|^2+\frac{\lambda_W}{2K}\|W\|^2+\frac{\lambda_H}{2Kn}\|H\|^2` over W,
    one-hot targets, no bias.

    Parameters
    ----------
    features : array_like, shape (N, d)
        Samples in rows (the transpose of H).
    labels : array_like, shape (N,)
        Whole numbers 0..K-1, equally many of each.
    weight_decay : float
        :math:`\lambda_W>0`.

    Returns
    -------
    ndarray, shape (K, d)
        The classifier.

    Raises
    ------
    ValueError
        A decay that is not positive, labels that do not match or are not balanced.

    References
    ----------
    tirer2023perturbation

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import optimal_classifier
    >>> optimal_classifier(np.eye(2), [0, 1], 1.0)
    array([[0.5, 0. ],
           [0. , 0.5]])
    """
    return best_classifier(*read_balanced(features, labels), as_scalar("weight_decay", weight_decay, as_positive))


@record
class CentralPath:
    """Features along the central path, and the traces that must be monotone.

    Attributes
    ----------
    times : ndarray, shape (T,)
        The times asked for.
    features : ndarray, shape (T, N, d)
        Features at those times.
    within, between : ndarray, shape (T,)
        Traces of :math:`\\Sigma_W` and :math:`\\Sigma_B`.
    within_slope, between_slope : ndarray, shape (T,)
        Their exact time derivatives.
    nc1, nc1_slope : ndarray, shape (T,)
        ``within/between`` and its time derivative.
    """

    times: Array
    features: Array
    within: Array
    between: Array
    within_slope: Array
    between_slope: Array

    @property
    def nc1(self) -> Array:
        """The ratio tr Sigma_W / tr Sigma_B, strictly decreasing."""
        return np.asarray(self.within / self.between)

    @property
    def nc1_slope(self) -> Array:
        """Time derivative of `nc1`; -slope/beta is the first-order gain of an implicit step from that point."""
        return np.asarray((self.within_slope - self.nc1 * self.between_slope) / self.between)


def _traces(X: Array, Y: Array, weight_decay: float, feature_decay: float) -> tuple[float, float, float, float]:
    """Traces of Sigma_W and Sigma_B and their derivatives along the flow."""
    k = Y.shape[1]
    means = Y.T @ X / (len(X) / k)
    deviations, centred = X - Y @ means, means - means.mean(axis=0)
    W = best_classifier(X, Y, weight_decay)
    within, between = np.sum(deviations**2) / len(X), np.sum(centred**2) / k
    pulled = np.sum((deviations @ W.T) ** 2) / len(X)
    pushed = 2 / k * np.sum(((np.eye(k) - W @ means.T).T @ W) * centred)
    return (
        float(within),
        float(between),
        float(-2 * (feature_decay * within + pulled)),
        float(-2 * feature_decay * between + pushed),
    )


@within_range
def central_path(
    features: ArrayLike, labels: ArrayLike, weight_decay: float, feature_decay: float, times: ArrayLike
) -> CentralPath:
    r"""Flow of the features with the classifier always optimal: :math:`\dot H=W^{*T}(Y-W^*H)-\lambda_HH`.

    Along it :math:`\mathrm{tr}\Sigma_W/\mathrm{tr}\Sigma_B` and :math:`e^{2\lambda_Ht}\mathrm{tr}\Sigma_W` fall and
    :math:`e^{2\lambda_Ht}\mathrm{tr}\Sigma_B` rises, strictly. The flow is Kn times the negative gradient of
    :math:`\frac1{2Kn}\|WH-Y\|^2+\frac{\lambda_W}{2K}\|W\|^2+\frac{\lambda_H}{2Kn}\|H\|^2` at the best W.

    Parameters
    ----------
    features : array_like, shape (N, d)
        Starting features, samples in rows.
    labels : array_like, shape (N,)
        Whole numbers 0..K-1, equally many of each.
    weight_decay, feature_decay : float
        :math:`\lambda_W>0`, :math:`\lambda_H\ge 0`.
    times : array_like, shape (T,)
        Increasing, from 0 on.

    Returns
    -------
    CentralPath
        Features, traces and their exact derivatives.

    Raises
    ------
    ValueError
        Decays out of range, times that do not increase, labels that are not balanced.
    ArithmeticError
        The integrator gave up, or needed more than 50,000 evaluations.

    References
    ----------
    tirer2023perturbation (monotone traces; their derivatives are derived)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import central_path
    >>> start = np.random.default_rng(0).standard_normal((6, 4))
    >>> path = central_path(start, [0, 0, 0, 1, 1, 1], 0.3, 0.05, [0.0, 1.0, 2.0])
    >>> bool(np.all(np.diff(path.nc1) < 0))
    True
    """
    from scipy.integrate import solve_ivp

    X, Y = read_balanced(features, labels)
    lw, lh = (
        as_scalar("weight_decay", weight_decay, as_positive),
        as_scalar("feature_decay", feature_decay, as_nonnegative),
    )
    t = np.atleast_1d(as_nonnegative("times", times))
    if t.ndim != 1 or t.size == 0 or np.any(np.diff(t) <= 0):
        raise refuse("times", t, "they must increase from 0 on")

    spent = [0]

    def velocity(_: float, flat: Array) -> Array:
        spent[0] += 1
        if spent[0] > _MOST:
            raise ArithmeticError(f"central_path: more than {_MOST:,} evaluations: rescale the features or the decays.")
        H = flat.reshape(X.shape)
        W = best_classifier(H, Y, lw)
        return np.asarray(((Y - H @ W.T) @ W - lh * H).ravel())

    states = np.repeat(X[None], t.size, axis=0)
    if t[-1] > 0:
        found = solve_ivp(velocity, (0.0, t[-1]), X.ravel(), "DOP853", t, rtol=1e-10, atol=1e-12)
        if not found.success:
            raise ArithmeticError(f"central_path: the integrator stopped: {found.message.rstrip('.')}.")
        states = found.y.T.reshape(t.size, *X.shape)
    traces = np.array([_traces(state, Y, lw, lh) for state in states]).T
    return CentralPath(t, states, *traces)
