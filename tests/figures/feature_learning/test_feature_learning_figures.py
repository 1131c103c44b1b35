"""Data of the figures of feature learning."""

import numpy as np


def test_outputs_near_the_maximal_update_limit_by_the_root_of_the_width(data):
    found = data("mup-limit")
    assert abs(found.attrs["slope"] + 0.5) < 0.1
    assert found.attrs["own"] < 1e-10
    assert np.all(np.diff(found.gap.values[:, 0]) < 0)


def test_cosines_add_and_their_logits_are_the_expected_ones(data):
    found = data("modular-addition")
    assert np.all(found.accuracy.values[:, -1, 0] > 0.99)
    answer, bar = found.logit.values[0].T
    assert np.all(np.abs(answer - 0.5) < 2 * bar)
    assert found.attrs["periodic"] > 0.5


def test_lazier_networks_test_worse_and_the_parts_add_up(data):
    found = data("lazy-to-rich")
    late = found.loss.sel(part="mean", step=300)
    assert np.all(np.diff(late.sel(set="test").values) > 0)
    flow = found.flow.values
    assert np.allclose(flow[0], flow[1:].sum(axis=0), rtol=1e-10, atol=1e-14)
    assert np.nanmin(found.delay.values) > 1


def test_wrong_labels_go_with_the_neurons_that_are_not_periodic(data):
    found = data("corrupted-labels").pruned.sel(part="mean", what="wrong labels").values
    assert found[0] == 1
    assert found[-1] < 0.3


def test_features_move_with_the_predicted_exponents_and_only_the_lower_edge_learns_them(data):
    found = data("parametrisations")
    table = {str(name): found.points.sel(column=name).values for name in found.column.values}
    assert np.all(np.abs(table["mean"] - table["exponent"]) < 1.5 * table["bar"])
    assert set(table["nontrivial"][table["exponent"] == 0]) == {1.0}
    # with b = -a at the first layer and a_2 + b_2 = s: r = s + c, stable where c >= 1 - 2s and 2a + c >= 1
    a, c, s = np.broadcast_arrays(
        found.multiplier.values, found.rate.values[:, None], found["sum"].values[:, None, None]
    )
    stable = (c >= 1 - 2 * s) & (2 * a + c >= 1)
    assert np.array_equal(np.isfinite(found.plane.values), stable)
    assert np.allclose(found.plane.values[stable], (s + c)[stable], atol=1e-12)
