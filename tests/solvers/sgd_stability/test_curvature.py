"""Sharpness of the two networks and the equilibrium of weight decay, against direct computation."""

import numpy as np
import pytest

from solvable.solvers import (
    Sharpness,
    adam_equilibrium,
    diagonal_network_sharpness,
    network_gradients,
    relu_network_sharpness,
    stability_threshold,
    weight_decay_equilibrium,
)

rng = np.random.default_rng(0)
B, C = rng.standard_normal((4, 3)), rng.standard_normal(4)
U, V = rng.standard_normal((2, 5))


@pytest.mark.parametrize(
    ("model", "weights", "closed"),
    [("diagonal", (U, V), diagonal_network_sharpness), ("relu", (B, C), relu_network_sharpness)],
)
def test_closed_forms_against_many_inputs(model, weights, closed):
    """Seed 1, 200,000 inputs: statistical error below 1 %, so 2 % is a pass and a 5 % wrong constant a failure."""
    closed = closed(*weights)
    X = np.random.default_rng(1).standard_normal((200_000, weights[0].shape[-1]))
    found = Sharpness.of_gradients(network_gradients(model, X, *weights))
    for field in ("trace", "frobenius", "top_eigenvalue"):
        assert getattr(found, field) == pytest.approx(getattr(closed, field), rel=0.02)


def test_relu_blocks_for_equal_and_opposite_neurons():
    """Equal neurons see one input half-space, opposite ones disjoint halves: no correlation at all."""
    b = np.array([0.6, 0.8])
    same = relu_network_sharpness([b, b], [1.0, 2.0])
    one = relu_network_sharpness([np.sqrt(2) * b], [np.sqrt(5)])  # the same gradient, stacked
    assert same.top_eigenvalue == pytest.approx(one.top_eigenvalue, rel=1e-12)
    apart = relu_network_sharpness([b, -b], [1.0, 1.0])
    alone = relu_network_sharpness([b], [1.0])
    assert apart.top_eigenvalue == pytest.approx(alone.top_eigenvalue, rel=1e-12)
    assert apart.trace == pytest.approx(2 * alone.trace)


def test_gradients_are_derivatives():
    x, h = np.array([[0.3, -1.2, 0.7]]), 1e-6

    def output(flat):
        return float(np.maximum(x @ flat[4:].reshape(4, 3).T, 0)[0] @ flat[:4])

    flat = np.r_[C, B.ravel()]
    numeric = [(output(flat + h * e) - output(flat - h * e)) / (2 * h) for e in np.eye(16)]
    np.testing.assert_allclose(network_gradients("relu", x, B, C)[0], numeric, atol=1e-8)


def test_gradients_feed_the_threshold():
    X = rng.standard_normal((8, 5))
    G = network_gradients("diagonal", X, U, V)
    assert float(stability_threshold(G, 8).value) == pytest.approx(
        2 / Sharpness.of_gradients(G).top_eigenvalue, rel=1e-12
    )


def test_norm_recursion_settles_at_the_equilibrium():
    """The scalar recursion of ||w||^2, iterated; its derivative at the fixed point is the relaxation factor."""
    eta, decay, g = 0.1, 0.05, 2.0

    def step(s):
        return (1 - eta * decay) ** 2 * s + eta**2 * g**2 / s

    s = 1.0
    for _ in range(5000):
        s = step(s)
    state = weight_decay_equilibrium(eta, decay, g)
    assert s == pytest.approx(float(state.norm) ** 2, rel=1e-12)
    assert (step(s + 1e-5) - step(s - 1e-5)) / 2e-5 == pytest.approx(float(state.relaxation), rel=1e-8)
    assert eta / s == pytest.approx(float(state.effective_step_size), rel=1e-12)
    # w' = (1 - eta decay) w - eta grad, orthogonal: tan(angle) = eta |grad| / ((1 - eta decay) |w|)
    assert np.tan(float(state.angle)) == pytest.approx(eta * g / s / (1 - eta * decay), rel=1e-12)


def test_paper_convention_has_half_our_decay():
    """Penalty decay*||w||^2 (gradient 2 decay w): ||w||^4 = eta g^2/(4 decay (1 - eta decay))."""
    eta, decay, g = 0.1, 5e-3, 2.0
    assert float(weight_decay_equilibrium(eta, 2 * decay, g).norm) ** 4 == pytest.approx(
        eta * g**2 / (4 * decay * (1 - eta * decay)), rel=1e-12
    )


def test_adam_and_gradient_descent_turn_alike():
    """Without momentum, at one eta lambda: both lose p of w and win it back at right angles, cos = 1 - p."""
    plain, adam = weight_decay_equilibrium(0.1, 0.3, 2.0), adam_equilibrium(0.1, 0.3, 30.0, 7.0)
    assert float(adam.angle) == pytest.approx(float(plain.angle), rel=1e-12)
    # a penalty is gradient descent with step eta/sqrt v, v the mean square of the whole gradient at that norm
    eta, decay, g, d = 0.02, 0.3, 10.0, 50.0
    state = adam_equilibrium(eta, decay, d, g, 0.0, "penalty")
    square = float(state.norm) ** 2
    step = eta / np.sqrt((g**2 / square + decay**2 * square) / d)
    assert float(weight_decay_equilibrium(step, decay, g).norm) == pytest.approx(float(state.norm), rel=1e-12)
    assert float(weight_decay_equilibrium(step, decay, g).angle) == pytest.approx(float(state.angle), rel=1e-12)


@pytest.mark.parametrize(("decay", "in_gradients", "in_decay"), [("decoupled", 0, 1 / 2), ("penalty", -1 / 3, 1 / 3)])
def test_adams_exponents_for_small_steps(decay, in_gradients, in_decay):
    """And momentum only turns more slowly: by sqrt((1 - b)/(1 + b)), the norm being the same."""
    step = adam_equilibrium(1e-4, [0.1, 0.8, 0.1], 10.0, [1.0, 1.0, 64.0], 0.9, decay).effective_step_size
    np.testing.assert_allclose(np.log(step[1:] / step[0]) / np.log([8, 64]), [in_decay, in_gradients], atol=2e-4)
    state = adam_equilibrium(1e-4, 0.1, 10.0, 1.0, [0.0, 0.9], decay)
    np.testing.assert_allclose([state.angle[1] / state.angle[0], state.norm[1] / state.norm[0]], [19**-0.5, 1],
                               rtol=1e-3)  # fmt: skip


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: weight_decay_equilibrium(2.0, 0.5), "below 1"),
        (lambda: weight_decay_equilibrium(0.0, 0.5), "step_size"),
        (lambda: adam_equilibrium(2.0, 0.5, 3.0), "below 1"),
        (lambda: adam_equilibrium(0.1, 0.5, 3.0, momentum=1.0), "momentum"),
        (lambda: adam_equilibrium(0.1, 0.5, d=0.0), "d = 0"),
        (lambda: adam_equilibrium(0.1, 0.5, 3.0, decay="none"), "decay"),
        (lambda: adam_equilibrium(9.0, 0.5, 40.0, 0.1, decay="penalty"), "undo w"),
        (lambda: diagonal_network_sharpness([1.0], [1.0, 2.0]), "w_plus.shape"),
        (lambda: diagonal_network_sharpness([], []), "non-empty"),
        (lambda: relu_network_sharpness([[0.0, 0.0]], [1.0]), "vanish"),
        (lambda: relu_network_sharpness(B, [1.0]), "readout.shape"),
        (lambda: network_gradients("conv", [[1.0]], [1.0], [1.0]), "model"),
        (lambda: network_gradients("diagonal", [[1.0]], [1.0, 2.0], [1.0]), "weights"),
    ],
)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_one_weight():
    """(a^2 - b^2 - y)^2/2 at its minimum: one direction of curvature, 4(a^2 + b^2)."""
    found = diagonal_network_sharpness([1.5], [0.5])
    assert [found.trace, found.frobenius, found.top_eigenvalue] == [10.0, 10.0, 10.0]


@pytest.mark.parametrize(("k", "d"), [(30, 8), (10, 30)])
def test_large_networks_equal_their_blocks(k, d):
    """Above the size that is formed: the Hessian from the closed form of its blocks, with one pair almost parallel."""
    rng = np.random.default_rng(4)
    hidden, readout = rng.standard_normal((k, d)), rng.standard_normal(k)
    hidden[1], hidden[2] = -2 * hidden[0], hidden[0] + 1e-7 * hidden[3]
    unit = hidden / np.linalg.norm(hidden, axis=1, keepdims=True)
    blocks = np.empty((k, d + 1, k, d + 1))
    for i in range(k):
        for j in range(k):
            total, apart = unit[i] + unit[j], unit[i] - unit[j]
            theta = 2 * np.arctan2(np.linalg.norm(apart), np.linalg.norm(total))
            C = (np.pi - theta) / (2 * np.pi) * np.eye(d)
            if 0 < theta < np.pi and np.linalg.norm(total) > 1e-14:
                C += np.sin(theta) / (2 * np.pi) * np.outer(total, total) / (total @ total)
                C -= np.sin(theta) / (2 * np.pi) * np.outer(apart, apart) / (apart @ apart)
            left = np.vstack([hidden[i], readout[i] * np.eye(d)])
            right = np.vstack([hidden[j], readout[j] * np.eye(d)])
            blocks[i, :, j] = left @ C @ right.T
    values = np.linalg.eigvalsh(blocks.reshape(k * (d + 1), -1))
    found = relu_network_sharpness(hidden, readout)
    assert found.top_eigenvalue == pytest.approx(values[-1], rel=1e-12)
    assert found.trace == pytest.approx(values.sum(), rel=1e-12)
    assert found.frobenius == pytest.approx(np.linalg.norm(values), rel=1e-12)
