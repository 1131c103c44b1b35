"""Augmentations that never mix, encoders of many inputs, coarse data."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from solvable.solvers import (
    augmentation_spectrum,
    factor_pretraining_risk,
    linear_sufficiency,
    tolerance,
    uniformity,
)


@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 5), st.integers(1, 5))
def test_the_first_function_is_one_also_where_augmentations_never_mix(seed, blocks, rows, columns):
    """Blocks share nothing: 1 occurs once for each of them."""
    rng = np.random.default_rng(seed)
    joint = np.zeros((blocks * rows, blocks * columns))
    for b in range(blocks):
        joint[b * rows : (b + 1) * rows, b * columns : (b + 1) * columns] = rng.uniform(0.1, 1.0, (rows, columns))
    joint /= joint.sum()
    found = augmentation_spectrum(joint)
    assert_allclose(found.eigenvalues[: min(blocks, found.eigenvalues.size)], 1, atol=1e-12)
    x, a = joint.sum(axis=1), joint.sum(axis=0)
    assert (found.functions_x[:, 0] == 1).all()
    assert (found.functions_a[:, 0] == 1).all()
    r = found.eigenvalues.size
    assert_allclose(found.functions_x.T * x @ found.functions_x, np.eye(r), atol=1e-10)
    assert_allclose(found.functions_a.T * a @ found.functions_a, np.eye(r), atol=1e-10)
    # conditional means of one side's functions are those of the other, shrunk
    moved = joint / x[:, None] @ found.functions_a
    assert_allclose(moved, np.sqrt(found.eigenvalues) * found.functions_x, atol=1e-7)
    assert_allclose(np.sum(found.eigenvalues), np.sum(joint**2 / x[:, None] / a), rtol=1e-10)


def test_many_inputs_lose_many_nats():
    """What grows is the bound, not the loss."""
    found = linear_sufficiency(np.eye(200), np.eye(200)[:1], 1e-4)
    assert_allclose(found.loss, 199 * np.log1p(1e4) / 2, rtol=1e-12)
    assert_allclose(found.excess, 1.0)
    assert found.bound == np.inf
    assert linear_sufficiency(np.eye(200), np.eye(200)[:1], 1e-4, np.zeros(200)).bound == 0


@given(st.integers(0, 10_000), st.floats(-26, -6))
def test_what_a_covariance_does_not_have_is_not_lost(seed, log_noise):
    """A covariance of rank one, seen by the encoder: its other eigenvalues are rounding, not information."""
    u = np.random.default_rng(seed).standard_normal(4)
    found = linear_sufficiency(np.outer(u, u), [u], 10.0**log_noise)
    assert found.excess <= 1e-28 * (u @ u)  # the square of a rounding, and not a rounding


def test_coarse_loadings_that_depend_on_each_other_are_refused():
    B = np.array([[1.0, 0.1], [0.1, 0.01], [0.3, 0.03]], np.float32)
    with pytest.raises(ValueError, match="linearly independent"):
        factor_pretraining_risk(B, [1.0, 1.0], 0.1, 20)


def test_more_pairs_than_there_is_room_for_are_refused():
    many = np.ones((60_000, 2))
    for call in (lambda: uniformity(many), lambda: tolerance(many, np.zeros(60_000))):
        with pytest.raises(ValueError, match="are the limit"):
            call()
