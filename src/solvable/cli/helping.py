"""Commands for the first hour: what to type, what version, whether everything is in place."""

from __future__ import annotations

from typing import Annotated

import typer

from solvable.cli.application import app

__all__: list[str] = []

_VERBS = """solvable: models of learning with theory, simulation, a check that can fail, and the figure.

  solvable show ridge/test-error                   what a claim says, and in which conventions
  solvable check 'sigma**2*gamma/(1-gamma)' --against ridge/isotropic-ridgeless-variance
                                                   is my formula right, and if not, by what is it off
  solvable verify ridge --quick                    claims against their simulations
  solvable figure ridge-double-descent --quick     a theory figure, as PDF, SVG and PNG
  solvable reproduce --quick                       every claim, every figure, one page: report/index.html

solvable list names what there is; solvable --help, all commands; solvable doctor, whether everything is in place."""


@app.callback(invoke_without_command=True)
def front(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Solvable models of learning: theory, matched simulation, a check that can fail, and the figure."""
    if version:
        from solvable import __version__

        print(f"solvable {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(_VERBS)


@app.command()
def doctor() -> None:
    """Say whether everything is in place: versions, folders, fonts, extras, one known answer; exit code 1 if not."""
    from solvable.cli.diagnosis import findings

    wrong = 0
    for fine, what, detail in findings():
        print(f"{'ok' if fine else 'missing' if fine is None else 'WRONG':<8} {what:<18} {detail}")
        wrong += fine is False
    print("everything needed is in place" if not wrong else f"{wrong} of these keep solvable from working")
    raise typer.Exit(int(wrong > 0))
