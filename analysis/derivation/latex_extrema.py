r"""Least and greatest values of LaTeX, and where they are: \min_{t > 0} f(t), \argmax_x g(x), \sup\{x : f(x) < 1\}."""

from __future__ import annotations

import re
from typing import Any

from solvable.analysis.derivation.latex_means import Means
from solvable.analysis.derivation.latex_tokens import Token, levels
from solvable.analysis.derivation.latex_words import LETTER_STYLES, RELATIONS, SUMMED

__all__ = ["Extrema"]

_RANGED = (*RELATIONS, r"\in", "=")
_HELD = (":", r"\mid", ",", ";", r"\quad")  # what parts the range of a letter from what else holds
_DOTS = (r"\dots", r"\ldots", r"\cdots")
_COUNTS = ("i", "j", "k", "l", "ell", "m", "n")  # letters of whole numbers
Range = tuple[str, str, str, bool]


class Extrema(Means):
    """Reads least and greatest values over a letter."""

    def extremum(self, name: str, place: bool = False) -> str:
        r"""Read \min_{t>0} f(t): the least value over a letter, in its range; or the place of it."""
        self.expect("_")
        (x, low, high, whole), held = self.over_range(self.raw_group())
        bracketed = self.peek() in (r"\{", "[", "(", r"\lbrace")
        start = self.at
        body = self.reaching(x)
        if bracketed and self.at == start:
            raise self.refuse(f"what \\{name} is taken of is not clear: brackets are needed")
        sign = "" if name == "min" else "-"
        body = f"{sign}({body})" if sign else body
        body = f"np_where({' and '.join(held)}, {body}, oo)" if held else body
        if place:
            if whole:
                raise self.refuse("the place of a least value over whole numbers is not read")
            return f"least_place({body}, {x}, {low}, {high})"
        value = f"least({body}, {x}, {low}, {high}{', 1' if whole else ''})"
        return f"({sign}{value})" if sign else value

    def end_of_set(self, name: str) -> str:
        r"""Read \sup\{x > 0 : f(x) < 1\}, the end of a set that a condition describes; empty where none comes."""
        if self.peek() not in (r"\{", r"\lbrace"):
            return ""
        inside = list(levels(self.tokens[self.at :]))
        close = next((i for i, _, level in inside if level == 0), 0)
        inner = self.tokens[self.at + 1 : self.at + close]
        bar = next((i for i, text, level in inside[:close] if level == 1 and text in (":", r"\mid", "|")), 0)
        if not bar:
            return ""
        (x, low, high, whole), held = self.over_range(inner[: bar - 1])
        if whole:
            raise self.refuse("the end of a set of whole numbers is not read")
        conditions = " and ".join([*held, *(self.stated(part) for part in _parts(inner[bar:]))])
        self.at += close + 1
        return f"edge({conditions}, {x}, {low}, {high}, {1 if name == 'max' else 0})"

    def over_range(self, tokens: list[Token]) -> tuple[Range, list[str]]:
        """Letter, ends and wholeness of what stands below an operator, with the conditions that are no ends."""
        parts = _parts(tokens)
        dotted = any(t.text in _DOTS for t in tokens)
        if dotted:  # k = 0, \dots, m
            cut = next((i for i, t in enumerate(parts[0]) if t.text in ("=", r"\in")), 0)
            first = [t for t in parts[0][cut + 1 :] if t.text != r"\{"]
            last = [t for t in parts[-1] if t.text != r"\}"]
            return (self.letters(parts[0][:cut]), self.whole(first), self.whole(last), True), []
        x, low, high, whole = self.membership(parts[0])
        held = []
        for part in parts[1:]:
            try:
                other = self.membership(part)
            except ValueError:
                other = ("", "", "", False)
            if other[0] != x:
                held.append(self.stated(part))
                continue
            whole |= other[3]
            low, high = (b if b not in ("-oo", "oo") else a for a, b in ((low, other[1]), (high, other[2])))
        counted = x in _COUNTS and "oo" not in (low.strip("-"), high)
        return (x, low, high, whole or counted or x in self.whole_names), held

    def membership(self, tokens: list[Token]) -> Range:
        r"""Read x, x > 0, 0 \le x \le 1, |x| \le a, x \in [0, 1], x \in \mathbb R_+ or k \in \mathbb Z."""
        if not any(t.text in _RANGED for t in tokens):
            return self.letters(tokens), "-oo", "oo", False
        cut = next((i for i, t in enumerate(tokens) if t.text == r"\in"), None)
        if cut is not None:
            law = [t.text for t in tokens[cut + 1 :] if t.text.removeprefix("\\") not in (*LETTER_STYLES, "{", "}")]
            if law[:1] == ["R"]:
                positive = any(text in ("+", ">", r"\ge", r"\geq") for text in law)
                return self.letters(tokens[:cut]), "0" if positive else "-oo", "oo", False
            if law == ["Z"]:
                return self.letters(tokens[:cut]), "-oo", "oo", True
        return (*self.ends_of(self.stated(tokens)), False)

    def stated_whole_names(self) -> frozenset[str]:
        r"""Take out \xi\in\mathbb Z behind the formula: what is a whole number."""
        found: list[str] = []
        for place, text, level in reversed(list(levels(self.tokens))):
            behind = [t.text for t in self.tokens[place + 1 : place + 5]]
            length = 4 if behind == [r"\mathbb", "{", "Z", "}"] else 2 if behind[:2] == [r"\mathbb", "Z"] else 0
            start = self.part_before(place) if length and not level and text == r"\in" else 0
            if not start:
                continue
            found.append(self.letters(self.tokens[start:place]))
            self.tokens[start - 1 : place + 1 + length] = []
        while found and self.tokens[-1:] and self.tokens[-1].text in (",", r"\quad"):
            self.tokens.pop()
        return frozenset(found)

    def reaching(self, x: str) -> str:
        """Read what binds a letter: a product, or the sum up to its end where later terms hold the letter.

        In a least value a term that does not hold it is the same within and behind; an integral without ends has no
        value with one.
        """
        start, body = self.at, "" if self.peek() in SUMMED else self.term()
        behind, self.at = self.at, start
        whole = self.expression()
        if not body or re.search(rf"(?<!\w){x}(?!\w)", whole.removeprefix(body)):
            return whole
        self.at = behind
        return body

    def stated(self, tokens: list[Token]) -> str:
        """Read tokens that form one comparison, or a chain of them."""
        reader = self.sub(tokens)
        condition = reader.condition()
        reader.end()
        return condition

    def ends_of(self, stated: str) -> tuple[str, str, str]:
        """Letter and ends of a range: t > 0, 0 <= t <= 1, |t| <= 1."""
        parts: list[Any] = re.split(r"<=?|>=?| and ", stated)
        signs = re.findall(r"[<>]", stated)
        within = re.fullmatch(r"abs\((\w+)\)", parts[0])
        if within is not None and len(parts) == 2 and signs == ["<"]:
            return within[1], f"-({parts[1]})", parts[1]
        names = [part for part in parts if part.isidentifier() and part != "oo"]
        x = parts[1] if len(parts) == 3 else names[0] if names else ""  # 0 < t < b: the letter stands between
        if not x.isidentifier() or len(parts) not in (2, 3, 4) or (len(parts) == 4 and parts[2] != x):
            raise self.refuse(f"over what letter and range {stated} goes is not clear")
        low, high = "-oo", "oo"
        pairs = [(parts[0], signs[0], parts[1])]
        pairs += [(parts[-2], signs[-1], parts[-1])] if len(signs) > 1 else []
        for left, sign, right in pairs:
            end, above = (right, sign == ">") if left == x else (left, sign == "<")
            low, high = (end, high) if above else (low, end)
        return x, low, high


def _parts(tokens: list[Token]) -> list[list[Token]]:
    """Tokens between commas and bars outside of brackets."""
    parts: list[list[Token]] = [[]]
    for place, text, level in levels(tokens):
        if level == 0 and text in _HELD:
            parts.append([])
        else:
            parts[-1].append(tokens[place])
    return [part for part in parts if part]
