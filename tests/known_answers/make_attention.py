"""Make attention.json: products of ReLUs by truncated moments, margins by trying every active set.

python tests/known_answers/make_attention.py
"""

from itertools import combinations

import mpmath as mp
from writing import entry, write


def both_positive(h, k, r):
    """P(g1 < h, g2 < k), its derivative in the correlation integrated in the angle."""
    top = mp.asin(r)

    def slope(t):
        return mp.exp(-((h - k) ** 2 / (1 - mp.sin(t)) + 2 * h * k) / (2 * (1 + mp.sin(t))))

    places = [0, top / 2, mp.mpf("0.8") * top, mp.mpf("0.95") * top, mp.mpf("0.99") * top, top]
    return mp.ncdf(h) * mp.ncdf(k) + mp.quad(slope, places) / (2 * mp.pi)


def relu_mean(m1, m2, r):
    """E(m1 + g1)_+ (m2 + g2)_+ by the moments of a truncated bivariate Gaussian."""
    if r == 1:
        low = min(m1, m2)
        return (m1 * m2 + 1) * mp.ncdf(low) + max(m1, m2) * mp.npdf(low)
    if r == -1:
        return mp.quad(lambda g: (m1 + g) * (m2 - g) * mp.npdf(g), [-m1, 0, m2]) if m1 + m2 > 0 else mp.mpf(0)
    D = mp.sqrt(1 - r * r)
    density = mp.exp(-(m1 * m1 - 2 * r * m1 * m2 + m2 * m2) / (2 * D * D)) / (2 * mp.pi * D)
    return (
        (m1 * m2 + r) * both_positive(m1, m2, r)
        + m2 * mp.npdf(m1) * mp.ncdf((m2 - r * m1) / D)
        + m1 * mp.npdf(m2) * mp.ncdf((m1 - r * m2) / D)
        + D * D * density
    )


def bivariate(m1, m2, r):
    return {"value": [relu_mean(a, b, c) for a, b, c in zip(m1, m2, r, strict=True)]}


def dot(a, b):
    return mp.fsum(x * y for x, y in zip(a, b, strict=True))


def kernel(queries, keys, queries2=None, keys2=None, weights="centred", activation="relu"):
    q2, k2 = (queries, keys) if queries2 is None else (queries2, keys2)
    out = []
    for q, tokens in zip(queries, keys, strict=True):
        line = []
        for p, others in zip(q2, k2, strict=True):
            total = mp.mpf(0)
            for x in tokens:
                for y in others:
                    inner, m1, m2 = 1 + dot(x, y), mp.mpf(0), mp.mpf(0)
                    r = min((1 + dot(q, p)) * inner / 4, mp.mpf(1))
                    if weights == "biased":
                        m1, m2 = dot(q, x), dot(p, y)
                    value = mp.exp(m1 + m2 + 1 + r) if activation == "exp" else relu_mean(m1, m2, r)
                    total += value * inner
            line.append(total / (len(tokens) * len(others)))
        out.append(line)
    return {"value": out}


def vector(queries, keys, queries2=None, keys2=None):
    q2, k2 = (queries, keys) if queries2 is None else (queries2, keys2)
    out = []
    for q, tokens in zip(queries, keys, strict=True):
        line = []
        for p, others in zip(q2, k2, strict=True):
            total = 1 + dot(q, p) + mp.fsum(dot(x, y) for x, y in zip(tokens, others, strict=True))
            line.append(relu_mean(mp.mpf(0), mp.mpf(0), min(total / (len(tokens) + 2), mp.mpf(1))))
        out.append(line)
    return {"value": out}


def constraints(tokens, queries, selected):
    rows, places = [], []
    for i, (x, z, best) in enumerate(zip(tokens, queries, selected, strict=True)):
        for t, token in enumerate(x):
            if t != int(best):
                rows.append([(a - b) * c for a, b in zip(x[int(best)], token, strict=True) for c in z])
                places.append((i, t))
    return rows, places


def margin(tokens, queries, selected, norm="frobenius"):
    """Every set of active constraints; the one whose solution is feasible with positive multipliers. One prompt has
    weights of rank one, whose nuclear norm is the Frobenius one."""
    rows, places = constraints(tokens, queries, selected)
    d, found = len(queries[0]), None
    for size in range(1, len(rows) + 1):
        for active in combinations(range(len(rows)), size):
            gram = mp.matrix([[dot(rows[a], rows[b]) for b in active] for a in active])
            if abs(mp.det(gram)) < mp.mpf(10) ** -30:
                continue
            lam = mp.lu_solve(gram, mp.ones(size, 1))
            if min(lam) < 0:
                continue
            w = [mp.fsum(lam[k] * rows[a][c] for k, a in enumerate(active)) for c in range(d * d)]
            if min(dot(row, w) for row in rows) > 1 - mp.mpf(10) ** -30:
                found = w, lam, active
                break
        if found:
            break
    w, lam, active = found
    size = mp.sqrt(dot(w, w))
    out = {"norm": size, "weights": [[w[a * d + b] for b in range(d)] for a in range(d)]}
    if norm == "frobenius":
        dual = [[mp.mpf(0)] * len(tokens[0]) for _ in tokens]
        for k, a in enumerate(active):
            i, t = places[a]
            dual[i][t] = lam[k]
        out |= {"certificate": size, "dual": dual}
    return out


def distances(queries, keys, values, exponent):
    """Weights as products of the other distances over their sum, so that none is divided by."""
    weights = []
    for x in queries:
        squares = [mp.fsum((a - b) ** 2 for a, b in zip(x, k, strict=True)) for k in keys]
        terms = [mp.fprod(s ** (exponent / 2) for j, s in enumerate(squares) if j != i) for i in range(len(keys))]
        weights.append([term / mp.fsum(terms) for term in terms])
    return {"value": [dot(w, values) for w in weights], "weights": weights}


def path(tokens, queries, scores, radii):
    """One prompt of two tokens: the direction is that of the only constraint."""
    (x,), (z,), (g,) = tokens, queries, scores
    best = 0 if g[0] > g[1] else 1
    row = [(a - b) * c for a, b in zip(x[best], x[1 - best], strict=True) for c in z]
    size = mp.sqrt(dot(row, row))
    out = {"log_excess": [], "weights": []}
    d = len(z)
    for radius in radii:
        s = 1 / (1 + mp.exp(-radius * size))
        f = s * g[best] + (1 - s) * g[1 - best]
        out["log_excess"].append(mp.log(mp.log1p(mp.exp(-f)) - mp.log1p(mp.exp(-g[best]))))
        out["weights"].append([[radius * row[a * d + b] / size for b in range(d)] for a in range(d)])
    return out


Q = [[1.0, 0.0], [0.6, 0.8]]
K = [[[0.0, 1.0], [0.8, 0.6], [-1.0, 0.0]], [[0.6, -0.8], [0.0, 1.0], [1.0, 0.0]]]
Q2, K2 = [[-0.6, 0.8]], [[[0.0, -1.0], [0.8, -0.6]]]
Q3, K3 = [[0.36, 0.48, 0.8]], [[[0.0, 0.6, 0.8], [1.0, 0.0, 0.0]]]
TOKENS = [[[1.0, 0.5], [0.25, -0.5], [-1.0, 0.75]], [[0.5, 1.0], [0.0, 0.25], [1.5, -0.5]]]
QUERIES = [[1.0, 0.25], [-0.5, 1.0]]
THREE = [[[1.0, 0.0, 0.5], [0.0, 1.0, -0.5]], [[0.5, 0.5, 1.0], [1.0, -1.0, 0.0]], [[-1.0, 0.25, 0.0], [0.0, 0.5, 2.0]]]
QUERIES3 = [[1.0, 0.0, 0.25], [0.5, 1.0, 0.0], [0.0, -0.5, 1.0]]


def table():
    name = "bivariate_relu"
    means = [(0.0, 0.0), (0.5, -0.4), (-1.0, 0.8), (1.0, 1.0), (3.0, -2.0), (-2.0, -1.5)]
    for a, b in means:
        yield entry(f"means {a}, {b}, positive", name, bivariate, m1=[a] * 7, m2=[b] * 7,
                    r=[0.0, 0.0625, 0.25, 0.6, 0.9, 0.97, 1.0])  # fmt: skip
    for a, b in means[:4]:
        yield entry(f"means {a}, {b}, negative", name, bivariate, m1=[a] * 4, m2=[b] * 4,
                    r=[-0.0625, -0.25, -0.6, -0.9], rtol=1e-11)  # fmt: skip
    yield entry(
        "all but one", name, bivariate, m1=[0.5, 0.1, 1.0], m2=[0.4, -0.3, 1.0], r=[0.999, 0.9999, 0.999999], rtol=1e-11
    )
    yield entry("large means", name, bivariate, m1=[8.0, 20.0, 6.0], m2=[7.0, 30.0, -3.0], r=[0.5, 0.9, 0.2])
    yield entry("minus one", name, bivariate, m1=[1.0, 0.5], m2=[2.0, 0.25], r=[-1.0, -1.0], rtol=1e-11)
    name = "attention_kernel"
    for weights in ("centred", "biased"):
        for activation in ("relu", "exp"):
            options = {"weights": weights, "activation": activation}
            yield entry(f"{weights} {activation}", name, kernel, queries=Q, keys=K, **options)
            yield entry(f"{weights} {activation}, two sets", name, kernel, queries=Q, keys=K, queries2=Q2, keys2=K2,
                        **options)  # fmt: skip
    yield entry("three dimensions", name, kernel, queries=Q3, keys=K3, weights="biased")
    yield entry("three dimensions, centred", name, kernel, queries=Q3, keys=K3)
    yield entry("three dimensions, exp", name, kernel, queries=Q3, keys=K3, weights="biased", activation="exp")
    yield entry("one key", name, kernel, queries=Q, keys=[k[:1] for k in K], weights="biased")
    name = "distance_attention"
    points, places, read = (
        [[0.25, 0.5], [1.0, 0.0], [3.0, -2.0]],
        [[1.0, 0.0], [0.0, 2.0], [-1.0, 0.5]],
        [2.0, -1.0, 0.5],
    )
    for exponent in (0.5, 2.0, 3.0, 40.0):
        yield entry(f"exponent {exponent:g}", name, distances, queries=points, keys=places, values=read,
                    exponent=exponent)  # fmt: skip
    name = "vector_kernel"
    yield entry("one set", name, vector, queries=Q, keys=K)
    yield entry("two sets", name, vector, queries=Q, keys=K, queries2=Q[:1], keys2=K[1:])
    yield entry("three dimensions", name, vector, queries=Q3, keys=K3)
    name = "attention_margin"
    for selected in ([0, 0], [0, 2], [1, 0], [2, 2], [2, 1]):
        yield entry(f"selected {selected}", name, margin, 1e-10, tokens=TOKENS, queries=QUERIES, selected=selected,
                    together=True)  # fmt: skip
    for selected in ([0, 0, 0], [1, 0, 1], [1, 1, 1]):
        yield entry(f"three prompts, {selected}", name, margin, 1e-10, tokens=THREE, queries=QUERIES3,
                    selected=selected, together=True)  # fmt: skip
    yield entry("one constraint", name, margin, tokens=[[[1.0, 0.0], [0.5, 0.25]]], queries=[[2.0, 1.0]], selected=[0],
                together=True)  # fmt: skip
    yield entry("one prompt, nuclear", name, margin, 1e-9, tokens=TOKENS[:1], queries=QUERIES[:1], selected=[0],
                norm="nuclear", together=True)  # fmt: skip
    yield entry("one constraint, nuclear", name, margin, 1e-9, tokens=[[[1.0, 0.0], [0.5, 0.25]]], queries=[[2.0, 1.0]],
                selected=[0], norm="nuclear", together=True)  # fmt: skip
    name = "regularisation_path"
    yield entry("two tokens", name, path, 1e-9, tokens=[[[1.0, 0.0], [0.5, 0.25]]], queries=[[2.0, 1.0]],
                scores=[[0.75, -0.5]], radii=[0.5, 5.0, 20.0], together=True)  # fmt: skip
    yield entry("the other token", name, path, 1e-9, tokens=[[[1.0, 0.0], [0.5, 0.25]]], queries=[[2.0, 1.0]],
                scores=[[-0.25, 1.5]], radii=[1.0, 10.0], together=True)  # fmt: skip


if __name__ == "__main__":
    write(__file__, table())
