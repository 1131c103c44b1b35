"""Words of descent on least squares."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Letter, Symbol

__all__ = ["CONVENTIONS", "NOTATION", "SYMBOLS"]

SYMBOLS = (
    Symbol("time", "t", "t", "step", "time of the gradient flow"),
    Symbol(
        "forgotten",
        r"\textstyle\int e^{-2ts}dF",
        "∫e^{−2ts}dF",
        "other",
        "mean over the spectrum, its atom at 0 included",
    ),
    Symbol("fitted", r"\textstyle\int(1-e^{-ts})^{2}s^{-1}dF", "∫(1−e^{−ts})²/s dF", "other", "mean over the spectrum"),
    Symbol("step", r"\eta", "η", "step", "step over the inverse upper edge of the spectrum"),
    Symbol("momentum", r"\mu", "μ", "other", "momentum of heavy ball or Nesterov"),
    Symbol("snr", r"{\|\beta\|^{2}/\sigma^{2}}", "‖β‖²/σ²", "noise", "signal over label noise"),
)

CONVENTIONS = (
    Convention(
        "half-mean-square",
        "(1/2n)‖y − Xw‖², gradient Xᵀ(Xw − y)/n; training errors are mean squares without the ½",
        (r"(1/2n)\|y-Xw\|^2",),
        ("step", "time"),
        ("descent_path", "gradient_descent_risk", "isotropic_flow_risk", "optimiser_chain", "spectral_response"),
    ),
    Convention(
        "fresh-batches",
        "(1/2B)‖y − Xw‖² on B fresh rows a step",
        (r"(1/2B)\|y-Xw\|^2",),
        ("step_size", "batch_size"),
        ("one_pass_sgd_risk",),
    ),
)

# what stands in statements only
NOTATION = (
    Letter("k", "features"),
    Letter("λ", "normalised ridge, of (1/2n)‖y − Xw‖² + ½λ‖w‖²", ("flow-is-nearly-ridge",)),
    Letter("X", "n × k features, entries standard normal"),
    Letter("λ_{min}", "smallest eigenvalue"),
    Letter("P", "probability", ("smallest-eigenvalue",)),
)
