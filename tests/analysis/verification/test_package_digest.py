"""What was computed with another text of the package is stale."""

import ast
from pathlib import Path

import solvable
from solvable import claims, verify
from solvable.analysis.verification import fingerprint
from solvable.analysis.verification.fingerprint import package_digest, sources
from solvable.figures import figures


def test_any_source_changes_the_digest(monkeypatch, tmp_path):
    first = package_digest()
    assert package_digest() == first
    seen = []
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda self: seen.append(self.name) or read(self))
    package_digest()
    assert {"rates.py", "papers.bib", "checking.py", "__init__.pyi"} <= set(seen)
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


def test_keys_of_verdicts_and_figures_follow_all_that_they_import():
    """Whole floors are lazy, and relative imports and names in text are not followed: none is used.

    Only the catalogue, the registry and what runs a user's own files look modules up by name.
    """
    roots = {item.module for item in figures()} | {claim.predict.__module__ for claim in claims()}
    roots |= {verify.__module__}
    reached = {name for root in roots if root.startswith("solvable.") for name in sources(root)}
    assert {"solvable.solvers.ridge.risk", "solvable.analysis.verification.intervals"} <= reached
    by_name = {"catalogue", "conventions", "registry", "outside", "bytecode", "identity", "fingerprint"}
    floors = {floor.split(".")[1] for floor in fingerprint._FLOORS}
    for name in reached:
        file = fingerprint._file(name)
        if name.rsplit(".", 1)[1] in by_name or file.name == "__init__.py":
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom):
                whole = {alias.name for alias in node.names} & floors if node.module == "solvable" else set()
                assert node.level == 0, f"{name}: a relative import"
                assert not whole, f"{name}: imports a whole floor"
            if isinstance(node, ast.Import):
                assert not any(alias.name in fingerprint._FLOORS for alias in node.names), f"{name}: a whole floor"
            if isinstance(node, ast.Attribute) and name.split(".")[1:2] != ["cli"]:
                assert node.attr != "import_module", f"{name}: imports by name"
