"""All claims of the family: learned flows, denoisers and their data, diffusions and what guides them."""

from __future__ import annotations

from solvable.analysis.denoising.claims.denoisers import DENOISER_CLAIMS
from solvable.analysis.denoising.claims.diffusions import DIFFUSION_CLAIMS
from solvable.analysis.denoising.claims.flows import FLOW_CLAIMS

__all__ = ["CLAIMS"]

CLAIMS = (*FLOW_CLAIMS, *DENOISER_CLAIMS, *DIFFUSION_CLAIMS)
