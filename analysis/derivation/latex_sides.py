"""What stands left of a formula of LaTeX: the name of a quantity, other sides that are equal to it, what it bounds."""

from __future__ import annotations

import re
from itertools import pairwise

from solvable.analysis.derivation.latex_lines import (
    has_own_factor,
    is_mean,
    is_square,
    is_statistic,
    written,
)
from solvable.analysis.derivation.latex_macros import Macros
from solvable.analysis.derivation.latex_phrases import longest_phrase
from solvable.analysis.derivation.latex_statistics import with_arguments_as_indices, with_one_name
from solvable.analysis.derivation.latex_tokens import BARS, CLOSING, Token, levels
from solvable.analysis.derivation.latex_words import (
    ACCENTS,
    ALMOST,
    EXTREMA,
    GREEK,
    LETTER_STYLES,
    LIMITS,
    PROPORTIONAL,
    RELATIONS,
)

__all__ = ["Sides"]

_NAMED = (r"\mathrm", r"\text", r"\textrm", r"\operatorname", *(f"\\{style}" for style in LETTER_STYLES))
_APPLIED = re.compile(r"(?<!\w)(?!(?:E|O|Tr|Max|Min|Abs)\()[A-Z]\w*\(")  # a function of the author's, R(f)
_BREAKS = (r"\quad", ",", r"\text", r"\textrm", r"\mbox")
_ROMAN, _OPERATORS = (r"\text", r"\textrm", r"\mbox"), ("=", "&", "+", "-", "−", "/", "*", r"\cdot", *LIMITS)
_BOUNDS = tuple(sign for sign, meaning in RELATIONS.items() if meaning != "!=")


class Sides(Macros):
    """Reads what stands left of a formula."""

    unread: tuple[str, ...] = ()
    statistic: str = ""
    named: tuple[str, int] = ("", 1)  # the name left of the sign, and its power
    other_forms: tuple[str, ...] = ()  # of what is behind the sign, A <= B = C
    other_end: str = ""  # what stands left of the quantity in a chain of bounds

    def own_name(self, tokens: list[Token]) -> str:
        """Name that the author gives the formula, with its index; empty where it has an argument or none."""
        named = [t for t in tokens if t.text not in ("=", "&", ":")]
        if not named or any(t.text.removeprefix("\\") in LETTER_STYLES for t in named):
            return ""  # a script letter is another name than the plain one
        reader = self.sub(named)
        reader.styles = {}
        try:
            name = reader.expression()
            reader.end()
        except ValueError:
            return ""
        return name if name.isidentifier() else ""

    def name_and_power(self, tokens: list[Token]) -> tuple[str, int]:
        """Name of a left member without its argument, and 2 where it is squared; norms are one name."""
        reader = self.sub([t for t in tokens if t.text not in ("&", ":")])
        reader.skip_mean()
        base, power, skipped = list[Token](), 1, 0
        left = reader.tokens[reader.at :]
        bars = [i for i, token in enumerate(left) if token.text in BARS]
        if left and left[0].text in BARS and len(bars) == 2:
            raised = [t.text for t in left[bars[1] + 1 :] if t.text not in "{}"]
            return "norm", 2 if raised[-2:] == ["^", "2"] or raised[:2] == ["^", "2"] else 1
        for place, text, level in levels(left):
            raised = [t.text for t in left[place + 1 : place + 4]]
            if level == 0 and text == "^" and (raised[:1] == ["2"] or raised == ["{", "2", "}"]):
                power, skipped = 2, place + (1 if raised[:1] == ["2"] else 3)
            elif level == 1 and text in ("(", "["):
                break
            elif place > skipped or not skipped:
                base.append(left[place])
        if base and base[0].text in BARS:
            return "norm", power
        return self.own_name([t for t in base if t.text.removeprefix("\\") not in LETTER_STYLES]), power

    def one_quantity(self, tokens: list[Token]) -> bool:
        """Whether tokens name one quantity: a name, or a bracket, with its scripts and argument, perhaps a mean."""
        reader = self.sub([t for t in tokens if t.text not in ("&", ":")])
        reader.skip_mean()
        first = reader.take() if reader.peek() else None
        if first is None or first.number or (first.text == "e" and reader.peek() == "^"):
            return False
        if first.text in _NAMED or first.text.lstrip("\\") in ACCENTS:
            reader.raw_group()
        elif first.text in CLOSING or first.text in BARS:
            reader.skip_to(BARS if first.text in BARS else (CLOSING[first.text],))
        elif first.text not in GREEK and not first.text.isalpha() and first.text not in (r"\ell", r"\Pr", r"\Var"):
            return False
        while reader.peek() in ("^", "_", "'", "(", "[", "{", r"\prime"):
            mark = reader.take().text
            if mark in ("^", "_"):
                inner = [t.text for t in reader.raw_group()]
                if mark == "^" and (inner[:1] in (["-"], ["−"]) or (inner[0].isdigit() and inner != ["2"])):
                    return False  # one over it, or its fourth power, is another quantity; a square is often one itself
            elif mark in CLOSING:
                start = reader.at
                reader.skip_to((CLOSING[mark],))
                inside = reader.tokens[start : reader.at - 1]
                if first.text in GREEK and any(t.text in ("+", "-", "/", r"\frac") for t in inside):
                    return False  # a product: the value of a function has names in brackets
        return reader.at == len(reader.tokens)

    def skip_mean(self) -> None:
        """Pass over a limit, an expectation or a least value in front of a quantity."""
        while self.peek() in EXTREMA and self.at + 1 < len(self.tokens):
            self.take()
            while self.peek() in ("_", r"\limits", r"\nolimits"):
                if self.take().text == "_":
                    self.raw_group()
        while self.peek() in (r"\lim", r"\mathbb", r"\mathbf", r"\operatorname", r"\mathrm", "E", r"\E", r"\limits"):
            start = self.at
            command = self.take().text
            alone = command in ("E", r"\E", r"\lim", r"\limits")
            inner = "E" if alone else "".join(t.text for t in self.raw_group())
            while self.peek() in ("_", r"\limits"):
                if self.take().text == "_":
                    self.raw_group()
            if inner not in ("E", "Var") or self.at == len(self.tokens) or self.peek() in ("^", "'"):
                self.at = start
                return

    def skip_to(self, ends: tuple[str, ...]) -> None:
        """Pass over tokens up to a closing bracket or bar of this level."""
        level = 0
        while self.at < len(self.tokens):
            text = self.take().text
            if level == 0 and text in ends:
                return
            level += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(text, 0)
        raise self.refuse("a bracket left of = is not closed")

    def is_operand(self, place: int) -> bool:
        """Whether a name in roman type stands here, first or behind an operator; words stand behind a formula."""
        return self.tokens[place].text in _ROMAN and (not place or self.tokens[place - 1].text in _OPERATORS)

    def limit_as_equality(self) -> bool:
        r"""Write 2lK \to 1, whose left member has a factor of its own, as an equality that holds in the limit."""
        marks = [i for i, text, level in levels(self.tokens) if level == 0 and text in ("=", *LIMITS, *RELATIONS)]
        if not marks or self.tokens[marks[0]].text not in LIMITS:
            return False
        member = self.tokens[: marks[0]]
        if len(marks) > 1 and self.tokens[marks[1]].text == "=" and self.one_quantity(member):  # V_n \to B + V = ..
            middle = self.tokens[marks[0] + 1 : marks[1]]
            ends = any(t.text in (*_BREAKS, ";") for t in middle)
            if not (ends or is_statistic(middle) or self.one_quantity(middle)):
                self.tokens = [*member, Token("=", False, True), *self.tokens[marks[0] + 1 :]]
                return True
        decimals = len(self.tokens) == marks[0] + 2 and self.tokens[marks[0]].text in ALMOST and self.tokens[-1].number
        if decimals or not has_own_factor(member) or is_statistic(member) or self.one_quantity(member):
            return False
        self.tokens = [*member, Token("=", False, True), *self.tokens[marks[0] + 1 :]]
        return True

    def other_sides(self) -> tuple[str, ...]:
        """Take out all sides of a chain of equalities but the last one and the quantity's name in front of them."""
        marks = [-1]
        for place, text, level in levels(self.tokens):
            if text == "=" and level == 0:
                marks.append(place)
            elif place and level == 0 and text in (*_BREAKS, ";", *LIMITS, *RELATIONS) and not self.is_operand(place):
                break
        sides = [self.tokens[a + 1 : b] for a, b in pairwise(marks)]
        named = bool(sides) and self.one_quantity(sides[0])
        sides = [with_arguments_as_indices([token for token in side if token.text != "&"]) for side in sides[named:]]
        if not all(sides):
            return ()
        keep = self.tokens[: marks[1] + 1] if named else []
        if sides:
            self.tokens = [*keep, *self.tokens[marks[-1] + 1 :]]
        found = []
        self.statistic = self.with_a_statistic(sides[0]) if len(sides) == 1 and not named else ""
        for side in sides:
            try:
                if side is sides[0] and not self.laws and not named and is_mean(side):
                    raise self.refuse("a mean over a law that is not stated says what the quantity is")
                found.append(self.whole(side))
            except ValueError:
                if (not is_statistic(side) and (sides.index(side) or has_own_factor(side))) or side[0].number:
                    raise
                self.unread += (written(side),)
        return tuple(found)

    def with_a_statistic(self, side: list[Token]) -> str:
        """Read a side in which one name stands for the one mean, variance or norm; empty where that does not do."""

        def known_at(at: int) -> int:
            found = longest_phrase(self.phrases, side, at)
            return 0 if found is None else found[1]

        put = with_one_name(side, known_at)
        try:
            read = self.whole(put) if put != side else ""
        except ValueError:
            return ""
        return "" if _APPLIED.search(read) else read

    def bounded_quantity(self, marks: list[int]) -> int:
        r"""Place of the quantity in \eta < \eta_c = ..: what it bounds is shown, and not compared."""
        if len(marks) < 2 or self.tokens[marks[0]].text not in _BOUNDS:
            return 0
        from_zero = marks[0] == 1 and self.tokens[0].text == "0"
        if len(marks) == 2 and from_zero and self.tokens[marks[1]].text in _BOUNDS:  # 0 < eta < ..
            self.unread += (written(self.tokens[:2]),)
            return 2
        if self.tokens[marks[1]].text != "=":
            return 0
        if not all(map(self.one_quantity, (self.tokens[: marks[0]], self.tokens[marks[0] + 1 : marks[1]]))):
            return 0
        self.unread += (written(self.tokens[: marks[1]]),)
        return marks[0] + 1

    def bounded_from_both_sides(self, marks: list[int]) -> int:
        r"""Place of the quantity in a \le x \le b, whose left end is read; 0 where no such chain stands here."""
        if len(marks) != 2 or any(self.tokens[mark].text not in _BOUNDS for mark in marks):
            return 0
        first, last = (RELATIONS[self.tokens[mark].text][0] for mark in marks)
        if first != last or not self.one_quantity(self.tokens[marks[0] + 1 : marks[1]]):
            raise self.refuse("a chain of bounds goes one way, with one quantity between its ends")
        self.other_end = self.whole(self.tokens[: marks[0]])
        return marks[0] + 1

    def last_form(self, marks: list[int], bounded: bool) -> str:
        r"""Take out all forms but the last of A \le B = C and A = B \simeq C; return the sign that relates A to C.

        What is read of them has to equal the last one.
        """
        signs = [self.tokens[mark].text for mark in marks]
        limits = [sign for sign in signs if sign in LIMITS]
        of_bounds = signs[0] in _BOUNDS
        if set(signs[of_bounds:]) - {"=", *(() if of_bounds or bounded else LIMITS)}:
            raise self.refuse("it holds more than one equals sign: give one equality")
        for start, end in pairwise(marks):
            form = [token for token in self.tokens[start + 1 : end] if token.text != "&"]
            try:
                self.other_forms += (self.whole(form),)
            except ValueError:
                if not is_statistic(form):
                    raise
                self.unread += (written(form),)
        self.tokens = [*self.tokens[: marks[0] + 1], *self.tokens[marks[-1] + 1 :]]
        return (limits or signs)[0]

    def left_side(self) -> tuple[str, str]:
        """Pass over ``V(gamma) =`` or ``V \\le``: a name, with an argument, before a sign; return it and the sign."""
        marks = []
        for place, text, level in levels(self.tokens):
            if text in ("=", *LIMITS, *_BOUNDS, *PROPORTIONAL) and level == 0:
                marks.append(place)
            elif place and text in _BREAKS and level == 0 and not self.is_operand(place):
                break
        last = marks[-1] if marks else len(self.tokens)
        if last == len(self.tokens) - 2 and self.tokens[last].text in ALMOST and self.tokens[-1].number:
            self.tokens = self.tokens[: marks.pop()]  # what it is in decimals
        if not marks:
            return "", "="
        bounded = self.bounded_quantity(marks) or self.bounded_from_both_sides(marks)
        marks = marks[bool(bounded) :]
        if len(marks) == 2 and self.tokens[marks[0]].text == "=" and self.tokens[marks[1]].text in LIMITS:
            middle = self.tokens[marks[0] + 1 : marks[1]]
            if is_statistic(middle) or self.one_quantity(middle):  # how the quantity is defined
                self.unread += (written(middle),)
                self.tokens, marks = [*self.tokens[: marks[0]], *self.tokens[marks[1] :]], marks[:1]
        sign = self.last_form(marks, bounded > 0) if len(marks) > 1 else self.tokens[marks[0]].text
        member = self.tokens[bounded : marks[0]]
        left = [t.text for t in member if t.text not in ("&", ":")]
        self.named = self.name_and_power(member)
        if is_square(member) and sign == "=":
            self.unread += (written(member),)
        if left and not self.one_quantity(member):
            if sign == "=" or has_own_factor(member):
                raise self.refuse("left of = stands a formula: give the name of one quantity, or the right side alone")
            self.unread += (written(member),)
            left = ["", ""]
        self.at = marks[0] + 1
        if self.peek() == "&":
            self.at += 1
        relation = RELATIONS[sign][0] + "=" if sign in _BOUNDS else "->" if sign in LIMITS else "="
        relation = "propto" if sign in PROPORTIONAL else relation
        named = len(left) == 1 or left[1:2] == ["("]
        return GREEK.get(left[0], left[0]) if named else "", relation
