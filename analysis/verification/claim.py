"""A claim: one checkable statement of the literature, as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from enum import Enum
from typing import Any, Literal

import numpy as np

from solvable.analysis.verification.domain import Domain
from solvable.solvers.validate import (
    as_choice,
    as_kind,
    as_nonnegative,
    as_positive,
    as_scalar,
    as_whole,
    refuse,
)

__all__ = ["Claim", "Kind", "Source", "cells"]


_ROUNDING = 1e-9  # what EXACT may be off by, relative or absolute


class Kind(Enum):
    """What sort of statement a claim makes; it decides how the claim is checked."""

    EXACT = "deterministic equality, to rounding"
    NUMERICAL = "deterministic equality, to the accuracy of a trained or integrated run"
    MEAN = "exact in expectation at finite size"
    ASYMPTOTIC = "equality as the size grows"
    BOUND = "one-sided inequality"
    THRESHOLD = "a transition at the predicted place"
    RATE = "an exponent"
    ORDER = "which of two quantities is larger"


@dataclass(frozen=True)
class Source:
    """Where a statement comes from: a key of papers.bib and, where someone read it there, the place in it."""

    key: str
    locator: str = ""

    def __post_init__(self) -> None:
        """Refuse what is not text."""
        as_kind("key", self.key, str, "it must be a key of papers.bib, or 'derived'")
        as_kind("locator", self.locator, str, "it must be text")

    def __str__(self) -> str:
        """Key and locator."""
        return f"{self.key}, {self.locator}" if self.locator else self.key


def _formula(**_: Any) -> float:
    """Stand for the value of the claim's formula until there is a claim."""
    raise TypeError("a claim without predict and formula predicts nothing")


def _value_of(claim: Claim) -> Callable[..., float]:
    """Return the prediction that is the claim's formula in the parameters."""
    if claim.formula is None:
        raise ValueError(f"{claim.name}: predict must be given where there is no formula.")
    from sympy import lambdify

    needed = sorted(str(symbol) for symbol in claim.formula.free_symbols)
    missing = set(needed).difference(*claim.grid[:1])
    if missing and not claim.draws_predictions:
        raise ValueError(f"{claim.name}: predict must be given: the formula's {min(missing)} is no parameter.")
    function = lambdify(needed, claim.formula, "math")
    return lambda **parameters: float(function(*(parameters[name] for name in needed)))


@dataclass(frozen=True)
class Claim:
    """One statement, its prediction and its matched experiment; the two share no code.

    Parameters
    ----------
    name : str
        ``family/what``, lower case with hyphens.
    statement : str
        One sentence of Unicode text: Greek letters, ``²``, ``√``; ``s_i`` and ``e^{-t}`` become indices and powers
        on pages. See `solvable.analysis.writing.prose`.
    source : Source
        Paper and place.
    kind : Kind
        Decides the check; see `solvable.analysis.verification.verifier`.
    predict : callable, optional
        ``predict(**parameters) -> float``. For ``ORDER`` the sign of the difference that `measure` returns;
        for ``THRESHOLD`` the place of the transition; for ``RATE`` the exponent. Default: the value of `formula`, where
        no solver computes it by a route of its own.
    measure : callable
        ``measure(rng, **parameters) -> float``: one independent draw of the matched experiment. For
        ``THRESHOLD`` it also takes ``at=``, the place, and returns a number that is negative below the
        transition and positive above it. For ``EXACT`` and ``NUMERICAL`` both functions may return arrays of one
        shape, which are compared entry by entry in units of the largest.
    grid : sequence of mappings
        The cells. Where `size` is given, a cell holds the smallest size.
    instance : callable, optional
        ``instance(rng, **parameters) -> mapping``: what is drawn before anything is predicted or measured, such as a
        data set. `predict` and `measure` then take its entries beside the cell's, and every draw
        is compared with its own prediction: the mean of ``(measured - prediction)/margin``, a ratio under `tolerance`
        and a difference under `absolute_tolerance`, for ``MEAN`` and ``ASYMPTOTIC``; every single instance for
        ``EXACT``, ``NUMERICAL`` and ``BOUND``; the predicted sign of each for ``ORDER``. A ``THRESHOLD`` and a
        ``RATE`` are predicted for a cell and take none.
    given : sequence of str
        What a prediction starts from that only the run itself knows (an integral along its path): `measure` then
        returns ``(measured, mapping)`` with these names, `predict` takes them too, and draws are compared one by one,
        as with an instance.
    tolerance, absolute_tolerance : float
        The measured value must lie within ``tolerance*|prediction| + absolute_tolerance`` of the prediction.
    reason : str
        For ``NUMERICAL``: what limits the accuracy of the run, hence the tolerance.
    formula : sympy expression, optional
        The closed form, in symbols named like the parameters; a `predict` of its own is tested against it.
    quantities : callable, optional
        ``quantities(**parameters)``: values, at the precision mpmath is set to, of symbols that a formula may use
        besides the parameters (kappa, df1, ...), each defined by an equation.
    domain : Domain, optional
        Where the numeric parameters may lie: `predict` has a finite value there, and formulas are compared there.
    size : str, optional
        The parameter that grows (``ASYMPTOTIC``, ``RATE``); all others are intensive or follow it.
    sizes : sequence of float
        Multiples of the cell's size that are measured.
    order : float
        Order of the finite-size correction, ``size**-order`` (``ASYMPTOTIC``, ``RATE``): what is extrapolated, and
        tested over the sizes.
    side : {"upper", "lower"}, optional
        For ``BOUND``: whether the prediction bounds the measurement from above or from below.
    statistic : {"mean", "median"}
        Medians are for heavy-tailed experiments, and the report says so.
    bounds : pair of floats, optional
        Where every measurement lies by definition: means then have intervals that hold for every law within them.
    deterministic : bool
        Whether every draw is the same number, up to 1e-5 of it (a minimiser from random starts); equal draws decide
        nothing unless it is declared. Three are drawn, and all must lie in what is allowed.
    assumptions : str
        Range of validity, one sentence.
    convention : str
        Name of the loss or scaling, in the family's ``symbols``, that fixes the normalisation of the parameters; not
        needed where the family has one only. See `solvable.analysis.writing.conventions`.
    quick : sequence of int, optional
        Cells checked by ``--quick`` (default: all of them). Tolerances never change.
    first_draws, most_draws : int
        Draws before the first look and at most, for each cell and size.
    """

    name: str
    statement: str
    _: KW_ONLY
    source: Source
    kind: Kind
    predict: Callable[..., Any] = _formula
    measure: Callable[..., Any]
    grid: Sequence[Mapping[str, Any]]
    instance: Callable[..., Mapping[str, Any]] | None = None
    given: Sequence[str] = ()
    tolerance: float = 0.0
    absolute_tolerance: float = 0.0
    reason: str = ""
    formula: Any = None
    quantities: Callable[..., Mapping[str, Any]] | None = None
    domain: Domain | None = None
    size: str | None = None
    sizes: Sequence[float] = (1, 2, 4)
    order: float = 1.0
    side: Literal["upper", "lower"] | None = None
    statistic: Literal["mean", "median"] = "mean"
    bounds: tuple[float, float] | None = None
    deterministic: bool = False
    assumptions: str = ""
    convention: str = ""
    quick: Sequence[int] | None = None
    first_draws: int = 16
    most_draws: int = 4096

    def __post_init__(self) -> None:
        """Refuse a claim that could not be checked, or could not fail."""
        self._check_types()
        if self.predict is _formula:
            object.__setattr__(self, "predict", _value_of(self))
        if "/" not in self.name or not self.name.replace("/", "").replace("-", "").isalnum():
            raise ValueError(f"name = {self.name!r} is not allowed: write family/what with letters and hyphens.")
        if not self.grid:
            raise ValueError(f"{self.name}: grid is empty: a claim without cells cannot fail.")
        if self.kind not in (Kind.ORDER, Kind.BOUND) and not self.tolerance + self.absolute_tolerance > 0:
            raise ValueError(f"{self.name}: tolerance must be positive: no measurement is exact.")
        if self.kind is Kind.EXACT and max(self.tolerance, self.absolute_tolerance) > _ROUNDING:
            raise ValueError(
                f"{self.name}: tolerance = {max(self.tolerance, self.absolute_tolerance):g} is not allowed: EXACT "
                f"means {_ROUNDING:g} or better; NUMERICAL states a looser one with its reason."
            )
        if not 0 <= self.tolerance < 1:
            raise ValueError(f"{self.name}: tolerance = {self.tolerance} is not allowed: it must lie in [0, 1).")
        if (self.kind in (Kind.ASYMPTOTIC, Kind.RATE)) != (self.size is not None):
            raise ValueError(f"{self.name}: size must be named for ASYMPTOTIC and RATE claims, and only for them.")
        if self.size is not None and (any(self.size not in cell for cell in self.grid) or len(self.sizes) < 3):
            raise ValueError(f"{self.name}: every cell needs {self.size!r}, and at least three sizes are measured.")
        if (self.kind is Kind.BOUND) != (self.side is not None):
            raise ValueError(f"{self.name}: side must be given for BOUND claims, and only for them.")
        if self.first_draws < 8 and self.kind not in (Kind.EXACT, Kind.NUMERICAL):
            raise ValueError(f"{self.name}: first_draws = {self.first_draws} is too few for an interval: at least 8.")
        if self.draws_predictions and self.kind in (Kind.RATE, Kind.THRESHOLD):
            raise ValueError(f"{self.name}: {self.kind.name} is predicted for a whole cell: it takes no instance.")
        if self.bounds is not None and (
            self.draws_predictions or self.statistic != "mean" or self.kind in (Kind.RATE, Kind.EXACT, Kind.NUMERICAL)
        ):
            raise ValueError(f"{self.name}: bounds are not allowed: they are for means of measurements.")
        if (self.kind is Kind.NUMERICAL) != bool(self.reason):
            raise ValueError(f"{self.name}: reason must be given for NUMERICAL claims, and only for them.")

    def _check_types(self) -> None:
        for name in ("name", "statement", "assumptions", "convention", "reason"):
            as_kind(name, getattr(self, name), str, "it must be text")
        as_kind("source", self.source, Source, "it must be a Source")
        as_kind("kind", self.kind, Kind, "it must be a Kind")
        for name in ("predict", "measure"):
            as_kind(name, getattr(self, name), Callable, "it must be callable")
        for name in ("quantities", "instance"):
            as_kind(name, getattr(self, name), Callable | None, "it must be callable")
        for name in as_kind("given", self.given, list | tuple, "it must be a list of names"):
            as_kind("given", name, str, "its names must be text")
        for cell in as_kind("grid", self.grid, list | tuple, "it must be a list of mappings"):
            as_kind("grid", cell, Mapping, "every cell must be a mapping from parameters to values")
        for name in ("tolerance", "absolute_tolerance"):
            as_nonnegative(name, as_kind(name, getattr(self, name), float | int | np.number, "it must be a number"))
        as_kind("domain", self.domain, Domain | None, "it must be a Domain")
        size = as_kind("size", self.size, str | None, "it must be the name of a parameter")
        for cell in self.grid if size is not None else ():
            as_kind(size, cell.get(size, 1), float | int | np.number, "it grows: it must be a number")
        if self.side is not None:
            as_choice("side", self.side, ("upper", "lower"))
        as_scalar("order", self.order, as_positive)
        as_kind("deterministic", self.deterministic, bool, "it must be True or False")
        if self.bounds is not None:
            ends = as_kind("bounds", self.bounds, list | tuple, "it must be a pair of numbers")
            if len(ends) != 2 or not as_scalar("bounds", ends[0]) < as_scalar("bounds", ends[1]):
                raise refuse("bounds", self.bounds, "it must be a pair of rising numbers")
        as_choice("statistic", self.statistic, ("mean", "median"))
        for factor in as_kind("sizes", self.sizes, list | tuple, "it must be a list of multiples"):
            as_scalar("sizes", factor, as_positive)
        for index in as_kind("quick", self.quick, Sequence | None, "it must be a list of indices into grid") or ():
            if as_kind("quick", index, int, "its indices are whole numbers") not in range(len(self.grid)):
                raise refuse("quick", index, f"its indices lie below {len(self.grid)}")
        for name in ("first_draws", "most_draws"):
            as_whole(name, as_kind(name, getattr(self, name), int, "it must be a whole number"))

    @property
    def family(self) -> str:
        """The part of the name before the slash."""
        return self.name.split("/")[0]

    @property
    def draws_predictions(self) -> bool:
        """Whether every draw has a prediction of its own, made from an instance or from what its run gives."""
        return self.instance is not None or bool(self.given)

    def cells(self, quick: bool = False) -> list[dict[str, Any]]:
        """Return the grid, or the part of it that ``--quick`` checks."""
        chosen = range(len(self.grid)) if self.quick is None or not quick else self.quick
        return [dict(self.grid[i]) for i in chosen]

    def draw(self, rng: np.random.Generator, cell: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters of one prediction: the cell, its instance, and what a run gives where one must."""
        return self.trial(rng, cell)[0] if self.given else self._with_instance(rng, cell)

    def trial(self, rng: np.random.Generator, cell: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
        """Return the parameters of one prediction and what is measured beside it."""
        parameters = self._with_instance(rng, cell)
        found = self.measure(rng, **parameters)
        if not self.given:
            return parameters, found
        if not (isinstance(found, tuple) and len(found) == 2 and isinstance(found[1], Mapping)):
            raise refuse("measure", found, f"{self.name}: it must return a value and a mapping of what is given")
        if set(found[1]) != set(self.given):
            raise refuse("given", self.given, f"{self.name}: measure gives {', '.join(found[1])}")
        return _joined(self.name, "given", parameters, found[1]), found[0]

    def _with_instance(self, rng: np.random.Generator, cell: Mapping[str, Any]) -> dict[str, Any]:
        if self.instance is None:
            return dict(cell)
        drawn = as_kind("instance", self.instance(rng, **cell), Mapping, f"{self.name}: it must return a mapping")
        return _joined(self.name, "instance", cell, drawn)


def _joined(claim: str, field: str, cell: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    for name in more:
        if name in cell:
            raise refuse(field, name, f"{claim}: the cells already have a parameter of this name")
    return {**cell, **more}


def cells(names: str, rows: Sequence[Any], /, **shared: Any) -> list[dict[str, Any]]:
    """Return cells from a header and rows: ``cells("gamma lam", [(0.5, 0.1), (2.0, 0.1)], n=50)``.

    Parameters
    ----------
    names : str
        Names of the columns, separated by blanks.
    rows : sequence
        One tuple a cell; bare values where there is one column.
    **shared
        Parameters that are the same in all cells.

    Returns
    -------
    list of dict

    Examples
    --------
    >>> from solvable.analysis.verification.claim import cells
    >>> cells("d", [3, 5], observed=0.5)
    [{'observed': 0.5, 'd': 3}, {'observed': 0.5, 'd': 5}]
    """
    columns = names.split()
    tuples = [(row,) for row in rows] if len(columns) == 1 else rows
    return [{**shared, **dict(zip(columns, row, strict=True))} for row in tuples]
