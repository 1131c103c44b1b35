"""Where the README's main job spends its time: installation, compilation, claims, figures; and which claims cost most.

    python -m benchmarks.main_job            # as a newcomer: fresh environment, empty numba cache; prints the table
    python -m benchmarks.main_job --write    # and puts it into docs/performance.md
    python -m benchmarks.main_job --claims   # CPU of every quick claim with compiled kernels, by family and the largest

Quiet cores are needed: the stages are by the clock.
"""

from __future__ import annotations

import argparse
import datetime
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "performance.md"
MARKS = "<!-- main job -->", "<!-- end -->"
STAGE = re.compile(r"(loading|claims|figures|page) (\d+) s")
COMPILED = re.compile(r"compiled for (\d+) s")


def timed(command: list[str], environment: dict[str, str]) -> tuple[float, str]:
    """Seconds by the clock and what was printed."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    print(done.stdout, done.stderr, file=sys.stderr, flush=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with code {done.returncode}")
    return time.perf_counter() - start, done.stdout


def main_job() -> list[tuple[str, float, float]]:
    """Rows (stage, first run, second run in the same folder)."""
    with tempfile.TemporaryDirectory() as folder:
        venv, report = Path(folder, "venv"), Path(folder, "report")
        clean = {name: value for name, value in os.environ.items() if not name.endswith(("_THREADS", "PYTHONPATH"))}
        environment = clean | {"NUMBA_CACHE_DIR": str(Path(folder, "numba"))}
        installed = timed([sys.executable, "-m", "venv", str(venv)], environment)[0]
        installed += timed([str(venv / "bin" / "pip"), "install", "-q", "-e", "."], environment)[0]
        command = [str(venv / "bin" / "solvable"), "reproduce", "--quick", "--out", str(report)]
        totals, outputs = zip(*(timed(command, environment) for _ in range(2)), strict=True)
    stages = [dict(STAGE.findall(text)) for text in outputs]
    compiled = [float(match.group(1)) if (match := COMPILED.search(text)) else 0.0 for text in outputs]
    rows = [("installation", installed, 0.0)]
    rows += [(name, *(float(found[name]) for found in stages)) for name in ("loading", "claims", "figures", "page")]
    rows.append(("in all", installed + totals[0], totals[1]))
    return [*rows, ("of which compilation, CPU of the workers", *compiled)]


def table(rows: list[tuple[str, float, float]]) -> str:
    """The table as Markdown, with the day and the number of claims and figures."""
    from solvable.analysis import claims
    from solvable.figures import figures

    lines = [f"| {name} | {first:.0f} | {second:.0f} |" for name, first, second in rows]
    said = (f"{len(claims())} claims and {len(figures())} figures on {os.cpu_count()} cores, "
            f"{datetime.datetime.now(datetime.UTC).date()}:")  # fmt: skip
    return "\n".join([said, "", "| stage | first run, s | second run, s |", "|---|---|---|", *lines])


def write(text: str, marks: tuple[str, str] = MARKS) -> None:
    """Put the table between its marks on the page."""
    before, rest = PAGE.read_text().split(marks[0])
    PAGE.write_text(f"{before}{marks[0]}\n{text}\n{marks[1]}{rest.split(marks[1], 1)[1]}")


def by_claim() -> None:
    """Print CPU of the quick claims"""
    from solvable.analysis import claims, verify

    spent, families = {}, defaultdict[str, float](float)
    for claim in claims():
        start = time.process_time()
        verify(claim, quick=True)
        spent[claim.name] = time.process_time() - start
        families[claim.family] += spent[claim.name]
        print(f"{spent[claim.name]:8.2f}  {claim.name}", file=sys.stderr, flush=True)
    print(f"{sum(spent.values()):.0f} s of CPU in all")
    for family, seconds in sorted(families.items(), key=lambda item: -item[1]):
        print(f"{seconds:8.1f}  {family}")
    for name, seconds in sorted(spent.items(), key=lambda item: -item[1])[:40]:
        print(f"{seconds:8.2f}  {name}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--claims", action="store_true")
    options = parser.parse_args()
    if options.claims:
        by_claim()
    else:
        text = table(main_job())
        print(text)
        if options.write:
            write(text)
