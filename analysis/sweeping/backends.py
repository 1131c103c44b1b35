"""Backends by name, for the command line."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from solvable.solvers.validate import refuse

__all__ = ["BACKENDS", "opened"]

BACKENDS = ("processes", "serial", "dask", "mpi")


@contextmanager
def opened(backend: str, workers: int | None = None, address: str | None = None) -> Iterator[Executor | None]:
    """Executor of a backend; None where processes of our own, or this one, compute.

    ``dask`` connects to the scheduler at `address`, or starts `workers` local processes that listen to loopback only.
    """
    if backend not in BACKENDS:
        raise refuse("backend", backend, f"it must be one of {', '.join(BACKENDS)}")
    if address is not None and backend != "dask":
        raise refuse("address", address, "only the backend dask has one")
    if backend in ("processes", "serial"):
        yield None
    elif backend == "mpi":
        try:
            from mpi4py.futures import MPIPoolExecutor
        except (ImportError, RuntimeError) as error:
            raise ModuleNotFoundError(f"the backend mpi needs mpi4py and an MPI library ({error})") from None
        with MPIPoolExecutor(workers) as executor:
            yield executor
    else:
        try:
            from distributed import Client, LocalCluster
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(f"the backend dask needs {error.name}: pip install 'solvable[sweep]'") from None
        if address is not None:
            with Client(address) as client:
                yield client.get_executor(pure=False)
            return
        from solvable.analysis.sweeping.execution import available_cores

        options = {"threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": None}
        with LocalCluster(n_workers=workers or available_cores(), **options) as cluster, Client(cluster) as client:
            yield client.get_executor(pure=False)
