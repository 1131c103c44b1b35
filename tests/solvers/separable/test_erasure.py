"""Erasure against refits and random competitors."""

import numpy as np
import pytest

from solvable.solvers import erase_rayleigh, erase_squared, nullspace_projection


def data(seed=0, n=60, d=5, labels=1):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) + 3
    return X, X @ rng.standard_normal((d, labels)) + rng.standard_normal((n, labels))


def error(X, Y, P):
    design = np.column_stack([np.ones(len(X)), X @ P])
    return np.sum((Y - design @ np.linalg.lstsq(design, Y, rcond=1e-10)[0]) ** 2) / len(X)


@pytest.mark.parametrize("labels", [1, 2, 3])
def test_no_reader_is_left(labels):
    X, Y = data(labels=labels)
    found = erase_squared(X, Y, labels)
    assert found.value == pytest.approx(Y.var(axis=0).sum(), rel=1e-12)
    assert error(X, Y, found.projector) == pytest.approx(found.value, rel=1e-9)
    np.testing.assert_allclose(found.projector @ (X - X.mean(axis=0)).T @ (Y - Y.mean(axis=0)), 0, atol=1e-10)


def test_fit_and_removal_approaches_the_variance_from_below():
    X, Y = data()
    values = [nullspace_projection(X, Y[:, 0], k).value for k in range(1, 6)]
    assert np.all(np.diff(values) > 0)
    assert values[-1] == pytest.approx(Y.var(), rel=1e-12)  # no direction comes back as rounding
    for k, value in enumerate(values, start=1):
        found = nullspace_projection(X, Y[:, 0], k)
        np.testing.assert_allclose(found.directions @ found.directions.T, np.eye(k), atol=1e-12)
        assert error(X, Y, found.projector) == pytest.approx(value, rel=1e-9)


def test_isotropic_inputs_need_one_round():
    X = np.linalg.qr(np.random.default_rng(1).standard_normal((40, 4)) - 0.0)[0]
    X -= X.mean(axis=0)
    X = np.linalg.qr(X)[0]
    y = X @ [1.0, 2.0, 0.0, -1.0]
    one, many = nullspace_projection(X, y, 1), nullspace_projection(X, y, 4)
    assert one.value == pytest.approx(y.var())
    assert len(many.directions) == 1
    np.testing.assert_allclose(one.projector, erase_squared(X, y, 1).projector, atol=1e-12)


def test_rayleigh_of_an_indefinite_matrix():
    """The projector's own kernel has quotient 0."""
    A = np.diag([3.0, -1.0, -2.0])
    assert erase_rayleigh(A, 1).value == 0
    assert np.linalg.eigvalsh((P := erase_rayleigh(A, 1).projector) @ A @ P).max() == pytest.approx(0, abs=1e-15)
    assert erase_rayleigh(A, 3).value == 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: erase_squared(*data(labels=3), 2), "rank 3"),
        (lambda: erase_squared(*data(), 6), r"1\.\.5"),
        (lambda: erase_rayleigh(np.eye(3), 4), r"1\.\.3"),
        (lambda: erase_rayleigh([[1.0, 2.0], [0.0, 1.0]], 1), "symmetric"),
        (lambda: nullspace_projection(*data(labels=2), 1), "y.shape"),
        (lambda: nullspace_projection(data()[0], data()[1][:, 0], 0), "rounds"),
    ],
)
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()
