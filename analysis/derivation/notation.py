"""Formulas as text: plain notation from a whitelisted syntax tree, LaTeX through sympy's parser; nothing is run."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.solvers.validate import refuse

if TYPE_CHECKING:
    import sympy as sp

__all__ = ["mp_mean", "parse"]

_LONGEST, _MOST_NODES, _DEEPEST, _LARGEST_POWER = 10_000, 2_000, 60, 1_000
_FUNCTIONS = ("sqrt", "exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan", "asinh",
              "acosh", "atanh", "erf", "erfc", "gamma_function", "beta_function", "Abs", "sign", "Min",
              "Max")  # fmt: skip
_RENAMED = {"gamma_function": "gamma", "beta_function": "beta", "abs": "Abs", "min": "Min", "max": "Max", "ln": "log",
            "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctanh": "atanh"}  # fmt: skip
_COMPARISONS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_CHARACTERS = {"^": "**", "²": "**2", "³": "**3", "−": "-", "·": "*", "×": "*", "√": "sqrt", "∞": "oo"}


def parse(text: str, latex: bool = False) -> sp.Expr:
    """Read a formula; every name becomes a symbol.

    Plain notation: numbers, names, ``+ - * / ** ^``, ``a if gamma < 1 else b``,
    ``Piecewise((a, gamma < 1), (b, True))``, elementary functions, ``pi``, and ``mp_mean(f)``: the mean of f over x
    under the Marchenko-Pastur law of ratio gamma and unit variance, atom included.

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
    expression = _from_latex(text) if latex else _from_plain(text)
    _check_size(expression)
    return expression


def mp_mean(integrand: sp.Expr) -> sp.Expr:
    """Mean of an expression in x under the Marchenko-Pastur law, as an unevaluated sympy function."""
    import sympy as sp

    return sp.Function("mp_mean")(integrand)


def _from_plain(text: str) -> sp.Expr:
    for character, plain in _CHARACTERS.items():
        text = text.replace(character, plain)
    try:
        tree = ast.parse(text.strip(), mode="eval")
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


_LATEX_ALLOWED = frozenset(
    [
        "frac",
        "dfrac",
        "tfrac",
        "sqrt",
        "left",
        "right",
        "cdot",
        "times",
        "sigma",
        "gamma",
        "lambda",
        "delta",
        "eta",
        "alpha",
        "beta",
        "kappa",
        "mu",
        "nu",
        "rho",
        "tau",
        "phi",
        "psi",
        "theta",
        "omega",
        "epsilon",
        "varepsilon",
        "zeta",
        "chi",
        "xi",
        "pi",
        "exp",
        "log",
        "ln",
        "sin",
        "cos",
        "tan",
        "sinh",
        "cosh",
        "tanh",
        "erf",
        "mathrm",
        "text",
        "operatorname",
        "quad",
        ",",
        ";",
        "!",
        "min",
        "max",
    ]
)
_LATEX_WORDS = (  # what authors write for our names
    (r"\\(?:mathrm|text|operatorname)\{df\}_\{([12])\}", r"\\Xi_{\1}"),
    (r"\\(?:mathrm|text|operatorname)\{df\}_([12])", r"\\Xi_{\1}"),
    (r"\\(?:lVert|Vert|\|)\s*\\beta\s*\\(?:rVert|Vert|\|)(?:_2)?\s*\^(?:2|\{2\})", r"\\Psi"),
)
_LATEX_NAMES = {"Xi_{1}": "df1", "Xi_{2}": "df2", "Psi": "signal"}


def _from_latex(text: str) -> sp.Expr:
    import sympy as sp
    from sympy.core.function import AppliedUndef

    source = text.strip().strip("$")
    for pattern, word in _LATEX_WORDS:
        source = re.sub(pattern, word, source)
    names = dict(_LATEX_NAMES)
    for word in re.findall(r"\\(?:mathrm|text|operatorname)\{([A-Za-z][A-Za-z0-9]*)\}", source):
        names[f"Xi_{{{len(names)}}}"] = word
        source = re.sub(rf"\\(?:mathrm|text|operatorname)\{{{word}\}}", rf"\\Xi_{{{len(names) - 1}}}", source)
    commands = set(re.findall(r"\\([A-Za-z]+|.)", source)) - {"Xi", "Psi", "|", "{", "}", " "}
    if commands - _LATEX_ALLOWED:
        raise refuse(
            "formula", text, f"the LaTeX command \\{sorted(commands - _LATEX_ALLOWED)[0]} is not understood here"
        )
    if re.search(r"\d{31,}", source):
        raise refuse("formula", text, "it holds a number above 10**30")
    if source.count("{") > 200 or source.count("(") > 200:
        raise refuse("formula", text, "it is nested too deeply")
    try:
        from sympy.parsing.latex import parse_latex

        expression = parse_latex(source)
    except ImportError:
        raise refuse("latex", True, "reading LaTeX needs the extra: pip install 'solvable[latex]'") from None
    except Exception as error:
        first = str(error).strip().splitlines()
        raise refuse(
            "formula", text, f"sympy could not read it as LaTeX ({first[0] if first else 'no reason'})"
        ) from None
    if not isinstance(expression, sp.Expr):
        raise refuse("formula", text, "it must be one expression, not an equation")
    # sympy reads gamma(1 - x) as a function; in a formula it is a product
    expression = expression.replace(
        lambda part: isinstance(part, AppliedUndef) and len(part.args) == 1,
        lambda part: sp.Symbol(part.func.__name__) * part.args[0],
    )
    symbols = {s: sp.Symbol(names.get(str(s), re.sub(r"[{}\\]", "", str(s))), positive=True)
               for s in expression.free_symbols}  # fmt: skip
    expression = expression.xreplace(symbols)
    for power in expression.atoms(sp.Pow):
        if power.exp.is_number and abs(complex(power.exp.evalf(15))) > _LARGEST_POWER:
            raise refuse("formula", text, f"it holds a power above {_LARGEST_POWER}")
    return expression


def _check_size(expression: Any) -> None:
    import sympy as sp

    if not isinstance(expression, sp.Expr):
        raise refuse("formula", str(expression), "it must be an expression, not a condition")
    if sum(1 for _ in sp.preorder_traversal(expression)) > _MOST_NODES:
        raise refuse("formula", str(expression)[:60], f"it has more than {_MOST_NODES:,} parts")
