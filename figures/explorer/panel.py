"""One result of the Explorer: its knobs, its theory at every setting, and simulated dots beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Knob", "Panel", "settings", "tables"]

Array = NDArray[np.float64]
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Knob:
    """A slider: the name of the setting, its words, and the values it stops at."""

    name: str
    label: str
    values: tuple[Any, ...]
    start: int = 0


@dataclass(frozen=True)
class Panel:
    """A result: `theory` gives a curve at any setting from the solvers, `dots` a simulation apart from it.

    Parameters
    ----------
    name, title, claim : str
        For links, for readers, and the claim that holds the theory to its simulation.
    formula : str
        LaTeX of what is drawn.
    says : str
        What to try, in two sentences.
    x, y : str
        Labels of the axes.
    knobs : tuple of Knob
    theory : callable
        Setting to (x, y), at least 60 points.
    dots : callable
        Generator and setting to (x, mean, two standard errors, or None where a dot is one number).
    logs : str
        Which axes are logarithmic: ``""``, ``"x"``, ``"y"`` or ``"xy"``.
    """

    name: str
    title: str
    claim: str
    formula: str
    says: str
    x: str
    y: str
    knobs: tuple[Knob, ...]
    theory: Callable[[Values], tuple[Array, Array]]
    dots: Callable[[np.random.Generator, Values], tuple[Array, Array, Array | None]]
    logs: str = field(default="x", kw_only=True)


def settings(panel: Panel) -> Iterator[tuple[tuple[int, ...], dict[str, Any]]]:
    """Every combination of values of the knobs, with its indices."""
    for index in product(*(range(len(knob.values)) for knob in panel.knobs)):
        yield index, {knob.name: knob.values[i] for knob, i in zip(panel.knobs, index, strict=True)}


def tables(panel: Panel, seed: int = 0) -> dict[str, Any]:
    """What the page holds of a result: curves and dots at every setting, to six digits."""
    cells = {}
    for index, values in settings(panel):
        x, y = panel.theory(values)
        at, mean, bar = panel.dots(np.random.default_rng([seed, *index]), values)
        cells[",".join(map(str, index))] = {
            "x": _short(x), "y": _short(y), "at": _short(at), "mean": _short(mean),
            "bar": None if bar is None else _short(bar),
        }  # fmt: skip
    knobs = [{"name": k.name, "values": list(k.values)} for k in panel.knobs]
    return {"name": panel.name, "logs": panel.logs, "knobs": knobs, "cells": cells}


def _short(values: Any) -> list[float | None]:
    """Six digits; what is not finite is a gap of the line."""
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in np.asarray(values, dtype=float)]
