"""A user's formula as a function of a claim's parameters and of the quantities its equations define."""

from __future__ import annotations

import dataclasses
import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.derivation.clock import STEP_SECONDS, Clock, OutOfTime
from solvable.analysis.derivation.evaluation import Doubles, Precise
from solvable.analysis.derivation.fixed import fixed_parameters
from solvable.analysis.derivation.implicit import NoRootError, solve
from solvable.analysis.derivation.in_doubles import needs_doubles
from solvable.analysis.derivation.known import chosen
from solvable.analysis.derivation.latex_phrases import Phrase, phrases_of
from solvable.analysis.derivation.left_members import about_the_claim
from solvable.analysis.derivation.limited import bounded
from solvable.analysis.derivation.notation import read
from solvable.analysis.derivation.operators import operator_name
from solvable.analysis.derivation.own_ridge import with_own_ridge
from solvable.analysis.derivation.refusals import without_modes
from solvable.analysis.derivation.several import equations_of, meant_equation, with_the_formula_first
from solvable.analysis.derivation.spellings import in_known
from solvable.analysis.derivation.summed_letters import refuse_other_letters, with_printed_sums
from solvable.analysis.derivation.translation import every_quantity, known_names, translated, unknown
from solvable.analysis.derivation.two_signs import that_is_ours, with_signs
from solvable.analysis.derivation.understood import written
from solvable.analysis.derivation.whole_letters import with_counted_letters
from solvable.analysis.verification.claim import Claim
from solvable.analysis.writing.conventions import written_symbols
from solvable.solvers.validate import as_kind, refuse

if TYPE_CHECKING:
    import sympy as sp

__all__ = ["Formula", "operators_of", "read_formula"]

_NO_VALUE = (ArithmeticError, ValueError, TypeError)
_GROWS = 100  # by which a value is larger, 10^5 nearer to where it has none, if it is infinite there
_CALL_SECONDS = 4.0  # for a value of a user's function
_TINY = 70  # digits by which a vanishing parameter is moved where the formula is 0/0


@dataclass(frozen=True)
class Formula:
    """Something that can be evaluated at a point: a mapping from names to numbers.

    Attributes
    ----------
    text, read_as : str
        As given, and as understood.
    names : frozenset of str
        Parameters and quantities of the claim that it uses.
    expression : sympy expression or None
        None for a Python function.
    doubles : bool
        Whether its values are good to doubles only.
    condition : sympy condition or None
        The range in which the author states it.
    relation : str
        = for an equality, <= and >= for a bound.
    orders : tuple
        What stands in the author's O and o, where the formula is a statement about large sizes.
    rounded, decimals, sides
        See `solvable.analysis.derivation.notation.Reading`.
    """

    text: str
    names: frozenset[str]
    expression: sp.Expr | None
    function: Callable[..., Any] | None = None
    implicit: Mapping[Any, Any] = field(default_factory=dict)
    read_as: str = ""
    condition: Any = None
    relation: str = "="
    orders: tuple[Any, ...] = ()
    rounded: Any = None
    decimals: Mapping[Any, tuple[Any, Any]] = field(default_factory=dict)
    sides: tuple[Any, ...] = ()
    other_end: Any = None  # of a chain of bounds: what stands left of the quantity
    unread: tuple[str, ...] = ()  # left members that are no formulas
    named: tuple[str, int] = ("", 1)  # the author's name for it, and the power at which that stands
    chosen: str = ""  # of several roots the least or the greatest, where the author says which
    member: tuple[Any, Any] | None = None  # a left member with one name that the claim has not, and that name
    outline: tuple[Any, dict[str, Any]] | None = None  # the expression with the author's names, and what these are
    words: Mapping[str, Any] = field(default_factory=dict)  # the author's names, in ours
    narrowing: str = ""  # mathematics of a sentence that was not read, and may say where the formula is meant
    clock: Clock | None = None
    fixed: Mapping[str, float] = field(default_factory=dict)  # parameters that the author holds at a number

    @property
    def doubles(self) -> bool:
        """Whether its values are good to doubles only."""
        return self.expression is None or any(map(needs_doubles, (self.expression, *self.implicit.values())))

    @property
    def plain(self) -> bool:
        """Whether it is made of elementary functions alone."""
        import sympy as sp

        expression = self.expression
        return expression is not None and not self.implicit and not expression.has(sp.Lambda, sp.Sum, sp.Product,
                                                                                   sp.Integral)  # fmt: skip

    def __call__(self, values: Mapping[str, Any]) -> Any:
        """Value at the precision of mpmath (doubles for a Python function); nan where it is not a real number.

        Where a parameter is zero and the formula is 0/0 as written, the limit is taken from above, in one parameter
        where one is enough, else in all that vanish; what follows a parameter by an equation follows it there too.
        """
        import mpmath as mp

        if self.function is not None:
            return self._of_function(values)
        moved = values.get("_shifted")
        parameters = sorted(self.names) if moved is None else moved.parameters
        zero = [name for name in parameters if name in values and values[name] == 0]
        try:
            value = self._value(self._given(values))
        except KeyError as error:
            raise without_modes(error, self.text) from None
        except NoRootError:
            if not zero:
                raise
            value = mp.nan
        if not mp.isnan(value):
            return value
        for names in [[name] for name in zero] + ([zero] if len(zero) > 1 else []):
            value = self._limit(values, names)
            if not mp.isnan(value):
                break
        return value

    def _limit(self, values: Mapping[str, Any], names: list[str]) -> Any:
        """Value as some parameters vanish; nan where two small values of them do not agree."""
        import mpmath as mp

        digits, moved = mp.mp.dps, values.get("_shifted")
        with mp.workdps(4 * _TINY + digits):
            found = []
            for exponent in (_TINY, _TINY + 5):
                small = {name: mp.mpf(10) ** -exponent for name in names}
                try:
                    found.append(self._value(self._given({**values, **small} if moved is None else moved(**small))))
                except _NO_VALUE:
                    return mp.nan
            close, closer = found
        if self.relation in ("<=", ">=") and closer * close > 0 and abs(closer) > _GROWS * abs(close):
            return mp.sign(closer) * mp.inf  # which an upper or a lower bound may be
        return closer if abs(close - closer) <= mp.mpf(10) ** -12 * abs(closer) else mp.nan

    def stated_at(self, values: Mapping[str, Any]) -> bool:
        """Whether the author's range, if there is one, holds at a point."""
        if self.condition is None or {str(s) for s in self.condition.free_symbols} & {str(s) for s in self.implicit}:
            return True
        return bool(Precise()(self.condition, self._numbers(values)))

    def on(self, columns: Mapping[str, Any]) -> NDArray[np.float64]:
        """Doubles at many points."""
        size = len(next(iter(columns.values())))
        if self.plain:
            with np.errstate(all="ignore"):
                found = self._columns(columns) * np.ones(size)
            again = np.flatnonzero(~np.isfinite(found))
        else:
            found, again = np.full(size, np.nan), np.arange(size)
        for i in again:
            row = {name: column[i] for name, column in columns.items()}
            row = {n: v if n.startswith("_") else float(v) for n, v in row.items()}
            found[i] = self._in_doubles(row)
            found[i] = found[i] if np.isfinite(found[i]) else self._or_nan(row)
        return found

    def _or_nan(self, row: Mapping[str, Any]) -> float:
        """Value at a point that may be one of a slip, where an equation need not have one root."""
        try:
            return float(self(row))
        except ValueError:
            return np.nan

    def _in_doubles(self, row: Mapping[str, Any]) -> float:
        """Value at a point without mpmath, where no equation has to be solved; nan where there is none."""
        import sympy as sp

        if self.expression is None or self.implicit:
            return np.nan
        given = {n if n.startswith("_") else sp.Symbol(n, positive=True): v for n, v in row.items()}
        try:
            value = Doubles(self.clock)(self.expression, given)
        except (*_NO_VALUE, KeyError):
            return np.nan
        return float(value) if np.isrealobj(value) and np.ndim(value) == 0 else np.nan

    def frozen(self, columns: Mapping[str, Any]) -> tuple[Formula, dict[str, NDArray[np.float64]]]:
        """Return the formula with its sums, means and implicit quantities as names, and the columns of these.

        A formula of elementary functions, and a Python function, is returned as it is.
        """
        import sympy as sp

        found = [] if self.expression is None else list(dict.fromkeys(operators_of(self.expression)))
        if self.expression is None or (self.plain and not found):
            return self, {}
        marks = {node: sp.Symbol(written(node), positive=True) for node in found}
        rows = [{n: v if n.startswith("_") else float(v) for n, v in zip(columns, row, strict=True)}
                for row in zip(*columns.values(), strict=True)]  # fmt: skip
        size = len(rows)
        more = {str(mark): np.full(size, np.nan) for mark in (*marks.values(), *self.implicit)}
        for i, row in enumerate(rows):
            given = self._given(row)
            for symbol in self.implicit:
                more[str(symbol)][i] = float(given[symbol])
            for node, mark in marks.items():
                more[str(mark)][i] = float(dataclasses.replace(self, expression=node)._value(given))
        expression = self.expression.xreplace(marks)
        names = frozenset(str(symbol) for symbol in expression.free_symbols)
        return dataclasses.replace(self, expression=expression, names=names, implicit={}), more

    def _columns(self, columns: Mapping[str, Any]) -> Any:
        import sympy as sp

        given = {sp.Symbol(name, positive=True): columns[name] for name in self.names}
        try:
            value = np.asarray(Doubles(self.clock)(self.expression, given))
        except _NO_VALUE:
            return np.nan
        return value.real if np.iscomplexobj(value) and not value.imag.any() else value.astype(float)

    def _given(self, values: Mapping[str, Any]) -> dict[Any, Any]:
        """Symbols and what a point brings besides numbers, with the quantities the author defines."""
        given = self._numbers(values)
        for symbol, equation in self.implicit.items():
            given[symbol] = solve(str(symbol).strip("_"), symbol, equation, self._range_of(symbol), given, self.chosen)
        return given

    def _numbers(self, values: Mapping[str, Any]) -> dict[Any, Any]:
        import mpmath as mp
        import sympy as sp

        given: dict[Any, Any] = {name: value for name, value in values.items() if name.startswith("_")}
        needed = self.names | {str(s) for s in getattr(self.condition, "free_symbols", ())}
        return given | {sp.Symbol(name, positive=True): mp.mpf(values[name]) for name in needed if name in values}

    def _range_of(self, symbol: Any) -> Any:
        condition = self.condition
        return condition if condition is not None and symbol in condition.free_symbols else None

    def _value(self, given: Mapping[Any, Any]) -> Any:
        import mpmath as mp

        try:
            value = Precise(self.clock)(self.expression, given)
        except _NO_VALUE:
            return mp.nan
        return _real(value)

    def _of_function(self, values: Mapping[str, Any]) -> Any:
        import mpmath as mp

        names = sorted(n for n in self.names if n in values)
        taken = {n: values[n] if isinstance(values[n], str) else float(values[n]) for n in names}
        start = time.process_time()
        try:
            value = bounded(_CALL_SECONDS, lambda: self.function and self.function(**taken))
        except TimeoutError:
            raise OutOfTime from None
        except _NO_VALUE:
            return mp.nan
        except Exception as error:
            raise refuse("formula", self.text, f"it raised {type(error).__name__}: {error}") from error
        if self.clock is not None:
            self.clock.check(round((time.process_time() - start) / STEP_SECONDS))
        if np.ndim(value) or np.size(value) != 1:
            raise refuse("formula", self.text, "it returns a vector, and a formula gives one number")
        return _real(value.item() if isinstance(value, np.ndarray | np.generic) else value)


def operators_of(node: Any) -> list[Any]:
    """Topmost sums, means and derivatives of an expression."""
    import sympy as sp

    if isinstance(node, sp.Sum | sp.Product | sp.Integral) or operator_name(node) or (
        getattr(node.func, "__name__", "") == "derivative"
    ):  # fmt: skip
        return [node]
    return [found for part in node.args for found in operators_of(part)]


def _real(value: Any) -> Any:
    """A real number of mpmath, or nan."""
    import mpmath as mp

    try:
        imaginary = mp.mpmathify(value).imag
        return mp.mpf(mp.mpmathify(value).real) if imaginary == 0 else mp.nan
    except (TypeError, ValueError):
        return mp.nan


def read_formula(
    formula: Any, claim: Claim | None, symbols: Mapping[str, Any] | None = None, latex: bool = False,
    clock: Clock | None = None,
) -> Formula:  # fmt: skip
    """Turn a string, sympy expression or function into a `Formula` in the names of the claim.

    Raises
    ------
    ValueError
        Naming the first symbol that neither the claim nor `symbols` knows.
    """
    import sympy as sp

    as_kind("latex", latex, bool, "it must be True or False")
    as_kind("symbols", symbols, Mapping | None, "it must be a mapping from your symbols to ours")
    if callable(formula) and not isinstance(formula, sp.Basic) and not hasattr(formula, "free_symbols"):
        return _from_function(formula, known_names(claim))
    if isinstance(formula, bool | int | float | np.number):
        formula = repr(formula.item() if isinstance(formula, np.number) else formula)
    if not isinstance(formula, str):
        if getattr(formula, "is_Matrix", False) or not isinstance(formula, sp.Basic):
            raise refuse("formula", formula, "it must be a string, a sympy expression of one number or a function")
        if isinstance(formula, sp.Eq):
            raise refuse("formula", str(formula), "it is an equation: give its right side alone")
        if not isinstance(formula, sp.Expr) or isinstance(formula, sp.Lambda):
            raise refuse("formula", str(formula), "it must be an expression, not a condition")
        if formula.has(sp.zoo, sp.nan):
            raise refuse("formula", str(formula), "a part of it has no value")
    known = known_names(claim)
    phrases = _phrases(claim, known or set()) if latex and claim is not None else ()
    source = formula
    if isinstance(formula, str) and claim is not None and not latex:
        source = with_printed_sums(formula, claim, known or set())
    reading = read(source, latex, phrases, symbols) if isinstance(source, str) else None
    if reading is not None and claim is not None:
        refuse_other_letters(reading, formula, claim, known or set())
        reading = about_the_claim(with_counted_letters(reading, claim), formula, claim, known or set())
        reading = with_own_ridge(
            reading,
            every_quantity(claim),
            lambda name: bool(set(claim.grid[0]) & {*in_known(claim, name, known or set()), name}),
        )
    every = [] if reading is None else with_signs(reading, claim, formula)
    if every and claim is not None:
        fields = [translated(each, formula, claim, dict(symbols or {})) for each in every]
        return that_is_ours([Formula(str(formula), clock=clock, **found) for found in fields], claim)
    reading = reading if reading is None or claim is None else with_the_formula_first(reading, known or set())
    equations = [] if reading is None or claim is None else equations_of(reading)
    if claim is not None and len(equations) > 1:
        read_ones, errors = [], list[ValueError | None]()
        for each in equations:
            try:
                found = translated(each, formula, claim, dict(symbols or {}))
            except ValueError as error:
                errors.append(error)
                continue
            errors.append(None)
            read_ones.append((each, Formula(str(formula), clock=clock, **found)))
        if read_ones:
            return meant_equation(read_ones, equations, errors, claim)
    found = translated(reading, formula, claim, dict(symbols or {}))
    fixed = {} if symbols else fixed_parameters(reading, claim, known_names(claim) or set())
    return Formula(str(formula), clock=clock, fixed=fixed, **found)


def _phrases(claim: Claim, known: set[str]) -> tuple[Phrase, ...]:
    """How the quantities that a formula may name are written in LaTeX."""
    written_ones = written_symbols(claim)
    choices = {name: (f"1_{{{name[3:].replace('_', '')}}}",) for name in chosen(claim, claim.grid[0])}
    return phrases_of({name: latex for name, latex in {**choices, **written_ones}.items() if name in known})


def _from_function(function: Callable[..., Any], known: set[str] | None) -> Formula:
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        raise refuse(
            "formula", function, "the names of its parameters are not known: write a function of them"
        ) from None
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        raise refuse("formula", function, "its parameters must have names")
    names = tuple(p.name for p in parameters if p.kind is not p.VAR_KEYWORD)
    every = len(names) < len(parameters)  # **parameters
    required = {p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD}
    if known is not None:
        if required - known:
            raise unknown(sorted(required - known)[0], known)
        names = tuple(known) if every else tuple(name for name in names if name in known)
    return Formula(getattr(function, "__name__", "function"), frozenset(names), None, function)
