"""Claims about limits: direction of the flow, vanishing ridges, what can be memorised, sizes of samples, degrees."""

from __future__ import annotations

from functools import partial
from typing import Any

from solvable.analysis.separable.closed_forms import rows_fitted_per_dimension
from solvable.analysis.separable.experiments import early, gaussians, limits, staircase
from solvable.analysis.separable.settings import USUAL
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers import kernel_staircase, max_margin, plug_in_error, samples_to_reach

__all__ = ["LIMIT_CLAIMS"]

_DIRECTION = Source("soudry2018implicit")
_OFFSET = Source("soudry2018implicit", "this form derived in docs/theory/separable.md")
_RIDGE = Source("evron2023continual", "this rate derived in docs/theory/separable.md")
_EARLY = Source("liu2020early")
_PLACE = Source("candes2020phase", "with flipped labels in place of a logistic model")
_SAMPLES = Source("zheng2023revisiting", "this form derived in docs/theory/separable.md")


def _many(d: float, ratio: float, separation2: float, classes: int) -> float:
    return float(plug_in_error(classes * max(1, round(ratio * d / classes)), round(d), separation2, classes))


def _share(d: float, degree: int, ratio: float, level: float) -> Any:
    return float(kernel_staircase(round(ratio * d**degree), round(d), level / d, degree))


claim = partial(Claim, domain=USUAL)

LIMIT_CLAIMS = (
    claim(
        "separable/margin-direction",
        "The angle of gradient flow on the logistic loss to the separator of largest margin falls as 1/ln t.",
        source=_DIRECTION,
        kind=Kind.RATE,
        predict=lambda **_: -1.0,
        measure=limits.angle_to_margin,
        grid=cells("data", [0, 1, 2], n=12, support=3, d=5, log_time=200.0),
        absolute_tolerance=0.05,
        size="log_time",
        deterministic=True,
        assumptions="ln t = 200 to 800, one data set a cell; 1/angle grows by a constant in each unit of ln t, and "
        "its offset makes slopes of -0.9 to -1.4 of the angle at ln t below 30",
        quick=(0,),
    ),
    claim(
        "separable/flow-weighs-rows-as-multipliers",
        "Times t, the weights of the rows in the gradient of the logistic loss tend to the multipliers of the largest "
        "margin: zᵢᵀθ − ln t tends to −ln(nαᵢ) on the rows that carry it.",
        source=_OFFSET,
        kind=Kind.NUMERICAL,
        predict=lambda n, support, d, log_time, Z: max_margin(Z).dual,
        measure=limits.weights_of_rows,
        grid=cells("n support d", [(12, 3, 5), (8, 4, 4), (3, 3, 8)], log_time=600.0),
        instance=limits.rows_with_known_margin,
        tolerance=1e-7,
        reason="the flow is integrated to 1e-9, and the stiff directions forget the error",
        first_draws=4,
        quick=(0, 2),
    ),
    claim(
        "separable/weak-ridge-is-projection",
        "Over ln(1/ridge), weak fits of tasks in sequence differ from projections by ln ln(1/ridge)/ln(1/ridge).",
        source=_RIDGE,
        kind=Kind.RATE,
        predict=lambda **_: -1.0,
        measure=limits.weak_ridge_error,
        grid=cells("data", [0, 1, 2], count=4, rows=3, d=12, log_ridge=36.8),
        sizes=(1, 4, 16),
        absolute_tolerance=0.1,
        size="log_ridge",
        deterministic=True,
        assumptions="ridges 1e-16, 1e-64 and 1e-256; the exponent is that of the difference over ln ln(1/ridge)",
    ),
    claim(
        "separable/memorisation",
        "Labels of which a share is flipped can be fitted when rows for each dimension stay below a threshold, 2 for "
        "random labels and more where few are flipped.",
        source=_PLACE,
        kind=Kind.THRESHOLD,
        predict=lambda n, flips, noise: rows_fitted_per_dimension(flips, noise),
        measure=early.memorised,
        domain=USUAL.but(flips=(0.05, 0.5), noise=(0.1, 1.0)),
        grid=cells("n flips noise", [(100, 0.5, 0.3), (100, 0.2, 0.3), (200, 0.1, 0.3), (200, 0.3, 1.0)]),
        tolerance=0.1,
        assumptions="at = n/p; classes about ±v with Gaussian noise",
        quick=(1,),
    ),
    claim(
        "separable/few-dimensions-do-not-memorise",
        "With far fewer dimensions than rows most rows with a flipped label are given their true one late in descent.",
        source=_EARLY,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=lambda rng, **cell: early.held(rng, strength=0.0, **cell),
        grid=cells("flips", [0.1, 0.2, 0.3], n=500, p=25, steps=3000),
        first_draws=8,
        assumptions="steps of 0.5, noise 0.1; shares of 1.00, 0.99 and 0.91 after 3,000 steps",
        quick=(1, 2),
    ),
    claim(
        "separable/plug-in-error-of-many-classes",
        "Error of the nearest sample mean for Gaussian classes whose means are at equal distances.",
        source=_SAMPLES,
        kind=Kind.ASYMPTOTIC,
        predict=_many,
        measure=gaussians.many_classes_draw,
        grid=cells("classes ratio separation2", [(3, 3.0, 1.0), (10, 5.0, 3.0)], d=30),
        tolerance=0.01,
        size="d",
        quick=(0,),
    ),
    claim(
        "separable/discriminant-samples",
        "Samples at which the linear discriminant has the Bayes error and a gap.",
        source=_SAMPLES,
        kind=Kind.ASYMPTOTIC,
        predict=lambda d, separation2, gap: float(samples_to_reach(gap, round(d), separation2, "discriminant")),
        measure=gaussians.discriminant_samples,
        domain=USUAL.but(d=(5, 200), gap=(1e-3, 0.1)),
        grid=cells("separation2 gap", [(2.25, 0.01), (1.0, 0.02)], d=10),
        tolerance=0.03,
        size="d",
        quick=(0,),
    ),
    claim(
        "separable/kernel-staircase",
        "Share that regression with a product kernel learns of a product of as many coordinates as its degree.",
        source=Source("shah2020pitfalls", "the question; this form derived in docs/theory/separable.md"),
        kind=Kind.ASYMPTOTIC,
        predict=_share,
        measure=staircase.mode_share,
        domain=USUAL.but(d=(4, 200), level=(0.2, 0.8), ratio=(0.5, 10.0)),
        grid=cells("degree ratio", [(1, 3.0), (1, 10.0), (2, 1.0)], level=0.5, d=4),
        tolerance=0.03,
        size="d",
        convention="staircase",
        assumptions="n = ratio·dᴸ rows and decay level/d; a square of one coordinate is learned up to 0.035 better",
        order=2,
        most_draws=256,
        quick=(0,),
    ),
)
