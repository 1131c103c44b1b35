"""Functions of MATLAB, Julia, R, Maple and JavaScript as lines of Python, which are followed by name and never run.

Only the blocks and the few signs in which these languages differ are rewritten; what is no formula is refused later.
"""

from __future__ import annotations

import re

__all__ = ["as_python", "in_one_line"]

_ARGUMENTS = r"\(\s*[^()]*\)"
_ONE_LINE = (
    re.compile(rf"^\s*(?:\w+\s*(?:<-|=)\s*)?function\s*{_ARGUMENTS}\s*(?=[^\s{{])"),  # R
    re.compile(rf"^\s*(?:(?:const|let|var)\s+)?\w+\s*:?=\s*{_ARGUMENTS}\s*[-=]>\s*(?=[^\s{{])"),  # Maple, JavaScript
    re.compile(r"^\s*\w+\[\s*\w+_(?:\s*,\s*\w+_)*\s*\]\s*:?=\s*"),  # Mathematica
    re.compile(rf"^\s*(?:\w+\s*:=\s*)?proc\s*{_ARGUMENTS}\s*(?=.*\bend\b)", re.S),
)
_SIGNS = (
    ("≤", "<="), ("≥", ">="), ("≠", "!="), ("−", "-"), ("²", "**2"), ("³", "**3"), ("√(", "sqrt("), ("~=", "!="),
    ("===", "=="), ("&&", " and "), ("||", " or "), ("<-", "="), ("Math.", ""), ("...\n", " "),
)  # fmt: skip
_ENDED = re.compile(r"^\s*(?:function\b|if\b(?!.*:\s*$)|for\b(?!.*:\s*$))", re.M)
_BRACES = re.compile(r"(?:function\s*\w*\s*\([^()]*\)|=>|\belse|\bif\s*\([^{}]*\))\s*\{")
_RANGE = re.compile(r"^for\s*\(?\s*(\w+)\s*(?:=|in|∈)\s*(.+?)\s*:\s*(.+?)\)?$")
_OF_MATLAB = re.compile(r"^function\s+\[?(\w+)\]?\s*=\s*(\w+)\s*(\(.*\))$")
_OF_JULIA = re.compile(r"^function\s*(\w*)\s*(\(.*\))$")


def in_one_line(text: str) -> str:
    """Text without the head of a function of one line, and without Maple's ``end proc``."""
    for head in _ONE_LINE:
        if found := head.match(text):
            rest = text[found.end() :].rstrip().rstrip(";:")
            return re.sub(r"[;:]?\s*end(?:\s+proc)?\s*$", "", rest) if "proc" in found.group() else rest
    return text


def as_python(text: str) -> str:
    """Lines of Python for a function with blocks in braces, or blocks that ``end``; other text as it is.

    Examples
    --------
    >>> print(as_python("function v = f(n)\\n if n > 1\\n v = 1/n;\\n else\\n v = 1;\\n end\\nend"))
    def f(n):
        if n > 1:
            v = 1/n
        else:
            v = 1
        return v
    """
    if _BRACES.search(text):
        return _indented(_lines_of_braces(text))
    if _ENDED.search(text) and re.search(r"^\s*end;?\s*$", text, re.M):
        return _indented(_lines_that_end(text))
    return text


def _signed(text: str) -> str:
    for old, new in _SIGNS:
        text = text.replace(old, new)
    text = re.sub(r"\.(?=[*/^])", "", text)
    return re.sub(r"(?<![\w.])(\d+(?:\.\d+)?)(?=[^\W\d_eE]|\()", r"\1*", text)


def _lines_of_braces(text: str) -> list[str]:
    text = re.sub(r"//[^\n]*|#[^\n]*", "", text)
    text = _signed(re.sub(r"\b(?:const|let|var)\s+", "", text))
    text = re.sub(r"\w+\s*=\s*function\s*(\([^()]*\))", r"function f\1", text)
    text = re.sub(r"\w+\s*=\s*(\([^()]*\))\s*=>\s*\{", r"function f\1 {", text)
    text = re.sub(r"\}\s*else\s+if\b", "}\nelseif", text)
    text = re.sub(r"\}\s*else\b", "}\nelse", text)
    text = text.replace("{", "\n").replace("}", "\nend\n").replace(";", "\n")
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    joined: list[str] = []
    for line in lines:  # "end" before else belongs to the block that goes on
        if line.startswith(("else", "elseif")) and joined[-1:] == ["end"]:
            joined.pop()
        joined.append(line)
    return joined


def _lines_that_end(text: str) -> list[str]:
    text = _signed(re.sub(r"[%#][^\n]*", "", text))
    lines = [part.strip() for line in text.split("\n") for part in line.split(";")]
    return [line for line in lines if line]


def _indented(lines: list[str]) -> str:
    """Python's indentation for blocks that end; a function of MATLAB returns what its head names."""
    found: list[str] = []
    open_: list[str] = []
    for line in lines:
        if line in ("end", "endfunction", "endif", "endfor"):
            returns = open_.pop() if open_ else ""
            if returns.startswith("return "):
                found.append("    " * (len(open_) + 1) + returns)
            continue
        head, pushed = line, ""
        if match := _OF_MATLAB.match(line):
            head, pushed = f"def {match[2]}{match[3]}:", f"return {match[1]}"
        elif match := _OF_JULIA.match(line):
            head, pushed = f"def {match[1] or 'f'}{match[2].replace(';', ',')}:", "block"
        elif match := _RANGE.match(line):
            head, pushed = f"for {match[1]} in range({match[2]}, ({match[3]})+1):", "block"
        elif line.startswith(("if ", "if(")):
            head, pushed = f"if {line[2:].strip()}:", "block"
        elif line.startswith("elseif"):
            found.append("    " * max(0, len(open_) - 1) + f"elif {line[6:].strip()}:")
            continue
        elif line == "else":
            found.append("    " * max(0, len(open_) - 1) + "else:")
            continue
        found.append("    " * len(open_) + head)
        if pushed:
            open_.append(pushed)
    return "\n".join(found)
