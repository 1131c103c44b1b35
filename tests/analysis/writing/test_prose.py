"""Sentences: plural of one, indices and powers on pages, and one way to write mathematics in every claim."""

import re

import pytest

from solvable.analysis import claims
from solvable.analysis.writing.prose import counted, typeset


@pytest.mark.parametrize(("number", "text"), [(0, "0 cells"), (1, "1 cell"), (2, "2 cells"), (1234, "1,234 cells")])
def test_counted(number, text):
    assert counted(number, "cell") == text


@pytest.mark.parametrize(
    ("plain", "html"),
    [
        ("s_i", "s<sub>i</sub>"),
        ("λ_max(H_iH_j)", "λ<sub>max</sub>(H<sub>i</sub>H<sub>j</sub>)"),
        ("2λ_H", "2λ<sub>H</sub>"),
        ("λ_HI", "λ<sub>H</sub>I"),
        ("s_ib_i", "s<sub>i</sub>b<sub>i</sub>"),
        ("S_ij", "S<sub>ij</sub>"),
        ("‖β‖²_Σ", "‖β‖²<sub>Σ</sub>"),
        ("W_{j+1}ᵀ", "W<sub>j+1</sub>ᵀ"),
        ("Q_{α_t}", "Q<sub>α<sub>t</sub></sub>"),
        ("e^{2λ_H t}", "e<sup>2λ<sub>H</sub> t</sup>"),
        ("i^-1.5 with n^b", "i<sup>-1.5</sup> with n<sup>b</sup>"),
        ("step_size and noise_variance", "step_size and noise_variance"),
        ("n_features", "n_features"),
        ("__name__", "__name__"),
    ],
)
def test_typeset(plain, html):
    assert typeset(plain) == html


@pytest.mark.parametrize("claim", claims(), ids=lambda claim: claim.name)
def test_claims_write_mathematics_in_unicode(claim):
    """No LaTeX, no spelt-out Greek, no code: a terminal, the report and the site show the same sentence."""
    text = f"{claim.statement} {claim.assumptions}"
    greek = "alpha|beta|gamma|delta|epsilon|kappa|lambda|lam|mu|nu|rho|sigma|theta|omega|lW|lH|sqrt|noise_variance"
    assert not re.search(rf"\b(?:{greek})\b|\$|\\|\|\||<=|>=|\^\(|\bl[12]\b|\d\*", text)
    left = re.sub(r"<[^>]*>", "", typeset(text))
    assert "_" not in left
    assert "^" not in left
    assert not text.startswith("...")
