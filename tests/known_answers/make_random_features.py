"""Make random_features.json: random features, activations and power laws at 50 digits, by bisection and quadrature.

Shares nothing with the package: the two unknowns are eliminated in the published form with its cancelling differences,
which hundreds of digits make harmless. Takes half a minute:

    python tests/known_answers/make_random_features.py
"""

import json
from pathlib import Path

import mpmath as mp
import writing

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


def layer(activation, r):
    """Slope, mean square and nonlinear part of the odd functions whose Gaussian moments are elementary."""
    if activation == "erf":
        linear, square = 2 / mp.sqrt(mp.pi * (1 + 2 * r)), 2 / mp.pi * mp.asin(2 * r / (1 + 2 * r))
    elif activation == "sign":
        linear, square = mp.sqrt(2 / (mp.pi * r)), mp.mpf(1)
    elif activation == "sin":
        linear, square = mp.exp(-r / 2), (1 - mp.exp(-2 * r)) / 2
    else:
        linear, square = mp.mpf(1), r
    return linear, square, mp.sqrt(abs(square - r * linear**2)) if activation != "identity" else mp.mpf(0)


def layers(activation, depth, mean_square=1, gains=None):
    names = activation if isinstance(activation, list) else [activation] * int(depth)
    level, fields = mp.mpf(mean_square), {"variance": [], "linear": [], "nonlinear": [], "second_moment": []}
    for i, name in enumerate(names):
        r = level * (gains[i] if gains else 1)
        linear, level, rest = layer(name, r)
        for field, value in zip(fields, (r, linear, rest, level), strict=True):
            fields[field].append(value)
    return fields


def deep(eigenvalues, widths, activation, n, ridge, noise_variance=0, teacher_power=1, gains=None):
    """T_L and kappa_L along kappa_0, their slopes by mp.diff; n = T_L + k_L delta/kappa_L by bisection."""
    d = len(eigenvalues)
    found = layers(activation, len(widths), mp.fsum(eigenvalues) / d, gains)
    a = [x * x * (gains[i] if gains else 1) for i, x in enumerate(found["linear"])]
    b = [x * x for x in found["nonlinear"]]

    def outwards(kappa):
        T, before = mp.fsum(s / (s + kappa) for s in eigenvalues), mp.mpf(d)
        for k, slope, rest in zip(widths, a, b, strict=True):
            if k <= T:
                return mp.mpf(-1), mp.mpf(0)
            # layer l - 1 hands on kappa (k_l - T)/k_(l-1)
            kappa = slope * kappa * (k - T) / before - rest
            if kappa <= 0:
                return mp.mpf(-1), mp.mpf(0)
            T, before = (k * rest + kappa * T) / (kappa + rest), k
        return kappa, T

    fields = {
        name: [] for name in ("test", "train", "bias", "variance", "df1", "df2", "effective_ridge", "inner_ridge")
    }
    for rows, delta in zip(n, ridge, strict=True):
        target = widths[-1] * delta

        def short(kappa, rows=rows, target=target):
            last, T = outwards(kappa)
            return rows - T - target / last if last > 0 else mp.mpf(-1)

        inner = writing.bisect(short, mp.mpf(10) ** -40, mp.mpf(10) ** 40)
        last, T = outwards(inner)
        with mp.extradps(60):
            fall = mp.diff(lambda x: outwards(mp.exp(x))[1], mp.log(inner))
            rise = mp.diff(lambda x: mp.log(outwards(mp.exp(x))[0]), mp.log(inner))
        w = -fall / rise
        df2 = T - w
        bias, variance = (
            rows / (rows - df2) * last * w * teacher_power / widths[-1],
            noise_variance * df2 / (rows - df2),
        )
        test = bias + variance + noise_variance
        row = (test, (1 - T / rows) ** 2 * test, bias, variance, T, df2, last / widths[-1], inner)
        for name, value in zip(fields, row, strict=True):
            fields[name].append(value)
    return fields


def propagated(weights, covariance, activation, per_neuron=False):
    now = cross = mp.matrix(covariance)
    for rows in weights:
        W = mp.matrix(rows)
        pre = W * now * W.T
        size = pre.rows
        middle = mp.fsum(pre[i, i] for i in range(size)) / size
        moments = [layer(activation, pre[i, i] if per_neuron else middle) for i in range(size)]
        now = mp.matrix(size, size)
        for i in range(size):
            for j in range(size):
                now[i, j] = moments[i][0] * moments[j][0] * pre[i, j]
            now[i, i] = moments[i][1] if per_neuron else now[i, i] + moments[i][2] ** 2
        cross = mp.diag([m[0] for m in moments]) * W * cross
    size = now.rows
    return {"covariance": [[now[i, j] / size for j in range(size)] for i in range(size)],
            "cross": [[cross[i, j] / mp.sqrt(size) for j in range(cross.cols)] for i in range(size)]}  # fmt: skip


def sweep(features, y, test_features, widths, ridges):
    """Every width and ridge by the normal equations of the smaller side."""
    n, predictions, train = len(y), [], []
    for k in widths:
        used = [[x / mp.sqrt(k) for x in row[: int(k)]] for row in features]
        tests = [[x / mp.sqrt(k) for x in row[: int(k)]] for row in test_features]
        predictions.append([])
        train.append([])
        for ridge in ridges:
            G = mp.matrix(n, n)
            for i in range(n):
                for j in range(n):
                    G[i, j] = mp.fsum(a * b for a, b in zip(used[i], used[j], strict=True)) + (ridge if i == j else 0)
            dual = mp.lu_solve(G, mp.matrix(y))
            w = [mp.fsum(dual[i] * used[i][j] for i in range(n)) for j in range(int(k))]
            predictions[-1].append([mp.fsum(a * b for a, b in zip(row, w, strict=True)) for row in tests])
            train[-1].append(mp.fsum((ridge * x) ** 2 for x in dual) / n)
    return {"predictions": predictions, "train": train}


def best_ridge(spectrum, n, k, noise_variance):
    """The least of many errors along gamma, then the root of the derivative by mp.diff."""
    s, power = spectrum["eigenvalues"], spectrum["target_power"]

    def parts(gamma):
        z, q = mp.fsum(x / (x + gamma) for x in s), mp.fsum((x / (x + gamma)) ** 2 for x in s)
        kappa = gamma * (k - z) / k
        prefactor = 1 / (1 - (q * (k - 2 * z) + z * z) / (n * (k - q)))
        bias = mp.fsum((gamma / (x + gamma) - kappa * x / (x + gamma) ** 2 * k / (k - q)) * p
                       for x, p in zip(s, power, strict=True))  # fmt: skip
        return prefactor * (bias + noise_variance), gamma * (k - z) * (n - z) / k

    low = mp.mpf(10) ** -8
    if min(n, k) < len(s):
        low = writing.bisect(lambda g: min(n, k) - mp.fsum(x / (x + g) for x in s), mp.mpf(10) ** -40, mp.mpf(10) ** 9)
    grid = [low * (1 + mp.mpf(10) ** -6) * mp.mpf("1.1") ** i for i in range(400)]
    with mp.workdps(20):
        errors = [parts(g)[0] for g in grid]
    best = errors.index(min(errors))
    assert 0 < best < len(grid) - 1
    with mp.extradps(60):
        gamma = writing.bisect(lambda g: mp.diff(lambda x: parts(x)[0], g), grid[best - 1], grid[best + 1])
    return {"value": parts(gamma)[1]}


def more():
    for name, more in (("erf", {"mean_square": 0.5}), ("sign", {}), ("sin", {"gains": [2.0, 0.5, 1.0]}),
                       (["erf", "sign", "identity"], {})):  # fmt: skip
        yield writing.entry(f"{name}", "layer_coefficients", layers, 1e-9, activation=name, depth=3, **more)
    inputs = [2.0, 1.0, 1.0, 0.5, 0.25]
    for name, widths, activation, rows in (("one layer", [8], "erf", [3, 30]), ("two layers", [8, 6], "erf", [4, 30]),
                                           ("three layers", [20, 15, 10], "sign", [5, 50])):  # fmt: skip
        yield writing.entry(name, "deep_random_feature_risk", deep, 1e-9, digits=40, eigenvalues=inputs, widths=widths,
                            activation=activation, n=rows, ridge=[0.01, 0.5], noise_variance=0.3)  # fmt: skip
    W = [[[0.5, -1.0], [1.0, 0.25], [0.75, 0.5]], [[1.0, 0.5, -0.5], [0.25, 1.0, 0.5]]]
    for each in (False, True):
        for name in ("erf", "sign", "identity"):
            yield writing.entry(f"{name}, each neuron {each}", "deep_feature_moments", propagated, 1e-9, together=True,
                                weights=W, covariance=[[1.0, 0.25], [0.25, 2.0]], activation=name,
                                per_neuron=each)  # fmt: skip
    features = [[1.0, 0.5, -0.25, 2.0], [0.25, -1.0, 0.5, 1.0], [-0.5, 1.5, 1.0, 0.125]]
    yield writing.entry("three samples", "random_feature_sweep", sweep, 1e-11, together=True, features=features,
                        y=[1.0, -1.0, 0.5], test_features=[[0.5, 1.0, 1.5, -1.0], [2.0, 0.0, 0.25, 0.5]],
                        widths=[1, 2, 3, 4], ridges=[1e-3, 0.5, 1e6])  # fmt: skip
    spectrum = {"eigenvalues": [float(i) ** -1.5 for i in range(1, 31)],
                "target_power": [float(i) ** -1.5 for i in range(1, 31)]}  # fmt: skip
    for n, k, noise in ((12, 8, 0.3), (8, 200, 0.3), (200, 40, 0.1), (10, 10, 2.0)):
        # a flat minimum: conditioned like the derivative
        yield writing.entry(f"n={n}, k={k}, noise {noise}", "optimal_random_feature_ridge", best_ridge, 1e-10,
                            digits=30, precisions=(50, 60), spectrum=spectrum, n=n, k=k,
                            noise_variance=noise)  # fmt: skip


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


def proportional(linear, nonlinear, signal=1, nonlinear_power=0):
    """E sigma^2 of the centred activation is the kernel's trace; the target's parts add."""
    return {"trace": linear**2 + nonlinear**2, "target_variance": signal + nonlinear_power,
            "irreducible_power": nonlinear_power}  # fmt: skip


def limits():
    for name, more in (("linear", {"linear": 0.75, "nonlinear": 0.0}), ("both", {"linear": 0.5, "nonlinear": 0.3125}),
                       ("noisy", {"linear": 0.1, "nonlinear": 2.0, "signal": 3.0,
                                  "nonlinear_power": 0.7})):  # fmt: skip
        yield writing.entry(name, "proportional_spectrum", proportional, 1e-15, **more)


def main():
    lines = [json.dumps(line) for part in (entries, more, limits) for line in part()]
    Path(__file__).with_name("random_features.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(len(lines), "entries")


if __name__ == "__main__":
    main()
