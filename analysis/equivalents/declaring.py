"""What a derivation starts from: a model that declares spaces, scalars, Gaussian and deterministic matrices by name."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from solvable.solvers.equivalents.matrix_expression import Matrix, leaf
from solvable.solvers.equivalents.matrix_leaves import Given, Noise, Space
from solvable.solvers.equivalents.scalar_expression import Arithmetic, Scalar, as_exact
from solvable.solvers.validate import as_finite, as_kind, as_positive, as_scalar, data_eps, is_symmetric, refuse

__all__ = ["MatrixModel"]


class MatrixModel:
    """Names for the matrices of a model of learning; expressions in them are what `derive` reads.

    Each name is declared once. A `Space` is a dimension; a matrix over a space is a number (a multiple of the
    identity), a vector (its values over the joint eigenvalue list of the space: such matrices commute) or a matrix.

    Examples
    --------
    >>> from solvable import MatrixModel, derive, tr
    >>> m = MatrixModel()
    >>> n, d = m.space("n", 200), m.space("d", 100)
    >>> lam = m.scalar("lambda", 0.1)
    >>> S = m.deterministic("Sigma", d, 1 / np.arange(1, 101))
    >>> X = m.gaussian("Z", n, d) @ S.sqrt()
    >>> Q = (X.T @ X / n + lam).inv()
    >>> round(float(derive(lam * tr(S @ Q) / n).value), 6)
    0.012266
    """

    def __init__(self) -> None:
        """Declare nothing yet."""
        self.names: dict[str, Any] = {}

    def __repr__(self) -> str:
        """Name what is declared."""
        return f"MatrixModel({', '.join(self.names)})"

    def _declare(self, name: Any, item: Any) -> Any:
        if not isinstance(name, str) or not re.fullmatch(r"[^\W\d_]\w*", name):
            raise refuse("name", name, "it must be letters, digits and underscores, beginning with a letter")
        usual = unicodedata.normalize("NFKC", name)  # which Python reads in the modules that are written
        if usual != name:
            raise refuse("name", name, f"its signs have a usual form: {usual}")
        if name in self.names:
            raise refuse("name", name, "it is declared already: every name stands for one matrix, scalar or space")
        self.names[name] = item
        return item

    def _space(self, argument: str, value: Any) -> Space:
        if not isinstance(value, Space) or self.names.get(value.name) != value:
            raise refuse(argument, value, "it must be a space of this model, declared by m.space")
        return value

    def space(self, name: str, size: ArrayLike | None = None, *, multiplicities: ArrayLike | None = None) -> Space:
        """Declare a vector space.

        Parameters
        ----------
        name : str
            Of the space and of its dimension.
        size : float
            Its dimension where a derivation is given no other; the sum of `multiplicities` where these are given.
        multiplicities : array_like, optional
            Of the joint eigenvalue list over which diagonal matrices are given.

        Returns
        -------
        Space
            It may be used as a scalar.
        """
        if multiplicities is None:
            if size is None:
                raise refuse("size", size, "a space needs a dimension, or multiplicities")
            return self._declare(name, Space(name, _plain(as_scalar("size", size, as_positive))))
        counts = as_positive("multiplicities", multiplicities).reshape(-1)
        if not counts.size:
            raise refuse("multiplicities", [], "there must be at least one")
        if size is not None and as_scalar("size", size) != counts.sum():
            raise refuse("size", size, f"it must be the sum of the multiplicities, {counts.sum():g}")
        return self._declare(name, Space(name, _plain(float(counts.sum())), tuple(counts.tolist())))

    def scalar(self, name: str, value: float) -> Scalar:
        """Declare a number with a name: a ridge, a variance.

        Parameters
        ----------
        name : str
            Its name.
        value : float
            Its value where a derivation is given no other.

        Returns
        -------
        Scalar
        """
        number = as_scalar("value", value)
        made: Scalar = self._declare(name, Scalar.named(name, number))
        return made

    def gaussian(self, name: str, rows: Space, cols: Space, *, variance: Any = 1) -> Matrix:
        """Declare a matrix of independent N(0, variance) entries.

        Parameters
        ----------
        name : str
            Its name.
        rows, cols : Space
            Its shape.
        variance : float, Scalar or Space
            Of one entry.

        Returns
        -------
        Matrix
        """
        noise = Noise(str(name), self._variance(variance))
        return self._declare(name, leaf(noise, self._space("rows", rows), self._space("cols", cols)))

    def wigner(self, name: str, space: Space, *, variance: Any = 1) -> Matrix:
        """Declare a symmetric matrix (Z + Z')/sqrt 2: off-diagonal entries of that variance, diagonal ones of twice it.

        Parameters
        ----------
        name : str
            Its name.
        space : Space
            Its shape.
        variance : float, Scalar or Space
            Of an entry off the diagonal.

        Returns
        -------
        Matrix
        """
        space = self._space("space", space)
        return self._declare(name, leaf(Noise(str(name), self._variance(variance), True), space, space))

    def _variance(self, variance: Any) -> Scalar:
        made = Scalar.of(variance if isinstance(variance, Arithmetic) else as_exact(variance, "variance"))
        if made.number is not None and not made.number > 0:
            raise refuse("variance", variance, "it must be positive")
        return made

    def deterministic(self, name: str, rows: Space, value: ArrayLike, *, cols: Space | None = None) -> Matrix:
        """Declare a deterministic matrix.

        Parameters
        ----------
        name : str
            Its name.
        rows : Space
            Its space, or that of its rows.
        value : array_like
            A number (a multiple of the identity), a vector over the joint eigenvalue list, or the entries.
        cols : Space, optional
            Space of its columns where it is another one; the value is then a matrix.

        Returns
        -------
        Matrix
            Where it is positive semidefinite, ``.sqrt()`` is its root.
        """
        rows = self._space("rows", rows)
        cols = rows if cols is None else self._space("cols", cols)
        array = np.array(as_finite("value", value))
        count = rows.size if rows.multiplicities is None else len(rows.multiplicities)
        if rows != cols and array.ndim != 2:
            raise refuse("value", value, "between two spaces it must be a matrix")
        if array.ndim == 1 and array.shape != (count,):
            raise refuse("value.shape", array.shape, f"the joint eigenvalue list of {rows.name} has {count:g} entries")
        if array.ndim == 2:
            if array.shape != (rows.size, cols.size):
                raise refuse("value.shape", array.shape, f"it must be {rows.size:g} x {cols.size:g}")
            for space in (rows, cols):
                if space.multiplicities is not None:
                    raise refuse(name, array.shape, f"{space.name} has multiplicities: its matrices are vectors")
        if array.ndim > 2:
            raise refuse("value.shape", array.shape, "it must be a number, a vector or a matrix")
        if array.ndim == 2 and rows == cols and is_symmetric(array, data_eps(value)):
            array = (array + array.T) / 2  # to the last bit, so that it is its own transpose
        array.setflags(write=False)
        digest = hashlib.sha256(repr(array.shape).encode() + array.tobytes()).digest()
        return self._declare(name, leaf(Given(str(name), array, digest), rows, cols))

    def features(self, activation: str, X: Matrix, W: Matrix, *, name: str = "Theta") -> Matrix:
        """Declare centred features sigma(X W') - mu_0 by their Gaussian equivalent mu_1 X W' + mu_* Theta.

        Theta has independent standard entries. The entries of X W' must have unit variance in the limit (X with
        standard entries and W with variance 1/d, or any such pair). The mean mu_0 is left out: it is a spike of rank
        one, which the equivalent of centred features does not have.

        Parameters
        ----------
        activation : str
            A name of `solvable.solvers.activation_function`; the constant part is left out (centred features).
        X, W : Matrix
            Data (n x d) and first-layer weights (k x d).
        name : str
            Of the Gaussian Theta that is declared. The coefficients are declared as scalars mu_1 and mu_star, behind
            which any other name than Theta is put: mu_1_Other.

        Returns
        -------
        Matrix
            The centred features, n x k.
        """
        from solvable.solvers.random_features.gaussian_coefficients import gaussian_coefficients

        for argument, value in (("X", X), ("W", W)):
            as_kind(argument, value, Matrix, "it must be an expression in matrices of this model")
        if X.cols != W.cols:
            raise ValueError(f"features: {X.shape} and {W.shape} do not fit: {X.cols.name} is not {W.cols.name}.")
        found = gaussian_coefficients(activation)
        theta = self.gaussian(name, X.rows, W.rows)
        last = "" if name == "Theta" else f"_{name}"
        linear = self._coefficient(f"mu_1{last}", float(found.linear))
        return linear * (X @ W.T) + self._coefficient(f"mu_star{last}", float(found.nonlinear)) * theta

    def _coefficient(self, name: str, value: float) -> Scalar:
        """Name what is not whole: in equations it stays a letter."""
        return Scalar.of(value) if value.is_integer() else self.scalar(name, value)


def _plain(value: float) -> float:
    return int(value) if float(value).is_integer() else value
