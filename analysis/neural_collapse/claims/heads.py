"""Claims about unconstrained features under linear heads, squared loss: minima, thresholds, rates."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import sympy as sp

from solvable.analysis.derivation.quantities import cases
from solvable.analysis.neural_collapse import closed_forms
from solvable.analysis.neural_collapse.experiments import minimizers as experiments
from solvable.analysis.neural_collapse.quantities import minimum_quantities
from solvable.analysis.neural_collapse.settings import BALANCED, IMBALANCED, USUAL
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.verification.domain import Domain
from solvable.solvers import CollapseMinimizer, collapse_minimizer, collapse_rates

__all__ = ["HEAD_CLAIMS"]

_BALANCED = Source("tirer2022extended", "re-derived in docs/theory/neural_collapse.md")
_BIAS = Source("zhu2021geometric", "squared-loss form derived in docs/theory/neural_collapse.md")
_DEEP = Source("dang2023neural", "re-derived in docs/theory/neural_collapse.md")
_THRESHOLD = Source("dang2023neural", "thresholds derived in docs/theory/neural_collapse.md")
_RATES = Source("dang2023neural", "the minimum; its rates are derived in docs/theory/neural_collapse.md")


@cache
def _minimum(
    class_sizes: Any, layer_decays: Any, feature_decay: float, bias: Any = "none", width: Any = None
) -> CollapseMinimizer:
    return collapse_minimizer(class_sizes, layer_decays, feature_decay, bias=bias, width=width)


def _one_layer(
    classes: int, samples: int, weight_decay: float, feature_decay: float, bias: str = "none"
) -> CollapseMinimizer:
    return _minimum((samples,) * classes, (weight_decay,), feature_decay, bias)


def _spectrum(quantity: str, index: int, bias: str = "none", **cell: Any) -> float:
    found = _minimum(**cell, bias=bias)
    if quantity == "layer":
        return float(found.layer_singular_values[index].max())
    if quantity == "bias":
        return float(found.bias[index])
    gram = found.classifier_gram if quantity == "classifier" else found.feature_gram
    return float(gram[index, index] ** 0.5)


def _common_decay(ratio: Any, samples: Any, depth: Any) -> Any:
    """Decay of all layers and features of a single class at which r = M (n decay^{M+1})^{1/M}."""
    return ((ratio / depth) ** depth / samples) ** (1 / (depth + 1))


K, n, M = sp.symbols("classes samples depth", positive=True)
lw, lh, lb = sp.symbols("weight_decay feature_decay bias_decay", positive=True)
width, decay = sp.symbols("width decay", positive=True)
c = K * sp.sqrt(n * lw * lh)
critical = (M - 1) ** ((M - 1) / M) / M
spinodal = M * ((M - 1) / (M + 1)) ** ((M - 1) / M) * ((M + 1) / (2 * M)) ** 2
threshold_decay = 1 / (K**2 * n * lw)


_RATE_CELL = {"classes": 4, "samples": 5, "weight_decay": 8e-3, "feature_decay": 5e-3, "width": 9}


def _rate(
    metric: str, classes: int, samples: int, depth: int, weight_decay: float, feature_decay: float, width: int
) -> float:
    del width  # above K
    return float(getattr(collapse_rates(classes, samples, [weight_decay] * depth, feature_decay), metric))


def _one_sum(class_sizes: Any, layer_decays: Any, feature_decay: float, **p: Any) -> dict[str, Any]:
    return {**minimum_quantities(class_sizes, layer_decays, feature_decay, **p),
            **cases("quantity", p.get("quantity", "feature"), "classifier", "feature", "layer", "bias")}  # fmt: skip


def _rate_quantities(
    classes: int, samples: int, depth: int, weight_decay: float, feature_decay: float, span: str = "outside",
    metric: str = "nc1", **_: Any
) -> dict[str, Any]:  # fmt: skip
    found = minimum_quantities((samples,) * classes, (weight_decay,) * depth, feature_decay)
    return {"output": found["output"], **cases("span", span, "inside", "outside"),
            **cases("metric", metric, "nc1", "nc1_trace", "nc2", "nc3")}  # fmt: skip


_ALIVE = USUAL.but(where="classes*sqrt(samples*weight_decay*feature_decay) < 1")
_UNEVEN = Domain(feature_decay=(2e-4, 4e-3))
claim = partial(Claim, convention="mean-square")
exact = partial(claim, kind=Kind.EXACT, tolerance=1e-9)
trained = partial(
    claim,
    kind=Kind.NUMERICAL,
    reason="training knows the minimum to the rounding of the objective, its place to the square root of that",
)
threshold = partial(claim, kind=Kind.THRESHOLD, deterministic=True, tolerance=0.02)
balanced = partial(exact, domain=_ALIVE, grid=BALANCED)
balanced_length = partial(trained, source=_BALANCED, domain=_ALIVE, grid=BALANCED, tolerance=1e-7)
minimum = partial(
    exact,
    predict=lambda **cell: float(_minimum(**cell).objective),
    measure=experiments.trained_objective,
    domain=_UNEVEN,
    formula=closed_forms.minimum,
    quantities=minimum_quantities,
)
spectrum = partial(
    trained,
    predict=_spectrum,
    measure=experiments.trained_spectrum,
    domain=_UNEVEN,
    quantities=minimum_quantities,
    tolerance=1e-6,
)
rate = partial(
    claim,
    source=_RATES,
    kind=Kind.NUMERICAL,
    domain=Domain(samples=(3, 8), weight_decay=(4e-3, 0.012), feature_decay=(3e-3, 8e-3)),
    quantities=_rate_quantities,
)

HEAD_CLAIMS = (
    balanced(
        "neural-collapse/balanced-objective",
        "One layer, balanced, squared loss, no bias: the minimum is c(1 − c/2) for c = K√(nλ_Wλ_H) up to 1.",
        source=_BALANCED,
        predict=lambda **cell: float(_one_layer(**cell).objective),
        measure=lambda rng, **cell: experiments.trained_quantity(rng, "objective", **cell),
        formula=c * (1 - c / 2),
        assumptions="c ≤ 1, width at least the number of classes",
    ),
    balanced_length(
        "neural-collapse/balanced-feature-length",
        "One layer, balanced: the squared length of the class means is (1 − c)√(λ_W/(nλ_H)), c = K√(nλ_Wλ_H).",
        predict=lambda **cell: float(_one_layer(**cell).feature_gram[0, 0]),
        measure=lambda rng, **cell: experiments.trained_quantity(rng, "feature", **cell),
        formula=(1 - c) * sp.sqrt(lw / (n * lh)),
    ),
    balanced_length(
        "neural-collapse/balanced-head-length",
        "One layer, balanced: the squared length of the head's rows is (1 − c)√(nλ_H/λ_W), c = K√(nλ_Wλ_H).",
        predict=lambda **cell: float(_one_layer(**cell).classifier_gram[0, 0]),
        measure=lambda rng, **cell: experiments.trained_quantity(rng, "classifier", **cell),
        formula=(1 - c) * sp.sqrt(n * lh / lw),
    ),
    balanced(
        "neural-collapse/free-bias-objective",
        "With an unpenalised bias the minimum is (K − 1)/K times as large.",
        source=_BIAS,
        predict=lambda **cell: float(_one_layer(**cell, bias="free").objective),
        measure=lambda rng, **cell: experiments.trained_quantity(rng, "objective", bias="free", **cell),
        formula=(K - 1) / K * c * (1 - c / 2),
    ),
    balanced(
        "neural-collapse/free-bias-is-a-simplex",
        "With an unpenalised bias the class means have pairwise cosine −1/(K − 1) without centring.",
        source=_BIAS,
        predict=lambda **cell: float(
            _one_layer(**cell, bias="free").feature_gram[0, 1] / _one_layer(**cell, bias="free").feature_gram[0, 0]
        ),
        measure=lambda rng, **cell: experiments.trained_quantity(rng, "cosine", bias="free", **cell),
        formula=-1 / (K - 1),
    ),
    trained(
        "neural-collapse/penalised-bias-output",
        "Under a penalty λ_b on the bias the constant direction of class space is predicted by 1 − c(1 + λ_b)/λ_b.",
        source=_BIAS,
        predict=lambda classes, samples, bias_decay, weight_decay, feature_decay: float(
            collapse_minimizer(
                [samples] * classes, weight_decay, feature_decay, bias="ridge", bias_decay=bias_decay
            ).outputs[-1]
        ),
        measure=experiments.one_direction_output,
        domain=USUAL.but(where="classes*sqrt(samples*weight_decay*feature_decay)*(1 + bias_decay)/bias_decay < 1"),
        grid=cells("bias_decay", [0.08, 0.2, 10.0], **BALANCED[0]),
        tolerance=1e-6,
        formula=1 - c * (1 + lb) / lb,
        quick=(0, 2),
    ),
    threshold(
        "neural-collapse/penalised-bias-switch",
        "The simplex stays exact up to the bias decay c/(1 − c); beyond it the constant direction switches on.",
        source=_BIAS,
        measure=lambda rng, at, **cell: experiments.one_direction_switch(rng, at, **cell),
        domain=_ALIVE,
        grid=BALANCED[:2],
        formula=c / (1 - c),
        quick=(0,),
    ),
    exact(
        "neural-collapse/penalised-bias-deep",
        "Deep heads with a penalised bias: the best run attains the minimum among those aligned with the classes.",
        source=_BIAS,
        predict=lambda class_sizes, layer_decays, feature_decay, bias_decay: float(
            collapse_minimizer(class_sizes, layer_decays, feature_decay, bias="ridge", bias_decay=bias_decay).objective
        ),
        measure=lambda rng, **cell: experiments.trained_objective(rng, bias="ridge", **cell),
        domain=Domain(feature_decay=(1e-3, 4e-3), bias_decay=(0.02, 5.0)),
        formula=closed_forms.minimum,
        quantities=partial(minimum_quantities, bias="ridge"),
        grid=[
            {"class_sizes": (5,) * 4, "layer_decays": (5e-3,) * m, "feature_decay": 2e-3, "bias_decay": b}
            for m, b in ((2, 0.2), (2, 0.02), (3, 2.0))
        ],
        quick=(0,),
        assumptions="measured, not proved: the constant direction has a squared error of its own weight",
    ),
    threshold(
        "neural-collapse/collapse-threshold",
        "Features and head vanish, continuously, when c = K√(nλ_Wλ_H) reaches 1: for both losses.",
        source=_BALANCED,
        measure=lambda rng, at, **cell: experiments.output_above_threshold(rng, at, **cell),
        domain=USUAL.but(weight_decay=(1e-3, 1.0)),
        grid=[
            *cells("loss", ["mse", "ce"], classes=4, samples=5, weight_decay=0.03),
            {"classes": 3, "samples": 8, "weight_decay": 0.1, "loss": "mse"},
        ],
        formula=threshold_decay,
        quick=(0, 1),
    ),
    minimum(
        "neural-collapse/imbalanced-objective",
        "Any class sizes and depth: the minimum is a sum over classes of one scalar problem each.",
        source=_DEEP,
        grid=IMBALANCED,
        quick=(0, 2),
        assumptions="no bias, widths at least K; decays weak enough for random starts to find the minimum",
    ),
    spectrum(
        "neural-collapse/imbalanced-lengths",
        "Lengths of head rows and class means follow the class sizes by the same scalar problems.",
        source=_DEEP,
        domain=Domain(feature_decay=(4e-4, 1.5e-3)),
        formula=closed_forms.lengths,
        quantities=_one_sum,
        grid=[
            {"quantity": q, "index": i, **cell}
            for cell in IMBALANCED[:3]
            for q in ("classifier", "feature")
            for i in (0, 2)
        ],
        quick=(0, 3, 9),
    ),
    trained(
        "neural-collapse/imbalanced-orthogonal",
        "Class means stay orthogonal however uneven the classes: a general orthogonal frame.",
        source=_DEEP,
        predict=lambda **_: 0.0,
        measure=lambda rng, **cell: experiments.trained_spectrum(rng, "cosine", 0, **cell),
        domain=_UNEVEN,
        grid=IMBALANCED[:3],
        absolute_tolerance=5e-6,
        quick=(1,),
    ),
    spectrum(
        "neural-collapse/layer-spectra",
        "The product's singular values split over the layers so that decay times squared value is the same in each.",
        source=_DEEP,
        formula=closed_forms.layer_length,
        grid=[{"quantity": "layer", "index": i, **IMBALANCED[2]} for i in range(3)],
        quick=(1,),
    ),
    trained(
        "neural-collapse/layers-are-balanced",
        "Neighbouring layers of a minimum satisfy λ_{j+1}W_{j+1}ᵀW_{j+1} = λ_{j}W_{j}W_{j}ᵀ.",
        source=_DEEP,
        predict=lambda **_: 0.0,
        measure=lambda rng, **cell: experiments.trained_spectrum(rng, "balance", **cell),
        domain=_UNEVEN,
        grid=cells("index", [0, 1], **IMBALANCED[2]),
        absolute_tolerance=1e-8,
        quick=(0,),
    ),
    minimum(
        "neural-collapse/imbalanced-free-bias",
        "With an unpenalised bias the eigenvalues of diag(n) − nnᵀ/N replace the class sizes.",
        source=_THRESHOLD,
        grid=[{**cell, "bias": "free"} for cell in IMBALANCED],
        quick=(0, 1),
    ),
    spectrum(
        "neural-collapse/bias-is-the-class-share",
        "An unpenalised bias ends at the share of the class, n_k/N.",
        source=_THRESHOLD,
        formula=closed_forms.share,
        grid=cells("index", [0, 2], quantity="bias", bias="free", **IMBALANCED[0]),
        quick=(1,),
    ),
    minimum(
        "neural-collapse/narrow-layers-keep-the-largest-classes",
        "A width below K keeps the classes that lower the loss most and drops the others.",
        source=_THRESHOLD,
        grid=[*cells("width", [2, 3], **IMBALANCED[0]), {**IMBALANCED[3], "width": 1}],
        quick=(0, 2),
    ),
    threshold(
        "neural-collapse/minority-collapse",
        "A class is zero at the global minimum up to a critical size, which it crosses with a jump once there are two "
        "layers.",
        source=_THRESHOLD,
        measure=lambda rng, at, **cell: experiments.nonzero_is_worse(rng, at, **cell),
        domain=Domain(samples=(1, 50), depth=(1, 8)),
        grid=cells("depth", [1, 2, 3, 6], samples=5),
        formula=_common_decay(critical, n, M),
        quick=(0, 2),
        assumptions="stated for one class, at the decay where its size is critical: classes decouple",
    ),
    threshold(
        "neural-collapse/spinodal",
        "Beyond a second threshold no nonzero local minimum is left, and gradient descent goes to zero from anywhere.",
        source=_THRESHOLD,
        measure=lambda rng, at, **cell: experiments.branch_is_gone(rng, at, **cell),
        domain=Domain(samples=(1, 50), depth=(2, 8)),
        grid=cells("depth", [2, 3, 4, 6], samples=5),
        formula=_common_decay(spinodal, n, M),
        quick=(1,),
    ),
    claim(
        "neural-collapse/no-run-beats-the-minimum",
        "No training run, from any scale of start, ends below the predicted minimum.",
        source=_DEEP,
        kind=Kind.BOUND,
        deterministic=True,
        predict=lambda scale, **cell: float(_minimum(**cell).objective),
        measure=lambda rng, scale, class_sizes, layer_decays, feature_decay: (
            experiments.minimise(rng, class_sizes, layer_decays, feature_decay, 6, scales=(scale,)).objective
        ),
        domain=_UNEVEN,
        formula=closed_forms.minimum,
        quantities=minimum_quantities,
        grid=[{**IMBALANCED[i], "scale": s} for i, s in ((1, 0.3), (2, 0.8), (0, 0.1))],
        tolerance=1e-9,
        side="lower",
        quick=(0,),
    ),
    claim(
        "neural-collapse/random-starts-lose-the-minority",
        "Zero is a local minimum of every class for deep heads: random starts end above the minimum, minority dead.",
        source=_THRESHOLD,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=experiments.minority_penalty,
        grid=cells("scale", [0.8, 0.3], class_sizes=(40, 20, 3), layer_decays=(1e-2,) * 3, feature_decay=2e-3),
        statistic="median",
        quick=(1,),
    ),
    rate(
        "neural-collapse/within-class-rates",
        "Near collapse within-class deviations die at λ_H/(1 − output) in the span of the means and at λ_H out of it.",
        predict=lambda span, **cell: _rate({"inside": "within_span", "outside": "within_outside"}[span], **cell),
        measure=experiments.within_class_factor,
        formula=closed_forms.within_rate,
        grid=[{"span": s, "depth": m, **_RATE_CELL} for s in ("inside", "outside") for m in (1, 3)],
        tolerance=1e-6,
        quick=(1, 2),
        reason="deviations of 1e-7 are not yet linear, nor the trained minimum exact",
    ),
    rate(
        "neural-collapse/final-slopes",
        "The final slopes of NC1, its trace form, NC2 and NC3 are rates of the linearised flow.",
        predict=_rate,
        measure=experiments.final_slope,
        grid=[
            {"metric": m, "depth": d, **_RATE_CELL}
            for d in (1, 2, 3)
            for m in ("nc1", "nc1_trace", "nc2", "nc3")
            if (m, d) != ("nc3", 1)  # two rates only 6 % apart: rounding comes before one of them is left
        ],
        tolerance=0.02,
        quick=(0, 4, 9, 10),
        assumptions="width above K; step small against the rates; late enough for one mode to be left",
        reason="at finite times the next slowest mode still adds to the slope",
    ),
)
