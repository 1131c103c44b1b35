"""CONTRIBUTING.md is true and complete: every place it lists exists for every family, and no list is left out."""

import re
from pathlib import Path

import pytest

from solvable.analysis import families

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text()
ROOMS = [family.replace("-", "_") for family in families()]


def section(title):
    return TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("family", ROOMS)
def test_every_family_has_every_place_of_the_list(family):
    places = re.findall(r"`([\w./]*<family>[\w./]*)`", section("A new family"))
    assert len(places) == 9
    for place in places:
        assert (ROOT / place.replace("<family>", family)).exists(), place


def test_every_file_that_names_all_families_is_listed():
    """So a list that the next family would have to be added to cannot be forgotten."""
    listed = set(re.findall(r"`([\w./]+)`", section("A new family")))
    names = [re.compile(rf"\b{family}\b|\b{family.replace('_', '-')}\b") for family in ROOMS]
    skip = ("CHANGELOG.md", "CONTRIBUTING.md")
    folders = ("solvers", "analysis", "figures", "tests", "docs", "benchmarks", "src/solvable", ".")
    for folder in folders:
        deep = folder not in (".", "src/solvable")
        for path in sorted((ROOT / folder).rglob("*") if deep else (ROOT / folder).glob("*")):
            name = str(path.relative_to(ROOT))
            if path.suffix not in (".py", ".pyi", ".md", ".cfg", ".toml", ".json") or "generated/" in name:
                continue
            if path.is_file() and name not in skip:
                text = path.read_text()
                assert name in listed or not all(pattern.search(text) for pattern in names), name


def test_named_files_exist():
    for place in re.findall(r"`([\w.]+(?:/[\w.]+)+/?)`", TEXT):
        if "solvable.figures" not in place:
            assert (ROOT / place).exists(), place


def test_sessions_of_nox_are_those_it_names():
    sessions = re.findall(r"^@nox.session\ndef (\w+)", (ROOT / "noxfile.py").read_text(), re.M)
    (named,) = re.findall(r"by name: ([\w, ]+)", TEXT)
    assert named.split(", ") == sessions


def test_decisions_are_numbered_without_gaps():
    pages = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("*.md") if path.name != "index.md")
    assert [int(name[:4]) for name in pages] == list(range(1, len(pages) + 1))
    for name in pages:
        text = (ROOT / "docs" / "decisions" / name).read_text()
        for part in ("Context", "Decision", "Consequences"):
            assert f"**{part}.**" in text, name
