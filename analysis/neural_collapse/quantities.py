"""Roots and sums of the scalar problems of neural collapse at the precision of mpmath, one mode at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from solvable.analysis.derivation.quantities import cases
from solvable.solvers.validate import refuse

__all__ = [
    "code_quantities",
    "collapse_modes",
    "minimum_quantities",
    "one_sum",
    "rate_quantities",
    "response_level",
    "simplex_cosines",
]


def _root(M: int, r: Any) -> Any:
    """Minimiser x >= 0 of 1/(1 + x^M) + r x: Newton in u = log x falls to the larger stationary point; or 0."""
    import mpmath as mp

    u = mp.log(M / r) / (M + 1)
    for _ in range(200):
        F = (M - 1) * u + mp.log(M) - 2 * mp.log1p(mp.exp(M * u)) - mp.log(r)
        slope = (M - 1) - 2 * M / (1 + mp.exp(-M * u))
        if slope >= 0:  # beyond the place of the larger root: there is none
            return mp.mpf(0)
        u, last = u - F / slope, u
        if abs(u - last) <= abs(u) * mp.eps * 8:
            x = mp.exp(u)
            return x if 1 / (1 + x**M) + r * x < 1 else mp.mpf(0)
    raise ArithmeticError(f"The stationary point of 1/(1 + x^{M}) + {float(r):.6g} x did not settle in 200 steps.")


def collapse_modes(
    class_sizes: Sequence[int], layer_decays: Sequence[float], feature_decay: float, bias: str = "none",
    bias_decay: float = 0.0,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return level, error weight, root x, output and value of every mode, the most useful first.

    The value is what the mode adds to 2 N f. An error weight w divides all decays by w.
    """
    import mpmath as mp

    M, N = len(layer_decays), mp.mpf(sum(class_sizes))
    product = mp.mpf(feature_decay) * mp.fprod(mp.mpf(v) for v in layer_decays)
    levels = [(mp.mpf(size), mp.mpf(1)) for size in class_sizes]
    if bias == "free":
        n = mp.matrix(list(class_sizes))
        found = mp.eigsy(mp.diag(list(class_sizes)) - n * n.T / N, eigvals_only=True)
        levels = [(value, mp.mpf(1)) for value in sorted(found)[1:]]
    if bias == "ridge":
        levels[-1] = (levels[-1][0], mp.mpf(bias_decay) / (1 + mp.mpf(bias_decay)))
    modes = []
    for eta, weight in levels:
        r = M * N / eta * (N * product / weight ** (M + 1)) ** (mp.mpf(1) / M)
        x = _root(M, r)
        modes.append({"level": eta, "x": x, "output": x**M / (1 + x**M), "share": weight,
                      "value": weight * eta * (1 / (1 + x**M) + r * x), "unlearnt": weight * eta})  # fmt: skip
    return sorted(modes, key=lambda mode: mode["value"] - mode["unlearnt"])


def minimum_quantities(
    class_sizes: Sequence[int], layer_decays: Sequence[float], feature_decay: float, bias: str = "none",
    width: int | None = None, bias_decay: float = 0.0, index: int = 0, **_: Any,
) -> dict[str, Any]:  # fmt: skip
    """Return the sum of the modes' values and, of the class or layer `index`, what its lengths are made of."""
    import mpmath as mp

    modes = collapse_modes(class_sizes, layer_decays, feature_decay, bias, bias_decay)
    kept = len(modes) if width is None else width
    energy = mp.fsum(mode["value" if i < kept else "unlearnt"] for i, mode in enumerate(modes))
    product = mp.mpf(feature_decay) * mp.fprod(mp.mpf(v) for v in layer_decays)
    size = mp.mpf(class_sizes[index])
    output = collapse_modes(class_sizes, layer_decays, feature_decay)[_place(class_sizes, index)]["output"]
    balance, top = (
        (a**2 * m * product) ** (mp.mpf(1) / (len(layer_decays) + 1))
        for a, m in ((output, size), (modes[0]["output"], modes[0]["level"]))
    )
    return {"energy": energy, "total": mp.mpf(sum(class_sizes)), "class_size": size, "output": output,
            "balance": balance, "top_balance": top,
            "layer_decay": layer_decays[min(index, len(layer_decays) - 1)]}  # fmt: skip


def _place(class_sizes: Sequence[int], index: int) -> int:
    """Rank of a class among the modes: larger classes lower the minimum more."""
    return sorted(range(len(class_sizes)), key=lambda k: -class_sizes[k]).index(index)


def code_quantities(
    classes: int, samples: int, depth: int, weight_decay: float, feature_decay: float, code: str = "simplex"
) -> dict[str, Any]:
    """Return fit and Schatten sum of the best multiple of a code under cross-entropy: simplex, circle or orthoplex."""
    import mpmath as mp

    p = mp.mpf(2) / (depth + 1)
    cost = (depth + 1) / mp.mpf(2) * (mp.mpf(feature_decay) * mp.mpf(weight_decay) ** depth) ** (1 / mp.mpf(depth + 1))
    gaps, values = _code(code, classes)
    norm = mp.fsum((mp.sqrt(samples) * g) ** p for g in values)

    def slope(s: Any) -> Any:
        terms = [mp.exp(-s * gap) for gap in gaps]
        fall = mp.fsum(gap * term for gap, term in zip(gaps, terms, strict=True)) / mp.fsum(terms)
        return cost * norm * p * s ** (p - 1) - fall

    # the slope is positive at infinity and negative below the best scale: halve down from where it is positive
    low = mp.mpf(60)
    while slope(low) > 0 and low > mp.mpf(10) ** -3:
        low *= mp.mpf("0.97")
    scale = mp.findroot(slope, (low, low / mp.mpf("0.97")), solver="anderson", tol=mp.mpf(10) ** (4 - 2 * mp.mp.dps))
    return {"code_scale": scale, "fit": mp.log(mp.fsum(mp.exp(-scale * gap) for gap in gaps)),
            "schatten": norm * scale**p,
            "mean_decay": 2 * cost / (depth + 1)}  # fmt: skip


def _code(code: str, classes: int) -> tuple[list[Any], list[Any]]:
    """Own minus other logits of a class, its own included, and singular values, at scale 1."""
    import mpmath as mp

    one = mp.mpf(1)
    if code == "simplex":
        return [0 * one] + [one] * (classes - 1), [one] * (classes - 1)
    if code == "circle":
        return [1 - mp.cos(2 * mp.pi * j / classes) for j in range(classes)], [one * classes / 2] * 2
    if code == "orthoplex":
        return [0 * one, 2 * one] + [one] * (classes - 2), [2 * one] * (classes // 2)
    raise refuse("code", code, "simplex, circle or orthoplex")


def response_level(
    index: int, classes: int, samples: int, dimension: int, weight_decay: float, feature_decay: float
) -> dict[str, float]:
    """Which of the rates 0, lambda_H, s and 4(1 - c) lambda_H stands at a place of the sorted spectrum."""
    c, s = np.sqrt(weight_decay * feature_decay), np.sqrt(feature_decay / weight_decay)
    K, n, d = classes, samples, dimension
    rates = {"rotation": (0.0, K * (d - K) + K * (K - 1) // 2), "outside": (feature_decay, K * (n - 1) * (d - K)),
             "inside": (s, K**2 * (n - 1)), "symmetric": (4 * (1 - c) * feature_decay, K * (K + 1) // 2)}  # fmt: skip
    names = [name for name, (_, count) in sorted(rates.items(), key=lambda item: item[1][0]) for _ in range(count)]
    return {f"is_{name}": float(names[index] == name) for name in rates}


def simplex_cosines(pair: str, dimension: int, new: float, old: float) -> dict[str, Any]:
    """Mean resultants of von Mises-Fisher features, and which pair of models and classes is compared."""
    import mpmath as mp

    def resultant(concentration: float) -> Any:
        order, k = mp.mpf(dimension) / 2, mp.mpf(concentration)
        return mp.besseli(order, k) / mp.besseli(order - 1, k)

    return {"new_resultant": resultant(new), "old_resultant": resultant(old),
            "is_new": float(pair.startswith("new")), "is_same": float(pair.endswith("same"))}  # fmt: skip


def one_sum(class_sizes: Any, layer_decays: Any, feature_decay: float, **p: Any) -> dict[str, Any]:
    """Return the sums of a minimum, and which length is asked for."""
    return {**minimum_quantities(class_sizes, layer_decays, feature_decay, **p),
            **cases("quantity", p.get("quantity", "feature"), "classifier", "feature", "layer", "bias")}  # fmt: skip


def rate_quantities(
    classes: int, samples: int, depth: int, weight_decay: float, feature_decay: float, span: str = "outside",
    metric: str = "nc1", **_: Any
) -> dict[str, Any]:  # fmt: skip
    """Return the output of balanced classes, and which rate is asked for."""
    found = minimum_quantities((samples,) * classes, (weight_decay,) * depth, feature_decay)
    return {"output": found["output"], **cases("span", span, "inside", "outside"),
            **cases("metric", metric, "nc1", "nc1_trace", "nc2", "nc3")}  # fmt: skip
