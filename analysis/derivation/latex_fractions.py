"""Fractions and roots of LaTeX, and what is written as a fraction: derivatives, and a measure under an integral."""

from __future__ import annotations

from solvable.analysis.derivation.latex_expressions import Expressions
from solvable.analysis.derivation.latex_tokens import Token
from solvable.analysis.derivation.latex_words import DIFFERENTIALS, FUNCTIONS, GREEK

__all__ = ["Fractions"]


class Fractions(Expressions):
    """Reads fractions and roots."""

    def fraction(self) -> str:
        """Read a fraction; what may be a derivative is refused."""
        measured = self.over_a_law()
        if measured:
            return measured
        start = self.at
        sign = self.peek() == "{"
        partial = self.peek(sign) == r"\partial" and self.peek(sign + 1) != "_"  # \partial_x f is one by its index
        top = "".join(t.text for t in self.raw_group()) if partial else self.argument()
        middle = self.at
        bottom = "".join(t.text for t in self.raw_group()) if partial else self.argument()
        spans = ((start, middle), (middle, self.at))
        texts = [[t.text for t in self.tokens[a:b] if t.text not in "{}"] for a, b in spans]
        roman = [self.roman_d([t.text for t in self.tokens[a:b]]) for a, b in spans]
        if any(roman) and all(text[given : given + 1] == ["d"] for text, given in zip(texts, roman, strict=True)):
            return self.derivative(start, middle)  # the roman d is no quantity
        if partial and texts[0][:1] == [r"\partial"] and texts[1][:1] == [r"\partial"]:
            return self.derivative(start, middle)
        if texts[0][:1] == ["d"] and texts[1][:1] == ["d"] and len(texts[1]) == 2 and not texts[1][1].isdigit():
            if texts[0][1:] == [r"\kappa"]:
                return f"diff(kappa, {GREEK.get(texts[1][1], texts[1][1])})"
            applied = self.peek() in ("(", "[", r"\left", r"\int") or self.peek().lstrip("\\") in FUNCTIONS
            if texts[0] == ["d"] and (applied or (self.peek(), self.peek(1)) == ("e", "^")):
                return self.derivative(start, middle)  # \frac{d}{dx}\log: of a quotient d would have been cancelled
            raise self.refuse(r"it is not clear whether \frac{d..}{d..} is a derivative: cancel d, or write diff(f, x)")
        if all(text[:1] == ["d"] and text[1:2] in ([r"\log"], [r"\ln"]) for text in texts):
            raise self.refuse("a logarithmic derivative is not read: write diff(log(f), x), or the exponent alone")
        return f"(({top})/({bottom}))"

    def over_a_law(self) -> str:
        r"""Read \int \frac{dx}{..}: a fraction with the differential of the open integral behind its numerator."""
        if self.inside[-1:] != ["integral"] or self.peek() != "{":
            return ""
        start = self.at
        top = self.raw_group()
        for place, token in enumerate(top):
            if token.text not in DIFFERENTIALS:
                continue
            reader = self.sub(top[place:])
            found = reader.differential(consume=False)
            if found and reader.differential(consume=True) and reader.at == len(reader.tokens):
                numerator = self.whole(top[:place]) if place else "1"
                self.inside[-1] = "measured"
                self.measure = found
                return f"(({numerator})/({self.argument()}))"
        self.at = start
        return ""

    def derivative(self, start: int, middle: int) -> str:
        r"""Read \partial f / \partial x, f in the fraction or behind it."""
        below = self.without_d(self.sub(self.tokens[middle : self.at]).raw_group())
        above = self.without_d(self.sub(self.tokens[start:middle]).raw_group())
        x = self.whole(below)
        if not x.isidentifier():
            raise self.refuse("a derivative is by one name, once")
        f = self.whole(above) if above else self.factor()
        return f"diff({f}, {x})"

    @staticmethod
    def roman_d(texts: list[str]) -> bool:
        r"""Whether a fraction's part begins with \mathrm{d}, and no longer word."""
        texts = texts[1:] if texts[:1] == ["{"] else texts
        return texts[:2] == [r"\mathrm", "d"] or texts[:4] == [r"\mathrm", "{", "d", "}"]

    @staticmethod
    def without_d(tokens: list[Token]) -> list[Token]:
        """Tokens behind the d or the partial sign of a derivative."""
        if tokens[0].text.startswith("\\") and tokens[0].text != r"\partial":
            return tokens[4:] if tokens[1].text == "{" else tokens[2:]
        return tokens[1:]

    def by_index(self) -> str:
        r"""Read \partial_\lambda f: a derivative whose name is an index."""
        if self.peek() != "_":
            raise self.refuse(r"\partial stands in a fraction, or has its name as index")
        self.take()
        x, order = self.index(), 1
        if self.peek() == "^" and self.peek(1) in ("2", "3"):
            order, self.at = int(self.peek(1)), self.at + 2
        f = self.factor()
        for _ in range(order):
            f = f"diff({f}, {x})"
        return f

    def root(self) -> str:
        """Read a root."""
        if self.peek() == "[":
            self.take()
            order = self.expression()
            self.expect("]")
            return f"({self.argument()})**(1/({order}))"
        return f"sqrt({self.argument()})"
