"""Files written whole or not at all, in folders that can be written to and that one run has for itself."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from solvable.solvers.validate import refuse

__all__ = ["held_alone", "require_folder", "write_whole"]


def write_whole(path: Path, content: bytes) -> None:
    """Write under a temporary name, then rename: an interrupted run leaves whole files only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def require_folder(name: str, folder: Path) -> None:
    """Refuse a folder that cannot be made or written to, before anything is computed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise refuse(name, str(folder), f"nothing can be written there ({error.strerror})") from None


@contextmanager
def held_alone(folder: Path) -> Iterator[None]:
    """Hold a folder for the length of a block; a second run in it is refused, one that was killed leaves it free."""
    require_folder("out", folder)
    path = folder / ".running"
    while True:
        with path.open("a") as file:
            if not _lock(file.fileno()):
                raise refuse("out", str(folder), "another run is under way in it: wait for it, or name another folder")
            if not path.exists() or os.fstat(file.fileno()).st_ino != path.stat().st_ino:
                continue  # the run before removed it between opening and locking
            try:
                yield
            finally:
                path.unlink(missing_ok=True)
            return


def _lock(file: int) -> bool:
    """Take the lock of an open file, which ends with its process; whether it was free."""
    try:
        import fcntl
    except ImportError:  # no such locks on this system: nothing is refused
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
