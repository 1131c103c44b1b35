"""Dots and their bars: means over draws with two standard errors, and how far dots lie from a line."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["distance", "far_dots", "joined", "mean_and_bar", "share_and_bars", "two_errors"]


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


def share_and_bars(outcomes: Any, axis: int = 0) -> tuple[Any, Any]:
    """Share of outcomes that are true, and how far Wilson's interval of two standard errors goes below and above it.

    The interval stays inside [0, 1]: two standard errors of a mean of zeros and ones do not, and are 0 where all agree.

    Examples
    --------
    >>> share, bars = share_and_bars([True] * 12)
    >>> float(share), bars.round(3)
    (1.0, array([0.25, 0.  ]))
    """
    hits = np.asarray(outcomes, dtype=float)
    n, share = hits.shape[axis], hits.mean(axis=axis)
    middle, half = share + 2 / n, 2 * np.sqrt(share * (1 - share) / n + 1 / n**2)
    low, high = (middle - half) / (1 + 4 / n), (middle + half) / (1 + 4 / n)
    return share, np.stack([share - low, high - share]).clip(min=0)


def joined(nodes: Any, values: Any, at: Any) -> Any:
    """A smooth line at `at`: the spline of degree five through `values`, whose last axis is that of the nodes.

    Examples
    --------
    >>> nodes = np.linspace(0, 3, 13)
    >>> bool(np.abs(joined(nodes, np.exp(nodes), [0.1, 2.9]) - np.exp([0.1, 2.9])).max() < 1e-4)
    True
    """
    from scipy.interpolate import make_interp_spline

    return make_interp_spline(nodes, values, k=5, axis=-1)(np.asarray(at))


def distance(measured: Any, theory: Any) -> Any:
    """Relative distance of dots from the line, |measured/theory - 1|."""
    return np.abs(measured / theory - 1)


def far_dots(measured: Any, bars: Any, line: Any) -> str:
    """Say how many dots lie more than three standard errors off their line, and how far; `bars` are two of them.

    Examples
    --------
    >>> far_dots([1.0, 1.3], [0.1, 0.1], [1.02, 1.0])
    '1 of 2 dots lies more than three standard errors off its line, by 30 % at most'
    >>> far_dots([1.0], [0.1], [1.1])
    'no dot lies more than three standard errors off its line'
    """
    values, half, theory = (np.asarray(array, dtype=float) for array in (measured, bars, line))
    far = np.abs(values - theory) > 1.5 * half
    if not far.any():
        return "no dot lies more than three standard errors off its line"
    most = 100 * float(distance(values[far], theory[far]).max())
    verb, whose = ("lies", "its line") if far.sum() == 1 else ("lie", "their lines")
    return f"{far.sum()} of {far.size} dots {verb} more than three standard errors off {whose}, by {most:.0f} % at most"
