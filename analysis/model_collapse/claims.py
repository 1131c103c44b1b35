"""Claims about regression on labels of earlier regressions, each against chains of fitted generators.

Exact claims use Gaussian rows and the n - d - 1 of the inverse-Wishart mean; deterministic equivalents are extrapolated
over n, 2n, 4n and held to 2 to 3 %.
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
import sympy as sp

from solvable.analysis.derivation.quantities import ridge_quantities
from solvable.analysis.model_collapse import closed_forms, experiments
from solvable.analysis.model_collapse.quantities import generator_quantities, iterated_quantities
from solvable.analysis.model_collapse.settings import USUAL, eigenvalues
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import (
    Spectrum,
    collapse_exponents,
    interpolating_generators,
    iterated_least_squares_excess,
    iterated_regression_risk,
    ridge_risk,
    synthetic_noise_gain,
)

__all__ = ["CLAIMS"]

_EXACT = Source("dohmatob2024model", "finite size derived in docs/theory/model_collapse.md")
_RECURSION = Source("dohmatob2024model", "recursion derived in docs/theory/model_collapse.md")
_SCALING = Source("dohmatob2024model", "exponents as recalled")


@cache
def _spectrum(covariance: str, size: int) -> Spectrum:
    s = eigenvalues(covariance, size)
    return Spectrum(s, s / s.size)


def _excess(
    n: int, gamma: float, lam: float, covariance: str, rows: float, generations: int, noise_variance: float,
    generator_noise: float, generator_lam: float = 0.0, same_data: bool = False,
) -> float:  # fmt: skip
    size = round(gamma * n)
    samples = round(rows * size)
    risk = iterated_regression_risk(
        _spectrum(covariance, size), n, n * lam, generations, samples, noise_variance, generator_noise,
        generator_ridge=samples * generator_lam, same_data=same_data,
    )  # fmt: skip
    return float(risk.excess)


def _linear(n: int, gamma: float, lam: float, covariance: str, rows: float, generations: int, **noise: float) -> float:
    """Clean excess plus generations times noise times rho."""
    size = round(gamma * n)
    spectrum = _spectrum(covariance, size)
    clean = float(ridge_risk(spectrum, n, n * lam, noise["noise_variance"]).excess)
    gain = float(synthetic_noise_gain(spectrum, n, n * lam, round(rows * size), finite_size=True))
    return clean + generations * noise["generator_noise"] * gain


def _gain(n: int, d: int, lam: float, generator_samples: int, generator_noise: float, **_: int) -> float:
    spectrum = _spectrum("spread", d)
    return generator_noise * float(synthetic_noise_gain(spectrum, n, n * lam, generator_samples, finite_size=True))


def _generator(d: int, rows: int, generations: int, generator_noise: float, quantity: str, same_data: bool) -> float:
    found = interpolating_generators(rows, d, generations, generator_noise, same_data=same_data)
    return float(getattr(found, quantity))


def _exponent(capacity: float, smoothness: float, ridge_exponent: float, quantity: str, **_: int) -> float:
    return float(getattr(collapse_exponents(capacity, smoothness, ridge_exponent), quantity))


def _adaptive(
    capacity: float, smoothness: float, noise_growth: float, clean: float, adaptive: float, **_: int
) -> float:
    """Plus one where the exponents compared are the predicted ones: then the first error is the larger."""
    found = collapse_exponents(capacity, smoothness, 0.1, noise_growth)
    return 1.0 if np.allclose([clean, adaptive], [float(found.clean), float(found.adaptive)], rtol=1e-12) else -1.0


def _linear_quantities(
    n: int, lam: float, covariance: str = "spread", gamma: float = 0.0, d: int = 0, rows: float = 0.0, **_: Any
) -> dict[str, Any]:
    size = d or round(gamma * n)
    found = ridge_quantities(_spectrum(covariance, size), n, lam)
    # rows, where they are given, are a share of the dimension: authors count them
    return found | ({"generator_samples": round(rows * size)} if rows else {})


def _iterated_quantities(
    n: int, gamma: float, lam: float, covariance: str, rows: float, generations: int, generator_noise: float, **p: Any
) -> dict[str, Any]:
    size = round(gamma * n)
    return iterated_quantities(_spectrum(covariance, size), n, lam, round(rows * size), generations, generator_noise,
                               p.get("generator_lam", 0.0), p.get("same_data", False))  # fmt: skip


_RATIOS = {"gamma": "n", "rows": "gamma*n"}
_ROWS = USUAL.but(rows=(2, 60), where="rows < d - 1")
_FEWER = USUAL.but(counts=_RATIOS, rows=(0.2, 0.9), generations=(0, 5), n=(30, 60), where="gamma*n*(1 - rows) > 1.5")
_POWER_LAW = Domain(
    n=(40, 400),
    capacity=(1.2, 4.0),
    smoothness=(0.2, 2.0),
    ridge_exponent=(0.1, 3.0),
    where="ridge_exponent < capacity",
)
n, d, rows, t, sigma2, label = sp.symbols(
    "n d generator_samples generations noise_variance generator_noise", positive=True
)
_COMMON = {"n": 40, "covariance": "spread", "noise_variance": 0.2, "generator_noise": 0.2}

generator = partial(
    Claim,
    source=_EXACT,
    kind=Kind.MEAN,
    predict=_generator,
    measure=experiments.generator_draw,
    domain=_ROWS,
    tolerance=0.02,
)
chain = partial(
    Claim,
    source=_RECURSION,
    kind=Kind.ASYMPTOTIC,
    measure=experiments.excess_draw,
    tolerance=0.02,
    size="n",
    quick=(0,),
)
recursion = partial(
    chain, predict=_excess, domain=_FEWER, formula=closed_forms.iterated, quantities=_iterated_quantities
)
exponent = partial(
    Claim,
    source=_SCALING,
    kind=Kind.RATE,
    predict=_exponent,
    measure=experiments.power_law_draw,
    domain=_POWER_LAW,
    size="n",
    quick=(0,),
)

CLAIMS = (
    Claim(
        "model-collapse/least-squares",
        "Least squares after t generations: the errors of all fits add, linearly in t; any covariance.",
        source=_EXACT,
        kind=Kind.MEAN,
        predict=lambda covariance, **p: float(iterated_least_squares_excess(**p)),
        measure=experiments.least_squares_draw,
        domain=USUAL.but(where="d < n - 1 and d < generator_samples - 1"),
        grid=cells(
            "n d covariance generator_samples generations",
            [(60, 20, "spread", 36, 5), (60, 20, "isotropic", 36, 0), (90, 20, "spread", 60, 20)],
            noise_variance=0.3,
            generator_noise=0.3,
        ),
        tolerance=0.03,
        formula=sigma2 * d / (n - d - 1) + t * label * d / (rows - d - 1),
        quick=(0, 1),
    ),
    chain(
        "model-collapse/ridge-after-least-squares",
        "Ridge after t least-squares generators: the clean error plus tσ₀²ρ, generators exact at any size.",
        predict=_linear,
        domain=USUAL.but(counts=_RATIOS, rows=(1.2, 4.0), where="gamma*n*(rows - 1) > 1.5"),
        formula=closed_forms.linear_growth,
        quantities=_linear_quantities,
        grid=cells(
            "gamma lam rows generations", [(1.0, 0.2, 2.0, 5), (2.0, 0.1, 1.5, 3), (0.5, 0.1, 3.0, 0)], **_COMMON
        ),
    ),
    Claim(
        "model-collapse/growth-a-generation",
        "With more rows than dimensions every generation adds the same error, σ₀²ρ.",
        source=_RECURSION,
        kind=Kind.MEAN,
        predict=_gain,
        measure=experiments.linear_growth_draw,
        domain=USUAL.but(where="d < generator_samples - 1 and first < second", n=(30, 200)),
        formula=closed_forms.growth,
        quantities=_linear_quantities,
        grid=cells("first second", [(0, 5), (5, 10)], n=200, d=40, lam=0.1, generator_samples=80, generator_noise=0.5),
        tolerance=0.04,
        quick=(0,),
        assumptions="ρ itself is a deterministic equivalent: 1/n of its error is part of the tolerance",
    ),
    recursion(
        "model-collapse/interpolating-generators",
        "Generators with fewer rows than dimensions (least norm, fresh rows) lose the signal: the recursion holds.",
        grid=cells(
            "gamma lam rows generations", [(1.0, 0.2, 0.5, 3), (2.0, 0.1, 0.5, 1), (0.5, 0.1, 0.7, 4)], **_COMMON
        ),
    ),
    recursion(
        "model-collapse/same-data",
        "Interpolating generators that all see the same rows project once and then only add noise.",
        grid=cells(
            "gamma lam rows generations same_data", [(0.5, 0.2, 0.5, 3, True), (1.0, 0.1, 0.5, 5, True)], **_COMMON
        ),
        sizes=(1, 3, 9),  # what a slower correction would change is excluded with fewer draws
    ),
    recursion(
        "model-collapse/ridge-generators",
        "The recursion over generations holds for generators fitted with a ridge.",
        domain=_FEWER.but(rows=(0.3, 4.0), where="gamma*n*rows > 1.5"),
        grid=cells(
            "gamma lam rows generations generator_lam", [(1.0, 0.2, 0.75, 3, 0.2), (0.5, 0.1, 2.0, 5, 0.1)], **_COMMON
        ),
    ),
    generator(
        "model-collapse/exponential-collapse",
        "Isotropic interpolating generators: the power of the signal falls as (n₀/d)^t and noise builds up, exactly.",
        quantities=generator_quantities,
        grid=cells(
            "generations generator_noise quantity",
            [(4, 0.0, "error"), (2, 0.3, "power"), (4, 0.3, "error")],
            d=40,
            rows=20,
            same_data=False,
        ),
        quick=(0, 1),
    ),
    generator(
        "model-collapse/same-data-keeps-the-projection",
        "Where all generators see the same rows the signal is projected once; only the noise grows, linearly, exactly.",
        formula=closed_forms.kept_projection,
        domain=_ROWS.but(generations=(1, 20)),  # before the first fit nothing is projected
        grid=cells(
            "generations generator_noise quantity",
            [(4, 0.0, "error"), (4, 0.3, "error")],
            d=40,
            rows=20,
            same_data=True,
        ),
    ),
    exponent(
        "model-collapse/bias-exponent",
        "On power laws with ridge λ = n^{−ℓ} the bias falls as n^{−2ℓ min(r, 1)}.",
        formula=closed_forms.bias_exponent,
        grid=cells(
            "n capacity smoothness ridge_exponent modes",
            [(50, 1.5, 1.0, 1.0, 800), (100, 2.0, 0.5, 0.3, 400)],
            quantity="bias",
        ),
        tolerance=0.08,
        sizes=(1, 3, 9),
        assumptions="cells where the drift of the local slope (the deterministic equivalent has it too) is below 4 %",
    ),
    exponent(
        "model-collapse/variance-exponent",
        "On power laws with ridge λ = n^{−ℓ} the variance falls as n^{−(1 − ℓ/β)}.",
        formula=closed_forms.variance_exponent,
        grid=cells(
            "n capacity smoothness ridge_exponent modes",
            [(60, 3.0, 0.5, 1.5, 120), (60, 4.0, 0.5, 2.0, 100)],
            quantity="variance",
        ),
        tolerance=0.06,
        sizes=(1, 3, 9),
        assumptions="cells where the drift of the local slope (the deterministic equivalent has it too) is below 3 %",
    ),
    Claim(
        "model-collapse/adaptive-ridge",
        "After labels with tσ₀² = n^b the ridge exponent (1 − b)ℓ beats ℓ, the best one without them.",
        source=Source("dohmatob2024model", "adaptive exponent derived in docs/theory/model_collapse.md"),
        kind=Kind.ORDER,
        predict=_adaptive,
        measure=experiments.adaptive_gain_draw,
        grid=cells(
            "noise_growth generations clean adaptive",
            [(0.25, 2, 0.6, 0.45), (0.5, 5, 0.6, 0.3)],
            n=200,
            capacity=1.5,
            smoothness=0.5,
        ),
        quick=(1,),
    ),
)
