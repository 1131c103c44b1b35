"""Wrong formulas: every place of a source file where an operator, comparison, sign, constant or index can be broken."""

from __future__ import annotations

import ast
import copy
import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
             ast.MatMult: ast.Mult, ast.FloorDiv: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd}  # fmt: skip
COMPARISONS = {ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
NAMES = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "log1p": "log", "expm1": "exp"}
TUNING = {"tol", "atol", "rtol", "xtol", "ftol", "gtol", "eps", "tiny", "huge", "chunk", "accuracy", "tolerance"}
SETTINGS = {"maxiter", "maxfun", "limit", "epsabs", "epsrel", "max_nfev", "max_step", "rcond", "stacklevel", "maxsize"}
SETTINGS |= TUNING | {"tolerance", "absolute_tolerance", "sizes", "quick", "first_draws", "most_draws"}
SETTING = (ast.Dict, ast.List, ast.ListComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Mutant:
    """One wrong formula: where it is, what it says, and the syntax tree of the file with it."""

    file: str
    line: int
    function: str  # qualified name of the outermost function; "" at module level
    numerical: bool  # a tolerance, iteration limit or chunk size rather than a formula
    identity: str
    index: int

    def tree(self, source: str) -> ast.Module:
        """Parse the file and break it at this place; line numbers stay those of the file."""
        tree = ast.parse(source)
        sites = Sites(tree, self.file.startswith("analysis"))
        _break(sites.found[self.index])
        return ast.fix_missing_locations(tree)


@dataclass
class Site:
    kind: str
    node: ast.AST
    function: str
    statement: ast.AST
    numerical: bool


class Sites:
    """Formula places of a module; messages, annotations, decorators and class bodies are left alone."""

    def __init__(self, tree: ast.Module, tables: bool):
        self.found: list[Site] = []
        self._tables = tables  # whether literals at module level are tables of settings, between formulas
        self._scope: list[str] = []
        self._statement: ast.AST | None = None
        for child in tree.body:
            self._visit(child, numerical=False)

    def _visit(self, node: ast.AST, numerical: bool) -> None:
        if isinstance(node, (ast.Raise, ast.JoinedStr, ast.Import, ast.ImportFrom)):
            return
        if isinstance(node, ast.stmt):
            self._statement = node
            numerical = _tuning_statement(node) or (not self._scope and not self._tables)
        if self._tables and not self._scope:
            cells = isinstance(node, ast.Call) and _name(node.func).endswith(("cells", "grid"))
            if cells or isinstance(node, SETTING) or getattr(node, "arg", "") in SETTINGS:
                return
            self._statement = node if isinstance(node, ast.Lambda) else self._statement
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            self._definition(node)
            return
        if isinstance(node, ast.Call) and _name(node.func) in {"warn", "refuse", "TypeVar", "Source"}:
            return
        if isinstance(node, ast.Subscript) and _name(node.value) in {"NDArray", "tuple", "list", "dict", "Callable"}:
            return
        self._add(node, numerical)
        for field, value in ast.iter_fields(node):
            if field not in ("annotation", "returns"):
                for child in value if isinstance(value, list) else [value]:
                    if isinstance(child, ast.AST):
                        self._visit(child, numerical or _tunes(node, child))

    def _definition(self, node: ast.FunctionDef | ast.ClassDef) -> None:
        self._scope.append(node.name)
        if isinstance(node, ast.FunctionDef):
            for default in [*node.args.defaults, *node.args.kw_defaults]:
                if default is not None:
                    self._statement = node
                    self._visit(default, numerical=False)
        for child in node.body:
            if isinstance(node, ast.FunctionDef) or isinstance(child, ast.FunctionDef):
                self._visit(child, numerical=False)
        self._scope.pop()

    def _add(self, node: ast.AST, numerical: bool) -> None:
        kind = _kind(node)
        if kind is None:
            return
        sides = [node.left, node.right] if isinstance(node, ast.BinOp) else [node]
        numerical = numerical or any(_extreme(side) for side in sides) or (len(sides) == 2 and _tunes(node, sides[0]))
        assert self._statement is not None
        self.found.append(Site(kind, node, ".".join(self._scope), self._statement, numerical))


def _name(node: ast.AST) -> str:
    return getattr(node, "attr", getattr(node, "id", ""))


def _extreme(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is float and not 1e-5 <= (abs(node.value) or 1) <= 1e5


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _kind(node: ast.AST) -> str | None:
    """What can be broken here."""
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS and not (_is_text(node.left) or _is_text(node.right)):
        return "operator"
    if isinstance(node, ast.AugAssign) and type(node.op) in OPERATORS:
        return "operator"
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        return "comparison"
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return "sign"
    if isinstance(node, ast.Call) and _name(node.func) in NAMES:
        return "name"
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return "constant"
    return None


def _tuning_name(node: ast.AST) -> bool:
    return bool(TUNING & set(_name(node).lower().strip("_").split("_")))


def _tunes(node: ast.AST, child: ast.AST) -> bool:
    """Whether `child` sets accuracy or effort: a factor of eps, a tolerance, a limit of iterations."""
    if isinstance(node, ast.keyword):
        return node.arg in SETTINGS
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
        return any(_tuning_name(side) for side in (node.left, node.right))
    if isinstance(node, ast.For) and isinstance(child, ast.Call) and _name(child.func) == "range":
        return len(child.args) == 1 and isinstance(child.args[0], ast.Constant)
    return False


def _tuning_statement(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and all(_tuning_name(target) for target in node.targets)


def _break(site: Site) -> None:
    """Change the node in place."""
    node, kind = site.node, site.kind
    if kind == "operator":
        node.op = OPERATORS[type(node.op)]()  # type: ignore[attr-defined]
    elif kind == "comparison":
        node.ops[0] = COMPARISONS[type(node.ops[0])]()  # type: ignore[attr-defined]
    elif kind == "sign":
        node.op = ast.UAdd()  # type: ignore[attr-defined]
    elif kind == "name":
        target = node.func  # type: ignore[attr-defined]
        setattr(target, "attr" if hasattr(target, "attr") else "id", NAMES[_name(target)])
    else:
        value = node.value  # type: ignore[attr-defined]
        node.value = value + 1 if isinstance(value, int) else (value * 1.1 or 0.1)  # type: ignore[attr-defined]


def _short(node: ast.AST) -> str:
    text = ast.unparse(node).split("\n")[0]
    return text if len(text) <= 90 else f"{text[:87]}..."


def mutants(root: Path, file: str) -> list[Mutant]:
    """Every distinct wrong formula of a file, in an order drawn once for all: samples are the first of them.

    The order hashes what a mutant says, so that edits elsewhere in the file leave a sample as it is.
    """
    tree = ast.parse((root / file).read_text())
    repeats: Counter[str] = Counter()
    found = []
    for index, site in enumerate(Sites(tree, file.startswith("analysis")).found):
        broken = Site(site.kind, copy.deepcopy(site.node), site.function, site.statement, site.numerical)
        before = _short(site.node)
        _break(broken)
        change = f"{before} -> {_short(broken.node)}"
        if site.kind == "constant":
            change += f" in {'the defaults' if isinstance(site.statement, ast.FunctionDef) else _short(site.statement)}"
        name = f"{file}::{site.function}: {change}"
        repeats[name] += 1
        identity = name if repeats[name] == 1 else f"{name} #{repeats[name]}"
        found.append(Mutant(file, site.node.lineno, site.function, site.numerical, identity, index))  # type: ignore[attr-defined]
    return sorted(found, key=lambda m: hashlib.sha256(m.identity.encode()).digest())
