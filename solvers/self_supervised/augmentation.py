r"""What an augmentation makes of a data distribution: its spectrum, its complexity, and probes on its eigenfunctions.

Inputs x with p(x) are augmented to a with p(a|x). The operator :math:`(\Gamma f)(x)=E[f(a)|x]` has singular functions
on both sides with squared singular values :math:`1=\lambda_1\ge\lambda_2\ge\dots\ge0`, the eigenvalues of
:math:`K_X(x,x')=\sum_ap(a|x)p(a|x')/p(a)` under p(x). Spectral contrastive learning finds the leading ones.
"""

from __future__ import annotations

from itertools import accumulate

import numpy as np
from numpy.typing import ArrayLike, NDArray

from solvable.solvers.gridded import gridded
from solvable.solvers.ridge.risk import RidgeRisk, ridge_risk
from solvable.solvers.solution import record
from solvable.solvers.spectrum import Spectrum
from solvable.solvers.validate import (
    as_choice,
    as_finite,
    as_matrix,
    as_nonnegative,
    as_scalar,
    as_whole,
    data_eps,
    refuse,
    within_range,
)

__all__ = [
    "AugmentationSpectrum",
    "MaskingSpectrum",
    "augmentation_spectrum",
    "linear_probe_error",
    "masking_complexity",
    "masking_spectrum",
]

Array = NDArray[np.float64]
_KINDS = ("random", "block", "block-flip")
_MOST_TOKENS = 200


@record
class AugmentationSpectrum:
    r"""Spectrum of an augmentation of X inputs to A augmented ones, r = min(X, A).

    Attributes
    ----------
    eigenvalues : ndarray, shape (r,)
        :math:`\lambda_i`, falling from 1.
    functions_x : ndarray, shape (X, r)
        Eigenfunctions of the inputs' kernel, orthonormal under p(x); the first is 1.
    functions_a : ndarray, shape (A, r)
        Those of the augmented inputs, orthonormal under p(a).
    complexity : float
        Augmentation complexity :math:`\kappa^2=\max_xK_X(x,x)`, at least the sum of the eigenvalues.
    """

    eigenvalues: Array
    functions_x: Array
    functions_a: Array
    complexity: float


@record
class MaskingSpectrum:
    r"""Distinct eigenvalues of a masking of uniform signs.

    Attributes
    ----------
    eigenvalues : ndarray
        Falling from 1; those of parities that are always masked, 0, included.
    multiplicities : ndarray
        How many parities have each; together :math:`2^d`.
    """

    eigenvalues: Array
    multiplicities: Array


def _probabilities(name: str, value: ArrayLike) -> Array:
    joint = as_nonnegative(name, as_matrix(name, value))
    total = float(joint.sum())
    if abs(total - 1) > max(1e-9, joint.size * data_eps(value)):
        raise refuse(name, joint, f"its entries must add up to 1, and they add up to {total:.9g}")
    return joint / total


def _orthogonal_to(unit: Array) -> Array:
    """Orthonormal columns that complete a unit vector with positive entries: those of a reflection."""
    mirror = unit.copy()
    mirror[0] += 1.0
    return np.asarray((np.eye(len(unit)) - np.outer(mirror, mirror) / mirror[0])[:, 1:])


@within_range
def augmentation_spectrum(p_joint: ArrayLike) -> AugmentationSpectrum:
    r"""Spectrum and complexity of any augmentation of finitely many inputs.

    Singular value decomposition of :math:`p(x,a)/\sqrt{p(x)p(a)}`; :math:`\lambda_i` are the squared singular values.

    Parameters
    ----------
    p_joint : array_like, shape (X, A)
        p(x, a) = p(x) p(a|x), adding up to 1; no row and no column vanishes.

    Returns
    -------
    AugmentationSpectrum
        Eigenvalues, eigenfunctions of both sides, complexity.

    Raises
    ------
    ValueError
        Negative entries, entries that do not add up to 1, an input or an augmented input of probability 0.

    Notes
    -----
    Eigenvalues are good to rounding of 1, functions to that divided by the gap to the next singular value; those of
    equal eigenvalues are determined up to a rotation.

    References
    ----------
    zhai2024understanding

    Examples
    --------
    >>> from solvable.solvers import augmentation_spectrum
    >>> found = augmentation_spectrum([[0.4, 0.1], [0.1, 0.4]])  # a bit, flipped with probability 0.2
    >>> found.eigenvalues.round(12), round(found.complexity, 12)
    (array([1.  , 0.36]), 1.36)
    """
    joint = _probabilities("p_joint", p_joint)
    x, a = joint.sum(axis=1), joint.sum(axis=0)
    for axis, marginal in enumerate((x, a)):
        if not marginal.all():
            place = int(np.argmin(marginal))
            where = f"p_joint[{place}]" if axis == 0 else f"p_joint[:, {place}]"
            raise refuse(where, 0.0, "a probability of 0 has no eigenfunction; leave it out")
    root_x, root_a = np.sqrt(x), np.sqrt(a)
    scaled = joint / root_x[:, None] / root_a
    # the constants are one pair of functions; the others are orthogonal to them, also where 1 occurs more than once
    rest_x, rest_a = _orthogonal_to(root_x), _orthogonal_to(root_a)
    u, s, v = np.linalg.svd(rest_x.T @ scaled @ rest_a, full_matrices=False)
    u, v = rest_x @ u, rest_a @ v.T
    signs = np.where(u.sum(axis=0) < 0, -1.0, 1.0)
    functions_x = np.column_stack([np.ones(len(x)), signs * u / root_x[:, None]])
    functions_a = np.column_stack([np.ones(len(a)), signs * v / root_a[:, None]])
    eigenvalues = np.concatenate([[1.0], np.minimum(s**2, 1.0)])
    return AugmentationSpectrum(eigenvalues, functions_x, functions_a, float(np.max(np.sum(scaled**2, axis=1) / x)))


def _read_mask(d: int, ratio: float, kind: str) -> tuple[int, float, str]:
    tokens, share = as_whole("d", d), as_scalar("ratio", ratio, as_nonnegative)
    form = as_choice("kind", kind, _KINDS)
    if share > 1:
        raise refuse("ratio", ratio, "it must lie between 0 and 1, the share of tokens that are masked")
    if form != "random" and abs(share * tokens - round(share * tokens)) > 1e-9:
        raise refuse("ratio", ratio, f"blocks mask a whole number of the {tokens} tokens, and not {share * tokens:g}")
    return tokens, share, form


@within_range
def masking_complexity(d: int, ratio: float, kind: str = "random") -> float:
    r"""Augmentation complexity of masked tokens, :math:`\kappa^2` of `augmentation_spectrum` in closed form.

    d independent uniform signs; a share :math:`\alpha` is masked. ``"random"``: each token by itself with probability
    :math:`\alpha`, :math:`(2-\alpha)^d`. ``"block"``: :math:`\alpha d` tokens in a row, :math:`2^{(1-\alpha)d}`,
    wherever the blocks may lie. ``"block-flip"``: blocks, and each other token flips with probability :math:`\alpha/2`:
    :math:`(\alpha^2-2\alpha+2)^{(1-\alpha)d}`.

    Parameters
    ----------
    d : int
        Tokens.
    ratio : float
        :math:`\alpha`, 0..1; blocks need :math:`\alpha d` whole.
    kind : {"random", "block", "block-flip"}
        How tokens are masked.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        A ratio outside 0..1, a block of a number of tokens that is not whole, a complexity beyond doubles.

    Notes
    -----
    A power; its relative error is d roundings.

    References
    ----------
    zhai2024understanding (values re-derived in docs/theory/self_supervised.md)

    Examples
    --------
    >>> from solvable.solvers import masking_complexity
    >>> [masking_complexity(4, 0.5, kind) for kind in ("random", "block", "block-flip")]
    [5.0625, 4.0, 1.5625]
    """
    tokens, share, form = _read_mask(d, ratio, kind)
    if form == "random":
        return (2 - share) ** tokens
    left = tokens - round(share * tokens)
    return 2.0**left if form == "block" else (1 + (1 - share) ** 2) ** left


def _windows_avoided(tokens: int, block: int) -> dict[tuple[int, int], int]:
    """How many sets of tokens have a size and are missed by a number of windows: {(size, missed): sets}."""
    states = {(0, 0, 0): 1}  # tokens since the last of the set (up to the block), size, windows that miss it
    for _ in range(tokens):
        after: dict[tuple[int, int, int], int] = {}
        for (gap, size, missed), count in states.items():
            chosen = (0, size + 1, missed)
            after[chosen] = after.get(chosen, 0) + count
            run = gap + 1
            left = (min(run, block), size, missed + (run >= block))
            after[left] = after.get(left, 0) + count
        states = after
    found: dict[tuple[int, int], int] = {}
    for (_, size, missed), count in states.items():
        found[size, missed] = found.get((size, missed), 0) + count
    return found


@within_range
def masking_spectrum(d: int, ratio: float, kind: str = "random") -> MaskingSpectrum:
    r"""Eigenvalues of masked uniform signs, by the parities they belong to.

    The eigenfunction of a set T of tokens is the parity :math:`\prod_{i\in T}x_i`, with eigenvalue the probability
    that no token of T is masked, times :math:`(1-\alpha)^{2|T|}` where the others flip with probability
    :math:`\alpha/2`. Random masks: :math:`(1-\alpha)^k`, :math:`\binom dk` times. Blocks start at every place from
    which they fit with the same probability (they do not wrap around).

    Parameters
    ----------
    d : int
        Tokens, at most 200; with blocks, at most 40.
    ratio : float
        :math:`\alpha`, 0..1; blocks need :math:`\alpha d` whole.
    kind : {"random", "block", "block-flip"}
        How tokens are masked.

    Returns
    -------
    MaskingSpectrum
        Distinct eigenvalues and their multiplicities.

    Raises
    ------
    ValueError
        As `masking_complexity`; more tokens than stated.

    Notes
    -----
    Sets are counted in whole numbers by the gaps between their tokens, not listed; multiplicities are exact up to
    2**53.

    References
    ----------
    zhai2024understanding (derived in docs/theory/self_supervised.md)

    Examples
    --------
    >>> from solvable.solvers import masking_spectrum
    >>> found = masking_spectrum(4, 0.5)
    >>> found.eigenvalues, found.multiplicities
    (array([1.    , 0.5   , 0.25  , 0.125 , 0.0625]), array([1., 4., 6., 4., 1.]))
    """
    tokens, share, form = _read_mask(d, ratio, kind)
    most = _MOST_TOKENS if form == "random" else 40
    if tokens > most:
        raise refuse("d", d, f"sets of at most {most} tokens are counted")
    sums: dict[float, float] = {}
    if form == "random":
        row = list(accumulate(range(tokens), lambda c, k: c * (tokens - k) // (k + 1), initial=1))
        for k, count in enumerate(row):
            value = (1 - share) ** k
            sums[value] = sums.get(value, 0.0) + float(count)
    else:
        block = round(share * tokens)
        places = tokens - block + 1
        counted = _windows_avoided(tokens, block) if block else {}
        if not block:  # nothing is masked, and nothing flips
            counted = {(0, 1): 2**tokens}
            places = 1
        keep = (1 - share) ** 2 if form == "block-flip" else 1.0
        for (size, missed), count in counted.items():
            value = missed / places * keep**size
            sums[value] = sums.get(value, 0.0) + float(count)
    order = sorted(sums, reverse=True)
    return MaskingSpectrum(np.array(order), np.array([sums[value] for value in order]))


@gridded("n", "noise", "ridge")
@within_range
def linear_probe_error(
    spectrum: AugmentationSpectrum | Spectrum | ArrayLike, target: ArrayLike, dim: int, n: ArrayLike, noise: ArrayLike,
    ridge: ArrayLike = 0.0,
) -> RidgeRisk:  # fmt: skip
    r"""Error of a ridge probe on the d leading eigenfunctions, the best encoder of that dimension.

    The probe is kernel ridge regression with :math:`\sum_{i\le d}\lambda_i\phi_i\phi_i`, un-normalised ridge
    :math:`\|y-Xw\|^2+\delta\|w\|^2`: `ridge_risk` of the truncated spectrum. What the target has beyond it acts as
    label noise and stays in the error (the approximation error); the rest is estimation error.

    Parameters
    ----------
    spectrum : AugmentationSpectrum, Spectrum or array_like, shape (r,)
        The augmentation, or its eigenvalues; a `Spectrum` without multiplicities, of which only these are used.
    target : array_like, shape (r,)
        Coefficients of the target in the eigenfunctions; the sum of their squares is its second moment.
    dim : int
        Eigenfunctions d kept, 1..r, those of the largest eigenvalues; among equal ones the first.
    n : array_like
        Labelled samples.
    noise : array_like
        Variance of the label noise.
    ridge : array_like
        Un-normalised ridge :math:`\delta`; 0 is least squares for n > d.

    Returns
    -------
    RidgeRisk
        `bias` holds the approximation error; `excess` is the error without the label noise.

    Raises
    ------
    ValueError
        A dimension above the number of eigenvalues or of those that are positive, shapes that do not fit.

    Notes
    -----
    A deterministic equivalent, with the features taken as if they were Gaussian: relative errors of order 1/n.

    References
    ----------
    zhai2024understanding (the setting), simon2023eigenlearning (the equivalent)

    Examples
    --------
    >>> from solvable.solvers import linear_probe_error
    >>> risk = linear_probe_error([1.0, 0.5, 0.25], [0.0, 1.0, 0.5], dim=2, n=100, noise=0.1)
    >>> round(float(risk.excess), 6)  # (0.25 + 0.1) 100/98 - 0.1
    0.257143
    """
    values = as_nonnegative(
        "spectrum", spectrum.eigenvalues if isinstance(spectrum, AugmentationSpectrum | Spectrum) else spectrum
    )
    if isinstance(spectrum, Spectrum) and np.any(spectrum.multiplicities != 1):
        raise refuse(
            "spectrum", spectrum, "its multiplicities must be 1: the target has a coefficient in each function"
        )
    if values.ndim != 1 or not values.size:
        raise refuse("spectrum.shape", values.shape, "it must be (r,), eigenvalues")
    coefficients = as_finite("target", target)
    if coefficients.shape != values.shape:
        raise refuse("target.shape", coefficients.shape, f"it must be {values.shape}, one for each eigenvalue")
    d, positive = as_whole("dim", dim), int(np.sum(values > 0))
    if d > positive:
        raise refuse("dim", dim, f"{positive} of the eigenvalues are positive, and no more functions can be kept")
    order = np.argsort(-values, kind="stable")
    power = coefficients[order] ** 2
    kept = Spectrum(values[order][:d], power[:d], irreducible_power=float(power[d:].sum()))
    return ridge_risk(kept, n, ridge, as_nonnegative("noise", noise))
