r"""Parameters of a claim that an author holds at a number, "for \sigma = 1": the formula is then one at that value."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from solvable.analysis.derivation.notation import Reading, parse
from solvable.analysis.derivation.spellings import in_known
from solvable.analysis.verification.claim import Claim
from solvable.analysis.verification.domain import Domain

__all__ = ["claim_at", "fixed_by", "fixed_parameters"]


def fixed_parameters(reading: Reading | None, claim: Claim | None, known: set[str]) -> dict[str, float]:
    """Parameters of the claim that a definition gives a number, as it stands or in an equation: sigma**2 = 1."""
    import sympy as sp

    found = dict[str, float]()
    if reading is None or claim is None:
        return found
    for name, value in reading.definitions.items():
        residual = value - sp.Symbol(name.strip(), positive=True) if name.strip() else value
        found.update(fixed_by(residual, claim, known))
    return found


def fixed_by(residual: Any, claim: Claim, known: set[str]) -> dict[str, float]:
    """Parameter of the claim that an equation gives a number, if it is about one alone."""
    import sympy as sp

    if len(residual.free_symbols) != 1 or residual.atoms(sp.core.function.AppliedUndef):
        return {}
    (symbol,) = residual.free_symbols
    ours = [parse(text) for text in in_known(claim, str(symbol), known)][:1]
    if not ours or len(ours[0].free_symbols) != 1:
        return {}
    (own,) = ours[0].free_symbols
    held = claim.grid[0].get(str(own))
    if isinstance(held, bool) or not isinstance(held, int | float):
        return {}
    try:
        roots = [root for root in sp.solve(residual.xreplace({symbol: ours[0]}), own) if root.is_number]
    except NotImplementedError:
        return {}
    return {str(own): float(roots[0])} if len(roots) == 1 and roots[0].is_positive else {}


def claim_at(claim: Claim, fixed: Mapping[str, float]) -> Claim | None:
    """Return the claim at these values of its parameters; None where it says nothing there."""
    whole = {name: isinstance(claim.grid[0][name], int) for name in fixed}
    if claim.domain is None or any(whole[name] and not value.is_integer() for name, value in fixed.items()):
        return None
    values = {name: int(value) if whole[name] else value for name, value in fixed.items()}
    cells = [{**cell, **values} for cell in claim.grid]
    cells = [cell for i, cell in enumerate(cells) if cell not in cells[:i] and claim.domain.allows(cell)]
    if not cells:
        return None
    ranges = {name: ends for name, ends in claim.domain.ranges.items() if name not in values}
    counted = [
        f"{name} == {value!r}" for name, value in values.items() if name in claim.domain.counts
    ]  # of whole sizes
    domain = Domain(" and ".join(filter(None, (claim.domain.where, *counted))), claim.domain.counts, **ranges)
    return dataclasses.replace(claim, grid=cells, quick=None, domain=domain)
