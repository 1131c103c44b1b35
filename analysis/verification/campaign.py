"""Check many claims: in parallel, keeping every verdict by content, so that a second run redoes what changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from solvable.analysis.verification.catalogue import claim as find_claim
from solvable.analysis.verification.claim import Claim
from solvable.analysis.verification.fingerprint import digest
from solvable.analysis.verification.verifier import Verdict, verify
from solvable.analysis.writing.files import write_whole

__all__ = ["verdict_key", "verify_all"]


def verdict_key(claim: Claim, seed: int, quick: bool) -> str:
    """Content key of a verdict: code, cells, tolerances, seed."""
    data = [
        claim.name, claim.kind.name, claim.cells(quick), claim.tolerance, claim.absolute_tolerance, claim.sizes,
        claim.statistic, claim.first_draws, claim.most_draws, seed, quick,
    ]  # fmt: skip
    return digest(
        _module(claim.measure),
        digest("solvable.analysis.verification.verifier"),
        digest(_module(claim.predict)),
        "" if claim.instance is None else digest(_module(claim.instance)),
        *(repr(f.keywords) for f in (claim.measure, claim.predict, claim.instance) if isinstance(f, partial)),
        *data,
    )


def _module(function: Callable[..., Any]) -> str:
    """Module whose code a function is, also where arguments are bound to it."""
    return _module(function.func) if isinstance(function, partial) else function.__module__


def _check_by_name(name: str, seed: int, quick: bool) -> Verdict:
    return verify(find_claim(name), seed=seed, quick=quick)


def verify_all(
    claims: Sequence[Claim], *, seed: int = 0, quick: bool = False, jobs: int = 1, store: Path | None = None
) -> Iterator[tuple[Verdict, bool]]:
    """Yield (verdict, whether it was kept from an earlier run) as they come, kept ones first.

    Verdicts do not depend on `jobs`: every draw has its own seed. Workers are processes with one BLAS thread.
    """
    todo = []
    for claim in claims:
        kept = _path(store, claim, seed, quick)
        if kept is not None and kept.exists():
            yield Verdict.from_dict(json.loads(kept.read_text())), True
        else:
            todo.append(claim)
    for verdict in _run(todo, seed, quick, jobs):
        kept = _path(store, next(item for item in todo if item.name == verdict.claim), seed, quick)
        if kept is not None:
            write_whole(kept, json.dumps(verdict.to_dict(), default=float).encode())
        yield verdict, False


def _path(store: Path | None, claim: Claim, seed: int, quick: bool) -> Path | None:
    return None if store is None else store / f"{verdict_key(claim, seed, quick)}.json"


def _run(todo: list[Claim], seed: int, quick: bool, jobs: int) -> Iterator[Verdict]:
    if jobs == 1 or len(todo) < 2:
        for claim in todo:
            yield verify(claim, seed=seed, quick=quick)
        return
    from joblib import Parallel, delayed, parallel_config

    with parallel_config(backend="loky", inner_max_num_threads=1):
        pool = Parallel(n_jobs=min(jobs, len(todo)), return_as="generator_unordered", batch_size=1)
        yield from pool(delayed(_check_by_name)(claim.name, seed, quick) for claim in todo)
