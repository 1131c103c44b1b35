"""Layers and features that attain a minimum of unconstrained features, drawn at given widths."""

from __future__ import annotations

import reprlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.neural_collapse.frames import MOST, random_frame
from solvable.solvers.neural_collapse.minimizer import CollapseMinimizer, class_targets
from solvable.solvers.validate import as_generator, as_positive, as_whole, refuse, within_range

__all__ = ["sample_minimizer"]

Array = NDArray[np.float64]


@within_range
def sample_minimizer(
    minimizer: CollapseMinimizer, width: int | Sequence[int], rng: np.random.Generator | int | None = None
) -> tuple[list[Array], Array, Array]:
    r"""Draw layers and features that attain a global minimum: all minima differ by rotations of the hidden spaces.

    :math:`W_j=U_jS_jU_{j-1}^T` with random frames :math:`U_0,\dots,U_{M-1}` and :math:`U_M` the modes; balance
    :math:`\lambda_{j+1}W_{j+1}^TW_{j+1}=\lambda_jW_jW_j^T` holds by construction.

    Parameters
    ----------
    minimizer : CollapseMinimizer
        One cell (no leading axes).
    width : int or sequence of int
        Width of every hidden space, or of each: features first, then the layers' outputs but the last.
    rng : Generator or int, optional
        Source of the frames.

    Returns
    -------
    layers : list of ndarray
        :math:`W_1,\dots,W_M`; logits are ``features @ W_1.T @ ... @ W_M.T + bias``.
    features : ndarray, shape (N, width)
        Samples in rows, sorted by class.
    bias : ndarray, shape (K,)
        The optimal bias.

    Raises
    ------
    ValueError
        A grid of minimisers, or a width below the number of surviving modes or above 10,000.

    References
    ----------
    dang2023neural

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import collapse_minimizer, sample_minimizer
    >>> found = collapse_minimizer([3, 2], [0.01, 0.01], 0.02)
    >>> (first, second), features, _ = sample_minimizer(found, 4, rng=0)
    >>> np.allclose(second @ first @ first.T @ second.T, found.classifier_gram)
    True
    """
    if not isinstance(minimizer, CollapseMinimizer):
        raise TypeError(
            f"minimizer = {reprlib.repr(minimizer)} is not allowed: it must be what collapse_minimizer returns."
        )
    if minimizer.objective.ndim:
        raise refuse("minimizer.objective.shape", minimizer.objective.shape, "draw from one cell at a time")
    depth = minimizer.layer_decays.size
    asked = as_positive("width", width)
    widths = [as_whole("width", w, MOST) for w in (asked if asked.ndim == 1 else [width] * depth)]
    alive = ~minimizer.collapsed_modes
    rank = int(alive.sum())
    if len(widths) != depth or min(widths) < max(rank, 1):
        raise refuse("width", width, f"{depth} whole numbers are needed, each at least the {rank} modes that survive")
    generator = as_generator("rng", rng)
    frames = [random_frame(w, rank, generator) for w in widths]
    modes = minimizer.modes[:, alive]
    spectra = minimizer.layer_singular_values[:, alive]
    layers = [(after * s) @ before.T for before, after, s in zip(frames, [*frames[1:], modes], spectra, strict=True)]
    means = (
        (frames[0] * minimizer.feature_singular_values[alive])
        @ modes.T
        @ class_targets(minimizer.class_sizes, minimizer.bias_decay)
    )
    features = np.repeat(means.T, minimizer.class_sizes.astype(int), axis=0)
    return layers, features, np.array(minimizer.bias)
