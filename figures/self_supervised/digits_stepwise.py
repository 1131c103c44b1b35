"""Handwritten digits and their shifts: a linear embedding learns one mode after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.self_supervised.experiments.embeddings import digits_pairs, probe_accuracy
from solvable.figures.dots import mean_and_bar
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import embedding_descent, pair_matrix, stepwise_embedding

if TYPE_CHECKING:
    import xarray as xr

# below 1e-12 the rounding of what is learned would start the rest
STARTS, DIM, DOTS = (1e-12, 1e-4), 10, 120


def _plateaus(steps: Any) -> Any:
    """Times half way between one step and the next, and one after the last."""
    return np.concatenate([(steps[1:] + steps[:-1]) / 2, [1.25 * steps[-1]]])


def _crossings(times: Any, losses: Any) -> Any:
    """Times at which the loss passes half of each step."""
    return np.interp(-(DIM - np.arange(DIM) - 0.5), -losses, times)


def compute(quick: bool = False) -> xr.Dataset:
    """Probes on five splits of the digits into 1,200 and 597 (30 in full)."""
    import xarray as xr

    trials = 5 if quick else 30
    first, second, labels = digits_pairs()
    gamma = pair_matrix(first, second)
    rate = 0.005 / float(np.linalg.eigvalsh(gamma)[-1])
    rng, curves, ends = np.random.default_rng(0), [], []
    for size in STARTS:
        start = size * rng.standard_normal((DIM, 64))
        steps = stepwise_embedding(gamma, start, [0.0], DIM).step_times
        last = 1.3 * float(steps.max())
        run = embedding_descent(gamma, start, rate, round(last / rate), 4000)
        times = run.steps * rate
        curves.append((times, stepwise_embedding(gamma, start, times, DIM).losses, run.losses, steps))
        ends.append(run)
    run, (times, *_, steps) = ends[0], curves[0]
    at = np.searchsorted(times, _plateaus(np.sort(steps)))
    final = stepwise_embedding(gamma, np.full(DIM, 0.01), [np.inf], DIM).weights[0]
    scores = np.empty((trials, 2, DIM))
    for t in range(trials):
        order = np.random.default_rng(t).permutation(len(labels))
        split = order[:1200], order[1200:]
        for k in range(DIM):
            scores[t, 0, k] = probe_accuracy(first @ run.weights[at[k]].T, labels, *split)
            scores[t, 1, k] = probe_accuracy(first @ final[: k + 1].T, labels, *split)
    raw = np.mean([probe_accuracy(first, labels, *np.split(np.random.default_rng(t).permutation(1797), [1200]))
                   for t in range(trials)])  # fmt: skip
    learned, known = run.weights[-1].T @ run.weights[-1], final.T @ final
    mean, bar = mean_and_bar(scores)
    kept = [np.unique(np.linspace(0, len(c[0]) - 1, 900).astype(int)) for c in curves]
    return xr.Dataset(
        {
            "time": (("start", "place"), np.array([c[0][k] for c, k in zip(curves, kept, strict=True)])),
            "theory": (("start", "place"), np.array([c[1][k] for c, k in zip(curves, kept, strict=True)])),
            "measured": (("start", "place"), np.array([c[2][k] for c, k in zip(curves, kept, strict=True)])),
            "steps": (("start", "mode"), np.array([np.sort(c[3]) for c in curves])),
            "crossed": (("start", "mode"), np.array([_crossings(c[0], c[2]) for c in curves])),
            "accuracy": (("embedding", "mode"), mean),
            "error": (("embedding", "mode"), bar),
        },
        {"start": list(STARTS), "embedding": ["learned", "kernel PCA"], "mode": np.arange(1, DIM + 1)},
        {"trials": trials, "raw": float(raw), "gram": float(np.abs(learned - known).max() / np.abs(known).max())},
    )


@figure(
    "digits-stepwise",
    title="Handwritten digits are learned one mode after another",
    source="simon2023stepwise",
    claims=["self-supervised/stepwise-trajectory", "self-supervised/small-start-rate"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: loss in time, theory and descent. Right: accuracy of a probe after each step."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.7))
    left, right = canvas.subplots(1, 2)
    letter_panels((left, right), ("loss of the embedding", "a probe after each step"))
    every = slice(4, None, max(1, data.sizes["place"] // DOTS))
    for i, size in enumerate(data.start.values):
        exponent = round(float(np.log10(size)))
        left.plot(data.time[i], data.theory[i], color=COLOURS[i])
        left.plot(data.time[i][every], data.measured[i][every], MARKERS[i], color=COLOURS[i], ms=2)
        entry(left, i, rf"start $10^{{{exponent}}}$", ms=3)
    for step in data.steps.values[0]:
        left.axvline(step, color="0.6", ls=":", lw=0.7)
    right.plot(data.mode, data.accuracy[1], color=COLOURS[1])
    entry(right, 1, "kernel PCA, its first modes", ms=0)
    right.errorbar(data.mode, data.accuracy[0], data.error[0], fmt=MARKERS[0], color=COLOURS[0], ms=3, elinewidth=0.8)
    entry(right, 0, "embedding on the way", ms=3, ls="none")
    right.axhline(data.attrs["raw"], color="0.4", lw=0.9, label="all 64 pixels")
    left.set(xlabel="time of the gradient flow", ylabel=r"$\|W\Gamma W^T-I\|_F^2$", xscale="log")
    left.set(xlim=(1, float(data.time.max())))
    right.set(xlabel="modes learned", ylabel="test accuracy", ylim=(0, 1), xticks=data.mode.values)
    left.legend(loc="lower left")
    right.legend(loc="lower right")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the agreement, and how far the digits are from the limit."""
    late = 100 * np.abs(data.crossed / data.steps - 1).max("mode").values
    apart = float(np.abs(data.accuracy[0] - data.accuracy[1]).max())
    return (
        "The 1,797 digits of scikit-learn, each paired with itself shifted by one pixel; ten dimensions. (a) Lines: "
        "the closed form of a small generic start; dots: gradient descent; dotted: predicted step times of the "
        f"smaller start. The loss passes the middle of each step within {late[0]:.1f} % of the predicted time from a "
        f"start of 1e−12, and {late[1]:.0f} % from one of 1e−4, whose steps run into each other: neighbouring modes of "
        "the digits are close, up to 0.86 of each other, and the error of a start ε vanishes as ε to the power 0.14 "
        "only. (b) Test accuracy of least squares on digit indicators, "
        f"{data.attrs['trials']} splits, two standard errors: the embedding half way between two steps against as "
        f"many modes of kernel PCA of the pairs, within {100 * apart:.1f} %. Gram matrices at the end differ by "
        f"{scientific(data.attrs['gram'])}. Ten modes reach {100 * float(data.accuracy[0, -1]):.0f} %, all pixels "
        f"{100 * data.attrs['raw']:.0f} %."
    )
