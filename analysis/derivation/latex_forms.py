r"""Rewriting of tokens before LaTeX is read: an author's macros, frames around a formula, signs with words above them.

Nothing here has a value: a macro becomes its body, ``\boxed{x}`` becomes ``{x}``, ``\xrightarrow{p}`` an arrow, and the
two roots of ``\lambda_\pm = ..`` two definitions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from solvable.analysis.derivation.latex_tokens import OPEN, Token
from solvable.analysis.derivation.latex_words import GREEK, LIMITS, RELATIONS

__all__ = ["group_at", "in_usual_forms"]

Refuse = Callable[[str], ValueError]
_MOST_TOKENS = 20_000
_FRAMES = (r"\boxed", r"\ensuremath", r"\mathclose", r"\mathopen", r"\mathord", r"\mathrel", r"\fbox", r"\mathbin",
           r"\smash", r"\mathinner")  # fmt: skip
_SIGNS = (r"\mathrel", r"\mathbin", r"\mathopen", r"\mathclose")  # frames of a sign, which stands in no braces
_INVISIBLE = (
    r"\phantom",
    r"\vphantom",
    r"\hphantom",
    r"\hspace",
    r"\vspace",
    r"\color",
    r"\label",
    r"\tag",
    r"\mspace",
)
_ALONE = (r"\strut", r"\mathstrut", r"\displaystyle", r"\textstyle", r"\scriptstyle", r"\nolimits", r"\null",
          r"\allowbreak", r"\nobreak", r"\relax", r"\normalfont", r"\centering", r"\noindent", r"\hfill")  # fmt: skip
_ARROWS = (r"\xrightarrow", r"\xlongrightarrow", r"\xRightarrow")
_ABOVE = (r"\overset", r"\stackrel", r"\underset")
_FRACTIONS = {r"\nicefrac": r"\frac", r"\sfrac": r"\frac", r"\flatfrac": r"\frac", r"\xfrac": r"\frac"}
_PAIRED = {r"\norm": (r"\|", r"\|"), r"\floor": (r"\lfloor", r"\rfloor"),
           r"\ceil": (r"\lceil", r"\rceil"), r"\qty": ("(", ")"), r"\paren": ("(", ")"), r"\parens": ("(", ")"),
           r"\brackets": ("[", "]"), r"\bracket": ("[", "]"), r"\lr": ("(", ")")}  # fmt: skip
_COMMANDS = (r"\newcommand", r"\renewcommand", r"\providecommand", r"\newcommand*", r"\renewcommand*")
_OPERATORS = (r"\DeclareMathOperator", r"\DeclareMathOperator*")
_SIGNED = {"+": "plus", "-": "minus", "−": "minus"}
_RELATED = ("=", *RELATIONS, *LIMITS)


def in_usual_forms(tokens: list[Token], refuse: Refuse) -> list[Token]:
    """Return the tokens with macros put in, and without what only frames a formula.

    Raises
    ------
    ValueError
        Where a macro has no end, or is defined by itself.
    """
    tokens = _with_places(_with_macros(tokens, refuse), refuse)
    return _with_both_roots(list(_plain(tokens, refuse)), refuse)


def _with_places(tokens: list[Token], refuse: Refuse) -> list[Token]:
    r"""Write ``\left. f \right|_{x=a}`` as a command of f and the place; other invisible brackets go."""
    done, opened = list[Token](), list[int]()
    at = 0
    while at < len(tokens):
        text = tokens[at].text
        if text == OPEN:
            opened.append(len(done))
        if text in (r"\rvert", r"\rbrack", "]") and opened and tokens[at + 1 : at + 2] and tokens[at + 1].text == "_":
            place, behind = group_at(tokens, at + 2, refuse)
            if any(token.text == "=" for token in place) and text == r"\rvert":
                start = opened.pop()
                body = done[start + 1 :]
                done[start:] = [Token(r"\evaluated"), Token("{"), *body, Token("}"), Token("{"), *place, Token("}")]
                at = behind
                continue
        done.append(tokens[at])
        at += 1
    return [token for token in done if token.text != OPEN]


def group_at(tokens: list[Token], at: int, refuse: Refuse) -> tuple[list[Token], int]:
    """Tokens of the argument that stands at a place, and the place behind it."""
    if at >= len(tokens):
        raise refuse("it ends where something is missing")
    if tokens[at].text != "{":
        return [tokens[at]], at + 1
    level, start = 0, at + 1
    for place in range(at, len(tokens)):
        level += {"{": 1, "}": -1}.get(tokens[place].text, 0)
        if level == 0:
            return tokens[start:place], place + 1
    raise refuse("a brace is not closed")


def _option_at(tokens: list[Token], at: int, refuse: Refuse) -> tuple[list[Token], int]:
    """Tokens in square brackets at a place, if they stand there."""
    if at >= len(tokens) or tokens[at].text != "[":
        return [], at
    for place in range(at, len(tokens)):
        if tokens[place].text == "]":
            return tokens[at + 1 : place], place + 1
    raise refuse("a bracket is not closed")


def _with_macros(tokens: list[Token], refuse: Refuse) -> list[Token]:
    """Take the definitions of macros off, and put their bodies where they stand."""
    macros: dict[str, tuple[int, list[Token]]] = {}
    kept, at = [], 0
    while at < len(tokens):
        text = tokens[at].text
        if text in _COMMANDS:
            name, at = group_at(tokens, at + 1, refuse)
            count, at = _option_at(tokens, at, refuse)
            body, at = group_at(tokens, at, refuse)
            number = int(count[0].text) if len(count) == 1 and count[0].text.isdigit() else 0
            macros["".join(t.text for t in name)] = (number, body)
        elif text in _OPERATORS:
            name, at = group_at(tokens, at + 1, refuse)
            body, at = group_at(tokens, at, refuse)
            macros["".join(t.text for t in name)] = (0, [Token(r"\operatorname"), Token("{"), *body, Token("}")])
        elif text == r"\def" and at + 2 < len(tokens) and tokens[at + 2].text == "{":
            body, behind = group_at(tokens, at + 2, refuse)
            macros[tokens[at + 1].text], at = (0, body), behind
        else:
            kept.append(tokens[at])
            at += 1
    return _expanded(kept, macros, refuse) if macros else kept


def _expanded(tokens: list[Token], macros: dict[str, tuple[int, list[Token]]], refuse: Refuse) -> list[Token]:
    left, done = list(tokens), list[Token]()
    steps = 0
    while left:
        token = left.pop(0)
        if token.text not in macros:
            done.append(token)
            continue
        steps += 1
        count, body = macros[token.text]
        arguments, at = [], 0
        for _ in range(count):
            argument, at = group_at(left, at, refuse)
            arguments.append(argument)
        left = [*(_filled(body, arguments) if count else body), *left[at:]]
        if steps > _MOST_TOKENS // 20 or len(left) > _MOST_TOKENS:
            raise refuse(f"the macro {token.text} is defined by itself, or is too long")
    return done


def _filled(body: list[Token], arguments: list[list[Token]]) -> list[Token]:
    """Body of a macro with its arguments, each in braces as LaTeX keeps them together."""
    found, at = list[Token](), 0
    while at < len(body):
        number = body[at + 1].text if body[at].text == "#" and at + 1 < len(body) else ""
        if number.isdigit() and 0 < int(number) <= len(arguments):
            found += arguments[int(number) - 1]
            at += 2
        else:
            found.append(body[at])
            at += 1
    return found


def _plain(tokens: list[Token], refuse: Refuse) -> Iterable[Token]:
    """Tokens without frames, signs without the words above them."""
    at = 0
    while at < len(tokens):
        token, text = tokens[at], tokens[at].text
        if text in _FRAMES and tokens[at + 1 : at + 2] and tokens[at + 1].text == "{":
            inner, at = group_at(tokens, at + 1, refuse)
            whole = [Token("{", False, token.spaced), *_plain(inner, refuse), Token("}")]
            yield from whole[1:-1] if text in _SIGNS else whole
        elif text.rstrip("*") in _INVISIBLE or text == r"\textcolor":
            _, at = group_at(tokens, at + 1, refuse)
        elif text in _ALONE:
            at += 1
        elif text in _ARROWS:
            _, at = _option_at(tokens, at + 1, refuse)
            _, at = group_at(tokens, at, refuse)
            yield Token(r"\to", False, True)
        elif text in _ABOVE:
            _, middle = group_at(tokens, at + 1, refuse)
            under, behind = group_at(tokens, middle, refuse)
            relation = under[0].text if len(under) == 1 else ""
            if relation not in _RELATED:
                raise refuse(f"what stands above or below {''.join(t.text for t in under)} is not understood")
            at = behind
            yield Token(relation, False, True)
        elif text in _FRACTIONS:
            at += 1
            yield Token(_FRACTIONS[text], False, token.spaced)
        elif text.rstrip("*") in _PAIRED and tokens[at + 1 : at + 2] and tokens[at + 1].text == "{":
            opening, closing = _PAIRED[text.rstrip("*")]
            inner, at = group_at(tokens, at + 1, refuse)
            yield from (Token(opening, False, token.spaced), *_plain(inner, refuse), Token(closing))
        elif text.rstrip("*") == r"\abs" and tokens[at + 1 : at + 2] and tokens[at + 1].text == "{":
            inner, at = group_at(tokens, at + 1, refuse)
            yield from (Token("\\operatorname", False, token.spaced), Token("{"), *map(Token, "abs"), Token("}"))
            yield from (Token("("), *_plain(inner, refuse), Token(")"))
        elif text == r"\qty":
            at += 1
        elif text == r"\%" and at and tokens[at - 1].number:
            at += 1
            yield from (Token("/"), Token("(", False), Token("100", True), Token(")"))
        else:
            at += 1
            yield token


def _with_both_roots(tokens: list[Token], refuse: Refuse) -> list[Token]:
    r"""Write ``x_\pm = a \pm b`` as two definitions, and ``x_+`` as a name where it is one that is defined."""
    named, signs = set[str](), dict[str, set[str]]()
    left = next((i for i, token in enumerate(tokens) if token.text == "="), 0)
    for place, token in enumerate(tokens[:-3]):
        mark, behind = _index_sign(tokens, place + 1)
        letter = token.text in GREEK or (len(token.text) == 1 and token.text.isalpha())
        if mark and letter and behind < len(tokens) and tokens[behind].text in ("=", ":"):
            named.add(token.text)
        if mark and letter and place < left:
            signs.setdefault(token.text, set()).add(_SIGNED.get(mark, ""))
    named |= {
        letter for letter, found in signs.items() if {"plus", "minus"} <= found
    }  # w_+ w_- left of =, of two branches
    if not named:
        return tokens
    found, at = list[Token](), 0
    while at < len(tokens):
        mark, behind = _index_sign(tokens, at + 1) if tokens[at].text in named else ("", at)
        if mark in _SIGNED:
            found += _indexed(tokens[at], _SIGNED[mark])
            at = behind
        elif mark == r"\pm":
            if not found:
                found, at = [tokens[at]], behind  # its two values are those of the formula
                continue
            end = _end_of_definition(tokens, behind)
            for sign, other in (("+", "-"), ("-", "+")):
                found += _indexed(tokens[at], _SIGNED[sign])
                stop = end - (end == len(tokens) and tokens[end - 1].text == ".")
                for token in tokens[behind:stop]:
                    chosen = {r"\pm": sign, "±": sign, r"\mp": other, "∓": other}.get(token.text)
                    found.append(token if chosen is None else Token(chosen, False, token.spaced))
                found.append(Token(",", False, True))
            at = end
        else:
            found.append(tokens[at])
            at += 1
    return found


def _index_sign(tokens: list[Token], at: int) -> tuple[str, int]:
    """Sign that stands as index at a place, and the place behind it."""
    texts = [t.text for t in tokens[at : at + 4]]
    if texts[:1] != ["_"]:
        return "", at
    texts, behind = (texts[2:3], at + 4) if texts[1:2] == ["{"] and texts[3:4] == ["}"] else (texts[1:2], at + 2)
    sign = {"±": r"\pm"}.get(texts[0], texts[0]) if texts else ""
    return (sign, behind) if sign in (*_SIGNED, r"\pm") else ("", at)


def _indexed(name: Token, word: str) -> list[Token]:
    return [name, Token("_"), Token("{"), *(Token(letter) for letter in word), Token("}")]


def _end_of_definition(tokens: list[Token], start: int) -> int:
    """Place of the comma, or the end, behind a definition."""
    level = 0
    for place in range(start, len(tokens)):
        level += {"{": 1, "(": 1, "[": 1, "}": -1, ")": -1, "]": -1}.get(tokens[place].text, 0)
        if level < 0 or (level == 0 and tokens[place].text in (",", ";", r"\quad", r"\\", r"\end", r"\text")):
            return place
    return len(tokens)
