"""Powers, indices and marks of LaTeX: which are part of a name, and which are a power."""

from __future__ import annotations

from solvable.analysis.derivation.latex_ranges import Ranges
from solvable.analysis.derivation.latex_tokens import TEXTS, Token
from solvable.analysis.derivation.latex_words import FUNCTIONS, GREEK, LETTER_STYLES, STARS

__all__ = ["Scripts"]

# signs that authors put as an index
_MARKS = {
    r"\infty": "infty",
    "∞": "infty",
    r"\parallel": "parallel",
    r"\perp": "perp",
    r"\circ": "circ",
    r"\bot": "bot",
    r"\ell": "ell",
}


class Scripts(Ranges):
    """Reads what stands above and below a base."""

    @staticmethod
    def name(base: str, index: str, marks: str) -> str:
        """Return a name with its index and marks."""
        if base == "df" and not index and marks in ("_sup1", "_sup2"):  # df^{(2)} is df_2
            index, marks = marks[-1], ""
        joined = base + (index if index in ("1", "2") and base in ("df", "S") else f"_{index}" if index else "") + marks
        return joined

    def is_an_order(self) -> bool:
        r"""Whether a bracket comes, perhaps behind the index of an order in probability: o_{\mathbb P}(1)."""
        reader = self.sub(self.tokens[self.at :])
        if reader.peek() == "_" and reader.peek(1):
            reader.take()
            if "".join(t.text for t in reader.raw_group() if t.text[:1] not in ("{", "}", "\\")) not in ("p", "P"):
                return False
        return reader.peek() == "("

    def exponent(self) -> str:
        """Read the power of e."""
        self.inside.append("exponent")
        try:
            return self.superscript()
        finally:
            self.inside.pop()

    def superscript(self) -> str:
        """Read a power; a star, a dagger or a word is a mark on the name."""
        tokens = self.raw_group() if self.peek() == "{" else None
        if tokens is None:
            token = self.tokens[self.at] if self.at < len(self.tokens) else self.take()
            if token.text == "-":
                raise self.refuse("braces are needed around a power with a sign")
            if token.number and (len(token.text) > 1):
                raise self.refuse(f"braces are needed around the power {token.text}")
            if token.text in STARS or token.text == "+":
                self.take()
                return STARS.get(token.text, "_plus")
            if token.text in ("T", r"\top", r"\intercal", "H"):
                raise self.refuse("vectors and matrices are not read: write the formula in numbers")
            return self.base()
        texts = [t.text for t in tokens]
        if len(texts) == 1 and (texts[0] in STARS or texts[0] == "+"):
            return STARS.get(texts[0], "_plus")
        bare = [t for t in texts if t not in (r"\mathsf", r"\mathrm", r"\mathtt", r"\rm", "{", "}")]
        if bare in (["T"], [r"\top"], [r"\intercal"], ["-", r"\top"], ["-", "T"]):
            raise self.refuse("vectors and matrices are not read: write the formula in numbers")
        word = texts[2:-1] if texts[1:2] == ["{"] and texts[-1:] == ["}"] else texts[1:]
        plain = all((len(letter) == 1 and letter.isalnum()) or letter in STARS for letter in word)
        if texts and texts[0] in (r"\mathrm", r"\text", r"\textrm", r"\rm") and plain:
            return "_" + self.letters(tokens)
        if len(texts) > 2 and texts[0] == "(" and texts[-1] == ")":
            return "_sup" + self.letters(tokens[1:-1])
        return self.whole(tokens)

    def index(self) -> str:
        """Read an index as part of a name."""
        tokens = self.raw_group()
        if [t.text for t in tokens] == ["+"]:
            return "+"
        return self.letters(tokens)

    def letters(self, tokens: list[Token]) -> str:
        """Letters and digits of an index: λ_{\\max}, κ_{1,2}, β_{\\mathrm{eff}}."""
        words = []
        for token in tokens:
            text = token.text
            if text in (*TEXTS, r"\rm", r"\operatorname", "{", "}", ",") or text.removeprefix("\\") in LETTER_STYLES:
                continue
            if text == r"\_":
                words.append("_")
            elif text in STARS:
                words.append(STARS[text].strip("_"))
            elif text in GREEK:
                words.append(GREEK[text])
            elif text.startswith("\\") and text[1:] in FUNCTIONS:
                words.append(text[1:])
            elif text in _MARKS:
                words.append(_MARKS[text])
            elif text.isalnum() and text.isascii():
                words.append(text)
            elif text in ("+", "-", "−"):
                raise self.refuse(
                    "an index with a sign is one of a recursion, which is not solved: give what it leads to"
                )
            else:
                raise self.refuse(f"the index with {text} is not understood")
        if not words:
            raise self.refuse("an index is empty")
        if [t.text for t in tokens[-2:-1]] == [","] and words[-1] in "ijklm" and len(words) > 1:
            return f"{''.join(words[:-1])}_{words[-1]}"  # of a sum: g_{a,i} is g_a at i
        return "".join(words)
