"""Kept results: whatever happened to the file, only what was written is used."""

import random

import pytest
import xarray as xr

from solvable.analysis.verification import campaign
from solvable.analysis.verification.catalogue import claim
from solvable.analysis.verification.kept import keep, recall
from solvable.figures.registry import Figure

KEY = "0123abcd"


def test_what_was_kept_comes_back_and_nothing_else(tmp_path, capsys):
    assert recall(tmp_path, KEY, "x") is None
    keep(tmp_path, KEY, b"one\ntwo\n")
    assert recall(tmp_path, KEY, "x") == b"one\ntwo\n"
    (tmp_path / f"{KEY}.kept").rename(tmp_path / "other.kept")  # a right file in another's place
    assert capsys.readouterr().err == ""
    assert recall(tmp_path, "other", "x") is None
    assert capsys.readouterr().err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["other.kept"]


def test_no_flipped_bit_and_no_cut_is_used(tmp_path):
    """150 single bits, seed 0, and every length."""
    content = bytes(range(256))
    keep(tmp_path, KEY, content)
    path = tmp_path / f"{KEY}.kept"
    whole, clock = path.read_bytes(), random.Random(0)
    for _ in range(150):
        place = clock.randrange(8 * len(whole))
        changed = bytearray(whole)
        changed[place // 8] ^= 1 << place % 8
        path.write_bytes(changed)
        assert recall(tmp_path, KEY, "x") is None
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert recall(tmp_path, KEY, "x") is None


@pytest.mark.parametrize("damage", ["empty", "flip"])
def test_a_damaged_verdict_is_computed_again_with_one_line(tmp_path, capsys, damage):
    chosen = [claim("ridge/conservation-law")]
    first = list(campaign.verify_all(chosen, quick=True, store=tmp_path))
    (path,) = tmp_path.iterdir()
    content = path.read_bytes()
    path.write_bytes(b"" if damage == "empty" else content.replace(b"AGREES", b"AGREED"))
    again = list(campaign.verify_all(chosen, quick=True, store=tmp_path))
    assert [(verdict, kept) for verdict, kept in again] == [(first[0][0], False)]
    notice = capsys.readouterr().err
    assert notice.count("\n") == 1
    assert "claim ridge/conservation-law" in notice
    assert path.read_bytes() == content


def test_damaged_figure_data_are_computed_again(tmp_path, monkeypatch):
    """60 single bits, seed 1; before, all but those that broke the format were drawn."""
    calls = []

    def compute(self, quick):
        calls.append(quick)
        return xr.Dataset({"y": ("x", [1.0, 2.0, 3.0])})

    monkeypatch.setattr(Figure, "compute", compute)
    item = Figure("demo", "Demo", "derived", ("ridge/x",), "solvable.figures.style", lambda data: None)
    first = item.data(True, tmp_path)
    assert item.data(True, tmp_path).identical(first)
    assert len(calls) == 1
    (path,) = tmp_path.iterdir()
    whole, clock = path.read_bytes(), random.Random(1)
    for count in range(60):
        changed = bytearray(whole)
        place = clock.randrange(8 * len(whole))
        changed[place // 8] ^= 1 << place % 8
        path.write_bytes(changed)
        assert item.data(True, tmp_path).identical(first)
        assert len(calls) == count + 2


def test_kept_pages_are_those_that_were_drawn(tmp_path, monkeypatch):
    from matplotlib.figure import Figure as Canvas

    drawn = []

    def draw(data):
        drawn.append(data)
        canvas = Canvas()
        canvas.subplots().plot(data.y)
        return canvas

    data = xr.Dataset({"y": ("x", [1.0, 2.0, 3.0])})
    monkeypatch.setattr(Figure, "compute", lambda self, quick: data)
    monkeypatch.setattr(Figure, "caption", lambda self, data: "Rückschau")
    item = Figure("demo", "Demo", "derived", ("ridge/x",), "solvable.figures.style", draw)
    first = item.page(True, ["pdf", "svg"], tmp_path)
    assert first[0] == "Rückschau"
    assert first[1] == item.render(data, ["pdf", "svg"])
    assert len(drawn) == 2
    assert item.page(True, ["pdf", "svg"], tmp_path) == first
    assert len(drawn) == 2
    assert set(item.page(True, ["svg"], tmp_path)[1]) == {"svg"}  # other forms, another layout
    assert len(drawn) == 3
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    assert item.page(True, ["pdf", "svg"], tmp_path) == first
    assert len(drawn) == 4
