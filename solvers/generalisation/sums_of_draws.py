r"""Law of a sum of independent positive draws, kept as Gauss rules in the bins of a geometric grid.

Two rules that are exact for polynomials of degree 2m - 1 give, by all sums of their nodes, a rule that is exact for
such polynomials of the sum; in every bin its atoms are replaced by the m nodes and weights that keep 2m moments.
Weights stay positive, so that expectations of positive functions do not cancel, and are kept as logarithms.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal

__all__ = ["compressed", "sum_law"]

Array = NDArray[np.float64]
Law = tuple[Array, Array]


def _gauss(x: Array, weight: Array, nodes: int) -> tuple[Array, Array]:
    """Nodes and weights of the Gauss rule of a discrete law on [-1, 1], by Lanczos with reorthogonalisation."""
    basis = np.empty((nodes, x.size))
    diagonal, side = np.empty(nodes), np.empty(nodes)
    total = weight.sum()
    vector = np.sqrt(weight / total)
    for i in range(nodes):
        basis[i] = vector
        new = x * vector
        diagonal[i] = new @ vector
        for _ in range(2):
            new = new - basis[: i + 1].T @ (basis[: i + 1] @ new)
        side[i] = np.sqrt(new @ new)
        if side[i] < 1e-14 or i + 1 == nodes:
            nodes = i + 1
            break
        vector = new / side[i]
    places, vectors = eigh_tridiagonal(diagonal[:nodes], side[: nodes - 1])
    return places, total * vectors[0] ** 2


def compressed(values: Array, logs: Array, ratio: float, nodes: int) -> Law:
    """Law with at most `nodes` atoms in every bin whose ends have the given ratio.

    Parameters
    ----------
    values, logs : ndarray
        Atoms and the logarithms of their weights.
    ratio : float
        Upper end of a bin over its lower end.
    nodes : int
        Most atoms in a bin.

    Returns
    -------
    values, logs : ndarray
        The law that has the same 2 `nodes` first moments in every bin.
    """
    order = np.argsort(values, kind="stable")
    values, logs = values[order], logs[order]
    bins = np.floor(np.log(values / values[0]) / np.log(ratio) + 1e-9)
    edges = np.concatenate([[0], np.flatnonzero(np.diff(bins)) + 1, [values.size]])
    kept_values, kept_logs = [], []
    for low, high in pairwise(edges):
        inside, weight = values[low:high], logs[low:high]
        if high - low > nodes:
            middle, half = (inside[0] + inside[-1]) / 2, (inside[-1] - inside[0]) / 2
            largest = weight.max()
            if half <= 1e-15 * middle:
                places, found = np.zeros(1), np.array([np.exp(weight - largest).sum()])
            else:
                places, found = _gauss((inside - middle) / half, np.exp(weight - largest), nodes)
            good = found > 0
            inside, weight = middle + half * places[good], largest + np.log(found[good])
        kept_values.append(inside)
        kept_logs.append(weight)
    return np.concatenate(kept_values), np.concatenate(kept_logs)


def _summed(first: Law, second: Law, ratio: float, nodes: int) -> Law:
    """Law of the sum of two independent variables; pairs of a law with itself count once, at twice the weight."""
    values, logs = first[0][:, None] + second[0], first[1][:, None] + second[1]
    if first is second:
        i, j = np.triu_indices(len(first[0]))
        return compressed(values[i, j], logs[i, j] + np.log(2.0) * (i != j), ratio, nodes)
    return compressed(values.reshape(-1), logs.reshape(-1), ratio, nodes)


def sum_law(law: Law, count: int, ratio: float, nodes: int) -> Law:
    """Law of the sum of `count` independent draws, by doubling.

    Parameters
    ----------
    law : pair of ndarray
        Atoms and the logarithms of their weights, compressed.
    count : int
        How many draws, at least 1.
    ratio : float
        Upper end of a bin over its lower end.
    nodes : int
        Most atoms in a bin.

    Returns
    -------
    pair of ndarray
    """
    power, result = law, None
    while True:
        if count & 1:
            result = power if result is None else _summed(result, power, ratio, nodes)
        count >>= 1
        if count == 0:
            assert result is not None
            return result
        power = _summed(power, power, ratio, nodes)
