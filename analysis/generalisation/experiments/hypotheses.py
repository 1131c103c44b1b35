"""Hypotheses drawn from the prior and corrected to fit the points, or rejected unless they do."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["closeness", "fitting_share", "given_points", "with_more_dimensions"]

Array = NDArray[np.float64]
Rng = np.random.Generator
_DRAWS = 4000


def given_points(rng: Rng, d: int, n: int, target: float, **_: Any) -> dict[str, Array]:
    """Points, and a teacher whose part that they leave open has squared norm `target`."""
    X = rng.standard_normal((n, d))
    w = rng.standard_normal(d)
    open_part = w - np.linalg.pinv(X) @ (X @ w) if n else w
    return {"X": X, "w": w + (np.sqrt(target) / np.linalg.norm(open_part) - 1) * open_part}


def fitting_share(rng: Rng, level: float, X: Array, w: Array, **_: Any) -> float:
    """Share of the hypotheses that generalise: draws of the prior, moved onto the points by the least change."""
    drawn = rng.standard_normal((_DRAWS, len(w)))
    drawn += (X @ w - drawn @ X.T) @ np.linalg.pinv(X).T
    return float(np.mean(np.sum((drawn - w) ** 2, axis=1) <= level))


def with_more_dimensions(rng: Rng, d: int, n: int, target: float, level: float, more: int) -> float:
    """Share of the hypotheses that generalise with more dimensions less the share without them."""
    shares = []
    for size in (d + more, d):
        drawn = given_points(rng, size, n, target)
        shares.append(fitting_share(rng, level, **drawn))
    return shares[0] - shares[1]


def closeness(rng: Rng, d: int, n: int, target: float, level: float, slack: float, keep: int = 200) -> float:
    """Share by rejection: draws of the prior that miss no label by more than the slack.

    The teacher's part that the points see, of which the share knows nothing, is half as long as the prior's: at full
    length the mean number of tries is infinite.
    """
    drawn = given_points(rng, d, n, target)
    X, w = drawn["X"], drawn["w"]
    w = w - 0.5 * np.linalg.pinv(X) @ (X @ w)
    found = np.empty((0, d))
    while len(found) < keep:
        tried = rng.standard_normal((20000, d))
        found = np.vstack([found, tried[np.all(np.abs((tried - w) @ X.T) <= slack, axis=1)]])
    return float(np.mean(np.sum((found - w) ** 2, axis=1) <= level))
