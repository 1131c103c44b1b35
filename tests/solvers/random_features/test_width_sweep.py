"""The sweep over widths and ridges: against plain ridge regression, one fit for each cell."""

import numpy as np
import pytest

from solvable.solvers import random_feature_sweep

RNG = np.random.default_rng(0)
FEATURES, TEST = np.maximum(RNG.standard_normal((40, 90)), 0), np.maximum(RNG.standard_normal((25, 90)), 0)
Y = FEATURES[:, :5].sum(axis=1) + RNG.standard_normal(40)


@pytest.mark.parametrize("widths", [[1, 2, 17, 39, 40, 41, 90], [90, 3, 40], [90]])
def test_against_one_fit_a_cell(widths):
    """A direct solve of the augmented least-squares problem; 1e-9 for the squared condition number (1e3 to 1e5)."""
    ridges = [1e-4, 0.1, 10.0, 0.0]
    sweep = random_feature_sweep(FEATURES, Y, TEST, widths, ridges)
    for i, k in enumerate(widths):
        phi, phi_test = FEATURES[:, :k] / np.sqrt(k), TEST[:, :k] / np.sqrt(k)
        for j, ridge in enumerate(ridges):
            stacked = np.vstack([phi, np.sqrt(ridge) * np.eye(k)])
            w = np.linalg.lstsq(stacked, np.r_[Y, np.zeros(k)], rcond=1e-13)[0]
            np.testing.assert_allclose(sweep.predictions[i, j], phi_test @ w, rtol=1e-8, atol=1e-8)
            assert sweep.train[i, j] == pytest.approx(np.mean((Y - phi @ w) ** 2), rel=1e-8, abs=1e-16)


def test_tiny_ridges_keep_their_digits():
    """Below 1e-9 of the top eigenvalue the Gram matrix would lose them."""
    near = random_feature_sweep(FEATURES, Y, TEST, [20, 80], [1e-13])
    zero = random_feature_sweep(FEATURES, Y, TEST, [20, 80], [0.0])
    np.testing.assert_allclose(near.predictions, zero.predictions, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((FEATURES, Y[:3], TEST, [5], [1.0]), "y.shape"),
        ((FEATURES, Y, TEST[:, :8], [5], [1.0]), "test_features"),
        ((FEATURES, Y, TEST, [0], [1.0]), "widths"),
        ((FEATURES, Y, TEST, [91], [1.0]), "widths"),
        ((FEATURES, Y, TEST, [2.5], [1.0]), "widths"),
        ((FEATURES, Y, TEST, [], [1.0]), "widths"),
        ((FEATURES, Y, TEST, [5], [-1.0]), "ridges"),
        ((FEATURES, Y, TEST, [5], []), "ridges"),
    ],
)
def test_bad_input_is_one_sentence(arguments, match):
    with pytest.raises(ValueError, match=match):
        random_feature_sweep(*arguments)
