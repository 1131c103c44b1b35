"""Make feature_learning.json: particles, neurons, explicit transforms and quadratures at 50 digits.

python tests/known_answers/make_feature_learning.py
"""

from itertools import product

import mpmath as mp
from writing import entry, write


def mean_square(function, D):
    """Mean over standard normal coordinates of a polynomial of degree 4: three nodes in each are exact to degree 5."""
    nodes = [(-mp.sqrt(3), mp.mpf(1) / 6), (mp.mpf(0), mp.mpf(2) / 3), (mp.sqrt(3), mp.mpf(1) / 6)]
    total = mp.mpf(0)
    for point in product(nodes, repeat=D):
        total += mp.fprod(w for _, w in point) * function([x for x, _ in point])
    return total


def risk_of(mean, second, start, beta, output_scale, alignment):
    """Error as a polynomial of the input, its square averaged; parts by projection on the target."""
    D = len(beta)
    w = [a - (start[0][i] if start else 0) for i, a in enumerate(mean)]
    M = [[a - (start[1][i][j] if start else 0) for j, a in enumerate(row)] for i, row in enumerate(second)]

    def quadratic(z):
        x = [c / mp.sqrt(D) for c in z]
        form = mp.fsum(M[i][j] * x[i] * x[j] for i in range(D) for j in range(D))
        return output_scale * alignment / 2 * form - target(z)

    def target(z):
        return mp.fsum(b * c for b, c in zip(beta, z, strict=True)) ** 2 / D / 2

    def linear(z):
        return output_scale * mp.fsum(a * c for a, c in zip(w, z, strict=True)) / mp.sqrt(D)

    whole = mean_square(lambda z: quadratic(z) ** 2, D) / 2
    along = mean_square(lambda z: quadratic(z) * target(z), D) ** 2 / mean_square(lambda z: target(z) ** 2, D) / 2
    power = mean_square(lambda z: linear(z) ** 2, D) / 2
    return {"test": whole + power, "linear": power, "alignment_error": along, "variance": whole - along}


def flow_of(neurons, beta, output_scale, alignment, time, centred):
    """Neurons under the gradient of the mean loss, which quadrature gives; Taylor series in time."""
    D, N = len(beta), len(neurons)
    nodes = [(-mp.sqrt(3), mp.mpf(1) / 6), (mp.mpf(0), mp.mpf(2) / 3), (mp.sqrt(3), mp.mpf(1) / 6)]
    inputs = [([x / mp.sqrt(D) for x, _ in point], mp.fprod(w for _, w in point)) for point in product(nodes, repeat=D)]

    def output(state, x):
        total = mp.mpf(0)
        for i in range(N):
            h = mp.fsum(state[i * D + j] * x[j] for j in range(D))
            total += h + alignment * h * h / 2
        return output_scale * total / N

    first = [v for row in neurons for v in row]
    before = [output(first, x) if centred else mp.mpf(0) for x, _ in inputs]

    def velocity(_, state):
        moves = [mp.mpf(0)] * (N * D)
        for (x, chance), old in zip(inputs, before, strict=True):
            y = mp.fsum(b * c for b, c in zip(beta, x, strict=True)) ** 2 / 2
            error = chance * (output(state, x) - old - y)
            for i in range(N):
                slope = 1 + alignment * mp.fsum(state[i * D + j] * x[j] for j in range(D))
                for j in range(D):
                    moves[i * D + j] -= output_scale * error * slope * x[j]
        return moves

    return taylor(velocity, first, time)


def taylor(velocity, state, time, steps=64):
    """Gragg's modified midpoint with Richardson's extrapolation: analytic flows to any number of digits."""
    pieces = 8
    for _ in range(pieces):
        span, table = mp.mpf(time) / pieces, []
        for k in range(1, steps // 2):
            n, previous = 2 * k, []
            h = span / n
            a, b = list(state), [s + h * v for s, v in zip(state, velocity(0, state), strict=True)]
            for _ in range(n - 1):
                a, b = b, [s + 2 * h * v for s, v in zip(a, velocity(0, b), strict=True)]
            row = [[(p + q + h * v) / 2 for p, q, v in zip(a, b, velocity(0, b), strict=True)]]
            previous = table[-1] if table else []
            for j, old in enumerate(previous):
                ratio = (mp.mpf(n) / (2 * (k - 1 - j))) ** 2
                row.append([x + (x - y) / (ratio - 1) for x, y in zip(row[j], old, strict=True)])
            table.append(row)
            if k > 2 and max(abs(x - y) for x, y in zip(row[-1], row[-2], strict=True)) < mp.mpf(10) ** -38:
                break
        state = table[-1][-1]
    return state


def moments_of(rows):
    N, D = len(rows), len(rows[0])
    mean = [mp.fsum(r[i] for r in rows) / N for i in range(D)]
    return mean, [[mp.fsum(r[i] * r[j] for r in rows) / N for j in range(D)] for i in range(D)]


def flow_answer(neurons):
    def compute(mean0, second0, beta, output_scale, alignment, times, centred):
        exact = [[mp.mpf(v) for v in row] for row in neurons]
        means, seconds = [], []
        for time in times:
            end = flow_of(exact, beta, output_scale, alignment, time, centred)
            D = len(beta)
            mean, second = moments_of([end[i * D : (i + 1) * D] for i in range(len(neurons))])
            means.append(mean)
            seconds.append(second)
        return {"mean": means, "second": seconds}

    return compute


def grokking(gamma, times):
    """Both errors as integrals over the Marchenko-Pastur density, decay of the lower edge in front."""
    low = (1 - mp.sqrt(gamma)) ** 2
    width = 4 * mp.sqrt(gamma)

    def integral(power, t):
        def f(u):
            x = low + width * mp.sin(u) ** 2
            density = width**2 * mp.sin(u) ** 2 * mp.cos(u) ** 2 / (mp.pi * gamma * x)
            return x**power * density * mp.exp(-2 * t * width * mp.sin(u) ** 2)

        ends = [mp.mpf(0)] + [mp.pi / 2 * mp.mpf(2) ** -k for k in range(24, -1, -1)]
        return mp.exp(-2 * t * low) * mp.quad(f, ends)

    floor = max(mp.mpf(0), 1 - 1 / gamma)
    return {"train": [integral(1, t) for t in times], "test": [floor + integral(0, t) for t in times]}


def neurons_trained(u, v):
    """Every neuron by its own steps."""

    def compute(X, y, step_size, steps, batch, start):
        us, vs = [[mp.mpf(a) for a in row] for row in u], [mp.mpf(a) for a in v]
        n, d, found = len(vs), len(X[0]), []
        for step in range(int(steps) + 1):
            f = [mp.fsum(vs[i] * mp.fdot(us[i], x) for i in range(n)) / n for x in X]
            found.append(f)
            if step == int(steps):
                break
            rows = range(len(y)) if batch == "full" else [step % len(y)]
            g = [step_size * mp.fsum((f[r] - y[r]) * X[r][j] for r in rows) / len(rows) for j in range(d)]
            us, vs = (
                [[us[i][j] - vs[i] * g[j] for j in range(d)] for i in range(n)],
                [vs[i] - mp.fdot(us[i], g) for i in range(n)],
            )
        return {"outputs": found, "svv": mp.fsum(a * a for a in vs) / n,
                "suu": [[mp.fsum(r[i] * r[j] for r in us) / n for j in range(d)] for i in range(d)],
                "suv": [mp.fsum(us[i][j] * vs[i] for i in range(n)) / n for j in range(d)]}  # fmt: skip

    return compute


def begun(u, v):
    """Moments of a few neurons whose numbers of binary digits make them exact."""
    n, d = len(v), len(u[0])
    return [
        [[sum(r[i] * r[j] for r in u) / n for j in range(d)] for i in range(d)],
        [sum(u[i][j] * v[i] for i in range(n)) / n for j in range(d)],
        sum(a * a for a in v) / n,
    ]


def margins(p):
    """Mean over a grid of phases of cos(a + b) cos(c), a network of one neuron, then over all frequencies."""
    prime = int(p)

    def mean(s):
        # of W (U + V)^2 only the product of the first waves has a mean; eight phases of each wave are exact
        total = mp.mpf(0)
        for sigma in range(1, prime):
            for i, j in product(range(8), repeat=2):
                phi, psi = 2 * mp.pi * i / 8, 2 * mp.pi * j / 8
                U, V = mp.cos(phi), mp.cos(2 * mp.pi * sigma * s / p + psi)
                total += mp.cos(phi + psi) * (U + V) ** 2 / 64
        return total / (prime - 1)

    return {"correct": mean(0), "other": mean(1)}


def ratio(rows):
    found = []
    for row in rows:
        p = len(row)
        power = []
        for k in range(p // 2 + 1):
            c = mp.fsum(a * mp.cos(2 * mp.pi * k * m / p) for m, a in enumerate(row))
            s = mp.fsum(a * mp.sin(2 * mp.pi * k * m / p) for m, a in enumerate(row))
            power.append(c * c + s * s)
        found.append(mp.fsum(x * x for x in power) / mp.fsum(power) ** 2)
    return {"value": found}


B2, B3 = [1.0, 1.0], [1.5, 0.5, -0.7071067811865476]
M2, M3 = [[2.0, 0.5], [0.5, 1.25]], [[1.5, 0.25, 0.0], [0.25, 2.0, -0.5], [0.0, -0.5, 1.0]]
IDENTITY2 = [[1.0, 0.0], [0.0, 1.0]]
NEURONS = [[1.0, 0.5], [-0.75, 1.25], [0.5, -1.0], [0.25, 0.25]]
U, V = [[1.0, 0.5], [-0.5, 0.75], [0.25, -1.0], [0.5, 0.25]], [0.5, -1.0, 0.75, 0.25]
X, Y = [[1.0, 0.5], [-0.5, 1.0], [0.25, 0.75]], [1.0, -0.5, 0.25]


def entries():
    for scale, eps in ((1.0, 0.5), (3.0, 0.7), (0.5, 0.1), (1e3, 1e-3), (1e-6, 1.0)):
        yield entry(f"alpha {scale:g}, eps {eps:g}", "quadratic_network_risk", risk_of, mean=[0.5, -0.25], second=M2,
                    start=[[0.0, 0.0], IDENTITY2], beta=B2, output_scale=scale, alignment=eps)  # fmt: skip
    yield entry("not centred", "quadratic_network_risk", risk_of, mean=[0.5, -0.25], second=M2, start=None, beta=B2,
                output_scale=1.5, alignment=0.5)  # fmt: skip
    yield entry("three inputs", "quadratic_network_risk", risk_of, mean=[0.5, -0.25, 0.125], second=M3, start=None,
                beta=B3, output_scale=1.5, alignment=0.5)  # fmt: skip
    yield entry("no quadratic part", "quadratic_network_risk", risk_of, mean=[0.5, -0.25], second=M2, start=None,
                beta=B2, output_scale=1.5, alignment=0.0)  # fmt: skip
    yield entry("one input", "quadratic_network_risk", risk_of, mean=[0.25], second=[[3.0]], start=[[0.5], [[1.0]]],
                beta=[1.0], output_scale=0.5, alignment=0.25)  # fmt: skip
    mean, second = [sum(r[i] for r in NEURONS) / 4 for i in range(2)], [
        [sum(r[i] * r[j] for r in NEURONS) / 4 for j in range(2)] for i in range(2)]  # fmt: skip
    for centred in (True, False):
        for scale, eps, time in ((1.0, 0.5, 1.0), (1.5, 1.0, 2.0), (0.5, 0.25, 3.0)):
            yield entry(f"alpha {scale:g}, eps {eps:g}, {'centred' if centred else 'not centred'}",
                        "quadratic_network_flow", flow_answer(NEURONS), mean0=mean, second0=second, beta=B2,
                        output_scale=scale, alignment=eps, times=[time], centred=centred, together=True, rtol=1e-9,
                        digits=30, precisions=(45, 55))  # fmt: skip
    for gamma in (1e-3, 0.25, 0.8359375, 0.9990234375, 1.0, 1.5, 16.0):
        yield entry(f"gamma {gamma:g}", "linear_grokking", grokking, gamma=gamma, times=[0.0, 0.125, 1.0, 10.0],
                    digits=35, precisions=(45, 60))  # fmt: skip
    for gamma, time in ((0.25, 300.0), (0.9990234375, 1e4), (1.0, 1e6), (1.5, 500.0)):
        yield entry(f"late, gamma {gamma:g}", "linear_grokking", grokking, gamma=gamma, times=[time], digits=35,
                    precisions=(45, 60))  # fmt: skip
    for batch in (1, "full"):
        for steps in (1, 7, 30):
            yield entry(f"{steps} steps, batch {batch}", "maximal_update_moments", neurons_trained(U, V), X=X, y=Y,
                        step_size=0.25, steps=steps, batch=batch, start=begun(U, V), together=True)  # fmt: skip
    for p in (3, 5, 7, 11, 23, 97):
        yield entry(f"p = {p}", "logit_margin", margins, p=p, rtol=1e-13)
    for row in ([1.0, 0.0, 0.0, 0.0, 0.0], [1.0, 2.0, 3.0, 4.0], [1.0, -1.0, 1.0, -1.0], [2.0], [0.5, 0.25, -3.0],
                [1e-150, 2e-150, -1e-150], [1.0, 1.0, 1.0, 1.0, 1.0, 1.5, 0.25]):  # fmt: skip
        yield entry(f"{row}", "participation_ratio", ratio, rows=[row])


if __name__ == "__main__":
    write(__file__, entries())
