"""Make ridge.json: ridge and its risk at 50 digits, straight from the defining equations, by bisection in mpmath.

Shares nothing with the package. Run from the root of a checkout: python tests/known_answers/make_ridge.py
"""

import json
from pathlib import Path

import mpmath as mp

mp.mp.dps = 70


def total(terms):
    return mp.fsum(terms)


def root(equation, low, high):
    """Bisection in log kappa on a function that increases through its root."""
    low, high = mp.log(low), mp.log(high)
    for _ in range(400):
        middle = (low + high) / 2
        if equation(mp.exp(middle)) > 0:
            high = middle
        else:
            low = middle
    return mp.exp((low + high) / 2)


def solve(modes, n, ridge):
    """kappa with n = sum m s/(s + kappa) + ridge/kappa; modes are (s, m, power)."""
    trace = total(m * s for s, m, _ in modes)
    if ridge >= 0:
        return root(lambda k: n - total(m * s / (s + k) for s, m, _ in modes) - ridge / k, mp.mpf(10) ** -900,
                    (ridge + trace) / n * 2)  # fmt: skip
    # negative ridge, n < rank: the branch right of the edge df2 = n
    edge = root(lambda k: n - total(m * (s / (s + k)) ** 2 for s, m, _ in modes), mp.mpf(10) ** -300, trace * 10)
    return root(lambda k: n - total(m * s / (s + k) for s, m, _ in modes) - ridge / k, edge, trace / n * 2)


def risk(modes, n, ridge, noise):
    kappa = solve(modes, n, ridge)
    df1 = total(m * s / (s + kappa) for s, m, _ in modes)
    df2 = total(m * (s / (s + kappa)) ** 2 for s, m, _ in modes)
    unlearned = total(p * (kappa / (s + kappa)) ** 2 for s, m, p in modes)
    bias, variance = n / (n - df2) * unlearned, noise * df2 / (n - df2)
    test = bias + variance + noise
    return {"effective_ridge": kappa, "df1": df1, "df2": df2, "bias": bias, "variance": variance, "test": test,
            "train": (ridge / (n * kappa)) ** 2 * test}  # fmt: skip


def entry(name, spectrum, modes, n, ridge, noise, rtol=1e-12, **fields):
    answer = fields or risk(modes, mp.mpf(n), mp.mpf(ridge), mp.mpf(noise))
    return {
        "name": name,
        "function": "ridge_risk",
        "arguments": {"spectrum": spectrum, "n": n, "ridge": ridge, "noise_variance": noise},
        "expected": {key: mp.nstr(value, 50) for key, value in answer.items()},
        "rtol": rtol,
    }


def listed(s, power=None, multiplicities=None):
    """A spectrum as data, and the same as modes; eigenvalues are doubles, so both sides hold the same numbers."""
    power = power or s
    multiplicities = multiplicities or [1.0] * len(s)
    data = {"eigenvalues": s, "target_power": power, "multiplicities": multiplicities}
    return data, [(mp.mpf(a), mp.mpf(m), mp.mpf(p)) for a, m, p in zip(s, multiplicities, power, strict=True)]


def tail_modes(a, b, count):
    """Infinite power law: `count` explicit modes; beyond, the sums are integrals with Euler-Maclaurin corrections."""
    return [(mp.mpf(i) ** -a, mp.mpf(1), mp.mpf(i) ** -b) for i in range(1, count + 1)]


def power_law_risk(a, b, n, ridge, noise, count=400):
    a, b, n, ridge, noise = (mp.mpf(x) for x in (a, b, n, ridge, noise))

    def summed(f):
        """sum_{i>=1} f(i): explicit up to count, then int_{count+1/2} and derivative corrections."""
        x0 = mp.mpf(count) + mp.mpf(1) / 2
        panels = [mp.log(x0) + 4 * j for j in range(60)]
        tail = mp.quad(lambda u: f(mp.exp(u)) * mp.exp(u), panels) + mp.quad(
            lambda u: f(mp.exp(u)) * mp.exp(u), [panels[-1], panels[-1] + 200, mp.inf]
        )
        corrections = mp.diff(f, x0) / 24 - 7 * mp.diff(f, x0, 3) / 5760 + 31 * mp.diff(f, x0, 5) / 967680
        return total(f(mp.mpf(i)) for i in range(1, count + 1)) + tail + corrections

    def df1(k):
        return summed(lambda x: 1 / (1 + k * x**a))

    low, high = mp.mpf(10) ** -12, (ridge + mp.zeta(a)) / n * 2
    bracket = (mp.log(low), mp.log(high))
    kappa = mp.findroot(lambda t: n - df1(mp.exp(t)) - ridge * mp.exp(-t), bracket, solver="anderson",
                        tol=mp.mpf(10) ** -40)  # fmt: skip
    kappa = mp.exp(kappa)
    df2 = summed(lambda x: 1 / (1 + kappa * x**a) ** 2)
    unlearned = summed(lambda x: x**-b * (kappa * x**a / (1 + kappa * x**a)) ** 2)
    return {"effective_ridge": kappa, "df1": df1(kappa), "df2": df2, "bias": n / (n - df2) * unlearned,
            "test": n / (n - df2) * (unlearned + noise)}  # fmt: skip


def entries():
    yield from spectra()
    for d, n, ridge in ((200, 100, 0.0), (200, 100, 7.5), (100, 400, 0.3), (100, 100, 1e-30), (100, 100, 1e3)):
        yield entry(f"isotropic d={d} n={n} ridge={ridge}", *listed([1.0], [1.0], [float(d)]), n, ridge, 0.5)
    yield entry("isotropic negative ridge", *listed([1.0], [1.0], [400.0]), 100, -60.0, 0.1)
    spikes = listed([50.0, 1.0], [5.0, 0.0], [10.0, 390.0])
    yield entry("spiked negative ridge", *spikes, 100, -60.0, 0.1)
    yield entry("spiked near the edge", *spikes, 100, -104.0, 0.1, rtol=1e-9)
    for a, b, n, ridge in ((1.5, 1.5, 50, 0.1), (1.2, 2.0, 100, 0.0), (2.0, 3.0, 30, 1e-3)):
        yield entry(f"infinite power law {a} {b} n={n}", {"power_law": [a, b, 2000]}, None, n, ridge, 0.3, 1e-11,
                    **power_law_risk(a, b, n, ridge, 0.3))  # fmt: skip


def spectra():
    import math

    cases = {
        "flat": [1.0] * 20,
        "exponent 1": [1 / i for i in range(1, 41)],
        "exponent 3": [i**-3.0 for i in range(1, 41)],
        "exponential to e^-600": [math.exp(-15.0 * i) for i in range(41)],
        "spike 1e8": [1e8] + [1.0] * 19,
        "two scales": [1.0] * 10 + [1e-10] * 10,
    }
    for name, s in cases.items():
        d = len(s)
        half = d // 2
        settings = [(half, 0.0), (half, 1e-300), (d, 1e-30), (d, 1.0), (2 * d, 1e-3), (2 * d, 1e300), (0.3 * d, 1e-8),
                    (100.0 * d, 1e2)]  # fmt: skip
        for n, ridge in settings:
            yield entry(f"{name} n={n:g} ridge={ridge:g}", *listed(s), n, ridge, 0.25)


if __name__ == "__main__":
    path = Path(__file__).with_name("ridge.json")
    path.write_text(json.dumps(list(entries()), indent=1) + "\n")
    print(f"{path.name}: {len(json.loads(path.read_text()))} entries")
