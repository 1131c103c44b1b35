"""Every table of 50-digit answers against the public solver it names.

A table is a JSON list of entries. An entry holds the function (a public name of solvable.solvers, or one of a family's
ANSWERS), its arguments, the expected fields of what it returns as decimal strings ("value" is the result itself where
that is an array; lists for arrays; dots reach into records) and the relative tolerance, of every number, or with
relative_to = "largest" of each field's largest. An argument called spectrum is the fields of a Spectrum, or
{constructor: its arguments}. Adding a table adds its tests; nothing here changes.
"""

import inspect
import json
import shutil
import subprocess
import sys
from decimal import Decimal
from operator import attrgetter
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator
from valid_arguments import FAMILIES

import solvable.solvers as solvers
from solvable.analysis import families
from solvable.solvers import Spectrum

TABLES = sorted(Path(__file__).parent.glob("*.json"))
# what is no solver but has answers: how it is called with the arguments of an entry
OTHER = {name: f for family in FAMILIES.values() for name, f in getattr(family, "ANSWERS", {}).items()}
LEFT_OUT = {name: why for family in FAMILIES.values() for name, why in getattr(family, "NO_ANSWER", {}).items()}
ENTRIES = [
    pytest.param(entry, id=f"{path.stem}: {entry['name']}") for path in TABLES for entry in json.loads(path.read_text())
]


def spectrum(data):
    name, arguments = next(iter(data.items()))
    constructor = getattr(Spectrum, name, None)
    return constructor(*arguments) if callable(constructor) else Spectrum(**data)


def numbers(digits):
    return [numbers(x) for x in digits] if isinstance(digits, list) else float(digits)


def flat(digits):
    return [x for item in digits for x in flat(item)] if isinstance(digits, list) else [Decimal(digits)]


def answer(entry):
    if entry["function"] in OTHER:
        found = OTHER[entry["function"]](**entry["arguments"])
    else:
        arguments = {k: spectrum(v) if k == "spectrum" else v for k, v in entry["arguments"].items()}
        found = getattr(solvers, entry["function"])(**arguments)
    if isinstance(found, LinearOperator):
        found = found @ np.eye(found.shape[1])
    plain = isinstance(found, (np.ndarray, float, list))
    return {field: found if plain else attrgetter(field)(found) for field in entry["expected"]}


def compare(entry, found):
    for field, digits in entry["expected"].items():
        expected = np.array(numbers(digits))
        # answers below the least double are zero in floating point
        floor = 1e-305
        if entry.get("relative_to") == "largest":
            floor = max(floor, entry["rtol"] * np.abs(expected).max())
        np.testing.assert_allclose(
            np.asarray(found[field], float), expected, rtol=entry["rtol"], atol=floor, err_msg=field
        )


def slipped(digits):
    """The same numbers, the ninth digit of the largest five off."""
    if isinstance(digits, list):
        sizes = [np.abs(numbers(item)).max(initial=0.0) for item in digits]
        worst = int(np.argmax(np.where(np.isfinite(sizes), sizes, -1.0)))
        return [slipped(item) if i == worst else item for i, item in enumerate(digits)]
    sign, places, exponent = Decimal(digits).as_tuple()
    padding = max(0, 9 - len(places))
    places = [*places, *[0] * padding]
    places[8] = (places[8] + 5) % 10
    return str(Decimal((sign, places, exponent - padding)))


def slippable(digits):
    found = np.array(numbers(digits))
    return bool(np.any(np.isfinite(found) & (np.abs(found) > 1e-290)))


@pytest.mark.parametrize("entry", ENTRIES)
def test_known_answer(entry):
    compare(entry, answer(entry))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_one_wrong_digit_is_seen(path):
    """The ninth digit of any stored field."""
    entries = json.loads(path.read_text())
    assert all(entry["rtol"] <= 1e-9 for entry in entries)
    for entry in entries[:: max(1, len(entries) // 10)]:
        found = answer(entry)
        for field in filter(lambda field: slippable(entry["expected"][field]), entry["expected"]):
            wrong = entry | {"expected": {field: slipped(entry["expected"][field])}}
            with pytest.raises(AssertionError):
                compare(wrong, found)


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_tables_have_a_generator_without_the_package(path):
    generator = path.with_name(f"make_{path.stem}.py").read_text()
    assert "solvable" not in {word for line in generator.splitlines() if "import" in line for word in line.split()}
    names = [entry["name"] for entry in json.loads(path.read_text())]
    assert len(set(names)) == len(names)


@pytest.mark.slow
@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_generators_make_the_tables(path, tmp_path):
    """Up to the last digits, which may depend on the version of mpmath."""
    for name in (f"make_{path.stem}.py", "writing.py"):
        shutil.copy(path.with_name(name), tmp_path)
    subprocess.run([sys.executable, tmp_path / f"make_{path.stem}.py"], check=True, timeout=600, capture_output=True)
    again, stored = (json.loads(file.read_text()) for file in (tmp_path / path.name, path))
    assert [row | {"expected": None} for row in again] == [row | {"expected": None} for row in stored]
    for new, old in zip(again, stored, strict=True):
        for field, digits in old["expected"].items():
            pairs = zip(flat(new["expected"][field]), flat(digits), strict=True)
            assert all(a == b or abs(a - b) <= abs(b) * Decimal("1e-28") for a, b in pairs), (old["name"], field)


def test_every_public_function_has_an_answer():
    functions = {name for name in solvers.__all__ if inspect.isroutine(getattr(solvers, name))}
    covered = {entry["function"] for path in TABLES for entry in json.loads(path.read_text())} - set(OTHER)
    assert functions - covered == set(LEFT_OUT)
    assert covered <= functions


def test_every_family_has_forty_answers():
    counts = {path.stem.replace("_", "-"): len(json.loads(path.read_text())) for path in TABLES}
    assert set(counts) == set(families())
    assert min(counts.values()) >= 40
