"""Kernel ridge regression on real data: theory from the whole kernel matrix against random training sets."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.ridge.experiments.real_data import DATASETS, kernel_learning_curve, load_kernel
from solvable.figures.dots import distance, two_errors
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import FinitePoolWarning, Spectrum, ridge_risk

if TYPE_CHECKING:
    import xarray as xr

RIDGES = (0.01, 0.3, 5.0)
SHARES = np.geomspace(0.008, 0.4, 10)  # training set sizes as shares of the data set


def compute(quick: bool = False) -> xr.Dataset:
    """Predicted and measured test and training error against n, three ridges, two data sets."""
    import xarray as xr

    trials = 30 if quick else 100
    theory, mean, error, sizes, points = [], [], [], [], []
    for index, name in enumerate(DATASETS):
        K, y = load_kernel(name)
        n = np.unique(np.round(SHARES * y.size).astype(int))
        spectrum = Spectrum.from_kernel(K, y)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FinitePoolWarning)  # the figure shades where it applies
            risk = ridge_risk(spectrum, n[:, None], np.array(RIDGES))
        rng = np.random.default_rng(index)
        both = np.array(kernel_learning_curve(rng, K, y, n.tolist(), RIDGES, trials))
        theory.append([risk.test, risk.train])
        mean.append(both.mean(axis=1))
        error.append(two_errors(both, axis=1))
        sizes.append(n)
        points.append(float(y.size))
    dims = ("data", "kind", "size", "ridge")
    return xr.Dataset(
        {"theory": (dims, theory), "measured": (dims, mean), "error": (dims, error), "n": (("data", "size"), sizes),
         "points": ("data", points)},
        {"ridge": list(RIDGES)},
        {"trials": trials},
    )  # fmt: skip


@figure(
    "learning-curve-real-data",
    title="Kernel ridge regression on real data: predicted and measured learning curves",
    source="simon2023eigenlearning",
    claims=["ridge/test-error", "ridge/train-error", "ridge/low-dimensional-kernels-deviate"],
)
def draw(data: xr.Dataset) -> Any:
    """Test error filled dots on solid lines, training error open dots on dashed ones; one colour a ridge."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.7))
    panels = canvas.subplots(1, 2, sharey=True)
    titles = (f"{name}, {float(points):.0f} points" for name, points in zip(DATASETS, data.points, strict=True))
    letter_panels(panels, titles)
    for panel, axes in enumerate(panels):
        n = data.n[panel].values
        for j, ridge in enumerate(data.ridge.values):
            for kind, dash in ((0, "-"), (1, DASHED)):
                colour = COLOURS[j]
                axes.plot(
                    n,
                    data.theory[panel, kind, :, j],
                    ls=dash,
                    color=colour,
                )
                axes.errorbar(n, data.measured[panel, kind, :, j], data.error[panel, kind, :, j], fmt=MARKERS[j],
                              color=colour, mfc="white" if kind else colour, ms=3, mew=0.7, elinewidth=0.8)  # fmt: skip
            entry(axes, j, f"{ridge:g}", ms=3)
        points = float(data.points[panel])
        axes.axvspan(points / 10, 1.1 * n[-1], color="0.93", zorder=0)
        axes.set(xscale="log", yscale="log", xlabel="training samples $n$", xlim=(0.9 * n[0], 1.1 * n[-1]))
        ticks = [t for t in (5, 10, 20, 50, 100, 200, 500) if n[0] <= t <= n[-1]]
        axes.set_xticks(ticks, [str(t) for t in ticks])
        axes.minorticks_off()
    panels[0].set_ylim(bottom=max(1e-4, 0.3 * float(data.measured[..., 1:].min())), top=2.0)
    panels[0].set_ylabel("mean squared error")
    panels[0].legend(title=r"ridge $\delta$; test solid, train dashed", title_fontsize=7, loc="lower left", ncols=3)
    return canvas


def caption(data: xr.Dataset) -> str:
    """Say how far apart theory and measurement are, within a tenth of the data and beyond."""
    gap = 100 * distance(data.theory.values, data.measured.values)[:, 0]  # test error, %
    parts = []
    for panel, name in enumerate(DATASETS):
        near = data.n.values[panel] <= float(data.points[panel]) / 10
        parts.append(
            f"({'ab'[panel]}) {name}: median {np.median(gap[panel][near]):.1f} %, at most {gap[panel][near].max():.0f} "
            f"% up to n = N/10, at most {gap[panel][~near].max():.0f} % beyond (shaded)"
        )
    return (
        "Laplace kernel, spectrum estimated from the whole kernel matrix of N points. Dots: mean over "
        f"{data.attrs['trials']} random training sets, tested on all other points, two standard errors. Test error, "
        f"theory against measurement: {'; '.join(parts)}. Beyond N/10 the finite pool is felt: the spectrum was "
        "estimated from the same points. Training errors at the smallest ridge lie below the axis."
    )
