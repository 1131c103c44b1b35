"""Make convex_losses.json: minima by bisection, the three overlaps from their own equations, integrals by mpmath.

python tests/known_answers/make_convex_losses.py
"""

from functools import cache, partial
from itertools import pairwise

import mpmath as mp
from writing import entry, write

REACH = 13  # standard deviations


def loss_of(loss, y, z):
    u, r = y * z, y - z
    return {
        "square": lambda: r * r / 2,
        "logistic": lambda: mp.log1p(mp.exp(-u)) if u > 0 else -u + mp.log1p(mp.exp(u)),
        "hinge": lambda: max(1 - u, mp.mpf(0)),
        "squared_hinge": lambda: max(1 - u, mp.mpf(0)) ** 2 / 2,
        "huber": lambda: r * r / 2 if abs(r) <= 1 else abs(r) - mp.mpf(1) / 2,
        "absolute": lambda: abs(r),
    }[loss]()


def slope_of(loss, y, z):
    u, r = y * z, y - z
    if loss == "logistic":
        return -y / (1 + mp.exp(u))
    if loss in ("hinge", "squared_hinge"):
        return mp.mpf(0) if u > 1 else -y * (1 if loss == "hinge" else 1 - u)
    return {"square": -r, "huber": -max(min(r, mp.mpf(1)), mp.mpf(-1)), "absolute": -mp.sign(r)}[loss]


def minimiser(loss, y, omega, V):
    """Bisection on the rising derivative of the sum."""
    low, high = omega - V * (2 + abs(y - omega)) - 1, omega + V * (2 + abs(y - omega)) + 1
    while high - low > mp.mpf(10) ** (6 - mp.mp.dps) * (1 + abs(low) + abs(high)):
        middle = (low + high) / 2
        if slope_of(loss, y, middle) + (middle - omega) / V > 0:
            high = middle
        else:
            low = middle
    return (low + high) / 2


def prox(loss, y, omega, V):
    return {"value": minimiser(loss, y, omega, V)}


def envelope(loss, y, omega, V):
    z = minimiser(loss, y, omega, V)
    return {"value": loss_of(loss, y, z) + (z - omega) ** 2 / (2 * V)}


def value(loss, y, z):
    return {"value": loss_of(loss, y, z)}


def density(x, variance):
    return mp.exp(-x * x / (2 * variance)) / mp.sqrt(2 * mp.pi * variance)


@cache
def normal(k, step):
    return density(k * step, 1)


def plus(teacher, mean, variance):
    """Chance of the label 1 and its derivative in the mean of a Gaussian field."""
    if teacher == "sign":
        return mp.ncdf(mean / mp.sqrt(variance)), density(mean, variance)
    if variance == 0:
        p = 1 / (1 + mp.exp(-mean))
        return p, p * (1 - p)
    root = mp.sqrt(variance)  # the trapezoidal rule: errors e^(-2 pi^2/step^2), e^(-2 pi^2/(step root))
    step = min(4, 2 / root) * mp.mpf(8) / (2 * mp.mp.dps)
    most = int(mp.ceil(mp.sqrt(2 * mp.mp.dps * mp.log(10)) / step)) + 1
    p = slope = mp.mpf(0)
    for k in range(-most, most + 1):
        z = k * step
        s = 1 / (1 + mp.exp(-mean - root * z))
        weight = step * normal(k, step)
        p, slope = p + weight * s, slope + weight * s * (1 - s)
    return p, slope


def integrals(loss, teacher, V, q, m, rho, corners):
    """E of f squared, of -f', of its derivative in the field, of both losses, of wrong signs; y omega = u."""
    hidden, c, root = rho - m * m / q, m / q, mp.sqrt(q)
    inside = (x for x in corners(V) if abs(x) < REACH * root)
    places = sorted({*(k * root for k in (-REACH, -9, -6, -4, -2, 0, 2, 4, 6, 9, REACH)), *inside})

    def node(u):
        if loss == "logistic":  # Newton from the right
            z = u + V
            for _ in range(200):
                p = 1 / (1 + mp.exp(z))
                move = (z - u - V * p) / (1 + V * p * (1 - p))
                z -= move
                if abs(move) < mp.mpf(10) ** (2 - mp.mp.dps):
                    break
            curve = p * (1 - p)
            return z, p, curve / (1 + V * curve)
        r = 1 - u
        if loss == "hinge":
            f, d = (mp.mpf(1), mp.mpf(0)) if r > V else (r / V, 1 / V) if r > 0 else (mp.mpf(0), mp.mpf(0))
        elif loss == "squared_hinge":
            f, d = (r / (1 + V), 1 / (1 + V)) if r > 0 else (mp.mpf(0), mp.mpf(0))
        elif loss == "square":
            f, d = r / (1 + V), 1 / (1 + V)
        elif loss == "huber":
            f, d = (mp.sign(r), mp.mpf(0)) if abs(r) > 1 + V else (r / (1 + V), 1 / (1 + V))
        else:
            f, d = (mp.sign(r), mp.mpf(0)) if abs(r) > V else (r / V, 1 / V)
        return u + V * f, f, d

    total = [mp.mpf(0)] * 6
    for a, b in pairwise(places):
        for x, w in gauss():
            u = (a + b) / 2 + (b - a) / 2 * x
            z, f, d = node(u)
            p, slope = plus(teacher, c * u, hidden)
            weight = w * (b - a) / 2 * density(u, q) * 2
            parts = (p * f * f, p * d, slope * f, p * loss_of(loss, mp.mpf(1), z), p * loss_of(loss, mp.mpf(1), u),
                     p if u < 0 else mp.mpf(0))  # fmt: skip
            total = [t + weight * part for t, part in zip(total, parts, strict=True)]
    return total


RULES = {}


def gauss():
    """Gauss-Legendre nodes by Newton's method, more of them at a higher precision."""
    count, digits = mp.mp.dps + 14, mp.mp.dps
    if digits not in RULES:
        rule = []
        for k in range(count):
            x = mp.cos(mp.pi * (k + mp.mpf(3) / 4) / (count + mp.mpf(1) / 2))
            for _ in range(100):
                before, now = mp.mpf(1), x
                for n in range(2, count + 1):
                    before, now = now, ((2 * n - 1) * x * now - (n - 1) * before) / n
                slope = count * (x * now - before) / (x * x - 1)
                x, move = x - now / slope, now / slope
                if abs(move) < mp.mpf(10) ** (3 - digits):
                    break
            rule.append((x, 2 / ((1 - x * x) * slope**2)))
        RULES[digits] = rule
    return RULES[digits]


CORNERS = {
    "square": lambda V: [],
    "logistic": lambda V: [-V, -V / 2, -V / 4, mp.mpf(2)],
    "hinge": lambda V: [1 - V, mp.mpf(1)],
    "huber": lambda V: [-V, mp.mpf(0), mp.mpf(2), 2 + V],
}


def overlaps_of(s, v, counts, n, ridge, f2, d, slope):
    """V, q, m from the conjugates n E f^2, -n E f', n E d f/d nu."""
    hats = [n * d, n * f2, n * slope]
    down = [ridge + hats[0] * x for x in s]
    V = mp.fsum(c * x / y for c, x, y in zip(counts, s, down, strict=True))
    q = mp.fsum((hats[1] * c * x * x + hats[2] ** 2 * x * x * p) / y**2
                for c, x, y, p in zip(counts, s, down, v, strict=True))  # fmt: skip
    m = hats[2] * mp.fsum(x * p / y for x, y, p in zip(s, down, v, strict=True))
    return V, q, m


def evolution(spectrum, n, ridge, loss, teacher="sign", noise=0, *, start, fields=None):
    """Newton's method with differences on log V, log q, m."""
    s, v = spectrum["eigenvalues"], spectrum["target_power"]
    counts = spectrum.get("multiplicities", [mp.mpf(1)] * len(s))
    rho = mp.fsum(v) + spectrum.get("irreducible_power", mp.mpf(0)) + noise
    corners = CORNERS[loss]

    def gap(logV, logq, m):
        V, q = mp.exp(logV), mp.exp(logq)
        f2, d, slope, *_ = integrals(loss, teacher, V, q, m, rho, corners)
        nV, nq, nm = overlaps_of(s, v, counts, n, ridge, f2, d, slope)
        return mp.matrix([mp.log(nV) - logV, mp.log(nq) - logq, nm - m])

    x = mp.matrix([mp.log(start[0]), mp.log(start[1]), mp.mpf(start[2])])
    shift = mp.mpf(10) ** (-mp.mp.dps // 2)
    for _ in range(60):
        here = gap(*x)
        if mp.norm(here, mp.inf) < mp.mpf(10) ** (6 - mp.mp.dps):
            break
        J = mp.matrix(3, 3)
        for k in range(3):
            y = x.copy()
            y[k] += shift
            J[:, k] = (gap(*y) - here) / shift
        x -= mp.lu_solve(J, here)
    V, q, m = mp.exp(x[0]), mp.exp(x[1]), x[2]
    *_, train, test, error = integrals(loss, teacher, V, q, m, rho, corners)
    found = {"overlaps.V": V, "overlaps.q": q, "overlaps.m": m, "train_loss": train, "test_loss": test,
             "test_error": error}  # fmt: skip
    return {name: found[name] for name in fields or found}


def linear(spectrum, n, ridge, loss, teacher, noise, start):
    """Gaussian residuals: unknown V and the error, moments of truncated Gaussians."""
    s, v = spectrum["eigenvalues"], spectrum["target_power"]
    counts = spectrum.get("multiplicities", [mp.mpf(1)] * len(s))
    extra = spectrum.get("irreducible_power", mp.mpf(0)) + noise

    def moments(V, E):
        e = mp.sqrt(E)
        if loss == "square":
            return 1 / (1 + V), E / (1 + V) ** 2
        c = V if loss == "absolute" else 1 + V
        k = c / e
        inside, beyond = mp.erf(k / mp.sqrt(2)), mp.erfc(k / mp.sqrt(2))
        return inside / c, E / c**2 * (inside - 2 * k * density(k, 1)) + beyond

    def gap(logV, logE):
        V, E = mp.exp(logV), mp.exp(logE)
        d, f2 = moments(V, E)
        nV, q, m = overlaps_of(s, v, counts, n, ridge, f2, d, d)
        return [mp.log(nV) - logV, mp.log(extra + mp.fsum(v) - 2 * m + q) - logE]

    V, E = (mp.exp(x) for x in mp.findroot(gap, [mp.log(x) for x in start], tol=mp.mpf(10) ** (8 - 2 * mp.mp.dps)))
    return {"overlaps.V": V, "test_error": E}


def integral(function, ends):
    """Gauss-Legendre panels between the ends."""
    return mp.fsum((b - a) / 2 * w * function((a + b) / 2 + (b - a) / 2 * x) for a, b in pairwise(ends)
                   for x, w in gauss())  # fmt: skip


def least(signal, hidden, chance):
    """Minimum over t of E(z - tu)_+^2, by Newton's method on its derivative."""
    ends = [mp.mpf(k) for k in (-REACH, -9, -6, -4, -2, 0, 2, 4, 6, 9, REACH)]
    weights = {}

    def mean(function):
        def weighted(x):
            if x not in weights:
                weights[x] = 2 * chance(mp.sqrt(signal) * x, hidden) * density(x, 1)
            return weights[x] * function(x)

        return integral(weighted, ends)

    t = mp.mpf(1) / 2
    for _ in range(60):
        slope = mean(lambda x: x * (t * x * mp.ncdf(-t * x) - density(t * x, 1)))  # noqa: B023
        move = slope / mean(lambda x: x * x * mp.ncdf(-t * x))  # noqa: B023
        t -= move
        if abs(move) < mp.mpf(10) ** (-mp.mp.dps // 2 - 2):
            break
    return mean(lambda x: (1 + t * t * x * x) * mp.ncdf(-t * x) - t * x * density(t * x, 1))


def threshold(signal, teacher="logistic", noise=0):
    if signal == 0:
        return {"value": mp.mpf(2)}
    return {"value": 1 / least(signal, mp.mpf(noise), lambda mean, variance: plus(teacher, mean, variance)[0])}


def bias(kappa, gamma, *, start):
    """Three equations in slope, spread and step over a pair of Gaussians (q1, q2), by the trapezoidal rule.

    kappa^2 sigma^2 = E 2 rho'(q1) (step rho'(p))^2,  0 = E rho'(q1) q1 step rho'(p),
    1 - kappa = E 2 rho'(q1)/(1 + step rho''(p)),

    with p + step rho'(p) = q2 and the covariance of (field, fit) with the sign of the field turned. All integrands are
    analytic up to pi from the axis, so that the rule errs by e^(-2 pi^2/h).
    """
    h = 2 * mp.pi**2 / (mp.log(10) * (mp.mp.dps + 4))
    reach = mp.sqrt(2 * mp.log(10) * (mp.mp.dps + 4))

    def sigmoid(x):
        return 1 / (1 + mp.exp(-x))

    @cache
    def chance(k):
        return sigmoid(k * h)

    def given(mean, s):
        """E rho'(q1) and E rho'(q1) q1 of a Gaussian, from one exponential: ratios of neighbours fall in ratio."""
        first, last = int(mp.floor((mean - reach * s) / h)), int(mp.ceil((mean + reach * s) / h))
        x = first * h
        weight = mp.exp(-(((x - mean) / s) ** 2) / 2)
        ratio = mp.exp(-h * (2 * (x - mean) + h) / (2 * s * s))
        fall = mp.exp(-((h / s) ** 2))
        total = moment = mp.mpf(0)
        for k in range(first, last + 1):
            part = weight * chance(k)
            total, moment = total + part, moment + part * k
            weight *= ratio
            ratio *= fall
        scale = h / (s * mp.sqrt(2 * mp.pi))
        return total * scale, moment * h * scale

    def gap(alpha, sigma, step):
        v = (alpha * gamma) ** 2 + kappa * sigma**2
        s = mp.sqrt(gamma**2 - (alpha * gamma**2) ** 2 / v)
        most = int(mp.ceil(reach * mp.sqrt(v) / h))
        a = b = c = mp.mpf(0)
        for k in range(-most, most + 1):
            q2 = k * h
            weight = h * density(q2, v)
            p = q2 - step * sigmoid(q2)
            for _ in range(200):
                r = sigmoid(p)
                move = (p + step * r - q2) / (1 + step * r * (1 - r))
                p -= move
                if abs(move) < mp.mpf(10) ** (2 - mp.mp.dps) * (1 + abs(p)):
                    break
            r = sigmoid(p)
            P, R = given(-alpha * gamma**2 / v * q2, s)
            a += weight * 2 * P * (step * r) ** 2
            b += weight * R * step * r
            c += weight * 2 * P / (1 + step * r * (1 - r))
        return mp.matrix([a - (kappa * sigma) ** 2, b, c - 1 + kappa])

    x = mp.matrix([mp.mpf(value) for value in start])
    shift = mp.mpf(10) ** -12
    here = gap(*x)
    J = mp.matrix(3, 3)
    for k in range(3):
        y = x.copy()
        y[k] += shift
        J[:, k] = (gap(*y) - here) / shift
    inverse = J**-1
    while mp.norm(here, mp.inf) > mp.mpf(10) ** (4 - mp.mp.dps):  # chords, 1e-11 closer each
        x -= inverse * here
        here = gap(*x)
    return {"slope": x[0], "spread": x[1], "step": x[2]}


def limit(separation, ratio, ridge, loss):
    return {"test_error": mp.ncdf(-(separation**2) * mp.sqrt(ratio / (1 + ratio * separation**2)))}


def mixed(separation, ratio, ridge, loss):
    """Square loss, equal classes: u = m + sqrt(q) x, E f = (1 - m)/(1 + V), E f^2 = ((1 - m)^2 + q)/(1 + V)^2."""
    V = mp.findroot(lambda V: V * (ridge + ratio / (1 + V)) - 1, mp.mpf(1) / (ridge + ratio / 2))
    down = ridge + ratio / (1 + V)
    share = ratio / (1 + V) * separation**2 / down
    m = share / (1 + share)
    f2 = ratio / (1 + V) ** 2  # times (1 - m)^2 + q
    pull = (ratio * (1 - m) / (1 + V)) ** 2 * separation**2
    q = (f2 * (1 - m) ** 2 + pull) / (down**2 - f2)
    return {"test_error": mp.ncdf(-m / mp.sqrt(q)), "q": q, "m": m, "V": V}


def margin(spectrum, n, teacher, noise, *, start):
    """Hard margin, one eigenvalue: n P(u < 1) = df1 and the two ratios, unknown kappa, b and a."""
    s, v, d = spectrum["eigenvalues"][0], spectrum["target_power"][0], spectrum["multiplicities"][0]
    rho = v + noise

    def parts(kappa, a, b):
        g = s / (s + kappa)
        m, q = a * g * v, b * b * d * g * g + a * a * g * g * v
        c, hidden, root = m / q, rho - m * m / q, mp.sqrt(q)
        ends = sorted({*(k * root for k in (-REACH, -9, -6, -4, -2, 0, 2, 4, 6, 9, REACH) if k * root < 1), mp.mpf(1)})
        P = lambda f: integral(lambda u: 2 * density(u, q) * f(u), ends)  # noqa: E731
        D = P(lambda u: mp.ncdf(c * u / mp.sqrt(hidden)))
        S = P(lambda u: mp.ncdf(c * u / mp.sqrt(hidden)) * (1 - u) ** 2)
        T = P(lambda u: density(c * u, hidden) * (1 - u))
        return D, S, T, g

    def gap(logk, a, logb):
        D, S, T, g = parts(mp.exp(logk), a, mp.exp(logb))
        return [n * D - d * g, T / D - a, S / (n * D * D) - mp.exp(2 * logb)]

    x = mp.findroot(gap, [mp.log(start[0]), start[1], mp.log(start[2])], tol=mp.mpf(10) ** (10 - 2 * mp.mp.dps))
    kappa, a, b = mp.exp(x[0]), x[1], mp.exp(x[2])
    norm2 = (b * b * d * s + a * a * v * s) / (s + kappa) ** 2
    return {"margin": 1 / mp.sqrt(norm2), "support": d * s / (s + kappa) / n}


ONE = {"eigenvalues": [1.0], "target_power": [1.5], "multiplicities": [10.0]}
TWO = {"eigenvalues": [2.0, 0.5], "target_power": [1.0, 0.5], "multiplicities": [4.0, 8.0], "irreducible_power": 0.25}
SMOOTH = {"digits": 30, "precisions": (36, 40)}


def entries(starts):
    for loss in ("logistic", "hinge", "squared_hinge", "square", "huber", "absolute"):
        for y, omega, V in ((1.0, -2.5, 0.75), (-1.0, 0.3, 4.0), (1.0, 0.75, 3.0)):
            yield entry(f"{loss} {y:g} {omega:g} {V:g}", "proximal_map", prox, loss=loss, y=y, omega=omega, V=V,
                        rtol=2e-14, digits=40)  # fmt: skip
            yield entry(f"{loss} {y:g} {omega:g} {V:g}", "moreau_envelope", envelope, loss=loss, y=y, omega=omega, V=V,
                        rtol=1e-13, digits=40)  # fmt: skip
        yield entry(loss, "convex_loss", value, loss=loss, y=-1.0, z=0.7, digits=40)
    for omega, V in ((-700.0, 1.0), (-700.0, 1399.0), (700.0, 5.0), (0.0, 1e12), (-3.0, 1e-9)):
        yield entry(f"logistic at {omega:g}, step {V:g}", "proximal_map", prox, loss="logistic", y=1.0, omega=omega,
                    V=V, rtol=1e-14 if omega != -700.0 or V == 1.0 else 1e-13, digits=40)  # fmt: skip
    for signal in (0.0, 0.25, 1.0, 6.25):
        yield entry(f"logistic, signal {signal:g}", "separability_threshold", threshold, signal=signal, **SMOOTH)
    for signal, noise in ((1.0, 1.0), (1.0, 0.125)):
        yield entry(f"sign, noise {noise:g}", "separability_threshold", threshold, signal=signal, teacher="sign",
                    noise=noise, **SMOOTH)  # fmt: skip
    yield entry("an infinite ridge", "mixture_risk", limit, separation=1.25, ratio=2.0, ridge=float("inf"),
                loss="logistic")  # fmt: skip
    for ridge in (0.0, 0.01, 1.0):
        yield entry(f"square, ridge {ridge:g}", "mixture_risk", mixed, separation=1.25, ratio=2.0, ridge=ridge,
                    loss="square", rtol=1e-11)  # fmt: skip
    for key, function, compute, arguments in CASES:
        yield entry(key, function, partial(compute, start=starts[key]), rtol=1e-10, **arguments, **SMOOTH)


CASES = [
    *((f"{loss}, linear teacher, ridge {ridge:g}", "state_evolution", linear,
       {"spectrum": TWO, "n": 20.0, "ridge": ridge, "loss": loss, "teacher": "linear", "noise": 0.5})
      for loss in ("square", "huber", "absolute") for ridge in (0.0, 1.0)),
    *((f"{loss}, sign teacher, ridge {ridge:g}", "state_evolution", evolution,
       {"spectrum": TWO, "n": n, "ridge": ridge, "loss": loss, "teacher": "sign", "noise": noise})
      for loss, n, ridge, noise in (
          ("logistic", 20.0, 1.0, 0.0), ("hinge", 20.0, 1.0, 0.5), ("huber", 15.0, 2.0, 0.5),
          ("square", 20.0, 1.0, 0.0))),
    ("noisy signs", "margin_law", margin, {"spectrum": ONE, "n": 12.0, "teacher": "sign", "noise": 0.5}),
    ("many dimensions", "margin_law", margin, {"spectrum": ONE, "n": 4.0, "teacher": "sign", "noise": 0.5}),
    *((f"kappa {kappa:g}, gamma {gamma:g}", "logistic_bias", bias, {"kappa": kappa, "gamma": gamma})
      for kappa, gamma in ((0.1, 1.0), (0.2, 2.0), (0.25, 1.0), (0.05, 3.0))),
    ("a logistic teacher", "state_evolution", evolution,
     {"spectrum": ONE, "n": 20.0, "ridge": 1.0, "loss": "logistic", "teacher": "logistic"}),
]  # fmt: skip
# places from which the iterations start; where they end does not depend on them
STARTS = {
    "square, linear teacher, ridge 0": [1.5, 1.875],
    "square, linear teacher, ridge 1": [1.088, 1.407],
    "huber, linear teacher, ridge 0": [1.712, 1.908],
    "huber, linear teacher, ridge 1": [1.205, 1.395],
    "absolute, linear teacher, ridge 0": [1.302, 2.395],
    "absolute, linear teacher, ridge 1": [0.9485, 1.717],
    "logistic, sign teacher, ridge 1": [4.342, 4.658, 2.107],
    "hinge, sign teacher, ridge 1": [2.392, 3.895, 1.61],
    "huber, sign teacher, ridge 2": [1.309, 0.678, 0.6269],
    "square, sign teacher, ridge 1": [1.088, 0.8367, 0.8227],
    "noisy signs": [0.4502, 1.211, 0.6565],
    "many dimensions": [1.853, 0.6576, 0.6001],
    "kappa 0.1, gamma 1": [1.1238223574951, 2.6166671457487, 0.60947631410094],
    "kappa 0.2, gamma 2": [1.4484707193884, 4.3732648620095, 2.6587138880741],
    "kappa 0.25, gamma 1": [1.4531610478238, 3.7741383377104, 2.4606484827216],
    "kappa 0.05, gamma 3": [1.0873237533305, 3.3453056710833, 0.5149149737988],
    "a logistic teacher": [3.3398452885220, 3.0977535665981, 1.1778721315679],
}


if __name__ == "__main__":
    write(__file__, entries(STARTS))
