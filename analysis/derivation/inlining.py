"""Definitions that an operator reaches into: g_i of a sum over i, and x = mu + sigma z under an expectation over z."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from solvable.analysis.derivation.operators import ARRAYS, NORMALS
from solvable.analysis.derivation.plain import Statement
from solvable.solvers.validate import refuse

__all__ = ["inlined"]

_INDEXED = re.compile(r"(\w*[A-Za-z0-9])_([ijklm])")
_BINDS = re.compile(r"\b(?:sum|product)\(")
_MEAN = re.compile(r"\bE\(")
_LAST = re.compile(r",\s*([A-Za-z]\w*)\s*(?=,\s*[A-Za-z]\w*\s*\)|\))")  # where variables of means stand
_LONGEST = 20_000


def inlined(stated: Statement, defined: Mapping[str, Any]) -> Statement:
    """Return the statement with such definitions put where they are used; the index may have another letter there.

    Examples
    --------
    >>> stated = Statement("sum(g_k**2, k)", definitions=(("g_i", "s_i/(s_i+kappa)"),))
    >>> inlined(stated, {}).formula
    'sum((s_k/(s_k+kappa))**2, k)'
    """
    stated = _without_arrays(_without_functions(_with_own_pi(stated)))
    own = {name: value for name, value in stated.definitions if name}
    own |= {name: value for name, value in defined.items() if isinstance(value, str)}
    formula = stated.formula
    # equations have no name of their own: they are kept by their place
    kept = {name or f" {place}": value for place, (name, value) in enumerate(stated.definitions)}
    for _ in range(len(own)):  # one may hold another
        before = formula, dict(kept)
        for name, value in list(own.items()):
            if re.search(rf"(?<!\w){name}(?!\w)", value):
                continue
            indexed = _INDEXED.fullmatch(name)
            if indexed and _BINDS.search(" ".join([formula, *kept.values()])):
                put = partial(_with_index, stem=indexed[1], index=indexed[2], value=value)
                kept.pop(name, None)
                formula, kept = put(formula), {other: put(text) for other, text in kept.items()}
                own |= {other: text for other, text in kept.items() if other[0] != " "}
            elif _in_integrand(formula, value) or (
                _MEAN.search(formula)
                and set(re.findall(r"[A-Za-z_]\w*", f"{name} {value}")) & {*NORMALS, *_LAST.findall(formula)}
            ):
                formula = re.sub(rf"(?<!\w){name}(?!\w)", lambda _, value=value: f"({value})", formula)  # type: ignore[misc]
                kept.pop(name, None)
        if (formula, kept) == before:
            break
    definitions = tuple((name.strip() if name[0] != " " else "", value) for name, value in kept.items())
    return stated._replace(formula=formula, definitions=definitions)


def _with_own_pi(stated: Statement) -> Statement:
    r"""Return the statement with a letter of the author's for \pi, the number, where it is defined: \pi = 1 - u."""
    values = [value for name, value in stated.definitions if name == "pi"]
    if not any(re.search(r"[^\W\d]", value) for value in values):
        return stated
    put = partial(re.sub, r"(?<!\w)pi(?!\w)", "pi_own")
    name, power = stated.named
    return stated._replace(
        formula=put(stated.formula), condition=put(stated.condition), sides=tuple(map(put, stated.sides)),
        statistic=put(stated.statistic), other_end=put(stated.other_end), named=(put(name), power),
        definitions=tuple((put(other), put(value)) for other, value in stated.definitions),
    )  # fmt: skip


def _without_functions(stated: Statement) -> Statement:
    """Return the statement with what ``f(x) = ...`` defines put where f is called."""
    functions = {name: value for name, value in stated.definitions if "(" in name}
    if not functions:
        return stated
    kept = tuple((name, value) for name, value in stated.definitions if "(" not in name)
    calls = {name.partition("(")[0]: set(re.findall(r"([^\W\d]\w*)\(", value)) for name, value in functions.items()}
    for _ in calls:
        calls = {name: called.union(*(calls.get(other, set()) for other in called)) for name, called in calls.items()}
    for name, called in calls.items():
        if name in called:
            return _without_functions(_of_itself(stated, name))
    for _ in range(len(functions)):  # one may call another
        for head, value in functions.items():
            name, _, names = head.rstrip(")").partition("(")
            put = partial(_with_calls, name=name, names=names.split(","), value=value)
            stated = stated._replace(formula=put(stated.formula), condition=put(stated.condition),
                                     sides=tuple(map(put, stated.sides)), statistic=put(stated.statistic))  # fmt: skip
            kept = tuple((other, put(text)) for other, text in kept)
            functions = {other: text if other == head else put(text) for other, text in functions.items()}
    return stated._replace(definitions=kept)


def _of_itself(stated: Statement, name: str) -> Statement:
    """Return the statement with f(z) = g(z, f(z)) as an equation for f at the one place where it is called.

    Raises
    ------
    ValueError
        Where it is called at several places.
    """
    head, value = next((head, value) for head, value in stated.definitions if head.startswith(f"{name}("))
    others = [text for other, text in stated.definitions if other != head]
    called = {place for text in (stated.formula, *others) for place in _places_of(text, name)}
    within = set(_places_of(value, name))
    if len(called) != 1 or within != {head[len(name) + 1 : -1]}:
        raise refuse("formula", stated.formula, f"{name} is defined by itself: give its equation at one place")
    place = f"{name}({called.pop()})"
    equation = _with_calls("f(" + place.partition("(")[2], "f", [head[len(name) + 1 : -1]], value)
    put = {place: name}
    text = lambda old: old.replace(place, put[place])  # noqa: E731
    definitions = tuple((other, text(body)) for other, body in stated.definitions if other != head)
    return stated._replace(formula=text(stated.formula), definitions=(*definitions, (name, text(equation))))


def _places_of(text: str, name: str) -> list[str]:
    """Arguments with which a function is called."""
    found = []
    for match in re.finditer(rf"(?<!\w){name}\(", text):
        level = 1
        for end in range(match.end(), len(text)):
            level += (text[end] in "([") - (text[end] in ")]")
            if level == 0:
                found.append(text[match.end() : end])
                break
    return found


def _with_calls(text: str, name: str, names: list[str], value: str) -> str:
    """Put a function's value where it is called."""
    head = re.compile(rf"(?<!\w){name}\(")
    at = 0
    while (match := head.search(text, at)) and len(text) < _LONGEST:
        level, parts = 1, [""]
        for end in range(match.end(), len(text)):
            character = text[end]
            level += (character in "([") - (character in ")]")
            if level == 0:
                break
            if level == 1 and character == ",":
                parts.append("")
            else:
                parts[-1] += character
        else:
            return text
        at = match.end()
        if len(parts) == len(names):
            given = dict(zip((each.strip() for each in names), parts, strict=True))
            body = re.sub(r"[^\W\d]\w*", partial(_put, given), value)
            text = f"{text[: match.start()]}({body}){text[end + 1 :]}"
            at = match.start() + 1
    return text


def _put(given: Mapping[str, str], found: re.Match[str]) -> str:
    return f"({given[found[0]]})" if found[0] in given else found[0]


def _without_arrays(stated: Statement) -> Statement:
    """Return the statement with arrays over the modes, as numpy has them, put where they are used."""
    if "sum(" not in stated.formula + "".join(value for _, value in stated.definitions):
        return stated
    for name, value in stated.definitions:
        words = set(re.findall(r"[A-Za-z_]\w*", value))
        if not name or "(" in name or "sum(" in value or not words & {*ARRAYS, "v"} or name in words:
            continue
        put = partial(re.sub, rf"(?<!\w){name}(?!\w)", lambda _, value=value: f"({value})")
        kept = tuple((other, put(text)) for other, text in stated.definitions if other != name)
        return _without_arrays(stated._replace(formula=put(stated.formula), definitions=kept))
    return stated


def _in_integrand(formula: str, value: str) -> bool:
    """Whether a definition holds a variable that an integral, or a least value, of the formula binds."""
    words = set(re.findall(r"[A-Za-z_]\w*", value))
    binds = r"(?:integral|least|least_place|edge)\("
    return bool(re.search(binds, formula)) and any(re.search(rf"{binds}.*,\s*{word}\s*,", formula) for word in words)


def _with_index(formula: str, stem: str, index: str, value: str) -> str:
    def put(match: re.Match[str]) -> str:
        return f"({re.sub(rf'_{index}(?![A-Za-z0-9_])', f'_{match[1]}', value)})"

    return re.sub(rf"(?<!\w){stem}_([ijklm])(?!\w)", put, formula)
