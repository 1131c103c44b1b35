"""What an argument left out stands for: no noise, no momentum, unit signal; the same in every solver."""

import inspect
import math

import pytest

import solvable.solvers

ZERO = {
    "noise_variance", "generator_noise", "label_noise", "noise_growth", "relative_noise", "generator_ridge",
    "fitting_ratio", "nonlinear_power", "momentum", "gradient_penalty", "ascent", "linear_scale", "ridge",
    "weight_decay", "bias_variance", "corrupt_linear", "privacy_variance",
}  # fmt: skip
ONE = {
    "signal", "variance", "teacher_power", "mean_square", "gradient_norm", "seeds", "prior_scale", "weight_variance",
    "assumed_weight_variance",
}  # fmt: skip
OTHER = {
    "kurtosis": 3.0,  # Gaussian inputs
    "depth": 2,
    "betas": (0.9, 0.999),
    "guard": 1e-8,
    "checkpoints": 200,
    "most_jumps": 10_000,
}
USUAL_SCHEDULE = {"beta_min": 0.1, "beta_max": 20.0, "sigma_min": 0.01, "sigma_max": 50.0}  # as published
OWN = {  # what stands for something else in one function
    "best_ridge": {"balance": 0.5},  # equal classes
    "attention_descent": {"initial_scale": 0.01, "checkpoints": 20, "rng": 0},
    "diffusion_marginals": USUAL_SCHEDULE,
    "dual_parameters": {"noise_variance": 1.0},  # a likelihood needs noise
    "em_prior": {"steps": 500, "tolerance": 1e-8},
    "guided_sampling": {"guidance": 1.0},  # the measurement's own gradient
    "factor_pretraining_risk": {"unlabelled": math.inf},  # the true subspace
    "gaussian_infonce": {"samples": 64, "draws": 1000, "rng": 0},
    "hermite_coefficients": {"degree": 60},
    "interpolating_network": {"rng": 0},
    "margin_law": {"noise": 0.0},
    "mixture_risk": {"balance": 0.5},
    "separability_threshold": {"noise": 0.0},
    "state_evolution": {"noise": 0.0},
    "kernel_machine": {"widths": 1.0, "noise_variance": 0.1},  # likewise
    "index_space": {"order": 1},
    "intrinsic_dimension": {"share": 0.9},  # by custom
    "jacobian_bounds": {"slope": 1.0},  # of tanh, and of no activation
    "lasso_representers": {"tolerance": 1e-6},  # the largest residual of an optimum
    "leaky_relu": {"slope": 0.01},
    "learning_budget": {"outlier_std": math.inf},  # gross ones
    "locally_optimal": {"tolerance": 1e-6},  # margins up to 1 + this are those of support tokens
    "maximal_update_moments": {"variances": (1.0, 1.0), "batch": 1},  # standard normal weights, one row a step
    "nuclear_representers": {"tolerance": 1e-6},
    "pac_bayes_linear": {"delta": 0.05},
    "power_law_exponents": {"parts": 4, "levels": 4},
    "plug_in_error": {"classes": 2},
    "random_label_norm": {"share": 1.0},  # all labels
    "relevance": {"norm": 1},
    "relaxed_erasure": {"weight_decay": 0.1, "steps": 1000},  # the optimum does not depend on it
    "reverse_ode": {**USUAL_SCHEDULE, "start": 1.0},
    "reverse_sde_marginal": {**USUAL_SCHEDULE, "start": 1.0, "start_mean": 0.0, "score_error": 0.0},
    "robust_probe_risk": {"layers": 2},  # an encoder and a head of one layer
    "slab_data": {"slabs": 3},
    "slab_moments": {"slabs": 3},
    "subspace_loss": {"start": 0.0},
    "sphere_spectrum": {"nodes": 500},
    "subspace_recovery": {"noise": 0.0},
    "torus_spectrum": {"modes": 64, "grid": 4096},
    "uniformity": {"sharpness": 2.0},  # the usual one
    "wide_network_kernels": {"depth": 1, "weight_variance": 2.0},  # one hidden layer, critical for ReLU
}
FUNCTIONS = [item for name in solvable.solvers.__all__ if inspect.isfunction(item := getattr(solvable.solvers, name))]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_numbers_left_out(function):
    expected = {**dict.fromkeys(ZERO, 0.0), **dict.fromkeys(ONE, 1.0), **OTHER, **OWN.get(function.__name__, {})}
    for name, parameter in inspect.signature(function).parameters.items():
        if isinstance(parameter.default, (int, float, tuple)) and not isinstance(parameter.default, bool):
            if name == "rtol":
                assert parameter.default <= 1e-12
            else:
                assert parameter.default == expected[name], name
