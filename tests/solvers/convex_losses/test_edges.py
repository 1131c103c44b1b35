"""Steep and wide teachers, poles and thresholds at a hair's breadth, weak ridges: right, or said not to be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import simpson
from scipy.special import expit, ndtr
from scipy.stats import norm

from solvable.solvers import Spectrum, Status, best_ridge, mixture_risk, separability_threshold, state_evolution
from solvable.solvers.convex_losses.channel_integrals import binary_moments
from solvable.solvers.convex_losses.losses import LOSSES, logistic_prox

ISO = Spectrum.isotropic(100)


def smoothed(field, sd):
    """E sigmoid of N(field, sd^2): the chance that a logistic variable is below it, on a grid."""
    t = np.linspace(-40, 40, 801)
    weight = expit(t) * expit(-t) * (t[1] - t[0])
    return np.array([weight @ ndtr((value - t) / sd) for value in field])


@pytest.mark.parametrize(("slope", "hidden"), [(10.0, 0.1), (30.0, 400.0), (300.0, 2.0), (0.01, 1e4)])
def test_logistic_teachers_steep_or_wide(slope, hidden):
    """Moments against a grid that is fine where the teacher turns over."""
    V, q = 1.3, 2.0
    turn = np.sqrt(3 + hidden) / slope
    u = np.unique(np.r_[np.linspace(-12, 12, 4001), turn * np.linspace(-30, 30, 2001), 0.0])
    u = u[np.abs(u) <= 12]
    chance = smoothed(slope * u, hidden**0.5)
    push = logistic_prox(u, np.array(V)) - u
    weight, left = 2 * norm.pdf(u, 0, q**0.5) * chance, u <= 0
    for index, integrand, part in ((1, push**2, u < 99), (5, np.ones(u.size), left), (4, np.logaddexp(0, -u), u < 99)):
        expected = simpson((weight * integrand)[part], x=u[part])
        found = binary_moments("logistic", "logistic", *(np.array([x]) for x in (V, q, slope * q, hidden)))[0]
        assert found[index] == pytest.approx(expected, rel=2e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_logistic_teacher_of_a_huge_field_is_the_sign(loss):
    huge, sign = (state_evolution(Spectrum.isotropic(100, 1e24), [50.0, 500.0], 10.0, loss, t, 1e24)
                  for t in ("logistic", "sign"))  # fmt: skip
    np.testing.assert_allclose(huge.test_error, sign.test_error, rtol=1e-11)


@given(log_gap=st.floats(-13, -1), side=st.sampled_from([-1, 1]), loss=st.sampled_from(["absolute", "huber", "square"]))
@settings(max_examples=12, deadline=None)
def test_beside_the_pole_the_status_tells_the_truth(log_gap, side, loss):
    """With real labels, n < d: gap + noise/gap, gap = 1 - n/d; the square loss above: noise n/(n - d)."""
    n = 100 * (1 + side * 10**log_gap)
    found = state_evolution(ISO, n, 0.0, loss, "linear", 0.5, on_failure="ignore")
    if side > 0 and loss != "square":
        return
    gap = abs(100 - n) / 100
    truth = gap + 0.5 / gap if side < 0 else 0.5 * (n / 100) / gap
    wrong = abs(float(found.test_error) / truth - 1)
    if found.solution.status == Status.CONVERGED:
        assert wrong < 3e-6
    else:
        assert found.solution.status == Status.UNDETERMINED
        assert wrong < 2 * float(found.solution.residual)  # the bound is of logarithms, the error of their squares


@given(log_gap=st.floats(-15, -1))
@settings(max_examples=5, deadline=None)
def test_beside_the_threshold_the_norm_is_known_or_doubted(log_gap):
    """Two ways of the same number: the margin of the hinge and of the squared hinge."""
    n = 100 * float(separability_threshold(1.0)) * (1 - 10**log_gap)
    hinge, squared = (state_evolution(ISO, n, 0.0, loss, "logistic", on_failure="ignore")
                      for loss in ("hinge", "squared_hinge"))  # fmt: skip
    assert hinge.solution.status in (Status.CONVERGED, Status.UNDETERMINED)
    assert float(hinge.overlaps.norm2) == pytest.approx(float(squared.overlaps.norm2), rel=1e-12)
    if log_gap > -7:
        assert hinge.solution.status == Status.CONVERGED


@pytest.mark.parametrize("loss", ["hinge", "logistic", "squared_hinge"])
def test_the_weakest_ridges_are_none(loss):
    weak = state_evolution(ISO, [1e4, 1e5], 1e-10, loss, "sign", 0.5, on_failure="raise")
    none = state_evolution(ISO, [1e4, 1e5], 0.0, loss, "sign", 0.5)
    np.testing.assert_allclose(weak.test_error, none.test_error, rtol=1e-8)


def test_callables_whose_fields_are_wide_or_turned_over():
    wide = Spectrum.isotropic(20, 400.0)
    named = state_evolution(wide, 60.0, 1.0, "hinge", "logistic", 100.0)
    called = state_evolution(wide, 60.0, 1.0, "hinge", expit, 100.0)
    turned = state_evolution(wide, 60.0, 1.0, "hinge", lambda t: expit(-t), 100.0)
    np.testing.assert_allclose(called.test_error, named.test_error, rtol=1e-11)
    np.testing.assert_allclose(turned.test_error, named.test_error, rtol=1e-11)
    assert float(turned.overlaps.m) == pytest.approx(-float(named.overlaps.m), rel=1e-10)
    for noise in (0.0, 1.0, 1e4):
        edge = float(separability_threshold(100.0, "logistic", noise))
        assert float(separability_threshold(100.0, expit, noise)) == pytest.approx(edge, rel=1e-12)
        assert float(separability_threshold(100.0, lambda t: expit(-t), noise)) == pytest.approx(edge, rel=1e-12)


@given(scale=st.floats(-120, 120), noise=st.floats(-12, 2))
@settings(max_examples=25, deadline=None)
def test_thresholds_of_signs_know_no_scale(scale, noise):
    plain, scaled = (float(separability_threshold(10**a, "sign", 10 ** (noise + a))) for a in (0.0, scale))
    assert scaled == pytest.approx(plain, rel=1e-11)


def test_thresholds_of_strong_teachers_grow_with_their_strength():
    strong = separability_threshold([1e12, 1e24, 1e100, 1e300])
    assert strong.converged
    np.testing.assert_allclose(strong.value / [1e6, 1e12, 1e50, 1e150], strong.value[1] / 1e12, rtol=1e-10)
    assert np.isinf(separability_threshold(1.0, lambda t: (t > 0) * 1.0).value)


@pytest.mark.parametrize("ratio", [1e-4, 1e4, 1e6])
def test_mixtures_of_few_and_of_many_rows(ratio):
    """The square loss on equal classes: V and m in closed form."""
    mu, ridge = 1.5, 1.0
    found = mixture_risk(mu, ratio, ridge, "square", on_failure="raise")
    b = ridge + ratio - 1
    V = (-b + np.sqrt(b * b + 4 * ridge)) / (2 * ridge) if b < 0 else 2 / (b + np.sqrt(b * b + 4 * ridge))
    share = ratio / (1 + V) * mu**2 * V
    assert float(found.V) == pytest.approx(V, rel=1e-10)
    assert float(found.m) == pytest.approx(share / (1 + share), rel=1e-10)


@pytest.mark.parametrize("loss", LOSSES)
def test_mixtures_of_distant_classes(loss):
    """Means up to six standard deviations apart, or twelve, few and many rows, any ridge."""
    ratio, ridge = np.array([0.05, 0.5, 1.0, 2.0, 10.0])[:, None], np.array([0.0, 1e-6, 0.1, 1.0, 100.0])
    found = mixture_risk(np.array([1.0, 3.0, 6.0])[:, None, None], ratio, ridge, loss, on_failure="ignore")
    allowed = [Status.CONVERGED, Status.NO_SOLUTION, Status.DIVERGES]
    lost = ~np.isin(found.solution.status, allowed)
    assert lost.sum() <= (loss == "absolute")  # one cell, a separation of 6 without a ridge
    kept = found.solution.status == Status.CONVERGED
    bound = np.broadcast_to(
        mixture_risk(np.array([1.0, 3.0, 6.0])[:, None, None], ratio, np.inf, loss).test_error, kept.shape
    )
    assert np.all(found.test_error[kept] >= bound[kept] * (1 - 1e-9))


def test_mixtures_far_from_everything_are_answered_or_marked():
    found = mixture_risk([[1e-3], [20.0]], [1e-3, 100.0], 1e-6, "logistic", 0.1, on_failure="ignore")
    kept = found.solution.status == Status.CONVERGED
    assert np.all((found.test_error[kept] >= 0) & (found.test_error[kept] <= 0.5))
    assert kept.sum() >= 3
    assert best_ridge(np.empty(0), 1.0, "hinge").value.shape == (0,)


@pytest.mark.parametrize("loss", ["hinge", "absolute", "huber"])
@pytest.mark.parametrize("balance", [0.3, 0.6])
def test_strong_ridges_on_unequal_classes_reach_their_limit(loss, balance):
    """Without a fit every row pulls alike: the intercept tends to that of a constant, and all is of order 1/ridge."""
    ridge = np.array([1e3, 1e5, 1e7])
    found = mixture_risk(1.0, 2.0, ridge, loss, balance)
    constant = np.sign(balance - 0.5) * (2 - 1 / max(balance, 1 - balance) if loss == "huber" else 1)
    assert np.all(found.solution.status == Status.CONVERGED)
    np.testing.assert_array_less(np.abs(found.intercept - constant) * ridge, 20.0)
    norm = np.sqrt(found.q) * ridge
    assert abs(norm[2] / norm[1] - 1) < 0.1 * abs(norm[1] / norm[0] - 1) + 1e-9
