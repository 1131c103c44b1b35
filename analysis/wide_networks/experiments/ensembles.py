"""Weights of several ensembles: quantiles of preactivations, and the edge of chaos found by growing distances."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.wide_networks.experiments.depth import growths, weights_of
from solvable.analysis.wide_networks.settings import pair

__all__ = ["ENSEMBLES", "edge_and_bar", "quantiles_draw"]

Array = NDArray[np.float64]
ENSEMBLES = ("gaussian", "orthogonal", "low-rank", "sparse", "laplace")


def quantiles_draw(
    rng: np.random.Generator, width: int, ensemble: str, levels: Array, weight: float, bias: float, nets: int
) -> Array:
    """Quantiles over networks and neurons of the first input's preactivations after three tanh layers.

    The first layer is Gaussian; biases are, in all.
    """
    x, shape = pair()[0], (nets, width)
    h = np.sqrt(weight / 3) * rng.standard_normal((*shape, 3)) @ x + np.sqrt(bias) * rng.standard_normal(shape)
    for _ in range(3):
        W = weights_of(rng, width, ensemble, nets)
        passed = np.squeeze(W @ np.tanh(h)[..., None], -1)
        h = np.sqrt(weight) * passed + np.sqrt(bias) * rng.standard_normal(shape)
    return np.quantile(h, levels)


def edge_and_bar(
    rng: np.random.Generator, q: float, bias: float, ensemble: str, width: int, weights: tuple[float, ...], count: int
) -> tuple[float, float]:
    """Weight variance at which nearby signals neither separate nor merge, and two standard errors.

    A line through growth rates at `weights`, means over `count` networks, which are the same up to their scale; errors
    by the jackknife. A single network's line may be flat, and its zero anywhere.
    """
    seeds = rng.integers(2**32, size=count)
    growth = np.array([growths(np.random.default_rng(s), q, bias, ensemble, width, weights) for s in seeds])

    def edge(rates: Array) -> float:
        slope, level = np.polyfit(np.log(weights), rates.mean(axis=0), 1)
        return float(np.exp(-level / slope))

    without = np.array([edge(np.delete(growth, i, axis=0)) for i in range(count)])
    return edge(growth), 2 * float(np.sqrt((count - 1) * np.var(without)))
