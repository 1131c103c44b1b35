"""Specification files: a sweep in TOML, to be read by people and kept beside a paper."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.sweeping.specification import Specification
from solvable.solvers.validate import as_scalar, as_whole, refuse

__all__ = ["SpecFile", "read", "thin"]

Announce = Callable[[str], None]
_KEYS = {"function", "grid", "draws", "seed", "together", "fixed", "outputs", "units", "source", "chunk"}
_AXIS = {"low", "high", "count", "scale", "whole"}


@dataclass(frozen=True)
class SpecFile:
    """What a file says: the specification, and what its numbers do not depend on."""

    specification: Specification
    units: dict[str, str]
    source: str
    chunk: int | None


def _function(text: Any, folder: Path, trust: bool, announce: Announce) -> Any:
    module, colon, name = text.partition(":") if isinstance(text, str) else ("", "", "")
    if not (colon and module and name):
        raise refuse("function", text, "write module:name")
    if str(folder) not in sys.path:  # a module beside the file
        sys.path.append(str(folder))
    place = _place(text, module, trust)
    announce(f"runs {name} of {module}, {place}")
    try:
        function = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        raise refuse("function", text, f"there is no module {error.name}") from None
    except AttributeError:
        raise refuse("function", text, f"{module} has no {name}") from None
    home = getattr(function, "__module__", None) or module
    if home.partition(".")[0] != module.partition(".")[0]:  # such as shutil.rmtree, imported into an honest module
        _place(text, home, trust)
    return function


def _place(text: str, module: str, trust: bool) -> str:
    """Return the file of a module, found without running it; refused where nobody put it to be run from here."""
    top = module.partition(".")[0]
    if not trust and top in sys.stdlib_module_names:
        raise refuse("function", text, f"{top} belongs to Python; if it shall run, pass --trust")
    place = ""
    for depth in range(module.count(".") + 1):
        part = ".".join(module.split(".")[: depth + 1])
        try:
            spec = importlib.util.find_spec(part)  # runs the packages around it, whose places were allowed before
        except (ImportError, AttributeError, ValueError):
            spec = None
        if spec is None:
            raise refuse("function", text, f"there is no module {part}")
        folders = list(spec.submodule_search_locations or ())
        place = spec.origin if spec.has_location and spec.origin else next(iter(folders), "of Python")
        for file in dict.fromkeys([place, *folders]) if top != "solvable" else ():
            inside = Path(file).resolve().is_relative_to(Path.cwd())
            if not trust and not inside and not _installed(file):
                allowed = "lies outside the working directory and belongs to no installed package"
                raise refuse("function", text, f"{file} {allowed}; read it, and if it shall run, pass --trust")
    return place


def _installed(file: str) -> bool:
    return bool({"site-packages", "dist-packages"} & set(Path(file).resolve().parts))


def _axis(name: str, value: Any) -> Any:
    """A list as it is, or low, high and count, on a linear or log scale, rounded where whole."""
    if not isinstance(value, dict):
        return value
    if unknown := set(value) - _AXIS:
        raise refuse(f"grid.{name}", value, f"{sorted(unknown)[0]} is none of {', '.join(sorted(_AXIS))}")
    if missing := {"low", "high", "count"} - set(value):
        raise refuse(f"grid.{name}", value, f"{sorted(missing)[0]} is missing")
    low, high = (as_scalar(f"grid.{name}.{end}", value[end]) for end in ("low", "high"))
    count, scale = as_whole(f"grid.{name}.count", value["count"]), value.get("scale", "linear")
    if scale not in ("linear", "log") or (scale == "log" and min(low, high) <= 0):
        raise refuse(f"grid.{name}.scale", scale, "it must be linear, or log with positive ends")
    points: NDArray[Any] = (np.linspace if scale == "linear" else np.geomspace)(low, high, count)
    return np.unique(np.round(points).astype(int)) if value.get("whole", False) else points


def read(path: str | Path, trust: bool = True, announce: Announce = lambda line: None) -> SpecFile:
    """Read a specification file; every mistake in it is one sentence.

    The function that it names is imported, which runs its module: `announce` gets a line with its place before that.
    Without `trust` its module must lie in the working directory or belong to an installed package.
    """
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text())
    except OSError as error:
        raise refuse("spec", str(path), f"it cannot be read ({error.strerror})") from None
    except tomllib.TOMLDecodeError as error:
        raise refuse("spec", str(path), f"it is not TOML ({error})") from None
    if unknown := set(content) - _KEYS:
        raise refuse("spec", str(path), f"{sorted(unknown)[0]} is none of {', '.join(sorted(_KEYS))}")
    if missing := {"function", "grid"} - set(content):
        raise refuse("spec", str(path), f"{sorted(missing)[0]} is missing")
    specification = Specification(
        _function(content["function"], path.resolve().parent, trust, announce),
        {name: _axis(name, value) for name, value in content["grid"].items()},
        content.get("draws"),
        content.get("seed", 0),
        tuple(content.get("together", ())),
        content.get("fixed", {}),
        tuple(content.get("outputs", ())),
    )
    return SpecFile(specification, content.get("units", {}), content.get("source", ""), content.get("chunk"))


def thin(
    specification: Specification, every: int = 1, draws: int | None = None, seed: int | None = None
) -> Specification:
    """Keep one value in `every` of the axes that cost calls, with other draws or another seed where given."""
    grid = dict(specification.grid)
    for name in grid:
        if name not in specification.together:
            values = specification.axes[name]
            grid[name] = values[(min(every, values.size) - 1) // 2 :: every]  # middles: the usual cost on average
    if draws is not None and specification.draws is None:
        raise refuse("draws", draws, "this sweep has no draws")
    return replace(
        specification,
        grid=grid,
        draws=specification.draws if draws is None else draws,
        seed=specification.seed if seed is None else seed,
    )
