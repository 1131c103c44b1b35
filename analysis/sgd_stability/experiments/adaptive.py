"""Adam on a weight-normalised unit that is shown random labels: a scale-invariant loss whose gradients are noise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.compiled import njit

__all__ = ["adam_run", "gradient_exponent"]

Array = NDArray[np.float64]
_SECOND = 0.999  # Adam's usual memory of squares


@njit(cache=True)
def _adam(X, y, w, step, weight_decay, momentum, second, decoupled, skip):  # type: ignore[no-untyped-def]
    """Means of |w|^2, before and after, and of w_t.w_{t+1} over the steps after `skip`; one sample a step, no guard."""
    steps, d = X.shape
    m, v = np.zeros(d), np.zeros(d)
    squares, products = 0.0, 0.0
    first_power, second_power = 1.0, 1.0
    for t in range(steps):
        norm, overlap = 0.0, 0.0
        for a in range(d):
            norm += w[a] * w[a]
            overlap += w[a] * X[t, a]
        norm = np.sqrt(norm)
        overlap /= norm
        first_power *= momentum
        second_power *= second
        product, after = 0.0, 0.0
        for a in range(d):
            old = w[a]
            # of half (y - x.w/|w|)^2
            g = -(y[t] - overlap) * (X[t, a] - overlap * old / norm) / norm
            if not decoupled:
                g += weight_decay * old
            m[a] = momentum * m[a] + (1.0 - momentum) * g
            v[a] = second * v[a] + (1.0 - second) * g * g
            move = m[a] / (1.0 - first_power) / np.sqrt(v[a] / (1.0 - second_power))
            w[a] = old - step * move - (step * weight_decay * old if decoupled else 0.0)
            product += w[a] * old
            after += w[a] * w[a]
        if t >= skip:
            squares += (norm * norm + after) / 2  # half of |w' - w|^2 is this less w.w'
            products += product
    return squares / (steps - skip), products / (steps - skip)


def adam_run(
    rng: np.random.Generator, quantity: str, d: int, step_size: float, weight_decay: float, gradient_norm: float,
    momentum: float, decay: str, steps: int = 4000,
) -> float:  # fmt: skip
    """Norm, effective step size or angle per step, from time averages over the second half of the steps.

    Inputs are standard Gaussian, labels signs times 3, and the loss is scaled: at unit weights its gradient has mean
    square c^4 E(y - x.u)^2 (d - 1) = 10 c^4 (d - 1).
    """
    X, y = rng.standard_normal((steps, d)), rng.choice([-3.0, 3.0], steps)
    w = 0.15 * rng.standard_normal(d)
    # c^2 (loss) is the loss of c x and c y
    c = np.sqrt(gradient_norm / np.sqrt(10 * (d - 1)))
    square, product = _adam(
        c * X, c * y, w, step_size, weight_decay, momentum, _SECOND, decay == "decoupled", steps // 2
    )
    if quantity == "angle":
        return float(np.arccos(product / square))
    return float(np.sqrt(square) if quantity == "norm" else step_size / np.sqrt(square))


def gradient_exponent(rng: np.random.Generator, gradient_norm: float, **setting: Any) -> float:
    """Exponent of the effective step size in the size of the gradients, between one and four times as large."""
    small, large = (adam_run(rng, "effective_step_size", gradient_norm=g, **setting)
                    for g in (gradient_norm, 4 * gradient_norm))  # fmt: skip
    return float(np.log(large / small) / np.log(4))
