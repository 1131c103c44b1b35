"""Bring equivalent_mutants.json up to date: sites that moved are followed, sites that are gone are left out.

    python -m benchmarks.judged_sites     # rewrites the file, and prints what it could not follow

A judgement follows its formula to another file, function or indentation only where exactly one site makes the same
change in the same statement; a statement that was rewritten has to be judged again.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

from benchmarks.mutants import mutants
from benchmarks.mutation_report import JUDGED, judged

ROOT = Path(__file__).resolve().parents[1]


def sites() -> set[str]:
    """Identities of all mutants that the sources have today."""
    files = (path for floor in ("solvers", "analysis") for path in sorted((ROOT / floor).rglob("*.py")))
    return {mutant.identity for path in files for mutant in mutants(ROOT, str(path.relative_to(ROOT)))}


def follow(old: dict[str, str], now: set[str]) -> tuple[dict[str, str], list[str]]:
    """Judgements at the sites of today, and those whose site is gone."""
    by_function, by_change = defaultdict(list), defaultdict(list)
    for site in sorted(now):
        function, _, change = site.partition("::")[2].partition(": ")
        by_function[function.split(".")[-1], change].append(site)
        by_change[change].append(site)
    kept, gone = {}, []
    for site, why in old.items():
        function, _, change = site.partition("::")[2].partition(": ")
        places = by_function[function.split(".")[-1], change] or by_change[change]
        same = len(places) == 1 and " #" not in change  # a count of equal changes means nothing elsewhere
        place = site if site in now else places[0] if same else None
        if place is None:
            gone.append(site)
        else:
            kept[place] = why
    return dict(sorted(kept.items())), gone


def main() -> None:
    kept, gone = follow(judged(), sites())
    JUDGED.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(kept)} judgements kept, {len(gone)} left out:", *gone, sep="\n")


if __name__ == "__main__":
    main()
