"""Every table of 50-digit answers against the public solver it names.

A table is a JSON list of entries. An entry holds the function (a public name of solvable.solvers), its arguments, the
expected fields of what it returns as decimal strings ("value" is the result itself where that is an array; lists for
arrays; dots reach into records) and the relative tolerance. An argument called spectrum is the fields of a Spectrum, or
{constructor: its arguments}. Adding a table adds its tests; nothing here changes.
"""

import json
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest

import solvable.solvers as solvers
from solvable.solvers import Spectrum

TABLES = sorted(Path(__file__).parent.glob("*.json"))
ENTRIES = [
    pytest.param(entry, id=f"{path.stem}: {entry['name']}") for path in TABLES for entry in json.loads(path.read_text())
]


def spectrum(data):
    name, arguments = next(iter(data.items()))
    constructor = getattr(Spectrum, name, None)
    return constructor(*arguments) if callable(constructor) else Spectrum(**data)


def numbers(digits):
    return [numbers(x) for x in digits] if isinstance(digits, list) else float(digits)


def check(entry, wrong=1.0):
    arguments = {k: spectrum(v) if k == "spectrum" else v for k, v in entry["arguments"].items()}
    found = getattr(solvers, entry["function"])(**arguments)
    for field, digits in entry["expected"].items():
        value = found if isinstance(found, (np.ndarray, float)) else attrgetter(field)(found)
        # answers below the least double are zero in floating point
        expected = wrong * np.array(numbers(digits))
        np.testing.assert_allclose(value, expected, rtol=entry["rtol"], atol=1e-305, err_msg=field)


@pytest.mark.parametrize("entry", ENTRIES)
def test_known_answer(entry):
    check(entry)


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_tables_have_a_generator_and_power(path):
    """No answer without its derivation; an answer one part in 10^8 off would be seen."""
    assert path.with_name(f"make_{path.stem}.py").exists()
    entries = json.loads(path.read_text())
    assert len({entry["name"] for entry in entries}) == len(entries)
    assert all(entry["rtol"] <= 1e-9 for entry in entries)
    for entry in entries[:: max(1, len(entries) // 10)]:
        with pytest.raises(AssertionError):
            check(entry, wrong=1 + 1e-8)
