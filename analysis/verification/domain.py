"""Where a claim holds and its prediction can be asked for: ranges of the numeric parameters and what ties them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from solvable.solvers.validate import as_kind, as_scalar, refuse

__all__ = ["Domain"]

Cell = Mapping[str, Any]
Range = tuple[float, float]
_DECADES, _TRIES = 3, 200


@cache
def _compiled(text: str) -> Any:
    return compile(text, "domain", "eval")


def _value(text: str, point: Cell) -> Any:
    """Value of an expression of a claim's author; builtins are not needed."""
    return eval(_compiled(text), {"__builtins__": {}, "min": min, "max": max, "sqrt": math.sqrt}, dict(point))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True, init=False)
class Domain:
    """Ranges, constraints and whole products of the numeric parameters of a claim.

    Parameters
    ----------
    where : str
        A Python comparison between parameters, such as ``"d < n - 1"``; outside of it the claim says nothing.
    counts : mapping, optional
        Ratios that count something: ``{"gamma": "n"}`` draws gamma such that gamma n is whole.
    **ranges
        Lowest and highest value of each parameter that is drawn. A name that a claim's cells lack is left out, so that
        a family can share one table; every other parameter keeps the values of the cells. A parameter is whole where
        all cells have it whole. Positive ranges are drawn log-uniformly, three decades deep where they start at 0.

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.analysis.verification.domain import Domain
    >>> domain = Domain(n=(4, 400), d=(1, 200), where="d < n - 1")
    >>> cells = [{"n": 30, "d": 10}]
    >>> all(p["d"] < p["n"] - 1 for p in domain.points(cells, np.random.default_rng(0), 20))
    True
    >>> domain.describe(cells)
    'n whole in [4, 400]; d whole in [1, 200]; d < n - 1'
    """

    ranges: Mapping[str, Range]
    where: str = ""
    counts: Mapping[str, str] = field(default_factory=dict)

    def __init__(self, where: str = "", counts: Mapping[str, str] | None = None, **ranges: Range) -> None:
        """Refuse ranges that do not rise."""
        as_kind("where", where, str, "it must be a comparison as text")
        for name, ends in ranges.items():
            pair = as_kind(name, ends, tuple | list, "it must be a pair of numbers")
            if len(pair) != 2 or not as_scalar(name, pair[0]) < as_scalar(name, pair[1]):
                raise refuse(name, ends, "it must be a pair of rising numbers")
        object.__setattr__(self, "ranges", {name: (ends[0], ends[1]) for name, ends in ranges.items()})
        object.__setattr__(self, "where", where)
        object.__setattr__(self, "counts", dict(counts or {}))

    def but(self, where: str = "", counts: Mapping[str, str] | None = None, **ranges: Range) -> Domain:
        """Return the domain with other ranges for some names; constraints and counts replace the former ones if given.

        Parameters
        ----------
        where, counts, **ranges
            As for the class.

        Returns
        -------
        Domain
        """
        return Domain(where or self.where, self.counts if counts is None else counts, **{**self.ranges, **ranges})

    def drawn(self, cell: Cell) -> dict[str, Range]:
        """Ranges of the parameters that a cell has, as numbers."""
        return {name: ends for name, ends in self.ranges.items() if _number(cell.get(name))}

    def allows(self, point: Cell) -> bool:
        """Whether the constraint holds at a point."""
        return not self.where or bool(_value(self.where, point))

    def holds(self, point: Cell) -> bool:
        """Whether a point lies in the ranges and satisfies the constraint."""
        inside = all(low <= point[name] <= high for name, (low, high) in self.drawn(point).items())
        return inside and self.allows(point)

    def points(
        self, cells: Sequence[Cell], rng: np.random.Generator, count: int, held: frozenset[str] = frozenset(),
        keep: Callable[[dict[str, Any]], bool] = bool,
    ) -> list[dict[str, Any]]:  # fmt: skip
        """Draw points inside the domain.

        Parameters
        ----------
        cells : sequence of mappings
            Cells that say what is not drawn, in turn, and which parameters are whole.
        rng : Generator
            Source of randomness.
        count : int
            How many points.
        held : frozenset of str
            Parameters that keep near a cell's value, within a third of it, outside of their range too.
        keep : callable
            Whether a point is wanted.

        Returns
        -------
        list of dict
            Fewer than `count` only where 200 draws in a row give no point.
        """
        found: list[dict[str, Any]] = []
        misses = 0
        domain = self._reaching(cells, held)
        for point in domain._candidates(cells, rng, held):
            if domain.holds(point) and keep(point):
                found.append(point)
                misses = 0
            else:
                misses += 1
            if len(found) == count or misses == _TRIES:
                return found
        return found

    def _reaching(self, cells: Sequence[Cell], held: frozenset[str]) -> Domain:
        """Return the domain with ranges of what is held that reach to the cells' values."""
        ends = {name: (min(low, *(cell[name] for cell in cells)), max(high, *(cell[name] for cell in cells)))
                for name, (low, high) in self.drawn(cells[0]).items() if name in held}  # fmt: skip
        return Domain(self.where, self.counts, **{**self.ranges, **ends}) if ends else self

    def _candidates(
        self, cells: Sequence[Cell], rng: np.random.Generator, held: frozenset[str]
    ) -> Iterator[dict[str, Any]]:
        step = 0
        while True:
            point = dict(cells[step % len(cells)])
            step += 1
            for name, (low, high) in self.drawn(point).items():
                if name in held:
                    low, high = (max(low, 0.75 * point[name]), min(high, 1.33 * point[name]))
                whole = all(isinstance(cell.get(name), int) for cell in cells)
                if low < high:
                    point[name] = _draw(low, high, whole, rng)
            for name, over in self.counts.items():
                if name in point:
                    total = _value(over, point)
                    point[name] = max(1, round(point[name] * total)) / total
            yield point

    def ratios(self, point: Cell) -> list[tuple[str, int, Any]]:
        """Names of the ratios that count something at a point, with the count and what it is a share of.

        Parameters
        ----------
        point : mapping
            A cell.

        Returns
        -------
        list of (str, int, number)
        """
        found = []
        for name, over in self.counts.items():
            if _number(point.get(name)):
                total = _value(over, point)
                whole = round(point[name] * total)
                if abs(point[name] * total - whole) <= 1e-9 * abs(whole):
                    found.append((name, whole, total))
        return found

    def describe(self, cells: Sequence[Cell]) -> str:
        """Return the domain of a claim with these cells as text.

        Parameters
        ----------
        cells : sequence of mappings
            The claim's cells.

        Returns
        -------
        str
        """
        first, parts = dict(cells[0]), []
        for name, (low, high) in self.drawn(first).items():
            whole = all(isinstance(cell.get(name), int) for cell in cells)
            parts.append(f"{name} {'whole ' if whole else ''}in [{low:g}, {high:g}]")
        parts += [f"{name}*{over} whole" for name, over in self.counts.items() if name in first]
        parts += [self.where] if self.where else []
        for name in first:
            if name not in self.drawn(first):
                values = list(dict.fromkeys(str(cell.get(name)) for cell in cells))
                parts.append(f"{name} {'one of ' if len(values) > 1 else 'at '}{', '.join(values)}")
        return "; ".join(parts)


def _draw(low: float, high: float, whole: bool, rng: np.random.Generator) -> float:
    if whole:
        low, high = math.ceil(low), math.floor(high) + 1
    if low < 0:
        value = float(rng.uniform(low, high))
    else:
        start = low or (1 if whole and high > 1 else high * 10.0**-_DECADES)
        value = float(np.exp(rng.uniform(math.log(start), math.log(high))))
    return int(min(math.floor(value), high - 1)) if whole else value
