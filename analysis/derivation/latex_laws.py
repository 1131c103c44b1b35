r"""Laws of LaTeX: z \sim N(0, 1), pairs with a covariance, the Marchenko-Pastur law; below a mean or behind it."""

from __future__ import annotations

import re
from itertools import pairwise

from solvable.analysis.derivation.latex_forms import group_at
from solvable.analysis.derivation.latex_fractions import Fractions
from solvable.analysis.derivation.latex_tokens import Token, levels
from solvable.analysis.derivation.latex_words import GREEK, LAW_STYLES

__all__ = ["SPECTRAL", "Laws"]

SPECTRAL = "MP"


def is_spectral_law(texts: list[str]) -> bool:
    r"""Whether tokens, without styles and braces, name the Marchenko-Pastur law: MP(\gamma), \mu_{MP}, F_\gamma."""
    word = "".join(texts)
    return (
        re.fullmatch(r"MP(?:_?\(?\\gamma\)?)?|(?:\\mu|\\nu|\\rho|F)(?:_(?:MP|\\gamma)(?:\(\\gamma\))?)?", word)
        is not None
    )


class Laws(Fractions):
    """Reads over which law a mean goes."""

    def variable(self, tokens: list[Token]) -> tuple[str, str]:
        r"""Read the index of an expectation: its variable, and mean and variance where \sim names a normal law."""
        texts = [t.text for t in tokens]
        cut = texts.index(r"\sim") if r"\sim" in texts else len(texts)
        named, commas = [t for t in tokens[:cut] if t.text not in ("(", ")")], [-1]
        commas += [i for i, text, level in levels(named) if text == "," and level == 0]
        commas.append(len(named))
        names = [self.whole(named[a + 1 : b]) for a, b in pairwise(commas)]
        if not all(re.fullmatch(r"[A-Za-z]\w*", each) for each in names):
            raise self.refuse("over which law a mean goes is not understood: write its variable, or z \\sim N(0, 1)")
        name = ", ".join(names)
        if cut == len(texts):
            return name, ""
        behind = [t for t in tokens[cut + 1 :] if t.text not in (*LAW_STYLES, "}")]
        if is_spectral_law([t.text for t in behind]):
            return name, SPECTRAL
        if [t.text for t in behind[:2]] != ["N", "("] or behind[-1].text != ")":
            raise self.refuse("a mean is over a normal law, or a law that is an integral")
        start = next(i for i in range(cut, len(tokens)) if tokens[i].text == "(")
        inner = tokens[start + 1 : -1]
        while inner and inner[-1].text == "}" and sum((t.text == "{") - (t.text == "}") for t in inner) < 0:
            inner = inner[:-1]
        if inner and inner[-1].text == ")" and sum((t.text == "(") - (t.text == ")") for t in inner) < 0:
            inner = inner[:-1]
        comma = [i for i, text, level in levels(inner) if text == "," and level == 0]
        if len(comma) != 1:
            raise self.refuse("a normal law has a mean and a variance")
        centre, spread = inner[: comma[0]], inner[comma[0] + 1 :]
        if any(t.text == r"\begin" for t in spread):
            if len(names) != 2 or [t.text for t in centre if t.text not in "{}"][-1:] != ["0"]:
                raise self.refuse("a matrix of covariances belongs to two variables of mean 0")
            return name, f"joint: {self.covariances(spread)}"
        return name, ", ".join(self.whole(part) for part in (centre, spread))

    def covariances(self, tokens: list[Token]) -> str:
        """Read a symmetric matrix of two rows: variance, covariance, variance."""
        texts = [t.text for t in tokens]
        start, end = texts.index("}") + 1, len(texts) - 1 - texts[::-1].index(r"\end")
        cells: list[list[Token]] = [[]]
        for token in tokens[start:end]:
            if token.text in ("&", r"\\"):
                cells.append([])
            else:
                cells[-1].append(token)
        entries = [self.whole(cell) for cell in cells if cell]
        if len(entries) != 4 or entries[1] != entries[2] or texts[start:end].count("&") != 2:
            raise self.refuse("a covariance of two variables is a symmetric matrix of two rows")
        return " | ".join((entries[0], entries[1], entries[3]))

    def stated_laws(self) -> dict[str, str]:
        r"""Take out z \sim N(0, 1) behind the formula: mean and variance of each name."""
        found: dict[str, str] = {}
        while True:
            marks = [
                i for i, text, level in levels(self.tokens) if text == r"\sim" and level == 0 and self.law_at(i + 1)
            ]
            if not marks:
                return found
            end, start = self.law_at(marks[0] + 1), self.part_before(marks[0])
            if self.tokens[marks[0] - 1].text == ")":  # (u, v) \sim N(0, C)
                start = max(i for i, text, level in levels(self.tokens[: marks[0]]) if text == "(" and level == 1)
            if not start:
                return found
            parts = [self.tokens[start:end]]
            while (
                start > 1
                and self.tokens[start - 1].text == ","
                and self.is_name(self.part_before(start - 1), start - 1)
            ):
                start = self.part_before(start - 1)  # x, z \sim N(0, 1)
                parts.append([*self.tokens[start : self.end_of_name(start)], *self.tokens[marks[0] : end]])
            for part in parts:
                names, law = self.variable(part)
                found |= dict.fromkeys(names.split(", "), law)
            words = [t.text for t in self.tokens[end:]]
            if words[:1] in ([r"\text"], [r"\mathrm"], [r"\textrm"]) and words[1:2] == ["{"]:
                inside, behind = group_at(self.tokens, end + 1, self.refuse)
                if "".join(t.text for t in inside).replace(".", "") in ("iid", "independent", "independently"):
                    end = behind
            self.tokens[start:end] = []

    def law_at(self, at: int) -> int:
        """Place behind a normal or spectral law that stands at a place, or 0."""
        normal = self.normal_at(at)
        if normal:
            return normal
        for end in range(min(at + 12, len(self.tokens)), at, -1):
            texts = [t.text for t in self.tokens[at:end]]
            if is_spectral_law([t for t in texts if t not in (*LAW_STYLES, "}")]) and texts[-1] not in (
                *LAW_STYLES,
                "_",
            ):
                return end if texts.count("{") == texts.count("}") else 0
        return 0

    def part_before(self, end: int) -> int:
        """Place behind the comma, the space or the words in front of a place."""
        start = end
        while start and self.tokens[start - 1].text not in (",", ";", r"\quad"):
            start -= 1
            if self.tokens[start].text in (r"\text", r"\textrm", r"\mbox", r"\mathrm") and start + 1 < end:
                _, close = group_at(self.tokens, start + 1, self.refuse)
                return close
        return start

    def end_of_name(self, start: int) -> int:
        """Place behind a name that begins at a place."""
        reader = self.sub(self.tokens[start:])
        reader.take()
        while reader.peek() == "_":
            reader.take()
            reader.raw_group()
        return start + reader.at

    def is_name(self, start: int, end: int) -> bool:
        """Whether a name with its index fills what stands between two places."""
        first = self.tokens[start].text if start < end else ""
        return (first in GREEK or (first.isalpha() and len(first) == 1)) and self.end_of_name(start) == end

    def normal_at(self, at: int) -> int:
        """Place behind a normal law that stands at a place, or 0."""
        texts = [t.text for t in self.tokens[at:]]
        place = next((i for i, text in enumerate(texts) if text not in LAW_STYLES), len(texts))
        if texts[place : place + 1] != ["N"]:
            return 0
        place += 2 if texts[place + 1 : place + 2] == ["}"] else 1
        if texts[place : place + 1] != ["("]:
            return 0
        return (
            at
            + place
            + next((i for i, _, level in levels(self.tokens[at + place :]) if level == 0), -place - at - 1)
            + 1
        )
