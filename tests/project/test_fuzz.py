"""Every public solver function against hostile arguments: a right answer, or a sentence.

Arguments are built by their names for small common sizes (an unknown name falls back on its annotation), then one or
two of them are replaced: wrong types, NaN, infinities, denormals, sizes 0 and 1, other scales and memory layouts.
Whatever comes back holds no silent NaN, the call ends, the caller's arrays are as they were; a refusal is an error the
package raised itself, one sentence. A changed layout or dtype of the same numbers changes nothing.
"""

import copy
import dataclasses
import inspect
import time
import traceback
import warnings
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import solvable.solvers
from solvable.solvers import Solution, Spectrum, Status

PACKAGE = Path(inspect.getfile(solvable.solvers)).resolve().parent
FUNCTIONS = {
    name: item for name in solvable.solvers.__all__ if inspect.isfunction(item := getattr(solvable.solvers, name))
}
SAMPLINGS = ["without-replacement", "with-replacement", "bernoulli"]
ACTIVATIONS = ["identity", "relu", "erf", "sign", "sin", "cos", "tanh", np.tanh, np.polynomial.Polynomial([0, 1, 0, 1])]
# work grows with these: a request for 10^300 steps is honest, not hostile
COUNTS = {"steps", "seeds", "chains", "checkpoints", "most_jumps", "depth", "widths", "times"}


class Setting:
    """Sizes that the arguments of one call share, and their random numbers."""

    def __init__(self, seed):
        self.rng = rng = np.random.default_rng(seed)
        self.n, self.d, self.modes = (int(x) for x in rng.integers(1, 7, 3))
        self.scale = float(rng.choice([1.0, 1.0, 1e-3, 1e4]))

    def normal(self, *shape):
        return self.scale * self.rng.standard_normal(shape)

    def number(self, low, high):
        """A scalar, or an array of three numbers."""
        return self.rng.uniform(low, high, () if self.rng.random() < 0.6 else 3)

    def pick(self, *items):
        return items[self.rng.integers(len(items))]

    def spectrum(self):
        s = 10 ** self.rng.uniform(-self.pick(0, 2, 12), 1, self.modes)
        power = self.rng.exponential(size=self.modes)
        counts = self.pick(None, self.rng.uniform(0.5, 9, self.modes))
        return Spectrum(s, power, counts, irreducible_power=self.pick(0.0, 0.3))

    def hessians(self):
        if self.rng.random() < 0.7:
            return self.normal(self.n, self.d)
        factors = self.rng.standard_normal((self.n, self.d, 2))
        return factors if self.d != 2 else factors @ factors.transpose(0, 2, 1)

    def symmetric(self):
        A = self.rng.standard_normal((self.d, self.d + 3))
        return A @ A.T / self.d


ARGUMENTS = {
    "spectrum": Setting.spectrum,
    "n": lambda s: s.number(0.5, 30),
    "k": lambda s: s.pick(s.number(0.5, 30), np.inf),
    "ridge": lambda s: s.pick(0.0, s.number(0, 3), 1e-12),
    "ridge_a": lambda s: s.number(1e-6, 3),
    "ridge_b": lambda s: s.number(1e-6, 3),
    "ridges": lambda s: s.rng.uniform(0, 3, 4),
    "noise_variance": lambda s: s.pick(0.0, s.number(0, 2)),
    "rtol": lambda s: s.pick(1e-15, 1e-12, 1e-6),
    "on_failure": lambda s: s.pick("warn", "ignore"),
    "certify": lambda s: s.pick(False, False, True),
    "weights": lambda s: s.rng.standard_normal(s.modes),
    "weights_a": lambda s: s.rng.standard_normal(s.modes),
    "weights_b": lambda s: s.rng.standard_normal(s.modes),
    "cross_moment": lambda s: 1e-9 * s.rng.standard_normal(s.modes),
    "second_moment": lambda s: 1.0,
    "X": lambda s: s.normal(s.n, s.d),
    "y": lambda s: s.normal(s.n),
    "features": lambda s: s.normal(s.n, 9),
    "test_features": lambda s: s.normal(4, 9),
    "widths": lambda s: s.rng.integers(2, 9, 2),
    "hessians": Setting.hessians,
    "gradients": lambda s: s.normal(s.n, s.d),
    "batch_size": lambda s: s.pick(1, s.n),
    "step_size": lambda s: s.number(1e-3, 0.1),
    "time_step": lambda s: 1e-3,
    "steps": lambda s: 8,
    "chains": lambda s: 3,
    "seeds": lambda s: s.pick(1, 2),
    "checkpoints": lambda s: s.pick(4, [0, 3]),
    "initial_scale": lambda s: s.rng.uniform(1e-2, 1),
    "sampling": lambda s: s.pick(*SAMPLINGS),
    "loss": lambda s: s.pick("squared", "squared-without-half"),
    "label_noise": lambda s: s.pick(0.0, 0.1),
    "momentum": lambda s: s.pick(0.0, 0.5),
    "gradient_penalty": lambda s: s.pick(0.0, 0.1),
    "ascent": lambda s: s.pick(0.0, 0.1),
    "flooding": lambda s: s.pick(None, 0.01),
    "linear_scale": lambda s: s.pick(0.0, 0.5),
    "accumulate": lambda s: False,
    "most_jumps": lambda s: 200,
    "exponent": lambda s: s.number(1.1, 3),
    "target_exponent": lambda s: s.number(1.1, 3),
    "fitting_ratio": lambda s: s.number(0, 0.9),
    "relative_noise": lambda s: s.pick(None, s.number(0, 9)),
    "activation": lambda s: s.pick(*ACTIVATIONS),
    "variance": lambda s: s.number(0.1, 4),
    "kinks": lambda s: s.pick(None, [0.0]),
    "depth": lambda s: 2,
    "mean_square": lambda s: 1.0,
    "gains": lambda s: s.pick(None, np.array([1.0, 2.0])),
    "teacher_power": lambda s: 1.0,
    "eigenvalues": lambda s: s.rng.exponential(size=s.modes),
    "covariance": Setting.symmetric,
    "w_plus": lambda s: s.normal(s.d),
    "w_minus": lambda s: s.normal(s.d),
    "hidden": lambda s: s.normal(3, s.d),
    "readout": lambda s: s.normal(3),
    "largest_eigenvalue": lambda s: s.number(0.1, 3),
    "coherence": lambda s: 1.0,
    "weight_decay": lambda s: s.number(1e-3, 0.5),
    "gradient_norm": lambda s: s.number(0.1, 3),
    "grid": lambda s: s.rng.uniform(0, 5, 4),
    "offset": lambda s: None,
    "eigenvectors": lambda s: None,
    "rng": lambda s: 3,
    "model": lambda s: "diagonal",
    "labels": lambda s: s.rng.permutation([0.0, 0.0, 0.0, 1.0, 1.0, 1.0]),
    "centres": lambda s: s.normal(2, 3),
    "feature_decay": lambda s: s.rng.uniform(1e-4, 1e-2),
    "layer_decays": lambda s: s.rng.uniform(1e-4, 1e-2, s.pick(1, 2, 3)),
    "class_sizes": lambda s: s.rng.integers(1, 9, 3),
    "classes": lambda s: s.pick(2, 4),
    "samples": lambda s: s.pick(1, 3),
    "dimension": lambda s: s.pick(4, 9),
    "width": lambda s: 4,
    "code": lambda s: s.pick("simplex", "circle", "orthoplex"),
    "minimizer": lambda s: solvable.solvers.collapse_minimizer(s.rng.integers(1, 9, 3), [1e-2, 1e-2], 1e-4),
    "attachment": lambda s: s.rng.uniform(0.1, 9),
    "change": lambda s: s.normal(6, 3),
    "times": lambda s: np.array([0.0, 1.0, 3.0]),
    "singular_values": lambda s: s.rng.uniform(0, 3, 3),
    "lengths": lambda s: s.rng.uniform(0, 3, 3),
    "concentration": lambda s: s.number(0, 30),
    "new_concentration": lambda s: s.number(0, 30),
    "old_concentration": lambda s: s.number(0, 30),
    "target": lambda s: s.rng.standard_normal(s.d),
    "observed": lambda s: s.rng.uniform(0.1, 1),
    "d": lambda s: 20.0,
    "rank": lambda s: s.number(1, 20),
    "signal": lambda s: s.pick(0.0, 1.0),
    "generations": lambda s: s.pick(0, 2, np.array([0, 1, 3])),
    "generator_samples": lambda s: 60.0,
    "generator_noise": lambda s: s.pick(0.0, 0.5),
    "gamma": lambda s: s.rng.uniform(0.1, 4),
    "capacity": lambda s: s.number(1.1, 3),
    "smoothness": lambda s: s.number(0.1, 2),
    "ridge_exponent": lambda s: s.number(0.1, 1),
    "x": lambda s: s.rng.uniform(0, 5, 3),
    "probability": lambda s: s.rng.uniform(0, 1, 3),
}
LABELLED = ["centre_term", "central_path", "collapse_metrics", "feature_response", "optimal_classifier",
            "response_operator"]  # fmt: skip
SPECIAL = {
    ("deep_feature_moments", "weights"): lambda s: [s.rng.standard_normal((s.d + 1, s.d)) / np.sqrt(s.d)],
    ("deep_feature_moments", "activation"): lambda s: s.pick("erf", "sin", "identity"),
    ("deep_random_feature_risk", "activation"): lambda s: s.pick("erf", "sin", "tanh"),
    ("layer_coefficients", "activation"): lambda s: s.pick("erf", "sin", "tanh"),
    ("network_gradients", "weights"): lambda s: (s.normal(s.d), s.normal(s.d)),
    ("interpolator", "depth"): lambda s: s.pick(2, 3, 2.5),
    ("group_threshold", "n"): lambda s: s.n,
    ("support_edges", "n"): lambda s: float(s.rng.uniform(0.5, 30)),
    ("sample_covariance_density", "n"): lambda s: float(s.rng.uniform(0.5, 30)),
    ("linearised_sgd", "step_size"): lambda s: 0.1,
    ("linearised_sgd", "steps"): lambda s: np.array([0, 3, 9]),
    ("stochastic_gradient_flow", "step_size"): lambda s: 0.01,
    ("diagonal_descent", "step_size"): lambda s: 0.01,
    ("diagonal_descent", "sampling"): lambda s: s.pick(*SAMPLINGS[:2]),
    **{(name, "features"): lambda s: s.normal(6, 3) for name in LABELLED},
    ("collapse_metrics", "target"): lambda s: np.array([1.0, 2.0]),
    ("collapse_metrics", "classifier"): lambda s: s.normal(2, 3),
    ("imputed_risk", "weights"): lambda s: s.rng.standard_normal(s.d),
    ("interpolating_generators", "d"): lambda s: 90.0,
    ("iterated_least_squares_excess", "n"): lambda s: s.number(22, 90),
    ("spectral_response", "method"): lambda s: s.pick("heavy-ball", "nesterov"),
    ("spectral_response", "momentum"): lambda s: 0.5,
    ("spectral_response", "step_size"): lambda s: s.pick(None, 1e-3),
    ("descent_path", "method"): lambda s: s.pick("heavy-ball", "nesterov"),
    ("descent_path", "momentum"): lambda s: 0.5,
    ("descent_path", "step_size"): lambda s: None,
    ("optimiser_chain", "step_size"): lambda s: 0.1 / s.scale**2,
    ("optimiser_chain", "steps"): lambda s: np.array([0, 3, 8]),
    ("gradient_descent_risk", "step_size"): lambda s: 0.01,
    ("gradient_descent_risk", "n"): lambda s: float(s.rng.uniform(0.5, 30)),
    ("gradient_descent_risk", "momentum"): lambda s: s.pick(None, 0.5),
    ("iterated_regression_risk", "spectrum"): lambda s: Spectrum(*s.rng.uniform(0.1, 3, (2, s.modes))),
    ("one_pass_sgd_risk", "steps"): lambda s: np.array([0, 3, 8]),
    ("response_spectrum", "weight_decay"): lambda s: s.number(0.1, 1),
}
BY_ANNOTATION = {"float": 0.5, "int": 2, "bool": False, "str": "squared"}


def plain_arguments(name, seed):
    setting, arguments = Setting(seed), {}
    for parameter in inspect.signature(FUNCTIONS[name]).parameters.values():
        build = SPECIAL.get((name, parameter.name), ARGUMENTS.get(parameter.name))
        if build is not None:
            arguments[parameter.name] = build(setting)
        elif parameter.default is inspect.Parameter.empty:
            arguments[parameter.name] = BY_ANNOTATION.get(str(parameter.annotation), np.array([0.5, 2.0]))
    return arguments


NUMBERS = [float("nan"), np.inf, -np.inf, 0.0, -0.0, 5e-324, 1e-310, 1e-150, 1e150, 1e308, -1.0, 1.0, 0.5, 2**70, 3]
OTHERS = [
    None, "text", b"bytes", 1 + 2j, object(), [], [[]], {}, {1}, [1, [2]], np.array([]), np.zeros((0, 3)),
    np.array(1.0),
    np.array([1.0, None], dtype=object), np.array(["a"]), np.datetime64("2020-01-01"), np.ma.masked_array([1.0, 2.0],
    [0, 1]), Fraction(1, 3), Decimal("0.5"), np.float32(0.5), np.longdouble(0.5), True, [1.0, 2.0], range(3), print,
    np.zeros((2, 2, 2)), np.ones((1, 1)), np.array([[1.0, np.nan]]), np.ones(2, dtype=np.uint8), 10**400,
]  # fmt: skip
WHOLE = [-1, 0, 1, 2, 1.5, float("nan"), np.inf, -np.inf, np.array(3), np.array([1, 2]), 5e-324]


def entry(kind):
    """Replace one entry of an array."""

    def change(array, index):
        array = np.array(array, dtype=float)
        array.flat[index % array.size] = kind
        return array

    return change


def strided(array, index):
    out = np.full((*array.shape[:-1], 2 * array.shape[-1]), np.nan)
    out[..., ::2] = array
    return out[..., ::2]


def read_only(array, index):
    out = array.copy()
    out.flags.writeable = False
    return out


# the same numbers in another form: the answer must be the same
FORMS = [
    lambda a, i: np.asfortranarray(a),
    strided,
    read_only,
    lambda a, i: a[::-1].copy()[::-1],
    lambda a, i: a.tolist(),
    lambda a, i: a.astype(object),
    lambda a, i: a.astype(a.dtype.newbyteorder()),
]
CHANGES = [
    *(entry(value) for value in (np.nan, np.inf, -np.inf, 0.0, 5e-324, 1e308, -1.0)),
    lambda a, i: a * 1e150,
    lambda a, i: a * 1e-150,
    lambda a, i: a * 1e-310,
    lambda a, i: a * 0.0,
    lambda a, i: a[:1],
    lambda a, i: a[:0],
    lambda a, i: a[None],
    lambda a, i: a[..., None],
    lambda a, i: a.astype(np.float32),
    lambda a, i: a.astype(int),
    lambda a, i: a.astype(complex),
    lambda a, i: np.ones_like(a),
]


def changed(name, value, draw):
    """A hostile value for the argument."""
    if name == "spectrum" and draw(st.booleans()):
        s = value.eigenvalues
        return draw(st.sampled_from([Spectrum(s), Spectrum(s[:1] * 1e150, [1.0]), Spectrum(s * 1e-150, s),
                                     Spectrum(s, 0 * s), Spectrum(s, points=20, target_power=s)]))  # fmt: skip
    if isinstance(value, np.ndarray) and value.ndim and name not in COUNTS and draw(st.booleans()):
        with np.errstate(all="ignore"):
            return draw(st.sampled_from(CHANGES))(value, draw(st.integers(0, 9)))
    if name in COUNTS:
        return draw(st.sampled_from([*WHOLE, *(x for x in OTHERS if x is not OTHERS[-1])]))
    return draw(st.sampled_from(NUMBERS + OTHERS))


def nan_free(value, where):
    """No NaN but where a status says that there is no answer."""
    if isinstance(value, Solution):
        failed = np.isin(value.status, (Status.NO_SOLUTION, Status.MAX_ITERATIONS))
        assert not np.any(np.isnan(value.value) & ~np.broadcast_to(failed, value.value.shape)), f"NaN in {where}"
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        solution = getattr(value, "solution", None)
        if isinstance(solution, Solution) and np.any(solution.status >= Status.NO_SOLUTION):
            return
        said = getattr(value, "reasons", {})  # why an entry is NaN
        for field in dataclasses.fields(value):
            if field.name not in said:
                nan_free(getattr(value, field.name), f"{where}.{field.name}")
    elif isinstance(value, (np.ndarray, float, np.floating)):
        array = np.asarray(value)
        assert array.dtype.kind not in "fc" or not np.isnan(array).any(), f"NaN in {where}"


def arrays_of(value):
    if isinstance(value, (list, tuple)):
        return [a for part in value for a in arrays_of(part)]
    if isinstance(value, Spectrum):
        return [value.eigenvalues, value.multiplicities, *([] if value.target_power is None else [value.target_power])]
    return [value] if isinstance(value, np.ndarray) else []


def invoke(name, arguments, again=False):
    """Call; the result, or the refusal."""
    function, keywords = FUNCTIONS[name], dict(arguments)
    extra = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL and parameter.name in keywords:
            value = keywords.pop(parameter.name)
            before = [keywords.pop(p) for p in list(inspect.signature(function).parameters) if p in keywords]
            extra = [*before, *(value if isinstance(value, tuple) else (value,))]
    kept = [(a, a.copy()) for value in arguments.values() for a in arrays_of(value)]
    started = time.process_time()
    refusal = result = None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", UserWarning)  # the package's own: a status or a caveat, said aloud
        try:
            result = function(*extra, **keywords)
        except (ValueError, TypeError, ArithmeticError) as error:
            refusal = error
    if time.process_time() - started > 5.0:
        assert not again, "slower than 5 s"  # unless that was a compilation
        return invoke(name, arguments, again=True)
    for array, copied in kept:
        assert array.dtype == copied.dtype, "an argument was changed"
        assert array.tobytes() == copied.tobytes() or array.dtype == object, "an argument was changed"
    if refusal is not None:
        inner = traceback.extract_tb(refusal.__traceback__)[-1].filename
        assert Path(inner).resolve().parent == PACKAGE, f"{type(refusal).__name__} from {inner}: {refusal}"
        assert type(refusal) in (ValueError, TypeError, ArithmeticError), f"{type(refusal).__name__}: {refusal}"
        assert str(refusal).endswith("."), f"no sentence: {refusal}"
        return refusal
    nan_free(result, name)
    return result


def leaves(value):
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [leaf for field in dataclasses.fields(value) for leaf in leaves(getattr(value, field.name))]
    return [np.asarray(value)] if isinstance(value, (np.ndarray, float)) else []


def fuzz(name, data):
    arguments = plain_arguments(name, data.draw(st.integers(0, 10**6)))
    names = data.draw(st.lists(st.sampled_from(sorted(arguments)), min_size=1, max_size=2, unique=True))
    for argument in names:
        value = arguments[argument]
        if inspect.signature(FUNCTIONS[name]).parameters[argument].annotation == "bool":
            arguments[argument] = data.draw(st.sampled_from([None, "text", 1, True]))
        elif (
            isinstance(value, (list, tuple)) and value and isinstance(value[0], np.ndarray) and data.draw(st.booleans())
        ):
            arguments[argument] = type(value)([changed(argument, value[0], data.draw), *value[1:]])
        else:
            arguments[argument] = changed(argument, value, data.draw)
    invoke(name, arguments)


def same_in_every_form(name, data):
    arguments = plain_arguments(name, data.draw(st.integers(0, 10**6)))
    plain = invoke(name, arguments)
    usable = [k for k, v in arguments.items() if isinstance(v, np.ndarray) and v.ndim and v.size]
    if not usable:
        return
    argument = data.draw(st.sampled_from(usable))
    other = invoke(name, arguments | {argument: data.draw(st.sampled_from(FORMS))(arguments[argument], 0)})
    assert type(plain) is type(other)
    for left, right in zip(leaves(plain), leaves(other), strict=True):
        if left.dtype.kind == "f":  # BLAS sums in an order that depends on the layout
            size = np.max(np.abs(left), initial=1.0, where=np.isfinite(left))
            np.testing.assert_allclose(right, left, rtol=1e-7, atol=1e-9 * size)


# no shrinking: it may take minutes, and the draws of a failure are printed as they are
SLACK = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck),
         "phases": [Phase.generate]}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_plain_arguments_are_accepted(name):
    """Or the fuzzing would see refusals only; this also compiles the kernels before calls are timed."""
    known = {p for f, p in SPECIAL if f == name} | set(ARGUMENTS)
    results = []
    for seed in range(24):
        arguments = plain_arguments(name, seed)
        try:
            results.append(invoke(name, copy.copy(arguments)))
        except AssertionError as error:
            if "slower" not in str(error):
                raise
    required = [p.name for p in inspect.signature(FUNCTIONS[name]).parameters.values() if p.default is p.empty]
    if set(required) <= known:
        assert sum(not isinstance(result, Exception) for result in results) >= 5


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=20, **SLACK)
@given(data=st.data())
def test_hostile_arguments(name, data):
    fuzz(name, data)


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=4, **SLACK)
@given(data=st.data())
def test_layout_and_type_do_not_matter(name, data):
    same_in_every_form(name, data)


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=max(500, 20_000 // len(FUNCTIONS) + 1), **SLACK)
@given(data=st.data())
def test_hostile_arguments_at_length(name, data):
    fuzz(name, data)


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
@settings(max_examples=100, **SLACK)
@given(data=st.data())
def test_layout_and_type_do_not_matter_at_length(name, data):
    same_in_every_form(name, data)
