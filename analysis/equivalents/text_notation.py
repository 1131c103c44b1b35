"""Traces as text: a recursive descent over a whitelist; nothing is executed.

    sum      = ["-"] product { ("+" | "-") product }
    product  = power { ["*" | "@" | "/"] power }
    power    = atom { ("^" | "**") exponent | ".T" | "^T" | "'" | ".inv()" | ".sqrt()" }
    exponent = ["-"] whole, or in parentheses or braces; half a whole one, as (1/2) or 0.5, where a root may be taken
    atom     = number | name | "(" sum ")" | "tr" "(" sum ")" | "inv" "(" sum ")" | "sqrt" "(" sum ")"

Things side by side are multiplied, and / divides by scalars: S^-1/2 is half of the inverse. ᵀ, ⊤, ⁻¹ and ² are read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from solvable.solvers.equivalents.matrix_expression import Matrix
from solvable.solvers.equivalents.scalar_expression import Arithmetic, Scalar
from solvable.solvers.equivalents.trace_expression import Trace, tr
from solvable.solvers.validate import as_kind, refuse

__all__ = ["read_expression", "read_trace"]

_TOKEN = re.compile(
    r"\s*(?:(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)|([^\W\d]\w*)|(\.T|\^T|\.inv\(\)|\.sqrt\(\)|'|\*\*|[-+*/@^(){}]))"
)
_SIGNS = {"^⊤": "^T", "⊤": "^T", "ᵀ": "^T", "^{T}": "^T", "⁻¹": "^-1 ", "²": "^2 ", "³": "^3 ", "−": "-"}
_LONGEST, _DEEPEST, _LARGEST_POWER = 10_000, 60, 20
_ARITHMETIC = ("+", "-", ")")


class _Reader:
    """One pass over the tokens."""

    def __init__(self, text: str, names: Mapping[str, Any]) -> None:
        """Cut the text into tokens."""
        if len(as_kind("formula", text, str, "it must be text")) > _LONGEST:
            raise refuse("formula", text, f"it has more than {_LONGEST:,} characters")
        self.text, self.names, self.at, self.depth = text, names, 0, 0
        for sign, plain in _SIGNS.items():
            text = text.replace(sign, plain)
        self.tokens: list[tuple[str, str]] = []
        place = 0
        while place < len(text.rstrip()):
            found = _TOKEN.match(text, place)
            if found is None:
                wrong = text[place:].strip()
                hint = "; write .T, .inv() or .sqrt() with its parentheses" if wrong.startswith(".") else ""
                raise refuse("formula", self.text, f"{wrong[0]!r} is no part of the notation{hint}")
            number, name, sign = found.groups()
            self.tokens.append(("number", number) if number else ("name", name) if name else ("sign", sign))
            place = found.end()
        if not self.tokens:
            raise refuse("formula", text, "it is empty")

    def peek(self) -> str | None:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else None

    def take(self, wanted: str | None = None) -> str:
        found = self.peek()
        if found is None or (wanted is not None and found != wanted):
            raise refuse(
                "formula", self.text, f"{wanted or 'something'} is missing" + (f" before {found}" if found else "")
            )
        self.at += 1
        return found

    def whole(self) -> Any:
        value = self.sum()
        if self.peek() is not None:
            raise refuse("formula", self.text, f"{self.peek()} does not fit there")
        return value

    def sum(self) -> Any:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise refuse("formula", self.text, "its parentheses are too deep")
        if self.peek() == "-":
            self.take()
            total = _times(-1, self.product(), self.text)
        else:
            total = self.product()
        while self.peek() in ("+", "-"):
            sign = 1 if self.take() == "+" else -1
            total = _plus(total, _times(sign, self.product(), self.text), self.text)
        self.depth -= 1
        return total

    def product(self) -> Any:
        value = self.power()
        while self.peek() is not None and self.peek() not in _ARITHMETIC:
            sign = self.take() if self.peek() in ("*", "@", "/") else "*"
            right = self.power()
            if sign == "/":
                if not _is_scalar(right):
                    raise refuse("formula", self.text, "/ divides by scalars; write B^-1 for an inverse")
                right = Scalar.of(right) ** -1
            value = _times(value, right, self.text)
        return value

    def power(self) -> Any:
        value = self.atom()
        while self.peek() in ("^", "**", *self.suffixes()):
            suffix = self.suffixes().get(self.take())
            if suffix is not None:
                value = suffix(value)
                continue
            exponent = self.exponent()
            if self.peek() in ("^", "**"):
                raise refuse("formula", self.text, "a power of a power needs parentheses")
            if isinstance(value, Trace):
                raise refuse("formula", self.text, "a power of a trace is no trace of a rational expression")
            value = value**exponent if isinstance(value, Matrix) else Scalar.of(value) ** exponent
        return value

    def exponent(self) -> Fraction:
        closing = {"(": ")", "{": "}"}.get(self.peek() or "")
        if closing:
            self.take()
        sign = -1 if self.peek() == "-" and self.take() else 1
        text = self.take()
        if closing and self.peek() == "/":
            text += self.take() + self.take()
        number = Fraction(text) if re.fullmatch(r"\d{0,9}(\.\d{1,9}|/[1-9])?\.?", text) and text != "." else None
        if number is None or number.denominator > 2 or number > _LARGEST_POWER:
            raise refuse("formula", self.text, f"the power {text} must be a whole number up to {_LARGEST_POWER}, or "
                         "half of one for a root; functions are not rational")  # fmt: skip
        if closing:
            self.take(closing)
        return sign * number

    def atom(self) -> Any:
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")
        if kind == "number":
            self.take()
            return float(text)
        if text == "(":
            return self.inner()
        if kind != "name":
            raise refuse("formula", self.text, f"{text or 'its end'} does not fit there")
        self.take()
        function = self.functions().get(text)
        if function is not None and self.peek() == "(":
            return function(self.inner())
        if text in self.names:
            return self.names[text]
        if self.peek() == "(" and text in ("exp", "log", "relu", "sign", "tanh", "sin", "cos", "erf"):
            raise refuse("formula", self.text, f"{text} is not rational; linearise it with m.features")
        hint = "; a number alone is that multiple of the identity" if text in ("I", "Id", "eye") else ""
        declared = ", ".join(self.names) or "no names"
        raise refuse("formula", self.text, f"{text} is not declared; declared are {declared}{hint}")

    def inner(self) -> Any:
        self.take("(")
        value = self.sum()
        self.take(")")
        return value

    def suffixes(self) -> dict[str, Callable[[Any], Any]]:
        transposed = lambda x: self._matrix("transposed", x).T  # noqa: E731
        return {**dict.fromkeys((".T", "^T", "'"), transposed), ".inv()": self._inverse, ".sqrt()": self._root}

    def functions(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "tr": lambda x: tr(self._matrix("traced", x)),
            "inv": self._inverse,
            "sqrt": self._root,
        }

    def _inverse(self, value: Any) -> Matrix:
        return self._matrix("inverted", value).inv()

    def _root(self, value: Any) -> Any:
        if isinstance(value, Trace):
            raise refuse("formula", self.text, "the root of a trace is no trace of a rational expression")
        return value.sqrt() if isinstance(value, Matrix | Arithmetic) else Scalar.of(value).sqrt()

    def _matrix(self, what: str, value: Any) -> Matrix:
        if not isinstance(value, Matrix):
            raise refuse("formula", self.text, f"only a matrix can be {what}")
        return value


def _is_scalar(value: Any) -> bool:
    return isinstance(value, int | float | Arithmetic)


def _times(a: Any, b: Any, text: str) -> Any:
    if isinstance(a, Trace) and isinstance(b, Trace):
        raise refuse("formula", text, "a product of traces is no trace of a rational expression; take them one by one")
    if isinstance(a, Matrix) and isinstance(b, Matrix):
        return a @ b
    if _is_scalar(a) and _is_scalar(b):
        return Scalar.of(a) * Scalar.of(b)
    return b * a if _is_scalar(a) else a * b


def _plus(a: Any, b: Any, text: str) -> Any:
    if isinstance(a, Trace) != isinstance(b, Trace):
        raise refuse("formula", text, "a trace and a matrix or number are added")
    if _is_scalar(a) and _is_scalar(b):
        return Scalar.of(a) + Scalar.of(b)
    return b + a if _is_scalar(a) else a + b


def read_expression(text: str, names: Mapping[str, Any]) -> Any:
    """Read a matrix, a scalar or a trace.

    Parameters
    ----------
    text : str
        For instance ``X' X/n + lam``.
    names : mapping
        What the names stand for.

    Returns
    -------
    Matrix, Scalar, float or Trace
    """
    return _Reader(text, names).whole()


def read_trace(text: str, names: Mapping[str, Any]) -> Trace:
    """Read a sum of traces.

    Parameters
    ----------
    text : str
        For instance ``tr(B (X^T X/n + lam)^-1 S (X^T X/n + lam)^-1) lam^2``.
    names : mapping
        What the names stand for.

    Returns
    -------
    Trace

    Raises
    ------
    ValueError
        In one sentence, for anything else.
    """
    found = read_expression(text, names)
    if not isinstance(found, Trace):
        raise refuse("formula", text, "its value must be a trace: write tr( ... )")
    return found
