"""Networks of finite width in each parametrisation, trained by plain SGD; exponents by counting powers of the width."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "EXPONENTS",
    "counted_exponents",
    "counted_sort",
    "drawn_regression",
    "feature_change",
    "flown_balance",
    "mup_network",
    "neuron_weights",
    "one_layer_change",
    "step_imbalance",
    "trained_outputs",
]

Array = NDArray[np.float64]
Rng = np.random.Generator
# a, b and c of the literature for two hidden layers
EXPONENTS = {
    "ntk": ((0.0, 0.5, 0.5), (0.0, 0.0, 0.0), 0.0),
    "standard": ((0.0, 0.0, 0.0), (0.0, 0.5, 0.5), 1.0),
    "standard, constant rate": ((0.0, 0.0, 0.0), (0.0, 0.5, 0.5), 0.0),
    "mup": ((-0.5, 0.0, 0.5), (0.5, 0.5, 0.5), 0.0),
    "mean-field": ((0.0, 1.0), (0.0, 0.0), -1.0),
}


def feature_change(rng: Rng, n: float, parametrisation: str, rate: float = 0.05, steps: int = 2) -> float:
    """Root mean square change of the second hidden layer's preactivations at four inputs, after steps of SGD."""
    a, b, c = EXPONENTS[parametrisation]
    width, X = round(n), np.random.default_rng(0).standard_normal((4, 6)) / np.sqrt(6)  # the same in every draw
    y = 4 * np.sign(X[:, 0])  # large, so that the random outputs at the start matter little
    shapes = [(width, 6), (width, width), (1, width)]
    W = [n ** -(al + bl) * rng.standard_normal(shape) for al, bl, shape in zip(a, b, shapes, strict=True)]
    before = np.tanh(X @ W[0].T) @ W[1].T
    for _ in range(steps):
        x1 = np.tanh(X @ W[0].T)
        x2 = np.tanh(x1 @ W[1].T)
        error = (x2 @ W[2].T - y[:, None]) / len(y)
        back2 = error @ W[2] * (1 - x2**2)
        back1 = back2 @ W[1] * (1 - x1**2)
        for l, (back, inputs) in enumerate(((back1, X), (back2, x1), (error, x2))):
            W[l] -= rate * n ** -(c + 2 * a[l]) * (back.T @ inputs)
    return float(np.sqrt(np.mean((np.tanh(X @ W[0].T) @ W[1].T - before) ** 2)))


def one_layer_change(rng: Rng, n: int, a: float, s: float, c: float, X: Array, y: Array, steps: int = 3) -> float:
    """Root mean square change of the preactivations of a hidden layer of tanh after full steps of descent, rate n^-c/2.

    The first layer is N(0, 1) without a multiplier, the readout n^-a times entries of size n^(a - s).
    """
    w, v = rng.standard_normal((n, X.shape[1])), n ** (a - s) * rng.standard_normal(n)
    before = X @ w.T
    for _ in range(steps):
        hidden = np.tanh(X @ w.T)
        error = (n**-a * hidden @ v - y) / len(y)
        pull = error[:, None] * (n**-a * v) * (1 - hidden**2)
        w, v = w - 0.5 * n**-c * pull.T @ X, v - 0.5 * n**-c * n**-a * error @ hidden
    return float(np.sqrt(np.mean((X @ w.T - before) ** 2)))


def counted_exponents(parametrisation: str) -> Array:
    """Powers of 1/n by which layers and output move in a step of SGD, counted factor by factor; features and output.

    The readout has entries of size n^-(a+b) at the start and moves by n^-(c + 2a) coherently with its inputs, so that
    what flows back to a hidden preactivation has the larger of both sizes. Layer l moves by the learning rate, its
    multiplier twice, the signal flowing back, and the square norm of its inputs: order 1 at the first layer, n later.
    """
    a, b, c = EXPONENTS[parametrisation]
    back = min(a[-1] + b[-1], c + 2 * a[-1])
    moves = [c + 2 * al + back - (0.0 if l == 0 else 1.0) for l, al in enumerate(a[:-1])]
    features = min(moves)
    by_readout = c + 2 * a[-1] - 1.0
    by_features = a[-1] + b[-1] + features - 1.0
    return np.array([features, min(by_readout, by_features)])


def counted_sort(rng: Rng, parametrisation: str, **_: object) -> Array:
    """Whether a parametrisation is stable, learns features, stays a kernel: 0 or 1 each, by the counted exponents."""
    features, output = counted_exponents(parametrisation)
    stable = features >= 0 and output >= 0
    return np.array([stable, stable and features == 0, stable and features > 0], float)


def drawn_regression(rng: Rng, m: int, d: int, **_: float) -> dict[str, Array]:
    """Inputs of unit size and a noisy linear target."""
    X = rng.standard_normal((m, d)) / np.sqrt(d)
    return {"X": X, "y": X @ rng.standard_normal(d) + 0.1 * rng.standard_normal(m)}


def neuron_weights(rng: Rng, m: int, d: int, n: int, **_: float) -> dict[str, Array]:
    """A regression, and neurons of a network for it."""
    return {**drawn_regression(rng, m, d), "u": rng.standard_normal((n, d)), "v": rng.standard_normal(n)}


def trained_outputs(X: Array, y: Array, u: Array, v: Array, rate: float, steps: int, batch: str) -> Array:
    """Outputs at all inputs along steps of SGD on every weight of f = (1/n) sum v u.x, rows in turn or all at once."""
    u, v, found = u.copy(), v.copy(), []
    for step in range(steps + 1):
        f = (u @ X.T).T @ v / len(v)
        found.append(f)
        rows = [step % len(y)] if batch == "one" else list(range(len(y)))
        g = rate * (f[rows] - y[rows]) @ X[rows] / len(rows)
        u, v = u - np.outer(v, g), v - u @ g
    return np.array(found)


def mup_network(rng: Rng, n: float, rate: float, steps: int, batch: str, X: Array, y: Array, **_: float) -> float:
    """Mean square of all outputs after the last step, of a network of n neurons."""
    width, d = round(n), X.shape[1]
    u, v = rng.standard_normal((width, d)), rng.standard_normal(width)
    return float(np.mean(trained_outputs(X, y, u, v, rate, steps, batch)[-1] ** 2))


def flown_balance(X: Array, y: Array, u: Array, v: Array, time: float) -> Array:
    """v^2 - |u|^2 of every neuron at the end of gradient flow."""
    from scipy.integrate import solve_ivp

    n, d = u.shape

    def velocity(_: float, flat: Array) -> Array:
        a, b = flat[: n * d].reshape(n, d), flat[n * d :]
        g = ((a @ X.T).T @ b / n - y) @ X / len(y)
        return np.concatenate([-np.outer(b, g).ravel(), -a @ g])

    end = solve_ivp(velocity, (0.0, time), np.concatenate([u.ravel(), v]), "DOP853", rtol=1e-11, atol=1e-13).y[:, -1]
    return np.asarray(end[n * d :] ** 2 - np.sum(end[: n * d].reshape(n, d) ** 2, axis=1))


def step_imbalance(rng: Rng, step: float, m: int, d: int, n: int, data_seed: int) -> float:
    """Root mean square change of v^2 - |u|^2 in one step of gradient descent from the weights of a seed."""
    data = neuron_weights(np.random.default_rng(data_seed), m, d, n)
    u, v = data["u"], data["v"]
    g = step * ((u @ data["X"].T).T @ v / n - data["y"]) @ data["X"] / m
    after_u, after_v = u - np.outer(v, g), v - u @ g
    change = after_v**2 - np.sum(after_u**2, axis=1) - v**2 + np.sum(u**2, axis=1)
    return float(np.sqrt(np.mean(change**2)))
