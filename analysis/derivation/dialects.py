"""Code that holds a formula, as plain text: functions of Python, brackets of Mathematica, dots of MATLAB and Julia.

Code is parsed and rewritten, never run. Only ways of writing are resolved here: the reader behind it decides what is a
formula.
"""

from __future__ import annotations

import re

from solvable.analysis.derivation.code_blocks import as_python, in_one_line
from solvable.analysis.derivation.python_code import formula_of_code
from solvable.solvers.validate import refuse

__all__ = ["in_plain_words"]

_IMPORT = re.compile(
    r"^\s*(?:import\s+(?:numpy|scipy|math|sympy|mpmath|torch|jax|jax\.numpy|scipy\.special|scipy\.stats)(?:\s+as\s+\w+)?"
    r"|from\s+(?:numpy|scipy|math|sympy|mpmath|torch|jax|scipy\.special|scipy\.stats|scipy\.integrate)\s+import\s+"
    r"[\w*, ]+)[ \t]*;?[ \t]*$",
    re.M,
)
_CODE = re.compile(r"^\s*(?:return\b|for\s+\w+.*:\s*$|if\s.*:\s*$|\w+\s*[-+*/]=|print\()", re.M)
_DOTTED = re.compile(r"\s*\.(?=[*/^+-])(?!\*\*)")
_HANDLE = re.compile(r"^\s*(?:\w+\s*=\s*)?@\s*\([\w\s,]*\)\s*")
_ARROW = re.compile(r"^\s*(?:\w+\s*=\s*)?\(\s*\w+(?:\s*,\s*\w+)*\s*\)\s*[-=]>\s*(?=\S)")
_LAMBDA = re.compile(r"^\s*(?:\w+\s*=\s*)?lambda(?:\s+\w+(?:\s*=\s*[\w.]+)?(?:\s*,\s*\w+(?:\s*=\s*[\w.]+)?)*)?\s*:\s*")
_HEADS = {"Sqrt": "sqrt", "Exp": "exp", "Log": "log_of", "Sin": "sin", "Cos": "cos", "Tan": "tan", "ArcSin": "arcsin",
          "ArcCos": "arccos", "ArcTan": "arctan", "Sinh": "sinh", "Cosh": "cosh", "Tanh": "tanh", "ArcTanh": "arctanh",
          "Erf": "erf", "Erfc": "erfc", "Min": "min", "Max": "max", "Abs": "abs", "Gamma": "gamma_function",
          "Binomial": "binomial", "Factorial": "factorial", "BesselI": "besseli", "BesselJ": "besselj",
          "If": "np_where", "Sum": "sum", "Product": "product", "Integrate": "integral", "NIntegrate": "integral",
          "Piecewise": "Piecewise", "Which": "which",
          "UnitStep": "heaviside", "HeavisideTheta": "heaviside", "Boole": "boole", "Sech": "sech", "Coth": "coth",
          "Log2": "log2", "Log10": "log10", "Ceiling": "ceiling", "Total": "sum", "NormCDF": "Phi",
          "NormPDF": "norm_pdf",
          "Simplify": "", "FullSimplify": "", "Expand": "", "N": "", "Evaluate": "", "Together": "", "Apart": "",
          "Cot": "cot", "Sec": "sec", "Csc": "csc", "ArcSinh": "arcsinh", "ArcCosh": "arccosh",
          "Sign": "sign", "Floor": "floor"}  # fmt: skip
_HEAD = re.compile(rf"(?<![\w.])({'|'.join(_HEADS)})\[")
_PRODUCT = re.compile(r"(?<=[\w)\]])[ \t]+(?!(?:where|for|if|else|and|or|when|with|in)\b)(?=[A-Za-z_(]|\d)")
_KEYWORD_BEFORE = re.compile(r"(?:^|\W)(?:where|for|if|else|and|or|when|with|in)$")
_HALF = re.compile(
    r"(?<![\w.)\]^*/])((?:\d+|π|pi)/(?:\d+|π|pi))\s+(?=∫|\(|(?:sqrt|Sqrt|log|ln|exp|erf|erfc|arc\w+|sum|integral)\b)"
)  # not 1/2 pi
_INTEGRAL = re.compile(r"∫_(\{[^{}]*\}|\([^()]*\)|-?\w+)\^(\{[^{}]*\}|\([^()]*\)|\w+|∞)\s*")
_EXPONENTIAL = re.compile(r"(?<![\w.])[Ee]\s*(\^|\*\*)")
_QUAD = re.compile(
    r"(?<![\w.])(?:scipy\.|mpmath\.|mp\.)?(?:integrate\.)?(?:quad|quadgk|quadgl|integral|integrate)\(\s*"
    r"(?:lambda\s+(?P<python>\w+)\s*:|@\(\s*(?P<matlab>\w+)\s*\)|function\s*\(\s*(?P<r>\w+)\s*\)|\(?(?P<julia>\w+)\)?\s*->)\s*"
)
_TAKEN = re.compile(r"^(?:\s*\[\s*[01]\s*\]|\$value)")  # the value of a pair, and not its error
_MEAN = re.compile(
    r"(?:𝔼|(?<![\w.])E)_\{?\s*(\w)\s*(?:[~∼]\s*[N𝒩]\s*\(\s*(?P<mean>[^(),]+)\s*,\s*(?P<variance>[^(),]+)\s*\)\s*)?\}?\s*(?=[\[(])"
)


def in_plain_words(text: str) -> str:
    """Return the text with code and the notation of other systems written as plain formulas and assignments.

    Raises
    ------
    ValueError
        Where a function's body holds more than assignments, cases and what it returns.

    Examples
    --------
    >>> in_plain_words("def f(n, d):\\n    if d < n:\\n        return d/n\\n    return 1")
    'd / n if d < n else 1'
    >>> in_plain_words("Sqrt[x] Piecewise[{{1, x < 1}}]")
    'sqrt(x)*Piecewise((1, x < 1))'
    >>> in_plain_words("@(n, d) d./(n - d).^2")
    'd/(n - d)^2'
    """
    plain = _IMPORT.sub("", text).strip("\n") if "import" in text else text
    plain = _with_heads(in_one_line(as_python(plain)))
    if re.match(r"\s*def\s", plain) or _CODE.search(plain):
        plain = formula_of_code(text, plain)
    plain = _HANDLE.sub("", _LAMBDA.sub("", _ARROW.sub("", plain)))
    plain = _with_r_cases(_DOTTED.sub("", _with_distributions(plain)))
    plain = _with_cases(_with_means(_with_integrals(_with_quad(plain))))
    plain = _EXPONENTIAL.sub(r"exp(1)\1", plain)
    if _HEAD.search(plain):
        plain = _of_mathematica(text, plain)
    return _HALF.sub(r"(\1)*", plain)


_DISTRIBUTIONS = (
    (r"CDF\[\s*NormalDistribution\[\s*(?:0\s*,\s*1)?\s*\]\s*,", "NormCDF["),
    (r"PDF\[\s*NormalDistribution\[\s*(?:0\s*,\s*1)?\s*\]\s*,", "NormPDF["),
    (r"\bccdf\(\s*Normal\(\s*(?:0\s*,\s*1)?\s*\)\s*,", "norm_sf("),
    (r"\bcdf\(\s*Normal\(\s*(?:0\s*,\s*1)?\s*\)\s*,", "Phi("),
    (r"\bpdf\(\s*Normal\(\s*(?:0\s*,\s*1)?\s*\)\s*,", "norm_pdf("),
    (r"\bpnorm\(([^,]*),\s*lower\.tail\s*=\s*(?:FALSE|F)\s*\)", r"norm_sf(\1)"),
    (r"\bpnorm\(", "Phi("), (r"\bnormcdf\(", "Phi("), (r"\bdnorm\(", "norm_pdf("), (r"\bnormpdf\(", "norm_pdf("),
)  # fmt: skip
_WITH = re.compile(r"^\s*(?:With|Module|Block)\[\s*\{(?P<names>.*?)\}\s*,(?P<body>.*)\]\s*;?\s*$", re.S)


def _with_distributions(text: str) -> str:
    """Write the law of a standard normal variable as we do."""
    for old, new in _DISTRIBUTIONS:
        text = re.sub(old, new, text)
    return text


def _with_heads(text: str) -> str:
    """Write ``With[{g = d/n}, f]`` as the formula and its definitions."""
    found = _WITH.match(text)
    return f"{found['body'].strip()}; {found['names'].replace(', ', '; ')}" if found else text


def _with_r_cases(text: str) -> str:
    """Write ``if (c) a else b`` as Python does."""
    head = re.match(r"(?P<name>\s*\w+\s*=(?!=)\s*)?if\s*\(", text)
    if head is None or ":" in text:
        return text
    level, place = 1, head.end()
    while place < len(text) and level:
        level += (text[place] in "([") - (text[place] in ")]")
        place += 1
    test, (first, *others) = text[head.end() : place - 1], re.split(r"\belse\b", text[place:], maxsplit=1)
    if len(others) != 1 or not first.strip() or level:
        return text
    return f"{head['name'] or ''}({first.strip()}) if {test} else ({_with_r_cases(others[0].strip())})"


def _of_mathematica(text: str, plain: str) -> str:
    """Write heads with their square brackets as calls, lists of cases and ranges as pairs, and spaces as products."""
    written, open_ = [], []
    heads = {match.end() - 1: match for match in _HEAD.finditer(plain)}
    for place, character in enumerate(plain):
        if character == "[":
            open_.append(")" if place in heads else "]")
            written.append("(" if place in heads else "[")
        elif character == "]":
            if not open_:
                raise refuse("formula", text, "a bracket is closed that was not opened")
            written.append(open_.pop())
        else:
            written.append(character)
    joined = "".join(written)
    joined = re.sub(rf"(?<![\w.])({'|'.join(_HEADS)})\(", lambda match: _HEADS[match[1]] + "(", joined)
    joined = _with_lists_of_cases(joined)
    joined = joined.replace("{", "(").replace("}", ")")
    joined = re.sub(r"(?<![\w.])Pi(?!\w)", "pi", joined)
    joined = joined.replace("&&", " and ").replace("||", " or ").replace("Infinity", "oo")
    return _PRODUCT.sub(lambda match: match.group() if _KEYWORD_BEFORE.search(joined[: match.start()]) else "*", joined)


def _with_lists_of_cases(text: str) -> str:
    """Write ``Piecewise({{a, x < 1}, {b, x > 1}}, c)`` with pairs alone."""
    at = 0
    while match := re.compile(r"Piecewise\(\s*\{").search(text, at):
        at, level = match.end(), 1
        while at < len(text) and level:
            level += (text[at] in "([{") - (text[at] in ")]}")
            at += 1
        other = re.match(r"\s*,\s*([^{}]*)\)$", text[at:]) or re.match(r"\s*,\s*([^{}()]*)\)", text[at:])
        pairs = text[match.end() : at - 1]
        last = f", ({other[1].strip()}, True))" if other else ""
        behind = text[at + other.end() :] if other else text[at:]
        text = f"{text[: match.start()]}Piecewise({pairs}{last}{behind}"
    return text


def _with_integrals(text: str) -> str:
    """Write ``∫_a^b f ds`` as a call; what is integrated ends with its differential."""
    while match := _INTEGRAL.search(text):
        rest, level = text[match.end() :], 0
        for place, character in enumerate(rest):
            level += (character in "([{") - (character in ")]}")
            found = re.match(r"\s*d([^\W\d_])(?!\w)", rest[place:]) if level == 0 else None
            if found is not None and rest[:place].strip():
                low, high = (re.sub(r"[{}]", "", match[i]) for i in (1, 2))
                call = f"integral({rest[:place].strip()}, {found[1]}, {low}, {high})"
                text = text[: match.start()] + call + rest[place + found.end() :]
                break
            if level < 0:
                return text
        else:
            return text
    return text


def _with_quad(text: str) -> str:
    """Write scipy's ``quad(lambda x: f, a, b)[0]`` as an integral."""
    while match := _QUAD.search(text):
        level, parts, end = 0, [""], len(text)
        for place in range(match.end(), len(text)):
            character = text[place]
            level += (character in "([{") - (character in ")]}")
            if level < 0:
                end = place
                break
            if character == "," and level == 0:
                parts.append("")
            else:
                parts[-1] += character
        behind = text[end + 1 :]
        listed = len(parts) == 2 and parts[1].strip()[:1] == "[" and parts[1].strip()[-1:] == "]"
        if listed:  # between [a, b]
            parts = [parts[0], *parts[1].strip()[1:-1].split(",")]
        variable = next(name for name in match.groups() if name)
        if len(parts) != 3:
            return text
        taken = _TAKEN.match(behind)
        pair = "scipy" in match.group() or (match["python"] and not listed and "mp" not in match.group())
        if pair and taken is None:  # scipy's value and its error are no number
            return text
        body, low, high = (re.sub(r"\b(?:np\.|math\.|mp\.)?(?:inf|Inf)\b", "oo", part.strip()) for part in parts)
        behind = behind[taken.end() :] if taken else behind
        text = f"{text[: match.start()]}integral({body}, {variable}, {low}, {high}){behind}"
    return text


def _with_means(text: str) -> str:
    """Write ``E_{x~N(m,v)}[f]`` as a call over a standard normal variable."""
    while match := _MEAN.search(text):
        start, level, end = match.end(), 0, len(text)
        for place in range(start, len(text)):
            level += (text[place] in "([") - (text[place] in ")]")
            if level == 0:
                end = place
                break
        else:
            return text
        name, body = match[1], text[start + 1 : end]
        if match["mean"] is not None and (match["mean"], match["variance"]) != ("0", "1"):
            body = re.sub(rf"(?<!\w){name}(?!\w)", f"({match['mean']}+sqrt({match['variance']})*{name})", body)
        text = f"{text[: match.start()]}E({body}, {name}){text[end + 1 :]}"
    return text


def _with_cases(text: str) -> str:
    """Write ``a < b ? x : y`` as Python does."""
    cut = re.fullmatch(
        r"(?P<head>\s*\w+\s*=(?!=))?(?P<test>[^?:=]*[<>=]=?[^?:]*)\?(?P<first>[^?:]*):(?P<second>[^?:]*)", text
    )
    if cut is None:
        return text
    return f"{cut['head'] or ''}({cut['first'].strip()}) if {cut['test'].strip()} else ({cut['second'].strip()})"
