"""Changes of data that change an answer in a known way: another order, another unit, an offset, a dependent column."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

RTOL = 1e-9  # of the largest entry: conditions of the small problems are below 1e4


@dataclass(frozen=True)
class Joint:
    """One order for the given axes of arguments, and for those of the answers."""

    arguments: dict[str, Sequence[int]]
    answers: Sequence[Sequence[int]] = ()

    def apply(self, data, draw):
        axes = [(data[name], axis) for name, where in self.arguments.items() for axis in where]
        order = draw.permutation(axes[0][0].shape[axes[0][1]])
        moved = {name: taken(data[name], where, order) for name, where in self.arguments.items()}
        back = list(self.answers)
        return {**data, **moved}, lambda got: [
            taken(a, back[i] if i < len(back) else (), order) for i, a in enumerate(got)
        ]


@dataclass(frozen=True)
class Unit:
    """Arguments in another unit, to a power each, and so the answers."""

    arguments: dict[str, float]
    answers: Sequence[float] = ()

    def apply(self, data, draw):
        unit = 2.0 ** (2 * int(draw.integers(-20, 21)))
        back = list(self.answers)
        moved = {name: data[name] * unit**power for name, power in self.arguments.items()}
        return {**data, **moved}, lambda got: [a * unit ** (back[i] if i < len(back) else 0) for i, a in enumerate(got)]


@dataclass(frozen=True)
class Offset:
    """A constant, one for each column, that the first answers do not see; 8,000 to 70,000,000 times the spread."""

    arguments: Sequence[str]
    answers: int | None = None
    most: int = 26

    def apply(self, data, draw):
        moved = {}
        for name in self.arguments:
            columns = data[name].shape[-1:] if data[name].ndim > 1 else ()
            moved[name] = data[name] + draw.choice([-1, 1], columns) * 2.0 ** draw.integers(13, self.most + 1, columns)
        return {**data, **moved}, lambda got: got[: self.answers]


@dataclass(frozen=True)
class Dependent:
    """A column that others make adds nothing to the first answers."""

    argument: str
    answers: int

    def apply(self, data, draw):
        X = data[self.argument]
        more = X @ draw.integers(-2, 3, (X.shape[1], 2)).astype(float)
        return {**data, self.argument: np.hstack([X, more])}, lambda got: got[: self.answers]


@dataclass(frozen=True)
class Case:
    """How to draw data, what to call, and what must change nothing."""

    make: Callable
    call: Callable
    moves: Sequence = ()
    rtol: float = RTOL
    single: float = 1e-5  # where the numbers are rounded to singles and back: by tolerances that follow the data
    fixed: Sequence[str] = ()  # arguments that have one form only, such as labels


def taken(array, axes, order):
    for axis in axes:
        array = np.take(array, order, axis=axis)
    return array


def whole(g, *shape, low=-6, high=7):
    return g.integers(low, high, shape).astype(float)
