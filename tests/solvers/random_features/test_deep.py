"""Deep random features: the nested equivalent against shallow theory, high precision, weights, and real networks."""

import mpmath
import numpy as np
import pytest

from solvable.solvers import (
    Spectrum,
    Status,
    deep_feature_moments,
    deep_random_feature_risk,
    gaussian_coefficients,
    layer_coefficients,
    random_feature_risk,
    ridge_risk,
)

S = np.linspace(0.4, 1.6, 120)


def double_tanh(u):
    return np.tanh(2 * u)


@pytest.mark.parametrize(
    ("widths", "activation", "n", "lam", "test"),
    [([150], double_tanh, 80, 0.05, 0.5888), ([150], double_tanh, 200, 0.01, 0.5144),
     ([100, 140], "sign", 80, 0.05, 0.7352), ([100, 140], "sign", 200, 0.01, 0.5531),
     ([160, 120, 150], "erf", 80, 0.05, 0.3772), ([160, 120, 150], "erf", 200, 0.01, 0.3238)],
)  # fmt: skip
def test_against_values_computed_before(widths, activation, n, lam, test):
    """Normalised ridge lam on features without the root of the width is ridge n lam/k_L here; four digits."""
    assert deep_random_feature_risk(S, widths, activation, n, n * lam / widths[-1], 0.2).test == pytest.approx(
        test, abs=6e-5
    )


def test_a_spectrum_stands_for_its_eigenvalues():
    listed = np.repeat([2.0, 0.5], [3, 5])
    joined = Spectrum([2.0, 0.5], [1.0, 7.0], [3.0, 5.0])
    for ridge in (0.0, 0.1):
        plain, found = (deep_random_feature_risk(x, [9, 7], "erf", [4.0, 30.0], ridge, 0.2) for x in (listed, joined))
        for part in ("test", "train", "bias", "variance", "df1", "df2", "inner_ridge"):
            np.testing.assert_allclose(getattr(found, part), getattr(plain, part), rtol=1e-11, err_msg=part)
    with pytest.raises(ValueError, match="tail=False"):
        deep_random_feature_risk(Spectrum.power_law(1.5, 1.5, 64), [9], "erf", 4.0, 0.1)


def nested(s, widths, a, b, n, penalty):
    """kappa_L and T_L from the outside in, by bisection within bisection to 6e-13: nothing shared with the solver."""

    def bisect(f, low, high):
        low, high = mpmath.mpf(low), mpmath.mpf(high)
        for _ in range(44):
            middle = (low + high) / 2
            low, high = (middle, high) if f(middle) > 0 else (low, middle)
        return mpmath.exp((low + high) / 2)

    def dimension(layer, kappa):
        if layer == 0:
            return sum(x / (x + kappa) for x in s)
        rho = (kappa + b[layer - 1]) / a[layer - 1] * (len(s) if layer == 1 else widths[layer - 2])
        inner = bisect(lambda t: rho - mpmath.exp(t) * max(widths[layer - 1] - dimension(layer - 1, mpmath.exp(t)), 0),
                       -6, 4)  # fmt: skip
        return widths[layer - 1] - kappa / (kappa + b[layer - 1]) * (widths[layer - 1] - dimension(layer - 1, inner))

    kappa = bisect(lambda t: penalty * mpmath.exp(-t) - (n - dimension(len(widths), mpmath.exp(t))), -6, 4)
    return kappa, dimension(len(widths), kappa)


def test_against_nested_bisection_in_high_precision():
    with mpmath.workdps(20):
        s, widths = [mpmath.mpf(x) for x in ("0.5", "1", "2")], [5, 3]
        layers = layer_coefficients("erf", 2, mean_square=3.5 / 3)
        a, b = ([mpmath.mpf(x) for x in row] for row in (layers.linear**2, layers.nonlinear**2))
        kappa, freedom = nested(s, widths, a, b, 2, mpmath.mpf("0.3"))
    found = deep_random_feature_risk([0.5, 1.0, 2.0], widths, "erf", 2, 0.1, 0.2)
    assert found.effective_ridge == pytest.approx(float(kappa / 3), rel=1e-11)
    assert found.df1 == pytest.approx(float(freedom), rel=1e-11)


@pytest.mark.parametrize(("n", "ridge"), [(50, 0.0), (50, 1e-3), (150, 0.1), (400, 0.0), (400, 1e-8), (400, 0.1)])
def test_depth_one_is_the_shallow_theory(n, ridge):
    """The nonlinear part is an infinitely fine flat tail; cut into 200,000 modes it is right to 150/200,000."""
    c, k, modes = gaussian_coefficients("erf", S.mean()), 150, 200_000
    tail = float(c.nonlinear) ** 2
    spectrum = Spectrum(np.r_[c.linear**2 * S / 120, tail / modes], np.ones(121), np.r_[np.ones(120), modes])
    shallow = random_feature_risk(spectrum, n, k, ridge)
    deep = deep_random_feature_risk(S, [k], "erf", n, ridge)
    assert deep.df1 == pytest.approx(float(shallow.z), rel=1e-4)
    assert deep.effective_ridge == pytest.approx(float(shallow.effective_ridge), rel=1e-4)


def test_df2_is_the_derivative_of_the_fixed_point():
    """n - df2 = n/(d kappa_L/d lam): central difference, good to 1e-7 at this step."""
    widths, n, ridge, h = [160, 120, 150], 90, 0.02, 1e-5
    up, down = (deep_random_feature_risk(S, widths, "erf", n, ridge * f).effective_ridge for f in (1 + h, 1 - h))
    slope = (up - down) / (2 * h * ridge)  # in ridge = n lam/k; kappa/k
    assert deep_random_feature_risk(S, widths, "erf", n, ridge).df2 == pytest.approx(n - 1 / float(slope), rel=1e-6)


def test_limits_and_poles():
    for widths, n in (([150], 80), ([150], 220), ([100, 140], 60), ([100, 140], 300)):
        zero = deep_random_feature_risk(S, widths, "sign", n, 0.0, 0.3)
        small = deep_random_feature_risk(S, widths, "sign", n, 1e-12, 0.3)
        assert zero.test == pytest.approx(float(small.test), rel=1e-8)
        assert zero.solution.status == Status.CONVERGED
        assert zero.train == (0.0 if n < widths[-1] else pytest.approx(float(small.train), rel=1e-8))
    pole = deep_random_feature_risk(S, [100, 140], "sign", 140, 0.0, 0.3)
    assert np.isinf(pole.test)
    assert pole.solution.status == Status.DIVERGES
    # identity layers with room to spare are linear regression on the inputs; a narrow one is a bottleneck
    wide = deep_random_feature_risk(S, [10**9, 10**9], "identity", 60, 1e-3, 0.1)
    linear = ridge_risk(Spectrum(S / 1, S / S.size), 60, 1e-3 * S.size, 0.1)
    assert wide.test == pytest.approx(float(linear.test), rel=1e-6)
    narrow = deep_random_feature_risk(S, [60, 140], "identity", [100, 60], 0.0, 0.1)
    assert narrow.test[0] == pytest.approx(0.1 * 100 / 40, rel=1e-12)
    assert np.isinf(narrow.test[1])


def test_conditional_theory_approaches_the_averaged_one():
    """Seed 0: one network of widths 160, 120 against the average over networks, fluctuations of order 1/n."""
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal((160, 120)) / np.sqrt(120), rng.standard_normal((120, 160)) / np.sqrt(160)]
    averaged = deep_random_feature_risk(S, [160, 120], "erf", [80, 300], 0.01, 0.2)
    for per_neuron in (False, True):
        given = ridge_risk(
            deep_feature_moments(weights, np.diag(S), "erf", per_neuron=per_neuron).matched(), [80, 300], 0.01, 0.2
        )
        np.testing.assert_allclose(given.test, averaged.test, rtol=0.03)
        np.testing.assert_allclose(given.train, averaged.train, rtol=0.03)


def test_moments_against_a_million_samples():
    """Seed 1: E phi phi^T and E phi x^T of a real two-layer network, in Frobenius norm; 5 % is caught.

    The equivalent drops terms of relative size 1/sqrt(width) in single entries: 2 % here, per neuron and layer.
    """
    rng = np.random.default_rng(1)
    d, widths, samples = 150, (160, 140), 40_000
    s = np.linspace(0.5, 1.5, d)
    weights = [rng.standard_normal((widths[0], d)) / np.sqrt(d), rng.standard_normal(widths[::-1]) / np.sqrt(widths[0])]
    X = rng.standard_normal((samples, d)) * np.sqrt(s)
    phi = np.tanh(np.tanh(X @ weights[0].T) @ weights[1].T) / np.sqrt(widths[1])
    found = deep_feature_moments(weights, np.diag(s), np.tanh, per_neuron=True)
    # compared through projections that average entries: phi's covariance along the cross moment's directions
    assert np.trace(phi.T @ phi / samples) == pytest.approx(np.trace(found.covariance), rel=5e-3)
    cross = phi.T @ X / samples
    fit = float(np.sum(cross * found.cross) / np.sum(found.cross**2))
    assert fit == pytest.approx(1, abs=0.01)
    off = found.covariance - np.diag(np.diag(found.covariance))
    assert float(np.sum((phi.T @ phi / samples) * off) / np.sum(off**2)) == pytest.approx(1, abs=0.02)


def test_teachers_become_spectra():
    """Seed 2: a linear and a one-hidden-layer teacher; n = 5,000 labels from each fit the predicted power."""
    rng = np.random.default_rng(2)
    W = rng.standard_normal((130, 120)) / np.sqrt(120)
    moments = deep_feature_moments([W], np.diag(S), np.tanh)
    t = rng.standard_normal(120) / np.sqrt(120)
    linear = moments.linear(t)
    assert linear.target_power.sum() + linear.irreducible_power == pytest.approx(float(t @ (S * t)), rel=1e-10)
    Wt, a = rng.standard_normal((90, 120)) / np.sqrt(120), rng.standard_normal(90) / np.sqrt(90)
    hidden = moments.hidden_layer(Wt, a, "erf")
    X = rng.standard_normal((20_000, 120)) * np.sqrt(S)
    from scipy.special import erf

    y, phi = erf(X @ Wt.T) @ a, np.tanh(X @ W.T) / np.sqrt(130)
    explained = float(y @ phi @ np.linalg.solve(phi.T @ phi, phi.T @ y)) / 20_000
    # 3 %: per-neuron variances are replaced by their mean
    assert explained == pytest.approx(float(hidden.target_power.sum()), rel=0.03)
    assert float(y @ y) / 20_000 == pytest.approx(hidden.target_power.sum() + hidden.irreducible_power, rel=0.03)


def test_layer_coefficients_of_repeated_layers():
    layers = layer_coefficients(["erf", "sign"], 2, mean_square=2.0, gains=[0.5, 3.0])
    np.testing.assert_allclose(layers.variance, [1.0, 3 * layers.second_moment[0]], rtol=1e-14)
    assert layers.second_moment[1] == 1


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: deep_random_feature_risk(S, [], "erf", 10, 0.1), "widths"),
        (lambda: deep_random_feature_risk(S, [5, -1], "erf", 10, 0.1), "widths"),
        (lambda: deep_random_feature_risk([], [5], "erf", 10, 0.1), "eigenvalues"),
        (lambda: deep_random_feature_risk([1.0, -1.0], [5], "erf", 10, 0.1), "eigenvalues"),
        (lambda: deep_random_feature_risk(S, [5], "erf", 0, 0.1), "n = "),
        (lambda: deep_random_feature_risk(S, [5], "erf", 5, -0.1), "ridge"),
        (lambda: deep_random_feature_risk(S, [5], "erf", 5, 0.1, -1), "noise_variance"),
        (lambda: deep_random_feature_risk(S, [5], "erf", 5, 0.1, teacher_power=-1), "teacher_power"),
        (lambda: deep_random_feature_risk(S, [5], "relu", 5, 0.1), "subtract it"),
        (lambda: deep_random_feature_risk(S, [5], lambda u: u**2 - 1, 5, 0.1), "not 0|vanishes"),
        (lambda: deep_random_feature_risk(S, [5, 6], ["erf"], 5, 0.1), "2, one for each layer"),
        (lambda: deep_random_feature_risk(S, [5, 6], "erf", 5, 0.1, gains=[1.0, 1.0, 1.0]), "gains"),
        (lambda: deep_random_feature_risk(S, [5], lambda u: np.sinh(u**2) * u, 5, 0.1), "square-integrable"),
        (lambda: deep_random_feature_risk(S, [5], "erf", [5, 6], [0.1, 0.1, 0.1]), "broadcast"),
        (lambda: deep_feature_moments([], np.eye(3), "erf"), "at least one layer"),
        (lambda: deep_feature_moments([np.eye(4)], np.eye(3), "erf"), "weights"),
        (lambda: deep_feature_moments([np.eye(3)], [[1.0, 0.5], [0.0, 1.0]], "erf"), "symmetric"),
        (lambda: deep_feature_moments([np.eye(3)], np.ones((2, 3)), "erf"), "symmetric"),
        (lambda: deep_feature_moments([np.eye(3)], np.eye(3), ["erf", "erf"]), "one for each layer"),
        (lambda: deep_feature_moments([np.eye(3)], np.eye(3), "relu"), "subtract it"),
        (lambda: deep_feature_moments([np.eye(3)], np.eye(3), "erf").linear([1.0, 2.0]), "teacher.shape"),
        (lambda: deep_feature_moments([np.eye(3)], np.eye(3), "erf").hidden_layer(np.eye(3), [1.0], "erf"), "readout"),
    ],
)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_a_linear_bottleneck_leaves_its_rank():
    """Identity layers 20 -> 5 -> 12 (seed 4): the best fit of a linear teacher on five directions, by projection."""
    rng = np.random.default_rng(4)
    W, V, t = rng.standard_normal((5, 20)), rng.standard_normal((12, 5)), rng.standard_normal(20)
    omega = np.diag(np.linspace(0.5, 2, 20))
    found = deep_feature_moments([W, V], omega, "identity").linear(t)
    seen = W @ omega @ t
    explained = seen @ np.linalg.solve(W @ omega @ W.T, seen)
    assert found.eigenvalues.size == 5
    np.testing.assert_allclose(found.target_power.sum(), explained, rtol=1e-10)
    np.testing.assert_allclose(found.irreducible_power, t @ omega @ t - explained, rtol=1e-10)


def test_a_ridge_of_one_is_nothing_special():
    """One in the units of the equation, where the features of the last layer have no 1/sqrt(width)."""
    ridges = np.array([1 - 2.0**-30, 1.0, 1 + 2.0**-30])[:, None] / 256
    found = deep_random_feature_risk(S, [80, 256], "erf", [50, 200], ridges, 0.2)
    for field in ("test", "train", "bias", "variance", "effective_ridge", "df1", "df2", "inner_ridge"):
        value = getattr(found, field)
        np.testing.assert_allclose(value[1], (value[0] + value[2]) / 2, rtol=1e-12, err_msg=field)


@pytest.mark.parametrize("ridge", [1e-9, 1e-4])
def test_a_linear_layer_almost_full_is_the_shallow_model(ridge):
    """More samples than features and hardly a ridge: degrees of freedom within one of the width."""
    shallow = random_feature_risk(Spectrum(S / 120, S), 200, 40, ridge)
    deep = deep_random_feature_risk(S, [40], "identity", 200, ridge)
    assert 39 < float(deep.df1) < 40
    np.testing.assert_allclose(deep.df1, shallow.z, rtol=1e-12)
    np.testing.assert_allclose(deep.effective_ridge, shallow.effective_ridge, rtol=1e-12)


def test_a_large_grid_is_its_cells():
    """Grids of many cells start from shared nodes; ridge 0 apart."""
    n, ridges = np.geomspace(5, 900, 25), np.r_[0.0, np.geomspace(1e-6, 30, 24)]
    grid = deep_random_feature_risk(S, [90, 150], "erf", n[:, None], ridges, 0.2)
    assert n.size * ridges.size * np.size(S) > 50_000
    assert grid.solution.converged
    for i, j in ((0, 0), (3, 0), (12, 0), (24, 0), (0, 7), (5, 24), (11, 1), (24, 12)):
        cell = deep_random_feature_risk(S, [90, 150], "erf", n[i], ridges[j], 0.2)
        for field in ("test", "train", "effective_ridge", "df1", "df2", "inner_ridge"):
            np.testing.assert_allclose(getattr(grid, field)[i, j], getattr(cell, field), rtol=1e-12, err_msg=field)
