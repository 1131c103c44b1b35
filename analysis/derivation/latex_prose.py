r"""What an author says of a name in words or beside the formula: functions, modes, measures, counted nouns.

``P the regularised lower incomplete gamma function``, ``\phi = \tanh``, ``Dz = f(z)\,dz``: the words are taken out, and
what they mean is put where the name stands. Words that define nothing are taken out only where they count things,
``n = rd rows``; all others stay, and are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from solvable.analysis.derivation.latex_tokens import CLOSING, TEXTS, Token, levels, tokens_of
from solvable.analysis.derivation.latex_words import (
    BEHIND,
    FUNCTIONS,
    GREEK,
    RELATIONS,
    ROOTS,
    SAID,
    SOLVES,
    WORD_STYLES,
)

__all__ = ["chosen_root", "ends_a_part", "solution_named_first", "without_prose", "words_between"]

_THE = r"(?:,|is|are|being|denotes?|denoting|for)?(?:the)?"
_NORMAL = r"(?:standard)?(?:normal|gaussian)"
_FUNCTIONS = {
    r"regulari[sz]edlowerincompletegammafunction": "gammalower",
    r"regulari[sz]edupperincompletegammafunction": "gammaupper",
    rf"(?:{_NORMAL}(?:cumulative)?(?:distributionfunction|cdf)|(?:cdf|distributionfunction)ofthe{_NORMAL}(?:law|"
    r"distribution)?)": "Phi",
    rf"{_NORMAL}(?:density|pdf)": "normpdf",
    rf"{_NORMAL}(?:upper|right)?tail(?:function|probability)?|(?:upper|right)?tail(?:function|probability)?ofthe{_NORMAL}"
    r"(?:law|distribution)?": "normtail",
    r"(?:euler)?gammafunction": "gammafunction",
    r"digammafunction": "digamma",
    r"errorfunction": "erf",
    r"(?:logistic|sigmoid)(?:function)?": "sigmoid",
}
_ROOT = re.compile(rf"(?:the)?(?:unique|(?:{ROOTS}))?(?:positive|nonnegative|non-negative)?(?:real)?(?:root|solution|"
                   r"zero|fixedpoint)(?:of|to)(?:the)?(?:equation)?:?")  # fmt: skip
_SAID = re.compile(r"(?:(?:is|are|denotes|denoting|being|standsfor)(?:the|an?)|the)([a-zč–-]{3,}?)(and)?")
_SUCH = ("with", "suchthat", "forwhich", "atwhich")
_BETA = r"regulari[sz]edincompletebetafunction"  # which I_x(a, b) is without words
_BESSEL_FUNCTION = r"besselfunction(?:ofthe(?:first|second)kind)?(?:oforder(?:zero|one|two|\d))?"
_BESSEL_WORDS = {"I": rf"modified{_BESSEL_FUNCTION}", "J": _BESSEL_FUNCTION, "K": rf"modified{_BESSEL_FUNCTION}"}
_SAMPLES = re.compile(r"(?:training|independent|i\.i\.d\.|iid)?(?:rows|columns|samples|observations|points|datapoints|"
                      r"examples|features|dimensions|coordinates|parameters|classes|layers|steps)")  # fmt: skip
_DENSITY = r"\frac{e^{-z^2/2}}{\sqrt{2\pi}}"
_BESSEL = {"I": "besseli", "J": "besselj", "K": "besselk"}
_ENDS = (",", ";", r"\quad")
_OPERATES = ("=", "+", "-", "−", "*", "/", r"\cdot", r"\times")  # what has no number before a word behind it


def without_prose(tokens: list[Token]) -> list[Token]:
    """Return the tokens with what the words mean in place of the words."""
    for step in (_with_named_functions, _with_applied_functions, _with_measures, _without_nouns,
                 _with_meanings):  # fmt: skip
        tokens = step(tokens)
    return list(_with_orders(tokens))


def _with_meanings(tokens: list[Token]) -> list[Token]:
    r"""Write "\mu is the separation" as a definition by that name; that a law is the Marchenko-Pastur law goes."""
    for start, place, end, word in words_between(tokens):
        said, name = _SAID.fullmatch(word.strip(" ().,;:")), tokens[start:place]
        spelled = all(t.text.isalnum() or t.text in (*"_^{}*", r"\mathrm", r"\text") or t.text in GREEK for t in name)
        if said is None or SOLVES.fullmatch(word) or not name or not spelled:
            continue
        if not (ends_a_part(tokens, end) or said[2]):
            continue
        if re.fullmatch(r"mar(?:c|č|ch|tch)enko[-–]*pastur(?:law|distribution|measure)?", said[1]):
            return _with_meanings([*tokens[:start], *tokens[end:]])
        noun = [Token(r"\mathrm", False, True), Token("{"), *map(Token, SAID + said[1]), Token("}")]
        comma = [Token(",", False, True)] if said[2] else []
        return _with_meanings([*tokens[:place], Token("=", False, True), *noun, *comma, *tokens[end:]])
    return tokens


def solution_named_first(tokens: list[Token]) -> list[Token]:
    r"""Write "\kappa > 0 solves f = g" with the name in front, and "the positive root of f = g" as the equation."""
    for start, place, end, word in words_between(tokens):
        if start == place == 0 and _ROOT.fullmatch(word):
            return tokens[end:]
        if (
            start == place > 1
            and SOLVES.fullmatch(word)
            and tokens[start - 1].text == r"\quad"
            and r"\in" in [t.text for t in tokens[: start - 1]]
            and not {",", ";", "=", r"\quad"} & {text for _, text, n in levels(tokens[: start - 1]) if n == 0}
        ):
            return solution_named_first([*_without_argument(tokens[: start - 1]), *tokens[place:]])
        if start == place == 0 and word in ("the", "theunique", "theonly", "thepositive"):
            return solution_named_first(tokens[end:])
        signs = [i for i, token in enumerate(tokens[:place]) if token.text in (*RELATIONS, r"\in")]
        solves = SOLVES.fullmatch(word) is not None or word in _SUCH
        if start == 0 and signs and solves and "=" not in [t.text for t in tokens[:place]]:
            if word in _SUCH:
                tokens = [*tokens[:place], *_called_text("solves"), *tokens[end:]]
            comma, name = Token(",", False, True), tokens[: signs[0]]
            if len(signs) == 2:  # a < x < b
                name = tokens[signs[0] + 1 : signs[1]]
                return [*name, comma, *tokens[: signs[1]], comma, *tokens[signs[0] + 1 :]]
            return [*name, comma, *tokens]
    return tokens


def _without_argument(member: list[Token]) -> list[Token]:
    r"""Write x(t) \in (1, y) as x \in (1, y), the value of a function as its name."""
    texts = [t.text for t in member]
    called = texts[1:4:2] == ["(", ")"] and texts[4:5] == [r"\in"] and texts[2] not in texts[5:]
    return [member[0], *member[4:]] if called else member


def chosen_root(tokens: list[Token]) -> str:
    """Which of several roots the author speaks of: least, greatest, or nothing."""
    for _, _, _, word in words_between(tokens):
        found = re.search(rf"({ROOTS})(?:positive|nonnegative|non-negative)?(?:real)?(?:root|solution)", word)
        if found is not None:
            return "least" if found[1] in ROOTS.split("|larger")[0].split("|") else "greatest"
    return ""


def words_between(tokens: list[Token]) -> Iterator[tuple[int, int, int, str]]:
    """Start of the part of the formula, then place and end of a text command outside of brackets, and its word."""
    start = at = 0
    depth = [level for _, _, level in levels(tokens)]
    while at < len(tokens):
        if tokens[at].text in _ENDS and depth[at] == 0:
            start = at + 1
        if tokens[at].text in TEXTS and depth[at] == 0 and at + 1 < len(tokens) and tokens[at + 1].text == "{":
            end = next((i for i in range(at + 1, len(tokens)) if depth[i] == 0), len(tokens) - 1) + 1
            word = "".join(t.text for t in tokens[at + 2 : end - 1]).lower()
            yield start, at, end, word
            if word.strip(" ().,;:") in BEHIND:
                start = end
            at = end
        else:
            at += 1


def ends_a_part(tokens: list[Token], at: int) -> bool:
    """Whether a part behind the formula ends at a place."""
    return at >= len(tokens) or tokens[at].text in (*_ENDS, ".") or tokens[at].text in TEXTS


def _called_text(word: str) -> list[Token]:
    return [Token(r"\text", False, True), Token("{"), *map(Token, word), Token("}")]


def _called(function: str) -> list[Token]:
    return [Token(r"\operatorname", False, True), Token("{"), *map(Token, function), Token("}")]


def _with_named_functions(tokens: list[Token]) -> list[Token]:
    """Put a function where its letter stands before a bracket: P is the regularised lower incomplete gamma function."""
    for start, place, end, word in words_between(tokens):
        meant = next((f for words, f in _FUNCTIONS.items() if re.fullmatch(_THE + words, word)), "")
        texts = [t.text for t in tokens[start:place]]
        beta = re.fullmatch(_THE + _BETA, word) and texts[:2] == ["I", "_"]
        bessel = texts[1:2] == ["_"] and re.fullmatch(_THE + _BESSEL_WORDS.get(texts[0], "no function"), word)
        if (beta or bessel) and ends_a_part(tokens, end):
            return [*tokens[:start], *tokens[end:]]
        if meant and place == start + 1 and ends_a_part(tokens, end):
            letter, kept = tokens[start].text, [*tokens[:start], *tokens[end:]]
            return [part for i, t in enumerate(kept)
                    for part in (_called(meant) if t.text == letter and _opens(kept, i + 1) else [t])]  # fmt: skip
    return tokens


def _opens(tokens: list[Token], at: int) -> bool:
    return at < len(tokens) and tokens[at].text in CLOSING and tokens[at].text != "{"


def _with_applied_functions(tokens: list[Token]) -> list[Token]:
    r"""Write \phi = \tanh as \phi(t) = \tanh(t)."""
    depth = [level for _, _, level in levels(tokens)]
    for place in range(2, len(tokens) - 1):
        if tokens[place].text != "=" or depth[place] or tokens[place - 2].text not in (*_ENDS, "}"):
            continue
        end, styled = place + 2, tokens[place + 1].text.lstrip("\\") in WORD_STYLES
        if styled and end < len(tokens) and tokens[end].text == "{":
            end = next((i for i in range(end, len(tokens)) if depth[i] == 0), len(tokens) - 1) + 1
        word = "".join(t.text for t in tokens[place + 1 + styled : end] if t.text not in "{}").lstrip("\\")
        if word in FUNCTIONS and word not in ("min", "max") and ends_a_part(tokens, end):
            argument = [Token("("), Token("t"), Token(")")]
            return [*tokens[:place], *argument, *tokens[place:end], *argument, *tokens[end:]]
    return tokens


def _with_measures(tokens: list[Token]) -> list[Token]:
    r"""Write \int Dz f as \int dz\,(density) f, with the density that the author states or the standard normal one."""
    texts = [t.text for t in tokens]
    if r"\int" not in texts:
        return tokens
    for at, text in enumerate(texts):  # \mathcal Dz is Dz
        if text in (r"\mathcal", r"\mathrm", r"\mathscr") and texts[at + 1 : at + 2] == ["D"]:
            return _with_measures([*tokens[:at], *tokens[at + 1 :]])
        if text in (r"\mathcal", r"\mathrm", r"\mathscr") and texts[at + 1 : at + 4] == ["{", "D", "}"]:
            return _with_measures([*tokens[:at], tokens[at + 2], *tokens[at + 4 :]])
    for at in range(texts.index(r"\int"), len(tokens) - 1):
        letter = texts[at + 1]
        if texts[at] != "D" or len(letter) != 1 or not letter.isalpha() or texts[at + 2 : at + 3] == ["="]:
            continue
        index = tokens[at + 2 : at + 4] if texts[at + 2 : at + 3] == ["_"] and texts[at + 3 : at + 4] != ["{"] else []
        named = letter + "".join(t.text for t in index)
        density = list(tokens_of(_DENSITY.replace("z", named)))
        stated = next((i for i in range(at + 2, len(tokens)) if texts[i : i + 3] == ["D", letter, "="]), 0)
        if stated:
            end = next((i for i in range(stated, len(tokens)) if texts[i : i + 2] == ["d", letter]), 0)
            last = next((i for i in range(end, len(tokens)) if ends_a_part(tokens, i)), len(tokens))
            above = texts[end - 1 : end + 3] == ["{", "d", letter, "}"]  # \frac{dz}{\sqrt{2\pi}} e^{-z^2/2}
            if not end or not (above or end + 2 == last):
                return tokens
            density = [*tokens[stated + 3 : end], *([Token("1", True)] if above else []), *tokens[end + 2 : last]]
            tokens = [*tokens[:stated], *tokens[last:]]
        measure, factor = [Token("d", False, True), Token(letter), *index], [Token("("), *density, Token(")")]
        whole = [*factor, *measure] if _integrand_in_front(tokens[:at]) else [*measure, *factor]
        return _with_measures([*tokens[:at], *whole, *tokens[at + 2 + len(index) :]])
    return tokens


def _integrand_in_front(tokens: list[Token]) -> bool:
    r"""Whether more than its ends stands behind the last \int: its measure ends it."""
    at = max(i for i, token in enumerate(tokens) if token.text == r"\int") + 1
    while at + 1 < len(tokens) and tokens[at].text in ("_", "^", r"\limits"):
        at += 1
        if tokens[at].text == "{":
            at += next((i for i, _, level in levels(tokens[at:]) if level == 0), len(tokens))
        at += 1
    return at < len(tokens)


def _without_nouns(tokens: list[Token]) -> list[Token]:
    """Take out what is counted, behind a definition: n = rd rows."""
    for start, place, end, word in words_between(tokens):
        counted = tokens[start:place] and tokens[place - 1].text not in _OPERATES  # d - rows has the name of a quantity
        if (
            _SAMPLES.fullmatch(word)
            and counted
            and "=" in [t.text for t in tokens[start:place]]
            and ends_a_part(tokens, end)
        ):
            return _without_nouns([*tokens[:place], *tokens[end:]])
    return tokens


def _with_orders(tokens: list[Token]) -> Iterator[Token]:
    r"""Write I_x(a, b), the regularised beta function, and I_{d/2}(x), a Bessel function, with what is their index."""
    at = 0
    while at < len(tokens):
        found = _indexed_call(tokens, at) or _hypergeometric(tokens, at)
        if found is None:
            yield tokens[at]
            at += 1
            continue
        function, arguments, at = found
        yield from [*_called(function), Token("("), *arguments, Token(")")]


def _hypergeometric(tokens: list[Token], at: int) -> tuple[str, list[Token], int] | None:
    """Function, arguments and the place behind it, of {}_2F_1(a, b; c; x)."""
    at += 2 * ([t.text for t in tokens[at : at + 2]] == ["{", "}"])
    texts = [t.text for t in tokens[at : at + 5]]
    if texts[:1] != ["_"] or texts[2:4] != ["F", "_"] or not _opens(tokens, at + 5):
        return None
    name = f"hyp{texts[1]}f{texts[4]}"
    close = at + 5 + next((i for i, _, level in levels(tokens[at + 5 :]) if level == 0), 0)
    inner = [Token(",") if t.text == ";" else t for t in tokens[at + 6 : close]]
    return (name, inner[inner[:1] == [Token(",")] :], close + 1) if name in FUNCTIONS else None


def _indexed_call(tokens: list[Token], at: int) -> tuple[str, list[Token], int] | None:
    """Function, arguments and the place behind it, where a letter with an index and a bracket is one."""
    letter = tokens[at].text
    if letter not in _BESSEL or at + 2 >= len(tokens) or tokens[at + 1].text != "_":
        return None
    end = at + 3
    if tokens[at + 2].text == "{":
        end = next((i for i, _, level in levels(tokens[at + 2 :]) if level == 0), 0) + at + 3
    index = tokens[at + 2 : end] if end == at + 3 else tokens[at + 3 : end - 1]
    if not _opens(tokens, end):
        return None
    close = end + next((i for i, _, level in levels(tokens[end:]) if level == 0), 0)
    inner = list(_with_orders(tokens[end + 1 : close]))
    commas = sum(text == "," and level == 0 for _, text, level in levels(inner))
    if letter == "I" and commas == 1:
        return "betalower", [*inner, Token(","), *index], close + 1
    order = any(t.text in ("/", "+", "-", r"\frac", r"\tfrac", r"\nu") for t in index)
    if order and commas == 0 and close > end:
        return _BESSEL[letter], [*index, Token(","), *inner], close + 1
    return None
