"""Claims about inference: scale mixtures, deep kernel machines, duals in function space, shortcuts."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np

from solvable.analysis.verification.claim import Claim, Kind, Source, cells
from solvable.analysis.wide_networks.experiments import deep_gp
from solvable.analysis.wide_networks.experiments import inference as experiments
from solvable.analysis.wide_networks.settings import DOMAIN
from solvable.solvers import (
    dual_parameters,
    kernel_machine,
    linear_kernel_machine,
    predict_from_duals,
    sparse_duals,
    student_process,
    trained_ensemble,
)

__all__ = ["INFERENCE_CLAIMS"]

claim = partial(Claim, domain=DOMAIN)

_MIXTURE = Source("lee2021scale", "setting; derived in docs/theory/wide_networks.md")
_MACHINE = Source("yang2023theory", "objective; geodesic derived in docs/theory/wide_networks.md")
_DUALS = Source("scannell2024function", "formulas of the authors' code, docs/theory/wide_networks.md")
_SHORTCUT = Source("hermann2024foundations", "setting as recalled, docs/theory/wide_networks.md")
_PLACES = np.array([-3.0, -0.8, 0.3, 2.0])  # where distribution functions are compared, from the mean


def _blocks() -> tuple[Any, Any, Any, Any]:
    K, y = experiments.small_problem()
    return K[:6, :6], y, K[6:, :6], K[6:, 6:]


def _student(a: float, b: float) -> Any:
    from scipy.stats import t

    found = student_process(*_blocks(), a=a, b=b)
    return np.array([found.variance[0, 0], *t.cdf(_PLACES / np.sqrt(found.scale[0, 0]), found.degrees)])


def _tail(a: float, b: float) -> float:
    from scipy.stats import t

    return float(2 * t.sf(2, trained_ensemble(*_blocks(), a=a, b=b).degrees))


@cache
def _machine(layer: int, layers: int) -> float:
    labels = np.sqrt(3) * np.linalg.cholesky(np.array(deep_gp.LABEL_GRAM))  # three outputs, widths three
    found = kernel_machine(deep_gp.INPUT_GRAM, labels, layers, "identity", 3.0, deep_gp.NOISE)
    return float(found.grams[layer - 1, 0, 0])


def _from_duals(kernel: Any, labels: Any, values: Any, batches: list[slice], inducing: Any, noise: float) -> Any:
    total: Any = None
    for batch in batches:
        alpha, beta = dual_parameters(values[batch], labels[batch], "gaussian", noise)
        part = sparse_duals(kernel[inducing, batch], alpha, beta, values[batch])
        total = part if total is None else total + part
    return np.array(
        [*predict_from_duals(kernel[inducing, inducing], total, kernel[-4:, inducing], np.diag(kernel)[-4:])]
    )


INFERENCE_CLAIMS = (
    claim(
        "wide-networks/student-process",
        "With a readout variance of inverse Γ law the posterior is a Student law of 2a + n degrees of freedom, its "
        "variance (2b + Q)/(2a + n − 2) times the Gaussian one.",
        source=_MIXTURE,
        kind=Kind.NUMERICAL,
        predict=lambda a, b: _student(a, b),
        measure=lambda rng, a, b: experiments.mixture_posterior(a, b, _PLACES),
        grid=cells("a b", [(2.5, 1.5), (0.7, 0.5)]),
        tolerance=1e-8,
        reason="a sum over 40,001 scales",
    ),
    claim(
        "wide-networks/degrees-of-freedom",
        "Trained networks keep the 2a degrees of freedom of the prior, where the posterior has 2a + n.",
        source=_MIXTURE,
        kind=Kind.MEAN,
        predict=_tail,
        measure=experiments.tail_draw,
        grid=cells("a b", [(2.5, 1.5)]),
        tolerance=0.05,
        assumptions="share of outputs beyond two scales; readout trained to convergence, no noise",
    ),
    claim(
        "wide-networks/kernel-machine-geodesic",
        "The Gram matrices of a deep linear kernel machine lie on the geodesic from the inputs to the outputs.",
        source=_MACHINE,
        kind=Kind.NUMERICAL,
        instance=experiments.kernel_problem,
        predict=lambda G0, target, depth, points: np.array(linear_kernel_machine(G0, target, depth)),
        measure=lambda rng, G0, target, depth, points: experiments.best_grams(G0, target, depth),
        grid=cells("points depth", [(4, 1), (4, 2), (8, 2), (4, 4), (8, 1), (8, 4)]),
        tolerance=1e-6,
        reason="minimisation of the divergences to a gradient of 1e-10",
        quick=(0, 1, 3),
    ),
    claim(
        "wide-networks/wide-deep-gp-follows-the-machine",
        "As the neurons of a layer and the outputs of a deep Gaussian process grow together, its posterior has the "
        "Gram matrices of the deep kernel machine.",
        source=_MACHINE,
        kind=Kind.ASYMPTOTIC,
        predict=lambda width, place: _machine(*place),
        measure=deep_gp.posterior_gram_draw,
        grid=cells("width place", [(32, (1, 1)), (32, (1, 2)), (32, (2, 2))]),
        size="width",
        tolerance=0.05,
        quick=(0,),
        first_draws=8,
        assumptions="three points, linear kernels, label noise 0.2; Langevin steps with Metropolis acceptance; place: "
        "layer and number of layers",
    ),
    claim(
        "wide-networks/duals-are-the-gp",
        "With a Gaussian likelihood and all data as inducing inputs, dual parameters give the Gaussian process, from "
        "any function values.",
        source=_DUALS,
        kind=Kind.EXACT,
        instance=experiments.labelled_batches,
        predict=lambda kernel, labels, values, points, noise_variance: _from_duals(
            kernel, labels, values, [slice(0, points)], slice(0, points), noise_variance
        ),
        measure=lambda rng, kernel, labels, values, points, noise_variance: experiments.gaussian_process(
            kernel, labels, points, noise_variance
        ),
        grid=cells("points noise_variance", [(6, 0.5), (12, 1.0)]),
        tolerance=1e-9,
    ),
    claim(
        "wide-networks/duals-add",
        "Sums of dual parameters of two batches are those of all data: new data need no training.",
        source=_DUALS,
        kind=Kind.EXACT,
        instance=experiments.labelled_batches,
        predict=lambda kernel, labels, values, points, noise_variance: _from_duals(
            kernel,
            labels,
            values,
            [slice(0, points), slice(points, 2 * points)],
            slice(2 * points, 2 * points + 4),
            noise_variance,
        ),
        measure=lambda rng, **p: experiments.both_batches(**p),
        grid=cells("points noise_variance", [(6, 0.5), (30, 0.2)]),
        tolerance=1e-9,
        assumptions="Gaussian likelihood, four inducing inputs",
    ),
    claim(
        "wide-networks/linear-model-is-unbiased",
        "Least squares uses two features as they predict the label, however much one of them is amplified.",
        source=_SHORTCUT,
        kind=Kind.EXACT,
        instance=experiments.shortcut_data,
        predict=lambda latent, y, n, amplification: np.linalg.solve(latent.T @ latent, latent.T @ y),
        measure=lambda rng, latent, y, n, amplification: experiments.latent_weights(latent, y, amplification),
        grid=cells("amplification", [1.0, 3.0, 10.0, 30.0], n=600),
        tolerance=1e-9,
    ),
    claim(
        "wide-networks/relu-kernel-is-biased",
        "The tangent kernel of a ReLU layer with a ridge decides more often for a feature that is amplified.",
        source=_SHORTCUT,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=experiments.excess_draw,
        grid=cells("amplification", [3.0, 10.0, 30.0], n=200, ridge=1.0),
        quick=(0,),
        assumptions="features predict the label with probability 0.85 (amplified) and 0.9; ridge 1 per sample",
    ),
)
