"""Claims about factors of ratings, their cosines, and items regressed on each other."""

from __future__ import annotations

from functools import partial

import numpy as np

from solvable.analysis.embeddings.experiments import factors
from solvable.analysis.embeddings.settings import USUAL
from solvable.analysis.verification.claim import Claim, Kind, Source
from solvable.solvers import factor_penalty, item_cosines, item_model, product_penalty

__all__ = ["LINEAR_CLAIMS"]

_COSINE = Source("steck2024cosine", "this form derived in docs/theory/embeddings.md")
_EASE = Source("steck2019embarrassingly")
_GRID = [{"n": 30, "p": 8, "ridge": 3.0, "rank": 4}]

claim = partial(Claim, domain=USUAL, convention="factors")
ratings_claim = partial(claim, instance=factors.drawn_ratings)


def _orthonormal(X: np.ndarray, ridge: float) -> np.ndarray:
    """Cosines of full-rank items scaled back to eigenvectors."""
    rank = X.shape[1]
    plain = product_penalty(X, ridge, rank)
    return item_cosines(product_penalty(X, ridge, rank, np.linalg.norm(plain.items, axis=0)).items)


LINEAR_CLAIMS = (
    ratings_claim(
        "embeddings/product-penalty-minimum",
        "The least value of ‖X − XABᵀ‖² + λ‖ABᵀ‖² is that of shrinking the k leading directions by s²/(s² + λ).",
        source=_COSINE,
        kind=Kind.NUMERICAL,
        predict=lambda n, p, ridge, rank, X: product_penalty(X, ridge, rank).objective,
        measure=lambda rng, n, p, ridge, rank, X: factors.product_value(rng, X, ridge, rank),
        grid=_GRID,
        tolerance=1e-8,
        reason="alternating minimisation, which contracts by the squared ratio of neighbouring singular values",
    ),
    ratings_claim(
        "embeddings/factor-penalty-minimum",
        "The least value of ‖X − XABᵀ‖² + λ(‖XA‖² + ‖B‖²) is that of lowering the k leading singular values by λ.",
        source=_COSINE,
        kind=Kind.NUMERICAL,
        predict=lambda n, p, ridge, rank, X: factor_penalty(X, ridge, rank).objective,
        measure=lambda rng, n, p, ridge, rank, X: factors.factor_value(rng, X, ridge, rank),
        grid=_GRID,
        tolerance=1e-8,
        reason="alternating minimisation, which contracts by the squared ratio of neighbouring singular values",
    ),
    claim(
        "embeddings/cosines-are-arbitrary",
        "Optimal factors of the penalty on the product, scaled against each other, stay optimal; item cosines move by "
        "more than a half.",
        source=_COSINE,
        kind=Kind.ORDER,
        predict=lambda **_: 1.0,
        measure=factors.moved_cosines,
        grid=_GRID,
        assumptions="scales from 1/4 to 4; largest change over all pairs of items",
    ),
    ratings_claim(
        "embeddings/cosines-are-unique",
        "With a penalty on each factor the item cosines are determined.",
        source=_COSINE,
        kind=Kind.NUMERICAL,
        predict=lambda n, p, ridge, rank, X: item_cosines(factor_penalty(X, ridge, rank).items),
        measure=lambda rng, n, p, ridge, rank, X: factors.alternated_cosines(rng, X, ridge, rank),
        grid=_GRID,
        tolerance=1e-7,
        reason="alternating minimisation from a random start, 2,000 rounds",
    ),
    ratings_claim(
        "embeddings/full-rank-cosine-is-identity",
        "At full rank one optimal scaling makes every two items orthogonal.",
        source=_COSINE,
        kind=Kind.EXACT,
        predict=lambda n, p, ridge, X: _orthonormal(X, ridge),
        measure=lambda rng, n, p, ridge, X: factors.eigenvector_cosines(X),
        grid=[{"n": 30, "p": 8, "ridge": 3.0}],
        tolerance=1e-12,
    ),
    ratings_claim(
        "embeddings/item-model-is-p-regressions",
        "One inverse P gives all p ridge regressions of an item on the others, B_{ij} = −P_{ij}/P_{jj}.",
        source=_EASE,
        kind=Kind.EXACT,
        predict=lambda n, p, ridge, X: item_model(X, ridge).weights,
        measure=lambda rng, n, p, ridge, X: factors.item_by_item(X, ridge),
        grid=[{"n": 30, "p": 8, "ridge": 3.0}],
        tolerance=1e-12,
    ),
    ratings_claim(
        "embeddings/item-model-objective",
        "The least value of the item model is Σ1/P_{jj} − pλ.",
        source=_EASE,
        kind=Kind.EXACT,
        predict=lambda n, p, ridge, X: item_model(X, ridge).objective,
        measure=lambda rng, n, p, ridge, X: factors.item_loss(X, ridge),
        grid=[{"n": 30, "p": 8, "ridge": 3.0}],
        tolerance=1e-12,
    ),
)
