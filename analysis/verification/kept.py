"""Results kept between runs, each under its key and with a digest: what is damaged is computed again, never used."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from solvable.analysis.writing.files import write_whole

__all__ = ["keep", "recall"]


def _digest(key: str, content: bytes) -> bytes:
    return hashlib.sha256(key.encode() + b"\0" + content).hexdigest().encode()


def _path(store: Path, key: str) -> Path:
    return store / f"{key}.kept"


def keep(store: Path, key: str, content: bytes) -> None:
    """Write a result whole: one line with the digest of key and content, then the content."""
    write_whole(_path(store, key), _digest(key, content) + b"\n" + content)


def recall(store: Path, key: str, what: str) -> bytes | None:
    """Return a result as it was kept; None where there is none, or, with a line of notice on `what`, a damaged one."""
    path = _path(store, key)
    try:
        digest, _, content = path.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = str(error.strerror)
    else:
        if digest == _digest(key, content):
            return content
        reason = "it is not what was written"
    print(f"solvable: the kept result of {what}, {path}, is damaged ({reason}): computed again", file=sys.stderr)
    return None
