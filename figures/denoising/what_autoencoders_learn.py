"""What a denoising autoencoder learns: the score, as its noise vanishes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.denoising.experiments.densities import density, regressed_score, score
from solvable.figures.dots import mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, HEAT, MARKERS, entry, letter_panels
from solvable.solvers import mixture_denoiser

if TYPE_CHECKING:
    import xarray as xr

NOISES = (0.5, 0.1, 0.02)
LINE = np.array([0.3, 0.7]), np.array([[-1.0], [1.0]]), np.array([[[0.25]], [[0.49]]])
PLANE = (
    np.array([0.4, 0.35, 0.25]),
    np.array([[-1.2, 0.0], [1.0, 0.9], [0.8, -1.2]]),
    np.array([[[0.25, 0.1], [0.1, 0.4]], [[0.4, -0.15], [-0.15, 0.2]], [[0.15, 0.0], [0.0, 0.15]]]),
)


def _reconstructed(x: Any, noise2: float) -> Any:
    return (mixture_denoiser(x[:, None], *LINE, noise2).estimate[:, 0] - x) / noise2


def compute(quick: bool = False) -> xr.Dataset:
    """Reconstructions regressed on 8 draws of 400,000 noisy points (40 in full)."""
    import xarray as xr

    trials, rng = 8 if quick else 40, np.random.default_rng(0)
    line, place = np.linspace(-2.6, 2.8, 181), np.linspace(-2.2, 2.4, 12)
    dots = np.array([[regressed_score(rng, s, place) for s in NOISES] for _ in range(trials)])
    mean, bar = mean_and_bar(dots)
    fine, coarse = np.linspace(-3, 3, 121), np.linspace(-2.6, 2.6, 14)
    arrows = np.stack(np.meshgrid(coarse, coarse), axis=-1)
    return xr.Dataset(
        {
            "score": ("x", [float(score(*LINE, np.array([x]), 0.0)[0]) for x in line]),
            "theory": (("noise", "x"), np.array([_reconstructed(line, s) for s in NOISES])),
            "predicted": (("noise", "place"), np.array([_reconstructed(place, s) for s in NOISES])),
            "measured": (("noise", "place"), mean),
            "error": (("noise", "place"), bar),
            "density": (("up", "across"), density(*PLANE, np.stack(np.meshgrid(fine, fine), axis=-1))),
            "arrow": (("row", "column", "part"), mixture_denoiser(arrows, *PLANE, 0.1).estimate - arrows),
        },
        {"noise": list(NOISES), "x": line, "place": place, "up": fine, "across": fine, "row": coarse,
         "column": coarse},
        {"trials": trials},
    )  # fmt: skip


@figure(
    "what-autoencoders-learn",
    title="A denoising autoencoder points up the density",
    source="alain2014regularized",
    claims=["denoising/tweedie", "denoising/score-error-is-noise-variance"],
)
def draw(data: xr.Dataset) -> Any:
    """Left: where a denoiser moves points of the plane. Right: its displacement over the noise variance."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.9))
    left, right = canvas.subplots(1, 2)
    letter_panels((left, right), ("displacement over the density", "displacement over $\\sigma^2$"))
    image = left.contourf(data.across, data.up, data.density, 12, cmap=HEAT)
    left.quiver(data.column, data.row, data.arrow[..., 0], data.arrow[..., 1], color="white", width=0.005)
    canvas.colorbar(image, ax=left, label="density", pad=0.02)
    right.plot(data.x, data.score, color="black", ls="--", label="score of the clean density")
    for i, s in enumerate(data.noise.values):
        right.plot(data.x, data.theory[i], color=COLOURS[i])
        right.errorbar(data.place, data.measured[i], data.error[i], color=COLOURS[i], fmt=MARKERS[i], ms=3,
                       elinewidth=0.8)  # fmt: skip
        entry(right, i, rf"$\sigma^2={s:g}$", ms=3)
    left.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal", xlim=(-2.8, 2.8), ylim=(-2.8, 2.8))
    right.set(xlabel="$x$", ylabel="$(r(x)-x)/\\sigma^2$", ylim=(-5, 7.5))
    right.legend(loc="upper right")
    return canvas


def caption(data: xr.Dataset) -> str:
    """State how far the displacement is from the clean score, and the dots from the lines."""
    miss = [float(np.abs(data.theory[i] - data.score).max()) for i in range(len(NOISES))]
    off = float(np.max(np.abs(data.measured - data.predicted) / data.error)) * 2
    return (
        "(a) Where the best denoiser of noise variance 0.1 moves points of three mixed Gaussians: up the density "
        "(shaded). "
        "(b) Displacement over the noise variance, mixture of two on a line. Lines: the closed form; dots: mean clean "
        f"points of noisy ones within 0.05 of a place, {data.attrs['trials']} draws of 400,000, two standard errors, "
        f"up "
        f"to {off:.1f} standard errors off for the width of the place. It misses the score of the clean density by "
        f"up to {miss[0]:.2f}, "
        f"{miss[1]:.2f} and {miss[2]:.2f}: in proportion to the variance once that is small."
    )
