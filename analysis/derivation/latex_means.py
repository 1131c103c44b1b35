"""Expectations and forms of LaTeX: E over a named law, averages in angle brackets, quadratic forms of the weights."""

from __future__ import annotations

import re
from abc import abstractmethod

from solvable.analysis.derivation.latex_fractions import Fractions
from solvable.analysis.derivation.latex_tokens import CLOSING, Token
from solvable.analysis.derivation.latex_words import GREEK, OPENING

__all__ = ["Means"]

_STYLES = (r"\mathcal", r"\mathrm", r"\mathsf", r"\operatorname", "{", "}")
_WEIGHTS = (r"\beta", r"\theta", "w", r"\bm", r"\boldsymbol", r"\mathbf", "{", "}", "^", "*", r"\star", "_", r"\ast")
_TRANSPOSED = ([r"\top"], ["T"], [r"\intercal"], [r"\mathsf", "T"], [r"\mathrm", "T"], ["t"])


class Means(Fractions):
    """Reads expectations, and forms in the target's weights."""

    @abstractmethod
    def integral(self) -> str:
        """Read an integral over a variable or a law."""

    def expectation(self) -> str:
        """Read E[f], E_z[f] and E_{x \\sim N(m, v)}[f]; without brackets the mean of the factors behind it."""
        variable = law = ""
        if self.peek() == "_":
            self.take()
            variable, law = self.variable(self.raw_group())
        if self.peek() in OPENING and self.peek() != "{":
            opening = self.take().text
            body = self.expression()
            self.expect(CLOSING[opening])
        elif variable:
            body = self.term()
        elif self.peek() == "{":
            body = self.whole(self.raw_group())
        else:
            raise self.refuse("E needs brackets around its argument")
        return self.mean(body, variable, law)

    def mean(self, body: str, variable: str, law: str) -> str:
        """Write a mean over a normal variable, moved and scaled where its law says so."""
        if law and law != "0, 1":
            centre, _, spread = law.rpartition(", ")
            body = re.sub(rf"(?<!\w){variable}(?!\w)", f"(({centre})+sqrt({spread})*{variable})", body)
        return f"E({body}{f', {variable}' if variable else ''})"

    def variable(self, tokens: list[Token]) -> tuple[str, str]:
        r"""Read the index of an expectation: its variable, and mean and variance where \sim names a normal law."""
        texts = [t.text for t in tokens]
        if r"\sim" not in texts:
            bare = [t for t in tokens if t.text not in ("{", "}")]
            if len(bare) != 1 or not (bare[0].text in GREEK or (bare[0].text.isalpha() and len(bare[0].text) == 1)):
                raise self.refuse(
                    "over which law a mean goes is not understood: write its variable, or z \\sim N(0, 1)"
                )
            return GREEK.get(bare[0].text, bare[0].text), ""
        cut = texts.index(r"\sim")
        name = self.letters(tokens[:cut])
        behind = [t for t in tokens[cut + 1 :] if t.text not in _STYLES]
        if [t.text for t in behind[:2]] != ["N", "("] or behind[-1].text != ")":
            raise self.refuse("a mean is over a normal law, or a law that is an integral")
        inner, comma = behind[2:-1], [i for i, t in enumerate(behind[2:-1]) if t.text == ","]
        if len(comma) != 1:
            raise self.refuse("a normal law has a mean and a variance")
        return name, ", ".join(self.whole(part) for part in (inner[: comma[0]], inner[comma[0] + 1 :]))

    def angles(self) -> str:
        r"""Read \langle f \rangle_z, a mean over a normal variable, and \langle\beta, A\beta\rangle."""
        start, level = self.at, 1
        while level:
            level += {r"\langle": 1, r"\rangle": -1}.get(self.take().text, 0)
        inner = self.tokens[start : self.at - 1]
        commas = [i for i, token in enumerate(inner) if token.text == ","]
        if len(commas) == 1:
            return self.form(inner[: commas[0]], inner[commas[0] + 1 :])
        names = {GREEK.get(t.text, t.text) for t in inner} & {"z", "Z"}
        variable = ""
        if self.peek() == "_":
            self.take()
            variable, law = self.variable(self.raw_group())
            return self.mean(self.whole(inner), variable, law)
        if len(names) != 1:
            raise self.refuse("over what an average in angle brackets goes is not said: write E with its variable")
        return self.mean(self.whole(inner), names.pop(), "")

    def form(self, left: list[Token], right: list[Token]) -> str:
        """Read a quadratic form: the weights, then a function of the covariance and the weights again."""
        length = len(left)
        if not self.are_weights(left) or [t.text for t in right[-length:]] != [t.text for t in left]:
            raise self.refuse("a form is read in the target's weights, such as beta, and functions of Sigma")
        middle = right[:-length]
        return f"form({self.sub(middle).matrices()})" if middle else "(sqrt(signal))**2"

    @staticmethod
    def are_weights(tokens: list[Token]) -> bool:
        """Whether tokens are the letter of the target's weights."""
        texts = [t.text for t in tokens]
        letters = [text for text in texts if text in (r"\beta", r"\theta", "w")]
        return len(letters) == 1 and all(text in _WEIGHTS for text in texts)

    def transposed(self) -> str:
        r"""Read \beta^\top A \beta from its first token on; empty where none stands here."""
        for cut in range(1, 8):
            name = self.tokens[self.at : self.at + cut]
            if not self.are_weights(name) or self.tokens[self.at + cut : self.at + cut + 1] == []:
                continue
            if self.tokens[self.at + cut].text != "^":
                continue
            reader = self.sub(self.tokens[self.at + cut + 1 :])
            mark = [t.text for t in reader.raw_group() if t.text not in "{}"]
            if mark not in _TRANSPOSED:
                continue
            start, texts, level = self.at + cut + 1 + reader.at, [t.text for t in name], 0
            for place in range(start, len(self.tokens)):
                text = self.tokens[place].text
                if level == 0 and text in ("+", "-", "=", ",", "/"):
                    break
                if level == 0 and [t.text for t in self.tokens[place : place + cut]] == texts:
                    middle = self.tokens[start:place]
                    self.at = place + cut
                    return f"form({self.sub(middle).matrices()})" if middle else "(sqrt(signal))**2"
                level += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(text, 0)
        return ""

    @abstractmethod
    def matrices(self) -> str:
        """Read a product of functions of the covariance."""
