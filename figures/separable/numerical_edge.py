"""The edge of softmax: where loss and gradient vanish by rounding, and what training does about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.separable.experiments.digits import coarse_digits
from solvable.analysis.separable.experiments.softmax import cosine_path, loss_and_gradient
from solvable.figures.dots import mean_and_bar
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DASHES, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import collapse_gap, softmax_descent

if TYPE_CHECKING:
    import xarray as xr

FORMATS, CLASSES = ("float16", "float32", "float64"), 11
GAPS, RATE, ROWS = np.linspace(1, 44, 173), 100.0, 20
TIMES = (1, 3, 10, 30, 100, 300, 1000)
WAYS = ("softmax", "stablemax")


def compute(quick: bool = False) -> xr.Dataset:
    """Digits for 600 steps, Gaussian rows 8 times for 1,000 (4,000 steps; 40 times in full)."""
    import xarray as xr

    steps, trials = (600, 8) if quick else (4000, 40)
    edge = np.array([[loss_and_gradient(f, CLASSES, "first", g) for g in GAPS] for f in FORMATS])
    X, labels = coarse_digits(ROWS)
    runs = [softmax_descent(X, labels, RATE, steps, "float16", way) for way in WAYS]
    cosines = [cosine_path(np.random.default_rng(t), 40, 60, 4, TIMES) for t in range(trials)]
    mean, bar = mean_and_bar(cosines)
    return xr.Dataset(
        {
            "edge": (("format", "gap", "what"), np.abs(edge)),
            "exact": (("gap",), np.log1p((CLASSES - 1) * np.exp(-GAPS))),
            "place": (("format",), [collapse_gap(f, CLASSES, "first") for f in FORMATS]),
            "silent": (("way", "time"), [run.silent for run in runs]),
            "loss": (("way", "time"), [run.loss for run in runs]),
            "cosine": (("step", "where"), mean),
            "error": (("step", "where"), bar),
        },
        {
            "format": list(FORMATS),
            "gap": GAPS,
            "what": ["loss", "gradient"],
            "way": list(WAYS),
            "time": runs[0].times,
            "step": list(TIMES),
            "where": ["descent", "perpendicular"],
        },
        {"trials": trials, "steps": steps},
    )


@figure(
    "numerical-edge",
    title="Softmax falls silent at a lead of a few tens",
    source="prieto2025grokking",
    claims=[
        "separable/collapse-gap",
        "separable/no-gradient-beyond",
        "separable/naive-direction",
        "separable/naive-share-after-projection",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Left: loss against the lead. Middle: cosine with the weights. Right: digits in half precision."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.9))
    panels = canvas.subplots(1, 3)
    letter_panels(panels, ("loss by format", "part along the weights", "digits, float16"))
    panels[0].plot(data.gap, data.exact, color="0.2", lw=0.9, label="exact loss")
    for i, name in enumerate(data.format.values):
        entry(panels[0], i, str(name), ls="none", ms=3)
        for j in range(2):
            kept = np.flatnonzero(data.edge.values[i, :, j] > 0)[3 * j :: 6]
            panels[0].plot(
                data.gap[kept], data.edge.values[i, kept, j], color=COLOURS[i], marker=MARKERS[i], ls="none", ms=3,
                mfc="none" if j else COLOURS[i], zorder=5 - i,
            )  # fmt: skip
        panels[0].axvline(float(data.place[i]), color=COLOURS[i], ls=DASHED, lw=0.9)
    panels[0].set(yscale="log", xlabel="lead of the right class", ylabel="loss", ylim=(1e-18, 10))
    for i, name in enumerate(("gradient", "perpendicular")):
        panels[1].errorbar(
            data.step, data.cosine.values[:, i], data.error.values[:, i], color=COLOURS[5 - 2 * i],
            marker=MARKERS[5 - 2 * i], ms=3, lw=0.9, elinewidth=0.8, label=name,
        )  # fmt: skip
    panels[1].set(xscale="log", xlabel="step", ylabel="cosine with the weights", ylim=(-0.08, 1.04))
    for i, name in enumerate(data.way.values):
        panels[2].plot(data.time[1:], data.silent[i, 1:], color=COLOURS[4 - i], ls=DASHES[i], label=str(name))
    panels[2].set(xscale="log", xlabel="step", ylabel="rows without gradient", ylim=(-0.04, 1.04))
    canvas.legend(loc="outside lower center", ncols=4)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State where the losses vanish, and what is left of the gradient in training."""
    first = [float(data.gap[np.argmax(data.edge.values[i, :, 0] == 0)]) for i in range(len(FORMATS))]
    places = ", ".join(f"{float(place):.2f}" for place in data.place)
    silent, loss = data.silent.values[:, -1], data.loss.values[:, -1]
    off = float(np.max(np.abs(data.cosine.values[:, 1])))
    return (
        f"(a) Loss of {CLASSES} classes, the right one first in the sum (filled), and size of its gradient in that "
        "class's logit (open); line: exact loss; every operation rounded to the format; dashed: where both are 0 by "
        f"the formula, {places}; on a grid of 0.25 the loss is 0 from {', '.join(f'{g:g}' for g in first)} on. (b) "
        "Softmax regression on 40 Gaussian rows in d = 60 with random labels, "
        f"{data.attrs['trials']} runs, two standard errors: the gradient comes to point along the weights, "
        f"{float(data.cosine[-1, 0]):.3f} after 1,000 steps; the part of the perpendicular gradient is below "
        f"{scientific(off)}. (c) {ROWS} digits of scikit-learn, 16 coarse pixels and a constant, trained in half "
        f"precision with steps of {RATE:g}: after {data.attrs['steps']:,} steps {100 * silent[0]:.0f} % of the rows "
        f"have no gradient in the right class's logit and the loss is {loss[0]:g} with softmax, "
        f"{100 * silent[1]:.0f} % and {loss[1]:.2g} with stablemax. One run on one set of digits: no error bars."
    )
