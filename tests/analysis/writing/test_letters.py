"""Every letter of a claim's statement is defined where the claim is shown."""

import re
import unicodedata
from collections import Counter

import pytest

from solvable.analysis.writing.conventions import vocabularies
from solvable.analysis.writing.inline import typeset_inline
from solvable.analysis.writing.letters import declared, letters
from solvable.index import claim_entry, families, family_entries

# what all of mathematics shares: mean, order, e, π, indices
GENERAL = set("EOeπij")
# of a sign that is also something else, where it is what all of mathematics shares: norms ℓₚ, sums
COMMON = {"ℓ": r"ℓ[₁₂ₚ]", "Σ": r"(?<![_⁻¹])(?<!tr )Σ(?![⁻A-Z]|_t)"}
FUNCTIONS = "arccos|det|diag|dist|exp|ln|log|max|min|tanh|tr|df"
# words that stand beside a letter and do not say what it is
OTHERS = (
    "about|above|after|against|all|along|and|any|are|around|average|because|before|below|beside|between|beyond|both|"
    "bounded|but|costs?|each|equals?|errs|exactly|exceeds?|falls|first|follows?|for|from|gains?|given|grows|has|have|its|"
    "keeps?|least|less|like|loses?|many|minus|more|most|near|nearly|needs?|not|off|once|only|over|per|plus|reaches|rises|"
    "same|say|shares|since|stays|takes?|tends?|than|that|the|their|then|this|three|four|through|times|towards|two|under|"
    "until|what|when|where|whatever|while|with|within|without"
)


def said(letter, text):
    """Whether a sentence says itself what a letter is: c = ..., "scale α", "n samples", "η the step"."""
    sign = rf"(?<![\w^{{]){letter}(?:[₀-₉ⱼᵢ]|_\w|_\{{\w+\}})?(?:\(\w+\))?"
    noun = rf"(?!(?:{OTHERS}|{FUNCTIONS})\b)[a-z]{{3,}}"
    ways = (
        rf"{sign} [=∈] ",
        rf"\b{noun} {sign}(?![\w₀-₉/(^_])",
        rf"{sign} {noun}",
        rf"{sign},? (?:the|an?|its|their) [a-z]",
    )
    return any(re.search(way, text) for way in ways)


def undefined(statement, rows):
    """Letters that neither the rows beside a statement, nor itself, nor all of mathematics define."""
    told = set()
    for row in rows:
        sign, _, meaning = row.partition(": ")
        bare = re.sub(rf"_\{{\w+\}}|_\w|{FUNCTIONS}", " ", unicodedata.normalize("NFD", sign.partition(" (")[0]))
        signed = set(re.findall(r"[A-Za-zͰ-Ͽℓ]", bare))
        # an argument that is a compound, tr Γ⁻¹ΛΓ⁻¹Σ, leaves its letters open
        told |= signed if len(signed) == 1 or " (" not in sign else set()
        told |= {letter for letter in letters(meaning) if said(letter, meaning)}
    left = letters(statement) - GENERAL - told
    left -= {letter for letter in left & set(COMMON) if letter not in re.sub(COMMON[letter], "", statement)}
    return {letter for letter in left if not said(letter, statement)}


@pytest.mark.parametrize("family", families())
def test_every_letter_of_a_statement_is_defined_where_it_is_shown(family):
    shown = [claim_entry(entry["name"]) for entry in family_entries(family)]
    assert not {item["name"]: left for item in shown if (left := undefined(item["statement"], item["symbols"]))}


@pytest.mark.parametrize(
    ("statement", "rows", "left"),
    [
        ("The learned skip is c = βA/D.", [], {"β", "A", "D"}),
        ("The learned skip is c = βA/D.", ["β (beta): coefficient", "A: λ + σ²", "D: β²A"], set()),
        ("With n samples at scale α the rest is m = d − n.", [], {"d"}),
        ("The risk is tr ΣQ.", ["tr ΓQ (trace): a trace"], {"Σ", "Q"}),
        ("The risk is Σs_i with the least ℓ₁ norm.", ["s: eigenvalues"], set()),
        ("The exponent (1 − b)ℓ with P(a ≤ b) and Q + I.", ["a: a", "b: b", "Q: Q"], {"ℓ", "P", "I"}),
        ("The slope dL/dτ is E[φ(u)]ᵀ.", ["τ (temperature): temperature"], {"φ", "u"}),
        ("A law of λ_{max} and xᵀWz.", ["λ_{max}: largest eigenvalue"], {"x", "W", "z"}),
        ("The ridge is λ/n.", ["δ (ridge): un-normalised ridge; papers' normalised λ = δ/n"], {"n"}),
    ],
)
def test_a_letter_that_nothing_defines_is_found(statement, rows, left):
    assert undefined(statement, rows) == left


@pytest.mark.parametrize("family", vocabularies())
def test_every_row_of_notation_is_shown_once_and_typeset(family):
    rows = declared(family)
    entries = [claim_entry(entry["name"]) for entry in family_entries(family)]
    names = {item["name"].rpartition("/")[2]: item for item in entries}
    for row in rows:
        meant = [names[name] for name in row.claims] or entries
        shown = [any(re.fullmatch(rf"{re.escape(row.sign)}(?: \(\w+\))?: {re.escape(row.meaning)}", told)
                     for told in item["symbols"]) for item in meant]  # fmt: skip
        assert all(shown) if row.claims else any(shown), row
        assert not re.search(r"[_^]", typeset_inline(row.meaning, str, lambda _tex: " ")), row.meaning
    twice = Counter((row.sign, name) for row in rows for name in row.claims or ("",))
    assert max(twice.values(), default=1) == 1, twice.most_common(1)


def test_a_row_of_the_claim_comes_before_one_of_the_family_and_replaces_a_shared_meaning():
    assert "n (n): dimension of the points" in claim_entry("denoising/missing-directions")["symbols"]
    assert "n (n): sites" in claim_entry("factorised/potential-increments")["symbols"]  # no letter of its sentence
    assert "n (n): samples" in claim_entry("denoising/learned-field-skip")["symbols"]
