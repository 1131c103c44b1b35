"""What an argument left out stands for: no noise, no momentum, unit signal; the same in every solver."""

import inspect

import pytest

import solvable.solvers

ZERO = {
    "noise_variance", "generator_noise", "label_noise", "noise_growth", "relative_noise", "generator_ridge",
    "fitting_ratio", "nonlinear_power", "momentum", "gradient_penalty", "ascent", "linear_scale",
}  # fmt: skip
ONE = {"signal", "variance", "teacher_power", "mean_square", "gradient_norm", "seeds"}
OTHER = {
    "kurtosis": 3.0,  # Gaussian inputs
    "depth": 2,
    "betas": (0.9, 0.999),
    "guard": 1e-8,
    "checkpoints": 200,
    "most_jumps": 10_000,
}
FUNCTIONS = [item for name in solvable.solvers.__all__ if inspect.isfunction(item := getattr(solvable.solvers, name))]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_numbers_left_out(function):
    expected = {**dict.fromkeys(ZERO, 0.0), **dict.fromkeys(ONE, 1.0), **OTHER}
    for name, parameter in inspect.signature(function).parameters.items():
        if isinstance(parameter.default, (int, float, tuple)) and not isinstance(parameter.default, bool):
            if name == "rtol":
                assert parameter.default <= 1e-12
            else:
                assert parameter.default == expected[name], name
