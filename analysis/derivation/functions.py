"""Functions that a formula may call: sympy's, under the names that authors and libraries give them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["CALLABLE", "DEPENDENT", "FUNCTIONS", "METHODS", "PLACED", "RENAMED", "SAME", "WRITTEN_OUT"]

FUNCTIONS = ("sqrt", "exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan", "asinh",
             "acosh", "atanh", "erf", "erfc", "gamma_function", "beta_function", "Abs", "sign", "Min",
             "Max", "binomial", "factorial", "Heaviside", "floor", "ceiling",
             "besseli", "besselj", "besselk", "erfinv", "erfcinv", "digamma", "lowergamma", "uppergamma", "loggamma",
             "polylog", "zeta_function")  # fmt: skip
RENAMED = {"gamma_function": "gamma", "zeta_function": "zeta",
           "beta_function": "beta", "abs": "Abs", "min": "Min", "max": "Max", "ln": "log",
           "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctanh": "atanh", "arcsinh": "asinh",
           "arccosh": "acosh", "maximum": "Max", "minimum": "Min", "absolute": "Abs", "comb": "binomial",
           "heaviside": "Heaviside", "iv": "besseli", "jv": "besselj", "kv": "besselk", "ceil": "ceiling"}  # fmt: skip
# functions that libraries write behind their argument, and operators under another name
METHODS = ("pow", "sqrt", "exp", "log", "square", "sum", "abs", "sin", "cos", "tanh", "reciprocal", "prod", "item",
            "simplify", "evalf", "expand", "factor", "together", "cancel", "doit", "log1p", "expm1", "erf",
            "erfc")  # fmt: skip
SAME = {"Sum": "sum", "Product": "product", "prod": "product", "tr": "trace", "Integral": "integral",
        "summation": "sum", "nsum": "sum", "symsum": "sum", "integrate": "integral", "int": "integral",
        "ifelse": "np_where", "df_1": "df1", "df_2": "df2", "matrix_power": "power"}  # fmt: skip
WRITTEN_OUT: dict[str, Callable[[Any, Any], Any]] = {
    "Phi": lambda sp, x: sp.erfc(-x / sp.sqrt(2)) / 2,  # law of a standard normal variable
    "norm_ppf": lambda sp, x: -sp.sqrt(2) * sp.erfcinv(2 * x),
    "norm_sf": lambda sp, x: sp.erfc(x / sp.sqrt(2)) / 2,
    "norm_pdf": lambda sp, x: sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi),
    "erfcx": lambda sp, x: sp.exp(x**2) * sp.erfc(x),
    "expm1": lambda sp, x: sp.exp(x) - 1,
    "log1p": lambda sp, x: sp.log(1 + x),
    "log2": lambda sp, x: sp.log(x) / sp.log(2),
    "log10": lambda sp, x: sp.log(x) / sp.log(10),
    "cbrt": lambda sp, x: x ** sp.Rational(1, 3),
    "square": lambda sp, x: x**2,
    "reciprocal": lambda sp, x: 1 / x,
    "i0": lambda sp, x: sp.besseli(0, x),
    "i1": lambda sp, x: sp.besseli(1, x),
    "j0": lambda sp, x: sp.besselj(0, x),
    "j1": lambda sp, x: sp.besselj(1, x),
    "i0e": lambda sp, x: sp.besseli(0, x) * sp.exp(-x),
    "i1e": lambda sp, x: sp.besseli(1, x) * sp.exp(-x),
    "sech": lambda sp, x: 1 / sp.cosh(x),
    "coth": lambda sp, x: 1 / sp.tanh(x),
    "cot": lambda sp, x: 1 / sp.tan(x),
    "sec": lambda sp, x: 1 / sp.cos(x),
    "csc": lambda sp, x: 1 / sp.sin(x),
    "log_of": lambda sp, x: sp.log(x),
    "expit": lambda sp, x: 1 / (1 + sp.exp(-x)),
    "sigmoid": lambda sp, x: 1 / (1 + sp.exp(-x)),
    "softplus": lambda sp, x: sp.log(1 + sp.exp(x)),
    "relu": lambda sp, x: sp.Max(x, 0),
    "boole": lambda sp, x: sp.Piecewise((1, x), (0, True)),
    "log_ndtr": lambda sp, x: sp.log(sp.erfc(-x / sp.sqrt(2)) / 2),
    **{
        name: lambda sp, x: x
        for name in (
            "Rational",
            "Integer",
            "Fraction",
            "float",
            "float64",
            "float32",
            "array",
            "asarray",
            "tensor",
            "sympify",
            "as_tensor",
            "simplify",
            "nsimplify",
            "expand",
            "factor",
            "together",
            "cancel",
            "item",
            "evalf",
            "doit",
            "mpf",
        )
    },
}
# with an order before the argument
PLACED: dict[str, Callable[..., Any]] = {
    "beta_lower": lambda sp, a, b, x: sp.betainc_regularized(a, b, 0, x),
    "gamma_lower": lambda sp, a, x: sp.lowergamma(a, x) / sp.gamma(a),  # regularised
    "gamma_upper": lambda sp, a, x: sp.uppergamma(a, x) / sp.gamma(a),
    "hyp0f1": lambda sp, b, x: (
        sp.gamma(b)
        * (  # of which a Bessel function is known to every library
            (-x) ** ((1 - b) / 2) * sp.besselj(b - 1, 2 * sp.sqrt(-x))
            if x.could_extract_minus_sign()
            else x ** ((1 - b) / 2) * sp.besseli(b - 1, 2 * sp.sqrt(x))
        )
    ),
    "hyp1f1": lambda sp, a, b, x: sp.Function("hyp1f1")(a, b, x),
    "hyp2f1": lambda sp, a, b, c, x: sp.Function("hyp2f1")(a, b, c, x),
    "ive": lambda sp, order, x: sp.besseli(order, x) * sp.exp(-x),
    "hypot": lambda sp, x, y: sp.sqrt(x**2 + y**2),
    "log_of": lambda sp, base, x: sp.log(x) / sp.log(base),
    "logaddexp": lambda sp, x, y: sp.log(sp.exp(x) + sp.exp(y)),
    "xlogy": lambda sp, x, y: x * sp.log(y),
    "Rational": lambda sp, x, y: x / y,
    "Fraction": lambda sp, x, y: x / y,
}
# quantities that authors write with their argument: df2(kappa) is df2
DEPENDENT = {"df1": ("kappa",), "df2": ("kappa",), "kappa": ("lam", "lambda_", "delta", "ridge", "lambda_star"),
             "unlearned": ("kappa",)}  # fmt: skip
_OPERATORS = ("sum", "Sum", "product", "Product", "prod", "integral", "Integral", "E", "Tr", "tr", "trace", "mp_mean",
              "law_mean", "diff", "O", "o", "m", "v", "m_prime", "m_tilde", "m_tilde_prime", "v_prime",
              "form", "form_v", "at_place", "limit", "range", "least",
              "least_place", "edge", "iterated")  # fmt: skip
CALLABLE = frozenset(
    (*FUNCTIONS, *RENAMED, *SAME, *WRITTEN_OUT, *PLACED, *DEPENDENT, *_OPERATORS, "kappa_prime", "which", "divide",
     "multiply", "add", "subtract", "Piecewise", "np_where",
     "power", "pow", "gamma", "beta", "float_power", "norm", "where", "piecewise", "select", "inv", "eye")
)  # fmt: skip
