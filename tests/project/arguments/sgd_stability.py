"""Arguments of sgd stability."""

import numpy as np

from arguments.shared import GRADIENTS, Setting

ARGUMENTS = {
    "hessians": Setting.hessians,
    "gradients": lambda s: s.normal(s.n, s.d),
    "chains": lambda s: 3,
    "loss": lambda s: s.pick("squared", "squared-without-half"),
    "w_plus": lambda s: s.normal(s.d),
    "w_minus": lambda s: s.normal(s.d),
    "hidden": lambda s: s.normal(3, s.d),
    "largest_eigenvalue": lambda s: s.number(0.1, 3),
    "coherence": lambda s: 1.0,
    "gradient_norm": lambda s: s.number(0.1, 3),
    "model": lambda s: "diagonal",
    "decay": lambda s: s.pick("decoupled", "penalty"),
}
SPECIAL = {
    ("network_gradients", "weights"): lambda s: (s.normal(s.d), s.normal(s.d)),
    ("group_threshold", "n"): lambda s: s.n,
    ("linearised_sgd", "step_size"): lambda s: 0.1,
    ("linearised_sgd", "steps"): lambda s: np.array([0, 3, 9]),
}
# why a public solver has no ratio test
NO_RATIO = {
    "linearised_sgd": "a simulation",
}
# why a public solver has no known answers: they are no numbers, or not numbers of their own
NO_ANSWER = {
    "network_gradients": "a chain rule; its arguments have no names",
}
# cheap claims that draw matrices, chains or flows; the first over all its quick cells, to its limit of draws
SAME_BITS = ["sgd-stability/second-moment", "sgd-stability/relu-network-sharpness"]

# scalars in, scalars out; of the others, what they answer with or take
SCALARS = {
    "adam_equilibrium": lambda f: f(0.1, 0.2, 10.0),
    "coherence": lambda f: f(GRADIENTS),
    "divergence_step_size": lambda f: f(GRADIENTS, 2),
    "group_threshold": lambda f: f(1.0, 2.0, 20, 4),
    "growth_rate": lambda f: f(0.1, GRADIENTS, 2),
    "stability_conditions": lambda f: f(GRADIENTS, 2),
    "stability_threshold": lambda f: f(GRADIENTS, 2),
    "weight_decay_equilibrium": lambda f: f(0.1, 0.2, 1.0),
}
VECTORS = ["linearised_sgd", "network_gradients"]
DATA = ["diagonal_network_sharpness", "relu_network_sharpness"]
