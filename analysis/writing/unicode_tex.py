"""A formula in Unicode as TeX for MathJax, which reads Greek and operators itself.

Spelt out are only the signs that TeX writes as commands or scripts: raised, lowered and fractional signs, which
`unicodedata` takes apart, accents, roots, names and Greek capitals, which are upright, and double bars, of which a
single one would end a cell of a table.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby

__all__ = ["FUNCTIONS", "depth", "kind_of_sign", "unicode_tex"]

# names that are upright and no words; each other pair of letters is a product or two indices
FUNCTIONS = (
    "arccos|arcsin|arctan|argmax|argmin|cos|cosh|det|diag|dist|erf|erfinv|exp|ln|log|max|mean|min|rank|relu|sign|sin"
    "|sinh|tan|tanh|tr|Tr|Re|Im|Var|Cov|CE|KL|TV|df"
)
_NAME = re.compile(rf"(?<![A-Za-z\\])(?:(?:{FUNCTIONS})(?![A-Za-z])|[a-z]{{3,}}|(?<=\{{)[A-Z]{{3,}}(?=\}}))")
_ACCENTS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar", "\u0307": "dot", "\u0308": "ddot"}
_ACCENTED = re.compile(f"(.)([{''.join(_ACCENTS)}])")
_ROOTED = re.compile(r"(?:\d+|\\\w+\{[^{}]*\}|.)?(?:_\{[^{}]*\}|_.)?")


def unicode_tex(formula: str) -> str:
    r"""Return TeX of a formula in Unicode.

    Examples
    --------
    >>> print(unicode_tex("½‖ŵ − √(2λ_{max})‖²"))
    \tfrac{1}{2}\Vert \hat{w} − \sqrt{2λ_{\operatorname{max}}}\Vert ^{2}
    """
    signs = groupby(unicodedata.normalize("NFD", formula), kind_of_sign)
    text = "".join(_spelt(kind, "".join(group)) for kind, group in signs)
    text = _ACCENTED.sub(lambda found: rf"\{_ACCENTS[found[2]]}{{{found[1]}}}", text)
    text = unicodedata.normalize("NFC", _with_roots(_NAME.sub(r"\\operatorname{\g<0>}", text)))
    return re.sub("[Α-Ω]", r"{\\rm \g<0>}", text.replace("‖", r"\Vert ").replace("′", "'"))


def kind_of_sign(sign: str) -> str:
    """How Unicode makes a sign of others, <super>, <sub> or <fraction>; a star is raised."""
    return "<super>" if sign == "*" else unicodedata.decomposition(sign).partition(" ")[0]


def depth(text: str) -> int:
    """How many brackets are open at the end of a text."""
    return sum(map(text.count, "([{⟨")) - sum(map(text.count, ")]}⟩"))


def _spelt(kind: str, signs: str) -> str:
    plain = unicodedata.normalize("NFKC", signs)
    if kind == "<fraction>":
        return rf"\tfrac{{{plain.replace('⁄', '}{')}}}"
    return {"<super>": f"^{{{plain}}}", "<sub>": f"_{{{plain}}}"}.get(kind, signs)


def _with_roots(text: str) -> str:
    """Roots over what is in brackets behind them, or over one term."""
    while "√" in text:
        before, _, rest = text.partition("√")
        if rest.startswith("("):
            end = next((i for i in range(1, len(rest) + 1) if depth(rest[:i]) == 0), len(rest))
            inside = rest[1 : end - 1]
        else:
            end = max(1, len(_ROOTED.match(rest)[0]))  # type: ignore[index]
            inside = rest[:end]
        text = rf"{before}\sqrt{{{inside}}}{rest[end:]}"
    return text
