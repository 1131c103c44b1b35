"""What `derive` does to an expression: the pencil it becomes, the equation that is left, and both against fits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.equivalents.deriving import derive
from solvable.analysis.equivalents.experiments import ridge_draw
from solvable.analysis.equivalents.models import ridge
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, letter_panels
from solvable.solvers.equivalents.pencil import compiled_pencil
from solvable.solvers.equivalents.trace_expression import Trace

if TYPE_CHECKING:
    import xarray as xr

N = 100
_WRITTEN = (
    (r"Sigma\*\*\(1/2\)", r"\\Sigma^{1/2}"), (r"Sigma", r"\\Sigma"), (r"\\\\Sigma", r"\\Sigma"), (r"Z\.T", "Z^T"),
    (r"n\*\*-1\*", r"\\frac{1}{n}"), (r"lambda\*I", r"\\lambda"), (r"-1\*I", "-1"), (r"-1\*", "-"), ("@", ""),
)  # fmt: skip


def _tex(text: str) -> str:
    """Label of a block as TeX."""
    for pattern, sign in _WRITTEN:
        text = re.sub(pattern, sign, text)
    return f"${text}$" if text else ""


def _large(formula: str) -> str:
    """One fraction of full size, those inside in one line: what stays legible in a column."""
    outer = formula[:5].replace(r"\frac", r"\dfrac")
    inner = formula[5:].replace(r"\operatorname", r"\,\operatorname")
    return outer + re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*|\\left\(.*?\)\^\{2\})\}", _in_line, inner)


def _in_line(found: re.Match[str]) -> str:
    below = found[2] if found[2].startswith(r"\left") else rf"({found[2]})"
    return f"{found[1]}/{below}"


def _blocks(trace: Trace) -> list[list[str]]:
    """Entries of the pencil, row by row."""
    pencil = compiled_pencil(trace.summands[0][1])
    size = range(pencil.size)

    def label(i: int, j: int) -> str:
        parts = [repr(pencil.fixed[i, j])] if (i, j) in pencil.fixed else []
        for term in pencil.terms.get((i, j), ()):
            parts.append("@".join(t for t in map(repr, (term.left, term.gaussian, term.right)) if t != "I"))
        return _tex(" + ".join(parts))

    return [[label(i, j) for j in size] for i in size]


def compute(quick: bool = False) -> xr.Dataset:
    """Dots over 20 drawn data sets (200 in full)."""
    import sympy as sp
    import xarray as xr

    trials, rng = (20 if quick else 200), np.random.default_rng(0)
    bias = Trace(ridge(N).summands[:1])
    equations = derive(bias).equations
    ((lam, right),) = equations.explicit.items()
    lines = [f"${sp.latex(lam)} = {_large(sp.latex(right))}$",
             rf"$\mathrm{{bias}} = {_large(sp.latex(equations.eliminated))}$"]  # fmt: skip
    grid, place = np.geomspace(1e-3, 10, 61), np.geomspace(1e-3, 10, 5)
    line, exact = (derive(bias, at={"lambda": at}).value.value for at in (grid, place))
    mean, bar = mean_and_bar(np.array([[ridge_draw(rng, N, x, 0.0) for x in place] for _ in range(trials)]))
    blocks = _blocks(bias)
    names = [str(i + 1) for i in range(len(blocks))]
    return xr.Dataset(
        {"theory": ("ridge", line), "exact": ("place", exact), "measured": ("place", mean), "error": ("place", bar),
         "blocks": (("row", "column"), blocks), "equations": ("line", lines)},
        {"ridge": grid, "place": place, "row": names, "column": names, "line": ["equation", "value"]},
        {"trials": trials, "n": N, "unknowns": len(compiled_pencil(bias.summands[0][1]).unknowns)},
    )  # fmt: skip


@figure(
    "derivation-card",
    title="From an expression to its equivalent",
    source="helton2018applications",
    claims=["equivalents/ridge"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: the pencil. Middle: what is left of its equations. Right: their value and fits."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.6))
    left, middle, right = canvas.subplots(1, 3, width_ratios=(1.25, 1.35, 1))
    letter_panels((left, middle, right), ("pencil", "equations", "value"))
    for axes in (left, middle):
        axes.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    left.text(0.5, 0.9, r"$\lambda^2\,\mathrm{tr}\,B\,Q\,\Sigma\,Q$", ha="center", fontsize=8)
    size = data.row.size
    for i in range(size):
        for j in range(size):
            text = str(data.blocks.values[i, j])
            look = {"facecolor": COLOURS[4] if "Z" in text else "0.9" if text else "1", "alpha": 0.35}
            left.add_patch(_cell(j / size, 0.8 * (1 - (i + 1) / size), 1 / size, 0.8 / size, **look))
            if text:
                left.text((j + 0.5) / size, 0.8 * (1 - (i + 0.5) / size), text, ha="center", va="center", fontsize=6.5)
    for text, height in zip(data.equations.values, (0.72, 0.32), strict=True):
        middle.text(0.5, height, str(text), ha="center", va="center", fontsize=8)
    right.plot(data.ridge, data.theory, color=COLOURS[0])
    right.errorbar(data.place, data.measured, data.error, color=COLOURS[0], fmt=MARKERS[0], ms=3)
    right.set(xscale="log", xlabel=r"ridge $\lambda$", ylabel="bias")
    return canvas


def _cell(x: float, y: float, width: float, height: float, **look: Any) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x, y), width, height, edgecolor="0.4", lw=0.5, **look)


def caption(data: xr.Dataset) -> str:
    """State what was reduced to what, and the agreement."""
    gap = 100 * distance(data.measured.values, data.exact.values)
    return (
        f"The bias of ridge regression, Q = (XᵀX/n + λ)⁻¹ with X = ZΣ^{{1/2}}. (a) Its pencil of {data.row.size} "
        f"blocks; coloured ones are random. (b) Its {data.attrs['unknowns']} equations, reduced without a rule for "
        f"this case: an effective ridge κ, and the value, in which λ no longer stands. (c) The value at "
        f"n = {data.attrs['n']}, d = 80, a line; dots: {data.attrs['trials']} drawn data sets, two standard errors, "
        f"{gap[0]:.0f} % off at the smallest ridge and at most {gap[2:].max():.1f} % from λ = 0.1 on."
    )
