r"""The lowest minimum of a test error over its effective ridge, for many cells at once.

The derivative of such an error in :math:`t=\log\kappa` is a difference rise - fall of two positive expressions in sums
over modes and in small = least - df1, least the smaller of samples and features. A cell enters through a few numbers
only, so that one grid of sums in t serves the scan of all cells. The root in the bracket found there is placed on
splines through the grid, and polished on the sums themselves.

Near kappa_0, where small (its part that falls with kappa) vanishes, the ridge is a small difference: everything is
written in gap = kappa - kappa_0, negative for negative ridges, with small = (gap/kappa) sum m g(kappa_0) c(kappa).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.equivalents.bracketed_newton import BracketedRoots, bracketed_newton
from solvable.solvers.equivalents.condensed_modes import condensed
from solvable.solvers.equivalents.mode_sums import FloatSums, Modes, Term
from solvable.solvers.spectrum import Spectrum

__all__ = ["ErrorInRidge", "Minima", "Take", "lowest_minima"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Take = Callable[[Array], Array]  # a cell's number, shaped as the sums it meets
_EPS = float(np.finfo(float).eps)
_NODES = 16  # for a factor e of kappa: all sums over modes are smooth on that scale
_MARGIN = 2  # nodes beyond either end, which is rounded
_MOST = 1 << 15  # cells x nodes at once: arrays that a core holds in its cache
_NEAR = 2  # nodes for a factor e of the gap, where sums are linear in it
_LAST_STEP = 1e-9  # of Newton's method in log kappa: its square is below rounding
_NEGLIGIBLE = 1e-12  # log ratio at a cell's start that is rounding: without noise it can be exactly zero
_DF1: tuple[Term, ...] = (("m", 1, 0), ("m", 0, 1))


class ErrorInRidge(Protocol):
    """What is minimised; `small` and, through `take`, numbers of cells broadcast with the sums."""

    terms: tuple[Term, ...]

    def balance(self, sums: FloatSums, small: Array, take: Take) -> tuple[Array, Array]:
        """Positive parts of the derivative in t: where the first is larger the error rises."""

    def bend(self, sums: FloatSums, small: Array, take: Take) -> Array:
        """Derivative of log(rise/fall) in t."""

    def level(self, sums: FloatSums, small: Array, take: Take) -> Array:
        """Test error up to a factor of the cell."""


@dataclass(frozen=True)
class Minima:
    """Flat cells: `at_start` where the start of a cell is lowest, `endless` where nothing rises before its end."""

    kappa: Array
    small: Array  # least - df1
    reach: Array  # small at the node above: what a small ridge is small against
    at_start: NDArray[np.bool_]
    endless: NDArray[np.bool_]
    residual: Array
    converged: NDArray[np.bool_]
    iterations: NDArray[np.int64]


@dataclass(frozen=True)
class _Problem:
    """Cells with their kappa_0 and the gap they start from, and the modes that sums are over."""

    error: ErrorInRidge
    modes: Modes
    rank: float
    least: Array
    floor: Array
    start: Array  # gap; 0 where the floor is 0, and there is no start but the first node
    spare: Array = field(init=False)  # what df1 leaves of `least` at kappa = 0
    origin: Array = field(init=False)  # brackets are in log kappa - origin

    def __post_init__(self) -> None:
        """Work out what follows."""
        object.__setattr__(self, "spare", np.maximum(self.least - self.rank, 0.0))
        object.__setattr__(self, "origin", np.log(np.where(self.floor > 0, self.floor, 1.0)))

    def exactly(self, gap: Array, i: Index) -> tuple[FloatSums, Array]:
        """Sums and `small` of cells at their gap, without cancellation."""
        floor, term = self.floor[i], ("m", 1, 0, 0, 1)
        kappa, names = floor + gap, {own: (own[0], 0, 0, *own[1:]) for own in self.error.terms}
        found = self.modes.between(floor, kappa, term, *names.values())
        small = gap / kappa * found(*term) + self.spare[i]
        return FloatSums({own: found(*name) for own, name in names.items()}), small

    def log_ratio(self, sums: FloatSums, small: Array, take: Take) -> Array:
        """log(rise/fall), the function whose root is sought."""
        rise, fall = self.error.balance(sums, small, take)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.log(rise) - np.log(fall))


@dataclass(frozen=True)
class _Nodes:
    """Sums on a uniform grid in t."""

    t: Array
    sums: FloatSums
    rank: float

    @classmethod
    def build(cls, modes: Modes, rank: float, first: float, last: float, terms: tuple[Term, ...]) -> _Nodes:
        """Sums at nodes that cover [first, last] of t with a margin."""
        count = int(np.ceil((last - first) * _NODES)) + 1 + 2 * _MARGIN
        t = first + (np.arange(count) - _MARGIN) / _NODES
        return cls(t, modes.at(np.exp(t), *terms, *_DF1), rank)

    def small(self, sums: FloatSums, least: Array) -> Array:
        """least - df1 at one point for each cell, from the smaller of the sums of g and c."""
        g, c = sums(*_DF1[0]), sums(*_DF1[1])
        return np.where(c < g, (least - self.rank) + c, least - g)

    def all_small(self, least: Array) -> Array:
        """The same at all nodes, a row for each cell: g falls and c grows."""
        g, c = self.sums(*_DF1[0]), self.sums(*_DF1[1])
        split = int(np.count_nonzero(c < g))
        out = np.empty((least.size, g.size))
        np.add((least - self.rank)[:, None], c[:split], out[:, :split])
        np.subtract(least[:, None], g[split:], out[:, split:])
        return out

    def at(self, index: Index) -> FloatSums:
        """Sums at some nodes."""
        return FloatSums({term: values[index] for term, values in self.sums.values.items()})


@dataclass(frozen=True)
class _Start:
    """Sums, `small`, and the sign of the derivative where a cell starts."""

    sums: FloatSums
    small: Array
    falls: NDArray[np.bool_]
    rises: NDArray[np.bool_]
    level: Array


def _taken(i: Any) -> Take:
    return lambda values: values[i]


def _starts(problem: _Problem, cells: Index) -> _Start:
    """Every start once: cells of one kappa_0 share its sums."""
    pairs = np.stack([problem.least[cells], problem.floor[cells], problem.start[cells]])
    _, first, place = np.unique(pairs, axis=1, return_index=True, return_inverse=True)
    some = cells[first]
    sums, small = problem.exactly(problem.start[some], some)
    place, take = place.ravel(), _taken(cells)
    sums = FloatSums({term: values[place] for term, values in sums.values.items()})
    small = small[place]
    ratio = problem.log_ratio(sums, small, take)
    ratio[np.abs(ratio) < _NEGLIGIBLE] = 0.0
    return _Start(sums, small, ratio < 0, ratio >= 0, problem.error.level(sums, small, take))


@dataclass
class _Brackets:
    """For every cell the interval of x around its lowest minimum, and the node above it."""

    left: Array
    right: Array
    guess: Array
    above: Index
    found: NDArray[np.bool_]
    endless: NDArray[np.bool_]  # no such interval, and the derivative is negative at the last node


def _scan(problem: _Problem, nodes: _Nodes, starts: _Start, started: Index, near: bool) -> _Brackets:
    """Intervals between nodes where the derivative turns positive, and of those the one with the lowest error."""
    size = problem.least.size
    zero, none = np.zeros(size), np.zeros(size, dtype=bool)
    out = _Brackets(zero, zero.copy(), zero.copy(), np.zeros(size, dtype=np.intp), none, none.copy())
    kappa = np.exp(nodes.t)
    lowest = problem.floor + problem.start
    first = np.searchsorted(kappa, lowest, side="right")  # the first node beyond the start, 0 where there is none
    first[problem.floor == 0] = 0
    row = np.full(size, -1)
    row[started] = np.arange(started.size)
    tall = max(1, _MOST // kappa.size)
    for cells in (np.arange(i, min(i + tall, size)) for i in range(0, size, tall)):
        small = nodes.all_small(problem.least[cells])
        rise, fall = problem.error.balance(nodes.sums, small, _taken((cells, None)))
        own = cells[first[cells] > 0]
        falls = rise < fall
        for i in (own - cells[0]).tolist():  # what lies before the start counts as the start
            falls[i, : first[cells[i]]] = starts.falls[row[cells[i]]]
        cell, node = np.nonzero(falls[:, :-1] & ~falls[:, 1:])
        turns = rise[cell, node + 1] >= fall[cell, node + 1]  # not where sums left the doubles
        cell, node = cell[turns], node[turns]
        cell = cells[cell]
        inside = node + 1 > first[cell]  # both ends are nodes
        left = np.where(inside, nodes.t[node] - problem.origin[cell], 0.0)
        left[~inside] = np.log1p(problem.start[cell[~inside]] / problem.floor[cell[~inside]])
        right = nodes.t[node + 1] - problem.origin[cell]
        with np.errstate(divide="ignore", invalid="ignore"):  # the log ratio between two nodes is almost a line
            ends = [np.log(rise[cell - cells[0], i] / fall[cell - cells[0], i]) for i in (node, node + 1)]
            share = np.where(inside, ends[0] / (ends[0] - ends[1]), 0.5)
        guess = left + np.where((share >= 0) & (share <= 1), share, 0.5) * (right - left)
        above = node + 1
        level = _level(problem, nodes, cell, above)
        level[inside] = np.minimum(level[inside], _level(problem, nodes, cell[inside], node[inside]))
        if near and own.size:
            part = _scan_near(problem, nodes, starts, row, first, own)
            columns = zip((cell, left, right, guess, above, level), part, strict=True)
            cell, left, right, guess, above, level = (np.concatenate([a[inside], b]) for a, b in columns)
        order = np.lexsort((level, cell))
        chosen, position = np.unique(cell[order], return_index=True)
        pick = order[position]
        out.left[chosen], out.right[chosen], out.guess[chosen] = left[pick], right[pick], guess[pick]
        out.above[chosen] = above[pick]
        out.found[chosen] = True
        out.endless[cells] = falls[:, -1] & ~out.found[cells]
    return out


def _level(problem: _Problem, nodes: _Nodes, cell: Index, node: Index) -> Array:
    sums = nodes.at(node)
    return problem.error.level(sums, nodes.small(sums, problem.least[cell]), _taken(cell))


def _scan_near(
    problem: _Problem, nodes: _Nodes, starts: _Start, row: Index, first: Index, cells: Index
) -> tuple[NDArray[Any], ...]:
    """Turns between the start (gap 0) and the first node: equally spaced in log gap, on sums that are linear in it."""
    floor, node = problem.floor[cells], first[cells]
    width = np.exp(nodes.t[node]) - floor
    smallest = 1e-12 * floor
    count = int(np.ceil(_NEAR * 2.4 * 12)) + 2
    ratio = np.log(np.maximum(width / smallest, 1.0))
    gaps = smallest[:, None] * np.exp(ratio[:, None] * np.linspace(0, 1, count))
    share = gaps / width[:, None]
    ends = nodes.at(node)
    sums = FloatSums({
        term: (1 - share) * starts.sums(*term)[row[cells], None] + share * ends(*term)[:, None]
        for term in problem.error.terms
    })  # fmt: skip
    low = starts.small[row[cells], None]
    small = low + share * (nodes.small(ends, problem.least[cells])[:, None] - low)
    take = _taken((cells, None))
    rise, fall = problem.error.balance(sums, small, take)
    falls = np.hstack([starts.falls[row[cells], None], rise < fall])
    cell, column = np.nonzero(falls[:, :-1] & (rise >= fall))
    x = np.hstack([np.zeros((cells.size, 1)), np.log1p(gaps / floor[:, None])])
    level = problem.error.level(sums, small, take)[cell, column]
    left, right = x[cell, column], x[cell, column + 1]
    return cells[cell], left, right, (left + right) / 2, node[cell], level


def _polish(
    problem: _Problem, cells: Index, left: Array, right: Array, guess: Array
) -> tuple[BracketedRoots, Array, Array, Array]:
    """Newton on the sums; then kappa, `small` and the error after one more step, whose square is below rounding."""
    slope, small, width, level = np.zeros((4, cells.size))
    floor = problem.floor[cells]

    def gap_at(x: Array, i: Index) -> Array:  # x is relative to the guess, so that steps are judged by themselves
        return np.where(floor[i] > 0, floor[i] * np.expm1(guess[i] + x), np.exp(guess[i] + x))

    def evaluate(x: Array, i: Index) -> tuple[Array, Array]:
        own = cells[i]
        sums, remainder = problem.exactly(gap_at(x, i), own)
        take = _taken(own)
        value = problem.log_ratio(sums, remainder, take)
        slope[i], small[i], width[i] = problem.error.bend(sums, remainder, take), remainder, sums("m", 1, 1)
        level[i] = problem.error.level(sums, remainder, take)
        return value, slope[i]

    start = np.zeros(cells.size)
    root = bracketed_newton(evaluate, left - guess, right - guess, start, tolerance=4 * _EPS, step=_LAST_STEP)
    with np.errstate(divide="ignore", invalid="ignore"):
        last = -root.value / slope
    last = np.where(np.abs(last) <= 4 * _LAST_STEP, last, 0.0)  # longer where rounding hides the root
    kappa = floor + gap_at(root.x, np.arange(cells.size))
    return root, kappa * np.exp(last), small + width * last, level


def lowest_minima(
    error: ErrorInRidge, spectrum: Spectrum, least: Array, floor: Array, start: Array, ends: tuple[Array, Array],
    *, near: bool = False,
) -> Minima:  # fmt: skip
    """Lowest minimum above kappa = floor + start in each cell.

    `floor` is kappa_0, 0 where `least` reaches the rank; `ends` are values of kappa below which (floor 0) and above
    which the derivative does not change sign. With `near` small scales of the gap are scanned too. Sums are over
    condensed modes, which loses nothing.
    """
    modes, size = condensed(Modes.of(spectrum, "m", "v")), least.size
    problem = _Problem(error, modes, spectrum.rank, least, floor, start)
    lowest, top = np.where(floor > 0, floor + start, ends[0]), ends[1]
    nodes = _Nodes.build(modes, spectrum.rank, float(np.log(lowest.min())),
                         float(np.log(np.maximum(top, 2 * lowest).max())), error.terms)  # fmt: skip
    started = np.flatnonzero(floor > 0)
    starts = _starts(problem, started)
    brackets = _scan(problem, nodes, starts, started, near)
    i = np.flatnonzero(brackets.found)
    left, right = brackets.left[i], brackets.right[i]
    room = 1.0 / _NODES  # a node away on either side: what a sign at a node may be wrong by
    lower = np.where(floor[i] > 0, np.log1p(np.where(floor[i] > 0, start[i] / np.where(floor[i] > 0, floor[i], 1), 0)),
                     -np.inf)  # fmt: skip
    root, kappa, small, level = _polish(problem, i, np.maximum(left - room, lower), right + room, brackets.guess[i])
    out = Minima(floor + start, np.zeros(size), np.zeros(size), ~(brackets.found | brackets.endless),
                 brackets.endless, np.zeros(size), np.ones(size, dtype=bool), np.full(size, nodes.t.size))  # fmt: skip
    out.kappa[i], out.small[i] = kappa, small
    out.reach[i] = nodes.small(nodes.at(brackets.above[i]), least[i])
    out.residual[i], out.converged[i] = np.abs(root.value), root.converged
    out.iterations[i] += root.iterations
    best = np.full(size, np.inf)
    best[i] = level
    out.at_start[started] = starts.rises & (starts.level <= best[started])
    out.small[started] = np.where(out.at_start[started], starts.small, out.small[started])
    out.kappa[out.at_start], out.residual[out.at_start] = (floor + start)[out.at_start], 0.0
    return out
