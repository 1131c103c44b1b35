"""How many clean rows a noisy one is worth, from the information and from the scatter of estimates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.denoising.experiments.samples import measured_information
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, MARKERS, SINGLE, entry
from solvable.solvers import sample_worth

if TYPE_CHECKING:
    import xarray as xr

CLEAN = (0.25, 0.5, 1.0)


def compute(quick: bool = False) -> xr.Dataset:
    """Components at 1 and -1; dots over 12 draws of 40,000 rows at each noise (48 in full)."""
    import xarray as xr

    rng, trials = np.random.default_rng(0), 12 if quick else 48
    noise, place = np.geomspace(0.25, 16, 121), np.geomspace(0.5, 16, 6)
    dots = np.array([[[measured_information(rng, 1.0, s) / measured_information(rng, 1.0, c) for s in place]
                      for c in CLEAN] for _ in range(trials)])  # fmt: skip
    mean, bar = mean_and_bar(dots)
    return xr.Dataset(
        {
            "theory": (("clean", "noise"), np.array([sample_worth(1.0, noise, c) for c in CLEAN])),
            "predicted": (("clean", "place"), np.array([sample_worth(1.0, place, c) for c in CLEAN])),
            "measured": (("clean", "place"), mean),
            "error": (("clean", "place"), bar),
        },
        {"clean": list(CLEAN), "noise": noise, "place": place},
        {"trials": trials},
    )


@figure(
    "noisy-worth",
    title="What a noisy row is worth",
    source="daras2025noisy",
    claims=["denoising/noisy-sample-worth", "denoising/worth-falls-as-fourth-power"],
)
def draw(data: xr.Dataset) -> Any:
    """Worth against noise, both logarithmic."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(SINGLE, 2.7))
    axes = canvas.subplots()
    for i, clean in enumerate(data.clean.values):
        axes.plot(data.noise, data.theory[i], color=COLOURS[i])
        entry(axes, i, rf"clean: $\sigma={clean:g}$", ms=3)
        axes.errorbar(
            data.place, data.measured[i], data.error[i], color=COLOURS[i], fmt=MARKERS[i], ms=3, elinewidth=0.8
        )
    tail = data.noise.values > 4
    axes.plot(data.noise[tail], 12 * data.noise[tail] ** -4.0, color="0.4", ls=DASHED, lw=0.9, label=r"$\sigma^{-4}$")
    axes.set(xscale="log", yscale="log", xlabel=r"noise $\sigma$ of the row", ylabel="clean rows it is worth")
    axes.set_ylim(5e-7, 50)
    axes.legend(loc="lower left")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the measured agreement and the slope."""
    gap = distance(data.measured.values, data.predicted.values)
    slope = np.diff(np.log(data.predicted.values[0, -2:]))[0] / np.diff(np.log(data.place.values[-2:]))[0]
    return (
        "Two components at ±1 in Gaussian noise: clean rows that one noisy row is worth for estimating their distance. "
        "Lines: the ratio of Fisher informations by quadrature; dots: mean squares of the log-density's difference "
        f"quotient over 40,000 rows, {data.attrs['trials']} draws, two standard errors, largest distance "
        f"{100 * gap.max():.1f} %. The slope at the largest noise is {slope:.2f}."
    )
