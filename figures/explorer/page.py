"""The Explorer's page: plotly and MathJax are part of it, so that it opens anywhere, offline."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from solvable.analysis.verification.catalogue import claim as find_claim
from solvable.analysis.verification.fingerprint import digest
from solvable.analysis.verification.kept import keep, recall
from solvable.analysis.verification.verifier import Verdict
from solvable.analysis.writing.files import write_whole
from solvable.figures.explorer.panel import Panel, tables
from solvable.figures.explorer.regression import REGRESSION
from solvable.figures.explorer.training import TRAINING
from solvable.figures.mathematics import mathjax, sentence_html

__all__ = ["PANELS", "write_explorer"]

PANELS: tuple[Panel, ...] = (*REGRESSION, *TRAINING)


def _table(panel: Panel, store: Path | None) -> dict[str, Any]:
    """Compute the curves and dots of a result, or take what an earlier run with the same code kept."""
    key = digest("solvable.figures.explorer.page", panel.name)
    kept = None if store is None else recall(store, key, f"explorer {panel.name}")
    if kept is not None:
        return dict(json.loads(kept))
    found = tables(panel)
    if store is not None:
        keep(store, key, json.dumps(found).encode())
    return found


def write_explorer(
    path: Path, verdicts: Mapping[str, Verdict], panels: Sequence[Panel] = PANELS, store: Path | None = None
) -> Path:
    """Write the page and return its path; `verdicts` are those of the panels' claims, by name."""
    from jinja2 import Environment, PackageLoader, select_autoescape
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    views = [
        {
            "panel": panel,
            "statement": find_claim(panel.claim).statement,
            "outcome": verdicts[panel.claim].outcome.value,
            "summary": verdicts[panel.claim].summary(),
        }
        for panel in panels
    ]
    data = json.dumps([_table(panel, store) for panel in panels]).replace("</", "<\\/")
    environment = Environment(
        loader=PackageLoader("solvable.figures", "."), autoescape=select_autoescape(default=True), trim_blocks=True
    )
    environment.filters["typeset"] = lambda text: Markup(sentence_html(text))
    page = environment.get_template("explorer.html.j2").render(
        views=views, data=data, plotly=get_plotlyjs(), mathjax=mathjax().decode()
    )
    write_whole(path, page.encode())
    return path
