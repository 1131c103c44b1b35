"""Powers, roots and conditions as parts of a formula that is read."""

from __future__ import annotations

from typing import Any

import numpy as np

from solvable.analysis.derivation.operators import as_value

__all__ = ["counted", "digits", "is_condition", "rooted"]


def counted(part: Any) -> Any:
    """A condition in a product or a sum counts one where it holds, as in Python."""
    import sympy as sp

    return sp.Piecewise((1, part), (0, True)) if is_condition(part) else part


def is_condition(part: Any) -> bool:
    """Whether a part is a condition; to sympy a symbol could be one."""
    import sympy as sp

    logic = sp.logic.boolalg
    return isinstance(part, sp.core.relational.Relational | logic.BooleanFunction | logic.BooleanAtom)


def rooted(base: Any) -> Any:
    """What stands under a root: the root of a square is the absolute value."""
    import sympy as sp

    even = any(isinstance(f, sp.Pow) and (f.exp / 2).is_integer for f in sp.Mul.make_args(base))
    return as_value(base) if even else base


def digits(number: Any) -> float:
    """Decimal digits of a number's numerator and denominator."""
    return float(abs(np.log10(max(abs(complex(number.evalf(15))), 1e-300)))) + 1
