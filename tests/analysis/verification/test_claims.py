"""Every claim of every family: its formula is its prediction, and a wrong prediction is caught."""

import dataclasses

import numpy as np
import pytest

from solvable.analysis import Kind, Outcome, claims, verify

EVERY = pytest.mark.parametrize("claim", claims(), ids=lambda claim: claim.name)


@pytest.mark.parametrize("claim", [c for c in claims() if c.formula is not None], ids=lambda claim: claim.name)
def test_formula_equals_prediction(claim):
    rng = np.random.default_rng(0)
    for cell in (claim.draw(rng, cell) for cell in claim.grid):
        known = {**cell, **(claim.quantities(**cell) if claim.quantities else {})}
        value = claim.formula.subs({symbol: known[str(symbol)] for symbol in claim.formula.free_symbols})
        assert float(value) == pytest.approx(claim.predict(**cell), rel=1e-12, abs=1e-13)


@EVERY
def test_a_wrong_prediction_is_caught(claim):
    """Equalities 5 % off (3 tolerances where that is more), the wrong sign of an order, a bound moved past the data."""
    off = max(0.05, 3 * claim.tolerance)
    wrong = {
        Kind.ORDER: lambda **p: -claim.predict(**p),
        Kind.BOUND: lambda **p: claim.predict(**p) * (0.05 if claim.side == "upper" else 20),
    }.get(claim.kind, lambda **p: claim.predict(**p) * (1 + off) + 3 * claim.absolute_tolerance)
    # what is far off shows in a few draws: the first look is as early as looks may be
    verdict = verify(dataclasses.replace(claim, predict=wrong, grid=claim.grid[:1], quick=None, first_draws=8))
    assert verdict.outcome is Outcome.DISAGREES, str(verdict)


@EVERY
@pytest.mark.slow
def test_claims_agree_over_the_whole_grid(claim):
    verdict = verify(claim)
    assert verdict.outcome is Outcome.AGREES, str(verdict)
