"""Long-tailed terms by definition and by search; von Mises-Fisher moments against fifty digits and samples."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import (
    centre_term,
    mean_resultant,
    minimum_angle_bound,
    minimum_angle_term,
    orthogonal_frame,
    simplex_compatibility,
    simplex_frame,
)


def test_centre_term_weights_classes_not_samples():
    X, y = np.array([[0.0], [2.0], [0.0], [0.0], [0.0], [4.0]]), [0, 0, 1, 1, 1, 1]
    assert centre_term(X, y) == pytest.approx((1 + 3) / 2)
    assert centre_term(X, y, [[1.0], [2.0]]) == pytest.approx((1 + 4) / 2)
    assert centre_term(X, y, [[1.0], [2.0]]) >= centre_term(X, y)  # class means are the best centres


@pytest.mark.parametrize(("classes", "dimension"), [(2, 1), (3, 2), (5, 4), (10, 12)])
def test_simplex_attains_the_angle_bound_whatever_its_lengths(classes, dimension):
    bound = minimum_angle_bound(classes, dimension)
    assert minimum_angle_term(3.7 * simplex_frame(classes, dimension, rng=0) + 5) == pytest.approx(
        max(bound, -np.arccos(-0.99999)), rel=1e-14
    )


@settings(max_examples=40, deadline=None)
@given(classes=st.integers(3, 7), extra=st.integers(0, 3), seed=st.integers(0, 10**6), size=st.floats(0.01, 3))
def test_nothing_beats_the_bound(classes, extra, seed, size):
    generator = np.random.default_rng(seed)
    d = classes - 1 + extra
    centres = simplex_frame(classes, d, rng=generator) + size * generator.standard_normal((classes, d))
    assert minimum_angle_term(centres) >= minimum_angle_bound(classes, d) - 1e-12
    assert minimum_angle_term(1e6 * centres) == pytest.approx(minimum_angle_term(centres), rel=1e-12)


def test_more_classes_than_a_simplex_has():
    orthoplex = np.vstack([orthogonal_frame(np.ones(3)), -orthogonal_frame(np.ones(3))])
    assert minimum_angle_term(orthoplex) == pytest.approx(-np.pi / 2)


@pytest.mark.parametrize("d", [2, 9, 50, 3000])
@pytest.mark.parametrize("kappa", [0.0, 1e-3, 8.0, 2e3])
def test_resultant_against_fifty_digits(d, kappa):
    import mpmath as mp

    with mp.workdps(50):
        x = mp.mpf(kappa)
        expected = mp.besseli(mp.mpf(d) / 2, x) / mp.besseli(mp.mpf(d) / 2 - 1, x) if kappa else mp.mpf(0)
    assert float(mean_resultant(d, kappa)) == pytest.approx(float(expected), rel=1e-13)


def test_resultant_limits():
    np.testing.assert_allclose(mean_resultant(3, [1e-9, 1.0, 1e250]), [1e-9 / 3, 1 / np.tanh(1) - 1, 1.0], rtol=1e-12)


def test_compatibility_holds_iff_the_new_model_is_more_concentrated():
    found = simplex_compatibility(9, [20.0, 8.0, 3.0], 8.0)
    np.testing.assert_array_equal(found.compatible, [True, True, False])
    assert np.all((found.new_old_same >= found.old_old_same) == found.compatible)
    assert np.all((found.new_old_different <= found.old_old_different) == found.compatible)
    new, old = mean_resultant(9, [20.0, 8.0, 3.0]), mean_resultant(9, 8.0)
    np.testing.assert_allclose(found.new_old_same, new * old)
    np.testing.assert_allclose(found.old_old_same, old**2)
    np.testing.assert_allclose(found.new_old_different, -new * old / 9)
    np.testing.assert_allclose(found.old_old_different, -(old**2) / 9)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: minimum_angle_bound(6, 4), "d \\+ 1 = 5"),
        (lambda: minimum_angle_term([[1.0, 0.0]]), "two centres"),
        (lambda: minimum_angle_term([[1.0], [0.0], [-1.0]]), "mean of all"),
        (lambda: centre_term([[1.0], [2.0]], [0, 2]), "holes"),
        (lambda: centre_term([[1.0], [2.0]], [0, 1], [[1.0]]), "centres"),
        (lambda: mean_resultant(1, 1.0), "two dimensions"),
        (lambda: mean_resultant(3, -1.0), "concentration"),
    ],
)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match):
        call()


@pytest.mark.parametrize("kappa", [1e7, 1e8, 1e12])
@pytest.mark.parametrize("d", [2, 3, 10])
def test_mean_resultant_of_the_sharpest_distributions(d, kappa):
    """The series in 1/kappa, to the 1e-12 that is promised: its next term is below 1e-20 here."""
    a = d - 1
    series = 1 - a / (2 * kappa) + a * (d - 3) / (8 * kappa**2)
    assert float(mean_resultant(d, kappa)) == pytest.approx(series, rel=1e-12)
