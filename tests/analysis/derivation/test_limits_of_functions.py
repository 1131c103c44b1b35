"""A user's function is asked within a time: one that never returns leaves a verdict open."""

import threading

import pytest

from solvable import check
from solvable.analysis.derivation import formula
from solvable.analysis.derivation.limited import bounded


def forever(gamma, noise_variance):
    while True:
        pass


def for_some(gamma, noise_variance):
    """Right where it returns."""
    while gamma > 0.3:
        pass
    return noise_variance * gamma / (1 - gamma)


@pytest.mark.parametrize("function", [forever, for_some])
def test_a_function_that_never_returns_decides_nothing(function, monkeypatch):
    monkeypatch.setattr(formula, "_CALL_SECONDS", 0.1)
    before = threading.active_count()
    report = check(function, against="ridge/isotropic-ridgeless-variance", budget=0)
    assert report.outcome.value != "AGREES"
    assert not report
    assert threading.active_count() == before  # nothing runs on


def test_an_error_is_that_of_the_work():
    with pytest.raises(ZeroDivisionError):
        bounded(1.0, lambda: 1 / 0)
    assert bounded(1.0, lambda: 7) == 7
