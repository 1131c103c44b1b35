"""The command line. Every refusal is one sentence; a traceback only with --debug."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from solvable.analysis import Claim, Verdict

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Solvable models of learning: theory, matched simulation, a check that can fail, and the figure.",
    epilog="--debug anywhere on the line shows a traceback instead of one sentence.",
)
_JOBS = os.cpu_count() or 1

Quick = Annotated[bool, typer.Option("--quick", help="Fewer cells and draws; the tolerances stay.")]
Seed = Annotated[int, typer.Option(min=0, help="Root seed of every draw.")]
Jobs = Annotated[int, typer.Option(min=1, help="Worker processes; verdicts do not depend on it.")]
_STYLES = {"AGREES": "green", "DISAGREES": "bold red", "INCONCLUSIVE": "yellow"}


def _console() -> Any:
    from rich.console import Console

    # in a pipe lines are cut by nobody: the width is what the content needs
    return Console(highlight=False, width=None if sys.stdout.isatty() else 200)


def _complete_family(incomplete: str) -> list[str]:
    from solvable.index import families

    return [name for name in families() if name.startswith(incomplete)]


def _complete_claim(incomplete: str) -> list[str]:
    from solvable.index import claim_names

    return [name for name in claim_names() if name.startswith(incomplete)]


def _complete_figure(incomplete: str) -> list[str]:
    from solvable.index import figure_entries

    return [name for name in ("all", *(item["name"] for item in figure_entries())) if name.startswith(incomplete)]


def _complete_chosen(incomplete: str) -> list[str]:
    return _complete_family(incomplete) + _complete_claim(incomplete)


def _complete_cited(incomplete: str) -> list[str]:
    from solvable.index import figure_entries, paper_keys

    papers = [key for key in paper_keys() if key.startswith(incomplete)]
    drawn = [item["name"] for item in figure_entries() if item["name"].startswith(incomplete)]
    return _complete_claim(incomplete) + drawn + papers


Family = Annotated[str | None, typer.Argument(help="Show one family only.", autocompletion=_complete_family)]
Names = Annotated[
    list[str] | None,
    typer.Argument(help="Claims or families; all of them if none is named.", autocompletion=_complete_chosen),
]
ClaimName = Annotated[str, typer.Argument(help="Name of a claim.", autocompletion=_complete_claim)]


@app.command(name="list")
def list_(family: Family = None) -> None:
    """List families, claims and figures, one line each."""
    from rich.markup import escape

    from solvable.index import families, family_entries, figure_entries

    console = _console()
    for name in [family] if family else families():
        members = family_entries(name)
        names = {member["name"] for member in members}
        console.print(f"[bold]{name}[/bold]")
        for member in members:
            line = f"  claim   {member['name']:<42} {escape(member['statement'])}"
            console.print(line, overflow="ellipsis", no_wrap=True)
        for item in figure_entries():
            if names & set(item["claims"]):
                line = f"  figure  {item['name']:<42} {escape(item['title'])}"
                console.print(line, overflow="ellipsis", no_wrap=True)


@app.command()
def show(
    claim: ClaimName,
    latex: Annotated[bool, typer.Option("--latex", help="Print the formula as LaTeX.")] = False,
) -> None:
    """Show a claim: statement, formula, assumptions, source and the conventions it uses."""
    from solvable.index import citation_of, claim_entry

    item = claim_entry(claim)
    print(f"{item['name']}\n  {item['statement']}")
    if item["formula"] is not None:
        text = item["latex" if latex else "formula"]
        print("\n" + "\n".join(f"    {line}" for line in text.splitlines()) + "\n")
    print(f"  kind         {item['kind']}")
    if item["reason"]:
        print(f"  accuracy     {item['reason']}")
    if item["assumptions"]:
        print(f"  assumptions  {item['assumptions']}")
    print(f"  source       {citation_of(item['source'])}" + (f" ({item['locator']})" if item["locator"] else ""))
    print(f"  tolerance    {item['tolerance']}")
    if item["domain"]:
        print(f"  domain       {item['domain']}")
    if item["takes"]:
        print(f"  formulas     none: {item['takes']}")
    for line in item["names"]:
        print(f"  name         {line}")
    for line in item["symbols"]:
        print(f"  symbol       {line}")
    for line in item["conventions"]:
        print(f"  convention   {line}")


@app.command()
def conventions() -> None:
    """Print the convention table."""
    from rich.markup import escape
    from rich.table import Table

    from solvable.analysis.writing.conventions import convention_table

    table = Table("symbol", "argument", "meaning", box=None)
    for family, rows in convention_table().items():
        if family:
            table.add_section()
            table.add_row(f"[bold]{family}[/bold]")
        for row in rows:
            table.add_row(*map(escape, row))
    _console().print(table)


@app.command(name="known-answers")
def known_answers(
    family: Annotated[
        str | None, typer.Argument(help="Print this family's table; without it, list the tables.")
    ] = None,
) -> None:
    """Print answers at 30 to 50 digits as JSON, to test other code against: docs/trust.md says how to read them."""
    import json

    from solvable.analysis.verification.answer_tables import answer_table, answer_tables

    if family is not None:
        print(json.dumps(answer_table(family), indent=1))
        return
    for name in answer_tables():
        entries = answer_table(name)
        functions = sorted({entry["function"] for entry in entries})
        print(f"{name:<20} {len(entries):>4} answers  {', '.join(functions)}")


@app.command()
def cite(
    name: Annotated[
        str,
        typer.Argument(help="Name of a claim, of a figure, or a key of papers.bib.", autocompletion=_complete_cited),
    ],
) -> None:
    """Print the BibTeX entry behind a claim or figure."""
    from solvable.index import bibtex_of

    print(bibtex_of(name))


@app.command()
def verify(
    names: Names = None,
    quick: Quick = False,
    seed: Seed = 0,
    jobs: Jobs = _JOBS,
    from_: Annotated[
        str | None, typer.Option("--from", help="Claims of your own: a Python file, or a module, with CLAIMS = (...).")
    ] = None,
) -> None:
    """Check claims against their simulations; exit code 1 if any disagrees."""
    chosen = _chosen(names) if from_ is None else _chosen_from(from_, names)
    verdicts = _verify(chosen, quick, seed, jobs, None, from_)
    raise typer.Exit(_exit_code(verdicts))


def _exit_code(verdicts: list[Verdict]) -> int:
    return int(any(verdict.outcome.value == "DISAGREES" for verdict in verdicts))


def _chosen(names: list[str] | None) -> list[Claim]:
    from solvable.analysis.verification.catalogue import claim, claims

    if not names:
        return claims()
    chosen = {item.name: item for name in names for item in ([claim(name)] if "/" in name else claims(name))}
    return list(chosen.values())


def _chosen_from(origin: str, names: list[str] | None) -> list[Claim]:
    from solvable.analysis.verification.outside import claims_from
    from solvable.analysis.writing.names import closest

    own = claims_from(origin)
    for name in names or []:
        if name not in {part for item in own for part in (item.name, item.family)}:
            raise closest(f"claim of {origin}", name, [item.name for item in own])
    return [item for item in own if not names or item.name in names or item.family in names]


def _verify(
    chosen: list[Claim], quick: bool, seed: int, jobs: int, store: Path | None, origin: str | None = None
) -> list[Verdict]:
    """Run the checks, one line for each, with a bar on a terminal; details of what does not agree come last."""
    from solvable.analysis.verification.campaign import verify_all

    console, verdicts = _console(), []
    width = max(len(item.name) for item in chosen)
    with _progress(console, "verify", len(chosen)) as advance:
        for verdict, kept in verify_all(chosen, seed=seed, quick=quick, jobs=jobs, store=store, origin=origin):
            verdicts.append(verdict)
            outcome = verdict.outcome.value
            mark = " (kept)" if kept else ""
            summary = verdict.summary().removeprefix(f"{outcome}: ")
            console.print(
                f"[{_STYLES[outcome]}]{outcome:<12}[/] {verdict.claim:<{width}}  {summary}{mark}", soft_wrap=True
            )
            advance()
    for verdict in verdicts:
        if verdict.outcome.value != "AGREES":
            console.print(str(verdict), style=_STYLES[verdict.outcome.value], markup=False, soft_wrap=True)
    return verdicts


@contextmanager
def _progress(console: Any, what: str, total: int) -> Iterator[Any]:
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


@app.command(context_settings={"ignore_unknown_options": True})  # a formula may start with a minus
def check(
    formula: Annotated[str, typer.Argument(help="Your formula, in plain notation or (--latex) in LaTeX.")],
    against: Annotated[str, typer.Option(help="Name of the claim it should equal.", autocompletion=_complete_claim)],
    latex: Annotated[bool, typer.Option("--latex", help="The formula is LaTeX.")] = False,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Where to check: gamma=0.1:0.9:9, or n=40,80; may be repeated.")
    ] = None,
    symbol: Annotated[
        list[str] | None, typer.Option(help="What a symbol of yours is: s=sqrt(noise_variance); may be repeated.")
    ] = None,
    seed: Seed = 0,
    budget: Annotated[int | None, typer.Option(min=0, help="Draws a cell at most; 0 skips the simulation.")] = None,
    save: Annotated[Path | None, typer.Option(help="Write the report as JSON.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Is my formula right? Symbols, 50 digits, solver, simulation; and if not, where and by what it is off.

    Exit code 0: it agrees; 1: it disagrees; 3: inconclusive; 2: refused.
    """
    from threadpoolctl import threadpool_limits

    from solvable import check as check_formula

    pairs = [_split(text, "symbol") for text in symbol or []]
    with threadpool_limits(1):
        report = check_formula(formula, against, dict(pairs), _places(set_), seed, budget, latex=latex)
    code = {"AGREES": 0, "DISAGREES": 1}.get(report.outcome.value, 3)
    if as_json:
        import json

        print(json.dumps(report.to_dict(), indent=1, allow_nan=False))
        if save is not None:
            report.save(save)
        raise typer.Exit(code)
    style = _STYLES[report.outcome.value]
    console = _console()
    if report.read_as:
        console.print(f"read as: {report.read_as}", markup=False, soft_wrap=True)
    console.print(report.sentence, style=style, markup=False, soft_wrap=True)
    if report.where:
        console.print(f"tried at {report.where}", markup=False, soft_wrap=True)
    for stage in report.stages:
        console.print(f"  {stage.outcome:<12} {stage.name:<12} {stage.detail}", markup=False, soft_wrap=True)
    if report.simulation is not None and report.simulation.outcome.value != "AGREES":
        console.print("\n".join(str(report.simulation).splitlines()[1:]), markup=False, soft_wrap=True)
    if save is not None:
        print(f"report: {report.save(save)}")
    raise typer.Exit(code)


def _split(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise ValueError(f"{option} = {text!r} is not allowed: write name=value.")
    return name.strip(), value.strip()


def _places(texts: list[str] | None) -> dict[str, list[Any]] | None:
    """Read name=low:high:count or name=value,value,... into lists of numbers."""
    if not texts:
        return None
    import numpy as np

    places: dict[str, list[Any]] = {}
    for text in texts:
        name, value = _split(text, "set")
        try:
            if ":" in value:
                low, high, count = value.split(":")
                places[name] = np.linspace(float(low), float(high), int(count)).tolist()
            else:
                places[name] = [float(v) if set(v) & set(".e") else int(v) for v in value.split(",")]
        except ValueError:
            raise ValueError(f"set = {text!r} is not allowed: write name=low:high:count or name=value,value.") from None
        if not places[name]:
            raise ValueError(f"set = {text!r} is not allowed: it names no value.")
    return places


@app.command(context_settings={"ignore_unknown_options": True})  # a formula may start with a minus
def derive(
    formula: Annotated[str, typer.Argument(help="Sum of traces: 'tr(B (X^T X/n + lam)^-1) lam'.")],
    let: Annotated[list[str] | None, typer.Option(help="Abbreviation: 'X = Z sqrt(S)'; may be repeated.")] = None,
    gaussian: Annotated[list[str] | None, typer.Option(help="Z:n,d or W:k,d:1/d (with the variance).")] = None,
    wigner: Annotated[list[str] | None, typer.Option(help="Symmetric Gaussian: A:n or A:n:1/n.")] = None,
    spectrum: Annotated[list[str] | None, typer.Option(help="Eigenvalues i^-1.2 of mean 1: S:power:1.2:80.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="Sizes and scalars: n=100,lam=0.05.")] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Simulate the expression, and judge.")] = False,
    hermitise: Annotated[bool, typer.Option("--hermitise", help="Inverses need not be self-adjoint.")] = False,
    latex: Annotated[bool, typer.Option("--latex", help="Print the reduced equations as LaTeX.")] = False,
    python: Annotated[Path | None, typer.Option(help="Write a module that needs numpy alone.")] = None,
    seed: Seed = 0,
) -> None:
    """Derive the deterministic equivalent of a trace in Gaussian matrices.

    Exit code 0; 1: the simulation disagrees; 3: it does not decide; 2: refused.
    """
    from threadpoolctl import threadpool_limits

    from solvable import derive as derive_trace
    from solvable.analysis.equivalents.command import trace_from_options

    trace = trace_from_options(
        formula, let=let or (), gaussian=gaussian or (), wigner=wigner or (), spectrum=spectrum or (), set_=set_ or ()
    )
    with threadpool_limits(1):
        found = derive_trace(trace, hermitise=hermitise)
        solution = found.value
        print(f"value     {float(solution):.15g}\nerror     {float(solution.error):.1e}\n{solution.explain()}")
        if latex:
            print(found.to_latex())
        if python is not None:
            python.write_text(found.to_python())
            print(f"python: {python}")
        if not verify:
            return
        verdict = found.verify(rng=seed)
    print(verdict)
    raise typer.Exit({"AGREES": 0, "DISAGREES": 1}.get(verdict.outcome.value, 3))


@app.command()
def figure(
    name: Annotated[str, typer.Argument(help="Name of a figure, or all.", autocompletion=_complete_figure)],
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("figures-out"),
    format: Annotated[str, typer.Option(help="Comma-separated: pdf, svg, png.")] = "pdf,svg,png",
    quick: Quick = False,
    jobs: Jobs = _JOBS,
) -> None:
    """Compute and write a figure, or all of them."""
    from solvable.figures import figures, find_figure
    from solvable.figures.report import write_figures

    forms = _formats(format)
    chosen = figures() if name == "all" else [find_figure(name)]
    with _progress(_console(), "figures", len(chosen)) as advance:
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
    jobs: Jobs = _JOBS,
    format: Annotated[str, typer.Option(help="Formats of the figure files.")] = "pdf,svg,png",
) -> None:
    """Check every claim, draw every figure and write one self-contained page. The main job."""
    from solvable.analysis import claims
    from solvable.analysis.verification.timing import Stages, recorded
    from solvable.figures import figures
    from solvable.figures.report import write_figures, write_report

    forms, store, pictures, stages = _formats(format), out / "results", {}, Stages()
    known = {item.name: item for item in figures()}
    with recorded() as compilation:
        chosen = claims()
        stages.done("loading")
        verdicts = _verify(chosen, quick, seed, jobs, store)
        stages.done("claims")
        with _progress(_console(), "figures", len(known)) as advance:
            for name, caption, svg in write_figures(figures(), out / "figures", forms, quick, store, jobs):
                pictures[name] = (known[name], caption, svg)
                print(f"{'figure':<12} {name}")
                advance()
        stages.done("figures")
        page = write_report(out, {verdict.claim: verdict for verdict in verdicts}, pictures, seed, quick)
        stages.done("page")
        print(stages.sentence(compilation()))
    print(f"report: {page}")
    raise typer.Exit(_exit_code(verdicts))


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
    from solvable.analysis.writing.prose import counted

    file = read(spec, trust, lambda line: print(line, flush=True))
    specification = thin(file.specification, every, draws, seed)
    if estimate:
        print(measure(specification))
        return
    path = store or Path(f"{spec.stem}.zarr")
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


def main() -> None:
    """Run the command line; turn every error into a sentence and an exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `kill` and `timeout` leave what Ctrl-C leaves
    arguments = [part for part in sys.argv[1:] if part != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1
    from typer.main import get_command

    code: object = 130  # what the library below returns for Ctrl-C, where it does not raise
    try:
        code = get_command(app).main(args=arguments, prog_name="solvable", standalone_mode=False)
    except KeyboardInterrupt:
        pass
    except Exception as error:
        if debug:
            raise
        if type(error).__name__ != "Abort":
            usage = getattr(error, "format_message", None)
            refused = usage is not None or isinstance(error, (LookupError, ValueError))
            sys.exit(_fail(usage() if usage else str(error) or type(error).__name__, 2 if refused else 1))
    if code == 130:
        sys.exit(_fail("interrupted; what was finished is kept and the next run goes on from there.", 130))
    sys.exit(code if isinstance(code, int) else 0)


def _fail(sentence: str, code: int) -> int:
    print(f"solvable: {' '.join(sentence.split())}", file=sys.stderr)
    return code
