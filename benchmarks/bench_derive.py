"""Derived equivalents: a cell of random features, the reduction of ridge regression, dense matrices in numerators.

Dense numerators are compared with two things: the same traces with all blocks of the pencil in one dense inverse (the
resolvent itself is solved alike in both), and a dense matrix inside the inverse, another problem. A pencil that knows
no structure, its blocks dense in every step of the iteration, took 1.5 to 1.9 s of CPU at n = 400, alternating with
this, which took 13 to 16 ms: 118 times, values equal to 2e-16 (Xeon, load 10 to 13). With a covariance that is dense
too it took 2.3 to 3.3 s, and this 14 to 19 ms, 140 times, where rotated matrices are kept from the call before; 23 to
26 ms where they are new and eigenvectors are kept, 35 to 37 ms, 65 times, where nothing is.

auto-fpt (its revision 8bba425, sympy 1.14.0, pencils given) takes 13.4 to 14.4 s of CPU for the bias and variance of
ridge regression, its whole script, in the process in which this took 1.3 s before and 0.34 to 0.38 s now: 35 times.
"""

from __future__ import annotations

import numpy as np

from benchmarks.ratio import compare
from solvable import MatrixModel, derive, tr
from solvable.analysis.equivalents.models import random_features, ridge
from solvable.analysis.equivalents.sampling import sample
from solvable.analysis.equivalents.settings import power
from solvable.solvers.equivalents.trace_expression import Trace

FEATURES = random_features(400)
RIDGE = ridge(100)


def numerators(n: int, dense_inside: bool) -> Trace:
    """Covariate shift with a diagonal covariance; or the same inside inverses, without a common basis."""
    d = int(0.8 * n)
    rotation, other = (np.linalg.qr(np.random.default_rng(k).standard_normal((d, d)))[0] for k in (1, 2))
    m = MatrixModel()
    N, D = m.space("n", n), m.space("d", d)
    S, lam = m.deterministic("Sigma", D, power(d, 1)), m.scalar("lambda", 0.1)
    T = m.deterministic("T", D, (rotation * power(d, 0.5)) @ rotation.T)
    B = m.deterministic("B", D, (other * power(d, 1) / d) @ other.T)
    X = m.gaussian("Z", N, D) @ S.sqrt()
    Q = (X.T @ X / N + lam + (1e-3 * T if dense_inside else 0)).inv()
    return lam**2 * tr(B @ Q @ T @ Q) + 0.4 / N**2 * tr(Q @ X.T @ X @ Q @ T)


def cell() -> float:
    return float(derive(FEATURES).value)


def draw() -> float:
    r = derive(FEATURES)
    return sample(r.trace, r._cell(r.at), np.random.default_rng(0))


def symbols() -> str:
    return derive(RIDGE).to_latex()


NUMERATORS, DENSE = numerators(400, False), numerators(400, True)


def triangular() -> float:
    return float(derive(NUMERATORS).value)


def dense_blocks() -> float:
    """The same numerators, all blocks of a pencil taken as one part."""
    from solvable.solvers.equivalents import mixed_group

    keep = mixed_group.closure
    mixed_group.closure = lambda pattern: np.ones_like(pattern, bool)  # type: ignore[attr-defined]
    try:
        return triangular()
    finally:
        mixed_group.closure = keep  # type: ignore[attr-defined]


def many() -> float:
    """Ridge regression at 10,000 cells through its reduced equations, reduction included."""
    at = {"lambda": np.geomspace(1e-3, 10, 100)[:, None], "n": np.linspace(20, 300, 100)[None, :]}
    return float(derive(RIDGE, at=at).reduced_value.value[50, 50])


def pencil_at_some() -> float:
    """One in a hundred of these cells, one by one."""
    at = {"lambda": np.geomspace(1e-3, 10, 10)[:, None], "n": np.linspace(20, 300, 10)[None, :]}
    return float(derive(RIDGE, at=at).value.value[5, 5])


def dense() -> float:
    return float(derive(DENSE).value)


if __name__ == "__main__":
    compare("random features, n = 400: value, against one draw", cell, draw)
    compare("dense numerators, n = 400, against one dense inverse", triangular, dense_blocks, repeats=3)
    compare("dense numerators, n = 400, against dense inside", triangular, dense, repeats=1)
    import time

    begin = time.process_time()
    symbols()
    print(f"ridge bias and variance in symbols: {time.process_time() - begin:.2f} s CPU")
    seconds = []
    for run in (pencil_at_some, many, many):  # the second call finds the reduction of the first
        begin = time.process_time()
        run()
        seconds.append(time.process_time() - begin)
    for which, spent in zip(("reduction included", "reduced before"), seconds[1:], strict=True):
        ratio = 100 * seconds[0] / spent
        print(f"ridge regression at 10,000 cells, {which}: {spent:.2f} s CPU, {ratio:.0f} x the pencil")
