"""Sums of the recursion over generations, mode by mode at the precision of mpmath."""

from __future__ import annotations

from typing import Any

from solvable.analysis.derivation.quantities import ridge_quantities
from solvable.solvers import Spectrum

__all__ = ["iterated_quantities"]


def iterated_quantities(
    spectrum: Spectrum, n: float, lam: float, rows: float, generations: int, generator_noise: float,
    generator_lam: float = 0.0, same_data: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Return kappa, df1, df2 of the last fit and the sums over what the generators kept, lost and added.

    The labeller's power is U = p^2 V + R: p the product of the learnabilities so far, R what the noise of generations
    put there.
    """
    import mpmath as mp

    last, each = ridge_quantities(spectrum, n, lam), ridge_quantities(spectrum, rows, generator_lam)
    s = [mp.mpf(float(value)) for value in spectrum.eigenvalues]
    V, g0 = [mp.mpf(float(v)) for v in _power(spectrum)], [value / (value + each["kappa"]) for value in s]
    p, R, noise, room = [mp.mpf(1)] * len(s), [mp.mpf(0)] * len(s), mp.mpf(generator_noise), rows - each["df2"]
    for t in range(generations):
        if t and same_data:
            R = [r + g**2 * noise / room for r, g in zip(R, g0, strict=True)]
            continue
        lost = mp.fsum((1 - g) ** 2 * (a**2 * v + r) for g, a, v, r in zip(g0, p, V, R, strict=True))
        R = [g**2 * (r + (lost + noise) / room) for g, r in zip(g0, R, strict=True)]
        p = [a * g for a, g in zip(p, g0, strict=True)]
    g = [value / (value + last["kappa"]) for value in s]
    return {
        **last, "generator_kappa": each["kappa"], "generator_df2": each["df2"], "generator_samples": rows,
        "truth_lost": mp.fsum((1 - a * b) ** 2 * v for a, b, v in zip(g, p, V, strict=True)),
        "noise_kept": mp.fsum(a**2 * r for a, r in zip(g, R, strict=True)),
        "labels_unlearned": mp.fsum((1 - a) ** 2 * (b**2 * v + r) for a, b, v, r in zip(g, p, V, R, strict=True)),
    }  # fmt: skip


def _power(spectrum: Spectrum) -> Any:
    if spectrum.target_power is None:
        raise ValueError("spectrum = without target power is not allowed: the generators start from a target.")
    return spectrum.target_power
