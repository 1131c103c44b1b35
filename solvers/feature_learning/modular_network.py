r"""Modular arithmetic by a two-layer quadratic network whose weights are written down.

Inputs m and n in 0..p-1, one-hot; hidden units :math:`h_k=(U_{km}+V_{kn})^2`, logits
:math:`f_q=\frac1N\sum_kW_{qk}h_k`, N neurons, p an odd prime.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.solution import record
from solvable.solvers.validate import (
    as_choice,
    as_finite,
    as_generator,
    as_kind,
    as_matrix,
    as_whole,
    check_room,
    data_eps,
    refuse,
    within_range,
)

__all__ = [
    "LogitMargin",
    "ModularWeights",
    "logit_margin",
    "modular_addition_weights",
    "modular_logits",
    "participation_ratio",
]

Array = NDArray[np.float64]
_TASKS = ("add", "subtract", "multiply")


@record
class ModularWeights:
    """Weights of the network.

    Attributes
    ----------
    U, V : ndarray, shape (N, p)
        What a neuron adds up, for the first and for the second number.
    W : ndarray, shape (p, N)
        From neurons to answers.
    frequencies : ndarray of int, shape (N,)
        Of every neuron.
    """

    U: Array
    V: Array
    W: Array
    frequencies: NDArray[np.int64]


@record
class LogitMargin:
    """Mean logits over the phases, all frequencies equally often.

    Attributes
    ----------
    correct : float
        Of the answer.
    other : float
        Of every other one.
    """

    correct: float
    other: float


def _odd_prime(p: int) -> int:
    number = as_whole("p", p, 10**6)
    if number < 3 or number % 2 == 0 or any(number % k == 0 for k in range(3, int(number**0.5) + 1, 2)):
        raise refuse("p", p, "it must be an odd prime")
    return number


def _logarithms(p: int) -> NDArray[np.int64]:
    """Exponents of 1..p - 1 as powers of the least primitive root."""
    for root in range(2, p):
        powers = np.empty(p - 1, np.int64)
        value = 1
        for exponent in range(p - 1):
            powers[exponent] = value
            value = value * root % p
        if np.unique(powers).size == p - 1:
            break
    logs = np.empty(p - 1, np.int64)
    logs[powers - 1] = np.arange(p - 1)
    return logs


@within_range
def modular_addition_weights(p: int, width: int, rng: np.random.Generator | int, task: str = "add") -> ModularWeights:
    r"""Weights that add modulo p without training: :math:`\cos(2\pi\sigma m/p+\varphi)` in every row.

    :math:`U_{km}=\cos(2\pi\sigma_km/p+\varphi_k)`, :math:`V_{kn}=\cos(2\pi\sigma_kn/p+\psi_k)`,
    :math:`W_{qk}=\cos(2\pi\sigma_kq/p+\varphi_k+\psi_k)`, phases uniform; frequencies 1..p - 1 in random order, again
    and again. All other terms of :math:`W(U+V)^2` have random phases, so that logits are those of `logit_margin` up to
    noise of order :math:`N^{-1/2}`.

    Parameters
    ----------
    p : int
        An odd prime.
    width : int
        N, at least the number of frequencies: p - 1, or p - 2 for products.
    rng : Generator or int
        Source of frequencies and phases.
    task : {"add", "subtract", "multiply"}
        m + n, m - n or mn modulo p. Products add the discrete logarithms of 1..p - 1 modulo p - 1; rows and columns
        of 0 are zeros, and products with 0 are not answered.

    Returns
    -------
    ModularWeights
        Weights and frequencies.

    Raises
    ------
    ValueError
        p that is no odd prime, a width below the number of frequencies, another task.

    References
    ----------
    gromov2023grokking

    Examples
    --------
    >>> from solvable.solvers import modular_addition_weights, modular_logits
    >>> logits = modular_logits(modular_addition_weights(7, 600, rng=0))
    >>> int(logits[3, 6].argmax())  # (3 + 6) mod 7
    2
    """
    modulus = _odd_prime(p)
    as_choice("task", task, _TASKS)
    period = modulus - 1 if task == "multiply" else modulus
    N = as_whole("width", width)
    if period - 1 > N:
        raise refuse("width", width, f"it must be at least {period - 1}, the number of frequencies")
    check_room("width", width, 3.0 * N * modulus)
    generator = as_generator("rng", rng)
    rounds = -(-N // (period - 1))
    sigma = np.concatenate([generator.permutation(period - 1) + 1 for _ in range(rounds)])[:N]
    phi, psi = generator.uniform(0.0, 2 * np.pi, (2, N, 1))
    places = np.arange(modulus) if task != "multiply" else _logarithms(modulus)
    # whole numbers are reduced before they become angles
    angle = 2 * np.pi / period * (sigma[:, None] * places % period)
    sign = -1 if task == "subtract" else 1
    found = [np.cos(angle + phi), np.cos(sign * angle + psi), np.cos(angle + phi + psi)]
    if task == "multiply":
        found = [np.pad(rows, ((0, 0), (1, 0))) for rows in found]
    return ModularWeights(found[0], found[1], np.ascontiguousarray(found[2].T), sigma.astype(np.int64))


def _lines(rows: Array, frequencies: NDArray[np.int64], unit: float) -> NDArray[np.complex128] | None:
    """Coefficient c of every row c e^{i...} + conjugate at its frequency, or None where a row holds another one."""
    p = rows.shape[1]
    spectrum = np.fft.rfft(rows, axis=1) / p
    at, bins = np.arange(len(rows)), np.minimum(frequencies, p - frequencies)
    found = spectrum[at, bins].copy()
    spectrum[at, bins] = 0
    found = np.where(bins == frequencies, found, found.conj())
    return found if np.abs(spectrum).max() <= 100 * unit * np.abs(rows).max() else None


def _series(coefficients: NDArray[np.complex128], sigma: NDArray[np.int64], p: int) -> Array:
    """Circulant rows of g(s) = 2 Re sum c e^{2 pi i sigma s/p}: entry (s, q) is g(s + q)."""
    total = np.bincount(sigma, coefficients.real, p) + 1j * np.bincount(sigma, coefficients.imag, p)
    values = 2 * p * np.fft.ifft(total).real
    s = np.arange(p)
    return np.asarray(values[(s[:, None] + s) % p])


def _by_frequencies(U: Array, V: Array, W: Array, sigma: NDArray[np.int64], unit: float) -> Array | None:
    """Logits of rows with one frequency each, from Fourier series in m, n and q; None for other rows."""
    N, p = U.shape
    bins = sigma % p
    if not np.all(2 * bins % p):
        return None
    u, v, w = (_lines(rows, bins, unit) for rows in (U, V, W.T))
    if u is None or v is None or w is None:
        return None
    m, n = np.arange(p)[:, None], np.arange(p)
    found = np.zeros((p, p, p))
    for i, a in ((1, u), (-1, u.conj())):
        for j, b in ((1, v), (-1, v.conj())):
            found += _series(2 * a * b * w, bins, p)[(i * m + j * n) % p]
    # squares of rows: their mean, and waves of twice the frequency
    first, second = (
        _series(2 * np.abs(c) ** 2 * w, bins, p)[:1]
        + _series(c * c * w, bins, p)[2 * n % p]
        + _series((c * c).conj() * w, bins, p)[-2 * n % p]
        for c in (u, v)
    )
    found += first[:, None]
    found += second
    found /= N
    return found


@within_range
def modular_logits(weights: ModularWeights) -> Array:
    r"""Logits for all pairs of numbers, :math:`f_q(m,n)=\frac1N\sum_kW_{qk}(U_{km}+V_{kn})^2`.

    Rows of one frequency each, as `modular_addition_weights` writes them for sums and differences, are summed by
    frequency: the logits are eight functions of :math:`\pm m\pm n+q`, :math:`\pm2m+q` and :math:`\pm2n+q`, each one
    Fourier transform. Any others take one matrix product for every m.

    Parameters
    ----------
    weights : ModularWeights
        Weights, of the formula or trained ones; `frequencies` are only trusted where the rows bear them out.

    Returns
    -------
    ndarray, shape (p, p, p)
        Over m, n and q.

    Raises
    ------
    ValueError
        Shapes that do not belong together.

    Notes
    -----
    Good to rounding times the largest :math:`|W|(|U|+|V|)^2`.

    References
    ----------
    gromov2023grokking (the summation by frequencies derived in docs/theory/feature_learning.md)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import ModularWeights, modular_logits
    >>> one = ModularWeights(np.ones((1, 3)), np.ones((1, 3)), np.array([[1.0], [0.0], [2.0]]), np.array([1]))
    >>> modular_logits(one)[0, 0]
    array([4., 0., 8.])
    """
    as_kind("weights", weights, ModularWeights, "it must be ModularWeights")
    U = as_matrix("weights.U", weights.U)
    N, p = U.shape
    V, W = as_matrix("weights.V", weights.V, (N, p)), as_matrix("weights.W", weights.W, (p, N))
    sigma = np.asarray(weights.frequencies)
    if sigma.shape != (N,) or sigma.dtype.kind not in "iu":
        raise refuse("weights.frequencies", sigma, f"it must be {N} whole numbers, one for each neuron")
    check_room("weights.U", U, float(p) ** 3)
    unit = data_eps(weights.U, weights.V, weights.W)
    quick = _by_frequencies(U, V, W, sigma.astype(np.int64), unit) if p > 2 else None
    if quick is not None:
        return quick
    alone = (W @ U**2).T[:, None, :] + (W @ V**2).T[None, :, :]
    both = np.empty((p, p, p))
    for m in range(p):
        both[m] = ((W * U[:, m]) @ V).T
    return np.asarray((alone + 2 * both) / N)


@within_range
def participation_ratio(rows: ArrayLike) -> Array:
    r"""Inverse participation ratio of the spectrum of each row: 1 for a single cosine, small for a random row.

    :math:`\sum_ka_k^4/(\sum_ka_k^2)^2`, :math:`a_k` the absolute values of the real Fourier transform, frequencies
    0..[p/2]. Rows of independent normal numbers have about 2 over the number of these frequencies.

    Parameters
    ----------
    rows : array_like, shape (..., p)
        Rows, none of them zero.

    Returns
    -------
    ndarray, shape (...)
        Between one over the number of frequencies, and 1.

    Raises
    ------
    ValueError
        A row of zeros, rows without entries.

    Notes
    -----
    Any scale; on both signs of the frequencies a cosine would have one half.

    References
    ----------
    doshi2024grok (and its published code)

    Examples
    --------
    >>> import numpy as np
    >>> from solvable.solvers import participation_ratio
    >>> m = np.arange(7)
    >>> participation_ratio([np.cos(2 * np.pi * 3 * m / 7 + 0.3), m == 0]).round(12)
    array([1.  , 0.25])
    """
    values = as_finite("rows", rows)
    if values.ndim == 0 or values.shape[-1] == 0:
        raise refuse("rows.shape", values.shape, "its last axis must hold the entries of a row")
    largest = np.abs(values).max(axis=-1, keepdims=True)
    if not np.all(largest):
        raise refuse("rows", values, "a row of zeros has no spectrum")
    power = np.abs(np.fft.rfft(values / largest, axis=-1)) ** 2
    return np.asarray(np.sum(power**2, axis=-1) / np.sum(power, axis=-1) ** 2)


@within_range
def logit_margin(p: int) -> LogitMargin:
    r"""Mean logits of `modular_addition_weights`, for sums and differences: 1/2 and -1/(2(p - 1)).

    Averaged over its phases a neuron gives :math:`\frac12\cos(2\pi\sigma(m+n-q)/p)`; then over all frequencies.

    Parameters
    ----------
    p : int
        An odd prime. For products modulo P put P - 1, which need not be prime, in place of p in the formula.

    Returns
    -------
    LogitMargin
        Of the answer and of every other number.

    Raises
    ------
    ValueError
        p that is no odd prime.

    References
    ----------
    gromov2023grokking (means derived in docs/theory/feature_learning.md)

    Examples
    --------
    >>> from solvable.solvers import logit_margin
    >>> logit_margin(5).correct, logit_margin(5).other
    (0.5, -0.125)
    """
    return LogitMargin(0.5, -0.5 / (_odd_prime(p) - 1))
