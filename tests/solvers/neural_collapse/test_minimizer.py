"""Global minima of unconstrained features: against the Schatten form, mpmath, brute force and direct gradients."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable.solvers import (
    code_gram,
    collapse_metrics,
    collapse_minimizer,
    cross_entropy_code,
    sample_minimizer,
    shrink_singular_values,
)


def loss_and_gradients(layers, features, bias, sizes, decays, feature_decay, bias_decay=0.0, loss="mse"):
    """Written out from the definition, samples in rows."""
    labels = np.repeat(np.arange(len(sizes)), np.asarray(sizes, dtype=int))
    N, targets = labels.size, np.eye(len(sizes))[labels]
    passed = [features]
    for layer in layers:
        passed.append(passed[-1] @ layer.T)
    logits = passed[-1] + bias
    if loss == "mse":
        value, back = np.sum((logits - targets) ** 2) / (2 * N), (logits - targets) / N
    else:
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        value, back = -np.sum(targets * np.log(p)) / N, (p - targets) / N
    value += sum(l / 2 * np.sum(W**2) for l, W in zip(decays, layers, strict=True))
    value += feature_decay / 2 * np.sum(features**2) + bias_decay / 2 * np.sum(np.square(bias))
    gradients = [back.sum(axis=0) + bias_decay * bias]
    for W, inputs, l in zip(layers[::-1], passed[-2::-1], decays[::-1], strict=True):
        gradients.append(back.T @ inputs + l * W)
        back = back @ W
    return value, [*gradients, back + feature_decay * features]


CASES = [
    ([5] * 4, [5e-3], 2e-3, {}),
    ([20, 10, 5, 5], [0.02], 1e-3, {}),
    ([20, 10, 5, 5], [4e-3, 8e-3], 1e-3, {}),
    ([20, 10, 5, 5], [4e-3, 8e-3, 5e-3], 2e-3, {}),
    ([40, 20, 3], [0.05] * 3, 2e-3, {}),  # a collapsed class
    ([20, 10, 5, 5], [0.02], 1e-3, {"width": 2}),
    ([20, 10, 5, 5], [0.02], 1e-3, {"bias": "free"}),
    ([20, 10, 5, 5], [4e-3, 8e-3], 1e-3, {"bias": "free"}),
    ([5] * 4, [5e-3], 2e-3, {"bias": "ridge", "bias_decay": 0.02}),
    ([5] * 4, [5e-3], 2e-3, {"bias": "ridge", "bias_decay": 0.2}),
    ([5] * 4, [5e-3] * 3, 2e-3, {"bias": "ridge", "bias_decay": 0.2}),
]


@pytest.mark.parametrize(("sizes", "layers", "feature", "options"), CASES)
def test_sampled_minimisers_are_stationary_with_the_predicted_value(sizes, layers, feature, options):
    """The loss and its gradients from the definition, at drawn layers and features; 1e-13: rounding of O(1) sums."""
    found = collapse_minimizer(sizes, layers, feature, **options)
    W, X, bias = sample_minimizer(found, 7, rng=1)
    value, gradients = loss_and_gradients(W, X, bias, sizes, layers, feature, options.get("bias_decay", 0.0))
    if options.get("bias", "none") == "none":
        gradients = gradients[1:]
    if "width" not in options:  # beyond its width limit the minimiser could still improve
        assert max(np.abs(g).max() for g in gradients) < 1e-13
    assert value == pytest.approx(float(found.objective), rel=1e-13)
    product = W[0]
    for layer in W[1:]:
        product = layer @ product
    means = np.array([X[np.repeat(np.arange(len(sizes)), sizes) == k].mean(axis=0) for k in range(len(sizes))])
    np.testing.assert_allclose(product @ product.T, found.classifier_gram, atol=1e-13)
    np.testing.assert_allclose(means @ means.T, found.feature_gram, atol=1e-13)
    np.testing.assert_allclose(product @ means.T, found.prediction, atol=1e-13)
    for layer, spectrum in zip(W, found.layer_singular_values, strict=True):
        values = np.linalg.svd(layer, compute_uv=False)[: len(sizes)]
        np.testing.assert_allclose(values, np.sort(spectrum)[::-1][: values.size], atol=1e-13)
    assert found.solution.converged


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
def test_objective_equals_the_schatten_form(depth):
    """(1/2N)||Z-Y||^2 + ((M+1)/2) C ||Z||_p^p: the same minimum through the singular values of Z."""
    sizes, feature = np.array([30, 12, 5, 2]), 3e-3
    layers = np.linspace(2e-3, 9e-3, depth)
    found = collapse_minimizer(sizes, layers, feature)
    N = sizes.sum()
    cost = (feature * np.prod(layers)) ** (1 / (depth + 1))
    shrunk = shrink_singular_values(np.sqrt(sizes), N * cost, depth + 1)
    assert float(found.objective) == pytest.approx(shrunk.objective.sum() / N, rel=1e-13)
    np.testing.assert_allclose(found.outputs, shrunk.value / np.sqrt(sizes), rtol=1e-12, atol=1e-15)


def test_balanced_closed_forms():
    n, lw, lh = 5, 5e-3, 2e-3
    c = 4 * np.sqrt(n * lw * lh)
    plain, free = collapse_minimizer([n] * 4, lw, lh), collapse_minimizer([n] * 4, lw, lh, bias="free")
    rho = (1 - c) * np.sqrt(lw / (n * lh))
    np.testing.assert_allclose(plain.feature_gram, rho * np.eye(4), atol=1e-14)
    np.testing.assert_allclose(free.feature_gram, rho * (np.eye(4) - 0.25), atol=1e-14)
    assert float(plain.objective) == pytest.approx(c * (1 - c / 2), rel=1e-14)
    assert float(free.objective) == pytest.approx(0.75 * c * (1 - c / 2), rel=1e-14)
    ridge = [collapse_minimizer([n] * 4, lw, lh, bias="ridge", bias_decay=b).outputs[-1] for b in (0.02, 0.08, 10.0)]
    np.testing.assert_allclose(ridge, [0, 1 - c * 1.08 / 0.08, 1 - c * 1.1], atol=1e-14)
    nothing = collapse_minimizer([n] * 4, 0.2, 0.1)  # c > 1
    assert nothing.collapsed_modes.all()
    assert float(nothing.objective) == 0.5


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("penalty", [0.02, 0.2, 3.0])
def test_penalised_bias_against_a_grid(depth, penalty):
    """The constant direction alone: weight lb/(1+lb) on its squared error, Schatten price, bias from the residual."""
    n, decay, feature = 5, 5e-3, 2e-3
    found = collapse_minimizer([n] * 4, [decay] * depth, feature, bias="ridge", bias_decay=penalty)
    a = np.linspace(0, 1, 200_001)
    price = (depth + 1) / 2 * (feature * decay**depth) ** (1 / (depth + 1)) * (a * np.sqrt(n)) ** (2 / (depth + 1))
    values = n / 40 * penalty / (1 + penalty) * (1 - a) ** 2 + price
    assert found.outputs[-1] == pytest.approx(a[np.argmin(values)], abs=1e-5)
    others = n / 40 * (1 - a) ** 2 + price
    assert float(found.objective) == pytest.approx(3 * others.min() + values.min(), rel=1e-9)
    residual = (1 - found.outputs[-1]) / 4  # mean of Y - Z over samples, each class
    np.testing.assert_allclose(found.bias, residual / (1 + penalty), rtol=1e-12)


def test_conversion_to_the_normalisation_per_class():
    """(1/2Kn)||WH-Y||^2 + lW'/2K ||W||^2 + lH'/2Kn ||H||^2: rho = (1-c) sqrt(lW'/lH'), c = sqrt(lW' lH')."""
    k, n, lw, lh = 4, 6, 0.8, 0.3
    found = collapse_minimizer([n] * k, lw / k, lh / (k * n))
    c = np.sqrt(lw * lh)
    np.testing.assert_allclose(np.diag(found.feature_gram), (1 - c) * np.sqrt(lw / lh), rtol=1e-13)
    assert abs(np.diag(found.feature_gram)[0] / (1.05 * (1 - c) * np.sqrt(lw / lh)) - 1) > 0.04


@pytest.mark.parametrize("depth", [1, 2, 3, 6])
def test_class_sizes_around_the_thresholds(depth):
    layers, feature, big = np.full(depth, 0.03), 1e-3, 1000
    base = collapse_minimizer([big, 1], layers, feature)
    for name in ("critical_class_size", "spinodal_class_size"):
        edge = float(getattr(base, name))
        small = np.array([np.floor(edge), np.ceil(edge) + 1])
        sizes = np.stack([np.full(2, big), small], axis=-1)
        # the threshold moves with N: ask again at the total of each
        found = collapse_minimizer(sizes, layers, feature)
        limits = getattr(found, name)
        alive = ~found.collapsed_modes[:, 1] if name.startswith("critical") else found.branch_outputs[:, 1] > 0
        np.testing.assert_array_equal(alive, small > limits)
    metastable = found.metastable[:, 1]
    assert depth > 1 or not metastable.any()


def test_balance_and_degenerate_width():
    found = collapse_minimizer([10] * 4, [0.01, 0.03, 0.02], 1e-3, width=2)
    assert bool(found.degenerate)
    assert int(found.collapsed_modes.sum()) == 2
    squares = found.layer_singular_values[:, 0] ** 2 * found.layer_decays
    np.testing.assert_allclose(squares, squares[0], rtol=1e-13)
    feature = float(found.feature_decay) * 10 * found.feature_singular_values[0] ** 2
    assert feature == pytest.approx(squares[0], rel=1e-12)
    assert not collapse_minimizer([20, 10, 5, 5], 0.02, 1e-3, width=2).degenerate


def test_no_underflow_for_deep_heads():
    found = collapse_minimizer([50] * 3, np.full(60, 1e-6), 1e-6)  # the product of decays is 1e-366
    assert np.all(np.isfinite(found.objective))
    assert not found.collapsed_modes.any()
    assert np.all(found.solution.residual < 1e-12)


def test_weak_decay_keeps_its_digits():
    """c = 1e-20: the objective c(1 - c/2) is far below the rounding of 1."""
    found = collapse_minimizer([5] * 4, 1e-20, 1e-20 / 80)
    assert float(found.objective) == pytest.approx(4 * np.sqrt(5 / 80) * 1e-20, rel=1e-12)


@pytest.mark.parametrize(
    ("sizes", "options"),
    [
        ([9, 6, 2], {"bias": "free"}),
        ([9, 6, 6], {"width": 2}),
        ([6, 6, 6], {"bias": "ridge", "bias_decay": 0.3}),
    ],
)
def test_grid_equals_cell_by_cell(sizes, options):
    rng = np.random.default_rng(0)
    layers, feature = rng.uniform(1e-3, 2e-2, (5, 1, 2)), rng.uniform(1e-3, 1e-2, 4)
    grid = collapse_minimizer(sizes, layers, feature, **options)
    assert grid.outputs.shape == (5, 4, 3)
    assert grid.bias.shape == (5, 4, 3)
    assert grid.degenerate.shape == (5, 4)
    for i in range(5):
        for j in range(4):
            one = collapse_minimizer(sizes, layers[i, 0], feature[j], **options)
            np.testing.assert_allclose(grid.feature_gram[i, j], one.feature_gram, rtol=1e-12, atol=1e-15)
            np.testing.assert_allclose(grid.bias[i, j], one.bias, rtol=1e-12)
            assert float(grid.objective[i, j]) == pytest.approx(float(one.objective), rel=1e-13)
            assert grid.degenerate[i, j] == one.degenerate


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 200), min_size=2, max_size=6),
    depth=st.integers(1, 6),
    log_decay=st.floats(-9, 0),
    bias=st.sampled_from(["none", "free"]),
)
def test_properties(sizes, depth, log_decay, bias):
    decay = np.exp(log_decay)
    found = collapse_minimizer(sizes, [decay] * depth, decay, bias=bias)
    zero = float(found.levels.sum()) / (2 * sum(sizes))  # the value with everything at zero
    assert 0 < float(found.objective) <= zero * (1 + 1e-12)
    assert np.all((found.outputs >= 0) & (found.outputs < 1))
    more = collapse_minimizer(sizes, [1.3 * decay] * depth, decay, bias=bias)
    assert float(more.objective) >= float(found.objective) * (1 - 1e-12)
    assert np.all(more.outputs <= found.outputs + 1e-12)
    shuffled = collapse_minimizer(sizes[::-1], [decay] * depth, decay, bias=bias)
    np.testing.assert_allclose(shuffled.feature_gram[::-1, ::-1], found.feature_gram, rtol=1e-9, atol=1e-10)


# ---- cross-entropy


@pytest.mark.parametrize(("lw", "lh"), [(5e-3, 2e-3), (1e-4, 5e-4), (0.03, 0.03)])
def test_cross_entropy_one_layer(lw, lh):
    K, n = 4, 5
    c = K * np.sqrt(n * lw * lh)
    found = cross_entropy_code(K, n, lw, lh)
    s = np.log(1 + K * (1 - c) / c)
    assert float(found.scale) == pytest.approx(s, rel=1e-13)
    assert float(found.objective) == pytest.approx(np.log1p((K - 1) * np.exp(-s)) + c * s * (K - 1) / K, rel=1e-13)
    assert found.label == "global minimum"
    np.testing.assert_allclose(found.singular_values[:-1] ** 2, np.sqrt(n * lh / lw) * s, rtol=1e-12)
    np.testing.assert_allclose(found.feature_singular_values[:-1] ** 2, np.sqrt(lw / (n * lh)) * s, rtol=1e-12)


@pytest.mark.parametrize("lh", [1e-4, 0.3, 3.0])
def test_heads_times_features_are_the_logits(lh):
    """Whether the features are long or short: the head makes up for it."""
    found = cross_entropy_code(3, 1, [1e-4], lh)
    np.testing.assert_allclose(
        found.singular_values * found.feature_singular_values, found.scale * np.array([1, 1, 0]), rtol=1e-13, atol=1e-13
    )


@pytest.mark.parametrize("c", [0.5, 0.9, 0.99, 1 - 1e-6])
def test_cross_entropy_one_layer_up_to_the_threshold(c):
    """The scale falls to zero linearly in 1 - c, and its equation loses as many digits: 20 eps/(1 - c)."""
    K, n = 4, 5
    found = cross_entropy_code(K, n, c / (K * np.sqrt(n)), c / (K * np.sqrt(n)))
    room = 20 * np.finfo(float).eps / (1 - c)
    assert float(found.scale) == pytest.approx(np.log1p(K * (1 - c) / c), rel=room)


def test_cross_entropy_above_threshold_is_zero():
    found = cross_entropy_code(4, 5, [[0.2], [0.02]], 0.1)
    assert found.scale[0] == 0
    assert found.scale[1] > 0
    assert found.objective[0] == pytest.approx(np.log(4), rel=1e-15)


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
@pytest.mark.parametrize("code", ["simplex", "circle", "orthoplex"])
def test_codes_are_stationary(depth, code):
    """Layers and features built from the returned spectra: gradients from the definition vanish."""
    K, n, decays, lh = 6, 3, [1e-3] * depth, 5e-4
    found = cross_entropy_code(K, n, decays, lh, code)
    assert found.scale > 0
    assert found.solution.converged
    _, vectors = np.linalg.eigh(code_gram(code, K))
    vectors = vectors[:, ::-1]
    features = np.repeat((vectors * found.feature_singular_values), n, axis=0)
    each = found.singular_values ** (1 / depth)
    layers = [np.diag(each)] * (depth - 1) + [vectors * each]
    value, gradients = loss_and_gradients(layers, features, np.zeros(K), [n] * K, decays, lh, loss="ce")
    assert value == pytest.approx(float(found.objective), rel=1e-12)
    assert max(np.abs(g).max() for g in gradients) < 1e-12


def test_scale_is_the_global_minimum_of_its_family():
    s = np.geomspace(1e-4, 40, 200_001)
    for code, price in (("simplex", 3), ("circle", 2 * 2**0.5)):
        for decay in (1e-3, 1e-2, 5e-2):
            gaps = code_gram(code, 4)[0, 0] - code_gram(code, 4)[0]
            cost = (decay**4) ** 0.25
            values = np.log(np.exp(-np.outer(s, gaps)).sum(axis=1)) + 2 * cost * price * (s * np.sqrt(5)) ** 0.5
            found = float(cross_entropy_code(4, 5, [decay] * 3, decay, code).objective)
            best = min(values.min(), np.log(4))
            assert found == pytest.approx(best, rel=1e-8)
            assert found <= best * (1 + 1e-13)


def test_low_rank_wins_from_three_layers_on():
    """Small decay: the square beats the simplex iff 2*2^p < 3, p = 2/(M+1)."""
    for depth, square_wins in ((1, False), (2, False), (3, True), (5, True)):
        simplex, square = (
            float(cross_entropy_code(4, 5, [1e-4] * depth, 1e-4, code).objective) for code in ("simplex", "circle")
        )
        assert (square < simplex) == square_wins


def test_metrics_vanish_at_minimisers():
    balanced = collapse_minimizer([6] * 4, 5e-3, 2e-3, bias="free")
    (W,), X, bias = sample_minimizer(balanced, 9, rng=0)
    found = collapse_metrics(X, np.repeat(np.arange(4), 6), W, bias)
    assert max(found.nc1, found.nc2, found.nc3, found.nc4, found.equinorm, found.angle_excess) < 1e-12
    uneven = collapse_minimizer([20, 10, 5], [4e-3, 8e-3], 1e-3)
    W, X, _ = sample_minimizer(uneven, [9, 5], rng=0)
    found = collapse_metrics(X, np.repeat(np.arange(3), [20, 10, 5]), target=uneven.feature_singular_values**2)
    assert found.nc2_target < 1e-12
    assert found.nc2_orthogonal > 0.05


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: collapse_minimizer([5, 2.5], 0.1, 0.1), "positive whole numbers"),
        (lambda: collapse_minimizer([5, 0], 0.1, 0.1), "class_sizes"),
        (lambda: collapse_minimizer(5, 0.1, 0.1), "two classes"),
        (lambda: collapse_minimizer([5, 5], -0.1, 0.1), "layer_decays"),
        (lambda: collapse_minimizer([5, 5], [], 0.1), "one layer"),
        (lambda: collapse_minimizer([5, 5], 0.1, 0.0), "feature_decay"),
        (lambda: collapse_minimizer([5, 5], 0.1, 0.1, width=0), "width"),
        (lambda: collapse_minimizer([5, 5], 0.1, 0.1, bias="some"), "none, free, ridge"),
        (lambda: collapse_minimizer([5, 5], 0.1, 0.1, bias="ridge"), "bias_decay"),
        (lambda: collapse_minimizer([5, 5], 0.1, 0.1, bias_decay=0.1), "only there"),
        (lambda: collapse_minimizer([5, 4], 0.1, 0.1, bias="ridge", bias_decay=0.1), "equal class sizes"),
        (lambda: collapse_minimizer([[5, 5]] * 2, [[0.1]] * 3, 0.1), "broadcast"),
        (lambda: cross_entropy_code(3, 5, 0.1, 0.1, np.ones((3, 3))), "two different vectors"),
        (lambda: cross_entropy_code(3, 5, 0.1, 0.1, np.zeros((3, 3))), "two different vectors"),
        (lambda: cross_entropy_code(2, 5, 0.1, 0.1, [[0.0, 1.0], [1.0, 0.0]]), "Gram matrix"),
        (lambda: sample_minimizer(collapse_minimizer([9, 9, 9], 0.01, 0.01), 2), "3 modes that survive"),
        (lambda: sample_minimizer(collapse_minimizer([9, 9, 9], [0.01] * 2, 0.01), [3]), "2 whole numbers"),
        (lambda: sample_minimizer(collapse_minimizer([9, 9, 9], [0.01] * 2, 0.01), [7, 2]), "3 modes that survive"),
        (lambda: sample_minimizer(collapse_minimizer([[9, 9]] * 2, 0.01, 0.01), 2), "one cell"),
        (lambda: cross_entropy_code(1, 5, 0.1, 0.1), "classes"),
        (lambda: cross_entropy_code(4, 5, 0.1, -0.1), "feature_decay"),
        (lambda: cross_entropy_code(4, 5, 0.1, 0.1, "cube"), "simplex, circle, orthoplex"),
        (lambda: cross_entropy_code(3, 5, 0.1, 0.1, np.diag([1.0, 2.0, 3.0])), "permutations"),
        (lambda: cross_entropy_code(3, 5, 0.1, 0.1, np.ones((3, 3))), "different vectors"),
        (lambda: cross_entropy_code(3, 5, 0.1, 0.1, 0.5 - np.eye(3)), "Gram matrix"),
        (lambda: code_gram("orthoplex", 5), "even"),
    ],
)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_orthoplexes_have_an_even_number_of_vertices():
    for classes in (2, 4, 6, 10):
        gram = code_gram("orthoplex", classes)
        np.testing.assert_array_equal(np.sort(gram, axis=1), [[-1.0] + [0.0] * (classes - 2) + [1.0]] * classes)
    for classes in (3, 5, 9):
        with pytest.raises(ValueError, match="even number"):
            code_gram("orthoplex", classes)


def test_collapsed_classes_are_told_from_collapsed_modes():
    """Three balanced classes with a free bias form a simplex: no class collapses, though the constant mode is zero."""
    balanced = collapse_minimizer((500, 500, 500), [5e-4] * 2, 5e-4 / 1500, bias="free")
    assert balanced.collapsed_modes.tolist() == [False, False, True]
    assert balanced.collapsed_classes.tolist() == [False, False, False]
    assert collapse_minimizer([40, 20, 3], [0.05] * 3, 2e-3).collapsed_classes.tolist() == [False, False, True]


@pytest.mark.parametrize("bias", ["none", "free"])
@pytest.mark.parametrize("decay", [1e-4, 3e-3, 2e-2, 0.3])
def test_collapsed_classes_are_those_whose_features_coincide(bias, decay):
    sizes = [60, 25, 6, 6]
    found = collapse_minimizer(sizes, [0.02], decay, bias=bias)
    gram = found.feature_gram
    square, scale = np.diagonal(gram), np.trace(gram) + 1e-300
    apart = square[:, None] + square[None, :] - 2 * gram + scale * np.eye(4)
    expected = (square <= 1e-9 * scale) | (apart <= 1e-9 * scale).any(axis=0)
    assert found.collapsed_classes.tolist() == expected.tolist()
    grid = collapse_minimizer(sizes, [0.02], [decay, 2 * decay], bias=bias)
    assert grid.collapsed_classes.shape == (2, 4)
