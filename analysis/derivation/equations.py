"""Equations that an author states for a name: in itself, for its cosine, for a power of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from solvable.analysis.derivation.notation import Reading
from solvable.analysis.derivation.spellings import in_known
from solvable.analysis.verification.claim import Claim

__all__ = ["angle_of", "of_an_equation", "of_itself", "power_of"]


def of_itself(reading: Reading, known: set[str] | None, claim: Claim | None) -> Reading:
    """Take R = sigma**2 + d*R/(n + R), R none of the claim's names, for an equation that R solves."""
    import sympy as sp

    name, power = reading.named
    own = sp.Symbol(name or "_", positive=True)
    strange = claim is not None and own in reading.expression.free_symbols and not in_known(claim, name, known or set())
    if not strange or power != 1 or reading.relation != "=" or name in reading.definitions or reading.sides:
        return reading
    held = {**reading.definitions, name: reading.expression}
    return dataclasses.replace(reading, expression=own, definitions=held, rounded=None, decimals={})


def of_an_equation(reading: Reading, known: set[str], claim: Claim | None) -> Reading:
    """Take x**2 + 2*x = 4, x none of the claim's names, for an equation that x solves, which is what is meant."""
    import sympy as sp

    if claim is None or reading.relation != "=" or len(reading.sides) != 1 or "" in reading.definitions:
        return reading
    residual = reading.sides[0] - reading.expression
    held = {str(symbol) for value in reading.definitions.values() for symbol in value.free_symbols}
    named = known | set(reading.definitions)
    names = sorted(({str(symbol) for symbol in residual.free_symbols} | held) - named)
    strange = [name for name in names if not in_known(claim, name, known)]
    if len(strange) != 1:
        return reading
    own = sp.Symbol(strange[0], positive=True)
    once = residual.count(own) == 1 and not (reading.condition is not None and reading.condition.has(own))
    if once or own not in residual.free_symbols:
        return reading
    return dataclasses.replace(reading, expression=own, definitions={**reading.definitions, "": residual}, sides=(),
                               statistic=None, rounded=None, decimals={})  # fmt: skip


def angle_of(residual: Any) -> tuple[str, Any] | None:
    """Name and value where an equation gives the cosine, or the tangent, of a name, an angle from 0 to pi."""
    import sympy as sp

    known = sp.cos | sp.tan
    terms = sp.Add.make_args(residual)
    residual = -residual if any(isinstance(-term, known) for term in terms) else residual
    found = [term for term in sp.Add.make_args(residual) if isinstance(term, known) and term.args[0].is_Symbol]
    if len(found) != 1 or found[0].args[0] in (residual - found[0]).free_symbols:
        return None
    value = found[0] - residual
    return str(found[0].args[0]), sp.acos(value) if isinstance(found[0], sp.cos) else sp.pi / 2 - sp.atan(1 / value)


def power_of(residual: Any, known: Callable[[str], bool]) -> tuple[str, Any] | None:
    """Name and value where an equation gives a power or the logarithm of the one unknown name: s**2 = a + b."""
    import sympy as sp

    unknown = [symbol for symbol in residual.free_symbols if not known(str(symbol))]
    if len(unknown) != 1:
        return None
    powers = {part for part in residual.atoms(sp.Pow, sp.log) if part.args[0] == unknown[0]}
    whole = powers.pop() if len(powers) == 1 else unknown[0]
    mark = sp.Dummy()
    put = residual.xreplace({whole: mark})
    if put.has(unknown[0]) or not put.is_polynomial(mark) or sp.degree(put, mark) != 1:
        return None
    value = -put.coeff(mark, 0) / put.coeff(mark, 1) if put.is_Add else sp.Integer(0)
    if isinstance(whole, sp.log):
        return str(unknown[0]), sp.exp(value)
    exponent = whole.exp if whole.is_Pow else sp.Integer(1)
    return None if exponent.free_symbols else (str(unknown[0]), value ** (1 / exponent))
