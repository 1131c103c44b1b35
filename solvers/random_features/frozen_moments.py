r"""Second moments of deep features with given weights: the Gaussian equivalent of a frozen network.

For a layer :math:`x_l=\sigma_l(W_lx_{l-1})` whose pre-activations have variance r, wide and centred,

.. math:: \Omega_l = \kappa_1^2\,W_l\Omega_{l-1}W_l^T + \kappa_*^2 I,\qquad
          C_l = E[x_l x_0^T] = \kappa_1 W_l C_{l-1},\quad C_0 = \Omega_0.

With these moments any teacher becomes a spectrum for `ridge_risk`: what of it the features do not reach linearly acts
as noise.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.random_features.activations import Activation, activation_layers
from solvable.solvers.random_features.gaussian_coefficients import gaussian_coefficients
from solvable.solvers.solution import record
from solvable.solvers.spectrum import Spectrum
from solvable.solvers.validate import (
    as_finite,
    as_matrix,
    as_nonnegative,
    as_scalar,
    data_eps,
    is_symmetric,
    refuse,
    within_range,
)

__all__ = ["FeatureMoments", "deep_feature_moments"]

Array = NDArray[np.float64]


@record
class FeatureMoments:
    r"""Moments of features :math:`\phi=x_L/\sqrt{k_L}` of a frozen network.

    Attributes
    ----------
    covariance : ndarray, shape (k_L, k_L)
        :math:`E\phi\phi^T`.
    cross : ndarray, shape (k_L, d)
        :math:`E\phi x_0^T`.
    input_covariance : ndarray, shape (d, d)
        :math:`\Omega_0`.
    """

    covariance: Array
    cross: Array
    input_covariance: Array

    @within_range
    def matched(self, teacher_power: float = 1.0) -> Spectrum:
        r"""Spectrum for a teacher :math:`\langle\theta,\phi\rangle`, :math:`\theta\sim N(0,r_2I)`.

        Examples
        --------
        >>> from solvable.solvers import deep_feature_moments
        >>> moments = deep_feature_moments([[[1.0, 0.0], [0.0, 1.0]]], [[1.0, 0.0], [0.0, 1.0]], "sign")
        >>> moments.matched().target_power
        array([0.5, 0.5])
        """
        power = as_scalar("teacher_power", teacher_power, as_nonnegative)
        s = np.maximum(np.linalg.eigvalsh(self.covariance), 0.0)
        return Spectrum(s, power * s)

    @within_range
    def linear(self, teacher: ArrayLike) -> Spectrum:
        r"""Spectrum for a linear teacher :math:`y=\langle t,x_0\rangle` on the inputs.

        Examples
        --------
        >>> from solvable.solvers import deep_feature_moments
        >>> moments = deep_feature_moments([[[1.0, 0.0], [0.0, 1.0]]], [[1.0, 0.0], [0.0, 1.0]], "sign")
        >>> round(moments.linear([1.0, 0.0]).irreducible_power, 6)  # 1 - 2/pi
        0.36338
        """
        t = as_finite("teacher", teacher)
        if t.shape != self.cross.shape[1:]:
            raise refuse("teacher.shape", t.shape, f"it must be ({self.cross.shape[1]},), one weight for each input")
        return self._spectrum(self.cross @ t, float(t @ self.input_covariance @ t))

    @within_range
    def hidden_layer(self, weights: ArrayLike, readout: ArrayLike, activation: Activation) -> Spectrum:
        r"""Spectrum for a teacher :math:`y=\langle a,\sigma_t(W_tx_0)\rangle` with one wide hidden layer of its own.

        Examples
        --------
        >>> from solvable.solvers import deep_feature_moments
        >>> moments = deep_feature_moments([[[1.0, 0.0], [0.0, 1.0]]], [[1.0, 0.0], [0.0, 1.0]], "identity")
        >>> teacher = moments.hidden_layer([[1.0, 0.0]], [1.0], "sign")
        >>> round(float(teacher.target_power.sum()), 4)  # 2/pi: the linear part of sign
        0.6366
        """
        W = as_matrix("weights", weights, (None, self.cross.shape[1]))
        a = as_finite("readout", readout)
        if a.shape != W.shape[:1]:
            raise refuse("readout.shape", a.shape, f"it must be ({W.shape[0]},), one weight for each hidden unit")
        outer, slopes = _through_layer(W, self.input_covariance, activation, per_neuron=False)
        return self._spectrum(self.cross @ W.T @ (slopes * a), float(a @ outer @ a))

    def _spectrum(self, psi: Array, second_moment: float) -> Spectrum:
        s, U = np.linalg.eigh(self.covariance)
        null = s <= s.size * np.finfo(float).eps * s[-1]  # a linear bottleneck: rounding, not spectrum
        return Spectrum.from_moments(np.where(null, 0.0, s), np.where(null, 0.0, U.T @ psi), second_moment)


def _through_layer(W: Array, covariance: Array, activation: Activation, per_neuron: bool) -> tuple[Array, Array]:
    """Covariance of sigma(W x) and its slopes kappa_1, one for each neuron."""
    pre = W @ covariance @ W.T
    variance = np.diag(pre)
    if variance.min() <= 0:
        raise refuse("weights", W, "every neuron must have an input of positive variance")
    found = gaussian_coefficients(activation, variance if per_neuron else [variance.mean()])
    if np.any(np.abs(found.mean) > 1e-7 * np.sqrt(found.second_moment)):
        raise refuse("activation", activation, "its mean under the Gaussian must vanish: subtract it")
    slopes = np.broadcast_to(found.linear, variance.shape)
    if per_neuron:
        out = slopes[:, None] * pre * slopes
        np.fill_diagonal(out, found.second_moment)
        return out, slopes
    return slopes[0] ** 2 * pre + float(found.nonlinear[0]) ** 2 * np.eye(variance.size), slopes


@within_range
def deep_feature_moments(
    weights: Sequence[ArrayLike],
    covariance: ArrayLike,
    activation: Activation | Sequence[Activation],
    *,
    per_neuron: bool = False,
) -> FeatureMoments:
    r"""Propagate the input covariance through the given layers of a wide random network.

    Parameters
    ----------
    weights : sequence of array_like
        :math:`W_l` of shape (k_l, k_{l-1}), k_0 = d, entries of size :math:`1/\sqrt{k_{l-1}}` included.
    covariance : array_like, shape (d, d)
        :math:`\Omega_0`, symmetric.
    activation : activation or sequence of them
        As `gaussian_coefficients`; centred under the pre-activations' law.
    per_neuron : bool
        Use every neuron's own variance and not their mean: better at moderate width.

    Returns
    -------
    FeatureMoments
        Moments of the features divided by the root of their number; its methods turn teachers into spectra.

    Raises
    ------
    ValueError
        No layer, shapes that do not chain, an activation that is not centred or has no Gaussian moments.

    Notes
    -----
    Holds for weights as random as independent Gaussians, with errors of order one over the root of the width in
    single entries and of order one over the width in traces.

    References
    ----------
    schroeder2024structured (recursion), schroeder2023deterministic

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import deep_feature_moments, ridge_risk
    >>> W = np.random.default_rng(0).standard_normal((150, 100)) / 10
    >>> moments = deep_feature_moments([W], np.eye(100), "erf")
    >>> bool(ridge_risk(moments.linear(np.ones(100) / 10), 400, 0.01, 0.1).test < 0.5)
    True
    """
    omega = as_matrix("covariance", covariance)
    if not is_symmetric(omega, data_eps(covariance)):
        raise refuse("covariance", omega, "it must be symmetric")
    layers = list(weights) if isinstance(weights, Sequence) or np.ndim(weights) else []
    if not layers:
        raise refuse("weights", weights, "it must hold at least one layer")
    current, cross = omega, omega
    for index, (layer, sigma) in enumerate(zip(layers, activation_layers(activation, len(layers)), strict=True)):
        W = as_matrix(f"weights[{index}]", layer, (None, current.shape[0]))
        current, slopes = _through_layer(W, current, sigma, per_neuron)
        cross = slopes[:, None] * (W @ cross)
    width = current.shape[0]
    return FeatureMoments(current / width, cross / np.sqrt(width), omega)
