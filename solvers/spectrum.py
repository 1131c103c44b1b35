r"""The population spectrum: eigenvalues of the covariance or kernel, and the target's power in each mode.

For a linear model with covariance :math:`\Sigma = \sum_i s_i u_i u_i^T` and target
:math:`y = \beta^T x`, mode i has eigenvalue :math:`s_i` and target power
:math:`v_i^2 = s_i (u_i^T\beta)^2`. For a kernel, :math:`s_i` are the Mercer eigenvalues and
:math:`v_i` the target's coefficients in the orthonormal eigenfunctions. Either way
:math:`\sum_i v_i^2` is the variance of the target: powers are in function space.
"""

from __future__ import annotations

import reprlib
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import record, warn_caller
from solvable.solvers.validate import (
    as_finite,
    as_matrix,
    as_nonnegative,
    as_positive,
    as_scalar,
    as_whole,
    check_room,
    data_eps,
    is_symmetric,
    precision_name,
    refuse,
    within_range,
)

__all__ = ["FinitePoolWarning", "Spectrum", "as_spectrum", "semidefinite_modes"]

Array = NDArray[np.float64]


class FinitePoolWarning(UserWarning):
    """A spectrum estimated from few points is used at a sample size that is not small against them."""


@record
class Spectrum:
    r"""Eigenvalues, multiplicities and target power of a linear or kernel model.

    Parameters
    ----------
    eigenvalues : array_like, shape (m,)
        Non-negative eigenvalues in any order. Zero eigenvalues are dropped.
    target_power : array_like, shape (m,), optional
        Expected squared target coefficient in each mode, in function space, summed over the
        multiplicity; ``target_power.sum()`` is the variance of the target. Power on zero
        eigenvalues moves to `irreducible_power`. Leave out where only the spectrum matters.
    multiplicities : array_like, shape (m,), optional
        How often each eigenvalue occurs; positive, not necessarily whole (quadrature nodes of an
        infinite tail have fractional ones). Default 1.
    irreducible_power : float, optional
        Target power that no mode can fit (a misspecified part); it acts as label noise in training
        and stays in the error.
    points : int, optional
        Number of data points the spectrum was estimated from, if it was.

    Attributes
    ----------
    rank, trace : float
        Number of positive eigenvalues and their sum, counted with multiplicity.
    target_variance : float
        Total power of the target, the irreducible part included.
    sample : tuple or None
        ``"kernel"`` or ``"features"``, that matrix, and the target (N,), where the spectrum was estimated from them.
    measured : dict
        Errors that were measured on `sample` so far; `ridge_risk` compares its prediction with them.

    Raises
    ------
    ValueError
        If there is no eigenvalue, one is negative or not finite, all are zero, or shapes differ.

    Notes
    -----
    Every use is a sum over modes of ratios such as :math:`s/(s+\kappa)`, so the scale of the
    eigenvalues never matters and no normalisation is applied.

    References
    ----------
    simon2023eigenlearning

    Examples
    --------
    >>> from solvable.solvers import Spectrum
    >>> spectrum = Spectrum([2.0, 1.0, 0.0], target_power=[0.5, 0.25, 0.25])
    >>> spectrum.rank, spectrum.trace, spectrum.irreducible_power
    (2.0, 3.0, 0.25)
    """

    eigenvalues: Any
    target_power: Any = None
    multiplicities: Any = None
    irreducible_power: float = 0.0
    points: int | None = None

    def __post_init__(self) -> None:
        """Check, drop the zero modes and freeze the arrays."""
        s = np.atleast_1d(as_nonnegative("eigenvalues", self.eigenvalues))
        if s.ndim != 1 or s.size == 0:
            raise refuse("eigenvalues.shape", s.shape, "it must be a non-empty vector")
        m = np.ones_like(s) if self.multiplicities is None else as_positive("multiplicities", self.multiplicities)
        v = None if self.target_power is None else as_nonnegative("target_power", self.target_power)
        for name, array in (("multiplicities", m), ("target_power", v)):
            if array is not None and np.atleast_1d(array).shape != s.shape:
                raise refuse(f"{name}.shape", array.shape, f"it must match eigenvalues, {s.shape}")
        irreducible = as_scalar("irreducible_power", self.irreducible_power, as_nonnegative)
        points = None if self.points is None else as_whole("points", self.points)
        keep = s > 0
        if not keep.any():
            raise refuse("eigenvalues", s, "at least one must be positive")
        if v is not None:
            irreducible += float(v.reshape(-1)[~keep].sum())
        for name, array in (("eigenvalues", s), ("target_power", v), ("multiplicities", m)):
            if array is not None:
                array = array.reshape(-1)[keep]
                array.flags.writeable = False
            object.__setattr__(self, name, array)
        object.__setattr__(self, "irreducible_power", irreducible)
        object.__setattr__(self, "points", points)

    @property
    def rank(self) -> float:
        """Number of positive eigenvalues, counted with multiplicity."""
        return float(self.multiplicities.sum())

    @property
    def trace(self) -> float:
        """Sum of the eigenvalues, counted with multiplicity."""
        return float(np.einsum("i,i->", self.multiplicities, self.eigenvalues))

    @property
    def target_variance(self) -> float:
        """Total power of the target, the irreducible part included."""
        return float(self.require_target().sum()) + self.irreducible_power

    @property
    def sample(self) -> tuple[str, NDArray[np.float64], NDArray[np.float64]] | None:
        """``"kernel"`` or ``"features"``, that matrix, and the target, where the spectrum was estimated from them."""
        return self.__dict__.get("_sample")

    @property
    def measured(self) -> dict[Any, tuple[float, float]]:
        """Errors measured on `sample` so far, by what they were measured for."""
        found: dict[Any, tuple[float, float]] = self.__dict__.setdefault("_measured", {})
        return found

    def require_target(self) -> NDArray[np.float64]:
        """Return `target_power`, or say that it is missing."""
        if self.target_power is None:
            raise refuse("spectrum.target_power", None, "a risk needs the target's power in every mode")
        return np.asarray(self.target_power)

    def check_sample_size(self, n: NDArray[np.float64]) -> None:
        """Refuse or warn where `n` is not small against the points a spectrum was estimated from.

        Training sets drawn without replacement from a pool of N points share the pool's own
        fluctuations: the empirical eigenvalues below about the n-th are then as much noise as
        spectrum. At n = N/5 the theory is several per cent off with a moderate ridge and by a factor with a tiny one;
        at n = N it means nothing. What it is on these data `ridge_risk` measures, and says.
        """
        if self.points is None:
            return
        if np.any(n >= self.points):
            raise refuse(
                "n",
                n,
                f"the spectrum was estimated from {self.points} points and says nothing about n >= {self.points}",
            )
        if np.any(n > 0.1 * self.points):
            warn_caller(
                f"n = {float(np.max(n)):g} is more than a tenth of the {self.points} points the spectrum was "
                "estimated from: its small eigenvalues are as much noise as spectrum, which costs some per cent with a "
                "ridge like them or larger, and any factor with a smaller one.",
                FinitePoolWarning,
            )

    @classmethod
    @within_range
    def isotropic(cls, d: float, signal: float = 1.0) -> Spectrum:
        r"""Identity covariance in `d` dimensions, with :math:`\|\beta\|^2` = `signal`.

        Examples
        --------
        >>> Spectrum.isotropic(200).trace
        200.0
        """
        return cls([1.0], [as_scalar("signal", signal, as_nonnegative)], [as_scalar("d", d, as_positive)])

    @classmethod
    @within_range
    def from_parameters(cls, eigenvalues: ArrayLike, weights: ArrayLike) -> Spectrum:
        r"""Covariance eigenvalues and the target's weights in the eigenbasis: :math:`v_i^2 = s_i w_i^2`.

        Examples
        --------
        >>> Spectrum.from_parameters([4.0, 1.0], [0.5, 2.0]).target_power
        array([1., 4.])
        """
        s, w = as_nonnegative("eigenvalues", eigenvalues), as_finite("weights", weights)
        if s.shape != w.shape:
            raise refuse("weights.shape", w.shape, f"it must match eigenvalues, {s.shape}")
        return cls(s, s * w**2)

    @classmethod
    @within_range
    def from_moments(cls, eigenvalues: ArrayLike, cross_moment: ArrayLike, second_moment: float) -> Spectrum:
        r"""Misspecified target known through :math:`\psi = U^T E[x y]` and :math:`V = E[y^2]`.

        The best linear predictor has power :math:`\psi_i^2/s_i` in mode i; what is left of V (label
        noise included, if V includes it) becomes `irreducible_power`.

        Raises
        ------
        ValueError
            If :math:`V < \sum_i \psi_i^2/s_i`, which no target can have, or if :math:`\psi` is not
            zero on a zero eigenvalue.

        Examples
        --------
        >>> Spectrum.from_moments([4.0, 1.0], [2.0, 0.5], second_moment=2.0).irreducible_power
        0.75
        """
        s, psi = as_nonnegative("eigenvalues", eigenvalues), as_finite("cross_moment", cross_moment)
        if s.shape != psi.shape:
            raise refuse("cross_moment.shape", psi.shape, f"it must match eigenvalues, {s.shape}")
        if np.any(psi[s == 0] != 0):
            raise refuse("cross_moment", psi, "it must vanish where the eigenvalue does")
        power = np.divide(psi**2, s, out=np.zeros_like(s), where=s > 0)
        total = as_scalar("second_moment", second_moment, as_nonnegative)
        left = total - float(power.sum())
        # Rounding in the caller's moments may leave a fitted target a hair below zero.
        unit = data_eps(eigenvalues, cross_moment, second_moment)
        if left < -max(1e-10, s.size * unit) * total:
            raise refuse("second_moment", total, f"it must be at least sum(psi**2/s) = {power.sum():.6g}")
        return cls(s, power, irreducible_power=max(left, 0.0))

    @classmethod
    @within_range
    def from_kernel(cls, kernel: ArrayLike, y: ArrayLike) -> Spectrum:
        r"""Estimate from a kernel matrix on N points: eigenvalues of K/N and :math:`v_i^2 = (u_i^T y)^2/N`.

        The N points stand for the population. That is honest only for n much smaller than N:
        the risk functions warn above N/10 and refuse n >= N.

        Parameters
        ----------
        kernel : array_like, shape (N, N)
            Symmetric positive semi-definite kernel matrix, both to the rounding of its floating type. Eigenvalues of
            K/N up to about ``eps*max|K|`` of that type are rounding, not spectrum, and dropped.
        y : array_like, shape (N,)
            Target at the same points (centre it yourself if you mean to).

        Examples
        --------
        >>> Spectrum.from_kernel([[2.0, 0.0], [0.0, 4.0]], [1.0, 3.0]).target_power
        array([4.5, 0.5])
        """
        K = as_matrix("kernel", kernel)
        target = as_finite("y", y)
        if K.shape[0] != K.shape[1] or target.shape != K.shape[:1]:
            raise refuse(
                "kernel.shape, y.shape",
                (K.shape, target.shape),
                "they must be (N, N) and (N,) for the same N points",
            )
        unit = data_eps(kernel)
        if not is_symmetric(K, unit):
            raise refuse("kernel", K, f"it must be symmetric to the rounding of {precision_name(unit)}")
        from scipy.linalg import eigh

        eigenvalues, U = eigh(K)
        eigenvalues /= K.shape[0]
        # of the decomposition, and of N entries of the given precision
        floor = K.shape[0] * np.finfo(float).eps * eigenvalues[-1] + unit * np.abs(K).max()
        if eigenvalues[0] < -10 * floor:
            raise refuse(
                "kernel",
                K,
                f"it must be positive semi-definite to the rounding of {precision_name(unit)}, "
                f"its least eigenvalue is {eigenvalues[0]:.3g} N",
            )
        eigenvalues[eigenvalues < floor] = 0.0  # rounding noise, not spectrum
        found = cls(eigenvalues[::-1], ((U.T @ target) ** 2 / K.shape[0])[::-1], points=K.shape[0])
        object.__setattr__(found, "_sample", ("kernel", K, target))
        return found

    @classmethod
    @within_range
    def from_features(cls, X: ArrayLike, y: ArrayLike) -> Spectrum:
        r"""Estimate from N rows of features: eigenvalues of :math:`X^TX/N`.

        What y has outside the span of the features is irreducible. Honest only for n much smaller than N, as
        `from_kernel`. Singular values up to ``max(N, d)*eps*s_max``, eps that of the floating type of X, are dropped.

        Examples
        --------
        >>> spectrum = Spectrum.from_features([[1.0], [1.0]], [3.0, 1.0])  # fits the mean
        >>> round(spectrum.irreducible_power, 12)
        1.0
        """
        features = as_matrix("X", X)
        target = as_finite("y", y)
        if target.shape != features.shape[:1]:
            raise refuse("y.shape", target.shape, f"it must be ({features.shape[0]},), one entry for each row of X")
        from scipy.linalg import svd

        points = features.shape[0]
        U, singular, _ = svd(features, full_matrices=False)
        keep = singular > max(features.shape) * data_eps(X) * singular[0]
        coefficients = U[:, keep].T @ target
        # by the residual: y @ y minus the power would leave the rounding of an offset of y; none where U spans all
        left = 0.0 if keep.sum() == points else float(np.mean((target - U[:, keep] @ coefficients) ** 2))
        found = cls(singular[keep] ** 2 / points, coefficients**2 / points, irreducible_power=left, points=points)
        object.__setattr__(found, "_sample", ("features", features, target))
        return found

    @classmethod
    @within_range
    def power_law(cls, exponent: float, target_exponent: float, size: int, tail: bool = True) -> Spectrum:
        r"""Eigenvalues :math:`i^{-a}` and target power :math:`i^{-b}`, i = 1, 2, ..., with the infinite tail.

        Parameters
        ----------
        exponent, target_exponent : float
            a > 1 and b > 1 (both sums must converge) where `tail`; positive otherwise.
        size : int
            Number of modes kept one by one (at least 64 with `tail`).
        tail : bool
            Whether the modes beyond `size` are included. They are: sums over them are replaced by
            Gauss-Legendre quadrature with Euler-Maclaurin end corrections and carried as ordinary modes with
            fractional multiplicities, exact to 1e-10 (size 64), 1e-11 (300) or rounding (2,000) for any
            effective ridge above :math:`10^{-24a}` and exponents from 1.05 to 4. With ``tail=False`` the law is
            cut at `size`, which can cost 17 % of the risk.

        Examples
        --------
        >>> spectrum = Spectrum.power_law(2.0, 2.0, size=100)
        >>> abs(spectrum.trace - np.pi**2 / 6) < 1e-12
        True
        """
        a = as_scalar("exponent", exponent, as_positive)
        b = as_scalar("target_exponent", target_exponent, as_positive)
        count = as_whole("size", size)
        check_room("size", count, count)
        check_room("exponent", a, 300.0 * a)  # nodes of the tail
        if not tail:
            i = np.arange(1.0, count + 1)
            return cls(i**-a, i**-b)
        if a <= 1 or b <= 1:
            raise refuse("exponent, target_exponent", (a, b), "with the infinite tail both must exceed 1")
        index, weight = _tail_rule(max(count, 64), a)
        power = weight * index**-b
        power[-1] = index[-1] ** (1 - b) / (b - 1)  # all the target's power beyond the last node
        return cls(index**-a, power, weight)


def _tail_rule(size: int, a: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nodes and weights with sum_j w_j f(x_j) = sum_{i >= 1} f(i), f smooth in log x on the scale of i^-a.

    Midpoint Euler-Maclaurin: sum_{i>M} f = int_{M+1/2}^inf f + f'(M+1/2)/24 - 7 f'''/5760 + 31 f^(5)/967680.
    The derivatives become small changes of the last explicit weights (a backward difference formula).
    """
    index = np.arange(1.0, size + 1)
    weight = np.ones(size)
    order, spacing = 8, size // 32  # wide spacing keeps the changes small, so every weight stays positive
    offsets = -0.5 / spacing - np.arange(order)  # nodes relative to M + 1/2, in units of the spacing
    moments = np.zeros(order)  # the correction applied to x^p, p = 0..order-1
    moments[1], moments[3], moments[5] = 1 / 24, -7 * 6 / 5760, 31 * 120 / 967680
    moments /= spacing ** np.arange(order)
    weight[size - 1 - spacing * np.arange(order)] += np.linalg.solve(
        np.vander(offsets, order, increasing=True).T, moments
    )
    # In t = a log x the poles of x^-a/(x^-a + kappa) lie at distance pi from the real axis: panels of
    # width 3 with 16 nodes converge to rounding whatever the exponent.
    start, stop = np.log(size + 0.5), np.log(size + 0.5) + 24 * np.log(10.0)
    edges = np.linspace(start, stop, int(np.ceil(a * (stop - start) / 3)) + 1)
    nodes, panel = np.polynomial.legendre.leggauss(16)
    u = (edges[:-1, None] + edges[1:, None]) / 2 + np.diff(edges)[:, None] / 2 * nodes
    w = np.diff(edges)[:, None] / 2 * panel * np.exp(u)
    # Beyond, s << kappa: only the remaining trace counts, kept in one mode of vanishing eigenvalue.
    last = np.exp(stop)
    rest = last / (a - 1)  # rest * last**-a = int_last^inf x^-a dx
    return np.r_[index, np.exp(u).ravel(), last], np.r_[weight, w.ravel(), rest]


def as_spectrum(value: Any) -> Spectrum:
    """Return `value` if it is a `Spectrum`, and say so if it is not."""
    if not isinstance(value, Spectrum):
        raise TypeError(f"spectrum = {reprlib.repr(value)} is not allowed: it must be a Spectrum.")
    return value


def semidefinite_modes(matrices: Array, unit: float) -> tuple[Array, Array]:
    """Eigenvalues, ascending, and eigenvectors of symmetric matrices (..., d, d); 0 for those that are rounding.

    `unit` is the rounding of an entry. Eigenvalues of a matrix that is not diagonal are known to d of it, relative to
    the largest; below, they would count as variance wherever they are divided by less noise.
    """
    size = float(np.abs(matrices).max()) or 1.0
    scaled = matrices / (2 * size)
    scaled = scaled + np.swapaxes(scaled, -1, -2)
    values, vectors = np.linalg.eigh(scaled)
    d = matrices.shape[-1]
    mixed = np.any(scaled * (1 - np.eye(d)), axis=(-2, -1))[..., None]
    cut = np.where(mixed, 4 * d * unit * values[..., -1:], 0.0)
    return np.where(values > cut, values, 0.0) * size, vectors
