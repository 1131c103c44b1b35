"""Numbers as they are printed in a caption: 6×10⁻⁷ and not 6e-07."""

from __future__ import annotations

__all__ = ["scientific"]

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def scientific(value: float, digits: int = 1) -> str:
    """Round to significant digits; from 0.001 to 10,000 in plain digits, else with a power of ten."""
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = int(exponent)
    if value == 0 or -3 <= power < 4:
        return f"{float(f'{mantissa}e{power}'):,.{max(digits - 1 - power, 0)}f}"
    raised = f"10{str(power).translate(_RAISED)}"
    return raised if mantissa == "1" else f"{mantissa}×{raised}"
