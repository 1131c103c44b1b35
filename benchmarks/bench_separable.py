"""Margins, descent at many step sizes and sequences of projections against scikit-learn, SLSQP and NumPy."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.ratio import compare
from solvable.solvers import logistic_descent, max_margin, sequential_max_margin


def rows(n: int, d: int, seed: int = 0) -> np.ndarray:
    """Separable rows y x."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    return X * np.where(X @ rng.standard_normal(d) >= 0, 1.0, -1.0)[:, None]


def by_svc(Z: np.ndarray) -> np.ndarray:
    """Support vector classifier without intercept: rows and their negatives are the two classes."""
    from sklearn.svm import SVC

    X, y = np.vstack([Z, -Z]), np.repeat([1, -1], len(Z))
    return SVC(C=1e10, kernel="linear", tol=1e-12).fit(X, y).coef_[0]


def by_slsqp(Z: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
    """The program as it is written, from zero weights or another start."""
    from scipy.optimize import minimize

    return minimize(
        lambda w: w @ w / 2, np.zeros(Z.shape[1]) if start is None else start, jac=lambda w: w, method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 1000},
        constraints={"type": "ineq", "fun": lambda w: Z @ w - 1, "jac": lambda w: Z},
    ).x  # fmt: skip


def from_the_mean(Z: np.ndarray) -> np.ndarray:
    """SLSQP from the mean of the rows, a tenth of the time."""
    return by_slsqp(Z, Z.mean(axis=0))


def by_loop(Z: np.ndarray, step_size: float, steps: int) -> np.ndarray:
    """Gradient descent on the mean logistic loss; errors at every step, the loss 200 times, as in the solver."""
    from scipy.special import expit

    w = np.zeros(Z.shape[1])
    for step in range(steps):
        margins = Z @ w
        np.count_nonzero(margins <= 0)
        if step % 10 == 0:
            np.logaddexp(0, -margins).mean()
        w = w + step_size / len(Z) * (expit(-margins) @ Z)
    return w


class Margins:
    def setup(self):
        self.Z = rows(40, 200)

    def time_max_margin(self):
        max_margin(self.Z)

    def time_svc(self):
        by_svc(self.Z)


class Descent:
    def setup(self):
        self.Z, self.y = rows(200, 50), np.ones(200)

    def time_descent(self):
        logistic_descent(self.Z, self.y, np.logspace(0, 4, 32), 2000)


def main() -> None:
    Z = rows(40, 200)
    ours = max_margin(Z).weights
    for name, peer in (("SVC(C=1e10)", by_svc), ("SLSQP", by_slsqp), ("SLSQP from the mean row", from_the_mean)):
        off = float(np.linalg.norm(peer(Z) - ours) / np.linalg.norm(ours))
        compare(f"max_margin, n=40, d=200, vs {name}", lambda: [max_margin(Z) for _ in range(20)],
                lambda peer=peer: [peer(Z) for _ in range(5)], share=0.25, repeats=25,
                note=f"differs by {off:.0e}")  # fmt: skip
    X, gammas = rows(200, 50), np.logspace(0, 4, 32)
    run = logistic_descent(X, np.ones(200), gammas[:4], 2000)
    off = float(np.max(np.abs(run.weights[3, -1] / by_loop(X, gammas[3], 2000) - 1)))
    compare("logistic_descent, 2,000 x (200 x 50) x 32 step sizes, vs NumPy", lambda: logistic_descent(X, np.ones(200),
            gammas, 2000), lambda: by_loop(X, 10.0, 2000), share=1 / 32, note=f"differs by {off:.0e}")  # fmt: skip
    teacher = np.random.default_rng(1).standard_normal(12)
    tasks = np.random.default_rng(2).standard_normal((4, 3, 12))
    tasks *= np.where(tasks @ teacher >= 0, 1.0, -1.0)[..., None]
    sequential_max_margin(tasks, range(4), 1)
    start = time.process_time()
    sequential_max_margin(tasks, range(4), 2500)
    print(f"sequential_max_margin, 10,000 projections of m=3, d=12: {time.process_time() - start:.3f} s")


if __name__ == "__main__":
    main()
