"""The control variate of the trained ensembles: what is taken as known of it."""

import numpy as np
import pytest

from solvable.analysis.wide_networks.experiments.regression import _control, initial_covariance
from solvable.analysis.wide_networks.settings import training_problem
from solvable.solvers import wide_network_kernels


@pytest.mark.parametrize("activation", ["relu", "erf"])
def test_the_covariance_before_training_is_that_of_wide_networks(activation):
    X = np.vstack(training_problem()[::2])
    known = wide_network_kernels(X, None, 1, activation, 1.5, 0.1).nngp
    np.testing.assert_allclose(initial_covariance(activation), known, rtol=1e-7)  # arccos on the diagonal


def drawn_outputs(rng, width, activation, nets):
    """Outputs of one hidden layer at all inputs, weight variance 1.5, bias variance 0.1, written out once more."""
    from scipy.special import erf

    X = np.vstack(training_problem()[::2])
    W, b = rng.standard_normal((nets, width, X.shape[1])), rng.standard_normal((nets, width, 1))
    z = np.sqrt(1.5 / X.shape[1]) * W @ X.T + np.sqrt(0.1) * b
    active = erf(z) if activation == "erf" else np.maximum(z, 0)
    readout = rng.standard_normal((nets, 1, width)) * np.sqrt(1.5 / width)
    return (readout @ active)[:, 0] + np.sqrt(0.1) * rng.standard_normal((nets, 1))


@pytest.mark.parametrize("activation", ["relu", "erf"])
@pytest.mark.parametrize("width", [4, 32])
def test_the_covariance_is_that_of_drawn_networks(activation, width):
    """20,000 networks of seed 0 at two widths: all products of two outputs within 4.5 standard errors."""
    out = drawn_outputs(np.random.default_rng(0), width, activation, 20_000)
    products = out[:, :, None] * out[:, None, :]
    z = (products.mean(axis=0) - initial_covariance(activation)) / (products.std(axis=0) / len(out) ** 0.5)
    assert np.abs(z).max() < 4.5


def test_the_known_variance_of_the_control_is_that_of_drawn_networks():
    """20,000 networks of seed 1: mean square of the control within 4 standard errors of the value taken as known."""
    to_tests, known = _control(32, 1.0, "relu")
    control = drawn_outputs(np.random.default_rng(1), 32, "relu", 20_000) @ to_tests
    squares = np.mean(control**2, axis=1)
    assert abs(squares.mean() - known) < 4 * squares.std() / len(squares) ** 0.5
