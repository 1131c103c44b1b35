"""Sums over modes against the same loops over blocks of 2^14 numbers with one product for each sum, interleaved.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.bench_mode_sums   # what the rule for blocks costs: at most 1.1 times
    OPENBLAS_NUM_THREADS=2 python -m benchmarks.bench_mode_sums   # what it saves: threads that BLAS starts

The last column is the processor time of all threads over that of the calling one: 1 where BLAS shared nothing.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from solvable.solvers.equivalents.mode_sums import Modes

BLOCK = 1 << 14
SHAPES = [(1, 100), (1, 2000), (1, 20_000), (1, 10**6), (100, 100), (1000, 200), (1000, 2000), (10, 20_000),
          (64, 200), (512, 200), (64, 5000)]  # fmt: skip
ROUNDS = 21
TERMS = {"two sums": [("m", 1, 0), ("m", 2, 0)], "four sums": [("m", 1, 0), ("m", 2, 0), ("m", 1, 1), ("v", 0, 2)]}


def plain(s: np.ndarray, weights: dict[str, np.ndarray], x: np.ndarray, terms: list[tuple]) -> list[np.ndarray]:
    """As one writes it, with arrays used again: g, c, their powers, and a product with the weights for each sum."""
    found = np.zeros((len(terms), x.size), x.dtype)
    height = max(1, BLOCK // s.size)
    store = np.empty((4, min(BLOCK, height * s.size)), x.dtype)
    for start in range(0, x.size, height):
        k = x[start : start + height, None]
        for first in range(0, s.size, BLOCK):
            part = slice(first, first + BLOCK)
            shape = k.size, s[part].size
            g, c, g2, other = (row[: k.size * shape[1]].reshape(shape) for row in store)
            total = np.add(s[part], k, c)
            np.divide(s[part], total, g)
            if len(terms) > 2:
                np.divide(k, total, c)
            np.multiply(g, g, g2)
            for row, (name, p, q) in zip(found, terms, strict=True):
                values = (g2 if p == 2 else g) if q == 0 else np.multiply(c, g if p else c, other)
                row[start : start + height] += values @ weights[name][part]
    return list(found)


def seconds(job: Callable[[], object], times: int) -> float:
    start = time.thread_time()
    for _ in range(times):
        job()
    return (time.thread_time() - start) / times


def shared(job: Callable[[], object], times: int) -> float:
    """Processor time of all threads over that of this one."""
    every, own = time.process_time(), time.thread_time()
    for _ in range(times):
        job()
    return (time.process_time() - every) / (time.thread_time() - own)


def main() -> None:
    for cells, count in SHAPES:
        for kind in (float, complex) if cells in (64, 512) else (float,):
            s = np.arange(1.0, count + 1) ** -1.5
            weights, x = (
                {"m": np.ones(count), "v": s},
                np.geomspace(1e-4, 0.1, cells) * (1 if kind is float else 1 - 1j),
            )
            modes = Modes(s, **weights)
            for name, terms in TERMS.items():

                def ours(modes=modes, x=x, terms=terms):
                    return modes.at(x, *terms)

                def peer(s=s, weights=weights, x=x, terms=terms):
                    return plain(s, weights, x, terms)

                found = ours()
                for term, row in zip(terms, peer(), strict=True):
                    np.testing.assert_allclose(found(*term), row, rtol=1e-12)
                times = max(1, int(4e-3 / seconds(ours, 3)))
                alone = shared(ours, times * ROUNDS)  # before the peer wakes threads that spin for a while
                pairs = [(seconds(ours, times), seconds(peer, times)) for _ in range(ROUNDS)]
                ratio = statistics.median(a / b for a, b in pairs)
                print(f"{cells:>5} x {count:<8} {kind.__name__:<8} {name:<10} {1e3 * min(pairs)[0]:9.3f} ms, "
                      f"{ratio:5.2f} of the plain loop; threads {alone:.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
