"""Arguments of infinitely wide networks."""

import numpy as np

from solvable import solvers

_NAMES = ("identity", "relu", "relu2", "abs", "erf", "sin", "cos", "gauss", "gelu", "tanh")
_SOFT = lambda u: u / (1 + np.exp(-np.clip(u, -500, 500)))  # noqa: E731  (one object: its pieces are kept)
_SINGULAR = np.array([0.0, 0.3, 0.5, 0.2])
_X = np.array([[1.0, -0.5], [0.25, 2.0], [3.0, 0.5]])


def _gram(s, size):
    A = s.rng.standard_normal((size, size + 3))
    return A @ A.T / size


def _blocks(s):
    """Train, cross and test block of one kernel."""
    whole = _gram(s, s.n + 2)
    return whole[: s.n, : s.n], whole[s.n :, : s.n], whole[s.n :, s.n :]


ARGUMENTS = {
    "activation": lambda s: s.pick(*_NAMES),
    "q1": lambda s: s.number(0.5, 3),
    "q2": lambda s: s.number(0.5, 3),
    "c": lambda s: s.number(-0.5, 0.5),
    "derivative": lambda s: s.pick(False, True),
    "Y": lambda s: s.pick(None, s.normal(2, s.d)),
    "weight_variance": lambda s: s.rng.uniform(0.5, 2),
    "bias_variance": lambda s: s.rng.uniform(0.1, 0.5),
    "normalise_input": lambda s: s.pick(True, False),
    "kernel0": lambda s: s.rng.uniform(0.5, 2),
    "parametrisation": lambda s: s.pick("ntk", "standard"),
    "out": lambda s: None,
    "degree": lambda s: s.pick(2, 7),
    "nodes": lambda s: s.pick(40, 101),
    "taylor": lambda s: s.rng.exponential(size=5),
    "power_by_degree": lambda s: s.rng.exponential(size=2),
    "hermite_squares": lambda s: s.pick(_SINGULAR, np.array([0.2, 0.2, 0.6]), np.array([0.0, 0.0, 1.0])),
    "rho": lambda s: s.number(0.0, 1.0),
    "dimension": lambda s: s.pick(2, 4, 5),
    "ntk": lambda s: _blocks(s),
    "nngp": lambda s: _blocks(s),
    "start": lambda s: s.pick("gaussian-process", "zero"),
    "sizes": lambda s: s.pick((2,), (2, 2)),
    "kind": lambda s: s.pick("ntk", "rfk"),
    "student": lambda s: s.pick("ntk", "rfk"),
    "teacher": lambda s: s.pick("ntk", "rfk", 2.0),
    "level": lambda s: s.pick(None, 1),
    "t": lambda s: s.rng.uniform(-1, 1, (3, 2)),
    "modes": lambda s: s.pick(1, 8),
    "grid": lambda s: s.pick(32, 64),
    "K": lambda s: _gram(s, s.n),
    "K_cross": lambda s: np.zeros((2, s.n)),
    "K_test": lambda s: _gram(s, 2),
    "a": lambda s: s.rng.uniform(0.5, 3),
    "b": lambda s: s.rng.uniform(0.5, 3),
    "noise": lambda s: s.pick(None, 0.1),
    "f": lambda s: s.rng.standard_normal(s.n),
    "alpha": lambda s: s.rng.standard_normal(s.n),
    "beta": lambda s: s.rng.exponential(size=s.n),
    "kernel_zx": lambda s: s.rng.standard_normal((3, s.n)),
    "duals": lambda s: solvers.sparse_duals(s.rng.standard_normal((2, 4)), np.ones(4), np.ones(4), np.ones(4)),
    "K_zz": lambda s: _gram(s, 2),
    "K_xz": lambda s: s.rng.standard_normal((3, 2)),
    "K_xx": lambda s: 1e3 + s.rng.exponential(size=3),  # a covariance with K_zz and K_xz
    "G0": lambda s: _gram(s, 3),
    "slope": lambda s: s.rng.uniform(-1, 1),
    "activation_slopes": lambda s: s.rng.standard_normal(2),
    "widths": lambda s: s.pick(1.0, np.array([2.0, 3.0])),
}
SPECIAL = {
    ("leaky_relu", "slope"): lambda s: s.rng.uniform(-1, 1),
    ("dual_activation", "activation"): lambda s: s.pick(*_NAMES, "leaky", _SOFT),
    ("hermite_coefficients", "activation"): lambda s: s.pick(*_NAMES, "leaky", _SOFT),
    ("hermite_coefficients", "variance"): lambda s: s.rng.uniform(0.2, 3),
    ("critical_point", "activation"): lambda s: s.pick("relu", "tanh", "gelu", "leaky", "cos"),
    ("critical_flow", "widths"): lambda s: s.pick(None, [3.0]),
    ("kurtosis_product", "widths"): lambda s: s.rng.integers(1, 9, 3),
    ("sphere_spectrum", "kernel"): lambda s: s.pick(np.exp, {"activation": "relu", "depth": 2}, {"kind": "nngp"}),
    ("sphere_spectrum", "d"): lambda s: s.pick(2, 3, 10),
    ("dot_product_eigenvalues", "d"): lambda s: s.pick(2, 3, 10),
    ("linearised_training", "y"): lambda s: s.rng.standard_normal(s.n),
    ("linearised_training", "times"): lambda s: s.pick(1.0, np.array([0.0, 1.0, np.inf])),
    ("linearised_training", "ridge"): lambda s: s.pick(0.0, 0.3),
    ("SphereSpectrum.ridge", "ridge"): lambda s: s.number(0, 3),
    ("convolutional_kernel", "sizes"): lambda s: s.pick((2, 2), (3, 2)),
    ("convolution_exponents", "sizes"): lambda s: s.pick((2,), (2, 2), (3, 2, 2)),
    ("student_process", "y"): lambda s: s.rng.standard_normal(s.n),
    ("trained_ensemble", "y"): lambda s: s.rng.standard_normal(s.n),
    ("dual_parameters", "y"): lambda s: s.rng.integers(0, 2, s.n),
    ("dual_parameters", "likelihood"): lambda s: s.pick("gaussian", "logistic", "poisson"),
    ("dual_parameters", "noise_variance"): lambda s: 1.0,
    ("linear_kernel_machine", "target"): lambda s: _gram(s, 3),
    ("kernel_machine", "y"): lambda s: s.rng.standard_normal((3, 2)),
    ("kernel_machine", "activation"): lambda s: s.pick("identity", "relu", "erf"),
    ("kernel_machine", "noise_variance"): lambda s: s.rng.uniform(0.1, 1),
    ("activation_spectrum", "X"): lambda s: s.normal(s.n + 3, s.d),
    ("activation_spectrum", "y"): lambda s: s.normal(s.n + 3),
    ("activation_spectrum", "activation"): lambda s: s.pick("relu", "erf", "sin", "abs"),
    ("wide_network_kernels", "activation"): lambda s: s.pick("relu", "erf", "sin", "abs"),
    ("edge_of_chaos", "activation"): lambda s: s.pick("erf", "tanh"),
    ("edge_of_chaos", "q"): lambda s: s.number(0.1, 3),
}
# why a public solver has no ratio test
NO_RATIO = {
    "activation_spectrum": "dual_activation and Spectrum.from_kernel",
    "dual_activation": "the known answers hold it to 1e-12, near opposite inputs too",
    "wide_network_kernels": "dual_activation, layer after layer",
    "critical_flow": "integrals, layer after layer; the known answers hold them",
    "edge_of_chaos": "two quotients of dual_activation",
    "leaky_relu": "returns a function",
    "hermite_coefficients": "integrals; the known answers hold them to rounding of the root of the second moment",
    "critical_point": "roots of integrals to 1e-12; the known answers hold them",
    "kurtosis_product": "a product; the known answers hold it",
    "sphere_spectrum": "integrals; the known answers hold them",
    "dot_product_eigenvalues": "sums of terms of one sign; the known answers hold them",
    "linearised_training": "one eigendecomposition and products; the known answers hold it",
    "deep_classifier": "two logarithms",
    "deep_ntk": "polynomials, layer after layer; the known answers hold them",
    "koenigs": "polynomials, layer after layer; the known answers hold them",
    "optimal_activation": "powers of two",
    "convolutional_kernel": "arc functions, layer after layer; the known answers hold them",
    "torus_spectrum": "a cosine transform",
    "convolution_exponents": "quotients of small numbers",
    "student_process": "a Cholesky factor and products; the known answers hold it",
    "trained_ensemble": "as student_process",
    "dual_parameters": "elementary functions; the known answers hold them",
    "sparse_duals": "two matrix products",
    "predict_from_duals": "two Cholesky factors and products; the known answers hold it",
    "linear_kernel_machine": "two eigendecompositions and products; the known answers hold it",
    "kernel_machine": "its solution carries the gradient that is left",
}
# why a public solver has no known answers
NO_ANSWER = {
    "activation_spectrum": "a constructor: the kernel is dual_activation's; the tests hold it to sampled features",
    "leaky_relu": "returns a function; dual_activation holds its integrals",
    "predict_from_duals": "takes a record; the claims hold it to the Gaussian process at 1e-9",
    "kernel_machine": "a maximum found by ascent; linear_kernel_machine and the objective hold it in the tests",
}
# functions of c that must not depend on it: homogeneous activations
SCALES = {
    "dual_activation, relu": lambda c: solvers.dual_activation("relu", c, 2 * c, [-c, 0.5 * c, c]) / c,
    "dual_activation, step": lambda c: solvers.dual_activation("step", c, 2 * c, [-c, 0.5 * c, c]),
    "wide_network_kernels, weights": lambda c: (
        solvers.wide_network_kernels(_X, weight_variance=2 * c**0.25).ntk / c**0.5
    ),
    "critical_flow": lambda c: solvers.critical_flow("relu", 2.0, 0.0, c**0.5, 3).kernel / c**0.5,
    "dot_product_eigenvalues": lambda c: solvers.dot_product_eigenvalues([c, 2 * c, 3 * c], 5) / c,
    "sphere_spectrum": lambda c: solvers.sphere_spectrum(lambda t: c * np.exp(t), 5, 4).eigenvalues / c,
    "linear_kernel_machine": lambda c: solvers.linear_kernel_machine(c * np.eye(2), [[2 * c, 0], [0, c]], 1)[0] / c,
    "kurtosis_product": lambda c: solvers.kurtosis_product([c, 0.5 * c], [3, 4]),
}
# cheap claims that draw networks; the first over all its quick cells, to its limit of draws
SAME_BITS = ["wide-networks/kurtosis-product", "wide-networks/vertex-grows-linearly"]

# scalars in, scalars out; of the others, what they answer with or take
SCALARS = {
    "convolutional_kernel": lambda f: f([0.5, 0.2], (2, 2)),
    "deep_ntk": lambda f: f([0.0, 0.5, 0.5], 0.5, 3),
    "koenigs": lambda f: f([0.0, 0.5, 0.5], 0.5),
    "kurtosis_product": lambda f: f([1.0, 0.0], [5, 5]),
    "dual_activation": lambda f: f("relu", 1.0, 2.0, 0.5),
    "edge_of_chaos": lambda f: f("erf", 0.5),
}
VECTORS = [
    "activation_spectrum",
    *["critical_flow", "wide_network_kernels", "critical_point", "deep_classifier", "dot_product_eigenvalues"],
    *["dual_parameters", "hermite_coefficients", "kernel_machine", "linear_kernel_machine", "linearised_training"],
    *["optimal_activation", "predict_from_duals", "sparse_duals", "sphere_spectrum", "student_process"],
    *["torus_spectrum", "trained_ensemble", "convolution_exponents"],
]
