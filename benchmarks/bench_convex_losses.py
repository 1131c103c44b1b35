"""Learning curves of logistic regression: a grid at once against a loop of `scipy` quadratures and damped iteration."""

from __future__ import annotations

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import expit, ndtr

from benchmarks.ratio import compare
from solvable.solvers import Spectrum, state_evolution

ALPHA, RIDGE = np.geomspace(0.3, 10, 30), np.geomspace(0.01, 10, 30)
NOISE, ACCURACY = 0.2, 1e-8
TAKEN = [(i, j) for i in (4, 14, 24) for j in (4, 14, 24)]  # cells that the loop answers, across the grid


def grid() -> np.ndarray:
    risk = state_evolution(Spectrum.isotropic(1), ALPHA[:, None], RIDGE, "logistic", "sign", NOISE)
    return np.asarray(risk.test_error)


def _prox(u: float, V: float) -> float:
    return float(brentq(lambda z: z - u - V * expit(-z), u - 1e-6, u + V + 1e-6, xtol=1e-13))


def damped(alpha: float, ridge: float) -> float:
    """One cell: three integrals by `quad`, half of each step, until the overlaps move by less than the accuracy."""
    V, q, m = 1.0, 1.0, 0.5
    for _ in range(2000):
        root, hidden = np.sqrt(q), 1 - m * m / q + NOISE

        def mean(kernel, *, slope=False, V=V, q=q, m=m, root=root, hidden=hidden):  # type: ignore[no-untyped-def]
            def integrand(x: float) -> float:
                u = root * x
                field = m / q * u
                chance = np.exp(-(field**2) / (2 * hidden)) / np.sqrt(2 * np.pi * hidden) if slope else ndtr(
                    field / np.sqrt(hidden))  # fmt: skip
                return float(2 * chance * np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * kernel(_prox(u, V), u, V))

            return quad(integrand, -9, 9, epsabs=1e-10, epsrel=1e-9, limit=100)[0]

        d = mean(lambda z, u, V: expit(z) * expit(-z) / (1 + V * expit(z) * expit(-z)))
        f2 = mean(lambda z, u, V: ((z - u) / V) ** 2)
        pull = mean(lambda z, u, V: (z - u) / V, slope=True)
        down = ridge + alpha * d
        new = np.array([1 / down, (alpha * f2 + (alpha * pull) ** 2) / down**2, alpha * pull / down])
        move = np.abs(new / [V, q, m] - 1).max()
        V, q, m = (0.5 * np.array([V, q, m]) + 0.5 * new).tolist()
        if move < ACCURACY:
            break
    return float(np.arccos(m / np.sqrt(q * (1 + NOISE))) / np.pi)


def loop() -> np.ndarray:
    return np.array([damped(ALPHA[i], RIDGE[j]) for i, j in TAKEN])


class ConvexLosses:
    def time_grid(self):
        grid()


def main() -> None:
    off = float(np.abs(loop() / np.array([grid()[cell] for cell in TAKEN]) - 1).max())
    compare("state_evolution, logistic, 30 x 30, vs quad and damping", grid, loop, share=len(TAKEN) / grid().size,
            repeats=3, note=f"differs by {off:.0e}, the loop from {len(TAKEN)} cells")  # fmt: skip


if __name__ == "__main__":
    main()
