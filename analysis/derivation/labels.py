"""Names for what lies between two columns of numbers: a constant, a product of powers, what is often forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.writing.conventions import names_of_kind

__all__ = ["RATIOS", "RTOL", "constant", "counts", "difference_label", "nice", "ratio_label", "same"]

Array = NDArray[np.float64]
Columns = Mapping[str, Any]
RTOL = 1e-8
RATIOS = ("gamma", "ratio")  # sizes that are not counts
_POWERS = (1.0, -1.0, 2.0, -2.0, 0.5, -0.5)
_UNITS = ((1.0, ""), (np.pi, "pi"), (1 / np.pi, "1/pi"), (np.sqrt(2), "sqrt(2)"), (np.e, "e"), (np.log(2), "log(2)"),
          (1 / np.log(2), "1/log(2)"), (np.log(10), "log(10)"), (1 / np.log(10), "1/log(10)"))  # fmt: skip
_MOST_NAMES, _SPARE = 12, 4  # columns of a product of powers, and points beyond them


def counts(columns: Columns) -> tuple[str, ...]:
    """Sizes at hand that are whole numbers."""
    return tuple(name for name in names_of_kind("size") if name in columns and name not in RATIOS)


def same(a: Array, b: Array) -> bool:
    """Whether two columns are equal to the accuracy of a diagnosis."""
    with np.errstate(invalid="ignore"):
        return bool(np.all(np.abs(a - b) <= RTOL * np.abs(b)))


def constant(values: Array) -> float | None:
    """Return the common value, if there is one."""
    if not values.size or not np.all(np.isfinite(values)) or values[0] == 0:
        return None
    return float(np.median(values)) if np.all(np.abs(values / values[0] - 1) <= RTOL) else None


def nice(value: float) -> str | None:
    """Write a number as a small fraction, or such a fraction times pi or sqrt 2."""
    from fractions import Fraction

    for unit, name in _UNITS:
        if not abs(value / unit) < 1e15:
            continue
        fraction = Fraction(value / unit).limit_denominator(12)
        if fraction != 0 and abs(fraction.numerator) <= 48 and abs(float(fraction) * unit / value - 1) < RTOL:
            return name if fraction == 1 and name else f"{fraction}" if not name else f"{fraction}*{name}"
    return None


def _positive(columns: Columns) -> dict[str, Array]:
    """Columns that can stand in a product of powers."""
    found = {}
    for name, value in columns.items():
        if not name.startswith("_") and np.all(np.isfinite(value)) and np.all(value > 0) and np.ptp(value) > 0:
            found[name] = np.asarray(value, dtype=float)
    return found


def _bases(columns: dict[str, Array], deep: bool) -> tuple[list[str], Array]:
    """Expressions by which formulas are often off, their powers aside; shares of what is no count only where `deep`."""
    rows: list[tuple[str, Array]] = list(columns.items())
    for name in counts(columns):
        for shift in (1, 2):
            rows.append((f"{name}/({name} - {shift})", columns[name] / (columns[name] - shift)))
            rows.append((f"{name}/({name} + {shift})", columns[name] / (columns[name] + shift)))
    for name, value in columns.items():
        rows += [(f"(1 - {name})", 1 - value), (f"(1 + {name})", 1 + value)]
    for a, top in columns.items():
        for b, bottom in columns.items():
            if a != b and (deep or b in counts(columns)):
                rows += [(f"(1 - {a}/{b})", 1 - top / bottom), (f"(1 + {a}/{b})", 1 + top / bottom)]
    rows = [(name, value) for name, value in rows if np.all(np.isfinite(value)) and np.all(value != 0)]
    return [name for name, _ in rows], np.array([value for _, value in rows])


def ratio_label(ratio: Array, columns: Columns, anything: bool = False, deep: bool = False) -> str | None:
    """Name a ratio: a nice constant, or one times a power of what is often forgotten, or times a ratio of two names.

    A constant that is not nice is written out where `anything` is allowed; products of more names, and of them with
    other expressions, are tried where `deep`.
    """
    if not ratio.size or not np.all(np.isfinite(ratio)) or np.any(ratio == 0):
        return None
    value = constant(ratio)
    if value is not None:
        written = f"{value:.6g}" if f"{value:.6g}" != "1" else f"1 {'+' if value > 1 else '-'} {abs(value - 1):.3g}"
        return nice(value) or (written if anything else None)
    sign = np.sign(ratio)
    columns = _positive(columns)
    if not columns:
        return None
    names, bases = _bases(columns, deep)
    logs, powers = np.log(np.abs(bases)), np.array(_POWERS)[:, None, None]
    left = np.log(np.abs(ratio)) - powers * logs
    flat = np.ptp(left, axis=2) <= RTOL
    level = np.median(left, axis=2)
    places: list[list[int]] = np.argwhere(flat).tolist()
    for p, i in sorted(places, key=lambda at: bool(abs(level[at[0], at[1]]) > RTOL)):  # without a number first
        factor = nice(float(np.exp(level[p, i])))
        signs = sign * np.sign(bases[i]) ** (2 if _POWERS[p] % 2 == 0 else 1)
        if factor is not None and np.all(signs == signs[0]):
            label = _powered(names[i], _POWERS[p])
            label = label if factor == "1" else _multiplied(factor, label)
            return label if signs[0] > 0 else f"-{label}"
    return _product(np.abs(ratio), sign, columns, names, bases, deep)


def _multiplied(factor: str, label: str) -> str:
    return f"{factor}{label[1:]}" if label.startswith("1/") and factor.isdigit() else f"{factor}*{label}"


def _powered(name: str, power: float) -> str:
    if power < 0:
        inner = _powered(name, -power)
        top, slash, bottom = inner.partition("/")
        if slash and power == -1 and top.isidentifier():
            return f"{bottom}/{top}"
        return f"1/{inner if inner.isidentifier() or (inner[-1] == ')' and inner[0] in '(s') else f'({inner})'}"
    if power == 1:
        return name
    return (
        f"sqrt({name})" if power == 0.5 else f"{name}**2" if name.isidentifier() or name[0] == "(" else f"({name})**2"
    )


def _independent(columns: dict[str, Array]) -> dict[str, Array]:
    """Columns of which none is a product of powers of others, the shorter names first."""
    found: dict[str, Array] = {}
    size = len(next(iter(columns.values())))
    basis: list[Array] = [np.ones(size) / np.sqrt(size)]
    for name in sorted(columns, key=len):
        value = np.log(columns[name])
        rest = value.copy()
        for _ in range(2):
            for direction in basis:
                rest = rest - float(rest @ direction) * direction
        if np.linalg.norm(rest) > 1e-9 * max(1.0, float(np.linalg.norm(value))) and len(found) < min(
            _MOST_NAMES, size - _SPARE
        ):
            basis.append(rest / np.linalg.norm(rest))
            found[name] = value
    return found


def _product(
    ratio: Array, sign: Array, columns: dict[str, Array], names: list[str], bases: Array, deep: bool
) -> str | None:
    """Name a ratio as a product of powers of names, perhaps times one of the expressions."""
    if len(ratio) < _SPARE + 2:
        return None
    logs = _independent(columns)
    matrix = np.column_stack([np.ones(len(ratio)), *logs.values()])
    inverse = np.linalg.pinv(matrix)
    target, others = np.log(ratio), np.log(np.abs(bases))

    def rest(values: Array) -> Array:
        return np.asarray(values - (values @ inverse.T) @ matrix.T)

    left, remains = rest(target), rest(others)
    trials: list[tuple[str, Array, Array]] = []
    if np.max(np.abs(left)) <= RTOL:
        trials.append(("", target, sign))
    elif deep:
        for power in (1.0, -1.0, 2.0, -2.0):
            for i in np.flatnonzero(np.max(np.abs(left - power * remains), axis=1) <= RTOL):
                signs = sign * np.sign(bases[i]) ** (2 if power % 2 == 0 else 1)
                trials.append((_powered(names[i], power), target - power * others[i], signs))
    for label, logarithm, signs in trials:
        powers = inverse @ logarithm
        rounded = np.round(2 * powers[1:]) / 2
        used = [(name, power) for name, power in zip(logs, rounded, strict=True) if power]
        factor = nice(float(np.exp(powers[0])))
        exact = np.allclose(powers[1:], rounded, atol=1e-6) and factor is not None
        short = len(used) <= (4 if deep else 2) and all(abs(power) <= (2 if deep else 1) for _, power in used)
        if exact and short and np.all(signs == signs[0]):
            parts = [] if factor == "1" else [str(factor)]
            parts += [label] if label else []
            text = "*".join([*parts, _monomial(used)] if used else parts)
            return text if signs[0] > 0 else f"-{text}"
    return None


def _monomial(powers: list[tuple[str, float]]) -> str:
    import sympy as sp

    return str(sp.sstr(sp.prod(sp.Symbol(name, positive=True) ** sp.Rational(power) for name, power in powers)))


def difference_label(difference: Array, columns: Columns, deep: bool = False) -> str | None:
    """Name a difference: a constant, or a nice multiple of a name; of a product or a ratio of two where `deep`."""
    scale = float(np.max(np.abs(difference), initial=0.0))
    if not np.all(np.isfinite(difference)) or scale == 0:
        return None
    value = constant(difference)
    if value is not None:
        return nice(value)
    usable = {name: np.asarray(column, dtype=float) for name, column in columns.items()
              if not name.startswith("_") and np.all(np.isfinite(column))}  # fmt: skip
    rows = list(usable.items())
    for a, first in usable.items() if deep else ():
        for b, second in usable.items():
            if a < b:
                rows.append((f"{a}*{b}", first * second))
            if a != b and np.all(second != 0):
                rows.append((f"{a}/{b}", first / second))
    for label, column in rows:
        there = column != 0
        if there.sum() < 3 or np.any(np.abs(difference[~there]) > RTOL * scale):
            continue
        factor = constant(difference[there] / column[there])
        word = nice(factor) if factor is not None else None
        if word is not None:
            return label if word == "1" else f"-{label}" if word == "-1" else f"{word}*{label}"
    return None
