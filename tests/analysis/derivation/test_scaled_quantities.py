"""Right equations for a function of a claim's quantity are never rejected as slips, whatever stands left of them."""

import random

import pytest
from judged import outcome

OURS = r"\frac{\sigma^2(1+\kappa)^2+\kappa^2\|\beta\|^2}{(1+\kappa)^2-\gamma}"
KAPPA = r",\qquad \kappa=\frac{\gamma+\lambda-1+\sqrt{(1-\gamma-\lambda)^2+4\lambda}}{2}"
KURTOSIS = r"3\left(1+\frac1n\left(\frac{6(1+s^4)}{(1+s^2)^2}-1\right)\right)^{l-1}"
QUANTITIES = [
    ("ridge/isotropic-test-error", r"\mathbb E(y-x^\top\hat\beta_\lambda)^2", OURS, KAPPA, (r"\gamma", r"\sigma^2")),
    ("wide-networks/kurtosis-product", r"\frac{\mathbb E z^4}{(\mathbb E z^2)^2}", KURTOSIS, "", ("n", "s^2")),
]


def _scaled(member: str, ours: str, names: tuple[str, ...], draw: random.Random) -> list[tuple[str, str]]:
    """Right equations for a function of a quantity; in the first ones the function is hidden in the mean."""
    a, b, c = draw.choice(names), draw.choice(names), draw.choice(["2", "5", r"\tfrac13"])
    hidden = [rf"{c}\Bigl({ours}\Bigr)", rf"{a}\Bigl({ours}\Bigr)", rf"\frac{{1}}{{{a}}}\Bigl({ours}\Bigr)",
              rf"\Bigl({ours}\Bigr)^2", rf"\sqrt{{{ours}}}", rf"{a}\sqrt{{{ours}}}", rf"\log\Bigl({ours}\Bigr)",
              rf"1-\Bigl({ours}\Bigr)", rf"{ours}-{a}", rf"{ours}+{b}", rf"\frac{{1}}{{{ours}}}",
              rf"{a}{b}\Bigl({ours}\Bigr)^2", rf"-\Bigl({ours}\Bigr)", rf"\exp\Bigl({ours}\Bigr)"]  # fmt: skip
    shown = [(rf"{a}\,{member}", rf"{a}\Bigl({ours}\Bigr)"), (rf"\frac{{{member}}}{{{a}}}", rf"\frac{{{ours}}}{{{a}}}"),
             (rf"1-{member}", rf"1-\Bigl({ours}\Bigr)"), (rf"\log {member}", rf"\log\Bigl({ours}\Bigr)"),
             (rf"\sqrt{{{member}}}", rf"\sqrt{{{ours}}}"), (rf"\frac{{1}}{{{member}}}", rf"\frac{{1}}{{{ours}}}"),
             (rf"{a}+{b}\,{member}", rf"{a}+{b}\Bigl({ours}\Bigr)"), (rf"{member}-{a}", rf"{ours}-{a}"),
             (rf"{c}\,{member}", rf"{c}\Bigl({ours}\Bigr)"), (rf"e^{{{member}}}", rf"\exp\Bigl({ours}\Bigr)"),
             (rf"\frac{{{a}}}{{{b}}}{member}", rf"\frac{{{a}}}{{{b}}}\Bigl({ours}\Bigr)")]  # fmt: skip
    return [*((member, right) for right in hidden), *shown]


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("claim", "member", "ours", "behind", "names"), QUANTITIES)
def test_right_ones_of_a_scaled_quantity_are_never_rejected(
    claim: str, member: str, ours: str, behind: str, names: tuple[str, ...], seed: int
) -> None:
    """100 equations: c R, R/c, R^2, log R, R - c; they are right for what their left member is, and refused or read."""
    for left, right in _scaled(member, ours, names, random.Random(seed)):
        assert outcome(f"{left} = {right}{behind}", claim) in ("refused", "AGREES"), f"{left} = {right}"
