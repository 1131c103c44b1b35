"""Eigenvalues of a sample covariance: one large matrix against the limiting density, its edges marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, letter_panels
from solvable.solvers import Spectrum, sample_covariance_density, support_edges

if TYPE_CHECKING:
    import xarray as xr

# title, population eigenvalues with their shares, d/n
PANELS = (
    ("identity, $d/n=0.5$", (1.0,), (1.0,), 0.5),
    ("two levels 1 and 7, $d/n=0.1$", (1.0, 7.0), (0.6, 0.4), 0.1),
    ("three levels 1, 3, 10, $d/n=2$", (1.0, 3.0, 10.0), (0.4, 0.3, 0.3), 2.0),
    ("100 levels from 0.1 to 10, $d/n=0.2$", tuple(np.geomspace(0.1, 10, 100)), (0.01,) * 100, 0.2),
)
BINS = 60


def compute(quick: bool = False) -> xr.Dataset:
    """Densities on 800 points, and histograms of one matrix with d of about 1,000 (2,000 in full)."""
    import xarray as xr

    size = 1000 if quick else 2000
    rng = np.random.default_rng(0)
    grid, density, counts, bins, edges = [], [], [], [], []
    atoms = []
    for _, levels, shares, ratio in PANELS:
        multiplicities = np.round(np.array(shares) * size)
        d = int(multiplicities.sum())
        n = round(d / ratio)
        spectrum = Spectrum(np.array(levels), multiplicities=multiplicities)
        support = support_edges(spectrum, n)
        x = np.linspace(0.98 * support[0, 0] if support[0, 0] > 0 else 0.0, 1.02 * support[-1, 1], 800)
        found = sample_covariance_density(spectrum, n, x)
        X = rng.standard_normal((n, d)) * np.sqrt(np.repeat(levels, multiplicities.astype(int)))
        eigenvalues = np.linalg.eigvalsh(X.T @ X / n if d <= n else X @ X.T / n)
        count, edge = np.histogram(eigenvalues, bins=BINS, range=(0.0, 1.02 * support[-1, 1]))
        grid.append(x)
        density.append(found.density)
        counts.append(count / d / np.diff(edge))
        bins.append(edge)
        edges.append(np.pad(support, ((0, 100 - len(support)), (0, 0)), constant_values=np.nan))
        atoms.append(found.atom)
    return xr.Dataset(
        {
            "density": (("panel", "point"), density),
            "x": (("panel", "point"), grid),
            "histogram": (("panel", "bin"), counts),
            "bins": (("panel", "side"), bins),
            "edges": (("panel", "bulk", "end"), edges),
            "atom": ("panel", atoms),
        },
        attrs={"d": size},
    )


@figure(
    "spectral-density",
    title="Limiting density of sample covariance eigenvalues",
    source="silverstein1995limiting",
    claims=["ridge/spectral-law"],
)
def draw(data: xr.Dataset) -> Any:
    """Histogram grey, density line, edges as ticks on the axis."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 3.6))
    panels = canvas.subplots(2, 2).ravel()
    titles = [
        name + (f"   (atom at 0: {atom:.2g})" if atom > 0 else "")
        for (name, *_), atom in zip(PANELS, data.atom.values, strict=True)
    ]
    letter_panels(panels, titles)
    for i, axes in enumerate(panels):
        axes.stairs(data.histogram[i], data.bins[i], fill=True, color="0.82")
        axes.plot(data.x[i], data.density[i], color=COLOURS[0])
        edges = data.edges[i].values[~np.isnan(data.edges[i].values)]
        axes.vlines(edges, -0.03, 0.06, color=COLOURS[1], lw=1.3, transform=axes.get_xaxis_transform(), clip_on=False)
        axes.set(xlabel=r"eigenvalue of $X^TX/n$", ylabel="density", xlim=(0, None), ylim=(0, None))
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the distance between histogram and density."""
    gaps = []
    for i in range(data.sizes["panel"]):
        low, high = data.bins.values[i, :-1], data.bins.values[i, 1:]
        mass = [
            np.interp(np.linspace(a, b, 50), data.x[i], data.density[i], left=0, right=0).mean()
            for a, b in zip(low, high, strict=True)
        ]
        gaps.append(0.5 * float(np.sum(np.abs(np.array(mass) - data.histogram.values[i]) * (high - low))))
    return (
        f"Grey: eigenvalues of one matrix with d = {data.attrs['d']}; line: limiting density; orange ticks: exact "
        "edges of the support. Total variation distance of histogram and density, by panel: "
        f"{', '.join(f'{gap:.3f} ({letter})' for gap, letter in zip(gaps, 'abcd', strict=True))}."
    )
