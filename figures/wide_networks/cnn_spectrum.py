"""Wide convolutional networks on two patches: spectrum by sector, and errors on targets of one patch and of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from solvable.analysis.wide_networks.experiments.convolution import convolution_mode, teacher_errors
from solvable.figures.dots import distance, mean_and_bar
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHED, DOUBLE, MARKERS, entry, letter_panels
from solvable.solvers import Spectrum, convolution_exponents, convolutional_kernel, ridge_risk, torus_spectrum

if TYPE_CHECKING:
    import xarray as xr

SIZES = (2, 2)
SERIES: tuple[tuple[Literal["ntk", "rfk"], int], ...] = (("rfk", 1), ("rfk", 2), ("ntk", 1), ("ntk", 2))
TEACHERS: tuple[tuple[Literal["ntk", "rfk"], str], ...] = (
    ("ntk", "one"),
    ("ntk", "both"),
    ("rfk", "one"),
    ("rfk", "both"),
)
PATCHES = {"one": "one patch", "both": "both"}


def _student(modes: int) -> tuple[Any, Any, float]:
    """Eigenvalues of the tangent kernel, how often each occurs, and the trace that is left out."""
    values = torus_spectrum(SIZES, "ntk", modes, 4 * modes)
    twice = np.r_[1.0, np.full(modes, 2.0)]
    count = twice[:, None] * twice
    return values, count, float(convolutional_kernel([1.0, 1.0], SIZES) - np.sum(values * count))


def _power(kind: Literal["ntk", "rfk"], scale: str, modes: int, count: Any) -> Any:
    """Target power in each mode, the variance of the target being 1."""
    power = np.zeros_like(count)
    if scale == "both":
        power = np.maximum(torus_spectrum(SIZES, kind, modes, 4 * modes), 0.0) * count
    else:
        power[:, 0] = np.maximum(torus_spectrum((2,), kind, modes, 4 * modes), 0.0) * count[:, 0]
    return np.asarray(power / power.sum())


def compute(quick: bool = False) -> xr.Dataset:
    """Frequencies 8 to 64 (128 in full); 6 training sets up to 512 points (24 up to 1,024)."""
    import xarray as xr

    frequency = np.array([8, 16, 32, 64] if quick else [8, 16, 32, 64, 128])
    modes = [[convolution_mode(kind, int(k), sector) for k in frequency] for kind, sector in SERIES]
    decay = [convolution_exponents(kind, "rfk", SIZES, sector).sector for kind, sector in SERIES]
    trials, n = (6, np.array([32, 64, 128, 256, 512])) if quick else (24, np.array([32, 64, 128, 256, 512, 1024]))
    draws = np.array([teacher_errors(np.random.default_rng(t), TEACHERS, tuple(n.tolist())) for t in range(trials)])
    mean, bar = mean_and_bar(draws)
    highest = 256 if quick else 512
    values, count, tail = _student(highest)
    lines = np.empty(mean.shape)
    for i, (kind, scale) in enumerate(TEACHERS):
        spectrum = Spectrum(values.ravel(), _power(kind, scale, highest, count).ravel(), count.ravel())
        lines[i] = ridge_risk(spectrum, n, tail).test
    beta = [convolution_exponents("ntk", kind, SIZES, 1 if scale == "one" else 2).error for kind, scale in TEACHERS]
    names = [f"{kind.upper()}, {PATCHES[scale]}" for kind, scale in TEACHERS]
    return xr.Dataset(
        {
            "modes": (("series", "frequency"), modes), "decay": ("series", decay), "beta": ("teacher", beta),
            "framework": (("teacher", "n"), lines), "measured": (("teacher", "n"), mean),
            "error": (("teacher", "n"), bar),
        },
        {"series": [f"{kind.upper()}, sector {sector}" for kind, sector in SERIES], "teacher": names,
         "frequency": frequency.astype(float), "n": n.astype(float)},
        {"trials": trials, "modes": highest},
    )  # fmt: skip


@figure(
    "cnn-spectrum-and-error",
    title="Wide convolutional networks adapt to the scale of their target",
    source="cagnetta2023wide",
    claims=["wide-networks/cnn-sector-decay", "wide-networks/cnn-adapts-to-scale",
            "wide-networks/cnn-borderline-target-is-slow"],
)  # fmt: skip
def draw(data: xr.Dataset) -> Any:
    """Left: eigenvalues of two kernels in both sectors. Right: errors, eigenframework and predicted slopes."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 3.2))
    panels = canvas.subplots(1, 2)
    letter_panels(panels, ("eigenvalues", "error of the tangent kernel"))
    norm = data.frequency.values
    for i, label in enumerate(data.series.values):
        length = norm * (2**0.5 if "2" in str(label) else 1)
        value = data.modes.values[i]
        panels[0].plot(length, value[-1] * (length / length[-1]) ** -float(data.decay[i]), color=COLOURS[i], ls=DASHED)
        panels[0].plot(length, value, color=COLOURS[i], marker=MARKERS[i], ls="none", ms=3)
        entry(panels[0], i, str(label), ms=3, ls=DASHED)
    for i, label in enumerate(data.teacher.values):
        panels[1].plot(data.n, data.framework[i], color=COLOURS[i], lw=0.9)
        slope = data.measured.values[i, -1] * (data.n.values / data.n.values[-1]) ** -float(data.beta[i])
        panels[1].plot(data.n, slope, color=COLOURS[i], ls=DASHED)
        panels[1].errorbar(
            data.n, data.measured[i], data.error[i], color=COLOURS[i], fmt=MARKERS[i], ms=3, elinewidth=0.8
        )
        entry(panels[1], i, str(label), ms=3)
    for axes, name, ticks in ((panels[0], r"frequency $\|k\|$", (10, 20, 50, 100)), (panels[1], "training samples $n$",
                                                                                    (50, 100, 200, 500))):  # fmt: skip
        axes.set(xscale="log", yscale="log", xlabel=name)
        axes.set_xticks(ticks, [str(t) for t in ticks])
        axes.xaxis.minorticks_off()
        axes.legend(loc="lower left")
    panels[0].set(ylabel=r"eigenvalue $\Lambda_k$")
    panels[1].set(ylabel="test error", ylim=(float(data.measured.min()) / 30, 1.0))
    return canvas


def caption(data: xr.Dataset) -> str:
    """State exponents against those predicted, and the distance of the eigenframework."""
    last = np.log2(data.modes.values[:, -2] / data.modes.values[:, -1])
    modes = ", ".join(f"{name} {got:.2f} (predicted {want:g})" for name, got, want in
                      zip(data.series.values, last, data.decay.values, strict=True))  # fmt: skip
    logs = np.log(data.measured.values)
    slopes = (logs[:, 1] - logs[:, -1]) / np.log(data.n.values[-1] / data.n.values[1])
    errors = ", ".join(f"{name} {got:.2f} ({want:g})" for name, got, want in
                       zip(data.teacher.values, slopes, data.beta.values, strict=True))  # fmt: skip
    gap = 100 * distance(data.framework.values, data.measured.values)
    return (
        "Two patches on circles, a tree of two layers. (a) Dots: Fourier sums over the kernel; dashed: the predicted "
        f"power. Exponents over the last octave: {modes}. (b) Targets drawn from a kernel of one patch or of both, no "
        f"ridge, no noise; dots: {data.attrs['trials']} training sets, two standard errors; dashed: predicted powers "
        "through the last dot; solid: eigenframework, modes left out added to the ridge. Exponents from n = "
        f"{data.n.values[1]:g} on: {errors}; the third "
        "is at the edge of saturation and still below. The eigenframework has the slopes, and misses by "
        f"{gap.min():.0f} to {gap.max():.0f} %: the inputs have two dimensions."
    )
