"""Rates near collapse: every one is an eigenvalue of the Hessian of the whole problem, and there are no others."""

import numpy as np
import pytest

from solvable.solvers import collapse_minimizer, collapse_rates, sample_minimizer

K, N = 3, 2


def hessian(depth, layers, feature_decay, width):
    """Of the loss in all parameters at a drawn minimum, by central differences of the gradient: error about 1e-9."""
    found = collapse_minimizer([N] * K, layers, feature_decay)
    W, X, _ = sample_minimizer(found, width, rng=0)
    parts = [*W, X]
    cuts = np.cumsum([p.size for p in parts])[:-1]
    targets = np.repeat(np.eye(K), N, axis=0)

    def gradient(flat):
        pieces = [p.reshape(q.shape) for p, q in zip(np.split(flat, cuts), parts, strict=True)]
        passed = [pieces[-1]]
        for layer in pieces[:-1]:
            passed.append(passed[-1] @ layer.T)
        back = (passed[-1] - targets) / (K * N)
        slopes = []
        for layer, inputs, decay in zip(pieces[-2::-1], passed[-2::-1], layers[::-1], strict=True):
            slopes.append(back.T @ inputs + decay * layer)
            back = back @ layer
        return np.concatenate([s.ravel() for s in [*slopes[::-1], back + feature_decay * pieces[-1]]])

    x = np.concatenate([p.ravel() for p in parts])
    columns = [(gradient(x + 1e-5 * e) - gradient(x - 1e-5 * e)) / 2e-5 for e in np.eye(x.size)]
    matrix = np.array(columns)
    return np.linalg.eigvalsh((matrix + matrix.T) / 2)


@pytest.mark.parametrize("layers", [[0.03], [0.02, 0.035], [0.01, 0.02, 0.013]])
def test_rates_are_the_spectrum_of_the_whole_hessian(layers):
    depth, feature, width = len(layers), 0.024, 4
    values = hessian(depth, layers, feature, width)
    rates = collapse_rates(K, N, layers, feature)
    around = [feature, *layers]
    neighbours = np.add(around[:-1], around[1:])  # angles between the spans of neighbouring layers
    expected = np.concatenate([
        [0.0, rates.within_span, rates.within_outside, rates.antisymmetric], rates.symmetric, neighbours, layers[:-1]
    ])  # fmt: skip
    assert rates.alignment == pytest.approx(neighbours[0])
    distance = np.abs(values[:, None] - expected)
    assert distance.min(axis=1).max() < 1e-8  # no other eigenvalue
    # and each is there, but for motions that need a dimension more than width - K = 1 gives
    assert distance.min(axis=0).max() < 1e-8
    for value, count in ((rates.within_span, K * K * (N - 1)), (rates.within_outside, K * (N - 1) * (width - K))):
        assert np.sum(np.abs(values - value) < 1e-8) >= count
    assert np.sum(np.abs(values - rates.antisymmetric) < 1e-8) == K * (K - 1) / 2
    assert np.sum(np.abs(values - rates.symmetric[-1]) < 1e-8) == K * (K + 1) / 2
    assert np.abs(values - 1.05 * rates.within_span).min() > 1e-4  # a 5 % wrong rate would be no eigenvalue


def test_metric_slopes_are_ordered():
    rates = collapse_rates(4, 5, [5e-3] * 3, 8e-3)
    assert rates.symmetric[0] == pytest.approx(0.01)  # layers against each other, at twice their decay
    assert rates.nc2 > 0.012  # which the means do not see
    assert rates.nc3 == pytest.approx(0.013)
    assert rates.nc1_trace == pytest.approx(0.016)
    assert rates.nc1 == pytest.approx(2 * (2 * 8e-3 + 5e-3))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: collapse_rates(4, 5, 0.3, 0.3), "features are zero"),
        (lambda: collapse_rates(4, 5, -0.3, 0.3), "layer_decays"),
        (lambda: collapse_rates(4, 5, [[0.3]], 0.3), "layer_decays.shape"),
        (lambda: collapse_rates(4, 0, 0.3, 0.3), "samples"),
    ],
)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match):
        call()
