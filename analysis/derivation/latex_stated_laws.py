r"""Laws that are stated behind a formula: z \sim N(0, 1), in words, by the covariance of two names or by weights."""

from __future__ import annotations

import re
from itertools import combinations

from solvable.analysis.derivation.latex_forms import group_at
from solvable.analysis.derivation.latex_law_names import chi_square
from solvable.analysis.derivation.latex_laws import Laws
from solvable.analysis.derivation.latex_tokens import TEXTS, Token, levels
from solvable.analysis.derivation.latex_words import BEHIND, GREEK, LETTER_STYLES, WORD_STYLES

__all__ = ["StatedLaws"]

_ENDS = (",", ";", r"\quad")
_STYLES = (*(f"\\{style}" for style in (*LETTER_STYLES, *WORD_STYLES)), "{", "}")
_COVARIANCE = r"(?:\\?E[\[(](?:{0})[\])]|\\?Cov[\[(](?:{1})[\])]|\\langle(?:{0})\\rangle)"
_WEIGHT = re.compile(r"(?:\\Pr|\\?P)[\[(](\\?[A-Za-z]+)=([^=()\[\]]+)[\])]")


class StatedLaws(Laws):
    """Reads the laws behind a formula."""

    def stated_laws(self) -> dict[str, str]:
        r"""Take out z \sim N(0, 1) behind the formula: the law of each name."""
        found = {**self.laws, **self.chi_squares()}
        while True:
            marks = [
                i for i, text, level in levels(self.tokens) if text == r"\sim" and level == 0 and self.law_at(i + 1)
            ]
            if not marks:
                break
            end, start = self.law_at(marks[0] + 1), self.part_before(marks[0])
            if self.tokens[marks[0] - 1].text == ")":  # (u, v) \sim N(0, C)
                start = max(i for i, text, level in levels(self.tokens[: marks[0]]) if text == "(" and level == 1)
            if not start:
                break
            start, parts = self.names_before(start, marks[0], self.tokens[marks[0] : end])
            for part in parts:
                names, law = self.variable(part)
                found |= dict.fromkeys(names.split(", "), law)
            words = [t.text for t in self.tokens[end:]]
            if words[:1] in ([r"\text"], [r"\mathrm"], [r"\textrm"]) and words[1:2] == ["{"]:
                inside, behind = group_at(self.tokens, end + 1, self.refuse)
                if "".join(t.text for t in inside).replace(".", "") in ("iid", "independent", "independently"):
                    end = behind
            self.tokens[start:end] = []
        return self.with_covariances(found)

    def chi_squares(self) -> dict[str, str]:
        r"""Put a letter for every \chi_k^2 that stands in a mean as the variable itself: its law."""
        found, at = dict[str, str](), 0
        texts = [t.text for t in self.tokens]
        styled = re.search(r"\\math(?:bb|sf|rm)\s*\{?\s*[EP]\b", self.source)
        averaged = {r"\E", r"\Pr", r"\P", r"\Var"} & {*texts} or styled
        while averaged and at < len(self.tokens):
            if self.tokens[at].text != r"\chi" or [t.text for t in self.tokens[at - 1 : at]] == [r"\sim"]:
                at += 1
                continue
            reader = self.sub(self.tokens[at + 1 :])
            scripts = dict[str, list[Token]]()
            while reader.peek() in ("_", "^"):
                mark = reader.take().text
                scripts[mark] = reader.raw_group()
            free = [letter for letter in "XYZWUVT" if letter not in texts]
            if [t.text for t in scripts.get("^", [])] == ["2"] and "_" in scripts and free:
                name = free[len(found)] if len(found) < len(free) else free[0]
                found[name] = chi_square(self.whole(scripts["_"]))
                self.tokens[at : at + 1 + reader.at] = [Token(name, False, True)]
            at += 1
        return found

    def names_before(self, start: int, mark: int, law: list[Token]) -> tuple[int, list[list[Token]]]:
        r"""Start of the names that share a law, x, z \sim N(0, 1), and each of them with it."""
        parts = [[*self.tokens[start:mark], *law]]
        while start > 1 and self.tokens[start - 1].text == "," and self.is_name(self.part_before(start - 1), start - 1):
            start = self.part_before(start - 1)
            parts.append([*self.tokens[start : self.end_of_name(start)], *law])
        return start, parts

    def cuts(self) -> list[tuple[int, int]]:
        """Start and end of the commas behind the formula, and of the words that lead to what stands there."""
        cuts, at = list[tuple[int, int]](), 0
        depth = [level for _, _, level in levels(self.tokens)]
        while at < len(self.tokens):
            end, text = at + 1, self.tokens[at].text
            if depth[at] == 0 and text in TEXTS and self.tokens[at + 1 : at + 2] and self.tokens[at + 1].text == "{":
                inside, end = group_at(self.tokens, at + 1, self.refuse)
                if "".join(t.text for t in inside).strip(" ().,;:").lower() in BEHIND:
                    cuts.append((at, end))
            elif depth[at] == 0 and text in _ENDS:
                cuts.append((at, end))
            at = end
        return cuts

    def take_out(self, start: int, end: int) -> None:
        """Take out what stands between two places, and what leads to nothing then."""
        self.tokens[start:end] = []
        while (cuts := self.cuts()) and cuts[-1][1] == len(self.tokens):
            del self.tokens[cuts[-1][0] :]

    def parts_behind(self) -> list[tuple[int, int]]:
        """Start and end of what stands behind the formula."""
        cuts = self.cuts()
        ends = [*(start for start, _ in cuts[1:]), len(self.tokens)] if cuts else []
        return [(end, after) for (_, end), after in zip(cuts, ends, strict=True) if end < after]

    def spoken_laws(self) -> dict[str, str]:
        r"""Take out the laws that words say, X \text{ exponential with mean } 1: the law of each name."""
        for start, end in self.parts_behind():
            first = self.tokens[start].text
            if not (first in GREEK or (first.isalpha() and len(first) == 1)):
                continue
            mark = self.end_of_name(start)
            if mark >= end or self.tokens[mark].text not in TEXTS:
                continue
            law = self.spoken_law(self.tokens[mark:end])
            if law:
                begin, parts = self.names_before(start, mark, [])
                names = [self.whole(part) for part in reversed(parts)]
                if law.startswith("joint: ") and len(names) != 2:
                    raise self.refuse("a correlation is one of two variables")
                self.take_out(begin, end)
                return {**dict.fromkeys(names, law), **self.spoken_laws()}
        return self.weighed_laws()

    def weighed_laws(self) -> dict[str, str]:
        r"""Take out \mathbb P(B=1)=p, \mathbb P(B=0)=1-p: the law of each name, its weights adding up to one."""
        weights: dict[str, dict[str, str]] = {}
        for start, end in reversed(self.parts_behind()):
            signs = [i for i, text, level in levels(self.tokens[start:end]) if text == "=" and level == 0]
            tokens = self.tokens[start:end]
            if not signs:
                continue
            heads = [tokens[a:b] for a, b in zip([0, *(i + 1 for i in signs[:-1])], signs, strict=True)]
            texts = ["".join(t.text for t in head if t.text not in _STYLES) for head in heads]
            weighed = [_WEIGHT.fullmatch(text) for text in texts]
            names = {found[1] for found in weighed if found is not None}
            used = names <= {t.text for t in self.tokens[: self.parts_behind()[0][0]]}
            if None in weighed or not used:  # of what no mean is taken over
                continue
            for head in heads:
                inner = next(i for i, token in enumerate(head) if token.text in ("(", "["))
                cut = next(i for i, token in enumerate(head) if token.text == "=")
                name, value = self.whole(head[inner + 1 : cut]), head[cut + 1 : -1]
                both = [value[1:], [Token("-"), *value[1:]]] if value[0].text in (r"\pm", "±") else [value]
                for each in both:
                    weights.setdefault(name, {})[self.whole(each)] = f"({self.whole(tokens[signs[-1] + 1 :])})"
            self.take_out(start, end)
        for name, points in weights.items():
            if not self.is_one("+".join(points.values())):
                raise self.refuse(f"the weights that are stated of {name} do not add up to one")
        return {
            name: "points: " + "; ".join(f"{value} | {weight}" for value, weight in points.items())
            for name, points in weights.items()
        }

    @staticmethod
    def is_one(total: str) -> bool:
        """Whether a sum of weights is one, whatever its letters are."""
        import sympy as sp

        names = {name: sp.Symbol(name) for name in re.findall(r"[A-Za-z_]\w*", total)}
        if not re.fullmatch(r"[\w\s.+*/()-]*", total) or len(total) > 500 or any(f"{name}(" in total for name in names):
            return False
        return bool(sp.cancel(sp.sympify(total, locals=names) - 1) == 0)

    def with_covariances(self, laws: dict[str, str]) -> dict[str, str]:
        r"""Return the laws with what \mathbb E[UV] = \rho, or a covariance, says of two normal variables, taken out."""
        for start, end in self.parts_behind() if len(laws) > 1 else []:
            sign = next((i for i in range(start, end) if self.tokens[i].text == "="), 0)
            left = "".join(GREEK.get(t.text, t.text) for t in self.tokens[start:sign] if t.text not in _STYLES)
            for pair in combinations(laws, 2):
                a, b = pair
                if not re.fullmatch(_COVARIANCE.format(f"{a}{b}|{b}{a}", f"{a},{b}|{b},{a}"), left):
                    continue
                centres, spreads = zip(*(laws[name].rpartition(", ")[::2] for name in pair), strict=True)
                if ":" in laws[a] + laws[b] or set(centres) != {"0"}:
                    raise self.refuse("a covariance is read of two normal variables of mean 0")
                value = self.whole(self.tokens[sign + 1 : end])
                self.take_out(start, end)
                joint = f"joint: {spreads[0]} | {value} | {spreads[1]}"
                return self.with_covariances({**laws, a: joint, b: joint})
        return laws

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
