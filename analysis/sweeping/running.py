"""The sweep itself: from a grid to a labelled dataset, on a laptop or a cluster, going on where it was stopped."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing, contextmanager, nullcontext
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from solvable.analysis.sweeping.chunks import Chunk, Layout, Result
from solvable.analysis.sweeping.execution import (
    available_cores,
    here_at_first,
    in_processes,
    in_this_process,
    on_executor,
    size_of,
)
from solvable.analysis.sweeping.interrupts import Interrupts
from solvable.analysis.sweeping.specification import Specification
from solvable.analysis.sweeping.store import Memory, Store
from solvable.analysis.verification.identity import Unidentified
from solvable.analysis.writing.references import citation
from solvable.solvers.validate import as_kind, as_whole, refuse

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["run", "sweep"]

Report = Callable[[int, int], None]
_FEW = 8  # chunks for each worker below which the first one, alone, would be a large part of the work


def sweep(
    function: Callable[..., Any],
    grid: Mapping[str, ArrayLike],
    draws: int | None = None,
    seed: int = 0,
    executor: Executor | None = None,
    store: str | PathLike[str] | None = None,
    progress: bool | Report = True,
    *,
    workers: int | None = None,
    together: Sequence[str] = (),
    fixed: Mapping[str, Any] | None = None,
    outputs: Sequence[str] = (),
    units: Mapping[str, str] | None = None,
    source: str = "",
    chunk: int | None = None,
    ahead: int | None = None,
    retry: bool = False,
) -> xr.Dataset:
    """Call a function at every point of a grid, and return a labelled dataset.

    Results are the same bits for any executor, number of workers, chunk size, order and number of interruptions: draw j
    of cell i has the seed (i, j), and a call sees one BLAS and one numba thread.

    Parameters
    ----------
    function : callable
        ``function(rng, **cell)`` with `draws`, else ``function(**cell)``. Returns a number, a tuple of numbers (named
        by `outputs`) or a mapping from names to numbers; arrays over the axes in `together`, in the grid's order.
        Its arrays are read-only: all calls share them.
    grid : mapping
        Axis name to a vector of numbers or strings.
    draws : int, optional
        Independent repetitions; adds the axis ``draw``.
    seed : int
        Root seed.
    executor : concurrent.futures.Executor, optional
        Who computes: ``dask.distributed.Client(...).get_executor(pure=False)``, ``mpi4py.futures.MPIPoolExecutor()``.
        Without one, `workers` processes of our own. The caller shuts it down.
    store : path, optional
        Zarr store; finished chunks are in it at once, and a sweep that was stopped goes on. Its journal lies beside it.
    progress : bool or callable
        A bar on a terminal, or ``progress(done, total)`` in calls of the function, after each chunk is kept.
    workers : int, optional
        Processes; 1 computes in this process. By default all cores, and many chunks begin in this process: a sweep
        shorter than the start of the others ends there.
    together : sequence of str
        Axes that the function takes as whole arrays, so that their values share one decomposition or one compiled call.
        With ``"draw"`` among them, ``rng`` is a list with one generator for each draw.
    fixed : mapping, optional
        Arguments that do not vary.
    outputs : sequence of str
        Names of what the function returns; ``value`` by default.
    units : mapping, optional
        Unit of an axis or output; becomes its attribute ``units``.
    source : str
        Key of ``papers.bib``; becomes an attribute.
    chunk : int, optional
        Calls that are passed on and stored as one; choose about a second's worth. A resumed store keeps its own.
    ahead : int, optional
        Chunks under way at a time on an `executor`; twice its workers by default.
    retry : bool
        When resuming, compute chunks again in which a call raised.

    Returns
    -------
    xarray.Dataset
        float64 variables over the axes of the grid, then ``draw``. Where a call raised, or returned what is no number:
        NaN, and the message in the variable ``error``; ``attrs["failed"]`` counts these calls. From a store, values are
        read from disk when used.

    Raises
    ------
    ValueError
        Bad arguments, a store that holds another sweep (the sentence names the difference), or with a store a function
        that another run could not recognise.
    RuntimeError
        Every call raised, or a worker of the caller's executor died.

    References
    ----------
    none (bookkeeping, no mathematics)

    Examples
    --------
    >>> from solvable import sweep
    >>> data = sweep(lambda rng, scale: scale * rng.standard_normal(), {"scale": [1.0, 2.0]}, draws=3, workers=1)
    >>> dict(data.sizes), data["value"].dims
    ({'scale': 2, 'draw': 3}, ('scale', 'draw'))
    """
    specification = Specification(function, grid, draws, seed, together, {} if fixed is None else fixed, outputs)
    return run(
        specification, executor=executor, store=store, progress=progress, workers=workers, units=units, source=source,
        chunk=chunk, ahead=ahead, retry=retry,
    )  # fmt: skip


def run(
    specification: Specification,
    *,
    executor: Executor | None = None,
    store: str | PathLike[str] | None = None,
    progress: bool | Report = True,
    workers: int | None = None,
    units: Mapping[str, str] | None = None,
    source: str = "",
    chunk: int | None = None,
    ahead: int | None = None,
    retry: bool = False,
) -> xr.Dataset:
    """Run a specification; see :func:`sweep`."""
    _check_options(progress, units, source)
    count = as_whole("workers", workers) if workers is not None else available_cores()
    count = size_of(executor) if executor is not None else count
    shape = specification.shape(specification.separate)
    layout = Layout.of(shape, as_whole("chunk", chunk) if chunk is not None else Layout.usual(shape, count))
    ahead = as_whole("ahead", ahead) if ahead is not None else 2 * count

    if source:
        citation(source)  # an unknown key is refused before anything is computed

    mark = _mark(specification)

    def label(data: xr.Dataset) -> xr.Dataset:
        return _label(data, specification, mark, units or {}, source)

    kept = Memory(specification, layout) if store is None else Store(Path(store), specification, layout, label)
    with closing(kept):
        if retry:
            kept.forget_failed()
        layout = kept.layout
        todo = [number for number in range(len(layout)) if number not in kept.done]
        chunks = (Chunk.cut(specification, layout, number) for number in todo)
        total = math.prod(shape)
        done = total - sum(_units(layout, number) for number in todo)
        interrupts = Interrupts()
        parallel = executor is not None or (count > 1 and len(todo) > 1)
        results: Generator[Result, None, None]
        place = ["in this process" if executor is None else f"{count} workers"]  # the last one is where it runs now
        if executor is not None:
            results = on_executor(chunks, executor, ahead, interrupts.check)
        elif parallel and workers is None and len(todo) >= _FEW * count:
            results = here_at_first(chunks, count, interrupts.check, lambda: place.append(f"{count} processes"))
        elif parallel:
            place.append(f"{min(count, len(todo))} processes")
            results = in_processes(chunks, min(count, len(todo)), interrupts.check)
        else:
            results = in_this_process(chunks)
        with (
            _reporting(progress, done, total, place) as report,
            interrupts.watching(),
            interrupts.shield() if parallel else nullcontext(),
            closing(results),
        ):
            for result in results:
                with interrupts.shield():
                    kept.add(result)
                _known(units or {}, [*specification.axes, *kept.names] if kept.names else list(units or {}))
                done += _units(layout, result.number)
                report(done, total)
        return label(kept.dataset())


def _check_options(progress: Any, units: Any, source: Any) -> None:
    if not callable(progress):
        as_kind("progress", progress, bool, "it must be True, False or callable")
    as_kind("units", units, Mapping | None, "it must be a mapping from axes and outputs to units")
    as_kind("source", source, str, "it must be a key of papers.bib")


def _units(layout: Layout, number: int) -> int:
    return math.prod(part.stop - part.start for part in layout.slices(number))


def _known(units: Mapping[str, str], names: Sequence[str]) -> None:
    for name in units:
        if name not in names:
            raise refuse("units", dict(units), f"{name} is not among axes and outputs: {', '.join(names)}")


def _mark(specification: Specification) -> str | None:
    """Digest of the specification before anything ran; None where it has none, which only a store needs."""
    try:
        return specification.hash
    except Unidentified:
        return None


def _label(
    data: xr.Dataset, specification: Specification, mark: str | None, units: Mapping[str, str], source: str
) -> xr.Dataset:
    for name, unit in units.items():
        if name in data.variables:
            data[name].attrs["units"] = unit
    data.attrs |= {"function": specification.name, "seed": int(specification.seed), "version": version("solvable")}
    if mark is not None:
        data.attrs["specification"] = mark
    if source:
        data.attrs |= {"source": source, "citation": citation(source)}
    return data


@contextmanager
def _reporting(progress: bool | Report, done: int, total: int, place: list[str]) -> Iterator[Report]:
    """Hand out what is called after each chunk: nothing, the caller's function, or a bar on a terminal."""
    if callable(progress):
        yield progress
        return
    from rich.console import Console

    console = Console(stderr=True)
    if not progress or not console.is_terminal:
        yield lambda done, total: None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    rate = TextColumn("{task.fields[rate]}")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        rate,
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(f"sweep, {place[-1]}", total=total, completed=done, rate="")

        def report(done: int, total: int) -> None:
            speed = bar.tasks[0].speed
            speed_now = f"{speed:.3g} cells/s" if speed else ""
            bar.update(task, description=f"sweep, {place[-1]}", completed=done, rate=speed_now)

        yield report
