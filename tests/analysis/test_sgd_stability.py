"""Claims of the SGD-stability family: enough of them, formulas, and proof that a wrong prediction is caught."""

import dataclasses

import pytest

from solvable.analysis import Kind, Outcome, verify
from solvable.analysis.sgd_stability.claims import CLAIMS


def test_at_least_fourteen_claims():
    assert len(CLAIMS) >= 14


@pytest.mark.parametrize("claim", [c for c in CLAIMS if c.formula is not None], ids=lambda c: c.name)
def test_formula_equals_prediction(claim):
    for cell in claim.grid:
        value = claim.formula.subs({s: cell[str(s)] for s in claim.formula.free_symbols})
        assert float(value) == pytest.approx(claim.predict(**cell), rel=1e-12)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.name)
def test_a_wrong_prediction_is_caught(claim):
    """Equalities 5 % off, the wrong sign of an order, a bound moved past every measurement: never AGREES."""
    wrong = {
        Kind.ORDER: lambda **p: -claim.predict(**p),
        Kind.BOUND: lambda **p: claim.predict(**p) * (0.05 if claim.side == "upper" else 20),
    }.get(claim.kind, lambda **p: 1.05 * claim.predict(**p))
    verdict = verify(dataclasses.replace(claim, predict=wrong, grid=claim.grid[:1], quick=None))
    assert verdict.outcome is Outcome.DISAGREES


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.name)
@pytest.mark.slow
def test_claims_agree_over_the_whole_grid(claim):
    verdict = verify(claim)
    assert verdict.outcome is Outcome.AGREES, str(verdict)
