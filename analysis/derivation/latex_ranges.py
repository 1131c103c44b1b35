"""What stands behind a formula of LaTeX: words and spaces, comparisons, intervals."""

from __future__ import annotations

from solvable.analysis.derivation.latex_tokens import TEXTS, Cursor
from solvable.analysis.derivation.latex_words import BEHIND, RELATIONS, SPOKEN_OF

__all__ = ["Ranges"]


class Ranges(Cursor):
    """Reads ranges."""

    def separator(self) -> bool:
        """Consume what stands between a formula and its range."""
        start = self.at
        while self.peek() in (",", ";", r"\quad", r"\forall", r"\because") or self.only_leads():
            if self.peek() in TEXTS:
                self.take()
                self.raw_group()
            else:
                self.take()
        return self.at > start

    def only_leads(self) -> bool:
        """Whether words come that lead to what stands behind the formula, and say nothing of it."""
        word = self.word_ahead()
        return word in BEHIND or SPOKEN_OF.fullmatch(word) is not None

    def condition(self) -> str:
        """Read a chain of comparisons, or membership of an interval."""
        left = self.expression()
        if self.peek() == r"\in":
            self.take()
            return self.interval(left)
        condition = self.compared(left)
        if condition == left:
            raise self.refuse(f"what stands behind the formula is not a range: {left}")
        return condition

    def case(self) -> str:
        """Read the range of a case, which may be one number: M = 1."""
        start = self.at
        left = self.expression()
        if self.peek() == "=":
            self.take()
            return f"{left}=={self.expression()}"
        self.at = start
        return self.condition()

    def compared(self, left: str) -> str:
        """Read the comparisons behind an expression."""
        parts = [left]
        while self.peek() in RELATIONS:
            sign = RELATIONS[self.take().text]
            if self.peek() == "=" and sign in "<>":
                self.take()
                sign += "="
            parts += [sign, self.expression()]
        return "".join(parts)

    def interval(self, name: str) -> str:
        """Read an interval as comparisons."""
        opening = self.take().text
        low = self.expression()
        self.expect(",")
        high = self.expression()
        closing = self.take().text
        if opening not in "([" or closing not in ")]":
            raise self.refuse("an interval is written (a, b) or [a, b]")
        parts = [] if low == "-oo" else [f"{name}>{'=' if opening == '[' else ''}{low}"]
        parts += [] if high == "oo" else [f"{name}<{'=' if closing == ']' else ''}{high}"]
        return " and ".join(parts) or f"{name}>-oo"
