"""The compiled kernels of the Dyson equation against plain NumPy."""

import numpy as np
import pytest

from solvable.solvers.equivalents.commuting_group import _chains, _inverses


@pytest.mark.parametrize("kind", [float, complex])
@pytest.mark.parametrize("blocks", [1, 2, 5])
def test_inverses_are_those_of_numpy(blocks, kind):
    rng = np.random.default_rng(3)
    base = rng.standard_normal((7, blocks, blocks))
    shift = rng.standard_normal((blocks, blocks)).astype(kind)
    shift = shift * (1j if kind is complex else 1)
    i, l = np.array([0, blocks - 1]), np.array([blocks - 1, 0])
    x, C = rng.standard_normal(2).astype(kind), rng.standard_normal((2, 7))
    A = base + shift
    for t in range(2):
        A[:, i[t], l[t]] -= x[t] * C[t]
    found = np.empty_like(A)
    assert _inverses(base, shift, x, i, l, C, found)
    np.testing.assert_allclose(found, np.linalg.inv(A), rtol=1e-11)  # conditions below 1e4 for this seed


def test_a_zero_pivot_is_told_and_a_zero_in_its_place_is_not():
    none = np.zeros(0, int)
    zero = np.zeros((1, 2, 2))
    swapped = np.empty((1, 2, 2))
    assert not _inverses(zero, np.zeros((2, 2)), np.zeros(0), none, none, np.zeros((0, 1)), swapped)
    assert _inverses(zero, np.eye(2)[::-1].copy(), np.zeros(0), none, none, np.zeros((0, 1)), swapped)
    np.testing.assert_array_equal(swapped[0], np.eye(2)[::-1])


def test_chains_are_sums_over_eigenvalues():
    rng = np.random.default_rng(4)
    M, W, C = rng.standard_normal((9, 3, 3)), rng.standard_normal((2, 9)), rng.standard_normal((4, 9))
    j, k, i, l = (rng.integers(0, 3, size) for size in (2, 2, 4, 4))
    r, t = np.nonzero(np.ones((2, 4)))
    out = np.zeros((2, 4))
    _chains(M, W, C, j, k, i, l, r, t, out)
    expected = np.einsum("re,ert,te,ert->rt", W, M[:, j][:, :, i], C, M[:, l][:, :, k].transpose(0, 2, 1))
    np.testing.assert_allclose(out, expected, rtol=1e-12)
