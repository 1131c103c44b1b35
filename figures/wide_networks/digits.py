"""Kernels of wide networks on handwritten digits: error against ridge at three depths, with the eigenframework."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.wide_networks.experiments.digits import digits_and_labels, ridge_errors
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import FinitePoolWarning, Spectrum, ridge_risk, wide_network_kernels

if TYPE_CHECKING:
    import xarray as xr

DEPTHS, RIDGES = (1, 3, 10), np.geomspace(1e-3, 10.0, 9)
FINE = np.geomspace(1e-3, 10.0, 73)  # every ninth is one of the dots
KINDS = ("NNGP", "NTK")


def compute(quick: bool = False) -> xr.Dataset:
    """A tenth of 700 digits to train on, 20 training sets (of all 1,797, 60 sets, in full)."""
    import xarray as xr

    X, y = digits_and_labels(700 if quick else None)
    n, trials = y.size // 10, 20 if quick else 60
    draws = np.empty((trials, 2, len(DEPTHS), RIDGES.size))
    lines = np.empty((2, len(DEPTHS), FINE.size))
    for j, depth in enumerate(DEPTHS):
        found = wide_network_kernels(X, depth=depth)
        for i, K in enumerate((found.nngp, found.ntk)):
            kernel = K / np.mean(np.diag(K))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FinitePoolWarning)
                lines[i, j] = ridge_risk(Spectrum.from_kernel(kernel, y), n, FINE).test
            for t in range(trials):
                draws[t, i, j] = ridge_errors(np.random.default_rng(t), kernel, y, n, RIDGES)
    mean, bar = mean_and_bar(draws)
    return xr.Dataset(
        {"theory": (("kind", "depth", "fine"), lines), "measured": (("kind", "depth", "ridge"), mean),
         "error": (("kind", "depth", "ridge"), bar)},
        {"kind": list(KINDS), "depth": list(DEPTHS), "ridge": RIDGES, "fine": FINE},
        {"trials": trials, "n": n, "points": y.size},
    )  # fmt: skip


@figure(
    "digits-wide-kernels",
    title="Kernels of wide networks on handwritten digits, against the eigenframework",
    source="lee2018deep",
    claims=["wide-networks/sphere-learning-curve", "wide-networks/nngp-covariance", "wide-networks/ntk-mean"],
)
def draw(data: xr.Dataset) -> Any:
    """One panel for each kernel, one colour for each depth."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.7))
    panels = canvas.subplots(1, 2, sharey=True)
    letter_panels(panels, KINDS)
    for i, axes in enumerate(panels):
        for j, depth in enumerate(data.depth.values):
            axes.plot(data.fine, data.theory[i, j], color=COLOURS[j])
            axes.errorbar(data.ridge, data.measured[i, j], data.error[i, j], fmt=MARKERS[j], color=COLOURS[j], ms=3,
                          elinewidth=0.8)  # fmt: skip
            entry(axes, j, f"{depth}", ms=3)
        axes.set(xscale="log", xlabel=r"ridge $\delta$ over the mean of $K(x,x)$")
    panels[0].set(ylabel="mean squared error")
    panels[0].legend(title="hidden layers", title_fontsize=7, loc="upper left")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State how far off the eigenframework is, and which depth is best."""
    at = data.theory.values[..., ::9]
    gaps = 100 * distance(at, data.measured.values)
    parts = ", ".join(f"{np.median(gap):.0f} % (at most {gap.max():.0f} %) for {name} ({letter})"
                      for name, letter, gap in zip(data.kind.values, "ab", gaps, strict=True))  # fmt: skip
    best = data.measured.min("ridge").values
    depth = [int(data.depth.values[row.argmin()]) for row in best]
    low = np.mean(at < data.measured.values)
    return (
        f"ReLU networks, {data.attrs['points']:,} digits of scikit-learn, odd (1) against even (−1), kernel ridge "
        f"regression on {data.attrs['n']} of them, {data.attrs['trials']} training sets, two standard errors, tested "
        f"on the others. Lines: eigenframework, spectrum estimated from all. It is off by {parts} in the median; "
        f"{100 * low:.0f} % of the lines' values lie below the dots. Least error: {best[0].min():.3f} (NNGP, "
        f"{depth[0]} layers) and {best[1].min():.3f} (NTK, {depth[1]})."
    )
