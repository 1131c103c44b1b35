r"""Other ways in which the quadratic forms, norms and traces that a claim declares are written.

All matrices of the claims' forms are symmetric, so that b^T Λ b is ‖b‖²_Λ, ‖Λ^{1/2} b‖² and ⟨b, Λ b⟩, a form may be
read from behind, and a trace may begin with any of its factors.
"""

from __future__ import annotations

from itertools import pairwise

__all__ = ["equal_forms"]

Form = tuple[str, ...]
_SQUARE = ("^", "2")
_MATRICES = (r"\Sigma", r"\Lambda", r"\Gamma", "A", "B", "D", "K", "P", "Q")  # that a norm may have as its index


def equal_forms(tokens: Form) -> list[Form]:
    """Return how else a form, the square of a norm, or a trace may be written; nothing for anything else.

    Examples
    --------
    >>> equal_forms(("b", "^", "t", "M", "b"))[:2]
    [('\\\\langle', 'b', ',', 'M', 'b', '\\\\rangle'), ('\\\\|', 'b', '\\\\|', '_', 'M', '^', '2')]
    """
    if tokens[0] == r"\max" and tokens[1:2] == ("_",):
        return [(*tokens[:3], *form) for form in equal_forms(tokens[3:])]
    if tokens[:2] == ("t", "r"):
        found = [form for factors in _orders(_factors(tokens[2:])) for form in _as_trace(factors)]
    else:
        weights, middle = _parts(tokens)
        found = [form for factors in _both(middle) for form in _as_form(weights, factors)] if weights else []
    found += [with_one for form in (tokens, *found) if found and (with_one := _with_identity(form)) != form]
    return [form for form in dict.fromkeys(found) if form != tokens]


def _with_identity(form: Form) -> Form:
    """Write (Σ + λ) as (Σ + λI)."""
    return tuple(part for token in form for part in (("I", token) if token == ")" else (token,)))


def _parts(tokens: Form) -> tuple[Form, list[Form]]:
    """Vector and matrices of x^T A x, or of the square of a norm; no vector where it is neither."""
    if tokens[0] == r"\|" and tokens.count(r"\|") == 2:
        close = tokens.index(r"\|", 1)
        vector, behind = tokens[1:close], tokens[close + 1 :]
        index = tuple(behind[1:2]) if behind[:1] == ("_",) else tuple(behind[3:4])
        squared = behind in (_SQUARE, ("_", *index, *_SQUARE), (*_SQUARE, "_", *index))
        matrix = not index or index == ("2",) or index[0] in _MATRICES
        whole = len(_factors(vector)) == 1 and matrix
        return (vector, [index] if index and index != ("2",) else []) if squared and whole else ((), [])
    if ("^", "t") not in pairwise(tokens) or tokens[0] in "([":
        return (), []
    cut = next(i for i in range(len(tokens)) if tokens[i : i + 2] == ("^", "t"))
    vector, rest = tokens[:cut], _factors(tokens[cut + 2 :])
    return (vector, rest[:-1]) if rest[-1:] == [vector] else ((), [])


def _factors(tokens: Form) -> list[Form]:
    """Factors of a product: letters and brackets, with their indices and powers; nothing where it is no product."""
    found, at = list[Form](), 0
    while at < len(tokens):
        start, level = at, 0
        if tokens[at] in ("+", "-", "/", "=", ",", r"\|", r"\sum", "_", "^"):
            return []
        while at < len(tokens):
            level += (tokens[at] in ("(", "[")) - (tokens[at] in (")", "]"))
            at += 1
            if level == 0:
                break
        while at < len(tokens) and tokens[at] in ("_", "^") and tokens[at : at + 2] != ("^", "t"):
            at += 3 if tokens[at + 1 : at + 2] == ("-",) else 2
        found.append(tokens[start:at])
    return found


def _both(factors: list[Form]) -> list[list[Form]]:
    return [factors, factors[::-1]]


def _orders(factors: list[Form]) -> list[list[Form]]:
    """The product from any of its factors on, and from behind."""
    turned = [factors[i:] + factors[:i] for i in range(len(factors))] if len(factors) > 1 else []
    return [order for factors in turned for order in _both(factors)]


def _flat(factors: list[Form]) -> Form:
    return tuple(token for factor in factors for token in factor)


def _as_trace(factors: list[Form]) -> list[Form]:
    inner = _flat(factors)
    return [("t", "r", *inner), ("t", "r", "(", *inner, ")"), ("t", "r", "[", *inner, "]")]


def _as_form(vector: Form, factors: list[Form]) -> list[Form]:
    inner = _flat(factors)
    found: list[Form] = [(r"\langle", *vector, ",", *inner, *vector, r"\rangle")]
    if len(factors) == 1 and len(inner) == 1:
        rooted = (*inner, "^", "1", "/", "2", *vector)
        for marks in (("_", *inner, *_SQUARE), (*_SQUARE, "_", *inner)):
            found.append((r"\|", *vector, r"\|", *marks))
        found += [(r"\|", *rooted, r"\|", *_SQUARE), (r"\|", *rooted, r"\|", "_", "2", *_SQUARE)]
    if not factors:
        found.append((r"\|", *vector, r"\|", *_SQUARE))
    return [*found, (*vector, "^", "t", *inner, *vector)]
