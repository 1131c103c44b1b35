"""Sentences: plural of one, and one way to write mathematics in every claim."""

import re

import pytest
from sentences import ROOT, captions, pages

from solvable.analysis import claims
from solvable.analysis.writing.conventions import convention_table
from solvable.analysis.writing.inline import typeset_inline
from solvable.analysis.writing.prose import counted
from solvable.figures import figures


@pytest.mark.parametrize(("number", "text"), [(0, "0 cells"), (1, "1 cell"), (2, "2 cells"), (1234, "1,234 cells")])
def test_counted(number, text):
    assert counted(number, "cell") == text


@pytest.mark.parametrize("claim", claims(), ids=lambda claim: claim.name)
def test_claims_write_mathematics_in_unicode(claim):
    """No LaTeX, no spelt-out Greek, no code: a terminal, the report and the site show the same sentence."""
    text = f"{claim.statement} {claim.assumptions}"
    greek = "alpha|beta|gamma|delta|epsilon|kappa|lambda|lam|mu|nu|rho|sigma|theta|omega|lW|lH|sqrt|noise_variance"
    assert not re.search(rf"\b(?:{greek})\b|\$|\\|\|\||<=|>=|\^\(|\bl[12]\b|\d\*", text)
    assert not unclear(text)
    assert not text.startswith("...")


@pytest.mark.parametrize(
    "text", ["S_ij", "λ_HI", "λ_max", "K_NTK", "g_ig_i", "x_12", "max_j x", "e^2t", "n^−ℓ", "i^-1.5"]
)
def test_what_could_be_split_in_two_ways_is_not_typeset_but_refused(text):
    """Only the sign of a single letter is clear without braces; the rest stays a word, and `unclear` finds it."""
    assert unclear(text)


def unclear(text):
    """Words with signs of indices and powers that were not taken for mathematics."""
    return re.findall(r"\S*[_^]\S*", typeset_inline(text, str, lambda _tex: " "))


def test_the_convention_table_is_clear():
    for rows in convention_table().values():
        for symbol, _, meaning in rows:
            assert not unclear(symbol), symbol
            assert not unclear(re.sub(r"`[^`]*`", "", meaning)), meaning


@pytest.mark.parametrize(("page", "parts"), list(pages()), ids=lambda part: part if isinstance(part, str) else "")
def test_theory_pages_are_clear(page, parts):
    # names of Python that are no prose stand in backquotes
    assert not [found for part in parts for found in unclear(part)], page


def test_captions_are_clear():
    found = list(captions())
    assert len(found) > 20
    assert not [(name, left) for name, text in found for left in unclear(text)]


def formulas(text):
    found = []
    typeset_inline(text, str, lambda tex: found.append(tex) or "")
    return found


def test_titles_of_figures_are_words():
    """They are headings, links, alternative texts and lines on a terminal, where nothing is typeset."""
    assert {item.name: found for item in figures() if (found := formulas(item.title))} == {}


def test_headings_of_notebooks_are_words_and_latex():
    headings = [(path.name, line) for path in sorted((ROOT / "notebooks").glob("*.py"))
                for line in re.findall(r"^# #+ (.*)", path.read_text(), re.M)]  # fmt: skip
    assert len(headings) > 60
    assert [(name, line) for name, line in headings if formulas(re.sub(r"\$[^$]+\$", "", line))] == []
