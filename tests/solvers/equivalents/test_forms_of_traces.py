"""One trace in several forms has one value: pushed through, in merged spaces, as the derivative along a source."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvable import MatrixModel, derive, tr
from solvable.solvers.equivalents.matrix_expression import identity


def value(trace):
    return float(derive(trace).value)


class Drawn:
    """Ridge problem with sizes, spectra, ridge and weights at random; two layers where `deep`."""

    def __init__(self, seed, merged=False):
        rng = np.random.default_rng(seed)
        m = MatrixModel()
        n, d = (int(rng.integers(20, 90)) for _ in range(2))
        s, b, c, w = (rng.uniform(0.2, 2, k) for k in (d, d, d, n))
        self.least = float(10 ** rng.uniform(-3, 1))
        self.ridge = m.scalar("lambda", self.least)
        self.N = m.space("n", n)
        self.D = m.space("d", d)
        self.K = self.D if merged else m.space("k", d)
        self.S, self.B, self.C = (m.deterministic(name, self.D, v) for name, v in (("S", s), ("B", b), ("C", c)))
        self.O = m.deterministic("O", self.N, w)
        self.X = m.gaussian("Z", self.N, self.D, variance=1 / self.N) @ self.S.sqrt()
        self.W = m.gaussian("W", self.K, self.D, variance=1 / self.D)
        self.V = m.deterministic("V", self.K, rng.uniform(0.5, 1.5, d))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_pushed_through_forms_agree(seed):
    """(X'OX + l)^-1 X' = X' (O XX' ...)^-1 in its symmetric form, whichever Gram matrix is the smaller: to 1e-10."""
    p = Drawn(seed)
    Y = p.O.sqrt() @ p.X
    small, large = (Y.T @ Y + p.ridge).inv(), (Y @ Y.T + p.ridge).inv()
    pairs = [
        (tr(p.B @ small @ Y.T @ Y), tr(p.B @ Y.T @ large @ Y)),
        (tr(p.B @ small @ Y.T @ p.O @ Y @ small), tr(p.B @ Y.T @ large @ p.O @ large @ Y)),
        (p.ridge * tr(p.B @ small), tr(p.B) - tr(p.B @ Y.T @ large @ Y)),
        (tr(Y @ small @ p.C @ Y.T), tr(large @ Y @ p.C @ Y.T)),
    ]
    for one, two in pairs:
        expected = value(one)
        scale = abs(expected) + 2 * abs(value(tr(p.B)))  # the third is a difference
        assert abs(value(two) - expected) < 1e-10 * scale


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6))
def test_two_spaces_of_one_size_may_be_merged(seed):
    """Hidden units in a space of their own, or in that of the inputs: the same value to 1e-10."""
    found = []
    for merged in (False, True):
        p = Drawn(seed, merged)
        F = p.X @ p.W.T @ p.V.sqrt()
        P = (F.T @ F + p.ridge).inv()
        found.append([value(tr(P @ p.V)), value(tr(F @ P @ p.W @ p.B @ p.W.T @ P @ F.T)), value(tr(p.W.T @ P @ p.W))])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-10)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6))
def test_a_source_is_a_derivative(seed):
    """tr(A Q B Q) = -d/ds tr(A (P + sB)^-1) at 0, to 1e-10 of the sum of what is differenced.

    The trace is analytic where |s| max B is below the ridge; the slope is that of the interpolant of degree 12 at
    Chebyshev nodes within a tenth of this: wrong by 20^-12 of the values over the radius, with rounding 1e-13 of them.
    """
    p = Drawn(seed)
    P = p.X.T @ p.X + p.ridge
    radius = 0.1 * p.least / 2
    nodes = np.cos(np.pi * (np.arange(13) + 0.5) / 13)
    values = [value(tr(p.C @ (P + radius * x * p.B).inv())) for x in nodes]
    fit = np.polynomial.chebyshev.Chebyshev.fit(nodes, values, 12, domain=[-1, 1])
    Q = P.inv()
    found = value(tr(p.C @ Q @ p.B @ Q))
    np.testing.assert_allclose(-fit.deriv()(0.0) / radius, found, rtol=1e-10, atol=1e-13 * abs(values[6]) / radius)


def test_identity_changes_nothing():
    p = Drawn(3)
    Q = (p.X.T @ p.X + p.ridge * identity(p.D)).inv()
    assert value(tr(p.B @ Q)) == pytest.approx(value(tr(p.B @ (p.X.T @ p.X + p.ridge).inv())), rel=1e-14)
