"""Make model_collapse.json: chains of fits and power laws at 50 digits, without the package's closed forms.

Wishart means are quadratures over chi-square densities, chains are iterated one generation at a time, exponents and
best ridges come from integrals over the modes. Takes a minute:

    python tests/known_answers/make_model_collapse.py
"""

from functools import cache

import mpmath as mp
from writing import bisect, entry, write


@cache
def inverse_chi_square(k, digits):
    """Mean of 1/chi^2 with k degrees of freedom; `digits` keeps the precisions apart in the cache."""

    def moment(shift):
        """In u = sqrt(x), to a constant."""
        top = mp.sqrt(k)
        return mp.quad(
            lambda u: u ** (k - 1 + shift) * mp.exp(-u * u / 2), [0, top / 2, top, top + 2, top + 6, top + 26]
        )

    return moment(-2) / moment(0)


def chained_least_squares(n, d, generator_samples, generations, noise_variance, generator_noise):
    """Every diagonal entry of an inverse Wishart matrix is 1/chi^2 with n - d + 1 degrees of freedom."""
    found = []
    for t in generations:
        excess = noise_variance * d * inverse_chi_square(n - d + 1, mp.mp.dps)
        for _ in range(int(t)):
            excess += generator_noise * d * inverse_chi_square(generator_samples - d + 1, mp.mp.dps)
        found.append(excess)
    return {"value": found}


def chained_interpolation(generator_samples, d, generations, generator_noise=0, signal=1, same_data=False):
    """Norm, overlap with the truth and error after every generation: a random projection of rank n_0, plus noise."""
    share = generator_samples / d
    added = generator_noise * generator_samples * inverse_chi_square(d - generator_samples + 1, mp.mp.dps)
    power, overlap, rows = mp.mpf(signal), mp.mpf(signal), {0: (mp.mpf(signal), mp.mpf(0))}
    for t in range(1, int(max(generations)) + 1):
        kept = share if not same_data or t == 1 else 1
        power, overlap = kept * power + added, kept * overlap
        rows[t] = (power, power - 2 * overlap + signal)
    return {"power": [rows[int(t)][0] for t in generations], "error": [rows[int(t)][1] for t in generations]}


def integral(f):
    """Over all positive x, in log x."""
    return mp.quad(lambda u: f(mp.exp(u)) * mp.exp(u), [-400, -100, -30, -8, -2, 0, 2, 8, 30, 100, 400])


def exponents(capacity, smoothness, ridge_exponent, noise_growth=0):
    """Slopes of the logarithms of the integrals between two n; smooth targets lose their first mode last."""
    beta, r, n = capacity, smoothness, (mp.mpf(10), mp.mpf(1000))

    def slope(f):
        return mp.log(f(n[1]) / f(n[0])) / mp.log(n[1] / n[0])

    def bias(ell):
        if r >= 1:
            return slope(lambda n: 1 / (n**ell) ** 2)  # the first mode alone: lambda^2
        return slope(lambda n: integral(lambda k: k ** -(1 + 2 * r * beta) / (1 + k**-beta * n**ell) ** 2))

    def variance(ell):
        return slope(lambda n: integral(lambda k: 1 / (1 + k**beta * n**-ell) ** 2) / n)

    lines = {}
    for name, f in (("bias", bias), ("variance", variance)):
        low, high = f(beta / 4), f(beta / 2)  # straight lines
        lines[name] = ((high - low) / (beta / 4), 2 * low - high)

    def balance(growth):
        (a, b), (c, e) = lines["bias"], lines["variance"]
        return (e + growth - b) / (a - c)

    fall = variance(ridge_exponent)
    return {"bias": bias(ridge_exponent), "variance": fall, "synthetic": fall + noise_growth,
            "adaptive": balance(noise_growth), "clean": balance(mp.mpf(0))}  # fmt: skip


class PowerLaw:
    """Continuum of modes, n = 1: test error (k^(b-1) U + noise)/(1 - Q/k) in k = kappa^(1/a) >= D."""

    def __init__(self, a, b):
        self.a, self.b = a, b
        self.D = integral(lambda x: 1 / (1 + x**a))
        self.Q = integral(lambda x: 1 / (1 + x**a) ** 2)
        self.U = integral(lambda x: x ** (2 * a - b) / (1 + x**a) ** 2)
        self.interpolator = self.D ** (b - 1) * self.U / (1 - self.Q / self.D)

    def slope(self, k, noise):
        """Sign of the derivative of the error."""
        rise = (self.b - 1) * k ** (self.b - 2) * self.U * (1 - self.Q / k)
        return rise - (k ** (self.b - 1) * self.U + noise) * self.Q / k**2

    def best(self, relative_noise):
        noise = relative_noise * self.interpolator
        if self.slope(self.D, noise) >= 0:
            return mp.mpf(0)
        k = bisect(lambda k: self.slope(k, noise), self.D, self.D * mp.mpf(10) ** 12)
        return (1 - self.D / k) ** 2

    def threshold(self):
        return self.slope(self.D, mp.mpf(0)) * self.D**2 / self.Q / self.interpolator

    def risk(self, ratio, relative_noise):
        t, noise = mp.sqrt(ratio), relative_noise * self.interpolator
        k = self.D / (1 - t)
        df2 = self.Q / k
        bias, variance = k ** (self.b - 1) * self.U / (1 - df2), noise * df2 / (1 - df2)
        return {"bias": bias, "variance": variance, "test": bias + variance + noise, "noise": noise}


@cache
def power_law(a, b, digits):
    """The precisions are apart in the cache."""
    return PowerLaw(a, b)


def best_ratio(exponent, target_exponent, relative_noise):
    law = power_law(exponent, target_exponent, mp.mp.dps)
    return {"value": [law.best(noise) for noise in relative_noise]}


def obligatory(exponent, target_exponent):
    return {"value": power_law(exponent, target_exponent, mp.mp.dps).threshold()}


def relative_risk(exponent, target_exponent, n, fitting_ratio, relative_noise):
    """All errors scale as n^(1-b) when the noise does."""
    parts = power_law(exponent, target_exponent, mp.mp.dps).risk(fitting_ratio, relative_noise)
    scaled = {name: value * n ** (1 - target_exponent) for name, value in parts.items()}
    return {"bias": scaled["bias"], "variance": scaled["variance"], "test": scaled["test"],
            "train": fitting_ratio * scaled["test"], "noise_variance": scaled["noise"]}  # fmt: skip


def kappa(s, m, n, ridge):
    rank, trace = mp.fsum(m), mp.fsum(a * b for a, b in zip(s, m, strict=True))
    if ridge == 0 and n >= rank:
        return mp.mpf(0)
    return bisect(lambda k: n - mp.fsum(b * a / (a + k) for a, b in zip(s, m, strict=True)) - ridge / k,
                  mp.mpf(10) ** -320 * trace, 2 * (ridge + trace) / n)  # fmt: skip


class Fit:
    def __init__(self, s, m, n, ridge):
        self.k = kappa(s, m, n, ridge)
        self.g = [a / (a + self.k) for a in s]
        self.df2 = mp.fsum(b * g * g for b, g in zip(m, self.g, strict=True))
        self.n, self.m = n, m

    def spread(self, power, noise):
        """What estimation adds to the power of the modes, over g^2 m."""
        lost = mp.fsum((1 - g) ** 2 * u for g, u in zip(self.g, power, strict=True)) + noise
        return lost / (self.n - self.df2) if lost else mp.mpf(0)


def chain(spectrum, n, ridge, generations, generator_samples, noise_variance=0, generator_noise=0, generator_ridge=0,
          same_data=False):  # fmt: skip
    s, v = spectrum["eigenvalues"], spectrum["target_power"]
    m = spectrum.get("multiplicities", [mp.mpf(1)] * len(s))
    make = Fit(s, m, generator_samples, mp.mpf(generator_ridge))
    power, overlap, states = list(v), list(v), []  # E w_t^2 and w_0 E w_t, times s
    for t in range(int(max(generations)) + 1):
        states.append((list(power), list(overlap)))
        if same_data and t:  # the projection is made; its noise again
            extra = make.spread([mp.mpf(0)] * len(s), generator_noise)
            power = [u + g * g * c * extra for u, g, c in zip(power, make.g, m, strict=True)]
            continue
        extra = make.spread(power, generator_noise)
        power = [g * g * (u + c * extra) for u, g, c in zip(power, make.g, m, strict=True)]
        overlap = [g * o for o, g in zip(overlap, make.g, strict=True)]
    fields = {"excess": [], "test": [], "generator_error": [], "generator_power": []}
    fit = Fit(s, m, n, mp.mpf(ridge))
    for t in generations:
        power, overlap = states[int(t)]
        extra = fit.spread(power, noise_variance)
        excess = mp.fsum(
            g * g * (u + c * extra) - 2 * g * o + w for u, o, g, c, w in zip(power, overlap, fit.g, m, v, strict=True)
        )
        error = mp.fsum(u - 2 * o + w for u, o, w in zip(power, overlap, v, strict=True))
        row = (excess, excess + noise_variance, error, mp.fsum(power))
        for name, value in zip(fields, row, strict=True):
            fields[name].append(value if t or name != "generator_error" else mp.mpf(0))
    return fields


def gain(spectrum, n, ridge, generator_samples, finite_size=False):
    """The error that one generation of unit noise adds, truth zero."""
    s = spectrum["eigenvalues"]
    m = spectrum.get("multiplicities", [mp.mpf(1)] * len(s))
    nothing = {"eigenvalues": s, "multiplicities": m, "target_power": [mp.mpf(0)] * len(s)}
    d = mp.fsum(m)
    correction = (generator_samples - d) / (generator_samples - d - 1) if finite_size else 1
    return {"value": [correction * chain(nothing, n, r, [1], generator_samples, generator_noise=mp.mpf(1))["excess"][0]
                      for r in ridge]}  # fmt: skip


def closed_chains():
    for n, d, rows, noise, label in ((301, 100, 201, 0.5, 0.5), (12, 10, 12, 1.0, 1e-100), (50, 1, 4, 0.0, 2.0),
                                     (90, 30, 45, 1e100, 1e99), (12, 10, 30, 0.3, 0.0)):  # fmt: skip
        yield entry(f"n={n}, d={d}, n0={rows}, noise {noise:g}, {label:g}", "iterated_least_squares_excess",
                    chained_least_squares, 1e-14, digits=35, precisions=(50, 60), n=n, d=d, generator_samples=rows,
                    generations=[0, 1, 7], noise_variance=noise, generator_noise=label)  # fmt: skip
    for rows, d, noise, same in ((60, 120, 0.0, False), (60, 120, 0.3, False), (1, 50, 0.3, False),
                                 (97, 99, 0.1, False), (60, 120, 0.3, True),
                                 (97, 99, 1e-50, True), (3, 9, 1e90, False)):  # fmt: skip
        yield entry(f"n0={rows}, d={d}, noise {noise:g}, same data {same}", "interpolating_generators",
                    chained_interpolation, 1e-13, digits=35, precisions=(50, 60), generator_samples=rows, d=d,
                    generations=[0, 1, 2, 50], generator_noise=noise, signal=2.0, same_data=same)  # fmt: skip


def scaling():
    for beta, r, ell, b in ((1.5, 0.5, 0.6, 0.0), (1.5, 0.5, 1.2, 0.3), (3.0, 0.25, 0.1, 0.9), (1.25, 0.75, 1.0, 0.5),
                            (2.0, 1.0, 0.5, 0.2), (4.0, 5.0, 3.5, 0.0)):  # fmt: skip
        yield entry(f"capacity {beta}, smoothness {r}, ridge {ell}, growth {b}", "collapse_exponents", exponents, 1e-13,
                    digits=30, precisions=(40, 50), capacity=beta, smoothness=r, ridge_exponent=ell,
                    noise_growth=b)  # fmt: skip
    for a, b in ((1.25, 2.5), (2.0, 3.0), (2.0, 2.0), (2.0, 1.5), (3.0, 6.0), (1.5, 1.75)):
        short = {"digits": 30, "precisions": (45, 55)}
        if a != b:  # zero to rounding there
            yield entry(f"a={a}, b={b}", "overfitting_threshold", obligatory, 1e-13, **short, exponent=a,
                        target_exponent=b)  # fmt: skip
        edge = (b - a) / (a * (a - 1))
        noises = [0.1, 5.0, 1e6] + ([edge * (1 + 2.0**-7), edge / 2] if edge > 0 else [])
        # a ratio close to 0 is the square of a difference: conditioned like 1/(noise/threshold - 1)
        yield entry(f"a={a}, b={b}", "optimal_fitting_ratio", best_ratio, 1e-11, **short, exponent=a, target_exponent=b,
                    relative_noise=noises)  # fmt: skip
        yield entry(f"a={a}, b={b}, relative noise", "power_law_risk", relative_risk, 1e-13, **short, exponent=a,
                    target_exponent=b, n=1000, fitting_ratio=0.25, relative_noise=2.0)  # fmt: skip


SPREAD = {"eigenvalues": [2.0, 1.0, 0.1], "target_power": [0.5, 0.7, 0.2], "multiplicities": [20.0, 30.0, 50.0]}


def chains():
    cases = [
        ("least squares", 300, 0.0, 200, {}),
        ("ridge", 300, 5.0, 200, {"generator_ridge": 2.0}),
        ("interpolating generators", 150, 1.0, 60, {}),
        ("interpolation throughout", 40, 0.0, 60, {}),
        ("same data, tall", 150, 1.0, 300, {"same_data": True}),
        ("same data, wide", 150, 1.0, 60, {"same_data": True}),
        ("a tiny ridge at n = d", 100, 1e-20, 200, {}),
        ("generators at n0 = d with a ridge", 150, 0.1, 100, {"generator_ridge": 1e-12}),
        ("an enormous ridge", 150, 1e100, 200, {}),
    ]
    for name, n, ridge, rows, more in cases:
        yield entry(name, "iterated_regression_risk", chain, 1e-12, spectrum=SPREAD, n=n, ridge=ridge,
                    generations=[0, 1, 2, 10], generator_samples=rows, noise_variance=0.3, generator_noise=0.2,
                    **more)  # fmt: skip
    yield entry("without noise", "iterated_regression_risk", chain, 1e-12, spectrum=SPREAD, n=80, ridge=0.5,
                generations=[0, 3], generator_samples=60)  # fmt: skip
    tiny = SPREAD | {"eigenvalues": [2e-100, 1e-100, 1e-101]}
    yield entry("units of 1e-100", "iterated_regression_risk", chain, 1e-12, spectrum=tiny, n=80, ridge=5e-101,
                generations=[0, 3], generator_samples=60, noise_variance=0.3, generator_noise=0.2)  # fmt: skip
    bare = {key: SPREAD[key] for key in ("eigenvalues", "multiplicities")}
    for n, rows, finite in ((300, 200, False), (300, 102, True), (40, 101, False), (100, 150, True)):
        yield entry(f"n={n}, n0={rows}, finite size {finite}", "synthetic_noise_gain", gain, 1e-12, spectrum=bare, n=n,
                    ridge=[1e-6, 0.5, 30.0, 1e60], generator_samples=rows, finite_size=finite)  # fmt: skip


if __name__ == "__main__":
    write(__file__, (row for part in (closed_chains, scaling, chains) for row in part()))
