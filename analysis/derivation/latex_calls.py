"""Calls of functions in LaTeX: their arguments, and whether a letter in front of a bracket is a function."""

from __future__ import annotations

import re
from itertools import pairwise

from solvable.analysis.derivation.latex_scripts import Scripts
from solvable.analysis.derivation.latex_tokens import CLOSING, levels
from solvable.analysis.derivation.latex_words import GREEK, STARS

__all__ = ["Calls"]


class Calls(Scripts):
    """Reads what stands in the brackets of a function."""

    def is_tail(self, letter: str) -> bool:
        """Whether Q(..), or H(..) of more than one name, stands here: the tail of a standard normal variable."""
        applied = self.peek() in ("(", "[") and not re.search(rf"{letter}\s*:?=", self.source)
        return applied and (letter == "Q" or not self.lone_symbol())

    def called(self, name: str, first: str = "") -> str:
        """Read the arguments of a function that is known to be one."""
        opening = self.take().text
        parts = [first] if first else []
        parts.append(self.expression())
        while self.peek() == ",":
            self.take()
            parts.append(self.expression())
        self.expect(CLOSING[opening])
        return f"{name}({', '.join(parts)})"

    def is_defined_of_two(self, letter: str) -> bool:
        """Whether the author defines a function of two arguments by this letter."""
        return re.search(rf"{letter}\s*\([^()=]*,[^()=]*\)\s*:?=", self.source) is not None

    def arguments_ahead(self) -> int:
        """Number of arguments in the bracket that comes next, 0 where none comes."""
        if self.peek() not in ("(", "["):
            return 0
        inner = [(text, level) for _, text, level in levels(self.tokens[self.at :])]
        close = next((i for i, (_, level) in enumerate(inner) if level == 0), len(inner))
        return 1 + inner[:close].count((",", 1))

    def lone_symbol(self) -> bool:
        """Whether the bracket that comes next holds one symbol, perhaps with a sign: f(x), not a product."""
        texts = [t.text for t in self.tokens[self.at : self.at + 5]]
        inner = texts[2:] if texts[1:2] == ["-"] else texts[1:]
        if inner[1:2] in (["_"], ["^"]) and inner[2:3] and inner[2] in STARS:  # of the best value of a symbol
            inner = [inner[0], *inner[3:]]
        return inner[1:2] == [")"] and (inner[0] in GREEK or (inner[0].isalpha() and len(inner[0]) == 1))

    @staticmethod
    def slope(function: str, order: int, at: str) -> str:
        """Write a function's derivative at a place."""
        value = f"{function}(t_slope)"
        for _ in range(order):
            value = f"diff({value}, t_slope)"
        return f"at_place({value}, t_slope, {at})"

    def normal_density(self) -> str:
        r"""Read (x; m, v) behind \mathcal N, its density at x; nothing is consumed, and empty, where none comes."""
        if self.peek() != "(":
            return ""
        inside = list(levels(self.tokens[self.at :]))
        close = next((i for i, _, level in inside if level == 0), 0)
        cuts = [i for i, text, level in inside[:close] if level == 1 and text in (";", "|", r"\mid", r"\vert", ",")]
        if len(cuts) != 2 or inside[cuts[0]][1] == "," or inside[cuts[1]][1] != ",":
            return ""
        ends = (0, *cuts, close)
        x, centre, v = (self.whole(self.tokens[self.at + a + 1 : self.at + b]) for a, b in pairwise(ends))
        self.at += close + 1
        return f"(exp(-(({x})-({centre}))**2/(2*({v})))/sqrt(2*pi*({v})))"
