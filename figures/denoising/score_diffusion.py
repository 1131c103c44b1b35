"""Three noising processes: variances along time, and paths of the probability flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.denoising.experiments.diffusions import integrated_path, integrated_variance
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import diffusion_marginals, reverse_ode

if TYPE_CHECKING:
    import xarray as xr

KINDS = ("vp", "sub-vp", "ve")
STARTS = (-2.0, -0.5, 1.0, 2.5)
MEAN, VARIANCE = 0.5, 1.0


def compute(quick: bool = False) -> xr.Dataset:
    """Closed forms on 201 times; dots by integrating the equations (33 of them in full)."""
    import xarray as xr

    t, place = np.linspace(0, 1, 201), np.linspace(0.1, 1, 10 if quick else 33)
    lines = np.array([diffusion_marginals(kind, t).variance for kind in KINDS])
    dots = np.array([[integrated_variance(kind, s) for s in place] for kind in KINDS])
    begin = np.array(STARTS)[:, None]
    paths = reverse_ode(begin, MEAN, [[VARIANCE]], t, "vp", 0.0)[..., 0].T
    steps = np.array([[integrated_path("vp", MEAN, VARIANCE, s, x) for s in place] for x in STARTS])
    return xr.Dataset(
        {
            "variance": (("kind", "time"), lines),
            "integrated": (("kind", "place"), dots),
            "closed": (("kind", "place"), np.array([diffusion_marginals(kind, place).variance for kind in KINDS])),
            "path": (("start", "time"), paths),
            "stepped": (("start", "place"), steps),
            "reached": (("start", "place"), reverse_ode(begin, MEAN, [[VARIANCE]], place, "vp", 0.0)[..., 0].T),
        },
        {"kind": list(KINDS), "time": t, "place": place, "start": list(STARTS)},
    )


@figure(
    "score-diffusion",
    title="Three noising processes and the flow of one",
    source="song2021score",
    claims=[
        "denoising/vp-variance",
        "denoising/sub-vp-variance",
        "denoising/ve-variance",
        "denoising/probability-flow",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Left: variance added until a time. Right: paths of the probability flow."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.7))
    left, right = canvas.subplots(1, 2)
    letter_panels((left, right), ("noise added", "probability flow, VP"))
    for i, kind in enumerate(data.kind.values):
        left.plot(data.time[1:], data.variance[i, 1:], color=COLOURS[i])
        left.plot(data.place, data.integrated[i], color=COLOURS[i], marker=MARKERS[i], ms=3, ls="none")
        entry(left, i, {"vp": "VP", "sub-vp": "sub-VP", "ve": "VE"}[kind], ms=3)
    for i in range(data.start.size):
        right.plot(data.time, data.path[i], color=COLOURS[3])
        right.plot(data.place, data.stepped[i], color=COLOURS[3], marker=MARKERS[3], ms=3, ls="none",
                   label="integrated" if i == 0 else None)  # fmt: skip
    left.set(yscale="log", xlabel="time $t$", ylabel="variance of the noise $v_t$", ylim=(1e-5, 1e4))
    right.set(xlabel="time $t$", ylabel="$x_t$", ylim=(-3, 3.4))
    left.legend(loc="lower right")
    right.legend(loc="upper right")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State how well closed forms and integrated equations agree."""
    gap = float(np.max(np.abs(data.integrated.values / data.closed.values - 1)))
    off = float(np.max(np.abs(data.stepped.values - data.reached.values)))
    return (
        "(a) Variance of the noise added by the variance-preserving process, its sub-VP form and the exploding "
        f"one, with the usual constants. Lines: closed forms; dots: the variance's own equation integrated, within "
        f"{scientific(gap)}. (b) Paths of the probability flow of N(0.5, 1): lines, the closed form; dots, the "
        f"equation integrated, within {scientific(off)}."
    )
