r"""Laws of LaTeX: z \sim N(0, 1), pairs with a covariance, the Marchenko-Pastur law; below a mean or behind it."""

from __future__ import annotations

import re
from itertools import pairwise

from solvable.analysis.derivation.latex_distances import DIMENSION
from solvable.analysis.derivation.latex_law_names import NamedLaws
from solvable.analysis.derivation.latex_tokens import Token, levels
from solvable.analysis.derivation.latex_words import LAW_STYLES

__all__ = ["SPECTRAL", "Laws"]

SPECTRAL = "MP"


def is_spectral_law(texts: list[str]) -> bool:
    r"""Whether tokens, without styles and braces, name the Marchenko-Pastur law: MP(\gamma), \mu_{MP}, F_\gamma."""
    word = "".join(texts)
    return (
        re.fullmatch(r"MP(?:_?\(?\\gamma\)?)?|(?:\\mu|\\nu|\\rho|F)(?:_(?:MP|\\gamma)(?:\(\\gamma\))?)?", word)
        is not None
    )


class Laws(NamedLaws):
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
        reader = self.sub(tokens[cut + 1 :])
        found = reader.named_law()
        if found and reader.at == len(reader.tokens):
            return name, found
        if [t.text for t in behind[:2]] != ["N", "("] or behind[-1].text != ")":
            raise self.refuse("the law of a mean is not known by this name: write its density, in an integral")
        start = next(i for i in range(cut, len(tokens)) if tokens[i].text == "(")
        inner = tokens[start + 1 : -1]
        while inner and inner[-1].text == "}" and sum((t.text == "{") - (t.text == "}") for t in inner) < 0:
            inner = inner[:-1]
        if inner and inner[-1].text == ")" and sum((t.text == "(") - (t.text == ")") for t in inner) < 0:
            inner = inner[:-1]
        comma = [i for i, text, level in levels(inner) if text == "," and level == 0]
        if len(comma) == 2 and inner[comma[1] + 1].text == DIMENSION:
            parts = (inner[: comma[0]], inner[comma[0] + 1 : comma[1]], inner[comma[1] + 2 :])
            return name, " | ".join(map(self.whole, parts))
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

    def law_at(self, at: int) -> int:
        """Place behind a normal or spectral law that stands at a place, or 0."""
        normal = self.normal_at(at)
        if normal:
            return normal
        reader = self.sub(self.tokens[at:])
        if reader.named_law():
            return at + reader.at
        for end in range(min(at + 12, len(self.tokens)), at, -1):
            texts = [t.text for t in self.tokens[at:end]]
            if is_spectral_law([t for t in texts if t not in (*LAW_STYLES, "}")]) and texts[-1] not in (
                *LAW_STYLES,
                "_",
            ):
                return end if texts.count("{") == texts.count("}") else 0
        return 0

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
