"""Sums over modes, tabulated in log kappa: one table answers every (n, ridge) or (n, k, ridge) cell.

df1, df1 - df2, df2, sum (1-g)^2 v^2 and sum g(1-g) v^2 do not depend on n, k or the ridge; those enter through a
falling function of kappa alone, pull = n - df1 at the root. Each sum is of terms whose phase,
at complex log kappa with imaginary part below pi/2, stays within a quarter turn, so none has a zero there:
their logarithms are analytic in a strip whose width no spectrum can change. A spline of degree 7 on a uniform
grid therefore has the same relative error, about (node spacing)^8, for every spectrum.
"""

from __future__ import annotations

from collections.abc import Callable
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
    """Logs of df1, df1 - df2, df2 and of the target's two sums at each kappa, chunked to stay in cache."""
    s, m = spectrum.eigenvalues, spectrum.multiplicities
    power = np.zeros_like(s) if spectrum.target_power is None else spectrum.target_power
    out = np.empty((kappa.size, 5))
    step = max(1, (1 << 15) // s.size)
    for first in range(0, kappa.size, step):
        k = kappa[first : first + step, None]
        g = s / (s + k)
        c = k * g / s
        block = out[first : first + step]
        block[:, 0] = g @ m
        gc = g * c
        block[:, 1], block[:, 4] = gc @ m, gc @ power
        g *= g
        c *= c
        block[:, 2], block[:, 3] = g @ m, c @ power
    with np.errstate(divide="ignore"):
        return np.log(out)


@dataclass(frozen=True)
class ModeTable:
    """Splines of the five log sums over a range of log kappa, with their measured relative error."""

    nodes: Array
    df1: Array
    root_spline: Any  # df1 and df1 - df2: what the root needs
    risk_spline: Any  # df2 and the target's sums: what the risk needs
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
        # without target power its two columns are empty, and left out
        width = 3 if np.isneginf(values[:, 3:]).all() else 5
        if not np.isfinite(values[:, :width]).all():
            return None
        splines = [make_interp_spline(nodes, values[:, part], k=7) for part in (slice(0, 2), slice(2, width))]
        # the error is measured, not assumed: at 12 midpoints, where it is largest
        middle = nodes[np.linspace(_MARGIN, count - _MARGIN - 1, 12).astype(int)] + _SPACING / 2
        found = np.concatenate([spline(middle) for spline in splines], axis=1)
        deviation = np.abs(found - _columns(spectrum, np.exp(middle))[:, :width])
        return cls(nodes, np.exp(values[:, 0]), splines[0], splines[1], 4 * float(deviation.max()))

    def solve(
        self, n: Array, pull: Callable[[Array], tuple[Array, Array]], rtol: float
    ) -> tuple[Array, NDArray[np.bool_], Array, Array]:
        """Solve n = df1(kappa) + pull(kappa), where `pull` also returns its slope -d pull/d log kappa.

        Return kappa, where it meets `rtol`, the five sums there, and the scaled residual of the table's equation.
        """
        t = self._start(n, pull)
        for _ in range(2):
            gap, slope, *_ = self._gap(t, n, pull)
            t = t - np.clip(gap / slope, -_SPACING, _SPACING)
        gap, slope, df1, rest = self._gap(t, n, pull)
        columns = np.zeros((5, n.size))
        columns[0], columns[1] = df1, rest
        risk = np.exp(self.risk_spline(t)).T
        columns[2 : 2 + risk.shape[0]] = risk
        # d log kappa = d(gap)/slope: the table's relative error is amplified by the equation's conditioning
        error = (np.abs(gap) + self.error * df1) / slope + 2 * self.error
        return np.exp(t), (error <= rtol) & (rtol >= 1e-12), columns, np.abs(gap) / n

    def _gap(
        self, t: Array, n: Array, pull: Callable[[Array], tuple[Array, Array]]
    ) -> tuple[Array, Array, Array, Array]:
        """n - df1 - pull, its derivative in t = log kappa, df1 and df1 - df2."""
        sums = np.exp(self.root_spline(t))
        df1, rest = np.ascontiguousarray(sums[:, 0]), np.ascontiguousarray(sums[:, 1])
        force, stiffness = pull(np.exp(t))
        return n - df1 - force, rest + stiffness, df1, rest

    def _start(self, n: Array, pull: Callable[[Array], tuple[Array, Array]]) -> Array:
        """Bisect over the nodes, then one secant inside the node interval."""
        kappa = np.exp(self.nodes)

        def gap(index: NDArray[np.intp]) -> Array:
            return n - self.df1[index] - pull(kappa[index])[0]

        low, high = np.zeros(n.size, dtype=np.intp), np.full(n.size, self.nodes.size - 1)
        for _ in range(int(np.ceil(np.log2(self.nodes.size)))):
            middle = (low + high) // 2
            above = gap(middle) > 0
            high, low = np.where(above, middle, high), np.where(above, low, middle)
        left, right = gap(low), gap(high)
        with np.errstate(divide="ignore", invalid="ignore"):
            fraction = np.where(right > left, -left / (right - left), 0.5)
        return np.asarray(self.nodes[low] + (self.nodes[high] - self.nodes[low]) * np.clip(fraction, 0.0, 1.0))
