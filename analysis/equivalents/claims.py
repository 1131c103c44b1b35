"""Claims about derived equivalents: what is simulated is the model itself, fitted on drawn data."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from solvable.analysis.equivalents import closed_forms, experiments, models
from solvable.analysis.equivalents.closed_forms import ENSEMBLE, EXCESS, MARCHENKO_PASTUR, SOLVED, WEIGHTED
from solvable.analysis.equivalents.deriving import derive
from solvable.analysis.equivalents.settings import USUAL
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers.equivalents.trace_expression import Trace

__all__ = ["CLAIMS"]

_DERIVED = Source("helton2018applications", "derived in docs/theory/equivalents.md")


def _value(model: Callable[..., Trace]) -> Callable[..., float]:
    """Value of what is derived for a model."""
    return lambda **parameters: float(derive(model(**parameters)).value)


def _better_weights(n: int, lam: float, exponent: float, ratio: float) -> float:
    """Sign of the excess at other weights less that at inverse variances."""
    other, inverse = (float(derive(models.weighted_least_squares(n, lam, e, ratio)).value) for e in (exponent, 1.0))
    return 1.0 if other > inverse else -1.0


limit = partial(
    Claim, source=_DERIVED, kind=Kind.ASYMPTOTIC, size="n", tolerance=0.02, domain=USUAL, first_draws=8,
    assumptions="Gaussian inputs; sizes grow in proportion; the relative error is O(1/n)",
)  # fmt: skip
same = partial(Claim, source=_DERIVED, kind=Kind.EXACT, tolerance=1e-9, domain=USUAL)

_LIMITS: tuple[Any, ...] = (
    limit(
        "equivalents/marchenko-pastur",
        "The trace of ΣQ for the resolvent Q of a sample covariance, derived, is that of large samples.",
        predict=_value(models.marchenko_pastur),
        measure=experiments.marchenko_pastur_draw,
        grid=[{"n": 40, "lam": 0.1}],
        formula=MARCHENKO_PASTUR,
        quantities=closed_forms.marchenko_pastur_quantities,
    ),
    limit(
        "equivalents/ridge",
        "The excess risk of ridge regression, derived from its two traces, is that of fits on large samples.",
        predict=_value(models.ridge),
        measure=experiments.ridge_draw,
        grid=[{"n": 40, "lam": 0.05, "noise_variance": 0.5}],
        formula=EXCESS,
        quantities=closed_forms.decaying_quantities,
    ),
    limit(
        "equivalents/random-features",
        "The excess risk of ridge regression on random features, derived from four traces, is that of large fits.",
        predict=_value(models.random_features),
        measure=experiments.random_features_draw,
        grid=[{"n": 40, "lam": 0.03, "noise_variance": 0.2}],
    ),
    limit(
        "equivalents/deep-linear-features",
        "The excess risk on two random linear layers, derived, is that of large fits.",
        predict=_value(models.deep_linear_features),
        measure=experiments.deep_linear_features_draw,
        grid=[{"n": 40, "lam": 0.05, "noise_variance": 0.3}],
    ),
    limit(
        "equivalents/covariate-shift",
        "The excess risk under another covariance, nothing commuting, derived, is that of large fits.",
        predict=_value(models.covariate_shift),
        measure=experiments.covariate_shift_draw,
        grid=[{"n": 40, "lam": 0.1, "noise_variance": 0.4}],
        domain=USUAL.but(n=(20, 160)),
    ),
    limit(
        "equivalents/real-and-synthetic",
        "The excess risk on real samples and synthetic ones of another covariance, noise and teacher is derived.",
        predict=_value(models.real_and_synthetic),
        measure=experiments.real_and_synthetic_draw,
        grid=cells("share", [0.6, 1.5], n=40, lam=0.1),
        quick=(0,),
    ),
    limit(
        "equivalents/tangent-kernel",
        "The training loss on the linearised tangent kernel of a random two-layer network is derived.",
        predict=_value(models.tangent_kernel),
        measure=experiments.tangent_kernel_draw,
        grid=[{"n": 40, "lam": 0.05, "noise_variance": 0.2}],
    ),
    limit(
        "equivalents/spike",
        "The excess risk with one large variance that the target is aligned with is derived.",
        predict=_value(models.spike),
        measure=experiments.spike_draw,
        grid=[{"n": 40, "lam": 0.2, "noise_variance": 0.1}],
        tolerance=0.05,
        formula=EXCESS,
        quantities=closed_forms.spike_quantities,
    ),
    limit(
        "equivalents/weighted-heteroscedastic",
        "Weighted ridge regression under heteroscedastic noise has the excess (κ²b + a_ν df₂/na²)/(1 − a₂ df₂/na²).",
        predict=_value(models.weighted_least_squares),
        measure=experiments.weighted_draw,
        grid=[{"n": 40, "lam": 0.02}],
        formula=WEIGHTED,
        quantities=closed_forms.weighted_quantities,
    ),
    limit(
        "equivalents/one-step-features",
        "The excess risk on random features after a rank-one step of the first layer is derived.",
        predict=_value(models.one_step_features),
        measure=experiments.one_step_draw,
        grid=cells("strength", [2.0, 0.5], n=40, lam=0.1, noise_variance=0.1),
        tolerance=0.05,
        domain=USUAL.but(n=(20, 100)),
        quick=(0,),
    ),
    limit(
        "equivalents/ensemble-cross-term",
        "Errors of two ridge fits with a share c of samples in common have mean product (κ²nb + cσ²df₂)/(n − c df₂).",
        predict=_value(models.ensemble),
        measure=experiments.ensemble_draw,
        grid=cells("overlap", [0.5, 0.9], n=40, lam=0.05, noise_variance=0.5),
        formula=ENSEMBLE,
        quantities=closed_forms.decaying_quantities,
        domain=USUAL.but(counts={"overlap": "n"}),
        quick=(0,),
    ),
    limit(
        "equivalents/relu-universality",
        "The kernel of centred ReLU features has the resolvent of its Gaussian equivalent μ₁XWᵀ + μ₂Θ.",
        predict=_value(models.relu_features),
        measure=experiments.relu_draw,
        grid=[{"n": 50, "lam": 0.05}],
        assumptions="inputs on a sphere; features without their mean; sizes grow in proportion",
    ),
)

_WEIGHTS = (
    Claim(
        "equivalents/best-weights",
        "Weights 1/ν of samples with noise ν beat equal weights, and 1/ν² at d = n/2; at d = 1.2 n 1/ν² beat them.",
        source=_DERIVED,
        kind=Kind.ORDER,
        predict=_better_weights,
        measure=experiments.weights_contrast,
        grid=cells("exponent ratio", [(0.0, 0.5), (2.0, 0.5), (0.0, 1.2), (2.0, 1.2)], n=100, lam=0.02),
        domain=USUAL.but(n=(50, 400)),
        assumptions="ridge 0.02, not tuned; noise variances from 0.5 to 5",
    ),
)

_CELLS: dict[str, dict[str, float]] = {
    "marchenko-pastur": {"lam": 0.1},
    "ridge": {"lam": 0.05, "noise_variance": 0.5},
    "random-features": {"lam": 0.03, "noise_variance": 0.2},
    "deep-linear-features": {"lam": 0.05, "noise_variance": 0.3},
    "covariate-shift": {"lam": 0.1, "noise_variance": 0.4},
    "spike": {"lam": 0.2, "noise_variance": 0.1},
}
_SAME = tuple(
    same(
        f"equivalents/{name}-is-that-of-our-solver",
        f"The derived equivalent of {name.replace('-', ' ')} is what the solver of that model gives.",
        predict=SOLVED[name],
        measure=partial(experiments.compiled, name),
        grid=cells("n", [60, 100], **numbers),
        assumptions="two paths to one equation: the solver's own root, and the general compiler's Dyson equation",
        domain=USUAL.but(n=(20, 160)),
    )
    for name, numbers in _CELLS.items()
)

CLAIMS: tuple[Any, ...] = (*_LIMITS, *_WEIGHTS, *_SAME)
