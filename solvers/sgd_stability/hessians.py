"""Per-sample Hessians as data: read, reduced to the range of their mean, and how batches of them are drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.validate import as_choice, as_finite, as_real, data_eps, is_symmetric, precision_name, refuse

__all__ = ["LOSSES", "SAMPLINGS", "Curvature", "batch_sizes", "read_curvature", "sampling_weights"]

Array = NDArray[np.float64]
SAMPLINGS = ("without-replacement", "with-replacement", "bernoulli")
LOSSES = {"squared": 1.0, "squared-without-half": 2.0}


@dataclass(frozen=True)
class Curvature:
    """Per-sample Hessians as factors in the eigenbasis of their mean, on its range."""

    factors: Array  # (n, r, k): H_i = factors[i] factors[i]^T
    eigenvalues: Array  # (r,): of the mean Hessian, descending

    @property
    def n(self) -> int:
        """Number of samples."""
        return int(self.factors.shape[0])

    def scaled(self) -> Curvature:
        """In units of the top eigenvalue: products of four factors stay within the range of doubles."""
        top = self.eigenvalues[0]
        return Curvature(self.factors / np.sqrt(top), self.eigenvalues / top)


def _factorise(hessians: Array, unit: float) -> Array:
    """Square roots of full Hessians, cut to the largest rank that occurs."""
    if not is_symmetric(hessians, unit):
        raise refuse(
            "hessians.shape", hessians.shape, "square Hessians must be symmetric (factors have r != d columns)"
        )
    values, vectors = np.linalg.eigh(hessians)
    floor = hessians.shape[1] * unit * np.abs(values).max()
    if values.min() < -10 * floor:
        where = int(np.argmin(values.min(axis=1)))
        raise ValueError(
            f"hessians[{where}] has the eigenvalue {values.min():.6g}, which is not allowed: "
            f"every Hessian must be positive semi-definite to the rounding of {precision_name(unit)}."
        )
    values = np.where(values > floor, values, 0.0)
    rank = max(1, int((values > 0).sum(axis=1).max()))
    return np.asarray((vectors * np.sqrt(values)[:, None, :])[:, :, -rank:])


def read_curvature(hessians: ArrayLike, loss: str = "squared") -> Curvature:
    """Validate gradients (n, d), factors (n, d, r != d) or Hessians (n, d, d) and reduce to the range of the mean."""
    array = as_finite("hessians", hessians)
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise refuse("hessians.shape", array.shape, "it must be (n, d), (n, d, r) or (n, d, d)")
    loss, unit = as_choice("loss", loss, tuple(LOSSES)), data_eps(hessians)
    if array.ndim == 3 and array.shape[1] == array.shape[2]:
        factors = _factorise(array, unit)
    else:
        factors = np.sqrt(LOSSES[loss]) * (array[:, :, None] if array.ndim == 2 else array)
    n, d, k = factors.shape
    scale = float(np.abs(factors).max())
    if scale == 0:
        raise refuse("hessians", array, "all of them vanish: nothing is unstable")
    flat = factors.transpose(1, 0, 2).reshape(d, n * k) / scale
    if d <= n * k:
        values, vectors = np.linalg.eigh(flat @ flat.T)
        coordinates = vectors.T @ flat
    else:
        values, right = np.linalg.eigh(flat.T @ flat)
        coordinates = np.sqrt(np.maximum(values, 0.0))[:, None] * right.T
    size = max(d, n * k)  # the Gram matrix is rounded in doubles; what the data's own rounding adds is squared
    keep = values > max(size * np.finfo(float).eps, min(size * unit, 1e-3) ** 2) * values[-1]
    reduced = coordinates[keep][::-1].reshape(-1, n, k).transpose(1, 0, 2)
    return Curvature(scale * reduced, scale**2 * values[keep][::-1] / n)


def sampling_weights(n: int, batch_size: Array, sampling: str) -> tuple[Array, Array]:
    """c0 and p of the second-moment map for each batch size."""
    sampling = as_choice("sampling", sampling, SAMPLINGS)
    if sampling == "bernoulli":
        return np.ones(batch_size.shape), (n - batch_size) / (batch_size * n)
    p = 1 / batch_size if sampling == "with-replacement" else (n - batch_size) / (batch_size * max(n - 1, 1))
    return np.asarray(1 - p), np.asarray(p)


def batch_sizes(curvature: Curvature, batch_size: ArrayLike) -> Array:
    """Validate whole batch sizes from 1 to n."""
    sizes = as_real("batch_size", batch_size)
    if not np.all((sizes >= 1) & (sizes <= curvature.n) & (sizes == np.round(sizes))):
        raise refuse("batch_size", sizes, f"it must be a whole number from 1 to n = {curvature.n}")
    return sizes
