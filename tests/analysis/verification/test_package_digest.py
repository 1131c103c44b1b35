"""What was computed with another text of the package is stale."""

from pathlib import Path

import solvable
from solvable.analysis.verification.fingerprint import package_digest


def test_any_source_changes_the_digest(monkeypatch, tmp_path):
    first = package_digest()
    assert package_digest() == first
    seen = []
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda self: seen.append(self.name) or read(self))
    package_digest()
    assert {"rates.py", "papers.bib", "cli.py", "__init__.pyi"} <= set(seen)
    monkeypatch.setattr(solvable.__spec__, "submodule_search_locations", [str(tmp_path)])
    (tmp_path / "inner").mkdir()
    file = tmp_path / "inner" / "solver.py"
    texts = set()
    for text in ("a = 1", "a = 2"):
        file.write_text(text)
        texts.add(package_digest())
    (tmp_path / "inner" / "notes.txt").write_text("no source")
    texts.add(package_digest())
    file.rename(tmp_path / "solver.py")
    texts.add(package_digest())
    assert len(texts) == 3
