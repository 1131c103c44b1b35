"""Claims about diffusions of Gaussian data: noising, its reversals, guidance by measurements and by classes."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from solvable.analysis.denoising import settings
from solvable.analysis.denoising.experiments import diffusions, samples
from solvable.analysis.denoising.settings import USUAL
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers import (
    diffusion_marginals,
    error_propagation,
    guidance_law,
    guided_sampling,
    latent_recovery,
    reverse_ode,
    reverse_sde_marginal,
)

__all__ = ["DIFFUSION_CLAIMS"]

_PROCESS = Source("song2021score")
_PATHS = Source("song2021score", "the Gaussian solution derived in docs/theory/denoising.md")
_GUIDED = Source("chung2023diffusion", "this law derived in docs/theory/denoising.md")
_LATENT = Source("rout2023solving", "the linear case derived in docs/theory/denoising.md")
_CLASSES = Source("ho2022classifier", "this law derived in docs/theory/denoising.md")
_INTEGRATED = "the equation is integrated to a relative error of 1e-11"

_s, _sn, _zeta, _t = sp.symbols("prior_variance measurement_noise guidance time", positive=True)
_TOTAL = sp.Rational(1, 10) * _t + sp.Rational(995, 100) * _t**2
_FORMS = {
    "vp": 1 - sp.exp(-_TOTAL),
    "sub-vp": (1 - sp.exp(-_TOTAL)) ** 2,
    "ve": sp.Rational(1, 10000) * (sp.Integer(5000) ** (2 * _t) - 1),
}


def _path(kind: str, mean: float, variance: float, time: float, begin: float) -> float:
    return float(reverse_ode([begin], mean, [[variance]], time, kind, 0.0)[0])


def _log_density(kind: str, mean: float, variance: float, time: float, begin: float) -> float:
    return float(-((begin - mean) ** 2) / (2 * variance) - np.log(2 * np.pi * variance) / 2)


def _reversal(kind: str, mean: float, variance: float, time: float, score_error: float, what: str) -> float:
    found = reverse_sde_marginal(mean, variance, time, score_error, kind, start_mean=0.3, start_variance=1.7)
    return float(getattr(found, what))


def _variance(kind: str, name: str, statement: str) -> Claim:
    return claim(
        f"denoising/{name}",
        statement,
        source=_PROCESS,
        kind=Kind.NUMERICAL,
        predict=lambda kind, time: float(diffusion_marginals(kind, time).variance),
        measure=lambda rng, kind, time: diffusions.integrated_variance(kind, time),
        formula=_FORMS[kind],
        grid=cells("time", [0.1, 0.5, 0.9], kind=kind),
        tolerance=1e-8,
        reason=_INTEGRATED,
    )


def _guided(what: str, statement: str, formula: Any) -> Claim:
    return claim(
        f"denoising/dps-{what}",
        statement,
        source=_GUIDED,
        kind=Kind.MEAN,
        predict=lambda prior_variance, measurement_noise, guidance: float(
            getattr(guided_sampling(prior_variance, measurement_noise, 1.0, guidance), what)
        ),
        measure=partial(diffusions.guided_moment, what=what),
        formula=formula,
        grid=cells("prior_variance measurement_noise", [(1.0, 0.25), (0.5, 0.5), (4.0, 1.0)], guidance=1.0),
        tolerance=0.02,
        assumptions="250 steps of a trapezoidal rule, 4,000 particles; the measurement is 1",
        quick=(1,),  # where neither exponential has run out
        domain=USUAL.but(guidance=(0.1, 3.0)),
    )


def _lost(rows: int, operator: Any, decoder: Any, truth: Any, start: Any) -> Any:
    return latent_recovery(operator, decoder, start, operator @ (decoder @ truth)).estimate


def _latent(rows: int, name: str, statement: str, predict: Any) -> Claim:
    return claim(
        f"denoising/{name}",
        statement,
        source=_LATENT,
        kind=Kind.NUMERICAL,
        predict=predict,
        measure=lambda rng, rows, **problem: samples.glued_descent(**problem),
        grid=[{"rows": rows}],
        instance=settings.drawn_problem,
        tolerance=1e-8,
        reason="descent until steps are below 1e-13",
        assumptions="8 dimensions, 3 latent ones; gradient and gluing residual with half a step each",
        domain=USUAL.but(rows=(rows, rows + 1e-9)),
    )


claim = partial(Claim, domain=USUAL)

DIFFUSION_CLAIMS = (
    _variance("vp", "vp-variance", "The variance-preserving process has added 1 − e^{−∫β}."),
    _variance("sub-vp", "sub-vp-variance", "The sub-VP process has added (1 − e^{−∫β})²."),
    _variance("ve", "ve-variance", "The variance-exploding process has added σ_t² − σ_0²."),
    claim(
        "denoising/probability-flow",
        "Along the probability flow a Gaussian's deviations from its mean grow as its standard deviation.",
        source=_PATHS,
        kind=Kind.NUMERICAL,
        predict=_path,
        measure=lambda rng, **cell: diffusions.integrated_path(**cell),
        grid=cells("kind", ["vp", "sub-vp", "ve"], mean=1.0, variance=2.0, time=0.5, begin=0.3),
        tolerance=1e-8,
        reason=_INTEGRATED,
    ),
    claim(
        "denoising/likelihood-along-the-flow",
        "The log-density of a point is that of where the flow takes it plus the integral of the flow's divergence.",
        source=_PROCESS,
        kind=Kind.NUMERICAL,
        predict=_log_density,
        measure=lambda rng, **cell: diffusions.flow_log_density(**cell),
        grid=cells("kind", ["vp", "sub-vp", "ve"], mean=1.0, variance=2.0, time=0.5, begin=0.3),
        tolerance=1e-8,
        reason=_INTEGRATED,
    ),
    claim(
        "denoising/score-error-scales-variance",
        "A score too large by a factor 1 + ε samples the variance s/(1 + 2ε), up to the memory of the start.",
        source=_PATHS,
        kind=Kind.NUMERICAL,
        predict=_reversal,
        measure=lambda rng, what, **cell: diffusions.integrated_reversal(**cell)[what == "variance"],
        grid=cells(
            "kind score_error what",
            [
                (kind, error, what)
                for kind in ("vp", "sub-vp", "ve")
                for error, what in ((0.1, "variance"), (-0.2, "mean"))
            ],
            mean=1.0,
            variance=2.0,
            time=0.1,
        ),
        tolerance=1e-8,
        reason=_INTEGRATED,
    ),
    _guided(
        "mean",
        "Diffusion posterior sampling of a Gaussian has the mean (1 − e^{−ζs/s_n})y.",
        1 - sp.exp(-_zeta * _s / _sn),
    ),
    _guided(
        "variance",
        "Diffusion posterior sampling of a Gaussian has the variance (s_n/(2ζ))(1 − e^{−2ζs/s_n}).",
        _sn / (2 * _zeta) * (1 - sp.exp(-2 * _zeta * _s / _sn)),
    ),
    claim(
        "denoising/no-scale-repairs-dps",
        "The guidance that gives the posterior's mean leaves the variance too large.",
        source=_GUIDED,
        kind=Kind.ORDER,
        predict=lambda prior_variance, measurement_noise: 1.0,
        measure=diffusions.guided_excess,
        grid=cells("prior_variance measurement_noise", [(1.0, 0.25), (0.5, 0.5), (4.0, 1.0)]),
        assumptions="by the factor (1 + r)(1 − (1 + r)^{−2})/(2 ln(1 + r)), r = s/s_n: 1.49 at r = 4, 1.08 at r = 1",
        quick=(0, 1),
    ),
    _latent(
        4,
        "latent-recovery",
        "With as many measurements as latent dimensions descent recovers the latent vector.",
        lambda rows, operator, decoder, truth, start: truth,
    ),
    _latent(2, "latent-loses-null-space", "With fewer, the start's part in the null space of AS stays.", _lost),
    *(
        claim(
            f"denoising/guidance-{what}",
            statement,
            source=_CLASSES,
            kind=Kind.NUMERICAL,
            predict=lambda scale, variance, sampler, what=what: float(
                getattr(guidance_law(scale, 1.0, 1.0, 0.0, variance, sampler), what)
            ),
            measure=lambda rng, scale, variance, sampler, what=what: diffusions.integrated_guidance(
                scale, variance, sampler
            )[what == "variance"],
            grid=cells(
                "scale variance sampler",
                [(3.0, 4.0, "ode"), (3.0, 4.0, "sde"), (2.0, 0.3, "ode"), (2.0, 0.3, "sde"), (0.5, 4.0, "ode")],
            ),
            tolerance=1e-4,
            reason="started at a ratio of noise to signal of 1e10, where the means have one part in 1e5 left to go",
        )
        for what, statement in (
            (
                "mean",
                "Classifier-free guidance between two Gaussians moves the mean by a factor that is not its scale.",
            ),
            ("variance", "The deterministic guided sampler has the variance s^{1−γ}s_c^γ, which no tilted law has."),
        )
    ),
    claim(
        "denoising/error-propagation",
        "The error of a chain of linear steps is the sum of the steps' errors, each times the gains after it.",
        source=Source("li2024error", "the linear case, elementary"),
        kind=Kind.EXACT,
        predict=lambda steps, gains, errors: float(error_propagation(gains, errors).contributions.sum()),
        measure=lambda rng, steps, gains, errors: samples.perturbed_chain(gains, errors),
        grid=cells("steps", [5, 20]),
        instance=settings.drawn_chain,
        absolute_tolerance=1e-11,
        domain=USUAL.but(steps=(2, 30)),
    ),
)
