r"""Logistic regression with an intercept by damped Newton steps: the reader of the erasure games."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

__all__ = ["entropy", "fit_logistic"]

Array = NDArray[np.float64]
_MOST = 100  # on separable rows without a decay margins grow by about one a step, and it never ends


def entropy(labels: Array) -> float:
    """Loss of the best constant, for labels +-1."""
    p = float(np.mean(labels > 0))
    return -p * float(np.log(p)) - (1 - p) * float(np.log1p(-p))


def fit_logistic(x: Array, labels: Array, decay: float) -> tuple[Array, float, Array, bool]:
    r"""Minimise :math:`\frac1n\sum\ln(1+e^{-y(\theta^Tx+b)})+\frac12` decay :math:`\|\theta\|^2`, b free.

    Returns theta, the mean loss without the decay, the slopes -y s(-m)/n of the rows, and whether it converged.
    """
    n, d = x.shape
    design = np.column_stack([x, np.ones(n)])
    penalty = np.append(np.full(d, decay), 0.0)
    w = np.zeros(d + 1)

    def whole(w: Array) -> float:
        return float(np.logaddexp(0.0, -labels * (design @ w)).mean() + penalty @ (w * w) / 2)

    slopes, turn = np.zeros(n), np.inf
    for _ in range(_MOST):
        margins = labels * (design @ w)
        pull = expit(-margins)
        slopes = -labels * pull / n
        gradient = design.T @ slopes + penalty * w
        if turn <= 1e-7:  # quadratic convergence: the last step was below the rounding
            return w[:-1], float(np.logaddexp(0.0, -margins).mean()), slopes, True
        curve = (design.T * (pull * expit(margins) / n)) @ design + np.diag(penalty)
        move = np.linalg.lstsq(curve, -gradient, rcond=1e-15)[0]
        turn = float(np.abs(design @ move).max())
        share, descent, now = 1.0, float(gradient @ move), whole(w)
        while turn > 0.25 and share > 1e-6 and whole(w + share * move) > now + 0.1 * share * descent:
            share /= 2
        w = w + share * move
    return w[:-1], float(np.logaddexp(0.0, -labels * (design @ w)).mean()), slopes, False
