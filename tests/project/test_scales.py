"""The problem multiplied by 1e-150 ... 1e150 (roots of it where squares enter): the answer scales and nothing else.

What `test_ratios` does for fixed points and interpolators, for the other solvers whose formula is homogeneous. The
tolerance is 30 eps times the condition of the small problems, at most 1e3; searches for a minimum keep half the digits.
"""

import numpy as np
import pytest
from valid_arguments import FAMILIES

from solvable import solvers
from solvable.solvers import Spectrum

RNG = np.random.default_rng(0)
S = 10.0 ** -np.linspace(0, 3, 8)
V = np.linspace(1, 2, 8)
X, Y = RNG.standard_normal((7, 4)), RNG.standard_normal(7)
G = RNG.standard_normal((9, 4))
A = np.cov(RNG.standard_normal((4, 30)))
LABELS = np.repeat([0, 1, 2], 2)
FEATURES = RNG.standard_normal((6, 4))


def scaled(c):
    return Spectrum(c * S, V)


# name: function of c that must not depend on c, exponents between -150 and 150, or their half where squares enter
WHOLE = {
    "learnabilities": lambda c: solvers.learnabilities(scaled(c), 5.0, 0.1 * c),
    "iterated_regression_risk": lambda c: solvers.iterated_regression_risk(
        scaled(c), 20.0, 0.1 * c, [0, 3], 30.0, 0.2, 0.3).excess,
    "synthetic_noise_gain": lambda c: solvers.synthetic_noise_gain(scaled(c), 20.0, 0.1 * c, 30.0),
    "one_pass_sgd_risk": lambda c: solvers.one_pass_sgd_risk(scaled(c), 0.1 / c, 2, [0, 5, 99], 0.5).excess,
    "gradient_descent_risk": lambda c: solvers.gradient_descent_risk(scaled(c), 20.0, 0.1 / c, [0, 5, 99], 0.5).test,
    "sample_covariance_density": lambda c: c * solvers.sample_covariance_density(
        scaled(c), 20.0, c * np.array([0.01, 0.3, 1.0])).density,
    "resolvent_pair_trace": lambda c: c**2 * solvers.resolvent_pair_trace(
        scaled(c), 20.0, 0.1 * c, 0.2 * c, V, V).value if abs(np.log10(c)) < 80 else None,
    "descent_path, labels": lambda c: solvers.descent_path(X, c * Y, [1, 9, 10**6]).coefficients / c,
    "ridge filter": lambda c: solvers.spectral_response(c * S, np.array([0.1, 2.0]) / c, "ridge").residual,
    "gradient flow": lambda c: solvers.spectral_response(c * S, np.array([0.1, 2.0]) / c, "gradient-flow").learned,
    "imputation_optimum": lambda c: solvers.imputation_optimum(c * A, Y[:4], 0.3),
    "imputation_bias": lambda c: solvers.imputation_bias(c * A, Y[:4], 0.3) / c,
    "imputed_risk": lambda c: solvers.imputed_risk(Y[:4], c * A, Y[3:], 0.3) / c,
    "low_rank_imputation_bias": lambda c: solvers.low_rank_imputation_bias(9.0, 2.0, 0.3, c) / c,
    "imputed_ridge_risk": lambda c: solvers.imputed_ridge_risk(c * A, Y[:4], 0.6, 20.0, 0.1 * c, 0.2 * c).test / c,
    "averaged_sgd_bound": lambda c: solvers.averaged_sgd_bound(c * A, Y[:4], 0.6, 20.0, 0.2 * c) / c,
    "shrink_singular_values": lambda c: solvers.shrink_singular_values(c * S, 0.01 * c, 2).value / c,
    "shrink, three layers": lambda c: solvers.shrink_singular_values(c * S, 0.01 * c ** (4 / 3), 3).value / c,
    "rank_one_gap": lambda c: solvers.rank_one_gap(c, -0.5 * c, 3).primal / c ** (2 / 3),
    "duality_gap": lambda c: solvers.duality_gap(c * S, 3).primal / c ** (2 / 3),
    "random_feature_sweep, labels": lambda c: solvers.random_feature_sweep(
        FEATURES, c * Y[:6], FEATURES, [2, 4], [0.1, 1.0]).predictions / c,
    "deep_random_feature_risk": lambda c: solvers.deep_random_feature_risk(
        S, [9.0, 7.0], "erf", 5.0, 0.1, 0.2 * c, teacher_power=c).test / c,
    "iterated_least_squares_excess": lambda c: solvers.iterated_least_squares_excess(30, 5, 20, 3, c, 2 * c) / c,
    "interpolating_generators": lambda c: solvers.interpolating_generators(20, 90, [0, 3], c, 2 * c).error / c,
    "weight_decay_equilibrium": lambda c: solvers.weight_decay_equilibrium(0.1, 0.2, c).norm / c**0.5,
    "adam_equilibrium": lambda c: solvers.adam_equilibrium(0.1, 0.2 * c, 9.0, c, decay="penalty").norm,
    "group_threshold": lambda c: c * solvers.group_threshold(c, 3.0, 20, 4),
    "orthogonal_frame": lambda c: solvers.orthogonal_frame(c * V, rng=0) / c,
    "isotropic_flow_risk": lambda c: solvers.isotropic_flow_risk(0.5, [0.0, 2.0], c, c).test / c,
    "minimum_angle_term": lambda c: solvers.minimum_angle_term(c * FEATURES[:3]),
}  # fmt: skip
SQUARES = {
    "descent_path, design": lambda c: solvers.descent_path(c * X, Y, [1, 9, 10**6]).coefficients * c,
    "random_feature_sweep, features": lambda c: solvers.random_feature_sweep(
        c * FEATURES, Y[:6], c * FEATURES, [2, 4], np.array([0.1, 1.0]) * c**2).predictions,
    "coherence": lambda c: solvers.coherence(c * G),
    "divergence_step_size": lambda c: c**2 * solvers.divergence_step_size(c * G, [1, 3]),
    "stability_conditions": lambda c: c**2 * solvers.stability_conditions(c * G, [1, 3]).necessary,
    "diagonal_network_sharpness": lambda c: solvers.diagonal_network_sharpness(c * X[0], c * X[1]).frobenius / c**2,
    "relu_network_sharpness": lambda c: solvers.relu_network_sharpness(c * X, c * Y).top_eigenvalue / c**2,
    "network_gradients": lambda c: solvers.network_gradients("diagonal", X, c * X[0], c * X[1]) / c,
    "centre_term": lambda c: solvers.centre_term(c * FEATURES, LABELS) / c**2,
    "optimal_classifier": lambda c: c * solvers.optimal_classifier(c * FEATURES, LABELS, 0.1 * c**2),
    "collapse_metrics": lambda c: solvers.collapse_metrics(c * FEATURES, LABELS).nc1,
    "optimiser_chain": lambda c: c * solvers.optimiser_chain(c * X, Y, [1, 9], step_size=0.1 / c**2, rng=0),
    "linearised_sgd": lambda c: solvers.linearised_sgd(c * G, 0.1 / c**2, 2, [1, 9], 3, rng=0),
}  # fmt: skip

for _family in FAMILIES.values():  # a family brings its own in arguments/<family>.py
    WHOLE |= getattr(_family, "SCALES", {})
    SQUARES |= getattr(_family, "SCALES_SQUARED", {})


def compare(function, c):
    expected, found = function(1.0), function(c)
    if found is None:  # the square of the scale would leave the range
        return
    size = np.max(np.abs(expected))
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e3 * 30 * np.finfo(float).eps * size)


@pytest.mark.parametrize("decade", [-150, -80, -20, 3, 20, 80, 150])
@pytest.mark.parametrize("name", WHOLE)
def test_no_unit(name, decade):
    compare(WHOLE[name], 10.0**decade)


@pytest.mark.parametrize("decade", [-75, -40, -10, 2, 10, 40, 75])
@pytest.mark.parametrize("name", SQUARES)
def test_no_unit_where_squares_enter(name, decade):
    compare(SQUARES[name], 10.0**decade)
