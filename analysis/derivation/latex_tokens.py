"""Tokens of LaTeX, and a cursor over them."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

from solvable.analysis.derivation.latex_words import DEFINES, SIZES, SPACES
from solvable.solvers.validate import refuse

if TYPE_CHECKING:
    from solvable.analysis.derivation.latex_phrases import Phrase

__all__ = ["BARS", "CLOSING", "DEEPEST", "OPEN", "TEXTS", "Cursor", "Token", "levels", "tokens_of"]

_TOKEN = re.compile(
    r"\s+|(?P<comma>0\{,\}\d+|\d+\{,\}(?!\d{3}(?!\d))\d+)|(?P<number>(?:\d{1,3}(?:(?:\{,\}|\\,)\d{3})+|\d+)(?:\.\d+)?|\.\d+)"
    r"|\\(?P<command>[A-Za-z]+\*?|.)|(?P<character>.)",
    re.S,
)
_LINE_SPACE = re.compile(r"\\\\\s*\[\s*-?[\d.]+\s*(?:pt|em|ex|mm|cm|in|\\baselineskip)\s*\]")
CLOSING = {"(": ")", "[": "]", "{": "}", r"\{": r"\}", r"\lbrace": r"\rbrace", r"\lbrack": r"\rbrack"}
BARS = ("|", r"\|", r"\Vert", r"\vert", r"\lVert", r"\rVert", r"\lvert", r"\rvert")
DEEPEST = 60
OPEN = r"\left."  # where a bar behind may say at which place
TEXTS = (r"\text", r"\mathrm", r"\textrm", r"\mbox", r"\textnormal", r"\textit", r"\mathit")
_WIDE = (",", ";", ":", " ", ">", "thinspace", "medspace", "enspace")
_TURNED = tuple(f"{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in "lr")
_BAR_NAMES = {"|": "vert", r"\vert": "vert", r"\|": "Vert", r"\Vert": "Vert"}


_OPENS = ("{", "(", "[", r"\{", r"\lbrace", r"\begin", r"\lfloor", r"\lceil", r"\langle")
_CLOSES = ("}", ")", "]", r"\}", r"\rbrace", r"\end", r"\rfloor", r"\rceil", r"\rangle")


@dataclass(frozen=True)
class Token:
    """A piece of LaTeX: its text, and whether white space stands before it."""

    text: str
    number: bool = False
    spaced: bool = False
    apart: bool = False  # behind a space that the author asks for


def tokens_of(text: str) -> Iterator[Token]:
    """Cut the text; spaces, sizes of brackets and what only places the formula are left out."""
    spaced, apart, sized, side = False, False, False, ""
    for match in _TOKEN.finditer(_LINE_SPACE.sub(r"\\\\", text.strip())):
        number, command, character = match.group("number"), match.group("command"), match.group("character")
        if character == "." and sized:  # \\left. and \\right. draw nothing; a place may follow what the first opens
            sized = False
            if side == "l":
                yield Token(OPEN, False, spaced)
            continue
        if match.group().strip():
            sized, turned = command in ("left", "right"), side
            side = {"left": "l", "right": "r"}.get(command or "", command[-1] if command in _TURNED else "")
            bar = _BAR_NAMES.get(match.group(), "") if turned else ""
            if bar:
                yield Token(f"\\{turned}{bar}", False, spaced)
                spaced = apart = False
                continue
        if match.group("comma"):  # a decimal comma
            yield Token(match.group().replace("{,}", "."), True, spaced)
        elif number is not None:
            yield Token(re.sub(r"[^\d.]", "", number), True, spaced)
        elif command is not None and (command in SIZES or command in SPACES):
            spaced, apart = True, apart or command in _WIDE
            if command in ("quad", "qquad"):
                yield Token(r"\quad", False, True)
            continue
        elif command is not None:
            yield Token("=" if "\\" + command in DEFINES else "\\" + command, False, spaced, apart)
        elif character is not None and character not in "$~":
            yield Token("=" if character in DEFINES else character, False, spaced, apart)
        else:
            spaced = True
            continue
        spaced = apart = False


def levels(tokens: list[Token]) -> Iterator[tuple[int, str, int]]:
    """Place and text of every token, and how many brackets are open behind it; the brace of cases may stay open."""
    level = 0
    for place, token in enumerate(tokens):
        alone = token.text == r"\{" and tokens[place + 1 : place + 2] and tokens[place + 1].text == r"\begin"
        level += (token.text in _OPENS and not alone) - (token.text in _CLOSES)
        yield place, token.text, level


class Cursor(ABC):
    """A place in the tokens; every method consumes what it returns the meaning of."""

    @abstractmethod
    def expression(self) -> str:
        """Read a sum of products."""

    @abstractmethod
    def lattice(self) -> str:
        """Read a sum of products, or the lesser or greater of two products, up to a closing bracket."""

    @abstractmethod
    def base(self) -> str:
        """Read what powers and indices stand behind."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        """Start at the first token."""
        self.source, self.tokens, self.at, self.depth = text, tokens, 0, 0
        self.styles: dict[str, str] = {}
        self.inside: list[str] = []  # variables of the integrals that are open
        self.functions: frozenset[str] = frozenset()  # what the author defines as f(x) = ...
        self.laws: dict[str, str] = {}  # mean and variance of the variables whose law is stated
        self.averaged: set[str] = set()  # variables of means
        self.moved: dict[str, str] = {}  # what stands for such a variable in the author's definitions
        self.whole_names: frozenset[str] = frozenset()  # what is said to be a whole number
        self.defined_with: dict[str, set[str]] = {}  # what is defined by such variables
        self.measure = ("", "")  # the differential that a fraction of the open integral brought
        self.phrases: tuple[Phrase, ...] = ()  # what stands for one quantity of the claim
        self.measures: dict[str, Any] = {}  # laws that integrals are over, by density and atoms
        self.of_density = False  # where phi is the normal density

    def refuse(self, why: str) -> ValueError:
        """Return the refusal, with the text."""
        return refuse("formula", self.source, why)

    def peek(self, ahead: int = 0) -> str:
        """Text of a token that comes, empty behind the end."""
        place = self.at + ahead
        return self.tokens[place].text if place < len(self.tokens) else ""

    def take(self) -> Token:
        """Consume a token."""
        if self.at == len(self.tokens):
            raise self.refuse("it ends where something is missing")
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, text: str) -> None:
        """Consume a token that must come."""
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

    def one_word(self, command: str) -> list[Token]:
        """Tokens of a group that is a name: several words are none."""
        group = self.raw_group()
        shown = command in ("text", "textrm", "textnormal", "textit", "emph")
        if shown and any(a.text.isalpha() and b.text.isalpha() and b.spaced for a, b in pairwise(group)):
            said = "".join(" " * t.spaced + t.text for t in group).strip()
            raise self.refuse(f'the words "{said}" are not understood where they stand')
        return group

    def sub(self, tokens: list[Token]) -> Self:
        """Return a reader of some tokens of this text."""
        reader = type(self)(self.source, tokens)
        reader.styles, reader.inside, reader.depth = self.styles, self.inside, self.depth + 1
        reader.phrases, reader.functions, reader.laws = self.phrases, self.functions, self.laws
        reader.defined_with, reader.averaged, reader.moved = self.defined_with, self.averaged, self.moved
        reader.whole_names, reader.measures, reader.of_density = self.whole_names, self.measures, self.of_density
        if reader.depth > DEEPEST:
            raise self.refuse(f"it is nested more than {DEEPEST} deep")
        return reader

    def whole(self, tokens: list[Token]) -> str:
        """Read tokens that form one expression."""
        level = 0
        for place, token in enumerate(tokens):
            level += {"{": 1, "}": -1}.get(token.text, 0)
            if level == 0 and token.text == r"\over":
                return f"(({self.whole(tokens[:place])})/({self.whole(tokens[place + 1 :])}))"
        reader = self.sub(tokens)
        value = reader.lattice()
        reader.end()
        return value

    def end(self) -> None:
        """Refuse what is left over."""
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

    def word_ahead(self) -> str:
        """Word of a text command that comes next, without consuming it."""
        if self.peek() in TEXTS and self.peek(1) == "{":
            reader = self.sub(self.tokens[self.at + 1 :])
            return "".join(t.text for t in reader.raw_group()).strip(" ().,;:").lower()
        return ""

    def one_bracket_in_braces(self) -> bool:
        """Whether braces come next that hold one bracket alone."""
        if self.peek() != "{" or self.peek(1) != "(":
            return False
        inner = self.sub(self.tokens[self.at :]).raw_group()
        depth = [level for _, _, level in levels(inner)]
        return bool(depth) and 0 not in depth[:-1] and depth[-1] == 0

    def in_style(self, letter: str, style: str) -> str:
        """Return the letter, or refuse it where it stands in another style too: two things would become one."""
        if self.styles.setdefault(letter, style) != style:
            raise self.refuse(f"the letter {letter} stands in two styles: give one of them another name")
        return letter
