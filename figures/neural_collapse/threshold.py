"""Lengths and objective of collapsed features against the strength of decay, and the bias that turns frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.neural_collapse.experiments.minimizers import one_direction_output, trained_quantity
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import collapse_minimizer, cross_entropy_code

if TYPE_CHECKING:
    import xarray as xr

CLASSES, SAMPLES = 4, 5
LOSSES = ("mse", "ce")
NAMES = ("squared loss", "cross-entropy")
BIAS_STRENGTHS = (0.1, 0.3)


def _decays(c: Any) -> tuple[Any, Any]:
    """Head and feature decay for which features and head have the same length and K sqrt(n lW lH) = c."""
    return c / CLASSES, c / (CLASSES * SAMPLES)


def compute(quick: bool = False) -> xr.Dataset:
    """Closed forms on a fine grid of c, trained lengths and objectives on a coarse one."""
    import xarray as xr

    fine, coarse = np.geomspace(0.01, 2, 200), np.geomspace(0.012, 1.8, 9)
    lw, lh = _decays(fine)
    mse = collapse_minimizer([SAMPLES] * CLASSES, lw[:, None], lh)
    ce = cross_entropy_code(CLASSES, SAMPLES, lw[:, None], lh)
    share = (CLASSES - 1) / CLASSES  # a class vector is a vertex of K - 1 equal singular values
    length = [mse.feature_singular_values[:, 0] ** 2, share * ce.feature_singular_values[:, 0] ** 2]
    value = [2 * mse.objective, ce.objective / np.log(CLASSES)]
    seeds = 2 if quick else 6
    trained = np.empty((2, 2, coarse.size, seeds))
    for i, loss in enumerate(LOSSES):
        for j, c in enumerate(coarse):
            for s in range(seeds):
                for q, quantity in enumerate(("feature", "objective")):
                    rng = np.random.default_rng((0, j, s))
                    trained[i, q, j, s] = trained_quantity(rng, quantity, CLASSES, SAMPLES, *_decays(c), loss=loss)
    trained[:, 1] /= np.array([0.5, np.log(CLASSES)])[:, None, None]
    bias_fine = np.geomspace(0.02, 20, 300)
    bias_coarse = np.geomspace(0.05, 10, 4 if quick else 8)
    output = [_output(c, bias_fine) for c in BIAS_STRENGTHS]
    switched = [
        [one_direction_output(np.random.default_rng(1), CLASSES, SAMPLES, *_decays(c), b) for b in bias_coarse]
        for c in BIAS_STRENGTHS
    ]
    return xr.Dataset(
        {
            "length": (("loss", "c"), length),
            "value": (("loss", "c"), value),
            "trained_length": (("loss", "place", "seed"), trained[:, 0]),
            "trained_value": (("loss", "place", "seed"), trained[:, 1]),
            "output": (("strength", "bias_decay"), output),
            "trained_output": (("strength", "bias_place"), switched),
        },
        {"c": fine, "place": coarse, "bias_decay": bias_fine, "bias_place": bias_coarse,
         "strength": list(BIAS_STRENGTHS)},
        {"seeds": seeds},
    )  # fmt: skip


def _output(c: float, bias_decay: Any) -> Any:
    found = collapse_minimizer([SAMPLES] * CLASSES, *_decays(c), bias="ridge", bias_decay=bias_decay)
    return found.outputs[..., -1]


@figure(
    "collapse-threshold",
    title="Collapsed features vanish at a critical decay; a bias turns orthogonal frames into simplices",
    source="tirer2022extended",
    claims=[
        "neural-collapse/balanced-feature-length",
        "neural-collapse/collapse-threshold",
        "neural-collapse/cross-entropy-gap",
        "neural-collapse/penalised-bias-switch",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Lines are closed forms, dots trained; the third panel is the constant direction of class space."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.4))
    left, middle, right = canvas.subplots(1, 3)
    letter_panels((left, middle, right))
    for i, name in enumerate(NAMES):
        for axes, line, dots in ((left, data.length, data.trained_length), (middle, data.value, data.trained_value)):
            axes.plot(data.c, line[i], color=COLOURS[i])
            axes.errorbar(data.place, *mean_and_bar(dots[i], dots[i].get_axis_num("seed")),
                          color=COLOURS[i], marker=MARKERS[i], ls="none")  # fmt: skip
        entry(left, i, name)
    for axes in (left, middle):
        axes.axvline(1, color="0.6", lw=0.8, ls=":")
        axes.set(xscale="log", xlabel=r"$c=K\sqrt{n\lambda_W\lambda_H}$")
        axes.set_xticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
    left.set(ylabel="squared length of a class vector", ylim=(-0.3, None))
    middle.set(ylabel="objective / objective at zero", ylim=(0, 1.08))
    left.legend()
    for i, strength in enumerate(data.strength.values):
        right.plot(data.bias_decay, data.output[i], color=COLOURS[2 + i])
        entry(right, 2 + i, f"$c={strength:g}$")
        right.plot(data.bias_place, data.trained_output[i], color=COLOURS[2 + i], marker=MARKERS[2 + i], ls="none")
        right.axvline(strength / (1 - strength), color=COLOURS[2 + i], lw=0.8, ls=":")
    right.set(xscale="log", xlabel=r"bias decay $\lambda_b$", ylabel="output along constant direction")
    right.legend(loc="lower right", bbox_to_anchor=(1, 0.05))
    return canvas


def caption(data: xr.Dataset) -> str:
    """Say how well training agrees, and where the kinks are."""
    theory = data.length.interp(c=data.place)
    inside = data.place.values < 0.9
    off = distance(data.trained_length.mean("seed"), theory).values[:, inside].max()
    kinks = ", ".join(f"{s / (1 - s):.2g} for c = {s:g}" for s in data.strength.values)
    return (
        f"K = {CLASSES} classes of n = {SAMPLES}, decays such that head and features have equal lengths. (a), (b) Dots "
        f"are means over {data.attrs['seeds']} trained runs, bars two standard errors (smaller than the dots); they "
        f"are within {100 * off:.2g} % of the closed forms below c = 0.9, the line's interpolation included. (c) With "
        "a penalised bias the frame is a simplex (output 0 along the constant direction) up to the decay c/(1 - c): "
        f"{kinks} (dotted); beyond, it turns into an orthogonal frame."
    )
