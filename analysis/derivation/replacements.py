"""What authors put for a name by mistake: another convention, a role exchanged, a factor that belongs to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.derivation.labels import RATIOS, counts, nice
from solvable.analysis.writing.conventions import names_of_kind
from solvable.analysis.writing.symbols import SymbolKind

__all__ = ["fitting", "multiples", "substitutions"]

Array = NDArray[np.float64]
Columns = Mapping[str, Array]
_MOST_PAIRED = 8  # names of which every two may be exchanged
_WORDS: dict[str, SymbolKind] = {"ridge": "ridge", "step-size": "step", "noise": "noise", "scale": "scale"}


def substitutions(columns: Columns, used: frozenset[str]) -> Iterator[tuple[str, str, dict[str, Array]]]:
    """Slips inside a formula: (name of the convention, what to replace by what, the columns changed)."""
    sizes = names_of_kind("size")
    for name in sorted(used & set(columns)):
        value = columns[name]
        kind = next((f"{word} " for word, kind in _WORDS.items() if name in names_of_kind(kind)), "")
        word = f"{kind}convention"
        changes: list[tuple[str, Array]] = [(f"2*{name}", 2 * value), (f"{name}/2", value / 2)]
        for size in counts(columns):
            if size != name and name not in sizes:
                changes += [(f"{size}*{name}", columns[size] * value), (f"{name}/{size}", value / columns[size])]
        with np.errstate(all="ignore"):
            changes += [(f"{name}**2", value**2), (f"sqrt({name})", np.sqrt(value)), (f"1/{name}", 1 / value)]
        if name in names_of_kind("scale"):
            changes += [(f"sqrt(2)*{name}", np.sqrt(2) * value), (f"{name}/sqrt(2)", value / np.sqrt(2))]
            changes += [(f"4*{name}", 4 * value), (f"{name}/4", value / 4)]
        if name in counts(columns) or not any(name in names_of_kind(kind) for kind in (*_WORDS.values(), "size")):
            changes += [(f"{name} - 1", value - 1), (f"{name} + 1", value + 1), (f"{name} - 2", value - 2)]
        if np.all((value > 0) & (value < 1)):
            changes += [(f"1 - {name}", 1 - value), (f"(1 - {name})/{name}", (1 - value) / value),
                        (f"{name}/(1 - {name})", value / (1 - value))]  # fmt: skip
        for ratio in RATIOS:
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
    for a, b in (("n", "d"), ("n", "k"), ("d", "k")):
        if {a, b} <= set(columns) and {a, b} & used:
            yield "roles", f"{a}/{b} -> {b}/{a}", {a: columns[b] ** 2 / columns[a]}
            yield "roles", f"{b}/{a} -> {a}/{b}", {b: columns[a] ** 2 / columns[b]}
    plain = {name: np.asarray(value, dtype=float) for name, value in columns.items() if name[0] != "_"}
    for name in sorted(used & set(plain)):
        for other in plain:
            if other != name:
                yield "names", f"{name} -> {other}", {name: plain[other]}
    for a in sorted(used & set(plain)):
        for b in sorted(used & set(plain)):
            if a != b and np.all(plain[b] > plain[a]) and np.ptp(plain[a]) > 0:
                yield "roles", f"{a}/{b} <-> 1 - {a}/{b}", {a: plain[b] - plain[a]}


def multiples(columns: Columns, used: frozenset[str]) -> Iterator[tuple[str, str, dict[str, Array]]]:
    """A factor that is missing, or too many, wherever a name stands."""
    plain = {name: np.asarray(value, dtype=float) for name, value in columns.items() if name[0] != "_"}
    for name in sorted(used & set(plain)):
        for other in plain:
            if other != name and np.ptp(plain[other]) > 0:
                with np.errstate(all="ignore"):
                    yield "a factor", f"{name} -> {other}*{name}", {name: plain[other] * plain[name]}
                    yield "a factor", f"{name} -> {name}/{other}", {name: plain[name] / plain[other]}


def _pairs(columns: Columns, used: frozenset[str]) -> list[tuple[str, str]]:
    """Every two names of a short formula: what is exchanged need not be a size."""
    names = sorted(used & set(columns))
    return [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]] if len(names) <= _MOST_PAIRED else []


def fitting(
    formula: Callable[[Columns], Array], used: frozenset[str], columns: Columns, fits: Callable[[Array], bool]
) -> tuple[str, ...]:
    """Return the single slips after which a formula fits what is known of the truth, at most two; one kind at a time.

    Measurements cannot tell slips from each other as numbers can: constants come first, then names.
    """
    with np.errstate(all="ignore"):
        yours = formula(columns)
        trials: list[list[tuple[str, Array]]] = [
            [(f"the factor {nice(value)}", value * yours) for value in (2, 0.5, -1, 4, 0.25, np.pi, 2**0.5, 2**-0.5)],
            [(f"{label} as a factor", yours * column) for name, value in columns.items()
             for label, column in ((name, value), (f"1/{name}", 1 / value))],
            [(f"{sign} {name}", yours + step * value) for name, value in columns.items()
             for sign, step in (("+", 1), ("-", -1))],
            [(label, formula({**columns, **change})) for _, label, change in substitutions(columns, used)],
        ]  # fmt: skip
        for kind in trials:
            found = [label for label, values in kind if np.all(np.isfinite(values)) and fits(values)]
            if found:
                return tuple(found[:2])
    return ()
