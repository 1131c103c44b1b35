"""The palette, the series of every panel and the heat map, seen by readers of every kind of colour vision."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from solvable.figures import figures
from solvable.figures.style import COLOURS, DOUBLE, HEAT, SIGNED, style

# One step that an eye can see is about 2.3; thin lines and small dots need several, and far more where colour is all
# that tells them apart.
FAR, ALONE = 15, 30
# Machado, Oliveira and Fernandes (2009) [machado2009physiologically], severity 1, on linear RGB.
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
# sRGB to XYZ, D65
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def lab(colour, vision="normal"):
    """CIE-Lab of an sRGB colour as it is seen."""
    code = np.array(to_rgb(colour))
    linear = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    t = XYZ @ np.clip(VISION[vision] @ linear, 0, 1) / XYZ.sum(axis=1)
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def apart(colours):
    """Smallest distance of any two, over all kinds of vision, with the pair and the vision."""
    pairs = [
        (np.linalg.norm(lab(a, vision) - lab(b, vision)), a, b, vision)
        for vision in VISION
        for a, b in combinations(colours, 2)
    ]
    return min(pairs, default=(np.inf,))


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


def alike(axes):
    """Pairs of colours of a panel that no marker, dash or label tells apart, though some readers see nearly one."""
    cues = {}
    for line in axes.lines:
        if len(line.get_xdata()):
            cues.setdefault(to_hex(line.get_color()).upper(), set()).add((line.get_marker(), line.get_linestyle()))
    for text in axes.texts:
        cues.setdefault(to_hex(text.get_color()).upper(), set()).add(text.get_text())
    pairs = combinations([colour for colour in cues if colour in COLOURS], 2)
    return [pair for pair in pairs if cues[pair[0]] == cues[pair[1]] and apart(pair)[0] < ALONE]


@pytest.mark.parametrize("item", figures(), ids=lambda item: item.name)
def test_colour_is_never_the_only_cue(item, data):
    with style():
        canvas = item.draw(data(item.name))
    assert [pair for axes in canvas.axes for pair in alike(axes)] == []


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
