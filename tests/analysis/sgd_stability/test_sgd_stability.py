"""The SGD-stability family: enough claims, and experiments that do what they say."""

import numpy as np
import pytest

from solvable.analysis import claims
from solvable.analysis.sgd_stability.experiments import chains, training
from solvable.analysis.sgd_stability.experiments.chains import softmax_factors
from solvable.analysis.sgd_stability.experiments.training import train_diagonal, train_relu


def test_at_least_fourteen_claims():
    assert len(claims("sgd-stability")) >= 14


def test_softmax_factors_square_to_gauss_newton():
    """sum over i of F F^T equals J^T (diag p - p p^T) J for the linear model, built here sample by sample."""
    rng = np.random.default_rng(3)
    F = softmax_factors(rng, 4, 2, 3)
    rng = np.random.default_rng(3)
    X, W = rng.standard_normal((4, 2)), rng.standard_normal((3, 2))
    for i in range(4):
        p = np.exp(W @ X[i])
        p /= p.sum()
        expected = np.kron(np.diag(p) - np.outer(p, p), np.outer(X[i], X[i]))
        np.testing.assert_allclose(F[i] @ F[i].T, expected, atol=1e-12)


@pytest.mark.parametrize("batch", [1, 10])
def test_training_interpolates(batch):
    X, y, u, v, finite = train_diagonal(np.random.default_rng(0), 10, 30, 0.3, 0.02, batch, 20_000)
    assert finite
    assert np.max(np.abs(X @ (u**2 - v**2) - y)) < 1e-6
    X, y, B, c, finite = train_relu(np.random.default_rng(0), 20, 10, 20, 1.5, 0.02, batch, 20_000)
    assert finite
    assert np.max(np.abs(np.maximum(X @ B.T, 0) @ c - y)) < 1e-3


def test_runs_that_blow_up_say_so():
    assert not train_diagonal(np.random.default_rng(0), 10, 30, 1.0, 0.5, 1, 1000)[-1]


def test_training_kernels_against_plain_numpy():
    """The same uniforms, batches by the same partial shuffle, gradients by matrix products."""
    rng = np.random.default_rng(0)
    X, y, uniform = rng.standard_normal((6, 3)), rng.standard_normal(6), rng.random((40, 2))
    u, v = rng.standard_normal((2, 3))
    B, c = rng.standard_normal((4, 3)), rng.standard_normal(4)
    reference = [a.copy() for a in (u, v, B, c)]
    order = np.arange(6)
    for row in uniform:
        for j, draw in enumerate(row):
            other = j + int(draw * (6 - j))
            order[[j, other]] = order[[other, j]]
        x, t = X[order[:2]], y[order[:2]]
        a, b, hidden, out = reference
        g = x.T @ (x @ (a**2 - b**2) - t) / 2
        active = x @ hidden.T
        residual = (np.maximum(active, 0) @ out - t) / 2
        step_hidden = ((active > 0) * residual[:, None] * out).T @ x
        step_out = np.maximum(active, 0).T @ residual
        reference = [a - 0.02 * 2 * a * g, b + 0.02 * 2 * b * g, hidden - 0.02 * step_hidden, out - 0.02 * step_out]
    training._diagonal(X, y, u, v, 0.02, uniform)
    training._relu(X, y, B, c, 0.02, uniform)
    for found, expected in zip((u, v, B, c), reference, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


class Drawn:
    """A generator whose first draws are given."""

    def __init__(self, *first):
        self.first, self.rng = list(first), np.random.default_rng(0)

    def standard_normal(self, shape):
        return self.first.pop(0) if self.first else self.rng.standard_normal(shape)


def test_norm_bounds_on_the_trace_are_tight_where_they_should_be():
    """Neurons with |b| = sqrt(d) |c|, and one of u, v zero; 2,000 inputs know a trace of 21 to about 1."""
    c = np.array([1.0, -2.0, 0.5])
    B = np.sqrt(4) * np.abs(c)[:, None] * np.eye(3, 4)
    assert abs(chains.path_norm_gap(Drawn(B, c), 4, 3)) < 0.15 * 4 * np.sum(c**2)
    u = np.array([1.0, -2.0, 0.5, 0.1])
    assert abs(chains.l1_norm_gap(Drawn(np.array([u, np.zeros(4)])), 4)) < 0.15 * 4 * np.sum(u**2)
