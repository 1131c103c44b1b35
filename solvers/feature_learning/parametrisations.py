r"""Widths to infinity: which parametrisations are stable, and which learn features.

A perceptron with hidden layers 1..L of width n and weights :math:`W^l=n^{-a_l}w^l`, entries of :math:`w^l` drawn from
:math:`N(0,n^{-2b_l})`, SGD on w at learning rate :math:`\eta n^{-c}`; tanh-like activations, one output.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.solvers.solution import record
from solvable.solvers.validate import as_choice, as_finite, as_scalar, as_whole, refuse, within_range

__all__ = ["Parametrisation", "parametrisation"]

Array = NDArray[np.float64]
_NAMES = ("ntk", "standard", "mup", "mean-field")
_TOLERANCE = 1e-12  # of equalities between sums of exponents, relative to the largest of them


@record
class Parametrisation:
    r"""Exponents of widths: multipliers a, initial scales b, learning rate c.

    Parameters
    ----------
    a, b : array_like, shape (L + 1,)
        Exponents of the layers 1..L + 1.
    c : float
        Exponent of the learning rate.

    Attributes
    ----------
    a, b : ndarray, shape (L + 1,)
        The exponents.
    c : float
        The exponent of the learning rate.
    depth : int
        L, hidden layers.
    exponent : float
        r: features move by n to the minus r in a step.
    stable, nontrivial : bool
        Whether activations and outputs stay bounded; whether the output moves in the limit.
    feature_learning, kernel_regime : bool
        Whether features move in the limit, or the kernel at the start is all that trains.

    Raises
    ------
    ValueError
        Fewer than two layers, or vectors of different lengths.

    References
    ----------
    yang2021tensor

    Examples
    --------
    >>> from solvable.solvers import Parametrisation
    >>> mup = Parametrisation([-0.5, 0.5], [0.5, 0.5], 0.0)
    >>> mup.exponent, mup.stable, mup.feature_learning
    (0.0, True, True)
    """

    a: Any
    b: Any
    c: Any

    @within_range
    def __post_init__(self) -> None:
        """Check shapes."""
        for name in ("a", "b"):
            array = as_finite(name, getattr(self, name))
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        object.__setattr__(self, "c", as_scalar("c", self.c))
        if self.a.ndim != 1 or self.a.size < 2:
            raise refuse("a.shape", self.a.shape, "it must be a vector with one entry for each of at least two layers")
        if self.b.shape != self.a.shape:
            raise refuse("b.shape", self.b.shape, f"it must be {self.a.shape}, as a")

    @property
    def depth(self) -> int:
        """L, the number of hidden layers."""
        return int(self.a.size) - 1

    def _rounded(self, number: float) -> float:
        """Zero where a sum of exponents vanishes to rounding."""
        size = max(float(np.abs(self.a).max()), float(np.abs(self.b).max()), abs(self.c), 1.0)
        return 0.0 if abs(number) <= _TOLERANCE * size else float(number)

    @property
    def exponent(self) -> float:
        r"""r: features move by :math:`n^{-r}` in a step of SGD.

        :math:`r=\min(a_{L+1}+b_{L+1},2a_{L+1}+c)+c-1+\min_{l\le L}[2a_l+1_{l=1}]`.
        """
        inner = 2 * self.a[:-1]
        inner[0] += 1
        last = min(self.a[-1] + self.b[-1], 2 * self.a[-1] + self.c)
        return self._rounded(float(last + self.c - 1 + inner.min()))

    def violated(self) -> tuple[str, ...]:
        """Name the conditions of stability that fail, each with its value.

        Returns
        -------
        tuple of str
            Empty where the parametrisation is stable.

        References
        ----------
        yang2021tensor

        Examples
        --------
        >>> from solvable.solvers import Parametrisation
        >>> Parametrisation([0.0, 0.0], [0.0, 0.5], 0.0).violated()[0]
        'the output moves in a step: 2a_{L+1} + c = 0, it must be at least 1'
        """
        a, b, c, r = self.a, self.b, self.c, self.exponent
        found = []
        if self._rounded(a[0] + b[0]) != 0:
            found.append(f"the first layer at the start: a_1 + b_1 = {a[0] + b[0]:g}, it must be 0")
        for l in range(1, self.depth):
            if self._rounded(a[l] + b[l] - 0.5) != 0:
                found.append(f"layer {l + 1} at the start: a_{l + 1} + b_{l + 1} = {a[l] + b[l]:g}, it must be 1/2")
        if self._rounded(a[-1] + b[-1] - 0.5) < 0:
            found.append(f"the output at the start: a_{{L+1}} + b_{{L+1}} = {a[-1] + b[-1]:g}, it must be at least 1/2")
        if r < 0:
            found.append(f"features move in a step: r = {r:g}, it must not be negative")
        if self._rounded(2 * a[-1] + c - 1) < 0:
            found.append(f"the output moves in a step: 2a_{{L+1}} + c = {2 * a[-1] + c:g}, it must be at least 1")
        moved = a[-1] + b[-1] + r
        if self._rounded(moved - 1) < 0:
            found.append(f"the output moves by the features: a_{{L+1}} + b_{{L+1}} + r = {moved:g}, at least 1")
        return tuple(found)

    @property
    def stable(self) -> bool:
        """Whether activations and outputs stay bounded as the width grows, at the start and in training."""
        return not self.violated()

    def _demand_stability(self) -> None:
        found = self.violated()
        if found:
            raise refuse("parametrisation", self, f"it is unstable ({found[0]}), and only stable ones are of one sort")

    @property
    def nontrivial(self) -> bool:
        """Whether the output of a stable parametrisation moves at all in the limit."""
        self._demand_stability()
        a, b = self.a[-1], self.b[-1]
        return self._rounded(2 * a + self.c - 1) == 0 or self._rounded(a + b + self.exponent - 1) == 0

    @property
    def feature_learning(self) -> bool:
        """Whether features of a stable, nontrivial parametrisation move in the limit: r = 0."""
        return self.nontrivial and self.exponent == 0

    @property
    def kernel_regime(self) -> bool:
        """Whether a stable, nontrivial parametrisation trains as its kernel at the start: r > 0."""
        return self.nontrivial and self.exponent > 0

    def shift(self, theta: float) -> Parametrisation:
        r"""Return (a + theta, b - theta, c - 2 theta): the same functions along all of training.

        Parameters
        ----------
        theta : float
            Any number.

        Returns
        -------
        Parametrisation
            With the same exponent, stability and sort.

        Raises
        ------
        ValueError
            A number that is not finite.

        References
        ----------
        yang2021tensor

        Examples
        --------
        >>> from solvable.solvers import parametrisation
        >>> shifted = parametrisation("mup", 2).shift(0.5)
        >>> shifted.a, shifted.b, shifted.c
        (array([0. , 0.5, 1. ]), array([0., 0., 0.]), -1.0)
        """
        moved = as_scalar("theta", theta)
        return Parametrisation(self.a + moved, self.b - moved, self.c - 2 * moved)


@within_range
def parametrisation(name: str, depth: int) -> Parametrisation:
    r"""Return a parametrisation by its name.

    ``"ntk"``: :math:`a=(0,\frac12,\dots)`, b = 0, c = 0. ``"standard"``: a = 0, :math:`b=(0,\frac12,\dots)` and c = 1,
    the largest learning rate at which it is stable (c = 0 is not). ``"mup"`` (maximal update):
    :math:`a=(-\frac12,0,\dots,0,\frac12)`, :math:`b=\frac12`, c = 0. ``"mean-field"``: one hidden layer, a = (0, 1),
    b = 0, c = -1, which is ``"mup"`` shifted by one half.

    Parameters
    ----------
    name : {"ntk", "standard", "mup", "mean-field"}
        Which one.
    depth : int
        L, hidden layers; 1 for ``"mean-field"``.

    Returns
    -------
    Parametrisation
        Its exponents.

    Raises
    ------
    ValueError
        Another name, a depth below 1, a deep mean-field network.

    References
    ----------
    yang2021tensor

    Examples
    --------
    >>> from solvable.solvers import parametrisation
    >>> [parametrisation(name, 2).exponent for name in ("ntk", "standard", "mup")]
    [0.5, 0.5, 0.0]
    """
    as_choice("name", name, _NAMES)
    L = as_whole("depth", depth, 10**6)
    half, nothing = np.full(L + 1, 0.5), np.zeros(L + 1)
    if name == "mean-field":
        if L != 1:
            raise refuse("depth", depth, "the mean-field parametrisation is one of a single hidden layer")
        return Parametrisation([0.0, 1.0], nothing, -1.0)
    inner = half.copy()
    inner[0] = 0.0
    if name == "ntk":
        return Parametrisation(inner, nothing, 0.0)
    if name == "standard":
        return Parametrisation(nothing, inner, 1.0)
    a = np.zeros(L + 1)
    a[0], a[-1] = -0.5, 0.5
    return Parametrisation(a, half, 0.0)
