"""Deep networks: kernels iterated layer by layer as classifiers, and finite networks with weights of any ensemble."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.polynomial.polynomial import polyder, polyval
from numpy.typing import NDArray

from solvable.analysis.wide_networks.settings import pair

__all__ = [
    "agreement_draw",
    "agreement_shares",
    "deep_slope",
    "depth_ratio",
    "ensemble_draw",
    "fixed_rank_draw",
    "growth_draw",
    "growths",
    "singular_value",
    "tanh_slopes",
    "weights_of",
]

Array = NDArray[np.float64]


def _gap(c: tuple[float, ...], delta: Array) -> Array:
    """1 - phi at 1 - delta, for small delta."""
    return np.asarray(-np.expm1(np.arange(len(c)) * np.log1p(-delta)[..., None]) @ np.array(c))


def _log_kernel(c: tuple[float, ...], delta: Array, depth: int) -> tuple[Array, float]:
    """Tangent kernel over its value at equal inputs, and that value's logarithm; 1 - rho while small, then rho."""
    rho, top = 1 - delta, 0.0
    theta = rho
    slope1 = float(np.arange(len(c)) @ np.array(c))
    for _ in range(depth):
        gain, after = np.asarray(polyval(rho, polyder(c)), float), np.asarray(polyval(rho, c), float)
        delta, rho = _next(c, delta, 1 - after, after)
        new_top = float(np.logaddexp(0.0, top + np.log(slope1)))
        theta = rho * np.exp(-new_top) + theta * gain * np.exp(top - new_top)
        top = new_top
    return theta, top


def _scaled_kernel(c: tuple[float, ...], delta: Array, depth: int) -> Array:
    """Tangent kernel in units of a_1^(2 depth), where a_0 = 0: relative to its value at 1 it underflows."""
    rho, scaled = 1 - delta, 1 - delta
    theta = rho
    for _ in range(depth):
        gain, grown = polyval(rho, polyder(c)) / c[1], polyval(rho, c[1:])
        delta, rho = _next(c, delta, 1 - rho * grown, rho * grown)
        scaled = scaled * grown / c[1]
        theta = scaled + theta * gain
    return np.asarray(theta)


def _next(c: tuple[float, ...], delta: Array, gap: Array, rho: Array) -> tuple[Array, Array]:
    """Next 1 - rho and rho: where 1 - rho is small, both from its own formula."""
    near = delta < 0.4
    if not near.any():
        return gap, rho
    gap = np.where(near, _gap(c, np.where(near, delta, 0.0)), gap)
    return gap, np.where(near, 1 - gap, rho)


def _orthant(rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Half squared distances of 60 training points and to 100 test points, and the labels."""
    X = np.abs(rng.standard_normal((160, 5)))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    train, test = X[:60], X[60:]
    y = np.sign(train[:, 0] - train[:, 1]) * np.where(rng.random(60) < 0.15, -1, 1)
    if y.sum() == 0:
        y[0] = -y[0]
    halves = [np.sum((rows[:, None] - train) ** 2, axis=2) / 2 for rows in (train, test)]
    return halves[0], halves[1], y


def _votes(
    within: Array, across: Array, y: Array, coefficients: tuple[float, ...], depth: int, ridge: float, diagonal: bool
) -> Array:
    """What each training point adds to the prediction at each test point, up to one positive factor."""
    if diagonal:  # the Gram matrix is its diagonal, to hundreds of digits
        return _scaled_kernel(coefficients, across, depth) * y
    K, top = _log_kernel(coefficients, within, depth)
    np.fill_diagonal(K, 1.0)
    singular = coefficients[0] == 0 and coefficients[1] > 0
    cross = _scaled_kernel(coefficients, across, depth) if singular else _log_kernel(coefficients, across, depth)[0]
    return np.asarray(cross * np.linalg.solve(K + ridge * np.exp(-top) * np.eye(60), y))


def _expected(rule: str, across: Array, y: Array, coefficients: tuple[float, ...]) -> Array:
    """Decisions of the nearest neighbour, of the majority, or of distances to a power."""
    if rule == "nearest":
        return np.asarray(y[across.argmin(axis=1)])
    if rule == "majority":
        return np.full(100, np.sign(y.sum()))
    slope1 = np.arange(len(coefficients)) @ np.array(coefficients)
    return np.asarray(np.sign(across ** (np.log(coefficients[1]) / np.log(slope1)) @ y))


def agreement_shares(
    rng: np.random.Generator, coefficients: tuple[float, ...], depths: tuple[int, ...], powers: tuple[float, ...]
) -> Array:
    """Share of test points on which networks of each depth decide as each rule, (rules, depths), without ridge.

    Rules: nearest neighbour, majority, distances to the power of the activation with squares `powers`.
    """
    within, across, y = _orthant(rng)
    rules = [_expected(rule, across, y, powers) for rule in ("nearest", "majority", "distance")]
    found = [np.sign(_votes(within, across, y, coefficients, depth, 0.0, False).sum(axis=1)) for depth in depths]
    return np.array([[float(np.mean(rule == one)) for one in found] for rule in rules])


def agreement_draw(
    rng: np.random.Generator, coefficients: tuple[float, ...], depth: int, ridge: float, rule: str, share: float
) -> float:
    """Margin by which the deep kernel decides as the named rule on a share of 100 test points; a negative share asks
    for agreement below its size.

    The margin of a point is the votes of the training points for the rule's label less those against, over their sum.
    60 training points on the positive orthant of the sphere in five dimensions, labels by a plane, 15 % flipped. The
    ridge is in units of the kernel itself.
    """  # fmt: skip
    within, across, y = _orthant(rng)
    votes = _votes(within, across, y, coefficients, depth, ridge, rule == "distance")
    expected = _expected(rule, across, y, coefficients)
    margins = np.sort(expected * votes.sum(axis=1) / np.abs(votes).sum(axis=1))
    place = round(100 * (1 - abs(share)))  # so many may decide otherwise
    return float(margins[place] if share > 0 else -margins[place])


def singular_value(coefficients: tuple[float, ...], inverse: float) -> float:
    """Iterate 1 - rho from 1/inverse, then rho until it is small, and divide by the slope to the number of steps."""
    delta, steps = np.array(1 / inverse), 0
    while float(delta) < 0.5:
        delta, steps = _gap(coefficients, delta), steps + 1
    rho = 1 - float(delta)
    while rho > 1e-13:
        rho, steps = sum(c * rho**k for k, c in enumerate(coefficients)), steps + 1
    return float(rho / coefficients[1] ** steps)


def deep_slope(coefficients: tuple[float, ...], inverse: float) -> float:
    """Tangent kernel at 1 - rho = 1/inverse and depth 60 + log2 of it, in units of a_1^(2L)."""
    depth = round(np.log2(inverse)) + 60
    rho, theta = 1 - 1 / inverse, 1 - 1 / inverse
    scaled = rho
    for _ in range(depth):
        gain = sum(k * c * rho ** (k - 1) for k, c in enumerate(coefficients) if k) / coefficients[1]
        grown = sum(c * rho ** (k - 1) for k, c in enumerate(coefficients) if k) / coefficients[1]
        rho, scaled = rho * grown * coefficients[1], scaled * grown
        theta = scaled + theta * gain
    return float(theta)


def depth_ratio(layer: int) -> tuple[float, Array]:
    """Variance of tanh preactivations at weight variance 1, and Gauss-Hermite nodes scaled by it."""
    z, w = np.polynomial.hermite_e.hermegauss(80)
    w, K = w / w.sum(), 1.0
    for _ in range(layer - 1):
        K = float(w @ np.tanh(np.sqrt(K) * z) ** 2)
    return K, w


def tanh_slopes(layer: int, which: str) -> float:
    """Layer times 1 - chi: of the norm by a difference quotient in the variance, of angles by the mean square slope."""
    K, w = depth_ratio(int(layer))
    z = np.polynomial.hermite_e.hermegauss(80)[0]
    if which == "perpendicular":
        return float(layer * (1 - w @ (1 - np.tanh(np.sqrt(K) * z) ** 2) ** 2))
    h = 1e-3 * K
    up, down, up2, down2 = (w @ np.tanh(np.sqrt(K + s * h) * z) ** 2 for s in (1, -1, 2, -2))
    return float(layer * (1 - (8 * (up - down) - (up2 - down2)) / (12 * h)))


def weights_of(rng: np.random.Generator, n: int, ensemble: str, count: int = 1) -> Array:
    """Square weights (count, n, n) of variance 1/n; the low rank is n/4, blocks are 8 or the most that divide n."""
    if ensemble == "gaussian":
        return rng.standard_normal((count, n, n)) / np.sqrt(n)
    if ensemble in ("orthogonal", "low-rank"):
        r = n if ensemble == "orthogonal" else max(n // 4, 1)
        Q, R = np.linalg.qr(rng.standard_normal((count, n, r)))
        Q *= np.sign(np.diagonal(R, axis1=1, axis2=2))[:, None]
        return Q if ensemble == "orthogonal" else np.asarray(Q @ rng.standard_normal((count, r, n)) / np.sqrt(r))
    if ensemble == "laplace":
        return rng.laplace(scale=1 / np.sqrt(2 * n), size=(count, n, n))
    blocks = next(b for b in (8, 6, 5, 4, 3, 2) if n % b == 0)
    W = np.zeros((count, n, n))
    size = n // blocks
    for i in range(blocks):
        part = slice(i * size, (i + 1) * size)
        W[:, part, part] = rng.standard_normal((count, size, size)) / np.sqrt(size)
    rows, columns = (np.array([rng.permutation(n) for _ in range(count)]) for _ in range(2))
    return W[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None]]


def ensemble_draw(rng: np.random.Generator, width: int, ensemble: str) -> float:
    """Mean square of the first input's preactivations after three tanh layers with weights of the ensemble."""
    n, x = int(width), pair()[0]
    h = np.sqrt(1.5 / 3) * rng.standard_normal((n, 3)) @ x + np.sqrt(0.1) * rng.standard_normal(n)
    for _ in range(3):
        h = np.sqrt(1.5) * weights_of(rng, n, ensemble)[0] @ np.tanh(h) + np.sqrt(0.1) * rng.standard_normal(n)
    return float(h @ h / n)


def fixed_rank_draw(rng: np.random.Generator, width: int, rank: int) -> float:
    """Excess of the fourth moment over that of a Gaussian with rank r, less the same with rank n/4, 300 matrices."""
    active = np.tanh(rng.standard_normal(width))

    def kurtosis(r: int) -> float:
        entries = []
        for _ in range(300):
            Q = np.linalg.qr(rng.standard_normal((width, r)))[0]
            entries.append((Q[:20] * np.sqrt(width / r)) @ (rng.standard_normal((r, width)) @ active))
        h = np.concatenate(entries)
        return float(np.mean(h**4) / np.mean(h**2) ** 2)

    return kurtosis(rank) - kurtosis(width // 4)


def growths(
    rng: np.random.Generator, q: float, bias: float, ensemble: str, width: int, variances: Sequence[float]
) -> Array:
    """Logarithm of the growth over five layers of the distance between two nearby signals; one network, scaled."""
    h = np.sqrt(q) * rng.standard_normal(width)
    h = np.stack([h, h + 1e-5 * rng.standard_normal(width)], axis=1)[:, None]  # width, variance, signal
    scale, distances = np.sqrt(variances)[:, None], []
    for _ in range(10):
        W = weights_of(rng, width, ensemble)[0]
        shift = np.sqrt(bias) * rng.standard_normal(width)
        passed = W @ np.tanh(h).reshape(width, -1)
        h = scale * passed.reshape(h.shape) + shift[:, None, None]
        distances.append(np.sum((h[..., 1] - h[..., 0]) ** 2, axis=0))
    return np.asarray(np.log(distances[-1] / distances[4]))


def growth_draw(rng: np.random.Generator, q: float, bias: float, ensemble: str, width: int, at: float) -> float:
    """`growths` at one variance of the weights."""
    return float(growths(rng, q, bias, ensemble, width, [at])[0])
