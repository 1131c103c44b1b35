"""Mathematics as people type it: fractions and roots of one sign, bars, functions before one name, cases in a sentence.

What is rewritten here has one reading only; what has two is left as it stands, and refused behind.
"""

from __future__ import annotations

import re

from solvable.analysis.derivation.latex_words import GREEK, INVERSES
from solvable.analysis.derivation.operators import NORMALS

__all__ = ["in_ascii_words", "is_by_hand"]

_FRACTIONS = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅖": "2/5",
              "⅗": "3/5", "⅘": "4/5", "⅙": "1/6", "⅚": "5/6", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8",
              "⅞": "7/8"}  # fmt: skip
_LETTERS = "".join(letter for letter in GREEK if len(letter) == 1)
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ"
_LOWERED = "₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"
_ATOM = (
    rf"(?:[{_LETTERS}](?:_\w+|[{_LOWERED}]+)?|"
    rf"(?!d[a-z]\b)[A-Za-z][A-Za-z0-9_]*[{_LOWERED}]*|\d+(?:\.\d+)?(?![\w.]))"
)
_FUNCTION = (
    "arccos|arcsin|arctan|arctanh|artanh|acos|asin|atan|atanh|sinh|cosh|tanh|sin|cos|tan|log|ln|exp|erfc|erf|sqrt"
)
_BEHIND = rf"(?=\s*(?:[-+−*·×⋅/=),;\]|]|$)|\s+(?:for|if|where|with|when|otherwise|else|and|d[a-z]\b|(?:{_FUNCTION})\b))"
_APPLIED = re.compile(
    rf"(?<![\w.])({_FUNCTION})([{_RAISED}]*)[ \t]*(?:(?<=[ \t{_RAISED}])({_ATOM})(?![{_RAISED}(^\w]){_BEHIND})"
)
_POWERED = re.compile(rf"(?<![\w.])({_FUNCTION})([{_RAISED}]+)\s*\(")
_ROOT = re.compile(rf"√\s*({_ATOM})(?![{_RAISED}\w(^])")
_NUMERALS = str.maketrans(_RAISED, "0123456789-+n")
_TARGET = re.compile(r"(?:‖|\|\|)\s*(?:β|θ|w|beta|theta)(?:[*⋆★₀]|_0|_\*|\^\*)?\s*(?:‖|\|\|)(?:₂|_2)?")
_NORM = re.compile(rf"(?:‖|\|\|)\s*([{_LETTERS}]|[A-Za-z]\w*)\s*(?:‖|\|\|)(?:₂|_2)?(?P<square>²|\^2|\*\*2)?")
_ENDS_TERM = re.compile(r"[+\-−,;=]|\s(?:where|with|for|and)\b")
_LAW = re.compile(r"[,;]?\s*(?:where|with|for|and)?\s+(\w)\s*[~∼]\s*(?:N|𝒩|Normal)\s*\(\s*0\s*,\s*1\s*\)")
_SOLVES = re.compile(
    r"(?P<before>\bwhere\s+|\bwith\s+|\band\s+|[,;]\s*)?(?<![\w.])(?P<name>[^\W\d]\w*)\s+"
    r"(?:such that|(?:which |that )?(?:solves|satisfies|obeys)"
    r"|satisfying|solving|is the (?:unique )?(?:positive )?(?:root|solution) (?:of|to))\s+"
)
_FIRST = re.compile(
    r"^\s*(?:with|where|given|for|let|Let)\s+(?P<named>[^:;]*?=[^:;]*?)\s*(?::(?!=)|\bin\b|[,;]\s*then\b|;(?=[^=]*$))\s*(?P<formula>\S.*)$",
    re.S,
)
_CASE = re.compile(r"^(?P<value>.+?)\s+(?:for|if|when|where|whenever)\s+(?P<test>[^=]*(?:[<>≤≥]=?|[<>]=)[^=]*)$", re.S)
_OTHER = re.compile(r"^(?:(?:otherwise|else)[,:]?\s+(?P<behind>.+)|(?P<before>.+?)\s*,?\s+(?:otherwise|else))$", re.S)


def is_by_hand(text: str) -> bool:
    """Whether a text is mathematics as people write it, with signs that no code has, and no LaTeX."""
    return not text.isascii() and "\\" not in text


def in_ascii_words(text: str) -> str:
    """Return the text with such signs written as calls, powers and cases.

    Examples
    --------
    >>> in_ascii_words("½ log S - √γ |x|")
    '(1/2) log(S) - sqrt(γ) abs(x)'
    >>> in_ascii_words("x if x < 1, otherwise 1")
    'Piecewise((x, x < 1), (1, True))'
    """
    text = re.sub(r"\^\{([^{}]*)\}", r"^(\1)", re.sub(r"_\{(\w+)\}", r"_\1", text))
    for sign, fraction in _FRACTIONS.items():
        text = re.sub(rf"(?<![\d\w]){sign}", f"({fraction})", text)
    text = _TARGET.sub("norm2", text)
    text = re.sub(rf"norm2(?:[{_RAISED[2]}]|\^2|\*\*2)", "(signal)", text).replace("norm2", "sqrt(signal)")
    text = _with_mode_sums(_with_norms(text))
    text = _with_bars(_positive_parts(text))
    text = re.sub(r"Φ\s*(?=\()", " Phi", text)
    text = _ROOT.sub(r"sqrt(\1)", text)
    for _ in range(3):  # one may hold another
        text = _APPLIED.sub(_applied, _powered(text))
    text = _with_laws(text)
    text = _with_equations(text)
    first = _FIRST.match(text)
    if first is not None:
        text = f"{first['formula']} where {first['named']}"
    return _with_cases(re.sub(r"(?<!\w)Pi(?!\w)", "pi", text))


def _with_norms(text: str) -> str:
    """Write the squared norm of x as the name norm2_x, which a claim may have; a norm is its root."""

    def put(match: re.Match[str]) -> str:
        name = f"norm2_{GREEK.get(match[1], match[1])}"
        return f"({name})" if match["square"] else f"sqrt({name})"

    return _NORM.sub(put, text)


def _with_mode_sums(text: str) -> str:
    """Write ``Σ(1 − g)²v²``, a sum of what every mode has, as a call; beside traces Σ is the covariance."""
    if re.search(r"(?<!\w)(?:[Tt]r|trace)(?!\w)|Σ[_ᵢⱼₖₜ⁻^²)]", text):
        return text
    at = 0
    while (at := text.find("Σ", at)) >= 0:
        end, level = at + 1, 0
        while end < len(text):
            level += (text[end] in "([") - (text[end] in ")]")
            if level < 0 or (
                level == 0 and (text[end] in "+-−,;=" or re.match(r"\s(?:where|with|for|and)\b", text[end:]))
            ):
                break
            end += 1
        words = set(re.findall(rf"[A-Za-z{_LETTERS}][A-Za-z0-9_]*", text[at + 1 : end]))
        if not words & {"s", "v", "g"} or not words <= {"s", "v", "g", "κ", "kappa"}:
            return text
        term = text[at + 1 : end].strip()
        printed = re.sub(r"\s", "", term).replace("-", "−") == "(1−g)²v²"  # as claims write what is not learned
        text = f"{text[:at]} {'unlearned' if printed else f'sum({term})'}{text[end:]}"
        at += 5
    return text


def _applied(match: re.Match[str]) -> str:
    name, raised = match[1], match[2].translate(_NUMERALS)
    if raised == "-1" and name in INVERSES:
        return f"{INVERSES[name]}({match[3]})"
    if raised.startswith("-"):
        return match[0]  # read in two ways
    return f"{name}({match[3]})" + (f"**({raised})" if raised else "")


def _powered(text: str) -> str:
    """Write ``sin²(x)`` as a power of the value."""
    while match := _POWERED.search(text):
        raised, end = match[2].translate(_NUMERALS), _end_of(text, match.end() - 1)
        if not end or (raised.startswith("-") and not (raised == "-1" and match[1] in INVERSES)):
            return text
        inside = text[match.end() - 1 : end]
        call = f"{INVERSES[match[1]]}{inside}" if raised == "-1" else f"({match[1]}{inside})**({raised})"
        text = text[: match.start()] + call + text[end:]
    return text


def _end_of(text: str, start: int) -> int:
    """Place behind the bracket that closes the one at a place, or 0."""
    level = 0
    for place in range(start, len(text)):
        level += (text[place] in "([{") - (text[place] in ")]}")
        if level == 0:
            return place + 1
    return 0


def _positive_parts(text: str) -> str:
    """Write ``(x)₊`` as the larger of x and 0."""
    while (end := text.find(")₊")) >= 0 or (end := text.find("]₊")) >= 0:
        level = 0
        for start in range(end, -1, -1):
            level += (text[start] in ")]") - (text[start] in "([")
            if level == 0:
                break
        else:
            return text
        text = f"{text[:start]}max({text[start + 1 : end]}, 0){text[end + 2 :]}"
    return text


def _with_bars(text: str) -> str:
    """Write ``|x|`` as a call; bars that do not pair stay."""
    if "|" not in text or "||" in text:
        return text
    found, open_ = list[str](), list[int]()
    for place, sign in enumerate(text):
        before = text[:place].rstrip()[-1:]
        if sign != "|":
            found.append(sign)
        elif not open_ or before in "+-−*·×/^(,=|<>":
            open_.append(len(found))
            found.append("abs(")
        else:
            open_.pop()
            found.append(")")
    return text if open_ else "".join(found)


def _with_laws(text: str) -> str:
    """Take off ``z ~ N(0, 1)``, which every mean is over, and write a probability as the mean of an indicator."""
    for match in _LAW.finditer(text):
        if match[1] not in NORMALS:
            return text
    named = _LAW.search(text) is not None
    text = _LAW.sub("", text)
    at = 0
    while named and (found := re.compile(r"(?<![\w.])(?:Prob|Pr|P|ℙ)\s*(?=[\[(])").search(text, at)):
        end = _end_of(text, found.end())
        inside = text[found.end() + 1 : end - 1]
        if not end or not re.search("[<>≤≥]", inside):
            at = found.end()
            continue
        text = f"{text[: found.start()]}E(boole({inside})){text[end:]}"
    return text


def _with_equations(text: str) -> str:
    """Write "k such that k = f(k)" as a definition."""

    def put(match: re.Match[str]) -> str:
        return match["before"] if match["before"] else f"{match['name']} where "

    return _SOLVES.sub(put, text)


def _parts(text: str, signs: str) -> list[str]:
    """Cut a text at signs outside of brackets."""
    found, level = [""], 0
    for character in text:
        level += (character in "([{") - (character in ")]}")
        if level == 0 and character in signs:
            found.append("")
        else:
            found[-1] += character
    return [part.strip() for part in found]


def _with_cases(text: str) -> str:
    """Write "a for x < 1, b for x > 1" and "a if x < 1, otherwise b" as cases, with what stands behind them."""
    head = re.match(r"\s*\w+(?:\([\w, ]*\))?\s*=(?![=])\s*", text)
    rest, name = (text[head.end() :], head.group()) if head else (text, "")
    stripped = rest.strip().rstrip(".")
    if stripped[:1] == "{" and _end_of(stripped, 0) == len(stripped):
        rows = [_parts(row, ",") for row in _parts(stripped[1:-1], ";\n") if row]
        rows = [[", ".join(row[:-1]), row[-1]] for row in rows if len(row) > 1]
        pairs = [(value, "True" if re.match("otherwise|else", test) else re.sub(r"^(?:if|for|when)\s+", "", test))
                 for value, test in rows]  # fmt: skip
        return f"{name}Piecewise({', '.join(f'({a}, {b})' for a, b in pairs)})" if len(pairs) > 1 else text
    if re.search(r"\bif\b.*\belse\b", rest) and not re.search(r",\s*else\b", rest):
        return text  # of Python
    parts = _parts(rest, ",;")
    pairs, taken = [], 0
    for part in parts:
        part = re.sub(r"^and\s+", "", part)
        case, other = _CASE.match(part), _OTHER.match(part)
        if case is not None:
            pairs.append((case["value"], case["test"].strip()))
        elif pairs and other is not None:
            pairs.append((other["behind"] or other["before"], "True"))
        else:
            break
        taken += 1
    if len(pairs) < 2:
        return text
    behind = ", ".join(parts[taken:])
    return f"{name}Piecewise({', '.join(f'({a}, {b})' for a, b in pairs)})" + (f", {behind}" if behind else "")
