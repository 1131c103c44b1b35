"""Arguments of curvature and hyperparameters."""

import numpy as np

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
