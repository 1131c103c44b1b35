"""Where finished chunks are kept: in memory, or in a Zarr store with a journal beside it.

The journal (`<store>.journal`) has one line for each finished chunk, written after its data, with a digest of the data
and one of the line itself; and one line with digests of all other files of the store, coordinates and descriptions. On
resuming, a chunk counts as finished only if the data on disk have their digest; the other files are written again where
they differ. What a sweep returns has its coordinates from the specification, and only numbers from the disk.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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


def _sealed(line: Mapping[str, Any]) -> bytes:
    """Write a line of the journal, with its own digest last."""
    seal = hashlib.blake2b(json.dumps(line).encode(), digest_size=8).hexdigest()
    return json.dumps({**line, "seal": seal}).encode() + b"\n"


def _parse(content: bytes) -> dict[str, Any] | None:
    """Read a line; None where it is not what was written: what it spoke of is computed again."""
    try:
        line = json.loads(content)
        seal = line.pop("seal")
        return line if _sealed(line) == content + b"\n" and seal else None
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None


def _described(folder: Path, names: tuple[str, ...]) -> dict[str, Path]:
    """Files of a store that are no chunk of results, by their place: descriptions, attributes and coordinates."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    places = ((path.relative_to(folder), path) for path in found)
    return {
        place.as_posix(): path for place, path in places if place.parts[0] not in names or place.name.startswith(".z")
    }


def _digests(folder: Path, names: tuple[str, ...]) -> dict[str, str]:
    files = _described(folder, names)
    return {place: hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest() for place, path in files.items()}


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
            content = _sealed(line)
            while content:
                content = content[self.journal.write(content) :]
            os.fsync(self.journal.fileno())
        except OSError:
            os.truncate(self.journal_path, size)
            raise

    def _resume(self) -> None:
        record = self.specification.record  # first: one that cannot be told must leave no trace
        self.journal.seek(0)
        content = self.journal.read()
        whole = content.rfind(b"\n") + 1
        os.truncate(self.journal_path, whole)  # a torn last line
        lines = [_parse(line) for line in content[:whole].split(b"\n")[:-1]]
        if not lines:
            if self.path.exists():
                raise refuse("store", str(self.path), f"its journal {self.journal_path} is empty; delete both")
            self._write_line({"hash": self.specification.hash, "block": self.layout.block, "specification": record})
            return
        if lines[0] is None or "specification" not in lines[0]:
            damage = (
                f"the first line of its journal {self.journal_path} is damaged, or of an earlier version; delete both"
            )
            raise refuse("store", str(self.path), damage)
        different = differences(lines[0]["specification"], record)
        if different:
            kept = f"it holds another sweep ({'; '.join(different)}); name another place or delete this one"
            raise refuse("store", str(self.path), kept)
        self.layout = Layout(self.layout.shape, tuple(lines[0]["block"]))
        finished = {}
        for line in filter(None, lines[1:]):
            if "variables" in line:
                self.names = tuple(line["variables"])
                self._mend(line["files"])
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

    def _mend(self, digests: Mapping[str, str]) -> None:
        """Write again the descriptions and coordinates that are not what they were."""
        if _digests(self.path, self.names) == digests:
            return
        with self._empty() as pristine:
            for place, path in _described(pristine, self.names).items():
                (self.path / place).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, self.path / place)
            for place, path in _described(self.path, self.names).items():
                if not (pristine / place).exists():  # a file that nobody wrote, or under a damaged name
                    path.unlink()

    @contextmanager
    def _empty(self) -> Iterator[Path]:
        """Write the store without results to a folder beside it, which is removed unless it was moved."""
        import dask.array as lazy
        import xarray as xr

        folder = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        shutil.rmtree(folder, ignore_errors=True)
        axes = self.specification.axes
        sizes = dict(zip(self.specification.separate, self.layout.block, strict=True))
        chunks = tuple(sizes.get(name, axes[name].size) for name in axes)
        empty = lazy.full(self.specification.shape(tuple(axes)), np.nan, chunks=chunks)
        data = self.label(xr.Dataset({name: (tuple(axes), empty) for name in self.names}, axes))
        encoding = {name: {"chunks": chunks, "_FillValue": np.nan} for name in self.names}
        # format 2: the third has no stable strings and no consolidated metadata yet
        try:
            data.to_zarr(folder, mode="w", compute=False, zarr_format=2, consolidated=True, encoding=encoding)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _prepare(self) -> None:
        with self._empty() as pristine:
            shutil.rmtree(self.path, ignore_errors=True)
            pristine.rename(self.path)
        self._write_line({"variables": self.names, "files": _digests(self.path, self.names)})

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
        stored = xr.open_zarr(self.path, chunks=None)
        found = {name: stored[name].variable for name in self.names}
        for variable in found.values():
            variable.attrs = {}
        return self._with_errors(xr.Dataset(found, self.specification.axes))
