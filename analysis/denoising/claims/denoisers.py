"""Claims about denoisers, autoencoders and chains of them, and about the rows they learn from."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import sympy as sp

from solvable.analysis.denoising import settings
from solvable.analysis.denoising.experiments import densities, samples
from solvable.analysis.denoising.settings import USUAL
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers import (
    contractive_reconstruction,
    denoising_chain,
    em_prior,
    fewest_samples,
    mixture_denoiser,
    mixture_information,
    mode_interpolation,
    subspace_denoiser,
    subspace_recovery,
    worth_exponent,
)

__all__ = ["DENOISER_CLAIMS"]

_AUTOENCODER = Source("alain2014regularized")
_CONTRACTIVE = Source("alain2014regularized", "its Gaussian minimiser derived in docs/theory/denoising.md")
_CHAIN = Source("bengio2013generalized")
_GAUSSIAN_CHAIN = Source("bengio2013generalized", "the Gaussian case derived in docs/theory/denoising.md")
_SUBSPACES = Source("wang2024subspace")
_RANDOM = Source("wang2024subspace", "this form derived in docs/theory/denoising.md")
_SEVERAL = Source("wang2024subspace", "observation of this project")
_NOISY = Source("daras2025noisy", "this model derived in docs/theory/denoising.md")

_BETWEEN = Source("aithal2024understanding", "this model of it derived in docs/theory/denoising.md")
_PRIOR = Source("rozet2024learning", "its Gaussian case, classical")

_v, _noise, _std, _n, _d, _rows = sp.symbols("variance noise std n d rows", positive=True)
_missing = _d - _rows


def _score(dim: int, components: int, noise_variance: float, x: Any, **law: Any) -> Any:
    found = mixture_denoiser(x, law["weights"], law["means"], law["covariances"], noise_variance)
    return (found.estimate - x) / noise_variance


def _spread(dim: int, components: int, noise_variance: float, x: Any, **law: Any) -> Any:
    """Derivative of the denoiser by central differences of four points, times the noise variance."""
    h = 1e-3
    shifts = h * np.concatenate([np.eye(dim) * k for k in (-2, -1, 1, 2)])
    r = mixture_denoiser(x + shifts, law["weights"], law["means"], law["covariances"], noise_variance).estimate
    low2, low, high, high2 = r.reshape(4, dim, dim)
    return noise_variance * (8 * (high - low) - (high2 - low2)) / (12 * h)


def _leading(rows: int, dim: int, subspace: int, scale: float, noise: float, X: Any) -> Any:
    right = np.linalg.svd(X)[2][:subspace]
    return right.T @ right


def _projected(scale: float, noise: float, bases: Any, x: Any) -> float:
    found = subspace_denoiser(x, bases, [0.2, 0.3, 0.5], scale, noise).estimate
    return float(found @ x / (x @ x))


claim = partial(Claim, domain=USUAL)

DENOISER_CLAIMS = (
    claim(
        "denoising/tweedie",
        "The best denoiser moves a point by the noise variance times the score of the noised density.",
        source=_AUTOENCODER,
        kind=Kind.EXACT,
        predict=_score,
        measure=lambda rng, dim, components, noise_variance, x, **law: densities.score(
            **law, x=x, noise_variance=noise_variance
        ),
        grid=cells("dim components noise_variance", [(3, 1, 0.5), (3, 4, 0.5), (5, 3, 0.05), (1, 2, 2.0)]),
        instance=lambda rng, dim, components, noise_variance: settings.drawn_mixture(rng, dim, components),
        tolerance=1e-12,
    ),
    claim(
        "denoising/second-order-tweedie",
        "The derivative of the denoiser, times the noise variance, is the posterior covariance.",
        source=Source("alain2014regularized", "the second derivative of the same identity, derived"),
        kind=Kind.NUMERICAL,
        predict=_spread,
        measure=lambda rng, dim, components, noise_variance, x, **law: densities.posterior_spread(
            **law, x=x, noise_variance=noise_variance
        ),
        grid=cells("dim components noise_variance", [(3, 1, 0.5), (3, 4, 0.5)]),
        instance=lambda rng, dim, components, noise_variance: settings.drawn_mixture(rng, dim, components),
        tolerance=1e-7,
        reason="the derivative is a difference of four points, 1e-3 apart",
        domain=USUAL.but(noise_variance=(0.2, 10.0)),
    ),
    claim(
        "denoising/score-error-is-noise-variance",
        "The score read off a denoiser misses that of the clean density by an error in proportion to σ².",
        source=_AUTOENCODER,
        kind=Kind.RATE,
        predict=lambda precision, place: -1.0,
        measure=lambda rng, precision, place: densities.score_gap(precision, place),
        grid=cells("place", [0.4, -1.5], precision=1e3),
        sizes=(1, 10, 100),
        size="precision",
        tolerance=0.02,
        deterministic=True,
    ),
    claim(
        "denoising/contractive-equals-denoising",
        "For Gaussian data the contractive loss and the denoising loss have the same minimiser, x v/(v + τ²).",
        source=_CONTRACTIVE,
        kind=Kind.NUMERICAL,
        predict=lambda variance, noise_variance, place: float(
            contractive_reconstruction([place], 0.0, [[variance]], noise_variance)[0]
        ),
        measure=lambda rng, variance, noise_variance, place: densities.grid_minimiser(variance, noise_variance, place),
        grid=cells("variance noise_variance place", [(1.5, 0.3, 1.0), (1.0, 2.0, -0.5), (0.5, 0.05, 0.25)]),
        formula=sp.Symbol("place") * _v / (_v + sp.Symbol("noise_variance", positive=True)),
        tolerance=1e-5,
        reason="all functions on a grid of 20,001 points",
        domain=USUAL.but(noise_variance=(0.05, 5.0)),
    ),
    claim(
        "denoising/chain-stationary",
        "The chain that adds noise and draws from the posterior has the law of the data as its stationary law.",
        source=_CHAIN,
        kind=Kind.MEAN,
        predict=lambda variance, noise: float(denoising_chain([[variance]], noise).stationary[0, 0]),
        measure=lambda rng, variance, noise: densities.chain_variance(rng, variance, noise),
        grid=cells("variance noise", [(1.5, 0.5), (0.5, 2.0)]),
        formula=_v,
        tolerance=0.02,
        domain=USUAL.but(noise=(0.5, 3.0), variance=(0.2, 2.0)),
        assumptions="200 steps away from the start at 0",
    ),
    claim(
        "denoising/slow-mode",
        "One step of that chain correlates with the last by v/(v + τ²): little noise mixes slowly.",
        source=_GAUSSIAN_CHAIN,
        kind=Kind.MEAN,
        predict=lambda variance, noise: denoising_chain([[variance]], noise).slow_mode,
        measure=lambda rng, variance, noise: densities.chain_autocorrelation(rng, variance, noise),
        grid=cells("variance noise", [(1.5, 0.5), (0.5, 2.0)]),
        formula=_v / (_v + _noise**2),
        tolerance=0.02,
    ),
    claim(
        "denoising/any-corruption-chain",
        "Whatever the corruption, corrupting and drawing from the posterior in turn ends at the law of the data.",
        source=_CHAIN,
        kind=Kind.EXACT,
        predict=lambda states, law, corruption: law,
        measure=lambda rng, states, law, corruption: densities.product_chain(law, corruption),
        grid=cells("states", [6, 2]),
        instance=settings.any_corruption,
        tolerance=1e-11,
    ),
    claim(
        "denoising/subspace-denoiser",
        "The posterior mean of a point on one of three subspaces is the weighted sum of its projections.",
        source=_SUBSPACES,
        kind=Kind.MEAN,
        predict=_projected,
        measure=densities.importance_estimate,
        grid=cells("scale noise", [(1.0, 0.5), (0.5, 1.0)]),
        instance=settings.noisy_point,
        tolerance=0.005,
        domain=USUAL.but(noise=(0.3, 3.0), scale=(0.2, 2.0)),
        assumptions="5 dimensions, subspaces of 1, 2 and 2; 50,000 weighted points a draw",
        quick=(0,),
    ),
    claim(
        "denoising/one-subspace-is-pca",
        "The best denoiser that projects on one subspace takes the leading principal components, at any noise level.",
        source=_SUBSPACES,
        kind=Kind.NUMERICAL,
        predict=_leading,
        measure=lambda rng, rows, dim, subspace, scale, noise, X: densities.best_basis(rng, X, subspace, scale, noise),
        grid=cells("noise", [0.1, 1.0, 3.0], rows=12, dim=6, subspace=2, scale=1.0),
        instance=lambda rng, rows, dim, **_: settings.training_rows(rng, rows, dim),
        tolerance=1e-4,
        reason="BFGS over bases, by numerical derivatives",
        domain=USUAL.but(dim=(4, 6)),
    ),
    claim(
        "denoising/transition-at-d",
        "A subspace is recovered exactly as soon as the rows are as many as its dimensions.",
        source=_SUBSPACES,
        kind=Kind.THRESHOLD,
        predict=lambda n, d: float(fewest_samples(d)[0]) / d,
        measure=samples.more_than_half,
        grid=cells("d", [4, 8], n=48),
        tolerance=0.05,
        deterministic=True,
        assumptions="at = rows/d, without noise",
        domain=USUAL.but(n=(48, 49), d=(4, 8)),
    ),
    claim(
        "denoising/missing-directions",
        "With fewer rows the squared distance is 2m(1 − m/(n − d + m)), m = d − N, completed at random.",
        source=_RANDOM,
        kind=Kind.MEAN,
        predict=lambda n, d, rows: float(subspace_recovery(n, d, rows).error) ** 2,
        measure=samples.missing_square,
        grid=cells("d rows", [(4, 2), (4, 3), (8, 6), (8, 7)], n=48),
        tolerance=0.01,
        assumptions="√(2m) itself is a bound, 4 % above; reached by orthogonal completions",
        formula=2 * _missing * (1 - _missing / (_n - _rows)),
        domain=USUAL.but("rows < d and d < n", n=(20, 100), d=(2, 10), rows=(1, 9)),
    ),
    claim(
        "denoising/missing-directions-at-most",
        "With N < d rows no completion is farther from the subspace than √(2(d − N)).",
        source=_SUBSPACES,
        kind=Kind.BOUND,
        predict=lambda n, d, rows: float(subspace_recovery(n, d, rows).bound),
        measure=lambda rng, n, d, rows: float(np.sqrt(samples.missing_square(rng, n, d, rows, trials=1))),
        grid=cells("d rows", [(4, 2), (8, 7)], n=48),
        side="upper",
        formula=sp.sqrt(2 * _missing),
        domain=USUAL.but("rows < d and d < n", n=(20, 100), d=(2, 10), rows=(1, 9)),
    ),
    claim(
        "denoising/several-need-one-more",
        "Two subspaces are hardly ever told apart from as many rows as dimensions each, and always from one more.",
        source=_SEVERAL,
        kind=Kind.THRESHOLD,
        predict=lambda n, d: float(fewest_samples([d, d])[0]) / d,
        measure=samples.told_apart,
        grid=cells("n d", [(30, 3)]),
        tolerance=0.05,
        bounds=(-0.5, 0.5),
        first_draws=8,
        assumptions="at = rows/d, without noise, 20 restarts; shares of success 0 to 0.2 and 1, less a half",
        domain=USUAL.but(n=(30, 31), d=(3, 4)),
    ),
    claim(
        "denoising/noise-smooths-the-transition",
        "With noise of 0.05 a subspace is still far from recovered from as many rows as dimensions.",
        source=_SEVERAL,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=samples.smoothed,
        grid=cells("d", [4, 8], n=48, noise=0.05),
        assumptions="distances 1.18 and 1.40 at N = d, 0.5 to 0.7 at d + 4; without noise 0",
    ),
    claim(
        "denoising/noisy-sample-worth",
        "A row of ±μ in noise has the information E[((x tanh(xμ/σ²) − μ)/σ²)²] on μ.",
        source=_NOISY,
        kind=Kind.MEAN,
        predict=lambda mean, std: float(mixture_information(mean, std)),
        measure=samples.measured_information,
        grid=cells("mean std", [(1.0, 0.5), (1.0, 1.0), (1.0, 4.0)]),
        tolerance=0.02,
        domain=USUAL.but(std=(0.1, 10.0)),
    ),
    claim(
        "denoising/hidden-information",
        "Where the noise hides the components the information is 2μ²/σ⁴: a row is worth σ^{−4}.",
        source=_NOISY,
        kind=Kind.ASYMPTOTIC,
        predict=lambda mean, std: 2.0,
        measure=lambda rng, mean, std: std**4 / mean**2 * samples.measured_information(rng, mean, std),
        grid=cells("mean", [1.0], std=4.0),
        tolerance=0.03,
        size="std",
        order=2.0,
        domain=USUAL.but(std=(4.0, 40.0)),
    ),
    claim(
        "denoising/clean-information",
        "Where the components are apart the information is 1/σ², as if they were seen.",
        source=_NOISY,
        kind=Kind.ASYMPTOTIC,
        predict=lambda mean, std: 1 / std**2,
        measure=lambda rng, mean, std: samples.measured_information(rng, mean, std),
        formula=1 / _std**2,
        grid=cells("std", [0.5], mean=2.0),
        tolerance=0.02,
        size="mean",
        order=4.0,
        domain=USUAL.but("mean >= 4*std", std=(0.1, 1.0), mean=(2.0, 10.0)),
    ),
    claim(
        "denoising/worth-falls-as-fourth-power",
        "Clean rows that one noisy row is worth fall as the fourth power of its noise.",
        source=_NOISY,
        kind=Kind.RATE,
        predict=lambda std, mean: float(worth_exponent(2)),
        measure=lambda rng, std, mean: samples.measured_information(rng, mean, std),
        grid=[{"std": 4.0, "mean": 1.0}],
        sizes=(1, 2, 4),
        size="std",
        order=2.0,
        tolerance=0.025,
        domain=USUAL.but(std=(4.0, 40.0)),
    ),
    claim(
        "denoising/few-clean-many-noisy",
        "200 clean rows with 800 noisy ones estimate better than the clean ones alone, or than 1,000 noisy ones.",
        source=_NOISY,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=samples.unlike_alone,
        grid=cells("against", ["clean", "noisy"]),
        quick=(0,),
        assumptions="σ = 0.5 and 2, μ = 1; informations 3.9 and 0.086: 9 % less variance than the clean rows alone",
    ),
    claim(
        "denoising/mode-interpolation",
        "A score smoothed to a slope of L gives more mass to the gap between two modes than the mixture has.",
        source=_BETWEEN,
        kind=Kind.NUMERICAL,
        predict=lambda gap, smoothness: mode_interpolation([0.0, gap], 1.0, smoothness).mass,
        measure=lambda rng, gap, smoothness: densities.smoothed_mass(gap, smoothness),
        grid=cells("gap smoothness", [(8.0, 2.0), (5.0, 1.5), (6.0, 1.0)]),
        tolerance=1e-3,
        reason="sums over a grid of 200,001 points, whose places cut the ends of the gap",
        domain=USUAL.but(gap=(4.0, 9.0), smoothness=(1.0, 2.5)),
    ),
    claim(
        "denoising/prior-from-measurements",
        "Expectation-maximisation ends at the Gaussian prior under which the measurements are likeliest.",
        source=_PRIOR,
        kind=Kind.NUMERICAL,
        predict=lambda rows, variance, noise, factors, observations: float(
            em_prior(observations[:, None], factors[:, None, None], noise, 5000, 1e-10).covariance[0, 0]
        ),
        measure=lambda rng, rows, variance, noise, factors, observations: samples.likeliest_prior(
            factors, observations, noise
        ),
        grid=cells("variance", [1.5, 4.0], rows=40, noise=0.5),
        instance=settings.drawn_measurements,
        tolerance=1e-5,
        reason="a search to 1e-8 of the likelihood's own rounding, and a linear iteration stopped at 1e-10",
        domain=USUAL.but(rows=(30, 60), variance=(1.0, 5.0), noise=(0.2, 0.6)),
    ),
)
