r"""Linear structural equations on graphs with cycles: their covariance, and total effects as sums over paths.

:math:`X=\Lambda^TX+\varepsilon` with :math:`\mathrm{Cov}(\varepsilon)=\Omega`: the edge from i to j has weight
:math:`\lambda_{ij}`, and :math:`X=(I-\Lambda)^{-T}\varepsilon`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.validate import as_covariance, as_kind, as_matrix, data_eps, refuse, within_range

__all__ = ["path_weights", "structural_covariance"]

Array = NDArray[np.float64]
_NODES, _SYMBOLIC_NODES = 10, 8


def _square(name: str, value: ArrayLike) -> Array:
    matrix = as_matrix(name, value)
    if matrix.shape[0] != matrix.shape[1]:
        raise refuse(f"{name}.shape", matrix.shape, "it must be square, a weight for each pair of nodes")
    return matrix


def _solvable(name: str, value: ArrayLike, loops: Array) -> None:
    singular = np.linalg.svd(loops, compute_uv=False)
    if singular[-1] <= len(loops) * data_eps(value) * singular[0]:
        raise refuse(name, np.asarray(value), "det(I - Lambda) vanishes to the rounding of its largest weight")


@within_range
def structural_covariance(Lambda: ArrayLike, Omega: ArrayLike) -> Array:
    r"""Covariance :math:`(I-\Lambda)^{-T}\,\Omega\,(I-\Lambda)^{-1}` of linear structural equations.

    Parameters
    ----------
    Lambda : array_like, shape (d, d)
        :math:`\lambda_{ij}` is the weight of the edge from i to j; cycles and loops are allowed.
    Omega : array_like, shape (d, d)
        Covariance of the noise.

    Returns
    -------
    ndarray, shape (d, d)

    Raises
    ------
    ValueError
        :math:`\det(I-\Lambda)=0` to rounding, an Omega that is no covariance.

    Notes
    -----
    Two solves: relative to its largest entry it loses the square of the condition of :math:`I-\Lambda`.

    References
    ----------
    adhikari2022one

    Examples
    --------
    >>> from solvable.solvers import structural_covariance
    >>> structural_covariance([[0.0, 2.0], [0.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]])
    array([[1., 2.],
           [2., 5.]])
    """
    weights = _square("Lambda", Lambda)
    noise = as_covariance("Omega", Omega, len(weights))
    loops = np.eye(len(weights)) - weights
    _solvable("Lambda", Lambda, loops)
    half = np.linalg.solve(loops.T, noise)
    found = np.linalg.solve(loops.T, half.T)
    return np.asarray((found + found.T) / 2)


def _by_visited(weights: Any, edges: NDArray[np.bool_], start: int, one: Any) -> dict[tuple[int, int], Any]:
    """Sum of the weights of all self-avoiding paths from `start`, by the set of nodes on them (bits) and their end."""
    found = {(1 << start, start): one}
    layer = dict(found)
    while layer:
        longer: dict[tuple[int, int], Any] = {}
        for (visited, node), total in layer.items():
            for after in map(int, np.flatnonzero(edges[node])):
                if not visited >> after & 1:
                    key = (visited | 1 << after, after)
                    step = total * weights[node][after]
                    longer[key] = longer[key] + step if key in longer else step
        found |= longer
        layer = longer
    return found


def _outside(d: int, visited: int) -> list[int]:
    return [node for node in range(d) if not visited >> node & 1]


def _numbers(weights: Array, loops: Array) -> Array:
    d, edges, minors = len(weights), weights != 0, dict[int, float]()
    total = np.zeros_like(weights)
    for start in range(d):
        for (visited, end), along in _by_visited(weights.tolist(), edges, start, 1.0).items():
            if visited not in minors:
                rest = _outside(d, visited)
                minors[visited] = float(np.linalg.det(loops[np.ix_(rest, rest)]))
            total[start, end] += along * minors[visited]
    return np.asarray(total / np.linalg.det(loops))


def _expressions(edges: NDArray[np.bool_]) -> NDArray[np.object_]:
    """The same in polynomials; a determinant is that without a node less its cycles times what they leave."""
    from sympy import ZZ
    from sympy.polys.rings import PolyRing

    d = len(edges)
    names = [f"lambda_{i + 1}_{j + 1}" for i, j in np.argwhere(edges)]
    ring = PolyRing(names or ["lambda"], ZZ)
    weights = [[ring.zero] * d for _ in range(d)]
    for (i, j), symbol in zip(np.argwhere(edges), ring.gens, strict=False):
        weights[i][j] = symbol
    paths = [_by_visited(weights, edges, start, ring.one) for start in range(d)]
    minors: dict[int, Any] = {(1 << d) - 1: ring.one}  # by the nodes left out

    def minor(visited: int) -> Any:
        if visited not in minors:
            node = _outside(d, visited)[0]
            value = minor(visited | 1 << node)
            for (cycle, end), along in paths[node].items():
                if not cycle & visited and edges[end, node]:
                    value = value - along * weights[end][node] * minor(visited | cycle)
            minors[visited] = value
        return minors[visited]

    total, whole = np.empty((d, d), dtype=object), minor(0).as_expr()
    for start in range(d):
        sums = [ring.zero] * d
        for (visited, end), along in paths[start].items():
            sums[end] = sums[end] + along * minor(visited)
        total[start] = [value.as_expr() / whole for value in sums]
    return total


@within_range
def path_weights(graph: ArrayLike, symbolic: bool = False) -> NDArray[np.float64] | NDArray[np.object_]:
    r"""Total effects :math:`(I-\Lambda)^{-1}` as sums over self-avoiding paths, cycles included (Mason's rule).

    .. math::
        \big[(I-\Lambda)^{-1}\big]_{ij}=\sum_{P:\,i\to j}\frac{\lambda_P\,\det\,(I-\Lambda)_{\bar P}}{\det(I-\Lambda)},

    :math:`\lambda_P` the product of the weights along P and :math:`\bar P` the nodes it leaves out.

    Parameters
    ----------
    graph : array_like, shape (d, d)
        :math:`\lambda_{ij}`, the weight of the edge from i to j; zero where there is none. Loops are allowed.
    symbolic : bool
        Expressions in ``lambda_i_j``, nodes counted from 1, for graphs of up to 8 nodes; of the weights it matters only
        which are zero.

    Returns
    -------
    ndarray, shape (d, d)
        Numbers, or SymPy expressions as objects.

    Raises
    ------
    ValueError
        A graph whose :math:`\det(I-\Lambda)` vanishes (numbers), more than 10 nodes, or 8 for expressions.

    Notes
    -----
    Paths are enumerated, which is exponential in d, as the rule is; an inverse is a better algorithm for numbers. Loses
    the condition of :math:`I-\Lambda` and, where paths cancel, their largest term over the sum.

    References
    ----------
    adhikari2022one (covariances for cyclic graphs; the rule for a single path is Mason's)

    Examples
    --------
    >>> from solvable.solvers import path_weights
    >>> path_weights([[0.0, 0.5], [0.5, 0.0]]).round(6)
    array([[1.333333, 0.666667],
           [0.666667, 1.333333]])
    >>> str(path_weights([[0, 1], [1, 0]], symbolic=True)[0, 1])
    'lambda_1_2/(-lambda_1_2*lambda_2_1 + 1)'
    """
    weights = _square("graph", graph)
    as_kind("symbolic", symbolic, bool, "it must be True or False")
    most = _SYMBOLIC_NODES if symbolic else _NODES
    if len(weights) > most:
        raise refuse("graph.shape", weights.shape, f"it may have {most} nodes: paths are enumerated")
    if symbolic:
        return _expressions(weights != 0)
    loops = np.eye(len(weights)) - weights
    _solvable("graph", graph, loops)
    return _numbers(weights, loops)
