"""Equations in symbols: the formulas of the literature are found without a rule for any of them."""

import dataclasses
import re

import numpy as np
import pytest
import sympy as sp

from solvable import MatrixModel, check, derive, tr
from solvable.analysis.equivalents import models
from solvable.analysis.equivalents.degrees_of_freedom import check_reduction, formula_and_quantities, joint_lists
from solvable.analysis.equivalents.export import evaluated
from solvable.analysis.equivalents.symbols_of_traces import Tr, canonical, pulled
from solvable.solvers import Spectrum, ridge_risk

n, d, k, kappa, lam = sp.symbols("n d k kappa lambda", positive=True)
S, B, mu1, mus = sp.symbols("Sigma B mu1 mus", positive=True)
T = Tr(S / (S + kappa), d)
df2 = T - kappa * Tr(S / (S + kappa) ** 2, d)
w = T - df2


def model():
    m = MatrixModel()
    N, D, K = m.space("n", 60), m.space("d", 40), m.space("k", 50)
    ridge, Sigma = m.scalar("lambda", 0.1), m.deterministic("Sigma", D, np.linspace(0.5, 2, 40))
    X = m.gaussian("Z", N, D, variance=1 / N) @ Sigma.sqrt()
    W = m.gaussian("W", K, D, variance=1 / K)
    return m, N, D, K, ridge, Sigma, X, W


def expressions():
    m, N, D, K, ridge, Sigma, X, W = model()
    target = m.deterministic("B", D, np.linspace(0.1, 1, 40))
    Q = (X.T @ X + ridge).inv()
    F0 = X @ W.T
    P = (F0.T @ F0 + ridge).inv()
    F = m.scalar("mu1", 0.5) * F0 + m.scalar("mus", 0.3) * m.gaussian("Theta", N, K, variance=1 / N / K)
    return {
        "bias": ridge**2 * tr(target @ Q @ Sigma @ Q),
        "variance": tr(Q @ X.T @ X @ Q @ Sigma),
        "linear features": tr((F0 @ F0.T + ridge).inv()),
        "linear features, noise": tr(F0 @ P @ (W @ Sigma @ W.T) @ P @ F0.T),
        "features": tr((F @ F.T + ridge).inv()),
    }


SLOW = ("random-features", "deep-linear-features")
m_ = mus**2 / (kappa * mu1**2)
FORMULAS = {
    "bias": (kappa * (n - T) / n, kappa**2 * n * Tr(B * S / (S + kappa) ** 2, d) / (n - df2)),
    "variance": (kappa * (n - T) / n, n * df2 / (n - df2)),
    "linear features": (kappa * (n - T) * (k - T) / (n * k), k * n / (kappa * (k - T))),
    "linear features, noise": (
        kappa * (n - T) * (k - T) / (n * k),
        n * (k * df2 - df2**2 + w**2) / ((n - df2) * (k - df2) - w**2),
    ),
    "features": (
        kappa * mu1**2 * (k - T - m_) * (n - T - m_) / (k * n),
        k * n / (kappa * mu1**2 * (k - T) - mus**2),
    ),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_formulas_are_found(name):
    found = derive(expressions()[name], seconds=600).equations  # however busy the machine is
    ridge, value = FORMULAS[name]
    assert sp.simplify(found.explicit[lam] - ridge) == 0
    assert sp.simplify(found.eliminated - value) == 0


def test_variance_of_nonlinear_random_features_is_that_of_linear_ones_with_another_df1():
    """The nonlinear part acts as infinitely many small modes: they count in df1, by m, and not in df2."""
    m, N, D, K, ridge, Sigma, X, W = model()
    mu, star = m.scalar("mu1", 0.5), m.scalar("mus", 0.3)
    F = mu * (X @ W.T) + star * m.gaussian("Theta", N, K, variance=1 / N / K)
    P, Psi = (F.T @ F + ridge).inv(), mu**2 * (W @ Sigma @ W.T) + star**2 / K
    pytest.importorskip("flint")  # without it, minutes
    found = derive(tr(F @ P @ Psi @ P @ F.T), seconds=600).equations
    both = T + m_ - df2
    expected = n * (k * df2 - df2**2 + both**2) / ((n - df2) * (k - df2) - both**2)
    assert sp.simplify(found.explicit[lam] - FORMULAS["features"][0]) == 0
    assert sp.simplify(found.eliminated - expected) == 0
    assert D != N


@pytest.mark.parametrize("name", ["ensemble", *(pytest.param(n, marks=pytest.mark.slow) for n in SLOW)])
def test_whole_risks_reduce_to_one_effective_ridge(name):
    """Bias and noise together; read off at a cell 30 % away, where the pencil gives the same to 1e-9."""
    pytest.importorskip("flint")  # without it, minutes
    model = models.MODELS[name]
    single = derive(model(40), seconds=600)
    found = single.equations
    assert list(map(str, found.unknowns)) == ["kappa"]
    assert not found.eliminated.has(lam)
    other = derive(single.trace, at={name: 1.3 * value for name, value in single.at.items() if name not in "nd"})
    cell = other._cell(other.at)
    _, quantities = formula_and_quantities(single.trace, found)
    values = {**cell.named, **quantities(cell)}
    read = float(evaluated(found.eliminated, values, joint_lists(single.trace, cell)))
    np.testing.assert_allclose(read, float(other.value), rtol=1e-9)


def test_coefficients_of_features_stay_letters():
    m = MatrixModel()
    N, D, K = m.space("n", 60), m.space("d", 40), m.space("k", 50)
    F = m.features("relu", m.gaussian("X", N, D), m.gaussian("W", K, D, variance=1 / D))
    r = derive(tr((F @ F.T / K + m.scalar("lambda", 0.1)).inv()))
    text = r.to_latex()
    assert r"\mu_{1}" in text
    assert r"\mu_{star}" in text or r"\mu_{\star}" in text
    assert not any(len(digits) > 6 for digits in re.findall(r"\d+", text + " ".join(r.equations.steps)))
    assert set(r.at) >= {"mu_1", "mu_star"}
    assert list(map(str, r.equations.unknowns)) == ["tau_1", "tau_2", "tau_3"]


def test_a_long_decimal_is_written_with_six_digits():
    m = MatrixModel()
    N, D = m.space("n", 60), m.space("d", 40)
    Z = m.gaussian("Z", N, D)
    text = derive(0.12345678901 * tr((Z.T @ Z / N + m.scalar("lambda", 0.1)).inv())).to_latex()
    assert "0.123457" in text
    assert "12345678901" not in text


def test_two_populations_keep_two_unknowns():
    m, N, D, _, ridge, Sigma, X, _ = model()
    M = m.space("n2", 30)
    X2 = m.gaussian("Z2", M, D, variance=1 / N) @ m.deterministic("Sigma2", D, np.linspace(2, 0.5, 40)).sqrt()
    found = derive(tr((X.T @ X + X2.T @ X2 + ridge).inv())).equations
    assert len(found.unknowns) == 2
    assert found.eliminated is None
    assert Sigma is not None


def test_ridgeless_form_has_no_ridge():
    form = derive(expressions()["variance"]).limit("lambda")
    assert not form.value.has(lam)
    assert {sp.simplify(f - g) == 0 for f in form.factors for g in (kappa, n - T)} == {True, False}
    with pytest.raises(ValueError, match="must give it explicitly"):
        derive(expressions()["variance"]).limit("mu")


def test_exported_python_needs_numpy_alone_and_agrees():
    source = derive(expressions()["variance"]).to_python()
    assert "sympy" not in source
    assert "solvable" not in source
    space = {}
    exec(source, space)
    s = np.linspace(0.5, 2, 40)
    found = space["value"](Sigma=s, d_multiplicities=np.ones(40), lambda_=0.1, n=60)
    # X'X + lambda with entries of variance 1/n: ridge n lambda of the unnormalised problem
    spectrum = Spectrum(s, np.zeros(40))
    risk = float(ridge_risk(spectrum, 60, 6.0, 1.0).test) - 1
    np.testing.assert_allclose(found, 60 * risk, rtol=1e-12)


def test_latex():
    text = derive(expressions()["variance"]).to_latex()
    assert r"\lambda &= \frac{\kappa \left(n - \operatorname{tr}_{d}" in text


def test_traces_are_linear_and_have_one_basis():
    assert pulled(3 * n * S / (S + kappa), d, {S}) == 3 * n * T
    assert pulled(kappa**2, d, {S}) == d * kappa**2
    one = canonical(Tr(S**2 / (S + kappa) ** 2, d), [kappa], {S})
    assert sp.simplify(one - df2) == 0


@pytest.mark.parametrize(
    ("formula", "says"),
    [("n*df2/(n-df2)", "agrees everywhere tried"), ("2*n*df2/(n-df2)", "constant factor 2"), ("df2", "differs by")],
)
def test_check_against_a_derived_claim(formula, says):
    claim = derive(expressions()["variance"]).claim("mine/variance", size="n", symbols=True)
    report = check(formula, against=claim, budget=0)
    assert says in report.sentence
    assert [stage.outcome for stage in report.stages[:3]] == ["AGREES"] * 3 or says != "agrees everywhere tried"


def test_a_wrong_reduction_is_not_returned():
    r = derive(expressions()["variance"])
    cell, wrong = r._cell(r.at), dataclasses.replace(r.equations, value=2 * r.equations.value)
    with pytest.raises(ArithmeticError, match="the reduced equations give"):
        check_reduction(r.trace, cell, wrong, float(r.value))
