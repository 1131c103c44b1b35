"""Make ridge.json: ridge regression at 50 digits, straight from the defining equations, by bisection in mpmath.

Shares nothing with the package: sums over modes are formed as they are written (hundreds of digits make cancellation
harmless), infinite tails are series of Hurwitz zeta functions. Takes a minute:

    python tests/known_answers/make_ridge.py
"""

import json
import math
from pathlib import Path

import mpmath as mp
import writing

mp.mp.dps = 400  # effective ridges down to 1e-300 are differences of numbers of order 1


def bisect(increasing, low, high, steps=1500):
    """Root of an increasing function, in the logarithm of its argument."""
    low, high = mp.log(low), mp.log(high)
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (low, middle) if increasing(mp.exp(middle)) > 0 else (middle, high)
        if high - low < mp.mpf(10) ** -min(80, mp.mp.dps - 5):
            break
    return mp.exp((low + high) / 2)


class Modes:
    """A finite spectrum: eigenvalues, power, multiplicities. Doubles, so that both sides hold the same numbers."""

    def __init__(self, s, power=None, multiplicities=None):
        self.data = {"eigenvalues": s}
        if power is not None:
            self.data["target_power"] = power
        if multiplicities is not None:
            self.data["multiplicities"] = multiplicities
        counts = multiplicities or [1.0] * len(s)
        self.modes = [tuple(map(mp.mpf, mode)) for mode in zip(s, counts, power or [0.0] * len(s), strict=True)]
        self.trace = mp.fsum(m * a for a, m, _ in self.modes)
        self.rank = mp.fsum(m for _, m, _ in self.modes)
        self.least = min(a for a, _, _ in self.modes)

    def df1(self, k):
        return mp.fsum(m * a / (a + k) for a, m, _ in self.modes)

    def df2(self, k, other=None):
        other = k if other is None else other
        return mp.fsum(m * a * a / ((a + k) * (a + other)) for a, m, _ in self.modes)

    def unlearned(self, k, other=None):
        other = k if other is None else other
        return mp.fsum(p * k * other / ((a + k) * (a + other)) for a, _, p in self.modes)


class InfinitePowerLaw:
    """Eigenvalues i^-a and power i^-b, i = 1, 2, ...: explicit terms, then series in y = i^-a/kappa < 1/8.

    With g = y/(1 + y) every sum over the rest is a series of Hurwitz zeta functions, exact to any digit.
    """

    def __init__(self, a, b, least_kappa):
        self.data = {"power_law": [a, b, 2000]}
        self.a, self.b = mp.mpf(a), mp.mpf(b)
        self.trace, self.rank = mp.zeta(self.a), mp.inf
        self.explicit = int(mp.ceil((8 / mp.mpf(least_kappa)) ** (1 / self.a)))
        self.s = [mp.mpf(i) ** -self.a for i in range(1, self.explicit + 1)]
        self.power = [mp.mpf(i) ** -self.b for i in range(1, self.explicit + 1)]
        self.zetas = {}

    def rest(self, k, shift, coefficient):
        """Sum over i > explicit and j of coefficient(j) y^j i^-shift."""
        total = mp.mpf(0)
        for j in range(80):
            if coefficient(j) == 0:
                continue
            if (shift, j) not in self.zetas:
                self.zetas[shift, j] = mp.zeta(shift + self.a * j, self.explicit + 1)
            total += coefficient(j) * k**-j * self.zetas[shift, j]
        return total

    def df1(self, k):
        return mp.fsum(s / (s + k) for s in self.s) + self.rest(k, 0, lambda j: -((-1) ** j) if j else 0)

    def df2(self, k, other=None):
        if other is not None and other != k:  # partial fractions
            return (k * self.df1(k) - other * self.df1(other)) / (k - other)
        return mp.fsum((s / (s + k)) ** 2 for s in self.s) + self.rest(k, 0, lambda j: (-1) ** j * (j - 1) if j else 0)

    def unlearned(self, k, other=None):
        def once(k):
            return mp.fsum(p * k / (s + k) for s, p in zip(self.s, self.power, strict=True)) + self.rest(
                k, self.b, lambda j: (-1) ** j
            )

        if other is not None and other != k:
            return (other * once(k) - k * once(other)) / (other - k)
        return mp.fsum(p * (k / (s + k)) ** 2 for s, p in zip(self.s, self.power, strict=True)) + self.rest(
            k, self.b, lambda j: (-1) ** j * (j + 1)
        )


def kappa(modes, n, ridge):
    """The root of n = df1 + ridge/kappa on the branch where df2 < n."""
    if ridge >= 0:
        low = ridge / n if ridge > 0 else modes.trace * mp.mpf(10) ** -300
        return bisect(lambda k: n - modes.df1(k) - ridge / k, low / 2, 2 * (ridge + modes.trace) / n)
    edge = edge_kappa(modes, n)
    # in u = kappa + s_min; the ridge kappa (n - df1) increases from the edge on
    high = modes.least if n > modes.rank else modes.least + 2 * modes.trace / n
    u = bisect(lambda u: (u - modes.least) * (n - modes.df1(u - modes.least)) - ridge, edge + modes.least, high)
    k = u - modes.least
    assert abs(n - modes.df1(k) - ridge / k) < mp.mpf(10) ** -60, "beyond the edge"
    return k


def edge_kappa(modes, n):
    high = modes.least + 10 * modes.trace * (1 + modes.rank / n)
    return bisect(lambda u: n - modes.df2(u - modes.least), modes.least * mp.mpf(10) ** -5, high) - modes.least


def risk(modes, n, ridge, noise_variance):
    k = kappa(modes, n, ridge)
    df1, df2 = modes.df1(k), modes.df2(k)
    bias, variance = n / (n - df2) * modes.unlearned(k), noise_variance * df2 / (n - df2)
    test = bias + variance + noise_variance
    return {"effective_ridge": k, "df1": df1, "df2": df2, "bias": bias, "variance": variance, "test": test,
            "train": (ridge / (n * k)) ** 2 * test}  # fmt: skip


def cross_risk(modes, n, ridge_a, ridge_b, noise_variance):
    a, b = kappa(modes, n, ridge_a), kappa(modes, n, ridge_b)
    return {"value": n * (modes.unlearned(a, b) + noise_variance) / (n - modes.df2(a, b))}


def general_risk(modes, n, ridge, cross_moment, second_moment):
    """The cancelling form: n/(n - df2) [V - sum psi^2 (s + 2k)/(s + k)^2]."""
    k = kappa(modes, n, ridge)
    psi = [mp.mpf(x) for x in cross_moment]
    fitted = mp.fsum(p * p * (s + 2 * k) / (s + k) ** 2 for p, (s, _, _) in zip(psi, modes.modes, strict=True))
    return {"test": n / (n - modes.df2(k)) * (second_moment - fitted)}


def trace(modes, n, ridge, weights):
    k = kappa(modes, n, ridge)
    weighted = mp.fsum(mp.mpf(w) * m / (s + k) for w, (s, m, _) in zip(weights, modes.modes, strict=True))
    return {"value": k * n / ridge * weighted}


def pair_trace(modes, n, ridge_a, ridge_b, weights_a, weights_b):
    a, b = kappa(modes, n, ridge_a), kappa(modes, n, ridge_b)
    rows = [
        (mp.mpf(wa), mp.mpf(wb), m, s, 1 / ((s + a) * (s + b)))
        for wa, wb, (s, m, _) in zip(weights_a, weights_b, modes.modes, strict=True)
    ]
    direct = mp.fsum(wa * wb * m * g for wa, wb, m, _, g in rows)
    left, right = mp.fsum(wa * m * s * g for wa, _, m, s, g in rows), mp.fsum(wb * m * s * g for _, wb, m, s, g in rows)
    return {"value": a * b * n * n / (ridge_a * ridge_b) * (direct + left * right / (n - modes.df2(a, b)))}


def learned(modes, n, ridge):
    k = kappa(modes, n, ridge)
    return {"value": [s / (s + k) for s, _, _ in modes.modes]}


def edge(modes, n):
    k = edge_kappa(modes, n)
    return {"value": k * (n - modes.df1(k))}


def best_ridge(modes, n, noise_variance, allow_negative=False):
    """The least of 600 risks between the edge (or 0) and 1e3 traces, then bisection on the derivative in kappa."""

    def slope(k):
        rise = mp.fsum(p * k * s / (s + k) ** 3 for s, _, p in modes.modes)
        fall = mp.fsum(m * s * s / (s + k) ** 3 for s, m, _ in modes.modes)
        return rise * (n - modes.df2(k)) - fall * (modes.unlearned(k) + noise_variance)

    start = edge_kappa(modes, n) * (1 + mp.mpf(10) ** -9) if allow_negative else kappa(modes, n, mp.mpf(0))
    ratio = (1000 * modes.trace / start) ** (mp.mpf(1) / 600)
    grid = [start * ratio**i for i in range(601)]
    with mp.workdps(40):
        risks = [(modes.unlearned(k) + noise_variance) / (n - modes.df2(k)) for k in grid]
    best = risks.index(min(risks))
    assert 0 < best < 600
    k = bisect(slope, grid[best - 1], grid[best + 1])
    return {"value": k * (n - modes.df1(k))}


def fitted(X, y, ridge, intercept):
    """Weights and intercept from the normal equations; the intercept is not penalised."""
    p = len(X[0])
    rows = [[*row, mp.mpf(1)] if intercept else row for row in X]
    size = len(rows[0])
    A = mp.matrix(size, size)
    for i in range(size):
        for j in range(size):
            A[i, j] = mp.fsum(row[i] * row[j] for row in rows) + (ridge if i == j < p else 0)
    right = mp.matrix([mp.fsum(row[i] * b for row, b in zip(rows, y, strict=True)) for i in range(size)])
    solution = list(mp.lu_solve(A, right))
    hats = [mp.fsum(a * b for a, b in zip(row, mp.lu_solve(A, mp.matrix(row)), strict=True)) for row in rows]
    return solution[:p], solution[p] if intercept else mp.mpf(0), mp.fsum(hats)


def refitted(X, y, ridges, intercept=False):
    """Every left-out row refitted."""
    n = len(y)
    names = ("coefficients", "intercept", "fitted", "train", "leave_one_out_residuals", "leave_one_out",
             "degrees_of_freedom", "gcv")  # fmt: skip
    fields = {name: [] for name in names}
    for ridge in ridges:

        def predicted(w, b, row):
            return mp.fsum(x * c for x, c in zip(row, w, strict=True)) + b

        w, b, freedom = fitted(X, y, ridge, intercept)
        values = [predicted(w, b, row) for row in X]
        train = mp.fsum((a - v) ** 2 for a, v in zip(y, values, strict=True)) / n
        left = []
        for i in range(n):
            other, shift, _ = fitted(X[:i] + X[i + 1 :], y[:i] + y[i + 1 :], ridge, intercept)
            left.append(y[i] - predicted(other, shift, X[i]))
        row = (w, b, values, train, left, mp.fsum(x * x for x in left) / n, freedom, train / (1 - freedom / n) ** 2)
        for name, value in zip(names, row, strict=True):
            fields[name].append(value)
    return fields


def paths():
    tall = [[1.0, 2.0], [0.5, -1.0], [3.0, 0.25], [-1.0, 0.75]]
    wide = [[1.0, 2.0, -1.0, 0.5], [0.25, -1.0, 3.0, 1.5], [2.0, 0.0, 1.0, -1.0]]
    near = [[1.0, 1.0], [1.0, 1.0 + 2.0**-10], [2.0, 2.0], [1.0, 0.5]]
    y = [1.0, -2.0, 0.5, 3.0]
    for name, X, ridges in (("tall", tall, [0.0, 1e-6, 1.0, 1e12]), ("wide", wide, [1e-3, 0.5, 1e3]),
                            ("nearly collinear", near, [1e-4, 0.1]), ("negative", tall, [-0.5])):  # fmt: skip
        for intercept in (False, True):
            yield writing.entry(f"{name}, intercept {intercept}", "ridge_path", refitted, 1e-11, together=True, X=X,
                                y=y[: len(X)], ridges=ridges, intercept=intercept)  # fmt: skip


def effective():
    modes = Modes([8.0, 2.0, 0.5, 1e-3], None, [1.0, 5.0, 20.0, 30.0])
    for n, ridge in ((20.0, 0.0), (20.0, 0.5), (56.0, 1e-200), (300.0, 1e-9), (20.0, 1e200), (20.0, -0.15)):
        yield entry(f"n={n:g}, ridge={ridge:g}", "effective_ridge", modes, n=n, ridge=ridge)


FUNCTIONS = {
    "effective_ridge": lambda modes, n, ridge: {"value": kappa(modes, n, ridge)},
    "ridge_risk": risk,
    "ridge_risk_general": general_risk,
    "ridge_cross_risk": cross_risk,
    "resolvent_trace": trace,
    "resolvent_pair_trace": pair_trace,
    "learnabilities": learned,
    "stability_edge": edge,
    "optimal_ridge": best_ridge,
}


def written(value):
    return [written(x) for x in value] if isinstance(value, list) else mp.nstr(value, 50)


def entry(name, function, modes, rtol=1e-13, **arguments):
    exact = {k: mp.mpf(v) if isinstance(v, (int, float)) and v is not True else v for k, v in arguments.items()}
    expected = {field: written(value) for field, value in FUNCTIONS[function](modes, **exact).items()}
    return {"name": f"{function}: {name}", "function": function, "arguments": {"spectrum": modes.data, **arguments},
            "expected": expected, "rtol": rtol}  # fmt: skip


def finite():
    d = 30
    cases = {
        "flat": [1.0] * d,
        "exponent 1": [1 / i for i in range(1, d + 1)],
        "exponent 3": [i**-3.0 for i in range(1, d + 1)],
        "exponential to e^-600": [math.exp(-20.0 * i) for i in range(d + 1)],
        "spike 1e8": [1e8] + [1.0] * (d - 1),
        "two scales": [1.0] * (d // 2) + [1e-10] * (d // 2),
    }
    for name, s in cases.items():
        full, half = len(s), len(s) // 2
        for n, ridge in ((half, 0.0), (half, 1e-300), (full, 1e-30), (full, 1e-280), (full, 1.0), (2 * full, 1e-3),
                         (2 * full, 1e300), (0.3 * full, 1e-8), (100.0 * full, 1e2), (0.01 * full, 1e-2)):  # fmt: skip
            yield entry(f"{name}, n={n:g}, ridge={ridge:g}", "ridge_risk", Modes(s, s), n=n, ridge=ridge,
                        noise_variance=0.25)  # fmt: skip
        for n in (0.1 * full, half, 3 * full):
            yield entry(f"{name}, n={n:g}", "stability_edge", Modes(s), n=n)
    for d, n, ridge in ((200, 100, 0.0), (200, 100, 7.5), (100, 400, 0.3), (100, 100, 1e-30), (100, 100, 1e3)):
        yield entry(f"isotropic, d={d}, n={n}, ridge={ridge:g}", "ridge_risk", Modes([1.0], [1.0], [float(d)]), n=n,
                    ridge=ridge, noise_variance=0.5)  # fmt: skip


def negative():
    isotropic, spikes = Modes([1.0], [1.0], [400.0]), Modes([50.0, 1.0], [5.0, 0.0], [10.0, 390.0])
    settings = [(isotropic, 100, -60.0), (isotropic, 900, -90.0), (isotropic, 399, -1e-4), (spikes, 100, -60.0),
                (spikes, 900, -50.0)]  # fmt: skip
    for modes, n, ridge in settings:
        yield entry(f"{len(modes.modes)} levels, n={n}, ridge={ridge}", "ridge_risk", modes, n=n, ridge=ridge,
                    noise_variance=0.1)  # fmt: skip
    # within 1 % of the edge the answer is 100 times as sensitive as the ridge is
    yield entry("spikes near the edge", "ridge_risk", spikes, rtol=1e-11, n=100, ridge=-104.0, noise_variance=0.1)
    yield entry("spikes", "optimal_ridge", spikes, rtol=1e-10, n=100, noise_variance=0.1, allow_negative=True)


def infinite():
    settings = [
        (1.05, 1.3, 60, 0.5),
        (1.2, 2.0, 100, 0.0),
        (1.5, 1.5, 50, 0.1),
        (2.0, 3.0, 30, 1e-3),
        (4.0, 1.5, 10, 1e-8),
    ]
    for a, b, n, ridge in settings:
        with mp.workdps(65):
            modes = InfinitePowerLaw(a, b, least_kappa=(2 * n) ** -a)
            for noise in (0.0, 0.3):
                yield entry(f"infinite power law {a} {b}, noise {noise}", "ridge_risk", modes, n=n, ridge=ridge,
                            noise_variance=noise)  # fmt: skip
            yield entry(f"infinite power law {a} {b}", "ridge_cross_risk", modes, n=n, ridge_a=ridge,
                        ridge_b=ridge + 2.0, noise_variance=0.3)  # fmt: skip


def others():
    s, power, counts = [8.0, 2.0, 0.5, 1e-3], [1.0, 0.3, 0.6, 0.1], [1.0, 5.0, 20.0, 30.0]
    modes = Modes(s, power, counts)
    for n, ridge_a, ridge_b in ((20, 0.5, 3.0), (56, 1e-20, 1.0), (300, 1e-9, 1e-3), (20, -0.15, 3.0)):
        name = f"n={n}, ridges {ridge_a:g} and {ridge_b:g}"
        ridges, n = {"ridge_a": ridge_a, "ridge_b": ridge_b}, float(n)
        yield entry(name, "ridge_cross_risk", modes, n=n, **ridges, noise_variance=0.2)
        weights = {"weights_a": [1.0, -2.0, 3.0, 0.5], "weights_b": [0.1, 1.0, 2.0, 0.0]}
        yield entry(name, "resolvent_pair_trace", modes, n=n, **ridges, **weights)
        yield entry(name, "resolvent_trace", modes, n=n, ridge=ridge_a, weights=[1.0, 2.0, 3.0, 0.5])
        yield entry(name, "learnabilities", modes, n=n, ridge=ridge_a)
    for n, ridge in ((20, 0.0), (20, 5.0), (300, 1e-6)):
        yield entry(f"n={n}, ridge={ridge:g}", "ridge_risk_general", Modes(s, None, counts), n=n, ridge=ridge,
                    cross_moment=[2.0, -0.7, 0.5, 1e-4], second_moment=4.0)  # fmt: skip
    for n, noise in ((5, 0.3), (30, 0.01), (30, 4.0)):
        # the optimum is flat: its conditioning is that of the derivative
        yield entry(f"n={n}, noise {noise}", "optimal_ridge", modes, rtol=1e-11, n=n, noise_variance=noise)


if __name__ == "__main__":
    path = Path(__file__).with_name("ridge.json")
    entries = [entry for part in (finite, negative, infinite, others, effective, paths) for entry in part()]
    path.write_text("[\n" + ",\n".join(json.dumps(entry) for entry in entries) + "\n]\n")
    print(f"{path.name}: {len(entries)} entries")
