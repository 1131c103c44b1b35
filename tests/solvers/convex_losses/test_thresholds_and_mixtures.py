"""Thresholds, logistic bias and mixtures: numbers from elsewhere, limits, other routes."""

from functools import partial

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit
from scipy.stats import norm

from solvable.solvers import (
    Spectrum,
    Status,
    best_ridge,
    logistic_bias,
    mixture_risk,
    separability_threshold,
    state_evolution,
)
from solvable.solvers.convex_losses.losses import LOSSES
from solvable.solvers.convex_losses.mixture import _edge


def test_cover_and_always_separable_signs():
    assert float(separability_threshold(0.0)) == 2.0
    assert np.isinf(separability_threshold(1.0, "sign").value)
    assert float(separability_threshold(0.0, "sign", 1.0)) == 2.0


@pytest.mark.parametrize("signal", [0.3, 1.0, 9.0])
def test_thresholds_by_scipy(signal):
    def shortfall(t):
        def inner(x):
            a = t * x
            return (1 + a * a) * norm.cdf(-a) - a * norm.pdf(a)

        return quad(lambda x: 2 * expit(signal**0.5 * x) * norm.pdf(x) * inner(x), -9, 9, epsabs=1e-12)[0]

    least = minimize_scalar(shortfall, bounds=(0, 30), method="bounded", options={"xatol": 1e-9}).fun
    assert float(separability_threshold(signal)) == pytest.approx(1 / least, rel=1e-9)
    assert float(separability_threshold(signal, expit)) == pytest.approx(1 / least, rel=1e-9)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("share", [1e-15, 1e-20, 1e-60, 1e-150, 1e-240, 1e-300])
def test_rare_wrong_labels_end_separability_all_the_same(share, turned):
    """Wrong with a tiny chance on one side: min over t of A/t + share t^2/2, A = 2 E z_+^3/(3 sqrt(2 pi)).

    What is left out is of order share^(2/3).
    """
    found = separability_threshold(1.0, lambda t: np.where((t < 0) == turned, 1.0, share))
    least = 1.5 * (2 / (3 * np.pi)) ** (2 / 3) * share ** (1 / 3)
    assert found.converged
    assert float(found.value) == pytest.approx(1 / least, rel=1e-9)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("share", [1e-306, 1e-320, 5e-324])
def test_wrong_labels_too_rare_for_doubles_are_refused(share, turned):
    with pytest.raises(ValueError, match="wrong labels must be impossible, or likelier"):
        separability_threshold(1.0, lambda t: np.where((t < 0) == turned, 1.0, share))


def test_impossible_wrong_labels_are_separable_whatever_the_rows():
    assert separability_threshold(1.0, lambda t: (t > 0).astype(float)).value == np.inf


@pytest.mark.parametrize("share", [1e-30, 1e-120, 1e-300])
def test_error_at_the_end_of_the_margin_with_rare_wrong_labels(share):
    """Angle of one direction tx + z: arccot(t)/pi, with t = (3 pi share)^(-1/3) at the least shortfall."""
    teacher = partial(_mostly_right, share=share)
    ratio = float(separability_threshold(1.0, teacher).value)
    risk = state_evolution(Spectrum.isotropic(1), ratio, 0.0, "hinge", teacher, on_failure="ignore")
    assert risk.solution.status == Status.DIVERGES
    assert float(risk.test_error) == pytest.approx((3 * np.pi * share) ** (1 / 3) / np.pi, rel=1e-6)


def _mostly_right(field, share):
    return np.where(field > 0, 1.0, 2 * share)


def test_weak_noise_keeps_signs_separable_long():
    found = separability_threshold(1.0, "sign", [1.0, 1e-2, 1e-4, 1e-8])
    assert found.converged
    assert np.all(np.diff(found.value) > 0)
    # the threshold grows as the odds of a wrong label fall, like the root of the noise
    assert 50 < found.value[3] / found.value[2] < 200


def test_the_bias_of_the_literature():
    """As recalled from Sur and Candes: alpha = 1.4994, sigma = 4.7436, lambda = 3.0269 for kappa = .2, gamma^2 = 5."""
    found = logistic_bias(0.2, 5**0.5)
    np.testing.assert_allclose([found.slope, found.spread, found.step], [1.4994, 4.7436, 3.0269], atol=5e-5)


def test_few_dimensions_have_the_classical_law():
    """alpha -> 1, sigma^2 -> 1/E[p(1 - p)] along directions other than the teacher's."""
    found = logistic_bias(1e-5, 1.0)
    information = quad(lambda t: norm.pdf(t) * expit(t) * expit(-t), -9, 9)[0]
    assert float(found.slope) == pytest.approx(1, abs=1e-4)
    assert float(found.spread) == pytest.approx(information**-0.5, rel=1e-4)


def test_no_estimate_beyond_the_threshold():
    edge = 1 / float(separability_threshold(4.0))
    found = logistic_bias([0.98 * edge, 1.02 * edge], 2.0, on_failure="ignore")
    assert found.solution.status.tolist() == [Status.CONVERGED, Status.NO_SOLUTION]
    assert np.isnan(found.spread[1])


@pytest.mark.parametrize("loss", LOSSES)
def test_large_ridges_reach_the_bayes_error(loss):
    found = mixture_risk(1.3, 2.0, [1e5, np.inf], loss)
    bayes = norm.cdf(-(1.3**2) * np.sqrt(2 / (1 + 2 * 1.3**2)))
    np.testing.assert_allclose(found.test_error, bayes, rtol=1e-5)
    ridges = np.geomspace(1e-3, 1e3, 15)
    assert np.all(mixture_risk(1.3, 2.0, ridges, loss).test_error >= bayes - 1e-12)
    assert np.isinf(best_ridge(1.3, 2.0, loss).value)


def test_the_square_loss_by_hand():
    """u = m + sqrt(q)z with E f = (1 - m)/(1 + V): three equations in closed form."""
    mu, alpha, ridge = 1.25, 2.0, 0.3
    found = mixture_risk(mu, alpha, ridge, "square")
    V, m, q = float(found.V), float(found.m), float(found.q)
    down = ridge + alpha / (1 + V)
    assert V * down == pytest.approx(1, rel=1e-12)
    assert m == pytest.approx(alpha * (1 - m) / (1 + V) * mu**2 / down, rel=1e-12)
    pull = alpha * (1 - m) / (1 + V)
    assert q == pytest.approx((alpha * ((1 - m) ** 2 + q) / (1 + V) ** 2 + pull**2 * mu**2) / down**2, rel=1e-12)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("balance", [0.5, 0.3])
def test_mixtures_without_a_ridge(loss, balance):
    """Both sides of existence, against a ridge of 1e-9; separable classes have no logistic estimate."""
    none, weak = (mixture_risk(1.0, [0.5, 6.0], ridge, loss, balance, on_failure="ignore") for ridge in (0.0, 1e-9))
    kept = none.solution.status == Status.CONVERGED
    assert kept.tolist() == [loss != "logistic", True]
    for field in ("test_error", "q", "m", "intercept"):
        np.testing.assert_allclose(getattr(none, field)[kept], getattr(weak, field)[kept], rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(none.train_loss[kept], weak.train_loss[kept], rtol=1e-6, atol=1e-9)
    if loss == "logistic":
        assert none.solution.status[0] == Status.NO_SOLUTION


@pytest.mark.parametrize("balance", [0.5, 0.3])
def test_classes_stop_being_separable_where_the_margin_ends(balance):
    """The share of rows on the margin is d/n there: alpha P(u < 1) = 1, on the side where all rows are fitted."""
    mu = 1.0

    def shortfall(point):
        A, b = point
        return sum(p * quad(lambda t, a=A * mu + y * b: norm.pdf(t) * min(a + np.hypot(1, A) * t, 0) ** 2, -12, 12)[0]
                   for y, p in ((1, balance), (-1, 1 - balance)))  # fmt: skip

    edge = 1 / minimize(shortfall, [0.5, 0.0], method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-11}).fun
    found = mixture_risk(mu, edge * np.array([0.999, 1.001]), 0.0, "logistic", balance, on_failure="ignore")
    assert found.solution.status.tolist() == [Status.NO_SOLUTION, Status.CONVERGED]
    pole = mixture_risk(mu, 1.0, 0.0, "square", balance)
    assert pole.solution.status == Status.DIVERGES
    assert float(pole.test_error) == 0.5
    assert np.isinf(pole.q)
    # where the margin ends the error is that of the direction that separates, from both sides
    exact = _edge(mu, balance)[0]
    for loss in ("hinge", "squared_hinge"):
        found = mixture_risk(mu, exact * np.array([1 - 1e-3, 1, 1 + 1e-3]), 0.0, loss, balance, on_failure="ignore")
        assert found.solution.status[1] == Status.DIVERGES  # its neighbours may know their error to 1e-3 only
        np.testing.assert_allclose(found.test_error, found.test_error[1], rtol=5e-3 if loss == "hinge" else 2e-2)


def test_mirrored_classes():
    a, b = mixture_risk(1.0, 3.0, 0.2, "logistic", [0.3, 0.7]).intercept
    assert a == pytest.approx(-b, rel=1e-10)
    errors = mixture_risk(1.0, 3.0, 0.2, "logistic", [0.3, 0.7]).test_error
    assert errors[0] == pytest.approx(errors[1], rel=1e-11)


def test_the_best_ridge_of_unequal_classes_is_least():
    found = float(best_ridge(1.0, 2.0, "logistic", 0.25))
    beside = mixture_risk(1.0, 2.0, found * np.array([0.7, 1.0, 1.4]), "logistic", 0.25).test_error
    assert np.argmin(beside) == 1


def test_refusals():
    with pytest.raises(ValueError, match="balance"):
        mixture_risk(1.0, 2.0, 0.3, "hinge", 1.0)
    with pytest.raises(ValueError, match="infinite ridge"):
        mixture_risk(1.0, 2.0, np.inf, "hinge", 0.3)
    with pytest.raises(ValueError, match="ridge"):
        mixture_risk(1.0, 2.0, -1.0, "hinge")
    with pytest.raises(ValueError, match="gamma"):
        logistic_bias(0.1, 0.0)
    with pytest.raises(ValueError, match="signal and noise"):
        separability_threshold(0.0, "sign")


def test_cells_are_independent_of_their_company():
    spectrum = Spectrum.isotropic(40)
    grid = state_evolution(spectrum, np.array([20.0, 80.0])[:, None], [0.1, 1.0], "logistic")
    alone = state_evolution(spectrum, 80.0, 0.1, "logistic")
    assert float(grid.test_error[1, 0]) == pytest.approx(float(alone.test_error), rel=1e-12)
