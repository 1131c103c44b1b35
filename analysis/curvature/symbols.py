"""Words of curvature and hyperparameters."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Symbol

__all__ = ["CONVENTIONS", "SYMBOLS"]

SYMBOLS = (
    Symbol("log_ridge", r"\ell", "ℓ", "other", "natural logarithm of the ridge"),
    Symbol("terms", "J", "J", "size", "terms of the Neumann series beyond the first"),
    Symbol("gradients", "m", "m", "size", "gradients that a Fisher matrix holds"),
    Symbol("damping", r"\lambda", "λ", "other", "damping of a Fisher matrix"),
    Symbol("samples", "b", "b", "size", "samples of a batch"),
)

CONVENTIONS = (
    Convention(
        "summed-ridge",
        "½‖Xw − y‖² + ½eˡ‖w‖², sums over the rows; the outer loss is ½‖Vw − z‖² on validation rows V, z",
        (r"\tfrac12\|X_{val}w-y_{val}\|^2",),
        ("log_ridge",),
        ("ridge_hypergradient", "approximate_gradient_descent"),
    ),
    Convention(
        "outer-descent",
        "steps on ℓ along the derivative of the outer loss in ℓ",
        (r"\ell\leftarrow\ell-\eta p",),
        ("step_size",),
        ("approximate_gradient_descent",),
    ),
    Convention(
        "series",
        "α Σ(I − αH)ʲ, α the step of gradient descent on the training loss with Hessian H",
        (r"(I-\alpha H)",),
        ("step",),
        ("implicit_hypergradient", "neumann_error"),
    ),
    Convention(
        "batch-mean",
        "(1/b) Σ loss of each sample + ½ ridge ‖step‖²",
        (r"\frac1bJ^TQJ+\lambda I",),
        ("ridge",),
        ("gauss_newton_step",),
    ),
)
