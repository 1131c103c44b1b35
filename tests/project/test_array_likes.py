"""Whatever holds the numbers: lists, tuples, tables, labelled arrays and foreign arrays give the bits of the array."""

import dataclasses
import inspect

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from valid_arguments import SOLVERS, plain_arguments

from solvable.solvers import Spectrum, ridge_risk


class Foreign:
    """An array of another library, such as a tensor: it has `__array__` and nothing else."""

    def __init__(self, values):
        self._values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self._values, dtype=dtype)


def nested(values):
    return tuple(map(nested, values)) if isinstance(values, list) else values


def table(array):
    return pd.Series(array) if array.ndim == 1 else pd.DataFrame(array) if array.ndim == 2 else array


KINDS = {
    "list": lambda array: array.tolist(),
    "tuple": lambda array: nested(array.tolist()),
    "pandas": table,
    "xarray": xr.DataArray,
    "foreign": Foreign,
    "columns": np.asfortranarray,
    "strided": lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
}


def held(value, kind):
    """The same argument with its arrays held otherwise, also those in a list of arrays."""
    if isinstance(value, np.ndarray) and value.ndim and value.dtype.kind in "iuf":
        return KINDS[kind](value)
    if type(value) in (list, tuple) and any(isinstance(item, np.ndarray) for item in value):
        return type(value)(held(item, kind) for item in value)
    return value


def numbers(result):
    if isinstance(result, np.ndarray | np.generic | float | int):
        yield np.asarray(result)
    elif dataclasses.is_dataclass(result):
        for f in dataclasses.fields(result):
            yield from numbers(getattr(result, f.name))
    elif isinstance(result, tuple | list):
        for item in result:
            yield from numbers(item)


def drawn(name):
    """A seed whose arguments are taken, and the answer to them."""
    for seed in range(20):
        try:
            return seed, SOLVERS[name](**plain_arguments(name, seed))
        except (TypeError, ValueError, ArithmeticError):
            continue
    raise AssertionError(f"no arguments for {name} found")


def takes_arrays(name):
    """Arguments by name alone: the layers of `network_gradients` are positional and of one kind."""
    kinds = {parameter.kind for parameter in inspect.signature(SOLVERS[name]).parameters.values()}
    return inspect.Parameter.VAR_POSITIONAL not in kinds and any(
        held(value, "foreign") is not value for value in plain_arguments(name, 0).values()
    )


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", sorted(filter(takes_arrays, SOLVERS)))
def test_whatever_holds_the_numbers_the_answer_has_the_same_bits(name):
    seed, expected = drawn(name)
    for kind in KINDS:
        arguments = {key: held(value, kind) for key, value in plain_arguments(name, seed).items()}
        found = SOLVERS[name](**arguments)
        for a, b in zip(numbers(found), numbers(expected), strict=True):
            assert a.shape == b.shape, kind
            np.testing.assert_array_equal(a, b, err_msg=kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_spectrum_takes_them_too(kind):
    values, power = np.array([3.0, 1.0, 0.2]), np.array([1.0, 0.5, 0.1])
    found = Spectrum(KINDS[kind](values), KINDS[kind](power))
    np.testing.assert_array_equal(found.eigenvalues, values)
    risks = ridge_risk(found, KINDS[kind](np.array([2.0, 9.0])), 0.1, 0.3).test
    np.testing.assert_array_equal(risks, ridge_risk(Spectrum(values, power), [2.0, 9.0], 0.1, 0.3).test)


@pytest.mark.parametrize(
    "bad",
    [
        pd.Series([1, None], dtype="Int64"),
        pd.Series(["1", "2"]),
        pd.Series(pd.to_datetime(["2020-01-01"])),
        pd.Categorical([1, 2]).astype(str),
        Foreign(np.array(["a"])),
        Foreign(np.array([1.0 + 1j])),
    ],
)
def test_what_holds_no_numbers_is_refused_by_name(bad):
    with pytest.raises((TypeError, ValueError), match=r"ridge.* = .* is not allowed: it must "):
        ridge_risk(Spectrum.isotropic(10), 5, bad)


def test_whole_numbers_of_tables_are_numbers():
    found = ridge_risk(Spectrum.isotropic(10), pd.Series([5, 7], dtype="Int64"), pd.array([1, 2])).test
    np.testing.assert_array_equal(found, ridge_risk(Spectrum.isotropic(10), [5, 7], [1, 2]).test)
