"""Exponents estimated from kernel matrices: exact power laws with their tails, digits, units, refusals."""

import numpy as np
import pytest
from scipy.special import zeta

from solvable.solvers import power_law_exponents

MODES = 3000


def drawn(a, b, rows, seed):
    """Gaussian features with eigenvalues i^-a and target power i^-b; the tail acts as a ridge and as noise."""
    i, rng = np.arange(1.0, MODES + 1), np.random.default_rng(seed)
    X = rng.standard_normal((rows, MODES))
    y = X @ (i ** (-b / 2) * rng.choice([-1.0, 1.0], MODES)) + np.sqrt(zeta(b, MODES + 1)) * rng.standard_normal(rows)
    return X * i**-a @ X.T + zeta(a, MODES + 1) * np.eye(rows), y


@pytest.mark.parametrize(("a", "b"), [(1.5, 2.0), (2.0, 1.5), (1.5, 3.0)])
def test_exact_power_laws(a, b):
    """Seed 3, z of b and of the threshold below 3; a is off by about 1/n of the smallest block, 30 rows."""
    found = power_law_exponents(*drawn(a, b, 960, 3))
    assert found.exponent == pytest.approx(a, abs=0.03)
    assert abs(found.target_exponent - b) < 3 * found.target_error
    exact = (b - a) / (a * (a - 1))
    # the threshold inherits the correction of a: its derivative times 0.03
    slope = abs(-1 / (a * (a - 1)) - (b - a) * (2 * a - 1) / (a * (a - 1)) ** 2)
    assert abs(found.threshold - exact) < 3 * found.threshold_error + 0.03 * slope
    assert found.target_error < 0.1
    np.testing.assert_array_equal(found.sizes, [240, 120, 60, 30])


def test_blocks_by_hand():
    """Two parts, two sizes: each row left out in turn, by solving without it."""
    K, y = drawn(2.0, 3.0, 32, 0)
    found = power_law_exponents(K, y, parts=2, levels=2)
    logs = {}
    for n in (16, 8):
        for start in range(0, 32, n):
            rows = np.arange(start, start + n)
            errors = []
            for i in rows:
                rest = rows[rows != i]
                errors.append((y[i] - K[i, rest] @ np.linalg.solve(K[np.ix_(rest, rest)], y[rest])) ** 2)
            trace = np.sum(1 / np.linalg.eigvalsh(K[np.ix_(rows, rows)]))
            logs.setdefault((n, start // 16), []).append([np.log(1 / trace), np.log(np.mean(errors))])
    mean = {key: np.mean(rows, axis=0) for key, rows in logs.items()}
    slopes = np.array([(mean[8, part] - mean[16, part]) / np.log(2) for part in (0, 1)])
    assert found.exponent == pytest.approx(slopes[:, 0].mean(), rel=1e-9)
    assert found.target_exponent == pytest.approx(1 + slopes[:, 1].mean(), rel=1e-9)
    # two parts: the jackknife is half their distance
    assert found.exponent_error == pytest.approx(abs(slopes[0, 0] - slopes[1, 0]) / 2, rel=1e-6)
    expected = [np.mean([mean[n, part] for part in (0, 1)], axis=0) for n in (16, 8)]
    np.testing.assert_allclose(np.column_stack([found.effective_ridge, found.error]), np.exp(expected), rtol=1e-9)


def test_noise_in_the_labels_lowers_the_threshold():
    K, y = drawn(1.5, 3.0, 640, 1)
    noisy = y + 0.3 * np.random.default_rng(2).standard_normal(640)
    clean, found = power_law_exponents(K, y), power_law_exponents(K, noisy)
    assert found.exponent == clean.exponent
    assert found.target_exponent < clean.target_exponent - 0.5
    assert found.threshold < clean.threshold


K, Y = drawn(2.0, 3.0, 32, 0)
TWICE = np.r_[0, 0, 2:32]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: power_law_exponents(K[:, :9], Y), r"K.shape = \(32, 9\)"),
        (lambda: power_law_exponents(K, Y[:9]), r"y.shape = \(9,\)"),
        (lambda: power_law_exponents(K + np.triu(np.ones((32, 32)), 1), Y), "not symmetric"),
        (lambda: power_law_exponents(K, Y, parts=1), "at least 2 of each"),
        (lambda: power_law_exponents(K, Y), "need 256 rows"),
        (lambda: power_law_exponents(K[np.ix_(TWICE, TWICE)], Y[TWICE], 2, 2), "singular in rows 0 to 15"),
        (lambda: power_law_exponents(K, 0 * Y, 2, 2), "all zero"),
        (lambda: power_law_exponents(np.eye(32), Y, 2, 2), "exponent"),
        (lambda: power_law_exponents(0 * K, Y, 2, 2), "all zero"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
