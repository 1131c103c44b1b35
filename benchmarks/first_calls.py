"""What the first call of every public solver costs, with an empty numba cache and with a full one.

    python -m benchmarks.first_calls              # prints the table of docs/performance.md; minutes of compilation
    python -m benchmarks.first_calls --write      # and puts it into the page
    python -m benchmarks.first_calls ridge_path   # these solvers alone

Each solver is called in a process of its own, a copy of one that has imported the package and started numba, with those
arguments of tests/project/arguments that have no default, or all where it refuses these; the cache is emptied before.
Processor time, with what numba's start takes apart.
"""

from __future__ import annotations

import argparse
import inspect
import os
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
MARKS = "<!-- first calls -->", "<!-- end of first calls -->"
LIMITS = 3.0, 0.2  # seconds with an empty cache, with a full one
SHOWN = 20  # rows of the table, of the dearest


def in_a_copy(measure: Callable[[], tuple[float, ...]]) -> list[float]:
    """What `measure` returns in a copy of this process, which forgets what it compiled."""
    reading, writing = os.pipe()
    copy = os.fork()
    if not copy:
        status = 1
        try:
            os.write(writing, " ".join(map(repr, measure())).encode())
            status = 0
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    if os.waitpid(copy, 0)[1]:
        raise RuntimeError("a measurement failed: see above.")
    return [float(word) for word in text.split()]


def seconds(call: Callable[[], Any]) -> float:
    """Processor seconds of a call."""
    start = time.process_time()
    call()
    return time.process_time() - start


def start_of_numba() -> float:
    """Seconds of the first kernel of a process over those of the second, compiled alike."""
    import numba

    def one(x: float) -> float:
        return x + 1.0

    first, second = (seconds(lambda: numba.njit(one)(1.0)) for _ in range(2))
    return first - second


def accepted(name: str, seeds: Iterable[int]) -> tuple[float, float, float]:
    """The first seed whose arguments the solver does not refuse, seconds of that call and of the same once more."""
    from hostile import call
    from valid_arguments import FUNCTIONS, plain_arguments

    parameters = inspect.signature(FUNCTIONS[name]).parameters
    for seed in seeds:
        every = plain_arguments(name, seed)
        asked = {key: value for key, value in every.items() if parameters[key].default is inspect.Parameter.empty}
        for arguments in (asked, every):
            again = partial(call, name, arguments)
            try:
                first = seconds(again)
            except (ValueError, TypeError, ArithmeticError):  # found in the arguments, before a kernel is needed
                continue
            return seed, first, seconds(again)
    raise AssertionError(f"{name} refused all its arguments")


def first_calls(names: list[str], cache: Path) -> Iterator[tuple[str, float, float, float]]:
    """Yield (name, seconds with an empty cache, with a full one, of the second call)."""
    for name in names:
        for path in cache.iterdir():
            shutil.rmtree(path)
        seed, empty, _ = in_a_copy(partial(accepted, name, range(24)))
        _, full, again = in_a_copy(partial(accepted, name, [int(seed)]))
        yield name, empty, full, again


def table(rows: list[tuple[str, float, float, float]], start: float) -> str:
    """The dearest first calls as Markdown, and how many stay below the limits."""
    empty, full = LIMITS
    rows = sorted(rows, key=lambda row: -row[1])
    over = [sum(row[1] > empty for row in rows), sum(row[2] - row[3] > full for row in rows)]
    lines = [
        f"{len(rows)} public solvers; first calls take more than {empty:g} s with an empty cache for {over[0]} of "
        f"them, and with a full one {full:g} s more than the second call for {over[1]}. Numba's own start, once in a "
        f"process, takes {start:.1f} s more. The {min(SHOWN, len(rows))} dearest, s of processor time:",
        "",
        "| solver | empty cache | full cache | second call |",
        "|---|---|---|---|",
        *(f"| `{name}` | {cold:.1f} | {warm:.2f} | {again:.3f} |" for name, cold, warm, again in rows[:SHOWN]),
        f"| all {len(rows)} | {sum(row[1] for row in rows):.0f} | {sum(row[2] for row in rows):.1f} "
        f"| {sum(row[3] for row in rows):.1f} |",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore", UserWarning)
    sys.path.insert(0, str(ROOT / "tests" / "project"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NUMBA_CACHE_DIR"] = folder  # before numba is imported
        from valid_arguments import SOLVERS

        start = start_of_numba()
        rows = []
        for row in first_calls(options.names or list(SOLVERS), Path(folder)):
            rows.append(row)
            print("{:8.2f} {:6.2f} {:7.3f}  {}".format(*row[1:], row[0]), file=sys.stderr, flush=True)
    text = table(rows, start)
    print(text)
    if options.write:
        from benchmarks.main_job import write

        write(text, MARKS)


if __name__ == "__main__":
    main()
