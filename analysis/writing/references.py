"""papers.bib, read with pybtex: one BibTeX entry, or one line for a human.

Parser, writer and backend are imported: looked up by name, each call reads the entry points of all that is installed.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from solvable.solvers.validate import as_kind

__all__ = ["bibtex", "citation", "keys"]

# Beside the floors in a checkout, and inside the package once installed: the same place relative to this file.
_FILE = Path(__file__).resolve().parents[2] / "papers.bib"


@cache
def _library() -> Any:
    from pybtex.database.input.bibtex import Parser

    return Parser().parse_file(str(_FILE))


def _entry(key: str) -> Any:
    entries = _library().entries
    if as_kind("key", key, str, "it must be a key of papers.bib") not in entries:
        from solvable.analysis.writing.names import closest

        raise closest("paper", key, keys())
    return entries[key]


def keys() -> list[str]:
    """Every key of papers.bib."""
    return sorted(_library().entries.keys())


def bibtex(key: str) -> str:
    """Return the BibTeX entry of a key.

    Examples
    --------
    >>> from solvable.analysis import bibtex
    >>> bibtex("hastie2022surprises").splitlines()[0]
    '@article{hastie2022surprises,'
    """
    from pybtex.database import BibliographyData
    from pybtex.database.output.bibtex import Writer

    return str(Writer().to_string(BibliographyData(entries={key: _entry(key)}))).strip()


def citation(key: str) -> str:
    """Return authors, year, title and venue on one line."""
    entry = _entry(key)
    names = [_plain(" ".join(person.prelast_names + person.last_names)) for person in entry.persons["author"]]
    authors = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} & {names[-1]}"
    fields = entry.fields
    venue = fields.get("journal") or fields.get("booktitle") or fields.get("publisher") or ""
    eprint = f"arXiv:{fields['eprint']}" if "eprint" in fields else ""
    where = ", ".join(part for part in (venue, fields.get("volume", ""), eprint) if part)
    return f"{authors} ({fields['year']}). {_plain(fields['title'])}. {_plain(where)}."


@cache
def _plain(text: str) -> str:
    """Return the characters that BibTeX writes as commands, without its braces."""
    if not set(text) & set("\\~$%"):  # the reader of commands takes 50 ms
        return text.replace("{", "").replace("}", "").replace("--", "–")
    from pybtex.backends.plaintext import Backend
    from pybtex.richtext import Text

    return str(Text.from_latex(text).render(Backend()))
