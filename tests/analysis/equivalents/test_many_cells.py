"""All cells at once through the reduced equations, against the pencil cell by cell."""

import numpy as np
import pytest

from solvable import derive
from solvable.analysis.equivalents import models
from solvable.analysis.equivalents.degrees_of_freedom import joint_lists
from solvable.analysis.equivalents.many_cells import ManyCells


def test_all_cells_at_once_are_those_one_by_one():
    """Ridges from 1e-3 to 10, fewer and more samples than dimensions; the two bounds together hold the difference."""
    at = {"lambda": np.geomspace(1e-3, 10, 5)[:, None], "n": np.array([[25.0, 60.0, 170.0]])}
    r = derive(models.ridge(100), at=at)
    one, all_ = r.value, r.reduced_value
    assert all_.value.shape == (5, 3)
    assert np.all(np.abs(all_.value / one.value - 1) <= all_.error + one.error)
    assert np.all(all_.error < 1e-11)
    assert all_.converged


def test_cells_without_a_positive_ridge_go_through_the_pencil():
    r = derive(models.ridge(100), at={"lambda": np.array([0.0, 0.1, -0.001])})
    np.testing.assert_allclose(r.reduced_value.value, r.value.value, rtol=1e-11)


@pytest.mark.parametrize("n", [30, 70])
@pytest.mark.parametrize("power", [0, 2])
def test_cells_that_the_elimination_cancels_go_through_the_pencil(n, power):
    """Ridges far above the spectrum: 14 of 26 decades were wrong, by any factor, and said to have converged."""
    from solvable import MatrixModel, tr

    m = MatrixModel()
    rows, d, lam = m.space("n", n), m.space("d", 50), m.scalar("lambda", 0.1)
    S = m.deterministic("Sigma", d, 1 / np.arange(1.0, 51.0))
    X = m.gaussian("Z", rows, d) @ S.sqrt()
    Q = (X.T @ X / rows + lam).inv()
    r = derive(lam**power * tr(Q @ X.T @ X @ Q @ S), at={"lambda": np.geomspace(1e-8, 1e18, 14)})
    found = r.reduced_value
    assert np.all(found.status == 0)
    np.testing.assert_allclose(found.value, r.value.value, rtol=2e-9)


def test_linear_features_take_the_largest_of_three_roots():
    """lambda = kappa (n - T)(k - T)/(n k) rises again below both thresholds."""
    from solvable import MatrixModel, tr

    m = MatrixModel()
    n, k, d = m.space("n", 40), m.space("k", 30), m.space("d", 60)
    X = m.gaussian("Z", n, d) @ m.deterministic("S", d, np.linspace(0.2, 2, 60)).sqrt()
    F = X @ m.gaussian("W", k, d).T
    at = {"lambda": np.geomspace(1e-4, 1, 4)[:, None], "n": np.array([[20.0, 30.0, 50.0]])}
    r = derive(tr((F @ F.T / n / k + m.scalar("lambda", 0.1)).inv()), at=at)
    np.testing.assert_allclose(r.reduced_value.value, r.value.value, rtol=1e-9)


def test_what_has_no_single_ridge_or_another_list_is_refused():
    with pytest.raises(ValueError, match="one effective ridge"):
        derive(models.weighted_least_squares(40), at={"lambda": [0.1, 0.2]}).reduced_value  # noqa: B018
    with pytest.raises(ValueError, match="one size of a space with a list"):
        derive(models.ridge(40), at={"d": [32.0, 64.0]}).reduced_value  # noqa: B018


def test_a_wrong_reduction_is_seen(monkeypatch):
    r = derive(models.ridge(40), at={"lambda": [0.1, 0.2]})
    solve = ManyCells.solve

    def off(self, values):
        found = solve(self, values)
        return found._replace(value=found.value * 1.001)

    monkeypatch.setattr(ManyCells, "solve", off)
    with pytest.raises(ArithmeticError, match="the reduced equations give"):
        r.reduced_value  # noqa: B018
    assert joint_lists(r.trace, r._cell({"lambda": 0.1, "noise": 0.5, "n": 40.0, "d": 32.0}))


def test_an_expression_is_reduced_once_and_compared_at_every_call(monkeypatch):
    """Other ridges and numbers of samples, one reduction; the pencil is asked at five cells of each call."""
    from solvable.analysis.equivalents import deriving, reduction

    calls, reduced = [], reduction.reduced
    monkeypatch.setattr(deriving, "_reductions", {})
    monkeypatch.setattr(reduction, "reduced", lambda *given, **named: calls.append(1) or reduced(*given, **named))
    for n in (30.0, 90.0):
        at = {"lambda": np.geomspace(1e-2, 1, 6), "n": n}
        r = derive(models.ridge(40), at=at)
        np.testing.assert_allclose(r.reduced_value.value, r.value.value, rtol=1e-10)
    assert len(calls) == 1
    assert list(deriving._reductions) == [models.ridge(40).summands]
