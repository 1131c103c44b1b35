"""Commands that print what the catalogue holds: list, show, conventions, known-answers, cite."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from solvable.cli.application import ClaimName, Family, app, complete_cited, console

__all__: list[str] = []


@app.command(name="list")
def list_(family: Family = None) -> None:
    """List families, claims and figures, one line each."""
    from rich.markup import escape

    from solvable.index import families, family_entries, figure_entries

    screen = console()
    for name in [family] if family else families():
        members = family_entries(name)
        names = {member["name"] for member in members}
        screen.print(f"[bold]{name}[/bold]")
        for member in members:
            line = f"  claim   {member['name']:<42} {escape(member['statement'])}"
            screen.print(line, overflow="ellipsis", no_wrap=True)
        for item in figure_entries():
            if names & set(item["claims"]):
                line = f"  figure  {item['name']:<42} {escape(item['title'])}"
                screen.print(line, overflow="ellipsis", no_wrap=True)


@app.command()
def show(
    claim: ClaimName,
    latex: Annotated[bool, typer.Option("--latex", help="Print the formula as LaTeX.")] = False,
) -> None:
    """Show a claim: statement, formula, assumptions, source, conventions; of a family or a figure, what it holds."""
    from solvable.index import citation_of, claim_entry, families, figure_entries

    if claim in families():
        _show_family(claim)
        return
    pictures = {item["name"]: item for item in figure_entries()}
    if claim in pictures:
        _show_figure(pictures[claim])
        return
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
        print(f"  check reads  {line}")
    for line in item["symbols"]:
        print(f"  symbol       {line}")
    for line in item["conventions"]:
        print(f"  convention   {line}")


def _show_family(name: str) -> None:
    from solvable.analysis.writing.prose import counted
    from solvable.index import family_entries, figure_entries

    members = family_entries(name)
    names = {member["name"] for member in members}
    drawn = sum(bool(names & set(item["claims"])) for item in figure_entries())
    print(f"{name}: a family of {counted(len(members), 'claim')} and {counted(drawn, 'figure')}")
    for member in members:
        print(f"  claim        {member['name']}")
    print(f"  all of it    solvable list {name}\n  one claim    solvable show {members[0]['name']}")
    print(f"  its check    solvable verify {name} --quick")


def _show_figure(item: dict[str, Any]) -> None:
    from solvable.index import citation_of

    print(f"{item['name']}\n  {item['title']}\n  source       {citation_of(item['source'])}")
    for claim in item["claims"]:
        print(f"  shows        {claim}")
    print(f"  remake it    solvable figure {item['name']}")


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
    console().print(table)
    console().print("Letters that stand in one statement only are defined beside it: solvable show CLAIM.")


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
        typer.Argument(help="Name of a claim, of a figure, or a key of papers.bib.", autocompletion=complete_cited),
    ],
) -> None:
    """Print the BibTeX entry behind a claim or figure."""
    from solvable.index import bibtex_of

    print(bibtex_of(name))
