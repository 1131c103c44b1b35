"""A random scale of the readout: draws of the prior, and posterior against trained ensemble."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.wide_networks.experiments.inference import (
    posterior_shares,
    prior_functions,
    small_problem,
    trained_shares,
)
from solvable.figures.dots import mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import student_process, trained_ensemble

if TYPE_CHECKING:
    import xarray as xr

A, B = 1.5, 1.0
EDGES = np.linspace(-3.0, 3.0, 25)
LAWS = ("posterior, 2a + n degrees", "trained ensemble, 2a degrees")


def compute(quick: bool = False) -> xr.Dataset:
    """12 functions of the prior; 10 groups of 20,000 networks (100,000 in full)."""
    import xarray as xr
    from scipy.stats import t

    rng, nets = np.random.default_rng(0), 20_000 if quick else 100_000
    grid = np.linspace(-3, 3, 121)
    heavy, normal = prior_functions(rng, grid, A, B, 12)
    K, y = small_problem()
    blocks = (K[:6, :6], y, K[6:, :6], K[6:, 6:])
    laws = (student_process(*blocks, a=A, b=B), trained_ensemble(*blocks, a=A, b=B))
    centre = (EDGES[:-1] + EDGES[1:]) / 2
    shares = np.array([np.diff(t.cdf(EDGES / np.sqrt(law.scale[0, 0]), law.degrees)) for law in laws])
    lines = [t.pdf(centre, law.degrees, scale=np.sqrt(law.scale[0, 0])) for law in laws]
    draws = np.array([[posterior_shares(rng, A, B, EDGES, nets), trained_shares(rng, A, B, EDGES, nets)]
                      for _ in range(10)])  # fmt: skip
    mean, bar = mean_and_bar(draws)
    width = EDGES[1] - EDGES[0]
    return xr.Dataset(
        {
            "heavy": (("draw", "input"), heavy), "normal": (("draw", "input"), normal),
            "theory": (("law", "place"), lines), "expected": (("law", "place"), shares / width),
            "measured": (("law", "place"), mean / width), "error": (("law", "place"), bar / width),
            "degrees": ("law", [law.degrees for law in laws]),
        },
        {"law": list(LAWS), "place": centre, "input": grid},
        {"nets": 10 * nets},
    )  # fmt: skip


@figure(
    "student-process",
    title="A random scale of the readout makes a Student process, which training does not update",
    source="lee2021scale",
    claims=["wide-networks/student-process", "wide-networks/degrees-of-freedom"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: functions from both priors. Right: densities at a seventh input after six labels, logarithmic."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.7))
    panels = canvas.subplots(1, 2)
    letter_panels(panels, ("prior", "after six labels"))
    for row, (values, label) in enumerate(((data.normal, "one scale"), (data.heavy, "random scale"))):
        for i in range(data.sizes["draw"]):
            panels[0].plot(data.input, values[i], color=COLOURS[row], lw=0.8, ls=(DASHED, "-")[row],
                           label=label if i == 0 else None)  # fmt: skip
    top = 1.1 * float(np.abs(data.heavy).max())
    panels[0].set(xlabel="input $x$", ylabel="function $f(x)$", ylim=(-top, 1.3 * top))
    panels[0].legend(loc="upper left", ncols=2)
    for i, label in enumerate(data.law.values):
        panels[1].plot(data.place, data.theory[i], color=COLOURS[i])
        panels[1].errorbar(data.place, data.measured[i], data.error[i], color=COLOURS[i], fmt=MARKERS[i], ms=3,
                           elinewidth=0.8)  # fmt: skip
        entry(panels[1], i, str(label), ms=3)
    panels[1].set(yscale="log", xlabel="distance from the mean", ylabel="density", ylim=(3e-3, 6))
    panels[1].legend(loc="upper left")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State how far the dots are in standard errors, and the tails."""
    score = np.abs(data.measured.values - data.expected.values) / (data.error.values / 2)
    return (
        f"Readout variance inverse-gamma, a = {A}, b = {B}, one ReLU layer. (a) Functions of the prior on a line "
        "through the input space, scale fixed (dashed) and random. (b) Law at a seventh input, tangent kernel; lines: "
        f"Student laws of {data.degrees.values[0]:g} and {data.degrees.values[1]:g} degrees of freedom. Dots: "
        f"{data.attrs['nets']:,} networks, weighted by the likelihood of the labels, or with the readout trained to "
        f"convergence; two standard errors. They lie within {score[0].max():.1f} and {score[1].max():.1f} standard "
        "errors of the laws' shares."
    )
