"""`check`: is this formula right, and if not, where and by what?"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.derivation.admission import refuse_outside, refuse_unnamed, tried_where
from solvable.analysis.derivation.formula import Formula, known_values, read_formula
from solvable.analysis.derivation.report import CheckReport, Stage
from solvable.analysis.derivation.slips import find_slip, partial_agreement
from solvable.analysis.derivation.stages import (
    SAME,
    against_simulation,
    against_solver,
    columns_at,
    float_values,
    high_precision,
    random_points,
    symbolic,
    without_outcome,
)
from solvable.analysis.verification.catalogue import claim as find_claim
from solvable.analysis.verification.claim import Claim, Kind, Source
from solvable.analysis.verification.verifier import Outcome, verify
from solvable.solvers.validate import as_choice, as_kind, as_nonnegative, as_scalar, as_seed, as_whole, refuse

__all__ = ["check", "check_bound", "check_rate"]

Array = NDArray[np.float64]


def check(
    formula: Any,
    against: str | Claim | None = None,
    symbols: Mapping[str, Any] | None = None,
    at: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    rng: Any = None,
    budget: int | None = None,
    *,
    experiment: Callable[..., float] | None = None,
    size: str | None = None,
    tolerance: float = 0.02,
    latex: bool = False,
    quick: bool = True,
) -> CheckReport:
    r"""Check a formula against a claim of the catalogue, or against your own simulation.

    Four stages: symbolic equality with our formula; equality at 20 random points at 50 digits; agreement with the
    solver over the claim's grid; agreement with the simulation, an equivalence test that a weak simulation cannot
    pass. Where it disagrees, the common convention slips and their pairs are searched, and verified before they are
    named.

    Parameters
    ----------
    formula : str, sympy expression or callable
        In the claim's parameters (or usual names for them: ``sigma**2``, ``lambda``, ``delta``, ``eta``, ...), and in
        what its equations define: ``kappa``, ``df1``, ``df2``, ``unlearned``, ``gamma_rf``, ``z``, ...
        ``mp_mean(f)`` is a mean over x under the Marchenko-Pastur law.
    against : str or Claim
        Name of a claim; or leave it out and give `experiment`.
    symbols : mapping, optional
        What your symbols are in ours: ``{"s": "sqrt(noise_variance)"}``.
    at : mapping or sequence of mappings, optional
        Where to check in place of the claim's grid: cells, or one mapping with lists (their product is taken);
        parameters that are not given keep the values of the claim's first cell.
    rng : Generator, SeedSequence or int, optional
        Seed of the points and of the simulation.
    budget : int, optional
        Draws for each cell and size at most; 0 skips the simulation.
    experiment : callable, optional
        ``experiment(rng, **parameters) -> float``, one draw of your own simulation; needs `at`.
    size, tolerance : str, float
        For your own experiment: the parameter that grows (the deviation is extrapolated over s, 2s, 4s) or None for
        equality in the mean, and the relative deviation that still counts as agreement.
    latex : bool
        Whether a string is LaTeX.
    quick : bool
        Simulate the claim's quick cells only.

    Returns
    -------
    CheckReport
        Prints as a verdict and its stages; a table and a picture in a notebook.

    Raises
    ------
    ValueError
        A formula that cannot be read, an unknown symbol, a claim about drawn instances that no formula in numbers can
        express, neither or both of `against` and `experiment`.
    LookupError
        An unknown claim, with the closest names.

    Examples
    --------
    >>> from solvable import check
    >>> report = check("sigma**2*gamma/(1 - gamma)", against="ridge/isotropic-ridgeless-variance", budget=0)
    >>> report.sentence
    'agrees everywhere tried'
    >>> check("2*sigma**2*gamma/(1 - gamma)", against="ridge/isotropic-ridgeless-variance", budget=0).sentence
    'differs by the constant factor 2: yours is 2 times ours'
    """
    if (against is None) == (experiment is None):
        raise refuse("against, experiment", (against, experiment), "give one of them")
    seed = _seed(rng)
    as_kind("latex", latex, bool, "it must be True or False"), as_kind("quick", quick, bool, "it must be True or False")
    if experiment is not None:
        return _against_experiment(formula, experiment, symbols, at, seed, budget, size, tolerance, latex)
    claim = find_claim(against) if isinstance(against, str) else against
    claim = as_kind("against", claim, Claim, "it must be a Claim or the name of one")
    refuse_unnamed(claim)
    cells = _cells(at, dict(claim.grid[0])) or [dict(cell) for cell in claim.grid]
    budget = None if budget is None else _budget(budget)
    claim = dataclasses.replace(claim, grid=cells, quick=None if at is not None else claim.quick)
    refuse_outside(claim, cells)
    yours = read_formula(formula, claim, symbols, latex)
    claim = _in_range(claim, yours)
    points = random_points(claim, np.random.default_rng(seed), yours, _given(at))
    precise, ours, found = high_precision(yours, claim, points)
    points = points[: len(ours)] if claim.formula is not None else points
    solver, rows, tried = against_solver(yours, claim, seed, points)
    stages = [symbolic(yours, claim, precise.outcome), precise, solver]
    slip, partial = None, None
    if "DISAGREES" in (precise.outcome, solver.outcome):
        points = [row["parameters"] for row in tried] or points
        ours, found = float_values(yours, claim, points, ours, found)
        columns = columns_at(claim, points)
        close = np.abs(found - ours) <= SAME * np.maximum(np.abs(ours), 1e-300)
        partial = partial_agreement(close, columns)
        slip = None if partial else find_slip(yours.on, yours.names, ours, columns)
        partial = partial or (None if slip else partial_agreement(close, columns, degenerate=True))
    simulation, verdict = against_simulation(yours, claim, seed, budget, quick)
    stages.append(simulation)
    sentence = _sentence(stages, [*rows, *tried], partial, slip.sentence if slip else None)
    asked = points if claim.formula is not None else [row["parameters"] for row in tried]
    return CheckReport(
        sentence, _overall(stages), tuple(stages), yours.text, claim.name, slip.parts if slip else (), rows, verdict,
        yours.read_as, tried_where(claim, asked, stages),
    )  # fmt: skip


def _in_range(claim: Claim, yours: Formula) -> Claim:
    """Return the claim with the cells that lie in the range the author states."""
    if yours.condition is None:
        return claim
    kept = [i for i, cell in enumerate(claim.grid) if yours.stated_at(known_values(claim, cell))]
    if not kept:
        raise refuse("formula", yours.text, "its range leaves out every cell that is compared")
    quick = None if claim.quick is None else [kept.index(i) for i in claim.quick if i in kept]
    return dataclasses.replace(claim, grid=[claim.grid[i] for i in kept], quick=quick or None)


def check_rate(
    experiment: Callable[..., float],
    size: str = "n",
    exponent: float = -1.0,
    at: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    *,
    tolerance: float = 0.1,
    rng: Any = None,
    budget: int = 4096,
) -> CheckReport:
    """Check that a positive quantity of your own simulation scales as a power of `size`.

    Parameters
    ----------
    experiment : callable
        ``experiment(rng, **parameters) -> float``, one draw; its mean must be positive.
    size : str
        The parameter that grows: measured at the value in `at`, twice and four times it.
    exponent : float
        The power that is claimed.
    at : mapping or sequence of mappings
        Cells, `size` among their parameters.
    tolerance : float
        Deviation of the exponent that still counts as agreement.
    rng, budget
        As `check`.

    Returns
    -------
    CheckReport
        One stage: the simulation.

    Examples
    --------
    >>> from solvable import check_rate
    >>> report = check_rate(lambda rng, n: rng.standard_normal(n).mean() ** 2, exponent=-1, at={"n": 10})
    >>> report.outcome.value
    'AGREES'
    """
    exponent, budget = as_scalar("exponent", exponent), as_whole("budget", budget)
    claim = Claim(
        "user/rate",
        "an exponent",
        source=Source("derived"),
        kind=Kind.RATE,
        predict=lambda **_: exponent,
        measure=experiment,
        grid=_own_cells(at),
        absolute_tolerance=tolerance,
        size=size,
        most_draws=budget,
    )
    return _own_report(claim, f"{size}**{exponent:g}", _seed(rng))


def check_bound(
    formula: Any,
    experiment: Callable[..., float],
    at: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    *,
    side: str = "upper",
    symbols: Mapping[str, Any] | None = None,
    latex: bool = False,
    rng: Any = None,
    budget: int = 4096,
) -> CheckReport:
    """Check that a formula bounds the mean of your own simulation.

    Parameters
    ----------
    formula : str, sympy expression or callable
        The bound, in the parameters of `at`.
    experiment : callable
        ``experiment(rng, **parameters) -> float``, one draw.
    at : mapping or sequence of mappings
        Cells.
    side : {"upper", "lower"}
        Whether the formula bounds from above or from below.
    symbols, latex, rng, budget
        As `check`.

    Returns
    -------
    CheckReport
        One stage: the simulation.

    Examples
    --------
    >>> from solvable import check_bound
    >>> report = check_bound("1/sqrt(n)", lambda rng, n: abs(rng.standard_normal(n).mean()), at={"n": [4, 16]})
    >>> report.outcome.value
    'AGREES'
    """
    as_choice("side", side, ("upper", "lower"))
    yours = read_formula(formula, None, symbols, latex)
    claim = Claim(
        "user/bound",
        "a bound",
        source=Source("derived"),
        kind=Kind.BOUND,
        predict=_as_prediction(yours),
        measure=experiment,
        grid=_own_cells(at, yours),
        side=side,  # type: ignore[arg-type]
        most_draws=as_whole("budget", budget),
    )
    return _own_report(claim, yours.text, _seed(rng), yours)


def _seed(rng: Any) -> int:
    if rng is None:
        return 0
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**31))
    if isinstance(rng, np.random.SeedSequence):
        return int(rng.generate_state(1)[0])
    return as_seed("rng", rng)


def _budget(value: Any) -> int:
    """Draws for each cell and size at most; 0 skips the simulation."""
    return as_whole("budget", value) if as_scalar("budget", value, as_nonnegative) > 0 else 0


def _cells(at: Any, base: dict[str, Any]) -> list[dict[str, Any]]:
    """Cells from a list of them, or from one mapping whose lists are multiplied out."""
    if at is None:
        return []
    allowed = "it must be a mapping from parameters to values, or a list of them"
    if not isinstance(at, Mapping):
        cells = [as_kind("at", cell, Mapping, allowed) for cell in as_kind("at", at, list | tuple, allowed)]
        return [
            {**base, **{name: _like(base.get(name), name, value) for name, value in cell.items()}} for cell in cells
        ]
    lists = {name: value if isinstance(value, list | tuple | np.ndarray) else [value] for name, value in at.items()}
    unknown = set(lists) - set(base) if base else set()
    if unknown:
        raise refuse("at", sorted(unknown)[0], f"the claim's parameters are {', '.join(base)}")
    plain = [[_like(base.get(name), name, value) for value in values] for name, values in lists.items()]
    return [{**base, **dict(zip(lists, values, strict=True))} for values in itertools.product(*plain)]


def _given(at: Any) -> frozenset[str]:
    """Names of the parameters that the user fixed."""
    return frozenset(at if isinstance(at, Mapping) else itertools.chain.from_iterable(at or ()))


def _like(old: Any, name: str, value: Any) -> Any:
    """Plain number of the type the claim uses: its experiments count in whole numbers."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(old, int | float) and not isinstance(value, int | float):
        raise refuse(f"at[{name!r}]", value, "the claim wants a number")
    if isinstance(old, int) and isinstance(value, float):
        if not value.is_integer():
            raise refuse(f"at[{name!r}]", value, "the claim wants a whole number")
        return int(value)
    return float(value) if isinstance(old, float) and isinstance(value, int) else value


def _own_cells(at: Any, yours: Formula | None = None) -> list[dict[str, Any]]:
    cells = _cells(at, {})
    if not cells:
        raise refuse("at", at, "your own experiment needs the parameters to run it at")
    for cell in cells:
        missing = sorted(set(yours.names) - set(cell)) if yours else []
        if missing:
            raise refuse("at", cell, f"the formula also needs {missing[0]}")
    return cells


def _as_prediction(yours: Formula) -> Callable[..., float]:
    def predict(**parameters: Any) -> float:
        return float(yours(parameters))

    return predict


def _against_experiment(
    formula: Any, experiment: Callable[..., float], symbols: Any, at: Any, seed: int, budget: int | None,
    size: str | None, tolerance: float, latex: bool,
) -> CheckReport:  # fmt: skip
    yours = read_formula(formula, None, symbols, latex)
    claim = Claim(
        "user/formula", "your formula", source=Source("derived"), kind=Kind.MEAN if size is None else Kind.ASYMPTOTIC,
        predict=_as_prediction(yours), measure=experiment, grid=_own_cells(at, yours), tolerance=tolerance, size=size,
        most_draws=4096 if budget is None else _budget(budget) or 4096,
    )  # fmt: skip
    return _own_report(claim, yours.text, seed, yours)


def _own_report(claim: Claim, text: str, seed: int, yours: Formula | None = None) -> CheckReport:
    verdict = verify(claim, seed=seed)
    stage = Stage("simulation", verdict.outcome.value, without_outcome(verdict))
    sentence = {Outcome.AGREES: "agrees with the simulation", Outcome.DISAGREES: "the simulation disagrees",
                Outcome.INCONCLUSIVE: "the simulation does not decide"}[verdict.outcome]  # fmt: skip
    return CheckReport(sentence, verdict.outcome, (stage,), text, "experiment", (), (), verdict,
                       yours.read_as if yours else "")  # fmt: skip


def _overall(stages: list[Stage]) -> Outcome:
    outcomes = {stage.outcome for stage in stages}
    for outcome in (Outcome.DISAGREES, Outcome.INCONCLUSIVE):
        if outcome.value in outcomes:
            return outcome
    return Outcome.AGREES


def _sentence(stages: list[Stage], rows: Any, partial: str | None, slip: str | None) -> str:
    """Put the verdict on top."""
    symbols, precise, solver, simulation = (stage.outcome for stage in stages)
    if partial:
        return f"agrees for {partial} only"
    if slip:
        return slip
    if "DISAGREES" in (symbols, precise, solver):
        gaps = [abs(row["yours"] / row["ours"] - 1) for row in rows if row["ours"]]
        finite = [gap for gap in gaps if np.isfinite(gap)]
        if not finite:
            return "disagrees: it has no finite value on the claim's grid"
        span = f"{100 * min(finite):.2g} % to {100 * max(finite):.2g} %"
        return f"differs by {span} over the grid; no common slip explains it"
    if simulation == "DISAGREES":
        return "equals our formula, but the simulation disagrees with both"
    if simulation == "INCONCLUSIVE":
        return "equals our formula; the simulation did not decide within its budget"
    return "agrees everywhere tried"
