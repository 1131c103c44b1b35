"""Power laws: where a claim is about an exponent, n^{-a} and O(n^{-a}) state it."""

from __future__ import annotations

import dataclasses
from typing import Any

from solvable.analysis.verification.claim import Claim, Kind
from solvable.solvers.validate import refuse

__all__ = ["with_exponent"]


def with_exponent(reading: Any, claim: Claim, text: Any) -> Any:
    """Return the reading with the exponent of a power law in place of it, where the claim is about one.

    Raises
    ------
    ValueError
        For a proportionality that gives no exponent, or to a claim that is about none.
    """
    import sympy as sp

    expression, law = reading.expression, reading.relation in ("propto", "->")
    if getattr(expression.func, "__name__", "") == "landau":
        expression, law = expression.args[0], True
    factors = sp.Mul.make_args(expression)
    powers = [part for part in factors if isinstance(part, sp.Pow) and part.base.is_Symbol]
    lone = len(powers) == 1 and not any(part.has(powers[0].base) for part in factors if part is not powers[0])
    if not (law and claim.kind is Kind.RATE and lone):
        if reading.relation == "propto":
            why = "a proportionality says nothing of the constant: give the formula with it, or the exponent of a rate"
            raise refuse("formula", text, why)
        return reading
    return dataclasses.replace(reading, expression=powers[0].exp, relation="=", rounded=None, decimals={})
