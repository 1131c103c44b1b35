"""Traces as text, and the command that reads them."""

import numpy as np
import pytest
from typer.testing import CliRunner

from solvable import MatrixModel, derive, tr
from solvable.analysis.equivalents.command import trace_from_options
from solvable.analysis.equivalents.settings import power
from solvable.analysis.equivalents.text_notation import read_trace
from solvable.cli import app

OPTIONS = {"let": ["X = Z sqrt(S)"], "gaussian": ["Z:n,d"], "spectrum": ["S:power:1.2:80", "B:power:0.5:80"],
           "set_": ["n=100,lam=0.05"]}  # fmt: skip


def model():
    m = MatrixModel()
    n, d, lam = m.space("n", 100), m.space("d", 80), m.scalar("lam", 0.05)
    S, B = (m.deterministic(name, d, power(80, a)) for name, a in (("S", 1.2), ("B", 0.5)))
    X = m.gaussian("Z", n, d) @ S.sqrt()
    return {**m.names, "X": X}, n, d, lam, S, B, X


@pytest.mark.parametrize(
    "text",
    [
        "tr(B (X^T X/n + lam)^-1 S (X^T X/n + lam)^-1) lam^2",
        "lam**2*tr(B@(X.T@X/n + lam)**-1@S@(X.T@X/n + lam)**-1)",
        "lam^2 tr(B inv(X'X/n + lam) S (lam + X'X/n)^(-1))",
        "-tr(-B (X'X/n + lam)^-1 S (X'X/n + lam)^-1) lam lam + 0 tr(S)",
        "lam² tr(B (XᵀX/n + lam)⁻¹ S (X^⊤ X/n + lam)^{-1})",
        "(lam^(1/2))^4 tr(B (X.T@X/n + lam).inv() S^(1/2) S**0.5 inv(X^{T} X/n + lam))",
        "lam.sqrt()^4 tr(B S.sqrt().inv() (S^{-1/2}).inv() (X'X/n + lam)^-1 S^(3/2) S^-0.5 (X'X/n + lam)^-1)",
    ],
)
def test_ways_to_write_one_trace(text):
    names, n, _, lam, S, B, X = model()
    Q = (X.T @ X / n + lam).inv()
    (found, *rest) = [s for s in read_trace(text, names).summands if s[0].number != 0]
    (expected,) = (lam**2 * tr(B @ Q @ S @ Q)).summands
    assert found == expected
    assert not rest


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("tr(exp(X'X))", "exp is not rational; linearise it with m.features"),
        ("X'X", "its value must be a trace"),
        ("tr(X X)", "do not fit"),
        ("tr(Y)", "Y is not declared"),
        ("tr((X'X)^0.5)", "must be a whole number"),
        ("tr((X'X)^(1/2))", "must be a whole number"),
        ("tr(S^(1/3))", "the power 1/3 must be a whole number up to 20, or half of one for a root"),
        ("tr(S^(1/0))", "the power 1/0 must be a whole number"),
        ("tr(S^n)", "the power n must be a whole number"),
        ("tr(S^(2}", ") is missing before }"),
        ("tr(S.sqrt)", "write .T, .inv() or .sqrt() with its parentheses"),
        ("tr(S).sqrt()", "root of a trace"),
        ("lam.inv() tr(S)", "only a matrix can be inverted"),
        ("tr(X'X + lam I)", "a number alone is that multiple of the identity"),
        ("tr(X'X)tr(X'X)", "product of traces"),
        ("tr(X'X)^2", "power of a trace"),
        ("tr(S/X)", "/ divides by scalars"),
        ("tr((X)^-1)", "must be square"),
        ("tr(S ; S)", "is no part of the notation"),
        ("tr(X)", "only square matrices have a trace"),
        ("tr(S", "is missing"),
        ("tr(S))", "does not fit there"),
        ("tr(S) + S", "a trace and a matrix"),
        ("__import__('os')", "is not declared"),
        ("(" * 80 + "S" + ")" * 80, "too deep"),
        ("", "it is empty"),
    ],
)
def test_refusals(text, sentence):
    with pytest.raises(ValueError) as refusal:
        read_trace(text, model()[0])
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_options_declare_the_model():
    _, n, _, lam, S, B, X = model()
    Q = (X.T @ X / n + lam).inv()
    found = derive(trace_from_options("tr(B (X'X/n + lam)^-1 S (X'X/n + lam)^-1) lam^2", **OPTIONS)).value
    np.testing.assert_allclose(float(found), float(derive(lam**2 * tr(B @ Q @ S @ Q)).value), rtol=1e-14)
    goe = trace_from_options("tr((2.1 - A)^-1)/n", wigner=["A:n:1/n"], set_=["n=100"])
    np.testing.assert_allclose(float(derive(goe).value), 0.7298437881283575, rtol=1e-14)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"gaussian": ["Z"]}, "write Z:n,d"),
        ({"gaussian": ["Z:n,d"], "set_": ["n=100"]}, "give its size"),
        ({"gaussian": ["Z:n,d"], "set_": ["n=100,d=x"]}, "must be a number"),
        ({"spectrum": ["S:flat:1:80:d"]}, "choose power"),
        ({"spectrum": ["S:power:1:80"]}, "tell its space"),
        ({"let": ["X Z"]}, "NAME = expression"),
        ({"set_": ["n"]}, "write NAME = number"),
        ({"set_": ["n=10,n=20"]}, "n has a value already"),
        ({"set_": ["n=10", "n=10"]}, "n has a value already"),
        ({"set_": ["lam=nan"]}, "--set lam = nan is not allowed"),
        ({"gaussian": ["Z:n,d"], "set_": ["n=-3,d=2"]}, "--set n = -3.0 is not allowed: it must be positive"),
        ({"spectrum": ["S:power:nan:80:d"]}, "--spectrum = nan is not allowed"),
    ],
)
def test_refused_options(options, sentence):
    with pytest.raises(ValueError) as refusal:
        trace_from_options("tr(S)", **options)
    assert sentence in str(refusal.value)


def test_command(tmp_path):
    arguments = ["derive", "tr(S (X'X/n + lam)^-1)", "--let", "X = Z sqrt(S)", "--gaussian", "Z:n,d", "--spectrum",
                 "S:power:1.2:40", "--set", "n=50,lam=0.1", "--latex", "--verify", "--python",
                 str(tmp_path / "out.py")]  # fmt: skip
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "AGREES" in result.output
    assert r"\kappa" in result.output
    space = {}
    exec((tmp_path / "out.py").read_text(), space)
    value = float(result.output.split()[1])
    found = space["value"](S=power(40, 1.2), d_multiplicities=np.ones(40), lam=0.1, n=50)
    np.testing.assert_allclose(found, value, rtol=1e-12)
