"""Test error of kernel regression on the sphere against the number of samples: one plateau for every degree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.wide_networks.experiments.regression import error_draw
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import ridge_risk, sphere_spectrum

if TYPE_CHECKING:
    import xarray as xr

DIMENSIONS, POWERS = (10, 60), (1.0, 0.5, 0.1)
CASES = ((0.0, 0.0), (0.1, 0.1))  # ridge, label noise


def compute(quick: bool = False) -> xr.Dataset:
    """Two dimensions, with and without ridge and noise; 6 training sets up to n = 453 (24 up to 1,280)."""
    import xarray as xr

    rng, trials = np.random.default_rng(0), 6 if quick else 24
    n = np.unique(np.round(5 * 2 ** (np.arange(14 if quick else 17) / 2)).astype(int))
    fine = np.geomspace(4, 1.2 * n[-1], 120)
    draws = np.empty((trials, 2, 2, n.size))
    lines, line_at = np.empty((2, 2, fine.size)), np.empty((2, 2, n.size))
    counts = []
    for i, d in enumerate(DIMENSIONS):
        found = sphere_spectrum({"depth": 2}, d, 40)
        counts.append(found.multiplicities[1:4])
        for j, (ridge, noise) in enumerate(CASES):
            spectrum = found.spectrum([0.0, *POWERS])
            for out, at in ((lines, fine), (line_at, n)):
                out[i, j] = ridge_risk(spectrum, at, found.ridge(ridge), noise_variance=noise).test
            for t in range(trials):
                draws[t, i, j] = [error_draw(rng, int(size), d, ridge, POWERS, noise) for size in n]
    mean, bar = mean_and_bar(draws)
    return xr.Dataset(
        {
            "theory": (("d", "case", "fine"), lines),
            "theory_at": (("d", "case", "n"), line_at),
            "measured": (("d", "case", "n"), mean),
            "error": (("d", "case", "n"), bar),
            "harmonics": (("d", "degree"), counts),
        },
        {"d": list(DIMENSIONS), "case": ["no ridge, no noise", "ridge 0.1, noise 0.1"], "fine": fine,
         "n": n.astype(float), "degree": [1, 2, 3]},
        {"trials": trials},
    )  # fmt: skip


@figure(
    "sphere-stairs",
    title="Kernel regression on the sphere learns one degree after the other",
    source="bordelon2020spectrum",
    claims=["wide-networks/stairs-of-degrees", "wide-networks/sphere-learning-curve"],
)
def draw(data: xr.Dataset) -> Any:
    """One panel for each dimension; plateaus and numbers of harmonics are marked."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.9))
    panels = canvas.subplots(1, 2, sharey=True)
    letter_panels(panels, (f"{d} dimensions" for d in data.d.values))
    plateaus = np.cumsum(POWERS[::-1])[::-1]
    for i, axes in enumerate(panels):
        for height in plateaus:
            axes.axhline(height, color="0.85", lw=0.8, zorder=0)
        for count in data.harmonics.values[i]:
            if count < float(data.fine[-1]):
                axes.axvline(count, color="0.6", lw=0.8, ls=":", zorder=0)
        for j, label in enumerate(data.case.values):
            axes.plot(data.fine, data.theory[i, j], color=COLOURS[j])
            axes.errorbar(data.n, data.measured[i, j], data.error[i, j], fmt=MARKERS[j], color=COLOURS[j], ms=3,
                          elinewidth=0.8)  # fmt: skip
            entry(axes, j, str(label), ms=3)
        axes.set(xscale="log", yscale="log", xlabel="training samples $n$", xlim=(4, float(data.fine[-1])))
        ticks = [t for t in (5, 10, 20, 50, 100, 200, 500, 1000) if t < float(data.fine[-1])]
        axes.set_xticks(ticks, [str(t) for t in ticks])
        axes.xaxis.minorticks_off()
    panels[0].set(ylabel="test error", ylim=(0.03, 2.6))
    canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the measured distance by dimension, and where it is largest."""
    gaps = 100 * distance(data.measured.values, data.theory_at.values)
    parts = ", ".join(
        f"({letter}) d = {d}: median {np.median(gap):.1f} %, at most {gap.max():.0f} %"
        for letter, d, gap in zip("ab", data.d.values, gaps, strict=True)
    )
    return (
        "Tangent kernel of two hidden ReLU layers, inputs uniform on the sphere, target power 1, 0.5 and 0.1 in the "
        "degrees 1, 2 and 3 (grey: what is left after each); steps run together in few dimensions. Dotted: n = "
        "N(d, p), the number of harmonics of a degree. "
        f"Lines: eigenframework, the degrees left out added to the ridge. Dots: {data.attrs['trials']} training sets, "
        f"mean over the target's directions, two standard errors. Distance of dots and lines, {parts}."
    )
