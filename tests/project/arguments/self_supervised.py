"""Arguments of self-supervised learning."""

import numpy as np

from solvable import solvers


def joint(s):
    """p(x, a), no row and no column of which vanishes."""
    p = s.rng.exponential(size=(s.n, s.d)) + 0.01
    return p / p.sum()


def moment(s):
    return s.symmetric() + 0.1 * np.eye(s.d)


def points(s):
    return s.normal(s.n + 2, 3)


def members(s):
    p = s.rng.exponential(size=(3, s.n + 2)) + 0.01
    return p / p.sum(axis=1, keepdims=True)


ARGUMENTS = {
    "X_pair": lambda s: s.normal(s.n, s.d),
    "K": lambda s: moment(s) + np.eye(s.d),
    "pairs": lambda s: np.array([[0, s.d - 1], [0, 0]]),
    "dim": lambda s: 1,
    "new": lambda s: s.pick(None, s.rng.standard_normal((2, s.d))),
    "gamma": lambda s: s.pick(np.array([2.0, 1.0, 0.25, -0.5]), np.diag([2.0, 1.0, 0.25, -0.5])),
    "start": lambda s: s.pick(np.array([0.1, 0.01]), 0.1 * s.rng.standard_normal((2, 4))),
    "target_dim": lambda s: 2,
    "p_joint": joint,
    "ratio": lambda s: s.pick(0.0, 0.5),
    "kind": lambda s: s.pick("random", "block", "block-flip"),
    "M": moment,
    "C": lambda s: s.symmetric() - 0.1 * np.eye(s.d),
    "gram": lambda s: s.symmetric(),
    "layers": lambda s: s.pick(1, 3),
    "layer": lambda s: 1,
    "correlations": lambda s: s.rng.uniform(0.2, 1.0, s.d),
    "variances": lambda s: s.rng.uniform(0.2, 4.0, s.d),
    "noise": lambda s: s.rng.uniform(0.1, 1.0),
    "similarities": lambda s: s.pick(s.rng.standard_normal(s.n + 1), s.rng.standard_normal((2, s.n + 1))),
    "temperature": lambda s: s.pick(1e-3, 0.5, 50.0),
    "embeddings": points,
    "sharpness": lambda s: s.pick(2.0, 0.5),
    "labels": lambda s: np.arange(s.n + 2) // 2.0,
    "features": points,
    "members": members,
    "rho": lambda s: np.array([0.5, 0.25, 0.25]),
    "loss": lambda s: s.number(0.4, 3.0),
    "encoder": lambda s: s.rng.standard_normal((2, s.d)),
    "noise_variance": lambda s: s.pick(0.5, 1e-3),
    "weights": lambda s: s.pick(None, s.rng.standard_normal(s.d)),
    "samples": lambda s: s.pick(2, 9),
    "draws": lambda s: 5,
    "loadings": lambda s: s.rng.standard_normal((5, 2)),
    "beta": lambda s: s.rng.standard_normal(2),
    "labelled": lambda s: s.number(6.5, 90),
    "unlabelled": lambda s: s.pick(np.inf, s.number(6, 900)),
    "checkpoints": lambda s: s.pick(2, 9),
}
SPECIAL = {
    ("masking_complexity", "d"): lambda s: 6,
    ("masking_spectrum", "d"): lambda s: 6,
    ("embedding_descent", "gamma"): lambda s: np.diag([2.0, 1.0, 0.25, -0.5]),
    ("embedding_descent", "start"): lambda s: 0.1 * s.rng.standard_normal((2, 4)),
    ("embedding_descent", "step_size"): lambda s: 0.01,
    ("linear_probe_error", "spectrum"): lambda s: s.rng.uniform(0.1, 1.0, s.d),
    ("robust_probe_risk", "target"): lambda s: s.rng.exponential(size=s.d),
    ("robust_probe_risk", "n"): lambda s: s.rng.uniform(2, 40),
    ("class_transfer", "kind"): lambda s: s.pick("hinge", "log2"),
}
_SUMS = "sums of terms of one sign: 1e-12 against 50 digits in tests/known_answers"
_LAPACK = "singular values or eigenvectors of LAPACK, relative to the largest: 50 digits in tests/known_answers"
# why a public solver has no ratio test
NO_RATIO = {
    **dict.fromkeys(["pair_matrix", "masking_complexity", "masking_spectrum", "contrastive_gradient"], _SUMS),
    **dict.fromkeys(["penalty_entropy", "temperature_limits", "uniformity", "tolerance", "class_transfer"], _SUMS),
    **dict.fromkeys(["class_transfer_bound", "factor_pretraining_risk"], _SUMS),
    **dict.fromkeys(["pair_kernel", "final_embedding", "augmentation_spectrum", "spectral_contrastive"], _LAPACK),
    **dict.fromkeys(["layer_weights", "linear_sufficiency"], _LAPACK),
    "stepwise_embedding": "one exponential; starts down to 1e-120 and times beyond its overflow at 50 digits",
    "embedding_descent": "a simulation; nine of its steps are held at 1e-13 by 50 digits",
    "linear_probe_error": "ridge_risk, which has ratio tests",
    "robust_probe_risk": "ridge_risk at optimal_ridge, which have ratio tests",
    "gaussian_infonce": "draws; its information is that of linear_sufficiency",
}
NO_ANSWER = {
    "final_embedding": "determined up to signs and a rotation; tests compare Gram matrices with the dual eigenproblem",
}
_RNG = np.random.default_rng(5)
_X, _Y = _RNG.standard_normal((6, 4)), _RNG.standard_normal((6, 4))
_S = np.cov(_RNG.standard_normal((4, 30)))
_G = np.diag([2.0, 1.0, 0.25, -0.5])
_PAIRS = [[0, 1], [2, 3]]


def _path(c):
    return solvers.stepwise_embedding(c * _G, np.array([0.1, 0.02]) / np.sqrt(c), np.array([0.5, 2.0]) / c, 2)


SCALES = {
    "pair_matrix": lambda c: solvers.pair_matrix(c * _X, _Y) / c,
    "pair_kernel": lambda c: solvers.pair_kernel(c * _S, _PAIRS) / c,
    "final_embedding": lambda c: abs(solvers.final_embedding(c * _S, _PAIRS, 1)),
    "stepwise_embedding": lambda c: _path(c).losses,
    "stepwise_embedding, weights": lambda c: np.sqrt(c) * _path(c).singular_values,
    "embedding_descent": lambda c: solvers.embedding_descent(
        c * _G, np.full((1, 4), 0.1) / np.sqrt(c), 0.01, 9).losses if abs(np.log10(c)) < 1 else None,
    "spectral_contrastive": lambda c: c * solvers.spectral_contrastive(c * _S, c * _S @ _S, 2).gram
    if abs(np.log10(c)) < 100 else None,
    "spectral_contrastive, loss": lambda c: solvers.spectral_contrastive(c * _S, c * (_S - 0.1 * np.eye(4)), 2).loss,
    "layer_weights": lambda c: solvers.layer_weights(c * _S, 2, 1) / np.sqrt(c),
    "contrastive_gradient": lambda c: c * solvers.contrastive_gradient(c * _X[0], c * 0.5).gradient,
    "penalty_entropy": lambda c: c * solvers.penalty_entropy(c * _X[0], c * 0.5).slope,
    "temperature_limits": lambda c: solvers.temperature_limits(c * _X[0]).hot_slope / c,
    "uniformity": lambda c: solvers.uniformity(c * _X),
    "tolerance": lambda c: solvers.tolerance(c * _X, [0, 0, 1, 1, 2, 2]),
    "linear_sufficiency": lambda c: solvers.linear_sufficiency(c * _S, _X[:2], c * 0.5).loss,
    "linear_sufficiency, bound": lambda c: solvers.linear_sufficiency(c * _S, _X[:2], c * 0.5).bound / c,
    "gaussian_infonce": lambda c: solvers.gaussian_infonce(c * _S, _X[:2], c * 0.5, 3, 9).value,
    "robust_probe_risk": lambda c: solvers.robust_probe_risk(
        [0.9, 0.5], [c * 4.0, c], [c, 0.0], 20.0, c * 0.5, 1).excess / c,
}  # fmt: skip
SCALES_SQUARED = {
    "factor_pretraining_risk": lambda c: solvers.factor_pretraining_risk(
        _X[:, :2], c * _Y[0, :2], 0.3 * c**2, 20.0, 100.0).pretrained / c**2,
    "linear_probe_error": lambda c: solvers.linear_probe_error(
        [1.0, 0.5, 0.25], c * _Y[0, :3], 2, 9.0, 0.1 * c**2, 0.5).excess / c**2,
}  # fmt: skip
# cheap claims that draw; the first over all its quick cells, to its limit of draws
SAME_BITS = ["self-supervised/head-helps-when", "self-supervised/infonce-below-mi"]

# scalars in, scalars out; of the others, what they answer with or take
SCALARS = {"masking_complexity": lambda f: f(6, 0.5)}
VECTORS = [
    "augmentation_spectrum",
    "contrastive_gradient",
    "embedding_descent",
    "final_embedding",
    "layer_weights",
    "masking_spectrum",
    "pair_kernel",
    "pair_matrix",
    "robust_probe_risk",
    "spectral_contrastive",
    "stepwise_embedding",
]
DATA = [
    "class_transfer",
    "class_transfer_bound",
    "factor_pretraining_risk",
    "gaussian_infonce",
    "linear_probe_error",
    "linear_sufficiency",
    "penalty_entropy",
    "temperature_limits",
    "tolerance",
    "uniformity",
]
