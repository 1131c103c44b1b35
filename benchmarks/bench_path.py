"""50 ridges with exact leave-one-out, against looping scikit-learn's Ridge, and against RidgeCV."""

from __future__ import annotations

import numpy as np

from benchmarks.ratio import compare
from solvable.solvers import ridge_path

RIDGES = np.geomspace(1e-3, 1e3, 50)


def problem(n: int, p: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, p))
    return X, X @ rng.standard_normal(p) / np.sqrt(p) + rng.standard_normal(n)


def ridge_loop(X, y):
    from sklearn.linear_model import Ridge

    return np.array([Ridge(alpha=ridge, fit_intercept=False).fit(X, y).coef_ for ridge in RIDGES])


def ridge_cv(X, y):
    from sklearn.linear_model import RidgeCV

    return RidgeCV(alphas=RIDGES, fit_intercept=False).fit(X, y)


class Path:
    params = ([(400, 300), (300, 400)],)

    def setup(self, shape):
        self.X, self.y = problem(*shape)

    def time_ours(self, shape):
        ridge_path(self.X, self.y, RIDGES)

    def time_ridge_loop(self, shape):
        ridge_loop(self.X, self.y)

    def time_ridge_cv(self, shape):
        ridge_cv(self.X, self.y)


def main() -> None:
    for n, p in ((400, 300), (300, 400)):
        X, y = problem(n, p)
        path = ridge_path(X, y, RIDGES)
        off = float(np.max(np.abs(path.coefficients - ridge_loop(X, y))))
        best = RIDGES[np.argmin(path.leave_one_out)]
        same = f"best ridge {'the same' if best == ridge_cv(X, y).alpha_ else 'DIFFERS'}"
        title = f"ridge_path, 50 ridges, n={n}, p={p}, exact LOO"
        compare(f"{title}, vs Ridge loop", lambda X=X, y=y: ridge_path(X, y, RIDGES), lambda X=X, y=y: ridge_loop(X, y),
                note=f"coefficients differ by {off:.1e}")  # fmt: skip
        compare(f"{title}, vs RidgeCV", lambda X=X, y=y: ridge_path(X, y, RIDGES), lambda X=X, y=y: ridge_cv(X, y),
                note=same)  # fmt: skip


if __name__ == "__main__":
    main()
