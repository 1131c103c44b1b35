"""Traces of LaTeX: of what stands in brackets, or of the product of matrices behind it."""

from __future__ import annotations

import re

from solvable.analysis.derivation.latex_bound import Bound
from solvable.analysis.derivation.latex_tokens import CLOSING
from solvable.analysis.derivation.latex_words import MATRICES, OPENING

__all__ = ["Traces"]


class Traces(Bound):
    """Reads traces."""

    def trace(self, word: str) -> str:
        """Read what a trace is of."""
        if self.peek() in MATRICES:
            return f"tr{self.take().text}"
        if word == "trace" and not self.starts_factor():
            return word  # the name of a quantity
        if self.peek() not in OPENING:
            return f"Tr({self.matrices()})"
        opening = self.take().text
        inner = self.expression()
        self.expect(CLOSING[opening])
        return self.power_of_trace(inner) if opening == "(" and self.peek() == "^" else f"Tr({inner})"

    def power_of_trace(self, inner: str) -> str:
        r"""Read a power behind \tr(A): an inverse is the matrix's, \tr(\Sigma+\kappa I)^{-1}; others must say whose."""
        if re.fullmatch(r"\(*\w+\)*", inner):
            return f"Tr({inner})"
        self.take()
        power = self.superscript()
        if not power.lstrip("(").startswith("-"):
            raise self.refuse(r"is the power one of the trace or of its matrix? write \tr[(..)^p] or (\tr ..)^p")
        return f"Tr(({inner})**({power}))"

    def matrices(self) -> str:
        r"""Read the product of matrices behind a trace without brackets: \tr\Sigma(\Sigma+\kappa I)^{-1}."""
        factors: list[str] = []
        while self.starts_factor():
            start = self.at
            factor = self.factor()
            if not re.search(r"\b(?:Sigma|I|I_d|I_p)\b", factor):
                self.at = start
                break
            factors.append(factor)
        if not factors:
            raise self.refuse("a trace needs a function of Sigma behind it")
        return "*".join(factors)
