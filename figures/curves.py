"""Smooth lines through values that are dear: the tests of a figure hold them against the theory between these."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["curve_through"]


def curve_through(x: ArrayLike, rows: ArrayLike, at: ArrayLike, *, even: bool = False) -> NDArray[np.float64]:
    """Return cubic splines through the rows of values at x, in other places; `even` ones start without a slope."""
    from scipy.interpolate import CubicSpline

    values = np.asarray(rows, float)
    start: Any = (1, np.zeros(len(values))) if even else "not-a-knot"
    return np.asarray(CubicSpline(x, values, axis=1, bc_type=(start, "not-a-knot"))(at))
