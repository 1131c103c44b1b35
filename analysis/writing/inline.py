"""Mathematics inside sentences as TeX between ``\\(`` and ``\\)``: one Unicode source for the terminal and for paper.

A sentence is cut at its spaces. What is made of single letters, Greek, indices, powers and signs is mathematics, words
are words; a sum or an equation is cut before its signs, so that a line can end there.
"""

from __future__ import annotations

import re
import unicodedata
from html import escape

__all__ = ["typeset_inline"]

_FUNCTIONS = "arccos|arcsin|arctan|cos|erf|exp|ln|log|max|min|sign|sin|tan|tanh|tr|Var|Cov|rank|df"
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵀⁿᵏᵗ", "0123456789+-Tnkt", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋ᵢⱼₖₙₜ", "0123456789+-ijknt", strict=True))
_SIGNS = {
    "−": "-",
    "·": r"\cdot ",
    "×": r"\times ",
    "‖": r"\|",
    "½": r"\tfrac12 ",
    "<": r"\lt ",
    ">": r"\gt ",
    "…": r"\ldots ",
}
_ACCENTS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0307": "dot", "\u0308": "ddot"}
_SIGN = re.compile(r"[-−+=≤≥<>≈·×/∝∈→≪≫±≠~]")
_NUMBER = re.compile(r"[−-]?\d[\d,]*(\.\d+)?")
# a name of two letters or more that no brace holds is a word, unless it is a function's
_WORD = re.compile(rf"(?<![A-Za-z])(?!(?:{_FUNCTIONS})(?![A-Za-z]))[A-Za-z]{{2,}}")
_ALLOWED = re.compile(
    r"[A-Za-z\dͰ-Ͽ∂ℓ√‖|⟨⟩()\[\]{}_^+\-−=≤≥<>≈·×/,.!*'′∞ΣΠ½→∈∝±"
    r"⁰-⁹¹²³⁺⁻ᵀⁿᵏᵗ₀-₉₊₋ᵢⱼₖₙₜ\u0302\u0303\u0304\u0307\u0308]+"
)
# letters of panels, numbers like 1e-16, abbreviations, genitives, words joined by hyphens
_PROSE = re.compile(r"^\([a-zA-Z]\)$|\de[-−]?\d|[A-Za-z]\.|\.[A-Za-z]|[A-Za-z]['-][A-Za-z]")
_NOT = ("a", "A", "I", *_FUNCTIONS.split("|"))


def typeset_inline(text: str) -> str:
    """Escape a sentence and put its mathematics between ``\\(`` and ``\\)``.

    Examples
    --------
    >>> typeset_inline("The error falls as σ²n/(d − n), once d > n.")
    'The error falls as \\\\(σ^{2}n/(d - n)\\\\), once \\\\(d\\\\) \\\\({\\\\gt }\\\\;n\\\\).'
    """
    words, made, at = _joined(text.split(" ")), [], 0
    while at < len(words):
        end = _end_of_run(words, at)
        made += [escape(words[at])] if end is None else _pieces(words[at:end])
        at = at + 1 if end is None else end
    return " ".join(made)


def _joined(words: list[str]) -> list[str]:
    """Words between spaces, with what stands in the brackets that a formula opens."""
    made, at = [], 0
    while at < len(words):
        word, end = words[at], at + 1
        while _depth(word) > 0 and end < min(len(words), at + 12):
            word, end = f"{word} {words[end]}", end + 1
        whole = _depth(word) == 0 and _is_formula(_parts(word)[1])
        made.append(word if whole else words[at])
        at = end if whole else at + 1
    return made


def _depth(word: str) -> int:
    return word.count("(") + word.count("{") - word.count(")") - word.count("}")


def _bare(word: str) -> str:
    """A word without its indices in braces, which may be names."""
    return re.sub(r"[_^]\{[^{}]*\}", " ", word)


def _parts(word: str) -> tuple[str, str, str]:
    """Brackets and quotes before, the word itself, punctuation behind."""
    before, after = "", ""
    while word[:1] in ("(", "[") and word.count("(") + word.count("[") > word.count(")") + word.count("]"):
        before, word = before + word[0], word[1:]
    while word and (word[-1] in ",.;:" or (word[-1] in ")]" and word.count(")") > word.count("("))):
        word, after = word[:-1], word[-1] + after
    return before, word, after


def _is_formula(word: str) -> bool:
    core = unicodedata.normalize("NFD", word)
    if not _ALLOWED.fullmatch(core.replace(" ", "")) or core in _NOT:
        return False
    if _WORD.search(_bare(core)) or _PROSE.search(core):
        return False
    return bool(re.search(r"[A-Za-zͰ-Ͽ√‖ℓ]", core)) and core.count("{") == core.count("}")


def _end_of_run(words: list[str], at: int) -> int | None:
    """Where the run of terms and signs that begins here ends; None where none does."""
    end, found = at, False
    while end < len(words):
        before, core, after = _parts(words[end])
        if (before and end > at) or not (_is_formula(core) or _NUMBER.fullmatch(core)):
            break
        found, end = found or _is_formula(core), end + 1
        if after or end + 1 >= len(words) or not _SIGN.fullmatch(words[end]):
            return end if found else None
        end += 1
    end -= end > at  # a sign with nothing behind it
    return end if found and end > at else None


def _pieces(words: list[str]) -> list[str]:
    """Terms of a run, each but the first with the sign before it."""
    made: list[str] = []
    sign = ""
    for word in words:
        if _SIGN.fullmatch(word) and not sign and made:
            sign = rf"{{{_SIGNS.get(word, word)}}}\;"
            continue
        before, core, after = _parts(word)
        made.append(rf"{escape(before)}\({sign}{_tex(core)}\){escape(after)}")
        sign = ""
    return made


def _tex(core: str) -> str:
    text = unicodedata.normalize("NFD", core)
    text = re.sub(r"(.)([\u0302\u0303\u0304\u0307\u0308])", lambda found: rf"\{_ACCENTS[found[2]]}{{{found[1]}}}", text)
    text = _rooted(text)
    for names, mark in ((_RAISED, "^"), (_LOWERED, "_")):
        text = re.sub(f"[{''.join(names)}]+", lambda found: f"{mark}{{{''.join(names[c] for c in found[0])}}}", text)  # noqa: B023
    text = re.sub(rf"(?<![A-Za-z\\])({_FUNCTIONS})(?![A-Za-z])", r"\\operatorname{\1}", text)
    text = re.sub(r"(?<![A-Za-z\\{])([A-Za-z]{2,})", r"\\mathrm{\1}", text)
    text = re.sub(r"(?<=[_^]\{)([A-Za-z]{2,})(?=\})", r"\\mathrm{\1}", text)
    return "".join(_SIGNS.get(sign, sign) for sign in text)


def _rooted(text: str) -> str:
    """Roots over what is in brackets behind them, or over one term."""
    while "√" in text:
        before, _, rest = text.partition("√")
        if rest.startswith("("):
            end = next((i for i in range(1, len(rest) + 1) if _depth(rest[:i]) == 0), len(rest))
            inside = rest[1 : end - 1]
        else:
            end = max(1, len(re.match(r"(?:\d+|.)?(?:_\{[^{}]*\}|_.)?", rest)[0]))  # type: ignore[index]
            inside = rest[:end]
        text = rf"{before}\sqrt{{{inside}}}{rest[end:]}"
    return text
