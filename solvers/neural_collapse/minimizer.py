r"""Global minima of unconstrained features under a deep linear head: frames, lengths, thresholds.

Setting: :math:`f=\frac1{2N}\|W_M\cdots W_1H+b1^T-Y\|^2+\sum_j\frac{\lambda_j}2\|W_j\|^2+\frac{\lambda_H}2\|H\|^2`
(+ :math:`\frac{\lambda_b}2\|b\|^2`), one-hot Y, class sizes :math:`n_k`, N their sum. In the eigenbasis of the targets
each mode, with level :math:`\eta` (= n_k without bias), minimises over x >= 0

.. math:: \phi(x)=\frac1{1+x^M}+r x,\qquad r=\frac{M N}{\eta}\Big(N\lambda_H\prod_j\lambda_j\Big)^{1/M},

the scalar problem of `solvable.solvers.neural_collapse.shrinkage`. A mode's output is :math:`x^M/(1+x^M)`, the square
of its singular value in the product of layers :math:`N\lambda_Hx^M`, and :math:`f^*=\sum(\eta/2N)\phi`.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from solvable.solvers.certificates.scalar_roots import certify_collapse
from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.neural_collapse.shrinkage import branch_limits, nonzero_branch
from solvable.solvers.solution import Solution, Status, provable, record
from solvable.solvers.validate import as_choice, as_positive, as_whole, refuse, within_range

__all__ = ["CollapseMinimizer", "class_targets", "collapse_minimizer", "read_class_sizes", "read_layer_decays"]

Array = NDArray[np.float64]
Bias = Literal["none", "free", "ridge"]
_SAME = 1e-9  # squared distance of projected classes that rounding alone makes
_BIASES = ("none", "free", "ridge")


def read_class_sizes(class_sizes: ArrayLike) -> Array:
    """Validate class sizes, the last axis counting classes: positive whole numbers, at least two classes."""
    sizes = as_positive("class_sizes", class_sizes)
    if sizes.ndim == 0 or sizes.shape[-1] < 2:
        raise refuse("class_sizes.shape", sizes.shape, "its last axis must hold at least two classes")
    if np.any(sizes != np.round(sizes)):
        raise refuse("class_sizes", sizes, "they must be positive whole numbers")
    return sizes


def class_targets(sizes: Array, bias_decay: Array) -> Array:
    """Targets of the class means, one column for each class: the identity, centred where the bias is free."""
    share = sizes / sizes.sum(axis=-1, keepdims=True)
    free = (bias_decay == 0)[..., None, None]
    return np.asarray(np.eye(share.shape[-1]) - np.where(free, share[..., :, None], 0.0))


@record
class CollapseMinimizer(
    OnGrid,
    axes={
        "levels": "... mode",
        "modes": "... class mode",
        "outputs": "... mode",
        "singular_values": "... mode",
        "layer_singular_values": "... layer mode",
        "bias": "... class",
        "class_sizes": "... class",
        "layer_decays": "... layer",
        "collapsed_modes": "... mode",
        "collapsed_classes": "... class",
        "branch_outputs": "... mode",
        "metastable": "... mode",
        "feature_singular_values": "... mode",
        "classifier_gram": "... class other_class",
        "feature_gram": "... class other_class",
        "prediction": "... output class",
    },
):
    """Global minimum of unconstrained features; leading axes run over the grid of parameters.

    Modes are classes without a bias, and eigenvectors of the centred class-size matrix (columns of `modes`) with one.

    Attributes
    ----------
    class_sizes, layer_decays, feature_decay, bias_decay : ndarray
        The problem, broadcast; `bias_decay` is inf without a bias and 0 for a free one.
    levels : ndarray, shape (..., K)
        Squared singular values of the (centred) targets: class sizes without a bias.
    modes : ndarray, shape (..., K, K)
        Orthonormal columns in class space.
    outputs : ndarray, shape (..., K)
        Singular values of the prediction W H of each mode, between 0 and 1; 0 where the mode collapsed.
    singular_values : ndarray, shape (..., K)
        Of the product of all layers.
    layer_singular_values : ndarray, shape (..., M, K)
        Of each layer, the one next to the features first.
    bias : ndarray, shape (..., K)
        Optimal bias; 0 without one.
    objective : ndarray
        Value at the global minimum.
    collapsed_modes : ndarray of bool, shape (..., K)
        Modes that are zero, by their level or by the width; with a free bias the last one, the constant vector.
    collapsed_classes : ndarray of bool, shape (..., K)
        Classes whose mean feature is zero or equal to another class's: features do not tell them apart.
    critical_class_size, spinodal_class_size : ndarray
        Levels up to which a mode is zero at the global minimum, and up to which no nonzero local minimum exists.
    branch_outputs : ndarray, shape (..., K)
        Output on the nonzero local minimum, global or not; 0 where none exists.
    metastable : ndarray of bool, shape (..., K)
        Where that local minimum exists but zero is lower.
    degenerate : ndarray of bool
        Whether a tie decides which modes survive a limited width: other minimisers are as good.
    solution : Solution
        x of each mode, with the residual of its logarithmic equation.
    feature_singular_values : ndarray, shape (..., K)
        Length of the class-mean features of each mode.
    classifier_gram, feature_gram : ndarray, shape (..., K, K)
        Gram matrices of the product of layers and of the class-mean features.
    prediction : ndarray, shape (..., K, K)
        W H of the class means, without the bias, one column a class.
    """

    _derived = ("feature_singular_values", "collapsed_classes", "classifier_gram", "feature_gram", "prediction")

    class_sizes: Array
    layer_decays: Array
    feature_decay: Array
    bias_decay: Array
    levels: Array
    modes: Array
    outputs: Array
    singular_values: Array
    layer_singular_values: Array
    bias: Array
    objective: Array
    collapsed_modes: NDArray[np.bool_]
    critical_class_size: Array
    spinodal_class_size: Array
    branch_outputs: Array
    metastable: NDArray[np.bool_]
    degenerate: NDArray[np.bool_]
    solution: Solution

    @property
    def feature_singular_values(self) -> Array:
        """Length of the class-mean features of each mode, output over singular value of the head."""
        return np.divide(
            self.outputs, self.singular_values, out=np.zeros_like(self.outputs), where=~self.collapsed_modes
        )

    def _in_class_space(self, values: Array) -> Array:
        return np.asarray((self.modes * values[..., None, :]) @ np.swapaxes(self.modes, -1, -2))

    @property
    def collapsed_classes(self) -> NDArray[np.bool_]:
        """Whether a class's mean feature is zero or equal to another class's, shape (..., K)."""
        alive = np.where(self.collapsed_modes[..., None, :], 0.0, self.modes)
        # of the projection, whose entries are of order 1 whatever the decays are, and not of the features
        seen = np.swapaxes(alive, -1, -2) @ class_targets(self.class_sizes, self.bias_decay)
        gram = np.swapaxes(seen, -1, -2) @ seen
        square = np.diagonal(gram, axis1=-2, axis2=-1)
        apart = square[..., :, None] + square[..., None, :] - 2 * gram
        other = ~np.eye(gram.shape[-1], dtype=bool)
        return np.asarray((square <= _SAME) | ((apart <= _SAME) & other).any(axis=-1))

    @property
    def classifier_gram(self) -> Array:
        """W W^T of the product of layers, shape (..., K, K)."""
        return self._in_class_space(self.singular_values**2)

    @property
    def feature_gram(self) -> Array:
        """Gram matrix of the class-mean features, shape (..., K, K); within a class all features are equal."""
        targets = class_targets(self.class_sizes, self.bias_decay)
        gram = self._in_class_space(self.feature_singular_values**2)
        return np.asarray(np.swapaxes(targets, -1, -2) @ gram @ targets)

    @property
    def prediction(self) -> Array:
        """W H of the class means, without the bias, shape (..., K, K), one column for each class."""
        return np.asarray(self._in_class_space(self.outputs) @ class_targets(self.class_sizes, self.bias_decay))


def read_layer_decays(layer_decays: ArrayLike) -> Array:
    """Validate the decays of the layers, the last axis counting layers; a number is one layer."""
    layers = np.atleast_1d(as_positive("layer_decays", layer_decays))
    if layers.shape[-1] == 0:
        raise refuse("layer_decays.shape", layers.shape, "at least one layer is needed")
    return layers


def _bias_decay(bias: str, bias_decay: ArrayLike | None, sizes: Array) -> Array:
    as_choice("bias", bias, _BIASES)
    if (bias == "ridge") != (bias_decay is not None):
        raise refuse("bias_decay", bias_decay, "it is needed with bias = 'ridge', and only there")
    if bias == "ridge" and np.any(sizes != sizes[..., :1]):
        raise refuse("class_sizes", sizes, "a penalised bias has a closed form for equal class sizes only")
    return np.array({"none": np.inf, "free": 0.0}[bias]) if bias_decay is None else as_positive(
        "bias_decay", bias_decay
    )  # fmt: skip


def _modes(sizes: Array, bias: str) -> tuple[Array, Array]:
    """Levels and orthonormal modes, from the class sizes alone."""
    classes = sizes.shape[-1]
    if bias == "none":
        return sizes, np.broadcast_to(np.eye(classes), (*sizes.shape, classes))
    total = sizes.sum(axis=-1)[..., None, None]
    centred = sizes[..., None, :] * np.eye(classes) - sizes[..., :, None] * sizes[..., None, :] / total
    levels, modes = np.linalg.eigh(centred)
    levels, modes = levels[..., ::-1].copy(), modes[..., ::-1].copy()
    modes[..., -1] = classes**-0.5  # diag(n) - n n^T/N annihilates the constant vector
    levels[..., -1] = 0.0 if bias == "free" else sizes[..., 0]
    return levels, modes


@gridded("feature_decay", "bias_decay", class_sizes="... class", layer_decays="... layer")
@within_range
def collapse_minimizer(
    class_sizes: ArrayLike,
    layer_decays: ArrayLike,
    feature_decay: ArrayLike,
    width: int | None = None,
    bias: Bias = "none",
    bias_decay: ArrayLike | None = None,
    *,
    certify: bool = False,
) -> CollapseMinimizer:
    r"""Global minimum of unconstrained features with squared loss, for any depth, class sizes and width.

    Loss :math:`\frac1{2N}\|WH+b1^T-Y\|^2+\sum_j\frac{\lambda_j}2\|W_j\|^2+\frac{\lambda_H}2\|H\|^2`, with factors 1/2
    throughout. A paper with :math:`\frac1{2Kn}\|WH-Y\|^2+\frac{\lambda_W'}{2K}\|W\|^2+\frac{\lambda_H'}{2Kn}\|H\|^2`
    has :math:`\lambda_W=\lambda_W'/K,\ \lambda_H=\lambda_H'/(Kn)`.

    Without a bias the features of classes are orthogonal (a general orthogonal frame; equal lengths if balanced); with
    an unpenalised one they are a simplex frame if balanced. A class collapses when its size is at most
    :math:`n_{crit}=MN(N\lambda_H\prod\lambda_j)^{1/M}/r_c`, :math:`r_c=(M-1)^{(M-1)/M}/M`: continuously for one
    layer, with a jump for more, and zero stays a local minimum at every size then.

    Parameters
    ----------
    class_sizes : array_like, shape (..., K)
        Positive whole numbers.
    layer_decays : array_like, shape (..., M)
        :math:`\lambda_1,\dots,\lambda_M>0`, the layer next to the features first; a number means one layer.
    feature_decay : array_like
        :math:`\lambda_H>0`; broadcasts with the leading axes.
    width : int, optional
        Narrowest layer; below the number of surviving modes only the most useful ones stay.
    bias : {"none", "free", "ridge"}
        Last-layer bias: none, unpenalised, or penalised by :math:`(\lambda_b/2)\|b\|^2` (equal class sizes only; proved
        for one layer, for more a minimum among those aligned with the classes).
    bias_decay : array_like, optional
        :math:`\lambda_b>0` for ``bias="ridge"``.
    certify : bool
        Prove in interval arithmetic (python-flint) that each x lies within 1e-12 of a root, the only one there:
        `certificate` of the solution holds the enclosures.

    Returns
    -------
    CollapseMinimizer
        Lengths, Gram matrices, layer spectra, objective, collapsed classes, collapsed and metastable modes.

    Raises
    ------
    ValueError
        Class sizes that are not positive whole numbers, decays that are not positive, an unknown bias, unequal class
        sizes with a penalised bias.

    Notes
    -----
    A few Newton steps on the logarithm for all modes of all cells at once; nothing underflows for deep heads.

    References
    ----------
    dang2023neural (general orthogonal frames; the thresholds and the bias cases are derived), tirer2022extended

    Examples
    --------
    >>> from solvable.solvers import collapse_minimizer
    >>> found = collapse_minimizer([20, 10, 5, 5], 0.02, 0.001)  # one layer: ||w_k||^2 = sqrt(n_k lH/lW) - N lH
    >>> (found.singular_values**2).round(4)
    array([0.96  , 0.6671, 0.46  , 0.46  ])
    >>> collapse_minimizer([40, 20, 3], [0.05] * 3, 0.002).collapsed_classes
    array([False, False,  True])
    """
    sizes, layers = read_class_sizes(class_sizes), read_layer_decays(layer_decays)
    decay = as_positive("feature_decay", feature_decay)
    penalty = _bias_decay(bias, bias_decay, sizes)
    levels, modes = _modes(sizes, bias)
    shapes = sizes.shape[:-1], layers.shape[:-1], decay.shape, penalty.shape
    try:
        grid = np.broadcast_shapes(*shapes)
    except ValueError:
        raise refuse(
            "leading shapes of class_sizes, layer_decays, feature_decay, bias_decay", shapes, "they must broadcast"
        ) from None
    classes, factors = sizes.shape[-1], layers.shape[-1]
    sizes, levels = (np.broadcast_to(a, (*grid, classes)) for a in (sizes, levels))
    layers, decay = np.broadcast_to(layers, (*grid, factors)), np.broadcast_to(decay, grid)
    modes, penalty = np.broadcast_to(modes, (*grid, classes, classes)), np.broadcast_to(penalty, grid)

    weight = np.ones((*grid, classes))  # of each mode's squared error: less where the bias takes a part of it over
    if bias == "ridge":
        weight[..., -1] = penalty / (1 + penalty)
    total = sizes.sum(axis=-1)
    logs = np.log(layers)
    shared = np.log(factors) + np.log(total) + (np.log(total) + np.log(decay) + logs.sum(axis=-1)) / factors
    with np.errstate(divide="ignore"):
        log_ratio = shared[..., None] - np.log(levels) - (factors + 1) / factors * np.log(weight)
    u, residual, spent = nonzero_branch(log_ratio, factors)
    critical, spinodal = branch_limits(factors)
    branch = expit(factors * u)
    lower = log_ratio < critical  # the nonzero minimum is the lower one
    gain = np.where(lower, weight * levels * branch * (1 - factors * (1 - branch)), 0.0)
    alive, degenerate = _limit_width(lower, gain, width)

    power = np.where(alive, factors * u, -np.inf)  # log x^M
    outputs = expit(power)
    phi = expit(-power) * (1 + factors * outputs)  # 1/(1+x^M) + r x at the minimum: no difference of nearby numbers
    offset = np.log(total * decay)[..., None]
    with np.errstate(divide="ignore"):
        log_square = power + offset - np.log(weight)
    balanced = (log_square + logs.sum(axis=-1)[..., None])[..., None, :] / factors - logs[..., :, None]
    status = np.where(residual <= 1e-9, Status.CONVERGED, Status.MAX_ITERATIONS)
    solution = Solution.shaped(alive.shape, np.exp(power / factors), residual, status, spent)
    cells = (sizes, levels, layers, decay, weight, lower & ~alive)
    solution = provable(solution, partial(certify_collapse, *cells, what="collapse_minimizer"), certify)
    return CollapseMinimizer(
        class_sizes=sizes,
        layer_decays=layers,
        feature_decay=decay,
        bias_decay=penalty,
        levels=levels,
        modes=modes,
        outputs=outputs,
        singular_values=np.exp(log_square / 2),
        layer_singular_values=np.exp(balanced / 2),
        bias=_optimal_bias(bias, sizes, penalty, outputs),
        objective=np.asarray(np.sum(weight * levels * phi, axis=-1) / (2 * total)),
        collapsed_modes=~alive,
        critical_class_size=np.exp(shared - critical),
        spinodal_class_size=np.exp(shared - spinodal),
        branch_outputs=branch,
        metastable=(log_ratio >= critical) & (log_ratio < spinodal),
        degenerate=degenerate,
        solution=solution,
    )


def _limit_width(
    alive: NDArray[np.bool_], gain: Array, width: int | None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Keep the modes that lower the loss most, as many as the narrowest layer lets through."""
    degenerate = np.zeros(alive.shape[:-1], dtype=bool)
    most = alive.shape[-1] if width is None else as_whole("width", width)
    if most >= alive.shape[-1]:
        return alive, degenerate
    order = np.argsort(-gain, axis=-1, kind="stable")
    kept = np.zeros_like(alive)
    np.put_along_axis(kept, order[..., :most], True, axis=-1)
    ranked = np.take_along_axis(gain, order, axis=-1)
    close = ranked[..., most - 1] - ranked[..., most] <= 1e-12 * ranked[..., 0]
    return alive & kept, close & (ranked[..., most] > 0)


def _optimal_bias(bias: str, sizes: Array, penalty: Array, outputs: Array) -> Array:
    if bias == "none":
        return np.zeros_like(outputs)
    if bias == "free":
        return np.asarray(sizes / sizes.sum(axis=-1, keepdims=True))
    value = (1 - outputs[..., -1]) / (outputs.shape[-1] * (1 + penalty))
    return np.asarray(np.repeat(value[..., None], outputs.shape[-1], axis=-1))
