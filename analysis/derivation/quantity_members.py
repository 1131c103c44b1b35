r"""Left members that by their form are the claim's quantity: its derivative by the right variable, z_k - z_j.

What such a member says is settled without reading it, so that a right side which is not ours is wrong.
"""

from __future__ import annotations

import re

from solvable.analysis.derivation.latex_words import FUNCTIONS, GREEK
from solvable.analysis.derivation.translation import known_names
from solvable.analysis.verification.claim import Claim
from solvable.analysis.writing.conventions import symbols, translations

__all__ = [
    "derivative_by_another",
    "derivative_of_the_claim",
    "is_a_difference",
    "is_another_sum",
    "is_lowered",
    "is_the_quantity",
    "names_the_claim",
]

_SCRIPT = r"(?:\{[^{}]*\}|\\[A-Za-z]+ ?|[A-Za-z\d])"
_NAME = rf"(?:\\[A-Za-z]+ ?|[A-Za-z])(?:[_^]{_SCRIPT})*(?:\([^()]*\))?"
_MEAN = r"\\?E(?:_(?:\{[^{}]*\}|\w))?[\[({].*[\])}]"
_OF = rf"(?P<of>{_NAME}|{_MEAN})"
_BY = rf"(?:\\partial ?|d)(?P<by>(?:\\(?:log|ln) ?)?(?:\\[A-Za-z]+ ?|[A-Za-z])(?:_{_SCRIPT})?)"
_DERIVATIVES = (
    re.compile(rf"\\partial ?_(?:\{{(?P<by>[^{{}}]*(?:\{{[^{{}}]*\}})?)\}}|(?P<letter>\\[A-Za-z]+ ?|[A-Za-z])){_OF}"),
    re.compile(rf"\\[dt]?frac\{{(?:\\partial|d)\}}\{{{_BY}\}}(?:{_OF}|\((?P<inner>{_MEAN})\))"),
    re.compile(rf"\\[dt]?frac\{{(?:\\partial ?|d){_OF}\}}\{{{_BY}\}}"),
    re.compile(rf"(?:\\partial ?|d){_OF}/{_BY}"),
)  # fmt: skip
_OF_DERIVATIVES = re.compile(r"(?i)\b(?:derivative|slope|sensitivity|response|growth)\b|\b(?:every|each) \w+ adds\b")
_A_STEP = re.compile(r"(?i)\b(?:every|each|an?|per) (\w+)")
_COUNTERS = ("t", "k")  # of steps and generations, beside the first letter of the word
_PRIMED = re.compile(r"'|\\prime|\\d?dot(?![a-z])")
_LESS_THE_NOISE = re.compile(
    r"[ERL](?:_(?:\\lambda ?|\{(?:\\lambda ?|@(?:test|gen|out|ridge)@|\\rm ?(?:test|gen|out))\}|@(?:test|gen|out)@))?"
    r"(?:\((?:\\hat[^()]*|\\lambda ?)\))?[-−]\\sigma(?:_(?:\\(?:var)?epsilon ?|\{\\(?:var)?epsilon ?\}))?\^(?:2|\{2\})"
)
_OF_EXCESS = re.compile(r"(?i)\bexcess risk\b|\bhas (?:the )?excess\b")
_FUNCTION = re.compile(r"\\[A-Za-z]+|@\w+@")
_ONE_FUNCTION_TWICE = re.compile(
    r"\\?E(?:_(?:\{[^{}]*\}|\w))?[\[({]\\?\{?(?P<f>(?:\\|@)(?P<word>[A-Za-z]+)@?) ?"
    r"(?:\((?P<u>[a-z])\)|(?P<x>[a-z]))(?P=f) ?(?:\((?P<v>[a-z])\)|(?P<y>[a-z]))\\?[\])}]*"
)
_MEAN_STATED = re.compile(r"E\[([^\[\]]*)\]")
_TWO_INDICES = re.compile(rf"(\\?[A-Za-z]+?)_({_SCRIPT})[-−]\1_({_SCRIPT})")
_DIFFERENCES = re.compile(r"(?i)\bminus\b|\bdifference\b|\bgap\b|\bgrowth\b|\bmargin\b")
_FROM_ZERO = re.compile(r"(?P<a>\\?[A-Za-z]+?)(?:\^\{?2\}?)?(?:_0|_\{0\}|\(0\))(?:\^\{?2\}?)?[-−](?P=a)(?![A-Za-z]).*")
_BEFORE_THE_NEXT = re.compile(r"(\\?[A-Za-z]+?)_\{?(\w)\}?[-−]\1_\{\2\+1\}")
_ADDED_UP = re.compile(rf"(\\?[A-Za-z]+?)(?:[_^]{_SCRIPT}|\(\w\))+\+\1(?:[_^]{_SCRIPT}|\(\w\))+")
_FALLS = re.compile(r"(?i)\b(?:lower|shrink|reduc|decreas|fall|los[et]|drop|decay|gain)")
_LOWERED = re.compile(r"\b(?:lowers|shrinks|reduces|decreases) (?:ln|log)")


def is_the_quantity(left: str, claim: Claim) -> bool:
    """Whether a left member, without spaces and styles, is the claim's quantity by its form."""
    if derivative_of_the_claim(left, claim):
        return True
    if _LESS_THE_NOISE.fullmatch(left) and _OF_EXCESS.search(claim.statement):
        return True
    pair = _TWO_INDICES.fullmatch(left)
    about = f"{claim.name.partition('/')[2].replace('-', ' ')} {claim.statement}"
    return pair is not None and pair[2] != pair[3] and _DIFFERENCES.search(about) is not None


def is_a_difference(left: str) -> bool:
    """Whether a left member is z_k - z_j, one letter at two indices, whose sign is a matter of their order."""
    return _TWO_INDICES.fullmatch(left) is not None


def _derivative(left: str) -> tuple[str, str] | None:
    """What a left member is the derivative of, and by what."""
    for form in _DERIVATIVES:
        match = form.fullmatch(left)
        if match is not None:
            found = match.groupdict()
            by = (found["by"] or found.get("letter") or "").strip()
            by = re.sub(r"^\\(?:log|ln) ?|[{}]", "", by)
            return found["of"] or found.get("inner") or "", by
    return None


def derivative_of_the_claim(left: str, claim: Claim) -> bool:
    """Whether a left member is the derivative that the claim is about: of what it says, by what it says."""
    found = _derivative(left)
    if found is None or not _OF_DERIVATIVES.search(f"{claim.name} {claim.statement}"):
        return False
    of, by = found
    if _PRIMED.search(of):
        return False
    stated = _MEAN_STATED.search(claim.statement)
    if stated is not None and re.match(r"\\?E[_\[({]", of):
        arguments = [set(re.findall(r"[(|]([a-z])[)|]", text)) for text in (stated[1], of)]
        if any(word[1:] in FUNCTIONS or word[0] == "@" for word in _FUNCTION.findall(of)):
            return _is_written_out(of, arguments[0], claim) and _is_by_ours(by, claim)
        if arguments[0] != arguments[1] or "^" in of:
            return False
    return _is_by_ours(by, claim)


def _is_written_out(mean: str, arguments: set[str], claim: Claim) -> bool:
    r"""Whether a mean is that of one function at the two arguments, E[\cos u\cos v], and the claim's cells hold it."""
    pair = _ONE_FUNCTION_TWICE.fullmatch(mean)
    if pair is None or {pair["u"] or pair["x"], pair["v"] or pair["y"]} != arguments:
        return False
    return all(pair["word"].lower() in cell.values() for cell in claim.grid)


def _is_by_ours(by: str, claim: Claim) -> bool:
    """Whether a derivative is by what the claim's statement speaks of, or by its count of steps."""
    name = _ours(by, claim)
    if name:
        return _is_spoken_of(name, claim)
    spoken = _A_STEP.search(claim.statement)
    return spoken is not None and by in (spoken[1][0].lower(), *_COUNTERS)


def derivative_by_another(left: str, claim: Claim) -> bool:
    """Whether a derivative is by one parameter of the claim, where its words speak of another."""
    found = _derivative(left)
    name = "" if found is None else _ours(found[1], claim)
    others = [other for other in claim.grid[0] if other != name and _is_spoken_of(other, claim)]
    about = _OF_DERIVATIVES.search(f"{claim.name} {claim.statement}") is not None
    return about and name in claim.grid[0] and not _is_spoken_of(name, claim) and bool(others)


def _ours(word: str, claim: Claim) -> str:
    known = known_names(claim) or set(claim.grid[0])
    word = GREEK.get(word, word)
    return next((name for name in (word, word.replace("_", ""), *translations(claim, word)) if name in known), "")


def _is_spoken_of(name: str, claim: Claim) -> bool:
    """Whether a word of what a name means stands in the claim's statement."""
    meanings = [row.meaning for row in symbols(claim.family) if row.name == name]
    said = set(re.findall(r"\w{4,}", f"{claim.name.partition('/')[2]} {claim.statement}".lower()))
    return any(set(re.findall(r"\w{4,}", meaning.lower())) & said for meaning in [name.replace("_", " "), *meanings])


def is_lowered(left: str, claim: Claim) -> bool:
    r"""Whether \Delta\ln x stands without its sign for a claim that says by how much ln x is lowered."""
    return re.match(r"\\Delta ?\\(?:ln|log)", left) is not None and _LOWERED.search(claim.statement) is not None


def is_another_sum(left: str, claim: Claim) -> bool:
    """Whether a later value is taken from the first, x_0 - x_t, or added to it, where the claim speaks of neither."""
    about = f"{claim.name} {claim.statement}"
    if _FROM_ZERO.fullmatch(left) or _BEFORE_THE_NEXT.fullmatch(left):
        return _FALLS.search(about) is None
    return _ADDED_UP.fullmatch(left) is not None and re.search(r"(?i)\bsum|\+|total|and\b", about) is None


def names_the_claim(name: str, claim: Claim) -> bool:
    r"""Whether the index of a name begins a word of the claim's name: \eta_{\rm eff} for effective-step-size."""
    index = name.partition("_")[2].lower()
    return len(index) > 2 and any(word.startswith(index) for word in claim.name.partition("/")[2].split("-"))
