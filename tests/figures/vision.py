"""How colours look to readers of every kind of colour vision, and which of a panel's only colour tells apart."""

from itertools import combinations

import numpy as np
from matplotlib.colors import to_hex, to_rgb

from solvable.figures.style import COLOURS

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
