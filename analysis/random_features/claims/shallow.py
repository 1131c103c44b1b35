"""Claims about shallow random features: risk, published forms, tuning, power laws, real data.

Tolerances: deterministic equivalents hold up to O(1/n) and the extrapolation over n, 2n, 4n removes that term; 2 to 3 %
leaves room for what is left and for the statistics.
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from solvable.analysis.derivation.quantities import random_feature_quantities
from solvable.analysis.random_features.closed_forms import literature
from solvable.analysis.random_features.closed_forms import sums as closed_forms
from solvable.analysis.random_features.experiments import real_data
from solvable.analysis.random_features.experiments import regression as experiments
from solvable.analysis.random_features.settings import USUAL, power_law
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import (
    Spectrum,
    gaussian_coefficients,
    optimal_fitting_ratio,
    optimal_random_feature_ridge,
    overfitting_threshold,
    proportional_spectrum,
    random_feature_risk,
)

__all__ = ["SHALLOW_CLAIMS"]

_SHALLOW = Source("simon2024more", "the one-unknown form is derived in docs/theory/random_features.md")
_POWER = Source("simon2024more", "derived in docs/theory/random_features.md")


@cache
def _spectrum(exponent: float, target_exponent: float) -> Spectrum:
    return Spectrum(*power_law(exponent, target_exponent))


def _risk(
    n: int, ratio: float, ridge: float, exponent: float, target_exponent: float, noise_variance: float = 0.0
) -> Any:
    return random_feature_risk(
        _spectrum(exponent, target_exponent), n, round(ratio * n), ridge, noise_variance, on_failure="raise"
    )


def _quantities(
    n: int, ratio: float, ridge: float, exponent: float, target_exponent: float = 1.0, **_: Any
) -> dict[str, Any]:
    return random_feature_quantities(_spectrum(exponent, target_exponent), n, round(ratio * n), ridge)


def _with_test_error(noise_variance: float, **cell: Any) -> dict[str, Any]:
    found = _quantities(**cell)
    a, b, w = (found[name] for name in "abw")
    missed = (found["S1"] + noise_variance) * (a + w) + found["S2"] * w
    return {**found, "test_error": cell["n"] * missed / (a * b + w * (a + b))}


def _form_quantities(n: float, k: float, ridge: float, **_: Any) -> dict[str, Any]:
    return random_feature_quantities(_spectrum(1.5, 1.5), n, k, ridge)


def _proportional_quantities(
    psi1: float, psi2: float, lam: float, mu1: float, mu_star: float, signal: float, nonlinear: float, **_: Any
) -> dict[str, Any]:
    spectrum = proportional_spectrum(mu1, mu_star, signal, nonlinear)
    return {**random_feature_quantities(spectrum, psi2, psi1, psi2 * lam), "n": psi2}


def _relu_quantities(psi1: float, psi2: float, lam: float, signal: float, **_: Any) -> dict[str, Any]:
    relu = gaussian_coefficients("relu")
    return _proportional_quantities(psi1, psi2, lam, float(relu.linear), float(relu.nonlinear), signal, 0.0)


def _tuned(n: int, k: int, exponent: float, target_exponent: float, noise_variance: float) -> float:
    spectrum = _spectrum(exponent, target_exponent)
    best = optimal_random_feature_ridge(spectrum, n, k, noise_variance).value
    return float(random_feature_risk(spectrum, n, k, best, noise_variance).test)


def _grown(n: int, k: int, grow: str) -> tuple[int, int]:
    return (2 * n, k) if grow == "n" else (n, 2 * k)


def _peak(
    n: int, k: int, grow: str, ridge: float, exponent: float, target_exponent: float, noise_variance: float
) -> float:
    spectrum = _spectrum(exponent, target_exponent)
    before, after = (
        random_feature_risk(spectrum, *size, ridge, noise_variance).test for size in ((n, k), _grown(n, k, grow))
    )
    return float(before - after)


def _mei_montanari(
    psi1: float, psi2: float, lam: float, mu1: float, mu_star: float, signal: float, nonlinear: float, noise: float
) -> float:
    spectrum = proportional_spectrum(mu1, mu_star, signal, nonlinear)
    return float(random_feature_risk(spectrum, psi2, psi1, psi2 * lam, noise).test - noise)


def _relu_excess(d: int, psi1: float, psi2: float, lam: float, signal: float, noise_variance: float) -> float:
    relu = gaussian_coefficients("relu")
    return _mei_montanari(psi1, psi2, lam, float(relu.linear), float(relu.nonlinear), signal, 0.0, noise_variance)


@cache
def _digits() -> Spectrum:
    X, y = real_data.load_digits_pair()
    return Spectrum.from_kernel(real_data.relu_kernel(X), y)


def _digits_quantities(n: int, k: int, ridge: float) -> dict[str, Any]:
    return random_feature_quantities(_digits(), n, k, ridge)


def _digits_error(n: int, k: int, ridge: float) -> float:
    return float(random_feature_risk(_digits(), n, k, ridge).test)


_GRID: list[dict[str, Any]] = cells(
    "ratio ridge exponent target_exponent noise_variance",
    [
        (0.5, 0.05, 1.5, 1.5, 0.5),  # fewer features than samples
        (2.0, 0.05, 1.5, 1.5, 0.5),  # more
        (1.0, 0.2, 1.5, 1.5, 0.5),  # the peak, damped
        (0.5, 0.0, 1.2, 1.5, 0.3),  # ridgeless on both sides
        (2.5, 0.0, 1.2, 1.5, 0.3),
        (4.0, 1.0, 1.5, 2.5, 1.0),
    ],
    n=40,
)


def _without(cells: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [{key: value for key, value in cell.items() if key not in names} for cell in cells]


_MODEL = cells(
    "n k ridge noise", [(30.0, 20.0, 0.1, 0.3), (20.0, 60.0, 1e-3, 0.3), (50.0, 50.0, 1.0, 0.0), (80.0, 30.0, 1e-4, 1)]
)
_ACTIVATION = {"mu1": 0.5, "mu_star": 0.3014, "signal": 1.0}

claim = partial(Claim, domain=USUAL)
risk = partial(
    claim,
    source=_SHALLOW,
    kind=Kind.ASYMPTOTIC,
    tolerance=0.03,
    quantities=_quantities,
    size="n",
    quick=(0, 1),
    convention="shallow",
)
published = partial(claim, kind=Kind.EXACT, tolerance=1e-10)
same_as = partial(
    published,
    quantities=_form_quantities,
    domain=USUAL.but(k=(10.0, 100.0), ridge=(1e-4, 2.0)),
    grid=_MODEL,
    convention="shallow",
)
digits = partial(
    Claim,
    source=Source("simon2024more", "real data: our measurement"),
    predict=_digits_error,
    measure=real_data.digits_error_draw,
    domain=Domain(n=(30, 150), k=(20, 300), ridge=(1e-5, 0.1)),
    quantities=_digits_quantities,
    formula=closed_forms.test_error.subs(closed_forms.noise, 0),
    convention="shallow",
)

SHALLOW_CLAIMS = (
    risk(
        "random-features/test-error",
        "The test error of k random features follows from one scalar equation, γ(k − z)(n − z) = kδ.",
        predict=lambda **p: float(_risk(**p).test),
        measure=experiments.test_error_draw,
        grid=_GRID,
        formula=closed_forms.test_error,
        assumptions="Gaussian features and eigenfunctions; n and k large; not n = k with a vanishing ridge",
    ),
    risk(
        "random-features/train-error",
        "The training error of k random features is ((n − z)/n)² times the test error.",
        predict=lambda **p: float(_risk(**p).train),
        measure=experiments.train_error_draw,
        grid=[c for c in _GRID if c["ridge"] > 0 or c["ratio"] < 1],
        quantities=_with_test_error,
        formula=closed_forms.train_error,
        quick=(0,),
    ),
    risk(
        "random-features/bias",
        "Without label noise the error is n[S₁(a + w) + S₂w]/(ab + w(a + b)), a = k − z, b = n − z.",
        predict=lambda **p: float(_risk(**p).bias),
        measure=experiments.bias_draw,
        grid=_without(_GRID, "noise_variance"),
        formula=closed_forms.bias,
        quick=(1,),
        assumptions="the randomness of the features counts as bias",
    ),
    risk(
        "random-features/variance",
        "Label noise alone contributes σ²(aq + wz)/(ab + w(a + b)), a = k − z, b = n − z.",
        predict=lambda **p: float(_risk(**p, target_exponent=1.0).variance),
        measure=experiments.variance_draw,
        grid=_without(_GRID, "target_exponent"),
        formula=closed_forms.variance,
        sizes=(1, 2, 8),  # with these the sizes tell 1/n from 1/log n
        quick=(0,),
    ),
    same_as(
        "random-features/two-unknown-form",
        "The one-unknown, cancellation-free form equals the published form in two unknowns.",
        source=Source("simon2024more"),
        predict=lambda n, k, ridge, noise: float(random_feature_risk(_spectrum(1.5, 1.5), n, k, ridge, noise).test),
        measure=lambda rng, n, k, ridge, noise: literature.two_unknown_test_error(
            *power_law(1.5, 1.5), n, k, ridge, noise
        ),
        formula=closed_forms.test_error.subs(closed_forms.noise, closed_forms.plain_noise),
    ),
    same_as(
        "random-features/defilippis-form",
        "The dimension-free deterministic equivalent in ν₁, ν₂ is the same excess error.",
        source=Source("defilippis2024dimension"),
        predict=lambda n, k, ridge, noise: float(random_feature_risk(_spectrum(1.5, 1.5), n, k, ridge, noise).excess),
        measure=lambda rng, n, k, ridge, noise: literature.defilippis_excess(*power_law(1.5, 1.5), n, k, ridge, noise),
        formula=closed_forms.excess.subs(closed_forms.noise, closed_forms.plain_noise),
    ),
    published(
        "random-features/mei-montanari-form",
        "In proportional asymptotics the eigenframework is the closed form of Mei and Montanari.",
        source=Source("mei2022generalization"),
        predict=_mei_montanari,
        measure=lambda rng, **p: literature.mei_montanari_excess(**p),
        quantities=_proportional_quantities,
        formula=closed_forms.proportional_excess,
        grid=cells(
            "psi1 psi2 lam nonlinear noise",
            [
                (2.0, 3.0, 1e-2, 0.0, 0.5),
                (3.0, 2.0, 0.1, 0.4, 0.5),
                (1.0, 1.0, 0.1, 0.0, 0.2),
                (5.0, 0.5, 0.05, 1.0, 0.0),
            ],
            **_ACTIVATION,
        ),
    ),
    claim(
        "random-features/relu-on-the-sphere",
        "Centred ReLU features of isotropic inputs learn a linear target as the closed form says.",
        source=Source("mei2022generalization"),
        kind=Kind.ASYMPTOTIC,
        predict=_relu_excess,
        measure=experiments.relu_error_draw,
        quantities=_relu_quantities,
        formula=closed_forms.proportional_excess.subs(closed_forms.plain_noise, closed_forms.noise),
        grid=cells(
            "psi1 psi2 lam",
            [(3.0, 2.0, 0.1), (1.0, 3.0, 0.05), (2.0, 3.0, 0.02)],
            d=30,
            signal=1.0,
            noise_variance=0.25,
        ),
        tolerance=0.04,
        size="d",
        quick=(0,),
        assumptions="activation centred; target linear, or with a nonlinear part that acts as noise",
    ),
    Claim(
        "random-features/kernel-limit",
        "The excess of k random features over the kernel itself vanishes as 1/k.",
        source=_SHALLOW,
        kind=Kind.RATE,
        predict=lambda **_: -1.0,
        measure=experiments.kernel_gap_draw,
        domain=Domain(k=(40, 300), ridge=(0.1, 2.0)),
        grid=cells(
            "n ridge target_exponent noise_variance", [(20, 1.0, 1.5, 0.3), (20, 1.0, 2.0, 0.1)], k=40, exponent=1.5
        ),
        absolute_tolerance=0.15,
        size="k",
        sizes=(1, 3, 9),
        quick=(0,),
        assumptions="k well above n",
        convention="shallow",
    ),
    Claim(
        "random-features/more-is-better",
        "At the best ridge, more samples and more features always help.",
        source=Source("simon2024more"),
        kind=Kind.ORDER,
        predict=lambda n, k, grow, **p: _tuned(n, k, **p) - _tuned(*_grown(n, k, grow), **p),
        measure=experiments.tuned_drop_draw,
        grid=[
            {"n": n, "k": k, "grow": grow, "exponent": 1.4, "target_exponent": 1.3, "noise_variance": 0.3}
            for n in (20, 40, 80)
            for k in (20, 40, 80)
            for grow in ("n", "k")
        ],
        quick=(0, 1, 7, 10),
    ),
    Claim(
        "random-features/more-can-hurt-at-a-fixed-ridge",
        "At a small fixed ridge the error peaks where the features are as many as the samples.",
        source=Source("simon2024more"),
        kind=Kind.ORDER,
        predict=_peak,
        measure=experiments.peak_draw,
        grid=cells(
            "n k grow",
            [(20, 40, "n"), (40, 20, "k"), (40, 40, "n"), (40, 40, "k")],
            ridge=1e-3,
            exponent=1.5,
            target_exponent=1.5,
            noise_variance=0.5,
        ),
        quick=(0, 1, 2),
        convention="shallow",
    ),
    Claim(
        "random-features/fitting-ratio-optimum",
        "On power laws the best ridge has a fitting ratio (training over test error) that does not depend on n.",
        source=_POWER,
        kind=Kind.THRESHOLD,
        predict=lambda n, **p: float(optimal_fitting_ratio(**p).value),
        measure=experiments.ratio_slope_draw,
        domain=USUAL.but(where="1 < target_exponent < 2*exponent + 1", exponent=(1.2, 2.5)),
        grid=cells(
            "exponent target_exponent relative_noise", [(1.5, 1.3, 0.3), (1.5, 1.3, 1.0), (1.5, 2.0, 3.0)], n=100
        ),
        tolerance=0.15,
        quick=(0,),
        assumptions="k infinite; 1 < b < 2a + 1 for spectrum i^{−a} and target power i^{−b}",
    ),
    Claim(
        "random-features/obligatory-overfitting",
        "Interpolation is best up to a relative noise (b − a)/(a(a − 1)), and not beyond.",
        source=_POWER,
        kind=Kind.ORDER,
        predict=lambda n, exponent, target_exponent, relative_noise: float(
            overfitting_threshold(exponent, target_exponent) - relative_noise
        ),
        measure=experiments.overfitting_draw,
        domain=Domain(
            exponent=(1.1, 2.5),
            target_exponent=(1.1, 3.0),
            relative_noise=(0.0, 5.0),
            where="target_exponent < 2*exponent + 1",
        ),
        grid=cells(
            "exponent target_exponent relative_noise",
            [(1.5, 2.5, 0.5), (1.5, 2.5, 4.0), (1.5, 1.3, 0.0), (1.25, 2.0, 1.0)],
            n=100,
        ),
        formula=closed_forms.overfitting_margin,
        quick=(0, 1),
        assumptions="power laws with their infinite tails",
    ),
    Claim(
        "random-features/power-law-learning-curve",
        "Noiseless kernel interpolation on power laws errs as n^{−(b − 1)}.",
        source=_POWER,
        kind=Kind.RATE,
        measure=experiments.learning_curve_draw,
        domain=USUAL.but(where="target_exponent < 2*exponent + 1"),
        grid=cells("target_exponent", [1.4, 2.0, 1.7], n=40, exponent=1.5),
        formula=1 - closed_forms.target_exponent,
        absolute_tolerance=0.1,  # at these sizes corrections of order 1/n pass for an offset of 2 %
        size="n",
        quick=(0,),
    ),
    digits(
        "random-features/digits-at-moderate-ridge",
        "Real ReLU features on handwritten digits: with a moderate ridge the theory holds to a fifth.",
        kind=Kind.MEAN,
        grid=cells("k", [20, 300, 60], n=60, ridge=0.03),
        tolerance=0.2,
        quick=(0, 1),
        assumptions="n up to a tenth of the data; the estimated spectrum stands for the population",
    ),
    digits(
        "random-features/digits-at-small-ridge",
        "Real ReLU features on handwritten digits: with a small ridge and k < n, theory is optimistic.",
        kind=Kind.BOUND,
        grid=cells("k", [20, 40], n=60, ridge=1e-5),
        side="lower",
        assumptions="features of low-dimensional data are far from Gaussian; a ridge hides it",
    ),
)
