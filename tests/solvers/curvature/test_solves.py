"""Inverse Fisher matrices and Gauss-Newton steps."""

import mpmath as mp
import numpy as np
import pytest

from solvable.solvers import InverseFisher, gauss_newton_step

RNG = np.random.default_rng(0)


def dense(G, damping):
    return np.linalg.inv(damping * np.eye(G.shape[1]) + G.T @ G / len(G))


@pytest.mark.parametrize(("m", "d"), [(1, 5), (5, 30), (30, 5), (8, 8)])
@pytest.mark.parametrize("damping", [1e-3, 1.0, 1e3])
def test_dense_inverse(m, d, damping):
    G, x = RNG.standard_normal((m, d)), RNG.standard_normal(d)
    fisher, inverse = InverseFisher(G, damping), dense(G, damping)
    np.testing.assert_allclose(fisher.apply(x), inverse @ x, atol=1e-13 * np.abs(x).max() / damping)
    found = [[fisher.entry(i, j) for j in range(d)] for i in range(d)]
    np.testing.assert_allclose(found, inverse, atol=1e-13 / damping)


def test_the_published_recursion():
    """One gradient after another, at 50 digits."""
    G, x, damping = RNG.standard_normal((6, 4)), RNG.standard_normal(4), 0.1
    with mp.workdps(50):
        rows = [mp.matrix(g.tolist()) for g in G]
        v, q = [], []
        for g in rows:
            new = g / mp.mpf(damping)
            for w, s in zip(v, q, strict=True):
                new = new - w * ((w.T * g)[0] / s)
            v.append(new)
            q.append(len(rows) + (g.T * new)[0])
        y = mp.matrix(x.tolist())
        answer = y / mp.mpf(damping)
        for w, s in zip(v, q, strict=True):
            answer = answer - w * ((w.T * y)[0] / s)
    np.testing.assert_allclose(InverseFisher(G, damping).apply(x), np.array(answer.tolist(), float)[:, 0], rtol=1e-12)


def test_a_window_slides_and_the_first_object_stays():
    G, x = RNG.standard_normal((5, 9)), RNG.standard_normal(9)
    start = InverseFisher(G, 0.3)
    before = start.apply(x)
    window = start
    for _ in range(7):
        new = RNG.standard_normal(9)
        window, G = window.add(new).remove(0), np.vstack([G[1:], new])
    np.testing.assert_allclose(window.apply(x), dense(G, 0.3) @ x, rtol=1e-11)
    np.testing.assert_array_equal(start.apply(x), before)
    kept = window.remove(2)
    np.testing.assert_allclose(kept.apply(x), dense(np.delete(G, 2, axis=0), 0.3) @ x, rtol=1e-11)


@pytest.mark.parametrize("side", ["primal", "dual", "auto"])
@pytest.mark.parametrize(("b", "c", "d"), [(4, 3, 5), (2, 3, 20), (1, 1, 1)])
def test_steps_minimise_the_damped_model(side, b, c, d):
    J, r = RNG.standard_normal((b, c, d)), RNG.standard_normal((b, c))
    p = RNG.dirichlet(np.ones(c), size=b)
    Q = np.array([np.diag(q) - np.outer(q, q) for q in p])
    step = gauss_newton_step(J, r, Q, 0.1, side)
    change = np.einsum("bcd,d->bc", J, step)
    gradient = np.einsum("bcd,bc->d", J, r + np.einsum("bce,be->bc", Q, change)) / b + 0.1 * step
    np.testing.assert_allclose(gradient, 0, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: InverseFisher(np.ones((2, 3)), 0.0), "damping = 0.0"),
        (lambda: InverseFisher(np.ones((2, 3)), 1e-40), "singular to rounding"),
        (lambda: InverseFisher(np.ones(3), 1.0), r"gradients.shape = \(3,\)"),
        (lambda: InverseFisher(np.ones((2, 3)), 1.0).add([1.0, 2.0]), r"gradient.shape = \(2,\)"),
        (lambda: InverseFisher(np.ones((2, 3)), 1.0).apply([1.0]), r"x.shape = \(1,\)"),
        (lambda: InverseFisher(np.ones((2, 3)), 1.0).remove(2), "index = 2"),
        (lambda: InverseFisher(np.ones((1, 3)), 1.0).remove(), "the only gradient"),
        (lambda: InverseFisher(np.ones((1, 3)), 1.0).entry(3, 0), "i = 3"),
        (lambda: gauss_newton_step(np.ones((2, 2)), np.ones((2, 1)), np.ones((2, 1, 1)), 1.0), "J.shape"),
        (lambda: gauss_newton_step(np.ones((2, 1, 3)), np.ones((2, 2)), np.ones((2, 1, 1)), 1.0), "residual.shape"),
        (lambda: gauss_newton_step(np.ones((2, 1, 3)), np.ones((2, 1)), -np.ones((2, 1, 1)), 1.0), "semi-definite"),
        (lambda: gauss_newton_step(np.ones((2, 1, 3)), np.ones((2, 1)), np.ones((2, 1, 1)), 0.0), "ridge = 0.0"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
