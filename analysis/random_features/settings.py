"""The settings that random-feature claims speak of: spectra, activations and frozen networks, as numbers."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.verification.domain import Domain

__all__ = ["ACTIVATIONS", "MODES", "USUAL", "frozen_network", "frozen_teacher", "input_eigenvalues", "power_law"]

# the sums of a formula go over all modes: sizes stay below them
USUAL = Domain(
    n=(10, 100), k=(10, 300), d=(20, 60), ratio=(0.3, 5.0), ridge=(0.0, 2.0), lam=(0.005, 1.0), exponent=(1.1, 2.5),
    target_exponent=(1.1, 3.0), noise_variance=(0.0, 2.0), noise=(0.0, 2.0), psi1=(0.3, 6.0), psi2=(0.3, 6.0),
    nonlinear=(0.0, 2.0), signal=(0.2, 3.0), relative_noise=(0.05, 5.0), counts={"ratio": "n"},
)  # fmt: skip

Array = NDArray[np.float64]
MODES = 400  # modes of the shallow experiments: the law is cut there, in theory and experiment alike


def power_law(exponent: float, target_exponent: float) -> tuple[Array, Array]:
    """Kernel eigenvalues i^-exponent and target powers i^-target_exponent, i = 1..MODES."""
    i = np.arange(1.0, MODES + 1)
    return i**-exponent, i**-target_exponent


def input_eigenvalues(d: int) -> Array:
    """Spread input covariance of unit mean: quantiles of a fixed law, so d only refines them."""
    return 0.4 + 1.2 * (np.arange(d) + 0.5) / d


def _erf(u: Array) -> Array:
    from scipy.special import erf

    return np.asarray(erf(u))


# as functions, for the experiments; the theory looks the same names up in its own table
ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "erf": _erf,
    "tanh": np.tanh,
    "sign": np.sign,
    "centred-relu": lambda u: np.maximum(u, 0.0) - 1 / np.sqrt(2 * np.pi),  # centred at unit variance
}


def frozen_network(d: int, ratios: tuple[float, ...], seed: int) -> list[Array]:
    """Weights of a given random network: width l is ratios[l] d, entries of variance one over the fan-in."""
    rng = np.random.default_rng([seed, d])
    widths = [d, *(round(ratio * d) for ratio in ratios)]
    return [rng.standard_normal((k, fan)) / np.sqrt(fan) for fan, k in pairwise(widths)]


def frozen_teacher(d: int) -> tuple[Array, Array]:
    """Hidden weights (d, d) and eight readouts (d, 8) of given teachers; without the hidden layer they are linear."""
    rng = np.random.default_rng([1, d])
    return rng.standard_normal((d, d)) / np.sqrt(d), rng.standard_normal((d, 8)) / np.sqrt(d)
