"""Names that are not known, and the known ones that come closest."""

from __future__ import annotations

from difflib import get_close_matches

__all__ = ["UnknownName", "closest"]


class UnknownName(LookupError):
    """A name that is not in the catalogue; the message names the closest ones."""


def closest(kind: str, name: str, known: list[str]) -> UnknownName:
    """Build the error for an unknown name, with up to three close ones."""
    near = get_close_matches(name, known, n=3, cutoff=0.4)
    hint = f" Closest: {', '.join(near)}." if near else ""
    return UnknownName(f"{kind} {name!r} is not known.{hint}")
