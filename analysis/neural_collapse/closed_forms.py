"""Closed forms of neural collapse in sympy, in the decays and in roots and sums of the scalar problems."""

from __future__ import annotations

import sympy as sp

__all__ = [
    "code_objective",
    "cross_entropy_objective",
    "layer_length",
    "lengths",
    "minimum",
    "minimum_norm",
    "pair_cosine",
    "parallel_norm",
    "response_rate",
    "share",
    "stated_gain",
    "within_rate",
]

K, n, M, d = sp.symbols("classes samples depth dimension", positive=True)
lw, lh, beta = sp.symbols("weight_decay feature_decay attachment", positive=True)
energy, total, size, output, balance = sp.symbols("energy total class_size output balance", positive=True)
top_balance, layer_decay, fit, schatten, mean_decay = sp.symbols(
    "top_balance layer_decay fit schatten mean_decay", positive=True
)
new, old, nuclear = sp.symbols("new_resultant old_resultant nuclear", positive=True)
_is = {name: sp.Symbol(f"is_{name}", positive=True) for name in ("classifier", "feature", "inside", "outside",
       "symmetric", "new", "same")}  # fmt: skip

minimum = energy / (2 * total)
share = size / total
lengths = _is["feature"] * sp.sqrt(balance / (lh * size)) + _is["classifier"] * output * sp.sqrt(size * lh / balance)
layer_length = sp.sqrt(top_balance / layer_decay)

_c = K * sp.sqrt(n * lw * lh)
_gap = sp.log(1 + K * (1 - _c) / _c)
cross_entropy_objective = sp.log(1 + (K - 1) * sp.exp(-_gap)) + _c * _gap * (K - 1) / K
code_objective = fit + (M + 1) / 2 * mean_decay * schatten

within_rate = lh * (_is["outside"] + _is["inside"] / (1 - output))
_s, _per_class = sp.sqrt(lh / lw), sp.sqrt(lw * lh)
response_rate = _is["outside"] * lh + _is["inside"] * _s + _is["symmetric"] * 4 * (1 - _per_class) * lh
stated_gain = beta / (beta + response_rate)

minimum_norm, parallel_norm = M / 2 * schatten, M / 2 * nuclear
pair_cosine = old * (_is["new"] * new + (1 - _is["new"]) * old) * (_is["same"] - (1 - _is["same"]) / d)
