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

from solvable.solvers.equivalents.condensed_modes import condensed
from solvable.solvers.equivalents.mode_sums import FloatSums, Modes, Term
from solvable.solvers.spectrum import Spectrum

__all__ = ["ModeTable"]

Array = NDArray[np.float64]
_COARSE, _FINE = 1 / 24, 1 / 48  # spacings of nodes: errors near 1e-12, and rounding
_LEAST_RTOL = 1e-13  # no finer accuracy is claimed for what a table answers
_MARGIN = 10  # nodes beyond either end, where the spline's end conditions are felt


# what the root needs, and what the risk needs besides
_ROOT: tuple[Term, ...] = (("m", 1, 0), ("m", 1, 1))
_RISK: tuple[Term, ...] = (("m", 2, 0), ("v", 0, 2), ("v", 1, 1))


def _columns(modes: Modes, terms: tuple[Term, ...], kappa: Array) -> Array:
    """Logs of sums at each kappa, a column each."""
    sums = modes.at(kappa, *terms)
    with np.errstate(divide="ignore"):
        return np.log(np.stack([sums(*term) for term in terms], axis=1))


@dataclass(frozen=True)
class ModeTable:
    """Splines of the five log sums over a range of log kappa, with their measured relative error."""

    nodes: Array
    spacing: float
    df1: Array
    root_spline: Any
    risk_spline: Any
    risk_terms: tuple[Term, ...]  # those of the target are left out where it has no power
    error: float

    @classmethod
    def build(cls, spectrum: Spectrum, low: float, high: float, limit: int, rtol: float) -> ModeTable | None:
        """Tabulate [low, high]; None where it takes over `limit` nodes, sums leave doubles, `rtol` is too fine."""
        if rtol < _LEAST_RTOL:
            return None
        spacing = _COARSE if rtol >= 1e-10 else _FINE
        with np.errstate(divide="ignore"):
            first, last = np.log(low), np.log(high)
        count = int(np.ceil(max(last - first, 0.0) / spacing)) + 1 + 2 * _MARGIN if np.isfinite(first) else limit + 1
        if count > limit:
            return None
        from scipy.interpolate import make_interp_spline

        nodes = first + spacing * (np.arange(count) - _MARGIN)
        bare = spectrum.target_power is None or not spectrum.target_power.any()
        modes, risk = Modes.of(spectrum, "m", *(() if bare else ("v",))), _RISK[:1] if bare else _RISK
        values = _columns(condensed(modes), _ROOT + risk, np.exp(nodes))
        if not np.isfinite(values).all():
            return None
        splines = [make_interp_spline(nodes, part, k=7) for part in np.split(values, [len(_ROOT)], axis=1)]
        # the error is measured, not assumed: at 12 midpoints, where it is largest, on the modes as they are
        middle = nodes[np.linspace(_MARGIN, count - _MARGIN - 1, 12).astype(int)] + spacing / 2
        found = np.concatenate([spline(middle) for spline in splines], axis=1)
        deviation = np.abs(found - _columns(modes, _ROOT + risk, np.exp(middle)))
        df1 = np.exp(values[:, _ROOT.index(("m", 1, 0))])
        return cls(nodes, spacing, df1, splines[0], splines[1], risk, 4 * float(deviation.max()))

    def solve(
        self, n: Array, pull: Callable[[Array], tuple[Array, Array]], rtol: float
    ) -> tuple[Array, NDArray[np.bool_], FloatSums, Array]:
        """Solve n = df1(kappa) + pull(kappa), where `pull` also returns its slope -d pull/d log kappa.

        Return kappa, where it meets `rtol`, the sums there, and the scaled residual of the table's equation.
        """
        t = self._start(n, pull)
        for _ in range(2):
            gap, slope, *_ = self._gap(t, n, pull)
            t = t - np.clip(gap / slope, -self.spacing, self.spacing)
        gap, slope, df1, rest = self._gap(t, n, pull)
        sums = FloatSums.zeros(_ROOT + _RISK, n.size)
        sums.values.update(zip(self.risk_terms, np.ascontiguousarray(np.exp(self.risk_spline(t)).T), strict=True))
        sums.values.update(zip(_ROOT, (df1, rest), strict=True))
        # d log kappa = d(gap)/slope: the table's relative error is amplified by the equation's conditioning
        error = (np.abs(gap) + self.error * df1) / slope + 2 * self.error
        return np.exp(t), error <= rtol, sums, np.abs(gap) / n

    def _gap(
        self, t: Array, n: Array, pull: Callable[[Array], tuple[Array, Array]]
    ) -> tuple[Array, Array, Array, Array]:
        """n - df1 - pull, its derivative in t = log kappa, df1 and df1 - df2."""
        df1, rest = np.ascontiguousarray(np.exp(self.root_spline(t)).T)  # in the order of _ROOT
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
