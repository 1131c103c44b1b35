"""Every table of 50-digit answers against the public function it names.

An entry holds the function, its arguments (a spectrum as lists, or as the arguments of a constructor), the expected
fields as decimal strings and the relative tolerance. Adding a table adds a test.
"""

import json
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
    for constructor in ("power_law", "isotropic", "from_parameters"):
        if constructor in data:
            return getattr(Spectrum, constructor)(*data[constructor])
    return Spectrum(**data)


@pytest.mark.parametrize("entry", ENTRIES)
def test_known_answer(entry):
    arguments = {k: spectrum(v) if k == "spectrum" else v for k, v in entry["arguments"].items()}
    found = getattr(solvers, entry["function"])(**arguments)
    for field, digits in entry["expected"].items():
        # answers below the least double are zero in floating point
        expected = float(digits)
        np.testing.assert_allclose(getattr(found, field), expected, rtol=entry["rtol"], atol=1e-305, err_msg=field)


def test_the_tables_have_power():
    """One part in 10^9 off would be seen: tolerances are far below 5 %."""
    assert ENTRIES
    assert all(entry.values[0]["rtol"] <= 1e-9 for entry in ENTRIES)
