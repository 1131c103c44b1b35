"""Sentences: plural of one, indices and powers on pages, and one way to write mathematics in every claim."""

import ast
import re
from pathlib import Path

import pytest

import solvable
from solvable.analysis import claims
from solvable.analysis.writing.conventions import convention_table
from solvable.analysis.writing.prose import counted, typeset

SOURCE = Path(solvable.__file__).parent
ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(("number", "text"), [(0, "0 cells"), (1, "1 cell"), (2, "2 cells"), (1234, "1,234 cells")])
def test_counted(number, text):
    assert counted(number, "cell") == text


@pytest.mark.parametrize(
    ("plain", "html"),
    [
        ("s_i", "s<sub>i</sub>"),
        ("λ_{max}(H_{i}H_j)", "λ<sub>max</sub>(H<sub>i</sub>H<sub>j</sub>)"),
        ("2λ_H", "2λ<sub>H</sub>"),
        ("λ_{H}I", "λ<sub>H</sub>I"),
        ("nλ_Wλ_H", "nλ<sub>W</sub>λ<sub>H</sub>"),
        ("S_{ij}", "S<sub>ij</sub>"),
        ("K_{NTK}, W_{QK}, λ_{train}", "K<sub>NTK</sub>, W<sub>QK</sub>, λ<sub>train</sub>"),
        ("‖β‖²_Σ", "‖β‖²<sub>Σ</sub>"),
        ("‖H‖_F", "‖H‖<sub>F</sub>"),
        ("max_{j} x", "max<sub>j</sub> x"),
        ("W_{j+1}ᵀ", "W<sub>j+1</sub>ᵀ"),
        ("Q_{α_t}", "Q<sub>α<sub>t</sub></sub>"),
        ("Q_{α_{t+1}}", "Q<sub>α<sub>t+1</sub></sub>"),
        ("e^{2λ_H t}", "e<sup>2λ<sub>H</sub> t</sup>"),
        ("i^{-1.5} with n^b.", "i<sup>-1.5</sup> with n<sup>b</sup>."),
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


@pytest.mark.parametrize(
    "text", ["S_ij", "λ_HI", "λ_max", "K_NTK", "g_ig_i", "x_12", "max_j x", "e^2t", "n^−ℓ", "i^-1.5"]
)
def test_what_could_be_split_in_two_ways_is_not_typeset_but_refused(text):
    """Only the sign of a single letter is clear without braces; the rest stays as it is, and `unclear` finds it."""
    assert unclear(text)


def unclear(text):
    """Signs of indices and powers that are left after typesetting."""
    return re.findall(r"\S*[_^]\S*", re.sub(r"</?su[bp]>", "", typeset(text)))


def test_the_convention_table_is_clear():
    for rows in convention_table().values():
        for symbol, _, meaning in rows:
            assert not unclear(symbol), symbol
            assert not unclear(re.sub(r"`[^`]*`", "", meaning)), meaning


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "theory").glob("*.md")), ids=lambda page: page.stem)
def test_theory_pages_are_clear(page):
    parts = re.split(r"(\$\$.*?\$\$|^```.*?^```$|`[^`]*`|\$[^$]*\$|^    .*?$)", page.read_text(), flags=re.M | re.S)
    # names of Python that are no prose stand in backquotes
    assert not [found for part in parts[::2] for found in unclear(part)]


def captions():
    """Sentences of every figure's caption: text as it is, numbers as 0."""
    for path in sorted((SOURCE / "figures").rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef) and function.name == "caption":
                inside = {id(part) for node in ast.walk(function) if isinstance(node, ast.JoinedStr)
                          for part in ast.walk(node)}  # fmt: skip
                for node in ast.walk(function):
                    if isinstance(node, ast.JoinedStr):
                        yield path.name, "".join(getattr(part, "value", 0) if isinstance(part, ast.Constant) else "0"
                                                 for part in node.values)  # fmt: skip
                    elif isinstance(node, ast.Constant) and id(node) not in inside and " " in str(node.value):
                        yield path.name, str(node.value)  # without a space it is the name of a coordinate


def test_captions_are_clear():
    found = list(captions())
    assert len(found) > 20
    assert not [(name, left) for name, text in found for left in unclear(text)]
