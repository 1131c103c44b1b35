"""Results of mutation testing: the latest of every mutant, and the table of a file each."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

JUDGED = Path(__file__).with_name("equivalent_mutants.json")
NOTICED = ("killed", "timeout")
COLUMNS = ("file", "tried", "killed at first", "killed", "equivalent", "open", "tolerances tried", "killed")


def _records(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text().splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def judged() -> dict[str, str]:
    """Why a mutant gives no wrong answer, by its identity."""
    return dict(json.loads(JUDGED.read_text())) if JUDGED.exists() else {}


def latest(path: Path) -> dict[str, Any]:
    """The last record of every mutant."""
    return {record["id"]: record for record in _records(path)}


def _count(path: Path) -> dict[str, list[int]]:
    equivalent = judged()
    first = {record["id"]: record for record in reversed(_records(path))}
    rows: dict[str, list[int]] = defaultdict(lambda: [0] * 7)
    for name, record in latest(path).items():
        row, noticed = rows[record["file"]], record["status"] in NOTICED
        if record["numerical"]:
            row[5] += 1
            row[6] += noticed
        else:
            row[0] += 1
            row[1] += first[name]["status"] in NOTICED
            row[2] += noticed
            row[3] += not noticed and name in equivalent
            row[4] += not noticed and name not in equivalent
    return rows


def report(path: Path) -> str:
    """Markdown: mutants tried, killed before and after tests were added, judged equivalent, open; tolerances apart."""
    rows = _count(path)
    lines = [f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
    for floor in ("solvers", "analysis"):
        part = {file: row for file, row in sorted(rows.items()) if file.startswith(floor)}
        lines += [f"| {file} | {' | '.join(map(str, row))} |" for file, row in part.items()]
        if part:
            total = [sum(column) for column in zip(*part.values(), strict=True)]
            lines.append(f"| **{floor}** | {' | '.join(map(str, total))} |")
            tried, first, killed, same = total[:4]
            lines.append(f"| share killed | | {first / tried:.1%} | {killed / tried:.1%} of all, "
                         f"{killed / (tried - same):.1%} of those not equivalent | | | | |")  # fmt: skip
    return "\n".join(lines)
