"""Arguments of factorised dynamics: matrices and tensors of factors, depth, subspaces, walks."""

import numpy as np
from data_moves import Case, Joint, Unit, whole

from solvable import solvers


def measured(s):
    return s.rng.standard_normal((s.n, s.d, s.d))


ARGUMENTS = {
    "A": lambda s: s.normal(s.n, s.d, 3),
    "B": lambda s: s.normal(s.d, 2, 3),
    "rank": lambda s: s.pick(1, s.d),
    "scale": lambda s: 0.1,
    "schedule": lambda s: 0.05 * 0.9 ** np.arange(6),
    "loss": lambda s: s.pick("l1", "l2"),
    "checkpoints": lambda s: s.pick(1, 4),
    "delta": lambda s: s.number(0.1, 3),
    "outlier_rate": lambda s: s.number(0, 1),
    "outlier_std": lambda s: s.pick(0.0, np.inf, s.number(0.1, 9)),
    "eigenvalues": lambda s: s.rng.exponential(size=s.modes) + 0.1,
    "rtol": lambda s: s.pick(None, 1e-9),
    "W": lambda s: s.rng.standard_normal((s.d, s.d)),
    "steps": lambda s: s.pick(0, 3, np.array([1.0, 5.0, 2.0])),
    "slope": lambda s: s.pick(1.0, 0.25),
    "gradient": lambda s: s.normal(s.n, s.d),
    "threshold": lambda s: s.pick(0.5, 1e3),
    "L": lambda s: s.pick(1, 5),
    "times": lambda s: s.pick(np.array([0.0, 0.3]), np.array([1.0])),
    "weights": lambda s: s.normal(s.n + 1, 2, 2),
    "groups": lambda s: s.pick(1, 4),
    "size": lambda s: s.pick(1, 5),
    "d": lambda s: s.pick(0, 1, np.array([0.0, 1.0])),
    "start": lambda s: 0.0,
    "dimensions": lambda s: np.array([1.0, 2.0, 4.0]),
    "performance": lambda s: np.sort(s.rng.random(3)),
    "baseline": lambda s: 0.8,
    "share": lambda s: s.pick(0.9, 0.5),
    "p_right": lambda s: s.rng.uniform(0.2, 0.8, s.pick(s.n, (2, s.n))),
    "potential": lambda s: s.normal(s.n, s.d),
    "n": lambda s: s.pick(1, 9),
    "hurst": lambda s: s.pick(0.25, 0.5, 1.0),
}
SPECIAL = {
    ("subgradient_descent", "A"): measured,
    ("subgradient_descent", "start"): lambda s: None,
    ("learning_budget", "outlier_rate"): lambda s: 0.1,
    ("learning_budget", "outlier_std"): lambda s: s.pick(0.0, np.inf, 3.0),
    ("tubal_descent", "A"): lambda s: s.rng.standard_normal((s.n, s.d, s.d, 2)) / s.n**0.5,
    ("tubal_descent", "y"): lambda s: s.rng.standard_normal(s.n),
    ("tubal_descent", "start"): lambda s: 0.1 * s.rng.standard_normal((s.d, 2, 2)),
    ("tubal_descent", "step_size"): lambda s: 0.05,
    ("tubal_descent", "steps"): lambda s: 8,
    ("residual_limit", "y"): lambda s: s.number(1, 4),
    ("residual_limit", "times"): lambda s: s.number(0, 2),
    ("residual_training", "y"): lambda s: s.pick(1.5, np.array([[1.0, 0.5], [0.0, 2.0]])),
    ("residual_training", "start"): lambda s: None,
}
_SUMS = "sums of positive terms: 1e-13 against 50 digits in tests/known_answers"
_LAPACK = "the singular values of LAPACK; tables of 50 digits hold it at 1e-12"
# why a public solver has no ratio test
NO_RATIO = {
    **dict.fromkeys(["sign_factor", "learning_budget", "subspace_loss", "quenched_passage_time", "barrier"], _SUMS),
    **dict.fromkeys(["residual_limit", "layer_roughness", "clip"], _SUMS),
    **dict.fromkeys(["gradient_norms", "jacobian_bounds", "tubal_singular_values", "tubal_rank"], _LAPACK),
    "tubal_product": "a Fourier transform, 1e-13 of the largest entry",
    "tubal_transpose": "moves entries",
    "intrinsic_dimension": "picks one of its arguments",
    "subgradient_descent": "a simulation; a few of its steps are held at 1e-12 by 50 digits in tests/known_answers",
    "tubal_descent": "a simulation; a few of its steps are held at 1e-12 by 50 digits in tests/known_answers",
    "residual_training": "an integration to 1e-11",
    "fractional_potential": "draws",
}
NO_ANSWER = {
    "fractional_potential": "draws; a claim and its tests hold the covariance",
    "tubal_rank": "a count of the singular tubes, which have answers",
}
_RNG = np.random.default_rng(3)
_A, _Y = _RNG.standard_normal((7, 3, 3)), _RNG.standard_normal(7)
_T = _RNG.standard_normal((3, 2, 4))
_M, _U = _RNG.standard_normal((5, 3, 3, 4)) / 3, 0.3 * _RNG.standard_normal((3, 2, 4))
_PACE = 0.1 * 0.9 ** np.arange(6)
SCALES = {
    "subgradient_descent, labels": lambda c: (
        solvers.subgradient_descent(_A, c * _Y, 3, 0.3 * c**0.5, _PACE, checkpoints=3).matrices / c
    ),
    "subgradient_descent, measurements": lambda c: (
        solvers.subgradient_descent(c * _A, c * _Y, 3, 0.3, _PACE / c, checkpoints=3).loss / c
    ),
    "sign_factor": lambda c: solvers.sign_factor(c, 0.3, 2 * c),
    "learning_budget": lambda c: solvers.learning_budget(_PACE, [c, 2 * c], 0.1, 1e-3 * c**0.5, 3 * c).growth,
    "tubal_product": lambda c: solvers.tubal_product(c * _T, _U[:2].transpose(1, 0, 2)[:, :, :4]) / c,
    "tubal_singular_values": lambda c: solvers.tubal_singular_values(c * _T) / c,
    "tubal_rank": lambda c: solvers.tubal_rank(c * _T),
    "layer_roughness": lambda c: solvers.layer_roughness(c * _A) / c,
    "jacobian_bounds": lambda c: solvers.jacobian_bounds(c * _A[0]).largest / c,
    "jacobian_bounds, radius": lambda c: solvers.jacobian_bounds(c * _A[0]).radius / c,
    "gradient_norms": lambda c: solvers.gradient_norms(c * _A[0], [1]).spectral / c,
    "clip": lambda c: solvers.clip(c * _A, c) / c,
    "barrier": lambda c: solvers.barrier(c * _A) / c,
}
SCALES_SQUARED = {
    "gradient_norms, mean square": lambda c: solvers.gradient_norms(c * _A[0], [1]).mean_square / c**2,
}
# cheap claims that draw; the first over all its quick cells, to its limit of draws
SAME_BITS = ["factorised/potential-increments", "factorised/norm-is-twice-the-gain"]  # the cheaper one first

# scalars in, scalars out; of the others, what they answer with or take
SCALARS = {
    "sign_factor": lambda f: f(0.7, 0.3, 6.0),
    "residual_limit": lambda f: f(1.8, 0.7),
    "subspace_loss": lambda f: f(10, 100, 3),
}
VECTORS = [
    "clip",
    "fractional_potential",
    "learning_budget",
    "residual_training",
    "subgradient_descent",
    "tubal_descent",
    "tubal_product",
    "tubal_singular_values",
    "tubal_transpose",
]
DATA = [
    "barrier", "gradient_norms", "intrinsic_dimension", "jacobian_bounds", "layer_roughness", "quenched_passage_time",
    "tubal_rank",
]  # fmt: skip

DATA_NAMES = {"A", "B", "W", "gradient", "weights", "performance", "potential", "p_right"}
NO_CASE = {
    "quenched_passage_time": "takes probabilities, which whole numbers are not",
    "intrinsic_dimension": "picks one of its arguments where another passes a level, which a rounding may move",
    "tubal_rank": "a count",
}
CASES = {
    "subgradient_descent": Case(
        lambda g: {"A": whole(g, 6, 3, 3), "y": whole(g, 6)},
        lambda A, y: [
            (f := solvers.subgradient_descent(A, y, 3, 0.1, _PACE / 10, "l2", checkpoints=2)).loss,
            f.matrices,
        ],
        [Joint({"A": (0,), "y": (0,)}), Joint({"A": (1, 2)}, [(), (1, 2)])],
        rtol=1e-8,
        single=1e-3,
    ),
    "tubal_descent": Case(
        lambda g: {"A": whole(g, 4, 2, 2, 3), "y": whole(g, 4)},
        lambda A, y: [solvers.tubal_descent(A, y, 0.1 * np.ones((2, 2, 3)), 1e-4, 5, 2).loss],
        [Joint({"A": (0,), "y": (0,)}), Joint({"A": (1, 2)})],
        rtol=1e-8,
        single=1e-3,
    ),
    "tubal_product": Case(
        lambda g: {"A": whole(g, 3, 2, 4), "B": whole(g, 2, 5, 4)},
        lambda A, B: [solvers.tubal_product(A, B)],
        [Joint({"A": (0,)}, [(0,)]), Joint({"B": (1,)}, [(1,)]), Joint({"A": (1,), "B": (0,)}), Unit({"A": 1}, [1])],
        single=1e-4,
    ),
    "tubal_transpose": Case(
        lambda g: {"A": whole(g, 3, 2, 4)},
        lambda A: [solvers.tubal_transpose(A)],
        [Joint({"A": (0,)}, [(1,)]), Joint({"A": (1,)}, [(0,)]), Unit({"A": 1}, [1])],
    ),
    "tubal_singular_values": Case(
        lambda g: {"A": whole(g, 3, 2, 4)},
        lambda A: [solvers.tubal_singular_values(A)],
        [Joint({"A": (0,)}), Joint({"A": (1,)}), Unit({"A": 1}, [1])],
        single=1e-4,
    ),
    "gradient_norms": Case(
        lambda g: {"W": whole(g, 3, 3)},
        lambda W: [(f := solvers.gradient_norms(W, [1, 3])).spectral, f.mean_square],
        [Joint({"W": (0, 1)})],
        single=1e-4,
    ),
    "jacobian_bounds": Case(
        lambda g: {"W": whole(g, 3, 3) + 9 * np.eye(3)},
        lambda W: [(f := solvers.jacobian_bounds(W)).largest, f.radius],
        [Joint({"W": (0, 1)}), Unit({"W": 1}, [1, 1])],
        single=1e-4,
    ),
    "clip": Case(
        lambda g: {"gradient": whole(g, 3, 4) + 9},
        lambda gradient: [solvers.clip(gradient, 2.0)],
        [Joint({"gradient": (0,)}, [(0,)]), Joint({"gradient": (1,)}, [(1,)])],
    ),
    "layer_roughness": Case(
        lambda g: {"weights": whole(g, 5, 3, 3)},
        lambda weights: [solvers.layer_roughness(weights)],
        [Joint({"weights": (1,)}), Joint({"weights": (2,)}), Unit({"weights": 1}, [1])],
    ),
    "barrier": Case(
        lambda g: {"potential": whole(g, 3, 7)},
        lambda potential: [solvers.barrier(potential)],
        [Joint({"potential": (0,)}, [(0,)]), Unit({"potential": 1}, [1])],
    ),
}
