"""What binds a name in LaTeX: sums and products, limits, values at a place, integrals over a variable or a law."""

from __future__ import annotations

import re

from solvable.analysis.derivation.latex_means import outside_means
from solvable.analysis.derivation.latex_measures import Measures
from solvable.analysis.derivation.latex_tokens import Token, levels
from solvable.analysis.derivation.latex_words import GREEK, RELATIONS, SUMMED

__all__ = ["Bound"]

_STYLES = (r"\mathrm", r"\rm", r"\text", "{", "}")
_POPULATION = "H"  # the law of the covariance's own eigenvalues
_LAWS = ("mu", "F", "nu", "rho", "Phi", _POPULATION)


class Bound(Measures):
    """Reads sums, limits and integrals."""

    def summation(self, command: str) -> str:
        """Read a sum or a product with its index and ends."""
        low = high = name = ""
        if command == "sum" and self.peek() == "_" and (signs := self.over_signs()):
            body = self.term()
            return f"({outside_means(body, {signs: '(1)'})}+{outside_means(body, {signs: '(-1)'})})"
        while self.peek() in ("_", "^", r"\limits", r"\nolimits"):
            mark = self.take().text
            if mark == "_":
                tokens = self.raw_group()
                if any(t.text in RELATIONS and t.text not in (r"\ge", r"\geq") for t in tokens):
                    name, low, high = self.counted(tokens, command)
                    continue
                cut = next((i for i, t in enumerate(tokens) if t.text in ("=", r"\ge", r"\geq", r"\in")), None)
                name = self.letters(tokens[:cut])
                if cut is not None and tokens[cut].text == r"\in":
                    if [t.text for t in tokens[cut + 1 :]] not in (["[", "d", "]"], ["[", "p", "]"]):
                        raise self.refuse(f"over what \\{command} goes is not understood")
                elif cut is not None:
                    low = self.whole(tokens[cut + 1 :])
                    high = "oo" if tokens[cut].text != "=" else ""
            elif mark == "^":
                high = self.whole(self.raw_group())
        if not name:
            raise self.refuse(f"\\{command} needs the name of its index")
        if bool(low) != bool(high):
            raise self.refuse(f"\\{command} over {name} needs both ends, or none")
        body = self.term()
        ends = f", {low}, {high}" if low else ""
        return f"{'sum' if command == 'sum' else 'product'}({body}, {name}{ends})"

    def over_signs(self) -> str:
        r"""Read the index of \sum_{s=\pm 1} or \sum_{s \in \{-1, 1\}}, its name; empty where another one stands."""
        start = self.at
        self.take()
        tokens = [t for t in self.raw_group() if t.text not in "{}"]
        behind = "".join(t.text for t in tokens[1:])
        if behind in (
            r"=\pm1",
            "=±1",
            r"\in\{-1,1\}",
            r"\in\{-1,+1\}",
            r"\in\{1,-1\}",
            r"\in\{\pm1\}",
            r"\in\{+1,-1\}",
        ):
            return self.letters(tokens[:1])
        self.at = start
        return ""

    def counted(self, tokens: list[Token], command: str) -> tuple[str, str, str]:
        r"""Index and ends of \sum_{1\le k\le K}, \sum_{0\le s<t}; none of \sum_{i\le d}, which goes over all modes."""
        texts = [t.text for t in tokens]
        if texts[1:] in ([r"\le", "d"], [r"\leq", "d"], [r"\le", "p"], [r"\leq", "p"]):
            return self.letters(tokens[:1]), "", ""
        if len(tokens) == 3 and texts[0] in "ijkl" and texts[1] in (r"\le", r"\leq"):  # an index that counts from 1
            return self.letters(tokens[:1]), "1", self.whole(tokens[2:])
        stated = self.stated(tokens)
        found = re.fullmatch(r"(.+?)(<=?)(\w+)(<=?)(.+)", stated)
        if found is None or re.search("[<>]", found[1] + found[5]):
            raise self.refuse(f"from where to where \\{command} goes is not said: write 1 \\le k \\le K")
        low = found[1] if found[2] == "<=" else f"{found[1]}+1"
        return found[3], low, found[5] if found[4] == "<=" else f"{found[5]}-1"

    def limit(self) -> str:
        """Read a limit with what its name goes to."""
        while self.peek() in (r"\limits", r"\nolimits"):
            self.take()
        self.expect("_")
        tokens = self.raw_group()
        cut = next(
            (i for i, t in enumerate(tokens) if t.text in (r"\to", r"\rightarrow", r"\downarrow", r"\uparrow")), None
        )
        if cut is None:
            raise self.refuse("a limit is written with \\to below it")
        end, side = tokens[cut + 1 :], ", -1" if tokens[cut].text == r"\uparrow" else ""
        if [t.text for t in end[-2:-1]] in (["^"], ["_"]) and end[-1].text in ("+", "-", "−"):
            end, side = end[:-2], "" if end[-1].text == "+" else ", -1"
        return f"limit({self.term()}, {self.letters(tokens[:cut])}, {self.whole(end)}{side})"

    def at_place(self) -> str:
        r"""Read \left. f \right|_{x=a}: the value of f at a place."""
        body, place = self.whole(self.raw_group()), self.raw_group()
        cut = next(i for i, token in enumerate(place) if token.text == "=")
        name = self.whole(place[:cut])
        if not name.isidentifier():
            raise self.refuse(f"a value is taken at a place of one name, and not of {name}")
        return f"at_place({body}, {name}, {self.whole(place[cut + 1 :])})"

    def integral(self) -> str:
        """Read an integral over a variable or a law."""
        low = high = ""
        while self.peek() in ("_", "^", r"\limits"):
            mark = self.take().text
            if mark == "_":
                low, high = self.range_of(self.raw_group(), high)
            elif mark == "^":
                high = self.whole(self.raw_group())
        if bool(low) != bool(high):
            raise self.refuse("an integral needs both ends, or none")
        first = self.differential(consume=False)
        if first and not first[1]:  # physicists put du in front: the integrand is the product behind it
            name, _ = self.differential(consume=True)
            start, body = self.at, self.reaching(name)
            finite = bool(low) and "oo" not in (low.strip("-"), high)
            if self.peek() in SUMMED and finite:
                raise self.refuse("where the integral ends is not clear: put d" + name + " behind its integrand")
            if self.several_terms(self.tokens[start : self.at]) and finite:
                raise self.refuse("where the integral ends is not clear: put d" + name + " behind its integrand")
            return f"integral({body}, {name}{f', {low}, {high}' if low else ', -oo, oo'})"
        self.inside.append("integral")
        body = self.expression()
        variable, law = self.measure if self.inside.pop() == "measured" else self.differential(consume=True)
        if law in self.measures:
            return self.over_stated(body, variable, self.measures[law], low, high)
        if law:
            if law == "Phi":
                return f"integral(({body})*norm_pdf({variable}), {variable}, {low or '-oo'}, {high or 'oo'})"
            if low and (low, high) not in (("0", "oo"), ("-oo", "oo")):  # the law's values are not negative
                raise self.refuse("an integral over a law takes no ends")
            if law == _POPULATION:
                eigenvalue = re.compile(rf"(?<!\w){variable}(?!\w)")
                return f"(Tr({eigenvalue.sub('Sigma', body)})/d)"
            return f"mp_mean({body})" if variable == "x" else f"law_mean({body}, {variable})"
        ends = f", {low}, {high}" if low else ", -oo, oo"
        return f"integral({body}, {variable}{ends})"

    def range_of(self, tokens: list[Token], high: str) -> tuple[str, str]:
        r"""Read the lower end of an integral, or what it goes over: \mathbb R, \mathbb R_+, [a, b]."""
        texts = "".join(t.text for t in tokens if t.text not in "{}")
        if texts == r"\mathbbR":
            return "-oo", "oo"
        if texts in (r"\mathbbR_+", r"\mathbbR^+", r"\mathbbR_>0"):
            return "0", "oo"
        if texts[:1] in ("[", "(") and [text for _, text, level in levels(tokens) if level == 1].count(",") == 1:
            cut = next(i for i, text, level in levels(tokens) if text == "," and level == 1)
            return self.whole(tokens[1:cut]), self.whole(tokens[cut + 1 : -1])
        return self.whole(tokens), high

    def double_integral(self) -> str:
        r"""Read \iint f\,dx\,dy over the plane."""
        if self.peek() == "_":
            self.take()
            plane = "".join(t.text for t in self.raw_group() if t.text not in "{}")
            if plane != r"\mathbbR^2":
                raise self.refuse(r"\iint is read over the whole plane: write an integral within an integral")
        self.inside.append("integral")
        body = self.expression()
        names = []
        for _ in range(2):
            name, law = self.differential(consume=True)
            if law:
                raise self.refuse(r"\iint goes over two variables, dx dy")
            names.append(name)
        self.inside.pop()
        return f"integral(integral({body}, {names[0]}, -oo, oo), {names[1]}, -oo, oo)"

    def differential(self, consume: bool) -> tuple[str, str]:
        """Read dx, or dμ(x): the variable, and the name of the law. Empty where none comes next."""
        reader = self.sub(self.tokens[self.at :])
        inside = reader.measure_of()
        if inside:
            if consume:
                self.at += reader.at
            return inside
        if not reader.d_ahead():
            if consume:
                raise self.refuse("the integral does not end with dx")
            return ()
        name = GREEK.get(reader.peek(), reader.peek())
        if not re.fullmatch(r"[A-Za-z]\w*", name):
            return ()
        start, letter = reader.at, reader.peek()
        law = reader.law_ahead()
        if reader.peek(2) != ")":
            law, reader.at = "", start
        if law:
            name = GREEK.get(reader.peek(1), reader.peek(1))
            reader.at += 3
        elif name in _LAWS and not (name in ("mu", "nu", "rho") and self.stands_in_front(letter)):
            return ()
        else:
            reader.at += 1
            if reader.peek() == "_" and reader.peek(1).isdigit():  # dz_1
                name += f"_{reader.peek(1)}"
                reader.at += 2
        if consume:
            self.at += reader.at
        return name, law

    def stands_in_front(self, letter: str) -> bool:
        r"""Whether a letter stands in what is read, by itself: the \nu of \int (1+\nu)^{-2} d\nu is no law."""
        return any(
            token.text == letter and self.tokens[i - 1].text != "d" and self.tokens[i + 1 : i + 2] != []
            and self.tokens[i + 1].text != "_" for i, token in enumerate(self.tokens)
        )  # fmt: skip

    def law_ahead(self) -> str:
        """Consume the name of a law in front of (x), if one comes; it is stated, or the Marchenko-Pastur law."""
        start, letter = self.at, GREEK.get(self.peek(), self.peek())
        self.at += 1
        while self.peek() in ("_", "^"):
            raised = self.take().text == "^"
            index = "".join(t.text for t in self.raw_group() if t.text not in _STYLES)
            turned = "/" in index or "frac" in index or "-" in index  # of 1/gamma
            if (raised and index.upper() != "MP") or (turned and index not in ("d/n", "p/n")):
                break
        else:
            name = "".join(t.text for t in self.tokens[start : self.at] if t.text not in _STYLES)
            if self.peek() == "(" and (name in self.measures or letter in _LAWS):
                return name if name in self.measures else letter
        self.at = start
        return ""

    def d_ahead(self) -> bool:
        """Consume the d of a differential, if one comes."""
        if self.peek() == r"\mathrm" and [self.peek(i) for i in (1, 2, 3)] == ["{", "d", "}"]:
            self.at += 4
            return True
        if self.peek() == r"\mathrm" and self.peek(1) == "d":
            self.at += 2
            return True
        self.at += self.peek() == "d"
        return self.at > 0 and self.tokens[self.at - 1].text == "d"

    def measure_of(self) -> tuple[str, str]:
        """Consume μ(dx), if it comes: its variable, and the law."""
        start = self.at
        law = self.law_ahead() if self.peek() in GREEK or self.peek().isalpha() else ""
        if law:
            self.at += 1
            name = GREEK.get(self.peek(1), self.peek(1)) if self.peek() == "d" else ""
            if self.d_ahead() and re.fullmatch(r"[A-Za-z]\w*", name or GREEK.get(self.peek(), self.peek())):
                name = GREEK.get(self.take().text, self.tokens[self.at - 1].text)
                if self.peek() == ")":
                    self.at += 1
                    return name, law
        self.at = start
        return ()  # type: ignore[return-value]
