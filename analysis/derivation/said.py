"""What an author says of a letter in words, mu is the separation: the quantity of the claim that has this name."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from solvable.analysis.derivation.latex_meanings import refuse_other_meanings
from solvable.analysis.derivation.latex_words import A_SHARE, SAID
from solvable.analysis.derivation.notation import Reading
from solvable.analysis.derivation.spellings import in_known
from solvable.analysis.verification.claim import Claim
from solvable.solvers.validate import refuse

__all__ = ["with_named_quantities"]

_SPOKEN = re.compile(rf"{SAID}(\w+)")
_OF_WHAT = re.compile(r"of(?:the|our|this|its)?(?:kernel|interpolant|data|problem|model|network|design|sample|law)")


def with_named_quantities(reading: Reading, text: str, claim: Claim | None, known: set[str]) -> Reading:
    """Return the reading with the claim's names in place of such words; words of a known letter say nothing new.

    Raises
    ------
    ValueError
        Where the words name no quantity of the claim, and the letter is none either.
    """
    if claim is not None:
        refuse_other_meanings(text, known, lambda name: in_known(claim, name, known))
        if reading.words[1].startswith(A_SHARE):
            _refuse_share(reading.words[1].removeprefix(A_SHARE), text, claim)
            reading = dataclasses.replace(reading, words=(reading.words[0], ""))
    definitions: dict[str, Any] = {}
    for name, value in reading.definitions.items():
        said = _SPOKEN.fullmatch(str(value))
        if said is None:
            definitions[name] = value if name.strip() else _product_of(value, text, known)
            continue
        named = _named(said[1], known)
        if len(named) == 1:
            definitions[name] = value.func(named[0], positive=True)
        elif claim is not None and not in_known(claim, name, known):
            why = f"{name} is said to be what none of the claim's quantities is called: {', '.join(sorted(known))}"
            raise refuse("formula", text, why)
    return dataclasses.replace(reading, definitions=definitions)


def _named(said: str, known: set[str]) -> list[str]:
    """Quantities that words name; what they are of adds nothing where one quantity alone holds the noun."""
    noun = re.sub(r"^(?:total)?numberof(?:the)?", "", said)
    plain = {name: name.replace("_", "").lower() for name in known}
    named = [name for name, word in plain.items() if word == noun]
    named = named or [name for name, word in plain.items() if f"{word}power" == noun]
    whole = _OF_WHAT.search(noun)
    if named or whole is None or whole.end() != len(noun):
        return named
    named = [name for name, word in plain.items() if noun[: whole.start()] in word]
    return named if len(named) == 1 and plain[named[0]] == noun[: whole.start()] else []


def _product_of(residual: Any, text: str, known: set[str]) -> Any:
    r"""Put the quantity in an equation that words make of a product: \kappa^2 b the unlearned power."""
    for symbol in getattr(residual, "free_symbols", ()):
        said = _SPOKEN.fullmatch(str(symbol))
        if said is None:
            continue
        named = _named(said[1], known)
        if len(named) != 1:
            why = f"a product is said to be what none of the claim's quantities is called: {', '.join(sorted(known))}"
            raise refuse("formula", text, why)
        residual = residual.xreplace({symbol: symbol.func(named[0], positive=True)})
    return residual


def _refuse_share(whole: str, text: str, claim: Claim) -> None:
    """Refuse "a fraction .. of the noise" where the claim's statement speaks of no share of that."""
    said = claim.statement.lower()
    nouns = re.findall(r"[a-z]{4,}", whole)
    if not re.search(r"\b(?:share|fraction|proportion)\b", said) or not nouns or any(n[:5] not in said for n in nouns):
        raise refuse(
            "formula", text, f"a share of {whole} is stated, and the claim speaks of none: give the formula alone"
        )
