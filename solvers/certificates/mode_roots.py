r"""Certificates of the roots in sums over modes: effective ridges, their edge, and the best ridges.

The best ridge is a stationary point of the test error in the effective ridge, in which the ridge is explicit: one
unknown again. The derivative must be proved to rise through zero, so that the point is a minimum; that it is the lowest
one is not proved.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.certificates.certificate import (
    Arithmetic,
    Ball,
    Certificate,
    Jet,
    at_root,
    certify_cells,
    krawczyk,
    newton,
    point,
)
from solvable.solvers.certificates.enclosed_sums import Modes, Sums
from solvable.solvers.spectrum import Spectrum

__all__ = [
    "certify_edge",
    "certify_effective_ridge",
    "certify_feature_optimum",
    "certify_feature_root",
    "certify_inner_ridge",
    "certify_optimal_ridge",
]

Array = NDArray[np.float64]
Proof = Callable[[int, Arithmetic], Ball | float | None]


def _modes(spectrum: Spectrum, target: bool = False) -> Modes:
    weights = {"m": spectrum.multiplicities}
    return Modes(spectrum.eigenvalues, **weights, **({"v": spectrum.require_target()} if target else {}))


def _effective_ridge(sums: Sums, n: Ball, pull: Ball | int, arithmetic: Arithmetic) -> Ball | None:
    """Root of n - sum m s/(s + kappa) - ridge/kappa, relative to the answer; pull = ridge/answer."""
    return newton(lambda v: n - sums("m", 1, 0, v) - pull / v, arithmetic)


def certify_effective_ridge(spectrum: Spectrum, n: Array, ridge: Array, kappa: Array, what: str) -> Certificate:
    """Certificate of the effective ridge on flat cells; 0 and inf are values by definition."""
    modes, answer = _modes(spectrum), np.ravel(kappa)

    def prove(index: int, arithmetic: Arithmetic) -> Ball | float | None:
        x, samples, delta = float(answer[index]), float(n[index]), float(ridge[index])
        if np.isinf(delta):
            return np.inf
        if delta == 0 and samples >= spectrum.rank:
            return 0.0
        if x == 0 or not np.isfinite(x):
            return None
        arb = arithmetic.arb
        image = _effective_ridge(modes.around(x, arithmetic), arb(samples), arb(delta) / arb(x), arithmetic)
        return None if image is None else arb(x) * image

    return certify_cells(kappa, prove, what)


def certify_feature_root(
    spectrum: Spectrum, n: Array, k: Array, ridge: Array, gamma: Array, kappa: Array, what: str
) -> Certificate:
    r"""Certificate of gamma on flat cells: Krawczyk on n = z + ridge/kappa, k = z + k kappa/gamma.

    Where the ridge is 0, or n or k infinite, one unknown is left.
    """
    modes, first, second = _modes(spectrum), np.ravel(gamma), np.ravel(kappa)

    def prove(index: int, arithmetic: Arithmetic) -> Ball | float | None:
        x, y, arb = float(first[index]), float(second[index]), arithmetic.arb
        samples, features, delta = float(n[index]), float(k[index]), float(ridge[index])
        least = min(samples, features)
        single = delta == 0 or np.isinf(samples) or np.isinf(features)
        if np.isinf(samples):
            delta = 0.0
        elif np.isinf(delta) and np.isinf(features):
            return np.inf
        if single and delta == 0 and least >= spectrum.rank:
            return 0.0
        if not (0 < x < np.inf and (single or 0 < y < np.inf)):
            return None
        sums = modes.around(x, arithmetic)
        if single:
            image = _effective_ridge(sums, arb(least), arb(delta) / arb(x), arithmetic)
            return None if image is None else arb(x) * image
        pull, push, one = arb(delta) / arb(y), arb(features) * arb(y) / arb(x), arb(1)

        def system(u: Ball, v: Ball) -> tuple[list[Ball], list[list[Ball]]]:
            z = sums("m", 1, 0, Jet(v, one))
            value = [arb(samples) - z.value - pull / u, arb(features) - z.value - push * u / v]
            return value, [[pull / (u * u), -z.slope], [-push / v, push * u / (v * v) - z.slope]]

        found = krawczyk(system, arithmetic)
        return None if found is None else arb(x) * found[1]

    return certify_cells(gamma, prove, what)


def certify_edge(
    spectrum: Spectrum, n: Array, distance: Array, value: Array, what: str, reference: Array | None = None
) -> Certificate:
    """Certificate of kappa (n - df1) where df2 = n; `distance` is kappa + reference there, s_min unless given."""
    modes = _modes(spectrum)

    def prove(index: int, arithmetic: Arithmetic) -> Ball | float | None:
        base = modes.low if reference is None else float(reference[index])
        if n[index] == spectrum.rank and (reference is None or distance[index] == base == 0):
            return 0.0
        arb, x = arithmetic.arb, float(distance[index])
        samples = arb(float(n[index]))
        if x == 0 or not np.isfinite(x):
            return None
        for _ in range(3):  # the value is stationary there: it may be right where the distance is less so
            sums = modes.around(x, arithmetic, base)
            excess = samples - sums("m", 2, 0, point(arithmetic))
            step = float((-excess.value / excess.slope).mid())
            if abs(step) < 1e-13 or not abs(step) < 0.5:
                break
            x *= 1 + step
        image = newton(lambda v: samples - sums("m", 2, 0, v), arithmetic)
        if image is None:
            return None
        return at_root(lambda v: (v * arb(x) - arb(base)) * (samples - sums("m", 1, 0, v)), image, arithmetic)

    return certify_cells(value, prove, what)


def certify_optimal_ridge(
    spectrum: Spectrum, n: Array, noise: Array, kappa: Array, value: Array, what: str
) -> Certificate:
    """Certificate of the best ridge on flat cells; `kappa` is the effective ridge there."""
    return certify_cells(value, _ridge_proof(spectrum, n, noise, kappa, np.ravel(value)), what)


def _ridge_proof(spectrum: Spectrum, n: Array, noise: Array, kappa: Array, answer: Array) -> Proof:
    r"""Proof of the best ridge of each cell.

    The test error n L/O, L = sum c^2 v^2 + noise, O = n - df2, has the log-derivative 2A/L - 2B/O in log kappa, with
    A = sum g c^2 v^2 and B = sum m g^2 c. A best ridge of 0 is proved where the error rises from there on.
    """
    modes, power = _modes(spectrum, target=True), spectrum.require_target()

    def prove(index: int, arithmetic: Arithmetic) -> Ball | float | None:
        arb, x, delta = arithmetic.arb, float(kappa[index]), float(answer[index])
        samples, level = arb(float(n[index])), arb(float(noise[index])) + arb(spectrum.irreducible_power)
        if not np.any(power > 0):
            return np.inf
        if n[index] >= spectrum.rank and level == 0:
            return 0.0
        if not (0 < x < np.inf and np.isfinite(delta)):
            return None
        sums = modes.around(x, arithmetic)

        def derivative(v: Jet) -> Jet:
            rise = sums("v", 1, 2, v) * (samples - sums("m", 2, 0, v))
            return rise - sums("m", 2, 1, v) * (sums("v", 0, 2, v) + level)

        if delta == 0:
            return _rises_from_zero(derivative, sums, samples, arithmetic)
        image = newton(derivative, arithmetic, rising=True)
        if image is None:
            return None
        return at_root(lambda v: arb(x) * v * (samples - sums("m", 1, 0, v)), image, arithmetic)

    return prove


def _rises_from_zero(derivative: Callable[[Jet], Jet], sums: Sums, least: Ball, arithmetic: Arithmetic) -> float | None:
    """0 if the error is proved to rise from the ridgeless limit on, where df1 = least."""
    image = _effective_ridge(sums, least, 0, arithmetic)
    if image is None:
        return None
    slope = at_root(derivative, image, arithmetic)
    return 0.0 if slope > 0 else None


def certify_feature_optimum(
    spectrum: Spectrum, n: Array, k: Array, noise: Array, gamma: Array, value: Array, what: str
) -> Certificate:
    r"""Certificate of the best ridge of random features on flat cells; `gamma` is the root there.

    The test error n N/D of `random_feature_tuning`: the numerator of its log-derivative, N'D - ND', in log gamma.
    """
    modes, answer, power = _modes(spectrum, target=True), np.ravel(value), spectrum.require_target()
    kernel = _ridge_proof(spectrum, n, noise, gamma, answer)

    def prove(index: int, arithmetic: Arithmetic) -> Ball | float | None:
        if np.isinf(k[index]):
            return kernel(index, arithmetic)
        if np.isinf(n[index]):
            return 0.0  # the ridge has no effect
        arb, x, delta = arithmetic.arb, float(gamma[index]), float(answer[index])
        samples, features = arb(float(n[index])), arb(float(k[index]))
        level, least = arb(float(noise[index])) + arb(spectrum.irreducible_power), min(n[index], k[index])
        if not np.any(power > 0):
            return 0.0 if level == 0 else np.inf
        if least >= spectrum.rank and level == 0:
            return 0.0
        if not (0 < x < np.inf and np.isfinite(delta)):
            return None
        sums = modes.around(x, arithmetic)

        def factors(v: Jet) -> tuple[Jet, Jet]:
            z = sums("m", 1, 0, v)
            return features - z, samples - z

        def derivative(v: Jet) -> Jet:
            a, b = factors(v)
            w, dw = sums("m", 1, 1, v), sums("m", 2, 1, v) - sums("m", 1, 2, v)
            s1, s2 = sums("v", 0, 2, v) + level, sums("v", 1, 1, v)
            ds1, ds2 = sums("v", 1, 2, v) * 2, sums("v", 2, 1, v) - sums("v", 1, 2, v)
            rise = ds1 * (a + w) + s1 * (w + dw) + ds2 * w + s2 * dw
            fall = (w + dw) * (a + b) + w * w * 2
            return rise * (a * b + w * (a + b)) - fall * (s1 * (a + w) + s2 * w)

        if delta == 0:
            return _rises_from_zero(derivative, sums, arb(float(least)), arithmetic)
        image = newton(derivative, arithmetic, rising=True)
        if image is None:
            return None

        def ridge(v: Jet) -> Jet:
            a, b = factors(v)
            return a * b * v * (arb(x) / features)

        return at_root(ridge, image, arithmetic)

    return certify_cells(value, prove, what)


def certify_inner_ridge(
    spectrum: Spectrum, widths: Array, a: Array, b: Array, n: Array, ridge: Array, value: Array, what: str
) -> Certificate:
    """Certificate of kappa_0 of deep random features on flat cells; a, b and the ridge as the doubles given.

    kappa_L (n - T_L) = k_L ridge, and every kappa_l and k_l - T_(l-1) proved positive where the ridge is.
    """
    modes, answer = _modes(spectrum), np.ravel(value)

    def prove(index: int, arithmetic: Arithmetic) -> Ball | float | None:
        arb, x = arithmetic.arb, float(answer[index])
        if ridge[index] == 0 and not np.any(b) and min(float(n[index]), *widths.tolist()) >= spectrum.rank:
            return 0.0  # linear layers without a bottleneck: least squares
        if not 0 < x < np.inf:
            return None
        samples, target = arb(float(n[index])), arb(float(widths[-1])) * arb(float(ridge[index]))
        layers = [tuple(arb(float(t)) for t in layer) for layer in zip(widths, a, b, strict=True)]
        sums, positive = modes.around(x, arithmetic), []

        def excess(v: Jet) -> Jet:
            kappa, effective, before = v * arb(x), sums("m", 1, 0, v), arb(spectrum.rank)
            for width, gain, noise in layers:
                room = width - effective
                outer = kappa * room * (gain / before)
                positive.extend([room.value > 0, outer.value - noise > 0])
                kappa, before = outer - noise, width
                if noise != 0:  # else T stays as it is, even where kappa_l + b_l vanishes
                    effective = (effective * kappa + width * noise) / outer
            positive.append(samples - effective.value > 0)
            return kappa * (samples - effective) - target

        image = newton(excess, arithmetic, rising=True)
        if image is None or (target > 0 and not all(positive)):
            return None
        return arb(x) * image

    return certify_cells(value, prove, what)
