"""Where and how often a user asks: the seed, the budget of draws, and the cells from ``at=``."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from solvable.solvers.validate import as_kind, as_nonnegative, as_scalar, as_seed, as_whole, refuse

__all__ = ["draws_at_most", "given", "places_asked", "seed_of"]


def seed_of(rng: Any) -> int:
    """Whole number from what a user gives as rng."""
    if rng is None:
        return 0
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**31))
    if isinstance(rng, np.random.SeedSequence):
        return int(rng.generate_state(1)[0])
    return as_seed("rng", rng)


def draws_at_most(value: Any) -> int:
    """Draws for each cell and size at most; 0 skips the simulation."""
    return as_whole("budget", value) if as_scalar("budget", value, as_nonnegative) > 0 else 0


def places_asked(at: Any, base: dict[str, Any]) -> list[dict[str, Any]]:
    """Cells from a list of them, or from one mapping whose lists are multiplied out."""
    if at is None:
        return []
    allowed = "it must be a mapping from parameters to values, or a list of them"
    if not isinstance(at, Mapping):
        cells = [as_kind("at", cell, Mapping, allowed) for cell in as_kind("at", at, list | tuple, allowed)]
        if not cells:
            raise refuse("at", at, "it names no place")
        _refuse_unknown(set().union(*cells), base)
        return [
            {**base, **{name: _like(base.get(name), name, value) for name, value in cell.items()}} for cell in cells
        ]
    if base.get("noise_variance") == 1 and "noise_variance" not in at:
        base = {**base, "noise_variance": 0.7}  # at 1 the deviation and the variance coincide
    lists = {name: value if isinstance(value, list | tuple | np.ndarray) else [value] for name, value in at.items()}
    empty = [name for name, values in lists.items() if not len(values)]
    if empty:
        raise refuse(f"at[{empty[0]!r}]", at[empty[0]], "it names no value")
    _refuse_unknown(set(lists), base)
    plain = [[_like(base.get(name), name, value) for value in values] for name, values in lists.items()]
    return [{**base, **dict(zip(lists, values, strict=True))} for values in itertools.product(*plain)]


def _refuse_unknown(names: set[str], base: Mapping[str, Any]) -> None:
    unknown = names - set(base) if base else set()
    if unknown:
        raise refuse("at", min(unknown, key=str), f"the claim's parameters are {', '.join(base)}")


def given(at: Any) -> frozenset[str]:
    """Names of the parameters that the user fixed."""
    return frozenset(at if isinstance(at, Mapping) else itertools.chain.from_iterable(at or ()))


def _like(old: Any, name: str, value: Any) -> Any:
    """Plain number of the type the claim uses: its experiments count in whole numbers."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(old, int | float) and not (isinstance(value, int | float) and value == value):  # NaN is none
        raise refuse(f"at[{name!r}]", value, "the claim wants a number")
    if isinstance(old, int) and isinstance(value, float):
        if not value.is_integer():
            raise refuse(f"at[{name!r}]", value, "the claim wants a whole number")
        return int(value)
    return float(value) if isinstance(old, float) and isinstance(value, int) else value
