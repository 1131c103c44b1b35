"""Singular tubes of a tensor that gradient descent recovers from too few measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.factorised.experiments.tensors import recovery, target
from solvable.figures.dots import mean_and_bar
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, MARKERS, letter_panels
from solvable.solvers import tubal_singular_values

if TYPE_CHECKING:
    import xarray as xr

SIZES = {"n": 10, "k": 4, "rank": 2, "m": 140, "steps": 2400}
SCALES = (1e-4, 0.1)


def compute(quick: bool = False) -> xr.Dataset:
    """One tensor of tubal rank 2, 140 measurements, geometric means over 4 draws of them and the start (16 in full)."""
    import xarray as xr

    trials = 4 if quick else 16
    truth = target(np.random.default_rng(0), SIZES["n"], SIZES["k"], SIZES["rank"])
    tubes, errors = [], []
    for scale in SCALES:
        found = [
            recovery(np.random.default_rng(t), **SIZES, scale=scale, checkpoints=32, truth=truth) for t in range(trials)
        ]
        tubes.append(mean_and_bar(np.log10([norms[:, :4] for _, norms, _ in found])))
        errors.append(mean_and_bar(np.log10([error for error, _, _ in found])))
    exact = np.sqrt(np.mean(tubal_singular_values(truth) ** 2, axis=1))[:2]
    return xr.Dataset(
        {
            "tubes": (("scale", "time", "tube"), np.array([mean for mean, _ in tubes])),
            "bars": (("scale", "time", "tube"), np.array([bar for _, bar in tubes])),
            "errors": (("scale", "time"), np.array([mean for mean, _ in errors])),
            "exact": ("rank", np.log10(exact)),
        },
        {"scale": list(SCALES), "time": found[0][2], "tube": [1, 2, 3, 4]},
        {"trials": trials},
    )


@figure(
    "tubal-rank",
    title="A small start keeps the tubal rank low",
    source="karnik2025tubal",
    claims=["factorised/tubal-small-start", "factorised/small-start-has-low-tubal-rank", "factorised/tubal-product"],
)
def draw(data: xr.Dataset) -> Any:
    """Norms of the first four tubes along the descent, from a small and a large start."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.8))
    panels = canvas.subplots(1, 2, sharey=True)
    letter_panels(panels, [rf"start of size $10^{{{round(np.log10(scale))}}}$" for scale in data.scale.values])
    for s, axes in enumerate(panels):
        for j in range(4):
            axes.errorbar(
                data.time,
                data.tubes[s, :, j],
                data.bars[s, :, j],
                color=COLOURS[j],
                marker=MARKERS[j],
                ms=2.5,
                lw=0.8,
                elinewidth=0.7,
                label=f"tube {j + 1}",
            )
        axes.plot(data.time, data.errors[s], color=COLOURS[6], ls=":", lw=1.1, label="relative error")
        for value in data.exact.values:
            axes.axhline(value, color="0.5", ls=DASHED, lw=0.8)
        axes.plot([], [], color="0.5", ls=DASHED, lw=0.8, label="tubes of the target")
        axes.set(xlabel="step", ylim=(-7.6, 0.9))
    panels[0].set_ylabel(r"$\log_{10}$ of norm or error")
    canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=6)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State what is left beyond the rank, and the errors."""
    beyond, error = 10 ** data.tubes.values[:, -1, 2], 10 ** data.errors.values[:, -1]
    return (
        "Gradient descent on a square factor from 140 measurements of a symmetric 10 × 10 × 4 tensor of tubal "
        "rank 2, which "
        f"has 220 free entries; geometric means over {data.attrs['trials']} draws with two standard errors. "
        "Dashed: the two "
        f"tubes of the target. After 2,400 steps the third tube has norm {scientific(beyond[0])} from the small "
        "start (a) and "
        f"{beyond[1]:.2f} from the large one (b); relative errors {scientific(error[0])} and {error[1]:.2f}."
    )
