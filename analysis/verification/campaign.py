"""Check many claims: in parallel, keeping every verdict by content, so that a second run redoes what changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import fields
from functools import partial
from pathlib import Path

from solvable.analysis.processes import each
from solvable.analysis.verification.catalogue import claim as find_claim
from solvable.analysis.verification.claim import Claim
from solvable.analysis.verification.fingerprint import digest
from solvable.analysis.verification.identity import identity
from solvable.analysis.verification.kept import keep, recall
from solvable.analysis.verification.outside import claims_from, user_line_noted
from solvable.analysis.verification.timing import charged, note_compilation
from solvable.analysis.verification.verifier import Verdict, verify

__all__ = ["verdict_key", "verify_all"]


_PROSE = {"statement", "source", "assumptions", "formula", "quantities", "convention", "reason"}  # told, not checked
_APART = {"grid", "quick", "predict", "measure", "instance"}


def verdict_key(claim: Claim, seed: int, quick: bool) -> str:
    """Content key of a verdict: code of prediction, experiment and verifier, cells, every number of the claim, seed."""
    told = {item.name: getattr(claim, item.name) for item in fields(claim) if item.name not in _PROSE | _APART}
    told["kind"] = claim.kind.name
    asked = identity([told, claim.cells(quick), seed, quick])
    drawn = "" if claim.instance is None else identity(claim.instance)
    verifier = "solvable.analysis.verification.verifier"
    return digest(verifier, identity(claim.measure), identity(claim.predict), drawn, asked)


def _check_by_name(name: str, seed: int, quick: bool, origin: str | None) -> Verdict:
    """Check in a worker: claims travel by name, and one of a user's own file is loaded there again."""
    note_compilation()
    with charged("claim", name):
        if origin is None:
            return verify(find_claim(name), seed=seed, quick=quick)
        found = next(item for item in claims_from(origin) if item.name == name)
        with user_line_noted(name):
            return verify(found, seed=seed, quick=quick)


def verify_all(
    claims: Sequence[Claim],
    *,
    seed: int = 0,
    quick: bool = False,
    jobs: int = 1,
    store: Path | None = None,
    origin: str | None = None,
) -> Iterator[tuple[Verdict, bool]]:
    """Yield (verdict, whether it was kept from an earlier run) as they come, kept ones first.

    Verdicts do not depend on `jobs`: every draw has its own seed. Workers are processes with one BLAS thread.
    `origin` is the file or module of claims that are not in the catalogue.
    """
    todo = []
    for claim in claims:
        kept = None if store is None else recall(store, verdict_key(claim, seed, quick), f"claim {claim.name}")
        if kept is not None:
            yield Verdict.from_dict(json.loads(kept)), True
        else:
            todo.append(claim)
    known = {claim.name: claim for claim in todo}
    for verdict in _run(todo, seed, quick, jobs, origin):
        if store is not None:
            key = verdict_key(known[verdict.claim], seed, quick)
            keep(store, key, json.dumps(verdict.to_dict(), default=float).encode())
        yield verdict, False


def _run(todo: list[Claim], seed: int, quick: bool, jobs: int, origin: str | None) -> Iterator[Verdict]:
    if jobs == 1 or len(todo) < 2:
        note_compilation()
        for claim in todo:
            with charged("claim", claim.name), nullcontext() if origin is None else user_line_noted(claim.name):
                verdict = verify(claim, seed=seed, quick=quick)
            yield verdict
        return
    check = partial(_check_by_name, seed=seed, quick=quick, origin=origin)
    for _, verdict in each(check, [claim.name for claim in todo], min(jobs, len(todo))):
        yield verdict
