"""Is `check(..., experiment=)` calibrated? True formulas and wrong ones against simulations whose mean is known.

    python -m benchmarks.experiment_calibration [seed]

Prints how many true ones disagreed, how many that are off by more than the tolerance of 5 % agreed, and how often the
number of draws that an open check asks for decided, of 9 in 10 that are promised. What is asked for "if the claim
holds" promises nothing of a formula that does not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from solvable import check

Draw = Callable[..., float]


def _inverse_gamma(rng: np.random.Generator, n: int, d: int) -> float:
    return float(d / rng.chisquare(n - d + 1))


# a draw, its mean, where, and the size that grows, if the mean is a limit
CASES: dict[str, tuple[Draw, str, dict[str, Any], str | None]] = {
    "normal": (lambda rng, s: float(s + rng.standard_normal()), "s", {"s": [1.0, 3.0]}, None),
    "exponential": (lambda rng, s: float(s * rng.exponential()), "s", {"s": [0.5, 2.0]}, None),
    "lognormal": (lambda rng, s: float(np.exp(s * rng.standard_normal())), "exp(s**2/2)", {"s": [0.5, 1.0]}, None),
    "inverse": (_inverse_gamma, "d/(n - d - 1)", {"n": [30, 60], "d": 10}, None),
    "rare": (lambda rng, p: float(rng.random() < p), "p", {"p": [0.02, 0.3]}, None),
    "square": (lambda rng, n: float(rng.standard_normal(n).mean() ** 2), "1/n", {"n": [5, 20]}, None),
    "limit": (lambda rng, n, s: float(s * (1 + 2 / n) + s * rng.standard_normal() / 2), "s", {"n": 20, "s": 1.5}, "n"),
}
FACTORS = (1.0, 1.0, 1.06, 0.93, 1.1, 0.85, 1.5)
REPEATS, FEW, MANY, TOLERANCE = 3, 1024, 60_000, 0.05
IF_TRUE = "if the claim holds"


def main(seed: int = 0) -> dict[str, int]:
    """Run every case with every factor; print what is not as it should be, and the counts."""
    count = dict.fromkeys(("true", "true disagreed", "wrong", "wrong agreed", "decided", "open", "asked",
                           "asked and decided"), 0)  # fmt: skip
    for name, (draw, formula, at, size) in CASES.items():
        for repeat in range(REPEATS):
            for j, factor in enumerate(FACTORS):
                root = seed + 1000 * repeat + j

                def judge(budget: int, text: str = f"{factor}*({formula})", root: int = root) -> Any:
                    return check(text, experiment=draw, at=at, size=size, rng=root, budget=budget,  # noqa: B023
                                 tolerance=TOLERANCE)  # fmt: skip

                report = judge(4096)
                right, outcome = factor == 1, report.outcome.value
                count["true" if right else "wrong"] += 1
                count["decided" if outcome != "INCONCLUSIVE" else "open"] += 1
                if outcome == ("DISAGREES" if right else "AGREES"):
                    count["true disagreed" if right else "wrong agreed"] += 1
                    print(f"{name}, {factor} times its mean, seed {root}: {report.sentence}")
                few = judge(FEW).simulation
                needed = few.needed
                promised = right or not any(IF_TRUE in row.note for row in few.rows if row.needed == needed)
                if FEW < needed <= MANY and promised:
                    count["asked"] += 1
                    count["asked and decided"] += judge(needed).outcome.value != "INCONCLUSIVE"
    print(count)
    return count


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
