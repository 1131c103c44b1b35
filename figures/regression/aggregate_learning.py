"""Learning from bags: excess error against the mixture, the best bag under privacy, and diabetes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.regression.experiments.bags import bag_excess, diabetes_error
from solvable.analysis.regression.settings import diabetes
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import Spectrum, aggregate_risk, optimal_bag, optimal_ridge, ridge_risk

if TYPE_CHECKING:
    import xarray as xr

ROWS, D, BAGS, NOISE = 240, 30, (2, 4, 6), 0.25
PLACES = np.array([0.02, 0.1, 0.5, 2.0])
PRIVATE_ROWS, PRIVATE_D, PRIVACY = 1200, 40, np.array([1.0, 5.0, 25.0, 125.0])
REAL_ROWS, REAL_BAGS = 352, (2, 8, 16)


def _ridge(privacy: float) -> float:
    """Excess of the best ridge on single private labels."""
    spectrum = Spectrum(np.ones(PRIVATE_D), np.full(PRIVATE_D, 1 / PRIVATE_D))
    best = optimal_ridge(spectrum, PRIVATE_ROWS, NOISE + privacy)
    return float(ridge_risk(spectrum, PRIVATE_ROWS, best.value, NOISE + privacy).excess)


def _unread() -> float:
    """Noise of the diabetes labels that a linear fit to all rows leaves, with its degrees of freedom."""
    X, y = diabetes()
    left = y - X @ np.linalg.lstsq(X, y)[0]
    return float(left @ left / (len(y) - X.shape[1] - 1))


def compute(quick: bool = False) -> xr.Dataset:
    """Dots over 30 fits (200 in full)."""
    import xarray as xr

    rng, trials = np.random.default_rng(0), 30 if quick else 200
    rho = np.geomspace(0.01, 4, 60)
    line = np.array([aggregate_risk(ROWS, D, k, rho, NOISE).excess for k in BAGS])
    reached = np.array([aggregate_risk(ROWS, D, k, PLACES, NOISE).excess for k in BAGS])
    dots = np.array(
        [[[bag_excess(rng, ROWS, D, k, r, NOISE, 0.0) for r in PLACES] for k in BAGS] for _ in range(trials)]
    )
    levels = np.geomspace(0.3, 300, 25)
    best = [optimal_bag(PRIVATE_ROWS, PRIVATE_D, NOISE, privacy_variance=t) for t in levels]
    tuned = [optimal_bag(PRIVATE_ROWS, PRIVATE_D, NOISE, privacy_variance=t) for t in PRIVACY]
    pairs = list(zip(tuned, PRIVACY, strict=True))
    sizes = (PRIVATE_ROWS, PRIVATE_D)
    private = [[bag_excess(rng, *sizes, b.bag, b.rho, NOISE, t) for b, t in pairs] for _ in range(trials)]
    noise = _unread()
    real = np.array([[diabetes_error(rng, k, PLACES) for k in REAL_BAGS] for _ in range(2 * trials)])
    told = np.array([aggregate_risk(REAL_ROWS, 10, k, rho, noise, 1 - noise).test for k in REAL_BAGS])
    at = np.array([aggregate_risk(REAL_ROWS, 10, k, PLACES, noise, 1 - noise).test for k in REAL_BAGS])
    (mean, bar), (middle, spread), (found, error) = map(mean_and_bar, (dots, private, real))
    return xr.Dataset(
        {
            "theory": (("bag", "rho"), line),
            "reached": (("bag", "place"), reached),
            "measured": (("bag", "place"), mean),
            "bar": (("bag", "place"), bar),
            "single": ("level", [b.excesses[0] for b in best]),
            "tuned": ("level", [b.excess for b in best]),
            "ridge": ("level", [_ridge(t) for t in levels]),
            "tuned_at": ("privacy", [b.excess for b in tuned]),
            "private": ("privacy", middle),
            "spread": ("privacy", spread),
            "patients": (("real_bag", "place"), found),
            "real_bar": (("real_bag", "place"), error),
            "real_theory": (("real_bag", "rho"), told),
            "real_at": (("real_bag", "place"), at),
        },
        {
            "bag": list(BAGS),
            "rho": rho,
            "place": PLACES,
            "level": levels,
            "privacy": PRIVACY,
            "best_bag": ("privacy", [b.bag for b in tuned]),
            "real_bag": list(REAL_BAGS),
        },
        {"trials": trials, "noise": noise},
    )


@figure(
    "aggregate-learning",
    title="Bags of responses: a mixture of both losses is best, and privacy asks for shrinkage",
    source="javanmard2024learning",
    claims=[
        "regression/aggregate-bias",
        "regression/aggregate-variance",
        "regression/best-mixture-beats-both",
        "regression/best-bag-under-privacy",
        "regression/ridge-beats-the-best-bag",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Left: excess against the mixture. Middle: against privacy noise. Right: test error on diabetes."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.5))
    left, middle, right = canvas.subplots(1, 3)
    letter_panels((left, middle, right), ("Gaussian rows", "under privacy noise", "diabetes"))
    for axes, sizes, line, mean, bar in (
        (left, data.bag, data.theory, data.measured, data.bar),
        (right, data.real_bag, data.real_theory, data.patients, data.real_bar),
    ):
        for i, size in enumerate(sizes.values):
            axes.plot(data.rho, line[i], color=COLOURS[i])
            entry(axes, i, f"$k={size}$", ms=3)
            axes.errorbar(data.place, mean[i], bar[i], color=COLOURS[i], fmt=MARKERS[i], ms=3, elinewidth=0.8)
        axes.set(xscale="log", xlabel=r"mixture $\rho$")
        axes.legend()
    middle.plot(data.level, data.single, color="0.4", label="single rows")
    middle.plot(data.level, data.tuned, color=COLOURS[0])
    middle.plot(data.level, data.ridge, color=COLOURS[1], ls=DASHED, label="ridge, single rows")
    entry(middle, 0, "best bag", ms=3)
    middle.errorbar(data.privacy, data.private, data.spread, color=COLOURS[0], fmt=MARKERS[0], ms=3, elinewidth=0.8)
    left.set(yscale="log", ylabel="excess error", ylim=(0.03, 1.5))
    middle.set(xscale="log", yscale="log", xlabel=r"privacy noise $\tau^2$", ylabel="excess error", ylim=(0.008, 30))
    middle.legend(loc="upper left")
    right.set(ylabel="test error", ylim=(0.48, 1.1))
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the measured agreement."""
    gap = 100 * float(np.max(distance(data.measured.values, data.reached.values)))
    private = 100 * float(np.max(distance(data.private.values, data.tuned_at.values)))
    real = 100 * float(np.max(distance(data.patients.values, data.real_at.values)))
    return (
        "Linear regression from the mean responses of bags of k rows. (a) Excess error against ρ, which mixes the "
        "loss of the "
        f"bags (0) and of the instances (1); {ROWS} rows, d = {D}, noise {NOISE}; dots: {data.attrs['trials']} fits, "
        "two "
        f"standard errors, largest distance from a line {gap:.1f} %. (b) With privacy noise τ² on each label, "
        f"{PRIVATE_ROWS:,} rows, "
        f"d = {PRIVATE_D}: single rows, the best bag (of {', '.join(map(str, data.best_bag.values))} rows at the "
        "dots, within "
        f"{private:.1f} %), and ridge regression on single rows, which is better still: the gain is shrinkage. (c) "
        "Diabetes, "
        f"{REAL_ROWS} rows in random bags, 90 to test, labels in units of their variance. The lines take Gaussian "
        "rows with the "
        f"data's linear share, {1 - data.attrs['noise']:.2f} of the variance; they are not those of the data, and "
        "the dots lie "
        f"within {real:.1f} % of them."
    )
