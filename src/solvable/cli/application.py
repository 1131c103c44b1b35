"""What the commands share: the application, its options, names that a shell completes, the console."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

__all__ = [
    "JOBS", "STYLES", "ClaimName", "Family", "Jobs", "Names", "Quick", "Seed", "app", "complete_cited",
    "complete_claim", "complete_figure", "console", "progress",
]  # fmt: skip

app = typer.Typer(
    pretty_exceptions_enable=False,
    help="Solvable models of learning: theory, matched simulation, a check that can fail, and the figure.",
    epilog="--debug anywhere on the line shows a traceback instead of one sentence.",
)
JOBS = os.cpu_count() or 1

Quick = Annotated[bool, typer.Option("--quick", help="Fewer cells and draws; the tolerances stay.")]
Seed = Annotated[int, typer.Option(min=0, help="Root seed of every draw.")]
Jobs = Annotated[int, typer.Option(min=1, help="Worker processes; verdicts do not depend on it.")]
STYLES = {"AGREES": "green", "DISAGREES": "bold red", "INCONCLUSIVE": "yellow"}


def console() -> Any:
    """Return where lines are printed."""
    from rich.console import Console

    # in a pipe lines are cut by nobody: the width is what the content needs
    return Console(highlight=False, width=None if sys.stdout.isatty() else 200)


def _complete_family(incomplete: str) -> list[str]:
    from solvable.index import families

    return [name for name in families() if name.startswith(incomplete)]


def complete_claim(incomplete: str) -> list[str]:
    """Names of claims that begin so."""
    from solvable.index import claim_names

    return [name for name in claim_names() if name.startswith(incomplete)]


def complete_figure(incomplete: str) -> list[str]:
    """Names of figures that begin so."""
    from solvable.index import figure_entries

    return [name for name in ("all", *(item["name"] for item in figure_entries())) if name.startswith(incomplete)]


def _complete_chosen(incomplete: str) -> list[str]:
    return _complete_family(incomplete) + complete_claim(incomplete)


def complete_cited(incomplete: str) -> list[str]:
    """Claims, figures and papers that begin so."""
    from solvable.index import figure_entries, paper_keys

    papers = [key for key in paper_keys() if key.startswith(incomplete)]
    drawn = [item["name"] for item in figure_entries() if item["name"].startswith(incomplete)]
    return complete_claim(incomplete) + drawn + papers


Family = Annotated[str | None, typer.Argument(help="Show one family only.", autocompletion=_complete_family)]
Names = Annotated[
    list[str] | None,
    typer.Argument(help="Claims or families; all of them if none is named.", autocompletion=_complete_chosen),
]
ClaimName = Annotated[str, typer.Argument(help="Name of a claim.", autocompletion=complete_claim)]


@contextmanager
def progress(console: Any, what: str, total: int) -> Iterator[Any]:
    """Show a bar with the remaining time on a terminal, nothing in a pipe."""
    if not console.is_terminal:
        yield lambda: None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)
