"""Results of mutation testing: the latest of every mutant, and the table of a file each."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

JUDGED = Path(__file__).with_name("equivalent_mutants.json")
NOTICED = ("killed", "timeout")


def latest(path: Path) -> dict[str, Any]:
    """The last record of every mutant."""
    lines = path.read_text().splitlines() if path.exists() else []
    return {record["id"]: record for record in map(json.loads, lines)}


def report(path: Path, root: Path) -> str:
    """Markdown: tried, killed, equivalent, open; tolerances and iteration limits in columns of their own."""
    judged = json.loads(JUDGED.read_text()) if JUDGED.exists() else {}
    rows: dict[str, list[int]] = defaultdict(lambda: [0] * 6)
    for record in latest(path).values():
        row, noticed = rows[record["file"]], record["status"] in NOTICED
        if record["numerical"]:
            row[4] += 1
            row[5] += noticed
        else:
            row[0] += 1
            row[1] += noticed
            row[2] += not noticed and record["id"] in judged
            row[3] += not noticed and record["id"] not in judged
    lines = ["| file | tried | killed | equivalent | open | tolerances tried | killed |", "|---" * 7 + "|"]
    for floor in ("solvers", "analysis"):
        part = {file: row for file, row in sorted(rows.items()) if file.startswith(floor)}
        lines += [f"| {file} | " + " | ".join(map(str, row)) + " |" for file, row in part.items()]
        if part:
            tried, killed, same, *rest = (sum(column) for column in zip(*part.values(), strict=True))
            lines.append(f"| **{floor}** | {tried} | {killed} ({killed / tried:.1%}; {killed / (tried - same):.1%} "
                         f"without equivalent) | {same} | {' | '.join(map(str, rest))} |")  # fmt: skip
    return "\n".join(lines)
