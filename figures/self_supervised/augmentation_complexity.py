"""How much an augmentation leaves: its complexity, and probes on its eigenfunctions, against the share masked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.self_supervised.experiments.augmentations import enumerated_complexity, probe_draw
from solvable.analysis.self_supervised.settings import token_sets
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import linear_probe_error, masking_complexity

if TYPE_CHECKING:
    import xarray as xr

KINDS, TOKENS = ("random", "block", "block-flip"), 6
PROBE_TOKENS, N, RIDGE, NOISE = 8, 100, 3.0, 0.5


def _probe(ratio: float, degree: int) -> float:
    every = np.array([len(s) for s in token_sets(PROBE_TOKENS, degree + 1)], float)
    kept = len(token_sets(PROBE_TOKENS, degree))
    target = np.where(every > 0, 0.3**every, 0.0)
    return float(linear_probe_error((1 - ratio) ** every, target, kept, N, NOISE, RIDGE).excess)


def compute(quick: bool = False) -> xr.Dataset:
    """Enumeration of all masks of six tokens; 40 draws of a probe on eight (400 in full)."""
    import xarray as xr

    draws, rng = 40 if quick else 400, np.random.default_rng(0)
    ratio, whole = np.linspace(0, 0.95, 96), np.arange(TOKENS) / TOKENS
    fine = [(2 - ratio) ** TOKENS, 2.0 ** ((1 - ratio) * TOKENS), (1 + (1 - ratio) ** 2) ** ((1 - ratio) * TOKENS)]
    place = np.linspace(0.05, 0.9, 7)
    dots = [[[probe_draw(rng, N, PROBE_TOKENS, k, r, NOISE, RIDGE) for r in place] for k in (1, 2)]
            for _ in range(draws)]  # fmt: skip
    mean, bar = mean_and_bar(np.array(dots))
    return xr.Dataset(
        {
            "complexity": (("kind", "ratio"), np.array(fine)),
            "closed": (("kind", "whole"), [[masking_complexity(TOKENS, a, kind) for a in whole] for kind in KINDS]),
            "counted": (("kind", "whole"), [[enumerated_complexity(TOKENS, a, kind) for a in whole] for kind in KINDS]),
            "theory": (("degree", "ratio"), [[_probe(a, k) for a in ratio] for k in (1, 2)]),
            "predicted": (("degree", "place"), [[_probe(a, k) for a in place] for k in (1, 2)]),
            "measured": (("degree", "place"), mean),
            "error": (("degree", "place"), bar),
        },
        {"kind": list(KINDS), "ratio": ratio, "whole": whole, "degree": [1, 2], "place": place},
        {"draws": draws},
    )


@figure(
    "augmentation-complexity",
    title="Stronger masking is less complex, and no better for every probe",
    source="zhai2024understanding",
    claims=["self-supervised/masking-complexity", "self-supervised/near-optimal-encoder"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: complexity of three kinds of masks. Right: error of probes on eigenfunctions of few tokens."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.7))
    left, right = canvas.subplots(1, 2)
    letter_panels((left, right), ("augmentation complexity", "error of a probe"))
    for i, kind in enumerate(data.kind.values):
        left.plot(data.ratio, data.complexity[i], color=COLOURS[i])
        left.plot(data.whole, data.counted[i], MARKERS[i], color=COLOURS[i], ms=3)
        entry(left, i, {"random": "random", "block": "block", "block-flip": "block with flips"}[str(kind)], ms=3)
    for i, degree in enumerate(data.degree.values):
        right.plot(data.ratio, data.theory[i], color=COLOURS[3 + i])
        right.errorbar(data.place, data.measured[i], data.error[i], color=COLOURS[3 + i], fmt=MARKERS[3 + i], ms=3,
                       elinewidth=0.8)  # fmt: skip
        entry(right, 3 + i, f"up to {'one token' if degree == 1 else 'two tokens'}", ms=3)
    left.set(yscale="log", xlabel="share masked", ylabel=r"$\kappa^2$")
    right.set(xlabel="share masked", ylabel="excess error")
    left.legend(loc="upper right")
    right.legend(loc="upper left")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the agreement and where the masks stop helping."""
    off = float(np.abs(data.counted / data.closed - 1).max())
    gap = distance(data.measured.values, data.predicted.values).max(axis=1)
    best = [float(data.ratio[int(np.argmin(row))]) for row in data.theory.values]
    return (
        f"(a) Complexity of masks of {TOKENS} uniform signs against the share masked: lines, closed forms; dots, all "
        f"masks and inputs enumerated, within {scientific(off)}. (b) Ridge probes on the parities of up to one and "
        f"two of "
        f"{PROBE_TOKENS} tokens, {N} labels; the target has one degree more. Lines: the deterministic equivalent; "
        f"dots: "
        f"{data.attrs['draws']} draws, two standard errors, within {100 * gap[0]:.0f} and {100 * gap[1]:.0f} %. At "
        f"this "
        f"ridge the least errors are at shares of {best[0]:.2f} and {best[1]:.2f}."
    )
