r"""The proportional limit of random features, n, k and d growing together, as a spectrum counted in units of d."""

from __future__ import annotations

from solvable.solvers.spectrum import Spectrum
from solvable.solvers.validate import as_nonnegative, as_scalar, refuse, within_range

__all__ = ["proportional_spectrum"]

_FINE = 1e17  # modes that carry the nonlinear part, in units of d: infinitely many in doubles


@within_range
def proportional_spectrum(
    linear: float, nonlinear: float, signal: float = 1.0, nonlinear_power: float = 0.0
) -> Spectrum:
    r"""Kernel spectrum of random features :math:`\sigma(Wx)` on isotropic inputs, in the limit n, k, d to infinity.

    :math:`\sigma` acts like :math:`\mu_1 u+\mu_\star z` with independent z: a mode :math:`\mu_1^2` for each input
    dimension and a flat tail of total weight :math:`\mu_\star^2`. Everything is counted in units of d: pass n/d and
    k/d to `random_feature_risk`, and the un-normalised ridge over d.

    Parameters
    ----------
    linear, nonlinear : float
        :math:`\mu_1` and :math:`\mu_\star` of the centred activation (`gaussian_coefficients`), not both 0.
    signal : float
        Power of the target's linear part, :math:`F_1^2`.
    nonlinear_power : float
        Power of the rest, :math:`F_\star^2`: it acts as label noise and stays in the error.

    Returns
    -------
    Spectrum
        Of rank :math:`1+10^{17}` where both parts are there; the tail stands for infinitely many modes.

    Raises
    ------
    ValueError
        Coefficients that vanish together, negative powers, NaN.

    References
    ----------
    mei2022generalization

    Examples
    --------
    >>> from solvable.solvers import gaussian_coefficients, proportional_spectrum, random_feature_risk
    >>> relu = gaussian_coefficients("relu", 1.0)
    >>> spectrum = proportional_spectrum(relu.linear, relu.nonlinear)
    >>> random_feature_risk(spectrum, 3.0, [1.0, 30.0], 1e-3).test.round(4)  # n/d = 3, k/d = 1 and 30
    array([0.6702, 0.0443])
    """
    levels = [as_scalar(name, value) ** 2 for name, value in (("linear", linear), ("nonlinear", nonlinear))]
    powers = [
        as_scalar("signal", signal, as_nonnegative),
        as_scalar("nonlinear_power", nonlinear_power, as_nonnegative),
    ]
    if not any(levels):
        raise refuse("linear, nonlinear", (linear, nonlinear), "one of them must not vanish")
    return Spectrum([levels[0], levels[1] / _FINE], [powers[0], 0.0], [1.0, _FINE], irreducible_power=powers[1])
