"""Formulas as text: a whitelisted syntax tree, to which plain text and LaTeX are brought first; nothing is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.derivation.functions import DEPENDENT, FUNCTIONS, METHODS, PLACED, RENAMED, SAME, WRITTEN_OUT
from solvable.analysis.derivation.inlining import inlined
from solvable.analysis.derivation.latex import plain_from_latex
from solvable.analysis.derivation.latex_phrases import Phrase
from solvable.analysis.derivation.operators import OPERATORS, as_value, call_operator, mode_sum, without_values
from solvable.analysis.derivation.plain import plain_from_text
from solvable.analysis.derivation.powers import counted, digits, is_condition, rooted
from solvable.analysis.derivation.typed import is_by_hand
from solvable.solvers.validate import refuse

if TYPE_CHECKING:
    import sympy as sp

__all__ = ["Reading", "parse", "read"]

_LONGEST, _MOST_NODES, _DEEPEST, _LARGEST_POWER = 10_000, 2_000, 60, 1_000
_ARITHMETIC = {"divide": ast.Div, "true_divide": ast.Div, "multiply": ast.Mult, "add": ast.Add, "subtract": ast.Sub}
_DECIMAL = re.compile(r"\d\.\d{4,}|\.\d{5,}|\d{2,}\.\d{3,}|\d{3,}\.\d\d|\d{4,}\.\d")
_COMPARISONS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


@dataclass(frozen=True)
class Reading:
    """What was understood: the expression and what the author states with it.

    Attributes
    ----------
    condition : sympy condition or None
        The range in which it is stated; None is everywhere.
    left, relation : str
        The name left of the sign, and the sign: = <= >=.
    definitions : mapping
        What names of the author's are, perhaps in terms of themselves; an equation has blanks for its name.
    decimals : mapping
        Decimals of five digits or more, by the symbol that stands for them in `rounded`, with half a unit of the last.
    sides : tuple
        What else the author says that the expression equals.
    unread, named : tuple
        Left members that are no formulas; the name left of the sign, and at which power it stands there, 1 or 2.
    statistic : sympy expression or None
        The first side with one name for the mean, the variance or the norm that it holds.
    lost : frozenset of str
        Names that cancel: who does not know them does not know what was meant either.
    """

    expression: sp.Expr
    condition: Any = None
    left: str = ""
    relation: str = "="
    definitions: Mapping[str, Any] = field(default_factory=dict)
    rounded: Any = None
    decimals: Mapping[Any, tuple[Any, Any]] = field(default_factory=dict)
    sides: tuple[Any, ...] = ()
    other_end: Any = None  # what stands left of the quantity in a chain of bounds
    unread: tuple[str, ...] = ()
    named: tuple[str, int] = ("", 1)
    statistic: Any = None
    lost: frozenset[str] = frozenset()
    chosen: str = ""  # which root of an equation the author means, "least" or "greatest"
    words: tuple[str, str] = ("", "")  # of a sentence, not read: all, and those that may narrow the formula


def parse(text: str, latex: bool = False) -> sp.Expr:
    """Read a formula in positive names and leave out its range; see `read`."""
    reading = read(text, latex)
    if reading.sides or reading.unread:
        why = "left of = stands a formula, not the name of one quantity: give the right side alone"
        raise refuse("formula", text, why)
    expression = reading.expression
    if "pm_sign" in map(str, expression.free_symbols):
        raise refuse("formula", text, "± is not understood where one formula is asked for: write one of the two")
    return without_values(expression, {str(symbol) for symbol in expression.free_symbols})


def read(
    text: str, latex: bool = False, phrases: tuple[Phrase, ...] = (), defined: Mapping[str, Any] | None = None
) -> Reading:
    """Read a formula; every name becomes a symbol, but those `defined` as text in what an operator binds.

    Plain notation: numbers, names, ``+ - * / ** ^``, ``a if gamma < 1 else b``,
    ``Piecewise((a, gamma < 1), (b, True))``, elementary functions, ``pi``, and operators:

    * ``sum(s_i/(s_i + kappa), i)`` over the modes, ``Tr(Sigma*(Sigma + kappa*I)**-1)`` of functions of the covariance;
      ``sum(f, k, a, b)`` and ``product`` over whole numbers;
    * ``mp_mean(f)``, the mean of f over x under the Marchenko-Pastur law of ratio gamma and unit variance, atom
      included; ``E(f, z)`` over a standard normal z; ``integral(f, x, a, b)``;
    * ``m(-lam)`` and ``v(-lam)``, the Stieltjes transforms of the sample covariance and of its companion;
      ``diff(f, x)``; ``limit(f, x, a)``;
    * ``O(1/n)`` and ``o(1)``, which make the formula a statement about large n.

    Greek letters, ``²`` and ``√`` may stand for their names; around the formula may stand a left-hand side (``y =``, or
    ``y <=`` for a bound), a range (``, gamma < 1``) and definitions
    (``where kappa = lam + gamma*kappa/(1 + kappa)``). LaTeX is brought to this notation first.

    Raises
    ------
    ValueError
        In one sentence, for anything else.
    """
    if not isinstance(text, str):
        raise refuse("formula", text, "it must be a string, a sympy expression or a function")
    if len(text) > _LONGEST:
        raise refuse("formula", text, f"it has {len(text):,} characters, more than {_LONGEST:,}")
    if not text.strip():
        raise refuse("formula", text, "it is empty")
    try:
        stated = inlined(plain_from_latex(text, phrases) if latex else plain_from_text(text), defined or {})
    except RecursionError:
        raise refuse("formula", text, "it is too deeply nested") from None
    lost: set[str] = set()
    expression = _expression(stated.formula, text, lost=lost)
    _check_size(expression)
    maybe = lambda part: _expression(part, text) if part else None  # noqa: E731
    condition = maybe(stated.condition)
    definitions: dict[str, Any] = {}
    for name, value in stated.definitions:
        name = "lambda_" if name == "lambda" else name or " " * sum(not key.strip() for key in definitions)
        if name in definitions:
            raise refuse("formula", text, f"{name} is defined twice")
        found = _expression(value, text, lost=lost)
        if str(found) != name and (name.strip() or found != 0):  # what is written in two scripts is one name
            definitions[name] = found
    decimals = dict[Any, tuple[Any, Any]]()
    rounded = _expression(stated.formula, text, decimals) if _DECIMAL.search(stated.formula) else None
    sides, unread = [], list(stated.unread)
    for side in stated.sides:
        try:
            sides.append(_expression(side, text, lost=lost))
        except ValueError:
            unread.append(side)
    return Reading(
        expression, condition, stated.left, stated.relation, definitions, rounded, decimals, tuple(sides),
        maybe(stated.other_end), tuple(unread), stated.named, maybe(stated.statistic), frozenset(lost), stated.chosen,
        stated.words,
    )  # fmt: skip


def _expression(
    formula: str, text: str, decimals: dict[Any, tuple[Any, Any]] | None = None, lost: set[str] | None = None
) -> Any:
    """Read one expression; names that it holds and sympy cancelled are added to `lost`."""
    try:
        source = re.sub(r"\blambda\b", "lambda_", formula.strip())  # a word of Python
        tree = ast.parse(source, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = getattr(error, "msg", None) or "too deeply nested"
        raise refuse("formula", text, f"it is not a formula ({reason})") from None
    if sum(1 for _ in ast.walk(tree)) > 2 * _MOST_NODES:
        raise refuse("formula", text, f"it has more than {_MOST_NODES:,} parts")
    reader = _Reader(text, source, decimals)
    try:
        value = reader.read(tree.body, 0)
    except (TypeError, AttributeError):
        raise refuse("formula", text, "it mixes conditions and numbers") from None
    except (ArithmeticError, KeyError, NotImplementedError):  # sympy, on what has no value: log(0)
        raise refuse("formula", text, "a part of it has no value") from None
    import sympy as sp

    if value.has(sp.zoo, sp.nan):
        raise refuse("formula", text, "a part of it has no value")
    if lost is not None:
        lost |= reader.names - {str(symbol) for symbol in value.free_symbols}
    return value


class _Reader:
    """Translate a syntax tree node by node; whatever is not listed is refused."""

    def __init__(self, text: str, source: str, decimals: dict[Any, tuple[Any, Any]] | None = None) -> None:
        self.text, self.source, self.decimals = text, source, decimals
        self.names: set[str] = set()  # every name that is read as a symbol
        self.by_hand = is_by_hand(text)  # square brackets are brackets, where code has indices
        self.scope: dict[str, Any] = {}  # names that an operator binds

    def refuse(self, why: str) -> ValueError:
        return refuse("formula", self.text, why)

    def read(self, node: ast.AST, depth: int) -> Any:
        import sympy as sp

        if depth > _DEEPEST:
            raise self.refuse(f"it is nested more than {_DEEPEST} deep")
        deeper = depth + 1
        match node:
            case ast.Constant(value=bool()):
                return sp.true if node.value else sp.false
            case ast.Constant(value=int() | float() as value):
                return self.number(value, ast.get_source_segment(self.source, node) or "")
            case ast.Name(id=name) if name in self.scope:
                return self.scope[name]
            case ast.Name(id="pi"):
                return sp.pi
            case ast.Name(id="nan"):
                raise self.refuse("nan is no number")
            case ast.Name(id="oo"):
                return sp.oo
            case ast.Name(id=name):
                if "__" in name:
                    raise self.refuse(f"the name {name!r} is not a symbol")
                self.names.add(name)
                return sp.Symbol(name, positive=True)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return -self.read(inner, deeper)
            case ast.UnaryOp(op=ast.UAdd(), operand=inner):
                return self.read(inner, deeper)
            case ast.BinOp(left=left, op=op, right=right):
                return self.binary(op, self.read(left, deeper), self.read(right, deeper))
            case ast.IfExp(test=test, body=body, orelse=other):
                return sp.Piecewise(
                    (self.read(body, deeper), self.read(test, deeper)), (self.read(other, deeper), True)
                )
            case ast.Compare(left=left, ops=ops, comparators=others):
                return self.compare([self.read(part, deeper) for part in (left, *others)], ops)
            case ast.BoolOp(op=op, values=values):
                parts = [self.read(value, deeper) for value in values]
                return sp.And(*parts) if isinstance(op, ast.And) else sp.Or(*parts)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self.call(name, arguments, deeper)
            case ast.Call(func=ast.Attribute(value=inner, attr=name), args=arguments, keywords=[]) if name in METHODS:
                return self.call(name, [inner, *arguments], deeper)
            case ast.Subscript(value=ast.Name(id=name), slice=inner) if len(name) == 1 and name != "E" and self.by_hand:
                return self.binary(ast.Mult(), self.read(node.value, deeper), self.read(inner, deeper))
            case ast.Attribute(value=ast.Name(id="S"), attr="Half"):
                return sp.Rational(1, 2)
            case ast.Attribute(value=inner, attr="T") if "Sigma" in self.scope:
                return self.read(inner, deeper)
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                return sp.Not(self.read(inner, deeper))
        raise self.refuse(f"{type(node).__name__.lower()} is not part of a formula")

    def number(self, value: float, written: str = "") -> Any:
        """Return a number as it is written: the noughts at the end of 0.78540 are digits given."""
        import sympy as sp

        if isinstance(value, int):
            if abs(value) > 10**30:
                raise self.refuse("it holds a number above 10**30")
            return sp.Integer(value)
        if not np.isfinite(value):
            raise self.refuse("it holds a number that is not finite")
        text = (written if re.fullmatch(r"[\d.]+", written) else repr(value)).lower()
        exact = sp.Rational(text)  # 0.1 means a tenth
        digits = text.partition("e")[0].replace(".", "").lstrip("0")
        if self.decimals is None or len(digits) < 5:
            return exact
        place = -len(text.partition("e")[0].partition(".")[2])
        place += int(text.partition("e")[2] or 0)
        symbol = sp.Symbol(f"_decimal{len(self.decimals)}", positive=True)
        self.decimals[symbol] = (exact, sp.Rational(10) ** place / 2)
        return symbol

    def binary(self, op: ast.operator, left: Any, right: Any) -> Any:
        import sympy as sp

        left, right = (counted(part) for part in (left, right))
        match op:
            case ast.MatMult() if "Sigma" in self.scope:  # functions of one covariance commute
                return left * right
            case ast.Add():
                return left + right
            case ast.Sub():
                return left - right
            case ast.Mult():
                return left * right
            case ast.Div():
                if right == 0:
                    raise self.refuse("it divides by zero")
                return left / right
            case ast.FloorDiv():
                if right == 0:
                    raise self.refuse("it divides by zero")
                return sp.floor(left / right)
            case ast.Pow():
                if right.is_number and abs(complex(right.evalf())) > _LARGEST_POWER:
                    raise self.refuse(f"it holds a power above {_LARGEST_POWER}")
                if left.is_number and right.is_number and left != 0 and digits(left) * abs(float(right)) > 400:
                    raise self.refuse("it holds a number of more than 400 digits")
                return rooted(left) ** right if not right.is_integer else left**right
        raise self.refuse(f"the operator {type(op).__name__} is not part of a formula")

    def compare(self, parts: list[Any], ops: list[ast.cmpop]) -> Any:
        import sympy as sp

        kinds = [_COMPARISONS.get(type(op)) for op in ops]
        if None in kinds:
            raise self.refuse("it holds a comparison other than < <= > >= == !=")
        parts = [as_value(part) for part in parts]
        steps = [sp.Rel(a, b, kind) for a, b, kind in zip(parts, parts[1:], kinds, strict=False)]
        return sp.And(*steps)

    def bound(self, tree: ast.AST, scope: dict[str, Any], depth: int) -> Any:
        """Read with names bound by an operator."""
        outer, self.scope = self.scope, {**self.scope, **scope}
        try:
            return self.read(tree, depth + 1)
        finally:
            self.scope = outer

    def quantity(self, name: str, value: Any) -> Any:
        """Return df1(kappa), which is df1, or the same sum at another place."""
        import sympy as sp

        if str(value) in DEPENDENT[name]:
            return sp.Symbol(name, positive=True)
        if name in ("df1", "df2"):
            s = sp.Symbol("s_i", positive=True)
            return mode_sum((s / (s + value)) ** int(name[-1]), s, sp.Symbol("v_i", positive=True))
        raise self.refuse(f"{name} is known at {' or '.join(DEPENDENT[name])} only")

    def call(self, name: str, arguments: list[ast.expr], depth: int) -> Any:
        import sympy as sp

        name = SAME.get(name, name)
        if name == "Piecewise":
            pairs = []
            for pair in arguments:
                if not isinstance(pair, ast.Tuple) or len(pair.elts) != 2:
                    raise self.refuse("Piecewise takes pairs (expression, condition)")
                pairs.append(tuple(self.read(part, depth) for part in pair.elts))
            return sp.Piecewise(*pairs)
        if name in ("piecewise", "select") and any(isinstance(part, ast.List) for part in arguments):
            lists = [part.elts for part in arguments if isinstance(part, ast.List)]
            if len(lists) != 2 or len(lists[0]) != len(lists[1]):
                raise self.refuse(f"{name} takes a list of conditions and a list of values")
            other = [arguments[-1]] if name == "select" and not isinstance(arguments[-1], ast.List) else []
            arguments = [part for pair in zip(*lists, strict=True) for part in pair]
            arguments += [ast.Constant(True), other[0]] if other else []
            name = "which"
        if name == "piecewise":  # of Maple: conditions and values in turn, perhaps another value behind them
            name, arguments = (
                "which",
                [*arguments[:-1], ast.Constant(True), arguments[-1]] if len(arguments) % 2 else arguments,
            )
        if name in ("inv", "eye") and "Sigma" in self.scope and len(arguments) == 1:
            return 1 / self.read(arguments[0], depth) if name == "inv" else sp.Integer(1)
        if name == "which" and len(arguments) % 2 == 0:
            parts = [self.read(argument, depth) for argument in arguments]
            if not all(is_condition(part) for part in parts[::2]):
                raise self.refuse("a case has a condition that is none")
            return sp.Piecewise(*zip(parts[1::2], parts[::2], strict=True))
        if name in OPERATORS:
            return call_operator(name, arguments, lambda tree, scope: self.bound(tree, scope, depth), self.refuse)
        before = set(self.names)
        values = [self.read(argument, depth) for argument in arguments]
        if name in DEPENDENT and len(values) == 1:
            self.names = before | {name} | {str(s) for s in values[0].free_symbols if str(s) not in DEPENDENT[name]}
            return self.quantity(name, values[0])
        if name == "kappa_prime" and len(values) == 1 and str(values[0]) in DEPENDENT["kappa"]:
            return sp.Function("derivative")(sp.Symbol("kappa", positive=True), values[0])
        if name in WRITTEN_OUT and len(values) == 1:
            return WRITTEN_OUT[name](sp, values[0])
        if name in PLACED and len(values) == PLACED[name].__code__.co_argcount - 1:
            return PLACED[name](sp, *values)
        if name == "limit" and len(values) in (3, 4):
            self.names = before | (self.names - {str(values[1])})  # it binds its name
            return sp.Limit(*values[:3], dir="-" if len(values) == 4 else "+")
        if name == "np_where" and len(values) == 3:
            return sp.Piecewise((values[1], values[0]), (values[2], True))
        if name in _ARITHMETIC and len(values) == 2:
            return self.binary(_ARITHMETIC[name](), *values)
        if name in ("power", "pow", "float_power") and len(values) == 2:
            return self.binary(ast.Pow(), *values)
        allowed = RENAMED.get(name, name) if name in RENAMED or name in FUNCTIONS else None
        if allowed is None:
            known = ", ".join(sorted((*FUNCTIONS, *OPERATORS)))
            raise self.refuse(f"the function {name!r} is unknown; known are {known}")
        if name in ("factorial", "binomial", "gamma_function") and any(
            value.is_number and abs(complex(value.evalf(5))) > _LARGEST_POWER for value in values
        ):
            raise self.refuse(f"{name} of a number above {_LARGEST_POWER} is too large")
        if not values:
            raise self.refuse(f"{name} does not take these 0 arguments")
        if allowed in ("Abs", "sign", "Max", "Min", "Heaviside"):
            values = [as_value(value) for value in values]
        values = [rooted(value) for value in values] if allowed == "sqrt" else values
        try:
            return getattr(sp, allowed)(*values)
        except (TypeError, ValueError):
            raise self.refuse(f"{name} does not take these {len(values)} arguments") from None


def _check_size(expression: Any) -> None:
    import sympy as sp

    if not isinstance(expression, sp.Expr):
        raise refuse("formula", str(expression), "it must be an expression, not a condition")
    if sum(1 for _ in sp.preorder_traversal(expression)) > _MOST_NODES:
        raise refuse("formula", str(expression)[:60], f"it has more than {_MOST_NODES:,} parts")
