"""Argument checks: every refusal is one sentence with the argument's name, its value and what is allowed."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "MOST_STEPS",
    "as_choice",
    "as_covariance",
    "as_finite",
    "as_generator",
    "as_kind",
    "as_matrix",
    "as_nonnegative",
    "as_positive",
    "as_real",
    "as_scalar",
    "as_seed",
    "as_whole",
    "broadcast",
    "check_room",
    "data_eps",
    "is_symmetric",
    "precision_name",
    "read_regression",
    "refuse",
    "within_range",
]

P = ParamSpec("P")
R = TypeVar("R")
MOST_STEPS = 10**10  # of a simulation: hours
_ROOM = 2**28  # numbers in one array: 2 GiB


def _sentence(name: str, value: Any, allowed: str) -> str:
    text = np.array2string(value, threshold=6) if isinstance(value, np.ndarray) else reprlib.repr(value)
    return f"{name} = {' '.join(text.split())} is not allowed: {allowed}."


def refuse(name: str, value: Any, allowed: str) -> ValueError:
    """Build the error for a bad argument: ``name = value is not allowed: allowed``."""
    return ValueError(_sentence(name, value, allowed))


def _require(name: str, array: NDArray[np.float64], good: NDArray[np.bool_], allowed: str) -> None:
    """Refuse the first entry that is not good, by its index: a long array would not show it."""
    if not good.all():
        index = tuple(int(i) for i in np.argwhere(~good)[0])
        raise refuse(f"{name}[{', '.join(map(str, index))}]" if index else name, float(array[index]), allowed)


def _converted(name: str, value: ArrayLike, *, copy: bool = True) -> NDArray[np.float64]:
    """A float64 array; never an alias that a caller could see change, unless it is only read (no `copy`)."""
    allowed = "it must be a real number or an array of them"
    try:
        raw = np.asarray(value)
        # numpy would read None as NaN and parse strings; fractions and decimals are numbers
        if raw.dtype.kind == "O" and not any(isinstance(entry, (str, bytes, type(None))) for entry in raw.flat):
            raw = raw.astype(np.float64)
    except (TypeError, ValueError, OverflowError):  # ragged lists, objects, integers beyond the range of a double
        raise TypeError(_sentence(name, value, allowed)) from None
    if raw.dtype.kind not in "biuf":  # no strings, dates or complex numbers
        allowed = "it must be real, not complex" if raw.dtype.kind == "c" else allowed
        raise TypeError(_sentence(name, value, allowed))
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise TypeError(_sentence(name, value.tolist(), "it must not have masked entries"))
    if raw.dtype.itemsize <= 8:  # one order in memory, and so the same bits for a transpose or a data frame
        return raw.astype(np.float64, order="C", copy=copy)
    with np.errstate(over="ignore"):  # long doubles beyond the range become infinite
        return raw.astype(np.float64, order="C")


def as_real(name: str, value: ArrayLike) -> NDArray[np.float64]:
    """Convert to a float64 array without NaN (infinities pass); never an alias that a caller could see change."""
    array = _converted(name, value)
    _require(name, array, ~np.isnan(array), "it must not be NaN")
    return array


def data_eps(*values: ArrayLike) -> float:
    """Rounding unit of the coarsest floating type among the arguments as they were given, at least that of doubles.

    A tolerance on data (a rank, a symmetry, a range) must follow it: `as_real` makes doubles of everything, but not of
    the digits.
    """
    kinds = [np.asarray(value).dtype for value in values]
    found = [float(np.finfo(kind).eps) for kind in kinds if kind.kind == "f"]
    return max([float(np.finfo(np.float64).eps), *found])


def precision_name(eps: float) -> str:
    """Name of the floating type with that rounding unit, for a refusal."""
    return next(kind.__name__ for kind in (np.float64, np.float32, np.float16) if eps <= np.finfo(kind).eps)


def is_symmetric(matrices: NDArray[np.float64], eps: float) -> bool:
    """Whether the last two axes are equal up to the rounding of products of that size in the given precision."""
    if matrices.shape[-1] != matrices.shape[-2]:
        return False
    if np.array_equal(matrices, np.swapaxes(matrices, -1, -2)):
        return True
    tolerance = max(1e-10, matrices.shape[-1] * eps)
    largest = tolerance * float(np.abs(matrices).max())
    return bool(np.allclose(matrices, np.swapaxes(matrices, -1, -2), rtol=tolerance, atol=largest))


def as_finite(name: str, value: ArrayLike, *, copy: bool = True) -> NDArray[np.float64]:
    """As :func:`as_real`, and every entry finite; without `copy` the caller's own array, which is only to be read."""
    array = _converted(name, value, copy=copy)
    finite = np.isfinite(array)
    if not finite.all():
        _require(name, array, ~np.isnan(array), "it must not be NaN")
        _require(name, array, finite, "it must be finite")
    return array


def as_positive(name: str, value: ArrayLike, *, infinite: bool = False) -> NDArray[np.float64]:
    """As :func:`as_finite` (or :func:`as_real` where ``infinite``), and every entry above zero."""
    array = as_real(name, value) if infinite else as_finite(name, value)
    _require(name, array, array > 0, "it must be positive")
    return array


def as_nonnegative(name: str, value: ArrayLike, *, infinite: bool = False) -> NDArray[np.float64]:
    """As :func:`as_finite` (or :func:`as_real` where ``infinite``), and no entry below zero."""
    array = as_real(name, value) if infinite else as_finite(name, value)
    _require(name, array, array >= 0, "it must not be negative")
    return array


def as_scalar(name: str, value: ArrayLike, check: Callable[[str, ArrayLike], NDArray[np.float64]] = as_finite) -> float:
    """One number that passes `check`."""
    array = check(name, value)
    if array.size != 1:
        raise refuse(f"{name}.shape", array.shape, "it must be a single number")
    return float(array.reshape(()))


def as_whole(name: str, value: ArrayLike, most: int = 2**53) -> int:
    """One positive whole number, up to `most`: where doubles stop counting, or less where the work grows with it."""
    number = as_scalar(name, value, as_positive)
    if number != int(number):
        raise refuse(name, number, "it must be a whole number")
    if number > most:
        raise refuse(name, number, f"it must be a whole number up to {most:,}")
    return int(number)


def as_kind(name: str, value: Any, kinds: Any, allowed: str) -> Any:
    """Return an instance of the given types as it is; True and False are no numbers."""
    numbers = isinstance(value, bool) and kinds is not bool
    if numbers or not isinstance(value, kinds):
        raise TypeError(_sentence(name, value, allowed))
    return value


def as_seed(name: str, value: Any) -> int:
    """One whole number from 0, of any size."""
    # a timedelta is an integer to numpy
    if isinstance(value, bool | np.timedelta64) or not isinstance(value, int | np.integer) or value < 0:
        raise refuse(name, value, "it must be a whole number, not negative")
    return int(value)


def check_room(name: str, value: Any, entries: float) -> None:
    """Refuse an argument that asks for arrays of more than `_ROOM` entries, before they are made."""
    if entries > _ROOM:
        raise refuse(name, value, f"{entries:.2g} numbers would have to be kept, and {_ROOM:,} are the limit")


def broadcast(**arrays: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Broadcast checked arguments against each other, or refuse their shapes by their names."""
    try:
        return tuple(np.broadcast_arrays(*arrays.values()))
    except ValueError:
        shapes = tuple(array.shape for array in arrays.values())
        raise refuse(f"{', '.join(arrays)} shapes", shapes, "they must broadcast together") from None


def as_matrix(
    name: str, value: ArrayLike, shape: tuple[int | None, int | None] = (None, None), *, copy: bool = True
) -> NDArray[np.float64]:
    """As :func:`as_finite`, two-dimensional, non-empty, with the given shape where it is not None."""
    array = as_finite(name, value, copy=copy)
    if array.ndim != 2 or 0 in array.shape:
        raise refuse(f"{name}.shape", array.shape, "it must be a non-empty matrix")
    for have, want in zip(array.shape, shape, strict=True):
        if want is not None and have != want:
            raise refuse(f"{name}.shape", array.shape, f"it must be {shape}, None standing for any size")
    return array


def as_covariance(name: str, value: ArrayLike, size: int | None = None) -> NDArray[np.float64]:
    """As :func:`as_matrix`, symmetric, positive semi-definite to the rounding of its floating type, not 0."""
    sigma, unit = as_matrix(name, value), data_eps(value)
    if not is_symmetric(sigma, unit):
        raise refuse(f"{name}.shape", sigma.shape, "it must be a symmetric matrix")
    if size is not None and len(sigma) != size:
        raise refuse(f"{name}.shape", sigma.shape, f"it must be {(size, size)}")
    trace, least = float(np.trace(sigma)), float(np.linalg.eigvalsh(sigma)[0])
    if least < -max(1e-10, len(sigma) * unit) * max(trace, 0.0) or trace <= 0:
        allowed = f"it must be positive semi-definite to the rounding of {precision_name(unit)}, not 0"
        raise refuse(name, sigma, f"{allowed} (least eigenvalue {least:.3g})")
    return sigma


def read_regression(X: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a design that does not vanish and one label for each of its rows."""
    design, labels = as_matrix("X", X), as_finite("y", y)
    rows: Any = getattr(X, "index", None)  # of pandas; a list has a method of that name
    entries: Any = getattr(y, "index", None)
    if hasattr(rows, "equals") and hasattr(entries, "equals") and not rows.equals(entries):
        raise refuse("y.index", entries, "it must be that of X, or give .values in the order that is meant")
    if labels.shape != (len(design),):
        raise refuse("y.shape", labels.shape, f"it must be ({len(design)},), one label for each row of X")
    if not design.any():
        raise refuse("X", design, "it must not vanish")
    return design, labels


def as_choice(name: str, value: Any, choices: Sequence[str]) -> str:
    """One of the given words."""
    if not isinstance(value, str) or value not in choices:
        raise refuse(name, value, f"choose one of {', '.join(choices)}")
    return value


def as_generator(name: str, value: Any) -> np.random.Generator:
    """A generator as it is, or a new one from a seed."""
    try:
        return np.random.default_rng(value)
    except (TypeError, ValueError):
        raise TypeError(_sentence(name, value, "it must be a Generator or a non-negative whole number")) from None


def _refuse_unmatched(name: str, values: list[Any]) -> None:
    """Refuse xarray arguments that share no dimension: by position they would be paired, by name they are a grid."""
    named = [value.dims for value in values if type(value).__module__.startswith("xarray.")]
    for i, dims in enumerate(named):
        for others in named[:i]:
            if dims and others and not set(dims) & set(others):
                allowed = "this function does not broadcast by name: give .values with the shapes that are meant"
                raise refuse(f"dimensions of the arguments of {name}", (others, dims), allowed)


def within_range(function: Callable[P, R]) -> Callable[P, R]:
    """Turn overflow, division by zero and 0/0 that a function did not provide for into a refusal.

    A function provides for them where they occur, with ``np.errstate``; anywhere else they would leave NaN or a wrong
    infinity behind a warning.
    """

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        _refuse_unmatched(function.__name__, [*args, *kwargs.values()])
        try:
            with np.errstate(over="raise", divide="raise", invalid="raise", under="ignore"):
                return function(*args, **kwargs)
        except MemoryError:
            raise ValueError(
                f"The arguments of {function.__name__} are not allowed: they ask for more memory than there is."
            ) from None
        except (FloatingPointError, OverflowError, ZeroDivisionError, np.linalg.LinAlgError) as error:
            raise ValueError(
                f"The arguments of {function.__name__} are not allowed: they lead beyond the range or the precision "
                f"of doubles ({error}); rescale them."
            ) from None

    return checked
