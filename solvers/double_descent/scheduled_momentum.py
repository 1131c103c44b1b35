r"""Filter of Nesterov's method with the momentum (t-1)/(t+2), at complex eigenvalues.

.. math:: r_{t+1}=(1-z)\Big[r_t+\tfrac{t-1}{t+2}(r_t-r_{t-1})\Big],\qquad r_0=1,\ r_1=1-z,

z the step times the eigenvalue. With :math:`r_t=(1-z)^{t/2}p_t` this is the recursion of Gegenbauer polynomials of
index -1/2, so that (derived)

.. math:: r_t=\frac{2(1-z)^{(t+1)/2}}{t(t+1)}P_t'(\sqrt{1-z}),

P Legendre's polynomials; for small z it is :math:`2J_1(t\sqrt z)/(t\sqrt z)`. The recursion is followed for 1 - r, so
that slow modes keep their digits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.double_descent.spectral_filter import evaluate_filter
from solvable.solvers.validate import refuse

__all__ = ["as_short", "follow_filter", "scheduled_filter"]

_LONGEST = 2000  # steps: the filter turns as often in the spectrum, and is followed step by step


def as_short(name: str, steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Refuse more steps than the contour can follow."""
    if np.any(steps > _LONGEST):
        raise refuse(name, steps, f"the momentum (t - 1)/(t + 2) is followed for at most {_LONGEST:,} steps")
    return steps


def scheduled_filter(
    eigenvalues: NDArray[np.complex128], times: NDArray[np.float64], step_size: float
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """r and 1 - r after each of the times, in any order; shape (times, eigenvalues)."""
    z = step_size * eigenvalues
    learned = np.zeros((times.size, z.size), complex)
    now, moved = np.zeros_like(z), np.zeros_like(z)
    places: dict[int, Any] = {int(t): np.flatnonzero(times == t) for t in np.unique(times)}
    for t in range(int(times.max(initial=0.0)) + 1):
        if t in places:
            learned[places[t]] = now
        ahead = max(t - 1, 0) / (t + 2) * moved
        moved = ahead + z * (1 - now - ahead)
        now = now + moved
    return 1 - learned, learned


def follow_filter(
    eigenvalues: NDArray[np.complex128], times: NDArray[np.float64], method: str, step_size: float, momentum: float
) -> tuple[NDArray[Any], NDArray[Any]]:
    """r and 1 - r of any method; a momentum of 1 is the schedule."""
    if momentum == 1:
        return scheduled_filter(eigenvalues, times, step_size)
    return evaluate_filter(eigenvalues, times, method, step_size, momentum)
