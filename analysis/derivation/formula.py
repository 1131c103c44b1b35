"""A user's formula as a function of a claim's parameters and of the quantities its equations define."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.derivation.notation import Reading, parse, read
from solvable.analysis.derivation.quantities import marchenko_pastur_mean
from solvable.analysis.verification.claim import Claim
from solvable.analysis.writing.conventions import translations
from solvable.solvers.validate import as_kind, refuse

if TYPE_CHECKING:
    import sympy as sp

__all__ = ["Formula", "known_names", "known_values", "read_formula"]


@dataclass(frozen=True)
class Formula:
    """Something that can be evaluated at a point: a mapping from names to numbers."""

    text: str
    names: frozenset[str]
    expression: sp.Expr | None
    _precise: Callable[..., Any]
    _arguments: tuple[str, ...]
    read_as: str = ""
    condition: sp.Basic | None = None

    def __call__(self, values: Mapping[str, Any]) -> Any:
        """Value at the precision of mpmath (doubles for a Python function); nan where it is not a real number.

        Where a parameter is zero and the formula is 0/0 as written, the limit is taken from above.
        """
        import mpmath as mp

        numbers = [values[name] for name in self._arguments]
        value = self._evaluate(numbers)
        if mp.isnan(value) and self.expression is not None and any(number == 0 for number in numbers):
            value = self._evaluate([mp.mpf(10) ** -100 if number == 0 else number for number in numbers])
        return value

    def stated_at(self, values: Mapping[str, Any]) -> bool:
        """Whether the author's range, if there is one, holds at a point."""
        if self.condition is None:
            return True
        import sympy as sp

        given = {symbol: sp.Float(str(values[str(symbol)]), 30) for symbol in self.condition.free_symbols}
        return bool(self.condition.xreplace(given))

    def _evaluate(self, numbers: list[Any]) -> Any:
        import mpmath as mp

        try:
            value = self._precise(*numbers)
        except (ZeroDivisionError, OverflowError, ValueError, TypeError):
            return mp.nan
        try:
            return mp.mpf(value) if not isinstance(value, mp.mpc) or value.imag == 0 else mp.nan
        except TypeError:
            return mp.nan

    def on(self, columns: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Doubles at many points."""
        size = len(next(iter(columns.values())))
        rows = ({name: float(columns[name][i]) for name in self._arguments} for i in range(size))
        return np.array([float(self(row)) for row in rows])


def read_formula(
    formula: Any, claim: Claim | None, symbols: Mapping[str, Any] | None = None, latex: bool = False
) -> Formula:
    """Turn a string, sympy expression or function into a `Formula` in the names of the claim.

    Raises
    ------
    ValueError
        Naming the first symbol that neither the claim nor `symbols` knows.
    """
    as_kind("latex", latex, bool, "it must be True or False")
    as_kind("symbols", symbols, Mapping | None, "it must be a mapping from your symbols to ours")
    known = known_names(claim)
    if callable(formula) and not hasattr(formula, "free_symbols"):
        return _from_function(formula, known)
    if isinstance(formula, bool | int | float):
        formula = repr(formula)
    reading = read(formula, latex) if isinstance(formula, str) else Reading(formula)
    if not hasattr(reading.expression, "free_symbols"):
        raise refuse("formula", formula, "it must be a string, a sympy expression or a function")
    known = known_names(claim)
    if known is not None and reading.left in known:
        raise refuse("formula", formula, f"left of = stands {reading.left}, which is not what the claim is about")
    return _from_expression(reading, str(formula), claim, dict(symbols or {}))


def known_names(claim: Claim | None) -> set[str] | None:
    """Names of the numbers of a claim that a formula may use; None where it is free."""
    if claim is None:
        return None
    cell = claim.draw(np.random.default_rng(0), claim.grid[0])
    names = {name for name, value in cell.items() if isinstance(value, int | float)}
    return names | set(claim.quantities(**cell) if claim.quantities else ())


def _from_function(function: Callable[..., Any], known: set[str] | None) -> Formula:
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        raise refuse("formula", function, "its parameters must have names")
    names = tuple(p.name for p in parameters if p.kind is not p.VAR_KEYWORD)
    required = {p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD}
    if known is not None:
        if required - known:
            raise _unknown(sorted(required - known)[0], known)
        names = tuple(name for name in names if name in known)

    def call(*values: Any) -> Any:
        return function(**{n: float(v) if not isinstance(v, str) else v for n, v in zip(names, values, strict=True)})

    return Formula(getattr(function, "__name__", "function"), frozenset(names), None, call, names)


def _unknown(name: str, known: set[str]) -> ValueError:
    return refuse(
        "formula", name, f"the symbol is not known here; known are {', '.join(sorted(known))}, or give symbols="
    )


def _from_expression(reading: Reading, text: str, claim: Claim | None, symbols: dict[str, Any]) -> Formula:
    import sympy as sp

    known = known_names(claim)
    expression, condition = reading.expression, reading.condition
    given = {name: parse(value) if isinstance(value, str) else sp.sympify(value) for name, value in symbols.items()}
    x = sp.Symbol("x", positive=True)
    for _ in range(3):  # a replacement may hold another alias
        replace = {}
        for symbol in expression.free_symbols | (condition.free_symbols if condition is not None else set()):
            name = str(symbol)
            if name == "x" and expression.has(sp.Function("mp_mean")):
                replace[symbol] = x
            elif name in given:
                replace[symbol] = given[name]
            else:
                replace[symbol] = _translate(name, known, claim)
        changed = {a: b for a, b in replace.items() if a != b}
        if not changed:
            break
        given = {}  # once
        expression = expression.xreplace(changed)
        condition = condition if condition is None else condition.xreplace(changed)
    means = sorted((a for a in expression.atoms(sp.Function) if a.func.__name__ == "mp_mean"), key=str)
    names = {str(symbol) for symbol in expression.free_symbols} - ({"x"} if means else set())
    names |= {"gamma"} if means else set()
    arguments = tuple(sorted(names))
    inputs = [sp.Symbol(name, positive=True) for name in arguments]
    dummies = [sp.Dummy(f"mean{i}", real=True) for i in range(len(means))]
    outer = sp.lambdify([*inputs, *dummies], expression.xreplace(dict(zip(means, dummies, strict=True))), "mpmath")
    inner = [sp.lambdify([x, *inputs], mean.args[0], "mpmath") for mean in means]
    place = arguments.index("gamma") if means else -1

    def evaluate(*values: Any) -> Any:
        import mpmath as mp

        numbers = [mp.mpf(value) for value in values]

        def mean(function: Callable[..., Any]) -> Any:
            return marchenko_pastur_mean(lambda eigenvalue: function(eigenvalue, *numbers), numbers[place])

        return outer(*numbers, *(mean(function) for function in inner))

    understood = sp.sstr(reading.expression).replace("lambda_", "lambda")
    return Formula(text, frozenset(names), None if means else expression, evaluate, arguments, understood, condition)


def _translate(name: str, known: set[str] | None, claim: Claim | None) -> Any:
    """Return our expression for an author's name: the first whose names the claim knows."""
    import sympy as sp

    if claim is None or known is None or name in known:
        return sp.Symbol(name, positive=True)
    for candidate in translations(claim, name):
        expression = parse(candidate)
        if {str(symbol) for symbol in expression.free_symbols} <= known:
            return expression
    raise _unknown(name, known)


def known_values(claim: Claim, cell: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers a formula may use at a cell: its numeric parameters and the quantities its equations define."""
    numbers = {name: value for name, value in cell.items() if isinstance(value, int | float)}
    return {**numbers, **(claim.quantities(**cell) if claim.quantities else {})}
