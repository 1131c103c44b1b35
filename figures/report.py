"""The report: every figure, every claim with its verdict table, every source, in one self-contained page."""

from __future__ import annotations

import base64
import json
import os
import platform
import re
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from solvable.analysis.processes import each
from solvable.analysis.verification.catalogue import claims
from solvable.analysis.verification.claim import Claim
from solvable.analysis.verification.timing import charged, note_compilation
from solvable.analysis.verification.verifier import Outcome, Verdict
from solvable.analysis.writing.conventions import formula_latex
from solvable.analysis.writing.files import write_whole
from solvable.analysis.writing.references import citation
from solvable.figures.mathematics import mathjax, sentence_html
from solvable.figures.registry import Figure, find_figure

__all__ = ["manifest", "write_figure", "write_report"]


def write_figure(
    item: Figure, out: Path, forms: Sequence[str], quick: bool, store: Path | None = None
) -> tuple[str, bytes]:
    """Write one figure in every format asked for; return its caption and its SVG."""
    caption, pictures = item.page(quick, sorted({*forms, "svg"}), store)
    for form in forms:
        write_whole(out / f"{item.name}.{form}", pictures[form])
    return caption, pictures["svg"]


def _write_by_name(
    name: str, out: Path, forms: Sequence[str], quick: bool, store: Path | None
) -> tuple[str, str, bytes]:
    note_compilation()
    with charged("figure", name):
        return (name, *write_figure(find_figure(name), out, forms, quick, store))


def write_figures(
    items: Sequence[Figure], out: Path, forms: Sequence[str], quick: bool, store: Path | None = None, jobs: int = 1
) -> Iterator[tuple[str, str, bytes]]:
    """Write figures and yield (name, caption, SVG) in their order; workers are processes with one BLAS thread."""
    from threadpoolctl import threadpool_limits

    names = [item.name for item in items]
    if jobs == 1 or len(names) < 2:
        with threadpool_limits(1):
            for name in names:
                yield _write_by_name(name, out, forms, quick, store)
        return
    write, early, following = partial(_write_by_name, out=out, forms=forms, quick=quick, store=store), {}, 0
    for index, written in each(write, names, min(jobs, len(names))):
        early[index] = written
        while following in early:
            yield early.pop(following)
            following += 1


def manifest(seed: int, quick: bool) -> dict[str, Any]:
    """Versions, seed and BLAS: what a rerun needs to get the same bits."""
    import numba
    import numpy as np
    from threadpoolctl import threadpool_info

    np.linalg.norm(np.ones(2))  # loads the BLAS, so that it can be named
    packages = ("solvable", "numpy", "scipy", "sympy", "numba", "matplotlib", "scikit-learn", "xarray", "mpmath")
    libraries = [x for x in threadpool_info() if x["user_api"] == "blas"]
    blas = sorted({f"{x['internal_api']} {x['version']} ({x.get('architecture', '?')})" for x in libraries})
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.platform(),
        "cpu count": os.cpu_count(),
        **{name: version(name) for name in packages},
        "blas": ", ".join(blas),
        "blas threads": max((x["num_threads"] for x in libraries), default=1),
        "blas threads in workers": 1,
        "numba threads": numba.get_num_threads(),
        "seed": seed,
        "quick": quick,
    }


# families as the README names them
ORDER = (
    "ridge", "random-features", "double-descent", "model-collapse", "imputation", "diagonal-networks",
    "sgd-stability", "neural-collapse", "wide-networks", "separable", "feature-learning", "self-supervised",
    "embeddings", "regression", "curvature", "convex-losses", "generalisation", "factorised", "in-context",
    "attention", "denoising", "equivalents",
)  # fmt: skip


def _number(value: float) -> str:
    return f"{value:.4g}".replace("inf", "∞")


def _parameters(parameters: dict[str, Any]) -> str:
    def text(value: Any) -> str:
        return _number(value) if isinstance(value, float) else str(value)

    return ", ".join(f"{key} = {text(value)}" for key, value in parameters.items())


def _width(svg: bytes) -> float:
    """Width of a picture in points, from its header."""
    found = re.search(rb'<svg[^>]*width="([0-9.]+)pt"', svg)
    return float(found.group(1)) if found else 0.0


def _claim_view(claim: Claim, verdict: Verdict) -> dict[str, Any]:
    formula = None if claim.formula is None else formula_latex(claim)
    return {
        "name": claim.name,
        "statement": sentence_html(claim.statement),
        "assumptions": sentence_html(claim.assumptions),
        "kind": claim.kind.value,
        "reason": sentence_html(claim.reason),
        "statistic": claim.statistic,
        "formula": formula,
        "source": citation(claim.source.key),
        "locator": claim.source.locator,
        "outcome": verdict.outcome.value,
        "summary": verdict.summary(),
        "rows": [
            {
                "cell": _parameters(row.parameters),
                "prediction": " to ".join(map(_number, row.predictions or [row.prediction])),
                "measured": _number(row.measured),
                "interval": f"[{_number(row.low)}, {_number(row.high)}]",
                "allowed": f"[{_number(row.allowed_low)}, {_number(row.allowed_high)}]",
                "draws": f"{row.draws:,}",
                "outcome": row.outcome.value,
                "note": row.note,
            }
            for row in verdict.rows
        ],
    }


def write_report(
    out: Path,
    verdicts: dict[str, Verdict],
    pictures: dict[str, tuple[Figure, str, bytes]],
    seed: int,
    quick: bool,
    took: str = "",
) -> Path:
    """Render ``index.html`` and ``manifest.json`` into `out`, return the page's path; `took` says how long it was."""
    from jinja2 import Environment, PackageLoader, select_autoescape

    views = {claim.name: _claim_view(claim, verdicts[claim.name]) for claim in claims() if claim.name in verdicts}
    families: dict[str, dict[str, Any]] = {name: {"claims": [], "figures": [], "open": 0} for name in ORDER}

    def part_of(family: str) -> dict[str, Any]:
        return families.setdefault(family, {"claims": [], "figures": [], "open": 0})

    for name, view in views.items():
        part = part_of(name.split("/")[0])
        part["claims"].append(view)
        part["open"] += view["outcome"] != Outcome.AGREES.value
    for item, caption, svg in pictures.values():
        view = {
            "name": item.name,
            "title": item.title,
            "caption": sentence_html(caption),
            "image": base64.b64encode(svg).decode(),
            "shape": "wide" if _width(svg) > 300 else "narrow",
            "source": citation(item.source),
            "claims": [views[name] for name in item.claims if name in views],
            "place": item.module.removeprefix("solvable.").replace(".", "/") + ".py",
            "script": Path(str(sys.modules[item.module].__file__)).read_text(encoding="utf-8"),
        }
        part_of(item.family)["figures"].append(view)
    families = {name: part for name, part in families.items() if part["claims"] or part["figures"]}
    shown = {name for item, _, _ in pictures.values() for name in item.claims}
    counts = {o.value: sum(v.outcome is o for v in verdicts.values()) for o in Outcome}
    facts = manifest(seed, quick)
    environment = Environment(
        loader=PackageLoader("solvable.figures", "."),
        autoescape=select_autoescape(default=True),
        trim_blocks=True,
    )
    page = environment.get_template("report.html.j2").render(
        families=families, counts=counts, facts=facts, quick=quick, took=took, mathjax=mathjax().decode(),
        disagree=[view for view in views.values() if view["outcome"] == Outcome.DISAGREES.value],
        undecided=[view for view in views.values() if view["outcome"] == Outcome.INCONCLUSIVE.value],
        unseen=[view for name, view in views.items() if name not in shown], figures=len(pictures),
        draws=f"{sum(row.draws for verdict in verdicts.values() for row in verdict.rows):,}",
    )  # fmt: skip
    write_whole(out / "manifest.json", json.dumps(facts, indent=2).encode())
    write_whole(out / "index.html", page.encode())
    return out / "index.html"
