"""An effective ridge that the author defines: degrees of freedom beside it are functions of that ridge, not ours."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from solvable.analysis.derivation.notation import Reading
from solvable.analysis.derivation.operators import mode_sum

__all__ = ["with_own_ridge"]


def with_own_ridge(reading: Reading, quantities: set[str], is_parameter: Callable[[str], bool]) -> Reading:
    """Write df_1 and df_2 as sums over the modes at kappa where kappa is defined, or an equation for it is stated.

    As numbers they would make lam = kappa*(1 - df_1/n) an identity, and a wrong equation for kappa would count for
    nothing in a formula in df_2(kappa).
    """
    import sympy as sp

    kappa, s, v = (sp.Symbol(name, positive=True) for name in ("kappa", "s_i", "v_i"))
    marks = {sp.Symbol(f"df{k}", positive=True): mode_sum((s / (s + kappa)) ** k, s, v) for k in (1, 2)}
    held = dict[str, Any]()
    for name, value in reading.definitions.items():  # lam = kappa*(1 - df1/n) says what kappa is
        own = _unknown(value, kappa, marks, is_parameter) if name.strip() and is_parameter(name) else None
        if own is None or "" in reading.definitions or str(own) in {name, *reading.definitions}:
            held[name] = value
        elif own == kappa:
            held[""] = sp.Symbol(name, positive=True) - value
        else:
            held[str(own)] = own + sp.Symbol(name, positive=True) - value
    if held != dict(reading.definitions):
        reading = dataclasses.replace(reading, definitions=held)
    equations = [value for name, value in held.items() if not name.strip() or sp.Symbol(name, positive=True) in
                 value.free_symbols]  # fmt: skip
    if "_modes" not in quantities or {"df1", "df2"} & set(held):
        return reading
    if "kappa" not in held and not any(kappa in value.free_symbols for value in equations):
        return reading

    def put(part: Any) -> Any:
        return part.xreplace(marks) if isinstance(part, sp.Basic) else part

    if "kappa" in held and sp.denom(sp.together(held["kappa"])).has(*marks):  # 0/0 at lam = 0: without the quotient
        held["kappa"] = kappa + sp.numer(sp.together(held["kappa"] - kappa))
    return dataclasses.replace(
        reading,
        expression=put(reading.expression), rounded=put(reading.rounded), sides=tuple(map(put, reading.sides)),
        statistic=put(reading.statistic), definitions={name: put(value) for name, value in held.items()},
    )  # fmt: skip


def _unknown(value: Any, kappa: Any, marks: Any, is_parameter: Callable[[str], bool]) -> Any:
    """What an equation for a parameter of the claim is solved for: kappa, or the ridge in its sums over the modes."""
    import sympy as sp

    if kappa in value.free_symbols and not is_parameter("kappa"):
        return kappa
    sums = [a for a in value.atoms(sp.Function) if a.func.__name__ == "mode_sum"]
    ridges = {symbol for part in sums for symbol in part.free_symbols}
    return ridges.pop() if len(ridges) == 1 and not value.has(*marks) else None
