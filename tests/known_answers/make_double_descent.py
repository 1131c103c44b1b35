"""Make double_descent.json: least squares in time, without the package's contours and closed filters.

Filters are powers of 2 x 2 matrices; isotropic risks quadrature against the Marchenko-Pastur law; other covariances
moments of words in S and Sigma by Gaussian integration by parts, to leading order in n; data sets explicit iterations;
one-pass SGD the full second-moment matrix by Isserlis' theorem; densities roots of polynomials. Takes a minute:

    python tests/known_answers/make_double_descent.py
"""

from functools import lru_cache

import mpmath as mp
from writing import bisect, entry, write


def power(matrix, count):
    """Matrix power by squaring."""
    size = len(matrix)
    result = [[mp.mpf(i == j) for j in range(size)] for i in range(size)]

    def product(a, b):
        return [[mp.fsum(a[i][k] * b[k][j] for k in range(size)) for j in range(size)] for i in range(size)]

    while count:
        if count & 1:
            result = product(result, matrix)
        matrix, count = product(matrix, matrix), count >> 1
    return result


def residual(method, t, x, step, mu):
    """r_t(x), straight from the table of methods."""
    if method == "gradient-flow":
        return mp.exp(-t * x)
    if method == "ridge":
        return 1 / (1 + t * x)
    z = step * x
    if method == "gradient-descent":
        return (1 - z) ** int(t)
    rows = {
        "heavy-ball": [[1 + mu - z, -mu], [mp.mpf(1), mp.mpf(0)]],
        "nesterov": [[(1 - z) * (1 + mu), -(1 - z) * mu], [mp.mpf(1), mp.mpf(0)]],
    }[method]
    now = power(rows, int(t))
    return now[0][0] + now[0][1]


def filtered(eigenvalues, times, method="gradient-descent", step_size=None, momentum=None):
    step, mu = 1 / max(eigenvalues) if step_size is None else step_size, momentum or mp.mpf(0)
    with mp.extradps(40):  # 1 - r of slow modes cancels
        left = [[residual(method, t, x, step, mu) if x else mp.mpf(1) for x in eigenvalues] for t in times]
        learned = [[1 - r for r in row] for row in left]
        gain = [[gap / x for gap, x in zip(row, eigenvalues, strict=True)] for row in learned if 0 not in eigenvalues]
    return {"residual": left, "learned": learned, **({"gain": gain} if gain else {})}


def columns(X):
    return [list(row) for row in zip(*X, strict=True)]


def descended(X, y, times, method="gradient-descent", step_size=None, momentum=None, start=None):
    n, p = len(X), len(X[0])
    S = mp.matrix([[mp.fsum(a * b for a, b in zip(u, v, strict=True)) / n for v in columns(X)] for u in columns(X)])
    moment = mp.matrix([mp.fsum(a * b for a, b in zip(u, y, strict=True)) / n for u in columns(X)])
    with mp.extradps(20):
        spectrum = sorted(mp.eigsy(S, eigvals_only=True), reverse=True)[: min(n, p)]
    origin = mp.matrix(start or [0] * p)
    step, mu = step_size or 1 / spectrum[0], momentum or mp.mpf(0)
    weights = []
    for t in times:
        if method == "gradient-flow":
            block = mp.zeros(p + 1)
            block[:p, :p], block[:p, p] = -S, moment
            weights.append((mp.expm(block * t) * mp.matrix([*origin, 1]))[:p])
        elif method == "ridge":
            weights.append(list(origin + mp.lu_solve(S + mp.eye(p) / t, moment - S * origin)))
        else:
            now, before = origin, origin
            for _ in range(int(t)):
                ahead = now + mu * (now - before) if method == "nesterov" else now
                push = mp.mpf(0) if method == "nesterov" else mu
                now, before = ahead - step * (S * ahead - moment) + push * (now - before), now
            weights.append(list(now))
    train = [
        mp.fsum((b - mp.fsum(a * c for a, c in zip(row, w, strict=True))) ** 2 for row, b in zip(X, y, strict=True)) / n
        for w in weights
    ]
    return {"coefficients": [list(w) for w in weights], "train": train, "eigenvalues": spectrum}


def marchenko_pastur(ratio, f, marks):
    """Integral of f over the continuous part: x = low + width sin^2, breakpoints where x - low passes the marks."""
    low, width = (1 - mp.sqrt(ratio)) ** 2, 4 * mp.sqrt(ratio)

    def integrand(phi):
        s, c = mp.sin(phi), mp.cos(phi)
        x = low + width * s * s
        return f(x) * (width * s * c) ** 2 / (mp.pi * ratio * x)

    points = {mp.asin(mp.sqrt(mark / width)) for mark in marks if mark < width}
    return mp.quad(integrand, sorted({mp.mpf(0), mp.pi / 4, mp.pi / 2} | points))


def isotropic(ratio, filters, noise, signal, marks):
    null, idle = max(1 - 1 / ratio, mp.mpf(0)), max(1 - ratio, mp.mpf(0))
    fields = {"bias": [], "variance": [], "test": [], "train": []}
    for r, mark in zip(filters, marks, strict=True):
        r = lru_cache(maxsize=None)(r)  # the four integrals share their nodes
        bias = signal * (marchenko_pastur(ratio, lambda x, r=r: r(x) ** 2, mark) + null)
        variance = noise * ratio * marchenko_pastur(ratio, lambda x, r=r: (1 - r(x)) ** 2 / x, mark)
        train = signal * marchenko_pastur(ratio, lambda x, r=r: x * r(x) ** 2, mark)
        train += noise * (ratio * marchenko_pastur(ratio, lambda x, r=r: r(x) ** 2, mark) + idle)
        for name, value in zip(fields, (bias, variance, bias + variance + noise, train), strict=True):
            fields[name].append(value)
    return fields


def flow(gamma, times, noise_variance=0, signal=1):
    filters = [lambda x, t=t: mp.exp(-t * x) for t in times]
    return isotropic(gamma, filters, noise_variance, signal, [ladder(t) for t in times])


def ladder(t):
    return [k / t for k in (1, 10, 40, 160)] if t > 1 else []


def isotropic_descent(spectrum, n, step_size, steps, noise_variance=0, momentum=None, method="heavy-ball"):
    d, signal = spectrum["isotropic"][0], spectrum["isotropic"][1]
    method, mu = ("gradient-descent", mp.mpf(0)) if momentum is None else (method, momentum)
    filters = [lambda x, t=t: residual(method, t, x, step_size, mu) for t in steps]
    scale = step_size / (1 - mu)
    return isotropic(d / n, filters, noise_variance, signal, [ladder(t * scale) for t in steps])


class Words:
    """Leading-order means of S^k and S^i Sigma S^j in every mode: Gaussian integration by parts, letter by letter."""

    def __init__(self, s, m, n, longest):
        self.s, self.m, self.n = s, m, n
        modes = range(len(s))
        self.single = [[mp.mpf(1)] * len(s)]
        self.traces = [self.trace(self.single[0])]
        for k in range(1, 2 * longest + 2):
            row = [
                s[i] * (self.single[k - 1][i] + mp.fsum(self.traces[a + 1] * self.single[k - 2 - a][i]
                                                        for a in range(k - 1)))
                for i in modes
            ]  # fmt: skip
            self.single.append(row)
            self.traces.append(self.trace(row))
        self.double = [[[s[i] * self.single[j][i] for i in modes] for j in range(longest + 1)]]
        for i in range(1, longest + 1):
            tied = [self.trace(row) for row in self.double[i - 1]]
            self.double.append([
                [s[q] * (self.double[i - 1][j][q]
                         + mp.fsum(self.traces[a + 1] * self.double[i - 2 - a][j][q] for a in range(i - 1))
                         + mp.fsum(tied[a + 1] * self.single[j - 1 - a][q] for a in range(j)))
                 for q in modes]
                for j in range(longest + 1)
            ])  # fmt: skip

    def trace(self, row):
        return mp.fsum(m * x for m, x in zip(self.m, row, strict=True)) / self.n

    def between(self, i, j):
        """S^i Sigma S^j; symmetric."""
        return self.double[min(i, j)][max(i, j)]


def times_polynomial(a, b):
    out = [mp.mpf(0)] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            out[i + j] += x * y
    return out


def filter_polynomials(steps, step, mu, method):
    """Coefficients of r_t for t = 0 ... steps; Nesterov's gradient also sees what the momentum adds."""
    ahead = mu if method == "nesterov" else mp.mpf(0)
    rows = [[mp.mpf(1)]]
    for t in range(steps):
        before = rows[t - 1] if t else rows[0]
        row = [mp.mpf(0)] * (t + 2)
        for i, x in enumerate(rows[t]):
            row[i] += (1 + mu) * x
            row[i + 1] -= step * (1 + ahead) * x
        for i, x in enumerate(before):
            row[i] -= mu * x
            row[i + 1] += step * ahead * x
        rows.append(row)
    return rows


def general_descent(spectrum, n, step_size, steps, noise_variance=0, momentum=None, method="heavy-ball"):
    s, p = spectrum["eigenvalues"], spectrum["target_power"]
    m = spectrum.get("multiplicities", [mp.mpf(1)] * len(s))
    extra = spectrum.get("irreducible_power", mp.mpf(0))
    longest = int(steps[-1])
    fields = {"bias": [], "variance": [], "test": [], "train": []}
    with mp.extradps(40):  # alternating sums
        words = Words(s, m, n, longest)
        polynomials = filter_polynomials(longest, step_size, momentum or mp.mpf(0), method)
        for t in steps:
            r = polynomials[int(t)]
            weights = [
                mp.fsum(r[i] * r[j] * words.between(i, j)[q] for i in range(len(r)) for j in range(len(r)))
                for q in range(len(s))
            ]
            square = times_polynomial(r, r)
            unlearned = [-x for x in r[1:]]  # (1 - r)/x
            gain = times_polynomial(unlearned, unlearned) if unlearned else []
            noise = mp.fsum(c * words.trace([x * y for x, y in zip(s, words.single[k + 1], strict=True)])
                            for k, c in enumerate(gain))  # fmt: skip
            target = mp.fsum(w * v / x for w, v, x in zip(weights, p, s, strict=True))
            bias = target + extra * (1 + noise)
            seen = mp.fsum(c * mp.fsum(v / x * y for v, x, y in zip(p, s, words.single[k + 1], strict=True))
                           for k, c in enumerate(square))  # fmt: skip
            left = 1 + mp.fsum(c * words.traces[k] for k, c in enumerate(square) if k)
            variance, label = noise_variance * noise, noise_variance + extra
            row = (bias, variance, bias + variance + noise_variance, seen + label * left)
            for name, value in zip(fields, row, strict=True):
                fields[name].append(value)
    return fields


def in_the_long_run(spectrum, n, step_size, steps, noise_variance, momentum=None):
    """After 10^9 steps: least squares, of least norm."""
    s, p = spectrum["eigenvalues"], spectrum["target_power"]
    m = spectrum["multiplicities"]
    rank, kappa = mp.fsum(m), mp.mpf(0)
    if n < rank:
        trace = mp.fsum(a * b for a, b in zip(s, m, strict=True))
        kappa = bisect(lambda k: n - mp.fsum(b * a / (a + k) for a, b in zip(s, m, strict=True)),
                       trace * mp.mpf(10) ** -40, trace * 2 / n)  # fmt: skip
    df2 = mp.fsum(b * (a / (a + kappa)) ** 2 for a, b in zip(s, m, strict=True))
    bias = n / (n - df2) * mp.fsum(v * (kappa / (a + kappa)) ** 2 for a, v in zip(s, p, strict=True))
    variance = noise_variance * df2 / (n - df2)
    train = noise_variance * max(1 - rank / n, mp.mpf(0))
    fields = {"bias": bias, "variance": variance, "test": bias + variance + noise_variance, "train": train}
    return {name: [value] for name, value in fields.items() if value}  # zero to rounding where it is zero


def one_pass(spectrum, step_size, batch_size, steps, noise_variance=0):
    """M' = M - eta(SM + MS) + eta^2 [(1 - 1/B) SMS + (2SMS + tr(SM)S)/B] + eta^2 noise S/B: diagonal, as S is."""
    s, p = spectrum["eigenvalues"], spectrum["target_power"]
    m = spectrum.get("multiplicities", [mp.mpf(1)] * len(s))
    extra, eta, b = spectrum.get("irreducible_power", mp.mpf(0)), step_size, batch_size
    each = [x for x, count in zip(s, m, strict=True) for _ in range(int(count))]
    start = [v / x / count for x, v, count in zip(s, p, m, strict=True) for _ in range(int(count))]
    d, noise = len(each), noise_variance + extra
    A = mp.matrix(d, d)
    for i, x in enumerate(each):
        for j, other in enumerate(each):
            A[i, j] = eta**2 * x * other / b
        A[i, i] += 1 - 2 * eta * x + eta**2 * x * x * (1 - 1 / b + 2 / b)
    drive = mp.matrix([eta**2 * noise * x / b for x in each])
    block = [[*(A[i, j] for j in range(d)), drive[i]] for i in range(d)] + [[mp.mpf(0)] * d + [mp.mpf(1)]]
    excess = []
    for t in steps:
        last = power(block, int(t))
        now = [mp.fsum(last[i][j] * start[j] for j in range(d)) + last[i][d] for i in range(d)]
        excess.append(mp.fsum(x * v for x, v in zip(each, now, strict=True)) + extra)
    growth = max(mp.re(x) for x in mp.eig(A, left=False, right=False))
    limit = mp.inf
    if growth < 1:
        limit = mp.fsum(x * v for x, v in zip(each, mp.lu_solve(mp.eye(d) - A, drive), strict=True)) + extra
    return {"excess": excess, "test": [x + noise_variance for x in excess], "growth": growth, "stationary": limit}


def edge_density(x):
    return (1 + mp.sqrt(x)) / (2 * mp.sqrt(x)) * mp.exp(-x / 2 - mp.sqrt(x))


def hard_edge(x):
    """Edelman's density integrated, in the root of x."""
    return {"value": [mp.quad(lambda u: 2 * u * edge_density(u * u), mp.linspace(0, mp.sqrt(a), 5)) for a in x]}


def hard_edge_quantile(probability):
    return {"value": [bisect(lambda x, p=p: p - mp.exp(-x / 2 - mp.sqrt(x)), mp.mpf(10) ** -420, mp.mpf(10) ** 4)
                      if p == 0 else bisect(lambda x, p=p: -mp.expm1(-x / 2 - mp.sqrt(x)) - p,
                                            mp.mpf(10) ** -420, mp.mpf(10) ** 4)
                      for p in probability]}  # fmt: skip


def from_roots(values):
    row = [mp.mpf(1)]
    for value in values:
        row = times_polynomial(row, [mp.mpf(1), value])
    return row  # highest power first


def added(*rows):
    longest = max(len(row) for row in rows)
    padded = [[mp.mpf(0)] * (longest - len(row)) + list(row) for row in rows]
    return [mp.fsum(column) for column in zip(*padded, strict=True)]


def levels(spectrum, n):
    found = {}
    counts = spectrum.get("multiplicities", [mp.mpf(1)] * len(spectrum["eigenvalues"]))
    for s, m in zip(spectrum["eigenvalues"], counts, strict=True):
        found[s] = found.get(s, mp.mpf(0)) + m
    scale = max(found)
    return [s / scale for s in found], [m / n for m in found.values()], scale


def edges_by_roots(spectrum, n):
    """Real roots of sum c s^2/(s + kappa)^2 = 1, as those of a polynomial."""
    s, c, scale = levels(spectrum, n)
    total = from_roots([x for x in s for _ in range(2)])
    parts = [[-c[i] * s[i] ** 2 * v for v in from_roots([x for x in s[:i] + s[i + 1 :] for _ in range(2)])]
             for i in range(len(s))]  # fmt: skip
    row = added(total, *parts)
    if mp.fsum(c) == 1:
        row = row[:-1]  # kappa = 0 is a root
    roots = mp.polyroots(row, maxsteps=2000, extraprec=2000)
    kappas = [mp.re(k) for k in roots if abs(mp.im(k)) < mp.mpf(10) ** -40]
    found = [-k * (1 - mp.fsum(a * b / (b + k) for a, b in zip(c, s, strict=True))) for k in kappas]
    found = sorted([*found, mp.mpf(0)] if mp.fsum(c) == 1 else found)
    return [[scale * a, scale * b] for a, b in zip(found[::2], found[1::2], strict=True)]


def density_by_roots(spectrum, n, grid):
    s, c, scale = levels(spectrum, n)
    d = mp.fsum(c) * n
    edges = edges_by_roots(spectrum, n)
    density = []
    for x in grid:
        parts = [[-c[i] * s[i] * v for v in from_roots(s[:i] + s[i + 1 :])] + [mp.mpf(0)] for i in range(len(s))]
        row = added([x / scale * v for v in from_roots(s)], [*from_roots(s), mp.mpf(0)], *parts)
        kappa = min(mp.polyroots(row, maxsteps=2000, extraprec=2000), key=mp.im)
        inside = any(a < x < b for a, b in edges)
        density.append(n / d * mp.im(1 / kappa) / mp.pi / scale if inside else mp.mpf(0))
    return {"density": density, "atom": max(mp.mpf(0), 1 - n / d), "edges": edges}


def filters():
    s = [1.0, 0.3, 1e-2, 1e-9]
    times = [0, 1, 2, 7, 1000, 10**7]
    for method in ("gradient-descent", "heavy-ball", "nesterov"):
        for mu in (None,) if method == "gradient-descent" else (0.0, 0.5, 0.9, 0.999):
            for step in (None, 0.05):
                # powers of factors near -1 or 1: t eps; momentum: eps/(1 - momentum) in 1 - r
                more = {} if mu is None else {"momentum": mu}
                more |= {} if step is None else {"step_size": step}
                name = f"{method}, momentum {mu}, step {step}"
                yield entry(name, "spectral_response", filtered, eigenvalues=s, times=times, method=method, rtol=1e-12,
                            together=True, **more)  # fmt: skip
                yield entry(name + ", slow mode", "spectral_response", filtered, rtol=1e-12, eigenvalues=[1e-9, 1e-9],
                            times=[1, 3, 1000, 10**6], method=method, step_size=0.5, **({} if mu is None else
                            {"momentum": mu})) if step is None else None  # fmt: skip
    for method in ("gradient-flow", "ridge"):
        yield entry(method, "spectral_response", filtered, 1e-13, eigenvalues=[3.0, 1.0, 1e-3, 1e-12],
                    times=[0.0, 1e-6, 0.5, 30.0, 200.0], method=method)  # fmt: skip
        yield entry(f"{method}, eigenvalues of 1e100 and zero", "spectral_response", filtered, 1e-13,
                    eigenvalues=[1e100, 1e98, 0.0], times=[1e-101, 1e-99], method=method)  # fmt: skip
    yield entry("step near its limit", "spectral_response", filtered, 1e-11, eigenvalues=[1.0, 0.5],
                times=[1, 2, 1001], step_size=1.999)  # fmt: skip


def data_sets():
    X = [[1.0, 2.0], [0.5, -1.0], [3.0, 0.25]]
    wide = [[1.0, 2.0, -1.0, 0.5], [0.25, -1.0, 3.0, 1.5]]
    square = [[2.0, 1.0], [1.0, 3.0]]
    y, labels = [1.0, -2.0, 0.5], [1.0, 2.0]
    cases = (("tall", X, y), ("wide", wide, labels), ("square", square, labels))
    for name, design, target in cases:
        for method, more in (("gradient-descent", {}), ("gradient-descent", {"step_size": 0.01}),
                             ("heavy-ball", {"momentum": 0.8}), ("nesterov", {"momentum": 0.8}),
                             ("gradient-flow", {}), ("ridge", {})):  # fmt: skip
            times = [0, 1, 2, 25, 400] if method not in ("gradient-flow", "ridge") else [1e-3, 0.7, 20.0]
            title = f"{name}, {method}, {more}"
            yield entry(title, "descent_path", descended, 1e-11, together=True, X=design, y=target, times=times,
                        method=method, **more)  # fmt: skip
    yield entry("wide, from elsewhere", "descent_path", descended, 1e-11, together=True, X=wide, y=labels,
                times=[0, 3, 50], start=[1.0, -1.0, 0.5, 2.0])  # fmt: skip


def risks():
    for gamma in (0.1, 0.5, 1.0, 2.0, 10.0):
        yield entry(f"d/n = {gamma}", "isotropic_flow_risk", flow, 1e-12, together=True, digits=30,
                    precisions=(40, 50), gamma=gamma, times=[0.0, 0.3, 5.0, 60.0],
                    noise_variance=0.7, signal=2.0)  # fmt: skip
    yield entry("d = n, long", "isotropic_flow_risk", flow, 1e-12, digits=30, precisions=(40, 50), gamma=1.0,
                times=[1e3, 1e5], noise_variance=1.0)  # fmt: skip
    for d, n, step, mu in ((200, 400, 0.5, None), (400, 200, 0.3, None), (100, 100, 0.4, None), (200, 400, 0.5, 0.5),
                           (100, 300, 0.3, 0.95), (100, 100, 0.2, 0.8)):  # fmt: skip
        more = {} if mu is None else {"momentum": mu}
        yield entry(f"isotropic, d={d}, n={n}, momentum {mu}", "gradient_descent_risk", isotropic_descent, 1e-12,
                    together=True, digits=30, precisions=(40, 50), spectrum={"isotropic": [d, 1.5]}, n=n,
                    step_size=step, steps=[0, 1, 10, 300], noise_variance=0.6, **more)  # fmt: skip
    levels = {"eigenvalues": [2.0, 1.0, 0.1], "target_power": [0.5, 0.7, 0.2], "multiplicities": [20.0, 50.0, 130.0]}
    for n in (60, 200, 900):
        for step, mu in ((0.1, None), (0.3, 0.6), (0.05, 0.99)):
            more = {} if mu is None else {"momentum": mu}
            yield entry(f"three levels, n={n}, momentum {mu}", "gradient_descent_risk", general_descent, 1e-12,
                        together=True, spectrum=levels, n=n, step_size=step, steps=[0, 1, 2, 5, 12],
                        noise_variance=0.4, **more)  # fmt: skip
    yield entry("irreducible power", "gradient_descent_risk", general_descent, 1e-12, together=True,
                spectrum=levels | {"irreducible_power": 0.3}, n=150, step_size=0.2, steps=[0, 1, 6],
                noise_variance=0.1)  # fmt: skip
    for n, step, mu in ((60, 0.05, 0.3), (200, 0.2, 0.6), (900, 0.05, 0.99)):
        yield entry(f"three levels, n={n}, Nesterov {mu}", "gradient_descent_risk", general_descent, 1e-12,
                    together=True, spectrum=levels, n=n, step_size=step, steps=[0, 1, 2, 5, 12],
                    noise_variance=0.4, momentum=mu, method="nesterov")  # fmt: skip
    for d, n, step, mu in ((200, 400, 0.3, 0.5), (100, 300, 0.2, 0.9)):
        yield entry(f"isotropic, d={d}, n={n}, Nesterov {mu}", "gradient_descent_risk", isotropic_descent, 1e-12,
                    together=True, digits=30, precisions=(40, 50), spectrum={"isotropic": [d, 1.5]}, n=n,
                    step_size=step, steps=[0, 1, 10, 300], noise_variance=0.6, momentum=mu,
                    method="nesterov")  # fmt: skip
    for n in (60, 900):
        yield entry(f"least squares in the end, n={n}", "gradient_descent_risk", in_the_long_run, 1e-12, together=True,
                    spectrum=levels, n=n, step_size=0.3, steps=[10**9], noise_variance=0.4)  # fmt: skip


def streams():
    flat = {"eigenvalues": [1.0], "target_power": [1.0], "multiplicities": [10.0]}
    spread = {"eigenvalues": [2.0, 0.5, 1e-3], "target_power": [1.0, 0.3, 0.2], "multiplicities": [2.0, 3.0, 4.0]}
    for title, spectrum, step, batch in (("flat", flat, 0.1, 4), ("flat, batch 1", flat, 0.1, 1),
                                         ("flat, just stable", flat, 0.1666666, 1), ("flat, unstable", flat, 0.17, 1),
                                         ("spread", spread, 0.2, 2), ("spread, tiny step", spread, 1e-6, 8),
                                         ("irreducible", spread | {"irreducible_power": 0.5}, 0.1, 3)):  # fmt: skip
        # near the edge of stability the long run is 1/(1 - growth) as sensitive
        rtol = 1e-12 if "just" not in title else 1e-8
        times = [0, 1, 2, 50, 3000] if "just" not in title else [0, 1, 50]
        yield entry(title, "one_pass_sgd_risk", one_pass, min(rtol, 1e-9), spectrum=spectrum, step_size=step,
                    batch_size=batch, steps=times, noise_variance=0.5)  # fmt: skip
    yield entry("spread, a million steps", "one_pass_sgd_risk", one_pass, 1e-12, spectrum=spread, step_size=0.05,
                batch_size=2, steps=[10**6], noise_variance=0.0)  # fmt: skip


def edges():
    yield entry("values", "smallest_eigenvalue_cdf", hard_edge, 1e-14, x=[1e-100, 1e-10, 0.1, 1.0, 30.0, 1000.0])
    yield entry("values", "smallest_eigenvalue_quantile", hard_edge_quantile, 1e-14,
                probability=[1e-200, 1e-9, 0.5, 0.99, 1 - 2.0**-53])  # fmt: skip
    three = {"eigenvalues": [10.0, 3.0, 1.0], "multiplicities": [20.0, 30.0, 50.0]}
    far = {"eigenvalues": [1.0, 1e-6], "multiplicities": [50.0, 50.0]}
    cases = [("isotropic", {"eigenvalues": [1.0], "multiplicities": [100.0]}, n, [0.3, 1.0, 2.2, 9.0])
             for n in (25, 100, 400)]  # fmt: skip
    cases += [("three levels", three, n, [0.05, 0.9, 3.1, 9.5, 12.0, 40.0]) for n in (50, 100, 2000)]
    cases += [("two scales", far, n, [3e-7, 1e-6, 0.5, 1.0, 1.6]) for n in (80, 100, 1000)]
    cases += [("units of 1e-100", {"eigenvalues": [1e-100, 3e-100], "multiplicities": [50.0, 10.0]}, 300, [1.2e-100])]
    for title, spectrum, n, grid in cases:
        yield entry(f"{title}, n={n}", "support_edges", lambda spectrum, n: {"value": edges_by_roots(spectrum, n)},
                    1e-13, spectrum=spectrum, n=n)  # fmt: skip
        yield entry(f"{title}, n={n}", "sample_covariance_density", density_by_roots, 1e-12, spectrum=spectrum, n=n,
                    grid=grid)  # fmt: skip


if __name__ == "__main__":
    parts = (filters, data_sets, risks, streams, edges)
    write(__file__, (row for part in parts for row in part() if row is not None))
