"""Words that give a letter of the claim what another of its letters is: "where d is the number of samples"."""

from __future__ import annotations

import re
from collections.abc import Callable

from solvable.solvers.validate import refuse

__all__ = ["refuse_other_meanings"]

_KINDS = {  # names of quantities of one meaning, and the words for it
    "samples": ({"n", "samples"}, r"number of (?:\w+ )?(?:samples|rows|observations|examples|data points)|sample size"),
    "dimension": ({"d", "dimension"}, r"(?:ambient |input |feature |data )?dimension|"
                                      r"number of (?:\w+ )?(?:features|parameters|inputs|covariates|columns)"),
    "noise variance": ({"noise_variance"}, r"(?:label |output )?noise variance|variance of the (?:label )?noise"),
    "signal": ({"signal"}, r"signal(?: strength| power)?"),
    "ridge": ({"lam"}, r"ridge(?: penalty| parameter)?|regulari[sz]ation(?: strength)?"),
    "step size": ({"step_size"}, r"step size|learning rate"),
    "width": ({"width"}, r"width"),
    "depth": ({"depth"}, r"depth|number of layers"),
    "classes": ({"classes"}, r"number of classes"),
    "batch": ({"batch_size"}, r"batch size|size of (?:a|the) batch"),
}  # fmt: skip
_LETTER = r"(?<![\w\\}^_+*/=(-])(?P<letter>\\?[A-Za-z]+(?:_\w)?)(?P<square>\^(?:2|\{2\}))?"
_SAYS = r"\s*\$?\s*,?\s*(?:is|denotes|being|stands for)?\s*(?:the|an?)\s+(?:total |same )?"
_COUNTS = (
    ("samples", r"(?:samples|rows|observations|examples)"),
    ("dimension", r"(?:features|parameters|inputs|covariates|columns)"),
    ("classes", r"classes"),
)
_DEVIATION = r"(?:label )?noise (?:standard deviation|level)|standard deviation of the (?:label )?noise"


def refuse_other_meanings(text: str, known: set[str], ours: Callable[[str], list[str]]) -> None:
    """Refuse a text in which a letter of the claim is said to be what another of its letters is.

    Raises
    ------
    ValueError
        Naming the letter and what it is said to be.
    """
    if not re.search(r"[A-Za-z]{4}", text):
        return
    plain = re.sub(r"\\(?:text|textrm|mbox|mathrm)\{([^{}]*)\}", r"$\1$", text)
    plain = re.sub(r"\\q?quad|\\[,;: !]|~", " ", plain)
    for kind, (names, words) in _KINDS.items():
        if not names & known:
            continue
        noun = rf"(?:{words})\b(?! (?:per|in each|of (?:the|each) \w+))"
        counted = "|".join(count for other, count in _COUNTS if other == kind)
        spoken = [rf"{_LETTER}{_SAYS}{noun}", rf"\b{noun} \$\s*{_LETTER}\s*\$"]
        spoken += [rf"\$\s*{_LETTER}\s*\$ {counted}\b"] if counted else []
        for found in (match for pattern in spoken for match in re.finditer(pattern, plain)):
            _refuse_another(text, found, kind, names, known, ours)
    for found in re.finditer(rf"{_LETTER}{_SAYS}(?:{_DEVIATION})\b", plain):
        if found["square"] and "sqrt(noise_variance)" in ours(found["letter"].lstrip("\\")):
            raise refuse("formula", text, f"{found['letter']}^2 is said to be a standard deviation: give it a name")


def _refuse_another(
    text: str, found: re.Match[str], kind: str, names: set[str], known: set[str], ours: Callable[[str], list[str]]
) -> None:
    """Refuse a letter that is said to be of one kind and is a quantity of the claim of another."""
    letter = found["letter"].lstrip("\\")
    own = ours(letter)
    rooted = kind == "noise variance" and not found["square"] and "sqrt(noise_variance)" in own
    others = set[str]().union(*(each for each, _ in _KINDS.values())) - names
    other = not found["square"] and len(own) >= 1 and own[0] in known & others
    if rooted or other:
        why = f"{letter} is said to be the {kind}, and is the claim's {own[0]}: give it another name, or symbols="
        raise refuse("formula", text, why)
