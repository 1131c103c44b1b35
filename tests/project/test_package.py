"""The package as a whole: packaging, import cost and direction, the README's commands."""

import ast
import configparser
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("solvers", "analysis", "figures")


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_importing_loads_numpy_at_most():
    heavy = "scipy sympy numba matplotlib xarray sklearn pandas typer"
    code = f"import sys, solvable; print([m for m in '{heavy}'.split() if m in sys.modules])"
    assert run(code).strip() == "[]"


def test_claims_load_nothing_that_few_of_them_need():
    """A third of a second of every process that verifies: distribution functions are in scipy.special."""
    code = "from solvable.analysis import claims; claims(); import sys; print('scipy.stats' in sys.modules)"
    assert run(code).strip() == "False"


def test_listed_packages_are_the_folders_with_python_in_them():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    listed = set(config["options"]["packages"].split())
    folders = {"solvable", "solvable.cli", "solvable.notebooks"} | {
        "solvable." + ".".join(path.parent.relative_to(ROOT).parts)
        for floor in FLOORS
        for path in (ROOT / floor).rglob("__init__.py")
    }
    assert listed == folders


def modules():
    for floor in FLOORS:
        for path in sorted((ROOT / floor).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield "solvable." + ".".join(part for part in parts if part != "__init__"), path


@pytest.mark.parametrize(("name", "path"), list(modules()), ids=lambda x: x if isinstance(x, str) else "")
def test_imports_go_one_way(name, path):
    floor = FLOORS.index(name.split(".")[1])
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: imports are absolute"
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else (
            [a.name for a in node.names] if isinstance(node, ast.Import) else [])  # fmt: skip
        for imported in names:
            parts = imported.split(".")
            assert parts[0] not in FLOORS, f"{name}: import solvable.{imported}"
            if parts[0] == "solvable":
                assert len(parts) > 1, f"{name} imports the front door"
                assert parts[1] in FLOORS[: floor + 1], f"{name} imports {imported}"


def test_no_module_is_loaded_under_two_names():
    code = """
import sys, solvable.figures, solvable.analysis
solvable.analysis.claims(); solvable.figures.figures()
seen = {}
for name, module in list(sys.modules.items()):
    file = getattr(module, "__file__", None)
    if file and "solvable" in name or name.split(".")[0] in ("solvers", "analysis", "figures"):
        import os
        seen.setdefault(os.path.realpath(file), []).append(name)
print({f: n for f, n in seen.items() if len(n) > 1})
"""
    assert run(code).strip() == "{}"


def test_no_public_name_hides_a_module():
    """`from package import name` would return the module once it has been imported."""
    for stub in [*(ROOT / "src" / "solvable").glob("*.pyi"), *(p for f in FLOORS for p in (ROOT / f).rglob("*.pyi"))]:
        tree = ast.parse(stub.read_text())
        names = {alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
        inside = {path.stem for path in stub.parent.iterdir()}
        assert not names & inside, f"{stub}: {names & inside}"


def test_readme_has_exactly_the_two_commands():
    lines = (ROOT / "README.md").read_text().splitlines()
    commands = [line for line in lines if line.startswith("pip install")]
    assert commands == [
        "pip install -e . && solvable reproduce --quick",
        "pip install -e '.[test]' && pytest -n auto",
    ]


def test_modules_stay_small():
    """Half of them at most 180 lines, nine in ten at most 400."""
    sizes = sorted(len(path.read_text().splitlines()) for _, path in modules())
    assert sizes[len(sizes) // 2] <= 180
    assert sizes[int(0.9 * len(sizes))] <= 400


GROUND = {"compiled", "validate", "solution", "spectrum", "gridded"}
LOWER = {"certificates", "equivalents"}
# a family that imports another one's room says so here
DECLARED = {
    "random_features": {"ridge"},
    "imputation": {"ridge"},
    "wide_networks": {"random_features"},
    "in_context": {"ridge", "random_features"},
    "attention": {"separable"},
    "self_supervised": {"ridge"},
    "embeddings": {"diagonal_networks"},
}
# what a reader types after `solvable`: a module of the same name would be taken for it
VERBS = {"check", "cite", "derive", "figure", "reproduce", "show", "sweep", "verify"}


def rooms_of(path):
    """Rooms of the solvers' floor that a module imports, inside functions and for type hints too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("solvable.solvers."):
            yield node.module.split(".")[2]


@pytest.mark.parametrize("path", sorted((ROOT / "solvers").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_solvers_import_downwards_only(path):
    room = path.relative_to(ROOT / "solvers").parts[0].removesuffix(".py")
    for imported in rooms_of(path):
        if room in GROUND:
            assert imported in GROUND
        elif room in LOWER:
            assert imported in GROUND | LOWER
        else:
            assert imported in GROUND | LOWER | {room} | DECLARED.get(room, set())


def test_every_family_has_the_same_rooms():
    """Folders of solvers, claims, figures and mirrored tests that hold modules; test_contributing.py has the rest."""
    families = {path.name for path in (ROOT / "analysis").iterdir() if (path / "claims.py").exists() or
                (path / "claims").is_dir()}  # fmt: skip
    for family in sorted(families):
        for room in (f"solvers/{family}", f"figures/{family}", f"tests/solvers/{family}"):
            assert list((ROOT / room).glob("*.py")), room
    assert {path.name for path in (ROOT / "solvers").iterdir() if path.is_dir() and path.name[0] != "_"} == (
        families | LOWER
    )


def test_the_top_level_holds_what_the_design_names():
    """A stray file at the top is noticed here: what git keeps there, where this is a checkout."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    kept = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    texts = {"CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "README.md", "papers.bib"}
    settings = {
        ".ci",
        ".github",
        ".gitignore",
        ".pre-commit-config.yaml",
        "asv.conf.json",
        "noxfile.py",
        "pyproject.toml",
    }
    rooms = {"analysis", "benchmarks", "docs", "figures", "notebooks", "solvers", "src", "tests"}
    assert {path.split("/")[0] for path in kept if path} == texts | settings | rooms | {"setup.cfg"}


def test_no_module_is_named_like_a_verb():
    assert [name for name, _ in modules() if name.rsplit(".", 1)[1] in VERBS] == []


def test_the_version_is_written_in_one_place():
    """`solvable.__version__`; the package's metadata read it, and the citation file must follow."""
    import solvable

    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    assert config["metadata"]["version"] == "attr: solvable.__version__"
    cited = [line for line in (ROOT / "CITATION.cff").read_text().splitlines() if line.startswith("version:")]
    assert cited == [f"version: {solvable.__version__}"]
    assert f"## {solvable.__version__} " in (ROOT / "CHANGELOG.md").read_text()
