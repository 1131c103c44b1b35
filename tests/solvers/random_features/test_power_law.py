"""Power-law kernel regression: against sums over the infinite tail, and the optimum against a search."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from solvable.solvers import (
    Spectrum,
    Status,
    optimal_fitting_ratio,
    optimal_ridge,
    overfitting_threshold,
    power_law_risk,
    ridge_risk,
)


@pytest.mark.parametrize(("a", "b"), [(1.5, 1.3), (2.0, 3.0), (1.25, 2.5), (3.0, 1.5)])
def test_risk_against_exact_sums(a, b):
    """Replacing sums by integrals moves df2 = (1 - 1/a) n (1 - t) by about 1/2, and all else by less."""
    for n in (300, 3000):
        room = 0.6 / ((1 - 1 / a) * n * (1 - np.sqrt(0.5)))
        law = power_law_risk(a, b, n, [0.0, 0.1, 0.5], relative_noise=0.4)
        exact = ridge_risk(Spectrum.power_law(a, b, 2000), n, law.ridge, law.noise_variance)
        for field in ("test", "bias", "variance", "effective_ridge"):
            np.testing.assert_allclose(getattr(law, field), getattr(exact, field), rtol=room)
        np.testing.assert_allclose(law.train / law.test, [0.0, 0.1, 0.5], rtol=1e-12)
        assert np.all(law.excess == law.bias + law.variance)


@pytest.mark.parametrize(
    ("a", "b", "relative", "expected"),
    [(1.5, 2.0, 2 / 1.5, 0.0314), (2.0, 3.0, 1.0, 0.01449), (1.5, 1.3, 0.0, 0.09467), (1.5, 1.3, 2 / 1.5, 0.44986)],
)
def test_optimum_against_values_computed_before(a, b, relative, expected):
    assert optimal_fitting_ratio(a, b, relative).value == pytest.approx(expected, abs=6e-5)


@pytest.mark.parametrize(("a", "b", "relative"), [(1.5, 1.3, 0.3), (2.0, 3.0, 1.0), (1.25, 2.5, 8.0)])
def test_optimum_is_that_of_the_risk(a, b, relative):
    """Stationary in t: a bracketed root of the numerical derivative, good to its step (1e-5)."""
    ratio = float(optimal_fitting_ratio(a, b, relative).value)

    def slope(t, h=1e-6):
        up, down = power_law_risk(a, b, 100.0, [(t + h) ** 2, (t - h) ** 2], relative_noise=relative).test
        return up - down

    assert brentq(slope, 1e-4, 0.99) == pytest.approx(np.sqrt(ratio), rel=1e-5)


def test_optimum_against_the_best_ridge_on_exact_sums():
    """Seed-free: n = 3,000, corrections O(1/n)."""
    law = power_law_risk(1.5, 1.3, 3000, 0.0, relative_noise=0.3)
    spectrum = Spectrum.power_law(1.5, 1.3, 2000)
    best = ridge_risk(spectrum, 3000, optimal_ridge(spectrum, 3000, law.noise_variance).value, law.noise_variance)
    assert best.train / best.test == pytest.approx(float(optimal_fitting_ratio(1.5, 1.3, 0.3).value), rel=3e-3)


def test_overfitting_is_obligatory_up_to_the_threshold():
    a, b = np.array([1.25, 1.5, 2.0]), np.array([2.5, 3.0, 2.5])
    edge = overfitting_threshold(a, b)
    assert np.all(optimal_fitting_ratio(a, b, edge).value == 0)
    assert np.all(optimal_fitting_ratio(a, b, edge * 0.99).value == 0)
    assert np.all(optimal_fitting_ratio(a, b, edge * 1.01).value > 0)
    assert np.all(overfitting_threshold(2.0, [1.5, 1.9]) < 0)  # never
    assert np.all(optimal_fitting_ratio(2.0, [1.5, 1.9]).value > 0)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: power_law_risk(1.0, 1.5, 10), "exponent"),
        (lambda: power_law_risk(1.5, 1.0, 10), "target_exponent"),
        (lambda: power_law_risk(1.5, 4.0, 10), "2\\*exponent"),
        (lambda: power_law_risk(1.5, 1.5, 0), "n = "),
        (lambda: power_law_risk(1.5, 1.5, 10, 1.0), "fitting_ratio"),
        (lambda: power_law_risk(1.5, 1.5, 10, 0.1, -1.0), "noise_variance"),
        (lambda: power_law_risk(1.5, 1.5, 10, 0.1, 1.0, relative_noise=1.0), "one of them"),
        (lambda: optimal_fitting_ratio(1.5, 1.5, -1.0), "relative_noise"),
        (lambda: optimal_fitting_ratio([1.5, 2.0], [1.5, 1.6, 1.7]), "broadcast"),
        (lambda: overfitting_threshold(0.5, 1.5), "exponent"),
    ],
)
def test_bad_input_is_one_sentence(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_the_best_ratio_reports_that_it_converged():
    """With noise the equation is not linear in u: its residual is what the status rests on."""
    found = optimal_fitting_ratio([1.5, 2.0, 3.0], [1.4, 2.5, 6.5], [0.5, 1.0, 3.0])
    assert np.all(found.value > 0)
    assert np.all(found.residual <= 1e-13)
    assert np.all(found.status == Status.CONVERGED)


@settings(max_examples=60, deadline=None)
@given(a=st.floats(1.01, 12), share=st.floats(0, 1), above=st.floats(-15, 2))
def test_the_best_ratio_keeps_its_digits_next_to_the_threshold(a, share, above):
    """60 digits, from the arguments as they are stored: t rises from 0 at the threshold, and 1 - u lost it there."""
    b = 1.001 + share * (2 * a - 0.01)
    noise = abs((b - a) / (a * (a - 1))) * (1 + 10**above)
    found = optimal_fitting_ratio(a, b, noise)
    with mpmath.workdps(60):
        p, q, r = map(mpmath.mpf, (a, b, noise))
        weight, linear, t = p * (p - 1) * r, (p - 1) * q, mpmath.mpf(0)
        left = weight + linear - p * (q - 1)
        for _ in range(400 if left > 0 else 0):  # Newton from the left on a convex function
            step = (weight * ((1 - t) ** q - 1) - linear * t + left) / (q * weight * (1 - t) ** (q - 1) + linear)
            t += step
            if abs(step) <= mpmath.mpf(10) ** -55 * t:
                break
        assert float(found.value) == pytest.approx(float(t**2), rel=1e-13, abs=0)
    assert found.status == Status.CONVERGED


@pytest.mark.parametrize("short", [1e-3, 1e-9, 1e-12, 2.0**-53])
@pytest.mark.parametrize("exponent", [1.5, 12.0])
def test_fitting_ratios_next_to_one_keep_their_digits(short, exponent):
    """kappa = (scale/(1 - t))^a in 40 digits: a power a multiplies the relative error of 1 - t by a."""
    ratio = 1 - short
    with mpmath.workdps(40):
        angle = mpmath.pi / exponent
        left = 1 - mpmath.sqrt(mpmath.mpf(ratio))
        want = float((angle / mpmath.sin(angle) / (1000 * left)) ** exponent)
    law = power_law_risk(exponent, 2.0, 1000, ratio, 0.1)
    assert float(law.effective_ridge) == pytest.approx(want, rel=1e-15 * (1 + 4 * exponent))


@pytest.mark.parametrize("a", [1.2, 5.0, 15.0, 30.0])
@pytest.mark.parametrize("near", [1e-9, 1e-12, 2.0**-53])
def test_fitting_ratios_next_to_one(a, near):
    """50 digits, from the ratio as it is stored; 1 - sqrt(ratio) keeps every digit until kappa overflows."""
    ratio, b, n = 1 - near, 1.3, 1000.0
    if a == 30 and near == 2.0**-53:  # kappa = (1.8e13)^30, about 1e397
        with pytest.raises(ValueError, match="beyond the range"):
            power_law_risk(a, b, n, ratio, 0.1)
        return
    law = power_law_risk(a, b, n, ratio, 0.1)
    with mpmath.workdps(50):
        t, scale = mpmath.sqrt(mpmath.mpf(ratio)), mpmath.pi / a / mpmath.sin(mpmath.pi / a) / 1000
        kappa, gain = (scale / (1 - t)) ** a, a / (1 + (a - 1) * t)
        above = mpmath.mpf(b) - 1
        ridgeless = mpmath.beta((2 * a - above) / a, above / a) / a * scale**above
        bias, variance = gain * ridgeless * (1 - t) ** -above, mpmath.mpf(0.1) * (gain - 1)
    np.testing.assert_allclose(law.effective_ridge, float(kappa), rtol=1e-13)
    np.testing.assert_allclose(law.bias, float(bias), rtol=1e-13)
    np.testing.assert_allclose(law.variance, float(variance), rtol=1e-13)
