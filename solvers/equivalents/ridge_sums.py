"""The sums over modes that every formula of one effective ridge needs, at many cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.equivalents.mode_sums import Modes
from solvable.solvers.spectrum import Spectrum

__all__ = ["ModeSums", "empty_sums", "mode_sums", "put", "take"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ModeSums:
    """Sums over modes at given effective ridges, none of them a difference of near-equal numbers."""

    df1: Array
    df2: Array
    df1_minus_df2: Array
    slack: Array  # n - df1
    scale: Array  # size of the terms of slack: what its rounding error is relative to
    unlearned: Array  # sum (1-g)^2 target_power


def mode_sums(spectrum: Spectrum, n: Array, kappa: Array) -> ModeSums:
    """Evaluate all sums for flat arrays of cells; `unlearned` is 0 without a target."""
    weights = ("m",) if spectrum.target_power is None else ("m", "v")
    terms = (("m", 1, 0), ("m", 2, 0), ("m", 1, 1), ("v", 0, 2))[: 2 + len(weights)]
    slack, scale, sums = Modes.of(spectrum, *weights).remainder(n, kappa, *terms)
    unlearned = np.zeros(kappa.size) if spectrum.target_power is None else sums("v", 0, 2)
    return ModeSums(sums("m", 1, 0), sums("m", 2, 0), sums("m", 1, 1), slack, scale, unlearned)


def take(sums: ModeSums, index: NDArray[np.intp]) -> ModeSums:
    """Return the sums of some cells."""
    return ModeSums(*(getattr(sums, name)[index] for name in ModeSums.__dataclass_fields__))


def put(sums: ModeSums, index: NDArray[np.intp], new: ModeSums) -> None:
    """Put the sums of some cells in their place."""
    for name in ModeSums.__dataclass_fields__:
        getattr(sums, name)[index] = getattr(new, name)


def empty_sums(size: int) -> ModeSums:
    """Return zeros for so many cells."""
    return ModeSums(*np.zeros((6, size)))
