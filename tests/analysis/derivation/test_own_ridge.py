"""An effective ridge by the author's own equation: degrees of freedom in it, and beside it, are taken at that ridge."""

from __future__ import annotations

import pytest

from solvable import check

TOP = r"\sigma^2\frac{\operatorname{df}_2(\kappa)}{n-\operatorname{df}_2(\kappa)},"
RIGHT = [
    r"\quad\text{where }\kappa\text{ solves } 1-\frac{\lambda}{\kappa}=\frac1n\operatorname{df}_1(\kappa)",
    r"\quad \kappa = \lambda + \frac{\kappa}{n}\operatorname{df}_1(\kappa)",
    r"\quad \kappa = \frac{\lambda}{1-\operatorname{df}_1(\kappa)/n}",
    r"\quad n = n\lambda/\kappa + \operatorname{df}_1(\kappa)",
    r"\quad \lambda = \kappa\bigl(1-\operatorname{df}_1(\kappa)/n\bigr)",
]


@pytest.mark.parametrize("equation", RIGHT)
def test_an_equation_in_df1_of_kappa_is_solved_for_kappa(equation: str) -> None:
    assert check(TOP + equation, against="ridge/variance", budget=0, latex=True).outcome.value == "AGREES"


@pytest.mark.parametrize("equation", RIGHT)
def test_a_wrong_one_counts_where_kappa_stands_in_df2_alone(equation: str) -> None:
    wrong = TOP + equation.replace(r"\lambda", r"2\lambda")
    assert check(wrong, against="ridge/variance", budget=0, latex=True).outcome.value == "DISAGREES"
