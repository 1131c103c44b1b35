"""Means over a normal vector of functions of its distance from a fixed one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from solvable import check
from solvable.analysis.derivation.latex_distances import mean_of_a_distance
from solvable.analysis.derivation.notation import read

CLAIM = "generalisation/prior-cumulant"
FORMS = [
    r"\mathbb E_{w\sim\mathcal N(0,\sigma_p^2I_d)}\Bigl[e^{\lambda\ell(w)}\Bigl(1+\frac{2\lambda\,\ell(w)}{n}\Bigr)"
    r"^{-n/2}\Bigr],\qquad \ell(w)=\sigma^2+\|w-w^*\|^2",
    r"\mathbb E_{\theta\sim\mathcal N(0,\sigma_p^2 I_d)}\left[e^{\lambda s_\theta}\Bigl(1+\frac{2\lambda s_\theta}{n}"
    r"\Bigr)^{-n/2}\right],\qquad s_\theta = \sigma^2+\|\theta-w_*\|^2",
    r"\mathbb E\left[e^{\lambda v_w}\Bigl(1+\frac{2\lambda v_w}n\Bigr)^{-n/2}\right],"
    r"\qquad v_w=\|w^*-w\|_2^2+\sigma^2,\quad w\sim N(0,\sigma_p^2 I_d)",
    r"\mathbb E_{\mathbf w}\bigl[e^{\lambda v}(1+2\lambda v/n)^{-n/2}\bigr],"
    r"\quad v=\sigma^2+\|\mathbf w-\mathbf{w}^*\|^2,\ \mathbf w\sim\mathcal N(0,\sigma_p^2\mathbf I_d)",
    r"\mathbb E_{w\sim\mathcal N(0,\sigma_p^2\mathbf I_d)}\Bigl[e^{\lambda(\sigma^2+\|w-w^\star\|^2)}"
    r"\Bigl(1+\frac{2\lambda(\sigma^2+\|w-w_*\|^2)}{n}\Bigr)^{-n/2}\Bigr]",
]


@pytest.mark.parametrize("formula", FORMS)
def test_a_mean_of_a_distance_is_read_and_what_is_wrong_in_it_counts(formula: str) -> None:
    assert check(formula, against=CLAIM, budget=0, latex=True).outcome.value == "AGREES"
    for right, wrong in ((r"\sigma_p^2", r"\sigma_p"), ("2\\lambda", "\\lambda"), ("_d)", "_n)")):
        if right in formula:
            report = check(formula.replace(right, wrong), against=CLAIM, budget=0, latex=True)
            assert report.outcome.value == "DISAGREES"


def test_a_vector_that_stands_elsewhere_is_refused() -> None:
    with pytest.raises(ValueError, match="norm of"):
        check(FORMS[0].replace(r"-w^*\|^2", r"-w^*\|^2+w"), against=CLAIM, budget=0, latex=True)
    with pytest.raises(ValueError, match="norm of"):  # two points: the distances depend on each other
        check(FORMS[-1].replace("w_*", "u_*"), against=CLAIM, budget=0, latex=True)


@pytest.mark.parametrize(("centre", "d"), [(0.0, 3.0), (1.7, 1.0), (0.4, 2.5), (6.0, 9.0)])
def test_the_law_of_a_distance_is_the_root_of_a_noncentral_chi_square(centre: float, d: float) -> None:
    v = 0.6
    expression = read(mean_of_a_distance("exp(-t**2/5)", "t", f"{centre or 0:g} | {v} | {d}")).expression
    t, low, high = expression.limits[0]
    found = integrate.quad(lambda x: float(expression.function.subs(t, x)), float(low), float(high), limit=200)[0]
    law = stats.ncx2(d, centre**2 / v) if centre else stats.chi2(d)
    assert found == pytest.approx(law.expect(lambda x: np.exp(-v * x / 5)), rel=1e-6)
