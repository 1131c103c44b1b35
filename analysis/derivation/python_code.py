"""Python that computes one number, as a formula: its statements are followed by name, never run.

Assignments are put where their names are used, branches become cases, and a loop that adds or multiplies becomes a sum
or a product. What is assigned once stays a definition, in the author's name.
"""

from __future__ import annotations

import ast
import collections
import copy
import re
from collections.abc import Mapping

from solvable.solvers.validate import refuse

__all__ = ["formula_of_code"]

_MOST_LINES, _MOST_PARTS = 400, 4_000
_NOTHING = "its function may hold assignments, cases, sums in loops and what it returns, and nothing else"
Names = dict[str, ast.expr]


def formula_of_code(text: str, code: str) -> str:
    """Return ``name = value; ...; result`` for a function of Python, or for the lines of one.

    Raises
    ------
    ValueError
        Where the code holds what no formula can, or more than one function of which none uses the others.

    Examples
    --------
    >>> code = "def f(n):\\n    total = 0\\n    for k in range(n):\\n        total += k**2\\n    return total"
    >>> formula_of_code(code, code)
    '0 + sum((k ** 2 for k in range(n)))'
    """
    try:
        tree = ast.parse(re.sub(r"\blambda\b(?!\s*[\w,\s]*:)", "lam", code.replace("^", "**")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise refuse("formula", text, "it is no function of Python") from None
    reader = _Code(text)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    body = [node for node in tree.body if not isinstance(node, ast.FunctionDef)]
    if functions and not body:
        *helpers, main = functions
        called = {node.func.id for f in functions for node in ast.walk(f)
                  if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}  # fmt: skip
        if any(helper.name not in called for helper in helpers):
            raise refuse("formula", text, "it holds more than one function")
        functions, body = helpers, main.body
    return reader.statement(functions, body)


class _Code:
    """Follows statements, with what the names that change are at each."""

    def __init__(self, text: str) -> None:
        self.text, self.kept, self.steps = text, list[str](), 0
        self.once: set[str] = set()

    def refuse(self, why: str = _NOTHING) -> ValueError:
        return refuse("formula", self.text, why)

    def statement(self, functions: list[ast.FunctionDef], body: list[ast.stmt]) -> str:
        """Definitions and the result."""
        for function in functions:
            value = self.followed(function.body, {})
            if value is None or function.args.kwonlyargs or function.args.vararg or function.args.kwarg:
                raise self.refuse()
            names = ", ".join(a.arg for a in function.args.args)
            self.kept.append(f"{function.name}({names}) = {ast.unparse(value)}")
        stored = collections.Counter(node.id for line in body for node in ast.walk(line)
                                     if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))  # fmt: skip
        top = {t.id for line in body if isinstance(line, ast.Assign) for t in line.targets if isinstance(t, ast.Name)}
        top |= {
            line.target.id for line in body if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
        }
        self.once = {name for name in top if stored[name] == 1}
        value = self.followed(body, {})
        if value is None:
            raise self.refuse()
        return "; ".join([*self.kept, ast.unparse(value)])

    def followed(self, lines: list[ast.stmt], names: Names) -> ast.expr | None:
        """Value that statements return; None where they end without one."""
        last: ast.expr | None = None
        for place, line in enumerate(lines):
            self.steps += 1
            if self.steps > _MOST_LINES:
                raise self.refuse("its function has too many lines and branches")
            match line:
                case ast.Expr(value=ast.Constant(value=str())) | ast.Pass() | ast.Assert():
                    continue
                case ast.Import() | ast.ImportFrom():
                    continue
                case ast.Return(value=ast.expr() as value):
                    return self.put(value, names)
                case ast.Expr(value=ast.Call(func=ast.Name(id="print"), args=[value])) if place == len(lines) - 1:
                    return self.put(value, names)
                case ast.Expr(value=value) if place == len(lines) - 1:
                    return self.put(value, names)
                case ast.If(test=test, body=[ast.Raise()], orelse=other):
                    return self.followed([*other, *lines[place + 1 :]], names)
                case ast.If(test=test, body=then, orelse=other):
                    rest = lines[place + 1 :]
                    first = self.followed([*then, *rest], dict(names))
                    second = self.followed([*other, *rest], dict(names))
                    return self.case(self.put(test, names), first, second)
                case ast.For():
                    self.loop(line, names)
                case _:
                    last = self.assign(line, names)
        return last

    def case(self, test: ast.expr, first: ast.expr | None, second: ast.expr | None) -> ast.expr | None:
        """Value in two cases; where the second has none, of the first alone."""
        if first is None:
            return None if second is None else self.case(ast.UnaryOp(ast.Not(), test), second, None)
        if second is None:
            return ast.Call(ast.Name("which", ast.Load()), [test, first], [])
        return ast.IfExp(test, first, second)

    def assign(self, line: ast.stmt, names: Names) -> ast.expr:
        """Note what a name is from here on; return it."""
        match line:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pairs = [(name, value)]
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                pairs = [(name, value)]
            case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
                pairs = [(getattr(t, "id", ""), v) for t, v in zip(targets, values, strict=False)]
                if len(targets) != len(values) or not all(name for name, _ in pairs):
                    raise self.refuse()
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                pairs = [(name, ast.BinOp(ast.Name(name, ast.Load()), op, value))]
            case _:
                raise self.refuse()
        put = [(name, self.put(value, names)) for name, value in pairs]
        for name, value in put:
            if name in self.once and len(put) == 1:
                self.kept.append(f"{name} = {ast.unparse(value)}")
            else:
                names[name] = value
        return names.get(put[-1][0], ast.Name(put[-1][0], ast.Load()))

    def loop(self, line: ast.For, names: Names) -> None:
        """Follow a loop whose lines add to names or multiply them."""
        if not isinstance(line.target, ast.Name | ast.Tuple) or line.orelse:
            raise self.refuse()
        grown = {n.target.id for n in line.body if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)}
        inner: Names = {name: value for name, value in names.items() if name not in grown}
        index = {node.id for node in ast.walk(line.target) if isinstance(node, ast.Name)}
        over = self.put(line.iter, names)
        for each in line.body:
            if isinstance(each, ast.AugAssign) and isinstance(each.op, ast.Add | ast.Sub | ast.Mult):
                term, name = self.put(each.value, inner), getattr(each.target, "id", "")
                words = {node.id for node in ast.walk(term) if isinstance(node, ast.Name)}
                if words & grown or name in index or name not in names:
                    raise self.refuse("what its loop adds depends on what was added before")
                kind = "product" if isinstance(each.op, ast.Mult) else "sum"
                whole = ast.Call(ast.Name(kind, ast.Load()), [ast.GeneratorExp(term, [
                    ast.comprehension(line.target, over, [], 0)])], [])  # fmt: skip
                names[name] = ast.BinOp(names[name], each.op, whole)
            elif isinstance(each, ast.Assign) and len(each.targets) == 1 and isinstance(each.targets[0], ast.Name):
                inner[each.targets[0].id] = self.put(each.value, inner)
            else:
                raise self.refuse()

    def put(self, value: ast.expr, names: Names) -> ast.expr:
        """Put what names are where they stand."""
        whole = _Put(names).visit(copy.deepcopy(value)) if names else value
        if sum(1 for _ in ast.walk(whole)) > _MOST_PARTS:
            raise self.refuse(f"its lines put together have more than {_MOST_PARTS:,} parts")
        assert isinstance(whole, ast.expr)
        return whole


class _Put(ast.NodeTransformer):
    """Replaces names by what they are."""

    def __init__(self, names: Mapping[str, ast.expr]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return copy.deepcopy(self.names[node.id]) if node.id in self.names else node
