"""Forests of scikit-learn and their weights, through one-hot leaves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.generalisation.settings import FAR, curve

__all__ = [
    "far_less_test",
    "fit",
    "forest_size",
    "forest_values",
    "leaves_of_a_tree",
    "sizes",
    "test_less_train",
    "trace_gap",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def _grown(rng: Rng, n: int, d: int, trees: int, bootstrap: bool) -> dict[str, Any]:
    """A forest of full trees that look at a third of the features, how often each drew each row, and inputs."""
    X, T = rng.standard_normal((n, d)), rng.standard_normal((n, d))
    y = curve(X) + 0.5 * rng.standard_normal(n)
    return {"X": X, "T": T, "F": FAR * rng.standard_normal((n, d)), **fit(rng, X, y, trees, bootstrap)}


def fit(rng: Rng, X: Array, y: Array, trees: int, bootstrap: bool) -> dict[str, Any]:
    """A fitted forest and its draws of rows."""
    from sklearn.ensemble import RandomForestRegressor

    seed = int(rng.integers(2**31))
    forest = RandomForestRegressor(trees, max_features=1 / 3, bootstrap=bootstrap, random_state=seed).fit(X, y)
    counts = np.ones((trees, len(X)))
    if bootstrap:
        counts = np.array([np.bincount(rows, minlength=len(X)) for rows in forest.estimators_samples_], float)
    return {"forest": forest, "y": y, "counts": counts}


def _given(drawn: dict[str, Any], inputs: Array) -> dict[str, Array]:
    """What a run knows of its forest: leaves of inputs and of training rows, and the draws of rows."""
    forest = drawn["forest"]
    return {"here": forest.apply(inputs), "there": forest.apply(drawn["X"]), "counts": drawn["counts"]}


def forest_values(rng: Rng, n: int, d: int, trees: int, bootstrap: bool) -> tuple[Array, dict[str, Array]]:
    """What scikit-learn predicts. Given: leaves, draws of rows and labels."""
    drawn = _grown(rng, n, d, trees, bootstrap)
    return np.asarray(drawn["forest"].predict(drawn["T"])), {**_given(drawn, drawn["T"]), "y": drawn["y"]}


def _smoother(forest: Any, inputs: Array, X: Array, counts: Array) -> Array:
    """Weights of the labels: leaves one-hot, the mean of the labels' indicators in each."""
    here, there = forest.apply(inputs), forest.apply(X)
    total = np.zeros((len(inputs), len(X)))
    for t in range(there.shape[1]):
        leaf = np.zeros((there[:, t].max() + 1, len(X)))
        np.add.at(leaf, there[:, t], np.diag(counts[t]))
        total += (leaf / np.maximum(leaf.sum(axis=1, keepdims=True), 1e-300))[here[:, t]]
    return total / there.shape[1]


def _parameters(S: Array) -> float:
    return float(S.shape[1] / S.shape[0] * np.linalg.norm(S) ** 2)


def sizes(forest: Any, places: list[Array], X: Array, counts: Array) -> list[float]:
    """Effective parameters of a forest at several sets of inputs."""
    return [_parameters(_smoother(forest, inputs, X, counts)) for inputs in places]


def forest_size(rng: Rng, n: int, d: int, trees: int, bootstrap: bool, where: str) -> tuple[float, dict[str, Array]]:
    """Effective parameters of the forest at training, test or far inputs. Given: leaves and draws of rows."""
    drawn = _grown(rng, n, d, trees, bootstrap)
    inputs = drawn[{"train": "X", "test": "T", "far": "F"}[where]]
    return sizes(drawn["forest"], [inputs], drawn["X"], drawn["counts"])[0], _given(drawn, inputs)


def test_less_train(rng: Rng, **cell: Any) -> float:
    """Effective parameters at test inputs less those at training inputs."""
    drawn = _grown(rng, **cell)
    train, test = sizes(drawn["forest"], [drawn["X"], drawn["T"]], drawn["X"], drawn["counts"])
    return test - train


def far_less_test(rng: Rng, **cell: Any) -> float:
    """Effective parameters at inputs that are three times wider less those at test inputs."""
    drawn = _grown(rng, **cell)
    test, far = sizes(drawn["forest"], [drawn["T"], drawn["F"]], drawn["X"], drawn["counts"])
    return far - test


def trace_gap(rng: Rng, n: int, d: int) -> float:
    """Effective parameters of one bootstrapped tree at its training inputs less the trace of its smoother."""
    drawn = _grown(rng, n, d, 1, True)
    S = _smoother(drawn["forest"], drawn["X"], drawn["X"], drawn["counts"])
    return _parameters(S) - float(np.trace(S))


def leaves_of_a_tree(rng: Rng, n: int, d: int, leaves: int) -> tuple[float, dict[str, Array]]:
    """Number of leaves that scikit-learn counts in a tree without bootstrap. Given: the leaf of each training row."""
    from sklearn.tree import DecisionTreeRegressor

    X = rng.standard_normal((n, d))
    y = curve(X) + 0.5 * rng.standard_normal(n)
    seed = int(rng.integers(2**31))
    tree = DecisionTreeRegressor(max_leaf_nodes=leaves, max_features=1, random_state=seed).fit(X, y)
    return float(tree.get_n_leaves()), {"there": tree.apply(X)[:, None]}
