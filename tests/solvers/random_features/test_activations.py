"""Gaussian coefficients: closed forms against quadrature, quadrature against 30 digits, refusals."""

import mpmath
import numpy as np
import pytest
from numpy.polynomial import Polynomial
from scipy.special import erf

from solvable.solvers import activation_function, gaussian_coefficients

PLAIN = {"identity": lambda u: 1.0 * u, "sign": np.sign, "relu": lambda u: np.maximum(u, 0), "erf": erf, "sin": np.sin,
         "cos": np.cos}  # fmt: skip
FIELDS = ("mean", "linear", "nonlinear", "second_moment")


@pytest.mark.parametrize("name", PLAIN)
def test_closed_forms_against_quadrature(name):
    """Quadrature settles at 1e-11; the nonlinear part is a difference of its moments."""
    r = np.array([0.05, 1.0, 7.0])
    closed, found = gaussian_coefficients(name, r), gaussian_coefficients(PLAIN[name], r)
    assert np.all(closed.error == 0)
    assert np.all(found.error < 1e-10)
    for field in FIELDS:
        np.testing.assert_allclose(getattr(found, field), getattr(closed, field), rtol=1e-10, atol=1e-12)
    u = np.linspace(-2, 2, 9)
    np.testing.assert_array_equal(activation_function(name)(u), PLAIN[name](u))


@pytest.mark.parametrize("name", ["erf", "sin"])
def test_the_nonlinear_part_keeps_its_digits_at_small_variance(name):
    """It is of relative size r^2: 50 digits against double, at variances where a difference would lose all."""
    for r in (1e-6, 1e-3, 0.02, 0.3, 3.0):
        with mpmath.workdps(50):
            v = mpmath.mpf(r)
            if name == "erf":
                x = 2 * v / (1 + 2 * v)
                square = 2 / mpmath.pi * (mpmath.asin(x) - x)
            else:
                square = mpmath.exp(-v) * (mpmath.sinh(v) - v)
            expected = float(mpmath.sqrt(square))
        assert gaussian_coefficients(name, r).nonlinear == pytest.approx(expected, rel=1e-9)


def test_smooth_and_split_against_thirty_digits():
    def moments(function, points):
        with mpmath.workdps(30):
            weigh = lambda g: mpmath.quad(lambda z: g(z) * mpmath.npdf(z), points)  # noqa: E731
            return [float(weigh(g)) for g in (function, lambda z: z * function(z), lambda z: function(z) ** 2)]

    cases = ((np.tanh, mpmath.tanh, [-20, -4, 0, 4, 20], None),
             (lambda u: np.abs(u - 0.3), lambda z: abs(z - mpmath.mpf("0.3")), [-20, 0.3, 20], [0.3]),
             (lambda u: np.abs(u - 0.3), lambda z: abs(z - mpmath.mpf("0.3")), [-20, 0.3, 20], None))  # fmt: skip
    for function, precise, points, kinks in cases:
        mean, slope, second = moments(precise, points)
        found = gaussian_coefficients(function, kinks=kinks)
        assert found.mean == pytest.approx(mean, abs=1e-11)
        assert found.linear == pytest.approx(slope, abs=1e-11)
        assert found.second_moment == pytest.approx(second, rel=1e-11)


def test_polynomials_are_exact_and_linear_functions_have_no_rest():
    cubic = gaussian_coefficients(
        Polynomial([0, 1, 0, 1]), 2.0
    )  # u + u^3: E u sigma/r = 1 + 3r, E sigma^2 = r+6r^2+15r^3
    np.testing.assert_allclose([cubic.mean, cubic.linear, cubic.second_moment], [0, 7, 146], rtol=1e-13, atol=1e-12)
    assert gaussian_coefficients(lambda u: 3.0 * u, [0.1, 5.0]).nonlinear.tolist() == [0, 0]
    # fast growth that is still square-integrable: E exp(u^2/5) = (1 - 2/5)^(-1/2), E exp(2u^2/5) = sqrt(5)
    fast = gaussian_coefficients(lambda u: np.exp(u**2 / 5))
    np.testing.assert_allclose([fast.mean, fast.second_moment], [0.6**-0.5, 5**0.5], rtol=1e-9)


@pytest.mark.parametrize(
    ("activation", "match"),
    [
        (lambda u: np.exp(u**2), "square-integrable"),
        (lambda u: np.exp(u**2 / 4), "square-integrable"),
        (lambda u: 1 / u, "do not converge"),
        (np.sqrt, "NaN at -36"),
        (lambda u: np.log(u), "NaN"),
        (lambda u: 1.0, "same shape"),
        (lambda u: u + 1j, "real"),
        ("swish", "choose one of"),
    ],
)
def test_bad_activations_are_one_sentence(activation, match):
    with pytest.raises(ValueError, match=match):
        gaussian_coefficients(activation)


def test_bad_arguments():
    with pytest.raises(ValueError, match="variance"):
        gaussian_coefficients("erf", 0.0)
    with pytest.raises(TypeError, match="function"):
        gaussian_coefficients(3.0)


@pytest.mark.parametrize("variance", [1e-8, 1e-3, 0.0154, 0.0156, 0.21, 0.22, 1.0])
def test_nonlinear_part_of_erf_to_rounding(variance):
    """(2/pi)(arcsin x - x), x = 2r/(1 + 2r): the series and the difference meet at x = 0.3, where 65 eps are lost."""
    mpmath.mp.dps = 40
    x = 2 * mpmath.mpf(variance) / (1 + 2 * mpmath.mpf(variance))
    exact = mpmath.sqrt(2 / mpmath.pi * (mpmath.asin(x) - x))
    room = 2e-15 if variance < 0.214 else 2e-14
    np.testing.assert_allclose(gaussian_coefficients("erf", variance).nonlinear, float(exact), rtol=room)
