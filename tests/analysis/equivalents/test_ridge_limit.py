"""Limits as a ridge goes to 0 at hard edges, where the equation has no root: exact values, powers and signs."""

import mpmath as mp
import numpy as np
import pytest

from solvable import MatrixModel, derive, tr
from solvable.solvers.equivalents.ridge_limit import limit_of
from solvable.solvers.solution import Status

SIZE = 12
s = np.linspace(0.5, 2, SIZE)
b = np.linspace(1, 2, SIZE)


def square():
    """Ridge regression with as many samples as dimensions, at ridge 0."""
    m = MatrixModel()
    n, d = m.space("n", SIZE), m.space("d", SIZE)
    S, B = m.deterministic("Sigma", d, s), m.deterministic("B", d, b)
    X, lam = m.gaussian("Z", n, d) @ S.sqrt(), m.scalar("lambda", 0.0)
    return X, (X.T @ X / n + lam).inv(), S, B, lam, n


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # X is invertible: projections are the identity, what is left of the target is 0
        (lambda X, Q, S, B, lam, n: tr(X @ Q @ X.T) / n, SIZE),
        (lambda X, Q, S, B, lam, n: lam**2 * tr(B @ Q @ S @ Q), 0.0),
        (lambda X, Q, S, B, lam, n: tr(B @ X.T @ X @ Q @ S @ Q @ X.T @ X) / n**2, np.sum(b * s)),
        # lambda = kappa (n - df1)/n, near 0 kappa^2 tr(1/Sigma)/n, and lambda tr(Q) = kappa tr(1/(Sigma + kappa))
        (lambda X, Q, S, B, lam, n: lam.sqrt() * tr(Q), np.sqrt(SIZE * np.sum(1 / s))),
        (lambda X, Q, S, B, lam, n: tr(Q @ X.T @ X @ Q @ S) / n, np.inf),
        (lambda X, Q, S, B, lam, n: tr(Q) - tr(Q @ Q), -np.inf),
        (lambda X, Q, S, B, lam, n: lam**2 * tr(B @ Q @ S @ Q) + tr(Q @ X.T @ X @ Q @ S) / n, np.inf),
        (lambda X, Q, S, B, lam, n: tr((X.T @ X).inv()), np.inf),  # no ridge is named
    ],
)
def test_at_n_equal_to_d(expression, expected):
    found = derive(expression(*square())).value
    if np.isinf(expected):
        assert float(found) == expected
        assert found.status == Status.DIVERGES
    else:
        assert found.status == Status.CONVERGED
        assert abs(float(found) - expected) <= 4 * max(found.error, 1e-16) * max(1.0, expected)
        assert found.error < 1e-13


def test_the_limit_is_that_of_small_ridges():
    """With square random features too the edge has another power, 1/3, which values in doubles show."""
    m = MatrixModel()
    n, d, k = m.space("n", 8), m.space("d", 8), m.space("k", 8)
    F = m.gaussian("X", n, d) @ m.gaussian("W", k, d, variance=1 / d).T
    lam = m.scalar("lambda", 0.0)
    trace = lam**2 * tr((F.T @ F / n + lam).inv() ** 2)
    assert float(derive(trace).value) == 0
    small = [float(derive(trace, at={"lambda": ridge}).value) for ridge in (1e-6, 1e-9)]
    np.testing.assert_allclose(np.log10(small[0] / small[1]), 1.0, atol=0.05)


def test_an_inverse_without_a_ridge_is_no_pseudo_inverse():
    """Without a name nobody asked for a limit: of n < d samples there is no inverse, and the limit would hide it."""
    X = square()[0]
    with pytest.raises(ValueError, match="add a ridge to its argument by name"):
        derive(tr(X @ (X.T @ X).inv() @ X.T)).value  # noqa: B018


def test_two_ridges_of_0_are_refused():
    m = MatrixModel()
    n, d = m.space("n", 10), m.space("d", 10)
    Z = m.gaussian("Z", n, d)
    Q, R = ((Z.T @ Z / n + m.scalar(name, 0.0)).inv() for name in ("lambda", "mu"))
    with pytest.raises(ValueError, match="may depend on their ratio"):
        derive(tr(Q @ R)).value  # noqa: B018


def test_limits_of_sequences():
    ridges = [mp.mpf(10) ** (-4 * k) for k in range(2, 7)]
    none = [mp.mpf(10) ** -60] * 5

    def along(f):
        with mp.workdps(60):
            return limit_of([f(x) for x in ridges], none)

    value, error = along(lambda x: 3 + 2 * mp.cbrt(x))
    assert abs(value - 3) <= error + 1e-15
    assert along(lambda x: 5 * mp.sqrt(x))[0] == 0
    assert along(lambda x: -mp.sqrt(1 / x))[0] == -np.inf
    assert along(lambda x: 1 + mp.log(1 / x))[0] == np.inf
    assert along(lambda x: mp.mpf(7))[0] == 7
    with pytest.raises(ArithmeticError, match="no power"):
        along(lambda x: mp.sin(mp.log(x)))
