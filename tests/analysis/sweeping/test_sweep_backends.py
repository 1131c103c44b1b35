"""Every backend gives the bits of the serial one: executors of the standard library, dask.distributed, MPI."""

import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from solvable import sweep
from solvable.analysis.random_features.experiments.regression import shallow_errors
from solvable.analysis.sweeping import execution, running

ARGUMENTS = {
    "function": shallow_errors,
    "grid": {"n": [5, 9, 14], "k": [4, 9, 30], "ridges": [0.01, 0.1, 1.0]},
    "draws": 2,
    "seed": 3,
    "together": ["ridges"],
    "fixed": {"exponent": 1.5, "target_exponent": 1.5, "signal": 1.0, "noise": 0.5},
    "outputs": ["test", "train"],
}


def bits(data):
    return [data[name].values.tobytes() for name in ("test", "train")]


@pytest.fixture(scope="module")
def reference():
    data = sweep(**ARGUMENTS, workers=1)
    assert np.all(np.isfinite(data["test"]))
    return bits(data)


@pytest.fixture(scope="module")
def client():
    distributed = pytest.importorskip("distributed")
    # no dashboard, loopback only: nothing listens to the network
    options = {"n_workers": 2, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        yield client


def test_worker_processes(reference):
    assert bits(sweep(**ARGUMENTS, workers=2, chunk=1)) == reference


@pytest.mark.parametrize("chunk", [1, 5])
def test_threads(reference, chunk):
    with ThreadPoolExecutor(2) as executor:
        assert bits(sweep(**ARGUMENTS, executor=executor, chunk=chunk)) == reference


def test_the_standard_process_pool(reference):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        assert bits(sweep(**ARGUMENTS, executor=executor, chunk=4)) == reference


def test_a_broken_executor_is_one_sentence(tmp_path):
    def die(n):
        os.kill(os.getpid(), signal.SIGKILL)

    from joblib.externals.loky.process_executor import ProcessPoolExecutor as Loky

    executor = Loky(1)
    with pytest.raises(RuntimeError, match="a worker of the executor died; finished chunks are kept"):
        sweep(die, {"n": [1, 2, 3]}, executor=executor, chunk=1)
    executor.shutdown(kill_workers=True)


@pytest.mark.parametrize("chunk", [1, 7])
def test_dask(reference, client, chunk):
    assert bits(sweep(**ARGUMENTS, executor=client.get_executor(pure=False), chunk=chunk)) == reference


def test_dask_with_a_store_resumes_what_processes_began(reference, client, tmp_path):
    pytest.importorskip("zarr")

    def stop(done, total):
        if done >= total // 2:
            raise StopIteration

    with pytest.raises(StopIteration):
        sweep(**ARGUMENTS, workers=2, chunk=2, store=tmp_path / "s.zarr", progress=stop)
    seen = []
    data = sweep(
        **ARGUMENTS,
        executor=client.get_executor(pure=False),
        store=tmp_path / "s.zarr",
        progress=lambda done, total: seen.append(done),
    )
    assert bits(data) == reference
    assert 0 < len(seen) <= 5  # nine chunks in all


def test_a_killed_dask_worker_costs_nothing(client, tmp_path):
    """The scheduler runs its chunk elsewhere."""
    flag = tmp_path / "flag"

    def cell(rng, a, flag):
        if a == 3 and not os.path.exists(flag):
            open(flag, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return rng.random()

    arguments = {"grid": {"a": range(8)}, "draws": 1, "fixed": {"flag": str(flag)}, "chunk": 1}
    data = sweep(cell, executor=client.get_executor(pure=False), **arguments)
    assert data.attrs["failed"] == 0
    assert data["value"].values.tobytes() == sweep(cell, workers=1, **arguments)["value"].values.tobytes()


MPI = """
import sys
from mpi4py.futures import MPIPoolExecutor
from solvable import sweep
from tests_arguments import ARGUMENTS
if __name__ == "__main__":
    with MPIPoolExecutor() as executor:
        sweep(**ARGUMENTS, executor=executor, chunk=2).to_netcdf(sys.argv[1], engine="scipy")
"""


def test_mpi(reference, tmp_path):
    # in another process: importing it starts MPI
    probe = subprocess.run([sys.executable, "-c", "from mpi4py import MPI"], capture_output=True, text=True)
    if probe.returncode:
        pytest.skip(f"mpi4py does not import: {probe.stderr.strip().splitlines()[-1]}")
    if shutil.which("mpiexec") is None:
        pytest.skip("mpiexec is not installed")
    import xarray as xr

    (tmp_path / "tests_arguments.py").write_text(
        "from solvable.analysis.random_features.experiments.regression import shallow_errors\n"
        f"ARGUMENTS = {ARGUMENTS | {'function': None}!r}\nARGUMENTS['function'] = shallow_errors\n"
    )
    script = tmp_path / "job.py"
    script.write_text(MPI)
    command = ["mpiexec", "-n", "3", sys.executable, "-m", "mpi4py.futures", str(script), str(tmp_path / "out.nc")]
    paths = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=os.environ | {"PYTHONPATH": paths})
    assert done.returncode == 0, done.stderr
    with xr.open_dataset(tmp_path / "out.nc", engine="scipy") as data:
        assert [data[name].values.astype("<f8").tobytes() for name in ("test", "train")] == reference


@pytest.mark.parametrize("patience", [np.inf, 0.0])
def test_a_short_sweep_stays_in_this_process_and_its_bar_says_so(monkeypatch, patience, capsys):
    """The first chunk runs here; the others too until the time has passed that workers need to start."""
    for name, value in (("FORCE_COLOR", "1"), ("COLUMNS", "120")):  # a terminal, and a wide one
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(execution, "_START", patience)
    monkeypatch.setattr(running, "available_cores", lambda: 2)

    def process(rng, x):
        import os

        return os.getpid()

    grid = {"x": np.arange(16.0)}
    data = sweep(process, grid, draws=1, seed=0, chunk=1)["value"].values.ravel()
    bar = capsys.readouterr().err
    assert "sweep, in this process" in bar
    assert ("sweep, 2 processes" in bar) == (patience == 0)
    assert data[0] == os.getpid()
    assert (data[1:] == os.getpid()).all() == np.isinf(patience)
    apart = sweep(process, grid, draws=1, seed=0, chunk=1, workers=2, progress=False)["value"].values
    assert (apart != os.getpid()).all()
