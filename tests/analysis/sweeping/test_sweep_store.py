"""The store: resuming, what it refuses, damaged files."""

import json
import os

import numpy as np
import pytest
import xarray as xr

from solvable import sweep
from solvable.analysis.sweeping.specification import differences

pytest.importorskip("zarr")
GRID = {"n": [3, 5, 9, 17], "ridge": [0.1, 1.0, 10.0]}


def counted(log, offset=0.0):
    def cell(rng, n, ridge):
        with open(log, "a") as file:
            file.write(f"{n}\n")
        return {"df": float(np.sum(rng.random(n) / ridge)), "size": float(n)}

    return cell


@pytest.fixture
def run(tmp_path):
    """Run the same sweep on one store; returns the dataset and the number of calls."""
    log = tmp_path / "log"

    def go(store="s.zarr", **changes):
        log.write_text("")
        arguments = {"draws": 2, "seed": 1, "workers": 1, "chunk": 4, "grid": GRID} | changes
        store = tmp_path / store if store else None
        data = sweep(counted(str(log)), store=store, **arguments)
        return data.load(), len(log.read_text().splitlines())

    return go


def same(a, b):
    return all(a[name].values.tobytes() == b[name].values.tobytes() for name in ("df", "size"))


def test_a_store_holds_the_bits_of_memory_and_a_second_run_computes_nothing(run, tmp_path):
    memory, calls = run(store=None)
    first, also = run()
    second, none = run()
    assert same(memory, first)
    assert same(memory, second)
    assert (calls, also, none) == (24, 24, 0)
    with xr.open_zarr(tmp_path / "s.zarr", chunks=None) as opened:  # without this library
        assert opened["df"].dims == ("n", "ridge", "draw")
        assert opened.attrs["seed"] == 1
        assert len(opened.attrs["specification"]) == 16
        assert opened.attrs["version"]
        assert same(memory, opened)


def test_resuming_with_another_chunk_size_and_more_workers_computes_nothing(run):
    memory, _ = run(store=None)
    run()
    again, calls = run(chunk=100, workers=2)
    assert calls == 0
    assert same(memory, again)


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"seed": 2}, "seed: 2 instead of 1"),
        ({"draws": 3}, "draws: 3 instead of 2"),
        ({"grid": GRID | {"n": [3, 5, 9, 18]}}, r"grid\['n'\]: value 3 is 18 instead of 17"),
        ({"grid": GRID | {"n": [3, 5]}}, r"grid\['n'\]: 2 values instead of 4"),
        ({"grid": {"ridge": GRID["ridge"], "n": GRID["n"]}}, "grid: order ridge, n instead of n, ridge"),
        ({"outputs": ["df", "size"]}, "outputs"),
    ],
)
def test_another_specification_is_refused_and_the_difference_named(run, change, difference):
    run()
    with pytest.raises(ValueError, match=difference):
        run(**change)


def test_changed_code_is_refused(tmp_path):
    sweep(lambda n: n + 1, {"n": [1]}, store=tmp_path / "s.zarr", workers=1)
    with pytest.raises(ValueError, match=r"code\['body'\]"):
        sweep(lambda n: n + 2, {"n": [1]}, store=tmp_path / "s.zarr", workers=1)


def test_differences_name_what_is_absent():
    assert differences({"fixed": {"a": "1"}}, {"fixed": {}}) == ["fixed['a']: absent instead of '1'"]


def test_a_folder_that_no_sweep_wrote_is_left_alone(tmp_path):
    (tmp_path / "s.zarr").mkdir()
    (tmp_path / "s.zarr" / "thesis.txt").write_text("years of work")
    with pytest.raises(ValueError, match="no sweep wrote it"):
        sweep(lambda n: n, {"n": [1]}, store=tmp_path / "s.zarr", workers=1)
    assert (tmp_path / "s.zarr" / "thesis.txt").exists()


@pytest.mark.parametrize("damage", ["truncate", "empty", "delete", "flip"])
@pytest.mark.parametrize("variable", ["df", "size"])
def test_a_damaged_chunk_file_is_computed_again_and_only_that(run, tmp_path, damage, variable):
    clean, _ = run()
    file = tmp_path / "s.zarr" / variable / "1.0.0"
    content = file.read_bytes()
    if damage == "delete":
        file.unlink()
    else:
        flipped = bytes([*content[:-1], content[-1] ^ 1])
        file.write_bytes({"truncate": content[: len(content) // 2], "empty": b"", "flip": flipped}[damage])
    again, calls = run()
    assert calls <= 4
    assert same(clean, again)


def test_a_journal_cut_anywhere_loses_at_most_what_was_cut(run, tmp_path):
    clean, _ = run()
    journal = tmp_path / "s.zarr.journal"
    content = journal.read_bytes()
    lines = content.count(b"\n")
    for cut in np.random.default_rng(0).integers(0, len(content), 12):
        journal.write_bytes(content[:cut])
        whole = content[:cut].count(b"\n")
        if whole == 0:  # not even the specification: a store of unknown origin would be overwritten
            import shutil

            shutil.rmtree(tmp_path / "s.zarr")
        again, calls = run()
        assert same(clean, again)
        assert calls <= 4 * (lines - max(whole, 2)) + 4
        assert run()[1] == 0


def test_random_damage_is_mended_or_refused_in_a_sentence(run, tmp_path):
    """40 damages to any file of the store, coordinates and descriptions among them, or to the journal; seed 0."""
    import random
    import shutil

    clean, _ = run(units={"n": "samples"})
    store, journal, spare = tmp_path / "s.zarr", tmp_path / "s.zarr.journal", tmp_path / "spare"
    with xr.open_zarr(store, chunks=None) as opened:
        on_disk = opened.load()
    shutil.copytree(store, spare / "s.zarr")
    shutil.copy(journal, spare)
    places = [path.relative_to(spare) for path in sorted(spare.rglob("*")) if path.is_file()]
    clock, refusals = random.Random(0), []
    for _ in range(40):
        shutil.rmtree(store, ignore_errors=True)
        shutil.copytree(spare / "s.zarr", store)
        shutil.copy(spare / "s.zarr.journal", journal)
        path, kind = tmp_path / clock.choice(places), clock.choice(["flip", "flip", "truncate", "delete"])
        content = bytearray(path.read_bytes())
        if kind == "delete":
            path.unlink()
        elif kind == "flip":
            content[clock.randrange(len(content))] ^= 1 << clock.randrange(8)
            path.write_bytes(content)
        else:
            path.write_bytes(content[: clock.randrange(len(content))])
        try:
            again, _ = run(units={"n": "samples"})
        except ValueError as error:
            refusals.append((path, str(error)))
            continue
        assert again.identical(clean)
        with xr.open_zarr(store, chunks=None) as opened:
            assert opened.load().identical(on_disk)
    assert all(path == journal and sentence.startswith("store = ") for path, sentence in refusals)


def test_the_type_of_an_axis_is_part_of_it(tmp_path):
    sweep(lambda n: n, {"n": [1, 2]}, store=tmp_path / "s.zarr", workers=1)
    with pytest.raises(ValueError, match=r"types\['n'\]"):
        sweep(lambda n: n, {"n": [1.0, 2.0]}, store=tmp_path / "s.zarr", workers=1)


def test_two_runs_cannot_write_to_one_store(run, tmp_path):
    """From another process: locks do not exclude their own holder."""
    import subprocess
    import sys

    fcntl = pytest.importorskip("fcntl")
    run()
    code = f"""
import fcntl, sys
journal = open({str(tmp_path / "s.zarr.journal")!r}, "ab")
fcntl.lockf(journal, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(ValueError, match="another run is writing"):
            run()
        other.stdin.close()
        other.wait()
    assert fcntl
    assert run()[1] == 0


def test_failed_cells_stay_failed_until_asked_again(tmp_path):
    flag = tmp_path / "flag"

    def cell(n, flag):
        if n == 2 and not os.path.exists(flag):
            raise OSError("the licence server is down")
        return n

    arguments = {"store": tmp_path / "s.zarr", "workers": 1, "chunk": 1, "fixed": {"flag": str(flag)}}
    first = sweep(cell, {"n": [1, 2, 3]}, **arguments)
    assert first["error"].values[1] == "OSError: the licence server is down"
    flag.touch()
    assert sweep(cell, {"n": [1, 2, 3]}, **arguments).attrs["failed"] == 1
    again = sweep(cell, {"n": [1, 2, 3]}, retry=True, **arguments)
    assert again.attrs["failed"] == 0
    assert again["value"].values.tolist() == [1.0, 2.0, 3.0]


def test_the_journal_has_the_specification(run, tmp_path):
    run()
    first = json.loads((tmp_path / "s.zarr.journal").read_text().splitlines()[0])
    assert first["specification"]["seed"] == 1
    assert first["specification"]["grid"] == GRID
    assert first["specification"]["libraries"]["numpy"] == np.__version__


def test_overhead_with_a_store_is_below_a_millisecond(tmp_path):
    """Measured: 30 microseconds at 10^5 cells."""
    import time

    started = time.process_time()
    sweep(lambda a, b: 0.0, {"a": range(100), "b": range(200)}, workers=1, store=tmp_path / "s.zarr")
    assert (time.process_time() - started) / 20_000 < 1e-3
