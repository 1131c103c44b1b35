"""Expectations and forms of LaTeX: E over a named law, averages in angle brackets, quadratic forms of the weights."""

from __future__ import annotations

import re
from abc import abstractmethod
from itertools import pairwise

from solvable.analysis.derivation.latex_distances import DIMENSION, mean_of_a_distance
from solvable.analysis.derivation.latex_forms import group_at
from solvable.analysis.derivation.latex_fractions import Fractions
from solvable.analysis.derivation.latex_phrases import longest_phrase
from solvable.analysis.derivation.latex_tokens import CLOSING, Token, levels
from solvable.analysis.derivation.latex_words import GREEK, LAW_STYLES, OPENING

__all__ = ["Means"]

_SPECTRAL = "MP"
_STYLES = (r"\mathcal", r"\mathrm", r"\mathsf", r"\operatorname", "{", "}")
_WEIGHTS = (
    r"\beta",
    r"\theta",
    "w",
    "v",
    r"\bm",
    r"\boldsymbol",
    r"\mathbf",
    "{",
    "}",
    "^",
    "*",
    r"\star",
    "_",
    r"\ast",
)
_TRANSPOSED = ([r"\top"], ["T"], [r"\intercal"], [r"\mathsf", "T"], [r"\mathrm", "T"], ["t"])


def is_spectral_law(texts: list[str]) -> bool:
    r"""Whether tokens, without styles and braces, name the Marchenko-Pastur law: MP(\gamma), \mu_{MP}, F_\gamma."""
    word = "".join(texts)
    return (
        re.fullmatch(r"MP(?:_?\(?\\gamma\)?)?|(?:\\mu|\\nu|\\rho|F)(?:_(?:MP|\\gamma)(?:\(\\gamma\))?)?", word)
        is not None
    )


class Means(Fractions):
    """Reads expectations, and forms in the target's weights."""

    @abstractmethod
    def integral(self) -> str:
        """Read an integral over a variable or a law."""

    def expectation(self) -> str:
        """Read E[f], E_z[f] and E_{x \\sim N(m, v)}[f]; without brackets the mean of the factors behind it."""
        variable, law = self.over()
        self.averaged.update(variable.split(", ") if variable else ())
        known = self.known_mean() if not variable else ""
        if known:
            return known
        if self.peek() in OPENING and self.peek() != "{":
            opening = self.take().text
            body = self.expression()
            self.expect(CLOSING[opening])
            body = self.with_marks_behind(body, opening)
        elif variable:
            body = self.term()
        elif self.peek() == "{":
            body = self.whole(self.raw_group())
        elif self.laws and self.starts_factor():
            body = self.factor()
            if self.starts_factor():
                raise self.refuse("where the mean ends is not clear: E needs brackets around its argument")
        else:
            raise self.refuse("E needs brackets around its argument")
        return self.over_its_law(body, variable, law)

    def with_marks_behind(self, body: str, opening: str) -> str:
        r"""Read the marks of \mathbb E (f)_+^2, which are those of what is averaged; a power alone is refused."""
        reader, marks = self.sub(self.tokens[self.at :]), list[str]()
        while reader.peek() in ("^", "_"):
            reader.take()
            marks += [t.text for t in reader.raw_group() if t.text not in "{}"]
        positive = "+" in marks
        if (positive and opening != "(") or (marks and opening == "(" and not positive):
            raise self.refuse(
                f"do its marks belong to the mean, or to {body}? brackets are needed around the one meant"
            )
        if not positive:
            return body
        body, start = self.scripted(f"({body})"), self.at
        behind = set(re.findall(r"[A-Za-z]\w*", self.factor())) if self.starts_factor() else set()
        self.at = start
        if behind & {*self.laws, *self.averaged, *self.defined_with}:
            raise self.refuse("where the mean ends is not clear: E needs brackets around its argument")
        return body

    def over(self) -> tuple[str, str]:
        """Read the index of a mean: its variable and law, empty where there is none."""
        if self.peek() != "_":
            return "", ""
        self.take()
        return self.variable(self.raw_group())

    def opened(self, why: str) -> tuple[str, str, str]:
        """Read the index of a mean and the bracket behind it."""
        variable, law = self.over()
        opening = self.take().text
        if opening not in OPENING:
            raise self.refuse(why)
        return variable, law, opening

    def variance(self) -> str:
        """Read Var[f] over a law that is stated: the mean of the square less the square of the mean."""
        variable, law, opening = self.opened("a variance needs brackets around its argument")
        body = self.expression()
        self.expect(CLOSING[opening])
        square, mean = (self.over_its_law(each, variable, law) for each in (f"({body})**2", body))
        return f"({square}-({mean})**2)"

    def known_mean(self) -> str:
        """Read the mean of a quantity of the claim, a number; empty where none stands here."""
        closing = CLOSING.get(self.peek(), "") if self.peek() != "{" else ""
        found = longest_phrase(self.phrases, self.tokens, self.at + bool(closing))
        if found is None or found[0].open or found[0].meaning.startswith("sqrt"):
            return ""
        end = found[1]
        if closing:
            end += 1
            if [t.text for t in self.tokens[end - 1 : end]] != [closing]:
                return ""
        if [t.text for t in self.tokens[end : end + 1]] in (["^"], ["_"]):
            return ""  # of another power
        self.at = end
        return found[0].meaning

    def probability(self) -> str:
        """Read P(z > x): the mean of an indicator."""
        variable, law, opening = self.opened("a probability needs brackets around what is probable")
        inside = self.condition()
        while self.peek() == ",":
            self.take()
            inside = f"({inside}) and ({self.condition()})"
        self.expect(CLOSING[opening])
        return self.over_its_law(f"Piecewise((1, {inside}), (0, True))", variable, law)

    def over_its_law(self, body: str, variable: str, law: str) -> str:
        """Write a mean over the variables of its index, or over those whose law is stated behind the formula."""
        if not variable:
            held = set(re.findall(r"[A-Za-z]\w*", body))
            for _ in self.defined_with:  # what is defined by a variable holds it
                held |= {law for name, laws in self.defined_with.items() if name in held for law in laws}
            variable = ", ".join(name for name in self.laws if name in held)
        return self.mean(body, variable, law)

    def mean(self, body: str, variable: str, law: str) -> str:
        """Write a mean over normal variables, moved and scaled where their law says so, or over the spectral law."""
        names: list[str] = []
        for name in variable.split(", ") if variable else []:
            defined = self.defined_with.get(name, set()) if name not in self.laws and not law else set()
            names += (
                sorted(defined & set(self.laws) - set(names))
                if defined & set(self.laws)
                else [name] * (name not in names)
            )
        laws = {name: law or self.laws.get(name, "") for name in names}
        if any("|" in each and not each.startswith("joint: ") for each in laws.values()):
            if len(names) > 1:
                raise self.refuse(f"a mean over {' and '.join(names)} at once is not read")
            return mean_of_a_distance(body, names[0], laws[names[0]])
        if _SPECTRAL in laws.values():
            if len(names) > 1:
                raise self.refuse(f"a mean over {' and '.join(names)} at once is not read")
            return f"law_mean({body}, {variable})"
        if len(names) > 2:
            raise self.refuse(f"a mean over {' and '.join(names)} at once is not read: two normal variables at most")
        moved = {}
        if any(each.startswith("joint: ") for each in laws.values()):
            (first, second), joint = names, next(iter(laws.values())).removeprefix("joint: ")
            a, c, b = joint.split(" | ")
            moved = {
                first: f"(sqrt({a})*{first})",
                second: f"(({c})/sqrt({a})*{first}+sqrt({b}-({c})**2/({a}))*{second})",
            }
        else:
            for name, own in laws.items():
                centre, _, spread = own.rpartition(", ")
                if own and own != "0, 1":
                    moved[name] = f"(({centre})+sqrt({spread})*{name})"
        if moved:
            body = re.sub(r"(?<!\w)[A-Za-z]\w*(?!\w)", lambda word: moved.get(word[0], word[0]), body)
        return f"E({', '.join([body, *names])})"

    def variable(self, tokens: list[Token]) -> tuple[str, str]:
        r"""Read the index of an expectation: its variable, and mean and variance where \sim names a normal law."""
        texts = [t.text for t in tokens]
        cut = texts.index(r"\sim") if r"\sim" in texts else len(texts)
        named, commas = [t for t in tokens[:cut] if t.text not in ("(", ")")], [-1]
        commas += [i for i, text, level in levels(named) if text == "," and level == 0]
        commas.append(len(named))
        names = [self.whole(named[a + 1 : b]) for a, b in pairwise(commas)]
        if not all(re.fullmatch(r"[A-Za-z]\w*", each) for each in names):
            raise self.refuse("over which law a mean goes is not understood: write its variable, or z \\sim N(0, 1)")
        name = ", ".join(names)
        if cut == len(texts):
            return name, ""
        behind = [t for t in tokens[cut + 1 :] if t.text not in (*LAW_STYLES, "}")]
        if is_spectral_law([t.text for t in behind]):
            return name, _SPECTRAL
        if [t.text for t in behind[:2]] != ["N", "("] or behind[-1].text != ")":
            raise self.refuse("a mean is over a normal law, or a law that is an integral")
        start = next(i for i in range(cut, len(tokens)) if tokens[i].text == "(")
        inner = tokens[start + 1 : -1]
        while inner and inner[-1].text == "}" and sum((t.text == "{") - (t.text == "}") for t in inner) < 0:
            inner = inner[:-1]
        if inner and inner[-1].text == ")" and sum((t.text == "(") - (t.text == ")") for t in inner) < 0:
            inner = inner[:-1]
        comma = [i for i, text, level in levels(inner) if text == "," and level == 0]
        if len(comma) == 2 and inner[comma[1] + 1].text == DIMENSION:
            parts = (inner[: comma[0]], inner[comma[0] + 1 : comma[1]], inner[comma[1] + 2 :])
            return name, " | ".join(map(self.whole, parts))
        if len(comma) != 1:
            raise self.refuse("a normal law has a mean and a variance")
        centre, spread = inner[: comma[0]], inner[comma[0] + 1 :]
        if any(t.text == r"\begin" for t in spread):
            if len(names) != 2 or [t.text for t in centre if t.text not in "{}"][-1:] != ["0"]:
                raise self.refuse("a matrix of covariances belongs to two variables of mean 0")
            return name, f"joint: {self.covariances(spread)}"
        return name, ", ".join(self.whole(part) for part in (centre, spread))

    def covariances(self, tokens: list[Token]) -> str:
        """Read a symmetric matrix of two rows: variance, covariance, variance."""
        texts = [t.text for t in tokens]
        start, end = texts.index("}") + 1, len(texts) - 1 - texts[::-1].index(r"\end")
        cells: list[list[Token]] = [[]]
        for token in tokens[start:end]:
            if token.text in ("&", r"\\"):
                cells.append([])
            else:
                cells[-1].append(token)
        entries = [self.whole(cell) for cell in cells if cell]
        if len(entries) != 4 or entries[1] != entries[2] or texts[start:end].count("&") != 2:
            raise self.refuse("a covariance of two variables is a symmetric matrix of two rows")
        return " | ".join((entries[0], entries[1], entries[3]))

    def stated_laws(self) -> dict[str, str]:
        r"""Take out z \sim N(0, 1) behind the formula: mean and variance of each name."""
        found: dict[str, str] = {}
        while True:
            marks = [
                i for i, text, level in levels(self.tokens) if text == r"\sim" and level == 0 and self.law_at(i + 1)
            ]
            if not marks:
                return found
            end, start = self.law_at(marks[0] + 1), self.part_before(marks[0])
            if self.tokens[marks[0] - 1].text == ")":  # (u, v) \sim N(0, C)
                start = max(i for i, text, level in levels(self.tokens[: marks[0]]) if text == "(" and level == 1)
            if not start:
                return found
            parts = [self.tokens[start:end]]
            while (
                start > 1
                and self.tokens[start - 1].text == ","
                and self.is_name(self.part_before(start - 1), start - 1)
            ):
                start = self.part_before(start - 1)  # x, z \sim N(0, 1)
                parts.append([*self.tokens[start : self.end_of_name(start)], *self.tokens[marks[0] : end]])
            for part in parts:
                names, law = self.variable(part)
                found |= dict.fromkeys(names.split(", "), law)
            words = [t.text for t in self.tokens[end:]]
            if words[:1] in ([r"\text"], [r"\mathrm"], [r"\textrm"]) and words[1:2] == ["{"]:
                inside, behind = group_at(self.tokens, end + 1, self.refuse)
                if "".join(t.text for t in inside).replace(".", "") in ("iid", "independent", "independently"):
                    end = behind
            self.tokens[start:end] = []

    def law_at(self, at: int) -> int:
        """Place behind a normal or spectral law that stands at a place, or 0."""
        normal = self.normal_at(at)
        if normal:
            return normal
        for end in range(min(at + 12, len(self.tokens)), at, -1):
            texts = [t.text for t in self.tokens[at:end]]
            if is_spectral_law([t for t in texts if t not in (*LAW_STYLES, "}")]) and texts[-1] not in (
                *LAW_STYLES,
                "_",
            ):
                return end if texts.count("{") == texts.count("}") else 0
        return 0

    def part_before(self, end: int) -> int:
        """Place behind the comma, the space or the words in front of a place."""
        start = end
        while start and self.tokens[start - 1].text not in (",", ";", r"\quad"):
            start -= 1
            if self.tokens[start].text in (r"\text", r"\textrm", r"\mbox", r"\mathrm") and start + 1 < end:
                _, close = group_at(self.tokens, start + 1, self.refuse)
                return close
        return start

    def end_of_name(self, start: int) -> int:
        """Place behind a name that begins at a place."""
        reader = self.sub(self.tokens[start:])
        reader.take()
        while reader.peek() == "_":
            reader.take()
            reader.raw_group()
        return start + reader.at

    def is_name(self, start: int, end: int) -> bool:
        """Whether a name with its index fills what stands between two places."""
        first = self.tokens[start].text if start < end else ""
        return (first in GREEK or (first.isalpha() and len(first) == 1)) and self.end_of_name(start) == end

    def normal_at(self, at: int) -> int:
        """Place behind a normal law that stands at a place, or 0."""
        texts = [t.text for t in self.tokens[at:]]
        place = next((i for i, text in enumerate(texts) if text not in LAW_STYLES), len(texts))
        if texts[place : place + 1] != ["N"]:
            return 0
        place += 2 if texts[place + 1 : place + 2] == ["}"] else 1
        if texts[place : place + 1] != ["("]:
            return 0
        return (
            at
            + place
            + next((i for i, _, level in levels(self.tokens[at + place :]) if level == 0), -place - at - 1)
            + 1
        )

    def angles(self) -> str:
        r"""Read \langle f \rangle_z, a mean over a normal variable, and \langle\beta, A\beta\rangle."""
        start, level = self.at, 1
        while level:
            level += {r"\langle": 1, r"\rangle": -1}.get(self.take().text, 0)
        inner = self.tokens[start : self.at - 1]
        commas = [i for i, token in enumerate(inner) if token.text == ","]
        if len(commas) == 1:
            product = self.frobenius(inner[: commas[0]], inner[commas[0] + 1 :])
            if product:
                return product
            return self.form(inner[: commas[0]], inner[commas[0] + 1 :])
        names = {GREEK.get(t.text, t.text) for t in inner} & {"z", "Z"}
        variable = ""
        if self.peek() == "_":
            self.take()
            variable, law = self.variable(self.raw_group())
            return self.mean(self.whole(inner), variable, law)
        if self.laws:
            return self.over_its_law(self.whole(inner), "", "")
        if len(names) != 1:
            raise self.refuse("over what an average in angle brackets goes is not said: write E with its variable")
        return self.mean(self.whole(inner), names.pop(), "")

    def frobenius(self, left: list[Token], right: list[Token]) -> str:
        r"""Read \langle A, B\rangle_F of functions of the covariance, which are symmetric; empty where none comes."""
        reader = self.sub(self.tokens[self.at :])
        if reader.peek() != "_" or self.are_weights(left):
            return ""
        reader.take()
        index = "".join(t.text for t in reader.raw_group() if t.text not in (r"\mathrm", r"\text", "{", "}"))
        if index not in ("F", "HS"):
            return ""
        self.at += reader.at
        parts = [self.whole(part) for part in (left, right)]
        if not all(re.search(r"\bSigma\b", part) and not re.search(r"\b(?:beta|theta|w|v)\b", part) for part in parts):
            raise self.refuse("an inner product with index F is read of two functions of Sigma")
        return f"Tr(({parts[0]})*({parts[1]}))"

    def form(self, left: list[Token], right: list[Token]) -> str:
        """Read a quadratic form: the weights, then a function of the covariance and the weights again."""
        length = len(left)
        if not self.are_weights(left) or [t.text for t in right[-length:]] != [t.text for t in left]:
            raise self.refuse("a form is read in the target's weights, such as beta, and functions of Sigma")
        middle = right[:-length]
        if not middle and any(t.text == "v" for t in left):
            raise self.refuse("a form in v is read in functions of Sigma")
        name = "form_v" if any(t.text == "v" for t in left) else "form"
        return f"{name}({self.sub(middle).matrices()})" if middle else "(sqrt(signal))**2"

    @staticmethod
    def are_weights(tokens: list[Token]) -> bool:
        """Whether tokens are the letter of the target's weights, or of its coefficients."""
        texts = [t.text for t in tokens]
        letters = [text for text in texts if text in (r"\beta", r"\theta", "w", "v")]
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
                    return self.form(name, [*middle, *name])
                level += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(text, 0)
        return ""

    @abstractmethod
    def matrices(self) -> str:
        """Read a product of functions of the covariance."""
