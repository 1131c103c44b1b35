import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import FinitePoolWarning, Spectrum, effective_ridge, ridge_risk


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
    mine[0] = 5.0
    assert spectrum.eigenvalues[0] == 2.0
    with pytest.raises(ValueError, match="read-only"):
        spectrum.eigenvalues[0] = 1.0


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


BAD = [
    (lambda: Spectrum([]), "eigenvalues.shape"),
    (lambda: Spectrum([[1.0]]), "eigenvalues.shape"),
    (lambda: Spectrum([-1.0]), r"eigenvalues = \[-1\.\]"),
    (lambda: Spectrum([np.inf]), "eigenvalues"),
    (lambda: Spectrum([np.nan]), "eigenvalues"),
    (lambda: Spectrum([0.0]), "at least one must be positive"),
    (lambda: Spectrum([1.0], [1.0, 2.0]), "target_power.shape"),
    (lambda: Spectrum([1.0], [-1.0]), "target_power"),
    (lambda: Spectrum([1.0], None, [0.0]), "multiplicities"),
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


@pytest.mark.parametrize("value", ["1", None, 1j, [object()], b"x"])
def test_wrong_types_are_refused(value):
    with pytest.raises(TypeError, match="eigenvalues"):
        Spectrum(value)
