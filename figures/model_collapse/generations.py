"""Excess error against the number of generations: linear with enough rows, exponential loss of signal with too few."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.model_collapse.experiments import excess_draw, generator_draw
from solvable.analysis.model_collapse.settings import eigenvalues
from solvable.figures.dots import far_dots, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import Spectrum, interpolating_generators, iterated_regression_risk, synthetic_noise_gain

if TYPE_CHECKING:
    import xarray as xr

N, D, LAM, NOISE = 80, 40, 0.1, 0.2
ROWS = (1.5, 2.0, 4.0)  # rows of a generator over d
FEW, WIDE = 40, 80  # rows and dimension of the interpolating generators


def compute(quick: bool = False) -> xr.Dataset:
    """20 chains of 8 targets for each dot (200 in full)."""
    import xarray as xr

    trials, rng = 20 if quick else 200, np.random.default_rng(0)
    generations = np.array([0, 1, 2, 4, 7, 10])
    s = eigenvalues("spread", D)
    spectrum = Spectrum(s, s / D)
    linear, gains, few = np.empty((3, 6)), np.empty(3), np.empty((2, 2, 6))
    dots, far = np.empty((2, 3, 6)), np.empty((2, 2, 2, 6))
    for i, ratio in enumerate(ROWS):
        rows = round(ratio * D)
        clean = float(iterated_regression_risk(spectrum, N, N * LAM, 0, rows, NOISE).excess)
        gains[i] = NOISE * synthetic_noise_gain(spectrum, N, N * LAM, rows, finite_size=True)
        linear[i] = clean + generations * gains[i]
        for j, t in enumerate(generations.tolist()):
            draws = [excess_draw(rng, N, D / N, LAM, "spread", ratio, t, NOISE, NOISE) for _ in range(trials)]
            dots[:, i, j] = mean_and_bar(draws)
    for a, noise in enumerate((0.0, NOISE)):
        for b, same in enumerate((False, True)):
            few[a, b] = interpolating_generators(FEW, WIDE, generations, noise, same_data=same).error
            for j, t in enumerate(generations.tolist()):
                draws = [generator_draw(rng, WIDE, FEW, t, noise, "error", same) for _ in range(trials)]
                far[:, a, b, j] = mean_and_bar(draws)
    return xr.Dataset(
        {
            "excess": (("rows", "generation"), linear),
            "measured": (("rows", "generation"), dots[0]),
            "error": (("rows", "generation"), dots[1]),
            "gain": ("rows", gains),
            "few": (("noisy", "same", "generation"), few),
            "few_measured": (("noisy", "same", "generation"), far[0]),
            "few_error": (("noisy", "same", "generation"), far[1]),
        },
        {"rows": list(ROWS), "generation": generations.astype(float)},
        {"trials": trials, "n": N, "d": D, "few_rows": FEW, "wide": WIDE, "noise": NOISE},
    )


@figure(
    "model-collapse-generations",
    title="Errors add up over generations, and few rows lose the signal",
    source="dohmatob2024model",
    claims=[
        "model-collapse/ridge-after-least-squares",
        "model-collapse/growth-a-generation",
        "model-collapse/exponential-collapse",
        "model-collapse/same-data-keeps-the-projection",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Left: more rows than dimensions. Right: fewer."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.7))
    left, right = canvas.subplots(1, 2)
    few = data.attrs["few_rows"] / data.attrs["wide"]
    letter_panels((left, right), ("least-squares generators", f"interpolating generators, $n_0 = {few:g}\\,d$"))
    for i, ratio in enumerate(data.rows.values):
        left.plot(data.generation, data.excess[i], color=COLOURS[i])
        entry(left, i, f"$n_0 = {ratio:g}\\,d$", ms=3)
        left.errorbar(
            data.generation, data.measured[i], data.error[i], color=COLOURS[i], fmt=MARKERS[i], ms=3, elinewidth=0.8
        )
    left.set(xlabel="generations", ylabel="excess error of the final fit", ylim=(0, None))
    left.legend(loc="upper left")
    names = (("fresh rows, no noise", "same rows, no noise"), ("fresh rows, noise", "same rows, noise"))
    for a in range(2):
        for b in range(2):
            look = {"color": COLOURS[b], "ls": "-" if a else DASHED}
            right.plot(data.generation, data.few[a, b], **look)
            entry(right, b, names[a][b], ls=look["ls"], mfc=COLOURS[b] if a else "white", ms=3, mew=0.7)
            right.errorbar(
                data.generation, data.few_measured[a, b], data.few_error[a, b], color=COLOURS[b], fmt=MARKERS[b], ms=3,
                mfc=COLOURS[b] if a else "white", mew=0.7, elinewidth=0.8,
            )  # fmt: skip
    right.axhline(1, color="0.75", lw=0.7, zorder=0)
    right.set(
        xlabel="generations", ylabel=r"error of the generator $\|w_t-w_0\|^2$", ylim=(0, 1.45 * float(data.few.max()))
    )
    right.legend(loc="upper left", ncols=2)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State growth and agreement."""
    slopes = [np.polyfit(data.generation.values, row, 1)[0] for row in data.measured.values]
    growth = ", ".join(f"{slope:.3f} ({float(gain):.3f})" for slope, gain in zip(slopes, data.gain.values, strict=True))
    lost = data.few_measured.values[0, 0]
    return (
        f"(a) Ridge on {data.attrs['n']} rows in d = {data.attrs['d']} after generations of least squares, noise "
        f"{data.attrs['noise']:g} everywhere; growth per generation, fitted to the dots (theory): {growth}. (b) "
        f"Isotropic, d = {data.attrs['wide']}; without noise the signal left after {data.generation.values[3]:.0f} "
        f"generations on fresh rows is {100 * (1 - lost[3]):.0f} %. Dots: {data.attrs['trials']} chains, two standard "
        f"errors; in (a) {far_dots(data.measured, data.error, data.excess)}."
    )
