"""Cross-entropy under deep linear heads: the square beats the simplex from three layers on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.neural_collapse.experiments.minimizers import cross_entropy_run
from solvable.figures.dots import distance
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, letter_panels
from solvable.solvers import cross_entropy_code

if TYPE_CHECKING:
    import xarray as xr

CLASSES, SAMPLES, LAYERS, FEATURES = 4, 5, 1e-3, 1e-4
DEPTHS = (1, 2, 3, 4, 5, 6)
CODES = ("simplex", "circle")
NAMES = ("simplex, rank 3", "square, rank 2")


def compute(quick: bool = False) -> xr.Dataset:
    """Critical values of both codes, best trained values and their logits' singular values; the ratio against decay."""
    import xarray as xr

    decays = np.geomspace(1e-5, 1e-2, 80)
    values = np.array(
        [[float(cross_entropy_code(CLASSES, SAMPLES, [LAYERS] * m, FEATURES, code).objective) for m in DEPTHS]
         for code in CODES]
    )  # fmt: skip
    ratio = np.empty((len(DEPTHS), decays.size))
    for i, depth in enumerate(DEPTHS):
        layers = np.repeat(decays[:, None], depth, axis=1)
        simplex, square = (cross_entropy_code(CLASSES, SAMPLES, layers, decays, code).objective for code in CODES)
        ratio[i] = square / simplex
    starts = 6 if quick else 16
    trained, spectrum = np.empty(len(DEPTHS)), np.empty((len(DEPTHS), CLASSES))
    for i, depth in enumerate(DEPTHS):
        rng = np.random.default_rng((0, i))
        trained[i], spectrum[i] = cross_entropy_run(rng, CLASSES, SAMPLES, depth, LAYERS, FEATURES, starts)
    return xr.Dataset(
        {
            "value": (("code", "depth"), values),
            "trained": ("depth", trained),
            "spectrum": (("depth", "rank"), spectrum / spectrum[:, :1]),
            "ratio": (("depth", "decay"), ratio),
        },
        {"depth": list(DEPTHS), "decay": decays},
        {"starts": starts},
    )


@figure(
    "cross-entropy-not-etf",
    title="Cross-entropy under a deep linear head does not end in a simplex",
    source="garrod2024persistence",
    claims=[
        "neural-collapse/cross-entropy-square",
        "neural-collapse/cross-entropy-not-a-simplex",
        "neural-collapse/cross-entropy-two-layers",
        "neural-collapse/cross-entropy-within-class",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Objectives against depth; singular values of the trained logits; square over simplex against decay."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.5))
    left, middle, right = canvas.subplots(1, 3)
    letter_panels((left, middle, right))
    for c, name in enumerate(NAMES):
        left.plot(data.depth, data.value[c], color=COLOURS[c], label=name)
    left.plot(data.depth, data.trained, color="black", marker="o", ms=3, ls="none", label="best trained")
    left.set(xlabel="depth", ylabel="objective")
    left.legend()
    for i, depth in enumerate((1, 2, 3, 4)):
        place = np.arange(1, CLASSES) + 0.18 * (i - 1.5)
        middle.bar(place, data.spectrum[i, :-1], 0.16, color=COLOURS[i], label=f"depth {depth}")
    middle.set(xlabel="index", ylabel="trained logits: singular value", ylim=(0, 1.35))
    middle.set_xticks([1, 2, 3])
    middle.legend(loc="upper right", ncols=2)
    for i in range(5):
        right.plot(data.decay, data.ratio[i], color=COLOURS[i])
        right.text(1e-5, float(data.ratio[i, 0]), f"depth {DEPTHS[i]}", color=COLOURS[i], fontsize=7, va="bottom")
    right.axhline(1, color="0.6", lw=0.8, ls=":")
    right.set(xscale="log", xlabel=r"weight decay $\lambda$ of every layer", ylabel="objective, square / simplex")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State where training ended relative to both codes."""
    gain = data.value[1].values / data.value[0].values
    best = data.value.min("code").values
    off = float(np.max(distance(data.trained.values, best)))
    first = next(d for d, g in zip(DEPTHS, gain, strict=True) if g < 1)
    deep = ", ".join(f"{v:.3f}" for v in gain[2:])
    return (
        f"K = {CLASSES}, n = {SAMPLES}, decays {LAYERS:g} (layers) and {FEATURES:g} (features), no bias. (a) Lines are "
        f"critical values of the simplex and the square code, dots the best of {data.attrs['starts']} L-BFGS runs; "
        f"their largest relative distance from the better code is {scientific(off)}. The square is better from depth "
        f"{first} on (square over simplex for depths 3 to 6: {deep}), and (b) the trained logits lose their third "
        "singular value. (c) Ratio of the two critical values with one decay for everything; dotted: equal."
    )
