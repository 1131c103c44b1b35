"""Expectations and forms of LaTeX: E over a named law, averages in angle brackets, quadratic forms of the weights."""

from __future__ import annotations

import re
from abc import abstractmethod

from solvable.analysis.derivation.latex_distances import mean_of_a_distance
from solvable.analysis.derivation.latex_laws import SPECTRAL
from solvable.analysis.derivation.latex_phrases import longest_phrase
from solvable.analysis.derivation.latex_stated_laws import StatedLaws
from solvable.analysis.derivation.latex_tokens import BARS, CLOSING, Token, levels
from solvable.analysis.derivation.latex_words import GREEK, OPENING

__all__ = ["Means"]

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


def outside_means(body: str, put: dict[str, str]) -> str:
    """Replace names but in means over them, whose own variables they are."""
    if not put:
        return body
    found = re.search(r"(?<!\w)E\(", body)
    if found is None:
        return re.sub(r"(?<!\w)[A-Za-z]\w*(?!\w)", lambda word: put.get(word[0], word[0]), body)
    level, end, commas = 1, found.end(), list[int]()
    while level:
        level += (body[end] in "([") - (body[end] in ")]")
        commas += [end] if body[end] == "," and level == 1 else []
        end += 1
    bound = {name.strip() for name in body[commas[0] + 1 : end - 1].split(",")} if commas else set()
    inner = {name: value for name, value in put.items() if name not in bound}
    middle = outside_means(body[found.end() : commas[0]], inner) + body[commas[0] : end] if commas else ""
    middle = middle or body[found.end() : end]
    return outside_means(body[: found.start()], put) + found[0] + middle + outside_means(body[end:], put)


def weighed(body: str, name: str, law: str) -> str:
    """Write a mean over a variable whose law has a density, or weights."""
    kind, _, rest = law.partition(": ")
    if kind == "points":
        terms = (point.split(" | ") for point in rest.split("; "))
        return (
            "(" + "+".join(f"({weight})*({outside_means(body, {name: f'({value})'})})" for value, weight in terms) + ")"
        )
    low, high, density = rest.split(" | ")
    operator = "integral" if kind == "over" else "sum"
    return f"{operator}(({body})*({density.replace('@', f'({name})')}), {name}, {low}, {high})"


class Means(StatedLaws):
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
            barred = self.peek() in BARS
            body = self.factor()
            if self.starts_factor() and not (barred and not self.averaged_behind()):
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
        body = self.scripted(f"({body})")
        if self.averaged_behind():
            raise self.refuse("where the mean ends is not clear: E needs brackets around its argument")
        return body

    def averaged_behind(self) -> bool:
        """Whether the factor that comes next holds what a mean is over."""
        start = self.at
        behind = set(re.findall(r"[A-Za-z]\w*", self.factor())) if self.starts_factor() else set()
        self.at = start
        return bool(behind & {*self.laws, *self.averaged, *self.defined_with})

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

    def covariance(self) -> str:
        """Read Cov(f, g) over a law that is stated: the mean of the product less the product of the means."""
        opening = self.take().text
        first = self.expression()
        self.expect(",")
        second = self.expression()
        self.expect(CLOSING[opening])
        both, one, other = (self.over_its_law(f, "", "") for f in (f"({first})*({second})", first, second))
        return f"({both}-({one})*({other}))"

    def averaged_below_bar(self) -> bool:
        """Whether a bar stands above more than a letter, which holds a variable whose law is stated: a mean."""
        inner = self.sub(self.tokens[self.at :]).raw_group()
        return len(inner) > 1 and bool({GREEK.get(t.text, t.text) for t in inner} & set(self.laws))

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
            held = self.held_by(body)
            variable = ", ".join(name for name in self.laws if name in held)
        return self.mean(body, variable, law)

    def held_by(self, body: str) -> set[str]:
        """Names that an expression holds, itself or through what the author defines."""
        held = set(re.findall(r"[A-Za-z]\w*", body))
        for _ in self.defined_with:
            held |= {law for name, laws in self.defined_with.items() if name in held for law in laws}
        return held

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
        if any("|" in each and not re.match("joint: |over|points|sum", each) for each in laws.values()):
            if len(names) > 1:
                raise self.refuse(f"a mean over {' and '.join(names)} at once is not read")
            return mean_of_a_distance(body, names[0], laws[names[0]])
        if SPECTRAL in laws.values():
            if len(names) > 1:
                raise self.refuse(f"a mean over {' and '.join(names)} at once is not read")
            return f"law_mean({body}, {variable})"
        others = {name: own for name, own in laws.items() if re.match("over|points|sum", own)}
        names = [name for name in names if name not in others]
        if len(names) > 2:
            raise self.refuse(f"a mean over {' and '.join(names)} at once is not read: two normal variables at most")
        if len(names) + sum(own.startswith("over") for own in others.values()) > 2:
            raise self.refuse(f"a mean over {' and '.join(laws)} at once is not read")
        held = self.held_by(body)
        for name, own in others.items():
            if not own.startswith("over") and self.defined_through(name, held):
                raise self.refuse(f"a definition holds {name}, whose mean is taken: write it out in the mean")
        body = self.normal_mean(body, names, laws) if names or not others else body
        for name, own in others.items():
            body = weighed(body, name, own)
        return body

    def defined_through(self, name: str, held: set[str]) -> bool:
        """Whether a variable stands in what the author defines one of these names by."""
        return any({name, name.partition("_")[0]} & self.defined_with.get(other, set()) for other in held)

    def normal_mean(self, body: str, names: list[str], laws: dict[str, str]) -> str:
        """Write a mean over normal variables, moved and scaled where their law says so."""
        moved = {}
        if any(laws[name].startswith("joint: ") for name in names):
            if len(names) == 1:
                own = laws[names[0]].removeprefix("joint: ").split(" | ")
                first = next(name for name, each in self.laws.items() if each == laws[names[0]])
                moved = {names[0]: f"(sqrt({own[0 if first == names[0] else 2]})*{names[0]})"}
            else:
                (first, second), joint = names, laws[names[0]].removeprefix("joint: ")
                a, c, b = joint.split(" | ")
                moved = {
                    first: f"(sqrt({a})*{first})",
                    second: f"(({c})/sqrt({a})*{first}+sqrt({b}-({c})**2/({a}))*{second})",
                }
        else:
            for name in names:
                centre, _, spread = laws[name].rpartition(", ")
                if laws[name] and laws[name] != "0, 1":
                    moved[name] = f"(({centre})+sqrt({spread})*{name})"
        held = self.held_by(body)
        through = {name for name in moved if self.defined_through(name, held)}
        if through:  # a definition holds it, and is put in later
            names = [f"{name}_normal" if name in through else name for name in names]
            renamed = {name: name.removesuffix("_normal") for name in names}
            moved = {
                name: re.sub(
                    r"(?<!\w)[A-Za-z]\w*(?!\w)",
                    lambda word: next((new for new, old in renamed.items() if old == word[0] and new != old), word[0]),
                    put,
                )
                for name, put in moved.items()
            }
            for name, put in moved.items():
                if self.moved.setdefault(name, put) != put:
                    raise self.refuse(f"{name} has two laws: give one of them another letter")
        body = outside_means(body, moved)
        return f"E({', '.join([body, *names])})"

    def angles(self) -> str:
        r"""Read \langle f \rangle_z, a mean over a normal variable, and \langle\beta, A\beta\rangle."""
        start, level = self.at, 1
        while level:
            level += {r"\langle": 1, r"\rangle": -1}.get(self.take().text, 0)
        inner = self.tokens[start : self.at - 1]
        commas = [i for i, text, level in levels(inner) if text == "," and level == 0]
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
