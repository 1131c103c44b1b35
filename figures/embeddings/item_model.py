"""Items regressed on each other: pixels of digits, the ridge that predicts hidden ones best, items of a known law."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.embeddings.experiments.factors import chain_ratings, item_by_item, pixels
from solvable.figures.dots import mean_and_bar
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, HEAT, MARKERS, entry, letter_panels
from solvable.solvers import item_cosines, item_model

if TYPE_CHECKING:
    import xarray as xr

TRAIN, SHOWN = 300, 27  # images learned from; the pixel in row 3, column 3
ITEMS, USERS = 60, 600


def _error(weights: Any, images: Any) -> float:
    """Squared error of a pixel from all others, over its variance."""
    return float(np.sum((images - images @ weights) ** 2) / np.sum(images**2))


def _nearest(images: Any, count: int) -> Any:
    """Mean of the pixels of largest cosine, scaled by least squares."""
    varies = images.any(axis=0)
    seen = images[:, varies]
    cosines = item_cosines(seen.T) - 2 * np.eye(seen.shape[1])
    inside = np.zeros_like(cosines)
    np.put_along_axis(inside, np.argsort(-cosines, axis=0)[:count], 1.0, axis=0)
    fit = seen @ inside
    weights = np.zeros((images.shape[1],) * 2)
    weights[np.ix_(varies, varies)] = inside * (np.sum(fit * seen, axis=0) / np.sum(fit**2, axis=0))
    return weights


def _first(scores: Any, truth: Any) -> float:
    """Share of items whose strongest other is the one that the law says."""
    return float(np.mean(np.argmax(scores, axis=0) == np.argmax(truth, axis=0)))


def _known_law(trials: int) -> dict[str, Any]:
    """Weights found at ridge 1 in eight groups of like true weight, and how often the strongest is ranked first."""
    pairs, firsts = np.empty((trials, 2, 8)), np.empty((trials, 2))
    for t in range(trials):
        truth, ratings = chain_ratings(np.random.default_rng(1000 + t), USERS, ITEMS)
        weights = item_model(ratings, 1.0).weights
        linked = truth > 0
        order = np.argsort(truth[linked])
        pairs[t] = [[part.mean() for part in np.array_split(x[linked][order], 8)] for x in (truth, weights)]
        firsts[t] = _first(weights, truth), _first(item_cosines(ratings.T) - 2 * np.eye(ITEMS), truth)
    mean, bar = mean_and_bar(pairs[:, 1])
    return {"true": pairs[:, 0].mean(axis=0), "found": mean, "found_bar": bar, "firsts": firsts.mean(axis=0)}


def compute(quick: bool = False) -> xr.Dataset:
    """Six splits of the digits into 300 and the rest, and as many draws of a known law (40 in full)."""
    import xarray as xr

    trials, images = 6 if quick else 40, pixels()
    ridge = np.geomspace(0.01, 100, 17)
    errors, near, twice = np.empty((trials, 2, ridge.size)), np.empty(trials), 0.0
    for t in range(trials):
        order = np.random.default_rng(t).permutation(len(images))
        train, test = images[order[:TRAIN]], images[order[TRAIN:]]
        for k, lam in enumerate(ridge):
            weights = item_model(train, lam).weights
            errors[t, :, k] = _error(weights, train), _error(weights, test)
        near[t] = _error(_nearest(train, 5), test)
        if t == 0:
            twice = float(np.abs(item_model(train, 1.0).weights - item_by_item(train, 1.0)).max())
    mean, bar = mean_and_bar(errors)
    best = float(ridge[int(np.argmin(mean[1]))])
    column = item_model(images, best).weights
    law = _known_law(trials)
    return xr.Dataset(
        {
            "measured": (("part", "ridge"), mean),
            "error": (("part", "ridge"), bar),
            "weight": (("item", "other"), column),
            **{name: (("group",), law[name]) for name in ("true", "found", "found_bar")},
        },
        {"part": ["learned from", "held out"], "ridge": ridge},
        {
            "trials": trials,
            "near": float(near.mean()),
            "best": best,
            "twice": twice,
            "ranked": law["firsts"][0],
            "by_cosine": law["firsts"][1],
        },
    )


@figure(
    "item-model",
    title="Every pixel regressed on all others at once",
    source="steck2019embarrassingly",
    claims=["embeddings/item-model-is-p-regressions", "embeddings/item-model-objective"],
)
def draw(data: xr.Dataset) -> Any:
    """Weights that predict one pixel; errors against the ridge; weights against those of a known law."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.4))
    left, right, law = canvas.subplots(1, 3)
    letter_panels((left, right, law), ("weights for a pixel", "error of hidden pixels", "items of a known law"))
    image = left.imshow(data.weight[:, SHOWN].values.reshape(8, 8), cmap=HEAT, interpolation="nearest")
    left.plot(SHOWN % 8, SHOWN // 8, "x", color="white", ms=8)
    canvas.colorbar(image, ax=left, label="weight", pad=0.02)
    for i, name in enumerate(data.part.values):
        right.errorbar(data.ridge, data.measured[i], data.error[i], color=COLOURS[i], fmt=MARKERS[i], ms=3,
                       elinewidth=0.8)  # fmt: skip
        entry(right, i, str(name), ms=3, ls="none")
    right.axhline(data.attrs["near"], color="0.4", ls="--", label="five nearest, held out")
    left.set(xlabel="column", ylabel="row")
    right.set(xscale="log", xlabel=r"ridge $\lambda$", ylabel="squared error over variance", ylim=(0, 0.85))
    right.legend(loc="upper left")
    ends = np.array([0.0, 1.1 * float(data.true.max())])
    law.plot(ends, ends, color="0.4", lw=1, label="weights of the law")
    law.errorbar(data.true, data.found, data.found_bar, color=COLOURS[0], fmt=MARKERS[0], ms=3, elinewidth=0.8)
    entry(law, 0, "item model", ms=3, ls="none")
    law.set(xlabel="true weight", ylabel="weight found", xlim=(0, ends[1]), ylim=(0, None))
    law.legend(loc="upper left")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the errors, the best ridge and the gap to cosines."""
    least = float(data.measured.values[1].min())
    return (
        "Digits of scikit-learn, 64 pixels as items, centred. (a) Weights with which the item model predicts the "
        f"pixel under the cross: its neighbours. They are those of 64 separate ridge regressions within "
        f"{scientific(data.attrs['twice'])}. (b) "
        f"Squared error of a pixel from all others over its variance, {data.attrs['trials']} splits, {TRAIN} images "
        f"learned from, two standard errors: {least:.3f} at best, λ = {data.attrs['best']:.2g}, against "
        f"{data.attrs['near']:.2f} for the five pixels of largest cosine. (c) {ITEMS} items of a Gaussian law whose "
        f"precision is a chain, {USERS} users, ridge 1: means of weights of like size, {data.attrs['trials']} draws, "
        "two standard errors. The strongest true weight of an item is ranked first in "
        f"{100 * data.attrs['ranked']:.0f} % of items, by cosines in {100 * data.attrs['by_cosine']:.0f} %. "
        "There is no prediction here for the error on real images: only the weights and the value of the training loss "
        "have a closed form."
    )
