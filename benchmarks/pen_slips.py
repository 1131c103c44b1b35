"""Are slips of the pen named? Random single changes of every closed form, and pairs of them, put to `check`.

    python -m benchmarks.pen_slips [slips a claim] [seed]

A change is one of `solvable.analysis.derivation.edits`: a sign, a number, a power, a factor or a term at one place.
Prints what was not named, and how many were; with two at once as well.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import sympy as sp

from solvable import check, claims
from solvable.analysis.derivation.admission import why_not
from solvable.analysis.derivation.edits import edits
from solvable.analysis.derivation.formula import read_formula
from solvable.analysis.verification.claim import Claim


def slipped(claim: Claim, rng: np.random.Generator, how_many: int) -> sp.Expr | None:
    """The claim's form with so many changes, or nothing where it has too few parts."""
    expression = read_formula(claim.formula, claim).expression
    for _ in range(how_many):
        choices = [] if expression is None or expression.has(sp.Piecewise) else edits(expression)
        if not choices:
            return None
        expression = choices[rng.integers(len(choices))][1]
    return expression


def main(each: int, seed: int) -> None:
    """Print the counts for one change and for two."""
    rng = np.random.default_rng(seed)
    forms = [claim for claim in claims() if claim.formula is not None and not why_not(claim)]
    for how_many in (1, 2):
        named = agreed = unnamed = 0
        seconds = []
        for claim in forms:
            for _ in range(each):
                wrong = slipped(claim, rng, how_many)
                if wrong is None:
                    continue
                start = time.process_time()
                report = check(wrong, against=claim, budget=0)
                seconds.append(time.process_time() - start)
                if report:
                    agreed += 1
                    print(f"agrees: {claim.name}: {wrong}\n   {report.sentence}", flush=True)
                elif report.slip or "agrees for" in report.sentence:
                    named += 1
                else:
                    unnamed += 1
                    print(f"not named: {claim.name}: {wrong}\n   {report.sentence}", flush=True)
        told = f"{how_many} at once: named {named}, not named {unnamed}, agree {agreed}"
        print(told + "; CPU seconds: median {:.2f}, 90 % {:.2f}, largest {:.2f}".format(
            *np.quantile(seconds, [0.5, 0.9, 1])), flush=True)  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2, int(sys.argv[2]) if len(sys.argv) > 2 else 0)
