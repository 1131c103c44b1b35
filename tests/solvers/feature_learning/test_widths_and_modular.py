"""Parametrisations, the maximal update recursion, modular networks: plain loops, counted powers, refusals."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import (
    ModularWeights,
    Parametrisation,
    logit_margin,
    maximal_update_moments,
    modular_addition_weights,
    modular_logits,
    parametrisation,
    participation_ratio,
)


@pytest.mark.parametrize(("name", "depth", "r", "learns"), [
    ("ntk", 1, 0.5, False), ("ntk", 4, 0.5, False), ("standard", 2, 0.5, False), ("standard", 3, 0.5, False),
    ("mup", 1, 0.0, True), ("mup", 5, 0.0, True), ("mean-field", 1, 0.0, True),
])  # fmt: skip
def test_known_parametrisations(name, depth, r, learns):
    found = parametrisation(name, depth)
    assert (found.exponent, found.stable, found.nontrivial, found.feature_learning) == (r, True, True, learns)
    assert found.kernel_regime is not learns
    assert found.depth == depth


@pytest.mark.parametrize(("a", "b"), [((-0.4, 0.7), (0.4, 0.1)), ((-0.3, 0.4), (0.3, 0.2))])
def test_exponents_that_vanish_to_rounding_vanish(a, b):
    """In decimals the sums are 0, in doubles 1e-16; no rate and no exponent above 1 sets the size."""
    assert min(a[1] + b[1], 2 * a[1]) - 1 + (2 * a[0] + 1) != 0
    assert Parametrisation(a, b, 0.0).exponent == 0


def test_standard_parametrisation_at_a_constant_rate_is_unstable():
    found = Parametrisation([0.0, 0.0, 0.0], [0.0, 0.5, 0.5], 0.0)
    assert found.exponent == -1
    assert not found.stable
    assert any("features move in a step: r = -1" in reason for reason in found.violated())
    with pytest.raises(ValueError, match="it is unstable"):
        _ = found.feature_learning


def test_mean_field_is_maximal_update_shifted():
    moved = parametrisation("mup", 1).shift(0.5)
    same = parametrisation("mean-field", 1)
    assert np.array_equal(moved.a, same.a)
    assert np.array_equal(moved.b, same.b)
    assert moved.c == same.c


@settings(max_examples=200, deadline=None)
@given(st.integers(2, 6), st.integers(0, 10**6), st.floats(-10, 10))
def test_a_shift_changes_nothing(layers, seed, theta):
    rng = np.random.default_rng(seed)
    a = rng.integers(-4, 5, layers) / 2
    b = np.where(rng.random(layers) < 0.8, 0.5 - a, rng.integers(-4, 5, layers) / 2)
    b[0] = -a[0] if rng.random() < 0.8 else b[0]
    found = Parametrisation(a, b, rng.integers(-4, 5) / 2)
    moved = found.shift(theta)
    assert moved.exponent == pytest.approx(found.exponent, abs=1e-12)
    assert moved.stable is found.stable
    if found.stable:
        assert (moved.nontrivial, moved.feature_learning) == (found.nontrivial, found.feature_learning)


def counted(a, b, c):
    """Powers of 1/n: of preactivations beyond order one and of the output at the start, of a step's moves of both."""
    start = [x + y - (0.5 if l else 0.0) for l, (x, y) in enumerate(zip(a, b, strict=True))]
    back = min(a[-1] + b[-1], c + 2 * a[-1])
    features = min(c + 2 * x + back - (1 if l else 0) for l, x in enumerate(a[:-1]))
    return start[:-1], start[-1], features, min(c + 2 * a[-1] - 1, a[-1] + b[-1] + features - 1)


@pytest.mark.parametrize("hidden", [[(0.0, 0.0)], [(0.0, 0.0), (0.0, 0.5)], [(-0.5, 0.5), (0.25, 0.0)], [(0.0, 0.25)]])
def test_sorts_are_those_of_counted_powers(hidden):
    quarters = np.arange(-6, 7) / 4
    for last, scale, rate in product(quarters, np.arange(6) / 4, quarters):
        a, b = np.array([*hidden, (last, scale - last)]).T
        layers, output, features, moved = counted(a, b, rate)
        found = Parametrisation(a, b, rate)
        assert found.exponent == features
        assert found.stable == (not any(layers) and min(output, features, moved) >= 0)
        if found.stable:
            sort = (moved == 0, moved == features == 0, moved == 0 < features)
            assert (found.nontrivial, found.feature_learning, found.kernel_regime) == sort


def test_a_trivial_parametrisation_is_of_neither_sort():
    slow = Parametrisation([0.0, 0.5], [0.0, 0.0], 3.0)
    assert (slow.stable, slow.nontrivial, slow.feature_learning, slow.kernel_regime) == (True, False, False, False)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: parametrisation("mean-field", 2), "of a single hidden layer"),
    (lambda: parametrisation("ntk", 0), "it must be positive"),
    (lambda: parametrisation("other", 1), "choose one of ntk"),
    (lambda: Parametrisation([0.0], [0.0], 0.0), "at least two layers"),
    (lambda: Parametrisation([0.0, 1.0], [0.0], 0.0), "it must be \\(2,\\), as a"),
])  # fmt: skip
def test_parametrisations_refuse(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def trained(X, y, u, v, rate, steps, full):
    found = []
    for step in range(steps + 1):
        f = (X @ u.T) @ v / len(v)
        found.append(f)
        if step == steps:
            break
        rows = slice(None) if full else slice(step % len(y), step % len(y) + 1)
        g = rate * np.mean((f[rows] - y[rows])[:, None] * X[rows], axis=0)
        u, v = u - np.outer(v, g), v - u @ g
    return np.array(found), u, v


@pytest.mark.parametrize("full", [True, False])
def test_moments_follow_every_network(full):
    rng = np.random.default_rng(5)
    X, y, u, v = (
        rng.standard_normal((6, 4)),
        rng.standard_normal(6),
        rng.standard_normal((9, 4)),
        rng.standard_normal(9),
    )
    begun = u.T @ u / 9, u.T @ v / 9, v @ v / 9
    found = maximal_update_moments(X, y, 0.05, 60, batch="full" if full else 1, start=begun)
    path, u, v = trained(X, y, u, v, 0.05, 60, full)
    assert np.allclose(found.outputs, path, rtol=0, atol=1e-12)
    assert np.allclose(found.suu, u.T @ u / 9, atol=1e-12)
    assert np.allclose(found.suv, u.T @ v / 9, atol=1e-12)
    assert found.svv == pytest.approx(v @ v / 9, rel=1e-12)


def test_small_steps_keep_the_difference_of_the_variances():
    """tr S_uu - S_vv moves by order eta squared a step: a hundredth of the step, a hundredth of the drift."""
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((5, 3)), rng.standard_normal(5)
    drift = []
    for cut in (1, 100):
        found = maximal_update_moments(X, y, 0.01 / cut, 300 * cut, batch="full")
        drift.append(abs(np.trace(found.suu) - found.svv - 2))
    assert drift[0] / drift[1] == pytest.approx(100, rel=0.1)


@pytest.mark.parametrize(("change", "message"), [
    ({"step_size": 5.0, "steps": 200}, "outputs leave the range of doubles at step"),
    ({"batch": 2}, 'it must be 1 or "full"'),
    ({"batch": "half"}, 'it must be 1 or "full"'),
    ({"variances": (1.0,)}, "it must be a pair"),
    ({"start": (np.eye(2), np.zeros(3), 1.0)}, "it must be \\(2,\\)"),
    ({"start": (np.eye(2), 1.0)}, "three moments"),
    ({"steps": 0}, "it must be positive"),
])  # fmt: skip
def test_moments_refuse(change, message):
    good = {"X": [[1.0, 0.5], [0.5, -2.0]], "y": [1.0, -1.0], "step_size": 0.1, "steps": 3}
    with pytest.raises(ValueError, match=message):
        maximal_update_moments(**{**good, **change})


RULES = {
    "add": lambda m, n, p: (m + n) % p,
    "subtract": lambda m, n, p: (m - n) % p,
    "multiply": lambda m, n, p: m * n % p,
}


def summed(w):
    h = (w.U[:, :, None] + w.V[:, None, :]) ** 2
    return np.einsum("qk,kmn->mnq", w.W, h) / len(w.U)


@pytest.mark.parametrize(("task", "p"), [*((task, p) for task in RULES for p in (3, 11))])
def test_written_weights_answer_and_logits_are_sums_over_neurons(task, p):
    weights = modular_addition_weights(p, 900, 3, task)
    logits = modular_logits(weights)
    assert np.allclose(logits, summed(weights), atol=1e-13)
    first = int(task == "multiply")
    right = [[logits[m, n].argmax() == RULES[task](m, n, p) for n in range(first, p)] for m in range(first, p)]
    assert np.all(right)


def test_wrong_frequencies_are_not_believed():
    weights = modular_addition_weights(7, 20, 0)
    other = ModularWeights(weights.U, weights.V, weights.W, np.ones(20, dtype=int))
    assert np.allclose(modular_logits(other), modular_logits(weights), atol=1e-13)


def test_mean_logits_are_the_margin():
    """Seed 4, 400,000 neurons: the largest deviation is 4 standard errors of a neuron's part, 1.06/sqrt(N)."""
    logits = modular_logits(modular_addition_weights(5, 400_000, 4))
    margin = logit_margin(5)
    m, n, q = np.indices(logits.shape)
    expected = np.where(q == (m + n) % 5, margin.correct, margin.other)
    assert np.abs(logits - expected).max() < 4 * 1.06 / np.sqrt(400_000)


@settings(max_examples=30, deadline=None)
@given(st.integers(3, 30), st.integers(0, 10**6))
def test_participation_lies_between_one_mode_and_all(p, seed):
    rows = np.random.default_rng(seed).standard_normal((4, p))
    found = participation_ratio(rows)
    assert np.all((found >= 1 / (p // 2 + 1) - 1e-15) & (found <= 1 + 1e-12))
    assert np.allclose(participation_ratio(np.roll(rows, 2, axis=1)), found, rtol=1e-9)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: modular_addition_weights(9, 20, 0), "p = 9 is not allowed: it must be an odd prime"),
    (lambda: modular_addition_weights(2, 20, 0), "it must be an odd prime"),
    (lambda: logit_margin(15), "it must be an odd prime"),
    (lambda: modular_addition_weights(11, 9, 0), "it must be at least 10, the number of frequencies"),
    (lambda: modular_addition_weights(11, 8, 0, "multiply"), "it must be at least 9, the number of frequencies"),
    (lambda: modular_addition_weights(11, 20, 0, "divide"), "choose one of add"),
    (lambda: participation_ratio([[0.0, 0.0]]), "a row of zeros has no spectrum"),
    (lambda: modular_logits(ModularWeights(np.ones((2, 3)), np.ones((2, 3)), np.ones((3, 2)), np.ones(3, int))),
     "2 whole numbers"),
    (lambda: modular_logits(ModularWeights(np.ones((2, 3)), np.ones((2, 4)), np.ones((3, 2)), np.ones(2, int))),
     "weights.V.shape"),
])  # fmt: skip
def test_modular_networks_refuse(call, message):
    with pytest.raises(ValueError, match=message):
        call()
