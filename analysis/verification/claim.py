"""A claim: one checkable statement of the literature, as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

import numpy as np

from solvable.solvers.validate import (
    as_choice,
    as_kind,
    as_nonnegative,
    as_positive,
    as_scalar,
    as_whole,
    refuse,
)

__all__ = ["Claim", "Kind", "Source"]


class Kind(Enum):
    """What sort of statement a claim makes; it decides how the claim is checked."""

    EXACT = "deterministic equality"
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
    predict : callable
        ``predict(**parameters) -> float``. For ``ORDER`` the sign of the difference that `measure` returns;
        for ``THRESHOLD`` the place of the transition; for ``RATE`` the exponent.
    measure : callable
        ``measure(rng, **parameters) -> float``: one independent draw of the matched experiment. For
        ``THRESHOLD`` it also takes ``at=``, the place, and returns a number that is negative below the
        transition and positive above it. For ``EXACT`` `rng` draws the instance.
    grid : sequence of mappings
        The cells. Where `size` is given, a cell holds the smallest size.
    tolerance, absolute_tolerance : float
        The measured value must lie within ``tolerance*|prediction| + absolute_tolerance`` of the prediction.
    formula : sympy expression, optional
        The closed form, in symbols named like the parameters; `predict` is tested against it.
    quantities : callable, optional
        ``quantities(**parameters)``: values, at the precision mpmath is set to, of symbols that a formula may use
        besides the parameters (kappa, df1, ...), each defined by an equation.
    size : str, optional
        The parameter that grows (``ASYMPTOTIC``, ``RATE``); all others are intensive or follow it.
    sizes : sequence of float
        Multiples of the cell's size that are measured.
    side : {"upper", "lower"}, optional
        For ``BOUND``: whether the prediction bounds the measurement from above or from below.
    statistic : {"mean", "median"}
        Medians are for heavy-tailed experiments, and the report says so.
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
    source: Source
    kind: Kind
    predict: Callable[..., float]
    measure: Callable[..., float]
    grid: Sequence[Mapping[str, Any]]
    tolerance: float = 0.0
    absolute_tolerance: float = 0.0
    formula: Any = None
    quantities: Callable[..., Mapping[str, Any]] | None = None
    size: str | None = None
    sizes: Sequence[float] = (1, 2, 4)
    side: Literal["upper", "lower"] | None = None
    statistic: Literal["mean", "median"] = "mean"
    assumptions: str = ""
    convention: str = field(default="", kw_only=True)
    quick: Sequence[int] | None = None
    first_draws: int = 16
    most_draws: int = 4096

    def __post_init__(self) -> None:
        """Refuse a claim that could not be checked, or could not fail."""
        self._check_types()
        if "/" not in self.name or not self.name.replace("/", "").replace("-", "").isalnum():
            raise ValueError(f"name = {self.name!r} is not allowed: write family/what with letters and hyphens.")
        if not self.grid:
            raise ValueError(f"{self.name}: grid is empty: a claim without cells cannot fail.")
        if self.kind not in (Kind.ORDER, Kind.BOUND) and not self.tolerance + self.absolute_tolerance > 0:
            raise ValueError(f"{self.name}: tolerance must be positive: no measurement is exact.")
        if not 0 <= self.tolerance < 1:
            raise ValueError(f"{self.name}: tolerance = {self.tolerance} is not allowed: it must lie in [0, 1).")
        if (self.kind in (Kind.ASYMPTOTIC, Kind.RATE)) != (self.size is not None):
            raise ValueError(f"{self.name}: size must be named for ASYMPTOTIC and RATE claims, and only for them.")
        if self.size is not None and (any(self.size not in cell for cell in self.grid) or len(self.sizes) < 3):
            raise ValueError(f"{self.name}: every cell needs {self.size!r}, and at least three sizes are measured.")
        if (self.kind is Kind.BOUND) != (self.side is not None):
            raise ValueError(f"{self.name}: side must be given for BOUND claims, and only for them.")
        if self.first_draws < 8 and self.kind is not Kind.EXACT:
            raise ValueError(f"{self.name}: first_draws = {self.first_draws} is too few for an interval: at least 8.")

    def _check_types(self) -> None:
        for name in ("name", "statement", "assumptions", "convention"):
            as_kind(name, getattr(self, name), str, "it must be text")
        as_kind("source", self.source, Source, "it must be a Source")
        as_kind("kind", self.kind, Kind, "it must be a Kind")
        for name in ("predict", "measure"):
            as_kind(name, getattr(self, name), Callable, "it must be callable")
        as_kind("quantities", self.quantities, Callable | None, "it must be callable")
        for cell in as_kind("grid", self.grid, list | tuple, "it must be a list of mappings"):
            as_kind("grid", cell, Mapping, "every cell must be a mapping from parameters to values")
        for name in ("tolerance", "absolute_tolerance"):
            as_nonnegative(name, as_kind(name, getattr(self, name), float | int | np.number, "it must be a number"))
        size = as_kind("size", self.size, str | None, "it must be the name of a parameter")
        for cell in self.grid if size is not None else ():
            as_kind(size, cell.get(size, 1), float | int | np.number, "it grows: it must be a number")
        if self.side is not None:
            as_choice("side", self.side, ("upper", "lower"))
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

    def cells(self, quick: bool = False) -> list[dict[str, Any]]:
        """Return the grid, or the part of it that ``--quick`` checks."""
        chosen = range(len(self.grid)) if self.quick is None or not quick else self.quick
        return [dict(self.grid[i]) for i in chosen]
