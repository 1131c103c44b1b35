"""All claims of the family: embeddings of pairs and heads; augmentations, contrastive losses, pretraining."""

from __future__ import annotations

from solvable.analysis.self_supervised.claims.embeddings import EMBEDDING_CLAIMS
from solvable.analysis.self_supervised.claims.losses import LOSS_CLAIMS

__all__ = ["CLAIMS"]

CLAIMS = (*EMBEDDING_CLAIMS, *LOSS_CLAIMS)
