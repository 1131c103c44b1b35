"""Claims about modular addition: networks that are written down, and networks trained on partly wrong answers."""

from __future__ import annotations

from functools import partial
from typing import Any

import sympy
from scipy.special import erfinv

from solvable.analysis.feature_learning.closed_forms import random_participation
from solvable.analysis.feature_learning.experiments import modular
from solvable.analysis.feature_learning.settings import USUAL
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers import ModularWeights, logit_margin, modular_logits, participation_ratio

__all__ = ["MODULAR_CLAIMS"]

_FORM = "derived in docs/theory/feature_learning.md"
_WEIGHTS = Source("gromov2023grokking", f"means {_FORM}")
_PLACE = Source("gromov2023grokking", f"this width {_FORM}")
_DOSHI = Source("doshi2024grok")
_RATIO = Source("doshi2024grok", "the ratio of its published code")
_TRAINED = "AdamW, 70 % of all pairs, every fifth training label wrong, rate 0.005"
_ODD = USUAL.but(p=(5, 200), where="p % 2 == 1")
_PRIMES = USUAL.but(
    p=(5, 110), where="p in (5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 71, 83, 97, 101)"
)
_SMALL, _MIDDLE, _LARGE = {"p": 23, "width": 150}, {"p": 29, "width": 100}, {"p": 31, "width": 200}
_NARROW = {"p": 23, "width": 100}

claim = partial(Claim, domain=USUAL)
written = partial(claim, source=_WEIGHTS)
trained = partial(claim, source=_DOSHI, kind=Kind.ORDER, assumptions=_TRAINED, first_draws=8, quick=(0,))


def _logits(p: int, width: int, kind: str, U: Any, V: Any, W: Any, sigma: Any) -> Any:
    return modular_logits(ModularWeights(U, V, W, sigma))


def _median(p: Any) -> dict[str, Any]:
    """Median of the largest of p - 1 independent normal numbers, at the precision mpmath is set to."""
    import mpmath as mp

    return {"z": mp.sqrt(2) * mp.erfinv(2 * mp.mpf(2) ** (-1 / (mp.mpf(p) - 1)) - 1)}


MODULAR_CLAIMS = (
    written(
        "feature-learning/modular-logits-by-frequency",
        "Logits of all pairs, summed by frequency, are those of all neurons one by one.",
        kind=Kind.EXACT,
        predict=_logits,
        measure=lambda rng, U, V, W, **_: modular.summed_logits(U, V, W),
        grid=cells("p width kind", [(23, 60, "single"), (23, 60, "random"), (47, 100, "single")]),
        instance=modular.written_network,
        tolerance=1e-12,
        domain=_ODD,
    ),
    written(
        "feature-learning/logit-means",
        "The mean logit of the right answer is one half, at every width.",
        kind=Kind.MEAN,
        predict=lambda p, width: logit_margin(p).correct,
        measure=modular.correct_logit,
        grid=cells("width", [96, 384, 1536], p=97),
        formula=sympy.Rational(1, 2),
        tolerance=0.02,
        domain=_PRIMES,
    ),
    written(
        "feature-learning/logit-means-of-wrong-answers",
        "The mean logit of a wrong answer is −1/(2(p − 1)).",
        kind=Kind.MEAN,
        predict=lambda p, width: logit_margin(p).other,
        measure=modular.other_logit,
        grid=cells("p width", [(97, 96), (97, 384), (23, 66)]),
        formula=-1 / (2 * (sympy.Symbol("p", positive=True) - 1)),
        tolerance=0.02,
        domain=_PRIMES,
    ),
    written(
        "feature-learning/random-third-phase-is-chance",
        "With a third phase of its own the same network is right with probability 1/p.",
        kind=Kind.MEAN,
        measure=partial(modular.accuracy, third="random"),
        grid=cells("p width", [(11, 40), (23, 66)]),
        formula=1 / sympy.Symbol("p", positive=True),
        tolerance=0.2,
        quick=(0,),
    ),
    written(
        "feature-learning/logit-noise",
        "Logits of wrong answers spread by N^{−½}.",
        kind=Kind.RATE,
        predict=lambda **_: -0.5,
        measure=modular.logit_spread,
        grid=cells("p width", [(23, 44), (97, 96)]),
        sizes=(1, 4, 16),
        quick=(0,),
        size="width",
        absolute_tolerance=0.05,
    ),
    claim(
        "feature-learning/modular-accuracy-one",
        "Half of the sums come out right at a width of (9/2)z², z the median of the largest of p − 1 normal numbers: "
        "the width that is needed grows with the logarithm of p and not with p.",
        source=_PLACE,
        kind=Kind.THRESHOLD,
        predict=lambda p: float(9 * erfinv(2 * 2 ** (-1 / (p - 1)) - 1) ** 2),
        measure=modular.half_right,
        grid=cells("p", [23, 97, 193]),
        formula=sympy.Rational(9, 2) * sympy.Symbol("z", positive=True) ** 2,
        quantities=_median,
        tolerance=0.2,
    ),
    claim(
        "feature-learning/wide-enough-is-right",
        "At a width of p − 1, every frequency once, a larger p is answered more accurately.",
        source=_PLACE,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=lambda rng, p, larger: modular.accuracy(rng, larger, larger - 1) - modular.accuracy(rng, p, p - 1),
        grid=cells("p larger", [(23, 97), (47, 193)]),
        quick=(0,),
    ),
    claim(
        "feature-learning/periodic-rows-have-ratio-one",
        "The inverse participation ratio by Fourier transform is that of explicit sums: 1 for a single cosine.",
        source=_RATIO,
        kind=Kind.EXACT,
        predict=lambda drawn, **_: participation_ratio(drawn),
        measure=lambda rng, drawn, **_: modular.ratios(drawn),
        grid=cells("p rows", [(97, "cosines"), (97, "random"), (23, "random")], width=110),
        instance=modular.written_rows,
        tolerance=1e-11,
    ),
    claim(
        "feature-learning/periodic-against-random-ratio",
        "Rows of normal numbers have a mean ratio of about 2 over the number of frequencies, 0.0404 for p = 97.",
        source=Source("doshi2024grok", f"this mean {_FORM}"),
        kind=Kind.MEAN,
        predict=lambda p: random_participation(p),
        measure=modular.random_ratio,
        grid=cells("p", [97, 23, 5]),
        tolerance=0.01,
        domain=_ODD,
    ),
    trained(
        "feature-learning/memorises-and-generalises",
        "With weight decay 3 a network meets all training labels, wrong ones among them, and is right on far more test "
        "pairs than by chance, 0.3 of them at p = 23 and 0.8 at p = 31.",
        predict=lambda **_: 1.0,
        measure=modular.memorised_and_general,
        grid=[
            {"level": 0.3, "decay": 3.0, "steps": 300, **_NARROW},
            {"level": 0.8, "decay": 3.0, "steps": 3000, **_LARGE},
        ],
    ),
    trained(
        "feature-learning/without-decay-only-memorises",
        "Without weight decay a network meets all training labels and is right on few test pairs.",
        predict=lambda **_: 1.0,
        measure=modular.only_memorised,
        grid=[
            {"level": 0.2, "decay": 0.0, "steps": 300, **_SMALL},
            {"level": 0.2, "decay": 0.0, "steps": 3000, **_LARGE},
        ],
    ),
    trained(
        "feature-learning/pruning-periodic-last",
        "Without its least periodic half a network is right on more test pairs.",
        predict=lambda **_: 1.0,
        measure=modular.pruned_effect,
        grid=[{"dropped": "lowest", "seen": "test", "decay": 3.0, "steps": 300, **size} for size in (_SMALL, _LARGE)],
    ),
    trained(
        "feature-learning/pruning-forgets-wrong-labels",
        "Without its least periodic half a network meets fewer wrong labels.",
        predict=lambda **_: -1.0,
        measure=modular.pruned_effect,
        grid=[{"dropped": "lowest", "seen": "wrong", "decay": 3.0, "steps": 300, **size} for size in (_NARROW, _LARGE)],
    ),
    trained(
        "feature-learning/pruning-periodic-first",
        "Without its most periodic half a network is right on far fewer test pairs.",
        predict=lambda **_: -1.0,
        measure=modular.pruned_effect,
        grid=[{"dropped": "highest", "seen": "test", "decay": 3.0, "steps": 300, **size} for size in (_NARROW, _LARGE)],
    ),
    trained(
        "feature-learning/strong-decay-ignores-wrong-labels",
        "With weight decay 8 a network is right on the test pairs and meets few of the wrong labels.",
        predict=lambda **_: 1.0,
        measure=modular.unlearned,
        grid=[{"decay": 8.0, "steps": steps, **size} for steps, size in ((500, _MIDDLE), (3000, _LARGE))],
    ),
    trained(
        "feature-learning/grokking-then-unlearning",
        "With weight decay 8 training accuracy first rises and then falls, as wrong labels are unlearned.",
        predict=lambda **_: 1.0,
        measure=modular.fall_of_training,
        grid=[{"decay": 8.0, "steps": steps, **size} for steps, size in ((600, _MIDDLE), (3000, _LARGE))],
    ),
    trained(
        "feature-learning/strong-decay-makes-neurons-periodic",
        "The median neuron is more periodic with weight decay 8 than with 3.",
        predict=lambda **_: 1.0,
        measure=modular.median_periodic,
        grid=[{"weak": 3.0, "strong": 8.0, "steps": 300, **size} for size in (_SMALL, _LARGE)],
    ),
)
