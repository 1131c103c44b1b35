"""Diagonals and scaled dense matrices against the same matrices entry by entry."""

import gc

import numpy as np
import pytest

from solvable import MatrixModel, derive, tr
from solvable.solvers.equivalents.scaled_blocks import _MOST_TERMS, Block, Core


def drawn(rng, rows, cols, cores, terms=2, kind=float):
    """Sum of a diagonal, where it is square, and of dense matrices that were scaled from both sides."""

    def diagonal(size):
        entries = rng.standard_normal(size)
        return Block(entries + 1j * rng.standard_normal(size) if kind is complex else entries)

    block = diagonal(rows) if rows == cols else Block()
    for _ in range(terms):
        core = cores[rng.integers(len(cores))]
        block = block.plus(diagonal(rows).times(Block.of(core, rng.standard_normal())).times(diagonal(cols)))
    return block, block.entries(rows, cols)


@pytest.mark.parametrize("kind", [float, complex])
@pytest.mark.parametrize("shape", [(7, 7), (5, 9), (200, 300)])
def test_sums_products_and_traces(shape, kind):
    """Relative to sums of absolute values, so that nothing is said of differences: a few eps of sums of 300 terms."""
    rng = np.random.default_rng(5)
    n, m = shape
    there, back = ([Core(rng.standard_normal(s)) for _ in range(2)] for s in ((n, m), (m, n)))
    (a, A), (b, B), (c, C) = (drawn(rng, n, m, there, kind=kind), drawn(rng, n, m, there, kind=kind),
                              drawn(rng, m, n, back, kind=kind))  # fmt: skip
    np.testing.assert_allclose(a.plus(b).entries(n, m), A + B, atol=1e-13 * np.abs(A).max())
    np.testing.assert_allclose(a.times(c).entries(n, n), A @ C, atol=1e-13 * np.abs(A @ C).max())
    np.testing.assert_allclose(a.scaled(-2.5).entries(n, m), -2.5 * A, atol=1e-14 * np.abs(A).max())
    for _ in range(2):  # products of cores are made at the first
        whole = np.sum(np.abs(A) * np.abs(C).T)
        assert abs(a.trace_with(c, n) - np.sum(A * C.T)) < 1e-14 * whole


def test_numbers_are_multiples_of_the_identity():
    rng = np.random.default_rng(6)
    one, core = Block(np.asarray(2.0)), Core(rng.standard_normal((4, 4)))
    two = Block.of(core, 3.0)
    assert one.trace_with(Block(np.asarray(5.0)), 4) == 40
    assert one.trace_with(Block(np.arange(4.0)), 4) == 12
    np.testing.assert_allclose(one.trace_with(two, 4), 6 * np.trace(core.entries), rtol=1e-14)
    np.testing.assert_allclose(two.trace_with(two, 4), 9 * np.trace(core.entries @ core.entries), rtol=1e-13)
    np.testing.assert_allclose(one.plus(two).entries(4, 4), 2 * np.eye(4) + 3 * core.entries, rtol=1e-14)


def test_sizes_and_errors_are_entry_by_entry():
    """|l C r|, and for errors the root mean square of C beside |C|, in traces of more entries than one slice."""
    rng = np.random.default_rng(7)
    n = 300
    core, other = (Core(rng.standard_normal((n, n))) for _ in range(2))
    left, right = rng.standard_normal((2, n))
    block = Block(left).times(Block.of(core, -2.0)).times(Block(right))
    weight = Block.of(other)
    outer = 2 * np.abs(np.outer(left, right))
    size, rms = outer * np.abs(core.entries), outer * np.sqrt(np.mean(core.entries**2))
    np.testing.assert_allclose(block.size.entries(n, n), size, rtol=1e-14)
    np.testing.assert_allclose(block.error.entries(n, n), size + rms, rtol=1e-13)
    W, U = np.abs(other.entries), np.sqrt(np.mean(other.entries**2))
    for a, A in ((weight.size, W), (weight.error, W + U), (weight, other.entries)):
        for b, B in ((block.size, size), (block.error, size + rms), (block.size.size, size)):
            np.testing.assert_allclose(a.trace_with(b, n), np.sum(A * B.T), rtol=1e-11)
            np.testing.assert_allclose(b.trace_with(a, n), np.sum(A * B.T), rtol=1e-11)
    np.testing.assert_array_equal(Block(np.array([1.0, -3.0])).error.diagonal, [3, 3])


def test_many_terms_are_summed():
    rng = np.random.default_rng(8)
    cores = [Core(rng.standard_normal((6, 6))) for _ in range(3)]
    block, entries = drawn(rng, 6, 6, cores, _MOST_TERMS + 3)
    assert len(block.dense) <= _MOST_TERMS
    again, same = drawn(np.random.default_rng(9), 6, 6, cores, 1)
    np.testing.assert_allclose(block.trace_with(again, 6), np.sum(entries * same.T), rtol=1e-12)


def test_products_go_with_their_matrices():
    rng = np.random.default_rng(10)
    core, other = (Core(rng.standard_normal((3, 3))) for _ in range(2))
    core.times_transpose(other)
    assert len(core._products) == 1
    del other
    gc.collect()
    assert not core._products


def test_what_is_kept_with_a_matrix_belongs_to_its_basis_and_size():
    """Dense weights in the bases of two covariances, in turn and at twice the size, as in models of their own.

    At twice the size every matrix is two copies of itself, and a trace per dimension stays what it was.
    """
    n, d = 24, 18

    def matrix(seed):
        root = np.random.default_rng(seed).standard_normal((d, 2 * d))
        return root @ root.T / (2 * d)

    def traces(covariances):
        m = MatrixModel()
        N, D = m.space("n", n), m.space("d", d)
        T, B = m.deterministic("T", D, matrix(1)), m.deterministic("B", D, matrix(2))
        found = []
        for k in covariances:
            X = m.gaussian(f"Z{k}", N, D, variance=1 / N) @ m.deterministic(f"Sigma{k}", D, matrix(k)).sqrt()
            Q = (X.T @ X + 0.1).inv()
            found.append(tr(B @ Q @ T @ Q) / D)
        return found

    one, two = traces((3, 4))
    alone = [traces((k,))[0] for k in (3, 4)]
    for at in ({}, {"n": 2 * n, "d": 2 * d}, {}):
        for together, apart in ((one, alone[0]), (two, alone[1])):
            expected = float(derive(apart).value)
            assert float(derive(together, at=at).value) == pytest.approx(expected, rel=1e-12)
    both = float(derive(one + two).value)
    assert both == pytest.approx(sum(float(derive(trace).value) for trace in alone), rel=1e-13)
