"""Is `check` calibrated? 300 formulas from the catalogue's own closed forms: rewritten, slipped, and wrong.

    python -m benchmarks.check_calibration [seed]

Prints how many right ones were rejected, how many wrong ones of 3 % or more were accepted, how many slips were named,
and the median time of the stages without simulation.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import sympy as sp

from solvable import check, claims
from solvable.analysis.derivation.formula import read_formula
from solvable.analysis.derivation.known import known_values
from solvable.analysis.verification.claim import Claim

EACH = 100


def symbol(name: str) -> sp.Symbol:
    return sp.Symbol(name, positive=True)


def rewritten(rng: np.random.Generator, formula: sp.Expr) -> sp.Expr:
    """The same function, written otherwise."""
    some = sorted(formula.free_symbols, key=str)
    a = some[rng.integers(len(some))]
    b = some[rng.integers(len(some))]
    ways: list[Callable[[sp.Expr], sp.Expr]] = [
        sp.expand,
        sp.together,
        lambda e: sp.expand(e * (1 + a)) / (1 + a),
        lambda e: (e + a) - a + sp.Integer(0),
        lambda e: e.subs(a, sp.exp(sp.log(a))),
        lambda e: sp.Rational(1, 2) * sp.expand(2 * e),
        lambda e: sp.expand(e * a * b) / a / b,
        lambda e: 1 / sp.together(1 / e) if not e.has(sp.Piecewise) else e,
        lambda e: sp.sqrt(sp.expand(e**2)) if e.is_positive and e.count_ops() < 30 else e,
        sp.piecewise_fold,
    ]
    for _ in range(2):
        formula = ways[rng.integers(len(ways))](formula)
    return formula


def slipped(rng: np.random.Generator, formula: sp.Expr) -> tuple[str, sp.Expr] | None:
    """A convention slip: its name and the formula with it."""
    names = {str(s) for s in formula.free_symbols}
    choices: list[tuple[str, sp.Expr]] = [(f"factor {c}", c * formula) for c in
                                          (sp.Rational(1, 2), sp.Integer(2), sp.Integer(4), sp.pi)]  # fmt: skip
    n, noise = symbol("n"), symbol("noise_variance")
    if "n" in names:
        choices += [("factor n/(n - 1)", formula * n / (n - 1)), ("n -> n - 1", formula.subs(n, n - 1)),
                    ("factor n", formula * n)]  # fmt: skip
    if "d" in names:
        choices += [("d -> d + 1", formula.subs(symbol("d"), symbol("d") + 1))]
    if {"n", "d"} <= names:
        d = symbol("d")
        choices += [("n <-> d", formula.subs({n: d, d: n}, simultaneous=True))]
    if "noise_variance" in names:
        choices += [("additive noise_variance", formula - noise), ("additive noise_variance", formula + noise)]
        choices += [
            ("noise squared", formula.subs(noise, noise**2)),
            ("noise rooted", formula.subs(noise, sp.sqrt(noise))),
        ]
    for name in ("lam", "ridge", "weight_decay", "step_size", "initial_scale"):
        if name in names:
            p = symbol(name)
            choices += [(f"{name} doubled", formula.subs(p, 2 * p)), (f"{name} halved", formula.subs(p, p / 2))]
    if "gamma" in names and not formula.has(sp.Piecewise):
        choices += [("gamma inverted", formula.subs(symbol("gamma"), 1 / symbol("gamma")))]
    if "batch_size" in names and "n" in names:
        B = symbol("batch_size")
        choices += [("sampling", formula.subs(B, B * (n - 1) / (n - B)))]
    return choices[rng.integers(len(choices))]


def wrong(rng: np.random.Generator, formula: sp.Expr) -> sp.Expr:
    """A term, exponent or constant that is off by 1 % to 100 %."""
    size = sp.Rational(round(float(np.exp(rng.uniform(np.log(0.01), 0.0))), 4)).limit_denominator(10000)
    places = [node for node in sp.preorder_traversal(formula) if isinstance(node, sp.Add | sp.Mul | sp.Pow)]
    node = places[rng.integers(len(places))]
    if isinstance(node, sp.Pow):
        return formula.xreplace({node: node.base ** (node.exp * (1 + size))})
    arguments = list(node.args)
    i = int(rng.integers(len(arguments)))
    arguments[i] = arguments[i] * (1 + size)
    return formula.xreplace({node: node.func(*arguments)})


def change(claim: Claim, formula: sp.Expr) -> float:
    """Largest relative change over the claim's grid."""
    ours, theirs = read_formula(claim.formula, claim), read_formula(formula, claim)
    found = []
    for cell in claim.grid:
        values = known_values(claim, cell)
        a, b = float(ours(values)), float(theirs(values))
        if np.isfinite(a) and a:
            found.append(abs(b / a - 1) if np.isfinite(b) else np.inf)
    return max(found, default=0.0)


def main(seed: int = 0) -> dict[str, float]:
    pool = [claim for claim in claims() if claim.formula is not None and claim.formula.free_symbols]
    rng = np.random.default_rng(seed)
    seconds, rejected, missed, unnamed, bad = [], 0, 0, 0, 0
    for kind in ("right", "slip", "wrong"):
        done = 0
        while done < EACH:
            claim = pool[rng.integers(len(pool))]
            name = kind
            if kind == "right":
                formula = rewritten(rng, claim.formula)
            elif kind == "slip":
                name, formula = slipped(rng, claim.formula)
                if change(claim, formula) < 1e-6:
                    continue
            else:
                formula = wrong(rng, claim.formula)
                if change(claim, formula) < 0.03:
                    continue
                bad += 1
            start = time.perf_counter()
            report = check(formula, against=claim.name, budget=0, rng=int(rng.integers(2**31)))
            seconds.append(time.perf_counter() - start)
            agrees = report.outcome.value == "AGREES"
            if kind == "right" and not agrees:
                rejected += 1
                print(f"REJECTED {claim.name}: {formula}\n   {report}")
            if kind == "wrong" and agrees:
                missed += 1
                print(f"ACCEPTED {claim.name}: {formula}")
            if kind == "slip" and not report.slip:
                unnamed += 1
                print(f"UNNAMED {claim.name}, {name}: {report.sentence}")
            done += 1
    result = {"right rejected": rejected, "wrong (3 % or more) accepted": missed, "wrong": bad,
              "slips named": EACH - unnamed, "median seconds": statistics.median(seconds),
              "longest seconds": max(seconds), "claims": len(pool)}  # fmt: skip
    print(result)
    return result


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
