"""The stated error against 60 digits: random problems, ridges from 1e-11 to 1e3, commuting and dense."""

import mpmath as mp
import numpy as np
import pytest

from solvable import MatrixModel, derive, tr
from solvable.solvers.equivalents import trace_equation


def problem(rng, kind, dense=False):
    """Sum of traces with matrices over one list, or rotated."""
    n, d, k = (int(rng.integers(3, 10)) for _ in range(3))
    s, b = np.arange(1, d + 1) ** -rng.uniform(0, 3), rng.uniform(0, 1, d)
    ridge, weights = 10 ** rng.uniform(-11, 3), rng.uniform(0.1, 3, n)
    basis = np.linalg.qr(rng.standard_normal((d, d)))[0]

    def made(rotated):
        m = MatrixModel()
        N, D, K = m.space("n", n), m.space("d", d), m.space("k", k)
        turned = (lambda x: (basis * x) @ basis.T) if rotated else (lambda x: x)
        A, B = m.deterministic("S", D, turned(s)), m.deterministic("B", D, turned(b))
        lam, X = m.scalar("lam", ridge), m.gaussian("Z", N, D) @ A.sqrt()
        Q = (X.T @ X / N + lam).inv()
        W, Theta = m.gaussian("W", K, D, variance=1 / D), m.gaussian("T", N, K)
        if kind == 0:
            return lam**2 * tr(B @ Q @ A @ Q)
        if kind == 1:
            return tr(Q @ X.T @ X @ Q @ A)
        if kind == 2:
            R = (X.T @ m.deterministic("O", N, weights) @ X / N + lam).inv()
            return lam * tr(B @ R) - tr(B)
        F = (0.5 * (X @ W.T) + (0.3 if kind == 3 else 0.0) * Theta) / K.sqrt()
        P, Psi = (F.T @ F + lam).inv(), (0.25 * (W @ A @ W.T) + (0.09 if kind == 3 else 0.0)) / K
        return tr(B @ X.T @ F @ P @ Psi @ P @ F.T @ X)

    return made(False), made(dense)


def exact(trace):
    """The value at 60 digits, from the root that was found in doubles."""
    r = derive(trace)
    cell = r._cell(r.at)
    summands = trace_equation.rewritten(trace, cell)
    parts = trace_equation._Parts(cell, 0.0)
    solved = [trace_equation._solved(cell.scalar(scalar), node, cell, parts, False) for scalar, node in summands]
    with mp.workdps(60):
        fine = cell.converted(trace_equation._precise)
        refined = [trace_equation._refined(s, fine, scalar) for s, (scalar, _) in zip(solved, summands, strict=True)]
        return sum(s.scalar * s.value for s in refined)


@pytest.mark.parametrize("kind", range(5))
def test_stated_error_bounds_the_true_one(kind, monkeypatch):
    """Bound no smaller than the error, and not idle: within 1e6 of it where that is above rounding."""
    monkeypatch.setattr(trace_equation, "_DIGITS", 60)
    rng = np.random.default_rng(kind)
    for _ in range(4 if kind > 2 else 8):
        trace, _ = problem(rng, kind)
        known = exact(trace)
        found = derive(trace).value
        true = float(abs(mp.mpf(float(found)) - known) / abs(known))
        assert true <= found.error, (kind, true, float(found.error))
        assert found.error <= 1e6 * max(true, 1e-16)


@pytest.mark.parametrize("kind", [0, 1, 4])
def test_stated_error_of_dense_matrices(kind, monkeypatch):
    """The same problem in another basis: its value is that over the list, which has 60 digits.

    What rounding does to the given entries is no error of the solver, but lies within the bound of rotations.
    """
    monkeypatch.setattr(trace_equation, "_DIGITS", 60)
    rng = np.random.default_rng(10 + kind)
    for _ in range(4 if kind > 2 else 8):
        plain, rotated = problem(rng, kind, dense=True)
        known = exact(plain)
        found = derive(rotated, on_failure="ignore").value
        true = float(abs(mp.mpf(float(found)) - known) / abs(known))
        assert true <= found.error, (kind, true, float(found.error))
