"""Parts of the iterated risk: ridge regression without generations, the sum, and the training error of a run."""

import numpy as np

from solvable.solvers import Spectrum, iterated_regression_risk, ridge_risk


def test_without_generations_every_part_is_that_of_ridge_regression():
    s = Spectrum([3.0, 1.0, 0.1], [1.0, 0.5, 0.2], [4.0, 9.0, 30.0])
    found, expected = (
        iterated_regression_risk(s, [20.0, 90.0], 0.4, 0, 60.0, 0.3),
        ridge_risk(s, [20.0, 90.0], 0.4, 0.3),
    )
    for part in ("test", "train", "bias", "variance", "noise_variance"):
        np.testing.assert_allclose(getattr(found, part), getattr(expected, part), rtol=1e-12, err_msg=part)


def test_training_error_against_runs():
    """Least squares twice, d = 40: five standard errors of 400 draws (seed 0), and 1/n for the equivalent."""
    rng, d, n0, n, draws = np.random.default_rng(0), 40, 90, 60, 400
    errors = np.empty(draws)
    for i in range(draws):
        truth = rng.standard_normal(d) / d**0.5
        first = rng.standard_normal((n0, d))
        w = np.linalg.lstsq(first, first @ truth + 0.5**0.5 * rng.standard_normal(n0), rcond=None)[0]
        X = rng.standard_normal((n, d))
        y = X @ w + 0.3**0.5 * rng.standard_normal(n)
        fit = np.linalg.solve(X.T @ X + 5.0 * np.eye(d), X.T @ y)
        errors[i] = np.mean((y - X @ fit) ** 2)
    expected = float(iterated_regression_risk(Spectrum.isotropic(d), n, 5.0, 1, n0, 0.3, 0.5).train)
    assert abs(errors.mean() - expected) <= 5 * errors.std() / draws**0.5 + expected / n
