"""Hostile arguments, and what is demanded of a call with them."""

import dataclasses
import inspect
import math
import time
import traceback
import warnings
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from hypothesis import strategies as st
from valid_arguments import COUNTS, FUNCTIONS

import solvable.solvers
from solvable.solvers import Solution, Spectrum, Status

PACKAGE = Path(inspect.getfile(solvable.solvers)).resolve().parent
NUMBERS = [float("nan"), np.inf, -np.inf, 0.0, -0.0, 5e-324, 1e-310, 1e-150, 1e150, 1e308, -1.0, 1.0, 0.5, 2**70, 3]
OTHERS = [
    None, "text", b"bytes", 1 + 2j, object(), [], [[]], {}, {1}, [1, [2]], np.array([]), np.zeros((0, 3)),
    np.array(1.0),
    np.array([1.0, None], dtype=object), np.array(["a"]), np.datetime64("2020-01-01"), np.ma.masked_array([1.0, 2.0],
    [0, 1]), Fraction(1, 3), Decimal("0.5"), np.float32(0.5), np.longdouble(0.5), True, [1.0, 2.0], range(3), print,
    np.zeros((2, 2, 2)), np.ones((1, 1)), np.array([[1.0, np.nan]]), np.ones(2, dtype=np.uint8), 10**400,
    pd.Series([1.0, np.nan]), pd.Series([0.5, 2.0], index=["b", "a"]), pd.DataFrame({"a": [1.0], "b": ["x"]}),
    xr.DataArray([0.5, 2.0], dims="x"), pd.NA, np.float64("nan"), np.array(None), np.zeros(1, dtype=[("a", "f8")]),
    memoryview(b"ab"), math.tanh, Ellipsis, slice(2), 1e-320, np.timedelta64(3, "D"), iter([1.0]),
]  # fmt: skip
WHOLE = [
    -1,
    0,
    1,
    2,
    1.5,
    float("nan"),
    np.inf,
    -np.inf,
    np.array(3),
    np.array([1, 2]),
    5e-324,
    10**12,
    2**62,
    2.0**63,
    1e19,
    1e300,
]


def entry(kind):
    """Replace one entry of an array."""

    def change(array, index):
        array = np.array(array, dtype=float)
        array.flat[index % array.size] = kind
        return array

    return change


def strided(array, index):
    out = np.full((*array.shape[:-1], 2 * array.shape[-1]), np.nan)
    out[..., ::2] = array
    return out[..., ::2]


def read_only(array, index):
    out = array.copy()
    out.flags.writeable = False
    return out


# the same numbers in another form: the answer must be the same
FORMS = [
    lambda a, i: np.asfortranarray(a),
    strided,
    read_only,
    lambda a, i: a[::-1].copy()[::-1],
    lambda a, i: a.tolist(),
    lambda a, i: a.astype(object),
    lambda a, i: a.astype(a.dtype.newbyteorder()),
    lambda a, i: np.ma.masked_array(a, np.zeros(a.shape, bool)),
    lambda a, i: xr.DataArray(a),
    lambda a, i: pd.Series(a) if a.ndim == 1 else pd.DataFrame(a) if a.ndim == 2 else a,
]
CHANGES = [
    *(entry(value) for value in (np.nan, np.inf, -np.inf, 0.0, 5e-324, 1e308, -1.0)),
    lambda a, i: a * 1e150,
    lambda a, i: a * 1e-150,
    lambda a, i: a * 1e-310,
    lambda a, i: a * 0.0,
    lambda a, i: a[:1],
    lambda a, i: a[:0],
    lambda a, i: a[None],
    lambda a, i: a[..., None],
    lambda a, i: a.astype(np.float32),
    lambda a, i: a.astype(int),
    lambda a, i: a.astype(complex),
    lambda a, i: np.ones_like(a),
    lambda a, i: a > 0,
    lambda a, i: a.astype(str),
    lambda a, i: np.ma.masked_array(a, np.arange(a.size).reshape(a.shape) == i),
    lambda a, i: np.repeat(a, 2, axis=0),
    lambda a, i: np.broadcast_to(a.flat[0], a.shape),
]


def changed(name, value, draw):
    """A hostile value for the argument."""
    if name == "spectrum" and draw(st.booleans()):
        s = value.eigenvalues
        return draw(st.sampled_from([Spectrum(s), Spectrum(s[:1] * 1e150, [1.0]), Spectrum(s * 1e-150, s),
                                     Spectrum(s, 0 * s), Spectrum(s, points=20, target_power=s)]))  # fmt: skip
    if isinstance(value, np.ndarray) and value.ndim and name not in COUNTS and draw(st.booleans()):
        with np.errstate(all="ignore"):
            return draw(st.sampled_from(CHANGES))(value, draw(st.integers(0, 9)))
    if name in COUNTS:
        return draw(st.sampled_from(WHOLE + OTHERS))
    return draw(st.sampled_from(NUMBERS + OTHERS))


def nan_free(value, where):
    """No NaN but where a status says that there is no answer."""
    if isinstance(value, Solution):
        failed = np.isin(value.status, (Status.NO_SOLUTION, Status.MAX_ITERATIONS))
        assert not np.any(np.isnan(value.value) & ~np.broadcast_to(failed, value.value.shape)), f"NaN in {where}"
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        solution = getattr(value, "solution", None)
        if isinstance(solution, Solution) and np.any(solution.status >= Status.NO_SOLUTION):
            return
        said = getattr(value, "reasons", {})  # why an entry is NaN
        for field in dataclasses.fields(value):
            if field.name not in said:
                nan_free(getattr(value, field.name), f"{where}.{field.name}")
    elif isinstance(value, (np.ndarray, float, np.floating)):
        array = np.asarray(value)
        assert array.dtype.kind not in "fc" or not np.isnan(array).any(), f"NaN in {where}"


def arrays_of(value):
    if isinstance(value, (list, tuple)):
        return [a for part in value for a in arrays_of(part)]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [a for field in dataclasses.fields(value) for a in arrays_of(getattr(value, field.name))]
    if isinstance(value, pd.Series | pd.DataFrame | xr.DataArray):
        value = value.values
    if isinstance(value, np.ma.MaskedArray):
        return [np.ma.getdata(value), np.ma.getmaskarray(value)]
    return [value] if isinstance(value, np.ndarray) else []


def call(name, arguments):
    """Call with keywords, or by position where the function takes any number of arguments."""
    function, keywords, extra = FUNCTIONS[name], dict(arguments), []
    parameters = inspect.signature(function).parameters
    for parameter in parameters.values():
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL and parameter.name in keywords:
            value = keywords.pop(parameter.name)
            before = [keywords.pop(p) for p in parameters if p in keywords]
            extra = [*before, *(value if isinstance(value, tuple) else (value,))]
    return function(*extra, **keywords)


def invoke(name, arguments, again=False):
    """Call; the result, or the refusal."""
    kept = [(a, a.copy()) for value in arguments.values() for a in arrays_of(value)]
    started = time.process_time()
    refusal = result = None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", UserWarning)  # the package's own: a status or a caveat, said aloud
        try:
            result = call(name, arguments)
        except (ValueError, TypeError, ArithmeticError) as error:
            refusal = error
    if time.process_time() - started > 5.0:
        assert not again, "slower than 5 s"  # unless that was a compilation
        return invoke(name, arguments, again=True)
    for array, copied in kept:
        assert array.dtype == copied.dtype, "an argument was changed"
        assert array.tobytes() == copied.tobytes() or array.dtype == object, "an argument was changed"
    if refusal is not None:
        inner = traceback.extract_tb(refusal.__traceback__)[-1].filename
        assert PACKAGE in Path(inner).resolve().parents, f"{type(refusal).__name__} from {inner}: {refusal}"
        assert type(refusal) in (ValueError, TypeError, ArithmeticError), f"{type(refusal).__name__}: {refusal}"
        assert str(refusal).endswith("."), f"no sentence: {refusal}"
        return refusal
    nan_free(result, name)
    return result


def leaves(value):
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [leaf for field in dataclasses.fields(value) for leaf in leaves(getattr(value, field.name))]
    return [np.asarray(value)] if isinstance(value, (np.ndarray, float)) else []
