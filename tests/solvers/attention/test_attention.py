"""Attention: kernels against their heads, margins against feasibility, gradients against differences, bad input."""

import mpmath as mp
import numpy as np
import pytest
from scipy.stats import multivariate_normal

from solvable.solvers import (
    attention_descent,
    attention_kernel,
    attention_margin,
    bivariate_relu,
    locally_optimal,
    random_attention_features,
    regularisation_path,
    vector_kernel,
)

RNG = np.random.default_rng(0)


def sphere(*shape):
    x = RNG.standard_normal(shape)
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


Q, K = sphere(4, 3), sphere(4, 5, 3)
X, Z, G = RNG.standard_normal((3, 4, 10)), RNG.standard_normal((3, 10)), RNG.standard_normal((3, 4))
BEST = G.argmax(axis=1)


def test_second_derivative_in_the_correlation_is_the_density():
    r, h = np.linspace(-0.8, 0.9, 9), 1e-3
    for a, b in ((0.5, -0.3), (-1.0, 1.2)):
        second = (bivariate_relu(a, b, r + h) - 2 * bivariate_relu(a, b, r) + bivariate_relu(a, b, r - h)) / h**2
        density = [multivariate_normal([0, 0], [[1, x], [x, 1]]).pdf([a, b]) for x in r]
        np.testing.assert_allclose(second, density, rtol=1e-3)


def test_ends_and_symmetry_of_products_of_relus():
    m = np.linspace(-2, 2, 9)
    np.testing.assert_allclose(bivariate_relu(m[:, None], m, 0.4), bivariate_relu(m, m[:, None], 0.4), rtol=1e-14)
    assert bivariate_relu(0, 0, 1) == pytest.approx(0.5, rel=1e-14)
    assert bivariate_relu(0, 0, -1) == pytest.approx(0.0, abs=1e-15)
    assert bivariate_relu(30, 40, 0.25) == pytest.approx(1200.25, rel=1e-14)


@pytest.mark.parametrize(
    ("m1", "m2", "r", "value"),
    [
        (-12.0, -3.0, 0.7, 8.053814433590088e-34),
        (-8.0, -8.0, 0.5, 5.671491140896204e-23),
        (-10.0, 4.0, 0.7, 8.3237212187481e-24),
        (-6.0, -6.0, 0.3, 2.783132501458404e-16),
    ],
)
def test_products_of_relus_in_the_tails(m1, m2, r, value):
    """Against the integral over one Gaussian at 60 digits."""
    assert bivariate_relu(m1, m2, r) == pytest.approx(value, rel=1e-13)


@pytest.mark.parametrize("weights", ["centred", "biased"])
@pytest.mark.parametrize("activation", ["relu", "exp"])
def test_kernels_are_semi_definite_symmetric_and_blind_to_order(weights, activation):
    whole = attention_kernel(Q, K, weights=weights, activation=activation)
    np.testing.assert_array_equal(whole, whole.T)
    assert np.linalg.eigvalsh(whole)[0] > -1e-12 * np.trace(whole)
    two = attention_kernel(Q, K, Q[:2], K[:2, ::-1], weights, activation)
    np.testing.assert_allclose(two, whole[:, :2], rtol=1e-13)


@pytest.mark.parametrize("weights", ["centred", "biased"])
def test_features_tend_to_the_kernel(weights):
    """Seed 1, 40,000 heads: the largest deviation is a few times M^-1/2."""
    F = random_attention_features(Q, K, 40_000, 1, weights)
    whole = attention_kernel(Q, K, weights=weights)
    assert np.abs(F @ F.T / whole - 1).max() < 0.05


def test_the_vector_kernel_sees_the_order():
    assert vector_kernel(Q, K, Q, K[:, ::-1])[0, 0] < 0.5
    np.testing.assert_allclose(np.diag(vector_kernel(Q, K)), 0.5, rtol=1e-7)


@pytest.mark.parametrize("norm", ["frobenius", "nuclear"])
def test_margins_are_met_and_the_bound_is_that_of_the_multipliers(norm):
    found = attention_margin(X, Z, BEST, norm)
    assert found.margins.min() == pytest.approx(1, rel=1e-9)
    assert found.certificate <= found.norm * (1 + 1e-12)
    assert found.certificate == pytest.approx(found.norm, rel=1e-8)
    rows = np.einsum("ita,ib->itab", X[np.arange(3), BEST][:, None] - X, Z)
    total = np.tensordot(found.dual, rows, 2)
    assert np.all(found.dual >= 0)
    if norm == "frobenius":
        np.testing.assert_allclose(total, found.weights, atol=1e-10)
    else:
        assert np.linalg.norm(total, 2) == pytest.approx(1, rel=1e-9)
        assert found.dual.sum() == pytest.approx(found.certificate, rel=1e-9)
    own = np.linalg.norm(found.weights, "fro" if norm == "frobenius" else "nuc")
    assert own == pytest.approx(found.norm, rel=1e-12)
    assert found.rank <= 3


def test_the_nuclear_norm_is_lower_and_its_frobenius_norm_higher():
    frobenius, nuclear = attention_margin(X, Z, BEST), attention_margin(X, Z, BEST, "nuclear")
    assert nuclear.norm < np.linalg.norm(frobenius.weights, "nuc")
    assert frobenius.norm < np.linalg.norm(nuclear.weights)


@pytest.mark.parametrize("norm", ["frobenius", "nuclear"])
def test_a_prompt_or_a_token_given_twice_changes_nothing(norm):
    once = attention_margin(X, Z, BEST, norm)
    losers = X[np.arange(3), (BEST + 1) % 4][:, None]
    for tokens, queries, best in (
        (np.concatenate([X, X[:1]]), np.concatenate([Z, Z[:1]]), [*BEST, BEST[0]]),
        (np.concatenate([X, losers], axis=1), Z, BEST),
    ):
        twice = attention_margin(tokens, queries, best, norm)
        assert twice.norm == pytest.approx(once.norm, rel=1e-9)
        np.testing.assert_allclose(twice.weights, once.weights, atol=1e-7 * once.norm)


def test_masked_tokens_need_not_be_led():
    mask = np.ones((3, 4), bool)
    mask[:, (BEST[0] + 1) % 4] = False
    assert attention_margin(X, Z, BEST, mask=mask).norm <= attention_margin(X, Z, BEST).norm


def test_descent_finds_the_direction_and_naive_gradients_stall():
    goal = attention_margin(X, Z, BEST).weights
    runs = {kind: attention_descent(X, Z, G, 0.1, 3000, gradient=kind, checkpoints=1) for kind in ("stable", "naive")}
    cosine = {kind: np.sum(run.weights[0, -1] * goal) / np.linalg.norm(run.weights[0, -1]) / np.linalg.norm(goal)
              for kind, run in runs.items()}  # fmt: skip
    np.testing.assert_array_equal(runs["stable"].selected[0], BEST)
    assert cosine["stable"] > 0.999
    assert cosine["naive"] < 0.95


def test_one_step_is_along_the_gradient():
    """Of the loss by central differences, at the start."""
    run = attention_descent(X, Z, G, 1e-3, 1, initial_scale=0.1, checkpoints=2)
    W = run.weights[0, 0]

    def loss(W):
        a = np.einsum("ita,ab,ib->it", X, W, Z)
        s = np.exp(a - a.max(axis=1, keepdims=True))
        return np.mean(np.log1p(np.exp(-np.sum(s * G, axis=1) / s.sum(axis=1))))

    gradient = np.zeros_like(W)
    for index in np.ndindex(*W.shape):
        step = np.zeros_like(W)
        step[index] = 1e-6
        gradient[index] = (loss(W + step) - loss(W - step)) / 2e-6
    np.testing.assert_allclose((W - run.weights[0, 1]) / 1e-3, gradient / np.linalg.norm(gradient), atol=1e-6)
    assert run.loss[0, 0] == pytest.approx(loss(W), rel=1e-12)


@pytest.mark.parametrize("c", [1e-70, 1e70])
def test_normalised_descent_has_no_unit(c):
    """Tokens and queries in other units, weights in their inverse: squares of the gradient must not underflow."""
    one, other = (attention_descent(u * X, u * Z, G, 0.1 / u**2, 20, initial_scale=0.1 / u**2) for u in (1.0, c))
    np.testing.assert_allclose(other.weights * c**2, one.weights, rtol=1e-9)


def test_short_paths_start_down_the_slope_at_zero():
    """W(R)/R tends to the negative gradient of the loss at W = 0."""
    steep = G - G.mean(axis=1, keepdims=True)
    steep = steep / (1 + np.exp(G.mean(axis=1, keepdims=True)))
    goal = np.einsum("it,ita,ib->ab", steep, X, Z)
    W = regularisation_path(X, Z, G, [1e-8]).weights[0]
    np.testing.assert_allclose(W / 1e-8, goal / np.linalg.norm(goal), atol=1e-7)


def test_an_infeasible_selection_names_prompt_and_token():
    line = np.array([[[0.0], [1.0], [2.0]]])
    with pytest.raises(ValueError, match=r"0\.5 of \(0, [02]\) \+ 0\.5 of \(0, [02]\) vanishes"):
        attention_margin(line, [[1.0]], [1], "nuclear")


def test_seeds_give_the_same_bits_whatever_their_number():
    one, many = (attention_descent(X, Z, G, 0.1, 50, seeds=s, rng=3).weights for s in (3, 3))
    np.testing.assert_array_equal(one, many)


def test_path_tends_to_the_margin():
    goal = attention_margin(X, Z, BEST)
    path = regularisation_path(X, Z, G, [20.0, 400.0])
    cosine = np.einsum("rab,ab->r", path.weights, goal.weights) / path.radii / goal.norm
    assert cosine[0] < cosine[1]
    assert cosine[1] > 0.999
    assert path.log_excess[1] / 400 == pytest.approx(-1 / goal.norm, rel=0.05)


def test_the_best_tokens_are_locally_optimal_and_the_worst_are_not():
    assert locally_optimal(X, G, BEST, Z)
    assert not locally_optimal(X, G, G.argmin(axis=1), Z)
    line = np.array([[[0.0], [1.0], [2.0]]])
    assert not locally_optimal(line, [[0.1, 0.5, 0.2]], [1], [[1.0]])  # a token in the middle cannot come first


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bivariate_relu(0, 0, 1.5), "r = "),
        (lambda: attention_kernel(2 * Q, K), "rows must be of length one"),
        (lambda: attention_kernel(Q, K[:2]), "queries.shape"),
        (lambda: attention_kernel(Q, K, Q), "queries2 = "),
        (lambda: vector_kernel(Q, K, Q, K[:, :2]), "keys2.shape"),
        (lambda: random_attention_features(Q, K, 0, 0), "heads = "),
        (lambda: attention_margin(np.array([[[0.0], [1.0], [2.0]]]), [[1.0]], [1]), "nothing separates"),
        (lambda: attention_margin(X, Z, [0, 0, 4]), "selected = "),
        (lambda: attention_margin(X, Z[:2], BEST), "queries.shape"),
        (lambda: attention_margin(np.zeros((1, 2, 2)), [[1.0, 0.0]], [0]), "mask it"),
        (lambda: attention_margin(X, Z * [[1], [0], [1]], BEST), r"queries\[1\] = "),
        (lambda: locally_optimal(X, G, BEST, Z, tolerance=-1.0), "tolerance = "),
        (lambda: attention_descent(X, Z, np.ones((3, 4)), 0.1, 5), "tied"),
        (lambda: attention_descent(X, Z, G, 0.1, 10**12), "steps = "),
        (lambda: regularisation_path(X, Z, G, [0.0]), "radii"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("reach", [2, 4, 8])
def test_least_nuclear_norm_of_queries_of_all_lengths(reach):
    """Lengths from 1e-8 to 1e8: the bound that the multipliers prove meets the norm, whatever the units of prompts."""
    rng = np.random.default_rng(2)
    x, z, best = rng.standard_normal((4, 5, 8)), rng.standard_normal((4, 8)), rng.integers(5, size=4)
    z *= np.logspace(-reach, reach, 4)[:, None]
    found = attention_margin(x, z, best, "nuclear")
    rows = np.einsum("ita,ib->itab", x[np.arange(4), best][:, None] - x, z)
    total = np.tensordot(found.dual, rows, 2)
    assert found.dual.sum() / np.linalg.norm(total, 2) == pytest.approx(np.linalg.norm(found.weights, "nuc"), rel=1e-9)
    size = np.linalg.norm(rows, axis=(2, 3)) * np.linalg.norm(found.weights)
    lead = np.tensordot(rows, found.weights, 2)
    assert np.all((lead >= 1 - 1e-14 * size) | (np.arange(5) == best[:, None]))


def test_queries_of_very_different_lengths_keep_their_directions():
    """A query of 1e-6 beside one of 1e6, orthogonal: each prompt is led by its own rank-one weights."""
    x = np.array([[[1.0, 0.0], [0.0, 0.0]], [[0.0, 1.0], [0.0, 0.0]]])
    for norm in ("frobenius", "nuclear"):
        found = attention_margin(x, [[1e-6, 0.0], [0.0, 1e6]], [0, 0], norm)
        np.testing.assert_allclose(found.weights, [[1e6, 0.0], [0.0, 1e-6]], rtol=1e-9, atol=1e-12)


def test_what_does_not_separate_is_named_in_shares_of_constraints_of_length_one():
    tokens = np.array([[[0.0, 0.0], [-1.0, 0.0], [3.0, 0.0]]])  # differences of lengths 1 and 3, opposite
    with pytest.raises(ValueError, match=r"0\.5 of \(0, 1\) \+ 0\.5 of \(0, 2\)"):
        attention_margin(tokens, [[1.0, 0.0]], [0])


def test_the_textbook_gradient_is_the_stable_one_while_softmax_is_far_from_one():
    runs = [attention_descent(X, Z, G, 0.05, 20, gradient=kind, checkpoints=4) for kind in ("naive", "stable")]
    np.testing.assert_allclose(runs[0].weights, runs[1].weights, rtol=1e-11, atol=1e-14)


def test_one_key_and_centred_heads_have_the_arc_cosine_kernel():
    found = attention_kernel(Q, K[:, :1])
    inner = 1 + K[:, 0] @ K[:, 0].T
    rho = np.clip((1 + Q @ Q.T) * inner / 4, -1, 1)
    wanted = inner * (np.sqrt(1 - rho**2) + (np.pi - np.arccos(rho)) * rho) / (2 * np.pi)
    np.testing.assert_allclose(found, wanted, rtol=1e-7)  # arccos near 1


@pytest.mark.parametrize("scale", [0.3, 3.0, 18.8, 40.0])
def test_logarithms_of_the_excess_loss_keep_their_digits(scale):
    """Along the path of one prompt and two tokens: log(L - L_*) at sixty digits."""
    path = regularisation_path([[[1.0, 0.0], [0.0, 0.0]]], [[0.0, 1.0]], [[1.5, 0.2]], [scale])
    with mp.workdps(60):
        behind = mp.mpf(1.3) / (1 + mp.exp(scale))
        exact = mp.log(mp.log1p(mp.exp(behind - mp.mpf(1.5))) - mp.log1p(mp.exp(-mp.mpf(1.5))))
    assert path.log_excess[0] == pytest.approx(float(exact), rel=1e-12)
