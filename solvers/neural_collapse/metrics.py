"""How far features and classifier are from neural collapse: NC1 to NC4, with the variants of imbalanced work."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import record
from solvable.solvers.validate import as_choice, as_finite, as_matrix, data_eps, refuse, within_range

__all__ = ["CollapseMetrics", "class_means", "collapse_metrics", "read_labels"]

Array = NDArray[np.float64]


@record
class CollapseMetrics:
    """How far features and classifier are from neural collapse; every entry is 0 at collapse.

    Attributes
    ----------
    nc1 : float
        :math:`\\frac1K\\mathrm{tr}(\\Sigma_W\\Sigma_B^+)`, the pseudo-inverse on the K - 1 directions of the means.
    nc1_trace : float
        :math:`\\mathrm{tr}\\Sigma_W/\\mathrm{tr}\\Sigma_B`, which also sees directions outside the means' span.
    distance_variance : ndarray, shape (K, K)
        Class-distance normalised variance :math:`(v_k+v_l)/(2\\|\\mu_k-\\mu_l\\|^2)`, 0 on the diagonal.
    nc2 : float
        Frobenius distance of the normalised Gram matrix of centred means from the simplex frame's.
    nc2_orthogonal : float
        The same for uncentred means and the orthogonal frame.
    nc2_target : float
        The same for uncentred means and ``diag(target)``; nan where no target was given.
    equinorm, equiangular, angle_excess : float
        Relative spread of the centred means' lengths; spread of their cosines; mean of |cosine + 1/(K-1)|.
    nc3, nc3_uncentred : float
        Distance of the normalised classifier from the normalised (centred, uncentred) means.
    nc4 : float
        Share of samples that the classifier and the nearest class mean label differently.
    reasons : dict
        Why a metric is nan: 0/0, or something that was not given.
    """

    nc1: float
    nc1_trace: float
    distance_variance: Array
    nc2: float
    nc2_orthogonal: float
    nc2_target: float
    equinorm: float
    equiangular: float
    angle_excess: float
    nc3: float
    nc3_uncentred: float
    nc4: float
    reasons: dict[str, str]


def read_labels(labels: ArrayLike, samples: int) -> NDArray[np.int64]:
    """Validate labels 0..K-1 of `samples` rows, every class present."""
    found = as_finite("labels", labels)
    if found.shape != (samples,):
        raise refuse("labels.shape", found.shape, f"one label for each of the {samples} samples is needed")
    if np.any(found != np.round(found)) or np.any(found < 0):
        raise refuse("labels", found, "they must be whole numbers from 0 to K - 1")
    # more classes than samples leave holes, and would be counted one by one
    whole = found.astype(np.int64) if found.max(initial=0.0) < samples else np.zeros(0, dtype=np.int64)
    counts = np.bincount(whole)
    if counts.size < 2 or np.any(counts == 0):
        raise refuse("labels", found, "at least two classes, numbered 0 to K - 1 without holes, are needed")
    return whole


def class_means(X: Array, y: NDArray[np.int64]) -> Array:
    """Mean row of every class."""
    means = np.zeros((int(y.max()) + 1, X.shape[1]))
    np.add.at(means, y, X)
    return np.asarray(means / np.bincount(y)[:, None])


class _Recorder:
    """Quotients that are nan, with a reason, where the denominator is rounding noise."""

    def __init__(self) -> None:
        self.reasons: dict[str, str] = {}

    def absent(self, name: str, reason: str) -> float:
        self.reasons[name] = reason
        return float("nan")

    def gram(self, name: str, rows: Array, target: Array, floor: float) -> float:
        gram = rows @ rows.T
        if np.trace(gram) <= floor or not np.any(target):
            return self.absent(name, "the class means (or their target) vanish: 0/0")
        target = target / np.abs(target).max()
        return float(np.linalg.norm(gram / np.linalg.norm(gram) - target / np.linalg.norm(target)))

    def alignment(self, name: str, classifier: Array | None, rows: Array, floor: float) -> float:
        if classifier is None:
            return self.absent(name, "no classifier was given")
        if np.sum(rows**2) <= floor or not np.any(classifier):
            return self.absent(name, "the class means or the classifier vanish: 0/0")
        classifier = classifier / np.abs(classifier).max()
        return float(np.linalg.norm(classifier / np.linalg.norm(classifier) - rows / np.linalg.norm(rows)))


def _per_class(name: str, value: ArrayLike, classes: int) -> Array:
    array = as_finite(name, value)
    if array.shape != (classes,):
        raise refuse(f"{name}.shape", array.shape, f"one number for each of the {classes} classes is needed")
    return array


def _nc1(note: _Recorder, M: Array, deviations: Array, floor: float) -> float:
    """(1/K) sum_j (K/s_j^2) u_j^T Sigma_W u_j over the top K - 1 singular directions u_j of the centred means."""
    _, s, directions = np.linalg.svd(M, full_matrices=False)
    rank = min(M.shape[0] - 1, M.shape[1])
    if s[rank - 1] ** 2 <= floor:
        return note.absent("nc1", "the class means span fewer than K - 1 directions: 0/0")
    along = deviations @ directions[:rank].T
    return float(np.sum(np.mean(along**2, axis=0) / s[:rank] ** 2))


def _distance_variance(
    note: _Recorder, means: Array, deviations: Array, y: NDArray[np.int64], counts: Array, floor: float
) -> Array:
    variances = np.bincount(y, np.sum(deviations**2, axis=1)) / counts
    squares = np.array([np.sum((means - mean) ** 2, axis=1) for mean in means])
    np.fill_diagonal(squares, 1.0)
    if np.any(squares <= floor):
        note.absent("distance_variance", "two class means coincide: 0/0")
    with np.errstate(divide="ignore", invalid="ignore"):
        table = np.where(squares > floor, (variances[:, None] + variances) / (2 * squares), np.nan)
    np.fill_diagonal(table, 0.0)
    return np.asarray(table)


def _angles(note: _Recorder, M: Array, floor: float) -> tuple[float, float, float]:
    k, lengths = len(M), np.linalg.norm(M, axis=1)
    if lengths.min() ** 2 <= floor:
        for name in ("equinorm", "equiangular", "angle_excess"):
            note.absent(name, "a class mean coincides with the global mean: 0/0")
        return float("nan"), float("nan"), float("nan")
    unit = M / lengths[:, None]
    cosines = (unit @ unit.T)[np.triu_indices(k, 1)]
    return (
        float(lengths.std() / lengths.mean()),
        float(cosines.std()),
        float(np.mean(np.abs(cosines + 1 / (k - 1)))),
    )


def _nc4(note: _Recorder, X: Array, W: Array | None, bias: Array, nearest: NDArray[np.int64]) -> float:
    if W is None:
        return note.absent("nc4", "no classifier was given")
    return float(np.mean(np.argmax(X @ W.T + bias, axis=1) != nearest))


@within_range
def collapse_metrics(
    features: ArrayLike,
    labels: ArrayLike,
    classifier: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    target: ArrayLike | None = None,
    global_mean: Literal["classes", "samples"] = "classes",
) -> CollapseMetrics:
    r"""Neural-collapse metrics NC1 to NC4 of features, with the variants of balanced and imbalanced work.

    :math:`\Sigma_W=\frac1N\sum(h_{ki}-h_k)(h_{ki}-h_k)^T`, :math:`\Sigma_B=\frac1K\sum(h_k-h_G)(h_k-h_G)^T`; no d x d
    matrix is formed, and :math:`\Sigma_B^+` is cut to its rank K - 1, since rounding would dominate beyond it.

    Parameters
    ----------
    features : array_like, shape (N, d)
        Samples in rows.
    labels : array_like, shape (N,)
        Whole numbers 0..K-1, every class present.
    classifier : array_like, shape (K, d), optional
        Rows :math:`w_k`, for NC3 and NC4.
    bias : array_like, shape (K,), optional
        Last-layer bias, for NC4.
    target : array_like, shape (K,), optional
        Squared lengths of the general orthogonal frame that the class means should form.
    global_mean : {"classes", "samples"}
        :math:`h_G` as mean of class means or of all samples; they differ where class sizes do.

    Returns
    -------
    CollapseMetrics
        All metrics; nan where a quotient is 0/0, with the reason in `reasons`.

    Raises
    ------
    ValueError
        Labels that do not match the features or leave a class out, shapes that do not fit.

    References
    ----------
    papyan2020prevalence, zhu2021geometric, dang2023neural

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import collapse_metrics, simplex_frame
    >>> features = np.repeat(simplex_frame(3, 5, rng=0), 4, axis=0)
    >>> metrics = collapse_metrics(features, np.repeat([0, 1, 2], 4))
    >>> metrics.nc1 < 1e-30, round(metrics.nc2, 12), metrics.reasons["nc3"]
    (True, 0.0, 'no classifier was given')
    """
    raw = as_matrix("features", features)
    y = read_labels(labels, len(raw))
    k, d = int(y.max()) + 1, raw.shape[1]
    # only NC4 sees the units, and squares could overflow; a power of two keeps the digits
    shared = raw / 2.0 ** np.ceil(np.log2(np.abs(raw).max() or 1.0))
    offset = shared.mean(axis=0)
    X = shared - offset  # what the rows share would be rounded into every mean
    W = None if classifier is None else as_matrix("classifier", classifier, (k, d))
    as_choice("global_mean", global_mean, ("classes", "samples"))
    counts = np.bincount(y).astype(float)
    means = class_means(X, y)
    deviations = X - means[y]
    M = means - (means.mean(axis=0) if global_mean == "classes" else X.mean(axis=0))
    floor = (10 * data_eps(features)) ** 2 * float(np.sum(shared**2)) / counts.min()
    note, placed = _Recorder(), means + offset
    nearest = np.argmin(np.array([np.sum((X - mean) ** 2, axis=1) for mean in means]), axis=0)
    spread, angles, excess = _angles(note, M, floor)
    return CollapseMetrics(
        nc1=_nc1(note, M, deviations, floor),
        nc1_trace=float(np.sum(deviations**2) / len(X) / (np.sum(M**2) / k))
        if np.sum(M**2) > floor
        else note.absent("nc1_trace", "the class means coincide: 0/0"),
        distance_variance=_distance_variance(note, means, deviations, y, counts, floor),
        nc2=note.gram("nc2", M, np.eye(k) - 1 / k, floor),
        nc2_orthogonal=note.gram("nc2_orthogonal", placed, np.eye(k), floor),
        nc2_target=note.absent("nc2_target", "no target was given")
        if target is None
        else note.gram("nc2_target", placed, np.diag(_per_class("target", target, k)), floor),
        equinorm=spread,
        equiangular=angles,
        angle_excess=excess,
        nc3=note.alignment("nc3", W, M, floor),
        nc3_uncentred=note.alignment("nc3_uncentred", W, placed, floor),
        nc4=_nc4(note, raw, W, np.zeros(k) if bias is None else _per_class("bias", bias, k), nearest),
        reasons=note.reasons,
    )
