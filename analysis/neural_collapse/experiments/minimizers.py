"""Matched experiments on unconstrained features: training only, no closed form."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.neural_collapse.experiments.descent import Descent, descend
from solvable.analysis.neural_collapse.experiments.training import Minimum, minimise

__all__ = [
    "best_random_objective",
    "branch_is_gone",
    "cross_entropy_run",
    "descent_metrics",
    "final_slope",
    "logit_gap",
    "minority_penalty",
    "nonzero_is_worse",
    "one_direction_output",
    "one_direction_switch",
    "output_above_threshold",
    "simplex_excess",
    "single_class_output",
    "trained_objective",
    "trained_quantity",
    "trained_spectrum",
    "within_class_factor",
    "within_class_trace",
]

Array = NDArray[np.float64]
Rng = np.random.Generator


def _balanced(
    rng: Rng, classes: int, samples: int, weight_decay: float, feature_decay: float, extra: int = 2, **options: object
) -> Minimum:
    return minimise(rng, [samples] * classes, [weight_decay], feature_decay, classes + extra, **options)  # type: ignore[arg-type]


def trained_quantity(
    rng: Rng,
    quantity: str,
    classes: int,
    samples: int,
    weight_decay: float,
    feature_decay: float,
    loss: str = "mse",
    bias: str = "none",
) -> float:
    """One number of a trained one-layer head: objective, mean squared lengths, or mean cosine of centred means."""
    found = _balanced(rng, classes, samples, weight_decay, feature_decay, loss=loss, bias=bias)
    means = found.means
    if quantity == "objective":
        return found.objective
    if quantity == "feature":
        return float(np.mean(np.sum(means**2, axis=0)))
    if quantity == "classifier":
        return float(np.mean(np.sum(found.classifier**2, axis=1)))
    centred = means - means.mean(axis=1, keepdims=True)
    centred /= np.linalg.norm(centred, axis=0)
    return float(np.mean((centred.T @ centred)[np.triu_indices(classes, 1)]))


def logit_gap(rng: Rng, classes: int, samples: int, weight_decay: float, feature_decay: float) -> float:
    """Own logit minus the mean of the others, cross-entropy."""
    found = _balanced(rng, classes, samples, weight_decay, feature_decay, loss="ce")
    logits = found.classifier @ found.means
    return float(np.trace(logits) / classes - (logits.sum() - np.trace(logits)) / (classes * (classes - 1)))


def output_above_threshold(
    rng: Rng, at: float, classes: int, samples: int, weight_decay: float, loss: str = "mse"
) -> float:
    """Negative while the trained features are nonzero: 0.002 minus the prediction of the own class over the others."""
    found = _balanced(rng, classes, samples, weight_decay, at, loss=loss)
    output = found.classifier @ found.means
    return 0.002 - float(np.trace(output) / classes - (output.sum() - np.trace(output)) / (classes * (classes - 1)))


def one_direction_output(
    rng: Rng, classes: int, samples: int, weight_decay: float, feature_decay: float, bias_decay: float
) -> float:
    """Prediction, without the bias, along the constant direction of class space."""
    found = _balanced(rng, classes, samples, weight_decay, feature_decay, bias="ridge", bias_decay=bias_decay)
    return float(np.mean(np.sum(found.classifier @ found.means, axis=0)))


def one_direction_switch(
    rng: Rng, at: float, classes: int, samples: int, weight_decay: float, feature_decay: float
) -> float:
    """Negative while the constant direction is off: that output minus 0.002, bias decay `at`."""
    return one_direction_output(rng, classes, samples, weight_decay, feature_decay, at) - 0.002


def _scales(depth: int) -> tuple[float, ...]:
    """Scales of the random starts: one layer has no bad minima."""
    return (0.3,) if depth == 1 else (0.3, 0.8) * 4


def trained_objective(
    rng: Rng,
    class_sizes: Sequence[int],
    layer_decays: Sequence[float],
    feature_decay: float,
    width: int = 6,
    bias: str = "none",
    bias_decay: float = 0.0,
) -> float:
    """Best objective of several random starts, squared loss."""
    scales = _scales(len(layer_decays))
    arguments = class_sizes, layer_decays, feature_decay, width
    return minimise(rng, *arguments, bias=bias, bias_decay=bias_decay, scales=scales).objective


def trained_spectrum(
    rng: Rng,
    quantity: str,
    index: int,
    class_sizes: Sequence[int],
    layer_decays: Sequence[float],
    feature_decay: float,
    bias: str = "none",
) -> float:
    """Of the best start: length of a class vector, cosine, bias, a layer's singular value, or imbalance of layers."""
    found = minimise(rng, class_sizes, layer_decays, feature_decay, 6, bias=bias, scales=_scales(len(layer_decays)))
    if quantity == "classifier":
        return float(np.linalg.norm(found.classifier[index]))
    if quantity == "feature":
        return float(np.linalg.norm(found.means[:, index]))
    if quantity == "cosine":  # largest cosine between class means
        means = found.means / np.linalg.norm(found.means, axis=0)
        return float(np.max(np.abs(means.T @ means - np.eye(len(class_sizes)))))
    if quantity == "bias":
        return float(found.bias[index])
    if quantity == "layer":
        return float(np.linalg.svd(found.layers[index], compute_uv=False)[0])
    first, second = found.layers[index], found.layers[index + 1]
    a, b = layer_decays[index], layer_decays[index + 1]
    return float(np.linalg.norm(b * second.T @ second - a * first @ first.T))


def _single_class_start(size: int, depth: int, scale: float) -> tuple[list[Array], Array, Array]:
    """All weights and features equal to `scale`, width one."""
    return [np.full((1, 1), scale)] * depth, np.full((size, 1), scale), np.zeros(1)


def nonzero_is_worse(rng: Rng, at: float, samples: int, depth: int) -> float:
    """Objective trained from weights of one, minus that of zero (one half); a single class, all decays `at`."""
    start = _single_class_start(samples, depth, 1.0)
    found = minimise(rng, [samples], [at] * depth, at, 1, scales=(1e-3,), start=start)
    return found.objective - 0.5 if found.classifier.ravel()[0] > 1e-6 else 1e-6


def single_class_output(rng: Rng, size: int, total: int, decay: float, depth: int) -> tuple[float, float]:
    """Output for one class among `total` samples: of the best run, and of gradient descent from large weights.

    Classes without a bias do not interact; the class alone has the same problem with decays times total/size and
    the loss times size/total.
    """
    own = decay * total / size
    large = [minimise(rng, [size], [own] * depth, own, 1, scales=(1e-3,), start=_single_class_start(size, depth, s))
             for s in (1.0, 1.5)]  # fmt: skip
    best = min(large, key=lambda run: run.objective)
    output = float((best.classifier @ best.means)[0, 0]) if best.objective < 0.5 else 0.0
    start = _single_class_start(size, depth, 1.0)
    flow = descend(rng, [size], [own] * depth, own, 1, [20_000], 0.1, scale=1e-3, start=start)
    return output, float(flow.classifier()[0, 0, 0, 0] * flow.means[0, 0, 0, 0])


def branch_is_gone(rng: Rng, at: float, samples: int, depth: int) -> float:
    """0.1 minus the output that gradient descent keeps from weights of one; a single class, all decays `at`."""
    start = _single_class_start(samples, depth, 1.0)
    found = descend(rng, [samples], [at] * depth, at, 1, [20_000], 0.2, scale=1e-3, start=start)
    return 0.1 - float(found.classifier()[0, 0, 0, 0] * found.means[0, 0, 0, 0])


def minority_penalty(
    rng: Rng, class_sizes: Sequence[int], layer_decays: Sequence[float], feature_decay: float, scale: float
) -> float:
    """Objective from a random start minus that from aligned unit weights: positive where a class stayed dead."""
    k, depth = len(class_sizes), len(layer_decays)
    aligned = [np.eye(k)] * depth, np.repeat(np.eye(k), class_sizes, axis=0), np.zeros(k)
    arguments = class_sizes, layer_decays, feature_decay, k
    alive = minimise(rng, *arguments, scales=(1e-3,), start=aligned).objective
    return minimise(rng, *arguments, scales=(scale,)).objective - alive


def best_random_objective(
    rng: Rng, classes: int, samples: int, depth: int, weight_decay: float, feature_decay: float
) -> float:
    """Best cross-entropy objective of a deep head over several random starts."""
    return minimise(
        rng, [samples] * classes, [weight_decay] * depth, feature_decay, classes + 2, loss="ce",
        scales=(0.4,) * 8,
    ).objective  # fmt: skip


def cross_entropy_run(
    rng: Rng, classes: int, samples: int, depth: int, weight_decay: float, feature_decay: float, starts: int
) -> tuple[float, Array]:
    """Best objective over random starts, and the singular values of the class-mean logits there."""
    found = minimise(rng, [samples] * classes, [weight_decay] * depth, feature_decay, classes + 2, loss="ce",
                     scales=(0.4,) * starts)  # fmt: skip
    return found.objective, np.asarray(np.linalg.svd(found.classifier @ found.means, compute_uv=False))


def simplex_excess(
    rng: Rng, classes: int, samples: int, depth: int, weight_decay: float, feature_decay: float
) -> float:
    """Best objective over random starts minus that of training within the simplex family, which symmetry keeps."""
    centred = np.eye(classes) - 1 / classes
    start = [2 * centred] * depth, np.repeat(2 * centred, samples, axis=0), np.zeros(classes)
    simplex = minimise(
        rng, [samples] * classes, [weight_decay] * depth, feature_decay, classes, loss="ce", scales=(0.0,), start=start
    )
    return best_random_objective(rng, classes, samples, depth, weight_decay, feature_decay) - simplex.objective


def within_class_trace(
    rng: Rng, classes: int, samples: int, depth: int, weight_decay: float, feature_decay: float
) -> float:
    """Trace of Sigma_W over that of Sigma_B for a deep head trained with cross-entropy."""
    found = minimise(rng, [samples] * classes, [weight_decay] * depth, feature_decay, classes + 2, loss="ce",
                     scales=(0.4,) * 4)  # fmt: skip
    means = found.means
    within = np.mean(np.sum((found.features - means[:, found.labels]) ** 2, axis=0))
    return float(within / np.mean(np.sum((means - means.mean(axis=1, keepdims=True)) ** 2, axis=0)))


def _near_minimum(
    rng: Rng, classes: int, samples: int, depth: int, weight_decay: float, feature_decay: float, width: int,
    scale: float, times: Sequence[int],
) -> Descent:  # fmt: skip
    """Train from aligned unit weights, add noise, and run gradient descent of step 1/2 from there."""
    frame = np.eye(classes, width)
    layers = [np.eye(width)[:classes].T @ np.eye(width)[:classes]] * (depth - 1) + [frame]
    start = layers, np.repeat(frame, samples, axis=0), np.zeros(classes)
    problem = [samples] * classes, [weight_decay] * depth, feature_decay, width
    settled = minimise(rng, *problem, scales=(0.0,), start=start)
    start = settled.layers, settled.features.T, np.zeros(classes)
    return descend(rng, *problem, times, 0.5, scale=scale, start=start)


def within_class_factor(
    rng: Rng, span: str, classes: int, samples: int, depth: int, weight_decay: float, feature_decay: float, width: int
) -> float:
    """Rate at which within-class scatter inside or outside the means' span dies, from 20 steps near collapse."""
    found = _near_minimum(rng, classes, samples, depth, weight_decay, feature_decay, width, 1e-7, [0, 20])
    basis = np.linalg.svd(found.classifier()[0, 0])[2]
    part = basis[:classes] if span == "inside" else basis[classes:]
    traces = [np.trace(part @ found.scatter[0, t] @ part.T) for t in (0, 1)]
    return float(2 * (1 - (traces[1] / traces[0]) ** (1 / 40)))  # the factor of a step is (1 - rate/2)^2


def descent_metrics(found: Descent, samples: float = 1.0, lengths: Array | None = None) -> dict[str, Array]:
    """NC1 (both forms), NC2 and NC3 of every snapshot, `samples` a class on average; NC2 against given lengths."""
    means, head = found.means, found.classifier()
    k = means.shape[2]
    centred = means - means.mean(axis=2, keepdims=True)
    _, values, directions = np.linalg.svd(centred, full_matrices=False)
    span = directions[..., : k - 1, :]
    along = np.einsum("...ij,...jk,...ik->...i", span, found.scatter, span)
    gram = means @ np.swapaxes(means, -1, -2)
    target = np.eye(k) if lengths is None else np.diag(lengths**2)
    return {
        "nc1": np.sum(along / values[..., : k - 1] ** 2, axis=-1) / (k * samples),
        "nc1_trace": np.trace(found.scatter, axis1=-2, axis2=-1) / np.sum(centred**2, axis=(-2, -1)) / samples,
        "nc2": np.linalg.norm(_unit(gram) - target / np.linalg.norm(target), axis=(-2, -1)),
        "nc3": np.linalg.norm(_unit(head) - _unit(means), axis=(-2, -1)),
    }


def _unit(matrices: Array) -> Array:
    return np.asarray(matrices / np.linalg.norm(matrices, axis=(-2, -1), keepdims=True))


def final_slope(
    rng: Rng, metric: str, classes: int, samples: int, depth: int, weight_decay: float, feature_decay: float, width: int
) -> float:
    """Rate of decay of a metric late in a run that starts 1e-3 away from collapse, per unit of time."""
    unit = 1 / min(weight_decay, feature_decay)
    late = [int(12 * unit), int(18 * unit)] if metric != "nc1" else [int(4 * unit), int(6 * unit)]
    run = _near_minimum(rng, classes, samples, depth, weight_decay, feature_decay, width, 1e-3, late)
    found = descent_metrics(run)[metric][0]
    return float(np.log(found[0] / found[1]) / (0.5 * (late[1] - late[0])))
