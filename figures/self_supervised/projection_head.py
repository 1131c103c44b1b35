"""What a projection head hides: weights of features layer by layer, and probes before and after it."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.self_supervised.experiments.heads import layers_descended, probes_apart
from solvable.analysis.self_supervised.settings import (
    HEAD_SHARED,
    HEAD_SPREAD,
    PROBE_CORRELATIONS,
    PROBE_VARIANCES,
    head_moments,
)
from solvable.figures.dots import mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import layer_weights, robust_probe_risk, spectral_contrastive

if TYPE_CHECKING:
    import xarray as xr

LEARNED, DIM, LAYERS, TRAINED = (0, 4, 5), 3, 60, 4
SAMPLES, NOISE = 20, 0.5


def _difference(target: Any) -> float:
    probe = robust_probe_risk(PROBE_CORRELATIONS, PROBE_VARIANCES, target, SAMPLES, NOISE)
    return 1e3 * (probe.post - probe.pre)


def compute(quick: bool = False) -> xr.Dataset:
    """Three runs of descent and four sets of 300 probes (12 and 40 in full)."""
    import xarray as xr

    runs, sets = (3, 4) if quick else (12, 40)
    gram = spectral_contrastive(*head_moments(), DIM).gram
    depth = np.arange(LAYERS + 1) / LAYERS
    lines = [np.ones(len(LEARNED))]
    lines += [np.diag(layer_weights(gram, LAYERS, k))[list(LEARNED)] for k in range(1, LAYERS + 1)]
    dots = []
    for k in range(runs):
        trained = layers_descended(np.random.default_rng(k), 0.1, DIM, TRAINED, rate=2e-2, steps=1_000_000)
        products = accumulate(trained, lambda below, layer: layer @ below)
        dots.append([np.diag(W.T @ W)[list(LEARNED)] for W in products])
    mean, bar = mean_and_bar(np.array(dots))
    features = range(PROBE_CORRELATIONS.size)
    found = np.array([[1e3 * probes_apart(np.random.default_rng(10 * t + f), f, SAMPLES, NOISE, 300) for f in features]
                      for t in range(sets)])  # fmt: skip
    apart, apart_bar = mean_and_bar(found)
    return xr.Dataset(
        {
            "weight": (("depth", "feature"), np.array(lines)),
            "trained": (("layer", "feature"), mean),
            "trained_error": (("layer", "feature"), bar),
            "correlation": ("feature", (HEAD_SHARED / (HEAD_SHARED + HEAD_SPREAD))[list(LEARNED)]),
            "predicted": ("target", [_difference(np.eye(len(features))[f]) for f in features]),
            "measured": ("target", apart),
            "error": ("target", apart_bar),
            "noisiness": ("target", np.sqrt(PROBE_VARIANCES / PROBE_CORRELATIONS)),
        },
        {
            "depth": depth,
            "feature": list(LEARNED),
            "layer": np.arange(1, TRAINED + 1) / TRAINED,
            "target": list(features),
        },
        {"runs": runs, "sets": sets},
    )


@figure(
    "projection-head",
    title="Before the head features weigh more equally",
    source="xue2024investigating",
    claims=["self-supervised/square-root-weights", "self-supervised/head-helps-when"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: weights of learned features against depth. Right: what a probe loses after the head, by feature."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.7))
    left, right = canvas.subplots(1, 2)
    letter_panels((left, right), ("weights along the layers", "probe after the head, less before"))
    for k in range(data.sizes["feature"]):
        left.plot(data.depth, data.weight[:, k], color=COLOURS[k])
        left.errorbar(data.layer, data.trained[:, k], data.trained_error[:, k], color=COLOURS[k], fmt=MARKERS[k], ms=3,
                      elinewidth=0.8)  # fmt: skip
        entry(left, k, f"$q={float(data.correlation[k]):.3f}$", ms=3)
    order = np.argsort(data.noisiness.values)
    right.axhline(0, color="0.6", lw=0.8)
    right.plot(data.noisiness[order], data.predicted[order], color=COLOURS[3], ls="none", marker="_", ms=12, mew=1.8,
               label="predicted")  # fmt: skip
    right.errorbar(data.noisiness, data.measured, data.error, color=COLOURS[4], fmt="o", ms=3, elinewidth=0.8,
                   label="drawn")  # fmt: skip
    left.set(xlabel="share of the layers passed", ylabel="weight of a feature", xticks=[0, *data.layer.values])
    right.set(xlabel=r"noise of the target's feature $\sqrt{v/q}$", ylabel="excess error, $10^{-3}$")
    left.legend(loc="upper left")
    right.legend(loc="upper left")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the agreement of weights and of probes."""
    gap = 100 * float(np.abs(data.trained.values / data.weight.sel(depth=data.layer.values).values - 1).max())
    off = float(np.abs(data.measured - data.predicted).max())
    most = 2 * float(np.max(np.abs(data.measured - data.predicted) / data.error))
    return (
        "(a) Squared weights of the three learned of six features after a share of the layers: lines, the power of the "
        f"whole; dots, {TRAINED} layers trained from weights of 0.1, {data.attrs['runs']} runs, two standard errors, "
        f"within {gap:.0f} %. (b) Excess error of the best ridge probe after the head minus that before it, target "
        f"in one of four features, {SAMPLES} labels: the head hides features with much augmentation noise. Dashes: the "
        f"deterministic equivalent; dots: {data.attrs['sets']} sets of 300 probes, two standard errors, off by up to "
        f"{off:.1f} thousandths, {most:.0f} standard errors: at {SAMPLES} labels the equivalent of each probe is off "
        f"by some "
        "per cent, not its sign."
    )
