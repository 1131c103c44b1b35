"""The value of an integrand at zero, where the Marchenko-Pastur law has an atom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["value_at_zero"]


def value_at_zero(precise: Callable[[Any, Mapping[Any, Any]], Any], body: Any, given: Mapping[Any, Any]) -> float:
    """Value at zero, the limit from above where it is 0/0 as written."""
    import mpmath as mp

    x = body.variables[0]
    try:
        return float(precise(body.expr, {**given, x: mp.mpf(0)}))
    except (ArithmeticError, ValueError, TypeError):
        pass
    with mp.workdps(200):
        close, closer = (precise(body.expr, {**given, x: mp.mpf(10) ** -digits}) for digits in (60, 65))
    if abs(close - closer) > mp.mpf(10) ** -12 * max(1, abs(closer)):
        raise ArithmeticError("an integrand without a limit at zero, where the law has an atom")
    return float(closer)
