"""Modular addition without training: accuracy and logits against width; and spectra of trained neurons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.feature_learning.closed_forms import gaussian_accuracy
from solvable.analysis.feature_learning.experiments.modular import (
    accuracy,
    correct_logit,
    logit_spread,
    other_logit,
    trained_network,
)
from solvable.figures.dots import mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, HEAT, MARKERS, entry, letter_panels
from solvable.solvers import logit_margin

if TYPE_CHECKING:
    import xarray as xr

PRIMES, P, STEPS = (23, 97), 97, 300


def compute(quick: bool = False) -> xr.Dataset:
    """12 draws of each width (60 in full); 23 numbers learned in 300 steps."""
    import xarray as xr

    draws = 12 if quick else 60
    rng = np.random.default_rng(0)
    widths = np.array([8, 16, 24, 32, 48, 64, 96, 192])
    right = [[mean_and_bar([accuracy(rng, p, n) for _ in range(draws)]) for n in widths] for p in PRIMES]
    fine = np.geomspace(8, 192, 61)
    logits = [
        [mean_and_bar([what(rng, p=P, width=n) for _ in range(draws)]) for n in widths]
        for what in (correct_logit, other_logit, logit_spread)
    ]
    network = trained_network(23, 150, 0, 8.0, STEPS)
    power = np.abs(np.fft.rfft(network.weights[0], axis=1)) ** 2
    power = power / power.sum(axis=1, keepdims=True)
    order = np.lexsort((-power.max(axis=1), power.argmax(axis=1)))
    margin = logit_margin(P)
    return xr.Dataset(
        {
            "accuracy": (("prime", "width", "part"), right),
            "theory": (("prime", "fine"), [[gaussian_accuracy(p, n) for n in fine] for p in PRIMES]),
            "logit": (("what", "width", "part"), logits),
            "expected": (("what", "fine"), [
                np.full(61, margin.correct), np.full(61, margin.other), np.sqrt(9 / 8 / fine)]),
            "power": (("neuron", "frequency"), power[order]),
        },
        {"prime": list(PRIMES), "width": widths, "fine": fine, "part": ["mean", "bar"],
         "what": ["answer", "others", "spread of others"]},
        {"draws": draws, "periodic": float(np.mean(power.max(axis=1) > 0.5))},
    )  # fmt: skip


@figure(
    "modular-addition",
    title="Modular addition by cosines",
    source="gromov2023grokking",
    claims=["feature-learning/modular-accuracy-one", "feature-learning/logit-means", "feature-learning/logit-noise"],
)
def draw(data: xr.Dataset) -> Any:
    """Accuracy, logits, and spectra of trained rows."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.5))
    panels = canvas.subplots(1, 3)
    letter_panels(panels, ("", f"p = {P}", "trained, p = 23"))
    for i, p in enumerate(data.prime.values):
        mean, bar = data.accuracy.values[i].T
        panels[0].plot(data.fine, data.theory[i], color=COLOURS[i], ls=("-", DASHED)[i])
        panels[0].errorbar(data.width, mean, bar, color=COLOURS[i], fmt=MARKERS[i], ms=3, elinewidth=0.8)
        entry(panels[0], i, f"p = {p}", ls=("-", DASHED)[i], ms=3)
    panels[0].set(ylabel="share of sums right", ylim=(0, 1.03))
    panels[0].legend(loc="lower right")
    for i, what in enumerate(data.what.values):
        mean, bar = data.logit.values[i].T
        panels[1].plot(data.fine, data.expected[i], color=COLOURS[i + 2], ls=("-", DASHED, ":")[i])
        panels[1].errorbar(data.width, mean, bar, color=COLOURS[i + 2], fmt=MARKERS[i + 2], ms=3, elinewidth=0.8)
        entry(panels[1], i + 2, str(what), ls=("-", DASHED, ":")[i], ms=3)
    panels[1].set(ylabel="logit", ylim=(-0.05, 0.95))
    panels[1].legend(loc="upper right")
    for axes in panels[:2]:
        axes.set(xscale="log", xlabel="width $N$")
    image = panels[2].imshow(data.power, cmap=HEAT, aspect="auto", vmin=0, vmax=1, interpolation="nearest")
    panels[2].set(xlabel="frequency", ylabel="neuron", xticks=range(0, data.power.shape[1], 2))
    canvas.colorbar(image, ax=panels[2], label="share of power")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State how far dots are from lines."""
    lines = np.array([np.interp(data.width, data.fine, line) for line in data.theory.values])
    gap = float(np.abs(data.accuracy.values[..., 0] - lines).max())
    mean = data.logit.values[0, :, 0]
    return (
        f"Weights written down as cosines, dots: {data.attrs['draws']} draws, two standard errors. (a) Accuracy of 300 "
        "random pairs; lines: independent normal logits, which are not independent: dots lie off them by up to "
        f"{gap:.2f}. Four times the p needs not twice the width. (b) Mean logit of the answer, {mean.min():.3f} to "
        f"{mean.max():.3f} against ½, of the others against −1/(2(p − 1)), and the spread of the others against "
        "√(9/8N), below which it falls by up to a tenth where N nears p: frequencies are drawn without repetition. (c) "
        "Spectra of the rows of U of a network of 150 neurons trained by AdamW, weight decay 8, a fifth of the labels "
        f"wrong: {100 * data.attrs['periodic']:.0f} % of the neurons have most of their power at one frequency."
    )
