"""What attention with random heads learns: test error against samples, three kernels and two targets."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.attention.experiments.heads import kernel_errors, learning_errors
from solvable.figures.dots import mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import attention_kernel, vector_kernel

if TYPE_CHECKING:
    import xarray as xr

D, KEYS, TEST = 6, 4, 200
NAMES = ("centred heads", "biased heads", "one vector")


def compute(quick: bool = False) -> xr.Dataset:
    """Five data sets (20 in full); open marks from kernels of infinitely many heads, filled from 400."""
    import xarray as xr

    sizes, places = [25, 50, 100, 200, 400], [25, 50, 100, 200]
    trials, rng = (5 if quick else 20), np.random.default_rng(0)
    kernels = (attention_kernel, partial(attention_kernel, weights="biased"), vector_kernel)
    lines = np.array([kernel_errors(rng, kernels, (0, 2), sizes, D, KEYS, TEST) for _ in range(trials)])
    dots = np.array([[[learning_errors(rng, power, n, D, KEYS, 400, TEST) for n in places] for power in (0, 2)]
                     for _ in range(trials)])  # fmt: skip
    mean, error = mean_and_bar(dots)
    return xr.Dataset(
        {"kernel": (("target", "learner", "n"), lines.mean(axis=0)),
         "measured": (("target", "place", "heads"), mean), "error": (("target", "place", "heads"), error)},
        {"target": ["p = 0", "p = 2"], "learner": list(NAMES), "n": sizes, "place": places, "heads": list(NAMES[:2])},
        {"trials": trials, "d": D, "keys": KEYS},
    )  # fmt: skip


@figure(
    "random-attention",
    title="What attention with random heads learns",
    source="fu2023what",
    claims=["attention/kernel", "attention/biased-heads-learn-query-targets", "attention/few-samples-no-difference"],
)
def draw(data: xr.Dataset) -> Any:
    """One panel for each target."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.9))
    panels = canvas.subplots(1, 2)
    letter_panels(panels, ("target without the query", "target with the query"))
    for i, axes in enumerate(panels):
        for j, name in enumerate(data.learner.values):
            axes.plot(data.n, data.kernel[i, j], color=COLOURS[j], marker=MARKERS[j], mfc="white", ms=4, lw=0.8)
            if j < 2:
                axes.errorbar(data.place, data.measured[i, :, j], data.error[i, :, j], color=COLOURS[j],
                              fmt=MARKERS[j], ms=3)  # fmt: skip
            if i == 0:
                entry(axes, j, str(name), mfc="white", ms=4, lw=0.8)
        axes.set(xscale="log", yscale="log", xlabel="samples $n$", ylabel="relative test error")
        axes.set_xticks(data.n.values, [str(n) for n in data.n.values])
        axes.minorticks_off()
    panels[1].set_yticks([0.3, 0.5, 1.0, 1.5], ["0.3", "0.5", "1", "1.5"])  # less than a decade
    panels[0].legend()
    return canvas


def caption(data: xr.Dataset) -> str:
    """State who wins at 400 samples."""
    ends = data.kernel.values[:, :, -1]
    return (
        f"Targets (1/N)Σ (x₀·x_i)^{{p}} b·x_i, d = {data.attrs['d']}, N = {data.attrs['keys']} keys: (a) p = 0, "
        f"(b) p = 2. Open marks, joined: ridge regression with kernels of infinitely many heads, means "
        f"of {data.attrs['trials']} data sets at five sizes; filled: 400 heads, two standard errors, with many samples "
        "above for want of heads. At n = 400 the errors "
        f"are {ends[0, 0]:.5f}, {ends[0, 1]:.3f} and {ends[0, 2]:.5f} in (a), {ends[1, 0]:.2f}, {ends[1, 1]:.2f} and "
        f"{ends[1, 2]:.2f} in (b): biased heads pay where the query counts, with enough samples."
    )
