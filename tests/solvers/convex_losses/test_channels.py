"""Moments of residuals and of lopsided teachers, by quadrature of the definitions; corners met exactly."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from solvable.solvers import Spectrum, convex_loss, proximal_map, state_evolution
from solvable.solvers.convex_losses.channels import label_chance, residual_moments


@pytest.mark.parametrize("loss", ["square", "huber", "absolute"])
@pytest.mark.parametrize(("V", "error"), [(0.3, 4.0), (1.7, 0.5), (5.0, 30.0)])
def test_moments_of_residuals_by_quadrature(loss, V, error):
    """y = r at a prediction of 0: E[1 - prox'], E prox^2 and both losses, corners at V, 1, 1 + V."""
    sd = error**0.5
    corners = sorted(side * x for x in (0.0, V, 1.0, 1 + V) for side in (-1, 1) if abs(x) < 9 * sd)

    def mean(f):
        return quad(lambda r: norm.pdf(r, 0, sd) * f(r), -10 * sd, 10 * sd, points=corners, limit=200, epsabs=1e-12)[0]

    def moved(r):
        return float(proximal_map(loss, r, 0.0, V))

    found = residual_moments(loss, np.array([V]), np.array([error]))
    assert found.S[0] == pytest.approx(mean(lambda r: moved(r) ** 2), rel=1e-9)
    # Stein: E[prox r] = error E[dprox/dr], and the map moves with r as 1 - prox' does
    assert found.D[0] == pytest.approx(mean(lambda r: moved(r) * r) / error, rel=1e-9)
    assert found.train[0] == pytest.approx(mean(lambda r: float(convex_loss(loss, r, moved(r)))), rel=1e-9)
    assert found.test[0] == pytest.approx(mean(lambda r: float(convex_loss(loss, r, 0.0))), rel=1e-9)


def test_a_lopsided_teacher_counts_by_its_symmetric_part():
    """(P(nu) + 1 - P(-nu))/2: labels 1 and -1 at mirrored rows are one event."""
    lopsided = lambda field: expit(1.3 * field + 0.8)  # noqa: E731
    field = np.linspace(-4, 4, 9)
    expected = (expit(1.3 * field + 0.8) + expit(1.3 * field - 0.8)) / 2
    np.testing.assert_allclose(label_chance(lopsided, field), expected, rtol=1e-14)
    one, other = (
        state_evolution(Spectrum.isotropic(30, 2.0), 90.0, 3.0, "logistic", teacher, 0.1)
        for teacher in (lopsided, lambda field: expit(1.3 * field - 0.8))
    )
    np.testing.assert_allclose(one.test_error, other.test_error, rtol=1e-12)


@pytest.mark.parametrize("loss", ["hinge", "absolute"])
def test_points_on_a_corner_are_exactly_there(loss):
    """Roundings of margin + push would leave some of 2,000 random points beside it."""
    omega = np.random.default_rng(0).uniform(0.0 if loss == "absolute" else -2.0, 1.0, 2000)
    assert np.all(proximal_map(loss, 1, omega, 3.5) == 1.0)
    assert np.all(proximal_map(loss, -1, -omega, 3.5) == -1.0)


@pytest.mark.parametrize("loss", ["square", "huber", "absolute"])
def test_overlaps_of_a_linear_teacher_make_its_error(loss):
    """E(nu + noise - omega)^2 = E nu^2 - 2m + q + noise; the square loss has m and q of ridge regression."""
    eigenvalues, power = np.array([2.0, 0.5]), np.array([1.0, 0.4])
    spectrum = Spectrum(eigenvalues, power, [10.0, 20.0])
    found = state_evolution(spectrum, [20.0, 90.0], 2.0, loss, "linear", 0.3)
    o = found.overlaps
    np.testing.assert_allclose(o.field_variance - 2 * o.m + o.q + 0.3, found.test_error, rtol=1e-11)
    share = eigenvalues / (eigenvalues + np.asarray(o.effective_ridge)[:, None])
    np.testing.assert_allclose(o.m, share @ power, rtol=1e-10)


def test_a_teacher_that_is_found_exactly():
    """Least squares with more rows than dimensions: V = d/(n - d), the leverage over what is left of a row, and w is
    the teacher, whose squared norm is the sum of power over eigenvalue."""
    spectrum = Spectrum([2.0, 0.5], [1.0, 0.4], [10.0, 20.0])
    found = state_evolution(spectrum, 90.0, 0.0, "square", "linear")
    weak = state_evolution(spectrum, 90.0, 1e-7, "square", "linear", 1e-9)
    assert float(found.overlaps.V) == pytest.approx(0.5, rel=1e-12)
    assert float(found.overlaps.norm2) == pytest.approx(0.5 + 0.8, rel=1e-12)
    assert float(weak.overlaps.V) == pytest.approx(0.5, rel=1e-6)
    assert float(weak.overlaps.norm2) == pytest.approx(1.3, rel=1e-6)
