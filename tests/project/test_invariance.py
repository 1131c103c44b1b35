"""Data in another order, unit, offset or form: every function that takes data answers with the same numbers.

Data are whole numbers, so that shifts by powers of two, other units and narrower types are exact: what comes back
differs by rounding alone. A permutation of samples or coordinates permutes the answer, a unit scales it, an offset that
a centred answer must not see leaves it. Lists, integers, single precision, read-only and Fortran memory are the same
numbers.
"""

import inspect

import numpy as np
import pytest
from data_cases import CASES
from data_cases_more import MORE
from hypothesis import given, settings
from hypothesis import strategies as st
from valid_arguments import FAMILIES, FUNCTIONS, family

CASES = CASES | MORE
for _family in FAMILIES.values():
    CASES |= getattr(_family, "CASES", {})

# arguments that hold data, and those that hold the model, its settings or positions in it; a family whose module of
# arguments has DATA_NAMES says by these which of its arguments are data
DATA = {
    "A", "G0", "K", "K_cross", "K_test", "K_xx", "K_xz", "K_zz", "X", "Y", "Z", "alpha", "beta", "centres",
    "change", "classifier", "covariance", "f", "features", "gradient", "gradients", "hessians", "hidden", "kernel",
    "kernel_zx", "keys", "labels", "logits", "nngp", "ntk", "parameters", "prior", "queries", "readout", "scores",
    "target", "task_weights", "tasks", "test_features", "tokens", "values", "w_minus", "w_plus", "x", "y",
}  # fmt: skip
MODEL = {
    "activation_slopes", "assumed_noise", "attachment", "batch_size", "bias", "bias_decay", "c", "capacity",
    "class_sizes", "coherence", "concentration", "context", "cross_moment", "d", "degrees", "eigenvalue_moments",
    "eigenvalues", "eigenvectors", "exponent", "feature_decay", "fitting_ratio", "gains", "gap", "generations",
    "generator_noise", "generator_samples", "gradient_norm", "grid", "hermite_squares", "initial_scale", "k",
    "keys2", "checkpoints", "label", "largest_eigenvalue", "layer_decays", "lengths", "linear_power", "m1", "m2",
    "mask", "momentum", "n", "negative_slope", "new_concentration", "noise", "noise_growth", "noise_variance",
    "observed", "offset", "old_concentration", "order", "positive_slope", "power_by_degree", "probability", "q", "q1",
    "q2", "queries2", "query_covariance", "r", "radii", "rank", "relative_noise", "rho", "ridge", "ridge_a", "ridge_b",
    "ridge_exponent", "ridges",
    "samples", "second_moment", "selected", "separation2", "separations", "signal", "singular_values", "smoothness",
    "start", "step_size", "step_sizes", "steps", "t", "target_exponent", "taylor", "teacher", "test_covariance",
    "time", "times", "variance", "weight_decay", "weights", "weights_a", "weights_b", "widths",
}  # fmt: skip
EXEMPT = {
    "sphere_spectrum": "its kernel is a function",
    "smallest_eigenvalue_cdf": "x is a number, not an input",
    "FeatureMoments.hidden_layer": "a readout in the model's own moments",
}


def test_every_function_that_takes_data_is_here():
    """Arguments of a new name are sorted into data and model first; what takes data is a case, or there is a reason."""
    taking, exempt = set(), set(EXEMPT)
    for name, function in FUNCTIONS.items():
        own = getattr(family(name), "DATA_NAMES", None)
        for parameter in inspect.signature(function).parameters.values():
            if "ArrayLike" in str(parameter.annotation) and own is None:
                assert parameter.name in DATA | MODEL, f"{name}: is {parameter.name} data or model?"
            is_data = parameter.name in (DATA if own is None else own)
            if is_data and parameter.annotation not in ("Activation", "Spectrum", "int"):
                taking.add(name)
    for module in FAMILIES.values():
        exempt |= set(getattr(module, "NO_CASE", {}))
    covered = {name.split(",")[0] for name in CASES}
    assert exempt <= taking
    assert taking - exempt == covered & taking, "which of them change nothing: an order, a unit, an offset?"
    assert covered <= set(FUNCTIONS)


def answers(case, data):
    return [np.asarray(a, dtype=float) for a in case.call(**data)]


def close(found, expected, rtol, what):
    assert len(found) >= len(expected)
    for i, (left, right) in enumerate(zip(found, expected, strict=False)):
        assert left.shape == right.shape, f"{what}, answer {i}: shape"
        assert np.all(np.isfinite(left)), f"{what}, answer {i}: not finite"
        size = np.max(np.abs(right), initial=0.0)
        np.testing.assert_allclose(left, right, rtol=rtol, atol=rtol * size, err_msg=f"{what}, answer {i}")


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", CASES)
@settings(max_examples=4, deadline=None, derandomize=True, database=None)
@given(seed=st.integers(0, 10**6))
def test_orders_units_and_offsets(name, seed):
    case, draw = CASES[name], np.random.default_rng(seed)
    data = case.make(draw)
    plain = answers(case, data)
    for move in case.moves:
        moved, back = move.apply(data, draw)
        close(answers(case, moved), back(plain), case.rtol, f"{name}, seed {seed}, {move}")


FORMS = {
    "whole numbers": lambda a: a.astype(np.int64) if np.array_equal(a, np.round(a)) and np.abs(a).max() < 2**31 else a,
    "singles": lambda a: a.astype(np.float32),
    "Fortran order": np.asfortranarray,
    "every second entry": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "lists": lambda a: a.tolist(),
}


def read_only(data):
    copies = {key: np.array(a) for key, a in data.items()}
    for array in copies.values():
        array.flags.writeable = False
    return copies


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", CASES)
@settings(max_examples=2, deadline=None, derandomize=True, database=None)
@given(seed=st.integers(0, 10**6))
def test_the_same_numbers_in_another_form(name, seed):
    """All arguments at once; single precision holds whole numbers exactly, and only widens tolerances."""
    case = CASES[name]
    data = read_only(case.make(np.random.default_rng(seed)))
    plain = answers(case, data)
    for form, change in FORMS.items():
        changed = {key: change(a) for key, a in data.items()}
        close(answers(case, changed), plain, max(case.rtol, 1e-7), f"{name}, seed {seed}, {form}")


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", CASES)
@settings(max_examples=2, deadline=None, derandomize=True, database=None)
@given(seed=st.integers(0, 10**6))
def test_singles_are_doubles_to_their_rounding(name, seed):
    """Thirds of whole numbers, rounded to singles: the answer for what they hold, in doubles."""
    case = CASES[name]
    data = {key: a if key in case.fixed or key in ("y", "labels") else a / 3 for key, a in
            case.make(np.random.default_rng(seed)).items()}  # fmt: skip
    if name in OFF_THE_RANGE:
        data["y"] = np.asarray(data["X"] @ np.arange(1.0, 1 + data["X"].shape[1]))
    single = {key: np.asarray(a).astype(np.float32) for key, a in data.items()}
    close(answers(case, single), answers(case, data), case.single, f"{name}, seed {seed}")


OFF_THE_RANGE = {"minimum_l2, more rows"}  # labels must lie in the range of X, in units of its own rounding
