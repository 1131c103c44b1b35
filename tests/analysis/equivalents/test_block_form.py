"""Equations by blocks where a reduction does not end in time, and the Python that is written of them."""

import threading

import numpy as np
import pytest

from solvable import derive
from solvable.analysis.equivalents import models
from solvable.analysis.equivalents.degrees_of_freedom import check_reduction
from solvable.analysis.equivalents.reduction import by_blocks
from solvable.analysis.equivalents.settings import power, sample_weights, two_domains
from solvable.analysis.equivalents.time_limit import finished


def endless():
    while True:
        sum(range(1000))


def test_a_step_is_stopped_and_the_thread_goes_on():
    assert not finished(endless, 0.2)
    assert finished(lambda: None, 5.0)
    assert not finished(lambda: None, 0.0)
    assert sum(range(10**6)) > 0  # nothing arrives late
    with pytest.raises(ZeroDivisionError):
        finished(lambda: 1 / 0, 5.0)


class Finalised:
    """Spends its time where Python swallows what is raised."""

    def __del__(self):
        sum(1 for _ in range(1000))


def test_a_step_is_stopped_though_finalisers_swallow_what_arrives():
    def finalising():
        while True:
            Finalised()
            sum(1 for _ in range(1000))

    assert not any(finished(finalising, 0.02) for _ in range(10))  # sent once, each has a chance of one half


def test_a_step_is_stopped_in_any_thread():
    found = []
    worker = threading.Thread(target=lambda: found.append(finished(endless, 0.2)))
    worker.start()
    worker.join(20)
    assert found == [False]


def test_a_reduction_that_does_not_end_gives_first_order_and_linear_equations():
    """Each equation and the value hold at the numbers of the pencil (`check_reduction` raises where one does not)."""
    r = derive(models.deep_linear_features(50), seconds=0.3)
    found = r.equations
    assert "did not end within 0.3 s" in found.steps[-1]
    assert len(found.unknowns) == 6
    assert found.linear
    text = r.to_latex()
    assert r"M_{1} &=" in text
    assert r"x_{1} &=" in text


@pytest.mark.parametrize("name", ["ridge", "random-features", "real-and-synthetic", "tangent-kernel", "ensemble"])
def test_equations_by_blocks_hold(name):
    r = derive(models.MODELS[name](40))
    cell = r._cell(r.at)
    found = by_blocks(r.trace, cell)
    check_reduction(r.trace, cell, found, float(r.value))
    found.value *= 1.01
    with pytest.raises(ArithmeticError, match="reduced equations give"):
        check_reduction(r.trace, cell, found, float(r.value))
    unknown = next(iter(found.linear))
    found.linear[unknown] += 1
    with pytest.raises(ArithmeticError, match="the equation of"):
        check_reduction(r.trace, cell, found, float(r.value))


def test_exported_weighted_least_squares_at_other_ridges():
    """Two spaces with joint lists, two effective ridges: Newton from the derivation's unknowns."""
    trace = models.weighted_least_squares(60)
    space = {}
    exec(derive(trace, seconds=0.1).to_python(), space)
    w = sample_weights(60)
    for lam in (0.02, 0.3, 1e-4):
        found = space["value"](
            Sigma=power(30, 0.8), B=power(30, 0.5) / 30, Omega=w, V=1 / w, lambda_=lam, n=60,
            n_multiplicities=np.ones(60), d_multiplicities=np.ones(30),
        )  # fmt: skip
        np.testing.assert_allclose(found, float(derive(trace, at={"lambda": lam}).value), rtol=1e-12)


def test_exported_populations_refuse_what_they_do_not_reach():
    trace = models.real_and_synthetic(40)
    space = {}
    exec(derive(trace, seconds=0.1).to_python(), space)
    s, s2, b, c = two_domains(36)
    ones = {"d_multiplicities": np.ones(36), "n1_multiplicities": np.ones(40), "n2_multiplicities": np.ones(24)}
    given = {"Sigma": s, "Sigma2": s2, "B": b, "C": c, "lambda_": 4.0, "error": 1.0, "n1": 40, "n2": 24, **ones}
    found = space["value"](**given)
    np.testing.assert_allclose(found, float(derive(trace).value), rtol=1e-12)
    with pytest.raises(ArithmeticError, match="no root near"), np.errstate(all="ignore"):
        space["value"](**{**given, "lambda_": -1e3})
