"""What binds a name in LaTeX: sums and products, limits, values at a place, integrals over a variable or a law."""

from __future__ import annotations

import re

from solvable.analysis.derivation.latex_means import Means
from solvable.analysis.derivation.latex_tokens import Token
from solvable.analysis.derivation.latex_words import GREEK, RELATIONS, SUMMED

__all__ = ["Bound"]

_POPULATION = "H"  # the law of the covariance's own eigenvalues
_LAWS = ("mu", "F", "nu", "rho", _POPULATION)
_RANGED = (*RELATIONS, r"\in")


class Bound(Means):
    """Reads sums, limits and integrals."""

    def summation(self, command: str) -> str:
        """Read a sum or a product with its index and ends."""
        low = high = name = ""
        while self.peek() in ("_", "^", r"\limits", r"\nolimits"):
            mark = self.take().text
            if mark == "_":
                tokens = self.raw_group()
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

    def extremum(self, name: str) -> str:
        r"""Read \min_{t>0} f(t): the least value over a letter, in its range."""
        self.expect("_")
        tokens = [t for t in self.raw_group() if t.text not in (r"\,", r"\;", r"\ ")]
        bar = next((i for i, t in enumerate(tokens) if t.text in (":", r"\mid")), len(tokens))
        tokens, held = tokens[:bar], tokens[bar + 1 :]
        cut = next((i for i, t in enumerate(tokens) if t.text == r"\in"), None)
        if cut is not None and [t.text for t in tokens[cut + 1 :] if t.text not in "{}"][:2] == [r"\mathbb", "R"]:
            positive = any(t.text in ("+", ">") for t in tokens[cut + 1 :])
            x, low, high = self.letters(tokens[:cut]), "0" if positive else "-oo", "oo"
        else:
            ranged = len(tokens) > 1 and any(t.text in _RANGED for t in tokens)
            x, low, high = self.ends_of(self.stated(tokens)) if ranged else (self.letters(tokens), "-oo", "oo")
        bracketed = self.peek() in (r"\{", "[", "(", r"\lbrace")
        start = self.at
        body = self.reaching(x)
        if bracketed and self.at == start:
            raise self.refuse(f"what \\{name} is taken of is not clear: brackets are needed")
        body = body if name == "min" else f"-({body})"
        body = f"np_where({self.stated(held)}, {body}, oo)" if held else body
        return f"least({body}, {x}, {low}, {high})" if name == "min" else f"(-least({body}, {x}, {low}, {high}))"

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
        """Letter and ends of a range: t > 0, 0 <= t <= 1."""
        parts = re.split(r"<=?|>=?| and ", stated)
        signs = re.findall(r"[<>]", stated)
        letters = [part for part in parts if part.isidentifier() and part != "oo"]
        if len(set(letters)) != 1 or len(parts) not in (2, 3, 4):
            raise self.refuse(f"over what letter and range {stated} goes is not clear")
        x, low, high = letters[0], "-oo", "oo"
        pairs = [(parts[0], signs[0], parts[1])]
        pairs += [(parts[-2], signs[-1], parts[-1])] if len(signs) > 1 else []
        for left, sign, right in pairs:
            end, above = (right, sign == ">") if left == x else (left, sign == "<")
            low, high = (end, high) if above else (low, end)
        return x, low, high

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
                low = self.whole(self.raw_group())
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
        if law:
            if low and (low, high) not in (("0", "oo"), ("-oo", "oo")):  # the law's values are not negative
                raise self.refuse("an integral over a law takes no ends")
            if law == _POPULATION:
                eigenvalue = re.compile(rf"(?<!\w){variable}(?!\w)")
                return f"(Tr({eigenvalue.sub('Sigma', body)})/d)"
            return f"mp_mean({body})" if variable == "x" else f"law_mean({body}, {variable})"
        ends = f", {low}, {high}" if low else ", -oo, oo"
        return f"integral({body}, {variable}{ends})"

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
        reader.at += 1
        law = ""
        if name in _LAWS:
            if reader.peek() == "_":
                reader.at += 1
                reader.raw_group()
            if reader.peek() != "(":
                return ()
            reader.at += 1
            law, name = name, GREEK.get(reader.peek(), reader.peek())
            reader.at += 2
        if consume:
            self.at += reader.at
        return name, law

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
        start, law = self.at, GREEK.get(self.peek(), self.peek())
        if law in _LAWS:
            self.at += 1
            if self.peek() == "_":
                self.at += 1
                self.raw_group()
            if self.peek() == "(":
                self.at += 1
                name = GREEK.get(self.peek(1), self.peek(1)) if self.peek() == "d" else ""
                if self.d_ahead() and re.fullmatch(r"[A-Za-z]\w*", name or GREEK.get(self.peek(), self.peek())):
                    name = GREEK.get(self.take().text, self.tokens[self.at - 1].text)
                    if self.peek() == ")":
                        self.at += 1
                        return name, law
        self.at = start
        return ()  # type: ignore[return-value]
