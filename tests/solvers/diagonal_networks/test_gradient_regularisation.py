"""The regularised flow against the definition integrated in the weights, a closed form, and its implicit bias."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from solvable.analysis.diagonal_networks.experiments import flows
from solvable.solvers import diagonal_descent, interpolator, regularised_flow

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((4, 9)), RNG.standard_normal(4)


@pytest.mark.parametrize("ascent", [-0.05, 0.0, 1e-9, 0.05, 0.25])
def test_against_the_definition(ascent):
    """The difference quotient as it is written, in w; at ascent 1e-9 it loses half its digits, the solver none."""
    flow = regularised_flow(X, Y, 0.3, 0.1, ascent)
    beta, logs, integral = flows.regularised_flow(X, Y, 0.3, 0.1, 0.0 if ascent == 1e-9 else ascent)
    loose = 30.0 if ascent == 1e-9 else 1.0
    np.testing.assert_allclose(flow.beta, beta, atol=1e-9 * loose)
    np.testing.assert_allclose(2 * np.log(flow.effective_scale), logs, atol=2e-9 * loose)
    np.testing.assert_allclose(flow.integral, integral, rtol=1e-8 * loose)
    assert np.all(flow.effective_scale < 0.3)


@given(st.integers(0, 10**6), st.floats(-3, 0.5), st.floats(0, 0.2), st.floats(-0.2, 0.5))
@settings(max_examples=15, deadline=None)
def test_it_ends_at_the_interpolator_of_its_scale(seed, decade, penalty, ascent):
    rng = np.random.default_rng(seed)
    X, y = rng.standard_normal((3, 7)), rng.standard_normal(3)
    flow = regularised_flow(X, y, 10.0**decade, penalty, ascent)
    expected = interpolator(X, y, flow.effective_scale).value
    # the residual of 1e-10 times the condition of X
    np.testing.assert_allclose(flow.beta, expected, atol=1e-9 * np.linalg.cond(X) * np.abs(y).max())
    np.testing.assert_allclose(flow.effective_scale, 10.0**decade * np.exp(-4 * penalty * flow.integral), rtol=1e-13)


@pytest.mark.parametrize("scale", [0.3, 1e-8, 1e-40])
def test_without_penalty_the_scale_stays(scale):
    flow = regularised_flow(X, Y, scale, 0.0)
    np.testing.assert_array_equal(flow.effective_scale, np.full(9, scale))
    np.testing.assert_allclose(flow.beta, interpolator(X, Y, scale).value, atol=1e-9)


def test_one_sample_in_closed_form():
    """Without penalty w_+w_- stays, so beta' = 4 sqrt(beta^2 + 4 a^4)(1 - beta), and the integral is one over beta."""
    found = regularised_flow([[1.0]], [1.0], 0.4, 0.0)
    expected = quad(lambda b: (1 - b) / (4 * np.sqrt(b**2 + 4 * 0.4**4)), 0, 1)[0]
    assert found.integral[0] == pytest.approx(expected, rel=1e-9)
    assert found.beta[0] == pytest.approx(1, rel=1e-9)
    time = quad(lambda b: 1 / (4 * np.sqrt(b**2 + 4 * 0.4**4) * (1 - b)), 0, found.beta[0])[0]
    # the last residual, 1e-10, is known to some parts in a hundred: the time to as many over the last rate, 4.2
    assert found.time == pytest.approx(time, abs=0.1 / 4.2)


def test_descent_with_short_steps_follows_it():
    """First order in the step: at half the step half the distance, which extrapolates to 2 % of it."""
    flow = regularised_flow(X, Y, 0.3, 0.1, 0.1)
    falls = [
        np.log(0.3 / diagonal_descent(X, Y, step, int(600 / step), 0.3, gradient_penalty=0.1, ascent=0.1,
                                      accumulate=True, checkpoints=2).effective_scale[0])
        for step in (0.004, 0.002)
    ]  # fmt: skip
    exact = np.log(0.3 / flow.effective_scale)
    coarse, fine = (np.abs(fall - exact).max() for fall in falls)
    assert coarse == pytest.approx(2 * fine, rel=0.1)
    np.testing.assert_allclose(2 * falls[1] - falls[0], exact, atol=0.05 * coarse)


def test_stronger_ascent_shrinks_more():
    falls = [-np.log(regularised_flow(X, Y, 0.3, 0.1, ascent).effective_scale).sum() for ascent in (-0.05, 0.0, 0.05)]
    assert falls[0] < falls[1] < falls[2]


def test_labels_of_zero_and_a_column_of_zero():
    still = regularised_flow(X, np.zeros(4), 0.3, 0.1)
    np.testing.assert_array_equal(still.beta, np.zeros(9))
    assert still.time == 0
    idle = regularised_flow(np.c_[X, np.zeros(4)], Y, 0.3, 0.1)
    assert idle.beta[-1] == 0
    assert idle.effective_scale[-1] == 0.3


def test_tiny_labels_are_kernel_regression():
    """Far below the scale the flow is linear: the least norm, to the first order in the labels."""
    flow = regularised_flow(X, 1e-9 * Y, 1.0, 0.1, 0.1)
    np.testing.assert_allclose(flow.beta, np.linalg.pinv(X) @ (1e-9 * Y), rtol=1e-7, atol=1e-18)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: regularised_flow(X, Y, 0.0, 0.1), "initial_scale"),
        (lambda: regularised_flow(X, Y, [0.1, 0.2], 0.1), "initial_scale.shape"),
        (lambda: regularised_flow(X, Y, 0.3, -0.1), "gradient_penalty"),
        (lambda: regularised_flow(X, Y, 0.3, 0.1, np.inf), "ascent"),
        (lambda: regularised_flow(X, Y[:2], 0.3, 0.1), "y.shape"),
        (lambda: regularised_flow([[1.0, 2.0], [1.0, 2.0]], [1.0, 2.0], 0.3, 0.1), "range of X"),
    ],
)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_a_flow_that_does_not_fit_is_refused():
    with pytest.raises(ArithmeticError, match=r"gradient_penalty = 10.0, ascent = 0.0: the flow does not fit"):
        regularised_flow(X, Y, 1e-30, 10.0)
