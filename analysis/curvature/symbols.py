"""Words of curvature and hyperparameters."""

from __future__ import annotations

from solvable.analysis.writing.symbols import Convention, Letter, Symbol

__all__ = ["CONVENTIONS", "NOTATION", "SYMBOLS"]

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

# what stands in statements only
NOTATION = (
    Letter("H", "Hessian of the training loss in the weights"),
    Letter("C", "derivative of the gradient of the training loss in the hyperparameter"),
    Letter("g", "validation loss, as a function of the weights", ("neumann-error",)),
    Letter("α", "step of the series αΣ(I − αH)^j, which ends at j = J", ("neumann-error",)),
    Letter("k", "number of the outer step", ("tolerances-must-be-summable",)),
    Letter("t", "steps of the outer problem", ("tolerances-must-be-summable",)),
    Letter("δ", "damping, ½δ times the squared step beside the mean loss", ("gauss-newton-dual",)),
    Letter("I", "identity matrix", ("neumann-error",)),
)
