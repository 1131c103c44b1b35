"""Dots and their bars: means over draws with two standard errors, and how far dots lie from a line."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["distance", "mean_and_bar", "two_errors"]


def two_errors(draws: Any, axis: int = -1) -> Any:
    """Two standard errors of the mean over an axis of independent draws.

    Examples
    --------
    >>> float(two_errors([1.0, 2.0, 3.0, 6.0]).round(3))
    2.16
    """
    values = np.asarray(draws)
    return 2 * values.std(axis=axis, ddof=1) / np.sqrt(values.shape[axis])


def mean_and_bar(draws: Any, axis: int = 0) -> tuple[Any, Any]:
    """Mean and two standard errors over an axis of independent draws, the first by default."""
    values = np.asarray(draws)
    return values.mean(axis=axis), two_errors(values, axis)


def distance(measured: Any, theory: Any) -> Any:
    """Relative distance of dots from the line, |measured/theory - 1|."""
    return np.abs(measured / theory - 1)
