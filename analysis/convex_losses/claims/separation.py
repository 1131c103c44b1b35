"""Claims about where labels stop being separable, and about fits on both sides of it."""

from __future__ import annotations

from functools import partial

import numpy as np

from solvable.analysis.convex_losses.experiments import separation
from solvable.analysis.convex_losses.settings import USUAL, eigenvalues, teacher_power
from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.solvers import MarginLaw, Spectrum, logistic_bias, margin_law, separability_threshold

__all__ = ["SEPARATION_CLAIMS"]

_COVER = Source("cover1965geometrical")
_PHASE = Source("candes2020phase")
_MODERN = Source("sur2019modern")
_MARGIN = Source("montanari2019generalization")


def _law(d: float, ratio: float, spread: float, signal: float, noise: float) -> MarginLaw:
    size = round(d)
    spectrum = Spectrum(eigenvalues(size, spread), teacher_power(size, spread, signal))
    return margin_law(spectrum, round(ratio * size), noise=noise)


claim = partial(Claim, domain=USUAL)
transitions = partial(
    claim, kind=Kind.THRESHOLD, predict=lambda d, signal, teacher, noise: float(
        separability_threshold(signal, teacher, noise)
    ),
    measure=separation.inseparable, tolerance=0.03, bounds=(-1.0, 1.0), first_draws=8,
    assumptions="one set of rows ends being separable within some 1/√(2d) of the place, 10 % at d = 50; more than half "
    "do 3 % below it and less than half 3 % above",
)  # fmt: skip
estimates = partial(
    claim, kind=Kind.ASYMPTOTIC, size="d", first_draws=8, source=_MODERN,
    domain=USUAL.but(gamma=(0.05, 0.25), strength=(0.5, 2.0)),
)  # fmt: skip
margins = partial(claim, kind=Kind.ASYMPTOTIC, size="d", source=_MARGIN, first_draws=8,
                  domain=USUAL.but(ratio=(0.5, 1.8)))  # fmt: skip

SEPARATION_CLAIMS = (
    transitions(
        "convex-losses/separability-of-noise",
        "Random labels without a teacher are separable up to two rows for each dimension.",
        source=_COVER,
        grid=cells("d", [50, 120], signal=0.0, teacher="logistic", noise=0.0),
        domain=USUAL.but(signal=(0.0, 1e-9), noise=(0.0, 1.0)),
        quick=(0,),
    ),
    transitions(
        "convex-losses/existence-of-logistic-estimates",
        "Labels of a logistic teacher stop being separable, and the unregularised logistic estimate exists, above a "
        "ratio of rows and dimensions that grows with the strength of the teacher.",
        source=_PHASE,
        grid=cells("d signal", [(50, 4.0), (80, 16.0), (100, 1.0)], teacher="logistic", noise=0.0),
        domain=USUAL.but(signal=(0.5, 20.0)),
        quick=(0,),
    ),
    transitions(
        "convex-losses/separability-of-noisy-signs",
        "The same for signs of a field with Gaussian noise.",
        source=Source("candes2020phase", "with a sign teacher, derived in docs/theory/convex_losses.md"),
        grid=cells("d noise", [(50, 1.0), (80, 0.3)], signal=1.0, teacher="sign"),
        domain=USUAL.but(noise=(0.1, 1.0)),
        quick=(0,),
    ),
    estimates(
        "convex-losses/logistic-bias",
        "Unregularised logistic estimates scatter around a multiple α* > 1 of the coefficients.",
        predict=lambda d, gamma, strength: float(logistic_bias(gamma, strength).slope),
        measure=separation.estimate_slope,
        grid=cells("gamma strength", [(0.1, 2.0), (0.2, 1.0), (0.1, 1.5)], d=25),
        tolerance=0.03,
        quick=(0,),
    ),
    estimates(
        "convex-losses/logistic-spread",
        "The scatter of unregularised logistic estimates, times the root of n, tends to σ*.",
        predict=lambda d, gamma, strength: float(logistic_bias(gamma, strength).spread),
        measure=separation.estimate_spread,
        grid=cells("gamma strength", [(0.1, 2.0), (0.2, 1.0), (0.1, 1.5)], d=20),
        tolerance=0.03,
        assumptions="a law wrong by 9 % is refused; one wrong by less than 3 % may pass",
        quick=(0,),
    ),
    margins(
        "convex-losses/hard-margin",
        "Largest margin of separable rows over the root of the dimension.",
        predict=lambda **cell: float(_law(**cell).margin) / float(np.sqrt(round(cell["d"]))),
        measure=separation.hard_margin,
        grid=cells("ratio spread noise", [(0.8, 0.6, 0.2), (1.2, 0.0, 0.5)], d=30, signal=1.0),
        tolerance=0.03,
        quick=(0,),
    ),
    margins(
        "convex-losses/rows-on-the-margin",
        "Share of the rows that lie on the margin.",
        predict=lambda **cell: float(_law(**cell).support),
        measure=separation.hard_support,
        grid=cells("ratio spread noise", [(0.8, 0.6, 0.2), (1.5, 0.0, 0.2)], d=30, signal=1.0),
        tolerance=0.03,
        quick=(0,),
    ),
)
