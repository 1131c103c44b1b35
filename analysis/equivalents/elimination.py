"""Unknowns of equations in traces, eliminated: explicit ones, effective ridges, the ridge, those that enter linearly.

A system has `equations` (unknown = right-hand side), a `value`, both as `everything`, `steps` in sentences, the symbols
of diagonal matrices and `substitute`.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from solvable.analysis.equivalents.symbols_of_traces import Tr, cancelled, canonical, opaque, substituted, tidy, unused

__all__ = ["explicit", "linear", "name_ridges", "ridge_first"]


def explicit(system: Any) -> None:
    """Substitute unknowns that are functions of others without a trace."""
    while len(system.equations) > 1:
        free = [t for t, e in system.equations.items() if not e.has(Tr) and not e.has(t)]
        if not free:
            return
        t = min(free, key=lambda s: (system.equations[s].count_ops(), str(s)))
        right = system.equations[t]
        system.steps.append(f"{t} = {right}, substituted.")
        system.substitute(t, right)


def name_ridges(system: Any) -> list[Any]:
    """Linear factors a s + b of denominators give kappa = b/a, in place of the unknown in it."""
    kappas: list[Any] = []
    for t in list(system.equations):
        found = set()
        for trace in system.everything.atoms(Tr):
            for factor, _ in sp.factor_list(sp.denom(sp.together(trace.args[0])))[1]:
                own = factor.free_symbols & system.diagonal
                if len(own) == 1 and t in factor.free_symbols:
                    poly = sp.Poly(factor, *own)
                    if poly.degree() == 1 and poly.coeff_monomial(1) != 0:
                        found.add(sp.factor(poly.coeff_monomial(1) / poly.LC()))
        for k in sorted(found, key=lambda k: (k.count_ops(), str(k))):
            stem = unused("kappa", system.taken)
            kappa = sp.Symbol(stem if not kappas else f"{stem}_{len(kappas) + 1}", positive=True)
            poly = sp.Poly(sp.numer(sp.together(k - kappa)), t)
            if poly.degree() != 1:
                continue
            root = -poly.coeff_monomial(1) / poly.coeff_monomial(t)
            equation = system.equations[t] - t
            system.steps.append(f"{kappa} = {k} is the effective ridge.")
            system.start[kappa] = float(k.subs(system.start).subs(system.numbers))
            system.substitute(t, root)
            system.equations[kappa] = tidy(substituted(equation, t, root, system.diagonal)) + kappa
            kappas.append(kappa)
            break
    return kappas


def ridge_first(system: Any, kappas: list[Any], names: list[str]) -> None:
    """Put a ridge that the equation of the one effective ridge gives everywhere else: what is left is simpler."""
    if len(kappas) != 1:
        return
    (kappa,) = kappas
    plain, back = opaque(cancelled(system.equations[kappa] - kappa))
    numerator = sp.numer(plain)
    for lam in (sp.Symbol(name, positive=True) for name in names):
        poly = sp.Poly(numerator, lam)
        if poly.degree() != 1 or any(lam in trace.free_symbols for trace in back.values()):
            continue
        right = sp.factor(-poly.coeff_monomial(1) / poly.coeff_monomial(lam)).xreplace(back)
        system.steps.append(f"{lam} = {right}, put everywhere else.")
        system.substitute(lam, right)
        system.equations[kappa] = kappa + right - lam
        return


def linear(system: Any, kappas: list[Any]) -> None:
    """Solve for unknowns that sit in no trace and enter their own equation linearly, those of few others first."""
    *equations, system.value = map(cancelled, canonical(system.everything, kappas, system.diagonal))
    system.equations = dict(zip(system.equations, equations, strict=True))
    while True:
        inside = set().union(*(trace.args[0].free_symbols for trace in system.everything.atoms(Tr)))
        todo = [t for t in system.equations if t not in kappas and t not in inside]
        unknowns = set(system.equations)
        for t in sorted(todo, key=lambda t: (*_burden(system.equations[t], t, unknowns), str(t))):
            right = _solved_for(t, system.equations[t])
            if right is not None:
                break
        else:
            return
        system.steps.append(f"{t} = {right}: it enters linearly.")
        touched = {u for u, e in system.equations.items() if t in e.free_symbols and u not in kappas}
        in_value = t in system.value.free_symbols
        system.substitute(t, right)
        system.equations = {u: cancelled(e) if u in touched else e for u, e in system.equations.items()}
        system.value = cancelled(system.value) if in_value else system.value


def _burden(right: Any, unknown: Any, unknowns: set[Any]) -> tuple[bool, int, int]:
    """What makes an unknown dear to eliminate: that it stands in its own equation, others in it, its length."""
    free = right.free_symbols
    return unknown in free, len(free & unknowns), right.count_ops()


def _solved_for(unknown: Any, right: Any) -> Any:
    """Return the root of an equation that has its unknown linearly, or None."""
    plain, back = opaque(cancelled(right - unknown))
    poly = sp.Poly(sp.numer(plain), unknown)
    if poly.degree() != 1:
        return None
    return sp.factor(-poly.coeff_monomial(1) / poly.coeff_monomial(unknown)).xreplace(back)
