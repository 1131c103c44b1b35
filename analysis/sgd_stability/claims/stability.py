"""Claims about the linear stability of SGD: deterministic ones held to rounding, simulated ones to a few per cent."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
import sympy as sp

from solvable.analysis.sgd_stability import closed_forms
from solvable.analysis.sgd_stability.experiments import chains as experiments
from solvable.analysis.sgd_stability.quantities import (
    bernoulli,
    diagonal_quantities,
    hessian_quantities,
    relu_quantities,
    without_replacement,
)
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import (
    coherence,
    diagonal_network_sharpness,
    divergence_step_size,
    group_threshold,
    relu_network_sharpness,
    stability_conditions,
    stability_threshold,
)

__all__ = ["CLAIMS"]

_EXACT = Source("mulayoff2024exact", "second-moment form derived in docs/theory/sgd_stability.md")
_TRACE = Source("wu2023implicit", "derived as a Rayleigh quotient")
_COHERENCE = Source("dexter2024precise", "re-derived and checked by enumeration")


def _curvature(problem: str, n: int, d: int) -> Any:
    if problem == "low-rank":
        return np.random.default_rng(6).standard_normal((n, d, 2))
    return experiments.gradients(problem, n, d)


def _top(problem: str, n: int, d: int) -> float:
    """Largest eigenvalue of the mean Hessian."""
    G = experiments.gradients(problem, n, d)
    return float(np.linalg.eigvalsh(G.T @ G / n)[-1])


@cache
def _threshold(problem: str, n: int, d: int, batch_size: int, sampling: str = "without-replacement") -> float:
    return float(stability_threshold(_curvature(problem, n, d), batch_size, sampling).value)


def _second_moment(problem: str, n: int, d: int, batch_size: int, sampling: str, step_size: float, steps: int) -> float:
    """Apply T to theta_0 theta_0^T `steps` times, in the formula's own form (matrices, no batches)."""
    G = experiments.gradients(problem, n, d)
    H = G.T @ G / n
    p = {"without-replacement": (n - batch_size) / (batch_size * (n - 1)), "with-replacement": 1 / batch_size,
         "bernoulli": 1 / batch_size - 1 / n}[sampling]  # fmt: skip
    c0 = 1.0 if sampling == "bernoulli" else 1 - p
    M = np.full((d, d), 1 / d)
    for _ in range(steps):
        noise = (G.T * np.einsum("ia,ab,ib->i", G, M, G)) @ G / n
        M = M - step_size * (H @ M + M @ H) + step_size**2 * (c0 * H @ M @ H + p * noise)
    return float(np.trace(M))


def _diagonal(d: int, quantity: str, **_: Any) -> float:
    return float(getattr(diagonal_network_sharpness(np.linspace(0.2, 1.0, d), np.linspace(0.8, 0.1, d)), quantity))


def _relu(d: int, width: int, quantity: str, **_: Any) -> float:
    weights = np.random.default_rng(7)
    return float(
        getattr(relu_network_sharpness(weights.standard_normal((width, d)), weights.standard_normal(width)), quantity)
    )


_SMALL = {"n": 6, "d": 4}
_GRID = cells(
    "problem batch_size sampling",
    [
        ("gaussian", 1, "without-replacement"),
        ("gaussian", 2, "without-replacement"),
        ("scaled", 2, "with-replacement"),
        ("gaussian", 3, "bernoulli"),
        ("low-rank", 2, "without-replacement"),
        ("low-rank", 3, "bernoulli"),
    ],
    **_SMALL,
)


def _named_quantities(
    problem: str, n: int, d: int, batch_size: int = 1, sampling: str = "", **_: Any
) -> dict[str, Any]:
    return hessian_quantities(_curvature(problem, n, d), batch_size, sampling)


# the number of samples stays that of the cells, where every batch is enumerated; instances are drawn at any size
USUAL = Domain(step_size=(0.005, 0.5))
_SAMPLED = Domain(n=(2, 12), d=(1, 6), batch_size=(1, 12), where="batch_size <= n")
positive = partial(Claim, kind=Kind.ORDER, predict=lambda **_: 1.0)
threshold = partial(
    Claim,
    source=_EXACT,
    kind=Kind.THRESHOLD,
    deterministic=True,
    measure=experiments.enumerated_growth,
    quantities=_named_quantities,
    tolerance=1e-6,
)
bound = partial(
    Claim,
    source=_TRACE,
    kind=Kind.BOUND,
    measure=experiments.threshold_without_replacement,
    domain=_SAMPLED,
    quantities=without_replacement,
    side="upper",
    instance=experiments.random_gradients,
)
divergence = partial(
    Claim,
    source=_COHERENCE,
    kind=Kind.BOUND,
    quantities=bernoulli,
    formula=closed_forms.coherence_divergence,
    side="upper",
)
sharpness = partial(Claim, source=_TRACE, kind=Kind.ASYMPTOTIC, tolerance=0.02, size="n")
settled = partial(
    Claim,
    source=_TRACE,
    kind=Kind.BOUND,
    measure=experiments.settled_sharpness,
    domain=USUAL,
    formula=closed_forms.settled,
    side="upper",
    first_draws=12,
    convention="half-mean-square",
)

CLAIMS = (
    threshold(
        "sgd-stability/exact-threshold",
        "SGD is mean-square stable exactly up to the step size where the second-moment map has spectral radius one.",
        predict=_threshold,
        domain=Domain(d=(3, 5), batch_size=(1, 6)),
        grid=_GRID,
        assumptions="linearised at an interpolating minimum; quadratic mean; range of the mean Hessian",
    ),
    threshold(
        "sgd-stability/full-batch",
        "With the whole batch the threshold is 2/λ_{max}.",
        predict=lambda problem, n, d, **_: 2 / _top(problem, n, d),
        domain=Domain(d=(1, 8)),
        formula=closed_forms.full_batch,
        grid=cells("sampling", ["without-replacement", "bernoulli"], problem="gaussian", **_SMALL, batch_size=6),
    ),
    Claim(
        "sgd-stability/second-moment",
        "The mean of ‖θ_t‖² follows the second-moment map at every step, for all three samplings.",
        source=_EXACT,
        kind=Kind.MEAN,
        predict=_second_moment,
        measure=experiments.second_moment_draw,
        domain=Domain(d=(2, 5), batch_size=(1, 6), step_size=(0.02, 0.5), steps=(1, 20)),
        quantities=_named_quantities,
        grid=cells(
            "sampling",
            ["without-replacement", "with-replacement", "bernoulli"],
            problem="gaussian",
            **_SMALL,
            batch_size=2,
            step_size=0.4,
            steps=5,
        ),
        tolerance=0.02,
        convention="half-mean-square",
    ),
    positive(
        "sgd-stability/threshold-grows-with-batch",
        "The threshold never falls when the batch grows.",
        source=_EXACT,
        measure=experiments.threshold_rise,
        grid=cells("batch_size", [1, 3], n=6, d=3),
    ),
    bound(
        "sgd-stability/trace-bound",
        "At batch size 1 with rank-one Hessians the threshold is at most 2/tr H.",
        predict=lambda G, batch_size, **_: float(stability_conditions(G, batch_size).trace),
        domain=Domain(n=(2, 12), d=(1, 6)),
        formula=closed_forms.trace_bound,
        grid=[{"n": 6, "d": 3, "batch_size": 1}],
    ),
    bound(
        "sgd-stability/rayleigh-bound",
        "The threshold is at most 2 tr H over the mean squared Frobenius norm of the sampled Hessian.",
        predict=lambda G, batch_size, **_: float(stability_conditions(G, batch_size).necessary),
        formula=closed_forms.rayleigh_bound,
        grid=cells("batch_size", [1, 3], n=6, d=3),
    ),
    bound(
        "sgd-stability/largest-gradient-bound",
        "The threshold is at least 2 over the largest squared gradient norm.",
        predict=lambda G, batch_size, **_: float(stability_conditions(G, batch_size).sufficient),
        formula=closed_forms.largest_gradient_bound,
        grid=cells("batch_size", [1, 3], n=6, d=3),
        side="lower",
    ),
    bound(
        "sgd-stability/frobenius-bound",
        "With Gaussian gradients and batch size 1 the loss can be stable up to a step of 1/(√2‖H‖_F) at most, so that "
        "stability bounds the Frobenius norm of H, whatever the dimension.",
        source=Source("wu2022alignment", "abstract, ‖H‖_F ≤ O(√B/η); the constant for Gaussian gradients derived"),
        predict=lambda G, **_: float(stability_conditions(G, 1).frobenius) / 2**0.5,
        domain=Domain(n=(800, 2000), d=(6, 8), decay_exponent=(0.0, 0.5)),
        formula=1 / (sp.sqrt(2) * sp.Symbol("frobenius", positive=True)),
        grid=cells("d decay_exponent", [(6, 0.0), (8, 0.5)], n=1000, batch_size=1),
        instance=lambda rng, batch_size, **p: experiments.gaussian_gradients(rng, **p),
        quick=(0,),
        first_draws=8,
        assumptions="many samples, so that fourth moments are Gaussian; one sample a step",
    ),
    threshold(
        "sgd-stability/trace-bound-is-attained",
        "Orthogonal gradients of equal norm attain the threshold 2/tr H at batch size 1.",
        source=_TRACE,
        predict=lambda problem, n, d, **_: 2 / float(np.sum(experiments.gradients(problem, n, d) ** 2) / n),
        domain=Domain(n=(1, 8), d=(1, 8), where="d >= n"),
        formula=closed_forms.trace_bound,
        grid=[{"problem": "orthogonal", "n": 4, "d": 4, "batch_size": 1, "sampling": "without-replacement"}],
    ),
    divergence(
        "sgd-stability/coherence-divergence",
        "Above σ(n/B − 1)^{−1/2}/λ_{max} or 2/λ_{max} the second moment diverges (Bernoulli sampling, coherence σ).",
        predict=lambda G, batch_size, **_: float(divergence_step_size(G, batch_size)),
        measure=experiments.threshold_under_bernoulli,
        domain=_SAMPLED.but(where="batch_size < n"),
        grid=cells("batch_size", [1, 2, 4], n=6, d=3),
        instance=experiments.random_gradients,
    ),
    divergence(
        "sgd-stability/coherence-divergence-cross-entropy",
        "The divergence condition holds for the Gauss-Newton Hessians of cross-entropy, which are not rank one.",
        predict=lambda H, batch_size, **_: float(divergence_step_size(H, batch_size)),
        measure=lambda rng, H, batch_size, **_: experiments.enumerated_threshold(H, batch_size, "bernoulli"),
        domain=Domain(n=(3, 8), d=(1, 3), batch_size=(1, 7), where="batch_size < n"),
        grid=cells("batch_size", [1, 2], n=5, d=2, classes=3),
        instance=experiments.softmax_hessians,
    ),
    threshold(
        "sgd-stability/group-threshold",
        "n/σ orthogonal groups of σ equal gradients have threshold 2σ/(λ_{max}(σ + n/B − 1)).",
        source=_COHERENCE,
        predict=lambda problem, n, d, **batch: float(
            group_threshold(_top(problem, n, d), coherence(experiments.gradients(problem, n, d)), n, **batch)
        ),
        domain=Domain(batch_size=(1, 6)),
        formula=closed_forms.group_threshold,
        grid=cells(
            "problem d batch_size",
            [("groups-2", 3, 1), ("groups-3", 2, 2), ("groups-6", 1, 3)],
            n=6,
            sampling="bernoulli",
        ),
    ),
    positive(
        "sgd-stability/almost-sure-is-weaker",
        "A single chain grows more slowly than the mean square: the mean is carried by rare chains.",
        source=_EXACT,
        measure=experiments.almost_sure_gap,
        grid=cells("factor", [0.8, 1.1], problem="gaussian", **_SMALL),
    ),
    Claim(
        "sgd-stability/converges-beyond-the-threshold",
        "Just above the mean-square threshold almost every chain still converges: the two notions are confused often.",
        source=_EXACT,
        kind=Kind.ORDER,
        predict=lambda **_: -1.0,
        measure=experiments.growth_beyond_threshold,
        grid=[{"problem": "gaussian", **_SMALL, "factor": 1.15}],
    ),
    sharpness(
        "sgd-stability/diagonal-network-sharpness",
        "Diagonal network, Gaussian inputs: tr H = 4‖w‖², and ‖H‖_F and λ_{max} in closed form.",
        predict=_diagonal,
        measure=experiments.diagonal_network_norms,
        domain=Domain(d=(2, 40), n=(500, 5000)),
        quantities=diagonal_quantities,
        formula=closed_forms.diagonal_sharpness,
        grid=cells("quantity", ["trace", "frobenius", "top_eigenvalue"], d=10, n=2000),
    ),
    sharpness(
        "sgd-stability/relu-network-sharpness",
        "Two-layer ReLU network, Gaussian inputs: tr H = ‖B‖²/2 + d‖a‖²/2; ‖H‖_F, λ_{max} in closed form.",
        predict=_relu,
        measure=experiments.relu_network_norms,
        domain=Domain(d=(2, 8), width=(2, 8), n=(500, 5000)),
        quantities=relu_quantities,
        grid=cells("quantity", ["trace", "frobenius", "top_eigenvalue"], d=4, width=5, n=500),
    ),
    positive(
        "sgd-stability/l1-norm",
        "For a diagonal network tr H is at least 4 times the ℓ₁ norm of β, so stability of SGD bounds that norm.",
        source=_TRACE,
        measure=experiments.l1_norm_gap,
        grid=cells("d", [5, 20]),
    ),
    positive(
        "sgd-stability/path-norm",
        "For a two-layer ReLU network tr H is at least √d times the path norm.",
        source=_TRACE,
        measure=experiments.path_norm_gap,
        grid=cells("d width", [(4, 5), (10, 3)]),
    ),
    settled(
        "sgd-stability/sgd-settles-below-the-trace-bound",
        "Trained by SGD with batch size 1, both networks settle where tr H is at most 2/η.",
        grid=cells(
            "network step_size scale steps",
            [("diagonal", 0.08, 0.3, 20000), ("relu", 0.03, 1.5, 5000)],
            quantity="trace",
            batch_size=1,
        ),
    ),
    settled(
        "sgd-stability/gradient-descent-ignores-the-trace",
        "Gradient descent settles with tr H above 2/η: only λ_{max} is bounded.",
        grid=cells(
            "network step_size batch_size scale steps",
            [("diagonal", 0.05, 10, 0.6, 4000), ("relu", 0.15, 40, 1.5, 1000)],
            quantity="trace",
        ),
        side="lower",
    ),
    settled(
        "sgd-stability/gradient-descent-settles-below-the-top-eigenvalue",
        "Gradient descent settles where λ_{max} is at most 2/η.",
        grid=cells(
            "network step_size batch_size scale steps",
            [("diagonal", 0.12, 10, 0.6, 4000), ("relu", 0.15, 40, 1.5, 1000)],
            quantity="top",
        ),
    ),
)
