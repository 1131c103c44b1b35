r"""Which formula of a sentence is meant where a verb states a bare one: "the rule errs with probability $\Phi(-m)$".

An equation beside it that only says what one of its letters is, "with $m=\sqrt q$", is a definition and never the
formula. Exactly one bare formula that is more than a name is then what the sentence states, whatever the verb; verbs
that alter a value, "differs by", are refused.
"""

from __future__ import annotations

import re

from solvable.analysis.derivation.latex_altering import AGAIN, SHARE
from solvable.analysis.derivation.latex_segments import Segment, defines, names_in, right_names

__all__ = ["is_formula", "only_defines", "settled"]

_NAME = (r"(?:\\[A-Za-z]+|[A-Za-z]|\\(?:hat|bar|tilde|mathbf|mathrm|mathcal|boldsymbol|operatorname|mathtt)\s*\{?\s*"
         r"\\?[A-Za-z]+\}?)(?:\{\})*(?:_(?:\w|\\[a-z]+|\{[^{}]*\}))?")  # fmt: skip
_ONE_NAME = re.compile(
    rf"(?:\\\|)?\s*{_NAME}\s*(?:\\\|(?:_\w)?)?(?:\s*\([^()+*/^-]*\))?(?:\^\{{?(?:\d|\\\*|\\star|\\ast|\*|T)\}}?)?"
)
_INDEX = re.compile(r"_(?:\w|\\[a-z]+|\{[^{}]*\})")
_OBJECT = re.compile(r"\\(?:times|top|intercal|odot|otimes|mathbb\s*\{?[RNZ]|mathcal\s*\{?[NO]|Theta|to|in|mid|dots|"
                     r"ldots|cdots|perp|circ)(?![a-zA-Z])|\^\{?T\}?(?![a-z])|[;:]|^\s*\(?[^()+/*^-]*,[^()]*\)?\s*$|"
                     r"^O\(")  # fmt: skip
_OPERATES = re.compile(r"[-+*/^]|\\(?:t|d)?frac|\\sqrt|\\int|\\sum|\\prod|\\(?:exp|log|ln|tanh|erfc?|Phi|arc\w+|min|"
                       r"max)(?![a-z])|\\operatorname")  # fmt: skip
_OBLIQUE = re.compile(r"\b(?:of|in|on|over|from|with|under|into|onto|for|using|since|because|by means of|and|or|"
                      r"let|where|if|when|between|against|through|via|given|dimension|size|rank|degree|"
                      r"number)$")  # fmt: skip
_INTRODUCED = re.compile(
    r"(?:.*\b(?:where|with|let|for|put|setting|writing|here|at|given|if|when)|[,;]?\s*(?:and)?)\s*$"
)
_SETTING = re.compile(r"\b(?:for|if|when|with|at|under|let|assume|suppose|unit|normali[sz](?:e|ing))\b[^.;]*$")
_THRESHOLD = re.compile(r"\b(?:(?:only (?:\w+ ){0,3}?|precisely |exactly )(?:for|if|when|whenever|while|"
                        r"(?:as|so) long as)|if and only if|iff)$")  # fmt: skip
_OPPOSITE = re.compile(r"\b(?:un(?!der|it|iform|ique)\w+|non\w*|in(?!terp|put|iti|cre|dep|fini)\w{5,}|diverg\w+|"
                       r"los(?:es?|t|ing)|fail\w*|no|not|never|cannot|break\w*|destroy\w*|vanish\w*|disappear\w*|"
                       r"ceas\w+|sub\w+|worse|explod\w+|blow\w*|oscillat\w+|escap\w+|holds?|valid|true|appl(?:y|ies)|formula|bound|"
                       r"sense|impossible|collaps\w+)\b")  # fmt: skip
_UP_TO = re.compile(
    rf"(?:0\s*(?:<|\\leq?(?![a-z]))\s*)?(?P<name>{_NAME})\s*(?:<|\\(?:leq?|lt|leqslant)(?![a-z]))(?P<value>.*)", re.S
)
_MOVES = re.compile(r",? ?\b(?:which|that)\b[^.;:]*\b(?:tends?|goes|converges?|increases|decreases|grows|rises|falls|"
                    r"drops|shrinks) to$|.*\bapproaches$")  # fmt: skip
_NOT_TO = re.compile(r",?\s*(?:and|or|but|rather than|instead of)?,?\s*(?:not)?\s*(?:to)?")
_NUMBER = re.compile(r"[\d.]+|I(?:_\w+)?|\\mathrm\{?I\}?")


def is_formula(part: Segment) -> bool:
    """Whether a bare piece is more than a name, an object, a law or a number."""
    latex = re.sub(r"\\[,;:! ]", " ", part.latex).strip()  # a thin space is no comma
    if part.kind != "bare" or _ONE_NAME.fullmatch(latex) or _OBJECT.search(latex):
        return False
    return not re.fullmatch(r"[\d.]+|10\^.*", latex) and _OPERATES.search(_INDEX.sub("", latex)) is not None


def settled(parts: list[Segment], words: list[str], roles: list[str]) -> tuple[list[str], int | None]:
    """Roles where a verb states a bare formula, and the place of that; as they are where something else is stated."""
    roles = _without_remarks(parts, words, roles)
    stated = [at for at, role in enumerate(roles) if role == "stated"]
    if not stated and "solved" not in roles:
        _take_threshold(parts, words, roles)
    if "solved" in roles or any(parts[at].kind not in ("equation",) or parts[at].shown for at in stated):
        return roles, None
    leads = [re.split(r"[.;:?!]\s", f" {text.lower()} ")[-1].strip() for text in words]
    again = [AGAIN.fullmatch(text.lower().strip()) is not None for text in words]
    oblique = [_OBLIQUE.search(lead) is not None and SHARE.search(lead) is None for lead in leads]
    bare = [at for at, part in enumerate(parts) if is_formula(part) and not oblique[at] and not (at and again[at])]
    used = set[str]().union(*(names_in(parts[at].latex) for at in bare)) if bare else set[str]()
    left_out = set[int]()
    grown = True
    while grown:
        new = {at for at, part in enumerate(parts) if at not in left_out and part.kind == "equation"
               and _is_said(part, leads[at], used)}  # fmt: skip
        left_out |= new
        used |= set[str]().union(*(right_names(parts[at]) for at in new)) if new else set()
        grown = bool(new)
    if bare and all(at in left_out for at in stated):
        roles = ["said" if at in left_out else role for at, role in enumerate(roles)]
        for at in bare:
            roles[at] = "stated"
        return roles, bare[0] if len(bare) == 1 else None
    equations = [at for at, part in enumerate(parts) if part.kind == "equation" and not part.shown]
    if not bare and len(equations) > 1 and len(equations) == len([p for p in parts if p.kind == "equation"]):
        return _one_of(equations, parts, leads, roles), None
    return roles, None


def _without_remarks(parts: list[Segment], words: list[str], roles: list[str]) -> list[str]:
    """Roles where numbers that a formula tends to, and a setting beside a bare formula, are not stated."""
    roles = list(roles)
    for at in range(1, len(parts)):
        if roles[at] not in ("stated", "spoken") or "stated" not in roles[:at]:
            continue
        lead, part = words[at].lower().strip(), parts[at]
        again = roles[at - 1] == "remark" and _NOT_TO.fullmatch(lead)
        if part.kind == "bare" and not names_in(part.latex) and (_MOVES.match(lead) or again):
            roles[at] = "remark"
        bare = any(role == "stated" and is_formula(other) for other, role in zip(parts, roles, strict=True))
        if part.kind == "equation" and not part.shown and bare and _is_setting(part, lead):
            roles[at] = "said"
    return roles


def _take_threshold(parts: list[Segment], words: list[str], roles: list[str]) -> None:
    r"""State the one bound below which alone something is said to be, as an equation: stable only for \eta \le 2/h."""
    bounds = [at for at, part in enumerate(parts) if part.kind == "bound"]
    if len(bounds) != 1 or any(is_formula(part) for part in parts):
        return
    if bounds == [0] and not words[0].strip() and all(part.kind != "equation" for part in parts):
        roles[0] = "stated"  # the bound itself, with which the text begins
        return
    lead = re.split(r"[.;:?!]\s", f" {words[bounds[0]].lower()} ")[-1].strip()
    found = _UP_TO.fullmatch(parts[bounds[0]].latex.strip())
    if found is None or not _THRESHOLD.search(lead) or _OPPOSITE.search(" ".join(words).lower()):
        return
    value, used = found["value"], names_in(found["value"])
    equations = [part for part in parts if part.kind == "equation"]
    if not _OPERATES.search(value) or not all(defines(part) and names_in(part.left) <= used for part in equations):
        return
    parts[bounds[0]] = Segment(words[bounds[0]], f"{found['name']} = {value}", False, "equation", found["name"])
    roles[bounds[0]] = "stated"


def _is_said(part: Segment, lead: str, used: set[str]) -> bool:
    """Whether an equation only says what a letter of a formula is, or in which setting it is meant."""
    left = names_in(part.left)
    return _is_setting(part, lead) or (bool(left) and left <= used and defines(part))


def _one_of(equations: list[int], parts: list[Segment], leads: list[str], roles: list[str]) -> list[str]:
    """Roles where all equations but the first define what that, or each other, holds: the first is the formula."""
    first, *rest = equations
    stated = {at for at in equations if roles[at] == "stated"}
    if not stated or stated == {first} or first in stated or "stated" in roles[:first]:
        return roles
    known = right_names(parts[first])
    for at in rest:
        left = names_in(parts[at].left)
        if not (left and left <= known and defines(parts[at]) and _INTRODUCED.fullmatch(leads[at])):
            return roles
        known |= right_names(parts[at])
    if not re.search(r"\b(?:at|as|to|of|than|by)$", leads[first]) or leads[first].startswith(("with", "for", "let")):
        return roles
    return ["stated" if at == first else "said" if at in rest else role for at, role in enumerate(roles)]


def _is_setting(part: Segment, lead: str) -> bool:
    """Whether an equation says in which setting something is meant: for unit weights, norm = 1."""
    value = part.latex.rpartition("=")[2].strip()
    return _NUMBER.fullmatch(value) is not None and _SETTING.search(lead) is not None


def only_defines(main: int, parts: list[Segment], words: list[str], roles: list[str]) -> bool:
    """Whether an equation in a text says what a letter of a bare formula beside it is, or only sets something."""
    own = parts[main]
    if own.kind != "equation" or own.shown:
        return False
    others = [part for part, role in zip(parts, roles, strict=True) if part.kind == "bare" and role != "stated"]
    if _is_setting(own, re.split(r"[.;:?!]\s", words[main].lower())[-1].rstrip()) and others:
        return True
    within = [part for part in others
              if names_in(own.left) & names_in(part.latex) and not part.latex.strip().startswith(own.left)]  # fmt: skip
    return defines(own) and bool(within)
