"""Test error against the number of ReLU features: more optimisation makes the peak, and conditioning decides when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.double_descent.experiments.descent import random_feature_data
from solvable.analysis.double_descent.settings import CONDITIONINGS, TIMES
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, letter_panels
from solvable.solvers import descent_path, optimiser_chain

if TYPE_CHECKING:
    import xarray as xr

NOISE = 0.05
OPTIMISERS = ("gradient descent", "heavy ball 0.9", "Nesterov 0.9", "SGD, batch 10", "Adam")
STEPS, LATE = 1000, 100_000
FOREVER = 10**14


def _errors(weights: Any, fresh: Any, target: Any) -> Any:
    return np.mean((weights @ fresh.T - target) ** 2, axis=1) + NOISE


def _optimisers(X: Any, y: Any, fresh: Any, target: Any, seed: int) -> list[float]:
    """One step size rule for all: 1/s_max; Adam's is 0.01, SGD's 1/s_max against the batch's own rows."""
    top = float(np.linalg.norm(X, 2) ** 2 / len(y))
    weights = [
        descent_path(X, y, [STEPS], method, 1 / top / (2 if method == "nesterov" else 1), momentum).coefficients[0]
        for method, momentum in (("gradient-descent", None), ("heavy-ball", 0.9), ("nesterov", 0.9))
    ]
    stable = 10 / float(np.max(np.sum(X**2, axis=1)))  # batch 10: below 2/(largest row) for any batch
    weights.append(optimiser_chain(X, y, [STEPS], step_size=min(stable / 10, 1 / top), batch_size=10, rng=seed)[0])
    weights.append(optimiser_chain(X, y, [STEPS], "adam", step_size=0.01)[0])
    return [float(x) for x in _errors(np.array(weights), fresh, target)]


def compute(quick: bool = False) -> xr.Dataset:
    """Medians over 7 data sets of n = 60 (25 of n = 120 in full)."""
    import xarray as xr

    n, seeds = (60, 7) if quick else (120, 25)
    width = np.unique(np.round(n * np.array([0.1, 0.25, 0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0, 3.0, 4.0])).astype(int))
    times = np.empty((seeds, len(TIMES) + 1, width.size))
    optimisers, conditionings = np.empty((seeds, 5, width.size)), np.empty((seeds, 3, width.size))
    for seed in range(seeds):
        for j, k in enumerate(width.tolist()):
            for i, conditioning in enumerate(CONDITIONINGS):
                rng = np.random.default_rng((seed, k))
                X, y, fresh, target = random_feature_data(rng, n, k, n // 3, NOISE, conditioning)
                if conditioning == "raw":
                    path = descent_path(X, y, [*TIMES, FOREVER])
                    times[seed, :, j] = _errors(path.coefficients, fresh, target)
                late = descent_path(X, y, [LATE]).coefficients
                conditionings[seed, i, j] = _errors(late, fresh, target)[0]
                if conditioning == "centred":
                    optimisers[seed, :, j] = _optimisers(X, y, fresh, target, seed)
    return xr.Dataset(
        {
            "times": (("time", "k"), np.median(times, axis=0)),
            "optimisers": (("optimiser", "k"), np.median(optimisers, axis=0)),
            "conditionings": (("conditioning", "k"), np.median(conditionings, axis=0)),
        },
        {
            "k": width.astype(float),
            "time": [f"{t:.0e}" for t in TIMES] + ["forever"],
            "optimiser": list(OPTIMISERS),
            "conditioning": list(CONDITIONINGS),
        },
        {"n": n, "seeds": seeds, "steps": STEPS, "late": LATE},
    )


def _printed(label: str) -> str:
    """Steps as numbers; other labels as they are."""
    if label == "forever":
        return "∞"
    return scientific(float(label)) if label.startswith("1e") else label


@figure(
    "double-descent-optimisation",
    title="The peak appears when the optimiser gets there",
    source="liu2023optimization",
    claims=[
        "double-descent/peak-grows-with-time",
        "double-descent/better-conditioning-earlier-peak",
        "double-descent/momentum-higher-peak",
        "double-descent/start-is-never-unlearned",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Times, optimisers, conditionings."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.9))
    panels = canvas.subplots(1, 3, sharey=True)
    titles = (
        "gradient descent, steps",
        f"{data.attrs['steps']:,} steps",
        f"features, {scientific(data.attrs['late'])} steps",
    )
    letter_panels(panels, titles)
    for axes, name in zip(panels, ("times", "optimisers", "conditionings"), strict=True):
        for i, label in enumerate(data[data[name].dims[0]].values):
            axes.plot(
                data.k, data[name][i], color=COLOURS[i], marker=MARKERS[i], ms=2.5, lw=1.0, label=_printed(str(label))
            )
        axes.axvline(data.attrs["n"], color="0.75", lw=0.7, zorder=0)
        axes.set(xscale="log", yscale="log", xlabel=f"features $k$ ($n={data.attrs['n']}$)")
        axes.legend(loc="upper left", fontsize=6.5)
    panels[0].set_ylabel("test error")
    panels[0].set_ylim(top=15 * float(data.times.max()))
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the height of the peak in every curve."""
    at = int(np.argmin(np.abs(data.k.values - data.attrs["n"])))

    def heights(name: str) -> str:
        rows = data[name].values
        labels = [_printed(str(x)) for x in data[data[name].dims[0]].values]
        return "; ".join(f"{label}: {row[at] / row[-1]:.1f}" for label, row in zip(labels, rows, strict=True))

    return (
        f"ReLU features of Gaussian inputs, linear target, medians over {data.attrs['seeds']} data sets; deterministic "
        "methods by their exact filters, SGD and Adam simulated. Test error at k = n over that at k = 4n: (a) by "
        f"steps, raw features ({heights('times')}), (b) by optimiser, centred features ({heights('optimisers')}), (c) "
        f"by features ({heights('conditionings')})."
    )
