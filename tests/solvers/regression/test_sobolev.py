"""Sobolev misfits of convolutions."""

import numpy as np
import pytest

from solvable.solvers import condition_number, sobolev_descent, sobolev_filter

A = np.exp(-0.05 * np.fft.fftfreq(16, 1 / 16) ** 2)


@pytest.mark.parametrize("order", [-1.0, 0.0, 0.5])
@pytest.mark.parametrize("convention", ["cycles", "angular"])
def test_filter_minimises(order, convention):
    xi = np.fft.fftfreq(16, 1 / 16) * (2 * np.pi if convention == "angular" else 1)
    weight = (1 + xi**2) ** order

    def loss(u):
        return 0.5 * weight * (A * u - 1) ** 2 + 0.05 * u**2

    u = sobolev_filter(A, order, 0.1, convention=convention)
    for step in (-1e-4, 1e-4):
        assert np.all(loss(u) < loss(u + step))


def test_descent_steps_as_it_says_and_ends_at_the_inverse():
    weight, u = (1 + np.fft.fftfreq(16, 1 / 16) ** 2) ** -0.5, np.zeros(16)
    for step in range(6):
        np.testing.assert_allclose(sobolev_descent(A, -0.5, 1.2, step), u, rtol=1e-13, atol=1e-15)
        u = u - 1.2 * weight * A * (A * u - 1)
    np.testing.assert_allclose(sobolev_descent(A, -0.5, 1.2, np.inf), 1 / A, rtol=1e-13)
    assert sobolev_descent(A, 0.0, 1.0, [[1, 2, 3]]).shape == (1, 3, 16)


def test_lost_frequencies_are_left_out():
    assert sobolev_filter([1.0, 0.0], 0.5, 0.0)[1] == 0
    assert sobolev_descent([1.0, 0.0], 0.5, 0.5, [3, np.inf])[:, 1].tolist() == [0.0, 0.0]
    assert condition_number([1.0, 0.0], 0.5) == np.inf


def test_orders_condition_a_blur_as_told():
    found = [condition_number(A, order) for order in (-1.0, 0.0, 0.5, 1.0)]
    assert np.all(np.diff(found) < 0)
    assert found[1] == pytest.approx(np.max(A**2) / np.min(A**2))
    # negative orders damp noise at high frequencies, positive ones pass more of it
    high = [abs(sobolev_filter(A, order, 0.01)[8]) for order in (-1.0, 0.0, 0.5)]
    assert np.all(np.diff(high) > 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sobolev_descent([1.0, 0.5], 0.0, 2.0, 3), r"step_size = 2.0 is not allowed: it must be less than 2,"),
        (lambda: sobolev_descent([1.0], 0.0, 0.5, 1.5), "steps = 1.5 is not allowed: it must hold whole numbers"),
        (lambda: sobolev_filter([1.0], 0.0, -1.0), "ridge = -1.0"),
        (lambda: sobolev_filter([1.0], 0.0, 1.0, convention="degrees"), "choose one of cycles, angular"),
        (lambda: sobolev_filter([1.0, 2.0], 0.0, 1.0, frequencies=[1.0, 2.0, 3.0]), "must broadcast together"),
        (lambda: sobolev_filter(1.0, 0.0, 1.0), r"multiplier.shape = \(\)"),
        (lambda: condition_number([0.0, 0.0], 0.0), "it must not vanish"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
