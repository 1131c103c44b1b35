"""Scaling laws under model collapse: crossover to a plateau, and the ridge exponent that adapts to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.model_collapse.experiments import power_law_excess_draw
from solvable.analysis.model_collapse.settings import eigenvalues, target_weights
from solvable.figures.dots import distance, two_errors
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import Spectrum, collapse_exponents, iterated_regression_risk

if TYPE_CHECKING:
    import xarray as xr

CAPACITY, SMOOTHNESS, MODES = 1.5, 0.5, 200
ROWS, NOISE, LABEL = 400, 0.3, 0.3  # of a generator; noise of the final fit and of generators
GENERATIONS = (0, 1, 5, 20)


def compute(quick: bool = False) -> xr.Dataset:
    """Lines on fine grids; 6 chains of 8 targets for each dot (40 in full)."""
    import xarray as xr

    trials, rng = 6 if quick else 40, np.random.default_rng(0)
    s = eigenvalues(f"power-{CAPACITY}", MODES)
    spectrum = Spectrum(s, s * target_weights(SMOOTHNESS, s))
    clean = float(collapse_exponents(CAPACITY, SMOOTHNESS, 0.5).clean)
    n = np.geomspace(10, 1e4, 61)
    places = np.array([12, 40, 150, 500])

    def excess(samples: Any, ridge: Any) -> Any:  # generations on the first axis
        counts = np.array(GENERATIONS).reshape(-1, *[1] * np.ndim(ridge))
        return iterated_regression_risk(spectrum, samples, ridge, counts, ROWS, NOISE, LABEL).excess

    exponents, fixed = np.linspace(0.02, 1.2, 120), 1000
    lines = excess(n, n ** (1 - clean))
    best = excess(n[:, None], n[:, None] ** (1 - exponents)).min(axis=-1)
    curves = excess(fixed, fixed ** (1 - exponents))
    draws = np.array(
        [[[power_law_excess_draw(rng, int(m), CAPACITY, SMOOTHNESS, clean, MODES, ROWS, t, LABEL, NOISE)
           for _ in range(trials)] for m in places] for t in GENERATIONS]
    )  # fmt: skip
    return xr.Dataset(
        {
            "excess": (("generation", "n"), lines),
            "best": (("generation", "n"), best),
            "measured": (("generation", "place"), draws.mean(axis=-1)),
            "error": (("generation", "place"), two_errors(draws)),
            "curve": (("generation", "exponent"), curves),
        },
        {"generation": list(GENERATIONS), "n": n, "place": places.astype(float), "exponent": exponents},
        {
            "trials": trials,
            "clean": clean,
            "fixed": fixed,
            "rows": ROWS,
            "capacity": CAPACITY,
            "smoothness": SMOOTHNESS,
        },
    )


@figure(
    "model-collapse-scaling",
    title="Scaling laws end in a plateau, and the best ridge moves",
    source="dohmatob2024model",
    claims=["model-collapse/bias-exponent", "model-collapse/variance-exponent", "model-collapse/adaptive-ridge"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: excess against n. Right: excess against the ridge exponent."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.7))
    left, right = canvas.subplots(1, 2)
    letter_panels((left, right), ("learning curves", f"$n = {data.attrs['fixed']}$"))
    for i, t in enumerate(data.generation.values):
        left.plot(data.n, data.excess[i], color=COLOURS[i])
        entry(left, i, str(t), ms=3)
        left.plot(data.n, data.best[i], color=COLOURS[i], lw=0.9, ls=DASHED)
        left.errorbar(
            data.place, data.measured[i], data.error[i], color=COLOURS[i], fmt=MARKERS[i], ms=3, elinewidth=0.8
        )
        right.plot(data.exponent, data.curve[i], color=COLOURS[i])
        low = int(data.curve.values[i].argmin())
        right.plot(data.exponent[low], data.curve[i, low], color=COLOURS[i], marker=MARKERS[i], ms=4)
    left.set(xscale="log", yscale="log", xlabel="samples of the final fit $n$", ylabel="excess error")
    left.legend(title="generations", title_fontsize=7, loc="lower left")
    right.axvline(data.attrs["clean"], color="0.75", lw=0.7, zorder=0)
    right.set(yscale="log", xlabel=r"ridge exponent $\ell$, $\lambda=\delta/n=n^{-\ell}$", ylabel="excess error")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State exponents, plateaus and where the best ridge goes."""
    logs = np.log(data.n.values[30:])
    slope = np.polyfit(logs, np.log(data.best.values[0, 30:]), 1)[0]
    plateau = data.excess.values[1:, -1] / data.excess.values[0, -1]
    best = [float(data.exponent[int(row.argmin())]) for row in data.curve.values]
    theory = np.array([np.interp(np.log(data.place.values), np.log(data.n.values), row) for row in data.excess.values])
    gap = np.median(distance(data.measured.values, theory))
    return (
        f"Power laws with capacity {data.attrs['capacity']:g} and smoothness {data.attrs['smoothness']:g}; generators "
        f"are least squares on {data.attrs['rows']} rows. (a) Solid: at the clean exponent {data.attrs['clean']:g}, "
        f"dashed: at the best one for every n (without generations a power of n with exponent {slope:.2f} for n above "
        f"300); at n = 10,000 generations multiply the error by {', '.join(f'{x:.1f}' for x in plateau)}. Dots: "
        f"{data.attrs['trials']} chains, two standard errors, median distance {100 * gap:.1f} %. (b) The best exponent "
        f"(markers) goes {' to '.join(f'{x:.2f}' for x in best)} as generations are added; grey: the clean asymptotic "
        "one."
    )
