"""Effective parameters of forests against the number of trees, at training, test and far inputs; digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.generalisation.experiments.forests import fit, sizes
from solvable.analysis.generalisation.settings import FAR, curve, digits
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import effective_parameters, forest_weights

if TYPE_CHECKING:
    import xarray as xr

PLACES = np.array([1, 3, 10, 30])
WHERE = ("train", "test", "far")


def _gaussian(rng: np.random.Generator) -> tuple[Any, Any, list[Any]]:
    X, T = rng.standard_normal((100, 5)), rng.standard_normal((100, 5))
    return X, curve(X) + 0.5 * rng.standard_normal(100), [X, T, FAR * rng.standard_normal((100, 5))]


def _images() -> tuple[Any, Any, list[Any]]:
    """Far images are negatives: bright where digits are dark."""
    train, test, labels = digits(150, 150)
    return train, labels, [train, test, 1 - test]


def _limits(rng: np.random.Generator, X: Any, y: Any, inputs: list[Any], trees: int) -> tuple[Any, Any]:
    """Mean of single trees and the limit of many, from one forest: |mean|² of T trees is between them by 1/T."""
    drawn = fit(rng, X, y, trees, True)
    forest, counts = drawn["forest"], drawn["counts"]
    single, many = [], []
    for places in inputs:
        each = [
            effective_parameters(forest_weights(tree, places, X, counts[t : t + 1]))
            for t, tree in enumerate(forest.estimators_)
        ]
        whole = effective_parameters(forest_weights(forest, places, X, counts))
        single.append(np.mean(each))
        many.append((whole - single[-1] / trees) / (1 - 1 / trees))
    return np.array(single), np.array(many)


def compute(quick: bool = False) -> xr.Dataset:
    """Lines from a forest of 100 trees (300 in full), dots over 6 others (20)."""
    import xarray as xr

    rng, trials, trees = np.random.default_rng(0), 6 if quick else 20, 100 if quick else 300
    grid = np.geomspace(1, 50, 60)
    lines, reached, dots, bars = [], [], [], []
    for X, y, inputs in (_gaussian(rng), _images()):
        single, many = _limits(rng, X, y, inputs, trees)
        lines.append([m + (s - m) / grid for s, m in zip(single, many, strict=True)])
        reached.append([m + (s - m) / PLACES for s, m in zip(single, many, strict=True)])
        found = []
        for _ in range(trials):
            row = []
            for count in PLACES:
                drawn = fit(rng, X, y, int(count), True)
                row.append(sizes(drawn["forest"], inputs, X, drawn["counts"]))
            found.append(np.array(row).T)
        mean, bar = mean_and_bar(found)
        dots.append(mean)
        bars.append(bar)
    return xr.Dataset(
        {
            "theory": (("data", "where", "trees"), lines),
            "reached": (("data", "where", "place"), reached),
            "measured": (("data", "where", "place"), dots),
            "bar": (("data", "where", "place"), bars),
        },
        {"data": ["gaussian", "digits"], "where": list(WHERE), "trees": grid, "place": PLACES},
        {"trials": trials, "forest": trees},
    )


@figure(
    "forests-as-smoothers",
    title="Forests are smoother than their trees, and smoothest where they were not trained",
    source="curth2024why",
    claims=[
        "generalisation/effective-parameters-fall",
        "generalisation/test-below-train",
        "generalisation/far-inputs",
        "generalisation/forest-is-a-smoother",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Left: Gaussian inputs. Right: digits."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.5))
    panels = canvas.subplots(1, 2)
    letter_panels(panels, ("Gaussian inputs", "digits"))
    for k, axes in enumerate(panels):
        for i, where in enumerate(("training inputs", "test inputs", "far inputs")):
            axes.plot(data.trees, data.theory[k, i], color=COLOURS[i])
            entry(axes, i, where, ms=3)
            axes.errorbar(
                data.place, data.measured[k, i], data.bar[k, i], color=COLOURS[i], fmt=MARKERS[i], ms=3, elinewidth=0.8
            )
        axes.set(xscale="log", yscale="log", xlabel="trees", ylabel="effective parameters")
        axes.legend()
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the measured agreement."""
    gap = 100 * float(np.max(distance(data.measured.values, data.reached.values)))
    off, bar = np.abs(data.measured.values - data.reached.values), data.bar.values
    # single trees all use n at inputs that no leaf shares: no spread
    errors = float(np.max(2 * off[bar > 1e-9] / bar[bar > 1e-9]))
    ends = data.theory.values[:, :, -1]
    return (
        "Effective parameters of bootstrapped forests, whose trees look at a third of the features. Lines: from single "
        f"trees and pairs of trees of one forest of {data.attrs['forest']}, as 1/T between one tree and many; dots: "
        f"{data.attrs['trials']} other forests, two standard errors, within {gap:.0f} % and {errors:.1f} standard "
        f"errors. (a) 100 rows in 5 dimensions, far inputs three times wider: {ends[0, 0]:.0f}, {ends[0, 1]:.0f} and "
        f"{ends[0, 2]:.0f} at 50 trees. (b) 150 images of digits regressed on their number, 150 others, and their "
        f"negatives as far inputs: {ends[1, 0]:.0f}, {ends[1, 1]:.0f} and {ends[1, 2]:.0f}. Negatives are smoothed "
        "more than the others here: that far inputs are smoothed less is no law."
    )
