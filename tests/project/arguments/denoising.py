"""Arguments of denoisers, diffusions and flows."""

import numpy as np
from data_moves import Case, Joint, whole

from solvable import solvers


def orthonormal(s, rows, columns):
    return np.linalg.qr(s.rng.standard_normal((rows, columns)))[0]


def covariances(s):
    return np.stack([s.symmetric() for _ in range(3)])


ARGUMENTS = {
    "n": lambda s: s.pick(2, 40, np.array([1.0, 3.0, 9.0])),
    "decay": lambda s: s.number(0.01, 2),
    "std": lambda s: s.number(0.1, 3),
    "signal": lambda s: s.number(0.1, 3),
    "schedule": lambda s: s.pick("linear", "trigonometric"),
    "times": lambda s: s.pick(1.0, np.array([0.0, 0.5, 1.0])),
    "dimension": lambda s: s.pick(None, 1000.0),
    "no_skip": lambda s: s.pick(False, True),
    "x": lambda s: s.rng.standard_normal((s.n, s.d)),
    "bases": lambda s: [orthonormal(s, s.d, 1), orthonormal(s, s.d, s.d)],
    "basis": lambda s: orthonormal(s, s.d, max(1, s.d - 1)),
    "weights": lambda s: np.array([0.25, 0.75]),
    "means": lambda s: s.rng.standard_normal((3, s.d)),
    "covariances": covariances,
    "mean": lambda s: s.rng.standard_normal(s.d),
    "scale": lambda s: s.pick(0.5, 2.0),
    "noise": lambda s: s.pick(0.1, 1.0),
    "noise_variance": lambda s: s.pick(0.1, 1.0),
    "d": lambda s: s.pick(1, np.array([1.0, 2.0, 2.0])),
    "N": lambda s: s.pick(0, 5, np.array([0.0, 1.0, 7.0])),
    "dims": lambda s: s.pick([1], [1, 1]),
    "restarts": lambda s: s.pick(1, 4),
    "kind": lambda s: s.pick("vp", "sub-vp", "ve"),
    "x0": lambda s: s.rng.standard_normal((s.n, s.d)),
    "variance": lambda s: s.number(0.1, 3),
    "prior_variance": lambda s: s.number(0.1, 3),
    "y": lambda s: s.number(-2, 2),
    "guidance": lambda s: s.pick(0.0, 1.0, 3.0),
    "measurement": lambda s: s.rng.standard_normal(s.n),
    "operator": lambda s: s.rng.standard_normal((s.n, s.d)),
    "decoder": lambda s: s.rng.standard_normal((s.d + s.n, 2)),
    "start": lambda s: 1.0,
    "glue": lambda s: s.rng.standard_normal(s.n),
    "noisy": lambda s: s.number(0.5, 5),
    "clean": lambda s: s.number(0.1, 1),
    "stds": lambda s: s.rng.uniform(0.5, 3, 5),
    "separation_order": lambda s: s.pick(1, np.array([1.0, 2.0, 3.0])),
    "modes": lambda s: np.array([-3.0, 0.0, 4.0]),
    "smoothness": lambda s: s.pick(2.0, 100.0),
    "conditional_mean": lambda s: s.number(-2, 2),
    "conditional_variance": lambda s: s.number(0.5, 2),
    "sampler": lambda s: s.pick("ode", "sde"),
    "gains": lambda s: s.rng.uniform(0.5, 1.5, 6),
    "errors": lambda s: s.rng.standard_normal(6),
    "observations": lambda s: s.rng.standard_normal((s.n, 2)),
    "operators": lambda s: s.rng.standard_normal((2, s.d)),
}
SPECIAL = {
    ("bayes_mean_error", "n"): lambda s: s.pick(2, 40),
    ("subspace_denoiser", "scale"): lambda s: s.pick(0.5, 1.0),
    ("single_subspace_loss", "X"): lambda s: s.rng.standard_normal((s.n, s.d)),
    ("subspace_recovery", "n"): lambda s: 12,
    ("mixture_denoiser", "weights"): lambda s: np.array([0.25, 0.25, 0.5]),
    ("latent_recovery", "operator"): lambda s: orthonormal(s, s.d + s.n, s.n).T,
    ("latent_recovery", "start"): lambda s: s.rng.standard_normal(2),
    ("guided_sampling", "noise_variance"): lambda s: s.number(0.1, 3),
    ("mixture_information", "mean"): lambda s: s.number(0, 3),
    ("sample_worth", "mean"): lambda s: s.number(0.1, 3),
    ("heterogeneous_mle", "x"): lambda s: s.rng.standard_normal((s.n, 5)),
    ("mode_interpolation", "noise"): lambda s: 1.0,
    ("guidance_law", "scale"): lambda s: s.number(0, 4),
    ("guidance_law", "mean"): lambda s: s.number(-1, 1),
    ("reverse_sde_marginal", "mean"): lambda s: s.number(-1, 1),
    ("em_prior", "steps"): lambda s: 40,
    ("em_prior", "on_failure"): lambda s: "ignore",
}
_SUMS = "sums of positive terms: 1e-13 against 50 digits in tests/known_answers"
_EIGEN = "the eigenvectors of LAPACK; tables of 50 digits hold it at 1e-12"
# why a public solver has no ratio test
NO_RATIO = {
    **dict.fromkeys(["mixture_flow", "bayes_mean_error", "pca_cosine2", "subspace_recovery", "worth_exponent"], _SUMS),
    **dict.fromkeys(["guided_sampling", "diffusion_marginals", "reverse_sde_marginal", "error_propagation"], _SUMS),
    **dict.fromkeys(["denoiser", "contractive_reconstruction", "mixture_denoiser", "denoising_chain"], _EIGEN),
    **dict.fromkeys(["reverse_ode", "posterior", "latent_recovery"], _EIGEN),
    **dict.fromkeys(["subspace_denoiser", "single_subspace_loss", "fewest_samples"], _SUMS),
    **dict.fromkeys(["mixture_information", "sample_worth", "guidance_law", "mode_interpolation"],
                    "a quadrature, whose error 30 digits in tests/known_answers bound"),
    "k_subspaces": "a descent from random starts; its limit is checked against singular values",
    "heterogeneous_mle": "a root that is recomputed in its residual",
    "em_prior": "an iteration that stops at its tolerance",
}  # fmt: skip
NO_ANSWER = {"k_subspaces": "random starts; its tests compare it with a search over all assignments"}
_RNG = np.random.default_rng(3)
_X, _S = _RNG.standard_normal((6, 3)), np.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.25], [0.0, 0.25, 0.5]])
_U = np.linalg.qr(_RNG.standard_normal((3, 2)))[0]
_A = _RNG.standard_normal((2, 3))
_ROWS = _RNG.choice([-1.0, 1.0], 30) + 0.5 * _RNG.standard_normal(30)
_MIXTURE = (np.array([0.25, 0.75]), np.array([[1.0, 0.0, 1.0], [-1.0, 0.5, 0.0]]), np.stack([_S, 2 * _S]))
SCALES = {
    "denoiser": lambda c: solvers.denoiser(c * _X, c, c * c * _S, c * c * 0.3) / c,
    "contractive_reconstruction": lambda c: solvers.contractive_reconstruction(c * _X, c, c * c * _S, c * c) / c,
    "mixture_denoiser": lambda c: (
        solvers.mixture_denoiser(c * _X, _MIXTURE[0], c * _MIXTURE[1], c * c * _MIXTURE[2], 0.3 * c * c).estimate / c
    ),
    "denoising_chain": lambda c: solvers.denoising_chain(c * c * _S, c).slow_mode,
    "subspace_denoiser": lambda c: solvers.subspace_denoiser(c * _X, [_U, _U[:, :1]], [0.5, 0.5], c, 0.4 * c).estimate,
    "single_subspace_loss, levels": lambda c: solvers.single_subspace_loss(_X, _U, c, 0.4 * c),
    "k_subspaces": lambda c: solvers.k_subspaces(c * _X, [1, 1], 5, 0).labels,
    "posterior": lambda c: solvers.posterior(c * _A[:, 0], _A, np.zeros(3), c * c * _S, c * c).mean / c,
    "guided_sampling": lambda c: solvers.guided_sampling(c, 0.5 * c, 1.0).variance / c,
    "latent_recovery": lambda c: solvers.latent_recovery(_U.T, c * _X[:3, :2], _A[0, :2] / c, _A[1, :2]).estimate * c,
    "mixture_information": lambda c: solvers.mixture_information(c, 1.5 * c) * c * c,
    "sample_worth": lambda c: solvers.sample_worth(c, 2 * c, 0.5 * c),
    "heterogeneous_mle": lambda c: solvers.heterogeneous_mle(c * _ROWS, 0.5 * c).value / c,
    "mode_interpolation": lambda c: solvers.mode_interpolation([-3 * c, 3 * c], c, 2 / c / c).mass,
    "guidance_law": lambda c: solvers.guidance_law(2.0, c, c, 0.0, 3 * c).mean / c,
    "error_propagation": lambda c: solvers.error_propagation([0.5, 2.0], [c, c]).total / c,
    "em_prior": lambda c: solvers.em_prior(c * _X[:, :2], _A, c, 20, on_failure="ignore").mean / c,
}
SCALES_SQUARED = {
    "single_subspace_loss, rows": lambda c: solvers.single_subspace_loss(c * _X, _U, 1.0, 0.0) / c**2,
}
# cheap claims that draw; the first over all its quick cells, to its limit of draws
SAME_BITS = ["denoising/few-clean-many-noisy", "denoising/subspace-denoiser"]  # the cheaper one first

# scalars in, scalars out; of the others, what they answer with or take
SCALARS = {
    "bayes_mean_error": lambda f: f(4, 0.7),
    "pca_cosine2": lambda f: f(4, 0.7),
    "subspace_recovery": lambda f: f(48, 4, 3),
    "diffusion_marginals": lambda f: f("vp", 0.5),
    "reverse_sde_marginal": lambda f: f(1.0, 2.0, 0.1),
    "guided_sampling": lambda f: f(1.0, 0.25, 1.0),
    "mixture_information": lambda f: f(1.0, 0.5),
    "sample_worth": lambda f: f(1.0, 2.0, 0.5),
    "worth_exponent": lambda f: f(2),
    "guidance_law": lambda f: f(2.0, 1.0, 1.0, 0.0, 2.0),
}
VECTORS = [
    "contractive_reconstruction",
    "denoiser",
    "denoising_chain",
    "em_prior",
    "error_propagation",
    "fewest_samples",
    "k_subspaces",
    "latent_recovery",
    "mixture_flow",
    "mode_interpolation",
    "mixture_denoiser",
    "posterior",
    "reverse_ode",
    "subspace_denoiser",
]
DATA = ["heterogeneous_mle", "single_subspace_loss"]

DATA_NAMES = {"X", "x", "x0", "measurement", "operator", "covariance", "observations"}
NO_CASE = {
    "k_subspaces": "draws its starts",
    "em_prior": "an iteration that ends where its tolerance says",
    "latent_recovery": "takes operators with orthonormal rows only, which thirds and singles are not",
}


def _model(g, d=4):
    A = whole(g, d, d + 2, low=-3, high=4)
    return {"mean": whole(g, d), "covariance": A @ A.T + np.eye(d)}


def _points(g):
    return {"x": whole(g, 3, 4), **_model(g)}


_MOVED, _COORDINATES = Joint({"x": (0,)}, [(0,)]), Joint({"x": (1,), "mean": (0,), "covariance": (0, 1)}, [(1,)])
_BASES = [np.eye(4)[:, :1], np.eye(4)[:, 1:3]]
CASES = {
    "denoiser": Case(
        _points, lambda **d: [solvers.denoiser(**d, noise_variance=0.5)], [_MOVED, _COORDINATES], rtol=1e-8, single=1e-4
    ),
    "contractive_reconstruction": Case(
        _points,
        lambda **d: [solvers.contractive_reconstruction(**d, noise_variance=0.5)],
        [_MOVED, _COORDINATES],
        rtol=1e-8,
        single=1e-4,
    ),
    "mixture_denoiser": Case(
        lambda g: {"x": whole(g, 3, 4)},
        lambda x: [solvers.mixture_denoiser(x, [0.25, 0.75], np.eye(4)[:2], [np.eye(4), 2 * np.eye(4)], 0.5).estimate],
        [_MOVED],
        rtol=1e-8,
        single=1e-4,
    ),
    "subspace_denoiser": Case(
        lambda g: {"x": whole(g, 3, 4)},
        lambda x: [solvers.subspace_denoiser(x, _BASES, [0.25, 0.75], 0.5, 1.0).estimate],
        [_MOVED],
        rtol=1e-8,
        single=1e-4,
    ),
    "single_subspace_loss": Case(
        lambda g: {"X": whole(g, 3, 4)},
        lambda X: [solvers.single_subspace_loss(X, _BASES[1], 0.5, 1.0)],
        [Joint({"X": (0,)})],
        single=1e-4,
    ),
    "reverse_ode": Case(
        lambda g: {"x0": whole(g, 3, 4), **_model(g)},
        lambda **d: [solvers.reverse_ode(**d, times=0.5)],
        [Joint({"x0": (0,)}, [(-2,)]), Joint({"x0": (1,), "mean": (0,), "covariance": (0, 1)}, [(-1,)])],
        rtol=1e-8,
        single=1e-4,
    ),
    "denoising_chain": Case(
        lambda g: {"covariance": _model(g)["covariance"]},
        lambda covariance: [solvers.denoising_chain(covariance, 0.5).stationary],
        [Joint({"covariance": (0, 1)}, [(0, 1)])],
        rtol=1e-8,
        single=1e-4,
    ),
    "posterior": Case(
        lambda g: {"measurement": whole(g, 3), "operator": whole(g, 3, 4), **_model(g)},
        lambda **d: [(f := solvers.posterior(**d, noise_variance=0.5)).mean, f.covariance],
        [
            Joint({"measurement": (0,), "operator": (0,)}),
            Joint({"operator": (1,), "mean": (0,), "covariance": (0, 1)}, [(0,), (0, 1)]),
        ],
        rtol=1e-8,
        single=1e-3,
    ),
    "heterogeneous_mle": Case(
        lambda g: {"x": whole(g, 9)},
        lambda x: [solvers.heterogeneous_mle(x, np.full(9, 2.0)).value],
        [Joint({"x": (0,)})],
        rtol=1e-7,
        single=1e-4,
    ),
}
