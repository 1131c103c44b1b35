"""How far a spectrum estimated from data predicts the error on those data: leave-one-out on samples of the pool.

The risk of ridge regression holds for features that behave as Gaussian ones, and for a spectrum that is known. Real
kernels do neither: with a small ridge the error on the data a spectrum came from can be a multiple of the prediction.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.solution import warn_caller
from solvable.solvers.spectrum import FinitePoolWarning, Spectrum

__all__ = ["left_out_error", "warn_where_data_disagree"]

Array = NDArray[np.float64]
_WORK = 3e8  # n^3 summed over the samples that are drawn
_MOST_SAMPLES = 60
_LARGEST = 1600  # rows of a sample; two inversions of that size take a second
_FURTHEST = 1.2  # ratio from which the prediction is not called one
_ERRORS = 3.0  # standard errors that a ratio must be away from 1


def left_out_error(gram: Array, y: Array, ridge: float) -> float:
    """Mean squared leave-one-out error of kernel ridge regression on one sample, without an intercept."""
    n = len(y)
    floor = n * np.finfo(float).eps * float(np.abs(gram).max())  # interpolation by a singular kernel: its limit
    inverse = np.linalg.inv(gram + max(ridge, 10 * floor) * np.eye(n))
    return float(np.mean((inverse @ y / np.diag(inverse)) ** 2))


def _measured(spectrum: Spectrum, n: int, ridge: float, noise: float) -> tuple[float, float]:
    """Leave-one-out error at n rows and its standard error, over random samples of the pool; kept."""
    assert spectrum.sample is not None
    kind, matrix, y = spectrum.sample
    kept = spectrum.measured
    if (n, ridge, noise) not in kept:
        rng = np.random.default_rng([n, len(y)])
        samples = int(np.clip(_WORK / n**3, 2, _MOST_SAMPLES))
        errors = []
        for _ in range(samples):
            rows = rng.choice(len(y), n, replace=False)
            labels = y[rows] + np.sqrt(noise) * rng.standard_normal(n)
            gram = matrix[np.ix_(rows, rows)] if kind == "kernel" else matrix[rows] @ matrix[rows].T
            errors.append(left_out_error(gram, labels, ridge))
        kept[n, ridge, noise] = float(np.mean(errors)), float(np.std(errors, ddof=1) / np.sqrt(samples))
    return kept[n, ridge, noise]


def warn_where_data_disagree(spectrum: Spectrum, n: Array, ridge: Array, noise: Array, predicted: Array) -> None:
    """Warn with the measured ratio where the sample's own leave-one-out error is far from the prediction.

    Looked at are the fewest and the most samples, up to 1,600, at the smallest ridge asked of them: two cells a call.
    """
    if spectrum.sample is None:
        return
    sizes, ridges, noises, errors = (a.ravel() for a in np.broadcast_arrays(n, ridge, noise, predicted))
    most = min(len(spectrum.sample[2]), _LARGEST)
    fits = np.flatnonzero((sizes >= 8) & (sizes <= most) & (ridges >= 0) & np.isfinite(errors))
    worst: tuple[float, str] = (_FURTHEST, "")
    for size in sorted({float(sizes[fits].min()), float(sizes[fits].max())}) if fits.size else ():
        cell = min((i for i in fits if sizes[i] == size), key=lambda i: (ridges[i], noises[i]))
        measured, error = _measured(spectrum, round(size), float(ridges[cell]), float(noises[cell]))
        if errors[cell] <= 0 or abs(measured - errors[cell]) <= _ERRORS * error:
            continue
        ratio = measured / errors[cell]
        if max(ratio, 1 / ratio) > worst[0]:
            worst = (max(ratio, 1 / ratio),
                     f"n = {size:g}, ridge = {ridges[cell]:g}: {errors[cell]:.3g} is predicted, and leave-one-out on "
                     f"samples of the data gives {measured:.3g}, {ratio:.2g} times as much. Their features do not "
                     "behave as Gaussian ones with this spectrum; larger ridges are predicted better.")  # fmt: skip
    if worst[1]:
        warn_caller(worst[1], FinitePoolWarning)
