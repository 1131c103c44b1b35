"""Sentences for readers: numbers with their nouns."""

from __future__ import annotations

__all__ = ["counted"]


def counted(number: int, noun: str) -> str:
    """Return ``1 cell``, ``2 cells``, ``1,000 cells``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
