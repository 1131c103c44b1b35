"""Activations without closed forms: kinks are found, closed forms come back, jumps and divergences are refused."""

import numpy as np
import pytest

from solvable.solvers import dual_activation, hermite_coefficients, leaky_relu, wide_network_kernels
from solvable.solvers.wide_networks.integrals import _pieces


@pytest.mark.parametrize("derivative", [False, True])
@pytest.mark.parametrize(("q1", "q2", "c"), [(1.3, 0.7, 0.4), (2.0, 0.5, -0.9), (1.0, 1.0, 1.0), (1.0, 1.0, -1.0)])
@pytest.mark.parametrize(
    ("name", "function"),
    [("relu", lambda u: np.maximum(u, 0)), ("abs", np.abs), ("tanh", np.tanh), ("sin", np.sin)],
    ids=["relu", "abs", "tanh", "sin"],
)
def test_functions_give_the_closed_forms_of_their_names(name, function, q1, q2, c, derivative):
    np.testing.assert_allclose(
        dual_activation(function, q1, q2, c, derivative), dual_activation(name, q1, q2, c, derivative), atol=1e-9
    )


def test_kinks_away_from_zero_are_found():
    def two(u):
        return np.where(u > 0.3, u - 0.3, 0) + np.where(u < -1, u + 1, 0)

    np.testing.assert_allclose(_pieces(two, 16.0).kinks, [-1, 0.3], atol=1e-10)
    # shifted relu at equal inputs: E max(z - 0.3, 0)^2 = (1 + t^2) Q(t) - t p(t), twice with t = 0.3 and 1
    from scipy.stats import norm

    parts = [(1 + t * t) * norm.sf(t) - t * norm.pdf(t) for t in (0.3, 1.0)]
    np.testing.assert_allclose(dual_activation(two, 1, 1, 1), sum(parts), rtol=1e-11)


def test_leaky_is_a_mixture_of_relu_and_identity():
    c = np.array([-1.0, -0.3, 0.0, 0.6, 1.0])
    for slope, name in ((0.0, "relu"), (1.0, "identity"), (-1.0, "abs")):
        np.testing.assert_allclose(
            dual_activation(leaky_relu(slope), 1, 1, c), dual_activation(name, 1, 1, c), atol=1e-15
        )
    np.testing.assert_allclose(
        wide_network_kernels(np.eye(3), depth=2, activation=leaky_relu(0.3)).ntk,
        wide_network_kernels(np.eye(3), depth=2, activation=lambda u: np.where(u > 0, u, 0.3 * u)).ntk,
        rtol=1e-10,
    )


def test_series_in_the_correlation_is_the_dual():
    a, b = hermite_coefficients("gelu", 1.3, 80), hermite_coefficients("gelu", 0.7, 80)
    rho = 0.4 / np.sqrt(1.3 * 0.7)
    np.testing.assert_allclose(np.sum(a * b * rho ** np.arange(81)), dual_activation("gelu", 1.3, 0.7, 0.4), rtol=1e-13)


def test_the_variance_is_one_unless_given():
    np.testing.assert_array_equal(hermite_coefficients("gelu", degree=3), hermite_coefficients("gelu", 1.0, 3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dual_activation(lambda u: 1.0 * (u > 0.2), 1, 1, 0.3, True), "jumps at 0.2"),
        (lambda: dual_activation(lambda u: np.log(u), 1, 1, 0.3), "not finite"),
        (lambda: hermite_coefficients(lambda u: np.exp(u**2 / 3)), "square-integrable"),
        (lambda: hermite_coefficients("relu", -1.0), "positive"),
    ],
)
def test_what_has_no_integral_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
