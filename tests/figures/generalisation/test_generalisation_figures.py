"""Data of the figures of generalisation."""

import numpy as np


def test_forests_lie_between_one_tree_and_many(data):
    found = data("forests-as-smoothers")
    # six forests a dot: five standard errors, and those of the line's own forest
    gap = np.abs(found.measured.values - found.reached.values)
    assert np.all(gap < 2.5 * found.bar.values + 0.08 * found.reached.values)
    ends = found.theory.values[:, :, -1]
    assert np.all(ends < found.theory.values[:, :, 0])
    assert np.all(ends[:, 1] < ends[:, 0])
    assert ends[0, 1] < ends[0, 2]


def test_long_tails(data):
    found = data("long-tail")
    gap = np.abs(found.measured.values - found.reached.values)
    seen = np.isfinite(gap)
    assert np.mean(seen) > 0.8
    assert np.all(gap[seen] < 2.5 * found.bar.values[seen])
    gap = np.abs(found.excess.values - found.cost_at.values)
    assert np.all(gap < 2 * found.spread.values + 0.02 * found.cost_at.values)
    assert np.all(np.diff(found.mass.values, axis=1) > 0)


def test_information_and_gaps(data):
    found = data("supersample-bounds")
    error, information, bound = found.value.values[0]
    spread = np.hypot(found.bar.values[0, 0], found.bar.values[0, 1])
    assert np.all(np.abs(error - information) < 2.5 * spread)
    assert np.all(information < bound)
    assert np.all(found.value.values[1, 0] < found.value.values[1, 2])


def test_hypotheses_lie_on_their_lines(data):
    found = data("inductive-bias")
    for dots, line, bar in (
        (found.measured, found.reached, found.bar),
        (found.counted, found.growth_at, found.error),
    ):
        gap = np.abs(dots.values - line.values)
        seen = np.isfinite(gap)
        assert np.mean(seen) > 0.7
        assert np.all(gap[seen] < 2.5 * bar.values[seen])
    np.testing.assert_allclose(found.attrs["slopes"], [2, 4, 8], rtol=1e-3)
