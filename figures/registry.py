"""Figures, found by looking: a module with ``compute``, ``draw`` and ``caption`` whose `draw` is registered."""

from __future__ import annotations

import io
import pkgutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import solvable.figures as _floor
from solvable.analysis.verification.fingerprint import digest
from solvable.analysis.verification.kept import keep, recall
from solvable.analysis.writing.names import closest
from solvable.solvers.validate import as_kind, refuse

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure as Canvas

__all__ = ["Figure", "figure", "figures", "find_figure"]

FORMATS = ("pdf", "svg", "png")


@dataclass(frozen=True)
class Figure:
    """A figure: its data, its drawing and its caption, with the claims it shows and its source."""

    name: str
    title: str
    source: str
    claims: tuple[str, ...]
    module: str
    draw: Callable[[xr.Dataset], Canvas]

    @property
    def family(self) -> str:
        """Family of the first claim it shows."""
        return self.claims[0].split("/")[0]

    def compute(self, quick: bool = False) -> xr.Dataset:
        """Compute the data, without keeping it."""
        data: xr.Dataset = sys.modules[self.module].compute(quick=quick)
        return data

    def caption(self, data: xr.Dataset) -> str:
        """Return one paragraph about this very data."""
        return str(sys.modules[self.module].caption(data))

    def data(self, quick: bool = False, store: Path | None = None) -> xr.Dataset:
        """Compute the data, or read what an earlier run with the same code kept in `store`."""
        import xarray as xr

        if store is None:
            return self.compute(quick)
        key = digest(self.module, self.name, quick)
        content = recall(store, key, f"figure {self.name}")
        if content is None:
            content = bytes(self.compute(quick).to_netcdf(engine="scipy"))
            keep(store, key, content)
        return xr.load_dataset(io.BytesIO(content), engine="scipy")

    def render(self, data: xr.Dataset, forms: Sequence[str] = FORMATS) -> dict[str, bytes]:
        """Draw to the bytes of files, one for each form; the same data and forms give the same bytes."""
        from solvable.figures.style import laid_out, style

        stamps: dict[str, dict[str, Any]] = {
            "pdf": {"CreationDate": None},
            "svg": {"Date": None},
            "png": {"Software": None},
        }
        pictures = {}
        with style():
            canvas = laid_out(self.draw(data))
            for form in forms:
                buffer = io.BytesIO()
                canvas.savefig(buffer, format=form, metadata=stamps[form])
                pictures[form] = buffer.getvalue()
        return pictures

    def page(self, quick: bool, forms: Sequence[str], store: Path | None = None) -> tuple[str, dict[str, bytes]]:
        """Caption and files, or those that an earlier run with the same code kept in `store`."""
        if store is None:
            data = self.data(quick)
            return self.caption(data), self.render(data, forms)
        key = digest(self.module, self.name, quick, "page", tuple(forms), version("matplotlib"))
        content = recall(store, key, f"figure {self.name}")
        if content is None:
            data = self.data(quick, store)
            caption, pictures = self.caption(data), self.render(data, forms)
            keep(store, key, _packed({"caption": caption.encode(), **pictures}))
            return caption, pictures
        with ZipFile(io.BytesIO(content)) as archive:
            pictures = {name: archive.read(name) for name in archive.namelist()}
        return pictures.pop("caption").decode(), pictures


def _packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


_REGISTERED: dict[str, Figure] = {}


def figure(
    name: str, *, title: str, source: str, claims: Sequence[str]
) -> Callable[[Callable[[xr.Dataset], Canvas]], Callable[[xr.Dataset], Canvas]]:
    """Register the module that defines the decorated ``draw(data)`` as a figure.

    The module also defines ``compute(quick=False) -> xarray.Dataset`` and ``caption(data) -> str``; `draw` holds
    no mathematics.
    """

    if not claims:
        raise refuse("claims", claims, "a figure shows at least one claim")

    def register(draw: Callable[[xr.Dataset], Canvas]) -> Callable[[xr.Dataset], Canvas]:
        _REGISTERED[name] = Figure(name, title, source, tuple(claims), draw.__module__, draw)
        return draw

    return register


@cache
def _load_all() -> None:
    for info in pkgutil.walk_packages(_floor.__path__, "solvable.figures."):
        import_module(info.name)


def figures() -> list[Figure]:
    """Return all figures, by name."""
    _load_all()
    return [_REGISTERED[name] for name in sorted(_REGISTERED)]


def find_figure(name: str) -> Figure:
    """Return one figure by name.

    Raises
    ------
    UnknownName
        With the closest names.
    """
    known = {item.name: item for item in figures()}
    if as_kind("name", name, str, "it must be the name of a figure") not in known:
        raise closest("figure", name, list(known))
    return known[name]
