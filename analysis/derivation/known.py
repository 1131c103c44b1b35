"""What a formula may use at a point of a claim: its parameters, and what its equations define."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from solvable.analysis.verification.claim import Claim

__all__ = ["chosen", "is_ours", "known_values"]


def known_values(claim: Claim, cell: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers a formula may use at a cell: its numeric parameters and the quantities its equations define.

    Beside them, where the claim has them, ``_modes``, what a sum over modes runs over, and ``_shifted``, the values
    where one parameter is another.
    """
    import mpmath as mp

    numbers = {name: value for name, value in cell.items() if isinstance(value, int | float | mp.mpf)}
    ratios = [] if claim.domain is None else claim.domain.ratios(cell)
    exact = {name: mp.mpf(whole) / total for name, whole, total in ratios}
    numbers |= exact | chosen(claim, cell)
    if not claim.quantities:
        return numbers
    found = claim.quantities(**{**cell, **exact})
    return {**numbers, **found, "_shifted": _Moved(claim, cell, tuple(sorted(numbers)))}


def chosen(claim: Claim, cell: Mapping[str, Any]) -> dict[str, float]:
    """An indicator of every choice that the cells name by a word, where the claim has no quantities of its own.

    Words that name a design of the inputs are no choices: their spectrum is what a formula holds.
    """
    if claim.quantities is not None:
        return {}
    words = {name: {other[name] for other in claim.grid} for name, value in cell.items() if isinstance(value, str)}
    return {
        f"is_{word.replace('-', '_')}": float(cell[name] == word)
        for name, every in sorted(words.items()) if len(every) > 1
        for word in sorted(every)
    }  # fmt: skip


@dataclass(frozen=True)
class _Moved:
    """Values where some parameters are others, and what follows them follows."""

    claim: Claim
    cell: Mapping[str, Any]
    parameters: tuple[str, ...]

    def __call__(self, **changed: Any) -> dict[str, Any]:
        """Values with the parameters changed."""
        return known_values(self.claim, {**self.cell, **changed})


def is_ours(claim: Claim, name: str) -> bool:
    """Whether a quantity of the claim's equations is what the claim is about."""
    for cell in claim.grid:
        cell = claim.draw(np.random.default_rng(0), cell)
        ours = float(claim.predict(**cell))
        if not abs(float(known_values(claim, cell)[name]) - ours) <= 1e-9 * abs(ours):
            return False
    return True
