"""Functions of a formula's tree by their names in sympy: in mpmath, in numpy and in scipy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["IN_MPMATH", "IN_NUMPY", "LARGE_SOON", "has_values", "in_scipy"]

LARGE_SOON = ("gamma", "loggamma", "factorial", "binomial", "beta", "lowergamma", "uppergamma")

IN_NUMPY = {"Abs": "abs", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh",
            "atanh": "arctanh", "ceiling": "ceil"}  # fmt: skip
_IN_SCIPY = {"gamma": "gamma", "beta": "beta", "binomial": "binom", "LambertW": "lambertw", "factorial": "factorial",
             "loggamma": "gammaln", "besseli": "iv", "besselj": "jv", "besselk": "kv", "erf": "erf", "erfc": "erfc",
             "zeta": "zeta", "erfinv": "erfinv", "erfcinv": "erfcinv", "polygamma": "polygamma",
             "hyp1f1": "hyp1f1", "hyp2f1": "hyp2f1"}  # fmt: skip
# with the arguments of sympy's
IN_MPMATH: dict[str, Callable[..., Any]] = {
    "Abs": lambda mp, x: mp.fabs(x),
    "log": lambda mp, x: mp.ln(x),
    "LambertW": lambda mp, x, branch=0: mp.lambertw(x, int(branch)),
    "ceiling": lambda mp, x: mp.ceil(x),
    "erfcinv": lambda mp, x: mp.erfinv(1 - x),
    "lowergamma": lambda mp, a, x: mp.gammainc(a, 0, x),
    "uppergamma": lambda mp, a, x: mp.gammainc(a, x),
    "betainc_regularized": lambda mp, a, b, low, high: mp.betainc(a, b, low, high, regularized=True),
}


def has_values(name: str) -> bool:
    """Whether a function of sympy, by its name, is evaluated."""
    import mpmath as mp

    return name in ("Max", "Min", "Heaviside", *IN_MPMATH) or hasattr(mp, name)


def in_scipy(name: str) -> Callable[..., Any] | None:
    """Return the function on arrays, or None."""
    from scipy import special

    if name in ("lowergamma", "uppergamma"):
        share = special.gammainc if name == "lowergamma" else special.gammaincc
        return lambda a, x: share(a, x) * special.gamma(a)
    if name == "betainc_regularized":
        return lambda a, b, low, high: special.betainc(a, b, high) - special.betainc(a, b, low)
    found: Callable[..., Any] | None = getattr(special, _IN_SCIPY[name]) if name in _IN_SCIPY else None
    return found
