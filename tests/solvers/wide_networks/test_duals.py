"""Dual activations: limits, symmetries, smoothness near parallel and opposite inputs, refusals."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import activation_function, dual_activation, gaussian_coefficients

NAMES = ["identity", "relu", "relu2", "abs", "step", "sign", "erf", "sin", "cos", "exp", "gauss", "gelu", "tanh"]


@pytest.mark.parametrize("name", NAMES)
def test_independent_and_equal_inputs_are_one_dimensional_moments(name):
    """c = 0 is the product of means, c = q the second moment; `gaussian_coefficients` integrates on the line."""
    a, b = gaussian_coefficients(name, 0.7), gaussian_coefficients(name, 1.9)
    np.testing.assert_allclose(dual_activation(name, 0.7, 1.9, 0.0), a.mean * b.mean, rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(dual_activation(name, 1.9, 1.9, 1.9), b.second_moment, rtol=1e-10)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("step", "sign")])
def test_slope_at_zero_covariance_is_the_product_of_linear_coefficients(name):
    a, b = gaussian_coefficients(name, 0.7), gaussian_coefficients(name, 1.9)
    np.testing.assert_allclose(dual_activation(name, 0.7, 1.9, 0.0, True), a.linear * b.linear, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("c", [-0.9, 0.4])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("step", "sign")])
def test_slope_in_the_covariance_is_the_dual_of_the_derivative(name, c):
    above, below = dual_activation(name, 0.7, 1.9, [c + 1e-5, c - 1e-5])
    np.testing.assert_allclose(dual_activation(name, 0.7, 1.9, c, True), (above - below) / 2e-5, rtol=1e-7, atol=1e-9)


@given(
    st.sampled_from(NAMES),
    st.floats(0.05, 3),
    st.floats(0.05, 3),
    st.floats(-1, 1),
)
@settings(max_examples=80, deadline=None)
def test_symmetric_and_bounded_by_the_second_moments(name, q1, q2, rho):
    c = rho * np.sqrt(q1 * q2)
    value = dual_activation(name, q1, q2, c)
    np.testing.assert_allclose(value, dual_activation(name, q2, q1, c), rtol=1e-11, atol=1e-14)
    bound = np.sqrt(dual_activation(name, q1, q1, q1) * dual_activation(name, q2, q2, q2))
    assert abs(value) <= bound * (1 + 1e-12)


@given(st.floats(-1, 1), st.sampled_from(["identity", "erf", "sin"]))
@settings(max_examples=40, deadline=None)
def test_odd_activations_have_odd_duals(c, name):
    assert dual_activation(name, 1.0, 1.0, -c) == -dual_activation(name, 1.0, 1.0, c)


@pytest.mark.parametrize("exponent", [-4, -10, -20, -30])
@pytest.mark.parametrize("sign", [1, -1])
def test_relu_keeps_its_digits_near_parallel_and_opposite_inputs(exponent, sign):
    """Against the formula in the angle at 60 digits, from the double that goes in."""
    c = sign * (1 - 2.0**exponent)
    with mp.workdps(60):
        angle = mp.acos(mp.mpf(c))
        value = (mp.sin(angle) + (mp.pi - angle) * mp.cos(angle)) / (2 * mp.pi)
        square = (3 * mp.sin(angle) * mp.cos(angle) + (mp.pi - angle) * (1 + 2 * mp.cos(angle) ** 2)) / (2 * mp.pi)
    np.testing.assert_allclose(dual_activation("relu", 1, 1, c), float(value), rtol=1e-13)
    np.testing.assert_allclose(dual_activation("relu2", 1, 1, c), float(square), rtol=1e-12)


def test_a_sample_of_a_million_agrees():
    """Seed 1; at most four standard errors."""
    rng = np.random.default_rng(1)
    u = rng.standard_normal(10**6)
    v = 0.5 * u + np.sqrt(0.75) * rng.standard_normal(10**6)
    for name in NAMES:
        f = activation_function(name)
        product = f(u) * f(v)
        score = (product.mean() - float(dual_activation(name, 1, 1, 0.5))) / (product.std() / 1e3 + 1e-300)
        assert abs(score) < 4, name


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("relu", 0.0, 1.0, 0.0), "q1 = 0"),
        (("relu", 1.0, -1.0, 0.0), "q2 = -1"),
        (("relu", 1.0, 1.0, 1.1), "c = 1.1"),
        (("softplus", 1.0, 1.0, 0.5), "softplus"),
        (("step", 1.0, 1.0, 0.5, True), "step has no derivative"),
        (("sign", 1.0, 1.0, 0.5, True), "sign has no derivative"),
        (("tanh", 1e4, 1e4, 0.5), "tanh is integrated"),
        (("exp", 1e4, 1e4, 0.5), "beyond the range"),
    ],
)
def test_refusals_name_the_argument(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        dual_activation(*arguments)


def test_a_covariance_within_rounding_of_its_bound_is_taken_to_the_bound():
    assert dual_activation("relu", 1.0, 1.0, 1 + 1e-13) == 0.5
