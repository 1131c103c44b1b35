"""Cost of a certificate a cell, median CPU time, against the number of modes, unknowns or samples.

Measured on the proof alone: the call with `certify=True` less the call without, whose answers are the same.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from statistics import median

import numpy as np

from solvable.solvers import (
    Spectrum,
    collapse_minimizer,
    cross_entropy_code,
    deep_random_feature_risk,
    effective_ridge,
    optimal_fitting_ratio,
    optimal_random_feature_ridge,
    optimal_ridge,
    random_feature_risk,
    sample_covariance_density,
    shrink_singular_values,
    stability_edge,
    stability_threshold,
)
from solvable.solvers.certificates import certificate, mode_roots, scalar_roots, thresholds

MODES = (10, 100, 1_000, 10_000)
SHARES = np.array([0.15, 0.3, 0.55, 0.8, 1.4])  # n over the smaller of 100 and the number of modes


def modal(size: int) -> dict[str, Callable[[], object]]:
    """Calls on 5 cells with sums over `size` modes."""
    spectrum = Spectrum.power_law(1.5, 1.4, size, tail=False)
    n = SHARES * min(size, 100)
    eigenvalues = spectrum.eigenvalues
    return {
        "effective_ridge": lambda: effective_ridge(spectrum, n, 0.1, certify=True),
        "random_feature_risk": lambda: random_feature_risk(spectrum, n, 1.5 * n, 0.1, certify=True),
        "stability_edge": lambda: stability_edge(spectrum, n, certify=True),
        "sample_covariance_density (an edge)": lambda: sample_covariance_density(spectrum, n[-1], [], certify=True),
        "optimal_ridge": lambda: optimal_ridge(spectrum, n, 0.3, certify=True),
        "optimal_random_feature_ridge": lambda: optimal_random_feature_ridge(spectrum, n, 1.5 * n, 0.3, certify=True),
        "deep_random_feature_risk": lambda: deep_random_feature_risk(
            eigenvalues, [90, 70], "erf", n, 0.1, certify=True
        ),
    }


def scalar() -> dict[str, Callable[[], object]]:
    """Calls on 5 or 6 cells of elementary functions."""
    sigma = np.array([0.8, 1.5, 2.5, 4.0, 9.0])
    return {
        "optimal_fitting_ratio": lambda: optimal_fitting_ratio(1.5, 2.0, 3 * sigma, certify=True),
        "shrink_singular_values (depth 4)": lambda: shrink_singular_values(sigma, 0.1, 4, certify=True),
        "collapse_minimizer (3 layers)": lambda: collapse_minimizer(
            [40, 30, 20, 9, 3], [0.02] * 3, 0.002, certify=True
        ),
        "cross_entropy_code (circle, 10 classes)": lambda: cross_entropy_code(
            10, 10 * sigma.round() + 10, [1e-4] * 3, 1e-4, "circle", certify=True
        ),
    }


def step_sizes(n: int, d: int) -> Callable[[], object]:
    """Threshold of Gaussian gradients."""
    gradients = np.random.default_rng(0).standard_normal((n, d))
    return lambda: stability_threshold(gradients, [1], certify=True)


def proof_time(call: Callable[[], object], repeats: int = 9) -> tuple[float, int, int]:
    """Median seconds of CPU a cell inside the proof, cells proved and cells."""
    inside, count, proved = [], 1, 0
    plain = certificate.certify_cells

    def timed(*args, **kwargs):
        nonlocal count, proved
        started = time.process_time()
        found = plain(*args, **kwargs)
        inside.append(time.process_time() - started)
        count, proved = found.proved.size, int(found.proved.sum())
        return found

    owners = [mode_roots, scalar_roots, thresholds]
    for module in owners:
        module.certify_cells = timed
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for _ in range(repeats):
                call()
    finally:
        for module in owners:
            module.certify_cells = plain
    return median(inside) / count, proved, count


class Certificates:
    params = MODES

    def time_effective_ridge(self, size):
        modal(size)["effective_ridge"]()

    def time_gamma(self, size):
        modal(size)["random_feature_risk"]()


def main() -> None:
    print(f"{'ms per cell':40s}" + "".join(f"{size:>10,d}" for size in MODES))
    table = {size: {name: proof_time(call) for name, call in modal(size).items()} for size in MODES}
    for name in table[MODES[0]]:
        row = [table[size][name] for size in MODES]
        said = "" if all(p == c for _, p, c in row) else "   proved " + ", ".join(f"{p}/{c}" for _, p, c in row)
        print(f"{name:40s}" + "".join(f"{1e3 * t:10.2f}" for t, _, _ in row) + said)
    for name, call in scalar().items():
        t, p, c = proof_time(call)
        print(f"{name:40s}{1e3 * t:10.2f}   proved {p}/{c}")
    for n, d in ((4, 3), (8, 5), (8, 100), (100, 8), (11, 11), (20, 15), (30, 40)):
        t, p, c = proof_time(step_sizes(n, d), 3)
        print(f"{f'stability_threshold, gradients {n} x {d}':40s}{1e3 * t:10.2f}   proved {p}/{c}")


if __name__ == "__main__":
    main()
