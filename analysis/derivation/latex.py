r"""LaTeX to plain notation, token by token: what is not understood is refused, nothing is passed over.

The plain reader gives the meaning; here only the ways of writing are resolved: arguments without braces, scripts in
either order, products without a sign, cases, sums, integrals, a left-hand side and a range behind the formula. What two
readers could take differently is refused with the brackets that would settle it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from solvable.analysis.derivation.latex_asides import without_asides
from solvable.analysis.derivation.latex_clauses import in_clauses
from solvable.analysis.derivation.latex_defining import in_equations
from solvable.analysis.derivation.latex_distances import with_distances
from solvable.analysis.derivation.latex_forms import in_usual_forms
from solvable.analysis.derivation.latex_leading import (
    conditions_behind,
    named_in_front,
    without_head,
    words_of_conditions,
)
from solvable.analysis.derivation.latex_letters import letters_apart
from solvable.analysis.derivation.latex_lines import (
    bracketed_range,
    lines_joined,
    with_matrices,
    without_consequence,
    without_number,
    written,
)
from solvable.analysis.derivation.latex_matrices import with_named_matrices
from solvable.analysis.derivation.latex_means import outside_means
from solvable.analysis.derivation.latex_modes import with_modes
from solvable.analysis.derivation.latex_named import with_named_parts
from solvable.analysis.derivation.latex_phrases import Phrase, longest_phrase
from solvable.analysis.derivation.latex_prose import chosen_root, solution_named_first, without_prose
from solvable.analysis.derivation.latex_recursions import ITERATE, taken_out
from solvable.analysis.derivation.latex_remarks import without_objects
from solvable.analysis.derivation.latex_sentences import in_one_formula
from solvable.analysis.derivation.latex_sides import Sides
from solvable.analysis.derivation.latex_stated import with_statements
from solvable.analysis.derivation.latex_tokens import Token, levels, tokens_of
from solvable.analysis.derivation.latex_words import (
    ENVIRONMENTS,
    GREEK,
    IMPLIES,
    OTHERWISE,
    RELATIONS,
    SOLVES,
)
from solvable.analysis.derivation.plain import Statement

__all__ = ["plain_from_latex"]

_DOLLARS = re.compile(r"(?<!\\)(?:\${1,2}|\\[()\[\]])")  # \\[4pt] ends a line
_IN_FRONT = re.compile(  # words that only say of which quantity a formula is
    r"(?i)(?!.*(?:square|root|half|inverse|log|double|excess))(?:we (?:have|find|get|obtain)|then|hence|thus|"
    r"it holds that|one has|the (?:\w+ ){1,2}(?:is|equals|(?:tends|converges)(?: almost surely| in probability)? to|"
    r"approaches|becomes|reads|is given by|is equal to))[:,]?"
)
_OPENED, _CLOSED = re.compile(r"(\\text\{\s*)\(([^()]*\})"), re.compile(r"(\\text\{[^(){}]*)\)(\s*\})")
_WITHIN_WORDS = re.compile(r"\\text\{([^{}$]*)\$([^{}$]*)\$([^{}$]*)\}")  # \text{where $m$ solves}


def plain_from_latex(text: str, phrases: tuple[Phrase, ...] = ()) -> Statement:
    r"""Return the formula with its range, left side and definitions in plain notation.

    Parameters
    ----------
    text : str
        One formula: dollars, an equation environment, a left-hand side and a full stop may stand around it.
    phrases : tuple of Phrase
        How the claim's quantities are written.

    Raises
    ------
    ValueError
        In one sentence: what is not understood, or can be understood in two ways.

    Examples
    --------
    >>> plain_from_latex(r"V(\gamma) = \sigma^2 \frac\gamma{1-\gamma}, \qquad \gamma < 1.")[:3]
    ('sigma**(2)*((gamma)/(1-gamma))', 'gamma<1', 'V')
    """
    reader = _Statement(text, [])
    sentence = in_one_formula(without_head(text), reader.refuse)
    written = _WITHIN_WORDS.sub(r"\\text{\1} \2 \\text{\3}", sentence.formula)
    written = _CLOSED.sub(r"\1\2", _OPENED.sub(r"\1\2", written))  # words in brackets
    reader.tokens = in_usual_forms(letters_apart(list(tokens_of(_words_marked(written)))), reader.refuse)
    reader.phrases = phrases
    return reader.statement()._replace(words=(sentence.words, sentence.narrowing))


def _words_marked(text: str) -> str:
    r"""Put what stands between two formulas of a sentence in \text: $a$ with $b$."""
    parts = _DOLLARS.split(text)
    if len(parts) % 2 == 0 or len(parts) < 3 or (len(parts) == 3 and not re.search("[A-Za-z]", parts[0] + parts[2])):
        return text
    parts[0] = "" if _says_which(parts[0]) else parts[0]
    if words_of_conditions(parts[0]) and len(parts) > 3 and "=" not in parts[1]:
        parts[0] = rf"\text{{ {parts[0].strip()} }}"
        parts[2:-1:2] = [re.sub(r"\.(?=\s)", ",", words) for words in parts[2:-1:2]]
        if _says_which(parts[-3]):  # of what follows, the sentence says that it is the quantity
            parts = ["", parts[-2], ",", *parts[1:-3], parts[-1]]
    elif re.fullmatch(r"\s*[A-Z][a-z]+(?: [a-z-]+)*:?\s*", parts[0]):  # Let, Put, With
        parts[0] = rf"\text{{{parts[0].strip()}}}"
    parts[2::2] = [re.sub(r"[A-Za-z][A-Za-z -]*", r"\\text{ \g<0> }", words) for words in parts[2::2]]
    return " ".join(parts)


def _says_which(words: str) -> bool:
    """Whether words only say of which quantity the formula behind them is."""
    first = re.sub(r"(?i)^(?:then|hence|thus|therefore|so)\b,? (?=\w)", "", words.strip(" ,."))
    return _IN_FRONT.fullmatch(first) is not None


class _Statement(Sides):
    """Reads a formula with what stands around it."""

    def statement(self) -> Statement:
        self.unwrap()
        self.functions = frozenset(self.defined_functions())
        self.named_measures()
        self.laws = {**self.laws, **self.spoken_laws()}
        self.tokens = with_modes(without_asides(without_objects(with_matrices(self.tokens))))
        self.tokens = without_prose(in_clauses(in_equations(self.tokens)))
        self.tokens = with_statements(with_named_matrices(self.tokens, self.phrases, self.refuse))
        self.tokens = with_distances(self.tokens)
        self.functions = frozenset(self.defined_functions())  # a density may hold them
        self.equated_measures()
        self.laws = self.stated_laws()
        self.tokens = with_named_parts(self.tokens, self.is_of_the_claim)
        self.chosen = chosen_root(self.tokens)
        self.tokens, recursion = taken_out(solution_named_first(self.tokens))
        self.whole_names = self.stated_whole_names()
        self.defined_with = self.words_of_definitions() if self.laws or r"\sim" in self.source else {}
        self.functions = frozenset(self.defined_functions())
        limited = self.limit_as_equality()
        sides = self.other_sides()
        start = self.at
        left, relation = self.left_side()
        relation = "->" if limited and relation == "=" else relation
        own = self.own_name(self.tokens[start : self.at])
        if [self.peek(), self.peek(1)] == [r"\Theta", "("] and not self.is_own(r"\Theta"):
            self.tokens[self.at] = Token("O")  # of that order: a rate
        formula = self.lattice()
        branches: list[str] = []
        conditions: list[str] = []
        definitions: list[tuple[str, str]] = []
        while self.at < len(self.tokens):
            behind = self.at
            while self.peek() in (r"\quad", ","):
                self.take()
            if not self.solves(consume=False):
                self.at = behind
            behind = self.at
            if self.solves():  # k is the positive root of an equation
                self.at = behind
                definitions += self.equation(formula)
                formula = definitions[-1][0]
                continue
            if not self.separator() and self.word_ahead() not in OTHERWISE:
                self.end()
            if self.at == len(self.tokens):
                break
            if self.grows():
                relation = "->" if relation == "=" else relation
                continue
            start = self.at
            if self.word_ahead() in OTHERWISE:
                self.take()
                self.raw_group()
                before = bool(conditions)
                branches.append(f"({formula}, {' and '.join(conditions) or 'True'})")
                conditions = []
                if before:
                    self.separator()
                    formula = self.expression()
                    branches.append(f"({formula}, True)")
                continue
            name = self.expression()
            defined = self.peek() == "=" or (self.peek(), self.peek(1)) == (":", "=")
            head = re.fullmatch(r"(\w+)\*?\((\w+)\)", name)
            if defined and conditions and name == own:  # of the same quantity in another range
                self.at += 1 + (self.peek() == ":")
                branches.append(f"({formula}, {' and '.join(conditions)})")
                formula, conditions = self.lattice(), []
            elif defined and (name.isidentifier() or (head is not None and head[1] in self.functions)):
                if self.take().text == ":":
                    self.take()
                definitions += self.defined_alike(name if head is None else f"{head[1]}({head[2]})")
                if self.peek() == r"\in":
                    self.take()
                    conditions.append(self.interval(name))
                elif self.peek() in RELATIONS:
                    conditions.append(self.compared(name))
            elif self.solves(consume=False):
                definitions += self.equation(name)
            elif self.peek() in RELATIONS and (solved := self.solved_within_a_range(name)):
                conditions.append(self.compared(name))
                definitions += self.equation(solved)
            elif defined:
                self.at += 1 + (self.peek() == ":")
                definitions.append(("", f"({name})-({self.expression()})"))
            elif conditions and self.peek() not in (*RELATIONS, r"\in"):  # the formula of another range
                branches.append(f"({formula}, {' and '.join(conditions)})")
                formula, conditions = name, []
            else:
                self.at = start
                conditions.append(self.condition())
        if branches and (conditions or not branches[-1].endswith(", True)")):
            if not conditions:
                raise self.refuse(f"of {formula} it is not said where it holds")
            branches.append(f"({formula}, {' and '.join(conditions)})")
        if branches:
            formula, conditions = f"Piecewise({', '.join(branches)})", []
        definitions = [
            (head, value if head in self.moved else outside_means(value, self.moved)) for head, value in definitions
        ]
        stated = Statement(formula, " and ".join(conditions), left, relation, tuple(definitions), sides, self.unread,
                           self.statistic, self.named, self.chosen, self.other_end)  # fmt: skip
        if recursion is not None:
            parts = (self.whole(part) for part in (recursion.step, recursion.start, [recursion.count]))
            leads = "(iterated({}, previous, {}, {}))".format(*parts)
            stated = stated._replace(formula=re.sub(rf"\b{ITERATE}\b", leads, stated.formula))
        return self.last_first(stated, own)

    def defined_alike(self, name: str) -> list[tuple[str, str]]:
        r"""Read what stands behind the sign of a definition, or of several names at once, A_2 = A_4 = \tfrac12."""
        names, value = [name], self.lattice()
        while self.peek() == "=" and value.isidentifier():
            names.append(value)
            self.take()
            value = self.lattice()
        return [(each, value) for each in names]

    def is_of_the_claim(self, tokens: list[Token]) -> bool:
        """Whether tokens are one quantity that the claim declares."""
        found = longest_phrase(self.phrases, tokens, 0)
        return found is not None and found[1] == len(tokens)

    def solves(self, consume: bool = True) -> bool:
        """Whether words come that say of a name that it solves an equation."""
        found = SOLVES.fullmatch(self.word_ahead()) is not None
        if found and consume:
            self.take()
            self.raw_group()
        return found

    def solved_within_a_range(self, first: str) -> str:
        """Name of which behind a comparison, x > 0 or a < x < b, words or a colon say that it solves an equation."""
        start = self.at
        self.take()
        middle = self.expression()
        name = middle if self.peek() in RELATIONS else first
        self.at = start
        self.compared(first)
        such = self.peek() == ":" and self.peek(1) != "="
        found = name.isidentifier() and (such or self.solves(consume=False))
        self.at = start
        return name if found else ""

    def words_of_definitions(self) -> dict[str, set[str]]:
        """Names of the author's with the letters that their definitions hold."""
        found: dict[str, set[str]] = {}
        part: list[Token] = []
        for place, text, level in levels([*self.tokens, Token(",")]):
            ends = level == 0 and text in (",", ";", r"\quad", r"\text", r"\textrm", r"\mathrm", r"\mbox")
            if not ends and place < len(self.tokens):  # a bracket may stay open to the end
                part.append(self.tokens[place])
                continue
            signs = [i for i, token in enumerate(part) if token.text == "="]
            name = self.own_name(part[: signs[0]]) if signs else ""
            if name:
                found[name] = {GREEK.get(token.text, token.text) for token in part[signs[0] :]} & set(self.laws)
                found[name] |= {GREEK.get(token.text, token.text) for token in part[signs[0] :]}
            part = []
        return found

    def equation(self, name: str) -> list[tuple[str, str]]:
        """Read the equation that a name solves."""
        self.solves()
        while self.peek() in (r"\quad", ":", ","):
            self.take()
        applied = re.fullmatch(r"(\w+)\*?\(\w+\)", name)
        name = applied[1] if applied else name
        if not name.isidentifier():
            raise self.refuse(f"an equation is solved for one name, and not for {name}")
        left = self.expression()
        self.expect("=")
        right = self.expression()
        return [(name, right if left == name else f"{name}+({left})-({right})")]

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
        tokens = bracketed_range(without_number(tokens))
        while tokens and tokens[-1].text in (".", ",", ";", r"\\", r"\quad", r"\nonumber", r"\notag"):
            tokens.pop()
        self.tokens = self.concluded(conditions_behind(named_in_front(without_consequence(lines_joined(tokens)))))

    def concluded(self, tokens: list[Token]) -> list[Token]:
        r"""Tokens behind the last \Rightarrow; what stands in front of it is shown, and not compared."""
        arrows = [i for i, text, level in levels(tokens) if text in IMPLIES and level == 0]
        if not arrows or arrows[-1] == len(tokens) - 1:
            return tokens
        rest, first = tokens[arrows[-1] + 1 :], [t for t in tokens[: arrows[0]] if t.text != r"\quad"]
        rest = rest[next((i for i, token in enumerate(rest) if token.text != r"\quad"), 0) :]
        sign = next((i for i, token in enumerate(rest) if token.text == "="), 0)
        defined = first[1:2] != [] and (first[1].text == "=" or [t.text for t in first[1:3]] == [":", "="])
        if (
            len(arrows) == 1 and defined and first[0].text in [t.text for t in rest[sign:]]
        ):  # c = d/n \Rightarrow V = ..
            return [*rest, Token(",", False, True), *first]
        self.unread += (written([t for t in tokens[: arrows[-1] + 1] if t.text != r"\quad"]),)
        return rest

    def grows(self) -> bool:
        r"""Pass over n \to \infty behind a formula, and over d/n \to \gamma beside it."""
        texts = [t.text for t in self.tokens[self.at :]]
        arrow = next((i for i, text in enumerate(texts) if text in (r"\to", r"\rightarrow")), 0)
        ratio = "".join(text for text in texts[1:arrow] if text not in ("{", "}"))
        if texts[0] in (r"\frac", r"\tfrac", r"\dfrac") and len(ratio) == 2 and ratio.isalpha():
            self.at += arrow + 1
            return self.of_a_ratio()
        names = [text for text in texts[:arrow] if text not in ("(", ",")]
        sizes = all(len(name) == 1 and name.isalpha() for name in names)
        if names and sizes and texts[arrow + 1 : arrow + 2] == [r"\infty"]:
            self.at += arrow + 2
            self.at += self.peek() == ")"
            return True
        if self.peek(1) == "/" and arrow == 3 and texts[0].isalpha() and texts[2].isalpha():
            self.at += 4
            return self.of_a_ratio()
        start = self.at
        if arrow and names and texts[arrow + 1 : arrow + 2] == [r"\infty"] and "=" not in texts[:arrow]:
            self.expression()  # a ratio of parameters
            if self.at == start + arrow:
                self.at += 2
                return True
            self.at = start
        return False

    def of_a_ratio(self) -> bool:
        r"""Pass over the limit of a ratio of sizes; what compares it, d/n \to \gamma < 1, is a range behind it."""
        start = self.at
        self.expression()
        limit = self.tokens[start : self.at]
        if self.peek() in (*RELATIONS, r"\in"):
            self.tokens[self.at : self.at] = [Token(",", False, True), *limit]
        self.at += self.peek() == ")"
        return True

    def last_first(self, stated: Statement, own: str) -> Statement:
        """Where the first equation only names a part of another one, that one is the formula."""
        every = {own: stated.formula, **dict(stated.definitions)}
        uses = {name: {other for other, text in every.items() if re.search(rf"(?<!\w){name}(?!\w)", text)} - {name}
                for name in every if name.isidentifier()}  # fmt: skip
        if not uses.get(own) or re.search(rf"(?<!\w){own}(?!\w)", stated.formula):  # or an equation that it solves
            return stated
        last = [name for name, users in uses.items() if not users]
        if len(last) != 1 or stated.sides or stated.relation != "=":
            raise self.refuse(f"which of its equations is the formula is not clear: {own} is used by another one")
        others = tuple((name, text) for name, text in every.items() if name != last[0])
        return stated._replace(formula=every[last[0]], left=last[0], definitions=others, named=(last[0], 1))

    def defined_functions(self) -> Iterator[str]:
        """Names f of definitions f(x) = ... behind the formula."""
        texts = [t.text for t in self.tokens]
        for place, text in enumerate(texts):
            defined = texts[place + 3 : place + 4] == ["="] or texts[place + 3 : place + 5] == [":", "="]
            if text != "(" or texts[place + 2 : place + 3] != [")"] or not defined:
                continue
            starts = [at + 1 for at in range(place) if texts[at] in (",", ";", r"\quad", "}")]
            names = [self.own_name(self.tokens[start:place]) for start in starts if start < place]
            yield from [name for name in names if name][:1]
