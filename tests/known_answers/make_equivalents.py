"""Make equivalents.json: traces as text, their equivalents from scalar equations written by hand, at 50 digits.

What derives the answers knows no pencil: roots are bracketed, second traces as derivatives in a source by
central differences at twice the digits, Wigner matrices by the quadratic of the semicircle.

python tests/known_answers/make_equivalents.py
"""

import mpmath as mp
from writing import entry, write


def power(count, exponent):
    s = [mp.mpf(i) ** -mp.mpf(exponent) for i in range(1, int(count) + 1)]
    mean = mp.fsum(s) / len(s)
    return [x / mean for x in s]


def slope(function):
    """Derivative at 0 by central differences, an error of 10^-digits, at twice the digits."""
    digits = mp.mp.dps
    with mp.workdps(2 * digits):
        h = mp.mpf(10) ** -(digits // 2)
        return (function(h) - function(-h)) / (2 * h)


def crossing(rising, low, high):
    """Root of a rising function: halved to 10 digits, then secants, each kept between the ends it is known to be."""
    low, high = mp.mpf(low), mp.mpf(high)
    with mp.workdps(20):
        while high - low > mp.mpf(10) ** -10 * high:
            middle = (low + high) / 2
            low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    low, high = low * (1 - mp.mpf(10) ** -9), high * (1 + mp.mpf(10) ** -9)
    before, now = low, high
    first, second = rising(before), rising(now)
    for _ in range(60):
        after = now - second * (now - before) / (second - first)
        assert low <= after <= high
        before, first, now = now, second, after
        second = rising(now)
        if abs(now - before) <= mp.mpf(10) ** (6 - mp.mp.dps) * abs(now) or second == first:
            return now
    raise ArithmeticError("no convergence")


def gram(n, s, lam, source, t, scale=1):
    """Equivalent of the diagonal of (X'X/n + lam + t source)^-1: 1/(lam + t source + s m), m = 1/(1 + Tr[s Q]/n)."""

    def entries(m):
        return [scale / (lam + t * b + a * m) for a, b in zip(s, source, strict=True)]

    def short(m):
        return m - 1 / (1 + mp.fsum(a * q for a, q in zip(s, entries(m), strict=True)) / n)

    return entries(crossing(short, 0, 1))


def trace(n, s, lam, weights, source=None, t=0):
    zeros = [mp.mpf(0)] * len(s)
    return mp.fsum(w * q for w, q in zip(weights, gram(n, s, lam, source or zeros, t), strict=True))


def pair(n, s, lam, a, b):
    """Tr A Q B Q = -d/dt Tr A (. + tB)^-1."""
    return -slope(lambda t: trace(n, s, lam, a, b, t))


def resolvent(n, d, exponent, lam):
    s = power(d, exponent)
    return {"value": trace(n, s, lam, s)}


def bias(n, d, exponent, target, lam):
    s, b = power(d, exponent), power(d, target)
    return {"value": lam**2 * pair(n, s, lam, b, s)}


def variance(n, d, exponent, lam):
    """Tr[Q G Q S] with G = X'X/n: Q G Q = Q - lam Q^2."""
    s = power(d, exponent)
    return {"value": trace(n, s, lam, s) - lam * pair(n, s, lam, s, [mp.mpf(1)] * len(s))}


def ridgeless(n, d, exponent):
    """The same at ridge 0 with d > n: kappa where df1 = n."""
    s = power(d, exponent)
    kappa = crossing(lambda k: n - mp.fsum(x / (x + k) for x in s), mp.mpf(10) ** -6, mp.mpf(10) ** 6)
    df2 = mp.fsum((x / (x + kappa)) ** 2 for x in s)
    return {"value": n * df2 / (n - df2)}


def wigner(z, order):
    """Tr (z - A)^-order / n for the semicircle of radius 2."""
    root = mp.sqrt(z * z - 4)
    g = (z - root) / 2
    return {"value": g if order == 1 else g / root}


def gap(n, d, z):
    """Tr(X'X/n - z)^-1/d outside the Marchenko-Pastur bulk: the smaller root of c z g^2 - (1 - c - z) g + 1 = 0."""
    c = d / n
    a, b = c * z, -(1 - c - z)
    root = mp.sqrt(b * b - 4 * a)
    return {"value": min(((-b + root) / (2 * a), (-b - root) / (2 * a)), key=abs)}


def populations(n1, n2, d, first, second, lam):
    """Tr (X1'X1 + X2'X2 + lam)^-1: two unknowns, one nested in the other."""
    s, u = power(d, first), power(d, second)

    def entries(m1, m2):
        return [1 / (lam + n1 * m1 * a + n2 * m2 * b) for a, b in zip(s, u, strict=True)]

    def inner(m1):
        return crossing(lambda m2: m2 - 1 / (1 + mp.fsum(b * q for b, q in zip(u, entries(m1, m2), strict=True))), 0, 1)

    def outer(m1):
        return m1 - 1 / (1 + mp.fsum(a * q for a, q in zip(s, entries(m1, inner(m1)), strict=True)))

    m1 = crossing(outer, 0, 1)
    return {"value": mp.fsum(entries(m1, inner(m1)))}


def weighted(n, d, exponent, weights, lam):
    """Tr S (X' O X/n + lam)^-1 with weights of the samples."""
    s, w = power(d, exponent), power(n, weights)

    def load(a):
        return mp.fsum(x / (lam + a * x) for x in s) / n

    return {"value": n * load(crossing(lambda a: a - mp.fsum(x / (1 + x * load(a)) for x in w) / n, 0, max(w)))}


def linear_features(n, d, k, exponent, lam):
    """Tr (X W'W X'/(n k) + lam)^-1 over n: lam = kappa (n - T)(k - T)/(n k); the trace is k n/(kappa (k - T))."""
    s = power(d, exponent)

    def freedom(kappa):
        return mp.fsum(x / (x + kappa) for x in s)

    def short(kappa):
        return kappa * (n - freedom(kappa)) * (k - freedom(kappa)) / (n * k) - lam

    least = (
        crossing(lambda kappa: min(n, k) - freedom(kappa), mp.mpf(10) ** -6, mp.mpf(10) ** 6) if d > min(n, k) else 0
    )
    kappa = crossing(short, least, least + 100 + 100 * lam)
    return {"value": k * n / (kappa * (k - freedom(kappa)))}


def moments(n, d, exponent):
    """Tr X'X X'X for X = Z S^1/2 without the transposed pairing: n^2 Tr S^2 + n (Tr S)^2."""
    s = power(d, exponent)
    return {"value": n * n * mp.fsum(x * x for x in s) + n * mp.fsum(s) ** 2}


def spectra(**lists):
    return [f"{name}:power:{exponent}:{size}:{space}" for name, (exponent, size, space) in lists.items()]


def row(name, formula, compute, numbers, *, let=(), gaussian=(), wigner=(), spectrum=(), sizes="", rtol=1e-12):
    """One trace as the command line takes it; `numbers` are what the hand-written equation needs."""
    found = entry(name, "derive", compute, rtol, **numbers)
    found["arguments"] = {"formula": formula, "let": list(let), "gaussian": list(gaussian), "wigner": list(wigner),
                          "spectrum": list(spectrum), "set_": [sizes]}  # fmt: skip
    return found


def entries():
    X, Z = ["X = Z sqrt(S)"], ["Z:n,d"]
    Q = "(X^T X/n + lam)^-1"
    for n, d in ((100, 40), (40, 100), (60, 60)):
        for lam in (1e-8, 1e-3, 0.05, 100.0):
            near = 1e-10 if n == d and lam < 1e-6 else 1e-12
            numbers = {"n": n, "d": d, "exponent": 1.2, "lam": lam}
            common = {"let": X, "gaussian": Z, "sizes": f"n={n},lam={lam!r}"}
            S, B = (1.2, d, "d"), (0.5, d, "d")
            yield row(f"resolvent, n={n}, d={d}, lam={lam:g}", f"tr(S {Q})", resolvent, numbers,
                      spectrum=spectra(S=S), rtol=near, **common)  # fmt: skip
            if lam in (1e-3, 100.0):
                yield row(f"bias, n={n}, d={d}, lam={lam:g}", f"lam^2 tr(B {Q} S {Q})", bias,
                          {**numbers, "target": 0.5}, spectrum=spectra(S=S, B=B), **common)  # fmt: skip
            if lam in (1e-8, 0.05):
                yield row(f"variance, n={n}, d={d}, lam={lam:g}", f"tr({Q} X^T X {Q} S)/n", variance, numbers,
                          spectrum=spectra(S=S), rtol=near, **common)  # fmt: skip
    for n, d in ((40, 100), (20, 90)):
        yield row(f"ridgeless variance, n={n}, d={d}", f"tr({Q} X^T X {Q} S)/n", ridgeless,
                  {"n": n, "d": d, "exponent": 1.0}, let=X, gaussian=Z, spectrum=spectra(S=(1.0, d, "d")),
                  sizes=f"n={n},lam=0.0")  # fmt: skip
    for z in (2.0001, 2.1, 4.0, 1e3):
        yield row(f"Wigner matrix at {z:g}", "tr((z - A)^-1)/n", wigner, {"z": z, "order": 1}, wigner=["A:n:1/n"],
                  sizes=f"n=100,z={z!r}")  # fmt: skip
    yield row("squared resolvent of a Wigner matrix", "tr((z - A)^-2)/n", wigner, {"z": 2.1, "order": 2},
              wigner=["A:n:1/n"], sizes="n=100,z=2.1")  # fmt: skip
    for n, d, z in ((100, 50, 0.05), (100, 50, 0.01), (100, 50, 3.5), (100, 25, 0.2), (100, 25, -3.0)):
        yield row(f"shift {z:g}, d/n={d / n:g}", "tr((Z^T Z/n - z)^-1)/d", gap, {"n": n, "d": d, "z": z}, gaussian=Z,
                  sizes=f"n={n},d={d},z={z!r}")  # fmt: skip
    for n1, n2, d, lam in ((30, 20, 25, 2.0), (10, 30, 50, 0.1), (40, 5, 20, 0.01)):
        yield row(f"two populations, n1={n1}, n2={n2}, d={d}", "tr((X1^T X1 + X2^T X2 + lam)^-1)", populations,
                  {"n1": n1, "n2": n2, "d": d, "first": 1.0, "second": 0.3, "lam": lam},
                  let=["X1 = Z1 sqrt(S)", "X2 = Z2 sqrt(U)"], gaussian=["Z1:n1,d", "Z2:n2,d"],
                  spectrum=spectra(S=(1.0, d, "d"), U=(0.3, d, "d")), sizes=f"n1={n1},n2={n2},lam={lam!r}")  # fmt: skip
    for n, d, lam in ((60, 30, 0.05), (30, 60, 0.05), (60, 30, 1e-6)):
        yield row(f"weighted samples, n={n}, d={d}, lam={lam:g}", "tr(S (X^T O X/n + lam)^-1)", weighted,
                  {"n": n, "d": d, "exponent": 0.8, "weights": 0.6, "lam": lam}, let=X, gaussian=Z,
                  spectrum=spectra(S=(0.8, d, "d"), O=(0.6, n, "n")), sizes=f"lam={lam!r}")  # fmt: skip
    for n, d, k, lam in ((60, 40, 50, 0.1), (30, 40, 50, 1e-6), (30, 80, 20, 0.5), (20, 50, 80, 10.0)):
        yield row(f"linear features, n={n}, d={d}, k={k}, lam={lam:g}", "tr((X W^T W X^T/n/k + lam)^-1)",
                  linear_features, {"n": n, "d": d, "k": k, "exponent": 1.0, "lam": lam}, let=X,
                  gaussian=["Z:n,d", "W:k,d"], spectrum=spectra(S=(1.0, d, "d")),
                  sizes=f"n={n},k={k},lam={lam!r}")  # fmt: skip
    for n, d in ((7, 5), (100, 300)):
        yield row(f"fourth moment, n={n}, d={d}", "tr(X^T X X^T X)", moments, {"n": n, "d": d, "exponent": 0.5}, let=X,
                  gaussian=Z, spectrum=spectra(S=(0.5, d, "d")), sizes=f"n={n}")  # fmt: skip


if __name__ == "__main__":
    write(__file__, entries())
