"""How `check` ends with a formula, without its simulation."""

from solvable import check


def outcome(formula: str, claim: str, latex: bool = True) -> str:
    """Verdict, or that it is refused in a sentence."""
    try:
        return check(formula, claim, latex=latex, budget=0).outcome.value
    except ValueError:
        return "refused"
