"""Perceptrons, the edge of softmax and plug-in rules: limits, invariances, bad input."""

import numpy as np
import pytest
from scipy.special import ndtr, softmax

from solvable.solvers import (
    batch_perceptron,
    bayes_error,
    collapse_gap,
    max_margin,
    naive_minimisation_cosine,
    perceptron_bounds,
    perpendicular,
    plug_in_error,
    stablemax,
    stablemax_loss,
)


@pytest.mark.parametrize("normalised", [False, True])
def test_perceptron_stops_at_separation_within_its_bound(normalised):
    rng = np.random.default_rng(2)
    X = rng.standard_normal((20, 4))
    y = np.sign(X @ rng.standard_normal(4))
    run = batch_perceptron(X, y, 10**6, normalised)
    margin, radius = max_margin(X * y[:, None]).margin, np.linalg.norm(X, axis=1).max()
    bounds = perceptron_bounds(radius, margin, 20)
    assert np.all(y * (X @ run.weights) > 0)
    assert run.first_separated == len(run.errors) - 1 <= (bounds.normalised if normalised else bounds.batch)
    assert run.errors[0] == 20
    assert np.all(run.errors[:-1] > 0)
    short = batch_perceptron(X, y, 1, normalised)
    assert short.first_separated == -1
    np.testing.assert_allclose(short.weights, (y @ X) / 20 * (1 if normalised else 0.5), rtol=1e-14)


def test_stablemax_is_softmax_of_a_logarithm():
    z = np.random.default_rng(0).standard_normal((7, 5)) * 10
    np.testing.assert_allclose(stablemax(z), softmax(np.sign(z) * np.log1p(np.abs(z)), axis=1), rtol=1e-13)
    assert stablemax([1e300, -1e300]).tolist() == [1.0, 0.0]


def test_stablemax_keeps_a_gradient_where_softmax_has_none():
    found = stablemax_loss([1e18, 0.0], 0)
    assert softmax([1e18, 0.0])[0] == 1
    np.testing.assert_allclose(found.value, 1e-18, rtol=1e-12)
    np.testing.assert_allclose(found.gradient, [-1e-36, 1e-18], rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_gap_of_two_classes_is_half_a_unit(dtype):
    assert np.exp(-collapse_gap(dtype, 2, "first")) == pytest.approx(float(np.finfo(dtype).eps) / 2, rel=1e-13)
    assert collapse_gap(dtype, 2, "last") == collapse_gap(dtype, 9, "first")
    assert collapse_gap(dtype, 9, "last") == pytest.approx(collapse_gap(dtype, 9, "first") + np.log(8))


def test_perpendicular_keeps_the_rest():
    g, theta = np.random.default_rng(0).standard_normal((2, 3, 4))
    rest = perpendicular(g, theta)
    assert abs(np.sum(rest * theta)) < 1e-14
    cosine = naive_minimisation_cosine(g, theta)
    assert np.linalg.norm(rest) == pytest.approx(np.linalg.norm(g) * np.sqrt(1 - cosine**2), rel=1e-12)
    assert np.linalg.norm(perpendicular(g, theta, rescale=True)) == pytest.approx(np.linalg.norm(g), rel=1e-12)
    assert naive_minimisation_cosine(-theta, theta) == pytest.approx(1, abs=1e-15)
    assert not perpendicular(np.zeros(3), np.ones(3), rescale=True).any()


def test_plug_in_error_falls_to_the_bayes_error():
    n = np.geomspace(2, 1e9, 30)
    errors = plug_in_error(n, 20.0, 1.3)
    assert np.all(np.diff(errors) < 0)
    assert errors[-1] == pytest.approx(bayes_error(1.3), rel=1e-6)
    assert plug_in_error(10.0, 5.0, 0.0) == 0.5


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: batch_perceptron([[1.0]], [0.5], 3), r"\+1 or -1"),
        (lambda: batch_perceptron([[0.0]], [1.0], 3), "row of zeros"),
        (lambda: batch_perceptron([[1.0]], [1.0, 1.0], 3), "y.shape"),
        (lambda: perceptron_bounds(1.0, 2.0, 3), "radius"),
        (lambda: collapse_gap("float8", 2, "first"), "float16, float32, float64"),
        (lambda: collapse_gap("float16", 1, "first"), "at least two"),
        (lambda: stablemax(1.0), "classes"),
        (lambda: stablemax_loss([1.0, 2.0], 2), r"0\.\.1"),
        (lambda: stablemax_loss([1.0, 2.0], [0]), "label.shape"),
        (lambda: perpendicular([1.0], [0.0]), "direction"),
        (lambda: perpendicular([1.0, 1.0], [2.0, 2.0], rescale=True), "nothing is left"),
        (lambda: perpendicular([1.0], [1.0, 2.0]), "gradient.shape"),
        (lambda: naive_minimisation_cosine([0.0], [1.0]), "must not be zero"),
        (lambda: plug_in_error(0.0, 3.0, 1.0), "positive"),
        (lambda: bayes_error(-1.0), "negative"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_stablemax_loss_of_a_share_below_all_doubles():
    assert float(stablemax_loss([-1e300, 1e300], 0).value) == pytest.approx(2 * np.log(1e300), rel=1e-14)


def test_many_classes_by_another_quadrature():
    from scipy.integrate import quad
    from scipy.stats import norm

    n, d, mu2, K = 300.0, 30.0, 3.0, 10
    lead = 2 * mu2 / np.sqrt((2 * mu2 + K * d / n) * (1 + K / (2 * n)))
    expected = quad(lambda z: norm.pdf(z) * (1 - norm.cdf(z + lead) ** (K - 1)), -10, 10, epsabs=1e-13)[0]
    assert float(plug_in_error(n, d, mu2, K)) == pytest.approx(expected, rel=1e-11)
    # two classes by the closed form, next to the integral's limit of chance and of no error
    assert float(plug_in_error(1e9, 5, 0.0, 7)) == pytest.approx(6 / 7, rel=1e-12)
    assert float(plug_in_error(1e9, 5, 2000.0, 7)) == 0
    with pytest.raises(ValueError, match="there must be two"):
        plug_in_error(10, 5, 1.0, 1)


def test_three_classes_err_more_often_than_two():
    """At many rows: the chance that one of two normals exceeds a third plus its lead, by an integral over it."""
    z = np.linspace(-9, 9, 4001)
    lead = 1.5  # the centres, at distance sqrt(2) lead, differ in two coordinates of length lead
    right = ndtr(z + lead) ** 2 @ np.exp(-z * z / 2) * (z[1] - z[0]) / np.sqrt(2 * np.pi)
    assert plug_in_error(1e12, 3, lead**2 / 2, 3) == pytest.approx(1 - right, rel=1e-9)


@pytest.mark.parametrize("label", [0, 1, 2])
def test_the_gradient_of_stablemax_is_the_slope_of_its_loss(label):
    z, h = np.array([0.7, -0.4, -2.0]), 1e-6
    slopes = [
        (stablemax_loss(z + h * e, label).value - stablemax_loss(z - h * e, label).value) / (2 * h) for e in np.eye(3)
    ]
    np.testing.assert_allclose(stablemax_loss(z, label).gradient, slopes, rtol=1e-8, atol=1e-10)


def test_cosines_stay_cosines_after_rounding():
    rng = np.random.default_rng(0)
    for theta in rng.standard_normal((60, 5)):
        assert naive_minimisation_cosine(theta, 3 * theta) >= -1
        assert naive_minimisation_cosine(theta, -3 * theta) <= 1


def test_a_margin_may_be_the_radius():
    found = perceptron_bounds(1.0, 1.0, 5)
    assert (found.batch, found.normalised) == (5, 2)
    assert perceptron_bounds(1.0, 1 + 1e-14, 5).batch == pytest.approx(5)


def test_rows_may_have_zeros():
    run = batch_perceptron([[1.0, 0.0], [0.0, -2.0], [3.0, 1e-300]], [1.0, -1.0, 1.0], 50)
    assert run.errors[-1] == 0
    np.testing.assert_array_less(0, np.array([[1.0, 0.0], [0.0, 2.0]]) @ run.weights)


def test_stablemax_gradient_of_a_hopeless_label():
    """-s'/s = -1/(1 - z) where the other classes hold all of the sum; the squares in s' underflow beyond 1e154."""
    for size in (1e100, 1e200, 1e300):
        gradient = stablemax_loss([size, 0.0, -size], 2).gradient
        assert gradient[2] == pytest.approx(-1 / size, rel=1e-14)


def test_no_cells_of_many_classes():
    assert plug_in_error([], 10, 1.0, classes=3).shape == (0,)
