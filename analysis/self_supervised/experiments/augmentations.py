"""Masked signs by listing every input and every augmented one, and probes fitted on parities of drawn signs."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.self_supervised.settings import token_sets

__all__ = ["enumerated_complexity", "enumerated_joint", "enumerated_spectrum", "probe_draw", "probe_parts", "traded"]

Array = NDArray[np.float64]
Rng = np.random.Generator


def _masks(tokens: int, ratio: float, kind: str) -> list[tuple[float, tuple[int, ...]]]:
    """Every set of masked tokens (1 where masked) with its probability."""
    if kind == "random":
        return [
            (float(np.prod([ratio if bit else 1 - ratio for bit in bits])), bits)
            for bits in product((0, 1), repeat=tokens)
        ]
    block = round(ratio * tokens)
    places = tokens - block + 1
    return [(1 / places, tuple(int(s <= i < s + block) for i in range(tokens))) for s in range(places)]


def enumerated_joint(d: int, ratio: float, kind: str) -> Array:
    """p(x, a) of every input and every augmented one, from the definition of the masking."""
    inputs, rows = list(product((-1, 1), repeat=d)), []
    for x in inputs:
        law: dict[tuple[int, ...], float] = {}
        for p, bits in _masks(d, ratio, kind):
            free = [i for i, bit in enumerate(bits) if not bit]
            flips = product((0, 1), repeat=len(free)) if kind == "block-flip" else [(0,) * len(free)]
            for flipped in flips:
                share = np.prod([ratio / 2 if f else 1 - ratio / 2 for f in flipped]) if kind == "block-flip" else 1.0
                seen = [0] * d
                for i, f in zip(free, flipped, strict=True):
                    seen[i] = -x[i] if f else x[i]
                law[tuple(seen)] = law.get(tuple(seen), 0.0) + p * float(share)
        rows.append(law)
    outputs = sorted({a for law in rows for a, p in law.items() if p > 0})
    return np.array([[law.get(a, 0.0) for a in outputs] for law in rows]) / len(inputs)


def enumerated_complexity(d: int, ratio: float, kind: str) -> float:
    """Largest sum over a of p(a|x)^2/p(a)."""
    joint = enumerated_joint(d, ratio, kind)
    conditional = joint / joint.sum(axis=1, keepdims=True)
    return float(np.max(np.sum(conditional**2 / joint.sum(axis=0), axis=1)))


def enumerated_spectrum(d: int, ratio: float, kind: str, side: str) -> Array:
    """The 2^d largest eigenvalues, falling, of the kernel of inputs or of augmented inputs under its own law."""
    joint = enumerated_joint(d, ratio, kind)
    if side == "augmented":
        joint = joint.T
    own, other = joint.sum(axis=1), joint.sum(axis=0)
    kernel = joint / other @ joint.T / np.multiply.outer(own, own)
    weighted = np.sqrt(np.multiply.outer(own, own)) * kernel
    found = np.linalg.eigvalsh((weighted + weighted.T) / 2)[::-1][: 2**d]
    return np.concatenate([found, np.zeros(2**d - found.size)])


def _parities(signs: Array, sets: list[tuple[int, ...]]) -> Array:
    return np.column_stack([np.prod(signs[:, list(s)], axis=1) if s else np.ones(len(signs)) for s in sets])


def _fit(features: Array, labels: Array, weights: Array, ridge: float) -> Array:
    """Coefficients of the parities after ridge regression on features of the given variances, labels as columns."""
    scaled = features * np.sqrt(weights)
    inside = np.linalg.solve(scaled.T @ scaled + ridge * np.eye(len(weights)), scaled.T @ labels)
    return np.asarray(np.sqrt(weights)[:, None] * inside)


def probe_draw(rng: Rng, n: int, tokens: int, degree: int, ratio: float, noise: float, ridge: float) -> float:
    """Excess error of a probe on the parities of up to `degree` tokens; the target has one degree more."""
    kept, every = token_sets(tokens, degree), token_sets(tokens, degree + 1)
    truth = np.array([0.3 ** len(s) if len(s) else 0.0 for s in every])
    signs = rng.choice([-1.0, 1.0], (n, tokens))
    features = _parities(signs, every)
    labels = features @ truth + np.sqrt(noise) * rng.standard_normal(n)
    weights = (1 - ratio) ** np.array([len(s) for s in kept], float)
    found = _fit(features[:, : len(kept)], labels[:, None], weights, ridge)[:, 0]
    return float(np.sum((found - truth[: len(kept)]) ** 2) + np.sum(truth[len(kept) :] ** 2))


def probe_parts(
    rng: Rng, n: int, tokens: int, degree: int, ratio: float, noise: float, ridge: float
) -> tuple[float, float]:
    """Squared error without label noise, and what 16 draws of the noise add, on one set of inputs."""
    kept = token_sets(tokens, degree)
    truth = np.array([float(len(s) == degree) for s in kept])
    truth /= np.linalg.norm(truth)
    features = _parities(rng.choice([-1.0, 1.0], (n, tokens)), kept)
    weights = (1 - ratio) ** np.array([len(s) for s in kept], float)
    labels = np.column_stack([features @ truth, np.sqrt(noise) * rng.standard_normal((n, 16))])
    found = _fit(features, labels, weights, ridge)
    return float(np.sum((found[:, 0] - truth) ** 2)), float(np.mean(np.sum(found[:, 1:] ** 2, axis=0)))


def traded(
    rng: Rng, what: str, n: int, tokens: int, degree: int, low: float, high: float, noise: float, ridge: float
) -> float:
    """Error part at the higher mask ratio minus that at the lower one, on the same draws."""
    seed, part = int(rng.integers(2**32)), 0 if what == "bias" else 1
    both = [
        probe_parts(np.random.default_rng(seed), n, tokens, degree, ratio, noise, ridge)[part] for ratio in (low, high)
    ]
    return both[1] - both[0]
