"""State evolution: the square loss against ridge regression, integrals against quadrature, limits, existence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import expit, ndtr
from scipy.stats import norm

from solvable.solvers import (
    Spectrum,
    Status,
    convex_loss,
    deep_feature_moments,
    deep_random_feature_risk,
    margin_law,
    proximal_map,
    ridge_risk,
    separability_threshold,
    state_evolution,
)
from solvable.solvers.convex_losses.channel_integrals import binary_moments, margin_moments
from solvable.solvers.convex_losses.losses import LOSSES, MARGIN_LOSSES
from solvable.solvers.convex_losses.settling import settle
from solvable.solvers.convex_losses.thresholds import recovery_ridge

S = np.linspace(0.2, 3, 40) ** 2
SPECTRUM = Spectrum(S, np.linspace(1, 2, 40) / 40, irreducible_power=0.1)
N, RIDGE = np.array([10.0, 30.0, 50.0, 100.0, 1000.0])[:, None], np.array([0.0, 1e-6, 0.1, 1.0, 100.0, 1e6])


def test_the_square_loss_is_ridge_regression():
    ours, ridge = state_evolution(SPECTRUM, N, RIDGE, "square", "linear", 0.3), ridge_risk(SPECTRUM, N, RIDGE, 0.3)
    np.testing.assert_allclose(2 * ours.test_loss, ridge.test, rtol=1e-12)
    np.testing.assert_allclose(ours.test_error, ridge.test, rtol=1e-12)
    np.testing.assert_allclose(2 * ours.train_loss, ridge.train, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(ours.overlaps.effective_ridge, ridge.effective_ridge, rtol=1e-11)


def test_the_square_loss_on_deep_features():
    """Widths of 3,000 in place of the mean over weights."""
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal((600, 400)) / 20, rng.standard_normal((500, 600)) / 600**0.5]
    spectrum = deep_feature_moments(weights, np.eye(400), "erf").matched()
    ours = state_evolution(spectrum, 800, 0.5, "square", "linear", 0.2)
    mean = deep_random_feature_risk(np.ones(400), [600, 500], "erf", 800, 0.5, 0.2)
    assert float(ours.test_error) == pytest.approx(float(mean.test), rel=0.01)  # one draw of the weights: 1/400


@pytest.mark.parametrize("teacher", ["sign", "logistic"])
def test_the_square_loss_of_labels_is_ridge_on_their_best_linear_field(teacher):
    """Ridge needs only E[xy] and E y^2; for signs of a Gaussian E[xy] is the root of 2/(pi rho) times E[x nu]."""
    rho = SPECTRUM.target_variance
    slope = np.sqrt(2 / np.pi / rho) if teacher == "sign" else quad(
        lambda t: norm.pdf(t, 0, rho**0.5) * 2 * expit(t) * expit(-t), -12, 12)[0]  # fmt: skip
    power = slope**2 * SPECTRUM.target_power
    linear = Spectrum(S, power, irreducible_power=1 - power.sum())
    ours, ridge = state_evolution(SPECTRUM, N, RIDGE, "square", teacher), ridge_risk(linear, N, RIDGE)
    np.testing.assert_allclose(2 * ours.test_loss, ridge.test, rtol=1e-10)
    np.testing.assert_allclose(2 * ours.train_loss, ridge.train, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("teacher", ["sign", "logistic"])
def test_integrals_against_adaptive_quadrature(loss, teacher):
    V, q, m, hidden = 1.3, 2.0, 0.9, 0.6
    found = binary_moments(loss, teacher, *(np.array([x]) for x in (V, q, m, hidden)))[0]
    root, c = q**0.5, m / q
    place, weight = np.polynomial.hermite_e.hermegauss(80)
    weight = weight / weight.sum()
    corners = sorted(x for x in (0.0, 1 - V, 1.0, 1 + V, 2.0, -V, 2 + V) if abs(x) < 9 * root)

    def chance(u):
        if teacher == "sign":
            return ndtr(c * u / hidden**0.5)
        return weight @ expit(c * u + hidden**0.5 * place)

    def push(u):
        return float(proximal_map(loss, 1, u, V)) - u

    def mean(f):
        return quad(lambda u: 2 * chance(u) * norm.pdf(u, 0, root) * f(u), -9 * root, 9 * root, points=corners,
                    limit=200, epsabs=1e-11)[0]  # fmt: skip

    assert found[1] == pytest.approx(mean(lambda u: push(u) ** 2), rel=1e-9)
    assert found[3] == pytest.approx(mean(lambda u: float(convex_loss(loss, 1, u + push(u)))), rel=1e-8)
    if teacher == "sign":
        density = quad(lambda u: 2 * norm.pdf(u, 0, root) * push(u) * norm.pdf(c * u, 0, hidden**0.5), -9 * root,
                       9 * root, points=corners, limit=200, epsabs=1e-12)[0]  # fmt: skip
        assert found[2] == pytest.approx(density, rel=1e-9)


@pytest.mark.parametrize("loss", LOSSES)
def test_kernels_against_plain_numpy(loss):
    """A grid of 400,000 points: errors of its square, and of its spacing at corners."""
    V, mean, sd = 0.8, 0.4, 1.1
    u = np.linspace(mean - 9 * sd, mean + 9 * sd, 400_001)
    weight = norm.pdf(u, mean, sd) * (u[1] - u[0])
    push = proximal_map(loss, 1, u, V) - u
    expected = [weight @ -np.gradient(push, u), weight @ push, weight @ push**2,
                weight @ convex_loss(loss, 1, u + push), weight @ convex_loss(loss, 1, u)]  # fmt: skip
    found = margin_moments(loss, np.array([V]), np.array([mean]), np.array([sd]))[0]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_callable_is_the_teacher_that_it_describes(loss):
    n, ridge = [30.0, 200.0], 0.5
    named = state_evolution(SPECTRUM, n, ridge, loss, "logistic", 0.2)
    called = state_evolution(SPECTRUM, n, ridge, loss, expit, 0.2)
    jump = state_evolution(SPECTRUM, n, ridge, loss, lambda t: (t > 0).astype(float), 0.2)
    sign = state_evolution(SPECTRUM, n, ridge, loss, "sign", 0.2)
    for ours, theirs in ((called, named), (jump, sign)):
        for field in ("test_loss", "train_loss", "test_error"):
            np.testing.assert_allclose(getattr(ours, field), getattr(theirs, field), rtol=1e-9)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_vanishing_ridge_tends_to_none(loss):
    rows = np.array([20.0, 400.0])
    least = state_evolution(SPECTRUM, rows, 1e-9, loss, "sign", 0.5)
    none = state_evolution(SPECTRUM, rows, 0.0, loss, "sign", 0.5, on_failure="ignore")
    kept = none.solution.status == Status.CONVERGED
    assert kept.tolist() == [loss != "logistic", True]
    np.testing.assert_allclose(none.test_error[kept], least.test_error[kept], rtol=1e-5)
    assert np.isnan(none.test_error[~kept]).all()


def test_existence_of_the_logistic_estimate():
    spectrum = Spectrum.isotropic(50, 4.0)
    edge = 50 * float(separability_threshold(4.0))
    found = state_evolution(spectrum, [0.99 * edge, 1.01 * edge], 0.0, "logistic", "logistic", on_failure="ignore")
    assert found.solution.status.tolist() == [Status.NO_SOLUTION, Status.CONVERGED]
    with pytest.raises(ArithmeticError):
        state_evolution(spectrum, 0.99 * edge, 0.0, "logistic", "logistic", on_failure="raise")


def test_poles_and_exact_recovery():
    pole = state_evolution(Spectrum.isotropic(50), 50, 0.0, "square", "linear", 0.1)
    assert pole.solution.status == Status.DIVERGES
    assert np.isinf(pole.test_error)
    exact = state_evolution(Spectrum.isotropic(50), 80, 0.0, "huber", "linear")
    assert (float(exact.test_error), float(exact.overlaps.q)) == (0.0, 1.0)


@pytest.mark.parametrize("ratio", [1.2, 3.0, 20.0])
def test_the_absolute_loss_gives_back_the_teacher_up_to_a_ridge(ratio):
    """The error falls to 0 linearly in the ridge where recovery begins, in any units."""
    d, scale = 40, 1e60
    s, power = np.linspace(0.4, 1.6, d), np.linspace(2, 1, d)
    spectrum = Spectrum(scale * s, power)
    edge = float(recovery_ridge(spectrum, np.array(ratio * d)))
    below = state_evolution(spectrum, ratio * d, edge * np.array([0, 1e-8, 0.5, 1]), "absolute", "linear")
    assert np.all(below.test_error == 0)
    np.testing.assert_allclose(below.overlaps.norm2 * scale, (power / s).sum(), rtol=1e-12)
    above = state_evolution(spectrum, ratio * d, edge * (1 + np.array([2e-4, 1e-4])), "absolute", "linear")
    assert np.all(above.solution.status == Status.CONVERGED)
    # e is of the first order in the distance, so e^2 of the second: from 2e-4 to 1e-4 a quarter
    assert float(above.test_error[1] / above.test_error[0]) == pytest.approx(0.25, rel=2e-3)


def test_the_recovery_of_fits():
    """Coordinate descent of the dual on 300 rows: nothing is left below the ridge, and the law above (seed 3)."""
    from sklearn.svm import LinearSVR

    rng, n, d = np.random.default_rng(3), 300, 100
    s = np.linspace(0.4, 1.6, d)
    b = rng.choice([-1.0, 1.0], d) / np.sqrt(d)
    spectrum = Spectrum(s, s * b * b)
    edge = float(recovery_ridge(spectrum, np.array(float(n))))
    errors = {part: [] for part in (0.7, 2.0)}
    for _ in range(8):
        X = rng.standard_normal((n, d)) * np.sqrt(s)
        for part, found in errors.items():
            model = LinearSVR(C=1 / (part * edge), epsilon=0.0, fit_intercept=False, tol=1e-8, max_iter=100_000)
            found.append(float(s @ (np.ravel(model.fit(X, X @ b).coef_) - b) ** 2))
    assert max(errors[0.7]) < 1e-12
    law = float(state_evolution(spectrum, n, 2 * edge, "absolute", "linear").test_error)
    spread = np.std(errors[2.0], ddof=1) / np.sqrt(8)
    assert abs(np.mean(errors[2.0]) - law) < 3 * spread + 0.02 * law


@pytest.mark.parametrize(("teacher", "noise"), [("sign", 0.5), ("logistic", 0.0), ("logistic", 0.7)])
@pytest.mark.parametrize("loss", ["square", "huber", "hinge", "squared_hinge", "logistic"])
def test_wrong_signs_have_a_limit_where_the_fit_diverges(loss, teacher, noise):
    """Both sides lead to the value there: as the distance, or as its root where the loss has a curve."""
    spectrum = Spectrum([1.0], [4.0], [1.0])
    edge = float(separability_threshold(4.0, teacher, noise)) if loss in MARGIN_LOSSES else 1.0
    n = edge * np.array([1 - 1e-5, 1, 1 + 1e-5])
    found = state_evolution(spectrum, n, 0.0, loss, teacher, noise, on_failure="ignore")
    assert found.solution.status[1] == Status.DIVERGES
    assert np.isinf(found.test_loss[1])
    sides = found.test_error[np.isfinite(found.solution.residual) & (found.solution.status == Status.CONVERGED)]
    assert sides.size == (1 if loss == "logistic" else 2)
    np.testing.assert_allclose(sides, found.test_error[1], rtol=2e-4 if loss == "hinge" else 5e-3)


def test_an_infinite_ridge_leaves_the_mean_of_the_rows():
    """w is along sum y x: n E[xy] = n c theta and noise n: error of its angle, all losses alike."""
    d, n = 50, 120.0
    angle = np.sqrt(2 / np.pi) * n / np.sqrt(2 / np.pi * n**2 + n * d)
    for loss in LOSSES:
        found = state_evolution(Spectrum.isotropic(d), n, 1e9, loss)
        # at an infinite ridge each row pulls by the slope at 0; the next order is n/ridge
        assert float(found.test_error) == pytest.approx(np.arccos(angle) / np.pi, rel=1e-6)


@given(
    loss=st.sampled_from(LOSSES), teacher=st.sampled_from(["sign", "logistic"]), log_n=st.floats(0, 8),
    log_ridge=st.floats(-12, 12), noise=st.floats(0, 2), signal=st.floats(0.01, 30), seed=st.integers(0, 99),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_every_cell_converges(loss, teacher, log_n, log_ridge, noise, signal, seed):
    rng = np.random.default_rng(seed)
    spectrum = Spectrum(10 ** rng.uniform(-3, 1, 20), signal * rng.dirichlet(np.ones(20)))
    found = state_evolution(spectrum, np.exp(log_n), np.exp(log_ridge), loss, teacher, noise, on_failure="raise")
    assert found.overlaps.q > 0
    assert 0 <= found.test_error <= 0.5 + 1e-12
    assert 0 <= found.train_loss <= found.test_loss * (1 + 1e-9) + 1e-12


@pytest.mark.parametrize("loss", ["logistic", "hinge", "huber"])
def test_cross_moments_are_the_mismatched_field(loss):
    moments = np.sqrt(SPECTRUM.target_power * S)
    crossed = state_evolution(Spectrum(S), 60.0, 0.5, loss, cross=(moments, SPECTRUM.target_variance))
    plain = state_evolution(SPECTRUM, 60.0, 0.5, loss)
    assert float(crossed.test_error) == pytest.approx(float(plain.test_error), rel=1e-12)


def test_the_margin_as_the_limit_of_the_hinge():
    law = margin_law(SPECTRUM, [10.0, 25.0], noise=0.5)
    weak = state_evolution(SPECTRUM, [10.0, 25.0], 1e-10, "hinge", noise=0.5)
    np.testing.assert_allclose(law.margin, weak.overlaps.norm2**-0.5, rtol=1e-6)
    assert np.all((law.support > 0) & (law.support <= 1))
    assert np.all(np.diff(law.margin) < 0)


def test_refusals():
    iso = Spectrum.isotropic(10)
    for loss in MARGIN_LOSSES:
        with pytest.raises(ValueError, match="real labels"):
            state_evolution(iso, 20, 1.0, loss, "linear")
    with pytest.raises(ValueError, match="teacher"):
        state_evolution(iso, 20, 1.0, "hinge", "probit")
    with pytest.raises(ValueError, match="chance"):
        state_evolution(iso, 20, 1.0, "hinge", lambda t: t)
    with pytest.raises(ValueError, match="cross"):
        state_evolution(iso, 20, 1.0, "hinge", cross=3.0)
    with pytest.raises(ValueError, match="ridge"):
        state_evolution(iso, 20, -1.0, "hinge")
    with pytest.raises(ValueError, match="target"):
        state_evolution(Spectrum([1.0, 2.0]), 20, 1.0, "hinge")


def test_settling_on_linear_maps():
    """Rows with their own contraction, one of slope -3 on which plain iteration diverges."""
    slopes = np.array([0.5, 0.99, -3.0])
    found = settle(lambda x, i: 1 + slopes[i, None] * x, np.zeros((3, 1)))
    np.testing.assert_allclose(found.x[:, 0], 1 / (1 - slopes), rtol=1e-12)
