"""The tables of docs/performance.md that compare with other packages and show how cost grows, and its figure.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.performance_page           # prints them
    OPENBLAS_NUM_THREADS=1 python -m benchmarks.performance_page --write   # and puts them into the page

Two minutes on quiet cores. Everything is CPU time in one process; of a job and its peer, alternating.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from benchmarks import bench_denoising as denoising
from benchmarks import bench_embeddings as embeddings
from benchmarks import bench_grids, bench_path, bench_ridge, bench_tuning
from benchmarks import bench_random_features as features
from benchmarks.ratio import cpu_seconds, medians
from solvable.solvers import Spectrum, mixture_denoiser, random_feature_sweep, ridge_path, ridge_risk

ROOT = Path(__file__).parents[1]
PAGE, PICTURE = ROOT / "docs" / "performance.md", ROOT / "docs" / "images" / "performance-growth.svg"
PACKAGES = "numpy", "scipy", "scikit-learn", "numba", "joblib"


@dataclass(frozen=True)
class Job:
    """A job, its peer (which does `share` of it), and the flops of products and the divisions that its method needs."""

    name: str
    peer_name: str
    ours: Callable[[], object]
    peer: Callable[[], object] | None
    share: float = 1.0
    flops: float = 0.0
    divisions: float = 0.0
    limit: str = ""
    repeats: int = 5  # more where a call takes milliseconds


def jobs() -> list[Job]:
    """What is compared; counts of operations follow from sizes, and from what a solver says that it did."""
    condensed, nodes = 116, 450  # modes for 2,000; nodes of the scan, 16 for a factor e, over the range of these grids
    span = np.log(bench_ridge.table().effective_ridge.max() / bench_ridge.table().effective_ridge.min())
    gamma = features.table().gamma
    width = np.log(gamma.max() / gamma.min())
    X, y = bench_path.problem(300, 400)
    tall, labels = bench_path.problem(400, 300)
    steps = int(bench_grids.wide_interpolator().iterations)
    return [
        Job("`ridge_risk`, 100 × 100 (n, ridge), 2,000 modes", "brentq in log kappa", bench_ridge.table,
            bench_ridge.brentq_loop, 1 / 25, divisions=2 * 48 * span * condensed,
            limit="table: 48 nodes for a factor e"),
        Job("`random_feature_risk`, 50 × 50 × 20 (n, k, ridge), 1,000 modes", "brentq in log gamma", features.table,
            features.root_loop, features.root_loop().size / gamma.size, divisions=2 * 48 * width * 107,
            limit="table: 48 nodes for a factor e"),
        Job("`optimal_ridge`, 20 × 20 (n, noise), 2,000 modes", "bounded minimisation", bench_tuning.ridges,
            bench_tuning.bounded_ridges, 1 / 16, divisions=(2 * nodes + 3 * 3 * 400) * condensed,
            limit="scan of 450 nodes, three steps, over 116 condensed modes"),
        Job("`optimal_random_feature_ridge`, 20 × 20 (n, k), 2,000 modes", "bounded minimisation",
            bench_tuning.feature_ridges, bench_tuning.bounded_feature_ridges, 1 / 16,
            divisions=(2 * nodes + 3 * 3 * 400) * condensed,
            limit="scan of 450 nodes, three steps, over 116 condensed modes"),
        Job("`deep_random_feature_risk`, 50 × 50 (n, ridge), depth 3, 200 modes", "brentq in log kappa",
            bench_grids.deep, bench_grids.deep_roots, 64 / 2500, divisions=2 * 2 * 2500 * 68,
            limit="sums over 68 condensed modes at every root, twice"),
        Job("`gradient_descent_risk`, 20 × 20 (n, step), 200 modes", "400 calls of it", bench_grids.descent,
            bench_grids.descent_calls, 1 / 16, flops=20 * 4 * 8 * 200 * (128**2 + 64**2),
            limit="pairs of nodes of a contour for each n"),
        Job("`ridge_path`, 50 ridges, n = 300, p = 400", "RidgeCV", lambda: ridge_path(X, y, bench_path.RIDGES),
            lambda: bench_path.ridge_cv(X, y), flops=300**2 * 400 + 8 / 3 * 300**3 + 5 * 50 * 300**2,
            limit="Gram matrix, tridiagonal form and its rotation, a recurrence for each ridge", repeats=21),
        Job("`ridge_path`, 50 ridges, n = 400, p = 300", "RidgeCV",
            lambda: ridge_path(tall, labels, bench_path.RIDGES), lambda: bench_path.ridge_cv(tall, labels),
            flops=2 * 300**2 * 400 + 9 * 300**3, limit="eigenvectors of the smaller Gram matrix", repeats=21),
        Job("`interpolator`, n = 200, d = 4000, scale 1e-6", "", bench_grids.wide_interpolator, None,
            flops=2 * 200**2 * 4000 * steps, limit=f"{steps} Newton steps of 2 n^2 d"),
        Job("`item_model`, n = 1,000, p = 200", "Ridge for each item", embeddings.ease, embeddings.regressions,
            10 / 200, flops=1000 * 200**2 + 200**3, limit="Gram matrix and its inverse"),
        *(Job(f"`mixture_denoiser`, 10,000 points, 10 components, d = {d}", "logpdf for each component",
              lambda p=p: mixture_denoiser(*p), lambda p=p: denoising.denoise(*p), flops=2 * 10_000 * 10 * d * (d + 1),
              limit="one product of all points with all components")
          for d, p in ((d, denoising.mixture(d)) for d in (2, 8, 32))),
    ]  # fmt: skip


def rates() -> tuple[float, float]:
    """Seconds for a flop of a product of matrices of 1,000, and for one of many divisions in cache.

    NumPy divides several at a time, as it does in the sums over modes; one after another, in a loop whose compiler may
    not reorder it, a division takes two to five times as long.
    """
    A = np.random.default_rng(0).standard_normal((1000, 1000))
    x, out = np.linspace(1.0, 2.0, 20_000), np.empty(20_000)

    def divide() -> None:
        for _ in range(200):
            np.divide(x, x, out)

    return min(cpu_seconds(lambda: A @ A) for _ in range(5)) / 2e9, min(cpu_seconds(divide) for _ in range(5)) / 4e6


def ratios() -> str:
    """The table of ratios as Markdown, under a line with machine and versions."""
    flop, division = rates()
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    lines = [
        f"{_processor()}, {os.cpu_count()} cores of which one is used, load {os.getloadavg()[0]:.1f} at the start; "
        f"Python {platform.python_version()}, {versions}; {datetime.datetime.now(datetime.UTC).date()}. A product of "
        f"matrices runs at {1e-9 / flop:.0f} Gflop/s there; of NumPy's divisions, which are done several at a time, of "
        f"numbers in cache, one takes {1e9 * division:.2f} ns.",
        "",
        "| job | peer | CPU, ms | peer, ms | ratio | limit, ms | set by |",
        "|---|---|---|---|---|---|---|",
    ]
    for job in jobs():
        limit = 1e3 * (flop * job.flops + division * job.divisions)
        if job.peer is None:
            job.ours()
            mine, theirs, ratio = float(np.median([cpu_seconds(job.ours) for _ in range(5)])), "", ""
        else:
            mine, other = medians(job.ours, job.peer, share=job.share, repeats=job.repeats)
            theirs, ratio = f"{1e3 * other:.0f}", f"{other / mine:.{1 if other < 10 * mine else 0}f}"
        lines.append(f"| {job.name} | {job.peer_name} | {1e3 * mine:.0f} | {theirs} | {ratio} | {limit:.1f} | "
                     f"{job.limit} |")  # fmt: skip
        print(lines[-1], flush=True)
    return "\n".join(lines)


def _processor() -> str:
    """Name of the processor, as far as the system tells."""
    info = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")
             ] if info.exists() else []  # fmt: skip
    return names[0] if names else platform.processor() or platform.machine()


@dataclass(frozen=True)
class Growth:
    """CPU seconds of a job at several sizes."""

    what: str
    unit: str
    sizes: list[int]
    job: Callable[[int], object]


def growths() -> list[Growth]:
    """Modes, cells, dimensions and draws."""

    def modes(count: int) -> object:
        s = np.arange(1, count + 1) ** -1.5
        return ridge_risk(Spectrum(s, s), np.geomspace(2, 300, 100)[:, None], np.geomspace(1e-6, 1, 100), 0.1)

    s = np.arange(1, 501) ** -1.5
    spectrum = Spectrum(s, s)

    def cells(count: int) -> object:
        side = round(count**0.5)
        return ridge_risk(spectrum, np.geomspace(2, 300, side)[:, None], np.geomspace(1e-6, 1, side), 0.1)

    def dimensions(size: int) -> object:
        X, y = bench_path.problem(size, size)
        return ridge_path(X, y, bench_path.RIDGES)

    def draws(count: int) -> object:
        widths, ridges = features.WIDTHS[::4], features.RIDGES
        return [random_feature_sweep(A, y, test, widths, ridges).predictions for A, y, test in features.DATA[:count]]

    return [
        Growth("`ridge_risk`, 10,000 cells", "modes", [500, 2000, 8000, 32_000], modes),
        Growth("`ridge_risk`, 500 modes", "cells", [2500, 10_000, 40_000, 160_000], cells),
        Growth("`ridge_path`, 50 ridges, n = p", "dimensions", [100, 200, 400, 800], dimensions),
        Growth("`random_feature_sweep`, n = 200", "draws", [2, 4, 8, 16], draws),
    ]


def growth() -> tuple[str, list[tuple[Growth, list[float], float]]]:
    """The table of exponents as Markdown, and what the figure needs."""
    lines = ["| job | grows with | from, ms | to, ms | exponent |", "|---|---|---|---|---|"]
    found = []
    for item in growths():
        item.job(item.sizes[0])
        seconds = [min(cpu_seconds(lambda item=item, size=size: item.job(size)) for _ in range(3))
                   for size in item.sizes]  # fmt: skip
        exponent = float(np.polyfit(np.log(item.sizes), np.log(seconds), 1)[0])
        found.append((item, seconds, exponent))
        lines.append(f"| {item.what} | {item.unit}, {item.sizes[0]:,} to {item.sizes[-1]:,} | {1e3 * seconds[0]:.1f} | "
                     f"{1e3 * seconds[-1]:.0f} | {exponent:.2f} |")  # fmt: skip
        print(lines[-1], flush=True)
    return "\n".join(lines), found


def draw(found: list[tuple[Growth, list[float], float]]) -> None:
    """Log-log, one line for each job, sizes over the smallest."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "growth"
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(5.2, 3.4), layout="constrained")
    for (item, seconds, exponent), marker in zip(found, "osD^", strict=True):
        x = np.array(item.sizes) / item.sizes[0]
        label = f"{item.unit}, {item.sizes[0]:,} to {item.sizes[-1]:,}: exponent {exponent:.2f}"
        axes.loglog(x, 1e3 * np.array(seconds), marker=marker, label=label)
    axes.set(xlabel="size over the smallest", ylabel="CPU time (ms)")
    axes.legend(fontsize="small")
    figure.savefig(PICTURE, metadata={"Date": None})


def write(name: str, text: str) -> None:
    """Put a table between its marks on the page."""
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, rest = PAGE.read_text().split(start)
    PAGE.write_text(f"{before}{start}\n{text}\n{end}{rest.split(end)[1]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    table = ratios()
    exponents, found = growth()
    if options.write:
        write("ratios", table)
        write("growth", exponents)
        draw(found)


if __name__ == "__main__":
    main()
