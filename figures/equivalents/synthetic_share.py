"""How many synthetic samples to add to real ones: excess risk against their number, for three teachers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.equivalents.deriving import derive
from solvable.analysis.equivalents.experiments import real_and_synthetic_draw
from solvable.analysis.equivalents.models import real_and_synthetic
from solvable.figures.dots import distance, joined, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, MARKERS, SINGLE, entry

if TYPE_CHECKING:
    import xarray as xr

N, LAM, ERRORS = 100, 0.1, (0.0, 1.0, 4.0)


def compute(quick: bool = False) -> xr.Dataset:
    """Dots over 20 drawn data sets (100 in full) of 100 real samples."""
    import xarray as xr

    trials, rng = (20 if quick else 100), np.random.default_rng(0)
    solved, place = np.geomspace(0.03, 30, 31), np.array([0.05, 0.2, 0.6, 1.5, 5.0, 20.0])

    def line(at: Any) -> Any:
        cells = {"n2": np.round(at * N, 9)[None, :], "error": np.array(ERRORS)[:, None]}
        return derive(real_and_synthetic(N, LAM), at=cells).value.value

    share = np.geomspace(0.03, 30, 121)
    theory = joined(np.log(solved), line(solved), np.log(share))
    dots = np.array([[[real_and_synthetic_draw(rng, N, LAM, x, error) for x in place] for error in ERRORS]
                     for _ in range(trials)])  # fmt: skip
    mean, bar = mean_and_bar(dots)
    return xr.Dataset(
        {"theory": (("quality", "share"), theory), "exact": (("quality", "place"), line(place)),
         "measured": (("quality", "place"), mean), "error": (("quality", "place"), bar)},
        {"share": share, "place": place, "quality": list(ERRORS)},
        {"trials": trials, "n": N},
    )  # fmt: skip


@figure(
    "synthetic-share",
    title="How many synthetic samples to add to real ones",
    source="helton2018applications",
    claims=["equivalents/real-and-synthetic"],
)
def draw(data: xr.Dataset) -> Any:
    """One line for each teacher, its minimum marked."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(SINGLE, 2.9))
    axes = canvas.subplots()
    for i, error in enumerate(data.quality.values):
        axes.plot(data.share, data.theory[i], color=COLOURS[i])
        axes.errorbar(data.place, data.measured[i], data.error[i], color=COLOURS[i], fmt=MARKERS[i], ms=3)
        entry(axes, i, f"{0.3 * error:g}", ms=3)
        best = int(np.argmin(data.theory.values[i]))
        if 0 < best < data.share.size - 1:
            axes.vlines(data.share[best], 0, data.theory[i, best], color=COLOURS[i], lw=0.8, ls=":")
    axes.set(xscale="log", xlabel="synthetic samples for each real one", ylabel="excess risk", ylim=(0, None))
    axes.legend(title="squared error of the synthetic teacher")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the agreement and the best shares."""
    gap = float(distance(data.measured.values, data.exact.values).max())
    best = [float(data.share[int(np.argmin(row))]) for row in data.theory.values]
    inner = [f"{x:.1f}" for x in best[1:]]
    return (
        f"Ridge regression on n = {data.attrs['n']} real samples, d = 90, and synthetic ones with the reversed "
        f"covariance, a third of the noise and a teacher whose weights err; lines derived, dots "
        f"{data.attrs['trials']} drawn data sets, two standard errors, at most {100 * gap:.1f} % off. A right teacher: "
        f"the more the better, {float(data.theory[0, -1]):.3f} at 30. A wrong one has a best share (dotted): "
        f"{' and '.join(inner)} for the two qualities."
    )
