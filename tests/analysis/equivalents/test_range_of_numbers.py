"""Numbers beyond the range of doubles: the same value in other units, or one sentence; no product vanishes."""

import numpy as np
import pytest

from solvable import MatrixModel, derive, tr
from solvable.solvers.equivalents.commuting_group import below_range

EXPONENTS = (-150, -120, -100, -77, 77, 100, 150)


def traces(unit, n, dense=False):
    """Traces that do not depend on the unit of the covariance: S, the ridge and 1/B are in it."""
    m = MatrixModel()
    s = np.arange(1, 25) ** -1.2
    N, D = m.space("n", n), m.space("d", 24)
    S = m.deterministic("S", D, np.diag(unit * s) if dense else unit * s)
    B = m.deterministic("B", D, np.arange(1, 25) ** -0.5 / unit)
    ridge = m.scalar("lambda", 0.05 * unit)
    X = m.gaussian("Z", N, D) @ S.sqrt()
    Q = (X.T @ X / N + ridge).inv()
    return {
        "bias": ridge**2 * tr(B @ Q @ S @ Q),
        "variance": tr(Q @ X.T @ X @ Q @ S) / N**2,
        "pair": tr(S @ Q @ S @ Q),
        "three": tr(S @ Q @ S @ Q @ S @ Q),
        "ridge^4": ridge**4 * tr(Q @ Q @ Q @ Q),
    }


def value_or_refusal(trace):
    try:
        return float(derive(trace).value)
    except ValueError as refusal:
        return str(refusal)


@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize("n", [30, 18])
def test_a_unit_changes_no_value(n, dense):
    """Without the check, tr(SQSQ) at n < d and S of 1e-120 was 220 times too large, its status CONVERGED."""
    known = {name: float(derive(trace).value) for name, trace in traces(1.0, n).items()}
    held = set()
    for exponent in EXPONENTS:
        for name, trace in traces(10.0**exponent, n, dense).items():
            value = value_or_refusal(trace)
            if isinstance(value, str):
                assert "\n" not in value
                continue
            np.testing.assert_allclose(value, known[name], rtol=1e-10, err_msg=f"{name} at 1e{exponent}")
            held.add((name, exponent))
    assert {(name, e) for name in ("bias", "variance") for e in (-100, -77, 77, 100)} <= held  # the contract


def test_products_of_scalars_stay_in_the_range():
    m = MatrixModel()
    D = m.space("d", 3)
    A, c, e = m.deterministic("A", D, [1.0, 2.0, 3.0]), m.scalar("c", 1e-200), m.scalar("e", 1e200)
    for made in (lambda: 1e200 * A * 1e200, lambda: 1e-200 * A * 1e-200, lambda: 10**400 * A, lambda: A / 10**400):
        with pytest.raises(ValueError, match="beyond the range of numbers"):
            made()
    for scalar in (1e-200 * c, c**2, c**2 * c.sqrt(), e**2, c**2 * e**4, e * c**3):
        with pytest.raises(ValueError, match="beyond the range of doubles; choose other units"):
            _ = derive(scalar * tr(A)).value
    assert float(derive(c * e * tr(A)).value) == pytest.approx(6)
    assert float(derive(c**2 * tr(A), at={"c": 0.0}).value) == 0
    assert float(derive(c * tr(A), at={"c": 5e-324}).value) == float(derive(5e-324 * tr(A)).value) == 6 * 5e-324


def test_what_counts_as_lost():
    """A product below 1e-304 on the way, unless a factor is 0 or it is below rounding of what it is added to."""
    assert below_range([[-200.0], [-150.0], [100.0]])
    assert not below_range([[-200.0], [-np.inf], [0.0]])
    assert not below_range([[-200.0], [50.0]])
    assert below_range([[-200.0], [-150.0]], np.array([340.0]))
    assert not below_range([[-200.0], [-150.0]], np.array([310.0]))
