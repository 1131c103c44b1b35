r"""How fast gradient flow approaches collapse: rates of the linearised flow at the balanced global minimum.

Setting of `solvable.solvers.neural_collapse.minimizer` without bias, equal classes, all parameters moving at unit
speed along minus the gradient of :math:`\frac1{2N}\|WH-Y\|^2+\dots` (rates are small: the loss is divided by N). At the
minimum every class is a copy of the scalar network :math:`w_M\cdots w_1g`, and perturbations split into kinds that do
not mix.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.neural_collapse.minimizer import collapse_minimizer, read_layer_decays
from solvable.solvers.solution import record
from solvable.solvers.validate import as_positive, as_scalar, as_whole, refuse, within_range

__all__ = ["CollapseRates", "collapse_rates"]

Array = NDArray[np.float64]
_MOST = 1_000  # classes: the minimum is found for every one


@record
class CollapseRates:
    """Rates at which deviations from collapse vanish, and the final slopes of the metrics they set.

    Attributes
    ----------
    within_span : float
        Within-class deviations in the span of the means: :math:`\\lambda_H/(1-a)`, a the output.
    within_outside : float
        Within-class deviations out of it: :math:`\\lambda_H`.
    alignment : float
        Angle between the means' span and the first layer's: :math:`\\lambda_H+\\lambda_1`.
    symmetric : ndarray, shape (M + 1,)
        Symmetric changes of means and layers, lengths and angles alike, ascending.
    antisymmetric : float
        The one antisymmetric change that is no rotation of hidden spaces.
    feature_geometry, head_geometry : float
        The slowest symmetric change that moves the means; that moves the means or the product of layers.
    nc1, nc1_trace, nc2, nc3 : float
        Final decay rates of the metrics of `collapse_metrics`.
    """

    within_span: float
    within_outside: float
    alignment: float
    symmetric: Array
    antisymmetric: float
    feature_geometry: float
    head_geometry: float

    @property
    def nc1(self) -> float:
        """Final decay rate of NC1 for width above K; the span turns while deviations out of it are left."""
        return 2 * min(self.within_span, self.within_outside + self.alignment)

    @property
    def nc1_trace(self) -> float:
        """Final decay rate of tr Sigma_W / tr Sigma_B, width above K."""
        return 2 * self.within_outside

    @property
    def nc2(self) -> float:
        """Final decay rate of NC2 (orthogonal frame), of first order in the means."""
        return self.feature_geometry

    @property
    def nc3(self) -> float:
        """Final decay rate of NC3, which also sees the angle between the spans and antisymmetric changes."""
        return min(self.head_geometry, self.alignment, self.antisymmetric)


@within_range
def collapse_rates(classes: int, samples: int, layer_decays: ArrayLike, feature_decay: float) -> CollapseRates:
    r"""Rates of gradient flow near balanced collapse, squared loss, no bias.

    Loss :math:`\frac1{2N}\|WH-Y\|^2+\sum_j\frac{\lambda_j}2\|W_j\|^2+\frac{\lambda_H}2\|H\|^2`, :math:`N=Kn`.
    With :math:`p=w_M\cdots w_1g` the scalar network of one class, :math:`e=\sqrt n-p` and
    :math:`c_i=p/\theta_i,\ \theta=(g,w_1,\dots,w_M)`, symmetric (+) and antisymmetric (-) changes have the Hessians
    :math:`\mathrm{diag}(\lambda)+cc^T/N\mp(e/N)\,p\,[\theta_i^{-1}\theta_j^{-1}]_{i\ne j}`; the second has M zero
    modes, rotations of hidden spaces.

    Parameters
    ----------
    classes, samples : int
        K >= 2 and n.
    layer_decays : array_like, shape (M,)
        Positive; a number means one layer.
    feature_decay : float
        Positive.

    Returns
    -------
    CollapseRates
        The rates; gradient descent of step :math:`\eta` multiplies by :math:`1-\eta\,` rate.

    Raises
    ------
    ValueError
        Arguments out of range, more than 1,000 classes, or decays so strong that the features collapse to zero.

    References
    ----------
    dang2023neural (the minimum; the rates are derived), tirer2022extended

    Examples
    --------
    >>> from solvable.solvers import collapse_rates
    >>> rates = collapse_rates(4, 5, 5e-3, 2e-2)  # within the span: lH/c
    >>> round(rates.within_span, 7), rates.within_outside
    (0.2236068, 0.02)
    """
    k, n = as_whole("classes", classes, _MOST), as_whole("samples", samples)
    layers = read_layer_decays(layer_decays)
    if layers.ndim != 1:
        raise refuse("layer_decays.shape", layers.shape, "one number for each layer is needed")
    decay = as_scalar("feature_decay", feature_decay, as_positive)
    found = collapse_minimizer([n] * k, layers, decay)
    if found.collapsed_modes.any():
        raise refuse("layer_decays", layers, "with decays this strong the features are zero and nothing collapses")
    total = k * n
    theta = np.concatenate([[np.sqrt(n) * found.feature_singular_values[0]], found.layer_singular_values[:, 0]])
    product = float(np.prod(theta))
    error = np.sqrt(n) - product
    pairs = product / np.outer(theta, theta)
    np.fill_diagonal(pairs, 0.0)
    slope = product / theta
    stiff = np.diag(np.concatenate([[decay], layers])) + np.outer(slope, slope) / total
    symmetric, modes = np.linalg.eigh(stiff - error / total * pairs)
    antisymmetric = np.linalg.eigvalsh(stiff + error / total * pairs)
    head = (modes[1:] / theta[1:, None]).sum(axis=0) * theta[0]  # relative change of the product of layers
    moves_means = np.abs(modes[0]) > 1e-8
    return CollapseRates(
        within_span=float(decay / (1 - found.outputs[0])),
        within_outside=decay,
        alignment=float(decay + layers[0]),
        symmetric=symmetric,
        antisymmetric=float(antisymmetric[-1]),
        feature_geometry=float(symmetric[moves_means][0]),
        head_geometry=float(symmetric[moves_means | (np.abs(head) > 1e-8)][0]),
    )
