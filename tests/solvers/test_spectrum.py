"""Constructors, the infinite tail against closed forms in mpmath, frozen arrays, finite pools, bad input."""

import copy
import pickle
import warnings

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import (
    FinitePoolWarning,
    Spectrum,
    effective_ridge,
    learnabilities,
    optimal_ridge,
    resolvent_pair_trace,
    resolvent_trace,
    ridge_cross_risk,
    ridge_risk,
    ridge_risk_general,
    stability_edge,
)
from solvable.solvers.equivalents.ridge_sums import mode_sums


def test_zero_eigenvalues_become_irreducible_power():
    full = Spectrum([2.0, 0.0, 1.0, 0.0], [0.4, 0.2, 0.3, 0.1])
    assert full.rank == 2
    assert full.irreducible_power == pytest.approx(0.3)
    assert full.target_variance == pytest.approx(1.0)
    # and it acts as label noise that stays in the error
    noisy = ridge_risk(Spectrum([2.0, 1.0], [0.4, 0.3]), 10, 1.0, noise_variance=0.3)
    np.testing.assert_allclose(ridge_risk(full, 10, 1.0).test, noisy.test, rtol=1e-14)


def test_arrays_are_frozen_and_not_the_callers():
    mine = np.array([2.0, 1.0])
    spectrum = Spectrum(mine, mine)
    counts = np.ones(2)
    counted = Spectrum(mine, mine, counts)
    mine[0] = counts[0] = 5.0
    assert spectrum.eigenvalues[0] == spectrum.target_power[0] == 2.0
    assert counted.multiplicities[0] == 1.0
    for array in (spectrum.eigenvalues, spectrum.target_power, spectrum.multiplicities, counted.multiplicities):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
    with pytest.raises(AttributeError):
        spectrum.eigenvalues = mine


def test_constructors_leave_their_arguments_alone():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((6, 3)), rng.standard_normal(6)
    K = X @ X.T
    before = X.copy(), y.copy(), K.copy()
    Spectrum.from_features(X, y)
    Spectrum.from_kernel(K, y)
    Spectrum.from_parameters(abs(y), y)
    Spectrum.from_moments(abs(y), y, 100.0)
    for array, old in zip((X, y, K), before, strict=True):
        np.testing.assert_array_equal(array, old)


def test_identity_not_equality():
    """Arrays have no truth value: == must not raise, a spectrum can be a key, and copies work."""
    one, other = Spectrum([2.0, 1.0], [1.0, 1.0]), Spectrum([2.0, 1.0], [1.0, 1.0])
    assert one != other
    assert {one: 1}[one] == 1
    for twin in (pickle.loads(pickle.dumps(one)), copy.deepcopy(one)):
        np.testing.assert_array_equal(twin.eigenvalues, one.eigenvalues)


@settings(max_examples=40, deadline=None)
@given(
    modes=st.lists(st.tuples(st.floats(1e-3, 1e3), st.floats(0, 10)), min_size=1, max_size=6),
    lost=st.lists(st.floats(0, 5), min_size=1, max_size=3),
    n=st.floats(0.3, 40),
    ridge=st.floats(1e-6, 1e3),
    noise=st.floats(0, 2),
)
def test_power_on_zero_eigenvalues_is_noise_that_stays_in_the_error(modes, lost, n, ridge, noise):
    s, power = np.array(modes).T
    full = ridge_risk(Spectrum(np.r_[s, np.zeros(len(lost))], np.r_[power, lost]), n, ridge, noise)
    noisy = ridge_risk(Spectrum(s, power), n, ridge, noise + sum(lost))
    for field in ("test", "train", "df1", "df2", "effective_ridge"):
        np.testing.assert_allclose(getattr(full, field), getattr(noisy, field), rtol=1e-12, err_msg=field)
    np.testing.assert_allclose(full.excess, noisy.test - noise, rtol=1e-9, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(
    s=st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=6),
    copies=st.integers(1, 4),
    n=st.floats(0.3, 40),
    ridge=st.floats(1e-6, 1e3),
)
def test_repeating_modes_is_multiplicity(s, copies, n, ridge):
    s = np.array(s)
    repeated = Spectrum(np.repeat(s, copies), np.repeat(s / copies, copies))
    counted = Spectrum(s, s, np.full(s.size, float(copies)))
    for one, other in zip(*(vars(ridge_risk(x, n, ridge, 0.1)).values() for x in (repeated, counted)), strict=True):
        if isinstance(one, np.ndarray):
            np.testing.assert_allclose(one, other, rtol=1e-11)


def tail_sums(a, b, kappa, explicit=400):
    """df1, df2, sum (1-g)^2 v^2: explicit terms, then the integral in closed form and Euler-Maclaurin."""
    a, b, k = mpmath.mpf(a), mpmath.mpf(b), mpmath.mpf(kappa)
    x0 = explicit + mpmath.mpf(1) / 2
    z = -1 / (k * x0**a)
    pieces = (
        (lambda x: 1 / (1 + k * x**a), x0 ** (1 - a) / (k * (a - 1)) * mpmath.hyp2f1(1, 1 - 1 / a, 2 - 1 / a, z)),
        (
            lambda x: 1 / (1 + k * x**a) ** 2,
            x0 ** (1 - 2 * a) / (k * k * (2 * a - 1)) * mpmath.hyp2f1(2, 2 - 1 / a, 3 - 1 / a, z),
        ),
        (
            lambda x: x**-b / (1 + 1 / (k * x**a)) ** 2,
            x0 ** (1 - b) / (b - 1) * mpmath.hyp2f1(2, (b - 1) / a, 1 + (b - 1) / a, z),
        ),
    )
    for f, integral in pieces:
        corrections = mpmath.diff(f, x0) / 24 - 7 * mpmath.diff(f, x0, 3) / 5760 + 31 * mpmath.diff(f, x0, 5) / 967680
        yield mpmath.fsum(f(mpmath.mpf(i)) for i in range(1, explicit + 1)) + integral + corrections


@pytest.mark.parametrize(
    ("a", "b", "kappa"),
    [(1.05, 1.05, 1e-4), (1.05, 8.0, 1e-8), (1.2, 1.5, 1e3), (1.5, 2.5, 1e-6), (2.0, 1.05, 1e-8), (3.0, 2.5, 1e-4),
     (4.0, 1.5, 1e-8), (4.0, 8.0, 0.1)],
)  # fmt: skip
def test_sums_over_the_infinite_tail(a, b, kappa):
    """The accuracy the docstring promises for each size: 1e-10, 1e-11 and rounding."""
    with mpmath.workdps(30):
        expected = [float(x) for x in tail_sums(a, b, kappa)]
    for size, rtol in ((64, 1e-10), (300, 1e-11), (2000, 2e-14)):
        sums = mode_sums(Spectrum.power_law(a, b, size), np.array([1.0]), np.array([kappa]))
        found = [float(x[0]) for x in (sums.df1, sums.df2, sums.unlearned)]
        np.testing.assert_allclose(found, expected, rtol=rtol, err_msg=str(size))
    # and the tail matters: without it at least one of the sums is visibly wrong, so the test has power
    sums = mode_sums(Spectrum.power_law(a, b, 2000, tail=False), np.array([1.0]), np.array([kappa]))
    cut = [float(x[0]) for x in (sums.df1, sums.df2, sums.unlearned)]
    assert max(abs(np.array(cut) / expected - 1)) > 2e-14


@pytest.mark.parametrize(("a", "b"), [(1.05, 1.3), (1.2, 2.0), (1.5, 1.5), (3.0, 1.1), (4.0, 8.0)])
@pytest.mark.parametrize("size", [1, 64, 2000])
def test_infinite_tail_sums_to_zeta(a, b, size):
    """Euler-Maclaurin from the 64th mode on leaves about 1e-12, from the 2,000th rounding."""
    spectrum = Spectrum.power_law(a, b, size)
    rtol = 1e-11 if size <= 64 else 1e-14
    assert spectrum.trace == pytest.approx(float(mpmath.zeta(a)), rel=rtol)
    assert spectrum.target_variance == pytest.approx(float(mpmath.zeta(b)), rel=rtol)
    assert np.all(spectrum.multiplicities > 0)


def test_truncation_is_what_the_tail_repairs():
    """alpha 1.2, 1,000 modes: cutting there moves the ridgeless risk by more than 10 %."""
    whole, cut = (
        ridge_risk(Spectrum.power_law(1.2, 1.3, 1000, tail=tail), 100, 0.0, 0.1).test for tail in (True, False)
    )
    assert abs(cut / whole - 1) > 0.1


def test_moments_describe_a_misspecified_target():
    spectrum = Spectrum.from_moments([4.0, 1.0, 0.0], [2.0, 0.5, 0.0], 2.0)
    np.testing.assert_allclose(spectrum.target_power, [1.0, 0.25])
    assert spectrum.irreducible_power == pytest.approx(0.75)


def test_features_and_their_kernel_give_the_same_spectrum():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((30, 5)), rng.standard_normal(30)
    features, kernel = Spectrum.from_features(X, y), Spectrum.from_kernel(X @ X.T, y)
    np.testing.assert_allclose(features.eigenvalues, kernel.eigenvalues, rtol=1e-10)
    np.testing.assert_allclose(features.target_power, kernel.target_power, rtol=1e-8)
    assert features.irreducible_power == pytest.approx(kernel.irreducible_power, rel=1e-10)
    assert features.target_variance == pytest.approx(np.mean(y**2), rel=1e-12)


def test_estimated_spectra_know_their_sample_size():
    rng = np.random.default_rng(0)
    spectrum = Spectrum.from_features(rng.standard_normal((200, 50)), rng.standard_normal(200))
    effective_ridge(spectrum, 20, 1.0)
    with pytest.warns(FinitePoolWarning, match="200 points"):
        effective_ridge(spectrum, 21, 1.0)
    with pytest.raises(ValueError, match="200 points"):
        effective_ridge(spectrum, [10, 200], 1.0)


POOLED = {
    "effective_ridge": lambda s, n: effective_ridge(s, n, 1.0),
    "stability_edge": stability_edge,
    "ridge_risk": lambda s, n: ridge_risk(s, n, 1.0),
    "ridge_risk_general": lambda s, n: ridge_risk_general(s, n, 1.0, np.zeros(20), 1.0),
    "ridge_cross_risk": lambda s, n: ridge_cross_risk(s, n, 1.0, 2.0),
    "learnabilities": lambda s, n: learnabilities(s, n, 1.0),
    "optimal_ridge": lambda s, n: optimal_ridge(s, n, 0.1),
    "optimal_ridge, negative": lambda s, n: optimal_ridge(s, n, 0.1, allow_negative=True),
    "resolvent_trace": lambda s, n: resolvent_trace(s, n, 1.0, 1.0),
    "resolvent_pair_trace": lambda s, n: resolvent_pair_trace(s, n, 1.0, 2.0, 1.0, 1.0),
}


@pytest.mark.parametrize("name", POOLED)
def test_finite_pools_warn_where_they_were_called(name):
    """Once for each place in the user's own code, quiet at N/10, refused from N on."""
    rng = np.random.default_rng(1)
    spectrum = Spectrum.from_kernel((lambda X: X @ X.T)(rng.standard_normal((100, 20))), rng.standard_normal(100))
    POOLED[name](spectrum, 10)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        POOLED[name](spectrum, [11, 40])
    assert {(w.category, w.filename) for w in caught} == {(FinitePoolWarning, __file__)}
    assert ["a tenth of the 100 points" in str(w.message) for w in caught].count(True) == 1
    for n in (100, 101):
        with pytest.raises(ValueError, match=r"n = .*100 points"):
            POOLED[name](spectrum, n)


BAD = [
    (lambda: Spectrum([]), "eigenvalues.shape"),
    (lambda: Spectrum([[1.0]]), "eigenvalues.shape"),
    (lambda: Spectrum([1.0, -1.0]), r"eigenvalues\[1\] = -1\.0"),
    (lambda: Spectrum([np.inf]), "eigenvalues"),
    (lambda: Spectrum([np.nan]), "eigenvalues"),
    (lambda: Spectrum([0.0]), "at least one must be positive"),
    (lambda: Spectrum([1.0], [1.0, 2.0]), "target_power.shape"),
    (lambda: Spectrum([1.0], [-1.0]), "target_power"),
    (lambda: Spectrum([1.0], None, [0.0]), "multiplicities"),
    (lambda: Spectrum([1.0, 2.0], [[1.0], [2.0]]), r"target_power.shape = \(2, 1\)"),
    (lambda: Spectrum([1.0, 2.0], None, 3.0), r"multiplicities.shape = \(\)"),
    (lambda: Spectrum([1.0], [1.0], irreducible_power=-1.0), "irreducible_power = -1.0"),
    (lambda: Spectrum([1.0], [1.0], irreducible_power=[1.0, 2.0]), "irreducible_power.shape"),
    (lambda: Spectrum([1.0], [1.0], points=-3), "points = -3"),
    (lambda: Spectrum([1.0], [1.0], points=2.5), "points = 2.5"),
    (lambda: Spectrum.isotropic([2.0, 3.0]), "d.shape"),
    (lambda: Spectrum.isotropic(np.nan), "d = nan"),
    (lambda: Spectrum.power_law([2.0, 3.0], 2.0, 10), "exponent.shape"),
    (lambda: Spectrum.power_law(2.0, -1.0, 10), "target_exponent = -1.0"),
    (lambda: Spectrum.power_law(2.0, 1.0, 10), "both must exceed 1"),
    (lambda: Spectrum.power_law(2.0, 2.0, np.inf), "size = inf"),
    (lambda: Spectrum.power_law(2.0, 2.0, 0), "size = 0"),
    (lambda: Spectrum.from_moments([1.0], [0.5], [1.0, 2.0]), "second_moment.shape"),
    (lambda: Spectrum.from_moments([1.0], [0.5, 0.5], 1.0), "cross_moment.shape"),
    (lambda: Spectrum.from_kernel(np.zeros((2, 2)), [1.0, 1.0]), "at least one must be positive"),
    (lambda: Spectrum.from_kernel(1.0, 1.0), "kernel.shape"),
    (lambda: Spectrum.from_kernel(np.full((2, 2), np.nan), [1.0, 1.0]), "NaN"),
    (lambda: Spectrum.from_features(np.zeros((3, 2)), np.ones(3)), "non-empty"),
    (lambda: Spectrum.from_features(np.zeros((0, 2)), []), "X.shape"),
    (lambda: Spectrum.isotropic(0), "d"),
    (lambda: Spectrum.isotropic(3, -1.0), "signal"),
    (lambda: Spectrum.power_law(1.0, 2.0, 10), "both must exceed 1"),
    (lambda: Spectrum.power_law(2.0, 2.0, 1.5), "size"),
    (lambda: Spectrum.from_parameters([1.0], [1.0, 2.0]), "weights.shape"),
    (lambda: Spectrum.from_moments([1.0], [2.0], 1.0), "second_moment"),
    (lambda: Spectrum.from_moments([0.0, 1.0], [1.0, 0.0], 3.0), "cross_moment"),
    (lambda: Spectrum.from_kernel(np.eye(2), [1.0]), "kernel.shape"),
    (lambda: Spectrum.from_kernel([[1.0, 2.0], [0.0, 1.0]], [1.0, 1.0]), "symmetric"),
    (lambda: Spectrum.from_kernel([[1.0, 2.0], [2.0, 1.0]], [1.0, 1.0]), "positive semi-definite"),
    (lambda: Spectrum.from_features(np.ones((3, 2)), [1.0]), "y.shape"),
]


@pytest.mark.parametrize(("call", "match"), BAD)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match) as caught:
        call()
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("value", ["1", None, 1j, [object()], b"x", ["1", "2"], [[1.0], [1.0, 2.0]], [None]])
def test_wrong_types_are_refused(value):
    with pytest.raises(TypeError, match=r"^eigenvalues = .*\.$"):
        Spectrum(value)
    if value is not None:
        with pytest.raises(TypeError, match=r"^target_power = .*\.$"):
            Spectrum([1.0], value)
        with pytest.raises(TypeError, match=r"^points = .*\.$"):
            Spectrum([1.0], points=value)
