"""Odd against even digits: three losses on pixels and on random features, Gaussian theory from their moments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.convex_losses.closed_forms import sign_model
from solvable.analysis.convex_losses.experiments.digits import digits_features, digits_fit
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import state_evolution

if TYPE_CHECKING:
    import xarray as xr

LOSSES, RIDGE, KINDS = ("square", "logistic", "hinge"), 1.0, ("pixels", "erf features")


def compute(quick: bool = False) -> xr.Dataset:
    """Dots over 5 draws of rows (30 in full), tested on the digits that are left."""
    import xarray as xr

    rng, trials = np.random.default_rng(0), 5 if quick else 30
    n, places = np.geomspace(50, 1200, 60), np.array([60, 150, 400, 1000])
    lines, reached, means, bars, share = [], [], [], [], []
    for kind in KINDS:
        X, y = digits_features(kind)
        spectrum, known = sign_model(X, y)
        share.append(known)
        noise = max(1 - known, 0.0)
        for loss in LOSSES:
            lines.append(state_evolution(spectrum, n, RIDGE, loss, noise=noise).test_error)
            reached.append(state_evolution(spectrum, places, RIDGE, loss, noise=noise).test_error)
            draws = [[digits_fit(rng, X, y, int(m), RIDGE, loss) for m in places] for _ in range(trials)]
            mean, bar = mean_and_bar(draws)
            means.append(mean)
            bars.append(bar)
    shape, names = (len(KINDS), len(LOSSES), -1), ("kind", "loss")
    return xr.Dataset(
        {
            "theory": ((*names, "n"), np.reshape(lines, shape)),
            "reached": ((*names, "place"), np.reshape(reached, shape)),
            "measured": ((*names, "place"), np.reshape(means, shape)),
            "error": ((*names, "place"), np.reshape(bars, shape)),
        },
        {"kind": list(KINDS), "loss": list(LOSSES), "n": n, "place": places},
        {"trials": trials, "known": share},
    )


@figure(
    "digits-losses",
    title="Convex losses on digits",
    source="loureiro2021learning",
    claims=[
        "convex-losses/digits-few-rows",
        "convex-losses/digits-many-rows",
        "convex-losses/digits-features-are-better",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """One panel for each kind of features."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.6))
    panels = canvas.subplots(1, 2)
    letter_panels(panels, [str(kind) for kind in data.kind.values])
    for k, axes in enumerate(panels):
        for i, loss in enumerate(data.loss.values):
            axes.plot(data.n, data.theory[k, i], color=COLOURS[i])
            axes.errorbar(
                data.place, data.measured[k, i], data.error[k, i], color=COLOURS[i], fmt=MARKERS[i], ms=3,
                elinewidth=0.8,
            )  # fmt: skip
            entry(axes, i, f"{loss} loss", ms=3)
        axes.set(xscale="log", xlabel="digits to train on, $n$", ylabel="share of wrong labels")
        axes.legend()
    return canvas


def caption(data: xr.Dataset) -> str:
    """Say how far off the theory is."""
    pixels, features = (distance(*pair).mean() for pair in zip(data.measured.values, data.reached.values, strict=True))
    known = data.attrs["known"]
    return (
        "Odd against even digits of scikit-learn: fits with ridge 1, tested on the digits that are left; lines: the "
        "state evolution with the covariance of all 1,797 digits and a sign teacher whose field has the covariance "
        f"with the features that the labels have. (a) 64 pixels, (b) 100 random erf features of them. Dots: "
        f"{data.attrs['trials']} draws of rows, two standard errors. The features' linear part of the field would have "
        f"the share {known[0]:.2f} (a) and {known[1]:.2f} (b) of its variance. Digits are not Gaussian, parity is no "
        f"sign of a linear field: dots lie {100 * pixels:.0f} % (a) and {100 * features:.0f} % (b) from the lines "
        "on average."
    )
