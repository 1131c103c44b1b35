"""Arguments of double descent."""

import numpy as np

from arguments.shared import THREE_MODES

ARGUMENTS = {
    "gamma": lambda s: s.rng.uniform(0.1, 4),
}
SPECIAL = {
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
    ("gradient_descent_risk", "method"): lambda s: "heavy-ball",
    ("one_pass_sgd_risk", "steps"): lambda s: np.array([0, 3, 8]),
}
# why a public solver has no ratio test
NO_RATIO = {
    "optimiser_chain": "a simulation",
}
# cheap claims that draw matrices, chains or flows; the first over all its quick cells, to its limit of draws
SAME_BITS = ["double-descent/training-error", "double-descent/gradient-descent-risk"]

# scalars in, scalars out; of the others, what they answer with or take
SCALARS = {
    "gradient_descent_risk": lambda f: f(THREE_MODES, 9.0, 0.1, steps=20, noise_variance=0.5),
    "isotropic_flow_risk": lambda f: f(0.5, 3.0, 0.2),
    "one_pass_sgd_risk": lambda f: f(THREE_MODES, 0.1, 2, 20, 0.5),
    "spectral_response": lambda f: f(0.5, 3.0, "gradient-flow"),
}
VECTORS = ["descent_path", "optimiser_chain"]
