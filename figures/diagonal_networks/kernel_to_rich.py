"""From the kernel to the rich regime: what gradient flow interpolates with, against the initial scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.diagonal_networks.experiments.flows import flow_limit
from solvable.analysis.diagonal_networks.settings import sparse_regression
from solvable.figures.dots import two_errors
from solvable.figures.numerals import scientific
from solvable.figures.registry import figure
from solvable.figures.style import COLOURS, DASHES, DOUBLE, MARKERS, letter_panels
from solvable.solvers import interpolator, minimum_l1, minimum_l2

if TYPE_CHECKING:
    import xarray as xr

DEPTHS = (2, 3, 4)
# scales at which the flow is integrated: deep flows from small scales take forever to start
FLOWS = ((0.01, 0.05, 0.2, 0.6, 2.0), (0.05, 0.12, 0.3, 0.8, 2.0), (0.15, 0.25, 0.4, 0.8, 2.0))


def compute(quick: bool = False) -> xr.Dataset:
    """Sparse regression with a little noise: errors and norms, means over data sets."""
    import xarray as xr

    n, d, sparsity = 40, 100, 5
    seeds, flows = (4, 1) if quick else (20, 4)
    scales = np.geomspace(1e-4, 10, 61)
    error, l1, l2 = (np.empty((len(DEPTHS), scales.size, seeds)) for _ in range(3))
    ends = np.empty((3, 2, seeds))  # error, l1 norm and squared l2 norm of the two limits
    dots = np.empty((len(DEPTHS), 5, flows))
    gap = 0.0
    for s in range(seeds):
        X, y, target = sparse_regression(np.random.default_rng((0, s)), n, d, sparsity, 0.1 * sparsity**0.5)
        target, y = target / sparsity**0.5, y / sparsity**0.5
        for k, beta in enumerate((minimum_l1(X, y).value, minimum_l2(X, y))):
            ends[:, k, s] = np.sum((beta - target) ** 2), np.abs(beta).sum(), np.sum(beta**2)
        for i, depth in enumerate(DEPTHS):
            for j, scale in enumerate(scales):
                beta = interpolator(X, y, scale, depth).value
                error[i, j, s], l1[i, j, s], l2[i, j, s] = (
                    np.sum((beta - target) ** 2), np.abs(beta).sum(), np.sum(beta**2))  # fmt: skip
            for j, scale in enumerate(FLOWS[i] if s < flows else ()):
                beta = flow_limit(X, y, scale, depth)
                dots[i, j, s] = np.abs(beta).sum() / ends[1, 0, s] - 1
                gap = max(gap, float(np.abs(beta - interpolator(X, y, scale, depth).value).max()))
    return xr.Dataset(
        {
            "error": (("depth", "scale"), error.mean(axis=2)),
            "spread": (("depth", "scale"), two_errors(error, axis=2)),
            "excess_l1": (("depth", "scale"), (l1 / ends[1, 0] - 1).mean(axis=2)),
            "excess_l2": (("depth", "scale"), (l2 / ends[2, 1] - 1).mean(axis=2)),
            "flow_line": (("depth", "scale"), (l1 / ends[1, 0] - 1)[..., :flows].mean(axis=2)),
            "flow": (("depth", "dot"), dots.mean(axis=2)),
            "flow_scale": (("depth", "dot"), [list(f) for f in FLOWS]),
            "limits": (("norm",), ends[0].mean(axis=1)),
        },
        {"scale": scales, "depth": list(DEPTHS)},
        {"n": n, "d": d, "sparsity": sparsity, "seeds": seeds, "flows": flows, "gap": gap},
    )


@figure(
    "kernel-to-rich",
    title="From the kernel to the rich regime of a diagonal network",
    source="woodworth2020kernel",
    claims=[
        "diagonal-networks/flow-is-interpolator",
        "diagonal-networks/kernel-limit",
        "diagonal-networks/smaller-scales-are-sparser",
        "diagonal-networks/deeper-is-sparser",
    ],
)
def draw(data: xr.Dataset) -> Any:
    """Left: error; middle and right: excess norms. Lines by depth, dots integrated flows."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(DOUBLE, 2.4))
    left, middle, right = canvas.subplots(1, 3)
    letter_panels((left, middle, right))
    for i, depth in enumerate(data.depth.values):
        style = {"color": COLOURS[i], "ls": DASHES[i], "label": f"depth {depth}"}
        left.plot(data.scale, data.error[i], **style)
        left.fill_between(
            data.scale,
            data.error[i] - data.spread[i],
            data.error[i] + data.spread[i],
            color=COLOURS[i],
            alpha=0.15,
            lw=0,
        )
        middle.plot(data.scale, data.flow_line[i], **style)
        middle.plot(data.flow_scale[i], data.flow[i], color=COLOURS[i], marker=MARKERS[i], ls="none")
        right.plot(data.scale, data.excess_l2[i], **style)
    for value, text, x, side in zip(data.limits.values, (1, 2), (10, 1.2e-4), ("right", "left"), strict=True):
        left.axhline(value, color="0.5", lw=0.8, ls=":")
        left.text(x, value * 1.04, rf"least $\ell_{text}$", fontsize=7, color="0.3", ha=side, va="bottom")
    left.set(xscale="log", yscale="log", ylabel=r"error $\|\beta-\beta^*\|^2$")
    middle.set(xscale="log", yscale="log", ylim=(1e-5, 2), ylabel=r"excess $\ell_1$ norm")
    right.set(xscale="log", yscale="log", ylim=(1e-5, 2), ylabel=r"excess squared $\ell_2$ norm")
    right.legend(loc="lower left")
    for axes in (left, middle, right):
        axes.set_xlabel(r"initial scale $\alpha$")
        axes.set_xlim(1e-4, 10)
        axes.set_xticks([1e-4, 1e-2, 1, 10**1], ["$10^{-4}$", "$10^{-2}$", "$1$", "$10$"])
        axes.minorticks_off()
    return canvas


def caption(data: xr.Dataset) -> str:
    """State the errors of both ends and how far the flows are from the theory."""
    low, high = data.limits.values
    best = data.error.values.min()
    a = data.attrs
    return (
        f"Sparse regression, n = {a['n']}, d = {a['d']}, {a['sparsity']} nonzeros, noise 0.1; means over {a['seeds']} "
        f"data sets. (a) Bands: two standard errors. The error goes from {high:.3f} (least ℓ₂) to {low:.3f} (least "
        f"ℓ₁), at best {best:.3f}; deeper networks get there from larger scales. (b) Dots, "
        f"squares and triangles: gradient flow integrated on "
        f"{a['flows']} of the data sets, each line in that panel on the same ones; largest deviation of a coefficient "
        f"{scientific(a['gap'])}. (c) Excess over the least ℓ₂ norm, which large scales reach."
    )
