"""Results on training: diagonal networks, stability of SGD, minority collapse."""

from __future__ import annotations

from typing import Any

import numpy as np

from solvable.analysis.diagonal_networks.experiments.flows import flow_limit
from solvable.analysis.diagonal_networks.settings import sparse_regression
from solvable.analysis.neural_collapse.experiments.minimizers import single_class_output
from solvable.analysis.sgd_stability.experiments.chains import (
    threshold_under_bernoulli,
    threshold_without_replacement,
)
from solvable.figures.explorer.panel import Array, Knob, Panel, Values
from solvable.solvers import collapse_minimizer, interpolator, minimum_l1, stability_threshold

__all__ = ["TRAINING"]

Rng = np.random.Generator


def _problem(v: Values) -> tuple[Array, Array]:
    X, y, _ = sparse_regression(np.random.default_rng(1), v["n"], 30, 2)
    return X, y


def _rich(v: Values) -> tuple[Array, Array]:
    X, y = _problem(v)
    scales = np.geomspace(0.03, 5, 61)
    least = np.abs(minimum_l1(X, y).value).sum()
    norms = [np.abs(interpolator(X, y, scale, v["depth"]).value).sum() for scale in scales]
    return scales, np.array(norms) / least - 1


def _rich_dots(rng: Rng, v: Values) -> tuple[Array, Array, None]:
    del rng  # the flow is deterministic: one data set
    X, y = _problem(v)
    at = np.array([0.3, 0.6, 1.0, 2.0, 4.0])
    least = np.abs(minimum_l1(X, y).value).sum()
    return at, np.array([np.abs(flow_limit(X, y, scale, v["depth"])).sum() for scale in at.tolist()]) / least - 1, None


_POINTS, _DIMENSION = 6, 3


def _gradients(coherence: float) -> Array:
    """Six Gaussian gradients that share a direction: 0, independent; 1, all the same."""
    rng = np.random.default_rng(2)
    own, shared = rng.standard_normal((_POINTS, _DIMENSION)), rng.standard_normal(_DIMENSION)
    return np.asarray(np.sqrt(1 - coherence) * own + np.sqrt(coherence) * shared)


def _stable(v: Values) -> tuple[Array, Array]:
    batch = np.arange(1, _POINTS + 1)
    return batch.astype(float), np.asarray(stability_threshold(_gradients(v["coherence"]), batch, v["sampling"]).value)


def _stable_dots(rng: Rng, v: Values) -> tuple[Array, Array, None]:
    G = _gradients(v["coherence"])
    measure: Any = {"without-replacement": threshold_without_replacement, "bernoulli": threshold_under_bernoulli}
    batch = np.arange(1, _POINTS + 1)
    return batch.astype(float), np.array([measure[v["sampling"]](rng, G, int(b)) for b in batch]), None


_TOTAL = 1000


def _decay(v: Values) -> float:
    """Common decay for which b = M N (N decay^{M+1})^{1/M} is the strength, in samples."""
    depth = v["layers"]
    return float(((v["strength"] / (depth * _TOTAL)) ** depth / _TOTAL) ** (1 / (depth + 1)))


def _minority(v: Values) -> tuple[Array, Array]:
    sizes = np.unique(np.geomspace(8, 400, 300).astype(int))
    classes = np.stack([sizes, _TOTAL - sizes], axis=-1)
    found = collapse_minimizer(classes, [_decay(v)] * v["layers"], _decay(v))
    return sizes.astype(float), np.asarray(found.outputs[:, 0])


def _minority_dots(rng: Rng, v: Values) -> tuple[Array, Array, None]:
    at = np.array([14, 26, 40, 70, 200])
    found = [single_class_output(rng, size, _TOTAL, _decay(v), v["layers"])[0] for size in at.tolist()]
    return at.astype(float), np.array(found), None


TRAINING = (
    Panel(
        "kernel-to-rich", "From the kernel to the rich regime", "diagonal-networks/flow-is-interpolator",
        r"\begin{gathered}w=u^{\odot D}-v^{\odot D},\quad u(0)=v(0)=\alpha\\"
        r" \dot u=-\nabla_u\,\tfrac12\|Xw-y\|^2\end{gathered}",
        "From small scales descent finds the sparse interpolator, the sooner the deeper; from large ones the one of "
        "least norm.",
        "initial scale α", "ℓ₁ norm above the least", (
            Knob("depth", "depth D", (2, 3)),
            Knob("n", "samples n (d = 30)", (6, 10, 14), 1),
        ), _rich, _rich_dots, logs="x",
    ),
    Panel(
        "sgd-threshold", "The largest stable step size of SGD", "sgd-stability/exact-threshold",
        r"\rho\big(E[(I-\eta H_B)\otimes(I-\eta H_B)]\big)=1",
        "Six gradients. The more they share a direction, the less a larger batch helps. Dots: every batch enumerated.",
        "batch size B", "threshold η*", (
            Knob("coherence", "coherence", (0.0, 0.3, 0.6, 0.9)),
            Knob("sampling", "sampling", ("without-replacement", "bernoulli")),
        ), _stable, _stable_dots, logs="",
    ),
    Panel(
        "minority-collapse", "A minority class vanishes", "neural-collapse/minority-collapse",
        r"n_{\mathrm{crit}}=MN\big(N\lambda_H\textstyle\prod_j\lambda_j\big)^{1/M}/r_c",
        "Below a critical size the class is not learned at all. Deep heads lose it with a jump.",
        "samples of the class", "output for the class", (
            Knob("layers", "linear layers M", (1, 2, 3, 4), 1),
            Knob("strength", "decay, in samples", (10, 20, 40), 1),
        ), _minority, _minority_dots, logs="x",
    ),
)  # fmt: skip
