"""How often the verdict about an exponent is wrong, and how often a true one is accepted, at n = 10, 20 and 40.

    python -m benchmarks.rate_calibration             # 500 seeds a row
    python -m benchmarks.rate_calibration --seeds 100

The claim is n^-1 within 0.1. Each seed runs the whole sequential procedure at the default budget of 4,096 draws at the
largest size, on Gaussian draws with the relative standard deviation given.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

import numpy as np

from solvable.analysis.verification.decisions import Rule, decide
from solvable.analysis.verification.outcome import Outcome
from solvable.analysis.verification.rates import rate_test
from solvable.analysis.verification.verifier import LEVEL, looks

Mean = Callable[[float], float]
TRUE: dict[str, Mean] = {
    "1/n": lambda n: 1 / n,
    "1/n + 0.1/n²": lambda n: 1 / n + 0.1 / n**2,
    "1/(n + 1)": lambda n: 1 / (n + 1),
    "n^-1.05": lambda n: n**-1.05,
}
HIDDEN: dict[str, tuple[Mean, Outcome]] = {  # with the verdict that would be wrong
    "1/n + 0.001": (lambda n: 1 / n + 0.001, Outcome.AGREES),
    "1/n + 0.002": (lambda n: 1 / n + 0.002, Outcome.AGREES),
    "log(n)/n": (lambda n: math.log(n) / n, Outcome.DISAGREES),
    "1/(n log n)": (lambda n: 1 / (n * math.log(n)), Outcome.DISAGREES),
    "1/n + 5/n²": (lambda n: 1 / n + 5 / n**2, Outcome.DISAGREES),
}
WRONG: dict[str, Mean] = {"n^-0.8": lambda n: n**-0.8, "n^-1.2": lambda n: n**-1.2, "n^-0.5": lambda n: n**-0.5}
SHARES = (4, 2, 1)


def verdict(
    mean: Mean, noise: float, seed: int, exponent: float = -1.0, *, tolerance: float = 0.1, first: float = 10.0,
    most: int = 4096,
) -> tuple[Outcome, int]:  # fmt: skip
    """Outcome and draws at the largest size; draws are Gaussian around `mean(n)` with relative deviation `noise`."""
    rng, x = np.random.default_rng(seed), np.array([1.0, 2.0, 4.0])
    centred = np.log(x) - np.log(x).mean()
    slope = centred / (centred @ centred)
    test = rate_test(first * x, slope, exponent, 1.0, tolerance)
    full = [
        mean(n) * (1 + noise * rng.standard_normal(most * share)) for n, share in zip(first * x, SHARES, strict=True)
    ]
    predicted, units, counts = np.full(3, exponent), np.full(3, tolerance), looks(16, most)
    for count in counts:
        arms = [draws[: count * share] for draws, share in zip(full, SHARES, strict=True)]
        alpha = (1 - LEVEL) / len(counts)
        found = decide(arms, predicted, units, slope, (-1.0, 1.0), alpha, Rule(log=True), test)
        if found.outcome is not None:
            return found.outcome, count
    return Outcome.INCONCLUSIVE, most


def main() -> None:
    """Print the table, in per cent."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=500)
    arguments = parser.parse_args()
    rows = {**TRUE, **{name: mean for name, (mean, _) in HIDDEN.items()}, **WRONG}
    print("| mean | noise | AGREES | DISAGREES | INCONCLUSIVE | median draws |\n|---|---|---|---|---|---|")
    for name, mean in rows.items():
        for noise in (0.01, 0.1, 0.3):
            found = [verdict(mean, noise, seed) for seed in range(arguments.seeds)]
            shares = [100 * sum(outcome is one for outcome, _ in found) / len(found) for one in Outcome]
            counts = " | ".join(f"{share:.1f}" for share in shares)
            print(f"| {name} | {noise:g} | {counts} | {np.median([draws for _, draws in found]):.0f} |", flush=True)


if __name__ == "__main__":
    main()
