"""How often a verdict is wrong, for laws of draws that are skewed, discrete or heavy-tailed.

    python -m benchmarks.verdict_calibration            # 2,500 seeds a law; about two minutes
    python -m benchmarks.verdict_calibration --seeds 300

Every row runs the whole sequential procedure: looks at 16, 24, 32, 48, ... draws, the error shared between them, until
it decides or `most` draws are reached. True claims have the exact mean as their prediction, with tolerances of 0.01,
0.1 and 0.5 standard deviations; the worst of the three counts. Wrong claims are off by two tolerances, of 0.3, 0.6, 1
and 1.5 standard deviations, on either side; again the worst counts. Seeds are rows of arrays.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from solvable.analysis.verification.intervals import bounded, studentised
from solvable.analysis.verification.verifier import LEVEL, looks

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Law:
    """A law of draws with its mean and standard deviation."""

    draw: Callable[[np.random.Generator, tuple[int, int]], Array]
    mean: float
    deviation: float
    promised: bool = True
    bounds: tuple[float, float] | None = None


def _jumps(probability: float, size: float) -> Law:
    def draw(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
        return rng.standard_normal(shape) + size * (rng.random(shape) < probability)

    variance = 1 + size**2 * probability * (1 - probability)
    return Law(draw, size * probability, math.sqrt(variance), promised=size * probability <= 0.2)


def _bernoulli(probability: float, bounds: tuple[float, float] | None = None) -> Law:
    deviation = math.sqrt(probability * (1 - probability))
    return Law(lambda rng, shape: (rng.random(shape) < probability) * 1.0, probability, deviation, bounds=bounds)


LAWS = {
    "Gaussian": Law(lambda rng, shape: rng.standard_normal(shape), 0.0, 1.0),
    "uniform": Law(lambda rng, shape: rng.random(shape), 0.5, 12**-0.5),
    "exponential": Law(lambda rng, shape: rng.exponential(size=shape), 1.0, 1.0),
    "χ² with 1 degree of freedom": Law(lambda rng, shape: rng.standard_normal(shape) ** 2, 1.0, math.sqrt(2)),
    "lognormal(1)": Law(lambda rng, shape: rng.lognormal(-0.5, 1.0, shape), 1.0, math.sqrt(math.e - 1)),
    "Student t, 5 degrees": Law(lambda rng, shape: rng.standard_t(5, shape), 0.0, math.sqrt(5 / 3)),
    "Student t, 3 degrees": Law(lambda rng, shape: rng.standard_t(3, shape), 0.0, math.sqrt(3)),
    "Bernoulli(0.1)": _bernoulli(0.1),
    "Bernoulli(0.01)": _bernoulli(0.01),
    "Bernoulli(0.1), bounds declared": _bernoulli(0.1, (0.0, 1.0)),
    "Bernoulli(0.01), bounds declared": _bernoulli(0.01, (0.0, 1.0)),
    "Gaussian + jumps of 3 in 5 %": _jumps(0.05, 3.0),
    "Gaussian + jumps of 10 in 5 %": _jumps(0.05, 10.0),
    "Gaussian + jumps of 10 in 1 %": _jumps(0.01, 10.0),
    "Gaussian + jumps of 100 in 1 %": _jumps(0.01, 100.0),
    "Gaussian + jumps of 10⁴ in 0.01 %": _jumps(1e-4, 1e4),
    "lognormal(2)": Law(lambda rng, shape: rng.lognormal(-2.0, 2.0, shape), 1.0, math.sqrt(math.exp(4) - 1), False),
}
TRUE, WRONG = (0.01, 0.1, 0.5), (0.3, 0.6, 1.0, 1.5)


def outcomes(law: Law, off: float, margin: float, seeds: int, most: int, seed: int) -> tuple[int, int]:
    """Seeds that AGREE and that DISAGREE with a prediction `off` margins above the mean, a margin in deviations."""
    rng, margin = np.random.default_rng(seed), margin * law.deviation
    low, high = law.mean + (off - 1) * margin, law.mean + (off + 1) * margin
    counts = looks(16, most)
    alpha, draws, agree, disagree = (1 - LEVEL) / len(counts), np.zeros((seeds, 0)), 0, 0
    for look in counts:
        draws = np.concatenate([draws, law.draw(rng, (len(draws), look - draws.shape[1]))], axis=1)
        one = np.ones(1)
        _, below, above = bounded([draws], one, alpha, *law.bounds) if law.bounds else studentised([draws], one, alpha)
        inside, outside = (below >= low) & (above <= high), (below > high) | (above < low)
        agree, disagree = agree + int(inside.sum()), disagree + int(outside.sum())
        draws = draws[~(inside | outside)]
        if not len(draws):
            break
    return agree, disagree


def worst(law: Law, seeds: int, most: int, seed: int = 0) -> tuple[int, int]:
    """Most seeds with DISAGREES on a true claim, and with AGREES on one that is wrong by two tolerances."""
    true = [outcomes(law, 0.0, margin, seeds, most, seed + i)[1] for i, margin in enumerate(TRUE)]
    wrong = [outcomes(law, off, margin, seeds, min(most, 1024), seed + 10 * i + int(off > 0))[0]
             for i, margin in enumerate(WRONG) for off in (-2.0, 2.0)]  # fmt: skip
    return max(true), max(wrong)


def rate(count: int, seeds: int) -> str:
    """Percentage with its 95 % interval (Clopper and Pearson)."""
    low = float(beta.ppf(0.025, count, seeds - count + 1)) if count else 0.0
    high = float(beta.ppf(0.975, count + 1, seeds - count)) if count < seeds else 1.0
    return f"{100 * count / seeds:.2f} ({100 * low:.2f}–{100 * high:.2f})"


def main() -> None:
    """Print the table, in per cent."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2500)
    parser.add_argument("--most", type=int, default=4096)
    arguments = parser.parse_args()
    print("| draws | DISAGREES, true claim | AGREES, off by two tolerances | decided at a tolerance of one deviation |")
    print("|---|---|---|---|")
    for name, law in LAWS.items():
        disagree, agree = worst(law, arguments.seeds, arguments.most)
        decided = outcomes(law, 0.0, 1.0, arguments.seeds, 1024, 99)
        outside = "" if law.promised else " (outside the promise)"
        print(f"| {name}{outside} | {rate(disagree, arguments.seeds)} | {rate(agree, arguments.seeds)} | "
              f"{100 * sum(decided) / arguments.seeds:.1f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
