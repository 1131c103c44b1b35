"""The common slips between two formulas, searched for and verified: factors, conventions, label noise, their pairs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.writing.conventions import names_of_kind
from solvable.analysis.writing.symbols import SymbolKind

__all__ = ["Slip", "find_slip", "partial_agreement"]

Array = NDArray[np.float64]
Columns = Mapping[str, Array]
_RTOL = 1e-8
_RATIOS = ("gamma", "ratio")  # sizes that are not counts
_WORDS: dict[str, SymbolKind] = {"ridge": "ridge", "step-size": "step", "noise": "noise", "scale": "scale"}


def _counts(columns: Columns) -> tuple[str, ...]:
    """Sizes at hand that are whole numbers."""
    return tuple(name for name in names_of_kind("size") if name in columns and name not in _RATIOS)


@dataclass(frozen=True)
class Slip:
    """A verified explanation of a difference; `parts` are machine-readable."""

    sentence: str
    parts: tuple[str, ...]


def _same(a: Array, b: Array) -> bool:
    with np.errstate(invalid="ignore"):
        return bool(np.all(np.abs(a - b) <= _RTOL * np.abs(b)))


def _constant(values: Array) -> float | None:
    """Return the common value, if there is one."""
    if not np.all(np.isfinite(values)) or values[0] == 0:
        return None
    return float(np.median(values)) if np.all(np.abs(values / values[0] - 1) <= _RTOL) else None


def _nice(value: float) -> str | None:
    """Write a number as a small fraction, or such a fraction times pi or sqrt 2."""
    from fractions import Fraction

    for unit, name in ((1.0, ""), (np.pi, "pi"), (1 / np.pi, "1/pi"), (np.sqrt(2), "sqrt(2)"), (np.e, "e")):
        if not abs(value / unit) < 1e15:
            continue
        fraction = Fraction(value / unit).limit_denominator(12)
        if fraction != 0 and abs(fraction.numerator) <= 48 and abs(float(fraction) * unit / value - 1) < _RTOL:
            return name if fraction == 1 and name else f"{fraction}" if not name else f"{fraction}*{name}"
    return None


def _substitutions(columns: Columns, used: frozenset[str]) -> Iterator[tuple[str, str, dict[str, Array]]]:
    """Slips inside a formula: (name of the convention, what to replace by what, the columns changed)."""
    sizes = names_of_kind("size")
    for name in sorted(used & set(columns)):
        value = columns[name]
        kind = next((f"{word} " for word, kind in _WORDS.items() if name in names_of_kind(kind)), "")
        word = f"{kind}convention"
        changes: list[tuple[str, Array]] = [(f"2*{name}", 2 * value), (f"{name}/2", value / 2)]
        for size in _counts(columns):
            if size != name and name not in sizes:
                changes += [(f"{size}*{name}", columns[size] * value), (f"{name}/{size}", value / columns[size])]
        with np.errstate(all="ignore"):
            changes += [(f"{name}**2", value**2), (f"sqrt({name})", np.sqrt(value)), (f"1/{name}", 1 / value)]
        if name in names_of_kind("scale"):
            changes += [(f"sqrt(2)*{name}", np.sqrt(2) * value), (f"{name}/sqrt(2)", value / np.sqrt(2))]
        if name in _counts(columns) or not any(name in names_of_kind(kind) for kind in (*_WORDS.values(), "size")):
            changes += [(f"{name} - 1", value - 1), (f"{name} + 1", value + 1), (f"{name} - 2", value - 2)]
        if np.all((value > 0) & (value < 1)):
            changes.append((f"1 - {name}", 1 - value))
        for ratio in _RATIOS:
            if ratio in columns and name in names_of_kind("ridge"):
                changes += [(f"{ratio}*{name}", columns[ratio] * value), (f"{name}/{ratio}", value / columns[ratio])]
        if name == "gamma":
            changes = [(f"1/{name}", 1 / value), *changes]
        for label, new in changes:
            yield word, f"{name} -> {label}", {name: new}
    if {"n", "batch_size"} <= set(columns) and "batch_size" in used:
        n, batch = columns["n"], columns["batch_size"]
        with np.errstate(all="ignore"):
            yield ("sampling", "1/batch_size -> (n - batch_size)/(batch_size*(n - 1)), with to without replacement",
                   {"batch_size": batch * (n - 1) / (n - batch)})  # fmt: skip
            yield ("sampling", "(n - batch_size)/(batch_size*(n - 1)) -> 1/batch_size, without to with replacement",
                   {"batch_size": n * batch / (n - 1 + batch)})  # fmt: skip
    for a, b in (("n", "d"), ("n", "k"), ("d", "k"), ("signal", "noise_variance"), *_pairs(columns, used)):
        if {a, b} <= set(columns) and used & {a, b}:
            yield "roles", f"{a} <-> {b}", {a: columns[b], b: columns[a]}


def _pairs(columns: Columns, used: frozenset[str]) -> list[tuple[str, str]]:
    """Every two names of a short formula: what is exchanged need not be a size."""
    names = sorted(used & set(columns))
    return [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]] if len(names) <= 6 else []


def _factors(columns: Columns) -> Iterator[tuple[str, Array]]:
    """Expressions by which formulas are often off, with their inverses."""
    known = {name for kind in ("size", *_WORDS.values()) for name in names_of_kind(kind)}
    for name, value in columns.items():
        if name in known:
            yield name, value
            yield f"{name}**2", value**2
            with np.errstate(all="ignore"):
                yield f"sqrt({name})", np.sqrt(value)
        if name in _counts(columns):
            for shift in (1, 2):
                yield f"{name}/({name} - {shift})", value / (value - shift)
                yield f"{name}/({name} + {shift})", value / (value + shift)
        if name == "gamma":
            yield "(1 - gamma)", 1 - value
            yield "(1 + gamma)", 1 + value
    for a in ("n", "d", "k"):
        for b in ("n", "d", "k", "batch_size"):
            if a != b and {a, b} <= set(columns):
                yield f"{a}/{b}", columns[a] / columns[b]
    if {"signal", "noise_variance"} <= set(columns):
        yield "signal/noise_variance", columns["signal"] / columns["noise_variance"]
    for freedom in ("df1", "df2"):
        if {"n", freedom} <= set(columns):
            yield f"n/(n - {freedom})", columns["n"] / (columns["n"] - columns[freedom])
    for name, value in columns.items():  # any named quantity, and its complement
        if name not in known and not name.startswith("_"):
            yield name, value
            with np.errstate(all="ignore"):
                yield f"{name}**2", value**2
            if np.all((value > 0) & (value < 1)):
                yield f"(1 - {name})", 1 - value


def _inverse(label: str) -> str:
    """Label of one over a factor."""
    top, slash, bottom = label.partition("/")
    return f"{bottom}/{top}" if slash and re.fullmatch(r"\w+|\(.*\)", bottom) else f"1/{label}"


def _ratio_label(ratio: Array, columns: Columns, anything: bool) -> str | None:
    """Name a ratio yours/ours: a constant, or a constant times one of the known factors."""
    value = _constant(ratio)
    if value is not None:
        nice = _nice(value)
        return nice or (f"{value:.6g}" if anything else None)
    for label, factor in _factors(columns):
        with np.errstate(all="ignore"):
            ways = ((label, factor), (_inverse(label), 1 / factor))
        for name, trial in ways:
            with np.errstate(all="ignore"):
                constant = _constant(ratio / trial)
            nice = _nice(constant) if constant is not None else None
            if nice is not None:
                return name if nice == "1" else f"{nice}*{name}"
    return None


def _additive_label(difference: Array, columns: Columns) -> tuple[str, str] | None:
    """Name a difference yours - ours and say what it may mean."""
    scale = float(np.max(np.abs(difference)))
    for name in ("noise_variance", "signal"):
        if name in columns:
            there = columns[name] != 0
            if not there.any() or not np.all(np.abs(difference[~there]) <= _RTOL * scale):
                continue
            constant = _constant(difference[there] / columns[name][there])
            nice = _nice(constant) if constant is not None else None
            if nice is not None:
                why = ""
                if name == "noise_variance" and nice in ("1", "-1"):
                    why = ": yours " + ("excludes" if nice == "-1" else "includes") + " label noise, ours " + (
                        "includes it" if nice == "-1" else "does not")  # fmt: skip
                return (name if nice in ("1", "-1") else f"{nice.removeprefix('-')}*{name}"), why
    constant = _constant(difference)
    if constant is not None:
        return f"constant {_nice(constant) or format(constant, '.6g')}", ""
    return None


def _outer(yours: Array, ours: Array, columns: Columns, anything: bool) -> tuple[str, tuple[str, ...]] | None:
    """Explain values by one operation on the whole formula."""
    with np.errstate(all="ignore"):
        constant = _constant(yours / ours) is not None
        found = None if constant else _additive_label(yours - ours, columns)
        if found is not None:
            return f"differs by additive {found[0]}{found[1]}", (f"additive {found[0]}",)
        label = _ratio_label(yours / ours, columns, anything)
        if label is not None:
            sentence = f"differs by the {'constant ' if constant else ''}factor {label}: yours is {label} times ours"
            return sentence, (f"factor {label}",)
        if np.all(ours > 0):
            for power, word in ((2.0, "the square of ours"), (0.5, "the square root of ours"), (-1.0, "one over ours")):
                if _same(yours, ours**power):
                    return f"yours is {word}", (f"power {power:g}",)
    return None


def find_slip(formula: Callable[[Columns], Array], used: frozenset[str], ours: Array, columns: Columns) -> Slip | None:
    """Search single slips, then pairs; what is returned has been verified at every point."""
    yours = formula(columns)
    good = np.isfinite(yours) & np.isfinite(ours) & (ours != 0)
    if good.sum() < 3:
        return None
    columns = {name: value[good] for name, value in columns.items()}
    ours, yours = ours[good], yours[good]
    single = _outer(yours, ours, columns, anything=True)
    if single is not None:
        return Slip(*single)
    changed = []
    for word, label, change in _substitutions(columns, used):
        values = formula({**columns, **change})
        if np.all(np.isfinite(values)) and not _same(values, yours):
            if _same(values, ours):
                return Slip(f"{word}: agrees after {label}", (label,))
            changed.append((word, label, change, values))
    for word, label, _, values in changed:
        found = _outer(values, ours, columns, anything=False)
        if found is not None:
            return Slip(
                f"{word}: after {label} {found[0] if found[0].startswith('yours') else 'it ' + found[0]}",
                (label, *found[1]),
            )
    with np.errstate(all="ignore"):
        for name in ("noise_variance", "signal"):
            for sign in (1.0, -1.0):
                if name in columns:
                    label_ = _ratio_label((yours + sign * columns[name]) / ours, columns, False)
                    if label_ is not None:
                        what = f"{'+' if sign > 0 else '-'} {name}"
                        return Slip(f"yours {what} is {label_} times ours", (f"additive {name}", f"factor {label_}"))
    for i, (word, label, change, _) in enumerate(changed):
        for other, second, more, _ in changed[i + 1 :]:
            if set(change) & set(more):
                continue
            if _same(formula({**columns, **change, **more}), ours):
                return Slip(f"{word} and {other}: agrees after {label} and {second}", (label, second))
    return None


def partial_agreement(agrees: NDArray[np.bool_], columns: Columns, degenerate: bool = False) -> str | None:
    """Return the condition that tells the points that agree from the others, if one of the usual ones does.

    The usual ones compare sizes; `degenerate` ones say that a parameter vanishes.
    """
    if agrees.all() or not agrees.any():
        return None
    tests: list[tuple[str, NDArray[np.bool_]]] = []
    if degenerate:
        for name in (*names_of_kind("ridge"), "noise_variance", "signal"):
            if name in columns:
                tests += [(f"{name} = 0", columns[name] == 0), (f"{name} > 0", columns[name] > 0)]
        return next((label for label, truth in tests if np.array_equal(truth, agrees)), None)
    for name in ("gamma", "ratio"):
        if name in columns:
            tests += [(f"{name} < 1", columns[name] < 1), (f"{name} > 1", columns[name] > 1)]
    for a, b in (("n", "d"), ("d", "n"), ("k", "n"), ("n", "k")):
        if {a, b} <= set(columns):
            tests.append((f"{a} > {b}", columns[a] > columns[b]))
    return next((label for label, truth in tests if np.array_equal(truth, agrees)), None)
