"""Matched experiments: deep linear and parallel networks with weight decay; directions of class centres; spheres."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.neural_collapse.settings import start_features, target_matrix

__all__ = [
    "angle_excess",
    "compatibility_cosine",
    "equal_values_gap",
    "minority_head_cosine",
    "pair_failures",
    "prototype_margin",
    "scalar_zero_is_best",
    "sphere_features",
    "spread_centres",
    "trained_centres",
    "trained_long_tail",
    "trained_minimum_norm",
    "trained_scalar",
    "trained_shrinkage",
]

Array = NDArray[np.float64]
Rng = np.random.Generator
_OPTIONS = {"ftol": 1e-17, "gtol": 1e-12, "maxcor": 40, "maxiter": 20_000, "maxfun": 40_000}


def _search(objective: Callable[[Array], tuple[float, Array]], start: Array) -> tuple[float, Array]:
    from scipy.optimize import minimize

    found = minimize(objective, start, jac=True, method="L-BFGS-B", options=_OPTIONS)
    return float(found.fun), found.x


def _deep(
    target: Array, depth: int, decay: float, width: int
) -> tuple[Callable[[Array], tuple[float, Array]], list[tuple[int, int]]]:
    """1/2 ||W_1...W_L - target||^2 + decay/2 sum ||W_l||^2, inputs whitened."""
    rows, columns = target.shape
    shapes = [(rows, width)] + [(width, width)] * (depth - 2) + [(width, columns)]
    cuts = np.cumsum([a * b for a, b in shapes])[:-1]

    def objective(flat: Array) -> tuple[float, Array]:
        W = [part.reshape(shape) for part, shape in zip(np.split(flat, cuts), shapes, strict=True)]
        left = [np.eye(rows)]
        for layer in W:
            left.append(left[-1] @ layer)
        error, back, gradients = left[-1] - target, np.eye(columns), []
        for j in range(depth - 1, -1, -1):
            gradients.append(left[j].T @ error @ back.T)
            back = W[j] @ back
        flow = np.concatenate([g.ravel() for g in gradients[::-1]]) + decay * flat
        return 0.5 * float(np.sum(error**2)) + decay / 2 * float(flat @ flat), flow

    return objective, shapes


def _train_deep(rng: Rng, target: Array, depth: int, decay: float, starts: int) -> tuple[float, Array]:
    """Best objective and product: one start aligned with the target's singular vectors, the others random."""
    width = min(target.shape)
    objective, shapes = _deep(target, depth, decay, width)
    u, _, v = np.linalg.svd(target, full_matrices=False)
    aligned = np.concatenate([u.ravel(), *[np.eye(width).ravel()] * (depth - 2), v.ravel()])
    size = sum(a * b for a, b in shapes)
    best = (np.inf, aligned)
    for i in range(starts):
        start = aligned + 1e-2 * rng.standard_normal(size) if i == 0 else rng.standard_normal(size)
        found = _search(objective, start)
        best = min(best, found, key=lambda pair: pair[0])
    cuts = np.cumsum([a * b for a, b in shapes])[:-1]
    product = np.eye(target.shape[0])
    for part, shape in zip(np.split(best[1], cuts), shapes, strict=True):
        product = product @ part.reshape(shape)
    return best[0], product


def _parallel(rng: Rng, target: Array, depth: int, decay: float) -> float:
    """Branches w_1 s_2...s_{L-1} w_L^T, penalty decay/2 sum ||.||^L: a branch of rank one has use for nothing else."""
    rows, columns = target.shape
    branches = min(rows, columns) + 1
    shapes = [(branches, rows)] + [(branches,)] * (depth - 2) + [(branches, columns)]
    cuts = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]

    def objective(flat: Array) -> tuple[float, Array]:
        parts = [part.reshape(shape) for part, shape in zip(np.split(flat, cuts), shapes, strict=True)]
        first, last, middle = parts[0], parts[-1], parts[1:-1]
        scale = np.prod(middle, axis=0) if middle else np.ones(branches)
        error = (first * scale[:, None]).T @ last - target
        inner = np.einsum("ba,ac,bc->b", first, error, last)
        gradients = [scale[:, None] * (last @ error.T)]
        for j in range(len(middle)):
            gradients.append(inner * np.prod(middle[:j] + middle[j + 1 :], axis=0))
        gradients.append(scale[:, None] * (first @ error))
        value = 0.5 * float(np.sum(error**2))
        for i, part in enumerate(parts):
            norms = np.abs(part) if part.ndim == 1 else np.linalg.norm(part, axis=1)
            value += decay / 2 * float(np.sum(norms**depth))
            weight = decay * depth / 2 * norms ** (depth - 2)
            gradients[i] = gradients[i] + (weight * part if part.ndim == 1 else weight[:, None] * part)
        return value, np.concatenate([g.ravel() for g in gradients])

    best = np.inf
    for scale in (0.5, 1.0, 1.0):
        start = scale * rng.standard_normal(int(cuts[-1]) + branches * columns)
        best = min(best, _search(objective, start)[0])
    return best


def trained_minimum_norm(rng: Rng, network: str, target: str, depth: int, decay: float = 4e-3) -> float:
    """Least penalty of weights that fit: (loss + penalty)/decay from training at three decays, extrapolated to 0."""
    matrix = target_matrix(target)
    values = []
    for size in (decay, decay / 2, decay / 4):
        found = (
            _parallel(rng, matrix, depth, size)
            if network == "parallel"
            else _train_deep(rng, matrix, depth, size, starts=4)[0]
        )
        values.append(found / size)
    return float((8 * values[2] - 6 * values[1] + values[0]) / 3)


def equal_values_gap(rng: Rng, depth: int) -> float:
    """Trained minimum norm for the identity minus the dual value (L/2)(sum of singular values)^(2/L)."""
    return trained_minimum_norm(rng, "standard", "identity", depth) - depth / 2 * 2 ** (2 / depth)


def trained_shrinkage(rng: Rng, index: int, depth: int, weight_decay: float) -> float:
    """Singular value number `index` of the trained product, whitened inputs."""
    matrix = target_matrix("gaussian")
    if depth == 1:

        def ridge(flat: Array) -> tuple[float, Array]:
            error = flat - matrix.ravel()
            return 0.5 * float(error @ error) + weight_decay / 2 * float(flat @ flat), error + weight_decay * flat

        trained = _search(ridge, rng.standard_normal(matrix.size))[1].reshape(matrix.shape)
        return float(np.linalg.svd(trained, compute_uv=False)[index])
    product = _train_deep(rng, matrix, depth, weight_decay, starts=4)[1]
    return float(np.linalg.svd(product, compute_uv=False)[index])


def trained_scalar(rng: Rng, target: float, depth: int, weight_decay: float) -> float:
    """Product of the best scalar network, from large and from small weights; two layers at least."""
    objective, _ = _deep(np.array([[target]]), depth, weight_decay, 1)
    starts = [np.full(depth, (part * target) ** (1 / depth)) + 1e-3 * rng.standard_normal(depth)
              for part in (1.0, 0.8, 0.6, 1e-6)]  # fmt: skip
    return float(np.prod(min((_search(objective, start) for start in starts), key=lambda pair: pair[0])[1]))


def scalar_zero_is_best(rng: Rng, at: float, depth: int, weight_decay: float) -> float:
    """Zero's objective minus the best nonzero one from positive starts, target `at`: negative while zero is best."""
    objective, _ = _deep(np.array([[at]]), depth, weight_decay, 1)
    best = -1e-6  # where every start ended at zero
    for part in (1.0, 0.8, 0.6):
        start = np.full(depth, (part * at) ** (1 / depth)) + 1e-3 * rng.standard_normal(depth)
        value, weights = _search(objective, start)
        if abs(np.prod(weights)) > 1e-6:
            best = max(best, 0.5 * at**2 - value) if best > -1e-6 else 0.5 * at**2 - value
    return best


def trained_centres(rng: Rng, class_sizes: Sequence[int], dimension: int, problem: int) -> float:
    """Least mean over classes of the mean squared distance to learnt centres, features of a numbered problem."""
    sizes = np.asarray(class_sizes)
    features = start_features(1, int(sizes.sum()), dimension, problem)
    labels = np.repeat(np.arange(sizes.size), sizes)

    def objective(flat: Array) -> tuple[float, Array]:
        away = flat.reshape(sizes.size, dimension)[labels] - features
        weight = 1 / (sizes.size * sizes[labels])
        slope = np.zeros((sizes.size, dimension))
        np.add.at(slope, labels, 2 * weight[:, None] * away)
        return float(weight @ np.sum(away**2, axis=1)), slope.ravel()

    return _search(objective, rng.standard_normal(sizes.size * dimension))[0]


def _angle_term(centres: Array, sharpness: float) -> tuple[float, Array]:
    """Negative mean angle to the nearest other centre, with a soft maximum, and its gradient."""
    k = len(centres)
    M = centres - centres.mean(axis=0)
    lengths = np.linalg.norm(M, axis=1, keepdims=True)
    unit = M / lengths
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    top = cosines.max(axis=1, keepdims=True)
    weights = np.exp(sharpness * (cosines - top))
    sums = weights.sum(axis=1, keepdims=True)
    soft = np.clip((top + np.log(sums / (k - 1)) / sharpness)[:, 0], -0.99999, 0.99999)
    weights *= (1 / (k * np.sqrt(1 - soft**2)))[:, None] / sums  # d(-mean arccos)/d cosine
    back = (weights + weights.T) @ unit
    back = (back - np.sum(back * unit, axis=1, keepdims=True) * unit) / lengths
    return -float(np.mean(np.arccos(soft))), back - back.mean(axis=0)


def spread_centres(rng: Rng, classes: int, dimension: int) -> float:
    """Smallest angle term found from random centres: soft maxima of growing sharpness, then the term itself."""
    best = 0.0
    for _ in range(3):
        flat = rng.standard_normal(classes * dimension)
        for sharpness in (5.0, 20.0, 100.0, 1000.0, 1e4):
            flat = _search(partial(_flat_angle, classes=classes, sharpness=sharpness), flat)[1]
        centres = flat.reshape(classes, dimension)
        best = min(best, _hard_angle_term(centres))
    return best


def _flat_angle(flat: Array, classes: int, sharpness: float) -> tuple[float, Array]:
    value, gradient = _angle_term(flat.reshape(classes, -1), sharpness)
    return value, gradient.ravel()


def _hard_angle_term(centres: Array) -> float:
    M = centres - centres.mean(axis=0)
    unit = M / np.linalg.norm(M, axis=1, keepdims=True)
    cosines = unit @ unit.T - 2 * np.eye(len(M))
    return -float(np.mean(np.arccos(np.clip(cosines.max(axis=1), -1, 1))))


def trained_long_tail(
    rng: Rng, angle_weight: float, class_sizes: Sequence[int], decay: float, dimension: int
) -> tuple[Array, Array]:
    """Head and features (rows) after training free features with cross-entropy on uneven classes.

    One feature for each class (within-class collapse assumed), weighted by class size, decay on head and features, plus
    `angle_weight` times the minimum-angle term, soft with growing sharpness.
    """
    sizes = np.asarray(class_sizes, dtype=float)
    k, share = sizes.size, sizes / sizes.sum()

    def objective(flat: Array, sharpness: float) -> tuple[float, Array]:
        W, H = flat.reshape(2, k, dimension)  # rows
        logits = H @ W.T
        shifted = logits - logits.max(axis=1, keepdims=True)
        weights = np.exp(shifted)
        sums = weights.sum(axis=1, keepdims=True)
        value = float(share @ (np.log(sums[:, 0]) - np.diag(shifted)))
        back = share[:, None] * (weights / sums - np.eye(k))
        value += decay / 2 * float(np.sum(W**2) + share @ np.sum(H**2, axis=1))
        gradient_W = back.T @ H + decay * W
        gradient_H = back @ W + decay * share[:, None] * H
        if angle_weight:
            term, slope = _angle_term(H, sharpness)
            value, gradient_H = value + angle_weight * term, gradient_H + angle_weight * slope
        return value, np.concatenate([gradient_W.ravel(), gradient_H.ravel()])

    flat = 0.5 * rng.standard_normal(2 * k * dimension)
    for sharpness in (5.0, 30.0, 200.0) if angle_weight else (1.0,):
        flat = _search(partial(objective, sharpness=sharpness), flat)[1]
    head, features = flat.reshape(2, k, dimension)
    return head, features


def angle_excess(rng: Rng, angle_weight: float, class_sizes: Sequence[int], decay: float, dimension: int) -> float:
    """Mean distance of the cosines between centred class means from -1/(K-1) after that training."""
    features = trained_long_tail(rng, angle_weight, class_sizes, decay, dimension)[1]
    M = features - features.mean(axis=0)
    M /= np.linalg.norm(M, axis=1, keepdims=True)
    k = len(M)
    return float(np.mean(np.abs((M @ M.T)[np.triu_indices(k, 1)] + 1 / (k - 1))))


def minority_head_cosine(
    rng: Rng, angle_weight: float, class_sizes: Sequence[int], decay: float, dimension: int
) -> float:
    """Cosine of the head's rows of the last two classes after that training."""
    a, b = trained_long_tail(rng, angle_weight, class_sizes, decay, dimension)[0][-2:]
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def sphere_features(rng: Rng, centre: Array, concentration: float, count: int) -> Array:
    """Von Mises-Fisher unit vectors around a unit centre, by Wood's rejection of the cosine."""
    d = centre.size
    b = (-2 * concentration + np.sqrt(4 * concentration**2 + (d - 1) ** 2)) / (d - 1)
    x0 = (1 - b) / (1 + b)
    c = concentration * x0 + (d - 1) * np.log(1 - x0**2)
    cosines = np.empty(0)
    while cosines.size < count:
        z = rng.beta((d - 1) / 2, (d - 1) / 2, 2 * count)
        w = (1 - (1 + b) * z) / (1 - (1 - b) * z)
        keep = concentration * w + (d - 1) * np.log(1 - x0 * w) - c >= np.log(rng.random(2 * count))
        cosines = np.concatenate([cosines, w[keep]])
    cosines = cosines[:count, None]
    side = rng.standard_normal((count, d))
    side -= (side @ centre)[:, None] * centre
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    return np.asarray(cosines * centre + np.sqrt(1 - cosines**2) * side)


def _vertices(dimension: int) -> Array:
    """Simplex vertices by projecting the axes of one dimension more: no closed-form coordinates."""
    k = dimension + 1
    centred = np.eye(k) - 1 / k
    rows = centred @ np.linalg.svd(centred)[2][:dimension].T
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def compatibility_cosine(rng: Rng, pair: str, dimension: int, new: float, old: float, count: int = 4000) -> float:
    """Mean cosine over all pairs of `count` new and `count` old features, same or different class."""
    vertices = _vertices(dimension)
    first = new if pair.startswith("new") else old
    other = vertices[1] if pair.endswith("different") else vertices[0]
    a = sphere_features(rng, vertices[0], first, count)
    b = sphere_features(rng, other, old, count)
    return float(a.mean(axis=0) @ b.mean(axis=0))


def prototype_margin(rng: Rng, dimension: int, new: float, old: float, spread: float, count: int = 1000) -> float:
    """Least gap between the new-old cosine of a class and that of it with another: vertices moved by `spread`, unit."""
    prototypes = _vertices(dimension) + spread / np.sqrt(dimension) * rng.standard_normal((dimension + 1, dimension))
    prototypes /= np.linalg.norm(prototypes, axis=1, keepdims=True)
    first, second = (
        np.array([sphere_features(rng, direction, kappa, count).mean(axis=0) for direction in prototypes])
        for kappa in (new, old)
    )
    cosines = first @ second.T
    others = np.where(np.eye(dimension + 1, dtype=bool), -np.inf, cosines)
    return float(np.min(np.diag(cosines) - others.max(axis=1)))


def pair_failures(rng: Rng, dimension: int, new: float, old: float, count: int = 400) -> float:
    """Share of single triples for which the new feature is farther from an old one of its class than an old one is."""
    vertices = _vertices(dimension)
    a, b, c = (sphere_features(rng, vertices[0], kappa, count) for kappa in (new, old, old))
    return float(np.mean(np.sum(a * b, axis=1) < np.sum(c * b, axis=1)))
