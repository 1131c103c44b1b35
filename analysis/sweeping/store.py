"""Where finished chunks are kept: in memory, or in a Zarr store with a journal beside it.

The journal (`<store>.journal`) has one line for each finished chunk, written after its data, with a digest of the data.
On resuming, a chunk counts as finished only if the data on disk have that digest: torn lines and files are computed
again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from solvable.analysis.sweeping.chunks import Layout, Result
from solvable.analysis.sweeping.specification import Specification, differences
from solvable.solvers.validate import refuse

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Memory", "Store"]

Array = NDArray[np.float64]
Label = Callable[["xr.Dataset"], "xr.Dataset"]


def _digest(values: Mapping[str, Array]) -> str:
    content = hashlib.blake2b(digest_size=16)
    for name in sorted(values):
        content.update(name.encode() + b"\0" + np.ascontiguousarray(values[name], dtype="<f8").tobytes())
    return content.hexdigest()


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        return dict(json.loads(line))
    except ValueError:  # damaged: what it spoke of is computed again
        return None


class Memory:
    """Results in arrays over (separate, shared) axes, and the messages of units that raised."""

    def __init__(self, specification: Specification, layout: Layout) -> None:
        """Start empty."""
        self.specification, self.layout = specification, layout
        self.done: set[int] = set()
        self.errors: dict[int, dict[int, str]] = {}
        self.names: tuple[str, ...] = ()
        self.values: dict[str, Array] = {}
        self.seconds = 0.0

    @property
    def dims(self) -> tuple[str, ...]:
        """Axes in the order in which chunks hold them."""
        return self.specification.separate + self.specification.shared

    def add(self, result: Result) -> None:
        """Keep a finished chunk."""
        if result.values and not self.names:
            self.names = tuple(result.values)
            self._prepare()
        if result.values and set(result.values) != set(self.names):
            raise ValueError(
                f"the function returned {', '.join(result.values)} where others are {', '.join(self.names)}."
            )
        self._keep(result)
        self._note(result.number, result.errors, result.seconds)

    def _note(self, number: int, errors: dict[int, str], seconds: float) -> None:
        self.done.add(number)
        self.seconds += seconds
        self.errors.pop(number, None)
        if errors:
            self.errors[number] = errors

    def _prepare(self) -> None:
        self.values = {name: np.full(self.specification.shape(self.dims), np.nan) for name in self.names}

    def _keep(self, result: Result) -> None:
        for name, array in result.values.items():
            self.values[name][self.layout.slices(result.number)] = array

    def forget_failed(self) -> None:
        """Count chunks with units that raised as not done."""
        self.done -= set(self.errors)
        self.errors.clear()

    def dataset(self) -> xr.Dataset:
        """All results, axes in the order of the grid; `error` holds the messages where anything raised."""
        import xarray as xr

        if not self.names:
            first = next(iter(next(iter(self.errors.values())).values()))
            raise RuntimeError(f"every cell raised; the first message is: {first}")
        return self._with_errors(
            xr.Dataset(
                {
                    name: xr.Variable(self.dims, array).transpose(*self.specification.axes)
                    for name, array in self.values.items()
                },
                self.specification.axes,
            )
        )

    def _with_errors(self, data: xr.Dataset) -> xr.Dataset:
        import xarray as xr

        failed = sum(map(len, self.errors.values()))
        data.attrs["failed"] = failed
        if failed:
            messages = np.full(self.layout.shape, "", dtype=object)
            for number, errors in self.errors.items():
                part = messages[self.layout.slices(number)]
                for position, message in errors.items():
                    part[np.unravel_index(position, part.shape)] = message
            data["error"] = xr.Variable(self.specification.separate, messages)
        return data

    def close(self) -> None:
        """Nothing to close."""


class Store(Memory):
    """A Zarr store that can be resumed, of one specification."""

    def __init__(self, path: Path, specification: Specification, layout: Layout, label: Label) -> None:
        """Open or create the store at `path`; a store of another specification is refused."""
        super().__init__(specification, layout)
        self.path, self.label = path, label
        self.journal_path = path.with_name(path.name + ".journal")
        try:
            import dask.array  # noqa: F401
            import zarr  # noqa: F401
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(f"a store needs {error.name}: pip install 'solvable[sweep]'") from None
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not self.journal_path.exists():
            raise refuse("store", str(path), "it exists and no sweep wrote it; name another place")
        self.journal = open(self.journal_path, "a+b", buffering=0)  # noqa: SIM115  closed in close()
        try:
            self._lock()
            self._resume()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the journal, which also lets others write."""
        self.journal.close()

    def _lock(self) -> None:
        try:
            import fcntl
        except ModuleNotFoundError:  # Windows
            return
        try:
            fcntl.lockf(self.journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise refuse("store", str(self.path), "another run is writing to it") from None
        except OSError:  # a file system without locks
            return

    def _write_line(self, line: Mapping[str, Any]) -> None:
        """Append a line that is whole on disk, or none."""
        size = self.journal.seek(0, os.SEEK_END)
        try:
            content = json.dumps(line).encode() + b"\n"
            while content:
                content = content[self.journal.write(content) :]
            os.fsync(self.journal.fileno())
        except OSError:
            os.truncate(self.journal_path, size)
            raise

    def _resume(self) -> None:
        self.journal.seek(0)
        content = self.journal.read()
        whole = content.rfind(b"\n") + 1
        os.truncate(self.journal_path, whole)  # a torn last line
        lines = [line for line in map(_parse, content[:whole].splitlines()) if line is not None]
        record = self.specification.record
        if not lines:
            self._write_line({"hash": self.specification.hash, "block": self.layout.block, "specification": record})
            return
        if "specification" not in lines[0]:
            raise refuse("store", str(self.path), "the first line of its journal is damaged; delete both")
        different = differences(lines[0]["specification"], record)
        if different:
            kept = f"it holds another sweep ({'; '.join(different)}); name another place or delete this one"
            raise refuse("store", str(self.path), kept)
        self.layout = Layout(self.layout.shape, tuple(lines[0]["block"]))
        finished = {}
        for line in lines[1:]:
            if "variables" in line:
                self.names = tuple(line["variables"])
            else:
                finished[line["chunk"]] = line
        for number, line in finished.items():
            if line["digest"] is None or self._digest_on_disk(number) == line["digest"]:
                self._note(number, {int(k): v for k, v in line["errors"].items()}, line["seconds"])

    def _digest_on_disk(self, number: int) -> str | None:
        import xarray as xr

        try:
            with xr.open_zarr(self.path, chunks=None) as data:
                part = data.isel(self._region(number))
                return _digest({name: part[name].transpose(*self.dims).values for name in self.names})
        except Exception:  # whatever a damaged file makes a decoder raise: the chunk is computed again
            return None

    def _region(self, number: int) -> dict[str, slice]:
        region = dict(zip(self.specification.separate, self.layout.slices(number), strict=True))
        return region | {name: slice(0, self.specification.axes[name].size) for name in self.specification.shared}

    def _prepare(self) -> None:
        import dask.array as lazy
        import xarray as xr

        if self.path.exists():
            shutil.rmtree(self.path)
        axes = self.specification.axes
        sizes = dict(zip(self.specification.separate, self.layout.block, strict=True))
        chunks = tuple(sizes.get(name, axes[name].size) for name in axes)
        empty = lazy.full(self.specification.shape(tuple(axes)), np.nan, chunks=chunks)
        data = self.label(xr.Dataset({name: (tuple(axes), empty) for name in self.names}, axes))
        encoding = {name: {"chunks": chunks, "_FillValue": np.nan} for name in self.names}
        # format 2: the third has no stable strings and no consolidated metadata yet
        data.to_zarr(self.path, mode="w", compute=False, zarr_format=2, consolidated=True, encoding=encoding)
        self._write_line({"variables": self.names})

    def _keep(self, result: Result) -> None:
        import xarray as xr

        if result.values:
            region = self._region(result.number)
            axes = tuple(self.specification.axes)
            values = {name: xr.Variable(self.dims, array).transpose(*axes) for name, array in result.values.items()}
            xr.Dataset(values).to_zarr(self.path, region=region, mode="r+", zarr_format=2, consolidated=True)
        self._write_line(
            {
                "chunk": result.number,
                "digest": _digest(result.values) if result.values else None,
                "errors": result.errors,
                "seconds": round(result.seconds, 6),
            }
        )

    def dataset(self) -> xr.Dataset:
        """Open the stored results: values are read when they are used."""
        import xarray as xr

        if not self.names:
            return super().dataset()
        data = xr.open_zarr(self.path, chunks=None)
        return self._with_errors(data[list(self.names)])
