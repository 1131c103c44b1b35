r"""Laws that an author states by density and atoms: dF(s) = f(s) ds + (1 - 1/c)_+ \delta_0, V \sim 2\varphi(v).

Where a law is stated, an integral over it is that of what is stated, and not of a quantity of the claim in the same
letters. A density without its interval is one of positive roots, \sqrt{(b-s)(s-a)}, or refused.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from solvable.analysis.derivation.latex_extrema import Extrema
from solvable.analysis.derivation.latex_forms import group_at
from solvable.analysis.derivation.latex_means import outside_means
from solvable.analysis.derivation.latex_tokens import CLOSING, TEXTS, Token, levels
from solvable.analysis.derivation.latex_words import GREEK, LETTER_STYLES, RELATIONS, WORD_STYLES

__all__ = ["MARCHENKO_PASTUR", "Measures", "Stated"]

_SKIPPED = (*(f"\\{style}" for style in (*LETTER_STYLES, *WORD_STYLES)), r"\mathds", r"\rm", "{", "}")
_DENSITY = re.compile(r"(?:has|having|with|of|with law of|whose law has)?(?:the|a)?(?:probability|lebesgue)?density")
_RATIOS = (r"\gamma", "d/n", "p/n", r"\fracdn", r"\fracpn", r"\tfracdn", r"\gamma=d/n", r"\gamma=p/n")
_GRAMS = (r"X^\topX/n", r"\frac1nX^\topX", r"\tfrac1nX^\topX", "X^TX/n", r"\frac{1}{n}X^TX", r"\hat\Sigma",
          r"\widehat\Sigma", r"X^\topX", "X'X/n")  # fmt: skip
_NAMED = re.compile(r"(?:is|denotes|being|for|are)?(?:the)?(?:usual|standard)?marchenko[-–—−]*pastur"
                    r"(?:law|distribution|measure)?(?P<of>(?:of|with|at|for)?(?:the)?(?:aspect)?"
                    r"(?:ratio|parameter|shape|spectrumof|eigenvaluesof)?)")  # fmt: skip
_ATOM = re.compile(r"with(?:its|the|an)atom(?:ofmass|ofweight)?\((?:1-1/(?P<ratio>\\?[a-zA-Z]+)\)_\+)at(?:0|zero)"
                   r"(?![\w.])")  # fmt: skip


class Stated(NamedTuple):
    """A law by its variable, its density with the ends of its interval, and atoms with their weights."""

    variable: str
    density: str
    low: str
    high: str
    atoms: tuple[tuple[str, str], ...]


MARCHENKO_PASTUR = Stated("", "", "", "", ())


def _plain(tokens: list[Token]) -> str:
    """Text of tokens without styles and braces."""
    return "".join(t.text for t in tokens if t.text not in _SKIPPED)


def _without_atom(tokens: list[Token]) -> list[Token]:
    r"""Leave out what the law of \gamma = d/n has by itself: \text{with its atom} (1-1/\gamma)_+ \text{at} 0."""
    places = [i for i, token in enumerate(tokens) if token.text in TEXTS and tokens[i + 1 : i + 2] == [Token("{")]]
    for start in places:
        found = _ATOM.match(_plain(tokens[start:]))
        ratio = _plain(tokens[:start]).removesuffix("=d/n").removesuffix("=p/n") + "="
        if found is None or not ratio.endswith(f"ratio{found['ratio']}="):
            continue
        end = next(i for i in range(start, len(tokens) + 1) if _plain(tokens[start:i]) == found.group())
        return [*tokens[:start], *tokens[end:]]
    return tokens


class Measures(Extrema):
    """Reads the laws that stand behind a formula by their density, and integrals over them."""

    def named_measures(self) -> None:
        r"""Take out F \text{ the Marchenko-Pastur law of ratio } \gamma, F = \mathrm{MP}(\gamma) and independence."""
        self.without_independence()
        self.tokens = _without_atom(self.tokens)
        for start, end in reversed(self.parts_behind()):
            first = self.tokens[start].text
            if not (first in GREEK or (first.isalpha() and len(first) == 1)):
                continue
            mark = self.end_of_name(start)
            tokens = self.tokens[mark:end]
            if tokens and tokens[0].text == "=" and re.match(r"(?i)(?:\\mu_?)?MP", _plain(tokens[1:])):
                self.only_of_ratio(re.sub(r"(?i)^(?:\\mu_?)?MP_?|[()]", "", _plain(tokens[1:])))
            elif tokens and tokens[0].text in TEXTS and tokens[1:2] and tokens[1].text == "{":
                inside, close = group_at(tokens, 1, self.refuse)
                words = "".join(t.text for t in inside).lower().replace(".", "")
                said = _NAMED.fullmatch(words)
                if _DENSITY.fullmatch(words) and self.take_density(start, mark, tokens[close:], end):
                    continue
                if said is None:
                    continue
                self.only_of_ratio(_plain(tokens[close:]))
            else:
                continue
            self.measures[_plain(self.tokens[start:mark])] = MARCHENKO_PASTUR
            self.take_out(start, end)

    def only_of_ratio(self, of: str) -> None:
        """Refuse the Marchenko-Pastur law of another ratio than d/n."""
        if of and of not in (*_RATIOS, *_GRAMS):
            raise self.refuse(
                f"the Marchenko-Pastur law is that of gamma = d/n here, and not of {of}: write its density"
            )

    def without_independence(self) -> None:
        r"""Take out \perp V and \text{ independent of } V behind a law: variables of different laws are independent."""
        for start, end in reversed(self.parts_behind()):
            said = _plain(self.tokens[start:end]).lower()
            if re.fullmatch(r"\\?[a-z]+(?:\\perp)+\\?[a-z]+|\(\\?[a-z]+,\\?[a-z]+\)independent", said):
                self.take_out(start, end)
        for place, text, level in reversed(list(levels(self.tokens))):
            spoken = text in TEXTS and level == 0 and [t.text for t in self.tokens[place + 1 : place + 2]] == ["{"]
            if spoken:
                inside, end = group_at(self.tokens, place + 1, self.refuse)
                said = "".join(t.text for t in inside).lower()
                apart = re.fullmatch(r"(?:,|is|and|are)*independent(?:of|from)", said) is not None
            else:
                end, apart = place + 1, text in (r"\perp", r"\indep", r"\independent") and level == 0
            depth = [each for _, _, each in levels(self.tokens[:place])]
            cuts = [i for i, t in enumerate(self.tokens[:place]) if depth[i] == 0 and t.text in (",", ";", r"\quad")]
            if spoken and re.fullmatch(r"(?:mutually|bothare|allare)?independent(?:ly)?(?:ofeachother)?", said):
                self.tokens[place:end] = []
                continue
            lawful = any(t.text == r"\sim" for t in self.tokens[max(cuts, default=0) : place])
            if not apart or not (lawful or self.tokens[place - 1].text == r"\perp") or end >= len(self.tokens):
                continue
            behind = end if self.tokens[end].text == r"\perp" else self.end_of_name(end)
            self.tokens[place:behind] = []

    def equated_measures(self) -> None:
        r"""Take out dF(s) = .., \mu(ds) = .., \rho(s) = .. with an interval, V \sim .. and p_V(v) = ..: laws."""
        for start, end in reversed(self.parts_behind()):
            part = self.tokens[start:end]
            sign = next((i for i, text, level in levels(part) if text in ("=", r"\sim") and level == 0), 0)
            if not sign or part[sign + 1 :] == [] or part[sign - 1].text == ":":
                continue
            left, right = part[:sign], part[sign + 1 :]
            if part[sign].text == r"\sim":
                if not self.law_at(start + sign + 1) and self.end_of_name(start) == start + sign:
                    self.take_density(start, start + sign, right, end)
                continue
            of = re.fullmatch(r"(?:[pfq]|\\rho)_([A-Z])\([a-z]\)", _plain(left))
            if of and of[1] in {t.text for t in self.tokens[: self.parts_behind()[0][0]]}:
                self.take_density(start, start + sign, right, end, of[1])
                continue
            self.take_measure(left, right, start, end)

    def take_density(self, start: int, mark: int, density: list[Token], end: int, name: str = "") -> bool:
        r"""Take out the density of a variable of means, V \sim 2\varphi(v)\Phi(v); whether one stands here."""
        head = self.tokens[start:mark]
        name = name or self.whole(head)
        named = re.match(rf"[pfq]_?(?:{re.escape(name)})?\([a-z]\)=", _plain(density))
        density = density[1 + next(i for i, t in enumerate(density) if t.text == "=") :] if named else density
        if not re.fullmatch(r"[A-Za-z]\w*", name) or not density:
            return False
        texts = {GREEK.get(t.text, t.text) for t in density}
        used = {GREEK.get(t.text, t.text) for t in self.tokens[: self.parts_behind()[0][0]]}
        variable = next((each for each in (name, name.lower()) if each in texts), "")
        if not variable or name not in used or not ({r"\E", r"\mathbb", r"\mathsf"} & used or "E" in used):
            return False
        ending = "".join(t.text for t in density[-2:])
        density = density[:-2] if ending == f"d{variable}" else density
        found = self.on_its_interval(density, variable, ("-oo", "oo"))
        form = outside_means(found.density, {variable: "@"})
        self.take_out(start, end)
        self.laws = {**self.laws, name: f"over: {found.low} | {found.high} | {form}"}
        behind = [t.text for t in self.tokens]
        said = any(a == "Z" and b in ("=", r"\sim", ",") for a, b in pairwise(behind))
        if "Z" in used and not said:  # what authors call a standard normal variable
            self.laws.setdefault("Z", "0, 1")
        return True

    def take_measure(self, left: list[Token], right: list[Token], start: int, end: int) -> None:
        """Take out a law that an equation states by density and atoms."""
        if re.match(r"df(?:_\w+)?\(", _plain(left)) or all(t.text not in (r"\int", r"\E") for t in self.tokens[:start]):
            return  # degrees of freedom; or no integral and no mean is taken
        head = re.fullmatch(r"d?(?P<name>[^(){}=']+?)(?P<slope>'?)\((?P<d>d?)(?P<x>\\?[A-Za-z]+)\)", _plain(left))
        slope = re.fullmatch(r"\\[td]?fracd(?P<name>[^()]+?)d(?P<x>\\?[A-Za-z])(?:\((?P=x)\))?", _plain(left))
        bare = re.fullmatch(r"(?:\\mu|\\nu|F|G|\\rho|\\pi|P|Q)(?:_.*)?", _plain(left))
        atoms = [i for i, t in enumerate(right) if t.text == r"\delta" and right[i + 1 : i + 2]
                 and (right[i + 1].text == "_" or (head and right[i + 1].text == "("))]  # fmt: skip
        if slope or (head and head["slope"]):
            found, measure = slope or head, False
        elif head:
            found, measure = head, _plain(left).startswith("d") or bool(head["d"])
        elif bare and atoms:
            found, measure = bare, True
        else:
            return
        assert found is not None
        name = found["name"] if found is not bare else _plain(left)
        variable = GREEK.get(found["x"], found["x"]) if found is not bare else self.differential_in(right)
        if name in ("", "d") or not variable:
            return
        front = _plain(self.tokens[:start])
        by_law = re.search(rf"d{re.escape(name)}\(|{re.escape(name)}\(d\\?[A-Za-z]+\)", front)
        limited = atoms or any(t.text in (r"\mathbf", r"\mathbb") for t in right)
        if not by_law and not (limited and re.search(rf"{re.escape(name)}'?\(\\?[A-Za-z]+\)d", front)):
            return  # no integral is over it, or it is a function of the author's
        self.measures[name] = self.measure_from(right, variable, measure)
        letter = next(t.text for t in left if t.text not in (*_SKIPPED, "d", r"\frac", r"\tfrac", r"\dfrac"))
        self.phrases = tuple(each for each in self.phrases if letter not in each.tokens)  # those of another law
        self.take_out(start, end)
        self.tokens = self.with_measures_for_densities(name, left)

    def with_measures_for_densities(self, name: str, left: list[Token]) -> list[Token]:
        r"""Write \rho(x)\,dx, and F'(s)\,ds, as d\rho(x) where \rho is stated with its interval, or with atoms."""
        head = left[: next((i for i, t in enumerate(left) if t.text in ("(", "'")), 0)]
        texts = [t.text for t in head]
        found, at = list[Token](), 0
        while at < len(self.tokens):
            end = at + len(head)
            if texts and texts[0] != "d" and [t.text for t in self.tokens[at:end]] == texts:
                end += self.tokens[end : end + 1] != [] and self.tokens[end].text == "'"
                argument = self.tokens[end : end + 3]
                behind = re.match(r"d(\\?[A-Za-z]+)", _plain(self.tokens[end + 3 : end + 8]))
                if [t.text for t in argument[::2]] == ["(", ")"] and behind and behind[1] == argument[1].text:
                    last = next(i for i in range(end + 3, len(self.tokens)) if self.tokens[i].text == argument[1].text)
                    found += [Token("d", False, True), *head, *argument]
                    at = last + 1
                    continue
            found.append(self.tokens[at])
            at += 1
        return found

    def differential_in(self, tokens: list[Token]) -> str:
        """Variable of the dx in a law that is stated without one; empty where none stands there."""
        texts = [t.text for t in tokens if t.text not in _SKIPPED]
        found = {b for a, b in pairwise(texts) if a == "d" and (b.isalpha() or b in GREEK)}
        return GREEK.get(min(found), min(found)) if len(found) == 1 else ""

    def measure_from(self, tokens: list[Token], variable: str, measure: bool) -> Stated:
        """Read a sum of one density and of atoms."""
        terms, sign = list[list[Token]]([[]]), ""
        for place, text, level in levels(tokens):
            if text in ("+", "-", "−") and level == 0 and sign not in ("_", "^"):
                if text != "+":
                    raise self.refuse("a law is stated by a density and weights of its atoms, which are not negative")
                terms.append([])
            else:
                terms[-1].append(tokens[place])
            sign = text
        atoms, density = list[tuple[str, str]](), None
        for term in terms:
            at = next((i for i, t in enumerate(term) if t.text == r"\delta" and term[i + 1 : i + 2]
                       and term[i + 1].text in ("_", "(")), None)  # fmt: skip
            if at is not None:
                atoms.append(self.atom(term, at, variable))
                continue
            if density is not None:
                raise self.refuse("a law is stated by one density, and atoms")
            density = self.on_its_interval(self.without_differential(term, variable, measure), variable, None)
        if density is None:
            return Stated(variable, "", "", "", tuple(atoms))
        return density._replace(atoms=tuple(atoms))

    def atom(self, term: list[Token], at: int, variable: str) -> tuple[str, str]:
        r"""Read w \delta_0(ds): place and weight."""
        reader = self.sub(term[at + 1 :])
        place = "0"
        if reader.peek() == "_":
            reader.take()
            place = self.whole(reader.raw_group())
        behind = _plain(reader.tokens[reader.at :])
        x = next(key for key in (*GREEK, variable) if GREEK.get(key, key) == variable)
        if behind not in ("", f"(d{x})", f"({x})", f"({x})d{x}", f"d{x}"):
            raise self.refuse("what stands behind an atom of a law is not understood: write weight and \\delta_0")
        weight = term[:at]
        while weight and weight[-1].text in (r"\cdot", "*", r"\times"):
            weight = weight[:-1]
        return place, self.whole(weight) if weight else "1"

    def without_differential(self, term: list[Token], variable: str, measure: bool) -> list[Token]:
        """Density in front of ds, or behind it."""
        marks = [i for i, text, level in levels(term) if level == 0 and text == "d"
                 and [GREEK.get(t.text, t.text) for t in term[i + 1 : i + 2]] == [variable]]  # fmt: skip
        depth = [level for _, _, level in levels(term)]
        roman = [
            i
            for i, t in enumerate(term)
            if t.text == r"\mathrm" and depth[i] == 0 and _plain(term[i : i + 4]).startswith("d")
        ]
        start = roman[-1] if roman else marks[-1] if marks else None
        for place, token in enumerate(term if start is None else []):  # \frac{ds}{2\pi s}
            if token.text.endswith("frac") and term[place + 1].text == "{":
                above, close = group_at(term, place + 1, self.refuse)
                if _plain(above).startswith("d") and GREEK.get(above[-1].text, above[-1].text) == variable:
                    return [*term[: place + 1], Token("1", True), *term[close:]]
        if start is None and measure:
            raise self.refuse(f"a law is stated by a density with d{variable}, and atoms")
        if start is None:
            return term
        end = start + 1
        while GREEK.get(term[end - 1].text, term[end - 1].text) != variable:
            end += 1
        return [*term[:start], *term[end:]]

    def on_its_interval(self, tokens: list[Token], variable: str, ends: tuple[str, str] | None) -> Stated:
        """Read a density, and between which ends it is not nought: those of its indicator, or of its root."""
        found, rest = self.indicated_interval(tokens, variable)
        low, high = found or self.below_root(rest, variable) or ends or ("", "")
        before, self.of_density = self.of_density, True
        try:
            density = self.whole(rest)
        finally:
            self.of_density = before
        return Stated(variable, density, low, high, ())

    def indicated_interval(self, tokens: list[Token], variable: str) -> tuple[tuple[str, str] | None, list[Token]]:
        r"""Read \mathbf 1_{[a, b]}(s) in a density: its ends, and the density without it."""
        for place, token in enumerate(tokens):
            at = place + 1
            if token.text in (r"\mathbf", r"\mathbb", r"\mathbbm", r"\mathds", r"\mathrm"):
                reader = self.sub(tokens[at:])
                if reader.tokens and _plain(reader.raw_group()) in ("1", "I"):
                    at += reader.at
                else:
                    continue
            elif token.text != "1" or tokens[at : at + 1] == [] or tokens[at].text != "_":
                continue
            reader = self.sub(tokens[at:])
            if reader.peek() == "_":
                reader.take()
                inner = reader.raw_group()
            else:
                close = next((i for i, _, level in levels(reader.tokens) if level == 0), 0)
                inner, reader.at = reader.tokens[1:close], close + 1
            if inner and inner[0].text in (r"\{", "(") and any(t.text in (*RELATIONS, r"\in") for t in inner):
                inner = inner[1:-1]
            end = at + reader.at
            if _plain(tokens[end : end + 3]) in {
                f"({key})" for key in (*GREEK, variable) if GREEK.get(key, key) == variable
            }:
                end += 3
            rest = [*tokens[:place], *tokens[end:]]
            if any(t.text in (*RELATIONS, r"\in") for t in inner):
                x, low, high = self.between(inner)
                if x != variable:
                    raise self.refuse(f"the indicator in a density is one of {variable}")
                return (low, high), rest
            return self.ends_in(inner), rest
        return None, tokens

    def between(self, inner: list[Token]) -> tuple[str, str, str]:
        r"""Letter and ends of s \in [a, b] or a \le s \le b."""
        cut = next((i for i, t in enumerate(inner) if t.text == r"\in"), None)
        if cut is not None and inner[cut + 1].text in ("[", "("):
            return (self.letters(inner[:cut]), *self.ends_in(inner[cut + 1 :]))
        return self.membership(inner)[:3]

    def ends_in(self, inner: list[Token]) -> tuple[str, str]:
        """Ends of [a, b]."""
        cuts = [i for i, text, level in levels(inner) if text == "," and level == 1]
        if not inner or inner[0].text not in ("[", "(") or len(cuts) != 1:
            raise self.refuse("an indicator in a density has an interval, [a, b]")
        return self.whole(inner[1 : cuts[0]]), self.whole(inner[cuts[0] + 1 : -1])

    def below_root(self, tokens: list[Token], variable: str) -> tuple[str, str] | None:
        r"""Ends of \sqrt{(b-s)(s-a)}, or of its positive part: where what stands below the root is positive."""
        for place, token in enumerate(tokens):
            if token.text != r"\sqrt":
                continue
            inner = self.sub(tokens[place + 1 :]).raw_group()
            if len(inner) > 3 and [t.text for t in inner[-2:]] == ["_", "+"]:
                inner = inner[1:-3]
            close = next((i for i, _, level in levels(inner) if level == 0), -1)
            groups = inner[: close + 1], inner[close + 1 :]
            low = high = ""
            for group in groups:
                if len(group) < 5 or group[0].text not in ("(", "[") or group[-1].text != CLOSING[group[0].text]:
                    continue
                inside = group[1:-1]
                cut = next((i for i, text, level in levels(inside) if text in ("-", "−") and level == 0), None)
                sides = ([t.text for t in inside[:cut]], [t.text for t in inside[(cut or 0) + 1 :]])
                named = [len(side) == 1 and GREEK.get(side[0], side[0]) == variable for side in sides]
                if cut is None or named.count(True) != 1:
                    continue
                if named[0]:
                    low = self.whole(inside[cut + 1 :])
                else:
                    high = self.whole(inside[:cut])
            if low and high:
                return low, high
        return None

    def over_stated(self, body: str, variable: str, law: Stated, low: str, high: str) -> str:
        """Write an integral over a law that is stated."""
        if law is MARCHENKO_PASTUR:
            if low and (low, high) not in (("0", "oo"), ("-oo", "oo")):
                raise self.refuse("an integral over a law takes no ends")
            return f"law_mean({body}, {variable})"
        put = {law.variable: variable}
        whole = not low or (low, high) in (("0", "oo"), ("-oo", "oo"))
        if not whole and (low, high) != (law.low, law.high) and law.low:
            raise self.refuse("an integral over a law goes over all of it, or between the ends of its density")
        first, last = (law.low, law.high) if law.low else (low, high)
        if law.density and not first:
            raise self.refuse("between which ends the density is not nought is not said: write \\mathbf 1_{[a, b]}")
        parts = [f"integral(({body})*({outside_means(law.density, put)}), {variable}, {first}, {last})"] * bool(
            law.density
        )
        parts += [f"({weight})*limit({body}, {variable}, {place})" for place, weight in law.atoms if whole]
        return f"({'+'.join(parts)})"
