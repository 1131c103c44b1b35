"""Text from a notebook as one statement: assignments before the formula, comments, and numpy's names for functions."""

from __future__ import annotations

import re

from solvable.analysis.derivation.dialects import in_plain_words
from solvable.analysis.derivation.typed import in_ascii_words
from solvable.solvers.validate import refuse

__all__ = ["as_one_statement"]

_MODULES = re.compile(
    r"(?<![\w.])(?:np\.linalg|jnp\.linalg|numpy\.linalg|torch\.linalg|linalg|np|numpy|jnp|jax\.numpy|math|sp|sympy|sy|mp|mpmath|torch|tf|tf\.math|jax\.nn|torch\.special|jax\.scipy\.special|scipy\.special|special|scipy\.stats|stats|scipy)\.(?=[A-Za-z])"
)
_RENAMED = (
    (r"\bnorm\.cdf\b", "Phi"),
    (r"\bnorm\.sf\b", "norm_sf"),
    (r"\bndtr\b", "Phi"),
    (r"\bnorm\.pdf\b", "norm_pdf"),
    (r"\b([IJ])_(\d)\(", r"bessel\1(\2, "),
    (r"\bbesselI\(", "besseli("),
    (r"\bbesselJ\(", "besselj("),
    (r"\bwhere\(", "np_where("),
    (r"\bifelse\(", "np_where("),
    (r"\b(?:infinity|Infinity|inf|Inf)\b", "oo"),
    (r",\s*(\w+)\s*=\s*([^,()]+?)\s*\.\.\s*([^,()]+?)\s*\)", r", \1, \2, \3)"),
    (r"(?<![\w.])norm\(((?=[^,]*\b(?:s|eigs|eigvals|evals)\b)[^(),]*(?:\([^()]*\)[^(),]*)*)\)", r"sqrt(sum((\1)**2))"),
)
_ASSIGNED = re.compile(
    r"\s*(?:[^\W\d]\w*\s*,\s*)*([^\W\d]\w*)(?:\(\s*[^\W\d]\w*(?:\s*,\s*[^\W\d]\w*)*\s*\))?\s*:?=(?!=)"
)
_CARRIES_ON = re.compile(r"[-+*/^,(\[=]\s*$")
_CARRIED = re.compile(r"\s*(?:[-+*/^),\]]|where\b|for\b|if\b|else\b|when\b|and\b|with\b)")
_SUMMED = re.compile(r"(?:(?<!\w)[Ss]um|[∑Σ])_\{?([ijkl])\}?(?!\w)\s*")


def as_one_statement(text: str) -> str:
    """Return the formula first and its definitions behind it, as on paper.

    Assignments may come before the formula, each on its line or before a semicolon; where all statements are
    assignments the formula is the one whose name no other uses.

    Raises
    ------
    ValueError
        Where more than one statement may be the formula.

    Examples
    --------
    >>> as_one_statement("g = d/n; np.square(sigma)*g/(1 - g)  # variance")
    'square(sigma)*g/(1 - g); g = d/n'
    """
    plain = "\n".join(line.partition("#")[0] for line in text.splitlines())
    plain = in_plain_words(plain) if plain.strip() else plain
    plain = _MODULES.sub("", re.sub(r"(?<![\w.])(?:sp|sympy|sy)\.[SN]\(", "Integer(", plain))
    plain = in_ascii_words(plain)
    for old, new in _RENAMED:
        plain = re.sub(old, new, plain)
    parts = [each for part in _statements(_with_sums(plain)) for each in _each_of(part)]
    assigned = [_ASSIGNED.match(part) for part in parts]
    if len(parts) < 2 or assigned[0] is None:
        return "; ".join(parts)
    named = {part: match[1] for part, match in zip(parts, assigned, strict=True) if match is not None}
    formulas = [part for part in parts if part not in named and not re.search("[<>]", part)]
    if not formulas:
        unused = [name for name in named.values() if sum(_uses(part, name) for part in parts) == 1]
        formulas = [part for part, name in named.items() if name in unused]
    if len(formulas) != 1:
        raise refuse(
            "formula", text, f"{len(formulas)} of its statements may be the formula: give one, and define names"
        )
    return "; ".join([formulas[0], *(part for part in parts if part is not formulas[0])])


def _each_of(statement: str) -> list[str]:
    """Assignments of ``a, b = x, y`` one by one."""
    match = re.fullmatch(r"((?:\w+\s*,\s*)+\w+)\s*=\s*([^=()\[\]]+)", statement)
    if match is None:
        return [statement]
    names, values = (part.split(",") for part in match.groups())
    if len(names) != len(values):
        return [statement]
    return [f"{name.strip()} = {value.strip()}" for name, value in zip(names, values, strict=True)]


def _uses(text: str, name: str) -> bool:
    return re.search(rf"(?<!\w){name}(?!\w)", text) is not None


def _statements(text: str) -> list[str]:
    """Cut at semicolons, and at the ends of lines that hold an assignment or stand before one."""
    found = [""]
    level = 0
    for line in text.split("\n"):
        assigns = _ASSIGNED.match(line) is not None
        before = found[-1]
        ends = level == 0 and not _CARRIES_ON.search(before) and not _CARRIED.match(line)
        if before.strip() and ends and (assigns or _ASSIGNED.match(before)):
            found.append("")
        elif before:
            found[-1] += " "
        for character in line:
            level += (character in "([{") - (character in ")]}")
            if character == ";" and level == 0:
                found.append("")
            else:
                found[-1] += character
    return [part.strip() for part in found if part.strip()] or [text]


def _with_sums(text: str) -> str:
    """Write ``sum_i f`` as ``sum(f, i)``: what is summed ends with its term."""
    while match := _SUMMED.search(text):
        end = level = 0
        rest = text[match.end() :]
        for end, character in enumerate(rest):
            level += (character in "([") - (character in ")]")
            if level < 0 or (level == 0 and character in ",;=\n"):
                break
            if level == 0 and character in "+-−" and rest[:end].strip() and rest[:end].rstrip()[-1] not in "*^/eE":
                break
        else:
            end = len(rest)
        text = f"{text[: match.start()]}sum({rest[:end].strip()}, {match[1]}){rest[end:]}"
    return text
