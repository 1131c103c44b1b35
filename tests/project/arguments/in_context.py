"""Arguments of in-context learning."""

import numpy as np

from solvable import solvers

MAKERS = {"InverseGamma": lambda s: solvers.InverseGamma(s.rng.uniform(1.5, 4), s.rng.uniform(0.1, 3))}
ARGUMENTS = {
    "n": lambda s: s.number(1, 30),
    "context": lambda s: s.pick(s.number(1, 30), np.inf),
    "prior": lambda s: s.symmetric() + 0.1 * np.eye(s.d),
    "convention": lambda s: s.pick("sum", "mean"),
    "linear_power": lambda s: s.number(0, 1),
    "second_moment": lambda s: s.number(2, 9),
    "link": lambda s: s.pick("relu", "erf", "sin", np.tanh),
    "start_scale": lambda s: s.rng.uniform(0.01, 0.1),
    "start": lambda s: s.pick(None, s.rng.standard_normal((s.d, s.d))),
    "task_weights": lambda s: None,
    "test_covariance": lambda s: s.pick(None, s.symmetric()),
    "query_covariance": lambda s: s.pick(None, s.symmetric()),
    "eigenvalue_moments": lambda s: np.outer(np.ones(s.d), [1.0, 2.0, 6.0]),
    "x": lambda s: s.normal(s.d),
    "noise": lambda s: s.pick(0.5, ([0.1, 2.0], [0.5, 0.5]), solvers.InverseGamma(3.0, 1.0)),
    "prior_scale": lambda s: s.rng.uniform(0.1, 3),
    "assumed_noise": lambda s: s.number(0, 2),
    "weight_variance": lambda s: s.rng.uniform(0, 3),
    "assumed_weight_variance": lambda s: s.rng.uniform(0.1, 3),
}
SPECIAL = {
    ("attention_flow", "n"): lambda s: s.rng.uniform(1, 30),
    ("attention_flow", "noise_variance"): lambda s: s.pick(0.0, 0.5),
    ("SingleIndexMoments.second_moment", "d"): lambda s: s.number(1, 9),
}
_S, _B = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([[1.0, -0.2], [-0.2, 0.5]])
# homogeneous formulas
SCALES = {
    "optimal_linear_attention": lambda c: c**2 * solvers.optimal_linear_attention(
        5, c * _S, _B, 0.3 * c).preconditioner / c,
    "optimal_linear_attention, risk": lambda c: solvers.optimal_linear_attention(5, _S, c * _B, 0.3 * c).risk / c,
    "bayes_risk": lambda c: solvers.bayes_risk(5, c * _S, _B, 0.3 * c) / c,
    "optimal_step_size": lambda c: solvers.optimal_step_size(5, 3, 0.2 * c, 9 * c, 2 * c),
    "attention_limit": lambda c: np.sqrt(c) * solvers.attention_limit(c * _S, 8, 0.2 * c).key_query,
    "attention_limit, loss": lambda c: solvers.attention_limit(c * _S, 8, 0.2 * c).loss / c,
    "attention_flow": lambda c: solvers.attention_flow(
        c * _S, 8, 0.3 / np.sqrt(c), 2.0 / c**2, noise_variance=0.2 * c).loss / c if abs(np.log10(c)) < 140 else None,
    "trained_attention_risk": lambda c: solvers.trained_attention_risk(
        c * _S, 8, 9, prior=_B, noise_variance=0.2 * c) / c,
    "random_covariance_limit": lambda c: c * solvers.random_covariance_limit(
        [[c, 2 * c**2, 6 * c**3]] * 2, 8) if abs(np.log10(c)) < 90 else None,
    "mean_predictive_variance": lambda c: solvers.mean_predictive_variance(5 * c, 3 * c, c) / c if c >= 1 else None,
    "posterior_predictive": lambda c: solvers.posterior_predictive(
        [[1.0, 0.5]], [c], [1.0, 2.0], 0.3 * c**2, c).mean / c,
}  # fmt: skip
# why a public solver has no ratio test
NO_RATIO = {
    "single_index_moments": "gaussian_coefficients of two functions",
    "bayes_risk": "ridge_risk on the eigenvalues of inputs and tasks",
    "out_of_prior_risk": "ridge_risk at another ridge",
    "attention_flow": "an adaptive integrator with its own tolerance: tests/solvers/in_context/test_attention_flow.py",
}
# cheap claims that draw matrices, chains or flows; the first over all its quick cells, to its limit of draws
SAME_BITS = ["in-context/wrong-prior-is-worse", "in-context/gap-to-bayes", "in-context/context-rate"]

# scalars in, scalars out; of the others, what they answer with or take
SCALARS = {
    "bayes_risk": lambda f: f(5.0, np.eye(2), np.eye(2), 0.3),
    "mean_predictive_variance": lambda f: f(5.0, 4.0, 0.3),
    "optimal_step_size": lambda f: f(5.0, 4.0, 0.3, 24.0, 4.0),
    "out_of_prior_risk": lambda f: f(5.0, 4.0, 0.3, 0.1),
    "single_index_moments": lambda f: f("relu"),
    "trained_attention_risk": lambda f: f(np.eye(2), 5.0, 4.0, [1.0, 0.5]),
}
VECTORS = [
    "attention_flow",
    "attention_limit",
    "optimal_linear_attention",
    "posterior_predictive",
    "random_covariance_limit",
]
