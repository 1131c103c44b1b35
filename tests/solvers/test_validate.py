"""Argument checks: one sentence with the name, the value and what is allowed; conversions that lose nothing."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from solvable.solvers.validate import (
    as_finite,
    as_matrix,
    as_nonnegative,
    as_positive,
    as_real,
    as_scalar,
    as_whole,
)

NOT_NUMBERS = [
    "3",
    b"3",
    None,
    {},
    {1, 2},
    object(),
    (i for i in range(3)),
    ["1", "2"],
    [None, 1.0],
    [[1], [1, 2]],
    [1, "2"],
    np.array(["1"], dtype=object),
    np.array([b"3"]),
    np.array(["2020-01-01"], "M8[D]"),
    np.array([5], "m8[D]"),
    10**400,
    [1j],
    1 + 0j,
    np.ma.array([1.0, 2.0], mask=[False, True]),
]


@pytest.mark.parametrize("value", NOT_NUMBERS, ids=lambda v: type(v).__name__)
def test_what_is_not_a_real_number_is_refused(value):
    """Not parsed ("3" is not 3), not read as NaN (None), not stripped of its mask or its unit."""
    with pytest.raises(TypeError, match=r"^ridge = .+ is not allowed: it must .+\.$") as caught:
        as_real("ridge", value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3.0),
        (True, 1.0),
        (Fraction(1, 4), 0.25),
        ([Decimal("0.5"), Fraction(1, 2)], [0.5, 0.5]),
        (np.float16(0.5), 0.5),
        (np.uint8([200]), [200.0]),
        (range(3), [0.0, 1.0, 2.0]),
        ([], []),
        (np.inf, np.inf),
        (np.ma.array([1.0, 2.0]), [1.0, 2.0]),
    ],
    ids=str,
)
def test_what_is_a_real_number_is_taken(value, expected):
    found = as_real("x", value)
    assert found.dtype == np.float64
    assert type(found) is np.ndarray
    np.testing.assert_array_equal(found, expected)


def test_never_an_alias():
    mine = np.arange(3.0)
    assert not np.shares_memory(as_real("x", mine), mine)


@pytest.mark.parametrize(
    ("check", "bad", "allowed"),
    [
        (as_real, np.nan, "it must not be NaN"),
        (as_finite, np.inf, "it must be finite"),
        (as_finite, -np.inf, "it must be finite"),
        (as_positive, 0.0, "it must be positive"),
        (as_positive, np.inf, "it must be finite"),
        (as_nonnegative, -1e-300, "it must not be negative"),
    ],
)
def test_the_bad_entry_is_named(check, bad, allowed):
    """In a long array the printed ends would hide it."""
    for value, name in ((bad, "n"), ([1.0] * 700 + [bad] + [1.0] * 9, "n[700]"), ([[1.0, bad]], "n[0, 1]")):
        with pytest.raises(ValueError) as caught:
            check("n", value)
        assert str(caught.value) == f"{name} = {bad!r} is not allowed: {allowed}."


def test_infinite_where_it_is_meaningful():
    assert as_positive("n", np.inf, infinite=True) == np.inf
    assert as_nonnegative("n", [0.0, np.inf], infinite=True)[1] == np.inf
    with pytest.raises(ValueError, match="n = -inf"):
        as_nonnegative("n", -np.inf, infinite=True)


def test_long_doubles_beyond_the_range_are_infinite():
    huge = np.longdouble(1e300)
    huge = huge * huge
    if np.isinf(huge):
        pytest.skip("long double is double here")
    with pytest.raises(ValueError, match=r"n = inf is not allowed: it must be finite\."):
        as_finite("n", huge)


def test_scalars_and_whole_numbers():
    assert as_scalar("d", np.array([2.5])) == 2.5
    assert type(as_scalar("d", np.float64(2.5))) is float
    assert as_whole("size", 3.0) == 3
    assert type(as_whole("size", 3.0)) is int
    for call, match in (
        (lambda: as_scalar("d", [1.0, 2.0]), r"d.shape = \(2,\) is not allowed: it must be a single number"),
        (lambda: as_scalar("d", [], as_positive), r"d.shape = \(0,\)"),
        (lambda: as_scalar("d", -1.0, as_positive), "d = -1.0"),
        (lambda: as_whole("size", 2.5), "size = 2.5 is not allowed: it must be a whole number"),
        (lambda: as_whole("size", 0), "size = 0.0 is not allowed: it must be positive"),
        (lambda: as_whole("size", np.inf), "size = inf"),
    ):
        with pytest.raises(ValueError, match=match):
            call()


@pytest.mark.parametrize("value", [1.0, [1.0], [[]], [[[1.0]]], np.empty((0, 3)), [[1.0, 2.0, 3.0]]])
def test_matrices(value):
    with pytest.raises(ValueError, match=r"^X\.shape = \(.*\) is not allowed: it must be .+\.$"):
        as_matrix("X", value, (None, 2))
    assert as_matrix("X", [[1, 2]], (None, 2)).shape == (1, 2)
