r"""LaTeX to plain notation, token by token: what is not understood is refused, nothing is passed over.

The plain reader gives the meaning; here only the ways of writing are resolved: arguments without braces, scripts in
either order, products without a sign, cases, sums, integrals, a left-hand side and a range behind the formula. What two
readers could take differently is refused with the brackets that would settle it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from solvable.analysis.derivation.latex_words import (
    ACCENTS,
    ENVIRONMENTS,
    FUNCTIONS,
    GREEK,
    LETTER_STYLES,
    OPENING,
    RELATIONS,
    SIZES,
    SPACES,
    STARS,
    WORDS,
)
from solvable.solvers.validate import refuse

__all__ = ["plain_from_latex"]

_TOKEN = re.compile(
    r"\s+|(?P<number>(?:\d{1,3}(?:(?:\{,\}|\\,)\d{3})+|\d+)(?:\.\d+)?|\.\d+)"
    r"|\\(?P<command>[A-Za-z]+\*?|.)|(?P<character>.)",
    re.S,
)
_CLOSING = {"(": ")", "[": "]", "{": "}", r"\{": r"\}", r"\lbrace": r"\rbrace", r"\lbrack": r"\rbrack"}
_BARS = ("|", r"\|", r"\Vert", r"\vert", r"\lVert", r"\rVert", r"\lvert", r"\rvert")
_DEEPEST = 60


@dataclass(frozen=True)
class Token:
    """A piece of LaTeX: its text, and whether white space stands before it."""

    text: str
    number: bool = False
    spaced: bool = False


def plain_from_latex(text: str) -> tuple[str, str, str]:
    r"""Return the formula, its range and the name left of = (or empty strings) in plain notation.

    Parameters
    ----------
    text : str
        One formula: dollars, an equation environment, a left-hand side and a full stop may stand around it.

    Raises
    ------
    ValueError
        In one sentence: what is not understood, or can be understood in two ways.

    Examples
    --------
    >>> plain_from_latex(r"V(\gamma) = \sigma^2 \frac\gamma{1-\gamma}, \qquad \gamma < 1.")
    ('sigma**(2)*((gamma)/(1-gamma))', 'gamma<1', 'V')
    """
    reader = _Latex(text, list(_tokens(text)))
    return reader.statement()


def _tokens(text: str) -> Iterator[Token]:
    """Cut the text; spaces, sizes of brackets and what only places the formula are left out."""
    spaced, skip = False, ""
    for match in _TOKEN.finditer(text.strip()):
        number, command, character = match.group("number"), match.group("command"), match.group("character")
        if number is not None:
            yield Token(re.sub(r"[^\d.]", "", number), True, spaced)
        elif command is not None and (command in SIZES or command in SPACES):
            spaced = True
            if command in ("quad", "qquad"):
                yield Token(r"\quad", False, True)
            continue
        elif command is not None:
            yield Token("\\" + command, False, spaced)
        elif character is not None and character not in "$~":
            yield Token(character, False, spaced)
        else:
            spaced = True
            continue
        spaced = bool(skip)


class _Latex:
    """A reader by recursive descent; every method consumes what it returns the meaning of."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.source, self.tokens, self.at, self.depth = text, tokens, 0, 0
        self.styles: dict[str, str] = {}
        self.inside: list[str] = []  # variables of the integrals that are open

    # tokens -----------------------------------------------------------------------------------------------------------

    def refuse(self, why: str) -> ValueError:
        return refuse("formula", self.source, why)

    def peek(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.tokens[place].text if place < len(self.tokens) else ""

    def take(self) -> Token:
        if self.at == len(self.tokens):
            raise self.refuse("it ends where something is missing")
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, text: str) -> None:
        found = self.take().text
        if found != text:
            raise self.refuse(f"{found} stands where {text} should")

    def raw_group(self) -> list[Token]:
        """Tokens of a braced argument, or the next token alone (of a number: its first digit)."""
        if self.peek() != "{":
            token = self.take()
            if token.number and len(token.text) > 1:
                raise self.refuse(f"braces are needed around {token.text}")
            return [token]
        self.take()
        inner: list[Token] = []
        level = 1
        while True:
            token = self.take()
            level += {"{": 1, "}": -1}.get(token.text, 0)
            if level == 0:
                return inner
            inner.append(token)

    def sub(self, tokens: list[Token]) -> _Latex:
        """Return a reader of some tokens of this text."""
        reader = _Latex(self.source, tokens)
        reader.styles, reader.inside, reader.depth = self.styles, self.inside, self.depth + 1
        if reader.depth > _DEEPEST:
            raise self.refuse(f"it is nested more than {_DEEPEST} deep")
        return reader

    def whole(self, tokens: list[Token]) -> str:
        """Read tokens that form one expression."""
        reader = self.sub(tokens)
        value = reader.expression()
        reader.end()
        return value

    def end(self) -> None:
        if self.at != len(self.tokens):
            raise self.refuse(f"{self.peek()} is not understood where it stands")

    def argument(self) -> str:
        """Read a macro's argument: a group, or one token."""
        if self.peek() == "{":
            return self.whole(self.raw_group())
        token = self.tokens[self.at] if self.at < len(self.tokens) else self.take()
        if token.number:
            if len(token.text) > 1:  # \frac12 is a half; \frac123 is anybody's guess
                if not token.text.isdigit() or len(token.text) > 2:
                    raise self.refuse(f"braces are needed around {token.text}")
                self.tokens[self.at : self.at + 1] = [Token(c, True, token.spaced) for c in token.text]
            return self.take().text
        return self.base()

    # statement --------------------------------------------------------------------------------------------------------

    def statement(self) -> tuple[str, str, str]:
        self.unwrap()
        left = self.left_side()
        formula = self.expression()
        conditions: list[str] = []
        while self.at < len(self.tokens):
            if not self.separator():
                self.end()
            if self.at == len(self.tokens):
                break
            conditions.append(self.condition())
        return formula, " and ".join(conditions), left

    def unwrap(self) -> None:
        """Take off an environment and alignment marks around the formula, its label, and the full stop behind it."""
        self.at = 0
        while self.at < len(self.tokens):
            start = self.at
            if self.take().text in (r"\label", r"\tag", r"\tag*"):
                self.raw_group()
                del self.tokens[start : self.at]
                self.at = start
        self.at = 0
        tokens = [t for t in self.tokens if t.text not in (r"\[", r"\]", r"\(", r"\)", r"\displaystyle", r"\textstyle")]
        while len(tokens) > 2 and tokens[0].text == r"\begin":
            name = "".join(t.text for t in tokens[2 : [t.text for t in tokens].index("}")])
            if name not in ENVIRONMENTS:
                break
            length = 3 + len(name)
            if [t.text for t in tokens[-length:]] != [r"\end", "{", *name, "}"]:
                raise self.refuse(f"the environment {name} is not closed at the end")
            tokens = tokens[length:-length]
        while tokens and tokens[-1].text in (".", ",", ";", r"\\", r"\quad", r"\nonumber", r"\notag"):
            tokens.pop()
        cases = any(t.text == r"\begin" for t in tokens)
        self.tokens = tokens if cases else [t for t in tokens if t.text != "&"]

    def left_side(self) -> str:
        """Pass over ``V(gamma) =``: a name, with an argument, before an equals sign."""
        level, marks = 0, []
        for place, token in enumerate(self.tokens):
            level += {"{": 1, "(": 1, "[": 1, "}": -1, ")": -1, "]": -1}.get(token.text, 0)
            if token.text in ("=", r"\coloneqq", r"\equiv") and level == 0:
                marks.append(place)
            elif token.text in (r"\quad", ",") and level == 0:
                break
        if not marks:
            return ""
        if len(marks) > 1:
            raise self.refuse("it holds more than one equals sign: give one equality")
        left = [t.text for t in self.tokens[: marks[0]] if t.text not in ("&", ":")]
        signs = {"+", "-", "/", r"\frac", r"\sum", r"\int", r"\cdot", r"\times", "<", ">"}
        level = 0
        for text in left:
            level += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(text, 0)
            if level == 0 and text in signs:
                raise self.refuse("left of = stands a formula: give the name of one quantity, or the right side alone")
        self.at = marks[0] + 1
        if self.peek() == "&":
            self.at += 1
        return GREEK.get(left[0], left[0]) if len(left) == 1 or left[1:2] == ["("] else ""

    def separator(self) -> bool:
        """Consume what stands between a formula and its range."""
        start = self.at
        while self.peek() in (",", ";", r"\quad") or self.word_ahead() in ("for", "if", "when", "where", "with", "and"):
            if self.peek() in (r"\text", r"\mathrm", r"\textrm", r"\mbox"):
                self.take()
                self.raw_group()
            else:
                self.take()
        return self.at > start

    def word_ahead(self) -> str:
        """Word of a text command that comes next, without consuming it."""
        if self.peek() in (r"\text", r"\mathrm", r"\textrm", r"\mbox") and self.peek(1) == "{":
            reader = self.sub(self.tokens[self.at + 1 :])
            return "".join(t.text for t in reader.raw_group()).strip()
        return ""

    def condition(self) -> str:
        """Read a chain of comparisons, or membership of an interval."""
        left = self.expression()
        if self.peek() == r"\in":
            self.take()
            return self.interval(left)
        parts = [left]
        while self.peek() in RELATIONS:
            sign = RELATIONS[self.take().text]
            if self.peek() == "=" and sign in "<>":
                self.take()
                sign += "="
            parts += [sign, self.expression()]
        if len(parts) == 1:
            raise self.refuse(f"what stands behind the formula is not a range: {left}")
        return "".join(parts)

    def interval(self, name: str) -> str:
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

    # expressions ------------------------------------------------------------------------------------------------------

    def expression(self) -> str:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.refuse(f"it is nested more than {_DEEPEST} deep")
        parts = []
        if self.peek() in ("+", "-", "−"):
            parts.append("-" if self.take().text != "+" else "")
        parts.append(self.term())
        while self.peek() in ("+", "-", "−"):
            parts.append("+" if self.take().text == "+" else "-")
            if self.peek() in ("+", "-", "−"):
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
                bracketed, plain = self.peek() in _CLOSING or self.peek() in (r"\frac", r"\sqrt"), self.at
                value = f"{value}/{self.factor()}"
                number = self.at == plain + 1 and self.tokens[plain].number
                slashed, fraction = not bracketed, "number" if number and value.count("/") == 1 else ""
            elif self.starts_factor():
                spaced = self.tokens[self.at].spaced
                if slashed and not (fraction and spaced and re.fullmatch(r"[\d.]+/[\d.]+", value)):
                    raise self.refuse(f"what is divided by in {value} {self.peek()} is not clear: brackets are needed")
                value, slashed = f"{value}*{self.factor()}", False
            else:
                return value

    def starts_factor(self) -> bool:
        if self.at >= len(self.tokens):
            return False
        token = self.tokens[self.at]
        if self.inside and token.text in ("d", r"\mathrm") and self.differential(consume=False):
            return False
        if token.text in _BARS:  # a bar opens only where none is open
            return "bar" not in self.inside
        if self.word_ahead() in ("for", "if", "when", "where", "with", "and", "otherwise", "else"):
            return False
        closing = {*_CLOSING.values(), *RELATIONS, "+", "-", "−", ",", ";", "/", "=", "&", "^", "_", "'", "!", ":"}
        others = (r"\quad", r"\\", r"\end", r"\in", r"\cdot", r"\times", r"\ast", r"\div", "*", "·", "×", r"\coloneqq")
        return token.text not in closing and token.text not in others

    def factor(self) -> str:
        return self.scripted(self.base())

    def scripted(self, base: str) -> str:
        """Powers, indices, primes and factorials behind a base, in any order."""
        power, index, marks = "", "", ""
        while True:
            text = self.peek()
            if text == "^":
                self.take()
                mark = self.superscript()
                if mark.startswith("_"):
                    marks += mark
                elif power:
                    raise self.refuse("two powers follow each other: braces are needed")
                else:
                    power = mark
            elif text == "_":
                self.take()
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
        is_name = re.fullmatch(r"[A-Za-z]\w*", base) is not None
        if index == "+":
            if is_name:
                raise self.refuse(f"write max({base}, 0) for the positive part")
            base, index = f"max({base}, 0)", ""
        if (index or marks) and base.startswith("norm2("):
            if index not in ("2", "F"):
                raise self.refuse(f"the norm with index {index} is not known here")
            base, index = base[6:-1], ""
        if (index or marks) and not is_name:
            raise self.refuse(f"an index or a mark stands behind {base}, which is not a name")
        if is_name:
            base = self.name(base, index, marks)
        base = base[6:-1] if base.startswith("norm2(") else base
        if base == "e" and power:
            return f"exp({power})"
        if is_name and not power and self.peek() == "(" and self.lone_symbol():
            self.take()
            inside = self.expression()
            self.expect(")")
            return self.scripted(f"{base}({inside})")
        return f"{base}**({power})" if power else base

    def lone_symbol(self) -> bool:
        """Whether the bracket that comes next holds one symbol, perhaps with a sign: f(x), not a product."""
        texts = [t.text for t in self.tokens[self.at : self.at + 4]]
        inner = texts[2:4] if texts[1:2] == ["-"] else texts[1:3]
        return (
            len(inner) == 2 and inner[1] == ")" and (inner[0] in GREEK or (inner[0].isalpha() and len(inner[0]) == 1))
        )

    @staticmethod
    def name(base: str, index: str, marks: str) -> str:
        joined = base + (index if index in ("1", "2") and base in ("df", "S") else f"_{index}" if index else "") + marks
        return joined

    def superscript(self) -> str:
        """Read a power; a star, a dagger or a word is a mark on the name."""
        tokens = self.raw_group() if self.peek() == "{" else None
        if tokens is None:
            token = self.tokens[self.at] if self.at < len(self.tokens) else self.take()
            if token.text == "-":
                raise self.refuse("braces are needed around a power with a sign")
            if token.number and (len(token.text) > 1):
                raise self.refuse(f"braces are needed around the power {token.text}")
            if token.text in STARS or token.text == "+":
                self.take()
                return STARS.get(token.text, "_plus")
            if token.text in ("T", r"\top", r"\intercal", "H"):
                raise self.refuse("vectors and matrices are not read: write the formula in numbers")
            return self.base()
        texts = [t.text for t in tokens]
        if len(texts) == 1 and (texts[0] in STARS or texts[0] == "+"):
            return STARS.get(texts[0], "_plus")
        if texts in (["T"], [r"\top"], [r"\intercal"], ["-", r"\top"], ["-", "T"]):
            raise self.refuse("vectors and matrices are not read: write the formula in numbers")
        if texts and texts[0] in (r"\mathrm", r"\text", r"\textrm", r"\rm"):
            return "_" + self.letters(tokens)
        if len(texts) > 2 and texts[0] == "(" and texts[-1] == ")":
            return "_sup" + self.letters(tokens[1:-1])
        return self.whole(tokens)

    def index(self) -> str:
        """Read an index as part of a name."""
        tokens = self.raw_group()
        if [t.text for t in tokens] == ["+"]:
            return "+"
        return self.letters(tokens)

    def letters(self, tokens: list[Token]) -> str:
        """Letters and digits of an index: λ_{\\max}, κ_{1,2}, β_{\\mathrm{eff}}."""
        words = []
        for token in tokens:
            text = token.text
            if text in (r"\mathrm", r"\text", r"\textrm", r"\rm", r"\mathit", r"\operatorname", "{", "}", ","):
                continue
            if text in STARS:
                words.append(STARS[text].strip("_"))
            elif text in GREEK:
                words.append(GREEK[text])
            elif text.startswith("\\") and text[1:] in FUNCTIONS:
                words.append(text[1:])
            elif text.isalnum() and text.isascii():
                words.append(text)
            else:
                raise self.refuse(f"the index with {text} is not understood")
        if not words:
            raise self.refuse("an index is empty")
        return "".join(words)

    # bases ------------------------------------------------------------------------------------------------------------

    def base(self) -> str:
        token = self.take()
        text = token.text
        if token.number:
            return text
        if text in _CLOSING:
            return self.bracket(text)
        if text in _BARS:
            return self.bars(text)
        if text in GREEK:
            return GREEK[text]
        if text == "∞":
            return "oo"
        if text.startswith("\\"):
            return self.macro(text[1:])
        if text.isalpha() and text.isascii():
            if text in "Oo" and self.peek() == "(":
                self.take()
                inner = self.expression()
                self.expect(")")
                return f"{text}({inner})"
            return self.in_style(text, "")
        raise self.refuse(f"{text} is not understood where it stands")

    def bracket(self, opening: str) -> str:
        if opening == "{":
            self.at -= 1
            return self.group()
        inner = self.expression()
        self.expect(_CLOSING[opening])
        return f"({inner})"

    def group(self) -> str:
        tokens = self.raw_group()
        inner = self.whole(tokens)
        return inner if re.fullmatch(r"\w+", inner) else f"({inner})"

    def bars(self, text: str) -> str:
        norm = text in (r"\|", r"\Vert", r"\lVert")
        self.inside.append("bar")
        start = self.at
        inner = self.expression()
        self.inside.pop()
        closing = self.take().text
        if closing not in _BARS or (closing in (r"\|", r"\Vert", r"\rVert")) != norm:
            raise self.refuse(f"the bar {text} is not closed")
        if not norm:
            return f"abs({inner})"
        name = "".join(t.text for t in self.tokens[start : self.at - 1])
        if name.replace(r"\boldsymbol", "").replace(r"\mathbf", "").strip("{}") not in (
            r"\beta",
            r"\beta^*",
            r"\beta_*",
        ):
            raise self.refuse(f"the norm of {inner} is not known here: give it a name")
        return "norm2(sqrt(signal))"

    def macro(self, command: str) -> str:
        if command in ("frac", "dfrac", "tfrac", "cfrac"):
            return self.fraction()
        if command == "sqrt":
            return self.root()
        if command in ("binom", "dbinom", "tbinom"):
            top, bottom = self.argument(), self.argument()
            return f"binomial({top}, {bottom})"
        if command in FUNCTIONS:
            return self.function(FUNCTIONS[command])
        if command in ("sum", "prod"):
            return self.summation(command)
        if command in ("int", "int*"):
            return self.integral()
        if command in ACCENTS:
            return f"{self.letters(self.raw_group())}_{ACCENTS[command]}"
        if command in LETTER_STYLES:
            return self.styled(command)
        if command in ("operatorname", "operatorname*", "mathrm", "text", "textrm", "mathop", "rm", "mathsf"):
            return self.word(self.letters(self.raw_group()))
        if command == "infty":
            return "oo"
        if command in ("ell", "hbar"):
            return command
        if command == "begin":
            return self.cases()
        if command in ("E", "Tr", "tr", "Var"):
            return self.word(command)
        if command in ("{", "lbrace", "lbrack"):
            return self.bracket("\\" + command)
        raise self.refuse(f"the LaTeX command \\{command} is not understood here")

    def fraction(self) -> str:
        start = self.at
        top = self.argument()
        middle = self.at
        bottom = self.argument()
        texts = [
            [t.text for t in self.tokens[a:b] if t.text not in "{}"] for a, b in ((start, middle), (middle, self.at))
        ]
        if texts[0][:1] == [r"\partial"] and texts[1][:1] == [r"\partial"]:
            raise self.refuse("a derivative is written diff(f, x)")
        if texts[0][:1] == ["d"] and texts[1][:1] == ["d"] and len(texts[1]) == 2 and not texts[1][1].isdigit():
            raise self.refuse(r"it is not clear whether \frac{d..}{d..} is a derivative: cancel d, or write diff(f, x)")
        return f"(({top})/({bottom}))"

    def root(self) -> str:
        if self.peek() == "[":
            self.take()
            order = self.expression()
            self.expect("]")
            return f"({self.argument()})**(1/({order}))"
        return f"sqrt({self.argument()})"

    def function(self, name: str) -> str:
        """Read a function's power, base and argument."""
        power = base = ""
        while self.peek() in ("^", "_"):
            if self.take().text == "^":
                power = self.superscript()
                if power.startswith("-") or power.startswith("_"):
                    raise self.refuse(f"{name} with the power {power} is read in two ways")
            else:
                base = self.whole(self.raw_group())
        if base and name != "log":
            raise self.refuse(f"{name} takes no index")
        bracketed = self.peek() in _CLOSING
        if bracketed:
            value = self.scripted(self.brackets(name)) if name in ("min", "max") else self.brackets(name)
            if self.peek() == "^":
                raise self.refuse(f"whether the power belongs to {name} or to its argument is not clear: use brackets")
        else:
            value = f"{name}({self.operand(name)})"
        value = f"({value}/log({base}))" if base else value
        if bracketed and self.peek() == "_":
            raise self.refuse(f"an index stands behind {value}, which is not a name")
        return f"({value})**({power})" if power else value

    def brackets(self, name: str) -> str:
        opening = self.take().text
        parts = [self.expression()]
        while self.peek() == ",":
            self.take()
            parts.append(self.expression())
        self.expect(_CLOSING[opening])
        if opening == "{" and name in ("min", "max") and len(parts) == 1:
            raise self.refuse(f"{name} needs its arguments in brackets")
        return f"{name}({', '.join(parts)})"

    def operand(self, name: str) -> str:
        """Argument without brackets: one factor, or a number and a factor."""
        number = self.at < len(self.tokens) and self.tokens[self.at].number
        if self.peek() == "-":
            raise self.refuse(f"brackets are needed around the argument of {name}")
        value = self.factor()
        if number and self.starts_factor() and self.peek() not in _CLOSING:
            value = f"{value}*{self.factor()}"
        if self.starts_factor() and not (self.peek().startswith("\\") and self.peek()[1:] in FUNCTIONS):
            raise self.refuse(f"where the argument of {name} ends is not clear: brackets are needed")
        if self.peek() == "/":
            raise self.refuse(f"whether {name} is of the quotient is not clear: brackets are needed")
        return value

    def summation(self, command: str) -> str:
        low = high = name = ""
        while self.peek() in ("_", "^", r"\limits", r"\nolimits"):
            mark = self.take().text
            if mark == "_":
                tokens = self.raw_group()
                cut = next((i for i, t in enumerate(tokens) if t.text == "="), None)
                name = self.letters(tokens[:cut])
                low = self.whole(tokens[cut + 1 :]) if cut is not None else ""
            elif mark == "^":
                high = self.whole(self.raw_group())
        if not name:
            raise self.refuse(f"\\{command} needs the name of its index")
        if bool(low) != bool(high):
            raise self.refuse(f"\\{command} over {name} needs both ends, or none")
        body = self.term()
        ends = f", {low}, {high}" if low else ""
        return f"{'sum' if command == 'sum' else 'product'}({body}, {name}{ends})"

    def integral(self) -> str:
        low = high = ""
        while self.peek() in ("_", "^", r"\limits"):
            mark = self.take().text
            if mark == "_":
                low = self.whole(self.raw_group())
            elif mark == "^":
                high = self.whole(self.raw_group())
        if bool(low) != bool(high):
            raise self.refuse("an integral needs both ends, or none")
        self.inside.append("integral")
        body = self.expression()
        self.inside.pop()
        variable, law = self.differential(consume=True)
        if law:
            if low:
                raise self.refuse("an integral over a law takes no ends")
            return f"mp_mean({body})" if variable == "x" else f"law_mean({body}, {variable})"
        ends = f", {low}, {high}" if low else ", -oo, oo"
        return f"integral({body}, {variable}{ends})"

    def differential(self, consume: bool) -> tuple[str, str]:
        """Read dx, or dμ(x): the variable, and the name of the law. Empty where none comes next."""
        reader = self.sub(self.tokens[self.at :])
        if reader.peek() == r"\mathrm" and [reader.peek(i) for i in (1, 2, 3)] == ["{", "d", "}"]:
            reader.at += 4
        elif reader.peek() == "d":
            reader.at += 1
        else:
            if consume:
                raise self.refuse("the integral does not end with dx")
            return ("", "") if consume else ()  # type: ignore[return-value]
        name = GREEK.get(reader.peek(), reader.peek())
        if not re.fullmatch(r"[A-Za-z]\w*", name):
            return ()  # type: ignore[return-value]
        reader.at += 1
        law = ""
        if name in ("mu", "F", "nu", "rho"):
            if reader.peek() == "_":
                reader.at += 1
                reader.raw_group()
            if reader.peek() != "(":
                return ()  # type: ignore[return-value]
            reader.at += 1
            law, name = name, GREEK.get(reader.peek(), reader.peek())
            reader.at += 2
        if consume:
            self.at += reader.at
        return name, law

    def styled(self, command: str) -> str:
        r"""Read \mathcal{R} as R; the same letter in two styles is two things, and refused."""
        letter = self.letters(self.raw_group())
        if command == "mathbb" and letter == "E":
            return self.word("E")
        if letter == "1":
            return self.indicator()
        return self.in_style(letter, command)

    def in_style(self, letter: str, style: str) -> str:
        """Return the letter, or refuse it where it stands in another style too: two things would become one."""
        if self.styles.setdefault(letter, style) != style:
            raise self.refuse(f"the letter {letter} stands in two styles: give one of them another name")
        return letter

    def indicator(self) -> str:
        if self.peek() == "_":
            self.take()
            reader = self.sub(self.raw_group())
        elif self.peek() in ("(", "[", "{", r"\{"):
            opening = self.peek()
            self.take()
            reader = self
            inside = reader.condition()
            self.expect(_CLOSING[opening])
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
        if word in ("E", "Tr", "tr", "trace"):
            index = ""
            if self.peek() == "_":
                self.take()
                index = self.index()
            name = "E" if word == "E" else "Tr"
            if self.peek() not in OPENING:
                raise self.refuse(f"{word} needs brackets around its argument")
            opening = self.take().text
            inner = self.expression()
            self.expect(_CLOSING[opening])
            variable = f", {index[0]}" if index else ""
            return f"{name}({inner}{variable})"
        return WORDS.get(word, word)

    def cases(self) -> str:
        self.expect("{")
        name = ""
        while self.peek() != "}":
            name += self.take().text
        self.take()
        if name not in ("cases", "dcases"):
            raise self.refuse(f"the environment {name} is not understood here")
        pairs = []
        while True:
            value = self.expression()
            while self.peek() in (",", r"\quad"):
                self.take()
            if self.peek() == "&":
                self.take()
            self.separator()
            if self.word_ahead() in ("otherwise", "else"):
                self.take()
                self.raw_group()
                condition = "True"
            else:
                condition = self.condition()
            pairs.append(f"({value}, {condition})")
            while self.peek() in (",", ".", ";", r"\\", r"\quad"):
                self.take()
            if self.peek() == r"\end":
                break
        self.take()
        self.raw_group()
        return f"Piecewise({', '.join(pairs)})"
