"""Test ratios in LAPACK's manner: backward error over (norm x size x eps), at most 30, however bad the conditioning.

Residuals are formed in 60 digits (mpmath) from the doubles that came back: nothing of the solver's own arithmetic
enters. And scale: multiplying the problem by any power of ten from -150 to 150 scales the answer and nothing else.
"""

import mpmath as mp
import numpy as np
import pytest

from solvable.solvers import (
    Spectrum,
    effective_ridge,
    growth_rate,
    interpolator,
    minimum_l1,
    minimum_l2,
    optimal_fitting_ratio,
    optimal_random_feature_ridge,
    optimal_ridge,
    random_feature_risk,
    resolvent_trace,
    ridge_cross_risk,
    ridge_path,
    ridge_risk,
    saddle_to_saddle,
    stability_edge,
    stability_threshold,
    support_edges,
)

EPS = np.finfo(float).eps
LIMIT = 30
CONDITIONS = [0, 2, 4, 8, 12, 16, 24, 100]  # decades between the largest and the least eigenvalue
mp.mp.dps = 60


def spectrum(decades, modes=24):
    return Spectrum(10.0 ** -np.linspace(0, decades, modes), np.linspace(1, 2, modes))


def df1(s, kappa):
    return mp.fsum(m * mp.mpf(x) / (mp.mpf(x) + kappa) for x, m in zip(s.eigenvalues, s.multiplicities, strict=True))


def matrix(decades, n, d, seed=0):
    """Given singular values, random singular vectors."""
    rng = np.random.default_rng(seed)
    U, V = (np.linalg.qr(rng.standard_normal((size, min(n, d))))[0] for size in (n, d))
    return (U * 10.0 ** -np.linspace(0, decades, min(n, d))) @ V.T, rng.standard_normal(n)


@pytest.mark.parametrize("decades", CONDITIONS)
@pytest.mark.parametrize("n", [1.0, 5.5, 23.999, 24.0, 24.001, 1000.0])
def test_effective_ridge(decades, n):
    s = spectrum(decades)
    for ridge in (0.0, 1e-200, 1e-20, 1e-8, 1.0, 1e8):
        if ridge == 0 and n >= s.rank:
            continue
        kappa = mp.mpf(float(effective_ridge(s, n, ridge).value))
        terms = df1(s, kappa), ridge / kappa
        assert abs(n - sum(terms)) <= LIMIT * EPS * (n + sum(terms)), ridge


@pytest.mark.parametrize("decades", CONDITIONS)
def test_effective_ridge_below_zero(decades):
    s = spectrum(min(decades, 12))
    for n in (5.0, 12.0):
        ridge = 0.9 * float(stability_edge(s, n).value)
        kappa = mp.mpf(float(effective_ridge(s, n, ridge).value))
        assert abs(n - df1(s, kappa) - ridge / kappa) <= LIMIT * EPS * (n + df1(s, kappa) + abs(ridge / kappa))


@pytest.mark.parametrize("decades", CONDITIONS)
@pytest.mark.parametrize(("n", "k"), [(5.0, 9.0), (9.0, 5.0), (8.0, 8.0), (23.9, 200.0), (60.0, 50.0)])
def test_random_feature_root(decades, n, k):
    s = spectrum(decades)
    for ridge in (1e-100, 1e-20, 1e-8, 1.0, 1e8):
        risk = random_feature_risk(s, n, k, ridge)
        gamma, kappa = mp.mpf(float(risk.gamma)), mp.mpf(float(risk.effective_ridge))
        z = df1(s, gamma)
        assert abs(n - z - ridge / kappa) <= LIMIT * EPS * (n + z + ridge / kappa), ridge
        assert abs(k - z - k * kappa / gamma) <= LIMIT * EPS * (k + z + k * kappa / gamma), ridge


@pytest.mark.parametrize("decades", CONDITIONS)
@pytest.mark.parametrize("n", [2.0, 12.0, 23.9, 24.1, 500.0])
def test_stability_edge(decades, n):
    """The edge is stationary in kappa, so its own rounding is that of the terms of kappa (n - df1)."""
    s = spectrum(decades)
    pairs = [(mp.mpf(x), mp.mpf(m)) for x, m in zip(s.eigenvalues, s.multiplicities, strict=True)]
    least = min(x for x, _ in pairs)
    low, high = mp.log(least) - 60, mp.log(100)
    for _ in range(260):
        middle = (low + high) / 2
        u = mp.exp(middle)
        above = mp.fsum(m * (x / (x - least + u)) ** 2 for x, m in pairs) > n
        low, high = (middle, high) if above else (low, middle)
    kappa = mp.exp(low) - least
    exact = kappa * (n - df1(s, kappa))
    value = mp.mpf(float(stability_edge(s, n).value))
    assert abs(value - exact) <= LIMIT * EPS * abs(kappa) * (n + abs(df1(s, kappa)))


@pytest.mark.parametrize("decades", [0, 4, 8, 12, 15])
@pytest.mark.parametrize(("n", "d"), [(30, 10), (10, 30), (20, 20)])
def test_ridge_path(decades, n, d):
    """The optimality condition X^T(y - Xw) = ridge w, relative to its terms."""
    X, y = matrix(decades, n, d)
    ridges = np.array([1e-12, 1e-6, 1e-2, 1.0, 1e6])
    for ridge, w in zip(ridges, ridge_path(X, y, ridges).coefficients, strict=True):
        residual = X.T.astype(np.longdouble) @ (y - X.astype(np.longdouble) @ w) - ridge * w.astype(np.longdouble)
        norm = np.linalg.norm(X, 2)
        size = norm * (norm * np.linalg.norm(w) + np.linalg.norm(y)) + ridge * np.linalg.norm(w)
        assert np.linalg.norm(residual.astype(float)) <= LIMIT * EPS * max(n, d) * size


@pytest.mark.parametrize("decades", [0, 4, 8, 12])
@pytest.mark.parametrize("solver", ["l1", "l2", "depth 2", "depth 3"])
def test_interpolators(decades, solver):
    X = matrix(decades, 6, 14)[0]
    y = X @ np.random.default_rng(1).standard_normal(14)
    solve = {"l1": lambda X, y: minimum_l1(X, y).value, "l2": minimum_l2,
             "depth 2": lambda X, y: interpolator(X, y, 0.3).value,
             "depth 3": lambda X, y: interpolator(X, y, 0.3, 3).value}[solver]  # fmt: skip
    beta = solve(X, y)
    residual = np.linalg.norm((X.astype(np.longdouble) @ beta - y).astype(float))
    norm = np.linalg.norm(X, 2) * np.linalg.norm(beta)
    assert residual <= LIMIT * EPS * max(X.shape) * norm


@pytest.mark.parametrize("decades", [0, 2, 4, 6])
@pytest.mark.parametrize("sampling", ["without-replacement", "with-replacement", "bernoulli"])
def test_stability_threshold(decades, sampling):
    """At the threshold the largest eigenvalue of the whole second-moment operator is 1, to rounding of its terms."""
    G = matrix(decades, 7, 4)[0] * 7**0.5
    for batch in (1, 3, 7):
        eta = float(stability_threshold(G, batch, sampling).value)
        rate = float(growth_rate(eta, G, batch, sampling).value)
        n, d = G.shape
        p = {"without-replacement": (n - batch) / (batch * (n - 1)), "with-replacement": 1 / batch,
             "bernoulli": 1 / batch - 1 / n}[sampling]  # fmt: skip
        H, one = G.T @ G / n, np.eye(d)
        noise = (1 if sampling == "bernoulli" else 1 - p) * np.kron(H, H)
        noise += p / n * sum(np.kron(np.outer(g, g), np.outer(g, g)) for g in G)
        drift = np.kron(H, one) + np.kron(one, H)
        T = np.eye(d * d) - eta * drift + eta**2 * noise
        size = 1 + eta * np.linalg.norm(drift, 2) + eta**2 * np.linalg.norm(noise, 2)
        exact = np.linalg.eigvalsh(T)[-1]
        assert abs(rate - exact) <= LIMIT * EPS * d * d * size
        assert abs(exact - 1) <= LIMIT * EPS * d * d * size


@pytest.mark.parametrize("a", [1.01, 1.5, 3.0, 10.0])
def test_optimal_fitting_ratio(a):
    b, noise = np.meshgrid([1.01, 1.3, 2.0, 2 * a + 0.9], [0.0, 1e-8, 1.0, 1e8])
    ratio = optimal_fitting_ratio(a, b, noise).value
    u = 1 - np.sqrt(ratio)
    left, right = a * (a - 1) * noise * u**b + (a - 1) * b * u, a * (b - 1)
    inner = ratio > 0
    # the ratio is rounded once more than u: that error counts against the ratio's own condition
    slack = LIMIT * EPS * (left + right) * (1 + b / u)
    assert np.all(np.abs(left - right)[inner] <= slack[inner])


@pytest.mark.parametrize("ratio", [1e-8, 0.1, 0.999, 1.001, 10.0, 1e8])
def test_support_edges_of_white_data(ratio):
    edges = support_edges(Spectrum.isotropic(100 * ratio), 100.0)
    exact = (1 + np.array([-1, 1]) * np.sqrt(ratio)) ** 2
    assert np.all(np.abs(edges[-2:] - exact) <= LIMIT * EPS * (1 + np.sqrt(ratio)) ** 2)


SCALES = [10.0**x for x in (-150, -80, -20, 3, 20, 80, 150)]


def close(found, expected, rtol=1e-11):
    np.testing.assert_allclose(found, expected, rtol=rtol)


@pytest.mark.parametrize("c", SCALES)
@pytest.mark.parametrize("n", [10.0, 40.0])
def test_spectra_have_no_unit(c, n):
    s = spectrum(4)
    t = Spectrum(c * s.eigenvalues, s.target_power)
    ridge, k, noise = 0.02, 17.0, 0.3
    close(effective_ridge(t, n, c * ridge).value / c, effective_ridge(s, n, ridge).value)
    close(stability_edge(t, n).value / c, stability_edge(s, n).value)
    close(ridge_risk(t, n, c * ridge, noise).test, ridge_risk(s, n, ridge, noise).test)
    close(ridge_cross_risk(t, n, c * ridge, c, noise).value, ridge_cross_risk(s, n, ridge, 1.0, noise).value)
    close(random_feature_risk(t, n, k, c * ridge, noise).test, random_feature_risk(s, n, k, ridge, noise).test)
    close(optimal_ridge(t, n, noise).value / c, optimal_ridge(s, n, noise).value, 1e-9)
    close(optimal_random_feature_ridge(t, n, k, noise).value / c, optimal_random_feature_ridge(s, n, k, noise).value,
          1e-8)  # fmt: skip
    close(resolvent_trace(t, n, c * ridge, np.ones(24)).value * c, resolvent_trace(s, n, ridge, np.ones(24)).value)
    close(support_edges(t, n) / c, support_edges(s, n))


@pytest.mark.parametrize("c", SCALES)
def test_labels_have_no_unit(c):
    X, y = matrix(2, 6, 14)
    for solve in (lambda X, y: minimum_l1(X, y).value, minimum_l2, lambda X, y: ridge_path(X, y, [0.1]).coefficients[0],
                  lambda X, y: saddle_to_saddle(X, y).saddles[-1]):  # fmt: skip
        close(solve(X, c * y) / c, solve(X, y), 1e-9)
    close(interpolator(X, c * y, 0.3 * c**0.5).value / c, interpolator(X, y, 0.3).value, 1e-8)


@pytest.mark.parametrize("c", SCALES)
def test_designs_have_no_unit(c):
    X, y = matrix(2, 6, 14)
    for solve in (lambda X, y: minimum_l1(X, y).value, minimum_l2, lambda X, y: saddle_to_saddle(X, y).saddles[-1]):
        close(solve(c * X, y) * c, solve(X, y), 1e-9)
    close(interpolator(c * X, y, 0.3 / c**0.5).value * c, interpolator(X, y, 0.3).value, 1e-8)
    root = c**0.5  # the ridge has the unit of X^2
    close(ridge_path(root * X, y, [0.1 * root**2]).coefficients * root, ridge_path(X, y, [0.1]).coefficients, 1e-9)
    close(stability_threshold(root * X, 2).value * root**2, stability_threshold(X, 2).value)
    close(growth_rate(0.1 / root**2, root * X, 2).value, growth_rate(0.1, X, 2).value)
