"""Overhead of a sweep for each cell, with and without store, against a plain loop; two workers against one."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from solvable import sweep

GRID = {"a": np.arange(100), "b": np.linspace(0.0, 1.0, 1000)}
CELLS = 100_000
REPEATS = 1


def empty(a, b):
    return 0.0


def seeded(rng, a, b):
    return 0.0


def busy(a):
    """50 ms of arithmetic that holds the interpreter's lock; CPU time, so that neighbours do not shorten it."""
    end = time.process_time() + 0.05
    while time.process_time() < end:
        pass
    return a


def waiting(a):
    time.sleep(0.05)
    return a


def in_folder(job):
    with tempfile.TemporaryDirectory() as folder:
        return job(Path(folder) / "s.zarr")


class Overhead:
    def time_serial(self):
        sweep(empty, GRID, workers=1, progress=False)

    def time_serial_seeded(self):
        sweep(seeded, GRID, draws=1, workers=1, progress=False)

    def time_store(self):
        in_folder(lambda path: sweep(empty, GRID, workers=1, store=path, progress=False))


def seconds(job, repeats=3):
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        job()
        times.append(time.perf_counter() - started)
    return min(times)


def chunks_a_second(path):
    grid = {"n": np.arange(500), "seed_": np.arange(100), "ridge": np.arange(30.0)}

    def pair(n, seed_, ridge):
        return {"test": np.add.outer(seed_, ridge), "train": np.multiply.outer(seed_, ridge)}

    together = ["ridge", "seed_"]
    return 500 / seconds(
        lambda: sweep(pair, grid, workers=1, store=path, together=together, chunk=1, progress=False), 1
    )


def many(function, workers):
    return seconds(lambda: sweep(function, {"a": range(400)}, workers=workers, progress=False), 1)


def main() -> None:
    overhead = Overhead()
    loop = seconds(lambda: [empty(a=a, b=b) for a in range(100) for b in GRID["b"]])
    print(f"{'plain loop':<40} {1e6 * loop / CELLS:8.2f} us a cell")
    for name, limit in (("time_serial", 200), ("time_serial_seeded", 200), ("time_store", 1000)):
        taken = seconds(getattr(overhead, name))
        print(f"{name.removeprefix('time_'):<40} {1e6 * taken / CELLS:8.2f} us a cell  (asked: below {limit})")
    print(f"{'store, chunks of 2 x 3000 a second':<40} {in_folder(chunks_a_second):8.0f}")
    for function in (waiting, busy):
        one, two = np.median([[many(function, workers) for workers in (1, 2)] for _ in range(REPEATS)], axis=0)
        title = f"400 cells of 50 ms, {function.__name__}"
        print(f"{title:<40} {one:8.2f} s, 2 workers {two:.2f} s: {one / two:.2f} x  (asked: 1.8)")


if __name__ == "__main__":
    main()
