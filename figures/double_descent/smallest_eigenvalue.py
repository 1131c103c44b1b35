"""The smallest eigenvalue at k = n: its law, and the time gradient descent needs to see the peak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.double_descent.experiments.descent import half_time_draw
from solvable.figures.dots import far_dots, two_errors
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, MARKERS, letter_panels
from solvable.solvers import isotropic_flow_risk, smallest_eigenvalue_cdf, smallest_eigenvalue_quantile

if TYPE_CHECKING:
    import xarray as xr

SIZES = (4, 60)


def compute(quick: bool = False) -> xr.Dataset:
    """Samples of the eigenvalue at two sizes, half times for n = 8 ... 64 (128 in full), variance against time."""
    import xarray as xr

    rng = np.random.default_rng(0)
    count = 600 if quick else 4000
    least = np.empty((2, count))
    for i, n in enumerate(SIZES):
        X = rng.standard_normal((count, n, n))
        least[i] = np.sort(n * np.linalg.svd(X, compute_uv=False)[:, -1] ** 2)
    n_half = np.array([8, 16, 32, 64] if quick else [8, 16, 32, 64, 128])
    half = np.array([[half_time_draw(rng, int(n)) for _ in range(10 if quick else 24)] for n in n_half])
    times = np.geomspace(0.1, 1e6, 60)
    limit = isotropic_flow_risk(1.0, times, 1.0).variance
    finite = np.empty((3, times.size))
    for i, n in enumerate((10, 30, 100)):
        s = np.linalg.svd(rng.standard_normal((40 if quick else 200, n, n)) / np.sqrt(n), compute_uv=False) ** 2
        finite[i] = [np.median(np.sum(np.expm1(-t * s) ** 2 / s, axis=1) / n) for t in times]
    x = np.geomspace(1e-3, 20, 200)
    return xr.Dataset(
        {
            "law": ("x", smallest_eigenvalue_cdf(x)),
            "least": (("size", "draw"), least),
            "law_at": (("size", "draw"), smallest_eigenvalue_cdf(least)),
            "half": ("n_half", half.mean(axis=1)),
            "half_error": ("n_half", two_errors(half, axis=1)),
            "limit": ("time", limit),
            "finite": (("n", "time"), finite),
        },
        {"x": x, "size": list(SIZES), "n_half": n_half.astype(float), "time": times, "n": [10, 30, 100]},
        {"count": count, "median": float(smallest_eigenvalue_quantile(0.5))},
    )


@figure(
    "smallest-eigenvalue-law",
    title="The smallest eigenvalue at the peak sets the time to see it",
    source="edelman1988eigenvalues",
    claims=["double-descent/smallest-eigenvalue", "double-descent/time-to-see-the-peak"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: the law. Middle: variance against time at k = n. Right: the time to half of it."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.4))
    left, middle, right = canvas.subplots(1, 3)
    letter_panels((left, middle, right))
    count = data.sizes["draw"]
    for i, n in enumerate(data["size"].values):
        left.step(data.least[i], (np.arange(count) + 0.5) / count, color=COLOURS[4 + i], lw=1.0, label=f"$n={n}$")
    left.plot(data.x, data.law, color="black", lw=0.9, ls=DASHED, label="limiting law")
    left.set(xscale="log", xlim=(1e-3, 20), xlabel=r"$n\,\lambda_{\min}(X^TX)$", ylabel="cumulative probability")
    left.legend(loc="upper left")
    for i, n in enumerate(data.n.values):
        middle.plot(
            data.time,
            data.finite[i],
            color=COLOURS[i],
            marker=MARKERS[i],
            markevery=(3 * i, 9),
            ms=3,
            label=f"$k=n={n}$",
        )
    middle.plot(data.time, data.limit, color="black", lw=0.9, ls=DASHED, label=r"$n\to\infty$")
    middle.set(xscale="log", yscale="log", xlabel="time of gradient flow", ylabel=r"variance / $\sigma^2$")
    middle.set_ylim(1e-3, 1e3)
    middle.legend(loc="lower right")
    right.errorbar(data.n_half, data.half, data.half_error, fmt="o", color=COLOURS[0], elinewidth=0.8)
    right.plot(data.n_half, _squares(data), color="0.4", lw=0.9, label=r"$\propto n^2$")
    right.set(xscale="log", yscale="log", xlabel="$k=n$", ylabel="time to half the variance")
    right.set_xticks(data.n_half.values, [f"{n:.0f}" for n in data.n_half.values])
    right.minorticks_off()
    right.legend(loc="upper left")
    return canvas


def _squares(data: xr.Dataset) -> Any:
    """A multiple of n² with the geometric mean of the measured times."""
    squares = data.n_half.values**2
    return squares * np.exp(np.mean(np.log(data.half.values / squares)))


def caption(data: xr.Dataset) -> str:
    """State the fitted exponent and the distance of the law from the samples."""
    slope = np.polyfit(np.log(data.n_half.values), np.log(data.half.values), 1)[0]
    grid = (np.arange(data.sizes["draw"]) + 0.5) / data.sizes["draw"]
    gap = np.max(np.abs(data.law_at.values[1] - grid))
    growth = np.polyfit(np.log(data.time.values[-20:]), np.log(data.limit.values[-20:]), 1)[0]
    return (
        f"Square Gaussian designs. (a) {data.attrs['count']:,} draws at each n; at n = 60 the largest distance from "
        f"the limiting law is {gap:.3f}. (b) Medians over designs follow the limit, which grows as time to the power "
        f"{growth:.2f}, until time n², then stay at least squares. (c) Geometric mean of the time at which half of the "
        f"variance is there, two standard errors; fitted exponent {slope:.2f}. The line has exponent 2 and the "
        f"mean height of the dots; {far_dots(data.half, data.half_error, _squares(data))}."
    )
