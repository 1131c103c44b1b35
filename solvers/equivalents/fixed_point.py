r"""The effective ridge: the one scalar equation behind ridge and kernel ridge regression.

With eigenvalues :math:`s_i` (multiplicity :math:`m_i`), n samples and un-normalised ridge
:math:`\delta` (minimise :math:`\|y-Xw\|^2+\delta\|w\|^2`), :math:`\kappa` solves

.. math:: n = \sum_i m_i \frac{s_i}{s_i+\kappa} + \frac{\delta}{\kappa}.

Write g = s/(s+k), df1 = sum m g, df2 = sum m g^2, w = df1 - df2 and slack = n - df1. Two Newton steps
in log k share one number r = (slack - ridge/k)/(w + ridge/k):

* dx = -r is Newton on the equation itself, exact where df1 is linear in log k;
* dx = -log(1+r) is Newton on the convex P(k) = n k - ridge - sum m s k/(s+k), monotone from the right.

With n >= rank a third, on log(slack k/ridge), has a slope between 1 and 2. All are kept inside a bracket.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.certificates.mode_roots import certify_edge, certify_effective_ridge
from solvable.solvers.equivalents.mode_sums import Modes
from solvable.solvers.equivalents.mode_table import ModeTable
from solvable.solvers.equivalents.ridge_sums import ModeSums, empty_sums, mode_sums, put, take
from solvable.solvers.gridded import gridded
from solvable.solvers.solution import OnFailure, Solution, Status, provable, report_failures
from solvable.solvers.spectrum import Spectrum, as_spectrum
from solvable.solvers.validate import as_positive, as_real, as_scalar, broadcast, refuse, within_range

__all__ = ["FixedPoint", "effective_ridge", "solve_grid", "stability_edge"]

Array = NDArray[np.float64]
_DOUBT = 1e-9  # relative error of the root from which on the status says so
_EPS, _TINY, _HUGE = (float(getattr(np.finfo(float), name)) for name in ("eps", "tiny", "max"))
_MAX_ITERATIONS = 200


@dataclass(frozen=True)
class FixedPoint:
    """The effective ridge with the sums every formula needs, flat over cells."""

    kappa: Array
    sums: ModeSums
    residual: Array
    status: NDArray[np.int8]
    iterations: NDArray[np.int64]


def _bracket(spectrum: Spectrum, n: Array, ridge: Array) -> tuple[Array, Array]:
    """Bounds on the root: g >= s_min/(s_min+k) for every mode, and s/(s+k) <= s/k, g <= 1."""
    rank, low = spectrum.rank, float(spectrum.eigenvalues.min())
    lower = np.maximum(low * np.maximum(rank - n, 0.0) / n, ridge / n)
    upper = (ridge + spectrum.trace) / n
    with np.errstate(divide="ignore", over="ignore"):
        upper = np.where(n > rank, np.minimum(upper, ridge / np.maximum(n - rank, 1e-300)), upper)
    return lower * (1 - 4 * _EPS), upper * (1 + 4 * _EPS)


def _iterate(spectrum: Spectrum, n: Array, ridge: Array, start: Array | None) -> FixedPoint:
    """Solve for cells with ridge > 0, or ridge = 0 and n < rank; converged cells leave the loop."""
    lower, upper = _bracket(spectrum, n, ridge)
    kappa = upper.copy() if start is None else np.clip(start, lower, upper)
    sums, iterations = empty_sums(n.size), np.zeros(n.size, dtype=np.int64)
    status = np.full(n.size, Status.MAX_ITERATIONS, dtype=np.int8)
    residual = np.full(n.size, np.inf)
    active = np.arange(n.size)
    last = np.full(n.size, np.inf)
    for count in range(1, _MAX_ITERATIONS + 1):
        k, delta, now = kappa[active], ridge[active], mode_sums(spectrum, n[active], kappa[active])
        pull = delta / k
        gap, slope = now.slack - pull, now.df1_minus_df2 + pull
        scale = now.scale + pull
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            r = gap / slope
            above = gap > 0
            upper[active] = np.where(above, k, upper[active])
            lower[active] = np.where(above, lower[active], k)
            full = -np.log(now.slack * k / delta) / (1 + now.df1_minus_df2 / now.slack)
            dx = np.where((n[active] >= spectrum.rank) & (delta > 0), full, -r)
            # a step that does not shrink, or leaves the bracket: the monotone one, else bisection in log k
            trial = k * np.exp(dx)
            bad = ~((trial > lower[active]) & (trial < upper[active])) | (np.abs(dx) > 0.9 * last[active])
            monotone = k * np.exp(-np.log1p(r))
            fits = (monotone > lower[active]) & (monotone < upper[active]) & (np.abs(dx) < 2.0)
            middle = np.sqrt(lower[active]) * np.sqrt(upper[active])
            trial = np.where(bad, np.where(fits, monotone, middle), trial)
        done = (np.abs(r) <= 4 * _EPS) | (np.abs(gap) <= 4 * _EPS * scale)
        closed = upper[active] <= lower[active] * (1 + 4 * _EPS)
        finished = done | closed
        if finished.any():
            ended = active[finished]
            put(sums, ended, take(now, np.flatnonzero(finished)))
            residual[ended] = (np.abs(gap) / scale)[finished]
            # a bracket may also close on a root that rounding hides: that counts only if the residual agrees
            good = done | (np.abs(gap) <= 1e-10 * scale)
            status[ended] = np.where(good, Status.CONVERGED, Status.MAX_ITERATIONS)[finished]
        iterations[active] = count
        last[active] = np.abs(np.log(trial / k))
        kappa[active[~finished]] = trial[~finished]
        active = active[~finished]
        if active.size == 0:
            break
    if active.size:
        now = mode_sums(spectrum, n[active], kappa[active])
        put(sums, active, now)
        pull = ridge[active] / kappa[active]
        residual[active] = np.abs(now.slack - pull) / (now.scale + pull)
    return FixedPoint(kappa, sums, residual, status, iterations)


def _iterate_negative(spectrum: Spectrum, n: Array, ridge: Array) -> FixedPoint:
    """Newton on the convex P from the right, for ridges between the stability edge and zero."""
    kappa = np.where(n < spectrum.rank, spectrum.trace / n, 0.0)
    status = np.full(n.size, Status.MAX_ITERATIONS, dtype=np.int8)
    spent = 0
    for _ in range(_MAX_ITERATIONS):
        spent += 1
        now = mode_sums(spectrum, n, kappa)
        new = (ridge + kappa * now.df1_minus_df2) / (now.slack + now.df1_minus_df2)
        stopped = new >= kappa - 2 * _EPS * np.abs(kappa)
        kappa = np.where(stopped, kappa, new)
        if stopped.all():
            status[:] = Status.CONVERGED
            break
    sums = mode_sums(spectrum, n, kappa)
    pull = ridge / kappa
    return FixedPoint(
        kappa, sums, np.abs(sums.slack - pull) / (sums.scale + np.abs(pull)), status, np.full(n.size, spent)
    )


def _refuse_beyond_edge(spectrum: Spectrum, n: Array, ridge: Array, name: str) -> None:
    edge = stability_edge(spectrum, n).value
    beyond = ridge <= edge
    if beyond.any():
        worst = np.flatnonzero(beyond)[0]
        raise refuse(
            name,
            float(ridge[worst]),
            f"at n = {n[worst]:g} it must exceed the stability edge {edge[worst]:.6g}",
        )


def solve_fixed_point(spectrum: Spectrum, n: Array, ridge: Array, rtol: float, name: str = "ridge") -> FixedPoint:
    """Solve flat, validated cells of every kind: positive, zero, infinite and negative ridge."""
    kappa, residual = np.zeros(n.size), np.zeros(n.size)
    sums = empty_sums(n.size)
    status, iterations = np.zeros(n.size, dtype=np.int8), np.zeros(n.size, dtype=np.int64)

    regular = ((ridge > 0) & np.isfinite(ridge)) | ((ridge == 0) & (n < spectrum.rank))
    negative = ridge < 0
    closed = ~(regular | negative)  # kappa = inf, or 0 where n >= rank
    if closed.any():
        index = np.flatnonzero(closed)
        kappa[index] = np.where(np.isinf(ridge[index]), np.inf, 0.0)
        put(sums, index, mode_sums(spectrum, n[index], kappa[index]))
        # the rank as it was compared with n: fractional multiplicities summed in another order miss the pole
        sums.slack[index] = np.where(np.isinf(ridge[index]), n[index], n[index] - spectrum.rank)
        status[index] = np.where(np.isfinite(ridge[index]) & (n[index] == spectrum.rank), Status.DIVERGES, 0)
    if negative.any():
        _refuse_beyond_edge(spectrum, n[negative], ridge[negative], name)
    for index in (np.flatnonzero(regular), np.flatnonzero(negative)):
        if index.size:
            if negative[index[0]]:
                part = _iterate_negative(spectrum, n[index], ridge[index])
            else:
                part = _solve_regular(spectrum, n[index], ridge[index], rtol)
            put(sums, index, part.sums)
            kappa[index], residual[index] = part.kappa, part.residual
            status[index], iterations[index] = part.status, part.iterations
    # at the root n - df1 = ridge/kappa, which keeps its relative accuracy where n - df1 is tiny
    np.divide(ridge, kappa, out=sums.slack, where=(kappa != 0) & np.isfinite(kappa))
    if np.any(spectrum.multiplicities != np.round(spectrum.multiplicities)):
        _doubt(ridge, n, sums, residual, status)
    return FixedPoint(kappa, sums, residual, status, iterations)


def _doubt(ridge: Array, n: Array, sums: ModeSums, residual: Array, status: NDArray[np.int8]) -> None:
    """Say where n minus the rank is rounding: sums of fractional multiplicities are off by about n*eps.

    The root moves by that over its slope, which vanishes at the pole n = rank of vanishing ridge.
    """
    slope = sums.slack + sums.df1_minus_df2
    error = np.zeros(n.size)
    np.divide(4 * _EPS * n, slope, out=error, where=(ridge >= 0) & np.isfinite(ridge) & (slope > 0))
    lost = (error > _DOUBT) & (status == Status.CONVERGED)
    residual[lost], status[lost] = np.maximum(residual, error)[lost], Status.UNDETERMINED


def _solve_regular(spectrum: Spectrum, n: Array, ridge: Array, rtol: float) -> FixedPoint:
    """Newton cell by cell; where there are many cells, started from (or answered by) a table in log kappa."""
    if n.size * spectrum.eigenvalues.size < 200_000:
        return _iterate(spectrum, n, ridge, None)
    # kappa grows with the ridge and falls with n: the corners of the cells bound it, ridgeless cells apart
    groups = [(n[part], ridge[part]) for part in (ridge == 0, ridge > 0) if part.any()]
    corners = np.array([pair for a, b in groups for pair in ((a.max(), b.min()), (a.min(), b.max()))])
    ends = _iterate(spectrum, corners[:, 0], corners[:, 1], None).kappa
    table = ModeTable.build(spectrum, ends.min(), ends.max(), limit=n.size // 4, rtol=rtol)
    if table is None:
        return _iterate(spectrum, n, ridge, None)

    def pull(k: Array) -> tuple[Array, Array]:
        return ridge / k, ridge / k

    kappa, accurate, found, residual = table.solve(n, pull, rtol)
    slack = np.where(ridge > 0, ridge / kappa, 0.0)
    sums = ModeSums(found("m", 1, 0), found("m", 2, 0), found("m", 1, 1), slack, n, found("v", 0, 2))
    status, iterations = np.zeros(n.size, dtype=np.int8), np.full(n.size, 2)
    left = np.flatnonzero(~accurate)
    if left.size:
        part = _iterate(spectrum, n[left], ridge[left], kappa[left])
        put(sums, left, part.sums)
        kappa[left], residual[left] = part.kappa, part.residual
        status[left], iterations[left] = part.status, 2 + part.iterations
    return FixedPoint(kappa, sums, residual, status, iterations)


def flat_cells(
    spectrum: Spectrum, n: ArrayLike, ridge: ArrayLike, name: str = "ridge"
) -> tuple[Array, Array, tuple[int, ...]]:
    """Validate and broadcast (n, ridge); return them flat with the shape of the grid.

    A ridge/n below the normal doubles counts as zero and one above them as infinite: kappa >= ridge/n has no
    accurate double there.
    """
    as_spectrum(spectrum)
    samples, delta = as_positive("n", n), as_real(name, ridge)
    spectrum.check_sample_size(samples)
    samples, delta = broadcast(**{"n": samples, name: delta})
    with np.errstate(over="ignore", under="ignore"):
        delta = np.where(np.abs(delta) < _TINY * samples, 0.0, np.where(delta > _HUGE * samples, np.inf, delta))
    return samples.ravel(), delta.ravel(), samples.shape


def solve_grid(
    spectrum: Spectrum,
    n: ArrayLike,
    ridge: ArrayLike,
    rtol: float,
    on_failure: OnFailure,
    what: str,
    name: str = "ridge",
    certify: bool = False,
) -> tuple[FixedPoint, Solution, Array]:
    """Validate, solve, report and certify: the flat fixed point, the solution on the grid, and n on the grid."""
    if not 0 < as_scalar("rtol", rtol) < 1:
        raise refuse("rtol", rtol, "it must lie strictly between 0 and 1")
    samples, delta, shape = flat_cells(spectrum, n, ridge, name)
    point = solve_fixed_point(spectrum, samples, delta, rtol, name)
    solution = Solution.shaped(shape, point.kappa, point.residual, point.status, point.iterations)
    report_failures(solution, what, on_failure)
    solution = provable(solution, partial(certify_effective_ridge, spectrum, samples, delta, what=what), certify)
    return point, solution, samples.reshape(shape)


@gridded("n", "ridge")
@within_range
def effective_ridge(
    spectrum: Spectrum,
    n: ArrayLike,
    ridge: ArrayLike,
    *,
    rtol: float = 5e-13,
    on_failure: OnFailure = "warn",
    certify: bool = False,
) -> Solution:
    r"""Effective ridge :math:`\kappa` of ridge or kernel ridge regression.

    Solves :math:`n = \sum_i m_i s_i/(s_i+\kappa) + \delta/\kappa` with :math:`\delta` the un-normalised
    ridge (loss :math:`\|y-Xw\|^2+\delta\|w\|^2`, scikit-learn's ``alpha``; papers' normalised
    :math:`\lambda=\delta/n`). :math:`1/\kappa` is the companion Stieltjes transform of the sample
    covariance at :math:`-\lambda`, in the limit of large n and d.

    Parameters
    ----------
    spectrum : Spectrum
        Population eigenvalues with multiplicities.
    n : array_like
        Number of samples, positive (whole or not).
    ridge : array_like
        Un-normalised ridge. Zero takes the ridgeless limit analytically; negative values are allowed
        down to `stability_edge`. Broadcasts with `n`.
    rtol : float, optional
        Relative accuracy asked of large grids. At 1e-13 or coarser they are answered from an interpolation table whose
        error is measured; cells where that is not good enough, and small grids, are solved one by one, to rounding.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the iteration did not converge.
    certify : bool
        Prove in interval arithmetic (python-flint) that each value lies within 1e-12 of a root, the only one there:
        `certificate` of the solution holds the enclosures.

    Returns
    -------
    Solution
        `value` is :math:`\kappa >= 0` for ridge >= 0 (and 0 where ridge = 0 and n >= rank; between
        :math:`-s_{min}` and 0 for a negative ridge and n > rank). `residual` is relative to the size of
        the equation's terms; where the table answered, it is that of the table's equation. Status ``DIVERGES``
        marks n = rank with ridge = 0, where :math:`d\kappa/d\delta` is infinite.

    Raises
    ------
    ValueError
        Non-positive n, NaN, shapes that do not broadcast, a ridge at or below the stability edge.
    TypeError
        Not a `Spectrum`; arguments that are not real numbers.

    Notes
    -----
    The relative condition number of :math:`\kappa` is of order :math:`n/(df_1-df_2+\delta/\kappa)`;
    modes with :math:`s_i>\kappa` enter n - df1 through :math:`1-g_i`, so that nothing cancels
    when a gap of the spectrum sits at n.

    References
    ----------
    simon2023eigenlearning, hastie2022surprises

    Examples
    --------
    >>> from solvable.solvers import Spectrum, effective_ridge
    >>> float(effective_ridge(Spectrum.isotropic(200), n=100, ridge=0.0).value)
    1.0
    """
    return solve_grid(spectrum, n, ridge, rtol, on_failure, "effective_ridge", certify=certify)[1]


@gridded("n")
@within_range
def stability_edge(spectrum: Spectrum, n: ArrayLike, *, certify: bool = False) -> Solution:
    r"""Most negative ridge: the end of the branch of :math:`\kappa` on which :math:`df_2 < n`.

    Along the branch the ridge is :math:`\delta(\kappa)=\kappa(n-df_1)`, with
    :math:`d\delta/d\kappa=n-df_2`; the edge is where that vanishes. It equals minus the lower edge of the
    limiting spectrum of :math:`X X^T` (n < rank) or :math:`X^T X` (n > rank).

    Parameters
    ----------
    spectrum : Spectrum
        Population eigenvalues.
    n : array_like
        Number of samples.
    certify : bool
        Prove in interval arithmetic (python-flint) that each edge lies within 1e-12 of a root, the only one there:
        `certificate` of the solution holds the enclosures.

    Returns
    -------
    Solution
        `value` is the un-normalised ridge at the edge, never positive, 0 at n = rank.

    Raises
    ------
    ValueError
        Non-positive n or NaN.

    References
    ----------
    silverstein1995analysis

    Examples
    --------
    >>> from solvable.solvers import Spectrum, stability_edge
    >>> edge = stability_edge(Spectrum.isotropic(400), n=100).value  # -(sqrt(400) - sqrt(100))**2
    >>> round(float(edge), 9)
    -100.0
    """
    from scipy.optimize.elementwise import find_root

    samples, _, shape = flat_cells(spectrum, n, 0.0)
    s, m = spectrum.eigenvalues, spectrum.multiplicities
    low, modes = float(s.min()), Modes.of(spectrum, "m")

    def excess(x: Array, count: Array) -> Array:
        u = np.exp(x)  # kappa + s_min
        df2 = modes.at(u.ravel(), ("m", 2, 0), shift=low)("m", 2, 0).reshape(u.shape)
        return np.log(df2) - np.log(count)

    lower = np.log(low) + 0.5 * np.log(m[s == low].sum() / samples) - 1e-9
    upper = np.log(s.max()) + 0.5 * np.maximum(np.log(spectrum.rank / samples), 0.0) + 1e-9
    root = find_root(excess, (lower, np.maximum(upper, lower + 1e-6)), args=(samples,))
    kappa = np.exp(root.x) - low
    kappa[samples == spectrum.rank] = 0.0
    value = kappa * mode_sums(spectrum, samples, kappa).slack
    status = np.where(root.success, Status.CONVERGED, Status.MAX_ITERATIONS)
    solution = Solution.shaped(shape, value, np.abs(root.f_x), status, root.nfev)
    proof = partial(certify_edge, spectrum, samples, np.exp(root.x), what="stability_edge")
    return provable(solution, proof, certify)
