"""The neural-collapse family: enough claims, and experiments that do what they say."""

import numpy as np
import pytest

from solvable.analysis import claims
from solvable.analysis.neural_collapse.experiments import linear as linear_experiments
from solvable.analysis.neural_collapse.experiments import perturbation as perturbation_experiments
from solvable.analysis.neural_collapse.experiments.descent import descend
from solvable.analysis.neural_collapse.experiments.minimizers import descent_metrics
from solvable.analysis.neural_collapse.experiments.rank_one import trained_relu_norm
from solvable.analysis.neural_collapse.experiments.training import minimise
from solvable.solvers import collapse_metrics


def test_at_least_eighteen_claims():
    assert len(claims("neural-collapse")) >= 18


def plain_descent(rng, sizes, decays, feature_decay, width, steps, step, scale, bias_decay):
    """All N features, layer by layer, in the kernel's order of draws."""
    k, labels = len(sizes), np.repeat(np.arange(len(sizes)), sizes)
    inner = scale * rng.standard_normal((len(decays) - 1, width, width))
    layers = [*inner, scale * rng.standard_normal((k, width))]
    X, b, Y = scale * rng.standard_normal((labels.size, width)), np.zeros(k), np.eye(k)[labels]
    for _ in range(steps):
        passed = [X]
        for W in layers:
            passed.append(passed[-1] @ W.T)
        back = (passed[-1] + b - Y) / labels.size
        slope_b, slopes = back.sum(axis=0), []
        for W, inputs in zip(layers[::-1], passed[-2::-1], strict=True):
            slopes.append(back.T @ inputs)
            back = back @ W
        X = X - step * (back + feature_decay * X)
        layers = [W - step * (g + l * W) for W, g, l in zip(layers, slopes[::-1], decays, strict=True)]
        if bias_decay is not None:
            b = b - step * (slope_b + bias_decay * b)
    return layers, X, b, labels


@pytest.mark.parametrize("depth", [1, 2, 4])
@pytest.mark.parametrize("bias_decay", [None, 0.1])
def test_reduced_descent_against_plain_numpy(depth, bias_decay):
    sizes, decays = [5, 4, 3], list(np.linspace(0.01, 0.03, depth))
    layers, X, b, labels = plain_descent(np.random.default_rng(3), sizes, decays, 0.02, 7, 150, 0.7, 0.3, bias_decay)
    options = {} if bias_decay is None else {"bias": "ridge", "bias_decay": bias_decay}
    found = descend(np.random.default_rng(3), sizes, decays, 0.02, 7, [0, 150], 0.7, scale=0.3, **options)
    means = np.array([X[labels == k].mean(axis=0) for k in range(3)])
    deviations = X - means[labels]
    for j in range(depth - 1):
        np.testing.assert_allclose(found.inner[0, 1, j], layers[j], atol=1e-13)
    np.testing.assert_allclose(found.head[0, 1], layers[-1], atol=1e-13)
    np.testing.assert_allclose(found.means[0, 1], means, atol=1e-13)
    np.testing.assert_allclose(found.scatter[0, 1], deviations.T @ deviations, atol=1e-13)
    np.testing.assert_allclose(found.bias[0, 1], b, atol=1e-13)


def test_metrics_of_snapshots_equal_those_of_features():
    _, X, _, labels = plain_descent(np.random.default_rng(3), [4] * 3, [0.01], 0.02, 7, 50, 0.7, 0.3, None)
    found = descend(np.random.default_rng(3), [4] * 3, [0.01], 0.02, 7, [50], 0.7, scale=0.3)
    ours = {name: value[0, 0] for name, value in descent_metrics(found, 4.0).items()}
    expected = collapse_metrics(X, labels, found.head[0, 0])
    assert ours["nc1"] == pytest.approx(expected.nc1, rel=1e-10)
    assert ours["nc1_trace"] == pytest.approx(expected.nc1_trace, rel=1e-10)
    assert ours["nc2"] == pytest.approx(expected.nc2_orthogonal, rel=1e-10)
    assert ours["nc3"] == pytest.approx(expected.nc3_uncentred, rel=1e-10)


def test_descent_that_diverges_shows_it():
    found = descend(np.random.default_rng(0), [3, 3], [0.01, 0.01], 0.02, 4, [200], 500.0, scale=1.0)
    assert not np.all(np.isfinite(found.means))


@pytest.mark.parametrize("loss", ["mse", "ce"])
@pytest.mark.parametrize("bias", ["none", "free"])
def test_minimise_ends_where_its_objective_is_flat(loss, bias):
    """Objective recomputed from the definition, and no lower one within a small step in random directions."""
    rng = np.random.default_rng(0)
    found = minimise(rng, [4, 3], [0.02, 0.03], 0.01, 3, loss=loss, bias=bias, scales=(0.8, 0.5))
    targets = np.eye(2)[found.labels].T

    def value(layers, features, offset):
        logits = layers[1] @ layers[0] @ features + offset[:, None]
        if loss == "mse":
            data = np.sum((logits - targets) ** 2) / 14
        else:
            data = np.mean(np.log(np.exp(logits).sum(axis=0)) - np.sum(logits * targets, axis=0))
        penalties = 0.02 * np.sum(layers[0] ** 2) + 0.03 * np.sum(layers[1] ** 2) + 0.01 * np.sum(features**2)
        return data + penalties / 2

    assert value(found.layers, found.features, found.bias) == pytest.approx(found.objective, rel=1e-13)
    for _ in range(20):
        moved = [W + 1e-3 * rng.standard_normal(W.shape) for W in found.layers]
        features = found.features + 1e-3 * rng.standard_normal(found.features.shape)
        offset = found.bias + (1e-3 * rng.standard_normal(2) if bias == "free" else 0.0)
        assert value(moved, features, offset) > found.objective


def test_gradients_of_the_linear_experiments():
    """Directional derivatives against central differences."""
    from scipy.optimize import check_grad

    rng = np.random.default_rng(0)
    objective, shapes = linear_experiments._deep(rng.standard_normal((4, 3)), 3, 0.3, 3)
    x = rng.standard_normal(sum(a * b for a, b in shapes))
    assert check_grad(lambda w: objective(w)[0], lambda w: objective(w)[1], x) < 1e-5 * np.linalg.norm(objective(x)[1])
    y = rng.standard_normal(15)
    term = linear_experiments._flat_angle
    assert check_grad(lambda w: term(w, 5, 20.0)[0], lambda w: term(w, 5, 20.0)[1], y) < 1e-5
    X = rng.standard_normal((6, 3))
    slope = perturbation_experiments._gradient(X, 2, 0.3, 0.1)[1]
    v = rng.standard_normal(X.shape)
    up, down = (perturbation_experiments._gradient(X + s * 1e-5 * v, 2, 0.3, 0.1)[0] for s in (1, -1))
    assert (up - down) / 2e-5 == pytest.approx(np.sum(slope * v), rel=1e-7)


def test_sphere_sampler():
    """Unit vectors whose mean is along the centre; 40,000 draws, 4 standard errors of about 0.0013."""
    centre = np.eye(9)[2]
    sample = linear_experiments.sphere_features(np.random.default_rng(0), centre, 8.0, 40_000)
    np.testing.assert_allclose(np.linalg.norm(sample, axis=1), 1, rtol=1e-12)
    assert sample.mean(axis=0)[2] == pytest.approx(0.601394, abs=4e-3)
    assert np.abs(np.delete(sample.mean(axis=0), 2)).max() < 6e-3


@pytest.mark.parametrize("seed", [1100, 1247, 1268])
def test_training_goes_on_from_the_kinks_of_the_relu(seed):
    """Draws at which one run of L-BFGS stopped early, 1e-6 to 4e-3 above the least norm."""
    found = trained_relu_norm(np.random.default_rng(seed), "standard", 1.0, -0.5, 3)
    assert found == pytest.approx(1.5 * (1 + 0.5 ** (2 / 3)), rel=1e-8)
