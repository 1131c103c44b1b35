"""Certificates of roots in elementary functions, against bisection and minimisation in 50 digits."""

import mpmath
import numpy as np
import pytest

pytest.importorskip("flint")

from solvable.solvers import (
    ConvergenceWarning,
    code_gram,
    collapse_minimizer,
    cross_entropy_code,
    optimal_fitting_ratio,
    shrink_singular_values,
)
from solvable.solvers.certificates.scalar_roots import (
    certify_code_scale,
    certify_collapse,
    certify_fitting_ratio,
    certify_shrinkage,
)


def holds(certificate, digits):
    """Exactly the digits, cell by cell; 0 is a value by definition."""
    assert certificate.complete, certificate.explain()
    for low, high, value in zip(certificate.lower.ravel(), certificate.upper.ravel(), digits, strict=True):
        assert mpmath.mpf(float(low)) <= value <= mpmath.mpf(float(high))
        assert high - low <= 1e-12 * abs(value)


def refused(prove):
    with pytest.warns(ConvergenceWarning, match="could not be proved"):
        assert not prove().proved.any()


def falling_root(function, low, high):
    """Bisection to 50 digits between a positive and a negative value."""
    assert function(low) > 0 > function(high)
    for _ in range(190):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) > 0 else (low, middle)
    return low


def best_shrunk(sigma, beta, depth):
    """Minimiser of (sigma - s)^2/2 + (beta L/2) s^(2/L): the larger stationary point, or 0, whichever is lower."""
    q = mpmath.mpf(2) / depth

    def objective(s):
        return (sigma - s) ** 2 / 2 + beta / q * s**q

    def pull(s):
        return sigma - s - beta * s ** (q - 1)

    # for q < 1 the pull is concave with its top where 1 = beta (1 - q) s^(q-2)
    top = (beta * (1 - q)) ** (1 / (2 - q)) if q < 1 else mpmath.mpf(10) ** -60
    if pull(top) <= 0:
        return mpmath.mpf(0)
    root = falling_root(pull, top, sigma)
    return root if objective(root) < objective(mpmath.mpf(0)) else mpmath.mpf(0)


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 7])
def test_shrinkage(depth):
    rng = np.random.default_rng(depth)
    sigma, beta = 10.0 ** rng.uniform(-3, 2, 12), float(10.0 ** rng.uniform(-3, 0.5))
    solution = shrink_singular_values(sigma, beta, depth, certify=True).solution
    with mpmath.workdps(55):
        if depth == 1:
            holds(solution.certificate, [mpmath.mpf(x) / (1 + mpmath.mpf(beta)) for x in sigma])
        else:
            holds(solution.certificate, [best_shrunk(mpmath.mpf(x), mpmath.mpf(beta), depth) for x in sigma])


def test_shrinkage_at_its_edges():
    proof = shrink_singular_values([0.0, 1.0, 1e-300, 3.0], [0.5, 0.0, 0.5, 3.0], 2, certify=True).solution.certificate
    assert proof.complete
    assert proof.lower.tolist() == proof.upper.tolist() == [0.0, 1.0, 0.0, 0.0]
    assert shrink_singular_values(
        [[1e-200, 1e200]], [[1e-300], [1e-250]], 3, certify=True
    ).solution.certificate.complete


def collapse_digits(sizes, layers, decay):
    """x of each class by bisection of its stationarity equation, right of the maximum of the left side."""
    m, total = len(layers), mpmath.mpf(int(sum(sizes)))
    product = total * mpmath.mpf(decay)
    for factor in layers:
        product *= mpmath.mpf(float(factor))
    found = []
    for size in sizes:
        r = m * total / int(size) * product ** (mpmath.mpf(1) / m)

        def gap(x, r=r):
            return m * x ** (m - 1) / (1 + x**m) ** 2 - r

        def value(x, r=r):
            return 1 / (1 + x**m) + r * x  # loss of a mode: that of x = 0 is 1

        top = (mpmath.mpf(m - 1) / (m + 1)) ** (mpmath.mpf(1) / m)
        if gap(top) <= 0:
            found.append(mpmath.mpf(0))
            continue
        x = falling_root(gap, top, mpmath.mpf(10) ** 8)
        found.append(x if value(x) < 1 else mpmath.mpf(0))
    return found


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
def test_collapsed_modes(depth):
    rng = np.random.default_rng(depth)
    for _ in range(4):
        sizes = rng.integers(1, 60, 5)
        layers, decay = 10.0 ** rng.uniform(-4, -1.3, depth), float(10.0 ** rng.uniform(-5, -2))
        solution = collapse_minimizer(sizes, layers, decay, certify=True).solution
        with mpmath.workdps(55):
            holds(solution.certificate, collapse_digits(sizes, layers, decay))


def test_collapse_with_few_directions_and_with_biases():
    sizes = [40, 30, 20, 9]
    found = collapse_minimizer(sizes, [0.01, 0.01], 0.001, width=2, certify=True).solution
    assert found.certificate.complete
    assert found.certificate.upper[2:].tolist() == [0.0, 0.0]
    assert collapse_minimizer(sizes, 0.01, 0.001, bias="free", certify=True).solution.certificate.complete
    proof = collapse_minimizer(
        [[9] * 4] * 2, [0.01] * 3, [1e-3, 1e-9], bias="ridge", bias_decay=0.3, certify=True
    ).solution.certificate
    assert proof.proved.shape == (2, 4)
    assert proof.complete


@pytest.mark.parametrize("code", ["simplex", "circle", "orthoplex"])
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_code_scales(code, depth):
    """The derivative of the objective, by mpmath, changes sign across the enclosure."""
    rng = np.random.default_rng(7)
    samples, layers, decay = 9, 10.0 ** rng.uniform(-4, -3, depth), 1e-4
    gram = code_gram(code, 6)
    values = np.linalg.eigvalsh(gram)
    values = np.where(values > 1e-10 * values[-1], values, 0.0)
    proof = cross_entropy_code(6, samples, layers, decay, code, certify=True).solution.certificate
    assert proof.complete
    with mpmath.workdps(50):
        p, cost = mpmath.mpf(2) / (depth + 1), mpmath.mpf(decay)
        for factor in layers:
            cost *= mpmath.mpf(float(factor))
        gaps = [mpmath.mpf(float(g)) for g in np.sort(gram[0, 0] - gram[0])[1:]]
        price = (cost * samples) ** (p / 2) / p * sum(mpmath.mpf(float(v)) ** p for v in values if v)

        def objective(s):
            return mpmath.log(1 + sum(mpmath.exp(-s * g) for g in gaps)) + price * s**p

        low, high = (mpmath.mpf(float(end)) for end in (proof.lower, proof.upper))
        slopes = [mpmath.diff(objective, s) for s in (low, high)]
        assert slopes[0] < 0 < slopes[1]
        assert objective(low) < mpmath.log(6)
    assert (high - low) / low < 1e-12


def test_code_scale_of_zero():
    """One layer: proved where the decay exceeds the mean gap. More layers: said not to be."""
    assert cross_entropy_code(4, 5, 10.0, 1.0, certify=True).solution.certificate.upper == 0.0
    with pytest.warns(ConvergenceWarning, match="1 of 1 roots could not be proved"):
        assert not cross_entropy_code(4, 5, [10.0] * 3, 1.0, certify=True).solution.certificate.complete


@pytest.mark.parametrize(("error", "inside"), [(-1e-12, 0), (1e-11, 0), (-1e-11, 0), (0.01, 0), (2e-13, 1)])
def test_wrong_answers_are_refused_and_right_ones_are_not(error, inside):
    factor, what, one = 1 + error, "test", np.ones(1)
    shrunk = shrink_singular_values(5.0, 0.3, 4).value.reshape(1) * factor
    sizes, layers, decay = np.array([[30.0, 10.0]]), np.full((1, 2), 0.01), np.array([0.001])
    modes = collapse_minimizer(sizes, layers, decay).solution.value * factor
    code = cross_entropy_code(6, 9.0, [1e-4, 1e-4], 1e-4, "circle").scale.reshape(1) * factor
    gram = code_gram("circle", 6)
    gaps, values = np.sort(1 - gram[0])[1:], np.array([3.0, 3.0])
    ratio = optimal_fitting_ratio(1.5, 2.0, 9.0).value.reshape(1) * factor
    for prove in (
        lambda: certify_shrinkage(5 * one, 0.3 * one, 4, shrunk, what),
        lambda: certify_shrinkage(5 * one, 0.3 * one, 1, 5 / 1.3 * one * factor, what),
        lambda: certify_shrinkage(5 * one, 0.3 * one, 2, 4.7 * one * factor, what),
        lambda: certify_collapse(sizes, sizes, layers, decay, np.ones((1, 2)), np.zeros((1, 2)), modes, what),
        lambda: certify_code_scale(gaps, values, 9 * one, np.full((1, 2), 1e-4), 1e-4 * one, code, what),
        lambda: certify_fitting_ratio(1.5 * one, 2 * one, 9 * one, ratio, what),
    ):
        if inside:
            assert prove().complete
        else:
            refused(prove)


def test_the_other_stationary_point_is_refused():
    """From three layers on a maximum lies between 0 and the minimum, a root of the same equation."""
    q, sigma, beta = 0.5, 5.0, 0.3
    with mpmath.workdps(30):
        low = falling_root(lambda s: s + beta * s ** (q - 1) - sigma, mpmath.mpf(1e-6), mpmath.mpf(0.05))
    assert low < 0.1
    refused(lambda: certify_shrinkage(np.array([sigma]), np.array([beta]), 4, np.array([float(low)]), "test"))
    refused(lambda: certify_shrinkage(np.array([sigma]), np.array([beta]), 4, np.zeros(1), "test"))
    # metastable: the nonzero minimum exists, zero is lower
    metastable = shrink_singular_values(1.0, 0.35, 4).metastable
    assert metastable > 0
    refused(lambda: certify_shrinkage(np.ones(1), np.array([0.35]), 4, metastable.reshape(1), "test"))
