"""Make regression.json: the overlap by bisection, every sign pattern of a dual, steps and cofactors at 50 digits.

python tests/known_answers/make_regression.py
"""

from itertools import pairwise, permutations, product

import mpmath as mp
from writing import bisect, entry, write

# Bags of responses: the formulas in g and q


def risk(n, d, bag, rho, noise_variance, signal=1, privacy_variance=0, roots=False):
    m, total = n / bag, noise_variance + privacy_variance / bag
    if rho == 0 or bag == 1:
        spare = m - d - 1
        variance = total * d / spare if spare > 0 else mp.inf
        return {"bias": mp.mpf(0), "variance": variance, "excess": variance, "test": variance + noise_variance,
                "train": total * (m - d) / m}  # fmt: skip
    p = n - m

    def rest(g):
        return m * g / (1 + d * g) + rho * p * g / (1 + rho * d * g) - 1

    if roots:  # in a search: of the same equation, cleared of its fractions
        g = max(mp.polyroots([rho * d * (n - d), m + rho * p - d * (1 + rho), -1], extraprec=200))
    else:
        g = bisect(rest, mp.mpf(10) ** -40, mp.mpf(10) ** 40)
    h = d * g
    q = 1 / (1 / g**2 - m * d / (1 + h) ** 2 - rho**2 * p * d / (1 + rho * h) ** 2)
    variance = total * d * m * q / (1 + h) ** 2
    bias = signal * (1 - 2 * m * g / (1 + h) + m * d * q / (1 + h) ** 2 + m**2 * q * (1 - h) / (1 + h) ** 3)
    excess = bias + variance
    return {"bias": bias, "variance": variance, "excess": excess, "test": excess + noise_variance,
            "train": (total + excess) / (1 + h) ** 2}  # fmt: skip


def least(function, low, high):
    """Minimum of a convex-shaped function by ternary search; errors of the place enter squared."""
    low, high = mp.log(low), mp.log(high)
    while high - low > mp.mpf(10) ** -25:
        a, b = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, b) if function(mp.exp(a)) < function(mp.exp(b)) else (a, high)
    return function(mp.exp((low + high) / 2))


def best_bag(n, d, noise_variance, signal=1, privacy_variance=0):
    levels = (noise_variance, signal, privacy_variance)
    bags = [mp.mpf(k) for k in range(1, int(n) + 1) if int(n) % k == 0]
    found = [risk(n, d, bags[0], mp.mpf(1), *levels)["excess"]]
    low, high = mp.mpf(10) ** -5, mp.mpf(10) ** 5
    for bag in bags[1:]:
        found.append(least(lambda rho, k=bag: risk(n, d, k, rho, *levels, roots=True)["excess"], low, high))
    return {"excess": min(found), "excesses": found, "bags": bags, "bag": bags[found.index(min(found))]}


def fit_bags(X, responses, rho):
    """Normal equations, entry by entry."""
    d, bag = len(X[0]), len(X) // len(responses)
    left, right = mp.matrix(d, d), mp.matrix(d, 1)
    for b, response in enumerate(responses):
        rows = X[b * bag : (b + 1) * bag]
        middle = [mp.fsum(column) / bag for column in zip(*rows, strict=True)]
        for i in range(d):
            right[i] += bag * middle[i] * response
            for j in range(d):
                left[i, j] += bag * middle[i] * middle[j]
                left[i, j] += rho * mp.fsum((row[i] - middle[i]) * (row[j] - middle[j]) for row in rows)
    return {"value": list(mp.lu_solve(left, right))}


# Splines


def bends(x):
    """Rows whose product with values gives the changes of slope."""
    n, rows = len(x), []
    for i in range(1, n - 1):
        row = [mp.mpf(0)] * n
        row[i - 1], row[i + 1] = 1 / (x[i] - x[i - 1]), 1 / (x[i + 1] - x[i])
        row[i] = -row[i - 1] - row[i + 1]
        rows.append(row)
    return rows


def spline(x, y, ridge):
    """Every pattern of the box: at its lower side, inside, at its upper side; the one that meets all conditions."""
    order = sorted(range(len(x)), key=lambda i: x[i])
    x, y = [x[i] for i in order], [y[i] for i in order]
    D, tiny = bends(x), mp.mpf(10) ** -45
    for pattern in product((-1, 0, 1), repeat=len(D)):
        free = [i for i, s in enumerate(pattern) if s == 0]
        base = [y[j] - ridge * mp.fsum(s * row[j] for s, row in zip(pattern, D, strict=True)) for j in range(len(x))]
        z = []
        if free:
            gram = mp.matrix([[mp.fdot(D[a], D[b]) for b in free] for a in free])
            z = list(mp.lu_solve(gram, mp.matrix([mp.fdot(D[a], base) for a in free])))
        u = [base[j] - mp.fsum(v * D[a][j] for v, a in zip(z, free, strict=True)) for j in range(len(x))]
        change = [mp.fdot(row, u) for row in D]
        if all(abs(v) <= ridge + tiny for v in z) and all(s * c > 0 for s, c in zip(pattern, change, strict=True) if s):
            objective = mp.fsum((a - b) ** 2 for a, b in zip(y, u, strict=True)) / 2
            objective += ridge * mp.fsum(abs(c) for i, c in enumerate(change) if pattern[i])
            knots = [x[i + 1] for i, s in enumerate(pattern) if s]
            ends = [0, *(i + 1 for i, s in enumerate(pattern) if s), len(x) - 1]
            slopes = [(u[b] - u[a]) / (x[b] - x[a]) for a, b in pairwise(ends)]
            return {"values": u, "objective": objective, "slopes": slopes} | ({"knots": knots} if knots else {})
    raise AssertionError("no pattern fits")


def variation(x, y):
    order = sorted(range(len(x)), key=lambda i: x[i])
    return {"value": mp.fsum(abs(mp.fdot(row, [y[i] for i in order])) for row in bends([x[i] for i in order]))}


# Sobolev norms


def square(frequency, order, convention):
    xi = frequency * (2 * mp.pi if convention == "angular" else 1)
    return (1 + xi * xi) ** order


def whole(n):
    return [mp.mpf(k if k < (n + 1) // 2 else k - n) for k in range(n)]


def tikhonov(multiplier, order, ridge, frequencies=None, convention="cycles"):
    frequencies = frequencies or whole(len(multiplier))
    found = []
    for a, xi in zip(multiplier, frequencies, strict=True):
        w = square(xi, order, convention)
        found.append(a * w / (a * a * w + ridge) if a else mp.mpf(0))
    return {"value": found}


def descent(multiplier, order, step_size, steps, frequencies=None, convention="cycles"):
    """Step after step where they are few, else the power."""
    frequencies, found = frequencies or whole(len(multiplier)), []
    for a, xi in zip(multiplier, frequencies, strict=True):
        rate, u = step_size * a * a * square(xi, order, convention), mp.mpf(0)
        if steps > 1000:
            u = (1 - mp.power(1 - rate, steps)) / a
        else:
            for _ in range(int(steps)):
                u += rate * (1 / a - u)
        found.append(u)
    return {"value": found}


def condition(multiplier, order, frequencies=None, convention="cycles"):
    frequencies = frequencies or whole(len(multiplier))
    sizes = [a * a * square(xi, order, convention) for a, xi in zip(multiplier, frequencies, strict=True)]
    return {"value": max(sizes) / min(sizes)}


# Structural equations, by cofactors


def determinant(rows):
    """Leibniz' sum."""
    total = mp.mpf(0)
    for order in permutations(range(len(rows))):
        sign = (-1) ** sum(a > b for i, a in enumerate(order) for b in order[i + 1 :])
        total += sign * mp.fprod(rows[i][j] for i, j in enumerate(order))
    return total


def effects(graph):
    d = len(graph)
    loops = [[mp.mpf(i == j) - graph[i][j] for j in range(d)] for i in range(d)]
    value = determinant(loops)

    def cofactor(i, j):
        return (-1) ** (i + j) * determinant([[x for b, x in enumerate(row) if b != j]
                                              for a, row in enumerate(loops) if a != i])  # fmt: skip

    return {"value": [[cofactor(j, i) / value for j in range(d)] for i in range(d)]}


def covariance(Lambda, Omega):
    total, d = effects(Lambda)["value"], len(Lambda)
    return {"value": [[mp.fsum(total[k][i] * Omega[k][m] * total[m][j] for k in range(d) for m in range(d))
                       for j in range(d)] for i in range(d)]}  # fmt: skip


BAGS = [
    ("four rows, mixture", (200, 25, 4, 0.3, 0.25)),
    ("four rows, instances", (200, 25, 4, 1.0, 0.25)),
    ("small mixture", (200, 25, 4, 0.02, 0.25)),
    ("large mixture", (200, 25, 4, 3.0, 0.25)),
    ("bags alone", (200, 25, 4, 0.0, 0.25)),
    ("bags alone, one more than d + 1", (108, 25, 4, 0.0, 0.25)),
    ("bags alone at the pole", (104, 25, 4, 0.0, 0.25)),
    ("single rows", (200, 25, 1, 0.7, 0.25)),
    ("fewer bags than dimensions", (600, 250, 4, 0.1, 0.5)),
    ("as many dimensions as the spread has rows", (100, 75, 4, 2.0, 0.5)),
    ("tiny mixture, fewer bags than dimensions", (600, 250, 4, 1e-12, 0.5)),
    ("tiny mixture, more bags", (600, 100, 4, 1e-12, 0.5)),
    ("huge mixture", (600, 100, 4, 1e9, 0.5)),
    ("one bag", (60, 20, 60, 0.5, 1.0)),
]
GRAPH = [[0.0, 0.5, 0.0, -0.25], [0.0, 0.0, 0.75, 0.0], [0.375, 0.0, 0.0, 0.5], [0.0, 0.25, 0.0, 0.0]]
CURVE = ([0.0, 0.3, 0.5, 0.9, 1.4, 2.0], [0.1, 0.8, 0.7, -0.2, 0.4, 0.3])


def entries():
    for name, (n, d, bag, rho, noise) in BAGS:
        yield entry(name, "aggregate_risk", risk, n=n, d=d, bag=bag, rho=rho, noise_variance=noise, rtol=1e-11)
    yield entry("privacy and signal", "aggregate_risk", risk, n=120, d=9, bag=3, rho=0.4, noise_variance=0.3,
                signal=2.5, privacy_variance=7.0)  # fmt: skip
    yield entry("no signal", "aggregate_risk", risk, n=120, d=9, bag=3, rho=0.4, noise_variance=0.3, signal=0.0)
    for name, n, privacy in (("no privacy", 12, 0.0), ("privacy", 12, 30.0), ("much privacy", 20, 2000.0)):
        yield entry(name, "optimal_bag", best_bag, n=n, d=4, noise_variance=0.25, privacy_variance=privacy, rtol=1e-11,
                    digits=40)  # fmt: skip
    rows = [[1.0, 0.5], [-0.5, 2.0], [0.25, 0.75], [1.5, -1.0], [0.0, 1.25], [2.0, 0.5]]
    for name, responses, rho in (
        ("bags alone", [1.0, -0.5, 0.75], 0.0),
        ("mixture", [1.0, -0.5, 0.75], 0.3),
        ("instances", [1.0, -0.5, 0.75], 1.0),
        ("one bag", [0.5], 0.1),
        ("single rows", [1.0, 0.5, -1.0, 0.25, 2.0, -0.5], 5.0),
    ):
        yield entry(name, "aggregate_fit", fit_bags, X=rows, responses=responses, rho=rho, together=True)
    x, y = CURVE
    for ridge in (0.001, 0.02, 0.1, 0.3, 10.0):
        yield entry(f"ridge {ridge:g}", "linear_spline_fit", spline, x=x, y=y, ridge=ridge, together=True)
    yield entry("interpolation", "linear_spline_fit", spline, x=x, y=y, ridge=0.0, together=True)
    yield entry("in another order", "linear_spline_fit", spline, x=x[::-1], y=y[::-1], ridge=0.05, together=True)
    yield entry("large units", "linear_spline_fit", spline, x=[1e6 * v for v in x[:5]], y=[1e9 * v for v in y[:5]],
                ridge=1e13, together=True)  # fmt: skip
    yield entry("two points", "minimal_total_variation", variation, x=[0.0, 2.0], y=[1.0, 5.0])
    yield entry("six points", "minimal_total_variation", variation, x=x, y=y)
    yield entry("out of order", "minimal_total_variation", variation, x=[2.0, 0.0, 1.0, 5.0], y=[1.0, 0.0, 3.0, -1.0])
    blur = [1.0, 0.5, 0.125, 0.03125, 0.125, 0.5]
    for order in (-1.0, 0.0, 0.5, 3.0):
        yield entry(f"order {order:g}", "sobolev_filter", tikhonov, multiplier=blur, order=order, ridge=0.01)
        yield entry(f"order {order:g}", "sobolev_descent", descent, multiplier=blur, order=order,
                    step_size=0.001 if order == 3 else 0.3, steps=20)  # fmt: skip
    yield entry("angular", "sobolev_filter", tikhonov, multiplier=[1.0, -0.5, 0.0], order=0.5, ridge=0.25,
                frequencies=[0.0, 0.5, 4.0], convention="angular")  # fmt: skip
    yield entry("no ridge", "sobolev_filter", tikhonov, multiplier=[1.0, 1e-9], order=-1.0, ridge=0.0)
    yield entry("a billion steps", "sobolev_descent", descent, multiplier=[1.0, 1e-4, 1e-5], order=0.0, step_size=0.5,
                steps=1_000_000_000)  # fmt: skip
    yield entry("steps beyond one rate", "sobolev_descent", descent, multiplier=[1.0, 1.25], order=0.0, step_size=1.2,
                steps=5)  # fmt: skip
    for order, convention in ((-1.0, "cycles"), (0.5, "cycles"), (1.0, "angular")):
        yield entry(f"order {order:g}, {convention}", "condition_number", condition, multiplier=blur, order=order,
                    convention=convention)  # fmt: skip
    noise = [[1.0, 0.25, 0.0, 0.0], [0.25, 2.0, 0.0, -0.5], [0.0, 0.0, 0.5, 0.0], [0.0, -0.5, 0.0, 1.0]]
    chain = [[0.0, 2.0, 0.0], [0.0, 0.0, -3.0], [0.0, 0.0, 0.0]]
    unstable = [[0.0, 3.0], [2.0, 0.0]]
    for name, graph in (("cycles", GRAPH), ("chain", chain), ("effects that grow", unstable),
                        ("a loop", [[0.5, 1.0], [0.25, 0.0]])):  # fmt: skip
        yield entry(name, "path_weights", effects, graph=graph, together=True)
        yield entry(name, "structural_covariance", covariance, Lambda=graph, together=True,
                    Omega=[row[: len(graph)] for row in noise[: len(graph)]])  # fmt: skip


if __name__ == "__main__":
    write(__file__, entries())
