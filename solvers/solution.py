"""What an iterative solve returns: the value, how well it solves the equation, and how it ended."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from enum import IntEnum
from functools import wraps
from typing import Any, Literal, TypeVar, dataclass_transform

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.gridded import OnGrid
from solvable.solvers.validate import as_choice

__all__ = [
    "Certificate",
    "ConvergenceWarning",
    "OnFailure",
    "Risk",
    "Solution",
    "Status",
    "provable",
    "record",
    "report_failures",
    "warn_caller",
]

T = TypeVar("T")
Array = NDArray[np.float64]
OnFailure = Literal["warn", "raise", "ignore"]


class ConvergenceWarning(UserWarning):
    """A solver stopped before it met its tolerance; the status says where."""


class Status(IntEnum):
    """How a solve ended; ``sentence`` is what a user reads."""

    sentence: str

    def __new__(cls, value: int, sentence: str) -> Status:
        """Attach the sentence to the integer."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member

    CONVERGED = 0, "The residual is within rounding of zero."
    DIVERGES = 1, "The quantity is infinite here: the parameters sit on a pole of the model."
    NO_SOLUTION = 2, "The equation has no admissible root for these parameters."
    MAX_ITERATIONS = 3, "The iteration stopped at its limit before the residual met the tolerance."
    UNDETERMINED = 4, "The arguments lack the digits that decide the answer; the residual bounds its relative error."


def _short(value: Any) -> str:
    """A number as it is, an array by its shape, a record by its name."""
    if isinstance(value, np.ndarray):
        return f"array{value.shape}" if value.ndim else _short(value.item())
    if isinstance(value, float):
        return f"{value:.6g}"
    text = type(value).__name__ if hasattr(value, "__dataclass_fields__") else repr(value)
    return text if len(text) <= 60 else f"{text[:56]} ..."


def _describe(self: Any) -> str:
    """Name and fields, arrays by their shapes; what is missing is left out."""
    shown = ((f.name, getattr(self, f.name)) for f in fields(self) if f.repr)
    return f"{type(self).__name__}({', '.join(f'{k}={_short(v)}' for k, v in shown if v is not None)})"


def _read_only(value: Any) -> Any:
    """An array, or arrays in a tuple, seen read-only: what the caller holds stays writable."""
    if isinstance(value, np.ndarray) and value.flags.writeable:
        value = value.view()
        value.flags.writeable = False
    elif type(value) is tuple and any(isinstance(item, np.ndarray) for item in value):
        value = tuple(map(_read_only, value))
    return value


def _set_read_only(self: Any, state: dict[str, Any]) -> None:
    """Fill a record; an unpickled array is writable whatever it was."""
    self.__dict__.update({name: _read_only(value) for name, value in state.items()})


@dataclass_transform(eq_default=False, frozen_default=True)
def record(cls: type[T]) -> type[T]:
    """Make a result class: frozen, its arrays too, compared and hashed by identity, shown by shapes."""
    made = dataclass(frozen=True, eq=False, repr=False)(cls)
    filled = made.__init__

    @wraps(filled)
    def initialise(self: Any, *args: Any, **kwargs: Any) -> None:
        filled(self, *args, **kwargs)
        _set_read_only(self, self.__dict__)

    made.__init__ = initialise  # type: ignore[method-assign]
    made.__repr__ = _describe  # type: ignore[method-assign]
    made.__setstate__ = _set_read_only  # type: ignore[attr-defined]
    return made


@record
class Certificate:
    """Proved enclosures of a root, arrays over the grid of the solution.

    Attributes
    ----------
    lower, upper : ndarray
        Exactly one root lies between them (and no other within 4.9e-13 of the value); -inf and inf where nothing was
        proved. Both equal the value where it is 0 or inf by definition.
    proved : ndarray of bool
        Where the proof succeeded.
    complete : bool
        Whether every cell was proved.
    """

    lower: Array
    upper: Array
    proved: NDArray[np.bool_]

    @property
    def complete(self) -> bool:
        """Whether every cell was proved."""
        return bool(np.all(self.proved))

    def explain(self) -> str:
        """One sentence: what was proved, and what was not."""
        failed = int(np.sum(~self.proved))
        if failed == 0 and self.proved.size == 1:
            return "The root is proved to exist and to be unique within 1e-12."
        if failed == 0:
            return f"All {self.proved.size} roots are proved to exist and to be unique within 1e-12."
        return f"{failed} of {self.proved.size} roots could not be proved to lie within 1e-12 of the value."


@record
class Solution(OnGrid):
    """Result of an iterative solve, every field an array over the broadcast grid of the arguments.

    ``numpy.asarray(solution)`` is its value, ``float(solution)`` that of a single cell.

    Attributes
    ----------
    value : ndarray
        The root, or the quantity computed from it.
    residual : ndarray
        Scaled residual of the undamped equation, recomputed from `value` after the loop.
    status : ndarray of int8
        Members of `Status`.
    iterations : ndarray of int64
        Iterations spent in each cell.
    certificate : Certificate or None
        Proved enclosures of `value`, where ``certify=True`` asked for them.
    prover : callable or None
        What `certify` asks, where the equation is one that can be certified.
    converged : bool
        Whether every cell has status ``CONVERGED``.
    """

    value: Array
    residual: Array
    status: NDArray[np.int8]
    iterations: NDArray[np.int64]
    certificate: Certificate | None = None
    prover: Callable[[Array], Certificate] | None = field(default=None, repr=False)

    @classmethod
    def shaped(
        cls,
        shape: tuple[int, ...],
        value: NDArray[Any],
        residual: NDArray[Any],
        status: NDArray[Any],
        iterations: NDArray[Any],
    ) -> Solution:
        """Build from flat cells."""
        return cls(
            value.reshape(shape),
            residual.reshape(shape),
            status.astype(np.int8).reshape(shape),
            iterations.astype(np.int64).reshape(shape),
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Give the value to NumPy."""
        return np.array(self.value, dtype) if copy else np.asarray(self.value, dtype)

    def __float__(self) -> float:
        """Value of a single cell."""
        if self.value.size != 1:
            raise TypeError(f"value.shape = {self.value.shape} is not allowed: only a single cell converts to a float.")
        return float(self.value.item())

    def certify(self) -> Certificate:
        """Prove in interval arithmetic (python-flint) that each value lies within 1e-12 of a root, the only one there.

        The certificate that ``certify=True`` gives, asked for later.

        Raises
        ------
        ValueError
            The quantity is none that can be certified, or python-flint is not installed.

        Examples
        --------
        >>> from solvable.solvers import Spectrum, effective_ridge
        >>> effective_ridge(Spectrum.isotropic(200), n=100, ridge=0.1).certify().complete
        True
        """
        if self.certificate is not None:
            return self.certificate
        if self.prover is None:
            raise ValueError("solution.prover = None is not allowed: this quantity is none that can be certified.")
        return self.prover(self.value)

    @property
    def converged(self) -> bool:
        """Whether every cell has status ``CONVERGED``."""
        return bool(np.all(self.status == Status.CONVERGED))

    def explain(self) -> str:
        """One sentence per status that occurs, with the number of cells."""
        found, counts = np.unique(self.status, return_counts=True)
        members = [member for member in Status if member in found]
        return " ".join(f"{s.name} ({c}): {s.sentence}" for s, c in zip(members, counts, strict=True))


def provable(solution: Solution, prover: Callable[[Array], Certificate], certify: bool) -> Solution:
    """Attach what proves the value (called with it, and picklable), and the proof itself where `certify`."""
    solution = replace(solution, prover=prover)
    return replace(solution, certificate=solution.certify()) if certify else solution


@record
class Risk(OnGrid):
    """Error of a fit and its parts, arrays over the grid of the arguments.

    Attributes
    ----------
    test : ndarray
        Expected squared error on a fresh noisy label: ``bias + variance + noise_variance``.
    train : ndarray
        Expected mean squared error on the training labels.
    bias, variance : ndarray
        The part without and the part due to label noise; `bias` holds the irreducible power of the target.
    noise_variance : ndarray
        The label noise the risk was computed for.
    excess : ndarray
        Test error without the label noise, ``bias + variance``.

    Notes
    -----
    What a risk was computed for can be read off it too (``risk.n``,
    ``risk.ridge``, ...), `to_dataset` labels it, and `plot` draws it.
    """

    _derived = ("excess",)

    test: Array
    train: Array
    bias: Array
    variance: Array
    noise_variance: Array

    @property
    def excess(self) -> Array:
        """Test error without the label noise, ``bias + variance``."""
        return np.asarray(self.bias + self.variance)


def warn_caller(message: str, category: type[Warning]) -> None:
    """Warn at the line that called the package, however deep inside it the reason was found."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("solvable."):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def report_failures(solution: Any, what: str, on_failure: OnFailure) -> None:
    """Warn or raise where a solve did not converge; a pole (``DIVERGES``) is an answer, not a failure."""
    as_choice("on_failure", on_failure, ("warn", "raise", "ignore"))
    if not np.any(solution.status):  # all converged
        return
    failed = np.isin(solution.status, (Status.NO_SOLUTION, Status.MAX_ITERATIONS, Status.UNDETERMINED))
    if on_failure == "ignore" or not failed.any():
        return
    worst = float(np.max(np.asarray(solution.residual)[failed]))
    message = f"{what}: {int(failed.sum())} of {failed.size} cells did not converge (largest residual {worst:.1e})."
    if on_failure == "raise":
        raise ArithmeticError(message)
    warn_caller(message, ConvergenceWarning)
