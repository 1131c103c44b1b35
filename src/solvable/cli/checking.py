"""Commands that judge: verify claims against their simulations, check a formula."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from solvable.cli.application import JOBS, STYLES, Jobs, Names, Quick, Seed, app, complete_claim, console, progress

if TYPE_CHECKING:
    from solvable.analysis import Claim, Verdict

__all__ = ["exit_code", "verify_all_of"]


@app.command()
def verify(
    names: Names = None,
    quick: Quick = False,
    seed: Seed = 0,
    jobs: Jobs = JOBS,
    from_: Annotated[
        str | None, typer.Option("--from", help="Claims of your own: a Python file, or a module, with CLAIMS = (...).")
    ] = None,
) -> None:
    """Check claims against their simulations; exit code 1 if any disagrees."""
    chosen = _chosen(names) if from_ is None else _chosen_from(from_, names)
    verdicts = verify_all_of(chosen, quick, seed, jobs, None, from_)
    raise typer.Exit(exit_code(verdicts))


def exit_code(verdicts: list[Verdict]) -> int:
    """Return 1 where any disagrees."""
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


class Interrupted(Exception):
    """Ctrl-C, and how many verdicts had been printed."""


def verify_all_of(
    chosen: list[Claim], quick: bool, seed: int, jobs: int, store: Path | None, origin: str | None = None
) -> list[Verdict]:
    """Run the checks, one line for each, with a bar on a terminal; details of what does not agree come last."""
    from solvable.analysis.verification.campaign import verify_all

    screen, verdicts = console(), []
    width = max(len(item.name) for item in chosen)
    try:
        with progress(screen, "verify", len(chosen)) as advance:
            for verdict, kept in verify_all(chosen, seed=seed, quick=quick, jobs=jobs, store=store, origin=origin):
                verdicts.append(verdict)
                outcome = verdict.outcome.value
                mark = " (kept)" if kept else ""
                summary = verdict.summary().removeprefix(f"{outcome}: ")
                screen.print(
                    f"[{STYLES[outcome]}]{outcome:<12}[/] {verdict.claim:<{width}}  {summary}{mark}", soft_wrap=True
                )
                advance()
    except KeyboardInterrupt:
        raise Interrupted(len(verdicts)) from None
    for verdict in verdicts:
        if verdict.outcome.value != "AGREES":
            screen.print(str(verdict), style=STYLES[verdict.outcome.value], markup=False, soft_wrap=True)
    return verdicts


@app.command(context_settings={"ignore_unknown_options": True})  # a formula may start with a minus
def check(
    formula: Annotated[str, typer.Argument(help="Your formula, in plain notation or (--latex) in LaTeX.")],
    against: Annotated[str, typer.Option(help="Name of the claim it should equal.", autocompletion=complete_claim)],
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

    Exit code 0: it agrees; 1: it disagrees; 3: inconclusive; 2: refused (with --json too: an outcome and a sentence).
    """
    import json

    from threadpoolctl import threadpool_limits

    from solvable import check as check_formula
    from solvable.analysis.writing.files import require_folder

    pairs = [_split(text, "symbol") for text in symbol or []]
    try:
        if save is not None:
            require_folder("save", save.parent)
        with threadpool_limits(1):
            report = check_formula(formula, against, dict(pairs), _places(set_), seed, budget, latex=latex)
    except (LookupError, ValueError) as error:
        if as_json:
            print(json.dumps({"sentence": str(error), "outcome": "REFUSED"}, indent=1))
        raise
    code = {"AGREES": 0, "DISAGREES": 1}.get(report.outcome.value, 3)
    if as_json:
        print(json.dumps(report.to_dict(), indent=1, allow_nan=False))
        if save is not None:
            report.save(save)
        raise typer.Exit(code)
    style = STYLES[report.outcome.value]
    screen = console()
    if report.read_as:
        screen.print(f"read as: {report.read_as}", markup=False, soft_wrap=True)
    screen.print(report.sentence, style=style, markup=False, soft_wrap=True)
    if report.where:
        screen.print(f"tried at {report.where}", markup=False, soft_wrap=True)
    for stage in report.stages:
        screen.print(f"  {stage.outcome:<12} {stage.name:<12} {stage.detail}", markup=False, soft_wrap=True)
    if report.simulation is not None and report.simulation.outcome.value != "AGREES":
        screen.print("\n".join(str(report.simulation).splitlines()[1:]), markup=False, soft_wrap=True)
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
