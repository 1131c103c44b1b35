"""Arguments of diagonal networks."""

import numpy as np

from arguments.shared import SAMPLINGS
from solvable import solvers

X, Y = np.random.default_rng(2).standard_normal((3, 6)), np.array([1.0, -0.5, 2.0])

ARGUMENTS = {
    "time_step": lambda s: 1e-3,
    "seeds": lambda s: s.pick(1, 2),
    "checkpoints": lambda s: s.pick(4, [0, 3]),
    "initial_scale": lambda s: s.rng.uniform(1e-2, 1),
    "label_noise": lambda s: s.pick(0.0, 0.1),
    "gradient_penalty": lambda s: s.pick(0.0, 0.1),
    "ascent": lambda s: s.pick(-0.05, 0.0, 0.1),
    "flooding": lambda s: s.pick(None, 0.01),
    "linear_scale": lambda s: s.pick(0.0, 0.5),
    "accumulate": lambda s: False,
    "most_jumps": lambda s: 200,
    "offset": lambda s: None,
}
SPECIAL = {
    ("interpolator", "depth"): lambda s: s.pick(2, 3, 2.5),
    ("stochastic_gradient_flow", "step_size"): lambda s: 0.01,
    ("diagonal_descent", "step_size"): lambda s: 0.01,
    ("diagonal_descent", "sampling"): lambda s: s.pick(*SAMPLINGS[:2]),
    ("two_cycle", "step_size"): lambda s: s.number(1, 3),
    ("SaddlePath.at", "time"): lambda s: s.rng.uniform(0, 5, 3),
}
SCALES = {
    "regularised_flow, labels": lambda c: solvers.regularised_flow(
        X, c * Y, 0.3 * c**0.5, 0.1 / c, -0.05 / c).beta / c,
    "regularised_flow, initial scale": lambda c: solvers.regularised_flow(
        X, c * Y, 0.3 * c**0.5, 0.1 / c, 0.1 / c).effective_scale / c**0.5,
}  # fmt: skip
SCALES_SQUARED = {
    "regularised_flow, design": lambda c: solvers.regularised_flow(
        c * X, c * Y, 0.3, 0.1 / c**2, 0.1 / c**2).effective_scale,
}  # fmt: skip
# why a public solver has no ratio test
NO_RATIO = {
    "two_cycle": "two square roots, compared with known answers",
    "diagonal_descent": "a simulation",
    "regularised_flow": "an integrated flow, to 1e-10 of the labels: compared with known answers",
    "stochastic_gradient_flow": "a simulation",
}
# cheap claims that draw matrices, chains or flows; the first over all its quick cells, to its limit of draws
SAME_BITS = ["diagonal-networks/chaotic-loss", "diagonal-networks/least-l2-risk"]

# scalars in, scalars out; of the others, what they answer with or take
VECTORS = [
    "diagonal_descent",
    "interpolator",
    "minimum_l1",
    "minimum_l2",
    "regularised_flow",
    "saddle_to_saddle",
    "stochastic_gradient_flow",
    "two_cycle",
]
