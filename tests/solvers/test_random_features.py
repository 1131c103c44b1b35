"""The random-feature risk: 50-digit answers of the two-unknown form, limits, properties, one simulation."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import Spectrum, Status, random_feature_risk, ridge_risk

S = np.arange(1, 101.0) ** -1.5
SPECTRUM = Spectrum(S, S)


def two_unknowns(n, k, ridge, noise):
    """The paper's form: n = sum s/(s+gamma) + ridge/kappa, k = sum s/(s+gamma) + k kappa/gamma; nothing rewritten."""
    with mpmath.workdps(60):
        s = [mpmath.mpf(float(x)) for x in S]
        n, k, ridge, noise = (mpmath.mpf(float(x)) for x in (n, k, ridge, noise))

        def gap(t):
            gamma = mpmath.exp(t)
            z = mpmath.fsum(x / (x + gamma) for x in s)
            kappa = gamma * (k - z) / k
            return n - z - ridge / kappa if z < k and z < n else mpmath.mpf(-1)

        low, high = mpmath.mpf(-200), mpmath.mpf(50)
        for _ in range(320):
            middle = (low + high) / 2
            low, high = (low, middle) if gap(middle) > 0 else (middle, high)
        gamma = mpmath.exp(high)
        z = mpmath.fsum(x / (x + gamma) for x in s)
        q = mpmath.fsum((x / (x + gamma)) ** 2 for x in s)
        kappa = gamma * (k - z) / k
        bracket = mpmath.fsum((gamma / (x + gamma) - kappa * x / (x + gamma) ** 2 * k / (k - q)) * x for x in s) + noise
        test = bracket / (1 - (q * (k - 2 * z) + z * z) / (n * (k - q)))
        return {"gamma": gamma, "effective_ridge": kappa, "test": test, "train": (ridge / (n * kappa)) ** 2 * test}


@pytest.mark.parametrize(
    ("n", "k", "ridge"),
    [(30, 20, 0.1), (20, 30, 1e-8), (25, 25, 1e-6), (30, 300, 1e-3), (300, 30, 5.0), (200, 150, 1e-4), (30, 20, 1e-30),
     (50, 50, 1e-30), (7, 90, 1e4)],
)  # fmt: skip
def test_against_the_papers_form_at_sixty_digits(n, k, ridge):
    found = random_feature_risk(SPECTRUM, n, k, ridge, 0.3)
    for field, expected in two_unknowns(n, k, ridge, 0.3).items():
        assert getattr(found, field) == pytest.approx(float(expected), rel=1e-12), field


@pytest.mark.parametrize(
    ("n", "k", "ridge", "test", "train"),
    [(100, 60, 0.1, 1.4964, 0.4061), (100, 100, 0.1, 1.4061, 0.2155), (100, 400, 0.1, 1.1108, 0.0741),
     (60, 200, 1e-6, 1.5807, 0.0), (100, 50, 10.0, 1.3556, 1.1359)],
)  # fmt: skip
def test_published_setting(n, k, ridge, test, train):
    """Eigenvalues and powers i^-1.5, 1,500 modes, noise 0.5: values computed independently before, four digits."""
    found = random_feature_risk(Spectrum.power_law(1.5, 1.5, 1500, tail=False), n, k, ridge, 0.5)
    assert found.test == pytest.approx(test, abs=6e-5)
    assert found.train == pytest.approx(train, abs=6e-5)


def test_many_features_are_kernel_regression():
    exact = ridge_risk(SPECTRUM, [30, 200], [[0.0], [0.1]], 0.3)
    limit = random_feature_risk(SPECTRUM, [30, 200], np.inf, [[0.0], [0.1]], 0.3)
    near = random_feature_risk(SPECTRUM, [30, 200], 1e9, [[0.0], [0.1]], 0.3)
    for field in ("test", "train", "bias", "variance"):
        np.testing.assert_allclose(getattr(limit, field), getattr(exact, field), rtol=1e-13)
        np.testing.assert_allclose(getattr(near, field), getattr(exact, field), rtol=1e-6, atol=1e-15)


def test_much_data_leaves_the_approximation_error():
    limit = random_feature_risk(SPECTRUM, np.inf, [30, 200], 0.1, 0.3)
    near = random_feature_risk(SPECTRUM, 1e9, [30, 200], 0.1, 0.3)
    np.testing.assert_allclose(limit.test, near.test, rtol=1e-6)
    assert limit.excess[0] > 0.01
    assert limit.excess[1] == 0  # 200 features span all 100 modes


@pytest.mark.parametrize(("n", "k"), [(60, 30), (30, 60), (150, 120), (120, 150), (150, 100), (40, 400)])
def test_ridgeless_is_the_limit(n, k):
    zero = random_feature_risk(SPECTRUM, n, k, 0.0, 0.3)
    small = random_feature_risk(SPECTRUM, n, k, 1e-16, 0.3)
    np.testing.assert_allclose(zero.test, small.test, rtol=1e-5)
    assert zero.solution.status == Status.CONVERGED
    if n < k and n < 100:
        assert zero.train == 0


def test_poles():
    for n, k in ((50, 50), (100, 150), (100, 100)):  # n = k, and n = rank < k
        risk = random_feature_risk(SPECTRUM, n, k, 0.0, 0.3)
        assert np.isinf(risk.test)
        assert risk.solution.status == Status.DIVERGES
        assert risk.train == 0


@settings(max_examples=40, deadline=None)
@given(
    n=st.floats(2, 300),
    k=st.floats(2, 300),
    ridge=st.floats(1e-9, 1e3),
    noise=st.floats(0, 2),
    scale=st.sampled_from([1e-100, 1.0, 1e100]),
)
def test_properties(n, k, ridge, noise, scale):
    risk = random_feature_risk(SPECTRUM, n, k, ridge, noise, on_failure="raise")
    np.testing.assert_allclose(risk.bias + risk.variance + noise, risk.test, rtol=1e-12)
    assert risk.q <= risk.z <= min(n, k) * (1 + 1e-12)
    assert risk.effective_ridge <= risk.gamma
    assert risk.train <= risk.test * (1 + 1e-12)
    # gamma is symmetric in n and k at fixed k*ridge
    assert random_feature_risk(SPECTRUM, k, n, ridge * k / n, noise).gamma == pytest.approx(
        float(risk.gamma), rel=1e-11
    )
    scaled = random_feature_risk(Spectrum(scale * S, S), n, k, scale * ridge, noise)
    assert scaled.test == pytest.approx(float(risk.test), rel=1e-10)


def test_infinite_tails_and_broadcasting():
    tail = Spectrum.power_law(2.0, 2.0, 300)
    grid = random_feature_risk(tail, [[30], [300]], [20, 200, np.inf], 0.01, 0.1)
    assert grid.test.shape == (2, 3)
    assert grid.solution.converged
    cut = random_feature_risk(Spectrum.power_law(2.0, 2.0, 300_000, tail=False), 30, 200, 0.01, 0.1)
    assert grid.test[0, 1] == pytest.approx(float(cut.test), rel=1e-4)
    assert grid.test[0, 1] == pytest.approx(float(random_feature_risk(tail, 30, 200, 0.01, 0.1).test), rel=1e-13)


def test_against_gaussian_random_features():
    """Seed 0, 150 draws with 16 labels each, n = 80, k = 50: 4.5 standard errors plus 1.5 % (1/n); 5 % is caught."""
    rng = np.random.default_rng(0)
    n, k, ridge, noise = 80, 50, 0.05, 0.3
    errors = []
    for _ in range(150):
        F = rng.standard_normal((k, S.size)) * np.sqrt(S)
        X = rng.standard_normal((n, S.size))
        target = np.sqrt(S)[:, None] * (rng.integers(0, 2, (S.size, 16)) * 2.0 - 1)
        y = X @ target + np.sqrt(noise) * rng.standard_normal((n, 16))
        features = X @ F.T / np.sqrt(k)
        w = np.linalg.solve(features.T @ features + ridge * np.eye(k), features.T @ y)
        errors.append(np.mean(np.sum((F.T @ w / np.sqrt(k) - target) ** 2, axis=0)) + noise)
    theory = float(random_feature_risk(SPECTRUM, n, k, ridge, noise).test)
    room = 4.5 * np.std(errors) / np.sqrt(150) + 0.015 * theory
    assert abs(np.mean(errors) - theory) <= room
    assert abs(np.mean(errors) - 1.05 * theory) > room


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: random_feature_risk(SPECTRUM, 0, 5, 1.0), "n = "),
        (lambda: random_feature_risk(SPECTRUM, 5, -1, 1.0), "k = "),
        (lambda: random_feature_risk(SPECTRUM, 5, 5, -1.0), "ridge"),
        (lambda: random_feature_risk(SPECTRUM, 5, 5, 1.0, -1.0), "noise_variance"),
        (lambda: random_feature_risk(SPECTRUM, np.inf, np.inf, 1.0), "infinite together"),
        (lambda: random_feature_risk(SPECTRUM, [1, 2], [1, 2, 3], 1.0), "broadcast"),
        (lambda: random_feature_risk(Spectrum([1.0]), 5, 5, 1.0), "target_power"),
    ],
)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match):
        call()
