"""Slopes of the attention loss in its scores against differences of the loss, factor and all."""

import numpy as np

from solvable.solvers import attention_descent
from solvable.solvers.attention.attention_descent import _slopes
from solvable.solvers.compiled import njit


@njit()
def slopes_of(x, z, g, W, naive, coefficient, selected):
    return _slopes(x, z, g, W, naive, np.empty(2), np.empty((3, 4)), coefficient, selected)


def loss(a, g):
    """Mean of log(1 + e^-f), f the softmax average of the scores g."""
    weights = np.exp(a - a.max(axis=1, keepdims=True))
    f = np.sum(weights * g, axis=1) / weights.sum(axis=1)
    return np.logaddexp(0.0, -f).mean()


def test_textbook_slopes_are_differences_of_the_loss():
    """Steps are normalised, so the factor is seen here only; differences of step 1e-5 are good to 1e-10."""
    rng = np.random.default_rng(0)
    x, z, g = rng.standard_normal((3, 4, 2)), rng.standard_normal((3, 2)), rng.standard_normal((3, 4))
    assert attention_descent(x, z, g, 0.1, 3, gradient="naive").loss.shape[-1] > 0
    W = rng.standard_normal((2, 2))
    a = np.einsum("ita,ab,ib->it", x, W, z)
    naive, stable, selected = np.empty((3, 4)), np.empty((3, 4)), np.empty(3, dtype=np.int64)
    value, _ = slopes_of(x, z, g, W, True, naive, selected)
    slopes_of(x, z, g, W, False, stable, selected)
    step = 1e-5 * np.eye(12).reshape(12, 3, 4)
    slopes = np.array([loss(a + e, g) - loss(a - e, g) for e in step]).reshape(3, 4) / 2e-5
    np.testing.assert_allclose(value, loss(a, g), rtol=1e-13)
    np.testing.assert_array_equal(selected, a.argmax(axis=1))
    np.testing.assert_allclose(naive, slopes, atol=1e-9)
    np.testing.assert_allclose(stable / np.abs(stable).max(), naive / np.abs(naive).max(), atol=1e-12)
