r"""Sentences cut into words and mathematics: $..$, \(..\), displays, environments, and the prose between."""

from __future__ import annotations

import re
from dataclasses import dataclass

from solvable.analysis.derivation.latex_tokens import Token, levels, tokens_of
from solvable.analysis.derivation.latex_words import GREEK, LIMITS, PROPORTIONAL, RELATIONS

__all__ = ["Segment", "defines", "names_in", "right_names", "segments_of"]

_BEGINS = re.compile(
    r"(?<!\\)(?P<mark>\$\$?|\\[(\[])|\\begin\{(?P<name>(?:equation|align|gather|multline|displaymath|eqnarray|flalign)\*?)\}"
)
_ENDS = {"$": "$", "$$": "$$", r"\(": r"\)", r"\[": r"\]"}
_WITHIN = r"aligned|gathered|split|align\*?|gather\*?|multline\*?|equation\*?"
_WRAPPED = re.compile(rf"\s*\\begin\{{(?P<name>{_WITHIN})\}}(?P<inner>.*)\\end\{{(?P=name)\}}[.,;\s]*", re.S)
_TRAILING = re.compile(r"(?:[.,;:\s~]|\\\\|(?<!\\)\\[,;!: ]|\\q?quad|\\nonumber|\\notag)+$")
_LABEL = re.compile(r"\\(?:label|tag\*?)\s*\{[^{}]*\}")
_STYLED = re.compile(r"\\(?:text(?:bf|it|sc|rm|sf)?|emph|underline|mbox|paragraph|subsection|section)\*?\{([^{}]*)\}")
_POINTERS = re.compile(
    r"\\(?:cite[a-z]*|ref|eqref|autoref|cref|Cref|label|footnote|vspace|hspace)\*?(?:\[[^\]]*\])*\{[^{}]*\}"
)
_PLACING = re.compile(r"\\(?:begin|end)\{(?:itemize|enumerate|theorem|lemma|proof|proposition|corollary|remark|center|"
                      r"example|solution|exercise)\*?\}|\\(?:noindent|par|item|medskip|smallskip|bigskip|qed|newline|"
                      r"centering|left|displaystyle|quad|qquad)(?![A-Za-z])|\\[\\&%,; ]|[~{}]")  # fmt: skip
_NO_WORDS = re.compile(r"[\\^_$=<>+*|&#]")
_BOUNDS = tuple(sign for sign, meaning in RELATIONS.items() if meaning != "!=")
_IN_BRACKETS = re.compile(r"(?P<before>.*\()(?P<noun>[a-z]+) = ?(?P<letter>\\?[a-zA-Z]+)", re.S)
_STYLES = (r"\mathrm", r"\operatorname", r"\text", r"\textrm", r"\mathsf")


@dataclass(frozen=True)
class Segment:
    """A piece of mathematics with the words in front of it."""

    words: str
    latex: str
    shown: bool  # as a display
    kind: str  # equation, bound, law, limit, bare
    left: str  # what stands left of its first sign


def segments_of(text: str) -> tuple[list[Segment], str] | None:
    """Return the mathematics with the words before each, and the words behind; None where it is no sentence of both."""
    found, at = list[Segment](), 0
    while (begins := _BEGINS.search(text, at)) is not None:
        end, behind = _end_of(text, begins)
        words = _plain_words(text[at : begins.start()])
        if end < 0 or words is None:
            return None
        latex = text[begins.end() : end]
        while (wrapped := _WRAPPED.fullmatch(latex)) is not None:
            latex = wrapped["inner"]
        latex = _TRAILING.sub("", _LABEL.sub("", latex)).strip()
        mark = begins["mark"] or ""
        closing = re.search(r"[.,;:]\s*$", text[begins.end() : end])
        named = _IN_BRACKETS.fullmatch(f"{words} {latex}")
        if named:  # (rows $=r$)
            said = rf"{named['letter']} \text{{ the {named['noun']} }}"
            found.append(Segment(f"{named['before']} where", said, False, "equation", named["letter"]))
        elif latex:
            found.append(Segment(words, latex, mark not in ("$", r"\("), *_kind(latex)))
        at = behind
        if closing:  # a full stop in a display ends the sentence
            text = text[:at] + closing.group() + " " + text[at:]
    last = _plain_words(text[at:])
    prose = " ".join([segment.words for segment in found] + [last or ""])
    if not found or last is None or not re.search(r"[A-Za-z]{2}|i\.e", prose):
        return None
    return found, last


def _end_of(text: str, begins: re.Match[str]) -> tuple[int, int]:
    """Where what a match begins ends, and the place behind its mark; -1 where it does not."""
    closing = _ENDS.get(begins["mark"] or "", rf"\end{{{begins['name']}}}")
    level = 0
    for place in range(begins.end(), len(text)):
        before = text[place - 1]
        if before == "\\" and text[place] in "{}$":
            continue
        level += (text[place] == "{") - (text[place] == "}")
        doubled = closing[0] == "\\" and before == "\\"
        if level <= 0 and text.startswith(closing, place) and not doubled:
            return place, place + len(closing)
    return -1, -1


def _plain_words(text: str) -> str | None:
    """Words without what only places them; None where something else stands among them."""
    text = _POINTERS.sub(" ", text)
    for _ in range(2):
        text = _STYLED.sub(r"\1", text)
    text = re.sub(r"\s+", " ", _PLACING.sub(" ", text)).replace("--", "-")
    return None if _NO_WORDS.search(text) else text.strip()


def _kind(latex: str) -> tuple[str, str]:
    """What a piece of mathematics is by the first sign outside of its brackets, and what stands left of that."""
    try:
        tokens = list(tokens_of(latex))
    except ValueError:
        return "bare", ""
    signs = ("=", r"\in", r"\mid", r"\xrightarrow", r"\longleftrightarrow", *LIMITS, *PROPORTIONAL, *_BOUNDS)
    for place, text, level in levels(tokens):
        if level == 0 and text in (r"\quad", r"\text", r"\textrm") and place:
            break
        if level or text not in signs:
            continue
        left = "".join(t.text for t in tokens[:place] if t.text not in ("&", ":"))
        behind = [t.text for t in tokens[place + 1 :]]
        if text in (r"\to", r"\rightarrow", r"\longrightarrow") and behind[:1] and behind[-1] in (r"\infty", "0"):
            return "limit", left
        law = text == r"\sim" and behind[:1] and behind[0] in (r"\mathcal", r"\mathrm", r"\operatorname", r"\text", "N")
        if law or text in (r"\in", r"\mid"):
            return "law", left
        bound = text in _BOUNDS and "=" not in behind
        return "bound" if bound else "equation", left
    return "bare", ""


def names_in(latex: str) -> set[str]:
    """Letters with their index, and words, that a piece of mathematics holds."""
    found, tokens, at = set[str](), list(tokens_of(latex)), 0
    while at < len(tokens):
        name, at = _name(tokens, at)
        if name:
            found.add(name)
    return found


def _name(tokens: list[Token], at: int) -> tuple[str, int]:
    """Name that begins at a place, empty where none does, and the place behind it."""
    text = tokens[at].text
    name, end = text if text in GREEK or text == r"\ell" or (len(text) == 1 and text.isalpha()) else "", at + 1
    if text in _STYLES or text.startswith(r"\math"):
        name, end = _group(tokens, end)
    if name and end < len(tokens) and tokens[end].text == "_":
        index, end = _group(tokens, end + 1)
        name += f"_{index}"
    return name, end


def _group(tokens: list[Token], at: int) -> tuple[str, int]:
    """Text of one token or of braces, and the place behind it."""
    if at < len(tokens) and tokens[at].text != "{":
        return tokens[at].text, at + 1
    end = next((at + i for i, _, level in levels(tokens[at:]) if level == 0), len(tokens) - 1)
    return "".join(t.text for t in tokens[at:end] if t.text not in ("{", "}", *_STYLES)), end + 1


def right_names(part: Segment) -> set[str]:
    """Names that stand right of the first sign of a formula."""
    if part.kind == "bare" or not part.left:
        return names_in(part.latex)
    signs = (r"=|\\to(?![a-z])|\\(?:longright|right|longleftright|xright)arrow|"
             r"\\(?:sim|simeq|approx|asymp|propto|le|leq|ge|geq)(?![a-z])|<|>")  # fmt: skip
    found = re.search(rf"(?:{signs})", part.latex)
    for found in re.finditer(signs, part.latex):
        before = part.latex[: found.start()]
        if before.count("{") == before.count("}"):
            break
    return names_in(part.latex[found.end() :]) if found else names_in(part.latex)


def defines(part: Segment) -> bool:
    """Whether an equation says what one name is, perhaps at an argument."""
    return re.fullmatch(r"[A-Za-z\\{}_^*'0-9+,]+(?:\([^()]*\))?|e\^.*|\\(?:cos|sin)\\?\w+", part.left) is not None
