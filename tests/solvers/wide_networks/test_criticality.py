"""Flow of the variance: closed limits, conversions, the edge of chaos, refusals."""

import numpy as np
import pytest

from solvable.solvers import critical_flow, dual_activation, edge_of_chaos, wide_network_kernels


@pytest.mark.parametrize(("activation", "weight", "growth"), [("relu", 2.0, 5.0), ("identity", 1.0, 2.0),
                                                              ("abs", 1.0, 2.0)])  # fmt: skip
@pytest.mark.parametrize("K", [1e-60, 1.0, 1e60])
def test_scale_invariant_activations_are_critical_at_every_scale(activation, weight, growth, K):
    flow = critical_flow(activation, weight, 0.0, K, 6)
    np.testing.assert_allclose(flow.kernel, K, rtol=1e-13)
    np.testing.assert_allclose([flow.chi_parallel, flow.chi_perpendicular], 1, rtol=1e-13)
    np.testing.assert_allclose(flow.vertex, growth * K**2 * np.arange(6), rtol=1e-12)
    np.testing.assert_allclose(flow.ntk, K * np.arange(1, 7), rtol=1e-13)


@pytest.mark.parametrize("activation", ["relu", "erf", "tanh", "gelu", "sin"])
def test_flow_is_the_diagonal_of_the_kernels(activation):
    x = np.array([[0.7, -0.4, 1.1]])
    flow = critical_flow(activation, 1.5, 0.2, 0.2 + 1.5 * float(np.sum(x**2)) / 3, 4)
    found = wide_network_kernels(x, depth=3, activation=activation, weight_variance=1.5, bias_variance=0.2)
    np.testing.assert_allclose(flow.kernel[-1], found.nngp[0, 0], rtol=1e-11)
    np.testing.assert_allclose(flow.ntk[-1], found.ntk[0, 0], rtol=1e-11)


@pytest.mark.parametrize("activation", ["relu", "erf", "tanh", "gelu", "gauss"])
def test_parallel_susceptibility_is_the_slope_of_the_map(activation):
    h = 1e-5
    above, below = (critical_flow(activation, 1.5, 0.2, 0.9 + step, 2).kernel[1] for step in (h, -h))
    np.testing.assert_allclose(critical_flow(activation, 1.5, 0.2, 0.9, 1).chi_parallel[0], (above - below) / (2 * h),
                               rtol=1e-7, atol=1e-10)  # fmt: skip


def test_tanh_at_criticality_falls_as_one_over_twice_the_depth():
    flow = critical_flow("tanh", 1.0, 0.0, 1.0, 2000)
    layer = np.arange(1, 2001)
    np.testing.assert_allclose(2 * layer[-1] * flow.kernel[-1], 1, atol=2e-3)
    np.testing.assert_allclose(layer[-1] * (1 - flow.chi_parallel[-1]), 2, atol=4e-3)
    np.testing.assert_allclose(layer[-1] * (1 - flow.chi_perpendicular[-1]), 1, atol=2e-3)
    np.testing.assert_allclose(flow.vertex[-1] / (layer[-1] * flow.kernel[-1] ** 2), 2 / 3, rtol=4e-3)


@pytest.mark.parametrize("activation", ["erf", "tanh"])
def test_on_the_edge_the_variance_stays_and_angles_stay(activation):
    q = np.array([0.05, 0.5, 3.0])
    edge = edge_of_chaos(activation, q)
    weight, bias = edge.weight_variance, edge.bias_variance
    np.testing.assert_allclose(bias + weight * dual_activation(activation, q, q, q), q, rtol=1e-13)
    np.testing.assert_allclose(weight * dual_activation(activation, q, q, q, True), 1, rtol=1e-13)
    relu = edge_of_chaos("relu", q)
    np.testing.assert_array_equal([relu.weight_variance, relu.bias_variance], [[2, 2, 2], [0, 0, 0]])


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: critical_flow("relu", 2.0, 0.0, 0.0, 3), "kernel0 = 0"),
        (lambda: critical_flow("relu", 2.0, -0.1, 1.0, 3), "bias_variance"),
        (lambda: critical_flow("relu", 2.0, 0.0, 1.0, 0), "depth = 0"),
        (lambda: critical_flow("sign", 2.0, 0.0, 1.0, 3), "sign has no derivative"),
        (lambda: critical_flow("erf", 2.0, 0.0, 1e6, 3), "10,000"),
        (lambda: edge_of_chaos("exp", 0.5), "negative bias variance"),
        (lambda: edge_of_chaos("erf", 0.0), "q = 0"),
    ],
)
def test_refusals_name_the_argument(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
