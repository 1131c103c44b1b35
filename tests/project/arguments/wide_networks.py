"""Arguments of infinitely wide networks."""

import numpy as np

from solvable import solvers

_NAMES = ("identity", "relu", "relu2", "abs", "erf", "sin", "cos", "gauss", "gelu", "tanh")
_X = np.array([[1.0, -0.5], [0.25, 2.0], [3.0, 0.5]])

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
}
SPECIAL = {
    ("wide_network_kernels", "activation"): lambda s: s.pick("relu", "erf", "sin", "abs"),
    ("edge_of_chaos", "activation"): lambda s: s.pick("erf", "tanh"),
    ("edge_of_chaos", "q"): lambda s: s.number(0.1, 3),
}
# why a public solver has no ratio test
NO_RATIO = {
    "dual_activation": "the known answers hold it to 1e-12, near opposite inputs too",
    "wide_network_kernels": "dual_activation, layer after layer",
    "critical_flow": "integrals, layer after layer; the known answers hold them",
    "edge_of_chaos": "two quotients of dual_activation",
}
# functions of c that must not depend on it: homogeneous activations
SCALES = {
    "dual_activation, relu": lambda c: solvers.dual_activation("relu", c, 2 * c, [-c, 0.5 * c, c]) / c,
    "dual_activation, step": lambda c: solvers.dual_activation("step", c, 2 * c, [-c, 0.5 * c, c]),
    "wide_network_kernels, weights": lambda c: (
        solvers.wide_network_kernels(_X, weight_variance=2 * c**0.25).ntk / c**0.5
    ),
    "critical_flow": lambda c: solvers.critical_flow("relu", 2.0, 0.0, c**0.5, 3).kernel / c**0.5,
}
# cheap claims that draw networks; the first over all its quick cells, to its limit of draws
SAME_BITS = ["wide-networks/kurtosis-product", "wide-networks/vertex-grows-linearly"]

# scalars in, scalars out; of the others, what they answer with or take
SCALARS = {
    "dual_activation": lambda f: f("relu", 1.0, 2.0, 0.5),
    "edge_of_chaos": lambda f: f("erf", 0.5),
}
VECTORS = ["critical_flow", "wide_network_kernels"]
