"""Faults: the main process or a worker killed, Ctrl-C, a full disk. After resuming, the bits of a clean run."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from solvable import sweep

pytest.importorskip("zarr")
posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
VICTIM = Path(__file__).with_name("sweep_victim.py")
UNITS, CHUNK = 60, 3


def victim(*arguments, **options):
    command = [sys.executable, str(VICTIM), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def finished(tmp_path, workers=1):
    """Run to the end; return the values and all calls so far."""
    with victim("run", tmp_path / "s.zarr", tmp_path / "log", workers) as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    import xarray as xr

    with xr.open_zarr(tmp_path / "s.zarr", chunks=None) as data:
        return data["x"].values.tobytes() + data["y"].values.tobytes(), calls(tmp_path)


def calls(tmp_path):
    return (tmp_path / "log").read_text().splitlines()


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    values, called = finished(tmp_path_factory.mktemp("clean"))
    assert sorted(called) == sorted(set(called))
    assert len(called) == UNITS
    return values


def wait_for_chunks(process, count):
    assert process.stdout.readline() == "ready\n"
    for _ in range(count):
        process.stdout.readline()


def alive(session):
    found = subprocess.run(["ps", "-o", "pid=,stat=", "-s", str(session)], capture_output=True, text=True).stdout
    return [line for line in found.splitlines() if "Z" not in line.split()[1]]


def assert_all_gone(session):
    for _ in range(100):
        if not alive(session):
            return
        time.sleep(0.1)
    raise AssertionError(alive(session))


@posix
def test_main_killed_at_a_random_moment_20_times(tmp_path):
    with victim("kill", tmp_path, 20) as process:
        out, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    outcomes = json.loads(out)
    assert len(outcomes) == 20
    assert all(outcome["same"] for outcome in outcomes), (outcomes, errors)
    # computed twice: at most the one chunk under way
    assert all(UNITS <= outcome["calls"] <= UNITS + CHUNK for outcome in outcomes), outcomes
    assert len({outcome["before"] for outcome in outcomes}) > 5  # the moments did differ


@posix
def test_main_killed_with_workers_leaves_no_process_and_resumes(tmp_path, clean):
    with victim("run", tmp_path / "s.zarr", tmp_path / "log", 2, start_new_session=True) as process:
        wait_for_chunks(process, 5)
        process.kill()
    assert_all_gone(process.pid)
    values, called = finished(tmp_path, 2)
    assert values == clean
    assert UNITS <= len(called) <= UNITS + 4 * CHUNK  # two workers, two chunks ahead of each


@posix
def test_interrupt_stops_at_once_keeps_chunks_and_resumes(tmp_path, clean):
    # a shell that runs this in the background ignores SIGINT for its children: restore it
    with victim(
        "run", tmp_path / "s.zarr", tmp_path / "log", 2, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:  # fmt: skip
        wait_for_chunks(process, 5)
        os.killpg(process.pid, signal.SIGINT)  # what a terminal does
        try:
            _, errors = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode not in (0, None)
    assert errors.count("Traceback") <= 2
    assert "KeyboardInterrupt" in errors
    assert_all_gone(process.pid)
    values, called = finished(tmp_path)
    assert values == clean
    assert UNITS <= len(called) <= UNITS + 4 * CHUNK


@posix
@pytest.mark.parametrize("limit", [300, 1000, 2000])
def test_a_full_disk_stops_with_the_reason_and_resumes(tmp_path, clean, limit):
    """No file may grow beyond `limit` bytes: the journal meets it in its first or a later line, the data earlier."""
    import resource

    with victim(
        "run", tmp_path / "s.zarr", tmp_path / "log", 1,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    ) as process:  # fmt: skip
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "File too large" in errors
    log = tmp_path / "log"
    before = len(calls(tmp_path)) if log.exists() else 0
    assert before < UNITS
    values, called = finished(tmp_path)
    assert values == clean
    assert len(called) <= UNITS + CHUNK


@posix
def test_a_worker_killed_once_is_replaced(tmp_path):
    flag, log = tmp_path / "flag", tmp_path / "log"

    def cell(rng, a, flag, log):
        with open(log, "a") as file:
            file.write(f"{a}\n")
        if a == 7 and not os.path.exists(flag):
            open(flag, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return rng.random()

    arguments = {"draws": 1, "chunk": 2, "fixed": {"flag": str(flag), "log": str(log)}}
    data = sweep(cell, {"a": range(20)}, store=tmp_path / "s.zarr", workers=2, **arguments)
    assert data.attrs["failed"] == 0
    assert 20 <= len(log.read_text().splitlines()) <= 20 + 4 * 2
    assert (
        data["value"].values.tobytes()
        == sweep(cell, {"a": range(20)}, workers=1, **arguments)["value"].values.tobytes()
    )


@posix
def test_a_cell_that_always_kills_its_worker_is_recorded_and_the_others_go_on():
    def cell(a):
        if a == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        return a

    data = sweep(cell, {"a": range(12)}, workers=2, chunk=1)
    assert data.attrs["failed"] == 1
    assert "worker process died" in str(data["error"].values[5])
    assert np.isnan(data["value"].values[5])
    assert np.nansum(data["value"].values) == sum(range(12)) - 5


class Holder:
    def __init__(self):
        self.count, self.table = 0.0, {"a": [0.0]}


def test_no_call_sees_what_another_did_to_a_fixed_argument():
    """Objects, subclasses of containers and generators: each call gets them as they were given."""
    from collections import Counter, OrderedDict

    def counting(a, holder, ordered, counter, nested):
        holder.count += 1
        holder.table["a"][0] += 1
        ordered["x"] = ordered.get("x", 0) + 1
        counter["x"] += 1
        nested[0]["inner"].count += 1
        return holder.count + holder.table["a"][0] + ordered["x"] + counter["x"] + nested[0]["inner"].count

    given = {"holder": Holder(), "ordered": OrderedDict(), "counter": Counter(), "nested": [{"inner": Holder()}]}
    found = sweep(counting, {"a": np.zeros(6)}, fixed=given, workers=1, chunk=3, progress=False)
    assert found["value"].values.tolist() == [5.0] * 6
    assert given["holder"].count == 0
    assert given["holder"].table == {"a": [0.0]}
    assert not given["ordered"]
