"""What an author's name may be in the names of a claim: usual spellings, squares in one word, norms in plain text."""

from __future__ import annotations

import functools
import re
from typing import Any

from solvable.analysis.derivation.latex import plain_from_latex
from solvable.analysis.derivation.notation import parse
from solvable.analysis.verification.claim import Claim
from solvable.analysis.writing.conventions import translations, written_symbols

__all__ = ["in_known"]

_NOISES = ("epsilon", "eps", "varepsilon", "xi", "e", "noise", "eta", "n", "w", "y", "z")  # letters of label noise
_SPELLED = {
    "ell": ("l",), "l": ("ell",), "b": ("B",), "batch": ("batch_size",), "bs": ("batch_size",), "n_samples": ("n",),
    "num_samples": ("n",), "n_train": ("n",), "n_features": ("d",), "dim": ("d",), "n_dim": ("d",),
    "lr": ("step_size",), "learning_rate": ("step_size",), "noise_var": ("noise_variance",), "sigma_squared":
    ("noise_variance",),
    "sigmasq": ("noise_variance",), "s2": ("noise_variance",), "beta_norm2": ("signal",), "signal_power": ("signal",),
    "lambd": ("lam",), "lamb": ("lam",), "lmbda": ("lam",), "n_classes": ("classes",), "num_classes": ("classes",),
    "n_steps": ("steps",), "num_steps": ("steps",), "SNR": ("snr",),
    "phi": ("varphi",), "varphi": ("phi",), "epsilon": ("varepsilon",), "varepsilon": ("epsilon",),
}  # fmt: skip
_SQUARE = re.compile(r"((?:sigma|tau)(?:_\w+?)?)(?:2|_?sq|_?squared)")


def in_known(claim: Claim, name: str, known: set[str]) -> list[str]:
    """What an author's name may be in names that are known, as it stands or else in a usual spelling of it."""
    for word in (name, *_spellings(name)):
        found = [text for text in translations(claim, word) if {str(s) for s in parse(text).free_symbols} <= known]
        if word in known:
            found.insert(0, word)
        found += [] if found else _of_another_form(claim, word, known)
        if found:  # a quantity of the claim's own before one that is made of others
            return sorted(found, key=lambda text: text not in known)
    return []


def _spellings(name: str) -> tuple[str, ...]:
    """Other spellings of a name that means the same wherever the claim has no such name of its own."""
    stem, _, index = name.partition("_")
    if stem in ("sigma", "tau") and index in _NOISES:
        return (stem,)
    if stem in ("sigma2", "sigmasq") and index in _NOISES:
        return ("sigma2",)
    return _SPELLED.get(name, ())


def _of_another_form(claim: Claim, name: str, known: set[str]) -> list[str]:
    """What sigma2 is where sigma is known, and norm2_x where a quantity is written as a squared norm of x."""
    square = _SQUARE.fullmatch(name)
    if square is not None:
        return [f"({text})**2" for text in in_known(claim, square[1], known)]
    if not name.startswith("norm2_"):
        return _within_a_symbol(claim, name, known)
    for own, latex in written_symbols(claim).items():
        plain = {re.sub(r"[\\{} ]", "", text).replace("boldsymbol", "") for text in latex}
        if own in known and f"|{name.removeprefix('norm2_')}|^2" in plain:
            return [own]
        if own in known and f"|{name.removeprefix('norm2_')}|" in plain:
            return [f"{own}**2"]
    return []


def _within_a_symbol(claim: Claim, name: str, known: set[str]) -> list[str]:
    r"""What n is where the claim writes a quantity of its own as \tfrac nd, and knows d; or alpha, of \ln(1/\alpha)."""
    import sympy as sp

    for own, latex in written_symbols(claim).items():
        for expression in map(_as_expression, latex) if own in known else ():
            if expression is None or name not in {str(s) for s in expression.free_symbols}:
                continue
            others = {s: str(s) if str(s) in known else next(iter(translations(claim, str(s))), "")
                      for s in expression.free_symbols if str(s) != name}  # fmt: skip
            others = {s: parse(text) if text else sp.nan for s, text in others.items()}
            equation = expression.xreplace(others) - sp.Symbol(own, positive=True)
            if {str(s) for s in equation.free_symbols} - {name} <= known and not equation.has(sp.nan):
                solved = sp.solve(equation, sp.Symbol(name, positive=True))
                return [str(solved[0])] if len(solved) == 1 else []
    return []


@functools.cache
def _as_expression(latex: str) -> Any:
    """A symbol that is written as a formula of others, as a formula; None where it is a name."""
    if not any(mark in latex for mark in ("/", r"frac", r"\ln", r"\log")) or r"\|" in latex or "^{T}" in latex:
        return None  # norms and forms have no value here
    try:
        found = parse(plain_from_latex(latex).formula)
    except ValueError:
        return None
    return found if found.is_Pow or found.is_Mul or found.is_Function else None
