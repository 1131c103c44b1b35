"""Losses, proximal maps and envelopes: against 50 digits, their own optimality, and each other."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvable.solvers import convex_loss, moreau_envelope, proximal_map
from solvable.solvers.convex_losses.losses import LOSSES, MARGIN_LOSSES


def exact_logistic(omega, V):
    """Bisection in 60 digits on z = omega + V/(1 + e^z)."""
    with mp.workdps(60):
        omega, V = mp.mpf(omega), mp.mpf(V)
        low, high = omega, omega + V
        for _ in range(1300):
            middle = (low + high) / 2
            if middle - omega - V / (1 + mp.exp(middle)) > 0:
                high = middle
            else:
                low = middle
            if high - low < mp.mpf(10) ** -50 * abs(low):
                break
        return middle, 1 / (1 + V * mp.exp(-abs(middle)) / (1 + mp.exp(-abs(middle))) ** 2)


@pytest.mark.parametrize("omega", [-700.0, -100.0, -5.0, -0.3, 0.0, 0.2, 3.0, 40.0, 700.0])
@pytest.mark.parametrize("V", [1e-300, 1e-8, 0.1, 1.0, 7.0, 700.0, 1399.0, 1e5, 1e12, 1e300])
def test_the_logistic_map_at_fifty_digits(omega, V):
    z, slope = exact_logistic(omega, V)
    found = float(proximal_map("logistic", 1, omega, V))
    # what a rounding of omega changes counts beside that of the answer
    assert abs(found - z) <= 1e-14 * (abs(z) + slope * abs(omega))
    assert float(proximal_map("logistic", -1, -omega, V)) == -found


@given(
    loss=st.sampled_from(LOSSES), y=st.sampled_from([1.0, -1.0]), omega=st.floats(-20, 20), log_v=st.floats(-6, 6),
    move=st.floats(-3, 3),
)  # fmt: skip
def test_nothing_lies_below_the_envelope(loss, y, omega, log_v, move):
    V = np.exp(log_v)
    z, least = proximal_map(loss, y, omega, V), float(moreau_envelope(loss, y, omega, V))

    def at(point):
        return float(convex_loss(loss, y, point)) + float((point - omega) ** 2 / (2 * V))

    slack = 1e-13 * (1 + abs(omega) + (omega**2 + 1) / V)
    assert abs(at(z) - least) <= slack
    assert at(z + move) >= least - slack


@pytest.mark.parametrize("loss", LOSSES)
def test_the_slope_of_the_envelope(loss):
    omega, h = np.linspace(-3, 3, 41) + 1e-3, 1e-5
    slope = (moreau_envelope(loss, 1, omega + h, 0.7) - moreau_envelope(loss, 1, omega - h, 0.7)) / (2 * h)
    # central differences: h^2 of the third derivative, or h where a corner lies between
    np.testing.assert_allclose(slope, (omega - proximal_map(loss, 1, omega, 0.7)) / 0.7, atol=2e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_labels_mirror(loss):
    z = np.linspace(-4, 4, 17)
    np.testing.assert_array_equal(convex_loss(loss, 1, z), convex_loss(loss, -1, -z))
    np.testing.assert_array_equal(proximal_map(loss, 1, z, 2.0), -proximal_map(loss, -1, -z, 2.0))


@pytest.mark.parametrize("loss", MARGIN_LOSSES)
def test_labels_of_margins(loss):
    with pytest.raises(ValueError, match=r"labels of the .* loss are 1 and -1"):
        convex_loss(loss, 0.5, 1.0)


def test_refusals():
    with pytest.raises(ValueError, match="loss"):
        convex_loss("cubic", 1, 0.0)
    with pytest.raises(ValueError, match="V"):
        proximal_map("hinge", 1, 0.0, 0.0)
    with pytest.raises(ValueError, match="broadcast"):
        moreau_envelope("hinge", [1, 1], [0.0, 0.0, 0.0], 1.0)
