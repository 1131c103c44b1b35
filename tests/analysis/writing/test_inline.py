"""Mathematics inside sentences: what is a formula, what is a word, and that every sentence of a claim survives."""

import re
from html import escape

import pytest

from solvable.analysis import claims
from solvable.analysis.writing.inline import typeset_inline

PIECE = re.compile(r"\\\((.*?)\\\)", re.S)


def typeset(text):
    return typeset_inline(text, str, r"\({}\)".format)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("a line, I say (a) at 1e-16", "a line, I say (a) at 1e-16"),
        ("falls as σ²n/(d − n).", r"falls as \(σ^{2}n/(d − n)\)."),
        ("when K ≤ d + 1.", r"when \(K\) \({≤}\;d\) \({+}\;1\)."),
        (
            "the root √(λ_Wλ_H), √5 and λ_{max}",
            r"the root \(\sqrt{λ_Wλ_H}\), \(\sqrt{5}\) and \(λ_{\operatorname{max}}\)",
        ),
        ("Xᵀŵ < k", r"\(X^{T}\hat{w}\) \({<}\;k\)"),
        ("½‖β‖²_Σ", r"\(\tfrac{1}{2}\Vert β\Vert ^{2}_{\rm Σ}\)"),
        ("xₜ₊₁ and W_{j+1}ᵀ", r"\(x_{t+1}\) and \(W_{j+1}^{T}\)"),
        ("Q_{α_{t+1}}, S_{ij}", r"\(Q_{α_{t+1}}\), \(S_{ij}\)"),
        ("e^{2λ_H t} i^{-1.5}", r"\(e^{2λ_H t}\) \(i^{-1.5}\)"),
        ("over ln(1/ridge), the head's n-th", r"over ln(1/ridge), the head's \(n\)-th"),
        ("d samples (n of them)", r"\(d\) samples (\(n\) of them)"),
        ("**x** is *d*: n_features", "**x** is *d*: n_features"),
        ("d\nn", "\\(d\\)\n\\(n\\)"),
        ("in 0.2 s, s is large", r"in 0.2 s, \(s\) is large"),
        (
            "x86 at 1e±300, [n](page.md), -mean of transition-at-d",
            "x86 at 1e±300, [n](page.md), -mean of transition-at-d",
        ),
        ("minimum-ℓ₂ and ℓ₂-regularised", r"minimum-\(ℓ_{2}\) and \(ℓ_{2}\)-regularised"),
        ("Candès, Itô: a step = 3 of ridge − 1", "Candès, Itô: a step = 3 of ridge − 1"),
        ("½‖Xw − y‖² − dL/dt", r"\(\tfrac{1}{2}\Vert Xw\) \({−}\;y\Vert ^{2}\) \({−}\;dL/dt\)"),
        ("a = k − z, but a ridge", r"\(a\) \({=}\;k\) \({−}\;z\), but a ridge"),
        ("(for each σ) and (n of λ)", r"(for each \(σ\)) and (\(n\) of \(λ\))"),
        ("as ln t, 2/tr H", r"as \(\operatorname{ln} t\), \(2/\operatorname{tr} H\)"),
        ("λ/(1 − output), prior·e^{−λ}", r"\(λ/(1 − \operatorname{output})\), \(\operatorname{prior}·e^{−λ}\)"),
        ("E[∇F]ᵀ, ⌊k/T⌋, 10⁻³", r"\(E[∇F]^{T}\), \(⌊k/T⌋\), \(10^{−3}\)"),
    ],
)
def test_letters_and_signs_are_mathematics_and_words_are_words(text, made):
    assert typeset(text) == made


def test_words_and_formulas_are_made_markup_of_each_by_its_own_rule():
    assert typeset_inline("see < x² & (c)", escape, lambda tex: f"<i>{tex}</i>") == ("see &lt; <i>x^{2}</i> &amp; (c)")


SENTENCES = [text for claim in claims() for text in (claim.statement, claim.assumptions, claim.reason) if text]


def test_every_sentence_keeps_its_words_and_every_piece_is_balanced():
    for text in SENTENCES:
        made = typeset(text)
        words = re.findall(r"[A-Za-z]{3,}", re.sub(r"[_^]\{[^{}]*\}", " ", text))
        kept = re.findall(r"[A-Za-z]{3,}", re.sub(r"\\[A-Za-z]+|[_^]\{[^{}]*\}", " ", made))
        missing = set(words) - set(kept)
        assert not missing, (text, made)
        for piece in PIECE.findall(made):
            depth = [piece[:i].count("{") - piece[:i].count("}") for i in range(len(piece) + 1)]
            assert min(depth) == depth[-1] == 0, piece
            assert not re.search("[⁰¹²³⁴⁻ᵀ₀-₉√½‖]|\\^\\^|__", piece), piece
