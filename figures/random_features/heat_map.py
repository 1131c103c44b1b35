"""Test error over the plane of samples and features: a ridge along n = k at small ridge, none at the best one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.figures.registry import figure
from solvable.figures.style import DOUBLE, HEAT, letter_panels
from solvable.solvers import Spectrum, optimal_random_feature_ridge, random_feature_risk

if TYPE_CHECKING:
    import xarray as xr

NOISE, SMALL = 0.5, 1e-3


def compute(quick: bool = False) -> xr.Dataset:
    """Theory on a log grid of (n, k): a small ridge, the best ridge, and the best ridge itself."""
    import xarray as xr

    size = np.geomspace(10, 1000, 40 if quick else 120)
    spectrum = Spectrum.power_law(1.5, 1.5, 300)
    n, k = size[:, None], size
    best = optimal_random_feature_ridge(spectrum, n, k, NOISE).value
    return xr.Dataset(
        {
            "small": (("n", "k"), random_feature_risk(spectrum, n, k, SMALL, NOISE, rtol=1e-10).test),
            "best": (("n", "k"), random_feature_risk(spectrum, n, k, best, NOISE).test),
            "ridge": (("n", "k"), best),
        },
        {"n": size, "k": size},
        {"noise": NOISE, "small_ridge": SMALL},
    )


@figure(
    "random-features-heat-map",
    title="Samples against features: the peak, and the ridge that removes it",
    source="simon2024more",
    claims=["random-features/test-error", "random-features/more-is-better"],
)
def draw(data: xr.Dataset) -> Any:
    """Same colours in both panels; contours of the best ridge in the second."""
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 3.1))
    panels = canvas.subplots(1, 2, sharey=True)
    letter_panels(panels, (rf"ridge $\delta={data.attrs['small_ridge']:g}$", r"best ridge $\delta$ (contours)"))
    norm = LogNorm(float(data.best.min()), 10)
    for axes, name in zip(panels, ("small", "best"), strict=True):
        image = axes.pcolormesh(data.k, data.n, data[name], norm=norm, cmap=HEAT, rasterized=True)
        axes.set(xscale="log", yscale="log", xlabel="random features $k$", aspect="equal")
    lines = panels[1].contour(data.k, data.n, data.ridge, levels=[0.7, 1, 1.5, 2, 3], colors="white", linewidths=0.7)
    panels[1].clabel(lines, fmt="%g", fontsize=6)
    panels[0].set_ylabel("samples $n$")
    bar = canvas.colorbar(image, ax=panels, label="test error", shrink=0.9, extend="max")
    bar.set_ticks([1, 2, 5, 10], labels=["1", "2", "5", "10"])
    bar.ax.minorticks_off()
    return canvas


def caption(data: xr.Dataset) -> str:
    """State peak heights and monotony of this very grid."""
    diagonal = float(np.max(np.diag(data.small.values)))
    falls = max(float(np.diff(data.best.values, axis=axis).max()) for axis in (0, 1)) < 0
    return (
        "Theory for eigenvalues and target powers that fall with exponent 1.5, infinite tail included; noise variance "
        f"{data.attrs['noise']:g}. (a) At ridge {data.attrs['small_ridge']:g} the error reaches {diagonal:.0f} on n = "
        f"k. (b) At the best ridge it falls with n and with k {'at every one of' if falls else 'NOT at all of'} the "
        f"{data.best.size} grid points, from {float(data.best.max()):.2f} to {float(data.best.min()):.2f}. White: "
        f"contours of the best ridge, from {float(data.ridge.min()):.2g} to {float(data.ridge.max()):.2g}."
    )
