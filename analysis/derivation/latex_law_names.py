r"""Laws by their names: X \sim \mathrm{Exp}(1), U \sim \mathrm{Unif}[0, 1], ``R normal with mean m and variance v``.

A law is written as its density, ``over: low | high | density``, or as its weights, ``points: value | weight; ..`` and
``sum: low | high | weight``, with @ for the variable; a normal one as its mean and variance. Where schools differ on
what a law's argument is, the rate or the mean of \mathrm{Exp}(a), it is refused until the author says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from solvable.analysis.derivation.latex_fractions import Fractions
from solvable.analysis.derivation.latex_tokens import TEXTS, Token, levels

__all__ = ["NamedLaws", "chi_square", "split"]

_STYLED = (r"\mathrm", r"\operatorname", r"\text", r"\mathsf", r"\mathcal", r"\textrm", r"\mathit")


def _gamma(shape: str, scale: str) -> str:
    exponent = f"(({shape})-1)*log(@)-@/({scale})-({shape})*log({scale})-loggamma({shape})"  # no power overflows in it
    return f"over: 0 | oo | exp({exponent})"


def chi_square(k: str) -> str:
    """Law of the sum of k squares of normal variables."""
    return _gamma(f"({k})/2", "2")


def _student(k: str) -> str:
    return (f"over: -oo | oo | gamma_function((({k})+1)/2)/(sqrt(({k})*pi)*gamma_function(({k})/2))"
            f"*(1+@**2/({k}))**(-(({k})+1)/2)")  # fmt: skip


def _uniform(low: str, high: str) -> str:
    return f"over: {low} | {high} | 1/(({high})-({low}))"


def _two_points(p: str) -> str:
    return f"points: 1 | {p}; 0 | 1-({p})"


_BETA = "over: 0 | 1 | @**(({0})-1)*(1-@)**(({1})-1)/beta_function({0}, {1})"
_BINOMIAL = "sum: 0 | {0} | binomial({0}, @)*({1})**@*(1-({1}))**(({0})-@)"
_POISSON = "sum: 0 | oo | exp(-({0}))*({0})**@/factorial(@)"
_SIGNS = "points: 1 | 1/2; -1 | 1/2"
_NAMES: dict[str, tuple[int, Callable[..., str]]] = {
    **dict.fromkeys(("unif", "uniform", "u"), (2, _uniform)),
    **dict.fromkeys(("bernoulli", "ber", "bern"), (1, _two_points)),
    **dict.fromkeys(("rademacher", "rad"), (0, lambda: _SIGNS)),
    "beta": (2, _BETA.format),
    **dict.fromkeys(("binomial", "bin", "binom"), (2, _BINOMIAL.format)),
    **dict.fromkeys(("poisson", "poi", "pois"), (1, _POISSON.format)),
    **dict.fromkeys(("student", "t"), (1, _student)),
}
_SCALED = {**dict.fromkeys(("exp", "expo", "exponential"), 0), "gamma": 1}  # arguments before the rate, or the scale
# words behind a name, numbers and formulas among them written <0>, <1>, ..
_AN = r"(?:is|be|being|are|follows)?(?:an?|the)?(?:iid|i\.i\.d\.|independent)?"
_LAW = r"(?:random)?(?:variables?|law|distribution)?"
_N = r"<(\d)>"
_SPOKEN: tuple[tuple[str, Callable[..., str]], ...] = (
    (rf"standard(?:normal|gaussian)s?{_LAW}", lambda: "0, 1"),
    (rf"(?:standard)(?:normal|gaussian)s?{_LAW}(?:with|of)correlation{_N}", lambda c: f"joint: 1 | {c} | 1"),
    (rf"(?:normal|gaussian){_LAW}(?:with|of)mean{_N}(?:and)?variance{_N}", lambda m, v: f"{m}, {v}"),
    (rf"cent(?:e?red|ered)(?:normal|gaussian){_LAW}(?:with|of)variance{_N}", lambda v: f"0, {v}"),
    (rf"exponential{_LAW}(?:with|of)mean{_N}", lambda m: _gamma("1", m)),
    (rf"exponential{_LAW}(?:with|of)rate{_N}", lambda r: _gamma("1", f"1/({r})")),
    (rf"gamma{_LAW}(?:with|of)shape{_N}(?:and)?scale{_N}", _gamma),
    (rf"gamma{_LAW}(?:with|of)shape{_N}(?:and)?rate{_N}", lambda k, r: _gamma(k, f"1/({r})")),
    (rf"rademacher{_LAW}", lambda: _SIGNS),
    (rf"bernoulli{_LAW}(?:with|of)(?:parameter|mean|probability){_N}", _two_points),
    (rf"chi-?squared?{_LAW}with{_N}degreesoffreedom", chi_square),
    (rf"student(?:'?s)?(?:-?t)?{_LAW}with{_N}degreesoffreedom", _student),
)  # fmt: skip
_UNIFORM = re.compile(rf"{_AN}uniform(?:lydistributed)?(?:on|in|over)(?:theinterval)?{_N}")


def split(tokens: list[Token], at: str = ",") -> list[list[Token]]:
    """Tokens between commas outside of brackets."""
    parts: list[list[Token]] = [[]]
    for place, text, level in levels(tokens):
        if text == at and level == 0:
            parts.append([])
        else:
            parts[-1].append(tokens[place])
    return parts


class NamedLaws(Fractions):
    """Reads laws by their names."""

    def named_law(self) -> str:
        r"""Read \mathrm{Exp}(1), \chi^2_k or \mathrm{Unif}[0, 1]; nothing is consumed, and empty, where none comes."""
        start = self.at
        word, index, power, given, opening = self.law_name(), "", "", list[list[Token]](), ""
        word = word if word.lower() in (*_NAMES, *_SCALED, r"\chi", r"\gamma") else ""
        while word and self.peek() in ("_", "^"):
            mark, inner = self.take().text, self.raw_group()
            index, power = (self.whole(inner), power) if mark == "_" else (index, "".join(t.text for t in inner))
        if word and self.peek() in ("(", "[", r"\{"):
            opening = self.peek()
            close = next((i for i, _, level in levels(self.tokens[self.at :]) if level == 0), 0)
            given = split(self.tokens[self.at + 1 : self.at + close])
            self.at += close + 1
        law = self.law_of(word.lower(), power, opening, given, index) if word else ""
        if not law:
            self.at = start
        return law

    def law_name(self) -> str:
        """Word that names a law, in roman type or in letters."""
        if self.peek() in _STYLED and self.at + 1 < len(self.tokens):
            self.take()
            return "".join(t.text for t in self.raw_group() if t.text.isalpha())
        if self.peek() in (r"\chi", r"\Gamma"):
            return self.take().text
        word = ""
        while self.peek().isalpha() and len(self.peek()) == 1:
            word += self.take().text
        return word

    def law_of(self, word: str, power: str, opening: str, given: list[list[Token]], index: str) -> str:
        """Write a law of a name and what it takes; empty where it is none."""
        if opening == r"\{":
            return self.of_points(word, given)
        values = [self.whole(part) for part in given] if given != [[]] else []
        values = values or ([index] if index else [])
        if word == r"\chi" and len(values) == 1 and power in ("2", ""):
            k = values[0]
            exponent = f"(({k})-1)*log(@)-@**2/2-(({k})/2-1)*log(2)-loggamma(({k})/2)"
            return chi_square(k) if power else f"over: 0 | oo | exp({exponent})"
        if power or (index and given):
            return ""
        if word == r"\gamma" and len(values) == 2:
            word = "gamma"
        if word in _SCALED and len(values) in (_SCALED[word], _SCALED[word] + 1):
            if len(values) > _SCALED[word] and values[-1] != "1":
                other = "scale" if word == "gamma" else "mean"
                why = f"whether {values[-1]} is the rate or the {other} of {word} is not said"
                raise self.refuse(f"{why}: write with rate .., or with {other} .., in words")
            return _gamma(values[0] if word == "gamma" else "1", "1")
        count, law = _NAMES.get(word, (-1, str))
        return law(*values) if len(values) == count else ""

    def of_points(self, word: str, given: list[list[Token]]) -> str:
        r"""Write the uniform law on \{-1, 1\} or \{\pm 1\}."""
        if word not in ("unif", "uniform", "u"):
            return ""
        points = list[str]()
        for part in given:
            if part and part[0].text in (r"\pm", "±"):
                value = self.whole(part[1:])
                points += [value, f"-({value})"]
            elif any(t.text in (r"\ldots", r"\dots", r"\cdots") for t in part):
                return ""
            else:
                points.append(self.whole(part))
        return "points: " + "; ".join(f"{point} | 1/{len(points)}" for point in points)

    def spoken_law(self, tokens: list[Token]) -> str:
        r"""Law that words say, with formulas among them: \text{normal with mean} m \text{and variance} v."""
        said, formulas, at = "", list[str](), 0
        while at < len(tokens):
            if tokens[at].text in TEXTS and tokens[at + 1 : at + 2] and tokens[at + 1].text == "{":
                close = next((i for i, _, level in levels(tokens[at + 1 :]) if level == 0), 0)
                for token in tokens[at + 2 : at + 1 + close]:
                    if token.number:
                        said += f"<{len(formulas)}>"
                        formulas.append(token.text)
                    else:
                        said += token.text.lower()
                at += close + 2
                continue
            end = next((i for i in range(at, len(tokens)) if tokens[i].text in TEXTS), len(tokens))
            interval = _UNIFORM.fullmatch(f"{said}<{len(formulas)}>")
            if interval and tokens[at].text in "([" and end == len(tokens):
                ends = split(tokens[at + 1 : end - 1])
                return _uniform(*map(self.whole, ends)) if len(ends) == 2 else ""
            said += f"<{len(formulas)}>"
            try:
                formulas.append(self.whole(tokens[at:end]))
            except ValueError:
                return ""
            at = end
        for words, law in _SPOKEN:
            found = re.fullmatch(_AN + words, said)
            if found is not None:
                return law(*(formulas[int(place)] for place in found.groups()))
        return ""
