"""What the command line's `derive` is told, as a model: sizes and scalars, matrices, abbreviations, a trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from solvable.analysis.equivalents.declaring import MatrixModel
from solvable.analysis.equivalents.text_notation import read_expression, read_trace
from solvable.solvers.equivalents.trace_expression import Trace
from solvable.solvers.validate import as_positive, as_scalar, refuse

__all__ = ["trace_from_options"]


def trace_from_options(
    formula: str,
    *,
    let: Sequence[str] = (),
    gaussian: Sequence[str] = (),
    wigner: Sequence[str] = (),
    spectrum: Sequence[str] = (),
    set_: Sequence[str] = (),
) -> Trace:
    """Read a trace and the options that declare its names.

    Parameters
    ----------
    formula : str
        The trace.
    let : sequence of str
        ``X = Z sqrt(S)``.
    gaussian : sequence of str
        ``Z:n,d``, or ``W:k,d:1/d`` with the variance of an entry.
    wigner : sequence of str
        ``A:n`` or ``A:n:1/n``.
    spectrum : sequence of str
        ``S:power:1.2:80``: eigenvalues i^-1.2 over their mean; a space may follow where its size does not tell it.
    set_ : sequence of str
        ``n=100,lam=0.05``: sizes of spaces, and scalars.

    Returns
    -------
    Trace

    Raises
    ------
    ValueError
        In one sentence.
    """
    numbers: dict[str, float] = {}
    for part in (part for text in set_ for part in text.split(",")):
        name, value = _number(part)
        if name in numbers:
            raise refuse("--set", part, f"{name} has a value already")
        numbers[name] = value
    shapes = [(_parts("gaussian", text, 2, 3), 2) for text in gaussian] + [
        (_parts("wigner", t, 2, 3), 1) for t in wigner
    ]
    lists = [_parts("spectrum", text, 4, 5) for text in spectrum]
    spaces: dict[str, float | None] = {}
    for fields, count in shapes:
        names = [name.strip() for name in fields[1].split(",")]
        if len(names) != count:
            raise refuse("shape", fields[1], "a gaussian has two spaces, as Z:n,d, and a wigner matrix one, as A:n")
        spaces.update({name: numbers.get(name) for name in names})
    homes = {fields[0]: _home(fields, spaces) for fields in lists}
    for fields in lists:
        spaces[homes[fields[0]]] = _value("spectrum", fields[3])
    model = MatrixModel()
    for name, size in spaces.items():
        if size is None:
            raise refuse("--set", name, "it is a space: give its size, as n=100")
        as_scalar(f"--set {name}", size, as_positive)
        model.space(name, size)
    for name, value in numbers.items():
        if name not in spaces:
            model.scalar(name, value)
    for fields in lists:
        d = model.names[homes[fields[0]]]
        model.deterministic(fields[0], d, _eigenvalues(fields))
    for fields, count in shapes:
        variance = read_expression(fields[2], model.names) if len(fields) > 2 else 1
        own = [model.names[name.strip()] for name in fields[1].split(",")]
        declare: Any = model.gaussian if count == 2 else model.wigner
        declare(fields[0], *own, variance=variance)
    known = dict(model.names)
    for text in let:
        left, equals, right = text.partition("=")
        if not equals or not left.strip().isidentifier() or left.strip() in known:
            raise refuse("--let", text, "write NAME = expression, with a new name")
        known[left.strip()] = read_expression(right, known)
    return read_trace(formula, known)


def _parts(option: str, text: str, least: int, most: int) -> list[str]:
    fields = [field.strip() for field in text.split(":")]
    if not least <= len(fields) <= most:
        raise refuse(f"--{option}", text, "write Z:n,d or Z:n,d:variance" if option == "gaussian" else
                     "write A:n or A:n:variance" if option == "wigner" else "write S:power:exponent:size")  # fmt: skip
    return fields


def _number(text: str) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    if not equals:
        raise refuse("--set", text, "write NAME = number")
    return name.strip(), as_scalar(f"--set {name.strip()}", _value("set", value))


def _value(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise refuse(f"--{option}", text, "it must be a number") from None


def _home(fields: list[str], spaces: dict[str, float | None]) -> str:
    """Space of a spectrum: the one that is named, the one of that size, or the one without a size."""
    if len(fields) == 5:
        return fields[4]
    size = _value("spectrum", fields[3])
    for found in ([s for s, v in spaces.items() if v == size], [s for s, v in spaces.items() if v is None]):
        if len(found) == 1:
            return found[0]
    raise refuse("--spectrum", ":".join(fields), "its size must tell its space; write the space behind the size")


def _eigenvalues(fields: list[str]) -> Any:
    size, exponent = _value("spectrum", fields[3]), _value("spectrum", fields[2])
    if fields[1] != "power":
        raise refuse("--spectrum", fields[1], "choose power")
    if not (size.is_integer() and 1 <= size <= 10**6):
        raise refuse("--spectrum", size, "the size must be a whole number up to 1,000,000")
    as_scalar("--spectrum", exponent)
    s = np.arange(1, int(size) + 1) ** -exponent
    return s / s.mean()
