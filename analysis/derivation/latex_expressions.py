"""Expressions of LaTeX: sums, products, scripts in either order, names and ranges."""

from __future__ import annotations

import re
from abc import abstractmethod

from solvable.analysis.derivation.latex_calls import Calls
from solvable.analysis.derivation.latex_phrases import Phrase, longest_phrase
from solvable.analysis.derivation.latex_tokens import BARS, CLOSING, DEEPEST, Token
from solvable.analysis.derivation.latex_words import (
    DIFFERENTIALS,
    GREEK,
    LATTICE,
    LETTER_STYLES,
    LIMITS,
    OTHERWISE,
    RELATIONS,
    SOLVES,
    SUMMED,
)

__all__ = ["Expressions"]

# what a letter is in front of a bracket, where the author does not say
_OF_TWO = {"B": "beta_function", "gamma": "lowergamma"}  # no product has a comma
_WITH_ITS_MEASURE = re.compile(r"\\varphi\s*\(\s*(\w)\s*\)\s*(?:\\[,;!]\s*)?d\s*\1(?!\w)")
_LETTER_FUNCTIONS = {r"\Phi": "Phi", "Φ": "Phi", r"\Gamma": "gamma_function", "Γ": "gamma_function"}


class Expressions(Calls):
    """Reads sums and what they are made of, up to the commands."""

    @abstractmethod
    def macro(self, command: str) -> str:
        """Read what a command stands before."""

    @abstractmethod
    def function(self, name: str) -> str:
        """Read a function's power, base and argument."""

    @abstractmethod
    def bars(self, text: str) -> str:
        """Read an absolute value or a norm."""

    @abstractmethod
    def transposed(self) -> str:
        """Read a quadratic form of the target's weights, if one comes."""

    @abstractmethod
    def indicator(self) -> str:
        """Read the condition of an indicator."""

    @abstractmethod
    def indicated(self) -> str:
        """Read what an indicator of the claim is of, if that comes."""

    @abstractmethod
    def differential(self, consume: bool) -> tuple[str, str]:
        """Read dx behind an integral."""

    def lattice(self) -> str:
        """Read what brackets hold: a sum, or the lesser or greater of two products."""
        start = self.at
        inner = self.expression()
        while self.peek() in LATTICE:
            sign = self.take().text
            other = self.at
            right = self.expression()
            for first, last in ((start, other - 1), (other, self.at)):
                if self.several_terms(self.tokens[first:last]):
                    raise self.refuse(f"of what {sign} is the {LATTICE[sign]} is not clear: brackets are needed")
            inner = f"{LATTICE[sign]}({inner}, {right})"
        return inner

    @staticmethod
    def several_terms(tokens: list[Token]) -> bool:
        """Whether tokens hold a sign between terms outside of brackets."""
        level = 0
        for place, token in enumerate(tokens):
            level += {"{": 1, "(": 1, "[": 1, "}": -1, ")": -1, "]": -1}.get(token.text, 0)
            if place and level == 0 and token.text in ("+", "-", "−"):
                return True
        return False

    def expression(self) -> str:
        """Read a sum."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.refuse(f"it is nested more than {DEEPEST} deep")
        parts = []
        if self.peek() in SUMMED:
            parts.append(SUMMED[self.take().text].removeprefix("+"))
        parts.append(self.term())
        while self.peek() in SUMMED:
            parts.append(SUMMED[self.take().text])
            if self.peek() in SUMMED:
                raise self.refuse("two signs follow each other: brackets are needed")
            parts.append(self.term())
        self.depth -= 1
        return "".join(parts)

    def term(self) -> str:
        """Read a product; ``a/bc`` is refused, since it is read both ways."""
        value, slashed, fraction = self.factor(), False, ""
        while True:
            text = self.peek()
            if text in ("*", "·", "×", r"\cdot", r"\times", r"\ast"):
                self.take()
                value, slashed = f"{value}*{self.factor()}", False
            elif text in ("/", r"\div"):
                if slashed:
                    raise self.refuse("two slashes follow each other: brackets are needed")
                self.take()
                bracketed, plain = self.peek() in CLOSING or self.peek() in (r"\frac", r"\sqrt"), self.at
                value = f"{value}/{self.factor()}"
                number = self.at == plain + 1 and self.tokens[plain].number
                slashed, fraction = not bracketed, "number" if number and value.count("/") == 1 else ""
            elif self.starts_factor():
                spaced = self.tokens[self.at].spaced
                if slashed and fraction and "exponent" in self.inside and not spaced and not self.several_factors():
                    value = self.below_slash(value)
                    continue
                if slashed and not (fraction and spaced and re.fullmatch(r"[\d.]+/[\d.]+", value)):
                    raise self.refuse(f"what is divided by in {value} {self.peek()} is not clear: brackets are needed")
                value, slashed = f"{value}*{self.factor()}", False
            else:
                return value

    def several_factors(self) -> bool:
        """Whether behind the factor that comes next another one follows."""
        start = self.at
        self.factor()
        found = self.starts_factor() or self.peek() in ("*", "/", r"\cdot", r"\times")
        self.at = start
        return found

    def below_slash(self, value: str) -> str:
        r"""Read e^{-x^2/2\sigma^2}, where a number and one factor behind the slash end the exponent of e."""
        top, _, number = value.rpartition("/")
        return f"{top}/({number}*{self.factor()})"

    def starts_factor(self) -> bool:
        """Whether a factor comes next without a sign before it."""
        if self.at >= len(self.tokens):
            return False
        token = self.tokens[self.at]
        if self.inside and token.text in DIFFERENTIALS and self.differential(consume=False):
            return False
        if token.text in BARS:  # a bar without a side opens only where none is open
            return token.text in (r"\lvert", r"\lVert") or (token.text[:2] != r"\r" and "bar" not in self.inside)
        word = self.word_ahead()
        if word in OTHERWISE or self.only_leads() or SOLVES.fullmatch(word):
            return False
        closing = {*CLOSING.values(), *RELATIONS, *SUMMED, ",", ";", "/", "=", "&", "^", "_", "'", "!", ":", ".",
                   r"\rfloor", r"\rceil", r"\rangle"}  # fmt: skip
        others = (r"\quad", r"\\", r"\end", r"\in", r"\cdot", r"\times", r"\ast", r"\div", "*", "·", "×", r"\coloneqq")
        return token.text not in closing and token.text not in (*others, *LATTICE, *LIMITS)

    def factor(self) -> str:
        """Read a base with its scripts."""
        return self.scripted(self.base())

    def scripted(self, base: str) -> str:
        """Powers, indices, primes and factorials behind a base, in any order."""
        power, index, marks = "", "", ""
        while True:
            text = self.peek()
            if text == "^":
                self.take()
                mark = self.exponent() if base == "e" else self.superscript()
                if mark.startswith("_"):
                    marks += mark
                elif power:
                    raise self.refuse("two powers follow each other: braces are needed")
                else:
                    power = mark
            elif text == "_":
                self.take()
                if base == "1" and any(t.text in RELATIONS for t in self.sub(self.tokens[self.at :]).raw_group()):
                    self.at -= 1
                    base = self.indicator()
                    continue
                if index:
                    raise self.refuse("two indices follow each other")
                index = self.index()
            elif text in ("'", r"\prime", "’"):
                self.take()
                marks += "_prime"
            elif text == "!":
                self.take()
                base = f"factorial({base})"
            else:
                break
        return self.combine(base, index, marks, power)

    def combine(self, base: str, index: str, marks: str, power: str) -> str:
        """Join a base with its index, marks and power."""
        is_name = re.fullmatch(r"[A-Za-z]\w*", base) is not None
        if index == "+":
            if base[-1:] != ")" and base not in {*self.averaged, *self.laws, *self.defined_with}:
                raise self.refuse(f"write max({base}, 0) for the positive part")
            base, index = f"max({base}, 0)", ""
        if marks == "_plus" and base[-1:] == ")" and not index:
            base, marks = f"max({base}, 0)", ""
        if (index or marks) and base.startswith("norm2("):
            if index not in ("2", "F"):
                raise self.refuse(f"the norm with index {index} is not known here")
            base, index = base[6:-1], ""
        if (index or marks) and not is_name:
            raise self.refuse(f"an index or a mark stands behind {base}, which is not a name")
        if is_name:
            base = self.name(base, index, marks)
        base = base[6:-1] if base.startswith("norm2(") else base
        if is_name and base not in self.functions and self.of_a_matrix(base):
            return f"({base})**({power})" if power else self.scripted(f"({base})")
        if base == "e" and power and not self.is_own_e(power):
            return f"exp({power})"
        if is_name and base in self.functions and self.peek() == "(":
            value = self.called(base)
            return f"({value})**({power})" if power else self.scripted(value)
        slope = re.sub(r"(?:_prime)+$", "", base)
        if (
            is_name and slope != base and slope in self.functions and self.peek() == "("
        ):  # of a function of the author's
            value = self.slope(slope, base.count("_prime"), self.called(""))
            return f"({value})**({power})" if power else self.scripted(value)
        if re.fullmatch(r"[IJ]_\d", base) and base not in self.functions and self.peek() in ("(", "[") and not power:
            return self.called(f"bessel{base[0].lower()}", base[2:])
        if base in _OF_TWO and not power and self.arguments_ahead() == 2 and not self.is_defined_of_two(base):
            return self.scripted(self.called(_OF_TWO[base]))
        if base in ("Q", "H") and not power and self.is_tail(base):
            return self.scripted(self.called("norm_sf"))  # the tail of a standard normal variable
        beside = self.of_density or r"\Phi" in self.source or _WITH_ITS_MEASURE.search(self.source)
        if base == "phi" and not power and self.peek() in ("(", "[") and beside:
            return self.scripted(self.called("norm_pdf"))  # the density whose law stands beside it
        if is_name and not power and self.peek() == "(" and self.lone_symbol():
            self.take()
            inside = self.expression()
            self.expect(")")
            return self.scripted(f"{base}({inside})")
        return f"{base}**({power})" if power else base

    def of_a_matrix(self, base: str) -> bool:
        """Consume (H) behind an eigenvalue: it says only of what it is one."""
        if self.peek() != "(" or not re.match(r"(?:lambda|sigma|mu|s)_", base):
            return False
        end = next((i for i, token in enumerate(self.tokens[self.at :]) if token.text == ")"), 0)
        inner = [t.text for t in self.tokens[self.at + 1 : self.at + end]]
        plain = [text for text in inner if text not in "{}" and text.removeprefix("\\") not in LETTER_STYLES]
        if plain in (["H"], ["W"]) or plain[:3] == [r"\nabla", "^", "2"]:
            self.at += end + 1
            return True
        return False

    def base(self) -> str:
        """Read a number, a name, a bracket, a command or a quantity of the claim."""
        found = longest_phrase(self.phrases, self.tokens, self.at)
        if found is not None:
            start, (phrase, self.at) = self.at, found
            ends = phrase.tokens[0] in (r"\max", r"\min") and self.peek() and self.tokens[self.at].apart
            followed = self.peek() in ("^", "_") or (self.starts_factor() and not (ends or self.ends_trace(phrase)))
            if not (phrase.open and followed):
                return phrase.meaning
            self.at = start
            try:  # more follows than the quantity: its first tokens may be those of a trace or an integral
                return self.unit()
            except ValueError:
                name = phrase.meaning.strip("()")
                raise self.refuse(f"where {name} ends is not clear: brackets are needed around it") from None
        return self.unit()

    def ends_trace(self, phrase: Phrase) -> bool:
        r"""Whether a trace that is a quantity ends where its letters do: what follows holds no matrix."""
        if phrase.tokens[:2] != ("t", "r"):
            return False
        start = self.at
        try:
            behind = self.factor()
        except ValueError:
            behind = "I"
        self.at = start
        return re.search(r"\b(?:Sigma|Lambda|[A-Z])(?:\b|_)", behind) is None

    def unit(self) -> str:
        """Read a number, a name, a bracket or a command."""
        form = self.transposed()
        if form:
            return form
        token = self.take()
        text = token.text
        if token.number:
            behind = self.tokens[self.at : self.at + 2]
            if (
                len(behind) == 2
                and behind[0].text in "eE"
                and behind[1].number
                and not (behind[0].spaced or behind[1].spaced)
            ):
                raise self.refuse(f"{text}{behind[0].text}{behind[1].text} is read in two ways: write a power of ten")
            return text
        if text in CLOSING:
            return self.bracket(text)
        if text in BARS:
            return self.bars(text)
        if text in _LETTER_FUNCTIONS and self.is_applied() and not self.is_own(text):
            return self.function(_LETTER_FUNCTIONS[text])
        if text == r"\zeta" and self.peek() == "(" and self.peek(2) == ")" and self.tokens[self.at + 1].number:
            return self.function("zeta_function")
        if text in GREEK:
            return GREEK[text]
        if text == "∞":
            return "oo"
        if text in (r"\lfloor", r"\lceil"):
            inner = self.expression()
            self.expect({r"\lfloor": r"\rfloor", r"\lceil": r"\rceil"}[text])
            return f"floor({inner})" if text == r"\lfloor" else f"ceiling({inner})"
        if text.startswith("\\"):
            return self.macro(text[1:])
        if text.isalpha() and text.isascii():
            if text == "N" and (density := self.normal_density()):
                return density
            if text in "Oo" and self.is_an_order():
                if self.peek() == "_":
                    self.take()
                    self.raw_group()
                self.take()
                inner = self.expression()
                self.expect(")")
                return f"{text}({inner})"
            return self.in_style(text, "")
        raise self.refuse(f"{text} is not understood where it stands")

    def is_applied(self) -> bool:
        """Whether a bracket comes, perhaps behind a power: the letter before it is a function."""
        reader = self.sub(self.tokens[self.at :])
        if reader.peek() == "^" and reader.peek(1):
            reader.take()
            reader.raw_group()
        return reader.peek() in CLOSING

    def is_own(self, letter: str) -> bool:
        r"""Whether the author says what the letter is: \Gamma = .., or a function of one argument."""
        return re.search(rf"{re.escape(letter)}\s*(?:\(\s*\\?[A-Za-z]+\s*\)\s*)?:?=", self.source) is not None

    def is_own_e(self, power: str) -> bool:
        """Whether e is a letter of the author's; with another power than a whole number it may be the exponential."""
        own = re.search(r"(?:[,;}]|quad)\s*e\s*:?=", self.source) is not None
        if own and not power.isdigit():
            raise self.refuse(f"e is defined beside it: write exp({power}) if that is meant, or another letter")
        return own

    def bracket(self, opening: str) -> str:
        """Read what stands in brackets, the opening one consumed."""
        if opening == "{":
            self.at -= 1
            return self.group()
        if opening == r"\{" and self.peek() == r"\begin":
            return self.unit()  # the brace of cases, which nothing closes
        if opening == "[" and self.word_ahead():
            self.at -= 1
            chosen = self.indicated()
            if chosen:
                return chosen
            self.at += 1
        inner = self.lattice()
        if opening == "[" and self.peek() in RELATIONS:  # one where it holds, else nothing
            inner = f"Piecewise((1, {self.compared(inner)}), (0, True))"
        self.expect(CLOSING[opening])
        return f"({inner})"

    def group(self) -> str:
        """Read braces."""
        tokens = self.raw_group()
        inner = self.whole(tokens)
        return inner if re.fullmatch(r"\w+", inner) else f"({inner})"
