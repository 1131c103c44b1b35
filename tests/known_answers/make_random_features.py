"""Make random_features.json: random features, activations and power laws at 50 digits, by bisection and quadrature.

Shares nothing with the package: the two unknowns are eliminated in the published form with its cancelling differences,
which hundreds of digits make harmless. Takes half a minute:

    python tests/known_answers/make_random_features.py
"""

import json
from pathlib import Path

import mpmath as mp

mp.mp.dps = 200


def bisect(increasing, low, high):
    low, high = mp.log(low), mp.log(high)
    while high - low > mp.mpf(10) ** -70:
        middle = (low + high) / 2
        low, high = (low, middle) if increasing(mp.exp(middle)) > 0 else (middle, high)
    return mp.exp((low + high) / 2)


def shallow(s, power, n, k, ridge, noise):
    """gamma from (k - z)(n - z) gamma = k ridge; test error in the published form with kappa = gamma (k - z)/k."""
    s, power = [mp.mpf(x) for x in s], [mp.mpf(x) for x in power]
    n, k, ridge, noise = (mp.mpf(x) for x in (n, k, ridge, noise))

    def equation(gamma):
        z = mp.fsum(x / (x + gamma) for x in s)
        return gamma * (k - z) * (n - z) - k * ridge if z < min(n, k) else mp.mpf(-1)

    gamma = bisect(equation, mp.mpf(10) ** -60, mp.mpf(10) ** 12)
    g = [x / (x + gamma) for x in s]
    z, q = mp.fsum(g), mp.fsum(x * x for x in g)
    kappa = gamma * (k - z) / k
    prefactor = 1 / (1 - (q * (k - 2 * z) + z * z) / (n * (k - q)))
    bias = prefactor * mp.fsum(
        (gamma / (x + gamma) - kappa * x / (x + gamma) ** 2 * k / (k - q)) * p for x, p in zip(s, power, strict=True)
    )
    test = bias + prefactor * noise
    return {"gamma": gamma, "effective_ridge": kappa, "z": z, "q": q, "bias": bias, "test": test,
            "train": (ridge / (n * kappa)) ** 2 * test}  # fmt: skip


def coefficients(function, r, kinks=()):
    r = mp.mpf(r)
    points = [-60, *(mp.mpf(x) / mp.sqrt(r) for x in kinks), -8, -3, 0, 3, 8, 60]

    def mean(f):
        return mp.quad(lambda z: f(z) * mp.npdf(z), sorted(points))

    scale = mp.sqrt(r)
    first = mean(lambda z: function(scale * z))
    slope = mean(lambda z: z * function(scale * z)) / scale
    second = mean(lambda z: function(scale * z) ** 2)
    return {
        "mean": first,
        "linear": slope,
        "second_moment": second,
        "nonlinear": mp.sqrt(second - first**2 - r * slope**2),
    }


def power_law(a, b, n, ratio, noise):
    """Integrals over a continuum of modes, by quadrature: x = i kappa^(1/a)."""
    a, b, n, ratio, noise = (mp.mpf(x) for x in (a, b, n, ratio, noise))
    t = mp.sqrt(ratio)
    points = [-300, -60, -10, -3, 0, 3, 10, 30, 100, 300, 1000, 4000]  # log x: slow powers become exponentials

    def integral(f):
        return mp.quad(lambda u: f(mp.exp(u)) * mp.exp(u), points)

    dimension = integral(lambda x: 1 / (1 + x**a))
    square = integral(lambda x: 1 / (1 + x**a) ** 2)
    unlearned = integral(lambda x: x ** (2 * a - b) / (1 + x**a) ** 2)
    root = dimension / (n * (1 - t))  # kappa^(1/a): df1 = dimension/root
    df2 = square / root
    bias = n / (n - df2) * root ** (b - 1) * unlearned
    variance = noise * df2 / (n - df2)
    test = bias + variance + noise
    return {"effective_ridge": root**a, "ridge": t * n * root**a, "bias": bias, "variance": variance, "test": test,
            "train": ratio * test}  # fmt: skip


def entry(name, function, arguments, expected, rtol):
    with mp.workdps(50):
        return {"name": f"{function}: {name}", "function": function, "arguments": arguments,
                "expected": {k: mp.nstr(+v, 50) for k, v in expected.items()}, "rtol": rtol}  # fmt: skip


def entries():
    spectra = {
        "power": ([float(i) ** -1.5 for i in range(1, 31)], [float(i) ** -1.5 for i in range(1, 31)]),
        "two scales": ([1.0] * 6 + [1e-9] * 20, [1.0] * 6 + [1e-3] * 20),
        "spike": ([1e8] + [1.0] * 20, [1.0] * 21),
    }
    for title, (s, power) in spectra.items():
        for n, k, ridge in ((12, 8, 0.1), (8, 12, 1e-8), (10, 10, 1e-3), (8, 200, 1e-2), (200, 8, 1e-2), (60, 50, 1e-6),
                            (10, 10, 1e-20), (12, 8, 1e-30), (5, 7, 1e4)):  # fmt: skip
            arguments = {"spectrum": {"eigenvalues": s, "target_power": power}, "n": n, "k": k, "ridge": ridge,
                         "noise_variance": 0.3}  # fmt: skip
            expected = shallow(s, power, n, k, ridge, 0.3)
            yield entry(f"{title}, n={n}, k={k}, ridge={ridge:g}", "random_feature_risk", arguments, expected, 1e-11)
    with mp.workdps(60):
        for name, function in (("erf", mp.erf), ("sin", mp.sin), ("cos", mp.cos), ("tanh", mp.tanh),
                               ("relu", lambda u: max(u, mp.mpf(0))), ("sign", mp.sign)):  # fmt: skip
            for r in (0.01, 1.0, 5.0):
                expected = coefficients(function, r)
                yield entry(f"{name}, r={r:g}", "gaussian_coefficients", {"activation": name, "variance": r},
                            {k: v for k, v in expected.items() if abs(v) > 1e-30}, 1e-9)  # fmt: skip
        for a, b, n, ratio in ((1.5, 1.3, 100, 0.0), (1.5, 1.3, 100, 0.2), (2.0, 4.0, 50, 0.5), (1.1, 2.0, 1000, 0.9),
                               (3.0, 1.05, 30, 1e-6)):  # fmt: skip
            arguments = {"exponent": a, "target_exponent": b, "n": n, "fitting_ratio": ratio, "noise_variance": 0.2}
            yield entry(f"a={a:g}, b={b:g}, ratio={ratio:g}", "power_law_risk", arguments,
                        power_law(a, b, n, ratio, 0.2), 1e-12)  # fmt: skip


def main():
    lines = [json.dumps(line) for line in entries()]
    Path(__file__).with_name("random_features.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(len(lines), "entries")


if __name__ == "__main__":
    main()
