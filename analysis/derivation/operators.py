"""What acts on a whole expression: sums over modes, traces, means over laws; as sympy functions of a bound variable.

A sum over modes is over the eigenvalues s_i, with multiplicity, and the target's coefficients v_i: sum v_i**2 is the
target's variance, and beta_i = v_i/sqrt(s_i) its weights. All functions of one covariance commute, so the trace of one
is the sum over its eigenvalues.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from solvable.analysis.derivation.latex_words import MATRICES
from solvable.analysis.derivation.normal_means import along_a_line, of_a_positive_part, over_the_density

if TYPE_CHECKING:
    import sympy as sp

__all__ = ["ARRAYS", "NORMALS", "OPERATORS", "RIDGE_OF_MODES", "WHOLE_TO", "as_value", "call_operator", "is_operator",
           "mode_sum", "operator_name", "with_bound_means", "without_kappa", "without_values"]  # fmt: skip

OPERATORS = ("sum", "product", "integral", "E", "Tr", "trace", "mp_mean", "law_mean", "diff", "O", "o", "m", "v",
             "m_prime", "m_tilde", "m_tilde_prime", "v_prime", "form", "form_v", "at_place", "least", "least_place",
             "edge", "iterated")  # fmt: skip
_EIGENVALUES, _COEFFICIENTS, _WEIGHTS = ("s", "lambda", "eig", "mu", "eigenvalues"), ("v", "c"), ("beta", "b", "w")
NORMALS = ("z", "Z", "g", "G", "xi", "u", "x")
RIDGE_OF_MODES = "kappa_of_g"  # in g_i: whether it is kappa or the gamma of random features is known with the claim
WHOLE_TO = "modes_to_"  # in front of the end of a sum: whether it is the number of modes is known with the claim
ARRAYS = ("s", "eigs", "eigvals", "eigenvalues", "evals")
Read = Callable[..., Any]
Refuse = Callable[[str], ValueError]


def operator_name(expression: Any) -> str:
    """Name of an operator of ours at the top of an expression, or nothing."""
    return expression.func.__name__ if is_operator(expression) else ""


def is_operator(expression: Any) -> bool:
    """Whether the expression is one of our functions of a bound variable."""
    return getattr(expression.func, "__name__", "") in (
        "mode_sum",
        "mp_mean",
        "gauss_mean",
        "plane_mean",
        "limit_value",
        "at_place",
        "landau",
        "least_value",
        "least_place",
        "end_of_set",
    )


def as_value(expression: Any) -> Any:
    """Keep from being simplified by the positive sign that every name is read with, where it may be none."""
    import sympy as sp

    if not any(symbol.is_positive for symbol in expression.free_symbols):
        return expression
    return sp.Function("value")(expression)


def without_values(expression: Any, positive: set[str]) -> Any:
    """Take off the marks of `as_value` where all names are positive indeed."""
    return expression.replace(
        lambda e: getattr(e.func, "__name__", "") == "value" and {str(s) for s in e.free_symbols} <= positive,
        lambda e: e.args[0],
    )


def mode_sum(body: Any, s: Any, v: Any) -> sp.Expr:
    """Sum over the modes of a body in the eigenvalue s and the coefficient v."""
    import sympy as sp

    # a sum within that does not follow the index is taken once
    once = [f for f in sp.Mul.make_args(body) if f.has(sp.Lambda) and not f.free_symbols & {s, v}]
    return sp.Mul(*once) * sp.Function("mode_sum")(sp.Lambda((s, v), body / sp.Mul(*once)))


def _mean(law: str, x: Any, body: Any) -> sp.Expr:
    """Mean of a body over a law of x; the second variable keeps sympy from taking x itself for the identity."""
    import sympy as sp

    closed = of_a_positive_part(body, x) if law == "gauss_mean" else None
    return sp.Function(law)(sp.Lambda((x, sp.Symbol("unused")), body)) if closed is None else closed


def _plane_mean(body: Any, first: Any, second: Any) -> Any:
    """Mean over two normal variables, or over the one linear form of them that the body follows."""
    import sympy as sp

    line = along_a_line(body, first, second)
    if line is not None:
        return _mean("gauss_mean", first, line)
    return sp.Function("plane_mean")(sp.Lambda((first, second), body))


def _bent_normal_mean(body: Any, x: Any) -> Any:
    """Mean that an integral over the line is, where its integrand changes branch; None where it does not."""
    import sympy as sp

    rest = over_the_density(body, x)
    if rest is None:
        return None
    closed = of_a_positive_part(rest, x)
    if closed is not None:
        return closed
    factors = sp.Mul.make_args(rest)
    inner = [f for f in factors if isinstance(f, sp.Integral)]
    if len(inner) != 1 or len(inner[0].limits) != 1 or inner[0].limits[0][1:] != (-sp.oo, sp.oo):
        return None
    y = inner[0].variables[0]
    other = over_the_density(inner[0].function, y)
    if other is None or not other.has(sp.Max, sp.Min, sp.Abs, sp.Piecewise, sp.sign, sp.Heaviside):
        return None
    return _plane_mean(sp.Mul(*(f for f in factors if f is not inner[0]), other), x, y)


def with_bound_means(expression: Any) -> Any:
    """Bind x in a user's ``mp_mean(f(x))``."""
    import sympy as sp

    def bound(body: Any) -> Any:
        if isinstance(body, sp.Lambda):
            return sp.Function("mp_mean")(body)
        x = sp.Symbol("x", real=True)
        return _mean("mp_mean", x, body.xreplace({s: x for s in body.free_symbols if str(s) == "x"}))

    return expression.replace(lambda e: getattr(e.func, "__name__", "") == "mp_mean", lambda e: bound(e.args[0]))


def without_kappa(expression: Any, known: set[str] | None) -> Any:
    """Write a Stieltjes transform as the mean under the law that it is, where the claim has no kappa."""
    import sympy as sp

    def mean(e: Any) -> Any:
        _, at, companion = e.args
        x, gamma = sp.Symbol("x", real=True), sp.Symbol("gamma", positive=True)
        m = sp.Function("mp_mean")(sp.Lambda((x, sp.Symbol("unused")), 1 / (x + at)))
        return m if companion == 0 else gamma * m + (1 - gamma) / at

    if known is None or "kappa" in known or "gamma" not in known:
        return expression
    return expression.replace(lambda e: getattr(e.func, "__name__", "") == "at_ridge", mean)


def call_operator(name: str, arguments: list[Any], read: Read, refuse: Refuse) -> Any:
    """Read an operator from syntax trees; `read(tree, scope)` reads one with names bound as in `scope`."""
    import sympy as sp

    def variable(place: int) -> str:
        word = getattr(arguments[place], "id", None)
        if word is None:
            raise refuse(f"{name} needs the name of its variable in place {place + 1}")
        return str(word)

    arguments = _with_ends(arguments)
    if name in ("sum", "product"):
        return _sum(name, arguments, variable, read, refuse)
    if name in ("Tr", "trace"):
        return _trace(arguments, read, refuse)
    if name in ("form", "form_v") and len(arguments) == 1:
        return _form(arguments[0], read, name == "form_v")
    if name == "integral" and len(arguments) == 4:
        x = sp.Symbol(variable(1), real=True)
        body, low, high = read(arguments[0], {str(x): x}), read(arguments[2], {}), read(arguments[3], {})
        mean = _bent_normal_mean(body, x) if (low, high) == (-sp.oo, sp.oo) else None
        return sp.Integral(body, (x, low, high)) if mean is None else mean
    if name in ("mp_mean", "law_mean") and len(arguments) == (1 if name == "mp_mean" else 2):
        x = sp.Symbol("x" if name == "mp_mean" else variable(1), real=True)
        return _mean("mp_mean", x, read(arguments[0], {str(x): x}))
    if name == "E" and len(arguments) in (1, 2):
        z = sp.Symbol(variable(1) if len(arguments) == 2 else _normal(arguments[0], refuse), real=True)
        return _mean("gauss_mean", z, read(arguments[0], {str(z): z}))
    if name == "E" and len(arguments) == 3:
        first, second = (sp.Symbol(variable(place), real=True) for place in (1, 2))
        if first == second:
            raise refuse(f"a mean over {first} and {first} is over one variable")
        return _plane_mean(read(arguments[0], {str(first): first, str(second): second}), first, second)
    if name == "at_place" and len(arguments) == 3:  # a value at a place: what it holds may be a derivative
        x = sp.Symbol(variable(1), positive=True)
        bound = sp.Lambda((x, sp.Symbol("unused")), read(arguments[0], {str(x): x}))
        return sp.Function("at_place")(bound, read(arguments[2], {}))
    if (name in ("least", "edge") and len(arguments) in (4, 5)) or (name == "least_place" and len(arguments) == 4):
        x = sp.Symbol(variable(1), real=True)
        body = read(arguments[0], {str(x): x})
        body = sp.Piecewise((1, body), (0, True)) if name == "edge" else body
        bound = sp.Lambda((x, sp.Symbol("unused")), body)
        function = {"least": "least_value", "edge": "end_of_set"}.get(name, name)
        return sp.Function(function)(bound, *(read(argument, {}) for argument in arguments[2:]))
    if name == "iterated" and len(arguments) == 4:
        x = sp.Dummy(variable(1), positive=True)
        body, start, count = read(arguments[0], {variable(1): x}), read(arguments[2], {}), read(arguments[3], {})
        if not body.is_polynomial(x) or sp.degree(body, x) != 1 or count in body.free_symbols:
            raise refuse(
                "a recursion is solved where its step is linear and the same at every step: give what it leads to"
            )
        rate, more = sp.expand(body).coeff(x), body.xreplace({x: sp.Integer(0)})
        return rate**count * start + more * (1 - rate**count) / (1 - rate)
    if name == "diff" and len(arguments) == 2:
        # what it depends on is known only in the names of the claim: `derivatives` resolves it
        return sp.Function("derivative")(read(arguments[0], {}), read(arguments[1], {}))
    if name in ("O", "o") and len(arguments) == 1:
        return sp.Function("landau")(read(arguments[0], {}), sp.Integer(name == "O"))
    if name in ("m", "v", "m_prime", "v_prime", "m_tilde", "m_tilde_prime") and len(arguments) == 1:
        return _stieltjes(name, read(arguments[0], {}), refuse)
    raise refuse(f"{name} does not take these {len(arguments)} arguments")


def _with_ends(arguments: list[Any]) -> list[Any]:
    """Arguments of ``sum(f, (k, a, b))`` and of ``sum(f for k in range(a, b))`` as ``f, k, a, b``."""
    import ast

    match arguments:
        case [term, ast.Tuple(elts=[ast.Name() as index, *ends])] if len(ends) in (0, 2):
            return [term, index, *ends]
        case [ast.Lambda(args=ast.arguments(args=[ast.arg(arg=name)]), body=term), ast.List(elts=[low, high])]:
            return [term, ast.Name(name), low, high]
        case [ast.GeneratorExp(elt=term, generators=over) | ast.ListComp(elt=term, generators=over)]:
            match over:
                case [
                    ast.comprehension(target=ast.Name() as index, ifs=[], iter=ast.Call(func=ast.Name(id=word)) as it)
                ]:
                    if word in ("range", "arange") and len(it.args) in (1, 2) and not it.keywords:
                        first = it.args[0] if len(it.args) == 2 else ast.Constant(0)
                        return [term, index, first, ast.BinOp(it.args[-1], ast.Sub(), ast.Constant(1))]
    return arguments


def _sum(name: str, arguments: list[Any], variable: Callable[[int], str], read: Read, refuse: Refuse) -> Any:
    import ast

    import sympy as sp

    if len(arguments) == 1 and name == "sum":
        return _array_sum(arguments[0], read, refuse)
    if len(arguments) not in (2, 4):
        raise refuse(f"{name} takes a term and its index, and perhaps both ends")
    index = variable(1)
    words = {node.id for node in _outside(arguments[0], index) if isinstance(node, ast.Name)}
    indexed = {word for word in words if word.endswith(f"_{index}")} - _averaged(arguments[0])
    if not indexed:
        if len(arguments) == 2:
            raise refuse(f"{name} over {index} has no ends and no term with the index {index}, such as s_{index}")
        k = sp.Symbol(index, integer=True)
        ends = (k, read(arguments[2], {}), read(arguments[3], {}))
        return (sp.Sum if name == "sum" else sp.Product)(read(arguments[0], {index: k}), ends)
    if index in words:
        raise refuse(f"the index {index} stands alone in a sum over modes")
    end = _last_mode(arguments)
    if end is None:
        raise refuse(f"a sum of {', '.join(sorted(indexed))} goes over all modes: leave out its ends")
    s, v = sp.Symbol(f"s_{index}", positive=True), sp.Symbol(f"v_{index}", positive=True)
    scope = {}
    if f"sigma_{index}" in indexed:  # singular values: whether the claim's modes are that is known at its points
        if any(word.removesuffix(f"_{index}") in _EIGENVALUES for word in indexed):
            raise refuse(
                f"a sum over {index} holds singular values and eigenvalues: one of them is a function of the other"
            )
        s = sp.Symbol(f"sigma_{index}", positive=True)
    for word in sorted(indexed):
        kind = word.removesuffix(f"_{index}")
        if kind in _EIGENVALUES or kind == "sigma":
            scope[word] = s
        elif kind in _COEFFICIENTS:
            scope[word] = v
        elif kind in _WEIGHTS:
            scope[word] = v / sp.sqrt(s)
        elif kind == "g":  # what a mode keeps, as every claim with an effective ridge writes it
            scope[word] = s / (s + sp.Symbol(RIDGE_OF_MODES, positive=True))
        else:
            raise refuse(
                f"what {word} is in a sum over modes is not known: s_{index} is an eigenvalue, v_{index} a "
                f"coefficient of the target, beta_{index} one of its weights"
            )
    body = read(arguments[0], scope)
    whole = sp.Symbol(f"{WHOLE_TO}{end}", positive=True) if end else sp.Integer(1)
    if name == "sum":
        return whole * mode_sum(body, s, v)
    return sp.exp(whole * mode_sum(sp.log(body), s, v))


def _last_mode(arguments: list[Any]) -> str | None:
    """Name of the number of terms that a sum from 1, or from 0 to one before, has; empty for all, None for others."""
    import ast

    match arguments[2:]:
        case [] | [ast.Constant(value=1), ast.Name(id="oo")]:
            return ""
        case [ast.Constant(value=1), ast.Name(id=last)]:
            return str(last)
        case [ast.Constant(value=0), ast.BinOp(left=ast.Name(id=last), op=ast.Sub(), right=ast.Constant(value=1))]:
            return str(last)
    return None


def _averaged(tree: Any) -> set[str]:
    """Variables of the means in a tree: w_j of a sum over j may be one."""
    import ast

    means = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "E")
    return {name.id for mean in means for name in mean.args[1:] if isinstance(name, ast.Name)}


def _outside(tree: Any, index: str) -> Iterator[Any]:
    """Nodes of a tree that stand in no sum of their own over the same index."""
    import ast

    summed = isinstance(tree, ast.Call) and getattr(tree.func, "id", "") in ("sum", "product")
    if summed and [getattr(argument, "id", "") for argument in tree.args[1:2]] == [index]:
        return
    yield tree
    for part in ast.iter_child_nodes(tree):
        yield from _outside(part, index)


def _array_sum(term: Any, read: Read, refuse: Refuse) -> Any:
    """Sum of an array's entries, as in numpy: one name of eigenvalues, and coefficients beside them."""
    import ast

    import sympy as sp

    words = {node.id for node in ast.walk(term) if isinstance(node, ast.Name)}
    modes = words & set(ARRAYS)
    if len(modes) > 1 or not modes | words & {"g"}:
        raise refuse("sum takes a term and its index, or a term in the eigenvalues s")
    s, v = sp.Symbol("s_i", positive=True), sp.Symbol("v_i", positive=True)
    kept = s / (s + sp.Symbol(RIDGE_OF_MODES, positive=True))  # what a mode keeps
    return mode_sum(read(term, {**dict.fromkeys(modes, s), "v": v, "g": kept}), s, v)


def _trace(arguments: list[Any], read: Read, refuse: Refuse) -> Any:
    import sympy as sp

    if len(arguments) != 1:
        raise refuse("Tr takes one function of Sigma")
    if getattr(arguments[0], "id", "") in MATRICES:
        return sp.Symbol(f"tr{arguments[0].id}", positive=True)
    s, v = sp.Symbol("Sigma", positive=True), sp.Symbol("v_Sigma", positive=True)
    body = read(arguments[0], {"Sigma": s, "I": sp.Integer(1), "I_d": sp.Integer(1), "I_p": sp.Integer(1)})
    return mode_sum(body, s, v)


def _form(body: Any, read: Read, coefficients: bool) -> Any:
    """Quadratic form of the target's weights, or of its coefficients, in a function of the covariance."""
    import sympy as sp

    s, v = sp.Symbol("Sigma", positive=True), sp.Symbol("v_Sigma", positive=True)
    one = sp.Integer(1)
    return mode_sum(
        v**2 * (one if coefficients else 1 / s) * read(body, {"Sigma": s, "I": one, "I_d": one, "I_p": one}), s, v
    )


def _normal(tree: Any, refuse: Refuse) -> str:
    import ast

    words = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & set(NORMALS)
    if len(words) != 1:
        raise refuse("name the standard normal variable of an expectation: E(f, z)")
    return words.pop()


def _stieltjes(name: str, at: Any, refuse: Refuse) -> Any:
    """Stieltjes transform at minus the ridge, of the sample covariance (m) or its companion (v), through kappa."""
    import sympy as sp

    lam = -at
    if not (lam.is_Symbol or lam.could_extract_minus_sign() is False):
        raise refuse(f"{name} is known at minus the ridge only: write {name}(-lam)")
    kappa, gamma = sp.Symbol("kappa", positive=True), sp.Symbol("gamma", positive=True)
    companion = 1 / kappa
    value = companion if name.startswith(("v", "m_tilde")) else (companion - (1 - gamma) / lam) / gamma
    # kappa belongs to the claim's own ridge: `lam` is checked against it where the names are known
    value = sp.Function("at_ridge")(value, lam, sp.Integer(name.startswith(("v", "m_tilde"))))
    return -sp.Function("derivative")(value, lam) if name.endswith("prime") else value
