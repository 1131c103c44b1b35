"""Output of a class against its size for several depths: the jump at the critical size and the metastable branch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.neural_collapse.experiments.minimizers import single_class_output
from solvable.figures.dots import distance
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, MARKERS, SINGLE, entry
from solvable.solvers import collapse_minimizer

if TYPE_CHECKING:
    import xarray as xr

DEPTHS = (1, 2, 3, 4, 5, 6)
OTHERS, DECAY_SCALE = 1000, 20.0


def _decay(depth: int) -> float:
    """Common decay for which b = M N (N decay^{M+1})^{1/M} is 20 samples at N = 1000."""
    return float(((DECAY_SCALE / (depth * OTHERS)) ** depth / OTHERS) ** (1 / (depth + 1)))


def compute(quick: bool = False) -> xr.Dataset:
    """Closed forms for a class among 1,000 samples, and training of that class from two kinds of start."""
    import xarray as xr

    sizes = np.unique(np.geomspace(8, 400, 400).astype(int))
    places = np.array([12, 18, 24, 30, 45, 80, 200]) if quick else np.unique(np.geomspace(10, 350, 16).astype(int))
    stable, branch = np.empty((2, len(DEPTHS), sizes.size))
    critical, spinodal = np.empty((2, len(DEPTHS)))
    trained = np.empty((2, len(DEPTHS), places.size))
    for i, depth in enumerate(DEPTHS):
        decay = _decay(depth)
        classes = np.stack([sizes, OTHERS - sizes], axis=-1)
        found = collapse_minimizer(classes, [decay] * depth, decay)
        stable[i], branch[i] = found.outputs[:, 0], found.branch_outputs[:, 0]
        critical[i], spinodal[i] = found.critical_class_size[0], found.spinodal_class_size[0]
        for j, size in enumerate(places):
            rng = np.random.default_rng((0, i, j))
            trained[:, i, j] = single_class_output(rng, int(size), OTHERS, decay, depth)
    return xr.Dataset(
        {
            "stable": (("depth", "size"), stable),
            "branch": (("depth", "size"), branch),
            "critical": ("depth", critical),
            "spinodal": ("depth", spinodal),
            "trained": (("which", "depth", "place"), trained),
        },
        {"depth": list(DEPTHS), "size": sizes.astype(float), "place": places.astype(float)},
    )


@figure(
    "minority-collapse",
    title="A minority class vanishes at a critical size, with a jump once the head is deep",
    source="dang2023neural",
    claims=["neural-collapse/minority-collapse", "neural-collapse/spinodal"],
)
def draw(data: xr.Dataset) -> Any:
    """Global minimum solid, metastable branch dashed; filled dots: best run, open: descent from large weights."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(SINGLE, 2.9))
    axes = canvas.add_subplot()
    for i, depth in enumerate(data.depth.values):
        colour = COLOURS[i]
        size, critical = data["size"], data.critical[i]
        alive = data.branch[i] > 0
        axes.plot(size[size > critical], data.stable[i][size > critical], color=colour)
        entry(axes, i, f"depth {depth}", ms=2.6)
        dashed = alive & (size <= critical)
        axes.plot(size[dashed], data.branch[i][dashed], color=colour, ls=(0, (3, 1.5)), lw=0.9)
        first = float(data.stable[i][size > critical][0])
        axes.plot([float(critical)] * 2, [0, first], color=colour, lw=0.6, ls=":")
        axes.plot(data.place, data.trained[1, i], color=colour, marker=MARKERS[i], mfc="white", ms=3.5, ls="none")
        axes.plot(data.place, data.trained[0, i], color=colour, marker=MARKERS[i], ms=2.6, ls="none")
    axes.set(
        xscale="log", xlabel="size of the small class $n_k$", ylabel="output for the small class", ylim=(-0.04, 1.02)
    )
    axes.set_xticks([10, 20, 50, 100, 200, 400], ["10", "20", "50", "100", "200", "400"])
    axes.minorticks_off()
    axes.legend(loc="lower right")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State critical sizes, jumps and the agreement of training."""
    theory = data.stable.interp(size=data.place)
    sure = distance(data.place, data.critical) > 0.05
    off = float(np.abs(data.trained[0] - theory).where(sure).max())
    jumps = [float(data.stable[i][data["size"] > data.critical[i]][0]) for i in range(len(DEPTHS))]
    ends = [f"jump to {j:.2f}" if d > 1 else "no jump" for d, j in zip(DEPTHS, jumps, strict=True)]
    text = ", ".join(f"{float(c):.1f} (depth {d}, {end})"
                     for c, d, end in zip(data.critical, DEPTHS, ends, strict=True))  # fmt: skip
    return (
        f"One class among N = {OTHERS} samples; decays equal in all layers and such that "
        f"MN(Nλ^{{M+1}})^{{1/M}} = {DECAY_SCALE:g} at every depth M. Critical sizes: {text}. Dotted verticals "
        "mark them. Dashed: local minimum that is not global. Filled dots: best of a run from zero and runs from "
        "large weights; open: gradient descent from large weights, which stays on the dashed branch. Filled dots lie "
        f"within {scientific(off)} of the lines."
    )
