"""Results over a grid that know it: arguments kept beside them, named dimensions, a labelled data set, a picture.

Arguments with names of their own (an xarray array, a pandas series with an index) are broadcast by those names, or
refused where another argument has no names to be matched with.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeVar

import numpy as np

from solvable.solvers.validate import as_choice, as_kind, refuse

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["LABELS", "Grid", "OnGrid", "draw_grid", "gridded", "labelled_grid"]

P = ParamSpec("P")
R = TypeVar("R")
_MOST_LINES = 12
_WIDE = 30.0  # values whose ratio is larger stand on a logarithmic axis

# How an axis is labelled: the words of the table of conventions, which the tests compare.
LABELS = {
    "n": "samples $n$",
    "d": "input dimension $d$",
    "k": "features $k$",
    "ridge": r"ridge $\delta$ (un-normalised)",
    "noise_variance": r"label noise $\sigma^2$",
    "step_size": r"step size $\eta$",
    "steps": "steps $t$",
    "test": "test error (with label noise)",
    "train": "training error",
    "excess": "excess error",
    "effective_ridge": r"effective ridge $\kappa$",
    "df1": r"degrees of freedom $\mathrm{df}_1$",
    "df2": r"degrees of freedom $\mathrm{df}_2$",
}


@dataclass(frozen=True)
class Grid:
    """Arguments of a call by name, and the names of the dimensions with their coordinates where they had some."""

    function: str
    arguments: Mapping[str, Any]
    dims: tuple[str, ...] | None = None
    coordinates: Mapping[str, Any] | None = None


class OnGrid:
    """What a result over the grid of its arguments can do besides: name them, label itself, draw itself."""

    _derived: ClassVar[tuple[str, ...]] = ()  # properties that are shown like fields

    def __getattr__(self, name: str) -> Any:
        """Return an argument that the result was computed for."""
        grid = self.__dict__.get("_grid")
        if grid is None or name not in grid.arguments:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        return np.asarray(grid.arguments[name])

    def to_dataset(self) -> Any:
        """Return an xarray data set: fields as variables, arguments as dimensions and coordinates.

        An argument that has the name of a field with other values is called ``given_<name>``.

        Examples
        --------
        >>> from solvable.solvers import Spectrum, effective_ridge
        >>> kappa = effective_ridge(Spectrum.isotropic(200), n=[[100], [400]], ridge=[0.1, 1.0, 10.0])
        >>> dict(kappa.to_dataset().sizes)
        {'n': 2, 'ridge': 3}
        """
        return labelled_grid(self)

    def plot(self, x: str | None = None, y: str | None = None, axes: Any = None) -> Any:
        """Draw one field against one argument, a line for each value of the others.

        Parameters
        ----------
        x : str, optional
            The argument on the horizontal axis; needed where several vary.
        y : str, optional
            The field, such as ``"train"`` or ``"excess"`` of a risk; the first by default.
        axes : matplotlib.axes.Axes, optional
            Where to draw; new ones by default.

        Returns
        -------
        matplotlib.axes.Axes
            With labels and, for several lines, a legend.

        Examples
        --------
        >>> from solvable.solvers import Spectrum, effective_ridge
        >>> kappa = effective_ridge(Spectrum.isotropic(200), n=[[100], [400]], ridge=[0.1, 1.0, 10.0])
        >>> axes = kappa.plot(x="n")  # doctest: +SKIP
        """
        return draw_grid(self, x, y, axes)


def _has_names(value: Any) -> bool:
    """Whether a value has dimensions with names: an xarray array, or a series with an index that says something."""
    kind = type(value).__module__.partition(".")[0]
    if kind == "xarray" and "xarray" in sys.modules:
        # xarray's own say nothing
        return any(dim != f"dim_{axis}" for axis, dim in enumerate(getattr(value, "dims", ())))
    if kind == "pandas" and "pandas" in sys.modules and hasattr(value, "to_xarray"):
        plain = type(value.index).__name__ == "RangeIndex" and value.index.name is None
        return value.ndim == 1 and not plain
    return False


def _by_name(given: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...], dict[str, Any]]:
    """Arrays with the same axes in the same order, the names of the axes, and their coordinates."""
    import xarray as xr

    named = {name: value for name, value in given.items() if _has_names(value)}
    plain = {name: value for name, value in given.items() if name not in named}
    for name, value in plain.items():
        if np.ndim(value):
            allowed = f"{', '.join(named)} has named dimensions: name its dimensions too, or give plain arrays alone"
            raise refuse(f"{name}.shape", np.shape(value), allowed)
    arrays = [value if isinstance(value, xr.DataArray) else value.to_xarray() for value in named.values()]
    try:
        whole = xr.broadcast(*xr.align(*arrays, join="exact", copy=False))[0]
    except ValueError:
        dims = tuple(array.dims for array in arrays)
        allowed = "dimensions of one name must have the same coordinates"
        raise refuse(f"{', '.join(named)} dimensions", dims, allowed) from None
    values = {}
    for name, array in zip(named, arrays, strict=True):
        own = array.transpose(*(dim for dim in whole.dims if dim in array.dims))
        values[name] = own.values.reshape([array.sizes.get(dim, 1) for dim in whole.dims])
    coordinates = {str(dim): whole.coords[dim].values for dim in whole.dims if dim in whole.coords}
    return {**plain, **values}, tuple(map(str, whole.dims)), coordinates


def gridded(*names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function of a grid: the named arguments broadcast by name, and the risk keeps them, read-only."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        defaults = {name: signature.parameters[name].default for name in names}

        @wraps(function)
        def on_grid(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = signature.bind(*args, **kwargs).arguments
            given = {name: bound.get(name, defaults[name]) for name in names}
            given = {name: value for name, value in given.items() if value is not None}
            labels: tuple[Any, Any] = (None, None)
            if any(map(_has_names, given.values())):
                given, *labels = _by_name(given)  # type: ignore[assignment]
                inside = {**bound, **given}
                result = function(**inside)  # type: ignore[call-arg]
            else:
                result = function(*args, **kwargs)
            arguments = {name: np.array(value, dtype=np.float64) for name, value in given.items()}
            for array in arguments.values():
                array.flags.writeable = False
            object.__setattr__(result, "_grid", Grid(function.__name__, arguments, *labels))
            return result

        on_grid.over = names  # type: ignore[attr-defined]  # read by the tests of all functions of a grid
        return on_grid

    return decorate


def _axes_of(shape: tuple[int, ...], grid: Grid) -> tuple[list[str], dict[str, Any]]:
    """Names of the axes, and coordinates: an axis has the name of the first argument that varies along it alone."""
    if grid.dims is not None and len(grid.dims) == len(shape):
        dims, coordinates = list(grid.dims), dict(grid.coordinates or {})
    else:
        dims, coordinates = [f"axis_{axis}" for axis in range(len(shape))], {}
    free = set(range(len(shape))) if grid.dims is None else set()
    for name, array in grid.arguments.items():
        offset = len(shape) - array.ndim
        along = [offset + axis for axis, size in enumerate(array.shape) if size > 1]
        if len(along) == 1 and along[0] in free:
            dims[along[0]] = name
            free.remove(along[0])
    for name, array in grid.arguments.items():
        if name in coordinates:
            continue
        offset = len(shape) - array.ndim
        along = [axis for axis in range(array.ndim) if array.shape[axis] > 1]
        coordinates[name] = ([dims[offset + axis] for axis in along], array.reshape([array.shape[a] for a in along]))
    return dims, coordinates


def labelled_grid(result: Any) -> xr.Dataset:
    """Every field of a result that lies on its grid as a variable with named dimensions."""
    import xarray as xr

    grid = _grid_of(result)
    shape = np.broadcast_shapes(*(array.shape for array in grid.arguments.values()))
    found = {name: getattr(result, name) for name in [*(f.name for f in fields(result)), *result._derived]}
    found = {name: _spread(value, shape) for name, value in found.items()}
    found = {name: value for name, value in found.items() if value is not None}
    arguments = {
        f"given_{name}" if name in found and not _same(array, found[name]) else name: array
        for name, array in grid.arguments.items()
    }
    dims, coordinates = _axes_of(shape, replace(grid, arguments=arguments))
    return xr.Dataset({n: (dims, v) for n, v in found.items() if n not in coordinates}, coordinates)


def _spread(value: Any, shape: tuple[int, ...]) -> Any:
    """A field over the whole grid; None for what is per layer or per mode, or no numbers."""
    if not isinstance(value, np.ndarray | float) or np.ndim(value) > len(shape):
        return None
    try:
        return np.array(np.broadcast_to(value, shape))
    except ValueError:
        return None


def _same(argument: Any, field: Any) -> bool:
    return bool(np.array_equal(np.broadcast_to(argument, field.shape), field))


def _grid_of(result: Any) -> Grid:
    grid = result.__dict__.get("_grid")
    if grid is None:
        raise ValueError(
            f"{type(result).__name__} = {result!r} is not allowed: it was made by hand or by a function that is not "
            "one of a grid, and does not know its arguments."
        )
    return as_kind("grid", grid, Grid, "it must be a Grid")


def draw_grid(result: Any, x: str | None, y: str | None, axes: Any) -> Any:
    """Draw one field against one argument, a line for each value of the others; return the axes."""
    data = labelled_grid(result)
    dims = [str(dim) for dim, size in data.sizes.items() if size > 1]
    if not dims:
        raise refuse("shape", tuple(data.sizes.values()), "a line needs an argument with several values")
    varying = [str(name) for name in data.coords if len(data[name].dims) == 1 and data[name].dims[0] in dims]
    x = as_choice("x", (varying[0] if len(dims) == 1 else None) if x is None else x, varying)
    names = [str(name) for name in data.data_vars]
    y = as_choice("y", names[0] if y is None else y, names)
    others = [dim for dim in dims if dim != data[x].dims[0]]
    lines = data[y].squeeze().transpose(..., data[x].dims[0])
    stacked = lines.values.reshape(-1, data.sizes[data[x].dims[0]])
    if len(stacked) > _MOST_LINES:
        allowed = f"{len(stacked)} lines cannot be told apart: at most {_MOST_LINES}; ask for fewer values"
        raise refuse(", ".join(others), tuple(data.sizes[dim] for dim in others), allowed)
    if axes is None:
        import matplotlib.pyplot as plt

        axes = plt.subplots(layout="constrained")[1]
    places = np.asarray(data[x].values, dtype=float)
    order = np.argsort(places, kind="stable")
    for row, cell in zip(stacked, np.ndindex(*(data.sizes[dim] for dim in others)), strict=True):
        named = {dim: data[dim].values[i] if dim in data.coords else i for dim, i in zip(others, cell, strict=True)}
        label = ", ".join(f"{name} = {value:.4g}" for name, value in named.items())
        axes.plot(places[order], row[order], label=label or None)
    for axis, values in (("x", places), ("y", stacked[np.isfinite(stacked)])):
        if values.size and values.min() > 0 and values.max() > _WIDE * values.min():
            axes.set(**{f"{axis}scale": "log"})
    shown = _grid_of(result).function if y == "value" else y  # a solution is named by what was solved for
    axes.set(xlabel=LABELS.get(x, x.replace("_", " ")), ylabel=LABELS.get(shown, shown.replace("_", " ")))
    if others:
        axes.legend()
    return axes
