"""Why a formula differs: where it agrees, or the slip that explains it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.derivation.clock import OutOfTime
from solvable.analysis.derivation.formula import Formula
from solvable.analysis.derivation.slips import find_slip, partial_agreement
from solvable.analysis.derivation.stages import SAME, columns_at, float_values
from solvable.analysis.verification.claim import Claim

__all__ = ["diagnose"]

Array = NDArray[np.float64]
_CPU = 3.0


def diagnose(
    yours: Formula, claim: Claim, points: list[dict[str, Any]], ours: Array, found: Array
) -> tuple[str | None, tuple[str, ...]]:
    """Return the sentence and the parts of a diagnosis; nothing where none is verified within its time."""
    if yours.clock is not None:
        yours.clock.stage(_CPU)
    try:
        ours, found = float_values(yours, claim, points, ours, found)
        columns = columns_at(claim, points[: len(ours)])
        close = np.abs(found - ours) <= SAME * np.maximum(np.abs(ours), 1e-300)
        partial = partial_agreement(close, columns)
        if partial:
            return f"agrees for {partial} only", ()
        slip = find_slip(yours.on, yours.names, ours, columns)
        if slip:
            return slip.sentence, slip.parts
        partial = partial_agreement(close, columns, degenerate=True)
        return (f"agrees for {partial} only" if partial else None), ()
    except OutOfTime:
        return None, ()
