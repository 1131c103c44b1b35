"""What an expression in the claim's names may not hold: functions that nobody knows, matrices, nested integrals."""

from __future__ import annotations

from typing import Any

from solvable.analysis.derivation.given import MODES
from solvable.analysis.derivation.operators import is_operator
from solvable.analysis.derivation.special_functions import has_values
from solvable.analysis.verification.claim import Claim
from solvable.solvers.validate import refuse

__all__ = ["refuse_matrices", "refuse_nested_integrals", "refuse_other_laws", "refuse_unknown_functions",
           "without_modes"]  # fmt: skip


def refuse_unknown_functions(expression: Any, text: str) -> None:
    """Refuse what a sympy expression may hold and no number can be given for."""
    import sympy as sp
    from sympy.core.function import AppliedUndef

    if expression.has(sp.I, sp.AccumBounds):
        raise refuse("formula", text, "it is no real number")
    for applied in expression.atoms(AppliedUndef):
        name = applied.func.__name__
        if name not in ("value", "derivative", "hyp1f1", "hyp2f1") and not is_operator(applied):
            raise refuse("formula", text, f"the function {name!r} is unknown")
    known = lambda f: has_values(f.func.__name__) and all(isinstance(part, sp.Expr) for part in f.args)  # noqa: E731
    functions = expression.atoms(sp.Function) - expression.atoms(AppliedUndef, sp.Piecewise)
    others = expression.atoms(sp.Order, sp.Subs, sp.polys.rootoftools.ComplexRootOf)
    for part in (*others, *(f for f in functions if not known(f))):
        raise refuse("formula", text, f"{part.func.__name__} of sympy is not evaluated: write it out, or as a function")


def refuse_nested_integrals(expression: Any, text: str) -> None:
    """Refuse an integral whose integrand holds one that follows its variable; a smooth one in it is taken."""
    import sympy as sp

    bent = (sp.Max, sp.Min, sp.Abs, sp.sign, sp.Heaviside, sp.Piecewise)

    def integrals(part: Any) -> list[Any]:
        means = [a for a in part.atoms(sp.Function) if a.func.__name__ in ("mp_mean", "gauss_mean", "plane_mean")]
        return [*part.atoms(sp.Integral), *means]

    def smooth(part: Any) -> bool:
        if part.func.__name__ not in ("gauss_mean", "Integral"):
            return False
        within = part.function if isinstance(part, sp.Integral) else part.args[0].expr
        return not within.has(*bent) and not integrals(within)

    for node in integrals(expression):
        bound = set(node.variables if isinstance(node, sp.Integral) else node.args[0].variables)
        body = node.function if isinstance(node, sp.Integral) else node.args[0].expr
        inner = [part for part in integrals(body) if part.free_symbols & bound]
        twice = len(node.limits) - 1 if isinstance(node, sp.Integral) else 0
        if twice > 1 or (twice and not smooth(node)) or not all(smooth(part) for part in inner):
            why = "an integral within an integral is not evaluated where the inner one bends: write it out"
            raise refuse("formula", text, why)


def refuse_matrices(expression: Any, text: str) -> None:
    """Refuse a matrix of a user's own sympy expression."""
    if any(getattr(part, "is_Matrix", False) for part in expression.args) or getattr(expression, "is_Matrix", False):
        raise refuse("formula", text, "vectors and matrices are not compared: write the formula in numbers")


def refuse_other_laws(claim: Claim | None, known: set[str] | None, text: str) -> None:
    """Refuse a mean under the Marchenko-Pastur law where the design has another, or no ratio d/n."""
    if claim is None or known is None:
        return
    laws = sorted({str(cell.get("covariance", "isotropic")) for cell in claim.grid} - {"isotropic"})
    why = "a mean over x is under the Marchenko-Pastur law of ratio gamma"
    if laws:
        asked = "sum over its modes, or set covariance=isotropic"
        raise refuse("formula", text, f"{why}, and {claim.name} has the covariance {', '.join(laws)}: {asked}")
    if "gamma" not in known:
        raise refuse("formula", text, f"{why}, which {claim.name} does not have")


def without_modes(missing: KeyError, text: str) -> ValueError:
    """Refusal of a sum over what the claim does not have, or of a value of a name that has none there."""
    why = {
        "_target": "it sums coefficients of a target, and the claim has none",
        "_singular": "it sums singular values, and the claim has eigenvalues: write s_i for them",
        MODES: "the claim has no spectrum to sum over: give spectrum=",
    }.get(missing.args[0], f"a value of {missing.args[0]} is not known where it is needed: write it out")
    return refuse("formula", text, why)
