"""Quantities defined by an equation, at any precision: the names that formulas use, from polished roots and sums.

The entry ``_modes`` is what sums of a formula's own run over.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from solvable.analysis.verification.claim import Claim
from solvable.solvers import Spectrum, effective_ridge, random_feature_risk
from solvable.solvers.equivalents.mode_sums import Modes
from solvable.solvers.equivalents.polished_roots import polished_effective_ridge, polished_feature_root
from solvable.solvers.validate import refuse

__all__ = ["cases", "isotropic_quantities", "marchenko_pastur_mean", "modes_of", "random_feature_quantities",
           "remembered", "ridge_quantities", "with_spectrum"]  # fmt: skip


def modes_of(spectrum: Spectrum) -> Modes:
    """Modes with multiplicities and target power, 0 where the spectrum has none."""
    if spectrum.target_power is None:
        return Modes.of(spectrum, "m", v=np.zeros_like(spectrum.eigenvalues))
    return Modes.of(spectrum, "m", "v")


def ridge_quantities(spectrum: Spectrum, n: float, lam: float) -> dict[str, Any]:
    """Return kappa, df1, df2 and the unlearned target power at the normalised ridge, at the precision of mpmath."""
    import mpmath as mp

    start = float(effective_ridge(spectrum, float(n), float(n * lam)).value)
    found = _from_modes(modes_of(spectrum), mp.mpf(n), mp.mpf(n) * mp.mpf(lam), start)
    found["unlearned"] += mp.mpf(spectrum.irreducible_power)
    return found


def isotropic_quantities(n: float, gamma: float, lam: float, signal: float) -> dict[str, Any]:
    """Return the same for an identity covariance in gamma n dimensions."""
    import mpmath as mp

    start = float(effective_ridge(Spectrum.isotropic(float(gamma * n)), float(n), float(n * lam)).value)
    modes = Modes([1.0], m=[mp.mpf(gamma) * mp.mpf(n)], v=[signal])
    return _from_modes(modes, mp.mpf(n), mp.mpf(n) * mp.mpf(lam), start)


def _from_modes(modes: Modes, n: Any, delta: Any, start: float) -> dict[str, Any]:
    """Polish kappa and name the sums."""
    import mpmath as mp

    kappa = polished_effective_ridge(modes, n, delta, start)
    sums, weights = modes.precisely(kappa), [mp.mpf(m) for m in modes.weights["m"]]
    trace = mp.fsum(m * mp.mpf(s) for m, s in zip(weights, modes.eigenvalues, strict=True))
    return {"kappa": kappa, "df1": sums("m", 1, 0), "df2": sums("m", 2, 0), "unlearned": sums("v", 0, 2),
            "d": mp.fsum(weights), "trace": trace, "_modes": modes}  # fmt: skip


def random_feature_quantities(spectrum: Spectrum, n: float, k: float, ridge: float) -> dict[str, Any]:
    """Return gamma_rf, kappa and the sums z, q, w, S1, S2, at the current precision of mpmath."""
    import mpmath as mp

    modes, n, k, delta = modes_of(spectrum), mp.mpf(n), mp.mpf(k), mp.mpf(float(ridge))
    start = float(random_feature_risk(spectrum, float(n), float(k), float(delta)).gamma)
    root = polished_feature_root(modes, n, k, delta, start)
    sums = modes.precisely(root)
    z, q, s1, s2 = sums("m", 1, 0), sums("m", 2, 0), sums("v", 0, 2), sums("v", 1, 1)
    if delta == 0:
        z = min(z, n, k) if root == 0 else min(n, k)
    return {"gamma_rf": root, "kappa": root * (k - z) / k, "z": z, "q": q, "w": z - q,
            "S1": s1 + mp.mpf(spectrum.irreducible_power), "S2": s2, "k": k, "a": k - z, "b": n - z,
            "_modes": modes}  # fmt: skip


def cases(name: str, value: str, *choices: str) -> dict[str, float]:
    """Return one indicator for each choice: a formula that says something else of each is a sum over them."""
    if value not in choices:
        raise refuse(name, value, f"one of {', '.join(choices)}")
    return {f"is_{choice}": float(choice == value) for choice in choices}


def marchenko_pastur_mean(function: Callable[[Any], Any], gamma: Any) -> Any:
    """Mean of a function of the eigenvalue under the Marchenko-Pastur law of ratio gamma = d/n, atom at 0 included.

    With x = c + r cos(theta) the integrand is periodic and smooth: the midpoint rule, doubled until it settles. The
    value at 0 is taken out first: without it the pole of the density at 0, near the edge as gamma goes to 1, is gone.

    Raises
    ------
    ValueError
        Where 4,096 nodes do not settle.
    """
    import mpmath as mp

    gamma = mp.mpf(gamma)
    at_zero = function(mp.mpf(0))
    low, high = (1 - mp.sqrt(gamma)) ** 2, (1 + mp.sqrt(gamma)) ** 2
    centre, radius = (low + high) / 2, (high - low) / 2

    def rule(count: int) -> Any:
        total = mp.mpf(0)
        for j in range(count):
            angle = (j + mp.mpf(1) / 2) * mp.pi / count
            x = centre + radius * mp.cos(angle)
            total += (radius * mp.sin(angle)) ** 2 / (2 * mp.pi * gamma * x) * (function(x) - at_zero)
        return total * mp.pi / count

    count, last = 32, rule(32)
    while count < 4096:
        count *= 2
        now = rule(count)
        if abs(now - last) <= mp.mpf(10) ** (3 - mp.mp.dps // 2) * abs(now):  # the next doubling squares the error
            return at_zero + rule(2 * count)
        last = now
    raise refuse("gamma", float(gamma), f"the mean under this law does not settle within {count:,} nodes")


def _hashable(value: Any) -> Any:
    """A value to look up by: of a drawn array its content."""
    return (value.shape, value.dtype.str, value.tobytes()) if isinstance(value, np.ndarray) else value


def remembered(claim: Claim) -> Claim:
    """Return the claim with predictions and quantities that are found once at each place.

    Quantities are kept at the highest precision asked for.
    """
    own = None if claim.quantities is None else _once(claim.quantities)
    return dataclasses.replace(claim, predict=_once(claim.predict), quantities=own)


def _once(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with its values kept for each set of arguments that can be told from others."""
    import mpmath as mp

    found: dict[Any, tuple[int, Any]] = {}

    def kept(**parameters: Any) -> Any:
        try:
            key = frozenset((name, _hashable(value)) for name, value in parameters.items())
        except TypeError:
            return function(**parameters)
        if key not in found or found[key][0] < mp.mp.dps:
            found[key] = (mp.mp.dps, function(**parameters))
        return found[key][1]

    return kept


def with_spectrum(claim: Claim, spectrum: Spectrum) -> Claim:
    """Return the claim with a user's spectrum for sums over modes.

    Raises
    ------
    ValueError
        Where the claim's own equations already sum over a spectrum.
    """
    own, modes = claim.quantities, modes_of(spectrum)
    if own is not None and "_modes" in own(**claim.grid[0]):
        raise refuse("spectrum", spectrum, f"{claim.name} sums over the spectrum of its own design")

    def quantities(**parameters: Any) -> dict[str, Any]:
        return {**(own(**parameters) if own is not None else {}), "_modes": modes}

    return dataclasses.replace(claim, quantities=quantities)
