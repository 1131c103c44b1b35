"""Mathematics inside sentences: what is a formula, what is a word, and that every sentence of a claim survives."""

import re
from html import unescape

import pytest

from solvable.analysis import claims
from solvable.analysis.writing.inline import typeset_inline

PIECE = re.compile(r"\\\((.*?)\\\)", re.S)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("a line, I say (a) at 1e-16", "a line, I say (a) at 1e-16"),
        ("falls as σ²n/(d − n).", r"falls as \(σ^{2}n/(d - n)\)."),
        ("when K ≤ d + 1.", r"when \(K\) \({≤}\;d\) \({+}\;1\)."),
        (
            "the root √(λ_Wλ_H), √5 and λ_{max}",
            r"the root \(\sqrt{λ_Wλ_H}\), \(\sqrt{5}\) and \(λ_{\operatorname{max}}\)",
        ),
        ("Xᵀŵ < k", r"\(X^{T}\hat{w}\) \({\lt }\;k\)"),
        ("over ln(1/ridge), the head's n-th", "over ln(1/ridge), the head&#x27;s n-th"),
        ("a < b & c", r"a &lt; \(b\) &amp; \(c\)"),
        ("d samples (n of them)", r"\(d\) samples (\(n\) of them)"),
    ],
)
def test_letters_and_signs_are_mathematics_and_words_are_words(text, made):
    assert typeset_inline(text) == made


SENTENCES = [text for claim in claims() for text in (claim.statement, claim.assumptions, claim.reason) if text]


def test_every_sentence_keeps_its_words_and_every_piece_is_balanced():
    for text in SENTENCES:
        made = typeset_inline(text)
        words = re.findall(r"[A-Za-z]{3,}", re.sub(r"[_^]\{[^{}]*\}", " ", text))
        kept = re.findall(r"[A-Za-z]{3,}", re.sub(r"\\[A-Za-z]+|[_^]\{[^{}]*\}", " ", unescape(made)))
        missing = set(words) - set(kept)
        assert not missing, (text, made)
        for piece in PIECE.findall(made):
            depth = [piece[:i].count("{") - piece[:i].count("}") for i in range(len(piece) + 1)]
            assert min(depth) == depth[-1] == 0, piece
            assert not re.search("[⁰¹²³⁴⁻ᵀ₀-₉√]|\\^\\^|__", piece), piece
