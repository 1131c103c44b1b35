"""The ridge family: closed forms against solvers, and real data."""

import numpy as np
import pytest
import sympy

from solvable.analysis import claims
from solvable.analysis.ridge import closed_forms
from solvable.analysis.ridge.experiments.real_data import DATASETS, kernel_learning_curve, load_kernel
from solvable.solvers import FinitePoolWarning, Spectrum, ridge_risk, sample_covariance_density


def value(expression, **numbers):
    return float(expression.subs({s: numbers[str(s)] for s in expression.free_symbols}))


def test_at_least_twelve_claims():
    assert len(claims("ridge")) >= 12


def test_marchenko_pastur_density_is_the_solver():
    x = np.array([0.1, 0.5, 1.0, 2.5])
    expected = [value(closed_forms.marchenko_pastur_density, gamma=0.5, x=point) for point in x]
    found = sample_covariance_density(Spectrum.isotropic(500), 1000, x).density
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_marchenko_pastur_density_has_mass_one():
    density = sympy.lambdify(
        closed_forms.x, closed_forms.marchenko_pastur_density.subs(closed_forms.gamma, 0.3), "numpy"
    )
    low, high = (1 - np.sqrt(0.3)) ** 2, (1 + np.sqrt(0.3)) ** 2
    theta = (np.arange(400) + 0.5) * np.pi / 400
    x = (low + high) / 2 - (high - low) / 2 * np.cos(theta)
    assert np.sum(density(x) * np.sin(theta)) * (high - low) / 2 * np.pi / 400 == pytest.approx(1, abs=1e-12)


def test_optimal_error_is_the_risk_at_the_optimal_ridge():
    numbers = {"gamma": 1.7, "signal": 2.0, "noise_variance": 0.6}
    best = value(closed_forms.optimal_normalised_ridge, **numbers)
    risk = value(closed_forms.isotropic_test_error, lam=best, **numbers)
    assert value(closed_forms.optimal_test_error, **numbers) == pytest.approx(risk, rel=1e-12)
    assert risk < value(closed_forms.isotropic_test_error, lam=1.01 * best, **numbers)
    assert risk < value(closed_forms.isotropic_test_error, lam=0.99 * best, **numbers)


def test_bias_and_variance_add_up_to_the_test_error():
    parts = closed_forms.isotropic_bias + closed_forms.isotropic_variance + closed_forms.noise_variance
    assert sympy.simplify(parts - closed_forms.isotropic_test_error) == 0


@pytest.mark.parametrize("name", DATASETS)
def test_real_data_theory_is_close_where_it_should_be(name):
    """Seed 0, 30 training sets of N/25 points, ridge 1.

    The theory's error is over all N points, the measurement's over those not trained on: up to 2n/N = 8 % apart.
    """
    K, y = load_kernel(name)
    n = y.size // 25
    test, train = kernel_learning_curve(np.random.default_rng(0), K, y, [n], [1.0], 30)
    risk = ridge_risk(Spectrum.from_kernel(K, y), n, 1.0)
    assert test.mean() == pytest.approx(float(risk.test), rel=0.08)
    assert train.mean() == pytest.approx(float(risk.train), rel=0.15)  # small training sets scatter more


def test_real_data_is_honest_about_the_pool():
    K, y = load_kernel("breast-cancer")
    spectrum = Spectrum.from_kernel(K, y)
    with pytest.warns(FinitePoolWarning, match="569 points"):
        ridge_risk(spectrum, 200, 1.0)
    with pytest.raises(ValueError, match="569"):
        ridge_risk(spectrum, 569, 1.0)


def test_marchenko_pastur_density_vanishes_outside_its_support():
    for gamma, outside in ((0.5, (0.01, 0.08, 2.95, 10.0)), (2.0, (0.1, 5.9))):
        assert [value(closed_forms.marchenko_pastur_density, gamma=gamma, x=x) for x in outside] == [0.0] * len(outside)
