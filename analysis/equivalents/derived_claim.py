"""A derived equivalent and the simulation of its expression as a claim, which `verify` and `check` take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from inspect import signature
from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.equivalents.degrees_of_freedom import formula_and_quantities
from solvable.analysis.equivalents.sampling import sample
from solvable.analysis.verification.claim import Claim, Kind, Source
from solvable.solvers.equivalents.matrix_values import Cell, dimensions_of
from solvable.solvers.equivalents.trace_expression import Trace
from solvable.solvers.validate import as_kind, as_whole, refuse

if TYPE_CHECKING:
    from solvable.analysis.equivalents.deriving import Derivation

__all__ = ["claim_of"]


def claim_of(
    r: Derivation,
    name: str,
    size: str | None,
    start: int | None,
    tolerance: float,
    experiment: Callable[..., float] | None,
    symbols: bool,
) -> Claim:
    """Return the claim; the arguments are those of `Derivation.claim`."""
    size = next(iter(dimensions_of(r.trace))) if size is None else as_kind("size", size, str, "it must be text")
    spaces = dimensions_of(r.trace)
    if size not in spaces:
        raise refuse("size", size, f"it must be one of the spaces {', '.join(spaces)}")
    base = r._single()
    sizes = {key: base[key] for key in dimensions_of(r.trace)}
    scalars = {key: value for key, value in base.items() if key not in sizes}
    first = as_whole(size, base[size]) if start is None else as_whole("start", start)

    def at(**parameters: Any) -> dict[str, Any]:
        factor = float(parameters[size]) / base[size]
        grown = {key: _grown(r.trace, key, value, factor) for key, value in sizes.items()}
        return {**{key: float(parameters[key]) for key in scalars}, **grown, size: parameters[size]}

    def cell(**parameters: Any) -> Cell:
        return r._cell(at(**parameters))

    def predict(**parameters: Any) -> float:
        value = float(replace(r, at=at(**parameters), on_failure="raise").value)
        if not np.isfinite(value):
            raise refuse("value", value, f"a claim needs a finite one at {parameters}")
        return value

    def measure(rng: np.random.Generator, **parameters: Any) -> float:
        return sample(r.trace, cell(**parameters), rng)

    if experiment is not None:
        _check_call(experiment, [size, *scalars])

    as_kind("symbols", symbols, bool, "it must be True or False")
    precise = formula_and_quantities(r.trace, r.equations) if symbols else None

    def quantities(**parameters: Any) -> dict[str, Any]:
        here = cell(**parameters)
        sizes = {key: value for key, value in here.sizes.items() if key != size}
        return sizes if precise is None else {**sizes, **precise[1](here)}

    return Claim(
        name,
        "The derived deterministic equivalent is the limit of the simulated expression.",
        source=Source("derived", "by solvable.derive"),
        kind=Kind.ASYMPTOTIC,
        predict=predict,
        measure=measure if experiment is None else experiment,
        grid=[{size: first, **scalars}],
        formula=None if precise is None else precise[0],
        quantities=quantities,
        size=size,
        tolerance=tolerance,
        assumptions="Sizes grow in proportion; the relative error is O(1/size).",
    )


def _check_call(experiment: Callable[..., float], names: list[str]) -> None:
    """Refuse what cannot be called with the parameters of the claim."""
    as_kind("experiment", experiment, Callable, "it must be callable")
    try:
        signature(experiment).bind(None, **dict.fromkeys(names))
    except TypeError:
        raise refuse("experiment", experiment, f"it is called with rng and, by name, {', '.join(names)}") from None


def _grown(trace: Trace, name: str, value: float, factor: float) -> float:
    """Dimension in proportion, whole unless its space has multiplicities, which scale as they are."""
    space = dimensions_of(trace)[name]
    return value * factor if space.multiplicities is not None else float(max(1, round(value * factor)))
