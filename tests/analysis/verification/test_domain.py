"""A claim's domain: its cells lie inside, random points never leave it, predictions and formulas hold all over it."""

import time
import zlib

import numpy as np
import pytest

from solvable import check
from solvable.analysis import claims
from solvable.analysis.derivation.admission import refuse_outside, why_not
from solvable.analysis.derivation.asked import places_asked
from solvable.analysis.derivation.formula import read_formula
from solvable.analysis.derivation.known import known_values
from solvable.analysis.verification.claim import Kind
from solvable.analysis.verification.domain import Domain
from solvable.index import claim_entry

VALUED = [claim for claim in claims() if claim.kind is not Kind.ORDER]
EVERY = pytest.mark.parametrize("claim", VALUED, ids=lambda claim: claim.name)
SECONDS = 1.0  # of one claim


def drawn(claim):
    """Twenty points, of one seed for each claim, as long as the time lasts."""
    rng, start = np.random.default_rng(zlib.crc32(claim.name.encode())), time.process_time()
    points = claim.domain.points(claim.grid, rng, 20)
    assert len(points) == 20
    for i, point in enumerate(points):
        if i < 3 or time.process_time() - start < SECONDS:
            yield claim.draw(rng, point) if not slow_instance(claim) else None


def slow_instance(claim):
    """Vectors of runs are compared elsewhere; here a prediction is one number."""
    return claim.instance is not None and bool(why_not(claim))


@EVERY
def test_cells_lie_in_the_domain(claim):
    assert claim.domain is not None
    assert all(claim.domain.holds(cell) for cell in claim.grid)


@EVERY
def test_predictions_are_finite_and_formulas_equal_them(claim):
    formula = read_formula(claim.formula, claim) if claim.formula is not None else None
    for point in drawn(claim):
        if point is None:
            return
        value = claim.predict(**point)
        assert np.all(np.isfinite(value)), point
        if formula is not None:
            assert float(formula(known_values(claim, point))) == pytest.approx(value, rel=1e-9, abs=1e-13), point


def test_points_obey_ranges_constraints_counts_and_what_is_held():
    domain = Domain(
        n=(2, 400), d=(1, 200), gamma=(0.1, 4.0), shift=(-1.0, 1.0), where="d < n - 1", counts={"gamma": "n"}
    )
    cells = [{"n": 30, "d": 10, "gamma": 0.5, "shift": 0.0, "law": "even"}]
    points = domain.points(cells, np.random.default_rng(0), 200)
    for p in points:
        assert domain.holds(p)
        assert isinstance(p["n"], int)
        assert p["gamma"] * p["n"] == pytest.approx(round(p["gamma"] * p["n"]), abs=1e-9)
        assert p["law"] == "even"
    assert (
        np.median([p["n"] for p in points]) < 150
    )  # log-uniform: half of the draws lie below sqrt(2*400), less those with d >= n
    near = domain.points(cells, np.random.default_rng(0), 50, held=frozenset({"n"}))
    assert all(20 <= p["n"] <= 41 for p in near)
    for p in domain.points(cells, np.random.default_rng(0), 50, held=frozenset({"gamma"})):  # and whole all the same
        assert 0.3 < p["gamma"] < 0.8
        assert p["gamma"] * p["n"] == pytest.approx(round(p["gamma"] * p["n"]), abs=1e-9)
    assert domain.points(cells, np.random.default_rng(0), 5, keep=lambda p: False) == []
    for p in domain.points([{**cells[0], "gamma": 50.0}], np.random.default_rng(0), 20, held=frozenset({"gamma"})):
        assert 37 < p["gamma"] <= 50  # what a user asks for beyond the range is drawn about
        assert p["gamma"] * p["n"] == pytest.approx(round(p["gamma"] * p["n"]), rel=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Domain(n=(3, 2)), "n = "),
        (lambda: Domain(n=3), "n = "),
        (lambda: Domain(where=3), "where = "),
    ],
)
def test_domains_that_are_none_are_refused(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


@pytest.mark.parametrize(
    ("formula", "against"),
    [
        ("-ridge_exponent/capacity", "model-collapse/variance-exponent"),  # both cells have l/b = 1/2
        ("-2*ridge_exponent*smoothness", "model-collapse/bias-exponent"),
        ("gamma", "ridge/isotropic-effective-ridge"),
        ("2/largest_eigenvalue", "sgd-stability/group-threshold"),
    ],
)
def test_what_cells_cannot_tell_the_domain_does(formula, against):
    assert not check(formula, against, budget=0)


def test_right_formulas_say_where():
    report = check("ridge_exponent/capacity - 1", "model-collapse/variance-exponent", budget=0)
    assert report.sentence == "agrees everywhere tried"
    assert report.where.startswith("20 random points and 2 cells: ")
    assert "capacity 1." in report.where
    assert "skipped: simulation (budget 0)" in report.where
    assert report.where in str(report)


@pytest.mark.parametrize(
    "against", [claim.name for claim in claims() if claim.kind is Kind.ORDER and claim.formula is None][:4]
)
def test_orders_name_the_claims_that_take_a_formula(against):
    with pytest.raises(ValueError, match=r"which of two quantities is larger.*of its family these take a formula"):
        check("1", against, budget=0)


def test_one_number_everywhere_is_refused_and_places_outside_are():
    with pytest.raises(ValueError, match=r"is the number 1\.6862 everywhere"):
        check("1", "double-descent/flow-is-nearly-ridge", budget=0)
    with pytest.raises(ValueError, match="none of its family takes one"):
        check("1", "curvature/gauss-newton-dual", budget=0)
    with pytest.raises(ValueError, match="these take a formula: convex-losses/"):  # by their solvers alone
        check("1", "convex-losses/logistic-peak", budget=0)
    with pytest.raises(ValueError, match="is about gamma < 1"):
        check("gamma", "ridge/isotropic-ridgeless-variance", at={"gamma": 2.0}, budget=0)


def test_at_least_120_claims_have_a_closed_form_or_quantities():
    stated = [claim for claim in claims() if not why_not(claim)]
    assert sum(claim.formula is not None or claim.quantities is not None for claim in stated) >= 120


TAKING = [claim for claim in VALUED if not claim_entry(claim.name)["takes"]]  # as the index has it: why_not draws


@pytest.mark.parametrize("claim", TAKING, ids=lambda claim: claim.name)
def test_places_without_a_value_are_refused_in_a_sentence(claim):
    """Each parameter in turn is put where no claim has a value: no number, or a law that is none of its own."""
    for name, value in claim.grid[0].items():
        wrong = float("nan") if isinstance(value, int | float) else "no such thing"
        with pytest.raises((ValueError, TypeError), match=r"^at.* is not allowed: \S"):
            refuse_outside(claim, places_asked({name: wrong}, dict(claim.grid[0])))


@pytest.mark.parametrize("at", [[], [{"nobody": 1.0}], {"nobody": 1.0}, [{"gamma": 0.3}, {"n": "many"}]])
def test_places_that_are_none_are_refused(at):
    with pytest.raises(ValueError, match=r"^at.* is not allowed: "):
        check("gamma", "ridge/isotropic-ridgeless-variance", at=at, budget=0)


def test_a_place_beyond_the_usual_range_is_compared_at_20_points():
    report = check(
        "sigma**2*gamma/(1 - gamma)", "ridge/isotropic-ridgeless-variance", at={"noise_variance": 1e6}, budget=0
    )
    assert report.where.startswith("20 random points and 1 cell: ")
    twice = check(
        "2*sigma**2*gamma/(1-gamma)", "ridge/isotropic-ridgeless-variance", at={"noise_variance": 1e6}, budget=0
    )
    assert twice.slip == ("factor 2",)


def test_cells_of_names_alone_are_compared_and_counted_once():
    report = check("1 + pi/7", "in-context/prior-fitted-is-posterior", budget=0)
    assert report.outcome.value == "DISAGREES"
    assert report.where.startswith("3 cells: law known, discrete, inverse-gamma")
    one = check("1.23606797749979", "diagonal-networks/two-cycle-stability", budget=0)
    assert one.where.startswith("1 cell: ")  # the place asked is the cell, and no random one


def test_a_slow_solver_is_not_asked_at_larger_sizes_in_vain():
    start = time.process_time()
    assert not check("1 + pi/7", "imputation/risk-on-drawn-masks", budget=0)
    assert time.process_time() - start < 10  # the budget of any call; it takes 1.5 s
