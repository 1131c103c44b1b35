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


def test_listed_packages_are_the_folders_with_python_in_them():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    listed = set(config["options"]["packages"].split())
    folders = {"solvable"} | {
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
    for folder in (*FLOORS, "src/solvable"):
        tree = ast.parse((ROOT / folder / "__init__.pyi").read_text())
        names = {alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
        files = {path.stem for path in (ROOT / folder).glob("*.py")} | {path.name for path in (ROOT / folder).iterdir()}
        assert not names & files, f"{folder}: {names & files}"


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
