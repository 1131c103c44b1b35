"""Every function that takes data: small data of whole numbers, what to call, and which moves it must follow.

First the families that fit or describe one data set; `data_cases_more` has the others.
"""

import numpy as np
from data_moves import Case, Dependent, Joint, Offset, Unit, whole

from solvable import solvers
from solvable.solvers import Spectrum


def regression(n, d):
    def make(g):
        X = whole(g, n, d)
        return {"X": X, "y": X @ whole(g, d, low=1, high=4) if n > d else whole(g, n, low=1, high=7)}

    return make


def positive(g, d):
    A = whole(g, d, d + 2, low=-3, high=4)
    return A @ A.T + np.eye(d)


def classes(g, samples=4, k=3, d=5):
    labels = np.repeat(np.arange(k), samples).astype(float)
    return {"features": 8 * whole(g, k, d)[labels.astype(int)] + whole(g, k * samples, d), "labels": labels}


ROWS = {"X": (0,), "y": (0,)}
# of functions of (X, y) with coefficients as their first answer: samples, coordinates, labels in another unit
LINEAR = [Joint(ROWS), Joint({"X": (1,)}, [(0,)]), Unit({"y": 1}, [1])]
COVARIANCE = {"covariance": (0, 1), "target": (0,)}
COORDINATES = {"features": (1,)}
SAMPLES = {"features": (0,), "labels": (0,)}
HESSIANS = [Joint({"hessians": (0,)}), Joint({"hessians": (1,)})]


def covariance(g, d=4):
    return {"covariance": positive(g, d), "target": whole(g, d, low=1)}


def path(X, y, ridges, intercept=True):
    found = solvers.ridge_path(X, y, ridges, intercept=intercept)
    return [found.leave_one_out, found.train, found.gcv, found.degrees_of_freedom, found.coefficients]


def metrics(features, labels, classifier=None):
    found = solvers.collapse_metrics(features, labels, classifier, global_mean="samples")
    return [found.nc1, found.nc1_trace, found.distance_variance, found.nc2, found.equinorm, found.equiangular]


def response(features, labels, change=None):
    if change is not None:
        return [solvers.feature_response(features, labels, 0.5, 0.1, 3.0, change).value]
    operator = solvers.response_operator(features, labels, 0.5, 0.1)
    return [operator.matvec(np.ones(operator.shape[1])).reshape(np.shape(features))]


CASES = {
    "Spectrum.from_features": Case(
        regression(9, 3),
        lambda X, y: (lambda f: [f.eigenvalues, f.target_power])(Spectrum.from_features(X, y)),
        [Joint(ROWS), Joint({"X": (1,)}), Unit({"X": 1}, [2, 0]), Unit({"y": 1}, [0, 2]), Dependent("X", 0)],
    ),
    "Spectrum.from_kernel": Case(
        lambda g: {"kernel": positive(g, 5), "y": whole(g, 5)},
        lambda kernel, y: (lambda f: [f.eigenvalues, f.target_power])(Spectrum.from_kernel(kernel, y)),
        [Joint({"kernel": (0, 1), "y": (0,)}), Unit({"kernel": 1}, [1, 0]), Unit({"y": 1}, [0, 2])],
    ),
    "ridge_path": Case(
        regression(9, 3),
        lambda X, y: path(X, y, [0.5, 3.0, 40.0]),
        [
            Joint(ROWS),
            Joint({"X": (1,)}, [(), (), (), (), (1,)]),
            Unit({"y": 1}, [2, 2, 2, 0, 1]),
            Offset(["X", "y"], most=20),
            Offset(["y"]),
        ],
        rtol=1e-8,
    ),
    "ridge_path, least squares": Case(
        lambda g: {"X": whole(g, 9, 3), "y": whole(g, 9)},
        lambda X, y: path(X, y, 0.0),
        [Joint(ROWS), Dependent("X", 4), Offset(["X"], 4, most=20), Unit({"X": 1}, [0, 0, 0, 0, -1])],
        rtol=1e-8,
    ),
    "ridge_path, wide": Case(
        lambda g: {"X": whole(g, 5, 8), "y": whole(g, 5)},
        lambda X, y: path(X, y, [0.0, 2.0]),
        [Joint(ROWS), Joint({"X": (1,)}, [(), (), (), (), (1,)]), Offset(["X", "y"], most=20)],
        rtol=1e-8,
    ),
    "minimum_l1": Case(
        regression(3, 6), lambda X, y: [solvers.minimum_l1(X, y).value], [*LINEAR, Unit({"X": 1}, [-1])]
    ),
    "minimum_l2": Case(regression(3, 6), lambda X, y: [solvers.minimum_l2(X, y)], [*LINEAR, Unit({"X": 1}, [-1])]),
    "minimum_l2, more rows": Case(regression(9, 3), lambda X, y: [solvers.minimum_l2(X, y)], LINEAR),
    "interpolator": Case(regression(3, 6), lambda X, y: [solvers.interpolator(X, y, 0.3).value], LINEAR[:2]),
    "saddle_to_saddle": Case(
        regression(4, 5),
        lambda X, y: (lambda f: [f.saddles, f.losses])(solvers.saddle_to_saddle(X, y)),
        [Joint(ROWS), Joint({"X": (1,)}, [(1,)]), Unit({"y": 1}, [1, 2])],
    ),
    "diagonal_descent": Case(
        regression(3, 5),
        lambda X, y: [solvers.diagonal_descent(X, y, 1e-4, 30, 0.5).beta],
        [Joint(ROWS), Joint({"X": (1,)}, [(-1,)])],
    ),
    "regularised_flow": Case(
        regression(2, 4), lambda X, y: [solvers.regularised_flow(X, y, 0.5, 1e-4).beta], LINEAR[:2], rtol=1e-7
    ),
    "stochastic_gradient_flow": Case(
        regression(3, 4), lambda X, y: [solvers.stochastic_gradient_flow(X, y, 1e-3, 1e-4, 20, 0.5, rng=0).beta]
    ),
    "descent_path": Case(
        regression(6, 3),
        lambda X, y: (lambda f: [f.coefficients, f.train])(solvers.descent_path(X, y, [1, 9, 99])),
        [Joint(ROWS), Joint({"X": (1,)}, [(1,)]), Unit({"y": 1}, [1, 2]), Unit({"X": 1}, [-1, 0])],
    ),
    "optimiser_chain": Case(
        regression(6, 3),
        lambda X, y: [solvers.optimiser_chain(X, y, [1, 9], step_size=1e-3, rng=0)],
        [Joint({"X": (1,)}, [(-1,)])],
    ),
    "random_feature_sweep": Case(
        lambda g: {"features": whole(g, 6, 4), "y": whole(g, 6), "test_features": whole(g, 5, 4)},
        lambda **d: (lambda f: [f.predictions, f.train])(
            solvers.random_feature_sweep(**d, widths=[2, 4], ridges=[1.0, 9.0])
        ),
        [Joint({"features": (0,), "y": (0,)}), Joint({"test_features": (0,)}, [(-1,)]), Unit({"y": 1}, [1, 2])],
    ),
    "imputation_bias": Case(
        covariance,
        lambda **d: [solvers.imputation_bias(**d, observed=0.5)],
        [Joint(COVARIANCE), Unit({"covariance": 1}, [1]), Unit({"target": 1}, [2])],
    ),
    "imputation_optimum": Case(
        covariance,
        lambda **d: [solvers.imputation_optimum(**d, observed=0.5)],
        [Joint(COVARIANCE, [(0,)]), Unit({"covariance": 1}), Unit({"target": 1}, [1])],
    ),
    "imputed_risk": Case(
        lambda g: {**covariance(g), "weights": whole(g, 4)},
        lambda **d: [solvers.imputed_risk(**d, observed=0.5)],
        [Joint({**COVARIANCE, "weights": (0,)}), Unit({"covariance": 1}, [1])],
    ),
    "imputed_ridge_risk": Case(
        covariance,
        lambda **d: [solvers.imputed_ridge_risk(**d, observed=0.5, n=20.0, ridge=1.0).test],
        [Joint(COVARIANCE), Unit({"target": 1}, [2])],
    ),
    "averaged_sgd_bound": Case(
        covariance,
        lambda **d: [solvers.averaged_sgd_bound(**d, observed=0.5, n=20.0)],
        [Joint(COVARIANCE), Unit({"covariance": 1}, [1])],
    ),
    "deep_feature_moments": Case(
        lambda g: {"first": whole(g, 3, 4) / 8, "second": whole(g, 2, 3) / 8, "covariance": positive(g, 4)},
        lambda first, second, covariance: [solvers.deep_feature_moments([first, second], covariance, "erf").covariance],
        [Joint({"first": (1,), "covariance": (0, 1)}), Joint({"second": (0,)}, [(0, 1)])],
    ),
    "bayes_risk": Case(
        lambda g: {"covariance": positive(g, 3), "prior": positive(g, 3)},
        lambda **d: [solvers.bayes_risk(5.0, **d, noise_variance=1.0)],
        [Joint({"covariance": (0, 1), "prior": (0, 1)}), Unit({"covariance": 1, "prior": -1})],
    ),
    "optimal_linear_attention": Case(
        lambda g: {"covariance": positive(g, 3), "prior": positive(g, 3)},
        lambda **d: (lambda f: [f.preconditioner, f.risk])(
            solvers.optimal_linear_attention(5.0, **d, noise_variance=1.0)
        ),
        [Joint({"covariance": (0, 1), "prior": (0, 1)}, [(0, 1)]), Unit({"covariance": 1, "prior": -1}, [-1, 0])],
    ),
    "trained_attention_risk": Case(
        lambda g: {"covariance": positive(g, 3), "task_weights": whole(g, 3)},
        lambda **d: [solvers.trained_attention_risk(**d, n=5.0, context=9.0, noise_variance=1.0)],
        [Joint({"covariance": (0, 1), "task_weights": (0,)}), Unit({"covariance": 1, "task_weights": -0.5})],
    ),
    "attention_limit": Case(
        lambda g: {"covariance": positive(g, 3)},
        lambda covariance: (lambda f: [f.key_query, f.loss])(solvers.attention_limit(covariance, 8.0)),
        [Joint({"covariance": (0, 1)}, [(0, 1)]), Unit({"covariance": 1}, [-0.5, 1])],
    ),
    "attention_flow": Case(
        lambda g: {"covariance": positive(g, 3) / 32},
        lambda covariance: [solvers.attention_flow(covariance, 8.0, 0.5, [0.0, 1.0, 9.0]).loss],
        [Joint({"covariance": (0, 1)})],
        rtol=1e-6,
    ),
    "posterior_predictive": Case(
        lambda g: {"X": whole(g, 6, 3), "y": whole(g, 6), "x": whole(g, 3)},
        lambda **d: (lambda f: [f.mean, f.variance])(solvers.posterior_predictive(**d, noise=0.5)),
        [Joint({"X": (0,), "y": (0,)}), Joint({"X": (1,), "x": (-1,)}), Unit({"y": 1}, [1, 0])],
    ),
    "collapse_metrics": Case(
        classes,
        metrics,
        [Joint(SAMPLES), Joint(COORDINATES), Unit({"features": 1}, [0, 0, 0]), Offset(["features"], most=24)],
    ),
    "collapse_metrics, classifier": Case(
        lambda g: {**classes(g), "classifier": whole(g, 3, 5)},
        lambda **d: [(f := solvers.collapse_metrics(**d)).nc3, f.nc4],
        [Joint(SAMPLES), Joint({**COORDINATES, "classifier": (1,)}), Unit({"classifier": 1})],
    ),
    "centre_term": Case(
        classes,
        lambda **d: [solvers.centre_term(**d)],
        [Joint(SAMPLES), Joint(COORDINATES), Unit({"features": 1}, [2]), Offset(["features"], most=20)],
    ),
    "minimum_angle_term": Case(
        lambda g: {"centres": whole(g, 4, 6)},
        lambda centres: [solvers.minimum_angle_term(centres)],
        [Joint({"centres": (0,)}), Joint({"centres": (1,)}), Unit({"centres": 1}), Offset(["centres"])],
    ),
    "optimal_classifier": Case(
        classes,
        lambda **d: [solvers.optimal_classifier(**d, weight_decay=0.1)],
        [Joint(SAMPLES), Joint(COORDINATES, [(-1,)])],
    ),
    "attached_minimizer": Case(
        classes,
        lambda features, labels: [solvers.attached_minimizer(np.asarray(features) / 8, labels, 0.1, 0.1, 1.0).value],
        [Joint(SAMPLES, [(0,)]), Joint(COORDINATES, [(1,)])],
        rtol=1e-7,
    ),
    "central_path": Case(
        classes,
        lambda features, labels: [
            solvers.central_path(np.asarray(features) / 8, labels, 0.1, 0.1, [0.0, 1.0]).features
        ],
        [Joint(SAMPLES, [(1,)]), Joint(COORDINATES, [(2,)])],
        rtol=1e-7,
    ),
    "feature_response": Case(
        lambda g: {**classes(g), "change": whole(g, 12, 5)},
        response,
        [Joint({**SAMPLES, "change": (0,)}, [(0,)]), Unit({"change": 1}, [1])],
        rtol=1e-7,
    ),
    "response_operator": Case(classes, response, [Joint(SAMPLES, [(0,)]), Joint(COORDINATES, [(1,)])]),
    "coherence": Case(
        lambda g: {"hessians": whole(g, 5, 3)},
        lambda hessians: [solvers.coherence(hessians)],
        [*HESSIANS, Unit({"hessians": 1})],
    ),
    "stability_threshold": Case(
        lambda g: {"hessians": whole(g, 5, 3)},
        lambda hessians: [solvers.stability_threshold(hessians, [1, 3]).value],
        [*HESSIANS, Unit({"hessians": 1}, [-2])],
    ),
    "growth_rate": Case(
        lambda g: {"hessians": whole(g, 5, 3)},
        lambda hessians: [solvers.growth_rate(1e-3, hessians, [1, 3]).value],
        HESSIANS,
    ),
    "stability_conditions": Case(
        lambda g: {"hessians": whole(g, 5, 3)},
        lambda hessians: (lambda f: [f.necessary, f.trace, f.sufficient])(
            solvers.stability_conditions(hessians, [1, 3])
        ),
        [*HESSIANS, Unit({"hessians": 1}, [-2, -2, -2])],
    ),
    "divergence_step_size": Case(
        lambda g: {"hessians": whole(g, 5, 3)},
        lambda hessians: [solvers.divergence_step_size(hessians, [1, 3])],
        [*HESSIANS, Unit({"hessians": 1}, [-2])],
    ),
    "linearised_sgd": Case(
        lambda g: {"gradients": whole(g, 5, 3)},
        lambda gradients: [solvers.linearised_sgd(gradients, 1e-3, 2, [1, 9], 3, rng=0)],
    ),
    "Sharpness.of_gradients": Case(
        lambda g: {"gradients": whole(g, 5, 3)},
        lambda gradients: (lambda f: [f.trace, f.frobenius, f.top_eigenvalue])(
            solvers.Sharpness.of_gradients(gradients)
        ),
        [Joint({"gradients": (0,)}), Joint({"gradients": (1,)}), Unit({"gradients": 1}, [2, 2, 2])],
    ),
    "network_gradients": Case(
        lambda g: {"X": whole(g, 5, 3), "plus": whole(g, 3), "minus": whole(g, 3)},
        lambda X, plus, minus: [solvers.network_gradients("diagonal", X, plus, minus)],
        [Joint({"X": (0,)}, [(0,)])],
    ),
    "diagonal_network_sharpness": Case(
        lambda g: {"w_plus": whole(g, 4), "w_minus": whole(g, 4)},
        lambda **d: (lambda f: [f.trace, f.frobenius])(solvers.diagonal_network_sharpness(**d)),
        [Joint({"w_plus": (0,), "w_minus": (0,)}), Unit({"w_plus": 1, "w_minus": 1}, [2, 2])],
    ),
    "relu_network_sharpness": Case(
        lambda g: {"hidden": whole(g, 4, 3), "readout": whole(g, 4)},
        lambda **d: (lambda f: [f.trace, f.frobenius, f.top_eigenvalue])(solvers.relu_network_sharpness(**d)),
        [Joint({"hidden": (0,), "readout": (0,)}), Joint({"hidden": (1,)})],
    ),
}
