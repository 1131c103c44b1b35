"""What `list`, `show` and `cite` print, kept in ``catalogue/*.json`` so that they open without loading a claim.

``python -m solvable.index`` writes the files from the code. A file says of which sources it was made: where those have
changed, or a family has no file yet, the entries are read from the code instead, which takes seconds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import solvable.analysis as _analysis
from solvable.analysis.writing.names import closest

if TYPE_CHECKING:
    from solvable.analysis import Claim

__all__ = [
    "bibtex_of",
    "citation_of",
    "claim_entry",
    "claim_names",
    "families",
    "family_entries",
    "figure_entries",
    "files",
    "paper_keys",
    "text",
    "write",
]

_HERE = Path(__file__).resolve().parent
_KEPT = _HERE / "catalogue"
_FLOOR = Path(next(iter(_analysis.__path__))).resolve()
_FIGURES = _FLOOR.parent / "figures"
_PAPERS = _FLOOR.parent / "papers.bib"

Entry = dict[str, Any]


def families() -> list[str]:
    """Names of the families that have claims."""
    return [family for family in _rooms() if _family(family)["claims"]]


def family_entries(family: str) -> list[Entry]:
    """Entries of the claims of a family, by name."""
    if family not in _rooms() or not _family(family)["claims"]:
        raise closest("family", family, families())
    return list(_family(family)["claims"])


def figure_entries() -> list[Entry]:
    """Entries of all figures, by name."""
    found = [item for family in _rooms() for item in _family(family)["figures"]]
    return sorted(found, key=lambda item: str(item["name"]))


def claim_entry(name: str) -> Entry:
    """Return the entry of one claim."""
    family = name.split("/")[0]
    for entry in _family(family)["claims"] if family in _rooms() else ():
        if entry["name"] == name:
            return dict(entry)
    raise closest(
        "claim, family or figure", name, [*claim_names(), *families(), *(f["name"] for f in figure_entries())]
    )


def claim_names() -> list[str]:
    """Names of all claims, family by family."""
    return [entry["name"] for family in families() for entry in family_entries(family)]


def bibtex_of(name: str) -> str:
    """BibTeX entry of a claim, of a figure, or of a key of papers.bib."""
    entries = [entry for family in families() for entry in family_entries(family)] + figure_entries()
    known = {entry["name"]: entry["source"] for entry in entries}
    known |= {key: key for key in _papers()}
    if name not in known:
        raise closest("claim, figure or paper", name, list(known))
    return str(_papers()[known[name]]["bibtex"])


def paper_keys() -> list[str]:
    """Every key of papers.bib."""
    return sorted(_papers())


def citation_of(key: str) -> str:
    """Authors, year, title and venue of a key of papers.bib on one line."""
    return str(_papers()[key]["citation"])


# What is kept, and what it was made from ------------------------------------------------------------------------------


def _sources(family: str) -> list[Path]:
    """Files that decide what is printed of a family: its room but the experiments, its figures, the shared words."""
    folder = family.replace("-", "_")
    shared = [_FLOOR / "verification" / "claim.py", _HERE / "index.py"]
    room = [path for path in (_FLOOR / folder).rglob("*.py") if "experiments" not in (path.parent.name, path.stem)]
    return sorted([*room, *(_FIGURES / folder).glob("*.py"), *(_FLOOR / "writing").glob("*.py"), *shared])


def _digest(paths: list[Path]) -> str:
    content = hashlib.sha256()
    for path in paths:
        content.update(path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return content.hexdigest()[:16]


def _kept(name: str, digest: str, look: Callable[[], Any]) -> Any:
    """Entries of a file, if it was made of the sources as they are; otherwise what the code says."""
    path = _KEPT / f"{name}.json"
    if path.exists():
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["digest"] == digest:
            return kept["entries"]
    return look()


@cache
def _rooms() -> tuple[str, ...]:
    """Families by the names of their folders: those with a module or a folder of claims."""
    found = {path.relative_to(_FLOOR).parts[0] for made in ("claims.py", "claims/__init__.py")
             for path in _FLOOR.glob(f"*/{made}")}  # fmt: skip
    return tuple(sorted(name.replace("_", "-") for name in found))


@cache
def _family(family: str) -> Entry:
    entries: Entry = _kept(family.replace("-", "_"), _digest(_sources(family)), lambda: _look(family))
    return entries


@cache
def _papers() -> Entry:
    entries: Entry = _kept("papers", _digest([_PAPERS, _FLOOR / "writing" / "references.py"]), _look_at_papers)
    return entries


# Looking at the code --------------------------------------------------------------------------------------------------


def _look(family: str) -> Entry:
    from solvable.analysis.verification import catalogue

    own = catalogue.claims(family) if family in catalogue.families() else []
    return {"claims": [_describe(claim) for claim in own], "figures": list(_look_at_figures(family))}


def _look_at_figures(family: str) -> Iterator[Entry]:
    from solvable.figures import figures

    for item in figures():
        if item.module.startswith(f"solvable.figures.{family.replace('-', '_')}."):
            yield {"name": item.name, "title": item.title, "source": item.source, "claims": list(item.claims)}


def _look_at_papers() -> Entry:
    from solvable.analysis.writing.references import bibtex, citation, keys

    return {key: {"bibtex": bibtex(key), "citation": citation(key)} for key in keys()}


def _describe(claim: Claim) -> Entry:
    """Everything that is printed of a claim."""
    from solvable.analysis.derivation.admission import usable_names, why_not
    from solvable.analysis.derivation.translation import known_names
    from solvable.analysis.writing.conventions import formula_latex, used_conventions, used_symbols, vocabulary
    from solvable.analysis.writing.letters import notation
    from solvable.analysis.writing.prose import counted

    pretty = latex = None
    if claim.formula is not None:
        import sympy

        pretty = sympy.pretty(claim.formula, use_unicode=True, wrap_line=False)
        latex = formula_latex(claim)
    cells = counted(len(claim.grid), "cell")
    reason = why_not(claim)
    # what a formula may name is defined, whether or not ours names it
    named = set() if reason else known_names(claim) or set()
    rows = vocabulary(claim, named | {row.name for row in used_symbols(claim)})
    stated = notation(claim.family, claim.name, claim.statement, {row.plain for row in rows})
    symbols = [f"{row.plain} ({row.name}): {stated.pop(row.plain, row.meaning)}" for row in rows]
    return {
        "name": claim.name,
        "statement": claim.statement,
        "kind": f"{claim.kind.name}: {claim.kind.value}",
        "reason": claim.reason,
        "assumptions": claim.assumptions,
        "source": claim.source.key,
        "locator": claim.source.locator,
        "tolerance": f"{claim.tolerance:g} relative, {claim.absolute_tolerance:g} absolute, {cells}",
        "formula": pretty,
        "latex": latex,
        "takes": reason,
        "names": [] if reason else usable_names(claim),
        "domain": claim.domain.describe(claim.grid) if claim.domain is not None else "",
        "symbols": [*symbols, *(f"{sign}: {meaning}" for sign, meaning in stated.items())],
        "conventions": [f"{fixed.name}: {fixed.loss}" for fixed in used_conventions(claim)],
    }


def files() -> list[str]:
    """Names of the files of the index without their ending: one for each family's room, and that of the papers."""
    return [*(family.replace("-", "_") for family in _rooms()), "papers"]


def text(name: str) -> str:
    """Text of one file of the index, from the code."""
    if name == "papers":
        digest, entries = _digest([_PAPERS, _FLOOR / "writing" / "references.py"]), _look_at_papers()
    else:
        family = name.replace("_", "-")
        digest, entries = _digest(_sources(family)), _look(family)
    return json.dumps({"digest": digest, "entries": entries}, indent=1, ensure_ascii=False) + "\n"


def write() -> list[Path]:
    """Write the index from the code; files of families that are gone are deleted. Return the files that changed."""
    texts, changed = {f"{name}.json": text(name) for name in files()}, []
    _KEPT.mkdir(exist_ok=True)
    for path in _KEPT.glob("*.json"):
        if path.name not in texts:
            path.unlink()
            changed.append(path)
    for name, content in texts.items():
        path = _KEPT / name
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.write_text(content, encoding="utf-8")
            changed.append(path)
    return changed


if __name__ == "__main__":
    for path in write():
        print(f"{'wrote' if path.exists() else 'deleted'} {path}")
