r"""Formulas with known answers: what `check` rejects, accepts, misreads, refuses and names, and how long it takes.

    python -m benchmarks.paper_formulas [FILE ...]

A file lists claims and formulas under headings such as ``= right latex``; benchmarks/formulas/written.txt explains
them; ⏎ stands for the end of a line, and ``[kind=vp]`` behind a claim for the cells that are asked. Without a file all
of benchmarks/formulas are run. A right LaTeX formula that is neither agreed with nor refused has been misread.
"""

from __future__ import annotations

import ast
import collections
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from solvable import check

HERE = Path(__file__).parent / "formulas"
EXPECTED = {"right": "AGREES", "refuse": "refused"}  # everything else differs
NAMED = ("slip", "range")


def asked(text: str) -> tuple[str, dict[str, Any]]:
    """Name of a claim and what its cells are held at."""
    claim, _, held = text.partition(" [")
    pairs = (item.split("=") for item in held.rstrip("]").split(",") if item.strip())
    return claim, {name.strip(): _value(value.strip()) for name, value in pairs}


def _value(text: str) -> Any:
    """A number or a truth value as Python writes it, else the word itself."""
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text


def formulas(path: Path) -> Iterator[tuple[str, bool, str, str]]:
    """Word of the heading, whether it is LaTeX, claim (with what is held) and formula."""
    word, latex = "", False
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("= "):
            word, latex = line.split()[1], line.endswith(" latex")
        elif line and not line.startswith("#"):
            claim, _, formula = line.partition(":")
            yield word, latex, claim, formula.strip().replace("⏎", "\n")


def answer(claim: str, formula: str, latex: bool) -> tuple[str, str, bool]:
    """Outcome, what is said, and whether that explains a difference."""
    name, held = asked(claim)
    try:
        report = check(formula, against=name, at=held or None, budget=0, latex=latex)
    except (ValueError, LookupError) as error:
        return "refused", str(error), False
    named = bool(report.slip) or any(word in report.sentence for word in ("agrees for", "agrees only", "equal as"))
    return report.outcome.value, report.sentence, named


def run(path: Path) -> None:
    """Run a file and print the counts, with every formula whose answer is not the known one."""
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    seconds, claims = [], set()
    for word, latex, claim, formula in formulas(path):
        start = time.process_time()
        found, said, named = answer(claim, formula, latex)
        seconds.append(time.process_time() - start)
        claims.add(asked(claim)[0])
        count = counts[f"{word}{' latex' if latex else ''}"]
        count[found] += 1
        if word in NAMED:
            count["named"] += named
        expected = EXPECTED.get(word, "DISAGREES")
        if found != expected or (word in NAMED and not named) or seconds[-1] > 3:
            unnamed = word in NAMED and not named
            what = f"expected {word}, {found}" if found != expected else f"{word} unnamed" if unnamed else "slow"
            print(f"{what} ({seconds[-1]:.1f} s) {claim}: {formula}\n   {said}", flush=True)
    print(f"\n{path.name}: {len(seconds)} formulas, {len(claims)} claims")
    for word, count in counts.items():
        print(f"  {word:<13} {', '.join(f'{found} {number}' for found, number in sorted(count.items()))}")
    print("  CPU seconds: median {:.2f}, 90 % {:.2f}, largest {:.2f}".format(*np.quantile(seconds, [0.5, 0.9, 1])))


if __name__ == "__main__":
    for name in sys.argv[1:] or sorted(HERE.glob("*.txt")):
        run(Path(name))
