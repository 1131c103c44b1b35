r"""Matrices, vectors and traces that an author names: each name is put out of the formula before that is read.

``G := \Sigma(\Sigma+\kappa I)^{-1}`` with ``\operatorname{tr}G^2``, ``R(z) = (\Sigma+z)^{-1}``, ``\bar\beta :=
\kappa(\Sigma+\kappa I)^{-1}\beta`` with ``\bar\beta^\top\Sigma\bar\beta``, ``\mathrm{tr}_d = \frac1d\mathrm{tr}``.
A name of a matrix has no value, so it cannot be defined as numbers are: its body stands in brackets wherever it stood.
Functions of one covariance are symmetric; of other products no transpose is formed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from solvable.analysis.derivation.latex_forms_of_claims import with_scalars_in_forms
from solvable.analysis.derivation.latex_phrases import Phrase
from solvable.analysis.derivation.latex_stated import parts_behind
from solvable.analysis.derivation.latex_tokens import BARS, CLOSING, TEXTS, Token, levels, tokens_of
from solvable.analysis.derivation.latex_words import GREEK, LETTER_STYLES, RELATIONS

__all__ = ["with_named_matrices"]

Refuse = Callable[[str], ValueError]
_COVARIANCE, _WEIGHTS = (r"\Sigma", "Σ"), (r"\beta", r"\theta", "w")
_BOLD = tuple("\\" + style for style in (*LETTER_STYLES, "mathrm", "bm", "pmb", "mathds"))
_ACCENTS = (r"\bar", r"\tilde", r"\hat", r"\widehat", r"\widetilde", r"\overline", r"\mathcal", *_BOLD)
_SCALARS = ("tr", "Tr", "trace", r"\tr", r"\Tr", r"\sum", r"\int", r"\top", r"\intercal", r"\langle", r"\max", r"\min",
            r"\prod", r"\det", *BARS)  # fmt: skip
_TRANSPOSES = ([r"\top"], ["T"], [r"\intercal"], ["*"], [r"\dagger"], [r"\mathsf", "T"], [r"\mathrm", "T"])
_STARS = ("*", r"\star", r"\ast")
_STOPS = ("+", "-", "−", "/", ",", ";", "=", ":", r"\quad", r"\cdot", r"\times", r"\text", r"\Big/", r"\big/", "&",
          r"\\", r"\over", r"\right", *RELATIONS, *CLOSING.values(), *BARS)  # fmt: skip
_OPERATES = (r"\operatorname", r"\begin", r"\end", *TEXTS)


def with_named_matrices(tokens: list[Token], phrases: tuple[Phrase, ...], refuse: Refuse) -> list[Token]:
    """Return the tokens with the names of traces, matrices and vectors put out of the formula.

    `phrases` are the quantities of the claim, some of which may be forms in matrices.
    """
    if not {t.text for t in tokens} & {*_COVARIANCE}:
        return with_scalars_in_forms(tokens, phrases, refuse)
    tokens = _with_stars_apart(tokens)
    tokens = _with_named_traces(_without_weighed_norm(_with_plain_identity(tokens)))
    for _ in range(6):  # one may hold another
        found = next(_definitions(tokens), None)
        if found is None:
            break
        tokens = found
    return with_scalars_in_forms(_with_plain_products(_without_weighed_norm(tokens)), phrases, refuse)


def _with_plain_identity(tokens: list[Token]) -> list[Token]:
    r"""Write \mathbb I, \mathbf I, \mathrm{Id} as I; an indicator, which a condition follows, stays."""
    found, at = list[Token](), 0
    while at < len(tokens):
        group, end = _group(tokens, at + 1) if tokens[at].text in (*_BOLD, r"\operatorname") else ([], at)
        word = "".join(t.text for t in group)
        condition = tokens[end : end + 1] and tokens[end].text in ("(", "[", r"\{", "_")
        condition = condition and "".join(t.text for t in tokens[end : end + 4] if t.text != "{")[:2] not in (
            "_d",
            "_p",
        )
        if word in ("I", "Id") and not (condition and tokens[at].text == r"\mathbb"):
            found.append(Token("I", False, tokens[at].spaced))
            at = end
        elif tokens[at].text == "_" and found and found[-1].text == "I" and _index(tokens, at) in (["d"], ["p"]):
            at = _group(tokens, at + 1)[1]
        else:
            found.append(tokens[at])
            at += 1
    return found


def _with_stars_apart(tokens: list[Token]) -> list[Token]:
    r"""Write \theta^{*\top} and \theta^* as \theta_*^\top and \theta_*."""
    starred = {
        tokens[at].text
        for at in range(len(tokens) - 4)
        if [t.text for t in tokens[at + 1 : at + 3]] == ["^", "{"]
        and tokens[at + 3].text in _STARS
        and [tokens[at + 4].text] in _TRANSPOSES
    }
    found, at = list[Token](), 0
    while at < len(tokens):
        power, end = (
            _group(tokens, at + 2)
            if tokens[at].text in starred and [t.text for t in tokens[at + 1 : at + 2]] == ["^"]
            else ([], at + 1)
        )
        if power and power[0].text in _STARS:
            rest = power[1:]
            found += [tokens[at], Token("_"), Token("*"), *([Token("^"), *rest] if rest else [])]
        else:
            found += tokens[at:end]
        at = end
    return found


def _without_weighed_norm(tokens: list[Token]) -> list[Token]:
    r"""Take out \|v\|_\Sigma^2 = v^\top\Sigma v, and write the norm with that index as \|\Sigma^{1/2}..\|."""
    for start, end in parts_behind(tokens):
        said = "".join(t.text for t in tokens[start:end] if t.text not in ("{", "}", ":"))
        meant = re.fullmatch(r"\\\|([a-z])\\\|(?:_\\Sigma\^2|\^2_\\Sigma)=\1\^(?:\\top|T)\\Sigma\1", said)
        if meant is not None:
            return _without_weighed_norm([*tokens[:start], *tokens[end:]])
    texts = [t.text for t in tokens]
    for at in range(len(tokens) - 2):
        if texts[at : at + 2] not in ([r"\|", "_"], [r"\rVert", "_"]) or _index(tokens, at + 1) != [r"\Sigma"]:
            continue
        opened = max((i for i in range(at) if texts[i] in (r"\|", r"\lVert")), default=at)
        inner = tokens[opened + 1 : at]
        if any(t.text == r"\Sigma" for t in inner) and _weights_at_end(inner):
            behind = _group(tokens, at + 2)[1]
            root = [*tokens_of(r"\Sigma^{1/2}("), *inner[: -len(_weights_at_end(inner))], Token(")")]
            whole = [*root, *_weights_at_end(inner)]
            return _without_weighed_norm([*tokens[: opened + 1], *whole, tokens[at], *tokens[behind:]])
    return tokens


def _with_plain_products(tokens: list[Token]) -> list[Token]:
    r"""Write \langle A\beta, B\beta\rangle as \langle\beta, AB\beta\rangle: functions of \Sigma are symmetric."""
    found, at = list[Token](), 0
    while at < len(tokens):
        close = at + next((i for i, _, level in levels(tokens[at:]) if level == 0), 0)
        inner = tokens[at + 1 : close] if tokens[at].text == r"\langle" else []
        cuts = [i for i, text, level in levels(inner) if text == "," and level == 0]
        left = inner[: cuts[0]] if len(cuts) == 1 else []
        weights = _weights_at_end(left)
        matrix = left[: len(left) - len(weights)]
        if weights and _of_matrices(matrix) and _is_symmetric(matrix):
            found += [tokens[at], *weights, Token(","), *matrix, *inner[cuts[0] + 1 :], tokens[close]]
            at = close + 1
        else:
            found.append(tokens[at])
            at += 1
    return found


def _is_symmetric(matrix: list[Token]) -> bool:
    r"""Whether a matrix is a function of \Sigma alone."""
    return not any(t.text.isalpha() and t.text.isupper() and t.text != "I" for t in matrix)


def _index(tokens: list[Token], at: int) -> list[str]:
    return [t.text for t in _group(tokens, at + 1)[0]]


def _group(tokens: list[Token], at: int) -> tuple[list[Token], int]:
    """Tokens of the argument at a place and the place behind it; an open brace has none."""
    if at >= len(tokens) or tokens[at].text != "{":
        return tokens[at : at + 1], at + 1
    close = next((i for i, _, level in levels(tokens[at:]) if level == 0), None)
    return ([], at) if close is None else (tokens[at + 1 : at + close], at + close + 1)


def _trace_at(tokens: list[Token], at: int) -> int:
    """Place behind the word of a trace; the same place where none stands."""
    if tokens[at].text in (r"\tr", r"\Tr"):
        return at + 1
    if tokens[at].text in (r"\operatorname", *TEXTS):
        group, end = _group(tokens, at + 1)
        return end if "".join(t.text for t in group) in ("tr", "Tr", "trace", "Trace") else at
    return at


def _with_named_traces(tokens: list[Token]) -> list[Token]:
    r"""Put \frac1d\operatorname{tr} where \mathrm{tr}_d, or \langle A\rangle, is said to be that."""
    for start, end in parts_behind(tokens):
        part = [t for t in tokens[start:end] if t.text != ":"]
        cut = next((i for i, t in enumerate(part) if t.text == "="), 0)
        trace = next((i for i in range(cut, len(part)) if _trace_at(part, i) > i), 0)
        if not cut or not trace:
            continue
        name, rest, of = part[:cut], [*tokens[:start], *tokens[end:]], part[_trace_at(part, trace) :]
        letter = [t.text for t in of if t.text not in ("(", ")", "[", "]", r"\cdot")]
        bare = [t.text for t in name if t.text not in (r"\cdot",)]
        whole = part[cut + 1 : _trace_at(part, trace)]
        if len(letter) > 1 or any(text in _COVARIANCE for text in letter):
            continue
        if bare in ([r"\langle", *letter, r"\rangle"],):
            return _with_named_traces(list(_unbracketed(rest, whole)))
        head = _trace_at(name, 0)
        if head and [t.text for t in name[head : head + 1]] == ["_"]:
            _, behind = _group(name, head + 1)
            if [t.text for t in name[behind:] if t.text not in ("(", ")", "[", "]", r"\cdot")] == letter:
                return _with_named_traces(_replaced(rest, name[:behind], whole))
    return tokens


def _unbracketed(tokens: list[Token], trace: list[Token]) -> Iterator[Token]:
    r"""Write \langle A\rangle as the trace of A; an inner product has a comma, and an index says of what it is."""
    at = 0
    while at < len(tokens):
        close = next((i for i, _, level in levels(tokens[at:]) if level == 0), 0) + at
        inner = tokens[at + 1 : close]
        lone = tokens[at].text == r"\langle" and not any(t.text == "," for t in inner)
        if lone and [t.text for t in tokens[close + 1 : close + 2]] != ["_"]:
            yield from [Token("("), *trace, Token("["), *_unbracketed(inner, trace), Token("]"), Token(")")]
            at = close + 1
        else:
            yield tokens[at]
            at += 1


def _replaced(tokens: list[Token], name: list[Token], put: list[Token]) -> list[Token]:
    texts, found, at = [t.text for t in name], list[Token](), 0
    while at < len(tokens):
        here = [t.text for t in tokens[at : at + len(texts)]] == texts
        found += put if here else tokens[at : at + 1]
        at += len(texts) if here else 1
    return found


def _definitions(tokens: list[Token]) -> Iterator[list[Token]]:
    """Yield the tokens without the first definition of a matrix, or of a vector, and with its body where it stood."""
    for start, end in parts_behind(tokens):
        part = [t for t in tokens[start:end] if t.text != ":"]
        cut = next((i for i, t in enumerate(part) if t.text == "="), 0)
        name, body = part[:cut], part[cut + 1 :]
        argument = ""
        if len(name) > 3 and [t.text for t in name[-3:]][::2] == ["(", ")"]:
            argument, name = name[-2].text, name[:-3]
        if not _is_name(name) or not _of_matrices(body):
            continue
        vector = _weights_at_end(body)
        if any(t.text in _WEIGHTS for t in body[: len(body) - len(vector)]):
            continue
        rest = _traces_bracketed([*tokens[:start], *tokens[end:]], name)
        put = _put(rest, name, argument, body, vector)
        if put is not None:
            yield put


def _is_name(name: list[Token]) -> bool:
    """Whether tokens are one letter, with an accent and an index."""
    words = [t.text for t in name if t.text not in ("{", "}") and t.text not in _ACCENTS]
    letter = words[:1] and (words[0] in GREEK or (len(words[0]) == 1 and words[0].isalpha()))
    index = not words[1:] or (
        words[1] == "_" and all(w.isalnum() or w in GREEK or w in ("*", r"\star") for w in words[2:])
    )
    return bool(letter) and words[0] not in _COVARIANCE and index


def _of_matrices(body: list[Token]) -> bool:
    r"""Whether a body holds \Sigma within brackets or a fraction, and nothing that makes a number of it."""
    texts = [t.text for t in body]
    if {*texts} & {*_SCALARS, *_OPERATES, "=", r"\in", *RELATIONS} or any(
        _trace_at(body, i) > i for i in range(len(body))
    ):
        return False
    return any(text in _COVARIANCE and level > 0 and texts[i + 1 : i + 2] != ["_"] for i, text, level in levels(body))


def _weights_at_end(body: list[Token]) -> list[Token]:
    r"""Tokens of the target's weights that end a body: \beta, \beta_\star, w_0."""
    at = max((i for i, t in enumerate(body) if t.text in _WEIGHTS), default=len(body))
    depth = [level for _, _, level in levels(body)]
    tail = [t.text for t in body[at + 1 :] if t.text not in ("{", "}")]
    scripts = not tail or (len(tail) == 2 and tail[0] in ("_", "^") and tail[1] in ("*", r"\star", r"\ast", "0"))
    start = at - (at > 0 and at < len(body) and body[at - 1].text in _BOLD)
    return body[start:] if at < len(body) and depth[at] == 0 and scripts else []


def _traces_bracketed(tokens: list[Token], name: list[Token]) -> list[Token]:
    r"""Write \operatorname{tr}GH as \operatorname{tr}[GH], so that a body of several factors stays in its trace."""
    texts, found, at = [t.text for t in name], list[Token](), 0
    while at < len(tokens):
        end = _trace_at(tokens, at)
        if end == at or tokens[end : end + 1] == [] or tokens[end].text in ("(", "[", "{", r"\{", "_", "^"):
            found.append(tokens[at])
            at += 1
            continue
        stop = end
        while stop < len(tokens) and tokens[stop].text not in _STOPS and _trace_at(tokens, stop) == stop:
            opened = tokens[stop].text in CLOSING
            close = next((i for i, _, level in levels(tokens[stop:]) if level == 0), 0) if opened else 0
            stop += close + 1
        run = tokens[end:stop]
        held = any([t.text for t in run[i : i + len(texts)]] == texts for i in range(len(run)))
        found += tokens[at:end] + ([Token("["), *run, Token("]")] if held else run)
        at = stop
    return found


def _put(
    tokens: list[Token], name: list[Token], argument: str, body: list[Token], vector: list[Token]
) -> list[Token] | None:
    """Tokens with a body where its name stood; None where it stands nowhere, or is transposed and not symmetric."""
    texts, found, at, used, wordy = [t.text for t in name], list[Token](), 0, False, _in_words(tokens)
    matrix = body[: len(body) - len(vector)]
    while at < len(tokens):
        end = at + len(texts)
        plain = [t.text for t in tokens[at:end]] == texts and at not in wordy
        before = tokens[at - 1].text if at else ""
        if not plain or before in _ACCENTS or [t.text for t in tokens[end : end + 1]] == ["_"]:
            found.append(tokens[at])
            at += 1
            continue
        own, whole = matrix, vector
        single = [t.text for t in tokens[end : end + 3]][::2] == ["(", ")"]
        if single and not argument:
            return None  # of an argument that its definition does not name
        if argument:
            if [t.text for t in tokens[end : end + 1]] != ["("]:
                return None
            close = next((i for i, _, level in levels(tokens[end:]) if level == 0), 0) + end
            given = [Token("("), *tokens[end + 1 : close], Token(")")]
            own, end = [p for t in matrix for p in (given if t.text == argument else [t])], close + 1
        power, behind = list[Token](), end
        if [t.text for t in tokens[end : end + 1]] == ["^"]:
            power, behind = _group(tokens, end + 1)
        turned = [t.text for t in power if t.text not in ("{", "}")] in _TRANSPOSES
        if turned and not _is_symmetric(own):
            return None
        brackets = [Token("(", False, True), *own, Token(")")] if own else []
        if vector and power and not turned:
            return None
        if vector:
            found += [*vector, *tokens_of(r"^\top"), *brackets] if turned else [*brackets, *whole]
        elif power and not turned:
            found += [Token("("), *brackets, Token("^"), Token("{"), *power, Token("}"), Token(")")]
        else:
            found += brackets
        used, at = True, behind if power else end
    return found if used else None


def _in_words(tokens: list[Token]) -> set[int]:
    """Places of letters that spell words."""
    found = set[int]()
    for at, token in enumerate(tokens):
        if token.text in _OPERATES:
            group, end = _group(tokens, at + 1)
            found |= set(range(at + 1, end)) if group else set()
    return found
