"""Equations in matrices that do not commute: held at the pencil's numbers, exported to numpy, printed."""

import dataclasses
import subprocess
import sys
from functools import cache

import numpy as np
import pytest
import sympy as sp

from solvable import MatrixModel, derive, tr
from solvable.analysis.equivalents import models
from solvable.analysis.equivalents.operator_form import check_operators, has_dense
from solvable.analysis.equivalents.settings import one_step_directions, power, rotated

SHIFT = {"n": 20, "d": 16, "lambda_": 0.1, "noise": 0.4, "Sigma": rotated(power(16, 1), 1),
         "T_": rotated(power(16, 0.5), 2), "B": rotated(power(16, 1) / 16, 3)}  # fmt: skip


def step_arguments(n):
    d, k = n // 2, int(0.7 * n)
    u, v, b = one_step_directions(d, k)
    return {"n": n, "d": d, "k": k, "lambda_": 0.1 * n, "noise": 0.1, "strength": 2.0, "step_": np.outer(u, v),
            "B": np.outer(b, b)}  # fmt: skip


@cache
def spiked():
    return derive(models.one_step_features(10))


def exported(derivation):
    space = {}
    exec(derivation.to_python(), space)
    return space["value"]


def test_covariate_shift_runs_alone_in_another_interpreter(tmp_path):
    np.savez(tmp_path / "given.npz", **SHIFT)
    source = derive(models.covariate_shift(20)).to_python()
    assert "solvable" not in source
    (tmp_path / "program.py").write_text(source)
    line = "import numpy as np, program as p; print(repr(p.value(**{k: v for k, v in np.load('given.npz').items()})))"
    ran = subprocess.run([sys.executable, "-c", line], cwd=tmp_path, env={}, capture_output=True, text=True, check=True)
    found = float(ran.stdout)
    np.testing.assert_allclose(found, float(derive(models.covariate_shift(20)).value), rtol=1e-13)


def test_covariate_shift_at_other_ridges_and_diagonals():
    """Newton reaches other ridges; matrices given by their diagonals are those that commute."""
    value = exported(derive(models.covariate_shift(20)))
    for lam in (3.0, 0.02):
        expected = float(derive(models.covariate_shift(20, lam=lam)).value)
        np.testing.assert_allclose(value(**{**SHIFT, "lambda_": lam}), expected, rtol=1e-13)
    m = MatrixModel()
    n, d = m.space("n", 20), m.space("d", 16)
    given = {name: np.linspace(0.5, a, 16) for name, a in (("Sigma", 2.0), ("T_", 1.0), ("B", 3.0))}
    Sigma, T, B = (m.deterministic(name, d, s) for name, s in given.items())
    X, lam = m.gaussian("Z", n, d) @ Sigma.sqrt(), m.scalar("lambda", 0.1)
    Q = (X.T @ X / n + lam).inv()
    trace = lam**2 * tr(B @ Q @ T @ Q) + 0.4 / n**2 * tr(Q @ X.T @ X @ Q @ T)
    np.testing.assert_allclose(value(**{**SHIFT, **given}), float(derive(trace).value), rtol=1e-13)


def test_a_spike_inside_an_inverse():
    """Rectangular matrices between spaces: the blocks of three spaces are inverted together."""
    value = exported(spiked())
    for n, strength in ((10, 0.5), (20, 2.0)):
        expected = float(derive(models.one_step_features(n, strength=strength)).value)
        found = value(**{**step_arguments(n), "strength": strength})
        np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_roots_and_inverses_of_dense_matrices():
    m = MatrixModel()
    n, d = m.space("n", 12), m.space("d", 8)
    A, C = rotated(power(8, 1), 1), rotated(np.linspace(1, 2, 8), 2)
    S, R = m.deterministic("S", d, A), m.deterministic("R", d, C)
    X = m.gaussian("Z", n, d) @ S.sqrt()
    trace = tr((X.T @ X / n + R + R.inv()).inv() @ (R + S).inv())
    found = exported(derive(trace))(S=A, R=C, n=12, d=8)
    np.testing.assert_allclose(found, float(derive(trace).value), rtol=1e-13)


def test_latex_prints_the_blocks_as_matrices():
    text = derive(models.covariate_shift(20)).to_latex()
    assert r"M_{1} &= \left(\lambda - \frac{\tau_{2} \Sigma}{n}\right)^{-1}" in text
    assert r"\operatorname{tr}_{d}\!\left[\Sigma M_{1}\right]" in text
    text = spiked().to_latex()
    assert r"\begin{matrix}" in text
    assert r"\mathrm{step}^{\top}" in text


def test_each_equation_is_held_against_the_pencil():
    r = spiked()
    assert has_dense(r.trace)
    cell, found = r._cell(r.at), r.equations
    check_operators(r.trace, cell, found, float(r.value))
    with pytest.raises(ArithmeticError, match="the equations in matrices give"):
        check_operators(r.trace, cell, dataclasses.replace(found, value=found.value * 2), float(r.value))
    unknown = next(iter(found.linear))
    linear = {**found.linear, unknown: found.linear[unknown] + 1}
    with pytest.raises(ArithmeticError, match="the equation of"):
        check_operators(r.trace, cell, dataclasses.replace(found, linear=linear), float(r.value))
    block = next(iter(found.blocks))
    blocks = {**found.blocks, block: sp.Inverse(sp.ImmutableMatrix(found.blocks[block].args[0] * 2))}
    with pytest.raises(ArithmeticError, match="the equation of"):
        check_operators(r.trace, cell, dataclasses.replace(found, blocks=blocks), float(r.value))


def test_what_needs_matrices_that_commute_is_refused():
    r = derive(models.covariate_shift(20))
    with pytest.raises(ValueError, match="where matrices commute"):
        r.claim("mine/shift", symbols=True)
    with pytest.raises(ValueError, match="need matrices that commute"):
        derive(models.covariate_shift(20), at={"lambda": [0.1, 0.2]}).reduced_value  # noqa: B018
    with pytest.raises(ValueError, match="must give it explicitly"):
        r.limit("lambda")
