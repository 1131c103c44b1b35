"""A formula as it was understood, in words that an author can compare with what was meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solvable.analysis.derivation.notation import Reading

__all__ = ["as_understood", "written"]


def written(expression: Any) -> str:
    """Write an expression with its operators as authors do."""
    from sympy.printing.str import StrPrinter

    class Printer(StrPrinter):
        def parenthesize(self, item: Any, level: int, strict: bool = False) -> str:
            inside = item.args[0] if getattr(item.func, "__name__", "") == "value" else item
            return str(super().parenthesize(inside, level, strict))

        def _print_Lambda(self, e: Any) -> str:
            return str(self._print(e.expr))

        def _print_Function(self, e: Any) -> str:
            name = e.func.__name__
            if name == "landau":
                return f"{'O' if e.args[1] == 1 else 'o'}({self._print(e.args[0])})"
            if name == "at_ridge":
                return f"({self._print(e.args[0])})"
            if name == "value":
                return str(self._print(e.args[0]))
            words = {"mode_sum": "sum over modes", "gauss_mean": "E", "derivative": "diff"}
            return f"{words.get(name, name)}({', '.join(self._print(a) for a in e.args)})"

    return str(Printer().doprint(expression)).replace("lambda_", "lambda")


def as_understood(reading: Reading, words: Mapping[str, Any], unread: list[str], aside: Any) -> str:
    """Write the formula as it was understood, with the author's names in ours."""
    sign = f"{reading.left or 'ours'} {reading.relation} " if reading.relation != "=" else ""
    where = "".join(f", {name} = {written(value)}" if name.strip() else f", {written(value)} = 0"
                    for name, value in reading.definitions.items())  # fmt: skip
    named = ", ".join(f"{word.replace('lambda_', 'lambda')} = {value}" for word, value in sorted(words.items()))
    text = sign + written(reading.expression) + (f" where{where[1:]}" if where else "")
    text += f", with {named}" if named else ""
    if aside is not None:
        plain = aside.replace(lambda e: getattr(e.func, "__name__", "") == "value", lambda e: e.args[0])
        text += f"; of names that stand in neither formula, and not compared: {written(plain)}"
    text += f"; words not read: {reading.words[0]}" if reading.words[0] else ""
    return text + (f"; left of it, and not compared: {' = '.join(unread)}" if unread else "")
