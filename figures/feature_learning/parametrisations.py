"""Phase plane of the parametrisations of networks with one hidden layer, and how their features move on digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.feature_learning.experiments.widths import one_layer_change
from solvable.analysis.feature_learning.settings import digit_rows
from solvable.figures.dots import far_dots, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, HEAT, MARKERS, letter_panels
from solvable.solvers import Parametrisation

if TYPE_CHECKING:
    import xarray as xr

ROWS, WIDE, HIGH = 20, (-0.9, 1.5), (-1.25, 1.25)
# s = a_2 + b_2, then (a_2, c): edges first, trivial ones last
POINTS = {
    0.5: [(0.5, 0.0), (1.0, 0.0), (0.0, 1.0), (0.25, 0.5), (1.0, 0.5)],
    1.0: [(1.0, -1.0), (1.35, -1.0), (0.75, -0.5), (0.5, 0.0), (0.0, 1.0), (1.25, 0.0)],
}
NAMES = {0.5: [("tangent", 0.5, 0.0), ("standard", 0.0, 1.0)], 1.0: [("maximal update", 1.0, -1.0)]}
POWERS = (0.0, 2.0)


def _at(a: float, s: float, c: float) -> Parametrisation:
    """Network whose first layer has no multiplier: the shift that all parametrisations allow."""
    return Parametrisation([0.0, a], [0.0, s - a], c)


def compute(quick: bool = False) -> xr.Dataset:
    """Widths 64 to 1,024, 12 draws each (to 4,096, 40 draws in full)."""
    import xarray as xr

    X, y = digit_rows(ROWS)
    widths = 4 ** np.arange(3, 6 if quick else 7)
    draws = 12 if quick else 40
    rng = np.random.default_rng(0)
    a, c = (np.arange(*ends, 0.05) + 0.025 for ends in (WIDE, HIGH))
    plane = np.full((len(POINTS), len(c), len(a)), np.nan)
    rows = []
    for k, (s, points) in enumerate(POINTS.items()):
        for j, i in np.ndindex(plane.shape[1:]):
            found = _at(float(a[i]), s, float(c[j]))
            plane[k, j, i] = found.exponent if found.stable else np.nan
        for place, rate in points:
            change = [[one_layer_change(rng, int(n), place, s, rate, X, y) for n in widths] for _ in range(draws)]
            powers = -np.polyfit(np.log(widths), np.log(change).T, 1)[0]
            found = _at(place, s, rate)
            rows.append([s, place, rate, found.exponent, float(found.nontrivial), *mean_and_bar(powers)])
    columns = ["s", "a", "c", "exponent", "nontrivial", "mean", "bar"]
    return xr.Dataset(
        {"plane": (("sum", "rate", "multiplier"), plane), "points": (("point", "column"), rows)},
        {"sum": list(POINTS), "rate": c, "multiplier": a, "column": columns},
        {"draws": draws, "widest": int(widths[-1])},
    )


@figure(
    "parametrisations",
    title="Which parametrisations learn features",
    source="yang2021tensor",
    claims=["feature-learning/abc-classification", "feature-learning/abc-exponents"],
)
def draw(data: xr.Dataset) -> Any:
    """Planes of stable parametrisations with both edges, and measured against predicted exponents."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.7))
    panels = canvas.subplots(1, 3)
    letter_panels(panels, ("$a_2+b_2$ = 1/2", "$a_2+b_2$ = 1", "on digits"))
    table = {str(name): data.points.sel(column=name).values for name in data.column.values}
    for k, s in enumerate(data["sum"].values):
        axes = panels[k]
        image = axes.pcolormesh(data.multiplier, data.rate, data.plane[k], shading="nearest", cmap=HEAT, vmin=POWERS[0],
                                vmax=POWERS[1], rasterized=True)  # fmt: skip
        low = 0.0 if s < 1 else -1.0
        corner = (1 - low) / 2
        axes.plot([(1 - HIGH[1]) / 2, corner], [HIGH[1], low], color=COLOURS[1], ls=DASHED)
        axes.plot([corner, WIDE[1]], [low, low], color=COLOURS[1], ls=DASHED if s < 1 else "-", lw=1.3 if s < 1 else 3)
        here = table["s"] == s
        axes.scatter(table["a"][here], table["c"][here], c=table["mean"][here], cmap=HEAT, vmin=POWERS[0],
                     vmax=POWERS[1], edgecolors="white", s=28, zorder=3)  # fmt: skip
        for name, a, c in NAMES[float(s)]:
            axes.annotate(name, (a, c), (-5, -3), textcoords="offset points", ha="right", va="top", fontsize=7)
        axes.text(-0.5, 0.2, "unstable", color="0.4", fontsize=7)
        axes.set(xlim=WIDE, ylim=HIGH, xlabel="multiplier $a_2$", ylabel="rate exponent c")
    for look, label in (({"ls": DASHED}, "moves as a kernel"), ({"lw": 3}, "moves by features")):
        panels[0].plot([], [], color=COLOURS[1], label=label, **look)
    panels[0].legend(loc="lower right")
    canvas.colorbar(image, ax=panels[1], label="exponent r")
    panels[2].plot(POWERS, POWERS, color="0.2", ls=DASHED)
    for k, s in enumerate(data["sum"].values):
        here = table["s"] == s
        panels[2].errorbar(table["exponent"][here], table["mean"][here], table["bar"][here], color=COLOURS[(0, 3)[k]],
                           fmt=MARKERS[k], ms=3, elinewidth=0.8, label=f"$a_2+b_2$ = {('1/2', '1')[k]}")  # fmt: skip
    panels[2].set(xlabel="exponent r", ylabel="measured exponent")
    panels[2].legend(loc="upper left")
    return canvas


def caption(data: xr.Dataset) -> str:
    """Say what edges mean, and how far measured exponents are from the predicted ones."""
    found = data.points
    far = far_dots(found.sel(column="mean"), found.sel(column="bar"), found.sel(column="exponent"))
    gap = float(np.abs(found.sel(column="mean") - found.sel(column="exponent")).max())
    return (
        "Networks with one hidden layer, shifted so that the first layer has no multiplier. (a), (b) Colour: exponent r"
        " of the change of features, n to the minus r, where the parametrisation is stable. The output moves in the "
        "limit on orange edges alone: as a kernel on dashed ones, by features on the thick one, r = 0; inside nothing "
        "moves. Discs have the colour of the measured exponent. (c) Measured exponents of the change of the "
        f"preactivations after three steps on {ROWS} digits of scikit-learn, widths 64 to {data.attrs['widest']:,}, "
        f"{data.attrs['draws']} draws, two standard errors, against r (dashed: equal): they differ by {gap:.2f} at "
        f"most; {far}. The theory is of exponents, whatever the data; how well digits are told apart it does not say."
    )
