"""The proportional limit n, d, k -> infinity as a spectrum: everything counted in units of d."""

from __future__ import annotations

from solvable.solvers import Spectrum

__all__ = ["proportional_spectrum"]

_FINE = 1e17  # modes that carry the nonlinear part, in units of d: infinitely many in doubles


def proportional_spectrum(mu1: float, mu_star: float, signal: float, nonlinear: float = 0.0) -> Spectrum:
    """Isotropic inputs, an activation of linear part mu1 and rest mu_star, a target of given linear and other power."""
    return Spectrum([mu1**2, mu_star**2 / _FINE], [signal, 0.0], [1.0, _FINE], irreducible_power=nonlinear)
