"""What stable minima of diagonal networks and of random features share: errors, the truth alone, alignment of noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.sgd_stability.experiments import stable_minima as experiments
from solvable.analysis.sgd_stability.sparse_truths import farthest_stable, rows_needed
from solvable.figures.dots import mean_and_bar, share_and_bars
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels

if TYPE_CHECKING:
    import xarray as xr

D, FRACTIONS, SPARSITIES, INPUTS, FEW = 60, (0.5, 0.8), (2, 6), ("sphere", "gaussian"), 3


def _farthest(rows: Any) -> list[list[float]]:
    """The bound for every fraction and number of rows."""
    return [[farthest_stable(int(n), D, 1, part) for n in rows] for part in FRACTIONS]


def compute(quick: bool = False) -> xr.Dataset:
    """Dots over 8 draws (60 in full): farthest interpolators, whether there is any, alignment at growing widths."""
    import xarray as xr

    rng, trials = np.random.default_rng(0), 8 if quick else 60
    rows, fine = np.array([24, 30, 36, 44, 52]), np.arange(15, 58)
    factor, widths = np.array([0.5, 0.75, 1.0, 1.25, 1.5]), np.array([16, 32, 64, 128, 256])
    far = [[[experiments.farthest_stable_error(rng, int(n), D, 1, part) for n in rows] for part in FRACTIONS]
           for _ in range(trials)]  # fmt: skip
    alone = [[[experiments.truth_is_alone(rng, place * rows_needed(D, s), D, s) > 0 for place in factor]
              for s in SPARSITIES] for _ in range(4 * trials)]  # fmt: skip
    aligned = [[[experiments.alignment_of_features(rng, m, FEW, 1000, kind) for m in widths] for kind in INPUTS]
               for _ in range(2 * trials)]  # fmt: skip
    (error, error_bar), (ratio, ratio_bar) = mean_and_bar(np.array(far)), mean_and_bar(np.array(aligned))
    share, share_bars = share_and_bars(alone)
    return xr.Dataset(
        {
            "bound": (("fraction", "fine"), _farthest(fine)),
            "reached": (("fraction", "n"), _farthest(rows)),
            "error": (("fraction", "n"), error),
            "error_bar": (("fraction", "n"), error_bar),
            "alone": (("sparsity", "factor"), share),
            "alone_bars": (("side", "sparsity", "factor"), share_bars),
            "alignment": (("inputs", "width"), ratio),
            "alignment_bar": (("inputs", "width"), ratio_bar),
            "limit": ("inputs", [1.0, 1 + 2 / FEW]),
        },
        {"fraction": list(FRACTIONS), "fine": fine, "n": rows, "sparsity": list(SPARSITIES), "factor": factor,
         "inputs": list(INPUTS), "width": widths},
        {"trials": trials},
    )  # fmt: skip


@figure(
    "stable-minima",
    title="Stable minima of diagonal networks are near a sparse truth; random features align their noise",
    source="wu2023implicit",
    claims=[
        "sgd-stability/stable-minima-generalise",
        "sgd-stability/the-truth-alone-is-stable",
        "sgd-stability/random-features-alignment",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Left: farthest stable minima. Middle: the truth alone. Right: alignment over its limit."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.6))
    left, middle, right = canvas.subplots(1, 3)
    letter_panels((left, middle, right), ("farthest stable minimum", "largest stable step", "alignment of noise"))
    style: dict[str, Any] = {"ms": 3, "elinewidth": 0.8}
    for i in range(2):
        style |= {"color": COLOURS[i], "fmt": MARKERS[i]}
        left.plot(data.fine, data.bound[i], color=COLOURS[i])
        left.errorbar(data.n, data.error[i], data.error_bar[i], **style)
        entry(left, i, f"{float(data.fraction[i]):g} of the truth's step", ms=3)
        middle.errorbar(
            data.factor + 0.01 * i, data.alone[i], data.alone_bars[:, i], label=f"$s = {SPARSITIES[i]}$", **style
        )
        right.axhline(float(data.limit[i]), color=COLOURS[i])
        right.errorbar(data.width, data.alignment[i], data.alignment_bar[i], **style)
        entry(right, i, ("inputs on a sphere", "Gaussian inputs")[i], ms=3)
    middle.plot([1.0, 1.0], [-0.05, 1.05], color="0.5", lw=0.8)
    left.set(yscale="log", xlabel="rows $n$", ylabel="error over that of zero", ylim=(0.02, 4))
    middle.set(xlabel=r"rows over $\min\,\delta$", ylabel="share where truth is alone", ylim=(-0.05, 1.45))
    middle.set_yticks([0, 0.5, 1])
    right.set(xscale="log", xlabel="width", ylabel=r"$E[r^2g\cdot Hg]/E[r^2]\|H\|_F^2$", ylim=(0.9, 2.7))
    right.set_xticks([16, 64, 256], ["16", "64", "256"])
    right.xaxis.set_minor_formatter("")
    for axes in (left, middle, right):
        axes.legend(loc="upper right")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State how much of the bound is reached, the shares on both sides, and what is left at the largest width."""
    used = data.error.values / data.reached.values
    below, above = (float(data.alone.values[:, part].mean()) for part in (slice(0, 2), slice(3, 5)))
    left = np.abs(data.alignment.values[:, -1] / data.limit.values - 1)
    return (
        f"(a) Diagonal network, d = {D} and a truth with one nonzero: error of the farthest interpolator with "
        "tr H ≤ 2/η that linear programs find, for steps of 0.5 and 0.8 of the largest one that the truth allows, and "
        f"the bound from Gaussian comparison (lines). Of the bound {100 * used.min():.0f} to {100 * used.max():.0f} % "
        "is reached. (b) At that largest step: share of draws without any other such interpolator, by the rows over "
        f"the statistical dimension min δ of the ℓ₁ norm at s nonzeros. Below it {100 * below:.0f} %, above it "
        f"{100 * above:.0f} %. (c) Alignment of the noise with H for random ReLU features in {FEW} dimensions and the "
        f"limits 1 and 1 + 2/d (lines): at the largest width {100 * left.min():.1f} and {100 * left.max():.1f} % "
        f"are left. Means of {data.attrs['trials']}, {4 * data.attrs['trials']} and {2 * data.attrs['trials']} draws, "
        "bars of two standard errors (Wilson's intervals in b)."
    )
