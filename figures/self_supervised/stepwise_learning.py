"""A linear embedding of pairs learns one mode after another, the later the smaller the start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import embedding_descent, stepwise_embedding

if TYPE_CHECKING:
    import xarray as xr

STARTS, GAMMA, DIM = (1e-1, 1e-2, 1e-4, 1e-6), np.array([2.0, 1.0, 0.5, 0.25, 0.1, -0.3]), 4


def compute(quick: bool = False) -> xr.Dataset:
    """Descent with steps of 0.002 from weights in general position (0.0002 in full)."""
    import xarray as xr

    rate, rng = (2e-3 if quick else 2e-4), np.random.default_rng(0)
    lines, dots, modes, times, places, steps = [], [], [], [], [], []
    direction = rng.standard_normal((DIM, GAMMA.size))
    for size in STARTS:
        start = size * direction
        step = stepwise_embedding(GAMMA, start, [0.0], DIM).step_times
        last = 1.6 * float(step.max())
        run = embedding_descent(np.diag(GAMMA), start, rate, round(last / rate), 40)
        t, at = last * np.linspace(0, 1, 401) ** 2, run.steps * rate
        lines.append(stepwise_embedding(GAMMA, start, t, DIM).losses)
        dots.append(run.losses)
        times.append(t)
        places.append(at)
        steps.append(step)
        moments = run.weights @ np.diag(GAMMA) @ np.swapaxes(run.weights, 1, 2)
        known = stepwise_embedding(GAMMA, start, t, DIM).singular_values
        modes.append((GAMMA[:DIM] * known**2, np.linalg.eigvalsh(moments)[:, ::-1]))
    return xr.Dataset(
        {
            "time": (("start", "tick"), np.array(times)),
            "theory": (("start", "tick"), np.array(lines)),
            "place": (("start", "check"), np.array(places)),
            "measured": (("start", "check"), np.array(dots)),
            "steps": (("start", "mode"), np.array(steps)),
            "grown": (("start", "tick", "mode"), np.array([m[0] for m in modes])),
            "seen": (("start", "check", "mode"), np.array([m[1] for m in modes])),
        },
        {"start": list(STARTS), "mode": np.arange(1, DIM + 1)},
        {"rate": rate},
    )


@figure(
    "stepwise-learning",
    title="Small starts learn pairs one mode after another",
    source="simon2023stepwise",
    claims=["self-supervised/stepwise-trajectory", "self-supervised/loss-staircase", "self-supervised/step-times"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: loss in time from four starts. Right: the modes of one start."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.7))
    left, right = canvas.subplots(1, 2)
    one = STARTS.index(1e-4)
    letter_panels((left, right), ("loss, four starts", "modes, start $10^{-4}$"))
    for i, size in enumerate(data.start.values):
        left.plot(data.time[i], data.theory[i], color=COLOURS[i])
        left.plot(data.place[i], data.measured[i], MARKERS[i], color=COLOURS[i], ms=2.5)
        entry(left, i, rf"start $10^{{{round(float(np.log10(size)))}}}$", ms=3)
    for k in range(DIM):
        right.plot(data.time[one, 1:], data.grown[one, 1:, k], color=COLOURS[k])
        right.plot(data.place[one, 1:], data.seen[one, 1:, k], MARKERS[k], color=COLOURS[k], ms=2.5)
        entry(right, k, rf"$\gamma={GAMMA[k]:g}$", ms=3)
        right.axvline(float(data.steps[one, k]), color="0.6", ls=":", lw=0.8,
                      label="predicted steps" if k == DIM - 1 else None)  # fmt: skip
    left.set(xlabel="time of the gradient flow", ylabel=r"$\|W\Gamma W^T-I\|_F^2$", ylim=(-0.1, 4.3))
    right.set(xscale="log", xlabel="time of the gradient flow", ylabel=r"$\gamma_js_j^2$", ylim=(-0.05, 1.1),
              xlim=(0.05, float(data.time[one].max())))  # fmt: skip
    left.legend(loc="upper right")
    right.legend(loc="upper left")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State how far descent from generic weights is from the limit of a small start."""
    off = [float(np.abs(np.interp(data.place[i], data.time[i], data.theory[i]) - data.measured[i]).max())
           for i in range(len(STARTS))]  # fmt: skip
    return (
        "Six modes of pairs, 2, 1, 1/2, 1/4, 1/10 and −0.3; four dimensions. Lines: the closed form of a small start; "
        f"dots: gradient descent from weights in general position, steps of {data.attrs['rate']:g}. (a) The loss falls "
        f"by one at each step; descent is off by up to {off[0]:.2f}, {off[1]:.2f}, {off[2]:.3f} and {off[3]:.3f} from "
        "starts of 0.1, 0.01, 10⁻⁴ and 10⁻⁶. (b) The eigenvalues of the embedded pairs' second moment; dotted: the "
        "predicted times of half a step."
    )
