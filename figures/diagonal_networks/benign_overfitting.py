"""Interpolating noisy labels with a sparse target: least norms, the network with a linear branch, and the LASSO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.diagonal_networks.settings import sparse_regression
from solvable.figures.dots import two_errors
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DOUBLE, MARKERS, letter_panels
from solvable.solvers import diagonal_descent, interpolator, minimum_l1, minimum_l2

if TYPE_CHECKING:
    import xarray as xr

NOISE, SPARSITY, SCALE = 0.5, 3, 1e-6
METHODS = ("least l2", "least l1", "linear branch", "LASSO")
LABELS = (r"least $\ell_2$", r"least $\ell_1$", "linear branch", "LASSO")


def _branch(X: Any, y: Any, cap: float) -> Any:
    """Limit of the network whose potential turns from a square to a norm at `cap`."""
    return interpolator(X, y, SCALE, linear_scale=2 * np.sqrt(cap / np.log(SCALE**-2))).value


def _lasso(X: Any, y: Any, cap: float) -> Any:
    from sklearn.linear_model import Lasso

    n, d = X.shape
    return Lasso(alpha=d * cap / n, fit_intercept=False, max_iter=20_000, tol=1e-6).fit(X, y).coef_


def compute(quick: bool = False) -> xr.Dataset:
    """Errors against the cap at one n, and against n at the cap sigma sqrt(2 n ln d)/d."""
    import xarray as xr

    n, d, seeds, trained = (70, 400, 4, 1) if quick else (100, 1000, 8, 1)
    caps = np.geomspace(1e-3, 0.06, 7 if quick else 14)
    sizes = (40, 60, 90, 130) if quick else (50, 75, 100, 150, 220)
    by_cap, fixed = np.empty((2, caps.size, seeds)), np.empty((2, seeds))
    dots, chosen = np.empty((4, trained)), [-7, -5, -3, -1]
    for s in range(seeds):
        X, y, target = sparse_regression(np.random.default_rng((6, s)), n, d, SPARSITY, NOISE)
        fixed[:, s] = [np.sum((beta - target) ** 2) for beta in (minimum_l2(X, y), minimum_l1(X, y).value)]
        for j, cap in enumerate(caps):
            by_cap[:, j, s] = [np.sum((solve(X, y, cap) - target) ** 2) for solve in (_branch, _lasso)]
        for j, cap in enumerate(caps[chosen] if s < trained else ()):
            branch = 2 * np.sqrt(cap / np.log(SCALE**-2))
            run = diagonal_descent(X, y, 0.03, 12_000 if quick else 30_000, SCALE, linear_scale=branch, checkpoints=2)
            dots[j, s] = np.sum((run.beta[0, -1] - target) ** 2) / np.sum((_branch(X, y, cap) - target) ** 2)
    by_size = np.empty((len(METHODS), len(sizes), seeds))
    for j, m in enumerate(sizes):
        cap = NOISE * np.sqrt(2 * m * np.log(d)) / d
        for s in range(seeds):
            X, y, target = sparse_regression(np.random.default_rng((7, j, s)), m, d, SPARSITY, NOISE)
            found = minimum_l2(X, y), minimum_l1(X, y).value, _branch(X, y, cap), _lasso(X, y, cap)
            by_size[:, j, s] = [np.sum((beta - target) ** 2) for beta in found]
    many, fine = np.array(sizes), np.geomspace(sizes[0], sizes[-1], 80)
    return xr.Dataset(
        {
            "by_cap": (("method_cap", "cap"), by_cap.mean(axis=2)),
            "by_cap_spread": (("method_cap", "cap"), two_errors(by_cap, axis=2)),
            "fixed": (("norm",), fixed.mean(axis=1)),
            "dot_cap": (("dot",), caps[chosen]),
            "dot": (("dot",), by_cap[0, chosen].mean(axis=1) * dots.mean(axis=1)),
            "by_size": (("method", "n"), by_size.mean(axis=2)),
            "by_size_spread": (("method", "n"), two_errors(by_size, axis=2)),
            "exact_l2": ("fine", SPARSITY * (1 - fine / d) + NOISE**2 * fine / (d - fine - 1)),
            "benchmark": ("fine", NOISE**2 * SPARSITY * np.log(d) / fine),
        },
        {"cap": caps, "n": many.astype(float), "fine": fine, "method": list(METHODS)},
        {"samples": n, "d": d, "seeds": seeds, "trained": trained, "gap": float(np.abs(dots - 1).max())},
    )


@figure(
    "benign-overfitting",
    title="Benign overfitting: a linear branch absorbs the noise",
    source="zhou2023implicit",
    claims=[
        "diagonal-networks/linear-branch",
        "diagonal-networks/branch-is-a-lasso",
        "diagonal-networks/branch-beats-least-l1",
        "diagonal-networks/branch-beats-least-l2",
        "diagonal-networks/branch-window",
        "diagonal-networks/least-l2-risk",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Left: error against the width of the branch; right: against the number of samples."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.7))
    left, right = canvas.subplots(1, 2, sharey=True)
    letter_panels((left, right), (f"$n={data.attrs['samples']}$", r"$\kappa=\sigma\sqrt{2n\ln d}\,/\,d$"))
    for i, colour in enumerate((COLOURS[2], COLOURS[3])):
        mean, spread = data.by_cap[i], data.by_cap_spread[i]
        left.plot(data.cap, mean, color=colour, ls="-" if i == 0 else "--")
        left.fill_between(data.cap, mean - spread, mean + spread, color=colour, alpha=0.15, lw=0)
    left.plot(data.dot_cap, data.dot, color=COLOURS[2], marker=MARKERS[2], ls="none")
    for i, name in enumerate(LABELS[:2]):
        left.axhline(float(data.fixed[i]), color=COLOURS[i], lw=1.0)
        side = ("top", "bottom")[i]  # each on the side of its line where there is room
        left.text(1e-3, float(data.fixed[i]) * (0.95, 1.15)[i], name, fontsize=7, color=COLOURS[i], va=side)
    left.set(
        xscale="log",
        yscale="log",
        xlabel=r"cap $\kappa=\lambda^2\ln(1/\alpha^2)/4$",
        ylabel=r"error $\|\beta-\beta^*\|^2$",
    )
    for i, name in enumerate(LABELS):
        right.errorbar(data.n, data.by_size[i], data.by_size_spread[i], color=COLOURS[i], marker=MARKERS[i], ls="none", lw=0.9, capsize=1.5, label=name)  # noqa: E501  # fmt: skip
    right.plot(data.fine, data.exact_l2, color=COLOURS[0])
    right.plot(data.fine, data.benchmark, color="0.4", lw=0.9, ls=":", label=r"$\sigma^2 s\,\ln d\,/\,n$")
    right.set(xscale="log", yscale="log", xlabel="samples $n$")
    right.set_ylim(top=14)
    ticks = [50, 100, 200] if data.n[-1] > 150 else [50, 100]
    right.set_xticks(ticks, [str(t) for t in ticks])
    right.minorticks_off()
    right.legend(loc="upper right", ncols=3, columnspacing=0.8)
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the best cap against the two norms."""
    a, best = data.attrs, int(np.argmin(data.by_cap.values[0]))
    (l2, l1), least, cap = data.fixed.values, data.by_cap.values[0, best], data.cap.values[best]
    return (
        f"d = {a['d']}, three ones, noise 0.5, initial scale {scientific(SCALE)}; means over {a['seeds']} data sets, "
        f"bands and bars two standard errors. (a) Solid: the network with a linear branch, at best {least:.3f} at cap "
        f"{cap:.3f}, against {l1:.3f} (least ℓ₁) and {l2:.2f} (least ℓ₂); triangles: networks trained at step 0.03 (on "
        f"{a['trained']} of the data sets, within {100 * a['gap']:.0f} %: the effect of the step); dashed: the LASSO "
        "with penalty dκ. (b) Line through the circles: the exact mean of least ℓ₂; dotted: the "
        "rate that the LASSO is known for."
    )
