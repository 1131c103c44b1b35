"""What an iterative solve returns: the value, how well it solves the equation, and how it ended."""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.validate import as_choice

if TYPE_CHECKING:
    from solvable.solvers.certificates.certificate import Certificate

__all__ = ["ConvergenceWarning", "OnFailure", "Solution", "Status", "report_failures", "warn_caller"]

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


@dataclass(frozen=True, eq=False)
class Solution:
    """Result of an iterative solve, every field an array over the broadcast grid of the arguments.

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
    """

    value: NDArray[np.float64]
    residual: NDArray[np.float64]
    status: NDArray[np.int8]
    iterations: NDArray[np.int64]
    certificate: Certificate | None = None

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

    @property
    def converged(self) -> bool:
        """Whether every cell has status ``CONVERGED``."""
        return bool(np.all(self.status == Status.CONVERGED))

    def explain(self) -> str:
        """One sentence per status that occurs, with the number of cells."""
        found, counts = np.unique(self.status, return_counts=True)
        members = [member for member in Status if member in found]
        return " ".join(f"{s.name} ({c}): {s.sentence}" for s, c in zip(members, counts, strict=True))


def warn_caller(message: str, category: type[Warning]) -> None:
    """Warn at the line that called the package, however deep inside it the reason was found."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("solvable."):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def report_failures(solution: Any, what: str, on_failure: OnFailure) -> None:
    """Warn or raise where a solve did not converge; a pole (``DIVERGES``) is an answer, not a failure."""
    as_choice("on_failure", on_failure, ("warn", "raise", "ignore"))
    failed = np.isin(solution.status, (Status.NO_SOLUTION, Status.MAX_ITERATIONS, Status.UNDETERMINED))
    if on_failure == "ignore" or not failed.any():
        return
    worst = float(np.max(np.asarray(solution.residual)[failed]))
    message = f"{what}: {int(failed.sum())} of {failed.size} cells did not converge (largest residual {worst:.1e})."
    if on_failure == "raise":
        raise ArithmeticError(message)
    warn_caller(message, ConvergenceWarning)
