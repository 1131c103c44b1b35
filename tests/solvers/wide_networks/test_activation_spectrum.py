"""The spectrum of an activation's random features against features that were sampled."""

import numpy as np
import pytest

from solvable.analysis.random_features.experiments.real_data import load_digits_pair, relu_kernel
from solvable.solvers import Spectrum, activation_spectrum, leaky_relu


@pytest.mark.parametrize(
    ("activation", "function"),
    [("relu", lambda u: np.maximum(u, 0)), ("erf", None), (leaky_relu(0.2), lambda u: np.maximum(u, 0.2 * u))],
)
def test_sampled_features_have_that_spectrum(activation, function):
    from scipy.special import erf

    rng = np.random.default_rng(3)
    X, y = rng.standard_normal((40, 4)), rng.standard_normal(40)
    k = 400_000
    features = (function or erf)(np.sqrt(0.5) * X @ rng.standard_normal((4, k)) + np.sqrt(0.2) * rng.standard_normal(k))
    sampled = np.linalg.eigvalsh(features @ features.T / k)[::-1] / 40
    found = activation_spectrum(X, y, activation, weight_variance=0.5, bias_variance=0.2)
    # relative errors of a mean over k features are 1/sqrt(k) = 0.16 % times the kurtosis of an eigendirection
    np.testing.assert_allclose(found.eigenvalues[:10], sampled[:10], rtol=0.02)
    assert found.points == 40
    assert found.target_variance == pytest.approx(float(y @ y / 40), rel=1e-12)


def test_it_is_the_kernel_that_the_digits_figure_uses():
    X, y = load_digits_pair()
    X, y = X[:200], y[:200]
    ours, theirs = activation_spectrum(X, y), Spectrum.from_kernel(relu_kernel(X), y)
    np.testing.assert_allclose(ours.eigenvalues, theirs.eigenvalues, rtol=1e-9, atol=1e-13)


def test_a_row_of_zeros_needs_a_bias():
    with pytest.raises(ValueError, match=r"X\[1\]"):
        activation_spectrum([[1.0], [0.0]], [1.0, -1.0])
    assert activation_spectrum([[1.0], [0.0]], [1.0, -1.0], bias_variance=0.1).rank == 2
