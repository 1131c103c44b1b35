"""Moments of high order against the integers of their combinatorics: what cancels would show in their digits."""

from fractions import Fraction
from math import comb

import pytest

from solvable import MatrixModel, derive, tr


def narayana(k, ratio):
    """Moment of order k of the Marchenko-Pastur law of ratio d/n."""
    return float(sum(Fraction(comb(k, i) * comb(k - 1, i), i + 1) * ratio**i for i in range(k)))


@pytest.mark.parametrize("k", [1, 2, 6, 12, 16, 20])
@pytest.mark.parametrize("d", [20, 100, 600])
def test_powers_of_a_sample_covariance(k, d):
    """To rounding, which the bound holds: pivots that mix blocks cost 5e-10 at k = 12 and everything at 16."""
    m = MatrixModel()
    n, D = m.space("n", 200), m.space("d", d)
    Z = m.gaussian("Z", n, D)
    found = derive(tr((Z.T @ Z / n) ** k) / D).value
    known = narayana(k, Fraction(d, 200))
    assert float(found.error) < 1e-13
    assert abs(float(found) / known - 1) <= float(found.error)


@pytest.mark.parametrize("k", [2, 12, 24])
def test_powers_of_a_wigner_matrix(k):
    """Catalan numbers."""
    m = MatrixModel()
    d = m.space("d", 50)
    found = derive(tr(m.wigner("A", d, variance=1 / d) ** k) / d).value
    assert abs(float(found) / (comb(k, k // 2) / (k // 2 + 1)) - 1) <= float(found.error) < 1e-13


@pytest.mark.parametrize("k", [8, 12])
def test_powers_beside_a_resolvent(k):
    """S^k Q = S^{k-1} - ridge S^{k-1} Q: the remainder of the division ends at tr Q."""
    m = MatrixModel()
    n, d = m.space("n", 200), m.space("d", 100)
    Z = m.gaussian("Z", n, d)
    S = Z.T @ Z / n
    Q = (S + 0.5).inv()
    found = derive(tr(S**k @ Q) / d).value
    known = float(derive(tr(Q) / d).value)
    for j in range(k):
        known = narayana(j, Fraction(1, 2)) - 0.5 * known if j else 1 - 0.5 * known
    assert abs(float(found) / known - 1) <= float(found.error) + 1e-13
    assert float(found.error) < 1e-10
