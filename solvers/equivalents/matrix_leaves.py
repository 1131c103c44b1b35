"""Leaves of expressions: spaces, deterministic matrices with what is known of their values, Gaussian matrices."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.equivalents.scalar_expression import Arithmetic, Scalar, as_exact
from solvable.solvers.validate import refuse

__all__ = ["Given", "Noise", "Space", "as_power", "check_inverse", "check_root"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Space(Arithmetic):
    """A vector space; as a scalar it is its dimension.

    Attributes
    ----------
    name : str
        Its name, and that of its dimension.
    size : float
        Dimension where nothing else is asked for.
    multiplicities : tuple of float, optional
        Of the joint eigenvalue list that diagonal matrices on it are given over.
    """

    name: str
    size: float
    multiplicities: tuple[float, ...] | None = None

    def as_scalar(self) -> Scalar:
        """Return its dimension."""
        return Scalar.named(self.name, self.size)


@dataclass(frozen=True)
class Given:
    """A deterministic matrix: its value, a number, joint eigenvalues or entries, as nested tuples of bytes."""

    name: str
    value: Any  # read-only ndarray
    digest: bytes
    power: Fraction = Fraction(1)
    transposed: bool = False
    known: dict[str, Any] = field(default_factory=dict, repr=False)  # of all its powers: what was computed once

    @property
    def symmetric(self) -> bool:
        """Whether it is dense and its own transpose: what is dense and symmetric has its powers joined."""
        if "symmetric" not in self.known:
            value = self.value
            square = value.ndim == 2 and value.shape[0] == value.shape[1]
            self.known["symmetric"] = square and bool((value == value.T).all())
        found: bool = self.known["symmetric"]
        return found

    @property
    def eigen(self) -> tuple[Array, Array]:
        """Eigenvalues and eigenvectors of what is dense and symmetric."""
        if "eigen" not in self.known:
            self.known["eigen"] = tuple(np.linalg.eigh(self.value))
        found: tuple[Array, Array] = self.known["eigen"]
        return found

    @property
    def eigenvalues(self) -> Array:
        """Eigenvalues of this power, a positive one; a root is of what is positive but for rounding."""
        found = self.eigen[0]
        if self.power.denominator != 1:
            found = np.where(found < 0, 0.0, found)
        return np.asarray(found ** float(self.power))

    def __hash__(self) -> int:
        """Hash of the name and the value."""
        return hash((self.name, self.digest, self.power, self.transposed))

    def __eq__(self, other: object) -> bool:
        """Compare name and value."""
        return isinstance(other, Given) and (self.name, self.digest, self.power, self.transposed) == (
            other.name, other.digest, other.power, other.transposed
        )  # fmt: skip


@dataclass(frozen=True)
class Noise:
    """A real Gaussian matrix with independent entries (symmetric: a Wigner matrix) of the given variance."""

    name: str
    variance: Scalar
    symmetric: bool = False
    transposed: bool = False


def check_root(data: Given) -> None:
    """Refuse the root of what is not positive semidefinite: powers are joined, so nobody would see it later."""
    if data.value.ndim == 2 and not data.symmetric:
        raise refuse(data.name, data.value, "it must be symmetric to have a square root")
    eigenvalues = data.value if data.value.ndim < 2 else data.eigen[0]
    least, rounding = float(np.min(eigenvalues)), 1e-12 * float(np.abs(eigenvalues).max())
    if least < (0 if data.value.ndim < 2 else -rounding):
        what = "" if data.power == 1 else f", for powers of it too: the root of its square is {data.name} up to signs"
        raise refuse(data.name, least, f"it must be positive semidefinite to have a square root{what}")


def check_inverse(data: Given) -> None:
    """Refuse the inverse of what has a zero eigenvalue: a product with it is joined to the identity."""
    if data.value.ndim < 2 and np.any(data.value == 0):
        raise refuse(data.name, 0.0, "it must have no zero eigenvalue to have an inverse")


def as_power(exponent: Any, halves: bool) -> Fraction:
    """Read a whole number, or half of one where a root may be taken."""
    allowed = "the power of a matrix must be a whole number; others are not rational"
    try:
        power = Fraction(as_exact(exponent))
    except ValueError:
        raise refuse("power", exponent, allowed) from None
    if power.denominator > (2 if halves else 1):
        raise refuse("power", float(power), allowed + (", but for roots" if halves else ""))
    return power
