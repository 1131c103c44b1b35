"""Random features against width and against data: peaks at a fixed ridge, none on the lower envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.random_features.experiments.regression import shallow_errors
from solvable.analysis.random_features.settings import power_law
from solvable.figures.dots import distance, two_errors
from solvable.figures.registry import figure
from solvable.figures.style import DASHED, DOUBLE, HEAT, letter_panels
from solvable.solvers import Spectrum, optimal_random_feature_ridge, random_feature_risk

if TYPE_CHECKING:
    import xarray as xr

EXPONENT, NOISE, FIXED = 1.5, 0.5, 64
RIDGES = np.geomspace(1e-3, 30, 10)
DOTS = (0, 5, 8)  # ridges that are simulated too


def compute(quick: bool = False) -> xr.Dataset:
    """Test error against k at n = 64 and against n at k = 64, ten ridges, their envelope, and dots for three."""
    import xarray as xr

    spectrum = Spectrum(*power_law(EXPONENT, EXPONENT))
    fine, places = np.geomspace(8, 1024, 120), np.array([8, 16, 32, 64, 128, 256, 512])
    theory, envelope, dots = np.empty((2, RIDGES.size, fine.size)), np.empty((2, fine.size)), []
    trials = 24 if quick else 100
    rng = np.random.default_rng(0)
    for axis in (0, 1):
        n, k = (np.full_like(fine, FIXED), fine) if axis == 0 else (fine, np.full_like(fine, FIXED))
        theory[axis] = random_feature_risk(spectrum, n, k, RIDGES[:, None], NOISE).test
        best = optimal_random_feature_ridge(spectrum, n, k, NOISE).value
        envelope[axis] = random_feature_risk(spectrum, n, k, best, NOISE).test
        for place in places.tolist():
            samples, features = (FIXED, place) if axis == 0 else (place, FIXED)
            ridges = RIDGES[list(DOTS)]
            dots.append([shallow_errors(rng, samples, features, ridges, EXPONENT, EXPONENT, 1.0, NOISE)[0]
                         for _ in range(trials)])  # fmt: skip
    measured = np.array(dots).reshape(2, places.size, trials, len(DOTS))
    dims = ("axis", "place", "dot")
    return xr.Dataset(
        {
            "theory": (("axis", "ridge", "size"), theory),
            "envelope": (("axis", "size"), envelope),
            "measured": (dims, measured.mean(2)),
            "error": (dims, two_errors(measured, axis=2)),
        },
        {"ridge": RIDGES, "size": fine, "place": places.astype(float), "dot": RIDGES[list(DOTS)]},
        {"trials": trials, "fixed": FIXED, "noise": NOISE},
    )


@figure(
    "random-features-more-is-better",
    title="More features and more data are better, at the best ridge",
    source="simon2024more",
    claims=[
        "random-features/test-error",
        "random-features/more-is-better",
        "random-features/more-can-hurt-at-a-fixed-ridge",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Ridges from dark to light; the best ridge black and dashed; dots are simulations."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.6))
    shades = colormaps[HEAT](np.linspace(0.05, 0.9, data.ridge.size))
    labels = ("random features $k$  ($n=64$)", "samples $n$  ($k=64$)")
    panels = canvas.subplots(1, 2, sharey=True)
    letter_panels(panels, ("more features", "more samples"))
    for axis, axes in enumerate(panels):
        for i in range(data.ridge.size):
            axes.plot(data.size, data.theory[axis, i], color=shades[i], lw=1)
        for j, i in enumerate(DOTS):
            axes.errorbar(data.place, data.measured[axis, :, j], data.error[axis, :, j], fmt="o", color=shades[i], ms=3,
                          mec="black", mew=0.4, elinewidth=0.8, label=f"{data.ridge.values[i]:.2g}")  # fmt: skip
        axes.plot(data.size, data.envelope[axis], color="black", ls=DASHED, lw=1.6, label="best")
        axes.axvline(data.attrs["fixed"], color="0.8", lw=0.7, zorder=0)
        axes.set(xscale="log", xlabel=labels[axis], ylim=(0.72, 6), yscale="log")
        axes.set_xticks([10, 100, 1000], ["10", "100", "1000"])
        axes.set_yticks([1, 2, 3, 5], ["1", "2", "3", "5"])
        axes.minorticks_off()
    panels[0].set_ylabel("test error")
    panels[1].legend(title=r"ridge $\delta$", title_fontsize=7, loc="upper right")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the agreement of these very dots, and that the envelope falls."""
    gaps = []
    for axis in (0, 1):
        lines = data.theory.values[axis][list(DOTS)]
        at = np.array([np.interp(np.log(data.place.values), np.log(data["size"].values), line) for line in lines]).T
        gaps.append(distance(data.measured.values[axis], at))
    falls = bool(np.all(np.diff(data.envelope.values, axis=1) < 0))
    return (
        "Gaussian random features, eigenvalues and target powers falling with exponent 1.5 (400 modes), noise "
        f"variance {data.attrs['noise']:g}; (a) against features, (b) against samples. Lines: theory for ten ridges "
        "from 0.001 (dark) to 30 (light); dashed: the best ridge at every point, "
        f"{'falling everywhere' if falls else 'NOT falling everywhere'}. Dots: {data.attrs['trials']} simulated "
        f"designs, two standard errors; median distance to the line {100 * np.median(gaps):.1f} %, largest "
        f"{100 * np.max(gaps):.0f} %."
    )
