"""`derive`: paths to the right root, limits, refusals, its simulation, its claim."""

import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable import MatrixModel, Outcome, Status, derive, tr
from solvable.analysis.equivalents.models import ridge, spike, weighted_least_squares
from solvable.analysis.equivalents.sampling import sample
from solvable.solvers import Spectrum, random_feature_risk, ridge_risk
from solvable.solvers.solution import ConvergenceWarning


def data(n=100, d=50, variance=1):
    m = MatrixModel()
    N, D = m.space("n", n), m.space("d", d)
    return m, N, D, m.gaussian("X", N, D, variance=variance)


def regression(n, d, ridge, s=None):
    """Bias and variance of ridge regression with noise 1, and our solver's."""
    s = np.arange(1, d + 1) ** -1.0 if s is None else s
    m = MatrixModel()
    N, D = m.space("n", n), m.space("d", d)
    S, B, lam = m.deterministic("Sigma", D, s), m.deterministic("B", D, 1 / d), m.scalar("lambda", ridge)
    X = m.gaussian("Z", N, D) @ S.sqrt()
    Q = (X.T @ X / N + lam).inv()
    return lam**2 * tr(B @ Q @ S @ Q), tr(Q @ X.T @ X @ Q @ S) / N**2


@pytest.mark.parametrize("ridge", [1e-2, 1e-5, 1e-8, 1e-11, 0.0, -0.002])
@pytest.mark.parametrize(("n", "d"), [(50, 100), (100, 50)])
def test_small_zero_and_negative_ridges(n, d, ridge):
    """No small ridge stands in for the limit, and none is needed: the same digits from 1e-2 through 0 to below it."""
    s = np.arange(1, d + 1) ** -1.0
    bias, variance = (float(derive(part).value) for part in regression(n, d, ridge))
    spectrum = Spectrum(s, s / d)
    quiet = float(ridge_risk(spectrum, n, ridge * n, 0.0).test)
    noisy = float(ridge_risk(spectrum, n, ridge * n, 1.0).test) - 1
    np.testing.assert_allclose(variance, noisy - quiet, rtol=1e-11)
    if ridge or n < d:  # at ridge 0 above the threshold both are 0
        np.testing.assert_allclose(bias, quiet, rtol=1e-11)
    else:
        assert bias == quiet == 0


def test_near_the_threshold_digits_are_found_again():
    """At n = d and ridge 1e-11 the condition eats the doubles; the bound says so, and 40 digits are used."""
    _, variance = regression(100, 100, 1e-11)
    found = derive(variance).value
    s = np.arange(1, 101) ** -1.0
    spectrum = Spectrum(s, s / 100)
    expected = float(ridge_risk(spectrum, 100, 1e-9, 1e6).test - ridge_risk(spectrum, 100, 1e-9, 0.0).test) / 1e6 - 1
    np.testing.assert_allclose(float(found), expected, rtol=1e-9)  # of the difference
    assert found.error < 1e-15


def test_pole_is_infinite():
    found = derive(regression(100, 100, 0.0)[1]).value
    assert float(found) == np.inf
    assert found.status == Status.DIVERGES


def test_what_a_ridge_of_0_leaves_where_the_gram_matrix_has_a_kernel():
    """d - n eigenvalues are 0: their resolvent is infinite, times the ridge it counts them."""
    m, N, D, X = data(40, 80)
    lam = m.scalar("lambda", 0.0)
    Q = (X.T @ X / N + lam).inv()
    found = derive(tr(Q)).value
    assert float(found) == np.inf
    assert found.status == Status.DIVERGES
    np.testing.assert_allclose(float(derive(lam * tr(Q)).value), 40, rtol=1e-13)
    np.testing.assert_allclose(float(derive(lam**2 * tr(Q @ Q)).value), 40, rtol=1e-13)
    assert float(derive(tr(Q) - tr(Q @ Q)).value) == -np.inf
    with pytest.raises(ValueError, match="divides by zero"):
        derive(tr(Q) / lam).value  # noqa: B018
    assert D != N


def test_commuting_factors_have_one_order():
    """V C S V' is self-adjoint however its middle was put together."""
    m = MatrixModel()
    N, K = m.space("n", 40), m.space("k", 30)
    S, C, V = m.deterministic("S", N, np.linspace(1, 2, 40)), m.deterministic("C", N, 1.5), m.gaussian("V", K, N)
    half = S.sqrt()
    middle = C @ half @ half
    del half
    for inner in (middle, S @ C, C @ S, C.sqrt() @ S @ C.sqrt()):
        assert (V @ inner @ V.T).self_adjoint
    assert np.isfinite(float(derive(tr((V @ middle @ V.T + 1).inv())).value))


def test_shift_in_a_gap_and_above():
    _, N, D, X = data()
    z = 0.05
    found = derive(tr((X.T @ X / N - z).inv()) / D, at={}).value
    np.testing.assert_allclose(float(found), 2.596875762567151, rtol=1e-13)
    above = float(derive(tr((X.T @ X / N - 3.5).inv()) / D).value)
    # Marchenko-Pastur law of ratio 1/2 at z = 3.5: c z g^2 - (1 - c - z) g + 1 = 0 for g = E 1/(x - z)
    assert abs(0.5 * 3.5 * above**2 - (1 - 0.5 - 3.5) * above + 1) < 1e-13


def test_wigner_matrix_and_its_fold():
    m = MatrixModel()
    N, z = m.space("n", 100), m.scalar("z", 2.1)
    A = m.wigner("A", N, variance=1 / N)
    trace = tr((z - A).inv()) / N
    np.testing.assert_allclose(float(derive(trace).value), 0.7298437881283575, rtol=1e-14)
    with pytest.raises(ValueError, match=r"when the variance is 0\.0025 of the one asked for"):
        _ = derive(trace, at={"z": 0.1}).value
    with pytest.warns(ConvergenceWarning, match="1 of 2 cells"):
        found = derive(trace, at={"z": [2.1, 0.1]}, on_failure="warn").value
    assert np.isnan(found.value[1])
    assert list(found.status) == [Status.CONVERGED, Status.NO_SOLUTION]


def test_hermitisation():
    """E tr(1/2 + A B)^{-1}/n = 1, where the bare pencil says 2: 1/2 lies inside the spectrum of A B."""
    m = MatrixModel()
    N = m.space("n", 100)
    A, B = (m.gaussian(name, N, N, variance=1 / N) for name in "AB")
    trace = tr((0.5 + A @ B).inv()) / N
    np.testing.assert_allclose(float(derive(trace, hermitise=True).value), 1, rtol=1e-12)
    with pytest.raises(ValueError, match="not self-adjoint as written"):
        _ = derive(trace).value


@pytest.mark.parametrize("scale", [1e100, 1e-100])
def test_scale_free(scale):
    for one, other in zip(
        regression(50, 80, 0.1), regression(50, 80, 0.1 * scale, scale / np.arange(1, 81)), strict=True
    ):
        ratio = float(derive(other).value) / float(derive(one).value)
        power = scale if one.summands[0][0].number is None and "lambda" in repr(one) and "lambda**2" in repr(one) else 1
        assert abs(ratio / power - 1) < 1e-12 or abs(ratio - 1) < 1e-12


def test_arrays_of_scalars_and_sizes():
    trace = regression(50, 80, 0.1)[1]
    grid = derive(trace, at={"lambda": np.array([[0.1], [0.3]]), "n": np.array([50.0, 60.0, 70.0])}).value
    assert grid.value.shape == grid.error.shape == (2, 3)
    one = derive(trace, at={"lambda": 0.3, "n": 60}).value
    assert float(one) == grid.value[1, 1]


def test_forms_of_one_trace_agree():
    """Transposed, rotated, pushed through, and as a derivative with respect to a source."""
    m, N, D, Z = data(60, 40)
    S, B = m.deterministic("S", D, np.linspace(0.5, 2, 40)), m.deterministic("B", D, np.linspace(1, 0, 40))
    X = Z @ S.sqrt()
    Q, dual = (X.T @ X / N + 0.1).inv(), (X @ X.T / N + 0.1).inv()
    value = float(derive(tr(B @ Q @ S @ Q)).value)
    for other in (tr((B @ Q @ S @ Q).T), tr(Q @ B @ Q @ S), tr(Q @ S @ Q @ B)):
        np.testing.assert_allclose(float(derive(other).value), value, rtol=1e-12)
    one = float(derive(tr(Q @ X.T @ X @ Q @ S)).value)
    for other in (tr(X.T @ dual @ dual @ X @ S), tr(X.T @ dual @ X @ Q @ S), tr(dual @ X @ S @ X.T @ dual)):
        np.testing.assert_allclose(float(derive(other).value), one, rtol=1e-10)
    step = 1e-4
    up, down = (float(derive(tr(S @ (X.T @ X / N + 0.1 + sign * step * B).inv())).value) for sign in (1, -1))
    np.testing.assert_allclose((down - up) / (2 * step), value, rtol=1e-6)  # step^2


def test_two_spaces_of_one_size_may_be_one():
    m, N, D, X = data(60, 60)
    Y = m.gaussian("Y", N, N)
    two = float(derive(tr((X.T @ X / N + 0.1).inv())).value)
    one = float(derive(tr((Y.T @ Y / N + 0.1).inv())).value)
    np.testing.assert_allclose(one, two, rtol=1e-13)
    assert D != N


def test_simulation_knows_no_theory():
    theory = "realisation pencil dyson dyson_path commuting_group mixed_group trace_equation smaller_gram"
    code = (
        "import sys, solvable.analysis.equivalents.sampling\n"
        f"theory = {theory!r}.split()\n"
        "print([t for t in theory if f'solvable.solvers.equivalents.{t}' in sys.modules], 'sympy' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[] False\n"


def test_verdicts():
    assert derive(ridge(40)).verify().outcome is Outcome.AGREES
    assert derive(spike(40)).verify(tolerance=0.05).outcome is Outcome.AGREES
    assert derive(weighted_least_squares(40)).verify().outcome is Outcome.AGREES


def test_a_wrong_equivalent_disagrees():
    """The variance without its factor n/(n - df2)."""
    import dataclasses

    claim = derive(regression(40, 32, 0.05)[1]).claim("mine/variance", size="n")
    right = claim.predict
    wrong = dataclasses.replace(claim, predict=lambda **p: 0.6 * right(**p))
    from solvable import verify

    assert verify(claim).outcome is Outcome.AGREES
    assert verify(wrong).outcome is Outcome.DISAGREES


def test_own_experiment_is_compared():
    _, N, _, X = data(40, 20)
    r = derive(tr((X.T @ X / N + 0.5).inv()) / N)

    def experiment(rng, n):
        Z = rng.standard_normal((n, n // 2))
        return np.trace(np.linalg.inv(Z.T @ Z / n + 0.5 * np.eye(n // 2))) / n

    assert r.verify(size="n", experiment=experiment).outcome is Outcome.AGREES
    assert r.verify(size="n", experiment=lambda rng, n: 1.1 * experiment(rng, n)).outcome is Outcome.DISAGREES


def test_own_experiment_takes_the_spectrum_at_its_quantiles():
    """At n, 2n and 4n a list of 32 eigenvalues has each once, twice and four times; a longer one is another model."""
    m = MatrixModel()
    s = np.arange(1, 33) ** -1.2
    N, D = m.space("n", 40), m.space("d", 32)
    S, ridge = m.deterministic("Sigma", D, s / s.mean()), m.scalar("lambda", 0.05)
    X = m.gaussian("Z", N, D) @ S.sqrt()
    Q = (X.T @ X / N + ridge).inv()
    r = derive(tr(Q @ X.T @ X @ Q @ S) / N**2)

    def experiment(rng, n, powers, **ridge):
        power = powers(n * 4 // 5)
        x = rng.standard_normal((n, power.size)) * np.sqrt(power / power.mean())
        q = np.linalg.inv(x.T @ x / n + ridge["lambda"] * np.eye(power.size))
        return np.trace(q @ x.T @ x @ (q * (power / power.mean()))) / n**2

    repeated = partial(experiment, powers=lambda d: np.repeat(s, d // 32))
    longer = partial(experiment, powers=lambda d: np.arange(1, d + 1) ** -1.2)
    assert r.verify("n", experiment=repeated).outcome is Outcome.AGREES
    assert r.verify("n", experiment=longer).outcome is Outcome.DISAGREES
    with pytest.raises(ValueError, match="it is called with rng and, by name, d, lambda"):
        r.verify("d", experiment=repeated)
    with pytest.raises(TypeError, match="experiment = 3 is not allowed: it must be callable"):
        r.verify("n", experiment=3)


LEAVES = st.sampled_from(["S", "B", "Q", "G", "P"])


@settings(max_examples=12, deadline=None)
@given(st.lists(LEAVES, min_size=1, max_size=5), st.integers(0, 2))
def test_random_products_agree_with_their_simulation(word, mixed):
    """One draw at n = 600 against the equivalent: fluctuations are O(1/n) of the trace per factor."""
    m, N, D, Z = data(600, 400)
    K = m.space("k", 500)
    W = m.gaussian("W", D, K, variance=1 / D)
    s = np.repeat([2.0, 0.5], 200)
    S, B = m.deterministic("S", D, s), m.deterministic("B", D, 1 + (np.arange(400) % 2))
    X = Z @ S.sqrt()
    parts = {
        "S": S, "B": B, "Q": (X.T @ X / N + 0.3).inv(), "G": X.T @ X / N,
        "P": (W @ W.T + 0.2 * mixed * (X.T @ X / N) + 0.5).inv(),
    }  # fmt: skip
    product = parts[word[0]]
    for name in word[1:]:
        product = product @ parts[name]
    r = derive(tr(product) / D)
    cell = r._cell(r.at)
    drawn = np.mean([sample(r.trace, cell, np.random.default_rng(seed)) for seed in range(2)])
    np.testing.assert_allclose(drawn, float(r.value), rtol=0.05)  # all of 60 words lay within it


REFUSED = {
    "it is n x d": lambda m, N, D, X: tr(X),
    "@: n x d and n x d do not fit": lambda m, N, D, X: X @ X,
    "must be square": lambda m, N, D, X: X.inv(),
    "whole number; others are not rational": lambda m, N, D, X: (X.T @ X) ** 1.5,
    "linearise functions of random matrices": lambda m, N, D, X: (X.T @ X).sqrt(),
    "no trace of a rational expression": lambda m, N, D, X: tr(X.T @ X) * tr(X.T @ X),
    "declared already": lambda m, N, D, X: m.gaussian("X", N, D),
    "its matrices are vectors": lambda m, N, D, X: m.deterministic("A", m.space("k", multiplicities=[1, 2]), np.eye(3)),
    "positive semidefinite": lambda m, N, D, X: (
        derive(tr(X @ m.deterministic("A", D, -np.ones(50)).sqrt() @ X.T)).value
    ),
    "it divides by scalars": lambda m, N, D, X: X.T @ X / X,
    "multiple of the identity": lambda m, N, D, X: X + 1,
    "the expression has": lambda m, N, D, X: derive(tr(X.T @ X), at={"lambda": 1}),
    "joint eigenvalue list": lambda m, N, D, X: m.deterministic("A", D, np.ones(3)),
    "must be positive": lambda m, N, D, X: m.gaussian("Y", N, D, variance=0),
    "there are two spaces d, of 50 and 30 dimensions": lambda m, N, D, X: X @ data(d=30)[3].T,
    "real number, a declared scalar": lambda m, N, D, X: np.ones(3) * X,
    "real number, a declared scalar or": lambda m, N, D, X: np.ones(3) * tr(X.T @ X),
    "no zero eigenvalue to have an inverse": lambda m, N, D, X: (
        derive(tr(X @ m.deterministic("A", D, np.ones((50, 50))).inv() @ X.T)).value
    ),
    "another matrix of this name": lambda m, N, D, X: derive(
        tr(X.T @ X) + tr(data(variance=2)[3].T @ data(variance=2)[3])
    ),
}


def test_dense_problems_have_a_limit(monkeypatch):
    monkeypatch.setattr("solvable.solvers.equivalents.mixed_group._LARGEST_DENSE", 60)
    m, _, D, X = data()
    A = m.deterministic("A", D, np.diag(np.ones(49), 1) + np.diag(np.ones(49), -1))
    B = m.deterministic("B", D, np.diag(np.arange(50.0)) + 1)
    with pytest.raises(ValueError, match=r"size = 100 .* problem of 50 \(d\) \+ 50 \(d\) rows, and 60 is the limit"):
        _ = derive(tr((X.T @ X + A @ X.T @ X @ A + (X.T @ X + B @ X.T @ X @ B).inv() + 1).inv())).value


@pytest.mark.parametrize("sentence", REFUSED)
def test_refusals(sentence):
    with pytest.raises(ValueError, match=sentence.replace("(", r"\(")) as refusal:
        REFUSED[sentence](*data())
    assert "\n" not in str(refusal.value)


def test_features_are_those_of_their_coefficients():
    """Real ReLU features on Gaussian data, centred, against their equivalent: n = 600, one draw in tolerance 3 %."""
    m = MatrixModel()
    N, D, K = m.space("n", 600), m.space("d", 400), m.space("k", 500)
    X, W = m.gaussian("X", N, D), m.gaussian("W", K, D, variance=1 / D)
    F = m.features("relu", X, W)
    value = float(derive(tr((F @ F.T / K + 0.2).inv()) / N).value)
    rng = np.random.default_rng(7)
    x = rng.standard_normal((600, 400))
    x *= np.sqrt(400) / np.linalg.norm(x, axis=1, keepdims=True)
    real = np.maximum(x @ rng.standard_normal((500, 400)).T / np.sqrt(400), 0) - 1 / np.sqrt(2 * np.pi)
    drawn = np.trace(np.linalg.inv(real @ real.T / 500 + 0.2 * np.eye(600))) / 600
    np.testing.assert_allclose(drawn, value, rtol=0.03)
    with pytest.raises(ValueError, match="do not fit"):
        m.features("relu", X, W.T, name="Other")


@pytest.mark.parametrize("seed", [*range(8), 29])  # 29: digits are found again, beside a trace without unknowns
def test_random_features_at_any_ridge(seed):
    """Sizes and ridges from 1e-8 to 1e2 at random: the risk of random features, through the smaller Gram matrix."""
    rng = np.random.default_rng(seed)
    d, n, k = (int(50 * 10 ** rng.uniform(-0.5, 0.5)) for _ in range(3))
    ridge, nonlinear, many = 10 ** rng.uniform(-8, 2), 10 ** rng.uniform(-1, 0), 1e13
    s, b2 = np.arange(1, d + 1) ** -rng.uniform(0, 2), np.arange(1, d + 1) ** -rng.uniform(0, 1)
    m = MatrixModel()
    N, D, K = m.space("n", n), m.space("d", d), m.space("k", k)
    S, B = m.deterministic("Sigma", D, s), m.deterministic("B", D, b2)
    X = m.gaussian("Z", N, D) @ S.sqrt()
    W, Theta = m.gaussian("W", K, D, variance=1 / D), m.gaussian("Theta", N, K)
    F = (0.5 * (X @ W.T) + nonlinear * Theta) / K.sqrt()
    P, Psi = (F.T @ F + m.scalar("ridge", ridge)).inv(), (0.25 * (W @ S @ W.T) + nonlinear**2) / K
    fitted = X.T @ F @ P
    trace = tr(B @ S) - 1 / K.sqrt() * tr(B @ S @ W.T @ fitted.T) + tr(B @ fitted @ Psi @ fitted.T)
    trace = trace + 0.3 * tr(F @ P @ Psi @ P @ F.T)
    powers = np.r_[0.25 * s / d, nonlinear**2 / many]
    spectrum = Spectrum(powers, np.r_[s * b2, 0], multiplicities=np.r_[np.ones(d), many])
    expected = float(random_feature_risk(spectrum, n, k, ridge, 0.3).test) - 0.3
    np.testing.assert_allclose(float(derive(trace).value), expected, rtol=1e-9)  # 1e13 modes stand for infinitely many
