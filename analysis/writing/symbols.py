"""The words of mathematics: a symbol with its argument name, and a convention that fixes a normalisation.

Symbols that several families share are declared here, once. A family declares its own in
``analysis/<family>/symbols.py``: ``SYMBOLS``, rows of `Symbol`, and ``CONVENTIONS``, rows of `Convention`, which
`solvable.analysis.writing.conventions` finds. Letters of sentences only are rows of `Letter` in its ``NOTATION``.
"""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

__all__ = ["SHARED", "Convention", "Letter", "Symbol", "SymbolKind"]

SymbolKind = Literal["size", "ridge", "noise", "scale", "step", "other"]


def _need(fine: bool, field: str, value: Any, allowed: str) -> None:
    """Refuse in the words of `solvable.solvers.validate`, without its numpy: the front door imports this module."""
    if not fine:
        raise ValueError(f"{field} = {value!r} is not allowed: {allowed}.")


def _spellings(word: str) -> list[str]:
    """Short spellings of a Greek letter's name: lam for lambda, eps for epsilon."""
    short = {"lambda": "lam", "epsilon": "eps", "varepsilon": "eps"}
    return [f"{new}{word[len(old) :]}" for old, new in short.items() if re.fullmatch(rf"{old}(_\w+)?", word)]


@dataclass(frozen=True)
class Symbol:
    """One quantity: how arguments and formulas name it, how it is written, and what it is.

    Parameters
    ----------
    name : str
        The argument of solvers and claims, and the symbol of formulas.
    latex, plain : str
        How formulas and how Unicode text write it. Both are understood by `check` where they are words.
    kind : {"size", "ridge", "noise", "scale", "step", "other"}
        Which slips `check` tries on it: sizes are exchanged and off by one, the others halved, doubled, rescaled.
    meaning : str
        One phrase of Unicode text, for the table of conventions.
    aliases : tuple of str
        Further names that authors use, ``"delta"``, or other quantities in terms of this one, ``"lambda = ridge/n"``.
    also : tuple of str
        Other LaTeX that stands for it, where that is more than a name: a norm, a trace, a sum.
    """

    name: str
    latex: str
    plain: str
    kind: SymbolKind
    meaning: str
    aliases: tuple[str, ...] = ()
    also: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a row that nothing could be looked up by."""
        for field in ("name", "latex", "plain", "meaning"):
            value = getattr(self, field)
            _need(isinstance(value, str) and value != "", field, value, "it must be text")
        _need(self.name.isidentifier(), "name", self.name, "it must be a name that an argument can have")
        _need(self.kind in get_args(SymbolKind), "kind", self.kind, f"one of {', '.join(get_args(SymbolKind))}")
        _need(isinstance(self.aliases, tuple), "aliases", self.aliases, "it must be a tuple")

    def words(self) -> dict[str, str]:
        """What authors may write, with its expression in our names: from the aliases, the sign and the LaTeX."""
        return dict(self._words)

    @cached_property
    def _words(self) -> dict[str, str]:
        bare = re.sub(r"\\(?:mathrm|text)\b", "", self.latex)
        # a command that is no letter is no part of a word
        typed = "" if re.search(r"\\(?:tfrac|textstyle|sum|max|hat|bar)\b", bare) else bare
        signs = (self.plain, "".join(sign for sign in typed if sign not in "\\{}"))
        found = {sign: self.name for sign in signs if sign.isidentifier() and sign != self.name}
        letters = typed.translate({ord(sign): None for sign in "\\{}"})
        squared, inverse = re.fullmatch(r"([A-Za-z]\w*)\^2", letters), re.fullmatch(r"1/([A-Za-z]\w*)", letters)
        if squared is not None:  # of a symbol written as a square the letter is the root
            found[squared[1]] = f"sqrt({self.name})"
        if inverse is not None:
            found[inverse[1]] = f"1/{self.name}"
        for alias in self.aliases:
            word, _, expression = alias.partition(" = ")
            found[word] = expression or self.name
        for word, meaning in list(found.items()):
            for spelled in _spellings(word):
                found.setdefault(spelled, meaning)
            if squared is not None and word == squared[1]:
                found.setdefault(f"{word}2", self.name)
                found.setdefault(f"{word}_sq", self.name)
            elif word in ("sigma", "tau") and meaning == self.name:
                found.setdefault(f"{word}2", f"{self.name}**2")
                found.setdefault(f"{word}_sq", f"{self.name}**2")
        found.pop(self.name, None)
        return found | {f"{word}_": meaning for word, meaning in found.items() if keyword.iskeyword(word)}


@dataclass(frozen=True)
class Convention:
    r"""A loss, or a scaling, with its factors: what one and the same argument is a coefficient of.

    Parameters
    ----------
    name : str
        What `Claim(convention=...)` says; unique in the family.
    loss : str
        The loss in Unicode text, with its factors, then what other papers write.
    states : tuple of str
        The loss in LaTeX, piece by piece, as the docstring of each of `solvers` states it; a test reads them there.
    fixes : tuple of str
        Parameters of claims whose normalisation it is.
    solvers : tuple of str
        Public functions that use it.
    symbols : tuple of Symbol
        Rows that read otherwise than the family's under this convention.
    """

    name: str
    loss: str
    states: tuple[str, ...]
    fixes: tuple[str, ...]
    solvers: tuple[str, ...] = ()
    symbols: tuple[Symbol, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a convention that no docstring could be held against."""
        for field in ("name", "loss"):
            value = getattr(self, field)
            _need(isinstance(value, str) and value != "", field, value, "it must be text")
        for field in ("states", "fixes", "solvers", "symbols"):
            _need(isinstance(getattr(self, field), tuple), field, getattr(self, field), "it must be a tuple")
        _need(bool(self.states) or not self.solvers, "states", self.states, "say what the docstrings of solvers state")
        _need(bool(self.fixes), "fixes", self.fixes, "name the parameters whose normalisation it is")


@dataclass(frozen=True)
class Letter:
    """A letter of statements that no argument and no formula has, so that `check` does not read it.

    Parameters
    ----------
    sign : str
        The letter as statements write it, with its index where it has one.
    meaning : str
        One phrase of Unicode text, with the normalisation.
    claims : tuple of str
        Names, without the family, of the claims where it means this; empty for all that have the letter.
    """

    sign: str
    meaning: str
    claims: tuple[str, ...] = ()


SHARED: tuple[Symbol, ...] = (
    Symbol("n", "n", "n", "size", "samples", ("N",)),
    Symbol("d", "d", "d", "size", "input dimension", ("p", "gamma = d/n", "γ = d/n")),
    Symbol("gamma", r"\gamma", "γ", "size", "d/n", ("d = gamma*n", "p = gamma*n", "n = d/gamma")),
    Symbol("steps", "t", "t", "other", "updates, not epochs"),
    Symbol(
        "ridge", r"\delta", "δ", "ridge", "un-normalised ridge (scikit-learn's alpha); papers' normalised λ = δ/n",
        ("alpha", "α", "lam = ridge/n", "lambda = ridge/n", "λ = ridge/n"),
    ),
    Symbol(
        "lam", r"\lambda", "λ", "ridge", "normalised ridge, λ = δ/n",
        ("ridge = n*lam", "delta = n*lam", "δ = n*lam", "alpha = n*lam", "α = n*lam"),
    ),
    Symbol(
        "noise_variance", r"{\sigma^{2}}", "σ²", "noise", "label noise; `test` includes it, `excess` does not",
        ("sigma2", "sigma_sq", "sigma = sqrt(noise_variance)", "σ = sqrt(noise_variance)",
         "tau = sqrt(noise_variance)", "snr = signal/noise_variance"),
    ),
    Symbol("signal", r"{\|\beta\|^{2}}", "‖β‖²", "scale", "squared norm of the target's weights",
           ("r2", "r = sqrt(signal)")),
    Symbol("eigenvalues", "s", "s", "other", "population eigenvalues"),
    Symbol("target_power", "v^{2}", "v²", "other", "target power in function space, v² = s b²"),
    Symbol("kappa", r"\kappa", "κ", "ridge", "effective ridge: root of n = Σ s/(s+κ) + δ/κ", ("effective_ridge",)),
    Symbol("df1", r"\mathrm{df}_{1}", "df₁", "other", "degrees of freedom, Σ s/(s+κ)"),
    Symbol("df2", r"\mathrm{df}_{2}", "df₂", "other", "degrees of freedom, Σ (s/(s+κ))²"),
    Symbol(
        "unlearned", r"{\textstyle\sum}(1-g)^{2}v^{2}", "Σ(1−g)²v²", "other",
        "target power the fit misses, g = s/(s+κ), with what no mode carries",
    ),
    Symbol("test_error", r"E_{test}", "E_{test}", "other", "error on new samples, with their noise",
           ("E_test", "E_te", "E_g", "R_test", "R_te", "L_test", "L_te")),
    Symbol("trace", r"\mathrm{tr}\,\Sigma", "tr Σ", "scale", "sum of the population eigenvalues"),
    Symbol("step_size", r"\eta", "η", "step", "step of gradient descent or SGD"),
    Symbol(
        "batch_size", "B", "B", "size",
        "samples a step; sampling is named: without-replacement, with-replacement, bernoulli",
    ),
    Symbol("at", "x", "x", "other", "the place where a law or a curve is read"),
)  # fmt: skip
