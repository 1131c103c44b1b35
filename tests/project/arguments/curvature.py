"""Arguments of curvature and hyperparameters."""

import numpy as np
from data_moves import Case, Joint, Unit, whole

from solvable import solvers


def hessian(s):
    root = s.rng.standard_normal((4, 6))
    return root @ root.T + 0.1 * np.eye(4)


ARGUMENTS = {
    "X": lambda s: s.rng.standard_normal((7, 4)),
    "y": lambda s: s.normal(7),
    "X_val": lambda s: s.rng.standard_normal((5, 4)),
    "y_val": lambda s: s.normal(5),
    "log_ridges": lambda s: s.number(-3, 3),
    "log_ridge": lambda s: 0.5,
    "step_size": lambda s: 0.01 / s.scale**2,
    "tolerances": lambda s: 0.1 / np.arange(1, 6) ** 2,
    "hvp": hessian,
    "cross": lambda s: s.pick(s.normal(4), s.normal(4, 2)),
    "gradient": lambda s: s.normal(4),
    "method": lambda s: s.pick("exact", "neumann", "cg", "unrolled"),
    "terms": lambda s: s.pick(1, 9),
    "step": lambda s: 0.01,
    "gradients": lambda s: s.normal(3, 4),
    "damping": lambda s: 0.3,
    "x": lambda s: s.normal(4),
    "i": lambda s: 1,
    "j": lambda s: s.pick(1, 3),
    "index": lambda s: s.pick(0, 2),
    "J": lambda s: s.rng.standard_normal((3, 2, 4)),
    "residual": lambda s: s.normal(3, 2),
    "Q": lambda s: s.pick(np.ones((3, 2, 2)), np.tile(np.eye(2), (3, 1, 1))),
    "side": lambda s: s.pick("auto", "primal", "dual"),
}
SPECIAL = {("gauss_newton_step", "ridge"): lambda s: 0.3}
MAKERS = {"InverseFisher": lambda s: solvers.InverseFisher(s.rng.standard_normal((3, 4)), 0.3)}
_SOLVE = "a backward stable solve of LAPACK; its condition is that of the system"
# why a public solver has no ratio test
NO_RATIO = {
    "ridge_hypergradient": "sums over the singular values of LAPACK; 1e-10 against 50 digits over ridges of 30 decades",
    "implicit_hypergradient": _SOLVE,
    "neumann_error": "sums over the eigenvalues of LAPACK; 1e-10 against 50 digits",
    "approximate_gradient_descent": "a simulation that ends where its tolerances say; a few steps against 50 digits",
    "gauss_newton_step": _SOLVE,
}
NO_ANSWER = {}
_RNG = np.random.default_rng(7)
_X, _Y, _V, _Z = (
    _RNG.standard_normal((7, 4)),
    _RNG.standard_normal(7),
    _RNG.standard_normal((5, 4)),
    _RNG.standard_normal(5),
)
_H = _X.T @ _X
_J, _R, _Q = _RNG.standard_normal((3, 2, 4)), _RNG.standard_normal((3, 2)), np.ones((3, 2, 2))
SCALES = {
    "implicit_hypergradient": lambda c: solvers.implicit_hypergradient(c * _H, c * _Y[:4], _Z[:4]).value,
    "implicit_hypergradient, neumann": lambda c: solvers.implicit_hypergradient(
        c * _H, c * _Y[:4], _Z[:4], "neumann", 5, 0.01 / c).value,
    "neumann_error": lambda c: solvers.neumann_error(c * _H, c * _Y[:4], _Z[:4], 5, 0.01 / c),
    "gauss_newton_step": lambda c: solvers.gauss_newton_step(_J, c * _R, c * _Q, 0.3 * c),
}  # fmt: skip
SCALES_SQUARED = {
    "ridge_hypergradient, inputs": lambda c: solvers.ridge_hypergradient(
        c * _X, _Y, c * _V, _Z, np.log(0.3) + 2 * np.log(c)).gradient,
    "ridge_hypergradient, labels": lambda c: solvers.ridge_hypergradient(_X, c * _Y, _V, c * _Z, 0.3).gradient / c**2,
    "approximate_gradient_descent": lambda c: solvers.approximate_gradient_descent(
        _X, c * _Y, _V, c * _Z, 0.0, 0.01 / c**2, [0.1, 0.01]).log_ridges,
    "gauss_newton_step, Jacobian": lambda c: c * solvers.gauss_newton_step(c * _J, _R, _Q, 0.3 * c**2),
}  # fmt: skip
# cheap claims that draw; the first over all its quick cells, to its limit of draws
SAME_BITS = ["curvature/neumann-error", "curvature/gauss-newton-dual"]

# scalars in, scalars out; of the others, what they answer with or take
SCALARS = {}
VECTORS = ["gauss_newton_step"]
DATA = ["approximate_gradient_descent", "implicit_hypergradient", "neumann_error", "ridge_hypergradient"]

DATA_NAMES = {"X", "y", "X_val", "y_val", "hvp", "cross", "gradient", "gradients", "x", "J", "residual", "Q"}
NO_CASE = {"approximate_gradient_descent": "a run that ends where its tolerances say; ridge_hypergradient has one"}


def _split(g):
    return {"X": whole(g, 9, 4), "y": whole(g, 9), "X_val": whole(g, 5, 4), "y_val": whole(g, 5)}


def _solve(g):
    A = whole(g, 4, 6, low=-3, high=4)
    return {"hvp": A @ A.T + np.eye(4), "cross": whole(g, 4), "gradient": whole(g, 4)}


def _fisher(g):
    return {"gradients": whole(g, 3, 4), "x": whole(g, 4), "gradient": whole(g, 4)}


def _network(g):
    roots = whole(g, 3, 2, 3)
    return {
        "J": whole(g, 3, 2, 4),
        "residual": whole(g, 3, 2),
        "Q": roots @ roots.transpose(0, 2, 1) + np.eye(2),
    }


_IN_ORDER = Joint({"hvp": (0, 1), "cross": (0,), "gradient": (0,)})
_FISHER = [Joint({"gradients": (0,)}), Joint({"gradients": (1,), "x": (0,), "gradient": (0,)}, [(0,)])]
CASES = {
    "ridge_hypergradient": Case(
        _split,
        lambda **d: [solvers.ridge_hypergradient(**d, log_ridges=[-1.0, 0.0, 2.0]).gradient],
        [
            Joint({"X": (0,), "y": (0,)}),
            Joint({"X_val": (0,), "y_val": (0,)}),
            Joint({"X": (1,), "X_val": (1,)}),
            Unit({"y": 1, "y_val": 1}, [2]),
        ],
        rtol=1e-8,
        single=1e-4,
    ),
    "implicit_hypergradient": Case(
        _solve,
        lambda **d: [solvers.implicit_hypergradient(**d).value],
        [_IN_ORDER, Unit({"gradient": 1}, [1]), Unit({"hvp": 1}, [-1])],
        rtol=1e-8,
        single=1e-3,
    ),
    "neumann_error": Case(
        _solve,
        lambda **d: [solvers.neumann_error(**d, terms=[1, 5], step=1e-3)],
        [_IN_ORDER, Unit({"gradient": 1}, [1])],
        rtol=1e-8,
        single=1e-3,
    ),
    "gauss_newton_step": Case(
        _network,
        lambda **d: [solvers.gauss_newton_step(**d, ridge=0.5)],
        [
            Joint({"J": (0,), "residual": (0,), "Q": (0,)}),
            Joint({"J": (2,)}, [(0,)]),
            Unit({"residual": 1}, [1]),
        ],
        rtol=1e-8,
        single=1e-3,
    ),
    "InverseFisher.apply": Case(
        _fisher,
        lambda gradients, x, gradient: [solvers.InverseFisher(gradients, 0.5).apply(x)],
        [*_FISHER, Unit({"x": 1}, [1])],
        single=1e-3,
    ),
    "InverseFisher.add": Case(
        _fisher,
        lambda gradients, x, gradient: [solvers.InverseFisher(gradients, 0.5).add(gradient).apply(x)],
        [*_FISHER, Unit({"x": 1}, [1])],
        single=1e-3,
    ),
}
