"""What an author's name may be in the names of a claim: usual spellings, squares in one word, norms in plain text."""

from __future__ import annotations

import re

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
        return []
    for own, latex in written_symbols(claim).items():
        plain = {re.sub(r"[\\{} ]", "", text).replace("boldsymbol", "") for text in latex}
        if own in known and f"|{name.removeprefix('norm2_')}|^2" in plain:
            return [own]
        if own in known and f"|{name.removeprefix('norm2_')}|" in plain:
            return [f"{own}**2"]
    return []
