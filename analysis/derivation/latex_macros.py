"""Commands of LaTeX: functions, words, indicators and cases."""

from __future__ import annotations

import re

from solvable.analysis.derivation.latex_tokens import BARS, CLOSING, TEXTS, levels
from solvable.analysis.derivation.latex_traces import Traces
from solvable.analysis.derivation.latex_words import (
    ACCENTS,
    FUNCTIONS,
    INVERSES,
    LETTER_STYLES,
    OPENING,
    OTHERWISE,
    RELATIONS,
    WORD_STYLES,
    WORDS,
)

__all__ = ["Macros"]

_TARGET = re.compile(r"(?:\\beta|\\theta|w|\\omega)(?:[_^](?:\*|\\star|\\ast|0|\\mathrm(?:true|opt)))?")
_A_POWER = re.compile(r"-(?!\(*1\)*$)[\d.()/]+")  # a number other than -1, which may be the inverse function


class Macros(Traces):
    """Reads commands with their arguments."""

    def bars(self, text: str) -> str:
        """Read an absolute value, or the norm of the target."""
        norm = text in (r"\|", r"\Vert", r"\lVert")
        self.inside.append("bar" if text[:2] != r"\l" else "sided")
        start = self.at
        inner = self.expression()
        self.inside.pop()
        closing = self.take().text
        if closing not in BARS or (closing in (r"\|", r"\Vert", r"\rVert")) != norm:
            raise self.refuse(f"the bar {text} is not closed")
        if not norm:
            return f"abs({inner})"
        if self.peek() == "_" and self.peek(1) in ("*", r"\ast"):  # the sum of the singular values
            self.at += 2
            return "nuclear"
        name = "".join(t.text for t in self.tokens[start : self.at - 1])
        order = self.schatten() if inner.isidentifier() and inner[0].isupper() else ""
        if order:
            return f"((sum(sigma_i**({order}), i))**(1/({order})))"
        if self.of_frobenius() and re.search(r"\bSigma\b", inner) and not re.search(r"\b(?:beta|theta|w)\b", inner):
            return f"norm2(sqrt(Tr(({inner})**2)))"  # functions of Sigma are symmetric
        if not _TARGET.fullmatch(re.sub(r"\\(?:boldsymbol|mathbf|bm|vec|bf)|[{}]", "", name)):
            weighed = re.fullmatch(r"(.*\bSigma\b.*)\*(?:beta|theta|w)(?:_star)?", inner)
            if weighed is not None and not self.several_terms(self.tokens[start : self.at - 1]):
                return f"norm2(sqrt(form(({weighed[1]})**2)))"
            if inner.isidentifier():
                return f"norm2(sqrt(norm2_{inner}))"
            raise self.refuse(f"the norm of {inner} is not known here: give it a name")
        return "norm2(sqrt(signal))"

    def schatten(self) -> str:
        r"""Read the index S_p of a norm if it comes: the norm of the singular values of order p."""
        reader = self.sub(self.tokens[self.at :])
        if reader.peek() != "_":
            return ""
        reader.take()
        inside = [t for t in reader.raw_group() if t.text.removeprefix("\\") not in LETTER_STYLES]
        while inside and inside[0].text == "{" and inside[1:2] and inside[1].text == "S":
            inside = inside[1:]
        if [t.text for t in inside[:2]] not in (["S", "_"], ["S", "}"]):
            return ""
        order = self.sub(inside[inside[1].text == "}" :][2:])
        self.at += reader.at
        return order.whole(order.raw_group())

    def of_frobenius(self) -> bool:
        """Consume the index F, or HS, of a norm if it comes."""
        reader = self.sub(self.tokens[self.at :])
        if reader.peek() != "_":
            return False
        reader.take()
        found = "".join(t.text for t in reader.raw_group() if t.text not in (r"\mathrm", r"\text", "{", "}"))
        self.at += reader.at if found in ("F", "HS") else 0
        return found in ("F", "HS")

    def macro(self, command: str) -> str:
        """Read what a command means."""
        if command in ("frac", "dfrac", "tfrac", "cfrac"):
            return self.fraction()
        if command == "sqrt":
            return self.root()
        if command in ("binom", "dbinom", "tbinom"):
            top, bottom = self.argument(), self.argument()
            return f"binomial({top}, {bottom})"
        if command in FUNCTIONS or command in ("inf", "sup"):
            return self.function({"inf": "min", "sup": "max"}.get(command) or FUNCTIONS[command])
        if command in ("argmin", "argmax"):
            return self.extremum(command[3:], place=True)
        if command == "arg" and self.peek() in (r"\min", r"\max"):
            return self.extremum(self.take().text[1:], place=True)
        if command in ("sum", "prod"):
            return self.summation(command)
        if command in ("int", "int*"):
            return self.integral()
        if command == "iint":
            return self.double_integral()
        if command == "overline" and self.laws and self.averaged_below_bar():
            return self.over_its_law(self.whole(self.raw_group()), "", "")
        if command in ACCENTS:
            name = f"{self.letters(self.raw_group())}_{ACCENTS[command]}"
            tail = name == "Phi_bar" and name not in self.functions and self.peek() in CLOSING
            return self.function("norm_sf") if tail else name
        if command in LETTER_STYLES:
            return self.styled(command)
        if command in WORD_STYLES:
            return self.word(self.letters(self.one_word(command)))
        if command == "partial" or (command == "nabla" and (self.peek(), self.peek(1)) == ("_", "x")):
            return self.by_index()
        if command == "lim":
            return self.limit()
        if command == "evaluated":
            return self.at_place()
        if command == "infty":
            return "oo"
        if command in ("ell", "hbar"):
            return command
        if command == "begin":
            return self.cases()
        if command in ("Pr", "P") and self.peek() in ("_", *OPENING):
            return self.probability()
        if command in ("E", "Tr", "tr", "Var", "Cov"):
            return self.word(command)
        if command == "langle":
            return self.angles()
        if command in ("underbrace", "overbrace"):
            return self.labelled()
        if command in ("{", "lbrace", "lbrack"):
            return self.bracket("\\" + command)
        raise self.refuse(f"the LaTeX command \\{command} is not understood here")

    def labelled(self) -> str:
        """Read what a brace below or above only names."""
        value = self.group() if self.peek() == "{" else self.base()
        if self.peek() in ("_", "^"):
            self.take()
            self.raw_group()
        return f"({value})"

    def function(self, name: str) -> str:
        """Read a function's power, base and argument."""
        while self.peek() == r"\limits":
            self.take()
        if name in ("min", "max") and self.peek() == "_":
            return self.extremum(name)
        found = self.end_of_set(name) if name in ("min", "max") else ""
        if found:
            return found
        power, base, primes = "", "", 0
        while self.peek() in ("^", "_", "'", r"\prime", "’"):
            mark = self.take().text
            if mark not in ("^", "_"):
                primes += 1
            elif mark == "^":
                power = self.superscript()
                if re.fullmatch("(?:_prime)+", power):
                    primes, power = primes + power.count("_"), ""
                if power == "-1" and name in INVERSES:
                    name, power = INVERSES[name], ""
                if (power.startswith("-") and not _A_POWER.fullmatch(power)) or power.startswith("_"):
                    raise self.refuse(f"{name} with the power {power} is read in two ways")
            else:
                base = self.whole(self.raw_group())
                base = "exp(1)" if base == "e" else base
        if base and name != "log":
            raise self.refuse(f"{name} takes no index")
        bracketed, braced = self.peek() in CLOSING, self.one_bracket_in_braces()
        if bracketed:
            value = self.scripted(self.brackets(name)) if name in ("min", "max") else self.brackets(name)
            if self.peek() == "^" and braced and not power:
                return self.scripted(f"({value}/log({base}))" if base else value)  # as sympy prints a power of it
            if self.peek() == "^" and name not in ("log", "exp") and not power:
                return self.scripted(value)  # tanh(x)^2 is a square: its argument stands in its own brackets
            if self.peek() == "^":
                raise self.refuse(f"whether the power belongs to {name} or to its argument is not clear: use brackets")
        else:
            value = f"{name}({self.operand(name)})"
        value = self.slope(name, primes, value.removeprefix(name)) if primes else value
        value = f"({value}/log({base}))" if base else value
        if bracketed and self.peek() == "_":
            raise self.refuse(f"an index stands behind {value}, which is not a name")
        return f"({value})**({power})" if power else value

    def brackets(self, name: str) -> str:
        """Read a function's arguments in brackets."""
        opening = self.take().text
        parts = [self.expression()]
        while self.peek() == ",":
            self.take()
            parts.append(self.expression())
        self.expect(CLOSING[opening])
        name = "uppergamma" if name == "gamma_function" and len(parts) == 2 else name
        if opening == "{" and name in ("min", "max") and len(parts) == 1:
            raise self.refuse(f"{name} needs its arguments in brackets")
        return f"{name}({', '.join(parts)})"

    def operand(self, name: str) -> str:
        """Argument without brackets: one factor, or a number and a factor."""
        number = self.at < len(self.tokens) and self.tokens[self.at].number
        if self.peek() == "-":
            raise self.refuse(f"brackets are needed around the argument of {name}")
        value = self.factor()
        value = "exp(1)" if value == "e" and name == "log" else value
        if number and self.starts_factor() and self.peek() not in CLOSING:
            value = f"{value}*{self.factor()}"
        ends = self.at < len(self.tokens) and (self.tokens[self.at].apart or (self.peek(), self.peek(1)) == ("e", "^"))
        if self.starts_factor() and not (ends or (self.peek().startswith("\\") and self.peek()[1:] in FUNCTIONS)):
            raise self.refuse(f"where the argument of {name} ends is not clear: brackets are needed")
        if self.peek() == "/":
            raise self.refuse(f"whether {name} is of the quotient is not clear: brackets are needed")
        return value

    def styled(self, command: str) -> str:
        r"""Read \mathcal{R} as R; the same letter in two styles is two things, and refused."""
        letter = self.letters(self.raw_group())
        if (letter == "E" and command in ("mathbb", "mathsf")) or (len(letter) > 1 and command in ("mathsf", "mathtt")):
            return self.word(letter)  # a mean, a trace, df
        if letter == "V" and command == "mathbb" and self.laws and self.peek() in ("_", *OPENING):
            return self.variance()
        if letter == "O" and command == "mathcal" and self.peek() == "(":
            return self.called("O")
        density = self.normal_density() if letter == "N" else ""
        if density:
            return density
        if letter == "P" and command in ("mathbb", "mathsf") and self.peek() in ("_", *OPENING):
            return self.probability()
        if letter == "1" or (letter == "I" and command == "mathbb" and self.peek() in ("_", *OPENING)):
            return self.indicator()
        return self.in_style(letter, command)

    def indicated(self) -> str:
        r"""Read what stands behind an indicator where that is one of the claim's: [\mathrm{upper}]; empty where not."""
        reader = self.sub(self.tokens[self.at :])
        reader.at += reader.peek() == "_"
        inner = reader.peek() in OPENING and reader.tokens[reader.at : reader.at + 1]
        if not inner:
            return ""
        close = next((i for i, _, level in levels(reader.tokens[reader.at :]) if level == 0), 0)
        words = [t.text for t in reader.tokens[reader.at : reader.at + close + 1]]
        word = "".join(text for text in words if text not in (*TEXTS, *OPENING, *CLOSING.values(), r"\_"))
        word = word.rpartition("=")[2].lower()
        name = self.chosen_by(word)
        self.at += reader.at + close + 1 if name else 0
        return name

    def chosen_by(self, word: str) -> str:
        """Name of the claim's indicator of a choice that is written with a word; empty where there is none."""
        for phrase in self.phrases:
            name = phrase.meaning.strip("()")
            shown = "".join(phrase.tokens[2:]) if phrase.tokens[:2] == ("1", "_") else ""
            if name.startswith("is_") and re.sub("[-_ ]", "", word) in (name[3:].replace("_", ""), shown.lower()):
                return name
        return ""

    def choice(self) -> str:
        r"""Read the condition of a case that is one of the claim's choices, \text{block}; empty where it is none."""
        start, word = self.at, self.word_ahead()
        name = self.chosen_by(word.rpartition("=")[2].removeprefix("if").removeprefix("for")) if word else ""
        if not name:
            return ""
        self.take()
        self.raw_group()
        if self.peek() in (r"\\", r"\end", ",", ".", ";", r"\quad"):
            return f"{name}==1"
        self.at = start
        return ""

    def indicator(self) -> str:
        """Read an indicator as cases."""
        chosen = self.indicated()
        if chosen:
            return chosen
        if self.peek() == "_":
            self.take()
            tokens = self.raw_group()
            if [t.text for t in tokens[:1] + tokens[-1:]] in ([r"\{", r"\}"], ["(", ")"], ["[", "]"]):
                tokens = tokens[1:-1]
            reader = self.sub(tokens)
        elif self.peek() in ("(", "[", "{", r"\{"):
            opening = self.peek()
            self.take()
            reader = self
            inside = reader.condition()
            self.expect(CLOSING[opening])
            return f"Piecewise((1, {inside}), (0, True))"
        else:
            raise self.refuse("an indicator needs its condition")
        inside = reader.condition()
        reader.end()
        return f"Piecewise((1, {inside}), (0, True))"

    def word(self, word: str) -> str:
        """A word in roman type: a function, an expectation, a trace, or a name."""
        if word in FUNCTIONS:
            return self.function(FUNCTIONS[word])
        if word == "E":
            return self.expectation()
        if word in ("argmin", "argmax"):
            while self.peek() == r"\limits":
                self.take()
            return self.extremum(word[3:], place=True)
        if word == "Li" and self.peek() == "_":
            self.take()
            return self.called("polylog", self.whole(self.raw_group()))
        if word == "Cov" and self.laws and self.arguments_ahead() == 2:
            return self.covariance()
        if word == "Var" and (self.laws or self.peek() == "_"):
            return self.variance()
        if word in ("diag", "det") and self.peek() in OPENING:
            raise self.refuse(f"{word} is of a matrix: write the formula in numbers")
        word = "Tr" if word == "Trace" and (self.peek() in OPENING or self.starts_factor()) else word
        if word in ("Tr", "tr", "trace"):
            return self.trace(word)
        return WORDS.get(word, word)

    def named_condition(self) -> str:
        """Read the name of a range with the range in brackets, underparametrised (n > d); empty where none comes."""
        start = self.at
        if self.word_ahead():
            self.take()
            self.raw_group()
        if self.peek() == "(":
            closing = next((i for i, _, level in levels(self.tokens[self.at :]) if level == 0), 0)
            inner = self.tokens[self.at + 1 : self.at + closing]
            if closing and any(text in RELATIONS and level == 0 for _, text, level in levels(inner)):
                self.at += closing + 1
                return self.stated(inner)
        self.at = start
        return ""

    def cases(self) -> str:
        """Read cases with their conditions."""
        self.expect("{")
        name = ""
        while self.peek() != "}":
            name += self.take().text
        self.take()
        if name == "array" and self.peek() == "{":
            self.raw_group()  # how its columns are set
        if name not in ("cases", "dcases", "array", "rcases", "numcases", "aligned", "split"):
            raise self.refuse(f"the environment {name} is not understood here")
        pairs = []
        while True:
            value = self.expression()
            while self.peek() in (",", r"\quad"):
                self.take()
            if self.peek() == "&":
                self.take()
            self.separator()
            if self.word_ahead() in OTHERWISE:
                self.take()
                self.raw_group()
                condition = "True"
            else:
                condition = self.choice() or self.named_condition() or self.case()
            pairs.append(f"({value}, {condition})")
            while self.peek() in (",", ".", ";", r"\\", r"\quad"):
                self.take()
            if self.peek() == r"\end":
                break
        self.take()
        self.raw_group()
        return f"Piecewise({', '.join(pairs)})"
