r"""Attention weights of least loss in balls of growing radius, by descent on the sphere.

The loss ends at :math:`L_*>0`, so that what falls with the radius is :math:`\log(L-L_*)`; it is computed without the
difference, from the softmax weights :math:`s_{it}=e^{a_{it}}/(1+\sum_te^{a_{it}})` of the tokens behind the best one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.attention.attention_descent import as_scored_prompts
from solvable.solvers.solution import record
from solvable.solvers.validate import as_positive, refuse, within_range

__all__ = ["RegularisationPath", "regularisation_path"]

Array = NDArray[np.float64]
_SETTLED = 1e-6  # gradient of the log loss along the sphere, in units of the radius and the tokens
_OPTIONS = {"maxiter": 4000, "maxfun": 8000, "ftol": 1e-15, "gtol": 1e-9, "maxcor": 30}


@record
class RegularisationPath:
    """Weights of least loss for each radius.

    Attributes
    ----------
    weights : ndarray, shape (R, d, d)
        W of Frobenius norm `radii`.
    radii : ndarray, shape (R,)
        Ascending.
    log_excess : ndarray, shape (R,)
        log(L - L_*), L_* the loss with every best token selected.
    """

    weights: Array
    radii: Array
    log_excess: Array


def _log_excess(w: Array, products: Array, lead: Array, best: Array, radius: float) -> tuple[float, Array]:
    """log(L - L_*) at radius w/|w| and its gradient in w; best tokens come first and have lead 0."""
    size = float(np.linalg.norm(w))
    a = np.tensordot(products, radius * w / size, 1)  # (n, T), how far behind the best token
    top = np.maximum(a.max(axis=1, keepdims=True), 0.0)
    log_s = a - top - np.log(np.exp(-top) + np.sum(np.exp(a - top), axis=1, keepdims=True))
    peak = log_s.max()
    scaled = np.exp(log_s - peak)
    delta = np.sum(scaled * lead, axis=1)
    true = np.exp(peak) * delta
    slope = 1 / (1 + np.exp(best - true))
    # log1p(sigma(-g) expm1(delta)), divided by e^peak where both are small
    chance = 1 / (1 + np.exp(best))
    ratio = np.where(true > 1e-8, np.expm1(true) / np.where(true > 0, true, 1.0), 1 + true / 2)
    grown = chance * ratio * true
    each = (
        chance
        * ratio
        * delta
        * np.where(grown > 1e-8, np.log1p(grown) / np.where(grown > 0, grown, 1.0), 1 - grown / 2)
    )
    total = each.mean()
    change = slope[:, None] * scaled * (lead - true[:, None]) / len(a) / total
    gradient = radius / size * np.einsum("it,itk->k", change, products)
    unit = w / size
    return float(np.log(total) + peak), np.asarray(gradient - unit * (unit @ gradient))


@within_range
def regularisation_path(
    tokens: ArrayLike, queries: ArrayLike, scores: ArrayLike, radii: ArrayLike
) -> RegularisationPath:
    r"""Attention weights of least loss in balls of growing Frobenius radius.

    .. math:: W(R)=\arg\min_{\|W\|_F\le R}L(W), \qquad L=\frac1n\sum_i\log(1+e^{-f_i}), \qquad
        \frac{\log(L-L_*)}R\to-\frac1{\|W_{mm}\|_F}

    with :math:`f_i` of `attention_descent` and :math:`W_{mm}` of `attention_margin` for the best tokens. The loss ends
    at :math:`L_*>0`.

    Parameters
    ----------
    tokens, queries, scores : array_like
        As for `attention_descent`.
    radii : array_like, shape (R,)
        Positive.

    Returns
    -------
    RegularisationPath
        Sorted by radius; each found by L-BFGS on the sphere from the one before, and from smaller radii in between.

    Raises
    ------
    ValueError
        As `attention_descent`; radii that are not positive.
    ArithmeticError
        A descent that does not come to rest.

    References
    ----------
    tarzanagh2023transformers (slope of the loss derived)

    Examples
    --------
    >>> from solvable.solvers import regularisation_path
    >>> path = regularisation_path([[[1.0, 0.0], [0.0, 0.0]]], [[0.0, 2.0]], [[1.0, 0.0]], [5.0, 10.0])
    >>> path.weights[1, 0].round(6), bool(path.log_excess[1] < -19)
    (array([ 0., 10.]), True)
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    x, z, g = as_scored_prompts(tokens, queries, scores)
    wanted = np.unique(as_positive("radii", radii).ravel())
    if wanted.size == 0 or wanted[-1] > 1e6:
        raise refuse("radii", wanted, "it must hold radii up to 1e6")
    n, T, d = x.shape
    order = np.argsort(-g, axis=1)
    x, g = np.take_along_axis(x, order[..., None], axis=1), np.take_along_axis(g, order, axis=1)
    products = np.einsum("ita,ib->itab", x[:, 1:] - x[:, :1], z).reshape(n, T - 1, d * d)
    lead, best = g[:, :1] - g[:, 1:], g[:, 0]
    # steepest descent from 0: the end of the path at small radii
    mean = g.mean(axis=1, keepdims=True)
    w = np.einsum("it,itk->k", expit(-mean) * (g - mean)[:, 1:], products)
    if not w.any():
        raise refuse("tokens", 0.0, "the loss has no slope at W = 0, there is no direction to start from")
    w = w / np.abs(w).max()
    w = w / np.linalg.norm(w)
    weights, excess = np.empty((wanted.size, d, d)), np.empty(wanted.size)
    radius = min(1.0, float(wanted[0]))
    for i, goal in enumerate(wanted):
        while True:
            radius = min(2 * radius, float(goal))
            for _ in range(3 if radius == goal else 1):
                found = minimize(_log_excess, w, (products, lead, best, radius), "L-BFGS-B", jac=True, options=_OPTIONS)
                w = found.x / np.linalg.norm(found.x)
            if radius == goal:
                break
        gradient = _log_excess(w, products, lead, best, radius)[1]
        rest = float(np.linalg.norm(gradient)) / radius / float(np.abs(products).max())
        if not rest <= _SETTLED:
            raise ArithmeticError(
                f"radii = {goal:g}: the descent stopped with a gradient of {rest:.1e} in units of the tokens; ask for "
                "smaller radii on the way there."
            )
        weights[i], excess[i] = goal * w.reshape(d, d), found.fun
    return RegularisationPath(weights, wanted, excess)
