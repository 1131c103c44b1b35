r"""What `show` and the pages print of a claim is read: symbols as they are typeset, and sentences around formulas."""

from __future__ import annotations

import pytest

import solvable
from solvable import check
from solvable.analysis.derivation.formula import read_formula
from solvable.analysis.derivation.translation import known_names
from solvable.analysis.writing.conventions import written_symbols

AMBIGUOUS = {  # two symbols of one claim have the letter, or it is a constant
    ("exponent", "a"), ("target_exponent", "b"), ("steps", "k"), ("share", r"\pi"), ("rows", "n_{0}/d"),
    ("kept", "n_{0}/d"), ("ratio", r"{\tfrac{k}{n}}"),
}  # fmt: skip
UNREAD = {  # in letters that the claim does not have
    ("cap", r"s^{2}\ln(1/\alpha^{2})/4"), ("snr", r"{\|\beta\|^{2}/\sigma^{2}}"), ("spread", r"\varsigma"),
}  # fmt: skip


def _symbols():
    seen = set()
    for claim in solvable.claims():
        known = known_names(claim) or set()
        for name, every in written_symbols(claim).items():
            for latex in every if name in known else ():
                if (claim.name.partition("/")[0], name, latex) not in seen:
                    seen.add((claim.name.partition("/")[0], name, latex))
                    yield claim, name, latex


def test_each_symbol_is_read_as_it_is_typeset():
    """Some 600 symbols of 21 families, once in each family; `\varphi` and `\varepsilon` had been refused."""
    wrong, count = [], 0
    for claim, name, latex in _symbols():
        count += 1
        if (name, latex) in AMBIGUOUS | UNREAD:
            continue
        try:
            found = read_formula(f"{latex}+1", claim, latex=True).expression
            if name not in {str(symbol) for symbol in found.free_symbols}:
                wrong.append((claim.name, name, latex, str(found)))
        except ValueError as refusal:
            wrong.append((claim.name, name, latex, str(refusal)))
    assert count > 300
    assert not wrong


@pytest.mark.parametrize(
    ("claim", "formula"),
    [
        ("ridge/isotropic-ridgeless-variance", r"$\sigma^2 c/(1-c)$ with $c=d/n$"),
        ("ridge/isotropic-ridgeless-variance", r"$\sigma^2 c/(1-c)$, where $c=d/n$."),
        ("ridge/isotropic-ridgeless-variance", r"\(\sigma^2 c/(1-c)\) for \(c=d/n\)"),
        ("ridge/isotropic-ridgeless-variance", r"\begin{aligned}V &= \sigma^2 c/(1-c), \\[4pt] c&=r, \\[4pt] r&=s, "
         r"\\[4pt] s&=d/n, \\[4pt] &c<1\end{aligned}"),
        ("denoising/missing-directions", r"$2\left(\frac1m+\frac1{n-d}\right)^{-1}$ with $m = d-N$"),
        ("feature-learning/linear-train", r"\frac{e^{-2(1+\gamma)t}\,I_1(4\sqrt\gamma t)}{2\sqrt\gamma\,t}, \quad "
         r"I_1 \text{ the modified Bessel function of the first kind}"),
        ("denoising/contractive-equals-denoising", r"x+\tau^2\frac{d}{dx}\log p(x), \quad "
         r"p(x)=\frac{\exp(-x^2/(2(v+\tau^2)))}{\sqrt{2\pi(v+\tau^2)}}"),
        ("random-features/power-law-learning-curve", r"\lim_{n\to\infty}\frac{\log E_n}{\log n} = -(b-1)"),
        ("random-features/test-error", r"n\frac{(k-q)(S_1+\sigma^2)+(z-q)S_2}{(k-q)(n-q)-(z-q)^2}, \quad "
         r"z=\sum_i g_i,\ q=\sum_i g_i^2"),
    ],
)  # fmt: skip
def test_what_stands_in_a_sentence_is_read(claim, formula):
    assert check(formula, against=claim, latex=True, budget=0).outcome.name == "AGREES"


@pytest.mark.parametrize(
    "formula",
    [
        r"Twice the variance is $\sigma^2 c/(1-c)$ with $c=d/n$",
        r"$\sigma^2 c/(1-c)$ times $c$ with $c=d/n$",
        r"$\sigma^2 c/(1-c)$ with $c=d/n",
    ],
)
def test_words_that_could_mean_more_are_refused(formula):
    with pytest.raises(ValueError, match="not allowed"):
        check(formula, against="ridge/isotropic-ridgeless-variance", latex=True, budget=0)


def test_a_wrong_exponent_left_as_logarithms_disagrees():
    report = check(r"\lim_{n\to\infty}\frac{\log E_n}{\log n} = b-1",
                   against="random-features/power-law-learning-curve", latex=True, budget=0)  # fmt: skip
    assert not report


@pytest.mark.parametrize(
    ("claim", "formula", "named"),
    [
        ("factorised/subspace-loss", r"\Bigl(1-\frac dG\Bigr)\sum_{g=1}^{G}g", "g -> g**2"),
        ("neural-collapse/isotropic-attenuation", r"\frac Kd\Bigl(1+\frac{q}{\beta}\Bigr)^{-1}+\frac{d-K}{d}"
         r"\Bigl(1+\frac{\lambda_H}{\beta}\Bigr)^{-1}, \qquad q=\sqrt{\lambda_H/\lambda_W}", "power -1 -> -2"),
    ],
)  # fmt: skip
def test_slips_in_a_sum_and_in_every_power_are_named(claim, formula, named):
    assert named in check(formula, against=claim, latex=True, budget=0).sentence
