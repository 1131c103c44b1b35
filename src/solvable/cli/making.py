"""Commands that make files: figure, reproduce, sweep."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from solvable.cli.application import JOBS, Jobs, Quick, Seed, app, complete_figure, console, progress
from solvable.cli.checking import exit_code, verify_all_of

__all__: list[str] = []


@app.command()
def figure(
    name: Annotated[str, typer.Argument(help="Name of a figure, or all.", autocompletion=complete_figure)],
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("figures-out"),
    format: Annotated[str, typer.Option(help="Comma-separated: pdf, svg, png.")] = "pdf,svg,png",
    quick: Quick = False,
    jobs: Jobs = JOBS,
) -> None:
    """Compute and write a figure, or all of them."""
    from solvable.analysis.writing.files import require_folder
    from solvable.figures import figures, find_figure
    from solvable.figures.report import write_figures

    forms = _formats(format)
    require_folder("out", out)
    chosen = figures() if name == "all" else [find_figure(name)]
    with progress(console(), "figures", len(chosen)) as advance:
        for done, caption, _ in write_figures(chosen, out, forms, quick, jobs=jobs):
            print(f"{', '.join(str(out / f'{done}.{form}') for form in forms)}\n  {caption}")
            advance()


def _formats(text: str) -> list[str]:
    from solvable.figures.registry import FORMATS

    forms = [part.strip() for part in text.split(",") if part.strip()]
    if not forms or any(form not in FORMATS for form in forms):
        raise ValueError(f"format = {text!r} is not allowed: name some of {', '.join(FORMATS)}, comma-separated.")
    return forms


@app.command()
def reproduce(
    out: Annotated[Path, typer.Option(help="Folder of the report; finished results are kept in it.")] = Path("report"),
    quick: Quick = False,
    seed: Seed = 0,
    jobs: Jobs = JOBS,
    format: Annotated[
        str | None, typer.Option(help="Formats of the figure files; by default pdf,svg,png, with --quick svg only.")
    ] = None,
    timings: Annotated[bool, typer.Option("--timings", help="Print the processor time of claims and figures.")] = False,
) -> None:
    """Check every claim, draw every figure and write one self-contained page. The main job."""
    from solvable.analysis import claims
    from solvable.analysis.verification.timing import Stages, recorded
    from solvable.analysis.writing.files import held_alone
    from solvable.figures import figures
    from solvable.figures.report import write_figures, write_report

    # the page shows the svg; to write all three takes longer than to compute what a quick figure shows
    forms = _formats(format or ("svg" if quick else "pdf,svg,png"))
    store, pictures, stages = out / "results", {}, Stages()
    known = {item.name: item for item in figures()}
    with held_alone(out), recorded() as record:
        chosen = claims()
        stages.done("loading")
        verdicts = verify_all_of(chosen, quick, seed, jobs, store)
        stages.done("claims")
        with progress(console(), "figures", len(known)) as advance:
            for name, caption, svg in write_figures(figures(), out / "figures", forms, quick, store, jobs):
                pictures[name] = (known[name], caption, svg)
                print(f"{'figure':<12} {name}")
                advance()
        stages.done("figures")
        took = stages.sentence(record.compilation())
        page = write_report(out, {verdict.claim: verdict for verdict in verdicts}, pictures, seed, quick, took)
        stages.done("page")
        print(stages.sentence(record.compilation()))
        if timings:
            print(record.table({name: item.family for name, item in known.items()}))
    print(f"report: {page}")
    agreed = sum(verdict.outcome.value == "AGREES" for verdict in verdicts)
    print(f"{agreed} of {len(verdicts)} agree")
    raise typer.Exit(exit_code(verdicts))


@app.command()
def explore(
    out: Annotated[Path, typer.Option(help="Folder of the page; finished results are kept in it.")] = Path("explorer"),
    show: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
    jobs: Jobs = JOBS,
) -> None:
    """Write and open a page with sliders: eight results, theory and simulation at every setting. Works offline."""
    from importlib.util import find_spec

    if find_spec("plotly") is None:
        raise ValueError("the Explorer needs plotly: pip install 'solvable[explore]'.")
    from threadpoolctl import threadpool_limits

    from solvable.analysis.verification.catalogue import claim
    from solvable.analysis.writing.files import held_alone
    from solvable.figures.explorer.page import PANELS, write_explorer

    with held_alone(out), threadpool_limits(1):
        chosen = [claim(panel.claim) for panel in PANELS]
        verdicts = verify_all_of(chosen, True, 0, jobs, out / "results")
        found = {verdict.claim: verdict for verdict in verdicts}
        page = write_explorer(out / "index.html", found, store=out / "results")
    print(f"explorer: {page}")
    if show and not _shown(page):
        print("no browser was found on this machine: open the page in one")


def _shown(page: Path) -> bool:
    """Whether a browser with windows took the page: one in the terminal could not move a slider."""
    import webbrowser

    windows = sys.platform != "linux" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME")))
    return windows and webbrowser.open(page.resolve().as_uri())


@app.command()
def notebooks(
    out: Annotated[Path, typer.Option(help="Folder to write to; what is there already is left alone.")] = Path(
        "notebooks"
    ),
) -> None:
    """Write the teaching notebooks as .ipynb files, to open in Jupyter."""
    from solvable.analysis.writing.files import require_folder, write_whole
    from solvable.figures.notebooks import notebook_texts

    require_folder("out", out)
    for name, text in notebook_texts().items():
        path = out / f"{name}.ipynb"
        if path.exists() and path.read_text(encoding="utf-8") != text:
            print(f"{path}: left as it is, since it was changed")
            continue
        write_whole(path, text.encode())
        print(path)


@app.command()
def sweep(
    spec: Annotated[Path, typer.Argument(help="Specification, a TOML file; examples in figures/specs.")],
    store: Annotated[Path | None, typer.Option(help="Zarr store; named after the specification by default.")] = None,
    backend: Annotated[str, typer.Option(help="processes, serial, dask or mpi.")] = "processes",
    workers: Annotated[int | None, typer.Option(min=1, help="Worker processes; results do not depend on it.")] = None,
    address: Annotated[str | None, typer.Option(help="Scheduler of dask, such as tcp://host:8786.")] = None,
    every: Annotated[int, typer.Option(min=1, help="Keep every N-th grid value only, on axes that cost calls.")] = 1,
    draws: Annotated[int | None, typer.Option(min=1, help="Other draws than the specification's.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Another seed than the specification's.")] = None,
    chunk: Annotated[int | None, typer.Option(min=1, help="Calls passed on and stored as one.")] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Compute again where a call raised.")] = False,
    estimate: Annotated[bool, typer.Option("--estimate", help="Only measure what it would cost.")] = False,
    trust: Annotated[
        bool, typer.Option("--trust", help="Run a module from outside the working directory and installed packages.")
    ] = False,
) -> None:
    """Run a sweep over a grid, on this machine or a cluster; one that was stopped goes on where it was.

    A specification names a function, and running it runs that function: it is code, whoever wrote it. Its place is
    printed before it is imported.
    """
    from solvable.analysis.sweeping.backends import opened
    from solvable.analysis.sweeping.cost import estimate as measure
    from solvable.analysis.sweeping.running import run
    from solvable.analysis.sweeping.specfile import read, thin
    from solvable.analysis.writing.files import require_folder
    from solvable.analysis.writing.prose import counted

    file = read(spec, trust, lambda line: print(line, flush=True))
    specification = thin(file.specification, every, draws, seed)
    if estimate:
        print(measure(specification))
        return
    path = store or Path(f"{spec.stem}.zarr")
    require_folder("store", path.parent)
    with opened(backend, workers, address) as executor:
        data = run(
            specification, executor=executor, store=path, workers=1 if backend == "serial" else workers,
            units=file.units, source=file.source, chunk=chunk or file.chunk, retry=retry,
        )  # fmt: skip
    sizes = " x ".join(f"{name} {size}" for name, size in data.sizes.items())
    print(f"{', '.join(name for name in map(str, data.data_vars) if name != 'error')}: {sizes}\nstore: {path}")
    if data.attrs["failed"]:
        first = next(message for message in data["error"].values.ravel() if message)
        print(f"{counted(data.attrs['failed'], 'call')} failed; the first message: {first}")
        raise typer.Exit(1)
