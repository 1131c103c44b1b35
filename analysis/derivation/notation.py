"""Formulas as text: a whitelisted syntax tree, to which plain text and LaTeX are brought first; nothing is run."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.derivation.latex import plain_from_latex
from solvable.analysis.derivation.plain import plain_from_text
from solvable.solvers.validate import refuse

if TYPE_CHECKING:
    import sympy as sp

__all__ = ["Reading", "mp_mean", "parse", "read"]

_LONGEST, _MOST_NODES, _DEEPEST, _LARGEST_POWER = 10_000, 2_000, 60, 1_000
_FUNCTIONS = ("sqrt", "exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan", "asinh",
              "acosh", "atanh", "erf", "erfc", "gamma_function", "beta_function", "Abs", "sign", "Min",
              "Max", "binomial", "factorial")  # fmt: skip
_RENAMED = {"gamma_function": "gamma", "beta_function": "beta", "abs": "Abs", "min": "Min", "max": "Max", "ln": "log",
            "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctanh": "atanh"}  # fmt: skip
# quantities that authors write with their argument: df2(kappa) is df2
_DEPENDENT = {"df1": ("kappa",), "df2": ("kappa",), "kappa": ("lam", "lambda_", "delta", "ridge"),
              "unlearned": ("kappa",)}  # fmt: skip
_COMPARISONS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


@dataclass(frozen=True)
class Reading:
    """What was understood: the expression, the range in which the author states it (None: everywhere), and its name."""

    expression: sp.Expr
    condition: Any = None
    left: str = ""


def parse(text: str, latex: bool = False) -> sp.Expr:
    """Read a formula and leave out its range; see `read`."""
    return read(text, latex).expression


def read(text: str, latex: bool = False) -> Reading:
    """Read a formula; every name becomes a symbol.

    Plain notation: numbers, names, ``+ - * / ** ^``, ``a if gamma < 1 else b``,
    ``Piecewise((a, gamma < 1), (b, True))``, elementary functions, ``pi``, and ``mp_mean(f)``: the mean of f over x
    under the Marchenko-Pastur law of ratio gamma and unit variance, atom included. Greek letters, ``²`` and ``√`` may
    stand for their names; a left-hand side ``y =`` and a range (``, gamma < 1``) may stand around the formula. LaTeX is
    brought to this notation first.

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
    formula, range_, left = plain_from_latex(text) if latex else plain_from_text(text)
    expression = _expression(formula, text)
    _check_size(expression)
    return Reading(expression, _expression(range_, text) if range_ else None, left)


def mp_mean(integrand: sp.Expr) -> sp.Expr:
    """Mean of an expression in x under the Marchenko-Pastur law, as an unevaluated sympy function."""
    import sympy as sp

    return sp.Function("mp_mean")(integrand)


def _expression(formula: str, text: str) -> Any:
    try:
        tree = ast.parse(re.sub(r"\blambda\b", "lambda_", formula.strip()), mode="eval")  # a word of Python
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = getattr(error, "msg", None) or "too deeply nested"
        raise refuse("formula", text, f"it is not a formula ({reason})") from None
    if sum(1 for _ in ast.walk(tree)) > 2 * _MOST_NODES:
        raise refuse("formula", text, f"it has more than {_MOST_NODES:,} parts")
    try:
        return _Reader(text).read(tree.body, 0)
    except TypeError:
        raise refuse("formula", text, "it mixes conditions and numbers") from None


class _Reader:
    """Translate a syntax tree node by node; whatever is not listed is refused."""

    def __init__(self, text: str) -> None:
        self.text = text

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
                return self.number(value)
            case ast.Name(id="pi"):
                return sp.pi
            case ast.Name(id="oo"):
                return sp.oo
            case ast.Name(id=name):
                if "__" in name:
                    raise self.refuse(f"the name {name!r} is not a symbol")
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
        raise self.refuse(f"{type(node).__name__.lower()} is not part of a formula")

    def number(self, value: float) -> Any:
        import sympy as sp

        if isinstance(value, int):
            if abs(value) > 10**30:
                raise self.refuse("it holds a number above 10**30")
            return sp.Integer(value)
        if not np.isfinite(value):
            raise self.refuse("it holds a number that is not finite")
        return sp.Rational(repr(value))  # 0.1 means a tenth

    def binary(self, op: ast.operator, left: Any, right: Any) -> Any:
        match op:
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
            case ast.Pow():
                if right.is_number and abs(complex(right.evalf())) > _LARGEST_POWER:
                    raise self.refuse(f"it holds a power above {_LARGEST_POWER}")
                if left.is_number and right.is_number and left != 0 and _digits(left) * abs(float(right)) > 400:
                    raise self.refuse("it holds a number of more than 400 digits")
                return left**right
        raise self.refuse(f"the operator {type(op).__name__} is not part of a formula")

    def compare(self, parts: list[Any], ops: list[ast.cmpop]) -> Any:
        import sympy as sp

        kinds = [_COMPARISONS.get(type(op)) for op in ops]
        if None in kinds:
            raise self.refuse("it holds a comparison other than < <= > >= == !=")
        steps = [sp.Rel(a, b, kind) for a, b, kind in zip(parts, parts[1:], kinds, strict=False)]
        return sp.And(*steps)

    def call(self, name: str, arguments: list[ast.expr], depth: int) -> Any:
        import sympy as sp

        if name == "Piecewise":
            pairs = []
            for pair in arguments:
                if not isinstance(pair, ast.Tuple) or len(pair.elts) != 2:
                    raise self.refuse("Piecewise takes pairs (expression, condition)")
                pairs.append(tuple(self.read(part, depth) for part in pair.elts))
            return sp.Piecewise(*pairs)
        values = [self.read(argument, depth) for argument in arguments]
        if name == "mp_mean":
            if len(values) != 1:
                raise self.refuse("mp_mean takes one expression in x")
            return mp_mean(values[0])
        if name in _DEPENDENT and len(values) == 1 and str(values[0]) in _DEPENDENT[name]:
            return sp.Symbol(name, positive=True)
        allowed = _RENAMED.get(name, name) if name in _RENAMED or name in _FUNCTIONS else None
        if allowed is None:
            raise self.refuse(
                f"the function {name!r} is unknown; known are {', '.join(sorted((*_FUNCTIONS, 'mp_mean')))}"
            )
        try:
            return getattr(sp, allowed)(*values)
        except (TypeError, ValueError):
            raise self.refuse(f"{name} does not take these {len(values)} arguments") from None


def _digits(number: Any) -> float:
    """Decimal digits of a number's numerator and denominator."""
    return float(abs(np.log10(max(abs(complex(number.evalf(15))), 1e-300)))) + 1


def _check_size(expression: Any) -> None:
    import sympy as sp

    if not isinstance(expression, sp.Expr):
        raise refuse("formula", str(expression), "it must be an expression, not a condition")
    if sum(1 for _ in sp.preorder_traversal(expression)) > _MOST_NODES:
        raise refuse("formula", str(expression)[:60], f"it has more than {_MOST_NODES:,} parts")
