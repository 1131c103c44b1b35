"""Mathematics inside sentences: one Unicode source for the terminal, the report and the site.

A sentence is cut at its spaces. What is made of single letters, Greek, indices, powers and signs is mathematics, words
are words; a sum or an equation is cut before its signs, so that a line can end there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import pairwise

from solvable.analysis.writing.unicode_tex import FUNCTIONS, depth, kind_of_sign, unicode_tex

__all__ = ["typeset_inline"]

_SIGN = re.compile(r"[-−+=≤≥<>≈·×/∝∈→≪≫±≠~⊗⊙∘∗]")
_NUMBER = re.compile(r"[−-]?\d[\d,]*(\.\d+)?|[±−]?[¼½¾∞]")
_NAME = re.compile(rf"(?<![A-Za-z])(?!(?:{FUNCTIONS})(?![A-Za-z]))[A-Za-z]{{2,}}")
_PAIR = re.compile(r"(?!(?i:am|an|as|at|be|by|do|go|he|if|in|is|it|me|my|no|of|on|or|so|to|up|us|vs|we))[A-Za-z]{2}")
_ARTICLES = ("a", "A", "I")
# signs that no prose has: beside them letters are a product, and longer names are quantities
_STRONG = re.compile(r"[Ͱ-Ͽℓ√‖∇∂∫∏∘∗⊗⊙⟨⟩·|′\u0304]|[_^][^\W_]|[\w)]−[\w(]|\b[A-Za-z][*(\[]|\bd[A-Za-z]/d[A-Za-z]\b")
# letters of panels, numbers like 1e-16, names like x86, abbreviations, genitives, hyphens, emphasis of Markdown
_PROSE = re.compile(
    r"^\([a-zA-Z]\)$|\de[-−±]?\d|[A-Za-z]\d\d|[A-Za-z]\.|\.[A-Za-z]|[A-Za-z]['-][A-Za-z]|^\*|\*\*|[A-Za-z]{2}\*|^'|^-[A-Za-z]{2}"
)
# an index or a power is in braces, or one sign behind which nothing could belong to it, after a name of one letter
_AMBIGUOUS = re.compile(
    r"[_^](?!\{|[^\W_](?![A-Za-z\d]|\.\d))|(?<![^\W\d_])(?<![²³‖)∂}'′*\u0302-\u0308])_(?!\{)|[A-Za-z]{2}_(?!\{)"
)
# functions whose argument is the next word
_APPLIED = re.compile(r"(?:^|[^A-Za-z])(?:ln|log|tr|Tr|det|sin|cos|sinh|cosh|tanh|arctan|arccos|exp|Re|Im)$")
_LONGEST = 12  # words between brackets


def typeset_inline(text: str, words: Callable[[str], str], formula: Callable[[str], str]) -> str:
    """Rewrite a sentence: `words` makes markup of what is no mathematics, `formula` of the TeX of what is.

    Examples
    --------
    >>> print(typeset_inline("The error falls as σ²n/(d − n), once d > n.", str, "${}$".format))
    The error falls as $σ^{2}n/(d − n)$, once $d$ ${>}\\;n$.
    """
    return "\n".join(_line(line.split(" "), words, formula) for line in text.split("\n"))


def _line(line: list[str], plain: Callable[[str], str], formula: Callable[[str], str]) -> str:
    words, made, at = _joined(line), [], 0
    while at < len(words):
        end = _end_of_run(words, at)
        made += [plain(words[at])] if end is None else _pieces(words[at:end], plain, formula)
        at = at + 1 if end is None else end
    return " ".join(made)


def _joined(words: list[str]) -> list[str]:
    """Words between spaces, with what stands in the brackets that a formula opens, and functions with arguments."""
    made, at = [], 0
    while at < len(words):
        word, end = words[at], at + 1
        while (depth(word) > 0 or _APPLIED.search(word)) and end < min(len(words), at + _LONGEST):
            word, end = f"{word} {words[end]}", end + 1
        whole = end > at + 1 and depth(word) == 0 and _is_formula(_parts(word)[1])
        made.append(word if whole else words[at])
        at = end if whole else at + 1
    return made


def _end_of_run(words: list[str], at: int) -> int | None:
    """Where the run of terms and signs that begins here ends; None where none does."""
    if at and _parts(words[at])[1] == "s" and words[at - 1][-1:].isdigit():
        return None  # seconds
    end, found = at, False
    while end < len(words):
        before, core, after = _parts(words[end])
        formula = _is_formula(core)
        if (before and end > at) or not (formula or _stands_beside(core)):
            break
        found, end = found or formula, end + 1
        if after or end + 1 >= len(words) or not _SIGN.fullmatch(words[end]):
            return end if found else None
        end += 1
    end -= end > at  # a sign with nothing behind it
    return end if found and end > at else None


def _pieces(words: list[str], plain: Callable[[str], str], formula: Callable[[str], str]) -> list[str]:
    """Terms of a run, each but the first with the sign before it."""
    made: list[str] = []
    sign = ""
    for word in words:
        if _SIGN.fullmatch(word) and not sign and made:
            sign = rf"{{{word}}}\;"
            continue
        before, core, after = _parts(word)
        made.append(f"{before and plain(before)}{formula(sign + unicode_tex(core))}{after and plain(after)}")
        sign = ""
    return made


def _parts(word: str) -> tuple[str, str, str]:
    """Brackets and a word with its hyphen before, the term itself, punctuation or a hyphen with its word behind."""
    before, after = "", ""
    if hyphen := re.fullmatch(r"([A-Za-z]{2,}-)([^-\x00-\x7f][^-]*)", word):
        before, word = hyphen.groups()
    if hyphen := re.fullmatch(r"([^-]+)(-[A-Za-z]{2,}\S*)", word):
        word, after = hyphen.groups()
    while word[:1] in ("(", "[") and word.count("(") + word.count("[") > word.count(")") + word.count("]"):
        before, word = before + word[0], word[1:]
    while word and (word[-1] in ",.;:" or (word[-1] in ")]" and depth(word) < 0)):
        word, after = word[:-1], word[-1] + after
    return before, word, after


def _is_formula(word: str) -> bool:
    core = unicodedata.normalize("NFD", word)
    if core in (*_ARTICLES, *FUNCTIONS.split("|")) or _PROSE.search(core) or _AMBIGUOUS.search(core):
        return False
    parts = _without_indices(core).split(" ")
    strong = any(map(_is_strong, parts))
    if not all(map(_is_sign, core)) or any("{" in part for part in parts) or re.fullmatch(r"[|=−+]", parts[-1]):
        return False
    if not all(_is_term(before, part, strong) for before, part in pairwise(["", *parts])):
        return False
    if depth(core) and any(len(name) > 2 for part in parts for name in _NAME.findall(part)):
        return False
    return bool(re.search(r"[A-Za-zͰ-Ͽ√‖ℓ]|\d[⁰-⁹⁻^]", core))


def _without_indices(word: str) -> str:
    """A word with a prime in place of its indices in braces, which may be names."""
    while (inner := re.sub(r"[_^]\{[^{}]*\}", "′", word)) != word:
        word = inner
    return word


def _is_term(before: str, part: str, strong: bool) -> bool:
    """Whether names in a part of a formula are quantities: beside its signs, pairs anywhere, others behind a sign."""
    names = _NAME.findall(part)
    if not names or _is_strong(part):
        return True
    return strong and (all(map(_PAIR.fullmatch, names)) or bool(_SIGN.fullmatch(before)))


def _is_strong(part: str) -> bool:
    return bool(_STRONG.search(part) or any(map(kind_of_sign, part.replace("*", ""))))


def _is_sign(sign: str) -> bool:
    """Whether a sign may stand in a formula."""
    if sign.isascii():
        return sign.isalnum() or sign in "()[]{}_^+-=<>|/,;.!*'~ "
    known = re.match(r"[Ͱ-Ͽℓ‖′…·\u0302-\u0304\u0307\u0308\u0338]", sign)
    return bool(known or kind_of_sign(sign) or unicodedata.category(sign) in ("Sm", "Ps", "Pe"))


def _stands_beside(core: str) -> bool:
    """Whether it is a term of a sum or an equation, though no formula by itself."""
    return bool(_NUMBER.fullmatch(core) or _PAIR.fullmatch(core)) or core in _ARTICLES
