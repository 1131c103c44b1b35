"""Prompts on the sphere, and token-selection problems as the experiments of the field draw them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["best_tokens", "fixed_prompts", "on_sphere", "selection_problem", "token_rows"]

Array = NDArray[np.float64]
Rng = np.random.Generator


def on_sphere(rng: Rng, *shape: int) -> Array:
    """Rows of length one, uniform."""
    x = rng.standard_normal(shape)
    return np.asarray(x / np.linalg.norm(x, axis=-1, keepdims=True))


def fixed_prompts(d: int, keys: int) -> tuple[Array, Array]:
    """Two queries (2, d) and their keys (2, keys, d), the same in every draw; not far from each other."""
    rng = np.random.default_rng(17)
    first = rng.standard_normal((1, keys + 1, d))
    both = first + np.stack([np.zeros((keys + 1, d)), rng.standard_normal((keys + 1, d))])
    both = both / np.linalg.norm(both, axis=-1, keepdims=True)
    return both[:, 0], both[:, 1:]


def selection_problem(rng: Rng, n: int, T: int, d: int) -> dict[str, Any]:
    """Tokens and queries on the sphere, scores Y v.x with a random readout and random labels."""
    x, z, v = on_sphere(rng, n, T, d), on_sphere(rng, n, d), on_sphere(rng, d)
    return {"tokens": x, "queries": z, "scores": rng.choice([-1.0, 1.0], (n, 1)) * (x @ v)}


def token_rows(tokens: Array, queries: Array, selected: Array) -> Array:
    """One row for each token that must be led, (x_selected - x) z^T flattened."""
    rows = []
    for x, z, best in zip(tokens, queries, selected, strict=True):
        rows += [np.outer(x[best] - x[t], z).ravel() for t in range(len(x)) if t != best]
    return np.array(rows)


def best_tokens(scores: Array) -> Array:
    """Token of highest score of each prompt."""
    return np.asarray(np.argmax(scores, axis=1))
