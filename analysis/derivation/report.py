"""What `check` found: one sentence, the stages behind it, and the table of prediction against measurement."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from solvable.analysis.verification.verifier import Outcome, Verdict

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CheckReport", "Stage"]


def _finite(value: Any) -> Any:
    """Plain data without what JSON has no word for."""
    if isinstance(value, Mapping):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value


@dataclass(frozen=True)
class Stage:
    """One way the formula was tried: its name, how it ended (AGREES, DISAGREES, INCONCLUSIVE or SKIPPED), details."""

    name: str
    outcome: str
    detail: str


@dataclass(frozen=True)
class CheckReport:
    """Outcome of `check`.

    Attributes
    ----------
    sentence : str
        The verdict.
    outcome : Outcome
        AGREES where every stage that ran agrees, DISAGREES where one disagrees.
    stages : tuple of Stage
        Symbols, high precision, solver, simulation, in this order.
    formula, against : str
        The formula as given, and the claim (or "experiment").
    slip : tuple of str
        Machine-readable parts of the diagnosis, empty where there is none.
    rows : tuple of dict
        One for each cell of the solver stage: parameters, yours, ours.
    simulation : Verdict or None
        The table of the simulation stage alone: it may agree where the formula does not equal ours.
    read_as : str
        The formula as it was understood.
    where : str
        Where it was tried: how many points, in which ranges, what was skipped.
    """

    sentence: str
    outcome: Outcome
    stages: tuple[Stage, ...]
    formula: str
    against: str
    slip: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    simulation: Verdict | None
    read_as: str = ""
    where: str = ""

    def __bool__(self) -> bool:
        """Whether the formula agrees: ``assert check(...)`` fails on anything else."""
        return self.outcome is Outcome.AGREES

    def __str__(self) -> str:
        """Return the sentence and a line for each stage."""
        lines = [f"{self.formula}  against  {self.against}"]
        lines += [f"  read as: {self.read_as}"] if self.read_as else []
        lines += [f"  {self.outcome.value}: {self.sentence}"]
        lines += [f"  tried at {self.where}"] if self.where else []
        lines += [f"  {stage.outcome:<12} {stage.name:<15} {stage.detail}" for stage in self.stages]
        if self.simulation is not None and self.simulation.outcome is not Outcome.AGREES:
            lines += [f"  {line}" for line in str(self.simulation).splitlines()[1:]]
        return "\n".join(lines)

    def to_dataframe(self) -> pd.DataFrame:
        """Return one row for each cell: parameters, prediction, measurement, interval, outcome (or yours and ours)."""
        import pandas as pd

        if self.simulation is None:
            return pd.DataFrame(
                [{**row["parameters"], "yours": row["yours"], "ours": row["ours"]} for row in self.rows]
            )
        fields = ("prediction", "measured", "low", "high", "draws")
        return pd.DataFrame(
            [
                {**row.parameters, **{f: getattr(row, f) for f in fields}, "outcome": row.outcome.value}
                for row in self.simulation.rows
            ]
        )

    def to_latex(self) -> str:
        """Return the table for a paper's appendix (booktabs)."""
        frame = self.to_dataframe()

        def cell(value: Any) -> str:
            return f"{value:.4g}" if isinstance(value, float) else str(value).replace("_", r"\_")

        columns = " & ".join(str(name).replace("_", r"\_") for name in frame.columns)
        body = [" & ".join(cell(value) for value in row) + r" \\" for row in frame.itertuples(index=False)]
        head = [rf"\begin{{tabular}}{{{'l' * len(frame.columns)}}}", r"\toprule", columns + r" \\", r"\midrule"]
        return "\n".join([*head, *body, r"\bottomrule", r"\end{tabular}"])

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data; what is not finite becomes None."""
        data = {
            "sentence": self.sentence, "outcome": self.outcome.value, "formula": self.formula, "read_as": self.read_as,
            "against": self.against, "where": self.where,
            "slip": list(self.slip), "stages": [vars(stage) for stage in self.stages],
            "rows": [{**row, "parameters": dict(row["parameters"])} for row in self.rows],
            "simulation": None if self.simulation is None else self.simulation.to_dict(),
        }  # fmt: skip
        return dict(_finite(data))

    def save(self, path: str | Path) -> Path:
        """Write everything as JSON, whole or not at all."""
        from solvable.analysis.writing.files import write_whole

        target = Path(path)
        write_whole(target, json.dumps(self.to_dict(), indent=1, allow_nan=False).encode())
        return target

    def _repr_html_(self) -> str:
        """Return the notebook's view: sentence, stages and a small picture with intervals."""
        colour = {"AGREES": "#009E73", "DISAGREES": "#D55E00"}.get(self.outcome.value, "#666666")
        stages = "".join(
            f"<tr><td>{html.escape(s.name)}</td><td>{s.outcome}</td><td>{html.escape(s.detail)}</td></tr>"
            for s in self.stages
        )
        return (
            f"<div><p><code>{html.escape(self.formula)}</code> against <code>{html.escape(self.against)}</code><br>"
            f"<b style='color:{colour}'>{html.escape(self.sentence)}</b></p><table>{stages}</table>"
            f"{self._picture()}</div>"
        )

    def _picture(self) -> str:
        """Draw measured over predicted with simultaneous intervals, as inline SVG."""
        if self.simulation is None or not all(row.prediction for row in self.simulation.rows):
            return ""
        rows, width, height = self.simulation.rows, 360, 120
        fields = ("low", "measured", "high", "allowed_low", "allowed_high")
        scaled = [[getattr(row, field) / row.prediction for field in fields] for row in rows]
        finite = [v for row in scaled for v in row if abs(v) < 1e6]
        low, high = min(finite), max(finite)
        span = (high - low) or 1.0

        def y(value: float) -> float:
            return height - 10 - (height - 20) * (min(max(value, low), high) - low) / span

        parts = [f"<line x1='0' x2='{width}' y1='{y(1):.1f}' y2='{y(1):.1f}' stroke='#999'/>"]
        for i, (bottom, middle, top, edge_low, edge_high) in enumerate(scaled):
            x = width * (i + 0.5) / len(scaled)
            edges = f"y1='{y(edge_low):.1f}' y2='{y(edge_high):.1f}'"
            parts.append(f"<line x1='{x:.1f}' x2='{x:.1f}' {edges} stroke='#ddd' stroke-width='8'/>")
            parts.append(f"<line x1='{x:.1f}' x2='{x:.1f}' y1='{y(bottom):.1f}' y2='{y(top):.1f}' stroke='#0072B2'/>")
            parts.append(f"<circle cx='{x:.1f}' cy='{y(middle):.1f}' r='3' fill='#0072B2'/>")
        return (
            f"<svg width='{width}' height='{height}' role='img' aria-label='measured over predicted, with intervals'>"
            f"{''.join(parts)}</svg><p><small>measured/predicted by cell; blue: 99.9 % simultaneous intervals; grey: "
            "what is allowed</small></p>"
        )
