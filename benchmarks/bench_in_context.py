"""Trained attention on a grid of prompt lengths against a loop over its risk."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.ratio import compare
from solvable.solvers import trained_attention_risk

D, CONTEXT, LENGTHS = 50, np.arange(1, 101), np.arange(1, 101)[:, None]
COVARIANCE = 0.5 ** np.abs(np.subtract.outer(np.arange(D), np.arange(D)))


def ours() -> np.ndarray:
    return trained_attention_risk(COVARIANCE, LENGTHS, CONTEXT, prior=np.eye(D), noise_variance=0.25)


def loop() -> np.ndarray:
    """Traces of dense matrices for one training length after another."""
    risks = np.empty((LENGTHS.size, CONTEXT.size))
    for i, n in enumerate(LENGTHS[:, 0]):
        gamma = COVARIANCE + (COVARIANCE + np.trace(COVARIANCE) * np.eye(D)) / n  # no noise in training
        inverse = np.linalg.inv(gamma)
        gap = np.eye(D) - inverse @ COVARIANCE
        floor = np.trace(gap.T @ COVARIANCE @ gap)
        spread = (np.trace(COVARIANCE) + 0.25) * COVARIANCE + COVARIANCE @ COVARIANCE
        risks[i] = 0.25 + floor + np.trace(inverse @ COVARIANCE @ inverse @ spread) / CONTEXT
    return risks


class Trained:
    def time_grid(self):
        ours()


def main() -> None:
    off = float(np.max(np.abs(ours() / loop() - 1)))
    compare("trained_attention_risk, 100 x 100 lengths, d=50, vs NumPy loop", ours, loop, note=f"differs by {off:.0e}")
    start = time.process_time()
    ours()
    print(f"one grid: {1e3 * (time.process_time() - start):.1f} ms")


if __name__ == "__main__":
    main()
