r"""Linear smoothers: how many parameters predictions use, and the weights that a fitted forest gives the labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.validate import as_finite, as_matrix, as_nonnegative, refuse, within_range

__all__ = ["effective_parameters", "forest_weights"]

Array = NDArray[np.float64]


@within_range
def effective_parameters(weights: ArrayLike) -> float:
    r"""Effective parameters :math:`\frac n{|I|}\sum_{j\in I}\|s(x_j)\|^2` of a smoother at a set of inputs.

    Predictions are :math:`\hat y(x_j)=s(x_j)^Ty` with n training labels. On the training inputs of a projection
    (least squares, a tree without bootstrap) it is the trace of the smoother; at other inputs it is another number.

    Parameters
    ----------
    weights : array_like, shape (inputs, n)
        A row :math:`s(x_j)` for each input.

    Returns
    -------
    float
        Noise of variance :math:`\sigma^2` in the labels adds :math:`\sigma^2/n` times this to the mean squared error.

    Raises
    ------
    ValueError
        Weights that are no matrix.

    References
    ----------
    curth2024why

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import effective_parameters
    >>> effective_parameters(np.eye(4)), effective_parameters(np.full((2, 4), 0.25))
    (4.0, 1.0)
    """
    rows = as_matrix("weights", weights)
    return float(rows.shape[1] * np.mean(np.sum(rows**2, axis=1)))


def _leaves(forest: Any, X: Array) -> Array:
    found = as_finite("forest.apply(X)", forest.apply(X))
    if found.ndim not in (1, 2) or found.shape[0] != len(X) or found.size == 0:
        raise refuse("forest.apply(X).shape", found.shape, f"it must be ({len(X)}, trees), a leaf for each input")
    return found.reshape(len(X), -1)


@within_range
def forest_weights(
    forest: Any, X: ArrayLike, X_train: ArrayLike | None = None, counts: ArrayLike | None = None
) -> Array:
    r"""Weights that a forest of regression trees gives the training labels at each input.

    A tree averages the labels in a leaf; the forest averages its trees. The leaves stay as they were fitted: the
    weights are those of the labels' values, not the derivative through the choice of splits.

    Parameters
    ----------
    forest : object
        With ``apply(X)``, the leaf of each input in each tree: a fitted forest or tree of scikit-learn.
    X : array_like, shape (inputs, d)
        Where it predicts.
    X_train : array_like, shape (n, d), optional
        What it was fitted to; by default X itself.
    counts : array_like, shape (trees, n), optional
        How often each tree drew each row, for bootstrapped forests; by default once.

    Returns
    -------
    ndarray, shape (inputs, n)
        Rows are not negative and sum to one.

    Raises
    ------
    ValueError
        Shapes that do not fit, negative counts, a leaf without training rows.
    TypeError
        An object without ``apply``.

    References
    ----------
    curth2024why

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import forest_weights
    >>> class Stump:
    ...     def apply(self, X):
    ...         return (np.asarray(X)[:, 0] > 0).astype(int)
    >>> forest_weights(Stump(), [[0.5]], [[-1.0], [1.0], [2.0]])
    array([[0. , 0.5, 0.5]])
    """
    if not callable(getattr(forest, "apply", None)):
        raise TypeError(
            f"forest = {type(forest).__name__} is not allowed: it must have apply(X), as fitted forests do."
        )
    places = as_matrix("X", X)
    train = places if X_train is None else as_matrix("X_train", X_train, (None, places.shape[1]))
    here, there = _leaves(forest, places), _leaves(forest, train)
    trees = there.shape[1]
    drawn = np.ones((trees, len(train)))
    if counts is not None:
        drawn = as_nonnegative("counts", as_matrix("counts", counts, (trees, len(train))))
    total = np.zeros((len(places), len(train)))
    for tree in range(trees):
        share = (here[:, tree, None] == there[:, tree]) * drawn[tree]
        size = share.sum(axis=1, keepdims=True)
        if np.any(size == 0):
            lost = int(np.flatnonzero(size == 0)[0])
            raise refuse(f"X[{lost}]", places[lost], f"it falls into a leaf of tree {tree} without training rows")
        total += share / size
    return total / trees
