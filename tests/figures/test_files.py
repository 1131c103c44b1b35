"""Figure files: the same bytes from another process, fonts embedded as TrueType."""

import hashlib
import os
import subprocess
import sys

import pytest

from solvable.figures import find_figure

NAME = "fitting-ratio"  # one of the quickest


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("figures")


def test_another_process_writes_the_same_bytes(tmp_path):
    """A rerun makes no diff, whatever the order of hashes is."""
    digests = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        command = [sys.executable, "-m", "solvable", "figure", NAME, "--quick", "--out", str(folder)]
        subprocess.run(command, check=True, capture_output=True, env=os.environ | {"PYTHONHASHSEED": seed})
        digests.append({path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()})
    assert len(digests[0]) == 3
    assert digests[0] == digests[1]


def test_pdf_fonts_are_embedded_as_type_42(store):
    item = find_figure(NAME)
    content = item.render(item.data(True, store), ["pdf"])["pdf"]
    assert b"/CIDFontType2" in content or b"/Subtype /TrueType" in content
    assert b"/FontFile2" in content
    assert b"/Type3" not in content
    assert b"CreationDate" not in content
