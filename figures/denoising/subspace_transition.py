"""How many rows show one subspace, and two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.denoising.experiments.samples import clusters_found, recovered
from solvable.figures.registry import figure
from solvable.figures.style import DOUBLE, HEAT, letter_panels
from solvable.solvers import fewest_samples

if TYPE_CHECKING:
    import xarray as xr

SPACE, MOST = 30, 6


def compute(quick: bool = False) -> xr.Dataset:
    """Six trials of each cell (40 in full); two subspaces by 20 restarts."""
    import xarray as xr

    trials, rng = 6 if quick else 40, np.random.default_rng(0)
    dims, rows = range(1, MOST + 1), range(1, MOST + 5)
    shares = np.empty((2, len(rows), len(dims)))
    for i, N in enumerate(rows):
        for j, d in enumerate(dims):
            shares[0, i, j] = np.mean([recovered(rng, SPACE, d, N) for _ in range(trials)])
            # told apart, and with rows that span
            shares[1, i, j] = d <= N and np.mean([clusters_found(rng, SPACE, d, N) for _ in range(trials)])
    fewest = [[int(fewest_samples([d] * count)[0]) for d in dims] for count in (1, 2)]
    return xr.Dataset(
        {"share": (("subspaces", "rows", "dim"), shares), "fewest": (("subspaces", "dim"), fewest)},
        {"subspaces": [1, 2], "rows": list(rows), "dim": list(dims)},
        {"trials": trials},
    )


@figure(
    "subspace-transition",
    title="Two subspaces need one row more than one",
    source="wang2024subspace",
    claims=["denoising/transition-at-d", "denoising/several-need-one-more"],
)
def draw(data: xr.Dataset) -> Any:
    """Share of recoveries over dimensions and rows, with the fewest rows predicted."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.9))
    panels = canvas.subplots(1, 2, sharey=True)
    letter_panels(panels, ("one subspace", "two subspaces"))
    edges = np.append(data.dim.values - 0.5, data.dim.values[-1] + 0.5)
    for k, axes in enumerate(panels):
        image = axes.pcolormesh(edges, np.append(data.rows.values - 0.5, data.rows.values[-1] + 0.5), data.share[k],
                                cmap=HEAT, vmin=0, vmax=1)  # fmt: skip
        axes.stairs(data.fewest[k] - 0.5, edges, color="white", lw=2.2, baseline=None)
        axes.stairs(data.fewest[k] - 0.5, edges, color="black", ls="--", lw=1.2, baseline=None,
                    label="fewest rows predicted")  # fmt: skip
        axes.set(xlabel="dimensions $d$", xticks=data.dim.values)
    panels[0].set(ylabel="rows of each subspace $N$")
    panels[0].legend(loc="lower right", facecolor="white", framealpha=0.9, frameon=True)
    canvas.colorbar(image, ax=list(panels), label="share of exact recoveries", pad=0.02)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the shares on both sides of the lines."""
    rows, fewest = data.rows.values[:, None], data.fewest.values
    at = [float(np.mean(data.share.values[k][rows == fewest[k]])) for k in (0, 1)]
    below = [float(data.share.values[k][rows < fewest[k]].max()) for k in (0, 1)]
    return (
        f"Share of {data.attrs['trials']} trials in which subspaces of {SPACE} dimensions are found exactly, without "
        "noise. (a) One subspace, by principal components: from d rows on. (b) Two, by clustering with 20 restarts: d "
        "rows of each are fitted without residual in many ways, and d + 1 are needed, but for lines. Dashed: the "
        f"fewest rows predicted; the mean share there is {at[0]:.2f} and {at[1]:.2f} (at six dimensions 20 restarts "
        f"miss some), the largest share below {below[0]:.2f} and {below[1]:.2f}."
    )
