"""Sums over modes, tabulated in log kappa: one table answers every (n, ridge) cell.

df1, df2, df1 - df2 and sum (1-g)^2 v^2 do not depend on n or the ridge. Each is a sum of terms whose phase,
at complex log kappa with imaginary part below pi/2, stays within a quarter turn, so none has a zero there:
their logarithms are analytic in a strip whose width no spectrum can change. A spline of degree 7 on a uniform
grid therefore has the same relative error, about (node spacing)^8, for every spectrum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.spectrum import Spectrum

__all__ = ["ModeTable"]

Array = NDArray[np.float64]
_SPACING = 1 / 24
_MARGIN = 10  # nodes beyond either end, where the spline's end conditions are felt


def _columns(spectrum: Spectrum, kappa: Array) -> Array:
    """Logs of df1, df2, df1 - df2 and the unlearned power at each kappa, chunked to stay in cache."""
    s, m = spectrum.eigenvalues, spectrum.multiplicities
    power = np.zeros_like(s) if spectrum.target_power is None else spectrum.target_power
    out = np.empty((kappa.size, 4))
    step = max(1, (1 << 15) // s.size)
    for first in range(0, kappa.size, step):
        k = kappa[first : first + step, None]
        g = s / (s + k)
        c = k * g / s
        block = out[first : first + step]
        block[:, 0], block[:, 2] = g @ m, (g * c) @ m
        g *= g
        c *= c
        block[:, 1], block[:, 3] = g @ m, c @ power
    with np.errstate(divide="ignore"):
        return np.log(out)


@dataclass(frozen=True)
class ModeTable:
    """Spline of the four log sums over a range of log kappa, with its measured relative error."""

    nodes: Array
    values: Array
    spline: Any
    error: float

    @classmethod
    def build(cls, spectrum: Spectrum, low: float, high: float, limit: int) -> ModeTable | None:
        """Tabulate [low, high]; None where that takes more than `limit` nodes or a sum under- or overflows."""
        with np.errstate(divide="ignore"):
            first, last = np.log(low), np.log(high)
        count = int(np.ceil(max(last - first, 0.0) / _SPACING)) + 1 + 2 * _MARGIN if np.isfinite(first) else limit + 1
        if count > limit:
            return None
        from scipy.interpolate import make_interp_spline

        nodes = first + _SPACING * (np.arange(count) - _MARGIN)
        values = _columns(spectrum, np.exp(nodes))
        if np.isneginf(values[:, 3]).all():
            values[:, 3] = -np.inf
        elif not np.isfinite(values).all():
            return None
        kept = values.copy()
        kept[:, 3] = np.where(np.isneginf(values[:, 3]), 0.0, values[:, 3])
        spline = make_interp_spline(nodes, kept, k=7)
        # the error is measured, not assumed: at 12 midpoints, where it is largest
        middle = nodes[np.linspace(_MARGIN, count - _MARGIN - 1, 12).astype(int)] + _SPACING / 2
        exact = _columns(spectrum, np.exp(middle))
        deviation = np.abs(spline(middle) - np.where(np.isneginf(exact), 0.0, exact))
        return cls(nodes, values, spline, 4 * float(deviation.max()))

    def solve(self, n: Array, ridge: Array, rtol: float) -> tuple[Array, NDArray[np.bool_], Array, Array]:
        """Return kappa, where it meets `rtol`, the four sums there, and the scaled residual of the table's equation."""
        t = self._start(n, ridge)
        for _ in range(2):
            logs = self.spline(t)
            df1, pull = np.exp(logs[:, 0]), ridge * np.exp(-t)
            gap, slope = n - df1 - pull, np.exp(logs[:, 2]) + pull
            t = t - np.clip(gap / slope, -_SPACING, _SPACING)
        logs = self.spline(t)
        columns = np.exp(logs).T
        if np.isneginf(self.values[0, 3]):
            columns[3] = 0.0
        pull = ridge * np.exp(-t)
        gap = n - columns[0] - pull
        # d log kappa = d(gap)/slope: the table's relative error is amplified by the equation's conditioning
        error = (np.abs(gap) + self.error * columns[0]) / (columns[2] + pull) + 2 * self.error
        return np.exp(t), (error <= rtol) & (rtol >= 1e-12), columns, np.abs(gap) / n

    def _start(self, n: Array, ridge: Array) -> Array:
        """Bisect over the nodes, then one secant inside the node interval."""
        df1, inverse = np.exp(self.values[:, 0]), np.exp(-self.nodes)
        low, high = np.zeros(n.size, dtype=np.intp), np.full(n.size, self.nodes.size - 1)
        for _ in range(int(np.ceil(np.log2(self.nodes.size)))):
            middle = (low + high) // 2
            above = n - df1[middle] - ridge * inverse[middle] > 0
            high, low = np.where(above, middle, high), np.where(above, low, middle)
        left = n - df1[low] - ridge * inverse[low]
        right = n - df1[high] - ridge * inverse[high]
        with np.errstate(divide="ignore", invalid="ignore"):
            fraction = np.where(right > left, -left / (right - left), 0.5)
        return self.nodes[low] + (self.nodes[high] - self.nodes[low]) * np.clip(fraction, 0.0, 1.0)
