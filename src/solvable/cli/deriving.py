"""The command that derives a deterministic equivalent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from solvable.cli.application import Seed, app

__all__: list[str] = []


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
    from solvable.analysis.writing.files import require_folder, write_whole

    if python is not None:
        require_folder("python", python.parent)

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
            write_whole(python, found.to_python().encode())
            print(f"python: {python}")
        if not verify:
            return
        verdict = found.verify(rng=seed)
    print(verdict)
    raise typer.Exit({"AGREES": 0, "DISAGREES": 1}.get(verdict.outcome.value, 3))
