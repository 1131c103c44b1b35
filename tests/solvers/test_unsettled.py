"""What does not settle is no answer: quadratures and iterations that stop at their limit refuse, raise or say so."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.analysis.derivation.quantities import marchenko_pastur_mean
from solvable.analysis.neural_collapse import quantities
from solvable.solvers import dot_product_eigenvalues, hermite_coefficients, regularisation_path, sphere_spectrum
from solvable.solvers.attention import regularisation_path as path_module
from solvable.solvers.equivalents.bracketed_newton import bracketed_newton


@pytest.mark.parametrize("gamma", ["0.01", "0.5", "0.99999", "1", "1.00001", "2", "40"])
@pytest.mark.parametrize("digits", [15, 40])
def test_means_under_the_law_keep_their_digits_where_the_edge_meets_zero(gamma, digits):
    """Moments 1, gamma + 1 and gamma^2 + 3 gamma + 1: 4,096 nodes did not settle at 0.99999, silently."""
    with mpmath.workdps(digits):
        g = mpmath.mpf(gamma)
        for power, moment in ((1, 1), (2, 1 + g), (3, 1 + 3 * g + g**2)):
            found = marchenko_pastur_mean(lambda x, power=power: x**power, g)
            assert abs(found / moment - 1) < mpmath.mpf(10) ** (2 - digits)


def test_a_mean_that_does_not_settle_is_refused():
    """A pole at -1e-9, beside the edge at 0."""
    with mpmath.workdps(30), pytest.raises(ValueError, match="does not settle within 4,096 nodes"):
        marchenko_pastur_mean(lambda x: 1 / (x + mpmath.mpf("1e-9")), 1)


@settings(max_examples=20, deadline=None)
@given(d=st.integers(2, 10**6), degree=st.integers(0, 3), rate=st.floats(0.1, 3))
def test_spectra_on_the_sphere_in_any_dimension(d, degree, rate):
    """exp(rate t) against its Taylor series: at d = 10,000 the nodes missed the density, and 5 % of an eigenvalue."""
    taylor = np.cumprod(np.r_[1.0, rate / np.arange(1, 40.0)])
    expected = dot_product_eigenvalues(taylor, d)[: degree + 1]
    found = sphere_spectrum(lambda t: np.exp(rate * t), d, degree).eigenvalues
    # rounding of exp, about 1, times |P_k|, about d^(-k/2), against an eigenvalue of about (rate/d)^k/k!
    k = np.arange(degree + 1)
    room = 1e-14 * (np.sqrt(d) / rate) ** k * np.cumprod(np.r_[1, k[1:]])
    np.testing.assert_allclose(found / expected, 1, atol=float(room.max()))


@pytest.mark.parametrize(
    ("kernel", "degree", "nodes"),
    [(lambda t: np.abs(t), 2, 500), (lambda t: np.exp(1e7 * (t - 1)), 2, 100), ({"activation": "relu"}, 600, 500)],
)
def test_too_few_nodes_on_the_sphere_are_refused(kernel, degree, nodes):
    """A kink between the nodes, a kernel narrower than their distance, degrees above their number."""
    with pytest.raises(ValueError, match=r"a quarter less: take more|needs at least"):
        sphere_spectrum(kernel, 3, degree, nodes)


@settings(max_examples=15, deadline=None)
@given(rate=st.floats(1, 55), phase=st.floats(0, 3))
def test_steep_functions_have_their_coefficients(rate, phase):
    """E cos(w z + p) h_k(z) = w^k exp(-w^2/2)/sqrt(k!) cos(p + k pi/2): up to 1e-4 was made of aliases at w = 55."""
    k = np.arange(9)
    found = hermite_coefficients(lambda u: np.cos(rate * u + phase), degree=8)
    size = np.exp(k * np.log(rate) - rate**2 / 2 - np.cumsum(np.log(np.r_[1, k[1:]])) / 2)
    np.testing.assert_allclose(found, size * np.cos(phase + k * np.pi / 2), atol=2e-15)


@pytest.mark.parametrize("rate", [30.0, 100.0, 1000.0])
def test_steep_activations_have_their_coefficients(rate):
    """E z tanh(w z) in 30 digits; 8e-7 of it was missing at w = 100."""
    with mpmath.workdps(30):
        places = [0, *(x / rate for x in (1, 4, 12)), 30 / rate, 1, 4, 14]
        expected = 2 * mpmath.quad(lambda z: z * mpmath.tanh(rate * z) * mpmath.npdf(z), sorted(set(places)))
    assert hermite_coefficients(lambda u: np.tanh(rate * u), degree=1)[1] == pytest.approx(float(expected), rel=1e-13)


def test_a_bracket_without_a_root_has_not_converged():
    shift = np.array([-3.0, 0.5, 0.0, 1.0, 4.0])  # roots at -shift, brackets [-1, 1]

    def line(x, i):
        return x + shift[i], np.ones_like(x)

    for start in (-np.ones(5), np.zeros(5), np.ones(5)):
        found = bracketed_newton(line, -np.ones(5), np.ones(5), start)
        assert found.converged.tolist() == [False, True, True, True, False]


def test_a_descent_that_stops_early_is_an_error(monkeypatch):
    rng = np.random.default_rng(3)
    data = rng.standard_normal((4, 3, 3)), rng.standard_normal((4, 3)), rng.standard_normal((4, 3))
    assert regularisation_path(*data, [1.0, 50.0]).weights.shape == (2, 3, 3)
    monkeypatch.setitem(path_module._OPTIONS, "maxiter", 1)
    with pytest.raises(ArithmeticError, match="the descent stopped with a gradient"):
        regularisation_path(*data, [1.0, 50.0])


def test_a_stationary_point_that_does_not_settle_is_an_error(monkeypatch):
    monkeypatch.setattr(quantities, "range", lambda _: range(2), raising=False)
    with mpmath.workdps(30), pytest.raises(ArithmeticError, match="did not settle"):
        quantities._root(3, mpmath.mpf("0.1"))
