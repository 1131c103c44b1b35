"""Specification files, the command, and what a sweep will cost."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from solvable import sweep
from solvable.analysis.sweeping.backends import opened
from solvable.analysis.sweeping.cost import Cost, estimate
from solvable.analysis.sweeping.specfile import read, thin
from solvable.analysis.sweeping.specification import Specification

pytest.importorskip("zarr")
SPECS = sorted((Path(__file__).parents[3] / "figures" / "specs").glob("*.toml"))
MODULE = """
def cell(rng, a, b, c):
    if a > 2.5:
        raise ValueError("too far")
    return a * b + c * rng.random()
"""
SPEC = """
function = "sweep_cells:cell"
draws = 2
seed = 4
source = "simon2024more"
[grid]
a = { low = 1, high = 2, count = 3 }
b = [1, 10]
[fixed]
c = 0.5
[units]
a = "metres"
"""


@pytest.fixture
def spec(tmp_path):
    (tmp_path / "sweep_cells.py").write_text(MODULE)
    (tmp_path / "small.toml").write_text(SPEC)
    return tmp_path / "small.toml"


def command(*arguments, cwd):
    line = [sys.executable, "-m", "solvable", "sweep", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, cwd=cwd)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_shipped_specifications_run_at_reduced_size(path):
    file = read(path)
    small = thin(file.specification, every=100, draws=1)
    data = sweep(
        small.function, small.grid, small.draws, workers=1, together=small.together, fixed=small.fixed,
        outputs=small.outputs, units=file.units, source=file.source,
    )  # fmt: skip
    assert data.attrs["failed"] == 0
    assert all(np.isfinite(data[name]).all() for name in small.outputs)


def test_the_heat_map_has_the_size_that_was_promised():
    specification = next(read(path) for path in SPECS if path.stem == "random_features_heat_map").specification
    assert specification.shape(tuple(specification.axes)) == (200, 200, 30, 20)


def test_the_command_on_two_backends_gives_what_python_gives(spec, tmp_path):
    import xarray as xr

    expected = sweep(
        lambda rng, a, b, c: a * b + c * rng.random(),
        {"a": [1.0, 1.5, 2.0], "b": [1, 10]}, draws=2, seed=4, workers=1, fixed={"c": 0.5},
    )  # fmt: skip
    for backend in ("serial", "dask"):
        store = tmp_path / f"{backend}.zarr"
        extra = [] if backend == "serial" else ["--workers", "1"]
        done = command("small.toml", "--backend", backend, "--store", store, *extra, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "a 3 x b 2 x draw 2" in done.stdout
        assert "\x1b" not in done.stdout + done.stderr
        with xr.open_zarr(store, chunks=None) as data:
            assert data["value"].values.tobytes() == expected["value"].values.tobytes()
            assert data["a"].attrs["units"] == "metres"


def test_the_command_names_what_differs_and_what_raised(spec, tmp_path):
    first = command("small.toml", "--backend", "serial", cwd=tmp_path)
    assert "store: small.zarr" in first.stdout
    other = command("small.toml", "--backend", "serial", "--seed", "5", cwd=tmp_path)
    assert other.returncode == 2
    assert "seed: 5 instead of 4" in other.stderr
    assert len(other.stderr.strip().splitlines()) == 1
    spec.write_text(SPEC.replace("high = 2", "high = 3"))
    failed = command("small.toml", "--backend", "serial", "--store", "other.zarr", cwd=tmp_path)
    assert failed.returncode == 1
    assert "4 calls failed; the first message: ValueError: too far" in failed.stdout


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("sweep_cells:cell", "sweep_cells", "write module:name"),
        ("sweep_cells:cell", "sweep_cells:sell", "sweep_cells has no sell"),
        ("sweep_cells:cell", "sweep_sells:cell", "there is no module sweep_sells"),
        ("seed = 4", "sead = 4", "sead is none of"),
        ("count = 3", "cuont = 3", "cuont is none of"),
        (", count = 3", "", "count is missing"),
        ("count = 3", 'count = 3, scale = "cubic"', "it must be linear, or log"),
        ("[grid]", "[grid", "not TOML"),
        ("draws = 2", "draws = 0", "draws"),
    ],
)
def test_mistakes_in_a_file_are_one_sentence(spec, old, new, sentence):
    spec.write_text(SPEC.replace(old, new))
    with pytest.raises(ValueError, match=sentence):
        read(spec)


def test_the_place_of_the_function_is_told_before_it_runs(spec, tmp_path):
    (tmp_path / "sweep_cells.py").write_text('print("running")\n' + MODULE)
    done = command("small.toml", "--backend", "serial", cwd=tmp_path)
    lines = done.stdout.splitlines()
    assert lines[0] == f"runs cell of sweep_cells, {tmp_path / 'sweep_cells.py'}"
    assert lines[1] == "running"
    assert "it is code" in " ".join(command("--help", cwd=tmp_path).stdout.split())


@pytest.mark.parametrize("function", ["sweep_cells:cell", "os:system", "builtins:eval"])
def test_a_module_from_elsewhere_needs_trust(spec, tmp_path, function):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "sweep_cells.py").write_text('print("running")\n' + MODULE)
    spec.write_text(SPEC.replace("sweep_cells:cell", function))
    done = command(spec, "--backend", "serial", cwd=elsewhere)
    assert done.returncode == 2
    assert "pass --trust" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""
    if function == "sweep_cells:cell":
        assert command(spec, "--backend", "serial", "--trust", cwd=elsewhere).returncode == 0


def test_what_a_module_imported_from_python_needs_trust_too(spec, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sweep_honest.py").write_text("from shutil import rmtree as cell\n")
    spec.write_text(SPEC.replace("sweep_cells:cell", "sweep_honest:cell"))
    with pytest.raises(ValueError, match="shutil belongs to Python"):
        read(spec, trust=False)


@pytest.mark.parametrize(("arguments", "sentence"), [(("slurm",), "backend"), (("serial", 1, "tcp://x:1"), "address")])
def test_backends_that_do_not_exist_are_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence), opened(*arguments):
        pass


def test_the_cost_is_what_sleeping_takes():
    import time

    specification = Specification(lambda a: time.sleep(0.02), {"a": np.arange(500.0)})
    cost = estimate(specification, sample=5)
    assert 0.02 <= cost.seconds < 0.06
    assert cost.hours(2) == pytest.approx(500 * cost.seconds / 7200)


def test_the_cost_in_words():
    words = str(Cost(seconds=0.2, error=0.01, calls=800_000, results=24_000_000, sample=60, busy=0.19))
    assert "200 ms per call" in words
    assert "190 ms of processor" in words
    assert "1,024 cores 2.6 minutes" in words
