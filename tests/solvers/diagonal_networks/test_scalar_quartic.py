"""The cycle of two points, against the iteration itself."""

import numpy as np
import pytest

from solvable.solvers import two_cycle


@pytest.mark.parametrize("eta", [1.0, 1.0 + 1e-12, 1.2, 2.0, 50.0])
def test_the_map_swaps_the_ends(eta):
    low, high = two_cycle(eta)
    step = 4 * np.finfo(float).eps * eta * high * (1 + high**2)
    assert abs(low + eta * low * (1 - low**2) - high) <= step
    assert abs(high + eta * high * (1 - high**2) - low) <= step
    assert low <= high


@pytest.mark.parametrize("eta", [1.05, 1.15, 1.23])
def test_descent_settles_on_it_and_beyond_it_does_not(eta):
    def run(step, theta=0.4):
        for _ in range(20_000):
            theta += step * theta * (1 - theta**2)
        return sorted([theta, theta + step * theta * (1 - theta**2)])

    np.testing.assert_allclose(run(eta), two_cycle(eta), rtol=1e-12)
    assert np.abs(run(1.25) - two_cycle(1.25)).max() > 1e-2  # sqrt(5) - 1 = 1.236


def test_the_mean_loss_and_shapes():
    eta = np.array([[1.0, 1.1, 1.2], [2.0, 3.0, 4.0]])
    ends = two_cycle(eta)
    assert ends.shape == (2, 3, 2)
    np.testing.assert_allclose(((1 - ends**2) ** 2 / 4).mean(axis=-1), (1 - eta**-2.0) / 8, atol=1e-15)


def test_bad_input_is_one_sentence():
    with pytest.raises(ValueError, match="at least 1"):
        two_cycle(0.9)
