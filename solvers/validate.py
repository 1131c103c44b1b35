"""Argument checks: every refusal is one sentence with the argument's name, its value and what is allowed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["as_finite", "as_matrix", "as_nonnegative", "as_positive", "as_real", "refuse"]


def refuse(name: str, value: Any, allowed: str) -> ValueError:
    """Build the error for a bad argument: ``name = value is not allowed: allowed``."""
    text = np.array2string(value, threshold=6) if isinstance(value, np.ndarray) else repr(value)
    return ValueError(f"{name} = {text} is not allowed: {allowed}.")


def as_real(name: str, value: ArrayLike) -> NDArray[np.float64]:
    """Convert to a float64 array without NaN (infinities pass); never an alias that a caller could see change."""
    if isinstance(value, (str, bytes)) or value is None:
        raise TypeError(f"{name} = {value!r} is not allowed: it must be a real number or an array of them.")
    raw = np.asarray(value)
    if raw.dtype.kind not in "biuf":
        if raw.dtype.kind == "c":
            raise TypeError(f"{name} has complex entries: it must be real.")
        try:
            raw = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise TypeError(f"{name} has entries of type {raw.dtype}: it must be an array of real numbers.") from None
    array = raw.astype(np.float64)
    if np.isnan(array).any():
        raise refuse(name, array, "it must not contain NaN")
    return array


def as_finite(name: str, value: ArrayLike) -> NDArray[np.float64]:
    """As :func:`as_real`, and every entry finite."""
    array = as_real(name, value)
    if not np.isfinite(array).all():
        raise refuse(name, array, "every entry must be finite")
    return array


def as_positive(name: str, value: ArrayLike, *, infinite: bool = False) -> NDArray[np.float64]:
    """As :func:`as_finite` (or :func:`as_real` where ``infinite``), and every entry above zero."""
    array = as_real(name, value) if infinite else as_finite(name, value)
    if not (array > 0).all():
        raise refuse(name, array, "every entry must be positive")
    return array


def as_nonnegative(name: str, value: ArrayLike, *, infinite: bool = False) -> NDArray[np.float64]:
    """As :func:`as_finite` (or :func:`as_real` where ``infinite``), and no entry below zero."""
    array = as_real(name, value) if infinite else as_finite(name, value)
    if not (array >= 0).all():
        raise refuse(name, array, "no entry may be negative")
    return array


def as_matrix(name: str, value: ArrayLike, shape: tuple[int | None, int | None] = (None, None)) -> NDArray[np.float64]:
    """As :func:`as_finite`, two-dimensional, non-empty, with the given shape where it is not None."""
    array = as_finite(name, value)
    if array.ndim != 2 or 0 in array.shape:
        raise refuse(f"{name}.shape", array.shape, "it must be a non-empty matrix")
    for have, want in zip(array.shape, shape, strict=True):
        if want is not None and have != want:
            raise refuse(f"{name}.shape", array.shape, f"it must be {shape}, None standing for any size")
    return array
