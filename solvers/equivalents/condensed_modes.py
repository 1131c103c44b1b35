r"""The same sums from fewer modes: a dense spectrum moved to a uniform grid in log s.

Every sum over modes is linear in the modes, :math:`\sum_iw_iF(\log s_i-\log x)`, and its F, a product of powers of
g = s/(s + x) and c = x/(s + x), is the same for all spectra: analytic but for poles at imaginary part pi, with bounded
logarithmic derivative. Polynomials through equally spaced points give F between them to rounding, relative to F itself
and wherever x is; so a mode may be shared among the points around it, by their Lagrange weights. Where modes are many
to a factor e the grid has fewer, and sums over it are those over the modes, whatever the spectrum.

Weights become signed and multiplicities fractional: for sums only, not where modes are counted.
"""

from __future__ import annotations

import math

import numpy as np

from solvable.solvers.equivalents.mode_sums import Modes

__all__ = ["condensed"]

# Points for a factor e, powers of two so that their logs are doubles, and how many of them share a mode: errors stay
# below rounding up to g^2 c^2. Few points of a fine grid, first, take less for each of very many modes.
_GRIDS = (256, 6), (8, 24)
_BLOCK = 2_000  # modes moved at once: their weights stay in cache


def condensed(modes: Modes) -> Modes:
    """Modes on a grid with the same sums of g^p c^q, p + q <= 4, to rounding; those given where they are as few."""
    for spacing, count in _GRIDS:
        modes = _moved(modes, spacing, count)
    return modes


def _moved(modes: Modes, spacing: int, count: int) -> Modes:
    """Modes shared among points of one grid, where those are half as many at most."""
    s, top, tiny = modes.eigenvalues, modes.eigenvalues.max(initial=0.0), np.finfo(float).tiny
    low, before = s.min(initial=top), count // 2 - 1  # points of a mode before its interval
    if not low > tiny * max(top, 1.0):
        return modes
    index = np.arange(math.floor(spacing * math.log(low / top)) - before - 1, count - before + 1)
    if 2 * index.size > s.size:
        return modes
    with np.errstate(over="ignore", under="ignore"):
        grid = top * np.exp(index / spacing)
    if grid[0] < tiny or not np.isfinite(grid[-1]):
        return modes
    moved, points = np.zeros((len(modes.weights), grid.size)), np.arange(count)
    signed = np.array([(-1.0) ** i * math.comb(count - 1, i) for i in range(count)])  # barycentric
    for start in range(0, s.size, _BLOCK):
        part = slice(start, start + _BLOCK)
        own = np.floor(spacing * np.log(s[part] / top)).astype(np.intp) - index[0]
        # the place between points from a ratio: the log of a tiny eigenvalue has lost digits
        away = (spacing * np.log(s[part] / grid[own]) + before)[:, None] - points
        away[away == 0] = 1e-290
        shares = signed / away
        shares /= shares.sum(axis=1, keepdims=True)
        where = (own[:, None] - before + points).ravel()
        for row, weight in zip(moved, modes.weights.values(), strict=True):
            row += np.bincount(where, (shares * weight[part, None]).ravel(), grid.size)
    used = moved.any(axis=0)
    return Modes(grid[used], **dict(zip(modes.weights, moved[:, used], strict=True)))
