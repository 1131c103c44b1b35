"""Every record whose solver broadcasts labels itself: the call knows its arguments, the data set holds every field."""

import dataclasses
import inspect
import re
import warnings
from functools import cached_property

import numpy as np
import pytest
from valid_arguments import PUBLIC, SOLVERS, plain_arguments

from solvable.solvers.gridded import OnGrid, gridded
from solvable.solvers.solution import record

RECORDS = {name: item for name, item in PUBLIC.items() if dataclasses.is_dataclass(item) and name != "Spectrum"}
ON_GRID = {name: item for name, item in RECORDS.items() if issubclass(item, OnGrid)}
MAKERS = sorted(name for name, item in SOLVERS.items() if inspect.signature(item).return_annotation in RECORDS)


def called(name):
    """Valid arguments and the answer; a draw that is refused is drawn again."""
    for seed in range(20):
        arguments = plain_arguments(name, seed)
        try:
            return arguments, SOLVERS[name](**arguments)
        except (ValueError, TypeError, ArithmeticError):
            continue
    raise AssertionError(f"no arguments for {name} found")


def numbers(result):
    found = {f.name: getattr(result, f.name) for f in dataclasses.fields(result)}
    found |= {name: getattr(result, name) for name in getattr(result, "_derived", ())}
    return {name: value for name, value in found.items() if isinstance(value, np.ndarray | float)}


def stacked(arguments):
    """The call again with one argument given twice, along a new first axis, for every argument of numbers."""
    for name, value in arguments.items():
        if value is None or isinstance(value, str | bool) or callable(value):
            continue
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            continue
        yield name, {**arguments, name: np.stack([array, array])}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", MAKERS)
def test_a_record_labels_itself_or_its_call_does_not_broadcast(name):
    function = SOLVERS[name]
    arguments, single = called(name)
    before = {part: np.ndim(value) for part, value in numbers(single).items()}
    for argument, given in stacked(arguments):
        try:
            result = function(**given)
        except (ValueError, TypeError, ArithmeticError):
            continue
        grown = [part for part, value in numbers(result).items() if np.ndim(value) > before.get(part, np.inf)]
        if not grown:
            continue
        assert argument in getattr(function, "over", ()), f"{name} broadcasts over {argument} and does not know it"
        data, grid = result.to_dataset(), result._grid
        for part, value in numbers(result).items():
            labelled = data[part if part in data.variables else f"given_{part}"]
            np.testing.assert_array_equal(*np.broadcast_arrays(labelled.squeeze().values, np.squeeze(value)))
        np.testing.assert_array_equal(grid.arguments[argument], given[argument])
        if len(grid.split(np.shape(given[argument]), grid.axes[argument])[0]) == 1:
            assert any(argument in str(dim) for dim in data.dims), data.dims


@pytest.mark.parametrize("name", [name for name in MAKERS if hasattr(SOLVERS[name], "over")])
def test_arguments_whose_docstring_says_dots_are_those_of_the_grid(name):
    doc = re.search(r"Parameters\n.*?\n {4}Returns", SOLVERS[name].__doc__, re.S).group()
    rows = re.findall(r"^ {4}(\S[^\n]*?) : [^\n]*\(\.\.\.", doc, re.M)
    assert {argument.strip() for row in rows for argument in row.split(",")} <= set(SOLVERS[name].over)


@pytest.mark.parametrize("name", [name for name in MAKERS if not hasattr(SOLVERS[name], "over")])
def test_no_docstring_says_dots_of_what_is_no_grid(name):
    assert "(..." not in SOLVERS[name].__doc__.split("Returns\n")[0]


@pytest.mark.parametrize("name", ON_GRID)
def test_fields_have_as_many_axes_as_their_docstring_says(name):
    cls = ON_GRID[name]
    rows = re.findall(r"^ {4}(\S[^\n]*?) : [^\n]*?shape \(\.\.\.,? ?([^)]*)\)", cls.__doc__, re.M)
    said = {part.strip(): len([a for a in axes.split(",") if a]) for row, axes in rows for part in row.split(",")}
    held = {part: len([axis for axis in axes.split() if axis[0] not in ".*"]) for part, axes in cls._axes.items()}
    held = {part: count for part, count in held.items() if cls._axes[part].startswith("...")}
    assert {part: count for part, count in said.items() if count} == {
        part: count for part, count in held.items() if count and part in said
    }
    parts = {f.name for f in dataclasses.fields(cls)}
    parts |= {part for part in dir(cls) if isinstance(getattr(cls, part), property | cached_property)}
    assert set(cls._axes) <= parts
    assert set(cls._derived) <= parts


@record
class Cells(OnGrid, axes={"row": "... mode", "square": "... mode other", "times": "times", "outer": "... *speeds"}):
    """A made-up record with cells of every kind."""

    total: np.ndarray
    row: np.ndarray
    square: np.ndarray
    times: np.ndarray
    outer: np.ndarray


@gridded("scale", vector="... mode", speeds="*speeds")
def made(vector, scale, speeds):
    vector, scale, speeds = (np.asarray(a, dtype=float) for a in (vector, scale, speeds))
    row = np.asarray(vector * scale[..., None])
    total = row.sum(axis=-1)
    outer = total.reshape(total.shape + (1,) * speeds.ndim) * speeds
    return Cells(total, row, row[..., None] * row[..., None, :], np.arange(3), outer)


@pytest.mark.parametrize("speeds", [2.0, [2.0, 3.0], [[1.0, 2.0, 4.0]]])
@pytest.mark.parametrize("scale", [1.0, [1.0, 2.0, 3.0, 4.0]])
@pytest.mark.parametrize("vector", [[1.0, 2.0], np.arange(8.0).reshape(4, 2), np.arange(40.0).reshape(5, 4, 2)])
def test_cells_of_every_kind_keep_their_places(vector, scale, speeds):
    result = made(vector, scale, speeds)
    data = result.to_dataset()
    for part, value in numbers(result).items():
        assert data[part].shape == value.shape
        np.testing.assert_array_equal(data[part].values, value)
    assert data.row.dims[-1:] == ("mode",)
    assert data.square.dims[-2:] == ("mode", "other")
    assert data.times.dims == ("times",)
    assert data.outer.dims == data.total.dims + {0: (), 1: ("speeds",), 2: ("speeds_0", "speeds_1")}[np.ndim(speeds)]
    np.testing.assert_array_equal(data.vector.squeeze().values, np.squeeze(vector))


def test_names_of_the_grid_are_matched_and_those_of_a_cell_keep_their_place():
    xr = pytest.importorskip("xarray")
    vectors = xr.DataArray(np.arange(6.0).reshape(3, 2), dims=("run", "part"), coords={"run": list("abc")})
    scales = xr.DataArray([1.0, 10.0], dims="dose")
    data = made(vectors, scales, [2.0, 3.0]).to_dataset()
    assert data.row.dims == ("run", "dose", "mode")
    assert data.outer.dims == ("run", "dose", "speeds")
    assert list(data.run.values) == list("abc")
    assert float(data.row.sel(run="c", dose=1, mode=0)) == 40.0
    with pytest.raises(ValueError, match="has named dimensions"):
        made(vectors, [1.0, 10.0, 100.0], 1.0)
    with pytest.raises(ValueError, match="the same coordinates"):
        made(vectors, xr.DataArray([1.0, 2.0, 3.0], dims="run", coords={"run": list("cab")}), 1.0)


def test_a_vector_of_each_cell_is_drawn_as_lines_by_its_own_name():
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    decays = np.geomspace(1e-4, 1e-2, 5)
    found = SOLVERS["collapse_minimizer"]((100, 100, 50), [1e-3], decays)
    axes = found.plot(x="feature_decay", y="outputs")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["mode = 0", "mode = 1", "mode = 2"]
    np.testing.assert_array_equal(axes.lines[2].get_ydata(), found.outputs[:, 2])
    assert found.plot(x="feature_decay", y="objective").get_ylabel() == "objective"
    single = SOLVERS["error_propagation"]([1.0, 0.5, 0.5], [1.0, 1.0, 1.0]).plot()
    np.testing.assert_array_equal(single.lines[0].get_xdata(), [0, 1, 2])
    pyplot.close("all")


def test_warnings_of_a_call_point_at_the_user():
    """One more wrapper around a solver must not move them."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        SOLVERS["attention_flow"](np.eye(2), 10, 5.0, [0.0, 1.0])
    assert [w.filename for w in seen] == [__file__]
