"""The random-feature risk: 50-digit answers of the two-unknown form, limits, properties, one simulation."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import (
    Spectrum,
    Status,
    optimal_random_feature_ridge,
    optimal_ridge,
    random_feature_risk,
    ridge_risk,
)

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


def test_the_table_answers_whole_grids_to_the_accuracy_asked_for():
    """Grid wide enough for the table (fewer nodes than an eighth of the cells): every field to 1e-11, none left."""
    s = np.arange(1, 1001.0) ** -1.5
    spectrum = Spectrum(s, s)
    sizes, ridges = np.geomspace(5, 1500, 28), np.geomspace(1e-4, 10, 10)
    quick = random_feature_risk(spectrum, sizes[:, None, None], sizes[:, None], ridges, 0.1, rtol=1e-10)
    exact = random_feature_risk(spectrum, sizes[:, None, None], sizes[:, None], ridges, 0.1)
    assert quick.solution.converged
    assert np.all(quick.solution.iterations == 2)  # the table answered: cell by cell it takes four at least
    for field in ("test", "train", "bias", "variance", "gamma", "effective_ridge", "z", "q"):
        np.testing.assert_allclose(getattr(quick, field), getattr(exact, field), rtol=1e-11)
    # the exact route may start from the table: it must not depend on that
    alone = random_feature_risk(spectrum, sizes[3], sizes[11], ridges[2], 0.1)
    assert exact.test[3, 11, 2] == pytest.approx(float(alone.test), rel=1e-13)


@pytest.mark.parametrize(
    ("spectrum", "n", "k", "noise"),
    [(SPECTRUM, 30, 60, 0.3), (SPECTRUM, 60, 30, 0.05), (SPECTRUM, 50, 50, 0.3), (SPECTRUM, 150, 400, 0.3),
     (Spectrum.isotropic(20), 50, 30, 0.3), (Spectrum.power_law(1.4, 1.3, 200), 40, 25, 1.0)],
)  # fmt: skip
def test_optimal_ridge_against_a_search_over_the_risk(spectrum, n, k, noise):
    """A bounded search knows the minimiser to the square root of rounding, 1e-8; 1e-6 leaves room for flat minima."""
    from scipy.optimize import minimize_scalar

    best = optimal_random_feature_ridge(spectrum, n, k, noise)
    search = minimize_scalar(
        lambda x: float(random_feature_risk(spectrum, n, k, np.exp(x), noise).test),
        bounds=(-15, 8), method="bounded", options={"xatol": 1e-9},
    )  # fmt: skip
    assert best.converged
    assert best.value == pytest.approx(np.exp(search.x), rel=1e-6)
    assert random_feature_risk(spectrum, n, k, best.value, noise).test <= search.fun * (1 + 1e-14)


def test_optimal_ridge_limits():
    kernel = optimal_ridge(SPECTRUM, 40, 0.3).value
    assert optimal_random_feature_ridge(SPECTRUM, 40, np.inf, 0.3).value == pytest.approx(float(kernel), rel=1e-12)
    assert optimal_random_feature_ridge(SPECTRUM, 40, 1e9, 0.3).value == pytest.approx(float(kernel), rel=1e-5)
    assert optimal_random_feature_ridge(SPECTRUM, np.inf, 40, 0.3).value == 0
    assert optimal_random_feature_ridge(SPECTRUM, 200, 300, 0.0).value == 0  # spans all modes, no noise
    assert optimal_random_feature_ridge(Spectrum([1.0, 0.5], [0.0, 0.0]), 5, 5, 1.0).value == np.inf
    # obligatory overfitting: a target far smoother than the kernel, and no noise
    assert optimal_random_feature_ridge(Spectrum.power_law(1.25, 2.5, 200), 50, 1e6, 0.0).value < 1e-6


def test_more_data_and_more_features_are_better_at_the_best_ridge():
    sizes = np.array([20.0, 40, 80, 160, 320])
    spectrum = Spectrum.power_law(1.4, 1.3, 200)
    best = optimal_random_feature_ridge(spectrum, sizes[:, None], sizes, 0.3)
    errors = random_feature_risk(spectrum, sizes[:, None], sizes, best.value, 0.3).test
    assert np.diff(errors, axis=0).max() < 0
    assert np.diff(errors, axis=1).max() < 0


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: optimal_random_feature_ridge(SPECTRUM, 0, 5, 1.0), "n = "),
        (lambda: optimal_random_feature_ridge(SPECTRUM, 5, 0, 1.0), "k = "),
        (lambda: optimal_random_feature_ridge(SPECTRUM, 5, 5, -1.0), "noise_variance"),
        (lambda: optimal_random_feature_ridge(SPECTRUM, np.inf, np.inf, 1.0), "infinite together"),
        (lambda: random_feature_risk(SPECTRUM, 5, 5, 1.0, rtol=0.0), "rtol"),
    ],
)
def test_bad_input_of_the_tuning(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_no_noise_by_default_and_irreducible_power_is_noise_that_stays():
    """A part that no mode can fit acts as label noise of its size, in every limit."""
    s, v = [2.0, 1.0, 0.2], [1.0, 0.5, 0.3]
    plain, misspecified = Spectrum(s, v, [3.0, 5.0, 9.0]), Spectrum(s, v, [3.0, 5.0, 9.0], irreducible_power=0.4)
    for n, k, ridge in ((4, 7, 0.1), (7, 4, 0.0), (4, np.inf, 0.1), (np.inf, 5, 0.0), (40, 30, 0.0)):
        found = random_feature_risk(misspecified, n, k, ridge)
        expected = random_feature_risk(plain, n, k, ridge, 0.4)
        np.testing.assert_allclose(found.test, expected.test, rtol=1e-12)
        np.testing.assert_array_equal(found.noise_variance, 0.0)
        np.testing.assert_allclose(optimal_random_feature_ridge(plain, n, k).value,
                                   optimal_random_feature_ridge(plain, n, k, 0.0).value)  # fmt: skip


def test_infinite_data_leaves_nothing_to_overfit():
    risk = random_feature_risk(SPECTRUM, np.inf, [5.0, 60.0], [[0.0], [1.0]], 0.3)
    np.testing.assert_array_equal(risk.train, risk.test)
