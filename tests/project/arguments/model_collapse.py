"""Arguments of model collapse."""

import numpy as np

from solvable.solvers import Spectrum

ARGUMENTS = {
    "generations": lambda s: s.pick(0, 2, np.array([0, 1, 3])),
    "generator_samples": lambda s: 60.0,
    "generator_noise": lambda s: s.pick(0.0, 0.5),
    "capacity": lambda s: s.number(1.1, 3),
    "smoothness": lambda s: s.number(0.1, 2),
    "ridge_exponent": lambda s: s.number(0.1, 1),
}
SPECIAL = {
    ("interpolating_generators", "d"): lambda s: 90.0,
    ("iterated_least_squares_excess", "n"): lambda s: s.number(22, 90),
    ("iterated_regression_risk", "spectrum"): lambda s: Spectrum(*s.rng.uniform(0.1, 3, (2, s.modes))),
}
# why a public solver has no ratio test
NO_RATIO = {
    "iterated_regression_risk": "resolvent traces of ridge_risk, and powers of them",
    "synthetic_noise_gain": "one term of iterated_regression_risk",
}
# cheap claims that draw matrices, chains or flows; the first over all its quick cells, to its limit of draws
SAME_BITS = ["model-collapse/least-squares", "model-collapse/same-data"]
