"""All claims of the family: kernels, training and spheres, depth and ensembles, inference."""

from __future__ import annotations

from solvable.analysis.wide_networks.claims.depth import DEPTH_CLAIMS
from solvable.analysis.wide_networks.claims.inference import INFERENCE_CLAIMS
from solvable.analysis.wide_networks.claims.kernels import KERNEL_CLAIMS
from solvable.analysis.wide_networks.claims.regression import REGRESSION_CLAIMS

__all__ = ["CLAIMS"]

CLAIMS = (*KERNEL_CLAIMS, *REGRESSION_CLAIMS, *DEPTH_CLAIMS, *INFERENCE_CLAIMS)
