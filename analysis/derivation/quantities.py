"""Quantities defined by an equation, at any precision: a double's root, polished by Newton's method in mpmath.

The polish uses sums as they are written, and stops only where a Newton step is below the working precision.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from solvable.solvers import Spectrum, effective_ridge, random_feature_risk

__all__ = ["isotropic_quantities", "marchenko_pastur_mean", "random_feature_quantities", "ridge_quantities"]


def _modes(spectrum: Spectrum) -> list[tuple[Any, Any, Any]]:
    import mpmath as mp

    power = spectrum.target_power if spectrum.target_power is not None else [0.0] * spectrum.eigenvalues.size
    return [
        (mp.mpf(float(s)), mp.mpf(float(m)), mp.mpf(float(v)))
        for s, m, v in zip(spectrum.eigenvalues, spectrum.multiplicities, power, strict=True)
    ]


def _polish(equation: Callable[[Any], Any], slope: Callable[[Any], Any], start: float) -> Any:
    """Newton in log x from a double; a few steps double the digits each time."""
    import mpmath as mp

    t = mp.log(mp.mpf(start))
    for _ in range(60):
        step = equation(mp.exp(t)) / slope(mp.exp(t))
        t -= step
        if abs(step) < mp.mpf(10) ** (5 - mp.mp.dps):
            return mp.exp(t)
    raise ArithmeticError("a quantity defined by an equation did not converge at high precision")


def ridge_quantities(spectrum: Spectrum, n: float, lam: float) -> dict[str, Any]:
    """Return kappa, df1, df2 and the unlearned target power at the normalised ridge, at the precision of mpmath."""
    import mpmath as mp

    start = float(effective_ridge(spectrum, float(n), float(n * lam)).value)
    found = _from_modes(_modes(spectrum), mp.mpf(n), mp.mpf(n) * mp.mpf(lam), start)
    found["unlearned"] += mp.mpf(spectrum.irreducible_power)
    return found


def isotropic_quantities(n: float, gamma: float, lam: float, signal: float) -> dict[str, Any]:
    """Return the same for an identity covariance in gamma n dimensions."""
    import mpmath as mp

    start = float(effective_ridge(Spectrum.isotropic(float(gamma * n)), float(n), float(n * lam)).value)
    modes = [(mp.mpf(1), mp.mpf(gamma) * mp.mpf(n), mp.mpf(signal))]
    return _from_modes(modes, mp.mpf(n), mp.mpf(n) * mp.mpf(lam), start)


def _from_modes(modes: list[tuple[Any, Any, Any]], n: Any, delta: Any, start: float) -> dict[str, Any]:
    """Polish kappa and evaluate the sums."""
    import mpmath as mp

    def sums(k: Any) -> tuple[Any, Any]:
        return (mp.fsum(m * s / (s + k) for s, m, _ in modes), mp.fsum(m * (s / (s + k)) ** 2 for s, m, _ in modes))

    kappa = mp.mpf(0)
    if start > 0:

        def slope(k: Any) -> Any:
            df1, df2 = sums(k)
            return df1 - df2 + delta / k

        kappa = _polish(lambda k: n - sums(k)[0] - delta / k, slope, start)
    df1, df2 = sums(kappa)
    unlearned = mp.fsum(v * (kappa / (s + kappa)) ** 2 for s, _, v in modes)
    return {"kappa": kappa, "df1": df1, "df2": df2, "unlearned": unlearned, "d": mp.fsum(m for _, m, _ in modes),
            "trace": mp.fsum(m * s for s, m, _ in modes)}  # fmt: skip


def random_feature_quantities(spectrum: Spectrum, n: float, k: float, ridge: float) -> dict[str, Any]:
    """Return gamma_rf, kappa and the sums z, q, w, S1, S2, at the current precision of mpmath."""
    import mpmath as mp

    modes, n, k, delta = _modes(spectrum), mp.mpf(n), mp.mpf(k), mp.mpf(float(ridge))

    def sums(g: Any) -> tuple[Any, Any]:
        return (mp.fsum(m * s / (s + g) for s, m, _ in modes), mp.fsum(m * (s / (s + g)) ** 2 for s, m, _ in modes))

    start = float(random_feature_risk(spectrum, float(n), float(k), float(delta)).gamma)
    least = min(n, k)

    def equation(g: Any) -> Any:
        z, _ = sums(g)
        return mp.log(g * (k - z) * (n - z)) - mp.log(k * delta) if delta > 0 else least - z

    def slope(g: Any) -> Any:
        z, q = sums(g)
        return 1 + (z - q) / (k - z) + (z - q) / (n - z) if delta > 0 else z - q

    root = _polish(equation, slope, start) if start > 0 else mp.mpf(0)
    z, q = sums(root)
    if delta == 0:
        z = min(z, least) if root == 0 else least
    s1 = mp.fsum(v * (root / (s + root)) ** 2 for s, _, v in modes) + mp.mpf(spectrum.irreducible_power)
    s2 = mp.fsum(v * s * root / (s + root) ** 2 for s, _, v in modes)
    return {"gamma_rf": root, "kappa": root * (k - z) / k, "z": z, "q": q, "w": z - q, "S1": s1, "S2": s2, "k": k,
            "a": k - z, "b": n - z}  # fmt: skip


def marchenko_pastur_mean(function: Callable[[Any], Any], gamma: Any) -> Any:
    """Mean of a function of the eigenvalue under the Marchenko-Pastur law of ratio gamma = d/n, atom at 0 included.

    With x = c + r cos(theta) the integrand is periodic and smooth: the midpoint rule, doubled until it settles.
    """
    import mpmath as mp

    gamma = mp.mpf(gamma)
    low, high = (1 - mp.sqrt(gamma)) ** 2, (1 + mp.sqrt(gamma)) ** 2
    centre, radius = (low + high) / 2, (high - low) / 2

    def rule(count: int) -> Any:
        total = mp.mpf(0)
        for j in range(count):
            angle = (j + mp.mpf(1) / 2) * mp.pi / count
            x = centre + radius * mp.cos(angle)
            total += (radius * mp.sin(angle)) ** 2 / (2 * mp.pi * gamma * x) * function(x)
        return total * mp.pi / count

    count, last = 32, rule(32)
    while count < 4096:
        count *= 2
        now = rule(count)
        if abs(now - last) <= mp.mpf(10) ** (3 - mp.mp.dps // 2) * abs(now):  # the next doubling squares the error
            last = rule(2 * count)
            break
        last = now
    return last + (1 - 1 / gamma) * function(mp.mpf(0)) if gamma > 1 else last
