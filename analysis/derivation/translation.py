"""An author's names in ours: aliases, what the author defines, and the operators that need to know the claim."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from solvable.analysis.derivation.derivatives import resolved
from solvable.analysis.derivation.equations import angle_of, of_an_equation, of_itself, power_of
from solvable.analysis.derivation.fixed import fixed_by
from solvable.analysis.derivation.implicit import own_transform, with_own_transform
from solvable.analysis.derivation.indices import without_indices
from solvable.analysis.derivation.known import chosen
from solvable.analysis.derivation.landau import without_orders
from solvable.analysis.derivation.latex_statistics import DESIGN_OF, EXPONENTIAL_OF, MEAN_OF
from solvable.analysis.derivation.limited import within
from solvable.analysis.derivation.notation import Reading, parse
from solvable.analysis.derivation.operators import with_bound_means, without_kappa, without_values
from solvable.analysis.derivation.refusals import (
    refuse_matrices,
    refuse_nested_integrals,
    refuse_other_laws,
    refuse_unknown_functions,
)
from solvable.analysis.derivation.said import with_named_quantities
from solvable.analysis.derivation.spellings import in_known
from solvable.analysis.derivation.typed import is_by_hand
from solvable.analysis.derivation.understood import as_understood, written
from solvable.analysis.derivation.whole_sums import with_modes_of
from solvable.analysis.verification.claim import Claim
from solvable.analysis.writing.conventions import signs
from solvable.solvers.validate import refuse

__all__ = ["every_quantity", "known_names", "translated", "unknown"]

_SECONDS, _MOST_PARTS = 2.0, 2_000


def known_names(claim: Claim | None) -> set[str] | None:
    """Names that a formula against a claim may use."""
    if claim is None:
        return None
    cell = claim.draw(np.random.default_rng(0), claim.grid[0])
    names = {name for name, value in cell.items() if isinstance(value, int | float)} | set(chosen(claim, cell))
    return names | _quantities(claim, cell)


def _quantities(claim: Claim | None, cell: Mapping[str, Any] | None = None) -> set[str]:
    return {name for name in every_quantity(claim, cell) if not name.startswith("_")}


def every_quantity(claim: Claim | None, cell: Mapping[str, Any] | None = None) -> set[str]:
    """Names of what a claim's equations define, with what only sums and forms use."""
    if claim is None or claim.quantities is None:
        return set()
    return set(claim.quantities(**(claim.draw(np.random.default_rng(0), claim.grid[0]) if cell is None else cell)))


def unknown(name: str, known: set[str]) -> ValueError:
    """Refusal of a symbol that nobody explained."""
    why = f"the symbol is not known here; known are {', '.join(sorted(known))}, or give symbols="
    return refuse("formula", name.replace("norm2_", "norm of "), why)


def translated(reading: Reading | None, formula: Any, claim: Claim | None, symbols: dict[str, Any]) -> dict[str, Any]:
    """Fields of a `Formula`: the expression in the claim's names, and what is stated with it."""
    import sympy as sp

    reading = Reading(formula) if reading is None else reading
    text, known = str(formula), known_names(claim)
    given = {name: parse(value) if isinstance(value, str) else sp.sympify(value) for name, value in symbols.items()}
    for name, value in given.items():
        if not isinstance(value, sp.Expr):  # None, a truth value, a list, a matrix
            raise refuse(f"symbols[{name!r}]", symbols[name], "it must be a formula in our names")
    reading = with_named_quantities(reading, text, claim, known or set())
    reading = of_an_equation(reading, {*given, *(known or ())}, claim)
    reading = of_itself(with_modes_of(reading, text, known, claim), known, claim)
    reading = with_own_transform(reading, lambda name: claim is None or bool(in_known(claim, name, known or set())))
    own, implicit = _definitions(reading, text, {*given, *(known or ())}, claim)
    reading = dataclasses.replace(reading, expression=own_transform(reading.expression, text, implicit))
    given |= own
    kept = {*implicit, *map(str, reading.decimals)}
    for name in sorted(reading.lost):  # what cancels is known too, or its product was none
        _in_our_names(sp.Symbol(name, positive=True), given, kept, known, claim, {})
    given |= _run_together(reading.expression, text, given, known, claim)
    parts = {"expression": with_bound_means(without_kappa(reading.expression, known)), "condition": reading.condition,
             "rounded": reading.rounded, "other end": reading.other_end, **implicit}  # fmt: skip
    sides = {f"side {i}": with_bound_means(side) for i, side in enumerate(reading.sides)}
    unread = list(reading.unread)
    parts["condition"], aside = without_indices(
        reading, lambda name: claim is None or name in given or bool(in_known(claim, name, known or set()))
    )
    outline = _outline(parts["expression"], given, known, claim, implicit)
    quantities = frozenset(_quantities(claim))
    grows, words, member = reading.relation == "->", dict[str, Any](), None
    for key, part in parts.items():
        if part is not None:
            parts[key] = _in_our_names(part, given, kept, known, claim, words)
    for key, side in list(sides.items()):
        try:
            parts[key] = _in_our_names(side, given, kept, known, claim, {})
        except ValueError:  # a left member in names of its own says what the quantity is
            unread.append(written(sides.pop(key)))
            placed = any(part.func.__name__ == "least_place" for part in side.atoms(sp.Function))
            member = None if placed else _member(side, given, kept, known, claim)
    if reading.statistic is not None and unread and member is None:
        member = _member(reading.statistic, given, set(implicit), known, claim)

    moves = lambda name: bool(implicit) or claim is None or bool(in_known(claim, name, known or set()))  # noqa: E731

    equations = {name: parts[name] - sp.Symbol(name, positive=True) for name in implicit}

    def resolve(part: Any) -> Any:
        part = _at_the_ridge(part, known, claim, text)
        return resolved(part, quantities | set(implicit), text, lambda work: within(_SECONDS, work), moves, equations)

    parts = {key: part if part is None else resolve(part) for key, part in parts.items()}
    if member is not None and not member[0].has(sp.Limit):
        member = resolve(member[0]), member[1]
    if reading.rounded is None:
        floats = sorted(parts["expression"].atoms(sp.Float), key=str)
        marks = {number: sp.Dummy(positive=True) for number in floats}
        decimals = {mark: (number, abs(number) * sp.Float(1e-15)) for number, mark in marks.items()}
        parts["rounded"] = parts["expression"].xreplace(marks) if floats else None
    else:
        decimals = dict(reading.decimals)
    sure = _positive(claim)
    parts = {key: part if part is None else without_values(part, sure) for key, part in parts.items()}
    if any(part is not None and part.has(sp.zoo, sp.nan) for part in parts.values()):
        same = ", ".join(f"{name} is {value}" for name, value in sorted(words.items()))
        raise refuse("formula", text, f"a part of it has no value in the claim's names{f': {same}' if same else ''}")
    expression, orders = without_orders(parts["expression"])
    if orders and expression == 0:
        raise refuse("formula", text, "it is an order alone, which states no value: write the leading term before it")
    every = [p for p in (expression, *(parts[key] for key in ("condition", "other end", *implicit))) if p is not None]
    for part in every:
        refuse_matrices(part, text)
        refuse_unknown_functions(part, text)
        refuse_nested_integrals(part, text)
    names = {str(s) for part in every for s in part.free_symbols} - set(implicit)
    if any(a.func.__name__ == "mp_mean" for a in expression.atoms(sp.Function)):
        refuse_other_laws(claim, known, text)
        names |= {"gamma"}
    named = {sp.Symbol(name, positive=True): parts[name] for name in implicit}
    return {"names": frozenset(names), "expression": expression, "implicit": named, "condition": parts["condition"],
            "read_as": as_understood(reading, words, unread, aside), "relation": "=" if grows else reading.relation,
            "orders": (*orders, sp.Integer(1)) if grows and not orders else orders,
            "rounded": parts["rounded"], "decimals": decimals, "other_end": parts["other end"],
            "words": words, "outline": outline, "member": member if len(unread) == 1 else None, "named": reading.named,
             "chosen": reading.chosen, "narrowing": reading.words[1],
             "sides": tuple(without_orders(parts[key])[0] for key in sides), "unread": tuple(unread)}  # fmt: skip


def _run_together(
    expression: Any, text: str, given: dict[str, Any], known: set[str] | None, claim: Claim | None
) -> dict[str, Any]:
    """Products of two letters without a sign, nd or AB, in what is written by hand; in code they would be a name."""
    import sympy as sp

    if claim is None or known is None or not is_by_hand(text):
        return {}

    def is_known(name: str) -> bool:
        return name in given or bool(in_known(claim, name, known))

    pairs = (name for name in map(str, expression.free_symbols) if len(name) == 2 and name.isalpha())
    return {
        name: sp.Symbol(name[0], positive=True) * sp.Symbol(name[1], positive=True)
        for name in pairs
        if not is_known(name) and all(map(is_known, name))
    }


def _outline(
    expression: Any, given: dict[str, Any], known: set[str] | None, claim: Claim | None, implicit: dict[str, Any]
) -> tuple[Any, dict[str, Any]] | None:
    """The expression in which the author's own names stand, and what these are in ours; None where there are none."""
    import sympy as sp

    own = {name for name in map(str, expression.free_symbols) if name in given}
    if known is None or not own or own & known or implicit:
        return None
    top = _in_our_names(expression, {}, own, known, claim, {})
    definitions = {name: _in_our_names(given[name], given, set(), known, claim, {}) for name in sorted(own)}
    sure = _positive(claim)
    if any(part.has(sp.Lambda, sp.Sum) for part in (top, *definitions.values())):
        return None
    return without_values(top, sure), {name: without_values(part, sure) for name, part in definitions.items()}


def _definitions(
    reading: Reading, text: str, named: set[str], claim: Claim | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Definitions that are a replacement, in no name of the author's, and the one that is an equation."""
    import sympy as sp

    own, implicit = dict[str, Any](), dict[str, Any]()
    every = {*named, *reading.definitions}
    stands = lambda other: other in every or (claim is not None and bool(in_known(claim, other, named)))  # noqa: E731
    for name, value in reading.definitions.items():
        name, count = name.strip(), len(own) + len(implicit)
        if not name and claim is not None and _identity(value, named, claim):
            continue  # d/n = gamma, which holds by what the names are
        if not name and claim is not None and fixed_by(value, claim, named & (known_names(claim) or set())):
            continue  # sigma**2 = 1: where the formula is stated
        others = {str(s) for s in value.free_symbols}
        ours = claim is not None and name and in_known(claim, name, named)
        # kappa = ... of a known kappa, in a name of the author's; n = n*lam/kappa + df1, which is none for n
        own_side = ours and claim is not None and name in claim.grid[0] and name in others
        if ours and (own_side or not all(map(stands, others & _used(reading, name)))):
            name, value = "", sp.Symbol(name, positive=True) - value
        angle = None if name else angle_of(value) or power_of(value, stands)
        if angle is not None and reading.expression in value.free_symbols and angle[0] not in _used(reading, name):
            angle = None  # an equation for what is asked, in a name of nobody's
        if angle is not None and not (angle[0] in named or (claim is not None and in_known(claim, angle[0], named))):
            own[angle[0]] = angle[1]
        elif not name:
            asked = str(reading.expression)
            if reading.expression.is_Symbol and reading.expression in value.free_symbols and asked not in implicit:
                solved = asked  # kappa, where an equation holds for it
            else:
                held = {str(s) for s in value.free_symbols} & _quantities(claim)
                strange = {str(s) for s in value.free_symbols} - named - set(reading.definitions)
                used = _used(reading)
                if len(held & used) == 1 == len(held) and all(claim and in_known(claim, s, named) for s in strange):
                    solved = held.pop()  # the equation that our kappa solves, stated with the formula
                else:
                    solved = _unknown_of(value, text, every, claim, reading.condition)
            implicit[solved] = sp.Symbol(solved, positive=True) + value
        elif name in {str(s) for s in value.free_symbols}:
            implicit[name] = value
        else:
            own[name] = value
        if len(own) + len(implicit) == count:
            raise refuse("formula", text, "a name in it is defined twice")
    for _ in own:  # a definition may hold another
        marks = {sp.Symbol(name, positive=True): value for name, value in own.items()}
        own = {name: value.xreplace(marks) for name, value in own.items()}
        implicit = {name: value.xreplace(marks) for name, value in implicit.items()}
        for value in (*own.values(), *implicit.values()):
            if sum(1 for _ in itertools.islice(sp.preorder_traversal(value), _MOST_PARTS + 1)) > _MOST_PARTS:
                raise refuse("formula", text, f"its definitions put together have more than {_MOST_PARTS:,} parts")
    own |= _at_an_index(reading, own, named)
    circle = [name for name, value in own.items() if {str(s) for s in value.free_symbols} & (set(own) - named)]
    if circle:
        raise refuse("formula", text, f"{' and '.join(circle)} are defined by each other")
    if len(implicit) > 1:
        raise refuse("formula", text, f"{' and '.join(implicit)} are defined by equations: one such name is solved for")
    return own, implicit


def _used(reading: Reading, name: str | None = None) -> set[str]:
    """Names in the formula and in all definitions, or all but one."""
    others = (value for other, value in reading.definitions.items() if other != name)
    return {str(symbol) for part in (reading.expression, *others) for symbol in part.free_symbols}


def _at_an_index(reading: Reading, own: dict[str, Any], named: set[str]) -> dict[str, Any]:
    """What sigma_0 is, where the author defines sigma_t in terms of t."""
    import sympy as sp

    found = {}
    for name in map(str, reading.expression.free_symbols):
        stem, _, index = name.rpartition("_")
        if not (stem and index.isdigit()) or name in own or name in named:
            continue
        for other, value in own.items():
            t = sp.Symbol(other.removeprefix(f"{stem}_"), positive=True)
            if other == f"{stem}_{t}" and t in value.free_symbols:
                found[name] = value.xreplace({t: sp.Integer(index)})
    return found


def _identity(residual: Any, known: set[str], claim: Claim) -> bool:
    """Whether an equation in names of the claim holds by what they are."""
    import sympy as sp

    for symbol in residual.free_symbols:
        found = [] if str(symbol) in known else in_known(claim, str(symbol), known)
        if found:
            residual = residual.xreplace({symbol: parse(found[0])})
        elif str(symbol) not in known:
            return False
    return bool(sp.expand(residual) == 0 or sp.cancel(residual) == 0)


def _member(side: Any, given: dict[str, Any], kept: set[str], known: Any, claim: Any) -> tuple[Any, Any] | None:
    """A left member in our names, with the one name in it that is none of ours, where it stands once.

    A mean or a variance, put as one name, is that name also where its factors are none of the claim's.
    """
    strange = []
    for symbol in side.free_symbols:
        try:
            _in_our_names(symbol, given, kept, known, claim, {})
        except ValueError:
            strange.append(symbol)
    named = [symbol for symbol in strange if str(symbol) in (MEAN_OF, DESIGN_OF, EXPONENTIAL_OF)] or strange
    if len(named) != 1 or side.count(named[0]) != 1:
        return None
    part = _in_our_names(side, given, {*kept, *map(str, strange)}, known, claim, {})
    return without_values(part, _positive(claim)), named[0]


def _positive(claim: Claim | None) -> set[str]:
    """Parameters of a claim that are positive wherever it says something."""
    if claim is None or claim.domain is None:
        return set()
    return {name for name, (low, _) in claim.domain.drawn(claim.grid[0]).items() if low > 0}


def _unknown_of(residual: Any, text: str, named: set[str], claim: Claim | None, condition: Any) -> str:
    """Name of the author's that an equation defines: the one that is neither the claim's nor defined elsewhere."""
    names = sorted({str(s) for s in residual.free_symbols} - named)
    free = [name for name in names if claim is None or not in_known(claim, name, named)]
    if not free and claim is not None:  # a mere alias may be a name of its own
        free = [name for name in names if name not in signs(claim, named)]
        ranged = {str(s) for s in getattr(condition, "free_symbols", ())} & set(names)
        free = list(ranged) if len(ranged) == 1 else free  # tau > 0 is said of what is looked for
    if len(free) != 1:
        listed = ", ".join(free) or "none"
        raise refuse("formula", text, f"an equation defines one name of yours, and this one has {listed}")
    return free[0]


def _in_our_names(
    part: Any, given: dict[str, Any], kept: set[str], known: set[str] | None, claim: Any, words: dict[str, Any]
) -> Any:
    """Replace what the author defines and the author's names for ours, which are noted in `words`."""
    once = dict(given)
    starred = {str(symbol) for symbol in part.free_symbols if str(symbol).endswith("_star")}
    plain = {str(symbol) for symbol in part.free_symbols} | set(given)
    starred = {name for name in starred if name not in given and name.removesuffix("_star") not in plain}
    for _ in range(4):  # a replacement may hold another alias
        replace = {}
        for symbol in part.free_symbols:
            name = str(symbol)
            if name in starred and name not in kept and known is not None and not in_known(claim, name, known):
                name = name.removesuffix("_star")  # the best value of a parameter, where it alone is spoken of
            if name in kept:
                replace[symbol] = symbol
            else:
                replace[symbol] = once[name] if name in once else _translate(name, known, claim)
                if name not in once and str(replace[symbol]) != name:
                    words[name] = replace[symbol]
        changed = {a: b for a, b in replace.items() if a != b}
        if not changed:
            break
        once = {name: value for name, value in once.items() if name not in {str(s) for s in changed}}
        part = part.xreplace(changed)
    return part


def _translate(name: str, known: set[str] | None, claim: Claim | None) -> Any:
    """Return our expression for an author's name: the first whose names the claim knows."""
    import sympy as sp

    if claim is None or known is None or name in known:
        return sp.Symbol(name, positive=True)
    if name in ("Sigma", "I_d", "I"):
        raise refuse("formula", name, "a matrix stands outside of a trace: vectors and matrices are not compared")
    for candidate in in_known(claim, name, known):
        return parse(candidate)
    if name == "e":  # the base of natural logarithms, where it is no quantity
        return sp.E
    raise unknown(name, known)


def _at_the_ridge(expression: Any, known: set[str] | None, claim: Any, text: str) -> Any:
    """Check that a Stieltjes transform is asked at the claim's own ridge, where kappa gives it."""
    import sympy as sp

    def value(e: Any) -> Any:
        inside, at, _ = e.args
        if known is None or not {"kappa", "df1"} <= known or sp.simplify(at - _translate("lam", known, claim)) != 0:
            raise refuse("formula", text, "the Stieltjes transform is known at minus the claim's normalised ridge only")
        return inside

    return expression.replace(lambda e: getattr(e.func, "__name__", "") == "at_ridge", value)
