"""Valid arguments for every public callable of the solvers.

Arguments are built by their names for small common sizes; an unknown name falls back on its annotation. Callables are
the public functions, and the constructors, methods and properties of public classes, found by introspection.
"""

import dataclasses
import inspect
import warnings

import numpy as np

import solvable.solvers
from solvable.solvers import Spectrum

PUBLIC = {name: getattr(solvable.solvers, name) for name in solvable.solvers.__all__}
SOLVERS = {name: item for name, item in PUBLIC.items() if inspect.isfunction(item)}
# records that solvers fill: they hold what they are given, and are not made by hand
RECORDS = {name for name, item in PUBLIC.items() if dataclasses.is_dataclass(item) and name != "Spectrum"}


def members():
    """Methods and properties of public classes by ``Class.name``; instances come in as the argument `self`."""
    for owner, cls in PUBLIC.items():
        if not inspect.isclass(cls) or issubclass(cls, Warning | int):
            continue
        for name, item in vars(cls).items():
            if isinstance(item, classmethod):
                yield f"{owner}.{name}", getattr(cls, name)
            elif isinstance(item, property):
                yield f"{owner}.{name}", item.fget
            elif inspect.isfunction(item) and name not in cls.__dataclass_fields__:
                yield f"{owner}.{name}", item


MEMBERS = {name: item for name, item in members() if not name.split(".")[1].startswith("_")}
del MEMBERS["Solution.shaped"]  # how solvers fill the record, from arrays they made
FUNCTIONS = {**SOLVERS, "Spectrum": Spectrum, **MEMBERS}
SAMPLINGS = ["without-replacement", "with-replacement", "bernoulli"]
ACTIVATIONS = ["identity", "relu", "erf", "sign", "sin", "cos", "tanh", np.tanh, np.polynomial.Polynomial([0, 1, 0, 1])]
# work grows with these: a request for 10^8 steps is honest, one for 10^12 is refused
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


def instance(name):
    """Build an object by calling a solver that returns one, with valid arguments."""
    owner = name.split(".")[0]
    if owner in MAKERS:
        return MAKERS[owner]
    maker = next(solver for solver, item in SOLVERS.items() if inspect.signature(item).return_annotation == owner)

    def build(setting):
        for _ in range(20):  # valid arguments may still be refused: a step size above its limit
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", UserWarning)
                    return SOLVERS[maker](**plain_arguments(maker, int(setting.rng.integers(10**6))))
            except (ValueError, ArithmeticError):
                continue
        raise AssertionError(f"no arguments for {maker} found")

    return build


def wide_moments(setting):
    weights = [setting.rng.standard_normal((5, 4)) / 2]
    return solvable.solvers.deep_feature_moments(weights, np.eye(4), "erf")


MAKERS = {
    "Spectrum": Setting.spectrum,
    "Solution": lambda s: solvable.solvers.effective_ridge(s.spectrum(), 5.0, 0.1),
    "Certificate": lambda s: solvable.solvers.effective_ridge(s.spectrum(), 5.0, 0.1, certify=True).certificate,
}

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
SPECIAL |= {(name, "self"): instance(name) for name in MEMBERS if "self" in inspect.signature(MEMBERS[name]).parameters}
SPECIAL |= {
    ("Spectrum", "eigenvalues"): lambda s: s.rng.exponential(size=s.modes),
    ("Spectrum", "target_power"): lambda s: s.pick(None, s.rng.exponential(size=s.modes)),
    ("Spectrum", "multiplicities"): lambda s: s.pick(None, s.rng.uniform(0.5, 9, s.modes)),
    ("Spectrum", "irreducible_power"): lambda s: s.pick(0.0, 0.3),
    ("Spectrum", "points"): lambda s: s.pick(None, 20),
    ("Spectrum.from_kernel", "kernel"): Setting.symmetric,
    ("Spectrum.from_kernel", "y"): lambda s: s.normal(s.d),
    ("Spectrum.from_features", "X"): lambda s: s.normal(s.n + 3, s.d),
    ("Spectrum.from_features", "y"): lambda s: s.normal(s.n + 3),
    ("Spectrum.from_moments", "second_moment"): lambda s: 9.0,
    ("Spectrum.power_law", "exponent"): lambda s: 1.5,
    ("Spectrum.power_law", "target_exponent"): lambda s: 2.0,
    ("Spectrum.power_law", "size"): lambda s: 30,
    ("Spectrum.from_parameters", "weights"): lambda s: s.rng.standard_normal(s.modes),
    ("Spectrum.check_sample_size", "n"): lambda s: s.rng.uniform(0.5, 30, 2),
    ("SaddlePath.at", "time"): lambda s: s.rng.uniform(0, 5, 3),
    ("FeatureMoments.hidden_layer", "self"): wide_moments,
    ("FeatureMoments.hidden_layer", "weights"): lambda s: s.rng.standard_normal((3, 4)),
    ("FeatureMoments.hidden_layer", "activation"): lambda s: s.pick("erf", "sin", "identity"),
    ("FeatureMoments.linear", "self"): wide_moments,
    ("FeatureMoments.linear", "teacher"): lambda s: s.rng.standard_normal(4),
    ("ResponseSpectrum.gains", "attachment"): lambda s: s.number(0.1, 9),
    ("ResponseSpectrum.isotropic_gain", "classes"): lambda s: 4,
    ("ResponseSpectrum.isotropic_gain", "dimension"): lambda s: 9,
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
