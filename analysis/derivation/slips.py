"""The common slips between two formulas, searched for and verified: factors, conventions, label noise, their pairs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.derivation.clock import Clock, OutOfTime
from solvable.analysis.derivation.edits import edits, regrouped
from solvable.analysis.derivation.labels import (
    RTOL,
    constant,
    counts,
    difference_label,
    nice,
    ratio_label,
    same,
)
from solvable.analysis.derivation.parts import evaluator, long_part_slip, part_slip, simple_slip
from solvable.analysis.derivation.replacements import multiples, substitutions

__all__ = ["Slip", "find_slip"]

Array = NDArray[np.float64]
Columns = Mapping[str, Array]
_SHIFTED = re.compile(r"(\b[A-Za-z]\w*) -> \1 [+-] \d$")
_FITTED = re.compile(r"-> -?\d*\.\d{3,}")
_FEW = 18  # words of an explanation behind which no other is sought
_SINGLE = 5  # steps that find a single change
_MOST_EDITED = 200  # changes of the pen behind which a second one is sought
_COMPARED = 200  # steps of the clock that naming a ratio takes
_MOST_PAIRED = 60  # changes of one name whose pairs are tried
_BASES = {
    "1/log(2)": "in base 2",
    "log(2)": "ours is in base 2",
    "1/log(10)": "in base 10",
    "log(10)": "ours is in base 10",
}


@dataclass(frozen=True)
class Slip:
    """A verified explanation of a difference; `parts` are machine-readable."""

    sentence: str
    parts: tuple[str, ...]


def _outer(
    yours: Array, ours: Array, columns: Columns, anything: bool, deep: bool = False
) -> tuple[str, tuple[str, ...]] | None:
    """Explain values by one operation on the whole formula."""
    with np.errstate(all="ignore"):
        fixed = constant(yours / ours) is not None
        found = None if fixed else difference_label(yours - ours, columns, deep)
        if found is not None:
            why = ""
            if found in ("noise_variance", "-noise_variance"):
                why = ": yours " + ("excludes" if found[0] == "-" else "includes") + " label noise, ours " + (
                    "includes it" if found[0] == "-" else "does not")  # fmt: skip
            name = f"constant {found}" if nice(_number(found)) else found.removeprefix("-")
            return f"differs by additive {name}{why}", (f"additive {name}",)
        label = ratio_label(yours / ours, columns, anything, deep)
        held = _held(yours / ours, columns) if fixed else None
        if held is not None:
            return f"differs by the factor {held}: yours is {held} times ours", (f"factor {held}",)
        if label is not None:
            sentence = f"differs by the {'constant ' if fixed else ''}factor {label}: yours is {label} times ours"
            if label in _BASES:
                sentence = f"another base of the logarithm: yours is {label} times ours, {_BASES[label]}"
            return sentence, (f"factor {label}",)
        for word, changed in _operations(ours):
            if same(yours, changed):
                return f"yours is {word}", (word,)
    return None


def _held(ratio: Array, columns: Columns) -> str | None:
    """Size that is one number at all points, where the ratio is that number or one over it."""
    value = constant(ratio)
    if value is None or nice(value) in ("2", "-2", "1/2", "-1/2", "1", "-1"):
        return None
    for name in counts(columns):
        size = constant(np.asarray(columns[name], dtype=float))
        for word, power in ((name, 1), (f"1/{name}", -1)):
            if size is not None and abs(value / size**power - 1) <= RTOL:
                return word
    return None


def _number(text: str) -> float:
    """A fraction's value; nan for anything else."""
    from fractions import Fraction

    try:
        return float(Fraction(text))
    except ValueError:
        return np.nan


def _every_node(expression: Any) -> Iterator[Any]:
    import sympy as sp

    return iter(sp.preorder_traversal(expression))


class _Search:
    """What is tried on a formula, given as a function of columns and, where it has one, as an expression."""

    def __init__(self, formula: Callable[[Columns], Array], used: frozenset[str], ours: Array, columns: Columns,
                 expression: Any, clock: Clock | None, reference: Any) -> None:  # fmt: skip
        self.formula, self.used, self.expression, self.clock = formula, used, expression, clock
        self.reference = reference
        yours = formula(columns)
        good = np.isfinite(yours) & np.isfinite(ours) & (ours != 0)
        self.enough = bool(good.sum() >= 3) and not same(yours[good], ours[good])
        self.columns = {name: value[good] for name, value in columns.items()}
        self.ours, self.yours = ours[good], yours[good]
        self.changed: list[tuple[str, str, dict[str, Array], Array]] = []
        self.later: Slip | None = None  # a shift by one that `names` puts off

    def outer(self, values: Array) -> tuple[str, tuple[str, ...]] | None:
        """Explain values that a change gave by one operation on the whole."""
        if self.clock is not None:
            self.clock.check(_COMPARED)
        return None if same(values, self.ours) else _outer(values, self.ours, self.columns, anything=False)

    def whole(self, deep: bool = False) -> Slip | None:
        """One operation on all of it, of a few words or of more."""
        found = _outer(self.yours, self.ours, self.columns, anything=True, deep=deep)
        return None if found is None else Slip(*found)

    def names(self) -> Slip | None:
        """A name replaced; a shift by one of a name that stands in several places is put off."""
        for word, label, change in substitutions(self.columns, self.used):
            values = self.formula({**self.columns, **change})
            if not np.all(np.isfinite(values)) or same(values, self.yours):
                continue
            self.changed.append((word, label, change, values))
            if same(values, self.ours):
                slip = Slip(f"{word}: agrees after {label}", (label,))
                if not (re.search(r" [+-] \d$", label) and self._several(label)):
                    return slip
                self.later = self.later or slip
        return None

    def brackets(self) -> Slip | None:
        """A bracket that ends too early: a b - 1 for a (b - 1)."""
        for text, expression in () if self.expression is None else regrouped(self.expression):
            plain = {name: np.asarray(value, dtype=float) for name, value in self.columns.items() if name[0] != "_"}
            values = evaluator(plain, len(self.ours), self.clock)(expression)
            if np.all(np.isfinite(values)) and same(values, self.ours):
                return Slip(f"brackets: agrees after {text}", (text,))
        return None

    def multiples(self) -> Slip | None:
        """A name that lacks a factor, or has one too many, in all its places."""
        for word, label, change in multiples(self.columns, self.used):
            values = self.formula({**self.columns, **change})
            if np.all(np.isfinite(values)) and same(values, self.ours) and not same(values, self.yours):
                return Slip(f"{word}: agrees after {label}", (label,))
        return None

    def _several(self, label: str) -> bool:
        if self.expression is None:
            return False
        name = label.partition(" ")[0]
        return sum(str(node) == name for node in _every_node(self.expression)) > 1

    def part(self, deep: bool = False) -> Slip | None:
        """One part of it; `deep`, in more words."""
        if self.expression is None:
            return self.later
        plain = {name: np.asarray(value, dtype=float) for name, value in self.columns.items() if name[0] != "_"}
        if deep:
            sentence = long_part_slip(self.expression, self.ours, plain, self.clock, self.reference)
        else:
            sentence = part_slip(self.expression, self.ours, plain, self.clock)
        if sentence is None:
            return None if deep else self.later
        return Slip(sentence, (sentence.partition(": ")[2] or sentence,))

    def both(self) -> Slip | None:
        """A name replaced and one operation on the whole; then two names."""
        outer = []
        for word, label, _, values in self.changed:
            found = self.outer(values)
            if found is not None:
                said = found[0] if found[0].startswith("yours") else f"it {found[0]}"
                outer.append(Slip(f"{word}: after {label} {said}", (label, *found[1])))
        if outer:
            return min(outer, key=_cost)
        with np.errstate(all="ignore"):
            for name in ("noise_variance", "signal"):
                for sign in (1.0, -1.0):
                    if name in self.columns:
                        label_ = ratio_label((self.yours + sign * self.columns[name]) / self.ours, self.columns)
                        if label_ is not None:
                            what = f"{'+' if sign > 0 else '-'} {name}"
                            return Slip(
                                f"yours {what} is {label_} times ours", (f"additive {name}", f"factor {label_}")
                            )
        paired = [change for change in self.changed if change[0] != "names"][:_MOST_PAIRED]
        for i, (word, label, change, _) in enumerate(paired):
            for other, second, more, _ in paired[i + 1 :]:
                if set(change) & set(more):
                    continue
                if same(self.formula({**self.columns, **change, **more}), self.ours):
                    return Slip(f"{word} and {other}: agrees after {label} and {second}", (label, second))
        return None

    def two(self) -> Slip | None:
        """One change of the pen, and one operation on the whole or in a part behind it."""
        if self.expression is None:
            return None
        plain = {name: np.asarray(value, dtype=float) for name, value in self.columns.items() if name[0] != "_"}
        value = evaluator(plain, len(self.ours), self.clock)
        changed = [(text, expression, value(expression)) for text, expression in edits(self.expression)]
        found = [Slip(f"agrees after {text}", (text,)) for text, _, values in changed
                 if np.all(np.isfinite(values)) and same(values, self.ours)]  # fmt: skip
        for text, _, values in () if found else changed:
            outer = self.outer(values) if np.all(np.isfinite(values)) else None
            strange = outer is None or (set(re.findall(r"[A-Za-z_]\w*", outer[1][0])) & set(plain)) - self.used
            if outer is not None and not strange:
                found.append(Slip(f"two slips: {text}, and then it {outer[0]}", (text, *outer[1])))
        for text, expression, values in () if found else changed[:_MOST_EDITED]:
            second = simple_slip(expression, self.ours, plain, value) if np.all(np.isfinite(values)) else None
            if second is not None and not _FITTED.search(second):  # a number that is fitted is no slip
                found.append(Slip(f"two slips: agrees after {text} and {second}", (text, second)))
                break
        return min(found, key=_cost, default=None)


def find_slip(
    formula: Callable[[Columns], Array], used: frozenset[str], ours: Array, columns: Columns, expression: Any = None,
    clock: Clock | None = None, reference: Any = None, regimes: Callable[[int], Slip | None] = lambda stage: None,
) -> Slip | None:  # fmt: skip
    """Search single slips, in the whole, in a name, in a part, then pairs; what is returned holds at every point.

    `regimes` is asked between them: first for what holds in one kind of cell and slips in the author's definitions,
    then for special cases of ours, and last for leading orders.
    """
    search = _Search(formula, used, ours, columns, expression, clock, reference)
    if not search.enough:
        return _of_numbers(formula(columns), ours, columns, expression) or regimes(0)
    slip = search.whole() or search.names()
    if slip is not None and _SHIFTED.search(slip.sentence):  # a number that is missing is likelier than a name moved
        other = _in_time(search.part)
        slip = other if other is not None and " -> 1 + " in other.sentence else slip
    try:
        return slip or _shortest(
            (search.brackets, lambda: regimes(0), search.part, search.multiples, lambda: regimes(1),
             lambda: search.whole(deep=True), lambda: search.part(True), search.both, search.two)
        ) or regimes(2)  # fmt: skip
    except OutOfTime:
        if search.later is None:
            raise
        return search.later


def _in_time(step: Callable[[], Slip | None]) -> Slip | None:
    """What a step finds, or nothing where the steps of the clock are used up."""
    try:
        return step()
    except OutOfTime:
        return None


def _if_it_can(step: Callable[[], Slip | None]) -> Slip | None:
    """What a step finds, or nothing where an evaluation is one that cannot be made; used up steps end the search."""
    try:
        return step()
    except OutOfTime as error:
        if error.args:
            return None
        raise


def _cost(slip: Slip) -> int:
    """Words and signs of a sentence: of many explanations that of fewest is the one a theorist would give."""
    return len(re.findall(r"\w+|[*/]", slip.sentence))


def _shortest(steps: Sequence[Callable[[], Slip | None]]) -> Slip | None:
    """The first single change that is no long factor, else the shortest; where the time is up, of those found."""
    best: Slip | None = None
    try:
        for place, step in enumerate(steps):
            slip = _if_it_can(step)
            if slip is not None and (best is None or _cost(slip) < _cost(best)):
                best = slip
            simple = place < _SINGLE and best is not None and not best.sentence.startswith("a factor")
            if best is not None and (simple or _cost(best) <= _FEW):
                break
    except OutOfTime:
        if best is None:
            raise
    return best


def _of_numbers(yours: Array, ours: Array, columns: Columns, expression: Any) -> Slip | None:
    """Explain what is known at one place or two: a number that is off by a factor, or by one change of the pen."""
    if not (np.all(np.isfinite(yours)) and np.all(np.isfinite(ours)) and np.all(ours != 0)) or same(yours, ours):
        return None
    value = constant(yours / ours)
    held = _held(yours / ours, columns)
    label = held or (nice(value) if value is not None else None)
    if label is not None:
        word = "" if held else "constant "
        return Slip(f"differs by the {word}factor {label}: yours is {label} times ours", (f"factor {label}",))
    for word, changed in _operations(ours):
        if same(yours, changed):
            return Slip(f"yours is {word}", (word,))
    if expression is None or (expression.free_symbols and len(ours) < 2):
        return None
    plain = {name: np.asarray(value, dtype=float) for name, value in columns.items() if name[0] != "_"}
    value_of = evaluator(plain, len(ours))
    for text, changed in edits(expression):
        if same(value_of(changed), ours):
            return Slip(f"agrees after {text}", (text,))
    return None


def _operations(ours: Array) -> tuple[tuple[str, Array], ...]:
    """What a whole formula may be of ours, in words."""
    with np.errstate(all="ignore"):
        return (("the square of ours", ours**2), ("the square root of ours", np.sqrt(ours)),
                ("one over ours", 1 / ours), ("one minus ours", 1 - ours))  # fmt: skip
