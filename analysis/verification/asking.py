"""The front door of a check: a claim, or its name."""

from __future__ import annotations

from collections.abc import Callable

from solvable.analysis.verification.catalogue import claim as find_claim
from solvable.analysis.verification.claim import Claim
from solvable.analysis.verification.verifier import Verdict
from solvable.analysis.verification.verifier import verify as verify_claim

__all__ = ["verify"]


def verify(
    claim: Claim | str,
    *,
    seed: int = 0,
    quick: bool = False,
    most_draws: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Verdict:
    """Check one claim against its matched experiment.

    Parameters
    ----------
    claim : Claim or str
        What to check, or its name in the catalogue.
    seed : int
        Root seed; the draws of a cell depend on it, the claim's name and the cell alone.
    quick : bool
        Check only the claim's quick cells, at unchanged tolerance and level.
    most_draws : int, optional
        Replaces the claim's own limit of draws for each cell and size.
    progress : callable, optional
        Called as ``progress(decided cells, all cells)``.

    Returns
    -------
    Verdict
        DISAGREES if any cell does, else INCONCLUSIVE if any cell is, else AGREES.

    Raises
    ------
    ValueError
        If a prediction is not finite.
    LookupError
        An unknown name, with the closest ones.

    Examples
    --------
    >>> from solvable.analysis import Claim, Kind, Source, verify
    >>> claim = Claim("demo/uniform-mean", "The mean of a uniform draw is one half.",
    ...               source=Source("derived"), kind=Kind.MEAN, predict=lambda high: high / 2,
    ...               measure=lambda rng, high: high * rng.random(), grid=[{"high": 1.0}], tolerance=0.05)
    >>> verify(claim).outcome.value
    'AGREES'
    >>> verify("ridge/conservation-law", quick=True).outcome.value
    'AGREES'
    """
    return verify_claim(
        find_claim(claim) if isinstance(claim, str) else claim,
        seed=seed, quick=quick, most_draws=most_draws, progress=progress,
    )  # fmt: skip
