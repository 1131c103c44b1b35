"""What zero imputation costs: the bias against dimension and against the share of entries seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.imputation.experiments import bias_draw
from solvable.analysis.imputation.settings import covariance, leading_target
from solvable.figures.dots import distance, two_errors
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import imputation_bias

if TYPE_CHECKING:
    import xarray as xr

NAMES = ("equal-4", "factor-5", "spiked", "autoregressive", "isotropic")
LABELS = ("rank 4, equal eigenvalues", "rank 5, random factors", "one spike, half the variance", "autoregressive 0.7",
          "isotropic")  # fmt: skip
OBSERVED = 0.5


def compute(quick: bool = False) -> xr.Dataset:
    """Bias in d = 4 ... 256 (512 in full), label variance one; dots from fits on 4,000 imputed rows (40,000)."""
    import xarray as xr

    rng, count, trials = np.random.default_rng(0), 4000 if quick else 40_000, 4 if quick else 8
    d = 2 ** np.arange(2, 9 if quick else 10)
    places = np.array([8, 16, 32, 128])
    rho = np.linspace(0.02, 1, 50)
    lines, shares = np.empty((5, d.size)), np.empty((5, rho.size))
    dots = np.empty((5, places.size, trials))
    for i, name in enumerate(NAMES):
        for j, size in enumerate(d.tolist()):
            sigma = covariance(name, size)
            lines[i, j] = imputation_bias(sigma, leading_target(sigma), OBSERVED)
        sigma = covariance(name, 64)
        shares[i] = imputation_bias(sigma, leading_target(sigma), rho)
        for j, size in enumerate(places.tolist()):
            dots[i, j] = [bias_draw(rng, size, name, OBSERVED, count, leading=True) for _ in range(trials)]
    return xr.Dataset(
        {
            "bias": (("name", "d"), lines),
            "share": (("name", "observed"), shares),
            "measured": (("name", "place"), dots.mean(axis=-1)),
            "error": (("name", "place"), two_errors(dots)),
        },
        {"name": list(LABELS), "d": d.astype(float), "observed": rho, "place": places.astype(float)},
        {"count": count, "trials": trials, "seen": OBSERVED},
    )


@figure(
    "imputation-bias",
    title="Zero imputation costs nothing for low-rank inputs in high dimension",
    source="ayme2023naive",
    claims=["imputation/low-rank-bias", "imputation/low-rank-rate", "imputation/isotropic-bias"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: against dimension. Right: against the share of entries seen."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.8))
    left, right = canvas.subplots(1, 2)
    letter_panels((left, right), (rf"$\rho={data.attrs['seen']:g}$", "$d=64$"))
    for i, label in enumerate(data.name.values):
        left.plot(data.d, data.bias[i], color=COLOURS[i])
        entry(left, i, label, ms=3)
        left.errorbar(
            data.place, data.measured[i], data.error[i], color=COLOURS[i], fmt=MARKERS[i], ms=3, elinewidth=0.8
        )
        right.plot(data.observed, data.share[i], color=COLOURS[i], marker=MARKERS[i], markevery=(2 * i, 12), ms=3)
    left.set(xscale="log", yscale="log", xlabel="dimension $d$", ylabel="imputation bias", ylim=(1e-3, 1))
    right.set(xlabel=r"probability to see an entry $\rho$", ylabel="imputation bias", xlim=(0, 1), ylim=(0, 1))
    left.legend(loc="lower left")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the measured rate and agreement."""
    half = data.d.values >= 16
    rates = [np.polyfit(np.log(data.d.values[half]), np.log(row[half]), 1)[0] for row in data.bias.values]
    columns = [int(np.argmin(np.abs(data.d.values - p))) for p in data.place.values]
    gap = np.max(distance(data.measured.values, data.bias.values[:, columns]))
    text = "; ".join(f"{name}: {rate:.2f}" for name, rate in zip(data.name.values, rates, strict=True))
    return (
        "Target along the leading direction, label variance 1, unit variances of the inputs. (a) Exponents in d from "
        f"16 on ({text}). (b) The same covariances against the share ρ of entries seen, theory only. Dots: least "
        f"squares on {data.attrs['count']:,} imputed rows with the leading variance removed, {data.attrs['trials']} "
        f"runs, two standard errors; largest distance from a line {100 * gap:.1f} %."
    )
