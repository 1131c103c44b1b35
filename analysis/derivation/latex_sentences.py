r"""A whole sentence with mathematics in it, brought to one formula with its definitions and ranges behind it.

"For $n>p+1$ the inverse Wishart mean gives $$R = \frac{p\sigma^2}{n-p-1}$$ where $p=\gamma n$": the main formula is
what the sentence states; what it defines of the letters in it is put behind it; mathematics that only speaks of
something is left out, and named in the report. Words that may change what is stated, "twice" or "the root of", are
refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from solvable.analysis.derivation.latex_altering import (
    AGAIN,
    ALTERS,
    ASIDE,
    CHANGES,
    DENIED,
    DENIES,
    HARMLESS,
    PROVIDED,
    REMARK,
    SHARE,
)
from solvable.analysis.derivation.latex_chosen import is_formula, only_defines, settled
from solvable.analysis.derivation.latex_segments import Segment, defines, names_in, right_names, segments_of
from solvable.analysis.derivation.latex_words import A_SHARE

__all__ = ["Sentence", "in_one_formula"]

_INTRODUCES = (r"where|with|let|put|putting|set|setting|writing|write|here|denote|denoting|defining?|defined?|recall|"
               r"using|given|since|because|as|for|if|when|whenever|provided|providing|assume|assuming|suppose|"
               r"consider|"
               r"under|on|in|at|from|of|over|take|taking|choose|choosing|upto|against|unlike|into|plugging|"
               r"substituting|until|while|abbreviate|abbreviating|having|among|per|once|unless")  # fmt: skip
_STATES = (r"is|are|equals?|reads?|gives?|yields?|finds?|found|obtains?|obtained|gets?|got|have|has|becomes?|shows?|"
           r"shown|that|then|hence|so|thus|therefore|whence|namely|amounts?|costs?|adds?|satisfies|concludes?|to|"
           r"follows|verify|leads?|prove|proves|derive|computes?|was|claim|beats|by|and")  # fmt: skip
_KEYWORDS = re.compile(rf"\b(?:(?P<introduces>{_INTRODUCES})|(?P<states>{_STATES}))\b")
_LISTS = re.compile(r"[,;]?\s*(?:and|as well as)?\s*")
_SOLVES = re.compile(r"(?:,?\s*(?:(?:which |that )?(?:solves|satisfies|obeys|is (?:determined|defined|"
                     r"given)(?: implicitly)? by)(?: the(?: fixed[- ]point| "
                     r"self[- ]consistent| implicit| quadratic)? equation)?|(?:is|denotes|being|as)? ?(?:the|"
                     r"a)?(?: unique)?(?: (?P<which>smaller|smallest|"
                     r"lesser|larger|largest|greater|greatest|positive))?(?: real)? (?:root|solution) (?:of|"
                     r"to)(?: the)?"
                     r"(?: (?:quadratic|equation|quadratic equation))?)):?")  # fmt: skip
_STRONG = re.compile(r"\b(?:is|are|equals?|reads?|becomes?|gives?|yields?|costs?|adds?|obtains?|gets?|finds?|"
                     r"have|rate|"
                     r"(?:amounts?|reduces|evaluates|simplifies|converges|tends|equal|adds? up|leads?) to|"
                     r"(?:given|described) by|bound|value|factor|number|eigenvalue|exponent)(?: then| thus|"
                     r" simply| just| exactly| "
                     r"therefore| also| given by| equal to| precisely)?[:,]?$|:$")  # fmt: skip
_DESCRIBED = re.compile(r"(?<=[^=\s])\s*\\text\{(\s*(?:is|are|being) (?:the|an?) [A-Za-z -]+)\}\s*$")
_DESCRIBES = re.compile(r"\s*(?:is|are|denotes?|being)? ?(?:the|an?) [A-Za-z -]{3,}")
_PRODUCT = re.compile(r"(?:\\[a-z]+|[a-zA-Z]|\^\d|\^\{\d\}|\\,|\s)+")  # \kappa^2 b
_CONCLUDES = re.compile(r"\b(?:hence|thus|therefore|so|so that|whence|then|conclude that|implies|finally|i\.e\.)\b")
_OPERATES = re.compile(r"\s*(?:times|plus|minus|over|divided by|multiplied by|per|of|to the power(?: of)?)\s*")
_OTHERWISE = re.compile(r"\b(?:otherwise|else)\b")
_PRONOUN = re.compile(r"\b(?:it|this|that|which)\s+(?:simply |then |just )?(?:is|equals?|reads?|becomes?)\b")
_BREAK = re.compile(r"(?<!\be\.g)(?<!\bi\.e)(?<!\bcf)(?<!\beq)(?<!\bal)(?<!\bi\.i\.d)[.?!;:](?=\s|$)")
_OTHER = r"\text{otherwise}"
_COUNTED = re.compile(r"\b(?:after|of|over|for|from|on)$")  # after $k$ steps
_LONGEST = 160  # letters of what is left out that a report shows


class Sentence(NamedTuple):
    """A formula with what is said of its letters, and what of the sentence was not read."""

    formula: str
    words: str = ""
    narrowing: str = ""  # what of it may say where, or of which numbers, the formula is meant


def in_one_formula(text: str, refuse: Callable[[str], ValueError]) -> Sentence:
    """Return a sentence as one formula; what holds no words outside of its mathematics is returned as it is.

    Raises
    ------
    ValueError
        Where it is not clear what the sentence states, or words may change it.
    """
    cut = segments_of(text)
    if cut is None:
        return Sentence(text)
    return _Reader(*cut, refuse).sentence()


class _Reader:
    """Finds what a sentence states, and what it says of the letters in that."""

    def __init__(self, parts: list[Segment], last: str, refuse: Callable[[str], ValueError]) -> None:
        self.parts, self.refuse, self.share = parts, refuse, ""
        self.words = [part.words for part in parts] + [last]
        self.roles = list[str]()
        for at in range(len(parts)):
            self.roles.append(self.role(at))
        weak = [at for at, role in enumerate(self.roles) if role == "weak"]
        for at in weak:  # behind a mere comma stands what is stated only where nothing else is
            self.roles[at] = "said" if "stated" in self.roles or at != weak[-1] else "stated"
        self.roles, self.chosen = settled(parts, self.words, self.roles)

    def role(self, at: int) -> str:
        """What a piece is: stated, said of a letter, a condition, an equation that a name solves, or spoken of."""
        part, words = self.parts[at], self.words[at].lower()
        if part.kind == "equation" and _solving(words) is not None:
            return "solved"
        if part.kind == "equation" and at and ASIDE.search(words):
            return "remark"
        if part.kind == "law":
            return "law"
        if part.kind == "limit":
            return "condition"
        begins = not at or _BREAK.search(words) is not None
        lead = _BREAK.split(words)[-1].strip()
        if part.kind == "bound":
            states = re.search(r"\b(?:gives|yields|hence|thus|therefore|that|reads|is)\s*$", lead)
            return "stated" if states and not re.search(r"such that$", lead) else "condition"
        if part.shown and not re.fullmatch(r",?\s*(?:where|with|here|and)", lead):
            return "stated"
        stated = max((i for i, role in enumerate(self.roles) if role == "stated"), default=-1)
        apart = any(_BREAK.search(between) for between in self.words[stated + 1 : at + 1])
        if part.kind != "bare" and at and _LISTS.fullmatch(words) and stated >= 0 and not apart:
            return "said"
        if part.kind != "bare" and at and _LISTS.fullmatch(words) and self.roles[-1] in ("said", "weak"):
            return "weak" if words.strip() in ("", ",") else "said"
        clause = lead.rpartition(",")[2].strip()
        clause = re.sub(
            r"\b(?:on average|in (?:general|particular|total|closed form)|of course|at (?:last|most|least))\b",
            "",
            clause,
        )
        keys = [match.lastgroup for match in _KEYWORDS.finditer(clause)]
        if re.search(r"\b(?:such that|recall that|given that|provided that|assume that|suppose that)$", clause):
            return "said"
        if part.kind == "bare":
            strong = _STRONG.search(lead) and not re.search(r"\b(?:from|of|with|up) \w+$", lead)
            return "stated" if strong or (not lead and begins and not at) else "spoken"
        if AGAIN.fullmatch(words.strip()):
            return "stated"
        if keys:
            return "stated" if keys[-1] == "states" else "said"
        return "stated" if begins or "," in lead or clause else "said"

    def sentence(self) -> Sentence:
        """Return the formula that is stated with what is said of its letters."""
        for words in self.words[1:-1]:
            if _OPERATES.fullmatch(words) and words.strip():
                raise self.refuse(f"two formulas are joined by the word {words.strip()}: write one formula")
        stated = [at for at, role in enumerate(self.roles) if role == "stated"]
        shown = [at for at in stated if self.parts[at].shown]
        cases = self.cases(stated)
        if cases:
            return cases
        if len(shown) == 1 and self.parts[shown[0]].kind != "bare":
            stated = shown
        if not stated:
            solved = [at for at, role in enumerate(self.roles) if role == "solved"]
            lone = [at for at, part in enumerate(self.parts) if part.kind == "equation"]
            if len(lone) == 1 and not solved:
                self.refuse_definition(lone[0])
                self.unchanged(lone[0])
                return self.composed(lone[0], self.parts[lone[0]].latex, set())
            changes = CHANGES.search(HARMLESS.sub(" ", " ".join(self.words).lower()))
            if len(solved) != 1 and changes:
                raise self.refuse(f"the word {changes.group()!r} may change what is stated: give the formula alone")
            if len(solved) != 1:
                raise self.refuse("what the sentence states is not clear: give the formula alone")
            return self.composed(solved[0], self.equation(solved[0]), set())
        main, taken = self.main(stated)
        self.refuse_definition(main)
        self.unchanged(main)
        latex = self.parts[main].latex
        for again in taken:
            latex += f" = {self.parts[again].latex}"
        return self.composed(main, latex, set(taken))

    def main(self, stated: list[int]) -> tuple[int, list[int]]:
        """Place of what is stated, and the places of what is said to equal it."""
        first, last = stated[0], stated[-1]
        if len(stated) == 1:
            also = [at for at, part in enumerate(self.parts) if at > first and part.kind == "bare"
                    and len(names_in(part.latex)) > 1
                    and not (_PRODUCT.fullmatch(part.latex) and self.described(at, first))]  # fmt: skip
            if self.parts[first].kind == "bare" and also:
                raise self.refuse("it states more than one formula: give the one that is meant")
            return first, []
        again = [at for at in stated[1:] if AGAIN.fullmatch(self.words[at].lower().strip())]
        if again == stated[1:] and all(self.parts[at].kind == "bare" for at in again):
            return first, again
        concludes = _CONCLUDES.search(_BREAK.split(self.words[last].lower())[-1]) or last in again
        if concludes and self.parts[last].kind != "bare":
            return last, []
        users = [at for at in stated if not any(self.parts[at].left and names_in(self.parts[at].left) &
                 right_names(self.parts[other]) for other in stated if other != at)]  # fmt: skip
        named = [at for at in stated if self.parts[at].kind != "bare"]
        if len(users) == 1 and named == stated:
            return users[0], []
        raise self.refuse("it states more than one formula: give the one that is meant")

    def refuse_definition(self, main: int) -> None:
        """Refuse to judge what only defines a letter of a formula between dollars that may be what is meant."""
        if only_defines(main, self.parts, self.words, self.roles):
            raise self.refuse("what the sentence states is not clear: give the formula alone")

    def unchanged(self, main: int) -> None:
        """Refuse words that may change what is stated."""
        bare = self.parts[main].kind == "bare"
        before, every = _BREAK.split(self.words[main])[-1], HARMLESS.sub(" ", " ".join(self.words[: main + 1]).lower())
        if bare:
            place = main
            while place and not _BREAK.search(self.words[place]):
                place -= 1
                before = f"{_BREAK.split(self.words[place])[-1]} {before}"
            before = " ".join(self.words[: main + 1]) if _PRONOUN.search(before.lower()) else before
        else:
            rest = before.rpartition(",")
            denied = DENIES.search(every)
            if denied:
                raise self.refuse(f"the word {denied.group()!r} may change what is stated: give the formula alone")
            before = rest[2]
            before = re.sub(r".*\b(?:is|equals|gives|yields|that|then|hence|so|thus|reads)\b", "", before.lower())
        behind = REMARK.split(_BREAK.split(f"{self.words[main + 1]} ")[0].lower())[0]
        behind = re.split(r"\b(?:where|with|which shows|which is (?:exactly|what)|for)\b", behind)[0]
        if main == self.chosen:
            self.unaltered(before.lower(), behind)
        for words in (before, behind):
            found = CHANGES.search(HARMLESS.sub(" ", words.lower()))
            if found:
                raise self.refuse(f"the word {found.group()!r} may change what is stated: give the formula alone")
        wrong = DENIED.search(" ".join(PROVIDED.sub(" ", words.lower()) for words in self.words[main + 1 :]))
        if wrong:
            raise self.refuse(f"the words {wrong.group()!r} may deny what is stated: give the formula alone")

    def unaltered(self, before: str, behind: str) -> None:
        """Refuse verbs by which a bare formula is not what is meant, and keep in mind that it is a share."""
        shared = SHARE.search(before) is not None and behind.startswith("of ")
        if shared:
            before = SHARE.sub(" ", before)
            self.share = re.split(r"[,.;]|\b(?:is|are|was|remains?|survives?)\b", behind)[0].strip().removeprefix("of ")
        found = ALTERS.search(HARMLESS.sub(" ", before)) or ALTERS.search(behind)
        if found:
            raise self.refuse(f"the word {found.group()!r} may change what is stated: give the formula alone")

    def equation(self, at: int) -> str:
        """Write a solved equation with the name in front where one stands there, and which root is meant."""
        found = _solving(self.words[at].lower())
        which = found["which"] if found and found["which"] else ""
        alone = found is not None and not self.words[at][: found.start()].strip(" ,")
        name = self.parts[at - 1].latex if at and alone and self.parts[at - 1].kind == "bare" else ""
        if not name:
            return rf"\text{{the {which or 'only'} root of }} {self.parts[at].latex}"
        if "," in name or len(names_in(name)) != 1:
            raise self.refuse(f"several equations are said to give {name}: give the formula of one quantity")
        solves = rf"is the {which} root of" if which else "solves"
        return rf"{name} \text{{ {solves} }} {self.parts[at].latex}"

    def composed(self, main: int, latex: str, taken: set[int]) -> Sentence:
        """Put behind the main formula what is said of its letters; the rest is named as not read."""
        own = self.parts[main]
        names = right_names(own) if self.roles[main] != "solved" else names_in(latex)
        for at in taken:
            names |= names_in(self.parts[at].latex)
        used, open_, grown = list[int](), [at for at in range(len(self.parts)) if at not in taken | {main}], True
        while grown:
            grown = False
            for at in open_:
                if at not in used and self.is_used(at, main, names):
                    used.append(at)
                    names |= names_in(self.parts[at].latex)
                    grown = True
        said = list[str]()
        for at in sorted(used, key=lambda at: (self.parts[at].kind in ("bound", "limit"), at)):
            if self.roles[at] == "solved":
                said.append(self.equation(at))
            elif self.parts[at].kind == "bare":
                words = re.split(r"[,.;]|\band\b", self.words[at + 1])[0].strip()
                said.append(rf"{self.parts[at].latex} \text{{ {words} }}")
            elif self.parts[at].kind == "limit":  # n, d -> infinity is said of each
                said += [
                    f"{name} {self.parts[at].latex[len(self.parts[at].left) :]}"
                    for name in _each_of(self.parts[at].left)
                ]
            else:
                said.append(self.parts[at].latex)
        solved_names = {at - 1 for at in used if self.roles[at] == "solved"}
        left = [
            part.latex
            for at, part in enumerate(self.parts)
            if at not in {main, *taken, *used, *solved_names} and not (self.roles[main] == "solved" and at == main - 1)
        ]
        described = _DESCRIBED.search(latex)
        if described and not CHANGES.search(described[1].lower()):  # where U = .. is the unlearned power
            latex = latex[: described.start()]
            left.append(described[1].strip())
        formula = latex + (rf" \quad \text{{ where }} {' , '.join(said)}" if said else "")
        narrowing = [A_SHARE + self.share] if self.share else self.narrowing(main, names, {main, *taken, *used})
        return Sentence(formula, _shortened(left), _shortened(narrowing))

    def narrowing(self, main: int, names: set[str], read: set[int]) -> list[str]:
        """What was left out and may say where, or of which numbers, the formula is meant."""
        found = []
        for at, part in enumerate(self.parts):
            if at in read or self.roles[at] in ("solved", "remark"):
                continue
            number = part.kind == "equation" and re.fullmatch(
                r"[\d.]+|I(?:_\w+)?|\\mathrm\{?I\}?", part.latex.rpartition("=")[2].strip()
            )
            own = names_in(self.parts[main].left)
            limits = part.kind == "bound" and not names_in(part.left) & own and bool(names_in(part.latex) - own)
            counted = _COUNTED.search(self.words[at].lower()) and re.match(r"[a-z -]*[a-z]s\b", self.words[at + 1])
            spoken = part.kind == "bare" and at > main and part.latex in names and not counted
            other = main == self.chosen and (is_formula(part) or part.kind == "equation")
            found += [part.latex] if number or limits or spoken or other else []
        return found

    def is_used(self, at: int, main: int, names: set[str]) -> bool:
        """Whether a piece says something of letters that are used."""
        part, role = self.parts[at], self.roles[at]
        if role == "remark":
            return False
        if role == "solved":
            return (
                bool(at and self.parts[at - 1].kind == "bare" and names_in(self.parts[at - 1].latex) & names)
                and at - 1 != main
            )
        if part.kind == "bare":
            solved = at + 1 < len(self.parts) and self.roles[at + 1] == "solved"
            product = self.parts[main].kind == "bare" and _PRODUCT.fullmatch(part.latex) and names_in(part.latex)
            within = part.latex in names or (product and product <= names)
            return self.described(at, main) and not solved and bool(within)
        if part.kind == "limit":  # of several letters that the formula holds: it is the leading behaviour
            return not ("," in part.left and names_in(part.left) <= names)
        if part.kind == "bound":
            own = names_in(self.parts[main].left)
            return names_in(part.latex) <= names and not names_in(part.latex) & (own - names)
        left = names_in(part.left)
        if part.kind == "law":
            return bool(left) and left <= names
        return bool(left & names) and role in ("said", "stated") and defines(part)

    def described(self, at: int, main: int) -> bool:
        """Whether words say behind the formula what a bare piece is."""
        behind = re.split(r"[,.;]|\band\b", self.words[at + 1])[0]
        lead = re.search(r"\b(?:where|with|and|here)\s*$", self.words[at].lower())
        return at > main and behind.strip() != "" and _DESCRIBES.fullmatch(behind) is not None and lead is not None

    def cases(self, stated: list[int]) -> Sentence | None:
        """Write two formulas of one quantity, each with its range, as cases."""
        if len(stated) < 2 or any(self.parts[at].shown and self.parts[at].kind == "bare" for at in stated):
            return None
        if len({self.parts[at].left for at in stated}) != 1:
            return None
        ranges = [at for at, part in enumerate(self.parts) if part.kind == "bound"]
        first = bool(ranges) and ranges[0] < stated[0]
        rows, used = list[str](), set(stated)
        for place, at in enumerate(stated):
            low = (stated[place - 1] if place else -1) if first else at
            high = at if first else (stated[place + 1] if place + 1 < len(stated) else len(self.parts))
            own = [i for i in ranges if low < i < high]
            other = _OTHERWISE.search(self.words[at] if first else self.words[at + 1])
            if len(own) != 1 and not (other and not own and place == len(stated) - 1):
                return None
            self.unchanged(at)
            value = self.parts[at].latex.split("=")[-1] if self.parts[at].kind == "equation" else self.parts[at].latex
            if self.parts[at].latex.count("=") > 1:
                return None
            rows.append(rf"{value} & {self.parts[own[0]].latex if own else _OTHER}")
            used |= set(own)
        left = self.parts[stated[0]].left
        name = self.parts[stated[0]].latex.split("=")[0].rstrip(": &") + " = " if left else ""
        rest = [at for at in range(len(self.parts)) if at not in used]
        said = [at for at in rest if self.parts[at].kind == "equation" and defines(self.parts[at])
                and names_in(self.parts[at].left) & names_in(" ".join(rows))]  # fmt: skip
        behind = rf" \quad \text{{ where }} {' , '.join(self.parts[at].latex for at in said)}" if said else ""
        lines = r" \\ ".join(rows)
        formula = rf"{name}\begin{{cases}} {lines} \end{{cases}}{behind}"
        return Sentence(formula, _shortened([self.parts[at].latex for at in rest if at not in said]))


def _each_of(names: str) -> list[str]:
    """Names between commas, where no brackets stand around them."""
    return [names] if re.search(r"[(){}]", names) else names.split(",")


def _solving(words: str) -> re.Match[str] | None:
    """Words at the end of a text that say that the equation behind them is solved."""
    return re.search(rf"(?:^|(?<=[ ,.:;]))(?:{_SOLVES.pattern})\s*$", words.strip()) if words.strip() else None


def _shortened(left: list[str]) -> str:
    shown = ", ".join(left)
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 3] + "..."
