"""The palette and the heat map, seen by readers of every kind of colour vision; what is drawn: test_layout.py."""

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.figure import Figure
from vision import FAR, VISION, alike, apart, lab

from solvable.figures.style import COLOURS, DOUBLE, HEAT, SIGNED


def test_distances_in_lab_are_the_textbook_ones():
    assert lab("white") == pytest.approx([100, 0, 0], abs=0.01)
    assert lab("#ff0000") == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
    for vision in VISION:
        assert lab("0.5", vision) == pytest.approx([53.39, 0, 0], abs=0.02)  # greys are grey to all
    # red and green of the same lightness are one colour to a deuteranope
    distance, *_, vision = apart(["#b07020", "#7a8a20"])
    assert vision in ("protanopia", "deuteranopia")
    assert distance < FAR < np.linalg.norm(lab("#b07020") - lab("#7a8a20"))


def test_the_palette_is_told_apart_by_all():
    distance, *_ = apart(COLOURS)
    assert distance == pytest.approx(16.05, abs=0.01)  # green and sky blue, tritanopia
    assert distance > FAR


def test_a_missing_cue_is_seen():
    axes = Figure(figsize=(DOUBLE, 2.5)).add_subplot()
    for i in (0, 1, 2):
        axes.plot([0, 1], [0, i], color=COLOURS[i])
    assert alike(axes) == [(COLOURS[0], COLOURS[2])]  # 17 apart for a tritanope
    axes.lines[2].set_linestyle("--")
    assert alike(axes) == []


def rises(name, vision):
    """Whether lightness grows with the value, and no step is much larger than another."""
    seen = np.array([lab(colour, vision) for colour in colormaps[name](np.arange(256))])
    steps = np.linalg.norm(np.diff(seen[::15], axis=0), axis=1)
    # even for normal vision (factor 2.1); the simulated ones measure 4.2 at most
    return np.all(np.diff(seen[:, 0]) > 0) and steps.max() < (2.5 if vision == "normal" else 5) * steps.min()


@pytest.mark.parametrize("vision", VISION)
def test_the_heat_map_rises_evenly_for_all(vision):
    assert rises(HEAT, vision)
    assert not rises("jet", vision)


@pytest.mark.parametrize("vision", VISION)
def test_the_signed_map_is_lightest_at_zero_and_its_sides_are_told_apart(vision):
    seen = np.array([lab(colour, vision) for colour in colormaps[SIGNED](np.arange(256))])
    below, above = seen[127::-1], seen[128:]
    for side in (below, above):
        assert np.all(np.diff(side[::15, 0]) < 0)
    assert np.linalg.norm(below - above, axis=1)[40:].min() > 15
