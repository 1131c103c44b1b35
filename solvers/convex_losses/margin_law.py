r"""Margin and error of the hard-margin classifier of labels that a random field draws."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.convex_losses.channels import Teacher
from solvable.solvers.convex_losses.state_evolution import state_evolution
from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import OnFailure, Solution, Status, record, report_failures
from solvable.solvers.spectrum import Spectrum
from solvable.solvers.validate import as_choice, within_range

__all__ = ["MarginLaw", "margin_law"]

Array = NDArray[np.float64]


@record
class MarginLaw(OnGrid):
    """Hard-margin classifier over the grid of (n, noise).

    Attributes
    ----------
    margin : ndarray
        Largest distance that all rows keep from a hyperplane through the origin; 0 where none separates them.
    test_error : ndarray
        Chance that the sign of the prediction is not the label; where nothing separates, that of the least hinge loss.
    support : ndarray
        Share of the rows on the margin, 0 where nothing separates.
    solution : Solution
        `value` is the margin.
    """

    margin: Array
    test_error: Array
    support: Array
    solution: Solution


@gridded("n", "noise")
@within_range
def margin_law(
    spectrum: Spectrum,
    n: ArrayLike,
    teacher: Teacher = "sign",
    noise: ArrayLike = 0.0,
    cross: tuple[ArrayLike, float] | None = None,
    *,
    on_failure: OnFailure = "warn",
) -> MarginLaw:
    r"""Margin, error and support of :math:`\arg\min\{\|w\|^2: y_ix_i^Tw\ge 1\}` in the limit of large n and dimension.

    The limit of the hinge loss for a vanishing ridge. With g = (1 - u)_+ on margins u of fresh rows and the effective
    ridge kappa, :math:`nP(u<1)=\sum_im_is_i/(s_i+\kappa)`: as many rows touch the margin as there are degrees of
    freedom.

    Parameters
    ----------
    spectrum : Spectrum
        Eigenvalues and power of the teacher's field, as in `state_evolution`.
    n : array_like
        Rows.
    teacher : {"sign", "logistic"} or callable
        As in `state_evolution`.
    noise : array_like
        Variance of the noise added to the field; broadcast with `n`.
    cross : pair, optional
        As in `state_evolution`.
    on_failure : {"warn", "raise", "ignore"}
        What to do where the iteration did not converge.

    Returns
    -------
    MarginLaw
        Margin in the units of the rows; of d independent entries of unit variance it grows as the root of d.

    Raises
    ------
    ValueError
        As in `state_evolution`; a linear teacher.

    References
    ----------
    montanari2019generalization (setting; the equations here are the limit of our own)

    Examples
    --------
    >>> from solvable.solvers import Spectrum, margin_law
    >>> law = margin_law(Spectrum.isotropic(100), [50, 150, 10_000], noise=0.5)
    >>> law.margin.round(3)
    array([1.171, 0.401, 0.   ])
    """
    if not callable(teacher):
        as_choice("teacher", teacher, ("sign", "logistic"))
    risk = state_evolution(spectrum, n, 0.0, "hinge", teacher, noise, cross, on_failure="ignore")
    hard = np.isinf(risk.overlaps.V) & (risk.solution.status != Status.DIVERGES)
    with np.errstate(invalid="ignore", divide="ignore"):
        margin = np.where(hard, 1 / np.sqrt(risk.overlaps.norm2), 0.0)
    error = risk.test_error.copy()
    s, m = spectrum.eigenvalues, spectrum.multiplicities
    kappa = np.where(hard, risk.overlaps.effective_ridge, 0.0)
    freedom = (m * s / (s + kappa[..., None])).sum(axis=-1)
    support = np.where(hard, freedom / np.asarray(n, float), 0.0)
    status = np.where(risk.solution.status == Status.DIVERGES, Status.CONVERGED, risk.solution.status)
    solution = Solution(margin.copy(), risk.solution.residual, status.astype(np.int8), risk.solution.iterations)
    report_failures(solution, "margin_law", on_failure)
    return MarginLaw(margin, error, support, solution)
