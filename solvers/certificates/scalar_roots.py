"""Certificates of roots in elementary functions: fitting ratios, shrunk singular values, collapsed modes, codes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.certificates.certificate import Arithmetic, Ball, Certificate, Jet, at_root, certify_cells, newton

__all__ = ["certify_code_scale", "certify_collapse", "certify_fitting_ratio", "certify_shrinkage"]

Array = NDArray[np.float64]


def _power(v: Jet, exponent: Ball) -> Jet:
    return (v.log() * exponent).exp()


def certify_fitting_ratio(a: Array, b: Array, noise: Array, value: Array, what: str) -> Certificate:
    """Certificate of t^2 with a(a-1) noise u^b + (a-1) b u = a(b-1), u = 1 - t; 0 where the left is less at u = 1."""
    answer = np.ravel(value)

    def prove(index: int, arithmetic: Arithmetic) -> Ball | float | None:
        arb, t = arithmetic.arb, float(np.sqrt(answer[index]))
        x, y, z = (arb(float(array[index])) for array in (a, b, noise))
        weight, linear, right = x * (x - 1) * z, (x - 1) * y, x * (y - 1)
        if weight + linear - right <= 0:
            return 0.0
        if not 0 < t < 1:
            return None

        def excess(v: Jet) -> Jet:
            u = 1 - v * arb(t)
            return _power(u, y) * weight + u * linear - right

        image = newton(excess, arithmetic)
        return None if image is None else at_root(lambda v: v * v * (arb(t) * arb(t)), image, arithmetic)

    return certify_cells(value, prove, what, modes=False)


def certify_shrinkage(sigma: Array, beta: Array, layers: int, value: Array, what: str) -> Certificate:
    r"""Certificate of the shrunk singular values on flat cells: the rising root of s + beta s^(2/L - 1) = sigma.

    Zero or not is settled by the threshold sigma_c, a closed form; on it nothing is proved unless it is a double.
    """
    answer = np.ravel(value)

    def prove(index: int, arithmetic: Arithmetic) -> Ball | float | None:
        arb, s = arithmetic.arb, float(answer[index])
        level, decay = arb(float(sigma[index])), arb(float(beta[index]))
        if decay == 0 or level == 0:
            return float(sigma[index])
        if layers == 1:
            return level / (1 + decay)
        if layers == 2:
            return level - decay if level > decay else 0.0
        q = arb(2) / layers
        threshold = (2 * decay * (1 - q) / q) ** (1 / (2 - q)) * (2 - q) / (2 * (1 - q))
        if level < threshold:
            return 0.0
        if not (level > threshold and s > 0):
            return None
        pull = decay * arb(s) ** (q - 1)
        image = newton(lambda v: v * arb(s) + _power(v, q - 1) * pull - level, arithmetic, rising=True)
        return None if image is None else arb(s) * image

    return certify_cells(value, prove, what, modes=False)


def certify_collapse(
    sizes: Array, levels: Array, layers: Array, decay: Array, weight: Array, dropped: Array, value: Array, what: str
) -> Certificate:
    r"""Certificate of x for the modes (..., K): the root of M x^(M-1)/(1 + x^M)^2 = r on which the left side falls.

    r = M N (N lambda_H prod lambda_j)^(1/M)/(level weight^((M+1)/M)), the level as the double given; x = 0 where r
    reaches r_c = (M-1)^((M-1)/M)/M (1 for M = 1), and by definition for modes dropped for want of width.
    """
    answer, total, factors = np.ravel(value), sizes.sum(axis=-1), layers.shape[-1]
    classes = sizes.shape[-1]
    cells = [np.ravel(a) for a in (levels, weight, dropped)]

    def prove(index: int, arithmetic: Arithmetic) -> Ball | float | None:
        arb, x, m = arithmetic.arb, float(answer[index]), arithmetic.arb(factors)
        level, share, without = (float(a[index]) for a in cells)
        if without or level == 0:
            return 0.0
        cell = index // classes
        product = arb(float(np.ravel(total)[cell]))
        ratio = m * product / arb(level) / arb(share) ** ((m + 1) / m)
        product *= arb(float(np.ravel(decay)[cell]))
        for factor in layers.reshape(-1, factors)[cell].tolist():
            product *= arb(factor)
        log_ratio = ratio.log() + product.log() / m
        critical = (m - 1) / m * (m - 1).log() - m.log() if factors > 1 else arb(0)
        if log_ratio >= critical:
            return 0.0
        if not (log_ratio < critical and 0 < x < np.inf):
            return None
        # log x^M = M log v + M log x; log(1 + x^M) as log of a number that may be huge: fine for balls
        height, start = arb(x).log(), m.log() - log_ratio

        def excess(v: Jet) -> Jet:
            log_x = v.log() + height
            return log_x * (m - 1) + start - ((log_x * m).exp() + 1).log() * 2

        image = newton(excess, arithmetic, rising=False)
        return None if image is None else arb(x) * image

    return certify_cells(value, prove, what, modes=False)


def certify_code_scale(
    gaps: Array, values: Array, samples: Array, layers: Array, decay: Array, value: Array, what: str
) -> Certificate:
    r"""Certificate of the best scale s of a code, gaps and eigenvalues as the doubles given; layers (cells, M).

    The root of sum_j gap_j e^(-s gap_j) s^(1-p) = T (1 + sum_j e^(-s gap_j)) on which the left side over the right one
    falls, T = sum values^p (n lambda_H prod lambda_j)^(p/2), with an objective below log K. One layer is convex: s = 0
    where T is at least the mean gap. For more layers a scale of 0 is not proved.
    """
    answer, (distinct, counts) = np.ravel(value), np.unique(gaps, return_counts=True)
    depth, classes = layers.shape[-1], gaps.size + 1

    def prove(index: int, arithmetic: Arithmetic) -> Ball | float | None:
        arb, s = arithmetic.arb, float(answer[index])
        p = arb(2) / (depth + 1)
        pairs = [(arb(gap), int(count)) for gap, count in zip(distinct.tolist(), counts.tolist(), strict=True)]
        product = arb(float(samples[index])) * arb(float(decay[index]))
        for factor in layers[index].tolist():
            product *= arb(factor)
        target = product ** (p / 2) * sum((arb(x) ** p for x in values.tolist() if x > 0), arb(0))
        if s == 0:
            slope = sum((gap * count for gap, count in pairs), arb(0)) / classes
            return 0.0 if depth == 1 and target >= slope else None
        power = arb(s) ** (1 - p)

        def sums(v: Jet) -> tuple[Jet, Jet]:
            terms = [((v * (-arb(s) * gap)).exp() * count, gap) for gap, count in pairs]
            plain = terms[0][0]
            weighted = plain * terms[0][1]
            for term, gap in terms[1:]:
                plain, weighted = plain + term, weighted + term * gap
            return plain + 1, weighted

        def excess(v: Jet) -> Jet:
            plain, weighted = sums(v)
            return weighted * _power(v, 1 - p) * power - plain * target

        image = newton(excess, arithmetic, rising=False)
        if image is None:
            return None
        plain = sums(Jet(image, arb(1)))[0].value
        if not plain.log() + target / p * (arb(s) * image) ** p < arb(classes).log():
            return None
        return arb(s) * image

    return certify_cells(value, prove, what, modes=False)
