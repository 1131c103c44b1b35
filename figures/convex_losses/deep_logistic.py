"""Logistic loss on random deep networks, real ones and their Gaussian equivalent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.convex_losses.experiments.networks import drawn_network, network_loss
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import deep_feature_moments, state_evolution

if TYPE_CHECKING:
    import xarray as xr

D, PENALTY = 60, 0.1
CASES = ((1, "erf"), (2, "tanh"), (3, "sign"))
LOSSES = ("logistic", "hinge")


def compute(quick: bool = False) -> xr.Dataset:
    """One network of each kind; dots over 6 sets of rows (30 in full)."""
    import xarray as xr

    rng, trials = np.random.default_rng(2), 6 if quick else 30
    ratio, places = (
        np.geomspace(0.5, 8, 60),
        np.array([0.6, 1.0, 1.5, 4.0] if quick else [0.6, 1.0, 1.5, 2.5, 4.0, 7.0]),
    )
    lines, reached, means, bars = [], [], [], []
    for loss in LOSSES:
        for depth, activation in CASES:
            network = drawn_network(rng, D, depth)
            moments = deep_feature_moments(network["weights"], np.eye(D), activation)
            spectrum = moments.linear(network["coefficients"])
            lines.append(state_evolution(spectrum, ratio * D, PENALTY, loss).test_loss)
            reached.append(state_evolution(spectrum, np.round(places * D), PENALTY, loss).test_loss)
            mean, bar = mean_and_bar([
                [network_loss(rng, D, depth, a, PENALTY, loss, activation, **network, fits=1) for a in places]
                for _ in range(trials)
            ])  # fmt: skip
            means.append(mean)
            bars.append(bar)
    shape = (len(LOSSES), len(CASES), -1)
    names = ("loss", "network")
    return xr.Dataset(
        {
            "theory": ((*names, "ratio"), np.reshape(lines, shape)),
            "reached": ((*names, "place"), np.reshape(reached, shape)),
            "measured": ((*names, "place"), np.reshape(means, shape)),
            "error": ((*names, "place"), np.reshape(bars, shape)),
        },
        {"loss": list(LOSSES), "network": [f"{depth} {f}" for depth, f in CASES], "ratio": ratio, "place": places},
        {"trials": trials},
    )


@figure(
    "deep-logistic",
    title="Convex losses on deep random features",
    source="schroeder2023deterministic",
    claims=["convex-losses/logistic-universality", "convex-losses/hinge-universality"],
)
def draw(data: xr.Dataset) -> Any:
    """One panel a loss."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.6))
    panels = canvas.subplots(1, 2)
    letter_panels(panels, [f"{loss} loss" for loss in data.loss.values])
    for axes, loss in zip(panels, range(2), strict=True):
        for i, network in enumerate(data.network.values):
            axes.plot(data.ratio, data.theory[loss, i], color=COLOURS[i])
            axes.errorbar(
                data.place, data.measured[loss, i], data.error[loss, i], color=COLOURS[i], fmt=MARKERS[i], ms=3,
                elinewidth=0.8,
            )  # fmt: skip
            depth, activation = str(network).split()
            entry(axes, i, f"{activation}, depth {depth}", ms=3)
        axes.set(xscale="log", xlabel="rows over inputs $n/d$", ylabel="test loss")
        axes.set_xticks([0.5, 1, 2, 4, 8], ["0.5", "1", "2", "4", "8"])
        axes.minorticks_off()
        axes.legend()
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the measured agreement."""
    gap = distance(data.measured.values, data.reached.values)
    far = np.abs(data.measured.values - data.reached.values) > 1.5 * data.error.values
    return (
        "(a) Logistic, (b) hinge loss on fresh rows of a fitted last layer on random networks, "
        f"{D} Gaussian inputs and layers of {round(1.5 * D)} "
        f"units, ridge {PENALTY} on features over the root of their number; labels are signs of a linear field of the "
        "inputs. Lines: Gaussian features with the second moments that the weights imply. Dots: the networks "
        f"themselves, {data.attrs['trials']} sets of rows, two standard errors. Mean distance {100 * gap.mean():.1f} "
        f"%, largest {100 * gap.max():.0f} %; {int(far.sum())} of {far.size} dots lie beyond three standard errors."
    )
