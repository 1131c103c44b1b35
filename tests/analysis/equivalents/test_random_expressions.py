"""Random expressions of up to eleven leaves against their own simulation, and in other forms; roots keep their sign."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable import MatrixModel, derive, tr
from solvable.analysis.equivalents.sampling import sample
from solvable.solvers.equivalents.trace_equation import _check_signs, solve_trace

SIZES = {"n": 60, "d": 40, "k": 48}  # in quarters, so that joint lists grow in proportion


class Builder:
    """Grows a trace out of three spaces, Gaussians between them, Wigner matrices and commuting deterministic ones."""

    def __init__(self, seed, factor, dense=False):
        self.rng = np.random.default_rng(seed)
        m = MatrixModel()
        self.s = {name: m.space(name, factor * size) for name, size in SIZES.items()}
        self.fixed = {}
        for name, s in self.s.items():
            half = int(s.size) // 2
            self.fixed[name] = [
                m.deterministic(f"S{name}", s, np.tile([2.0, 0.5], half)),
                m.deterministic(f"B{name}", s, np.repeat([1.0, 0.3], half)),
                m.deterministic(f"C{name}", s, 1.5),
            ]
        pairs = {"X": "nd", "Y": "dk", "V": "kn"}
        self.gaussians = [
            m.gaussian(g, self.s[a], self.s[b], variance=1 / self.s[b if g == "Y" else "n"])
            for g, (a, b) in pairs.items()
        ]
        if dense:
            mean = np.eye(int(self.s["n"].size), int(self.s["d"].size))
            self.gaussians[0] = self.gaussians[0] + m.deterministic("M", self.s["n"], mean, cols=self.s["d"])
        self.wigner = {name: m.wigner(f"W{name}", self.s[name], variance=1 / self.s[name]) for name in "nd"}
        self.left = int(self.rng.integers(3, 12))

    def pick(self, options):
        self.left -= 1
        return options[int(self.rng.integers(len(options)))]

    def factor(self, space):
        x = self.pick([g for g in [*self.gaussians, *(g.T for g in self.gaussians)] if g.rows == self.s[space]])
        inner = x.cols.name
        if self.rng.random() < 0.3:
            x = x @ self.pick(self.fixed[inner]).sqrt()
        return x, inner

    def positive(self, space, depth=0):
        u = self.rng.random()
        if space in self.wigner and self.rng.random() < 0.15:
            self.left -= 1
            return self.wigner[space] + 2.5
        if self.left <= 1 or depth > 3 or u < 0.2:
            return self.pick(self.fixed[space])
        if u < 0.55:
            F, inner = self.factor(space)
            return F @ self.positive(inner, depth + 1) @ F.T if self.rng.random() < 0.5 else F @ F.T
        if u < 0.7:
            return self.positive(space, depth + 1) + 0.7 * self.positive(space, depth + 1)
        return (self.positive(space, depth + 1) + float(self.rng.choice([0.2, 0.5, 1.0]))).inv()

    def word(self):
        space = "ndk"[int(self.rng.integers(3))]
        made = [self.positive(space)]
        while self.left > 0:
            made.append(self.positive(space))
        return made, self.s[space]


def product(factors):
    total = factors[0]
    for factor in factors[1:]:
        total = total @ factor
    return total


def value(trace):
    found = derive(trace).value
    assert float(found.error) < 1e-9
    return float(found)


TREES = range(40)  # every fourth has a mean that commutes with nothing
DRAWS = {1: 120, 2: 120}  # at the sizes above, and at twice these
MOST = 4.5  # standard errors: of 40 right values one in 4000 runs goes beyond


@cache
def compared():
    """Value, mean of the simulation without its term of order 1/size, and standard error, for every tree."""
    rows = []
    for seed in TREES:
        values, means, variances = [], [], []
        for factor, count in DRAWS.items():
            factors, space = Builder(seed, factor, seed % 4 == 3).word()
            trace = tr(product(factors)) / space
            r = derive(trace)
            draws = [sample(trace, r._cell(r.at), np.random.default_rng([seed, factor, k])) for k in range(count)]
            values.append(value(trace))
            means.append(np.mean(draws))
            variances.append(np.var(draws, ddof=1) / count)
        np.testing.assert_allclose(values[1], values[0], rtol=1e-12)  # sizes in proportion: one limit
        rows.append((values[0], 2 * means[1] - means[0], np.sqrt(4 * variances[1] + variances[0])))
    return np.array(rows).T


def test_random_expressions_agree_with_their_simulation():
    """z-scores of 40 trees (largest 2.3); what is left, of order 1/60^2, is below their standard errors, 0.7 % in the
    middle.
    """
    known, mean, error = compared()
    z = (mean - known) / error
    assert np.abs(z).max() < MOST
    assert 0.75 < np.sqrt(np.mean(z**2)) < 1.35  # chi-squared of 40 degrees: 0.78 to 1.23 in 99 of 100 runs


def test_a_wrong_factor_of_a_random_expression_is_noticed():
    """1.1 in 40 of 40 trees, 1.03 in 20 of them."""
    known, mean, error = compared()
    caught = {factor: int(np.sum(np.abs(mean - factor * known) > MOST * error)) for factor in (1.1, 1.03)}
    assert caught[1.1] >= 38
    assert caught[1.03] >= 15


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_other_forms_of_a_random_expression_have_its_value(seed):
    """Transposed, and rotated cyclically, to 1e-10."""
    factors, _ = Builder(seed, 1).word()
    one = value(tr(product(factors)))
    for other in (tr(product(factors).T), tr(product(factors[1:] + factors[:1]))):
        np.testing.assert_allclose(value(other), one, rtol=1e-10)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_sources_are_derivatives(seed):
    """tr(A Q B Q) = -d/ds tr(A (P + sB)^-1), by central differences of fourth order, steps of 1e-3."""
    build = Builder(seed, 1)
    P, A, B = build.positive("d"), build.fixed["d"][0], build.fixed["d"][1]
    Q = (P + 0.5).inv()
    shifted = {s: value(tr(A @ (P + 0.5 + s * B).inv())) for s in (-2e-3, -1e-3, 1e-3, 2e-3)}
    slope = (8 * (shifted[1e-3] - shifted[-1e-3]) - (shifted[2e-3] - shifted[-2e-3])) / 12e-3
    np.testing.assert_allclose(-slope, value(tr(A @ Q @ B @ Q)), rtol=1e-8)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_resolvents_of_positive_matrices_are_positive(seed):
    """Between 0 and 1/ridge, and decreasing in the ridge."""
    P = Builder(seed, 1).positive("d")
    if P.op == "identity" or not P.random:
        return
    values = [value(tr((P + ridge).inv())) / SIZES["d"] for ridge in (0.1, 0.3, 1.0)]
    assert values[0] > values[1] > values[2] > 0
    assert all(v <= 1 / ridge * (1 + 1e-12) for v, ridge in zip(values, (0.1, 0.3, 1.0), strict=True))


def test_a_root_of_the_wrong_sign_is_refused():
    """The other root of the Marchenko-Pastur equation solves it to rounding, and is not returned."""
    m = MatrixModel()
    n, d = m.space("n", 100), m.space("d", 50)
    Z = m.gaussian("Z", n, d)
    r = derive(tr((Z.T @ Z / n + 0.1).inv()))
    (solved,) = solve_trace(r.trace, r._cell(r.at))[1]
    ((part, held),) = solved.pencil.resolvents
    system = solved.system
    right = np.array(solved.tau, float)
    _check_signs(system, part, right)
    rng, other = np.random.default_rng(0), None
    for _ in range(200):
        tau = right * rng.uniform(-30, 30, right.size)
        for _ in range(60):
            system.update(tau)
            J = system.jacobian()[: system.count]
            tau = tau + np.linalg.solve(np.eye(tau.size) - J, system.rows()[: system.count] - tau)
        system.update(tau)
        if np.allclose(system.rows()[: system.count], tau, rtol=1e-12) and not np.allclose(tau, right, rtol=1e-3):
            other = tau
            break
    assert other is not None
    with pytest.raises(ArithmeticError, match="not that of a positive matrix"):
        _check_signs(system, part, other)
    assert held
