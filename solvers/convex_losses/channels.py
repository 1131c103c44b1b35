r"""What a loss and a teacher make of given overlaps: D = E[1 - prox'], S = E[g^2], T and the losses, g = prox - omega.

Labels +-1 come from a field nu of the teacher with chance P(nu); by the symmetry of the Gaussian only
(P(nu) + 1 - P(-nu))/2 counts. With a linear teacher r = y - omega is Gaussian and T = D; the moments of truncated
Gaussians are incomplete gamma functions, so that nothing cancels for large corners.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erf, erfc, gammainc

from solvable.solvers.convex_losses.losses import MARGIN_LOSSES
from solvable.solvers.validate import refuse

__all__ = ["TEACHERS", "Teacher", "label_chance", "residual_moments", "smoothed_chance", "teacher_moments"]

Array = NDArray[np.float64]
Teacher = str | Callable[[Array], ArrayLike]
TEACHERS = ("sign", "logistic", "linear")
_X, _W = np.polynomial.legendre.leggauss(16)
_TINY = np.finfo(float).tiny
_FAR, _WIDEST = 9.0, 3.0  # deviations: the reach of integrals, and of one panel


@dataclass(frozen=True)
class Moments:
    """Arrays over cells."""

    D: Array
    S: Array
    T: Array
    train: Array
    test: Array
    error: Array


def label_chance(teacher: Callable[[Array], ArrayLike], field: Array) -> Array:
    """Chance of the label 1, made symmetric, checked."""
    both = []
    for points in (field, -field):
        try:
            chance = np.asarray(teacher(points), dtype=float)
        except (TypeError, ValueError):
            chance = np.array(np.nan)
        if chance.shape != points.shape or not np.all((chance >= 0) & (chance <= 1)):
            raise refuse("teacher", teacher, "it must return a chance in [0, 1] for each entry of an array of fields")
        both.append(chance)
    total = both[0] + (1 - both[1])  # rare wrong labels keep their digits
    return np.asarray(np.where(total < _TINY, total, total / 2))  # half of the least positive double is none


def _called(teacher: Any, mean: Array, sd: float, pieces: int) -> tuple[Array, Array]:
    """Chance and its derivative in the mean, averaged over N(mean, sd^2).

    Panels end where the field vanishes and double from there, from one unit of the field to three deviations.
    """
    if sd == 0:
        step = 1e-5 * max(1.0, float(np.abs(mean).max()))
        slope = (label_chance(teacher, mean + step) - label_chance(teacher, mean - step)) / (2 * step)
        return label_chance(teacher, mean), slope
    split = np.clip(-mean / sd, -_FAR, _FAR)[:, None]
    lengths = np.minimum(_WIDEST, 2.0 ** np.arange(64) / sd)
    lengths = lengths[: 1 + np.searchsorted(np.cumsum(lengths), 2 * _FAR)]
    ladder = np.r_[0.0, np.cumsum(np.repeat(lengths / pieces, pieces))]
    chance, slope = np.zeros(mean.size), np.zeros(mean.size)
    for side in (-1.0, 1.0):
        ends = np.minimum(ladder, _FAR - side * split)
        left, half = ends[:, :-1], np.diff(ends) / 2
        for x, w in zip(_X, _W, strict=True):
            z = split + side * (left + half * (1 + x))
            weight = half * w * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
            found = label_chance(teacher, mean[:, None] + sd * z) - 0.5
            chance += (weight * found).sum(axis=1)
            slope += (weight * z * found).sum(axis=1)
    return 0.5 + chance, slope / sd


def smoothed_chance(teacher: Any, mean: Array, sd: float) -> Array:
    """Chance of the label 1, averaged over N(mean, sd^2)."""
    return _called(teacher, mean, sd, 2)[0]


def _by_callable(loss: str, teacher: Any, V: Array, q: Array, m: Array, hidden: Array, pieces: int) -> Array:
    from solvable.solvers.convex_losses.channel_integrals import loss_at, panel_nodes

    out = np.empty((V.size, 6))
    for i in range(V.size):
        sd, slope = float(np.sqrt(q[i])), m[i] / q[i]
        steep = abs(slope) * sd / np.sqrt(hidden[i]) if hidden[i] > 0 else 0.0
        u, weight, g, d, value = panel_nodes(loss, float(V[i]), sd, float(steep), pieces).T
        chance, rate = _called(teacher, slope * u, float(np.sqrt(hidden[i])), pieces)
        even = 2 * weight * chance
        out[i] = (
            even @ d, even @ (g * g), 2 * (weight * g) @ rate, even @ value, even @ loss_at(loss, u), even @ (u < 0)
        )  # fmt: skip
    return out


def teacher_moments(
    loss: str, teacher: Teacher, V: Array, q: Array, m: Array, hidden: Array, pieces: int = 1
) -> Moments:
    """Moments for labels +-1; `hidden` is the variance of the teacher's field given the margin, noise included."""
    if isinstance(teacher, str):
        from solvable.solvers.convex_losses.channel_integrals import binary_moments

        return Moments(*binary_moments(loss, teacher, V, q, m, hidden, pieces).T)
    return Moments(*_by_callable(loss, teacher, V, q, m, hidden, pieces).T)


def _corner_loss(corner: Array, e: Array, linear: bool) -> Array:
    """E of Huber's loss (quadratic up to 1) or of |r| beyond a corner, at the proximal map of step corner (- 1)."""
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        k = corner / e
        tail = 2 * e * np.exp(-k * k / 2) / np.sqrt(2 * np.pi)
        beyond = erfc(k / np.sqrt(2))
    if linear:
        return np.asarray(tail - np.where(beyond > 0, corner * beyond, 0.0))
    inside = 0.5 * (e / corner) ** 2 * gammainc(1.5, np.minimum(k * k / 2, 1e300))
    return np.asarray(inside + tail - np.where(beyond > 0, (corner - 0.5) * beyond, 0.0))


def residual_moments(loss: str, V: Array, error: Array) -> Moments:
    """Moments for real labels: r ~ N(0, error), T = D."""
    e = np.sqrt(error)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        share, rest = np.where(np.isinf(V), 1.0, V / (1 + V)), 1 / (1 + V)
        if loss == "square":
            return Moments(share, error * share**2, share, error * rest**2 / 2, error / 2, error)
        corner = V if loss == "absolute" else 1 + V
        k2 = np.minimum((corner / e) ** 2 / 2, 1e300)
        part = np.ones_like(share) if loss == "absolute" else share
        far = erfc(np.sqrt(k2))
        D = part * erf(np.sqrt(k2))
        S = part**2 * error * gammainc(1.5, k2) + np.where(far > 0, V, 0.0) ** 2 * far
    linear = loss == "absolute"
    train = np.where(np.isinf(V), 0.0, _corner_loss(np.where(np.isinf(V), 1.0, corner), e, linear))
    start = np.zeros_like(e) if linear else np.ones_like(e)
    return Moments(D, S, D, train, _corner_loss(start, e, linear), error)


def check_pair(loss: str, teacher: Teacher) -> None:
    """Refuse margins of real labels."""
    if teacher == "linear" and loss in MARGIN_LOSSES:
        raise refuse("loss", loss, "a linear teacher gives real labels; choose square, huber, absolute")
