"""Results over a grid that know it: arguments kept beside them, named dimensions, a labelled data set, a picture.

Arguments with names of their own (an xarray array, a pandas series with an index) are broadcast by those names, or
refused where another argument has no names to be matched with.

What a cell holds is written as in the docstrings: ``"..."`` is one number for each cell of the grid,
``"... class mode"`` a matrix for each, ``"times"`` a vector for all of them, and ``*eigenvalues`` the axes that the
argument of that name has.
"""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
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
    """Arguments of a call by name, axes of arguments and of fields, and the user's names of dimensions, if any."""

    function: str
    arguments: Mapping[str, Any]
    axes: Mapping[str, str]
    fields: Mapping[str, str]
    dims: tuple[str, ...] | None = None
    coordinates: Mapping[str, Any] | None = None

    def split(self, shape: tuple[int, ...], axes: str) -> tuple[tuple[int, ...], list[str]]:
        """Shape on the grid of what has the given axes, and the names of the axes behind."""
        lead, *own = axes.split() if axes.startswith("...") else ("", *axes.split())
        names = [name for axis in own for name in self._names(axis)]
        count = max(len(shape) - len(names), 0) if lead else 0
        return shape[:count], names[len(names) - len(shape) + count :]  # a number may stand for a vector

    def _names(self, axis: str) -> list[str]:
        if not axis.startswith("*"):
            return [axis]
        count = np.ndim(self.arguments[axis[1:]])
        return [axis[1:]] if count == 1 else [f"{axis[1:]}_{i}" for i in range(count)]


class OnGrid:
    """What a result over the grid of its arguments can do besides: name them, label itself, draw itself."""

    _derived: ClassVar[tuple[str, ...]] = ()  # properties that are shown like fields
    _axes: ClassVar[Mapping[str, str]] = {}  # of fields that hold more than a number for each cell

    def __init_subclass__(cls, axes: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        """Take the axes of fields where they are declared, in the head of the class."""
        super().__init_subclass__(**kwargs)
        cls._axes = cls._axes if axes is None else axes

    def __getattr__(self, name: str) -> Any:
        """Return an argument that the result was computed for."""
        grid = self.__dict__.get("_grid")
        if grid is None or name not in grid.arguments:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        return np.asarray(grid.arguments[name])

    def to_dataset(self) -> Any:
        """Return an xarray data set: fields as variables, arguments as dimensions and coordinates.

        A field that holds a vector or a matrix in each cell (modes, classes, times) has dimensions of its own behind
        those of the grid. An argument that has the name of a field with other values is called ``given_<name>``.

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


def _has_names(value: Any, own: float) -> bool:
    """Whether axes before the last `own` have names: an xarray array, or a series with an index that says something."""
    kind = type(value).__module__.partition(".")[0]
    if kind == "xarray" and "xarray" in sys.modules:
        # xarray's own say nothing
        dims = getattr(value, "dims", ())
        return any(dim != f"dim_{axis}" for axis, dim in enumerate(dims) if axis < len(dims) - own)
    if kind == "pandas" and "pandas" in sys.modules and hasattr(value, "to_xarray"):
        plain = type(value.index).__name__ == "RangeIndex" and value.index.name is None
        return value.ndim == 1 > own and not plain
    return False


def _by_name(given: dict[str, Any], own: dict[str, float]) -> tuple[dict[str, Any], tuple[str, ...], dict[str, Any]]:
    """Arrays with the same axes in the same order, the names of the axes, and their coordinates.

    The last `own` axes of an array are no axes of the grid, and keep their place.
    """
    import xarray as xr

    named = {name: value for name, value in given.items() if _has_names(value, own[name])}
    plain = {name: value for name, value in given.items() if name not in named}
    for name, value in plain.items():
        if np.ndim(value) > own[name]:
            allowed = f"{', '.join(named)} has named dimensions: name its dimensions too, or give plain arrays alone"
            raise refuse(f"{name}.shape", np.shape(value), allowed)
    arrays = {name: value if isinstance(value, xr.DataArray) else value.to_xarray() for name, value in named.items()}
    leads = {name: array.dims[: array.ndim - int(own[name])] for name, array in arrays.items()}
    try:
        inside = {dim for name, array in arrays.items() for dim in array.dims[len(leads[name]) :]}
        xr.align(*arrays.values(), join="exact", copy=False, exclude=inside)
    except ValueError:
        dims = tuple(array.dims for array in arrays.values())
        allowed = "dimensions of one name must have the same coordinates"
        raise refuse(f"{', '.join(named)} dimensions", dims, allowed) from None
    whole = tuple(dict.fromkeys(dim for dims in leads.values() for dim in dims))
    values: dict[str, Any] = {}
    coordinates: dict[str, Any] = {}
    for name, array in arrays.items():
        behind = array.dims[len(leads[name]) :]
        ordered = array.transpose(*(dim for dim in whole if dim in leads[name]), *behind)
        values[name] = ordered.values.reshape([array.sizes[dim] if dim in leads[name] else 1 for dim in whole]
                                              + [array.sizes[dim] for dim in behind])  # fmt: skip
        coordinates |= {str(dim): array.coords[dim].values for dim in leads[name] if dim in array.coords}
    return {**plain, **values}, tuple(map(str, whole)), coordinates


def gridded(
    *names: str, answer: Mapping[str, str] | None = None, **cells: str
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function of a grid: its arguments broadcast by name, and the result keeps them, read-only.

    Parameters
    ----------
    *names : str
        Arguments that are one number for each cell.
    answer : mapping, optional
        Axes of fields, where the class of the result does not say them.
    **cells : str
        Axes of arguments that hold more in a cell, such as ``class_sizes="... class"``.
    """
    axes = {**dict.fromkeys(names, "..."), **cells}

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)
        order = [name for name in signature.parameters if name in axes]
        defaults = {name: signature.parameters[name].default for name in order}

        @wraps(function)
        def on_grid(*args: P.args, **kwargs: P.kwargs) -> R:
            bound = signature.bind(*args, **kwargs).arguments
            given = {name: bound.get(name, defaults[name]) for name in order}
            given = {name: value for name, value in given.items() if value is not None}
            own = {name: math.inf if "*" in axes[name] else axes[name].count(" ") for name in given}
            labels: tuple[Any, Any] = (None, None)
            if any(_has_names(value, own[name]) for name, value in given.items()):
                given, *labels = _by_name(given, own)  # type: ignore[assignment]
                inside = {**bound, **given}
                result = function(**inside)  # type: ignore[call-arg]
            else:
                result = function(*args, **kwargs)
            arguments = {name: np.array(value, dtype=np.float64) for name, value in given.items()}
            for array in arguments.values():
                array.flags.writeable = False
            held = result._axes if answer is None else answer  # type: ignore[attr-defined]
            object.__setattr__(result, "_grid", Grid(function.__name__, arguments, axes, held, *labels))
            return result

        on_grid.over = tuple(axes)  # type: ignore[attr-defined]  # read by the tests of all functions of a grid
        return on_grid

    return decorate


def labelled_grid(result: Any) -> xr.Dataset:
    """Every field of a result as a variable with named dimensions: those of its grid, then its own."""
    import xarray as xr

    grid = _grid_of(result)
    found = {name: getattr(result, name) for name in [*(f.name for f in fields(result)), *result._derived]}
    found = {name: np.asarray(value) for name, value in found.items() if _is_data(value)}
    split = {name: grid.split(value.shape, grid.fields.get(name, "...")) for name, value in found.items()}
    leads = {name: grid.split(value.shape, grid.axes[name])[0] for name, value in grid.arguments.items()}
    shape = np.broadcast_shapes(*leads.values(), *(lead for lead, _ in split.values()))
    called = {
        name: f"given_{name}" if name in found and not _same(array, found[name]) else name
        for name, array in grid.arguments.items()
    }
    dims, coordinates = _axes_of(shape, grid, leads, called)
    variables = {}
    for name, (_, own) in split.items():
        whole = grid.fields.get(name, "...").startswith("...")
        size = found[name].shape[found[name].ndim - len(own) :]
        spread = np.array(np.broadcast_to(found[name], (*shape, *size))) if whole else found[name]
        variables[name] = ([*dims, *own] if whole else own, spread)
    return xr.Dataset({name: value for name, value in variables.items() if name not in coordinates}, coordinates)


def _is_data(value: Any) -> bool:
    """Whether a field is an array, a number or a row of names."""
    names = type(value) is tuple and all(isinstance(item, str) for item in value)
    return isinstance(value, np.ndarray | float) or names


def _axes_of(
    shape: tuple[int, ...], grid: Grid, leads: Mapping[str, tuple[int, ...]], called: Mapping[str, str]
) -> tuple[list[str], dict[str, Any]]:
    """Names of the axes, and coordinates: an axis has the name of the first argument that varies along it alone."""
    varying = {
        name: [len(shape) - len(lead) + axis for axis, size in enumerate(lead) if size > 1]
        for name, lead in leads.items()
    }
    if grid.dims is not None and len(grid.dims) == len(shape):
        dims, coordinates = list(grid.dims), dict(grid.coordinates or {})
    else:
        dims, coordinates = [f"axis_{axis}" for axis in range(len(shape))], {}
        free = set(range(len(shape)))
        for name, along in varying.items():
            if len(along) == 1 and along[0] in free:
                single = grid.arguments[name].ndim == len(leads[name])
                dims[along[0]] = called[name] if single else f"{name}_axis"
                free.remove(along[0])
    for name, array in grid.arguments.items():
        if called[name] not in coordinates:
            own = grid.split(array.shape, grid.axes[name])[1]
            sizes = [shape[axis] for axis in varying[name]] + [*array.shape[array.ndim - len(own) :]]
            coordinates[called[name]] = ([*(dims[axis] for axis in varying[name]), *own], array.reshape(sizes))
    return dims, coordinates


def _same(argument: Any, field: Any) -> bool:
    try:
        return bool(np.array_equal(np.broadcast_to(argument, field.shape), field))
    except ValueError:
        return False


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
    arguments = _grid_of(result).axes
    given = {called for name in arguments for called in (name, f"given_{name}")}
    names = [str(name) for name in data.data_vars if data[name].dtype.kind in "biuf"]
    y = as_choice("y", next((n for n in names if n not in given), names[0]) if y is None else y, names)
    drawn = data[y].squeeze()
    dims = [str(dim) for dim in drawn.dims]
    if not dims:
        raise refuse("shape", tuple(data.sizes.values()), "a line needs an argument with several values")
    varying = [str(name) for name in data.coords if data[name].ndim == 1 and data[name].dims[0] in dims]
    varying = [name for name in varying if " " not in arguments.get(name.removeprefix("given_"), "")]
    varying += [dim for dim in dims if dim not in data.coords]
    x = as_choice("x", (varying[0] if len(dims) == 1 else None) if x is None else x, varying)
    others = [dim for dim in dims if dim != data[x].dims[0]]
    stacked = drawn.transpose(..., data[x].dims[0]).values.reshape(-1, data.sizes[data[x].dims[0]])
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
